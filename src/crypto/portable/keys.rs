//! Which file does what with which keys; and SM2 keys and signatures themselves.
use super::agreement::Started;
#[cfg(feature = "rsa")]
use super::rsa;
#[cfg(feature = "tls12")]
use super::{diffie_hellman, ecdsa, ed25519};
use super::{encryption, point};
use crate::crypto::der::Signature;
use crate::crypto::{
    AgreementRole, DEFAULT_USER_ID, Draw, Keys, PrivateKey, PublicKey, Random, SignatureAlgorithm,
    StartedAgreement,
};
use crate::error::CryptoError;
#[cfg(feature = "tls12")]
use crate::wire::NamedGroup;
use alloc::{sync::Arc, vec::Vec};
use sm2::elliptic_curve::ops::MulByGeneratorVartime;
use sm2::{ProjectivePoint, Scalar};
use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

/// [`Keys`] of the portable provider.
pub(super) struct Portable;

impl Keys for Portable {
    fn sm2_public(&self, encoded: &[u8]) -> Result<PublicKey, CryptoError> {
        point::decode(encoded)?;
        let bytes = encoded.try_into().map_err(|_| CryptoError::BadPoint)?;
        Ok(PublicKey::Sm2(Arc::new(bytes)))
    }

    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(Sm2Key::new(scalar)?))
    }

    #[cfg(feature = "rsa")]
    fn rsa_public(&self, der: &[u8]) -> Result<PublicKey, CryptoError> {
        rsa::public(der)
    }

    #[cfg(feature = "rsa")]
    fn rsa_private(&self, der: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(rsa::RsaKey::new(der)?))
    }

    #[cfg(feature = "tls12")]
    fn ecdsa_public(&self, curve: NamedGroup, point: &[u8]) -> Result<PublicKey, CryptoError> {
        ecdsa::public(curve, point)
    }

    #[cfg(feature = "tls12")]
    fn ecdsa_private(&self, curve: NamedGroup, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        ecdsa::private(curve, scalar)
    }

    #[cfg(feature = "tls12")]
    fn ed25519_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        ed25519::public(point)
    }

    #[cfg(feature = "tls12")]
    fn ed25519_private(&self, seed: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(ed25519::Ed25519Key::new(seed)?))
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        match (algorithm, key) {
            (SignatureAlgorithm::Sm2Sm3 { user_id }, PublicKey::Sm2(bytes)) => {
                verify_sm2(key, hash_message(user_id, bytes, parts)?, signature)
            }
            #[cfg(feature = "rsa")]
            (_, PublicKey::Rsa(der)) => {
                let scheme = rsa::Scheme::of(algorithm).ok_or(CryptoError::BadSignature)?;
                rsa::verify(scheme, der, parts, signature)
            }
            #[cfg(feature = "tls12")]
            (SignatureAlgorithm::Ecdsa(hash), key) => ecdsa::verify(hash, key, parts, signature),
            #[cfg(feature = "tls12")]
            (SignatureAlgorithm::Ed25519, PublicKey::Ed25519(point)) => {
                ed25519::verify(point, parts, signature)
            }
            _ => Err(CryptoError::BadSignature),
        }
    }

    fn verify_digest(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        match key {
            PublicKey::Sm2(_) => {
                let e = point::reduce(digest.try_into().map_err(|_| CryptoError::BadSignature)?);
                verify_sm2(key, e, signature)
            }
            #[cfg(feature = "rsa")]
            PublicKey::Rsa(der) => rsa::verify_sha256(der, digest, signature),
            #[cfg(feature = "tls12")]
            PublicKey::P256(_) | PublicKey::P384(_) => ecdsa::verify_digest(key, digest, signature),
            _ => Err(CryptoError::BadSignature),
        }
    }

    /// Beside the trait's errors: [`CryptoError::Unsupported`] for an empty message, which SM2 cannot encrypt, and
    /// [`CryptoError::BadPoint`] for a key that is not on the curve.
    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        match key {
            #[cfg(feature = "rsa")]
            PublicKey::Rsa(der) => rsa::encrypt(der, message, random),
            key => encryption::encrypt(&point::of_key(key)?.1.into(), message, random),
        }
    }

    #[cfg(feature = "tls12")]
    fn start_agreement(
        &self,
        group: NamedGroup,
        _: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        diffie_hellman::start(group, random)
    }
}

fn verify_sm2(key: &PublicKey, e: Scalar, signature: &[u8]) -> Result<(), CryptoError> {
    let (_, public) = point::of_key(key).map_err(|_| CryptoError::BadSignature)?;
    if verifies(e, public.into(), signature) { Ok(()) } else { Err(CryptoError::BadSignature) }
}

/// e = SM3(Z || message) modulo n.
fn hash_message(user_id: &[u8], public: &[u8; 65], parts: &[&[u8]]) -> Result<Scalar, CryptoError> {
    let mut hash = Sm3::new_with_prefix(point::z(user_id, public)?);
    parts.iter().for_each(|p| hash.update(p));
    Ok(point::reduce(&hash.finalize().into()))
}

/// r = e + x(sG + (r+s)P) (R-SM2-2). All inputs are public.
fn verifies(e: Scalar, public: ProjectivePoint, signature: &[u8]) -> bool {
    let Some(signature) = Signature::read(signature) else { return false };
    let (Some(r), Some(s)) = (point::scalar(&signature.r), point::scalar(&signature.s)) else { return false };
    let t = *r + *s;
    if bool::from(t.is_zero()) {
        return false;
    }
    let sum = ProjectivePoint::mul_by_generator_and_mul_add_vartime(&s, &t, &public);
    x_mod_n(&sum).is_some_and(|x| e + x == *r)
}

/// The point's x coordinate modulo n. Nothing for the point at infinity.
fn x_mod_n(p: &ProjectivePoint) -> Option<Scalar> {
    point::coordinates(p)?.first_chunk().map(point::reduce)
}

/// An SM2 private key. Wiped when the last handle goes.
struct Sm2Key {
    /// The private scalar d.
    d: Zeroizing<Scalar>,
    /// (1 + d)^-1
    inverse: Zeroizing<Scalar>,
    public_bytes: Arc<[u8; 65]>,
    public: PublicKey,
}

impl Sm2Key {
    /// From 32 bytes big-endian, 1 <= d <= n-2: d = n-1 has no (1 + d)^-1.
    fn new(bytes: &[u8]) -> Result<Self, CryptoError> {
        let bytes = bytes.try_into().map_err(|_| CryptoError::BadKey)?;
        let d = point::scalar(bytes).ok_or(CryptoError::BadKey)?;
        let inverse =
            Option::from((*d + Scalar::ONE).invert()).map(Zeroizing::new).ok_or(CryptoError::BadKey)?;
        let public = point::encode(&point::times_generator(&d)).ok_or(CryptoError::BadKey)?;
        let public_bytes = Arc::new(public);
        Ok(Self { d, inverse, public: PublicKey::Sm2(public_bytes.clone()), public_bytes })
    }

    /// The signature of e with the nonce k, unless k is one of the few that give none.
    fn sign_with(&self, e: Scalar, k: &Scalar) -> Option<Signature> {
        let r = e + x_mod_n(&point::times_generator(k))?;
        // s = (1+d)^-1 (k - rd) = (1+d)^-1 (k + r) - r
        let sum = Zeroizing::new(*k + r);
        let s = *self.inverse * *sum - r;
        // R-SM2-2: r = 0, r + k = n and s = 0 all ask for another k.
        let bad = r.is_zero() | sum.is_zero() | s.is_zero();
        (!bool::from(bad)).then(|| Signature { r: r.to_bytes().into(), s: s.to_bytes().into() })
    }
}

impl PrivateKey for Sm2Key {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        let user_id = algorithm.sm2_user_id()?;
        let e = hash_message(user_id, &self.public_bytes, parts)?;
        for _ in 0..point::MAX_DRAWS {
            let k = point::draw(random, Draw::SignatureNonce)?;
            if let Some(signature) = self.sign_with(e, &k) {
                return Ok(signature.write());
            }
        }
        Err(CryptoError::NoRandomness)
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        encryption::decrypt(&self.d, ciphertext).ok_or(CryptoError::DecryptFailed)
    }

    fn start_agreement(
        &self,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        let z = point::z(DEFAULT_USER_ID, &self.public_bytes)?;
        Ok(Arc::new(Started::new(&self.d, z, matches!(role, AgreementRole::Responder(_)), random)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crypto::portable::test_random::Series;
    use crate::crypto::{AgreementPeer, MasterSeed};
    use crate::suite::HashAlgorithm;
    use alloc::vec;
    use sm2::elliptic_curve::PrimeField;

    fn key(d: u64) -> (Scalar, Sm2Key) {
        let d = Scalar::from(d);
        (d, Sm2Key::new(&d.to_bytes()).unwrap())
    }

    /// R-SM2-2
    #[test]
    fn gives_no_signature_for_a_nonce_that_makes_r_or_s_or_r_plus_k_zero() {
        let (d, key) = key(0x1234_5678);
        let k = Scalar::from(0xabcd_ef01_u64);
        let x = x_mod_n(&point::times_generator(&k)).unwrap();
        let r_zero = -x;
        let r_plus_k_zero = -k - x;
        let s_zero = k * d.invert().unwrap() - x;
        for e in [r_zero, r_plus_k_zero, s_zero] {
            assert!(key.sign_with(e, &k).is_none());
            let good = key.sign_with(e + Scalar::ONE, &k).unwrap().write();
            let (_, public) = point::of_key(&key.public).unwrap();
            assert!(verifies(e + Scalar::ONE, public.into(), &good));
        }
    }

    /// R-SM2-2: r + s = n would leave the key out of the equation, and anyone could sign.
    #[test]
    fn refuses_a_signature_made_without_the_key() {
        let (_, key) = key(0x1234_5678);
        let (_, public) = point::of_key(&key.public).unwrap();
        let s = Scalar::from(99u64);
        let forged = Signature { r: (-s).to_bytes().into(), s: s.to_bytes().into() }.write();
        let e = -s - x_mod_n(&point::times_generator(&s)).unwrap();
        assert!(!verifies(e, public.into(), &forged));
    }

    /// R-SM2-2: r and s in 1..n, also where the equation holds.
    #[test]
    fn refuses_signatures_out_of_range() {
        let (d, key) = key(7);
        let (_, public) = point::of_key(&key.public).unwrap();
        let (one, zero) = (Scalar::ONE, Scalar::ZERO);
        let mut n: [u8; 32] = (-one).to_bytes().into();
        n[31] += 1;
        let bytes = |scalar: Scalar| scalar.to_bytes().into();
        for (r, s, in_r, in_s) in [
            (zero, one, bytes(zero), bytes(one)),
            (one, zero, bytes(one), bytes(zero)),
            (zero, one, n, bytes(one)),
            (one, zero, bytes(one), n),
        ] {
            // e is such that r = e + x(sG + (r+s)P).
            let e = r - x_mod_n(&point::times_generator(&(s + (r + s) * d))).unwrap();
            assert!(!verifies(e, public.into(), &Signature { r: in_r, s: in_s }.write()));
        }
    }

    #[test]
    fn refuses_public_keys_that_nobody_checked() {
        let forged = PublicKey::Sm2(Arc::new([4; 65]));
        let verified = Portable.verify(SignatureAlgorithm::SM2, &forged, &[b"text"], &[]);
        assert_eq!(verified, Err(CryptoError::BadSignature));
        assert_eq!(Portable.encrypt(&forged, b"text", &Series::new([])), Err(CryptoError::BadPoint));
    }

    #[test]
    fn draws_again_what_is_out_of_range_and_gives_up_on_a_broken_source() {
        let (_, key) = key(7);
        let good = [3; 32];
        let mut n: [u8; 32] = (-Scalar::ONE).to_bytes().into();
        n[31] += 1;
        let sign = |series| key.sign(SignatureAlgorithm::SM2, &[b"text"], &Series::new(series));
        assert_eq!(sign(vec![[0; 32], n, [0xff; 32], good]), sign(vec![good]));
        assert_eq!(sign(vec![[0; 32]; 100]), Err(CryptoError::NoRandomness));
        assert_eq!(sign(vec![]), Err(CryptoError::NoRandomness));
    }

    /// R-SM2-1: 8191 bytes are the most whose length in bits fits into two bytes.
    #[test]
    fn takes_user_ids_of_up_to_8191_bytes() {
        let (_, key) = key(7);
        let id = [0x61; 8192];
        let longest = SignatureAlgorithm::Sm2Sm3 { user_id: &id[..8191] };
        let signature = key.sign(longest, &[b"text"], &Series::new([[3; 32]])).unwrap();
        assert_eq!(Portable.verify(longest, &key.public, &[b"te", b"xt"], &signature), Ok(()));
        let too_long = SignatureAlgorithm::Sm2Sm3 { user_id: &id };
        let signed = key.sign(too_long, &[b"text"], &Series::new([[3; 32]]));
        assert_eq!(signed, Err(CryptoError::TooLong));
        assert!(Portable.verify(too_long, &key.public, &[b"text"], &signature).is_err());
    }

    /// R-SM2-5: the peer's points can be chosen so that P + x'R is the point at infinity.
    #[test]
    fn refuses_a_key_exchange_that_ends_in_the_point_at_infinity() {
        let (_, ours) = key(7);
        let r = Scalar::from(99u64);
        let ephemeral = point::encode(&point::times_generator(&r)).unwrap();
        let mut x = [0; 32];
        x[16..].copy_from_slice(&ephemeral[17..33]);
        x[16] |= 0x80;
        let d = -(Option::<Scalar>::from(Scalar::from_repr(x.into())).unwrap() * r);
        let peer = Sm2Key::new(&d.to_bytes()).unwrap();
        let peer = AgreementPeer::sm2(peer.public, &ephemeral);
        let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
        for role in [AgreementRole::Initiator(None), AgreementRole::Responder(peer.clone())] {
            let started = ours.start_agreement(&role, &Series::new([[3; 32]])).unwrap();
            assert_eq!(started.finish(&peer, &seed).unwrap_err(), CryptoError::BadPoint);
        }
    }
}
