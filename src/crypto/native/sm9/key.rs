//! A user's private key, and a key centre's.
use super::agree::AgreementKey;
use super::encrypt::DecryptionKey;
use super::fp::Field;
use super::hash::h1;
use super::multiply::multiply;
use super::point::{P1, P2, Point};
use super::scalar::Scalar;
use super::sign::SigningKey;
use crate::crypto::native::backend::{Backend, with_field};
use crate::crypto::native::declassify::declassify;
use crate::crypto::sm9::encoding::Mode;
use crate::crypto::sm9::{self, MasterKind, Usage};
use crate::crypto::{
    AgreementRole, PreMasterSecret, PrivateKey, PublicKey, Random, SignatureAlgorithm, StartedAgreement,
};
use crate::error::CryptoError;
use crate::wire::ProtocolVersion;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use zeroize::Zeroizing;

enum Secret {
    Sign(SigningKey),
    Agree(AgreementKey),
    Encrypt(DecryptionKey),
}

/// An SM9 private key. Its secrets are wiped on drop and show in no error and no `Debug`.
pub struct Sm9PrivateKey {
    backend: Backend,
    secret: Box<Secret>,
    of: Arc<sm9::PublicKey>,
    public: PublicKey,
}

impl Sm9PrivateKey {
    /// # Errors
    /// As [`crate::crypto::Keys::sm9_private`].
    pub(super) fn new(backend: Backend, of: sm9::PublicKey, key: &[u8]) -> Result<Self, CryptoError> {
        let secret = with_field!(backend, field => match of.usage() {
            Usage::Sign => Secret::Sign(SigningKey::new(field, &of, key)?),
            Usage::Agree => Secret::Agree(AgreementKey::new(field, &of, key)?),
            Usage::Encrypt => Secret::Encrypt(DecryptionKey::new(field, &of, key)?),
        });
        let of = Arc::new(of);
        Ok(Self { backend, secret: Box::new(secret), public: PublicKey::Sm9(of.clone()), of })
    }

    /// The key of `length` bytes that [`super::encapsulate`] made with this C.
    ///
    /// # Errors
    /// [`CryptoError::BadPoint`]; [`CryptoError::Unsupported`] if this is not a key for encryption.
    pub fn decapsulate(&self, c: &[u8; 65], length: usize) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let Secret::Encrypt(key) = &*self.secret else { return Err(CryptoError::Unsupported) };
        with_field!(self.backend, field => key.decapsulate(field, &self.of, c, length))
    }

    fn decrypt_in(&self, modes: &[Mode], ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let Secret::Encrypt(key) = &*self.secret else { return Err(CryptoError::Unsupported) };
        with_field!(self.backend, field => key.decrypt(field, &self.of, modes, ciphertext))
    }
}

impl PrivateKey for Sm9PrivateKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        match (&*self.secret, algorithm) {
            (Secret::Sign(key), SignatureAlgorithm::Sm9Sm3) => {
                with_field!(self.backend, field => key.sign(field, parts, random))
            }
            _ => Err(CryptoError::Unsupported),
        }
    }

    /// In any mode.
    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.decrypt_in(&[Mode::Xor, Mode::Sm4Ecb, Mode::Sm4Cbc], ciphertext)
    }

    /// In the suites' mode alone (R-IBC-2).
    fn decrypt_secret(
        &self,
        ciphertext: &[u8],
        version: ProtocolVersion,
        substitute: PreMasterSecret,
        _: &dyn Random,
    ) -> Result<PreMasterSecret, CryptoError> {
        let found = self.decrypt_in(&[Mode::Xor], ciphertext);
        let found = found.as_ref().map(|bytes| &bytes[..]).map_err(|e| *e);
        Ok(PreMasterSecret::select(found, version, substitute))
    }

    fn start_agreement(
        &self,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        let Secret::Agree(key) = &*self.secret else { return Err(CryptoError::Unsupported) };
        Ok(Arc::new(key.start(self.backend, &self.of, role, random)?))
    }
}

/// A key centre's master key.
pub(super) struct Sm9MasterKey {
    backend: Backend,
    kind: MasterKind,
    s: Zeroizing<Scalar>,
    public: Box<[u8]>,
}

impl Sm9MasterKey {
    pub(super) fn new(backend: Backend, kind: MasterKind, scalar: &[u8]) -> Result<Self, CryptoError> {
        let scalar = scalar.try_into().map_err(|_| CryptoError::BadKey)?;
        let s = Scalar::not_zero(scalar).ok_or(CryptoError::BadKey)?;
        let public = with_field!(backend, field => match kind {
            MasterKind::Sign => in_g2(field, &s),
            MasterKind::Encrypt => in_g1(field, &s),
        });
        let public = declassified(&public);
        Ok(Self { backend, kind, s, public })
    }
}

fn declassified(bytes: &[u8]) -> Box<[u8]> {
    bytes.iter().map(|b| declassify(*b)).collect()
}

/// k P1, encoded.
fn in_g1<F: Field>(field: F, k: &Scalar) -> Zeroizing<Box<[u8]>> {
    let point = Zeroizing::new(multiply(field, k, &Point::from(P1)).to_affine(field));
    Zeroizing::new(Box::new(point.to_bytes(field)))
}

/// k P2, encoded.
fn in_g2<F: Field>(field: F, k: &Scalar) -> Zeroizing<Box<[u8]>> {
    let point = Zeroizing::new(multiply(field, k, &Point::from(P2)).to_affine(field));
    Zeroizing::new(Box::new(point.to_bytes(field)))
}

impl sm9::MasterKey for Sm9MasterKey {
    fn kind(&self) -> MasterKind {
        self.kind
    }

    fn public(&self) -> &[u8] {
        &self.public
    }

    fn user_key(&self, usage: Usage, identity: &[u8]) -> Result<Zeroizing<Box<[u8]>>, CryptoError> {
        let t1 = Zeroizing::new(h1(identity, usage).add(&self.s));
        if usage.master() != self.kind || declassify(t1.is_zero_mask()) != 0 {
            return Err(CryptoError::BadKey);
        }
        let t2 = Zeroizing::new(self.s.mul(&Zeroizing::new(t1.invert())));
        Ok(with_field!(self.backend, field => match self.kind {
            MasterKind::Sign => in_g1(field, &t2),
            MasterKind::Encrypt => in_g2(field, &t2),
        }))
    }
}
