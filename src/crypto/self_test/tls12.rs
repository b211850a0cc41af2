//! Known answers of what TLS 1.2 has beside TLCP. An algorithm that the provider says it does not have is passed over.
use super::super::hex::hex;
use super::super::{
    AgreementPeer, AgreementRole, CbcLane, Digest, Draw, MacLane, PrivateKey, Provider, PublicKey, Random,
    Share, Shared, SignatureAlgorithm,
};
use super::{Counter, Test, check, is, no_seed, refuses_what_was_changed};
use crate::error::CryptoError;
use crate::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};
use crate::wire::NamedGroup;

pub(super) const TESTS: [(&str, Test); 11] = [
    ("SHA-2", sha2),
    ("AES-GCM", aes_gcm),
    ("ChaCha20-Poly1305", chacha20_poly1305),
    ("AES-CBC", aes_cbc),
    ("record MAC with SHA-1 and SHA-384", record_macs),
    ("X25519", x25519),
    ("ECDH", ecdh),
    ("ECDSA keys", ecdsa_keys),
    ("ECDSA", ecdsa),
    ("Ed25519", ed25519),
    ("RSA signatures", rsa_signatures),
];

/// `Some(None)` if the provider does not have it, `None` if it cannot do what it has.
fn had<T>(result: Result<T, CryptoError>) -> Option<Option<T>> {
    match result {
        Ok(found) => Some(Some(found)),
        Err(CryptoError::Unsupported) => Some(None),
        Err(_) => None,
    }
}

/// FIPS 180-2 Appendices C.1 and D.1.
fn sha2(provider: &Provider) -> Option<()> {
    const SHA512: [u8; 64] = hex(concat!(
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a",
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    ));
    const SHA384: [u8; 48] = hex(concat!(
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163",
        "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
    ));
    for (algorithm, expected) in [(HashAlgorithm::Sha384, &SHA384[..]), (HashAlgorithm::Sha512, &SHA512)] {
        is(&provider.hashes.digest(algorithm, &[b"a", b"", b"bc"]), expected)?;
        let mut running = provider.hashes.start(algorithm);
        running.update(b"ab");
        running.update(b"c");
        is(&running.current(), expected)?;
    }
    Some(())
}

/// Test cases 4 and 16 of the specification of GCM.
fn aes_gcm(provider: &Provider) -> Option<()> {
    const KEY: [u8; 32] = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    const NONCE: [u8; 12] = hex("cafebabefacedbaddecaf888");
    const AAD: [u8; 20] = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const PLAIN: [u8; 60] = hex(concat!(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    ));
    const CIPHER_128: [u8; 60] = hex(concat!(
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e",
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
    ));
    const CIPHER_256: [u8; 60] = hex(concat!(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    ));
    const TAG_128: [u8; 16] = hex("5bc94fbc3221a5db94fae95ae7121a47");
    const TAG_256: [u8; 16] = hex("76fc6ece0f4e1768cddf8853bb2d551b");
    let both = [
        (AeadAlgorithm::Aes128Gcm, KEY.get(..16)?, CIPHER_128, TAG_128),
        (AeadAlgorithm::Aes256Gcm, &KEY, CIPHER_256, TAG_256),
    ];
    both.iter().try_for_each(|(algorithm, key, cipher, tag)| {
        let known = Known { nonce: &NONCE, aad: &AAD, plain: &PLAIN, cipher, tag };
        aead(provider, *algorithm, key, &known)
    })
}

/// RFC 8439 2.8.2
fn chacha20_poly1305(provider: &Provider) -> Option<()> {
    const KEY: [u8; 32] = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const CIPHER: [u8; 114] = hex(concat!(
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6",
        "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36",
        "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc",
        "3ff4def08e4b7a9de576d26586cec64b6116"
    ));
    let known = Known {
        nonce: &hex("070000004041424344454647"),
        aad: &hex::<12>("50515253c0c1c2c3c4c5c6c7"),
        plain: b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the \
                 future, sunscreen would be it.",
        cipher: &CIPHER,
        tag: &hex("1ae10b594f09e26a7e902ecbd0600691"),
    };
    aead(provider, AeadAlgorithm::ChaCha20Poly1305, &KEY, &known)
}

struct Known<'a> {
    nonce: &'a [u8; 12],
    aad: &'a [u8],
    plain: &'a [u8],
    cipher: &'a [u8],
    tag: &'a [u8; 16],
}

fn aead(provider: &Provider, algorithm: AeadAlgorithm, key: &[u8], known: &Known<'_>) -> Option<()> {
    let Some(aead) = had(provider.ciphers.aead(algorithm, key))? else { return Some(()) };
    check(provider.ciphers.aead(algorithm, key.get(1..)?).is_err())?;
    let mut text = known.plain.to_vec();
    check(aead.seal(known.nonce, known.aad, &mut text) == *known.tag && text == known.cipher)?;
    refuses_what_was_changed(&*aead, known.nonce, known.aad, known.cipher, known.tag)?;
    aead.open(known.nonce, known.aad, &mut text, known.tag).ok()?;
    check(text == known.plain)
}

/// SP 800-38A F.2.1 and F.2.5, in a lane beside another.
fn aes_cbc(provider: &Provider) -> Option<()> {
    const IV: [u8; 16] = hex("000102030405060708090a0b0c0d0e0f");
    const PLAIN: [u8; 32] = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    const KEY_128: [u8; 16] = hex("2b7e151628aed2a6abf7158809cf4f3c");
    const KEY_256: [u8; 32] = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    const CIPHER_128: [u8; 32] = hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2");
    const CIPHER_256: [u8; 32] = hex("f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d");
    let both =
        [(CbcAlgorithm::Aes128, &KEY_128[..], CIPHER_128), (CbcAlgorithm::Aes256, &KEY_256[..], CIPHER_256)];
    for (algorithm, key, cipher) in both {
        let cbc_hmac = |key: &[u8]| provider.ciphers.cbc_hmac(algorithm, MacAlgorithm::Sha256, key, &[0; 32]);
        let Some(cbc) = had(cbc_hmac(key))? else { continue };
        check(cbc_hmac(key.get(1..)?).is_err())?;
        let (mut text, mut short) = (PLAIN, PLAIN);
        let mut lanes =
            [CbcLane { iv: IV, in_out: &mut text }, CbcLane { iv: IV, in_out: short.get_mut(..16)? }];
        cbc.encrypt_lanes(&mut lanes);
        check(text == cipher && short.get(..16)? == cipher.get(..16)?)?;
        cbc.decrypt(&IV, &mut text);
        check(text == PLAIN)?;
    }
    Some(())
}

/// RFC 2202 and RFC 4231, test case 3: the key with zeros after it is the same key, and the header is the first 13 bytes.
fn record_macs(provider: &Provider) -> Option<()> {
    const SHA1: [u8; 20] = hex("125d7342b9ac11cd91a39af48aa17b4f63f175d3");
    const SHA384: [u8; 48] = hex(concat!(
        "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9feb",
        "e83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27"
    ));
    let mut key = [0; 48];
    key.get_mut(..20)?.fill(0xaa);
    for (mac, expected) in [(MacAlgorithm::Sha1, &SHA1[..]), (MacAlgorithm::Sha384, &SHA384)] {
        let key = key.get(..mac.output_len())?;
        let cbc = provider.ciphers.cbc_hmac(CbcAlgorithm::Aes128, mac, &[0; 16], key);
        let Some(cbc) = had(cbc)? else { continue };
        let (header, data) = ([0xdd; 13], [0xdd; 300]);
        let mut lanes = [MacLane { header, data: data.get(..37)?, mac: Digest::new(&[]) }];
        cbc.mac_lanes(&mut lanes);
        let [lane] = lanes;
        is(&lane.mac, expected)?;
        check(cbc.mac_len() == expected.len())?;
        for most in [37, 38, 100, 292] {
            is(&cbc.mac_secret_length(&header, data.get(..most)?, 37, most.saturating_sub(255)), expected)?;
        }
    }
    Some(())
}

/// A private key and what goes with it.
struct Party<'a> {
    private: &'a [u8],
    share: &'a [u8],
}

impl Random for Party<'_> {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        if draw != Draw::PrivateKey || out.len() != self.private.len() {
            return Err(CryptoError::NoRandomness);
        }
        out.copy_from_slice(self.private);
        Ok(())
    }
}

fn peer(group: NamedGroup, share: &[u8]) -> AgreementPeer {
    AgreementPeer { share: Share { group, bytes: share.into() }, key: None }
}

/// Both sides of an agreement; `bad` are shares that no side may take.
fn agree(
    provider: &Provider,
    group: NamedGroup,
    [a, b]: [Party<'_>; 2],
    expected: &[u8],
    bad: &[&[u8]],
) -> Option<()> {
    let (to_a, to_b) = (peer(group, b.share), peer(group, a.share));
    let Some(at_a) = had(provider.keys.start_agreement(group, &AgreementRole::Initiator(None), &a))? else {
        return Some(());
    };
    let at_b = provider.keys.start_agreement(group, &AgreementRole::Responder(to_b.clone()), &b).ok()?;
    for (side, own, other) in [(&at_a, &a, &to_a), (&at_b, &b, &to_b)] {
        check(side.share().group == group && *side.share().bytes == *own.share)?;
        let Ok(Shared::PreMaster(secret)) = side.finish(other, &no_seed()) else { return None };
        check(secret.expose() == expected)?;
        for bad in bad {
            check(side.finish(&peer(group, bad), &no_seed()).is_err())?;
        }
        check(side.finish(&peer(NamedGroup::CURVE_SM2, other.share.bytes.as_ref()), &no_seed()).is_err())?;
    }
    Some(())
}

/// RFC 7748 6.1; R-EC-5: of the points of small order the result would be all zero.
fn x25519(provider: &Provider) -> Option<()> {
    const SHARED: [u8; 32] = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    let one: [u8; 32] = core::array::from_fn(|i| u8::from(i == 0));
    let a = Party {
        private: &hex::<32>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
        share: &hex::<32>("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
    };
    let b = Party {
        private: &hex::<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
        share: &hex::<32>("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
    };
    let bad: [&[u8]; 5] = [&[0; 32], &one, b.share.get(1..)?, &[9; 33], &[]];
    agree(provider, NamedGroup::X25519, [a, b], &SHARED, &bad)
}

/// RFC 5903 8.1 and 8.2.
fn ecdh(provider: &Provider) -> Option<()> {
    const P256: [u8; 32] = hex("d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
    const P384: [u8; 48] = hex(concat!(
        "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4",
        "d603135569b9e9d09cf5d4a270f59746"
    ));
    const SHARES: [[u8; 65]; 2] = [
        hex(concat!(
            "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811",
            "805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
        )),
        hex(concat!(
            "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf",
            "6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"
        )),
    ];
    const LONG_SHARES: [[u8; 97]; 2] = [
        hex(concat!(
            "04667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa",
            "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c"
        )),
        hex(concat!(
            "04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571",
            "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c"
        )),
    ];
    let keys = [
        hex::<32>("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"),
        hex("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"),
    ];
    let long_keys = [
        hex::<48>(
            "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
        ),
        hex(
            "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
        ),
    ];
    let parties = [0, 1].map(|i| Party { private: &keys[i], share: &SHARES[i] });
    on_curve(provider, NamedGroup::SECP256R1, parties, &P256)?;
    let parties = [0, 1].map(|i| Party { private: &long_keys[i], share: &LONG_SHARES[i] });
    on_curve(provider, NamedGroup::SECP384R1, parties, &P384)
}

fn on_curve(provider: &Provider, group: NamedGroup, parties: [Party<'_>; 2], expected: &[u8]) -> Option<()> {
    let mut off_curve = parties[0].share.to_vec();
    *off_curve.last_mut()? ^= 1;
    let mut compressed = parties[0].share.to_vec();
    *compressed.first_mut()? = 3;
    let half = compressed.get(..expected.len().checked_add(1)?)?.to_vec();
    let bad: [&[u8]; 6] = [&off_curve, &compressed, &half, parties[0].share.get(1..)?, &[0], &[]];
    agree(provider, group, parties, expected, &bad)
}

/// RFC 6979 A.2.5 and A.2.6: private and public key, and the signature of "sample" with the curve's own hash.
const P256_KEY: [u8; 32] = hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
const P256_PUBLIC: [u8; 65] = hex(concat!(
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
));
const P256_SIGNATURE: [u8; 72] = hex(concat!(
    "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
));
const P384_KEY: [u8; 48] =
    hex("6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5");
const P384_PUBLIC: [u8; 97] = hex(concat!(
    "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"
));
const P384_SIGNATURE: [u8; 104] = hex(concat!(
    "306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
    "02310099ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"
));

/// R-EC-5, and the range of a private key.
fn ecdsa_keys(provider: &Provider) -> Option<()> {
    const P256_ORDER: [u8; 32] = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const P384_ORDER: [u8; 48] = hex(concat!(
        "ffffffffffffffffffffffffffffffffffffffffffffffff",
        "c7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    ));
    let both: [(_, &[u8], &[u8], &[u8]); 2] = [
        (NamedGroup::SECP256R1, &P256_KEY, &P256_PUBLIC, &P256_ORDER),
        (NamedGroup::SECP384R1, &P384_KEY, &P384_PUBLIC, &P384_ORDER),
    ];
    for (curve, private, public, order) in both {
        let keys = provider.keys;
        let Some(key) = had(keys.ecdsa_private(curve, private))? else { continue };
        check(*key.public() == keys.ecdsa_public(curve, public).ok()?)?;
        let mut off_curve = public.to_vec();
        *off_curve.last_mut()? ^= 1;
        let mut compressed = public.to_vec();
        *compressed.first_mut()? = 3;
        for bad in [&off_curve[..], &compressed, compressed.get(..33)?, public.get(1..)?, &[0], &[]] {
            check(keys.ecdsa_public(curve, bad).is_err())?;
        }
        let mut largest = order.to_vec();
        *largest.last_mut()? -= 1;
        keys.ecdsa_private(curve, &largest).ok()?;
        let zero = alloc::vec![0; order.len()];
        for bad in [order, &zero, private.get(1..)?, &[]] {
            check(keys.ecdsa_private(curve, bad).is_err())?;
        }
    }
    Some(())
}

fn ecdsa(provider: &Provider) -> Option<()> {
    let both: [(_, &[u8], &[u8], _); 2] = [
        (NamedGroup::SECP256R1, &P256_KEY, &P256_SIGNATURE, HashAlgorithm::Sha256),
        (NamedGroup::SECP384R1, &P384_KEY, &P384_SIGNATURE, HashAlgorithm::Sha384),
    ];
    for (curve, private, signature, own) in both {
        let Some(key) = had(provider.keys.ecdsa_private(curve, private))? else { continue };
        verifies_only(provider, SignatureAlgorithm::Ecdsa(own), key.public(), signature)?;
        for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            signs_and_verifies(provider, &*key, SignatureAlgorithm::Ecdsa(hash))?;
        }
    }
    Some(())
}

/// A signature of "sample", and every byte of it changed.
fn verifies_only(
    provider: &Provider,
    algorithm: SignatureAlgorithm<'_>,
    key: &PublicKey,
    signature: &[u8],
) -> Option<()> {
    let verifies =
        |text: &[u8], signature: &[u8]| provider.keys.verify(algorithm, key, &[text], signature).is_ok();
    check(verifies(b"sample", signature) && !verifies(b"samplf", signature))?;
    check(!verifies(b"sample", signature.get(1..)?) && !verifies(b"sample", &[signature, &[0]].concat()))?;
    for place in 0..signature.len() {
        let mut bad = signature.to_vec();
        *bad.get_mut(place)? ^= 1;
        check(!verifies(b"sample", &bad))?;
    }
    Some(())
}

/// Nonces and salts need not come from the caller's randomness, so that what is made is only verified.
fn signs_and_verifies(
    provider: &Provider,
    key: &dyn PrivateKey,
    algorithm: SignatureAlgorithm<'_>,
) -> Option<()> {
    let made = key.sign(algorithm, &[b"sam", b"ple"], &Counter).ok()?;
    let verifies = |text: &[u8]| provider.keys.verify(algorithm, key.public(), &[text], &made).is_ok();
    check(verifies(b"sample") && !verifies(b"samplf"))
}

/// RFC 8032 7.1 test 3.
fn ed25519(provider: &Provider) -> Option<()> {
    const SEED: [u8; 32] = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
    const PUBLIC: [u8; 32] = hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
    const SIGNATURE: [u8; 64] = hex(concat!(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    ));
    let Some(key) = had(provider.keys.ed25519_private(&SEED))? else { return Some(()) };
    check(*key.public() == provider.keys.ed25519_public(&PUBLIC).ok()?)?;
    let algorithm = SignatureAlgorithm::Ed25519;
    check(key.sign(algorithm, &[&[0xaf], &[0x82]], &Counter).ok()? == SIGNATURE)?;
    provider.keys.verify(algorithm, key.public(), &[&[0xaf], &[0x82]], &SIGNATURE).ok()?;
    let made = key.sign(algorithm, &[b"sample"], &Counter).ok()?;
    verifies_only(provider, algorithm, key.public(), &made)?;
    // y = 0 is a point of order 4, y = 1 the neutral one; 2 is on no point, and the last is longer than the field.
    let y = |y: u8| core::array::from_fn::<u8, 32, _>(|i| if i == 0 { y } else { 0 });
    for bad in [&y(0)[..], &y(1), &y(2), &[0xff; 32], PUBLIC.get(1..)?, &[]] {
        check(provider.keys.ed25519_public(bad).is_err())?;
    }
    check(provider.keys.ed25519_private(SEED.get(1..)?).is_err())
}

/// A PSS signature over SHA-384 that OpenSSL 3.0 made; and what the provider signs itself.
fn rsa_signatures(provider: &Provider) -> Option<()> {
    const SIGNATURE: &[u8; 256] = include_bytes!("rsa.pss");
    let key = had(provider.keys.rsa_private(include_bytes!("rsa.key")))?;
    let Some(key) = key else { return Some(()) };
    let pss = SignatureAlgorithm::RsaPss(HashAlgorithm::Sha384);
    let verifies = |algorithm, signature: &[u8]| {
        provider.keys.verify(algorithm, key.public(), &[b"message ", b"digest"], signature).is_ok()
    };
    check(verifies(pss, SIGNATURE))?;
    check(!verifies(SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256), SIGNATURE))?;
    check(!verifies(SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha384), SIGNATURE))?;
    check(!verifies(pss, SIGNATURE.get(1..)?))?;
    for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
        signs_and_verifies(provider, &*key, SignatureAlgorithm::RsaPkcs1(hash))?;
        signs_and_verifies(provider, &*key, SignatureAlgorithm::RsaPss(hash))?;
    }
    Some(())
}
