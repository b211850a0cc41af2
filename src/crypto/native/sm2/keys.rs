//! The provider's operations with SM2 public keys.
use super::element::Affine;
use super::encrypt::{self, Receiver};
use super::field::Field;
use super::hash::{default_z, message_digest, z_of};
use super::hot_key::{Found, HotKeys};
use super::key::Sm2PrivateKey;
use super::sign::Signature;
use crate::crypto::native::backend::{Backend, with_field};
use crate::crypto::native::limbs::{self, Limbs};
#[cfg(feature = "sm9")]
use crate::crypto::native::sm9;
#[cfg(feature = "sm9")]
use crate::crypto::sm9::{MasterKey, MasterKind, Usage, encoding::Mode};
use crate::crypto::{
    AgreementRole, DEFAULT_USER_ID, Keys, PrivateKey, PublicKey, Random, SignatureAlgorithm,
    StartedAgreement, portable,
};
use crate::error::CryptoError;
use crate::wire::NamedGroup;
use alloc::{sync::Arc, vec::Vec};

/// What may be traded between speed and memory.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Sm2Options {
    /// For how many public keys that come again a table is kept, 13.5 KiB each (27 with AVX-512 IFMA), which makes
    /// verification and encryption with them two to three times faster. 0 switches it off.
    pub hot_keys: usize,
}

impl Sm2Options {
    /// 64 hot keys.
    pub const DEFAULT: Self = Self { hot_keys: 64 };
    /// No hot keys.
    pub const LEAN: Self = Self { hot_keys: 0 };
}

/// SM2 on this processor, with the cache of hot public keys.
pub struct Sm2Keys {
    hot: HotKeys,
    /// For tests: otherwise asked at each use.
    backend: Option<Backend>,
}

impl Sm2Keys {
    /// For a `static`.
    pub const fn new(options: Sm2Options) -> Self {
        Self { hot: HotKeys::new(options.hot_keys), backend: None }
    }

    #[cfg(test)]
    pub(super) const fn with_backend(backend: Backend, options: Sm2Options) -> Self {
        Self { hot: HotKeys::new(options.hot_keys), backend: Some(backend) }
    }

    #[cfg(test)]
    pub(super) fn hot(&self) -> &HotKeys {
        &self.hot
    }

    fn backend(&self) -> Backend {
        self.backend.unwrap_or_else(Backend::best)
    }
}

/// SM2 with [`Sm2Options::DEFAULT`], for a provider.
pub static KEYS: Sm2Keys = Sm2Keys::new(Sm2Options::DEFAULT);

impl Found {
    fn verify<F: Field>(&self, field: F, e: &Limbs, signature: &Signature) -> Result<(), CryptoError> {
        match self {
            Self::Hot(key) => signature.verify_hot(field, e, &key.point),
            Self::Cold(point) => signature.verify(field, e, point),
        }
    }
}

impl Keys for Sm2Keys {
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        with_field!(self.backend(), field => Affine::from_bytes(field, point))?;
        let bytes = point.try_into().map_err(|_| CryptoError::BadPoint)?;
        Ok(PublicKey::Sm2(Arc::new(bytes)))
    }

    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(Sm2PrivateKey::with_backend(self.backend(), scalar)?))
    }

    fn rsa_public(&self, der: &[u8]) -> Result<PublicKey, CryptoError> {
        portable::provider().keys.rsa_public(der)
    }

    fn rsa_private(&self, der: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        portable::provider().keys.rsa_private(der)
    }

    fn ecdsa_public(&self, curve: NamedGroup, point: &[u8]) -> Result<PublicKey, CryptoError> {
        portable::provider().keys.ecdsa_public(curve, point)
    }

    fn ecdsa_private(&self, curve: NamedGroup, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        portable::provider().keys.ecdsa_private(curve, scalar)
    }

    fn ed25519_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        portable::provider().keys.ed25519_public(point)
    }

    fn ed25519_private(&self, seed: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        portable::provider().keys.ed25519_private(seed)
    }

    #[cfg(feature = "sm9")]
    fn sm9_public(&self, usage: Usage, identity: &[u8], master: &[u8]) -> Result<PublicKey, CryptoError> {
        sm9::public(usage, identity, master)
    }

    #[cfg(feature = "sm9")]
    fn sm9_private(
        &self,
        usage: Usage,
        identity: &[u8],
        master: &[u8],
        key: &[u8],
    ) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        sm9::private(usage, identity, master, key)
    }

    #[cfg(feature = "sm9")]
    fn sm9_master(&self, kind: MasterKind, scalar: &[u8]) -> Result<Arc<dyn MasterKey>, CryptoError> {
        sm9::master(kind, scalar)
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        #[cfg(feature = "sm9")]
        if let (SignatureAlgorithm::Sm9Sm3, PublicKey::Sm9(key)) = (algorithm, key) {
            return sm9::verify(key, parts, signature);
        }
        let (SignatureAlgorithm::Sm2Sm3 { user_id }, PublicKey::Sm2(public)) = (algorithm, key) else {
            return portable::provider().keys.verify(algorithm, key, parts, signature);
        };
        let signature = Signature::from_der(signature)?;
        with_field!(self.backend(), field => {
            let found = self.hot.find(field, public).map_err(|_| CryptoError::BadSignature)?;
            let z = match &found {
                Found::Hot(key) if user_id == DEFAULT_USER_ID => key.z,
                _ if user_id == DEFAULT_USER_ID => default_z(public),
                _ => z_of(user_id, public).ok_or(CryptoError::TooLong)?,
            };
            found.verify(field, &message_digest(&z, parts), &signature)
        })
    }

    fn verify_digest(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let PublicKey::Sm2(public) = key else {
            return portable::provider().keys.verify_digest(key, digest, signature);
        };
        let signature = Signature::from_der(signature)?;
        let e = limbs::from_be_bytes(digest.try_into().map_err(|_| CryptoError::BadSignature)?);
        with_field!(self.backend(), field => {
            let found = self.hot.find(field, public).map_err(|_| CryptoError::BadSignature)?;
            found.verify(field, &e, &signature)
        })
    }

    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        #[cfg(feature = "sm9")]
        if let PublicKey::Sm9(key) = key {
            return sm9::encrypt(Mode::Xor, key, message, random);
        }
        let PublicKey::Sm2(public) = key else {
            return portable::provider().keys.encrypt(key, message, random);
        };
        with_field!(self.backend(), field => {
            let found = self.hot.find(field, public)?;
            let receiver = match &found {
                Found::Hot(key) => Receiver::Hot(&key.point),
                Found::Cold(point) => Receiver::Cold(point),
            };
            encrypt::encrypt(field, &receiver, message, random)
        })
    }

    fn start_agreement(
        &self,
        group: NamedGroup,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        portable::provider().keys.start_agreement(group, role, random)
    }
}
