//! What is secret of a private key.
use super::field::Field;
use super::fixed_base;
use super::hash::default_z;
use super::scalar::{Montgomery, Scalar};
use crate::crypto::native::declassify::declassify;
use crate::error::CryptoError;
use alloc::boxed::Box;
use zeroize::Zeroizing;

/// What is secret, and Z of its public key.
pub(super) struct SecretKey {
    d: Zeroizing<Scalar>,
    /// 1 / (1 + d)
    inverse: Zeroizing<Montgomery>,
    /// For the default user id
    z: [u8; 32],
}

impl SecretKey {
    /// 1 <= d <= n-2, so that 1 + d has an inverse.
    pub(super) fn new<F: Field>(field: F, bytes: &[u8]) -> Result<(Box<Self>, [u8; 65]), CryptoError> {
        let bytes = bytes.try_into().map_err(|_| CryptoError::BadKey)?;
        let d = Zeroizing::new(Scalar::from_be_bytes(bytes).ok_or(CryptoError::BadKey)?);
        let plus_one = Zeroizing::new(d.add(&Scalar::ONE));
        let unusable = d.is_zero_mask() | plus_one.is_zero_mask();
        if declassify(unusable) != 0 {
            return Err(CryptoError::BadKey);
        }
        let inverse = Zeroizing::new(Montgomery::new(&Zeroizing::new(plus_one.invert())));
        let public = fixed_base::multiply(field, &d).to_affine(field).to_bytes(field);
        let public = declassify(public);
        Ok((Box::new(Self { d, inverse, z: default_z(&public) }), public))
    }

    pub(super) fn d(&self) -> &Scalar {
        &self.d
    }

    pub(super) fn inverse(&self) -> &Montgomery {
        &self.inverse
    }

    pub(super) fn z(&self) -> &[u8; 32] {
        &self.z
    }
}
