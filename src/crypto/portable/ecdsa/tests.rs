#![allow(clippy::unwrap_used)]
use super::*;
use crate::crypto::hex::hex;
use crate::crypto::portable::test_random::Series;

const P256_KEY: [u8; 32] = hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
const P384_KEY: [u8; 48] =
    hex("6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5");

/// A nonce for one signature.
struct Nonce<'a>(&'a [u8]);

impl Random for Nonce<'_> {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        assert_eq!(draw, Draw::SignatureNonce);
        out.copy_from_slice(self.0);
        Ok(())
    }
}

/// RFC 6979 A.2.5: hash, nonce and the signature of "sample" on P-256.
const ON_P256: [(HashAlgorithm, [u8; 32], &[u8]); 3] = [
    (
        HashAlgorithm::Sha256,
        hex("a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60"),
        &hex::<72>(concat!(
            "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        )),
    ),
    (
        HashAlgorithm::Sha384,
        hex("09f634b188cefd98e7ec88b1aa9852d734d0bc272f7d2a47decc6ebeb375aad4"),
        &hex::<70>(concat!(
            "304402200eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
            "02204861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954"
        )),
    ),
    (
        HashAlgorithm::Sha512,
        hex("5fa81c63109badb88c1f367b47da606da28cad69aa22c4fe6ad7df73a7173aa5"),
        &hex::<71>(concat!(
            "30450221008496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00",
            "02202362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe"
        )),
    ),
];

/// RFC 6979 A.2.6: the same on P-384.
const ON_P384: [(HashAlgorithm, [u8; 48], &[u8]); 3] = [
    (
        HashAlgorithm::Sha256,
        hex(
            "180ae9f9aec5438a44bc159a1fcb277c7be54fa20e7cf404b490650a8acc414e375572342863c899f9f2edf9747a9b60",
        ),
        &hex::<103>(concat!(
            "3065023021b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd",
            "023100f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0"
        )),
    ),
    (
        HashAlgorithm::Sha384,
        hex(
            "94ed910d1a099dad3254e9242ae85abde4ba15168eaf0ca87a555fd56d10fbca2907e3e83ba95368623b8c4686915cf9",
        ),
        &hex::<104>(concat!(
            "306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
            "02310099ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"
        )),
    ),
    (
        HashAlgorithm::Sha512,
        hex(
            "92fc3c7183a883e24216d1141f1a8976c5b0dd797dfa597e3d7b32198bd35331a4e966532593a52980d0e3aaa5e10ec3",
        ),
        &hex::<103>(concat!(
            "3065023100ed0959d5880ab2d869ae7f6c2915c6d60f96507f9cb3e047c0046861da4a799cfe30f35cc900056d7c99cd7882433709",
            "0230512c8cceee3890a84058ce1e22dbc2198f42323ce8aca9135329f03c068e5112dc7cc3ef3446defceb01a45c2667fdd5"
        )),
    ),
];

fn reproduces(group: NamedGroup, key: &[u8], hash: HashAlgorithm, nonce: &[u8], signature: &[u8]) {
    let key = private(group, key).unwrap();
    let made = key.sign(SignatureAlgorithm::Ecdsa(hash), &[b"sam", b"ple"], &Nonce(nonce)).unwrap();
    assert_eq!(made, signature, "{group} {hash:?}");
    assert_eq!(verify(hash, key.public(), &[b"s", b"ample"], &made), Ok(()));
    assert!(verify(hash, key.public(), &[b"sampl"], &made).is_err());
}

/// R-EC-7, R-T12-19: a hash of any length on either curve, cut where it is longer than the order.
#[test]
fn reproduces_the_signatures_of_rfc_6979() {
    for (hash, nonce, signature) in ON_P256 {
        reproduces(NamedGroup::SECP256R1, &P256_KEY, hash, &nonce, signature);
    }
    for (hash, nonce, signature) in ON_P384 {
        reproduces(NamedGroup::SECP384R1, &P384_KEY, hash, &nonce, signature);
    }
}

#[test]
fn gives_no_signature_for_a_nonce_that_makes_s_zero() {
    let key = EcdsaKey::<NistP256, 32>::new(NamedGroup::SECP256R1, &P256_KEY).unwrap();
    let k = Scalar::<NistP256>::from(0x1234_5678u64);
    let r = x_mod_n::<NistP256>(&ProjectivePoint::<NistP256>::mul_by_generator(&k)).unwrap();
    let e = -(r * *key.d);
    assert!(key.sign_with(e, &k).is_none());
    assert!(key.sign_with(e + Scalar::<NistP256>::ONE, &k).is_some());
}

/// r and s in 1..n: each also as n more, where the equation still holds.
#[test]
fn refuses_signatures_out_of_range() {
    type S = Scalar<NistP256>;
    let key = EcdsaKey::<NistP256, 32>::new(NamedGroup::SECP256R1, &P256_KEY).unwrap();
    let PublicKey::P256(point) = &key.public else { unreachable!() };
    let n: [u8; 32] = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let plus_n = |scalar: S| {
        let (mut sum, mut carry) = ([0; 32], 0);
        for (to, (a, b)) in sum.iter_mut().zip(scalar.to_bytes().iter().zip(&n)).rev() {
            carry += u16::from(*a) + u16::from(*b);
            *to = carry as u8;
            carry >>= 8;
        }
        [[0, 1][usize::from(carry > 0)..][..usize::from(carry > 0)].to_vec(), sum.to_vec()].concat()
    };
    // s = 5 for a digest that is chosen so, and a nonce that is drawn.
    let k = S::from(0x1234_5678u64);
    let r = x_mod_n::<NistP256>(&ProjectivePoint::<NistP256>::mul_by_generator(&k)).unwrap();
    let digest: [u8; 32] = (S::from(5u64) * k - r * *key.d).to_bytes().into();
    let der = |r: &[u8], s: &[u8]| {
        let integer = |digits: &[u8]| {
            let sign = if digits[0] >= 0x80 { &[0][..] } else { &[] };
            let content = [sign, digits].concat();
            [&[2, content.len() as u8], &content[..]].concat()
        };
        let body = [integer(r), integer(s)].concat();
        [&[0x30, body.len() as u8], &body[..]].concat()
    };
    let verifies = |r: &[u8], s: &[u8]| verifies::<NistP256, 32>(&point[..], &digest, &der(r, s)).is_some();
    let r_bytes = r.to_bytes();
    assert!(verifies(&r_bytes, &[5]));
    assert!(!verifies(&r_bytes, &plus_n(S::from(5u64))));
    assert!(!verifies(&plus_n(r), &[5]));
    assert!(!verifies(&[0], &[5]) && !verifies(&r_bytes, &[0]));
    assert!(!verifies(&n, &[5]) && !verifies(&r_bytes, &n));
}

#[test]
fn draws_again_what_is_out_of_range_and_gives_up_on_a_broken_source() {
    let key = private(NamedGroup::SECP256R1, &P256_KEY).unwrap();
    let sign = |series: &[[u8; 32]]| {
        let random = Series::new(series.iter().copied());
        key.sign(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256), &[b"text"], &random)
    };
    let n = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    assert_eq!(sign(&[[0; 32], n, [0xff; 32], [3; 32]]), sign(&[[3; 32]]));
    assert_eq!(sign(&[[0; 32]; 100]), Err(CryptoError::NoRandomness));
    assert_eq!(sign(&[]), Err(CryptoError::NoRandomness));
}

#[test]
fn signs_by_no_other_algorithm() {
    let key = private(NamedGroup::SECP256R1, &P256_KEY).unwrap();
    for algorithm in [
        SignatureAlgorithm::SM2,
        SignatureAlgorithm::Ecdsa(HashAlgorithm::Sm3),
        SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256),
        SignatureAlgorithm::Ed25519,
    ] {
        let signed = key.sign(algorithm, &[b"text"], &Series::new([[3; 32]]));
        assert_eq!(signed, Err(CryptoError::Unsupported), "{algorithm:?}");
    }
    assert_eq!(key.decrypt(b"text"), Err(CryptoError::Unsupported));
}
