//! Key exchange (R-SM2-5): the server is the initiator A, the client the responder B; 48 shared bytes.
use super::element::Affine;
use super::field::Field;
use super::fixed_base;
use super::hash::default_z;
use super::scalar::Scalar;
use super::secret::SecretKey;
use super::variable_base;
use crate::crypto::native::backend::{Backend, with_field};
use crate::crypto::native::declassify::declassify;
use crate::crypto::native::hash::derive_key;
use crate::crypto::native::limbs;
use crate::crypto::{
    AgreementPeer, Draw, MasterSeed, PreMasterSecret, PublicKey, Random, SECRET_LEN, Share, Shared,
    StartedAgreement,
};
use crate::error::CryptoError;
use crate::wire::NamedGroup;
use alloc::boxed::Box;
use zeroize::Zeroizing;

/// Our half of an exchange: the ephemeral point, and t = d + x' r, which is all that the rest needs of d and r.
struct Half {
    t: Zeroizing<Scalar>,
    ephemeral: [u8; 65],
}

/// x' = 2^127 + (x mod 2^127), for a point 04 || X || Y.
fn reduced_x(point: &[u8; 65]) -> Scalar {
    let mut x = [0; 32];
    x.copy_from_slice(&point[1..33]);
    let [x0, x1, ..] = limbs::from_be_bytes(&x);
    Scalar([x0, x1 | 1 << 63, 0, 0])
}

impl Half {
    fn new<F: Field>(field: F, key: &SecretKey, random: &dyn Random) -> Result<Self, CryptoError> {
        let r = Scalar::draw(random, Draw::PrivateKey)?;
        Ok(Self::with_ephemeral(field, key, &r))
    }

    fn with_ephemeral<F: Field>(field: F, key: &SecretKey, r: &Scalar) -> Self {
        let ephemeral = declassify(fixed_base::multiply(field, r).to_affine(field).to_bytes(field));
        let product = Zeroizing::new(reduced_x(&ephemeral).mul(r));
        Self { t: Zeroizing::new(key.d().add(&product)), ephemeral }
    }

    /// U = t (P + x' R), not infinity, as X || Y. The peer chooses P and R, and may know how they belong together.
    fn shared_point<F: Field>(
        &self,
        field: F,
        peer_static: &[u8; 65],
        peer_ephemeral: &[u8],
    ) -> Result<Zeroizing<[u8; 64]>, CryptoError> {
        let p = Affine::from_bytes(field, peer_static)?;
        let r = Affine::from_bytes(field, peer_ephemeral)?;
        let encoded = peer_ephemeral.try_into().map_err(|_| CryptoError::BadPoint)?;
        let u = variable_base::multiply_sum(field, &self.t, &p, (&reduced_x(encoded), &r));
        if declassify(u.z.is_zero_mask()) != 0 {
            return Err(CryptoError::BadPoint);
        }
        let u = Zeroizing::new(u.to_affine(field));
        Ok(Zeroizing::new(u.to_coordinates(field)))
    }
}

/// KDF(xU || yU || Z_A || Z_B, 48)
fn pre_master_secret(u: &[u8; 64], z_a: &[u8; 32], z_b: &[u8; 32]) -> Shared {
    let mut secret = PreMasterSecret::zeroed(SECRET_LEN);
    derive_key(&[u, z_a, z_b], secret.expose_mut());
    Shared::PreMaster(secret)
}

/// Either side between its two steps.
pub(super) struct Started {
    backend: Backend,
    z: [u8; 32],
    half: Half,
    share: Share,
    /// As the responder, B, Z_A is the peer's.
    is_responder: bool,
}

/// Draws the ephemeral key.
pub(super) fn start(
    backend: Backend,
    key: &SecretKey,
    is_responder: bool,
    random: &dyn Random,
) -> Result<Started, CryptoError> {
    let half = with_field!(backend, field => Half::new(field, key, random))?;
    let share = Share { group: NamedGroup::CURVE_SM2, bytes: Box::new(half.ephemeral) };
    Ok(Started { backend, z: *key.z(), half, share, is_responder })
}

impl StartedAgreement for Started {
    fn share(&self) -> &Share {
        &self.share
    }

    fn finish(&self, peer: &AgreementPeer, _: &MasterSeed) -> Result<Shared, CryptoError> {
        let Some(PublicKey::Sm2(key)) = &peer.key else { return Err(CryptoError::Unsupported) };
        let u = with_field!(self.backend, field => self.half.shared_point(field, key, &peer.share.bytes))?;
        let (ours, theirs) = (&self.z, &default_z(key));
        let (z_a, z_b) = if self.is_responder { (theirs, ours) } else { (ours, theirs) };
        Ok(pre_master_secret(&u, z_a, z_b))
    }
}

#[cfg(test)]
pub(super) struct IntermediateValues {
    pub(super) x: [u8; 32],
    pub(super) t: [u8; 32],
    pub(super) u: [u8; 64],
}

/// x', t and U, to be compared with the standard's.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) fn intermediate_values(
    backend: Backend,
    key: &super::Sm2PrivateKey,
    r: &[u8],
    peer_static: &[u8],
    peer_ephemeral: &[u8],
) -> IntermediateValues {
    with_field!(backend, field => {
        let r = Scalar::from_be_bytes(r.try_into().unwrap()).unwrap();
        let half = Half::with_ephemeral(field, key.secret(), &r);
        let u = half.shared_point(field, peer_static.try_into().unwrap(), peer_ephemeral).unwrap();
        let x = reduced_x(&half.ephemeral);
        IntermediateValues { x: x.to_be_bytes(), t: half.t.to_be_bytes(), u: *u }
    })
}
