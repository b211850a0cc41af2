//! SM2 key exchange without confirmation values (R-SM2-5).
use super::point;
use crate::crypto::{DEFAULT_USER_ID, Draw, PreMasterSecret, PublicKey, Random, Shared, StartedAgreement};
use crate::error::CryptoError;
use sm2::elliptic_curve::ops::MulVartime;
use sm2::{ProjectivePoint, Scalar};
use zeroize::Zeroizing;

/// One party's side. Of both private keys only t = d + x'·r is kept: the rest of the exchange needs no more.
pub(super) struct Half {
    t: Zeroizing<Scalar>,
    /// R = rG: 04 || x || y.
    pub(super) ephemeral: [u8; 65],
    /// Z of this party's static key.
    z: [u8; 32],
}

impl Half {
    /// Draws the ephemeral key r, in 1..n.
    pub(super) fn new(d: &Scalar, z: [u8; 32], random: &dyn Random) -> Result<Self, CryptoError> {
        let r = point::draw(random, Draw::PrivateKey)?;
        let ephemeral = point::encode(&point::times_generator(&r)).ok_or(CryptoError::BadPoint)?;
        let t = Zeroizing::new(*d + shortened_x(&ephemeral) * *r);
        Ok(Self { t, ephemeral, z })
    }

    /// As the initiator, A: Z_A is ours.
    fn finish(&self, peer_static: &PublicKey, peer_ephemeral: &[u8]) -> Result<Shared, CryptoError> {
        let (u, z_peer) = self.shared_point(peer_static, peer_ephemeral)?;
        Ok(pre_master(&u, &self.z, &z_peer))
    }

    /// As the responder, B: Z_A is the peer's.
    pub(super) fn answer(
        &self,
        peer_static: &PublicKey,
        peer_ephemeral: &[u8],
    ) -> Result<Shared, CryptoError> {
        let (u, z_peer) = self.shared_point(peer_static, peer_ephemeral)?;
        Ok(pre_master(&u, &z_peer, &self.z))
    }

    /// The coordinates of U = t(P + x'R), and Z of the peer's static key.
    fn shared_point(
        &self,
        peer_static: &PublicKey,
        peer_ephemeral: &[u8],
    ) -> Result<(Zeroizing<[u8; 64]>, [u8; 32]), CryptoError> {
        let (bytes, static_point) = point::of_key(peer_static)?;
        let ephemeral: &[u8; 65] = peer_ephemeral.try_into().map_err(|_| CryptoError::BadPoint)?;
        let ephemeral_point = ProjectivePoint::from(point::decode(ephemeral)?);
        // Both points are public; t is not.
        let sum = ephemeral_point.mul_vartime(&shortened_x(ephemeral)) + static_point;
        let u = Zeroizing::new(sum * *self.t);
        Ok((point::coordinates(&u).ok_or(CryptoError::BadPoint)?, point::z(DEFAULT_USER_ID, bytes)?))
    }
}

/// x' = 2^127 + (x mod 2^127) of the point 04 || x || y.
fn shortened_x(point: &[u8; 65]) -> Scalar {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(&point[1..33]).skip(16).for_each(|(o, b)| *o = *b);
    bytes[16] |= 0x80;
    point::reduce(&bytes)
}

/// KDF(xU || yU || Z_A || Z_B), 48 bytes.
fn pre_master(u: &[u8; 64], z_a: &[u8; 32], z_b: &[u8; 32]) -> Shared {
    let mut out = PreMasterSecret::zeroed();
    point::kdf(&[u, z_a, z_b], out.expose_mut());
    Shared::PreMaster(out)
}

/// The initiator's half, waiting for the peer's points.
pub(super) struct Started(pub(super) Half);

impl StartedAgreement for Started {
    fn ephemeral(&self) -> &[u8; 65] {
        &self.0.ephemeral
    }

    fn finish(&self, peer_static: &PublicKey, peer_ephemeral: &[u8]) -> Result<Shared, CryptoError> {
        self.0.finish(peer_static, peer_ephemeral)
    }
}
