//! SM2 key exchange without confirmation values (R-SM2-5).
use super::point;
use crate::crypto::{
    AgreementPeer, DEFAULT_USER_ID, Draw, MasterSeed, PreMasterSecret, Random, SECRET_LEN, Share, Shared,
    StartedAgreement,
};
use crate::error::CryptoError;
use crate::wire::NamedGroup;
use alloc::boxed::Box;
use sm2::elliptic_curve::ops::MulVartime;
use sm2::{ProjectivePoint, Scalar};
use zeroize::Zeroizing;

/// One party's side. Of both private keys only t = d + x'·r is kept: the rest of the exchange needs no more.
pub(super) struct Started {
    t: Zeroizing<Scalar>,
    /// R = rG: 04 || x || y.
    share: Share,
    /// Z of this party's static key.
    z: [u8; 32],
    /// As the responder, B, Z_A is the peer's.
    is_responder: bool,
}

impl Started {
    /// Draws the ephemeral key r, in 1..n.
    pub(super) fn new(
        d: &Scalar,
        z: [u8; 32],
        is_responder: bool,
        random: &dyn Random,
    ) -> Result<Self, CryptoError> {
        let r = point::draw(random, Draw::PrivateKey)?;
        let ephemeral = point::encode(&point::times_generator(&r)).ok_or(CryptoError::BadPoint)?;
        let t = Zeroizing::new(*d + shortened_x(&ephemeral) * *r);
        let share = Share { group: NamedGroup::CURVE_SM2, bytes: Box::new(ephemeral) };
        Ok(Self { t, share, z, is_responder })
    }
}

impl StartedAgreement for Started {
    fn share(&self) -> &Share {
        &self.share
    }

    /// KDF of U = t(P + x'R), and of Z of both static keys.
    fn finish(&self, peer: &AgreementPeer, _: &MasterSeed) -> Result<Shared, CryptoError> {
        let (bytes, static_point) = point::of_key(peer.key.as_ref().ok_or(CryptoError::Unsupported)?)?;
        let ephemeral: &[u8; 65] = (*peer.share.bytes).try_into().map_err(|_| CryptoError::BadPoint)?;
        let ephemeral_point = ProjectivePoint::from(point::decode(ephemeral)?);
        // Both points are public; t is not.
        let sum = ephemeral_point.mul_vartime(&shortened_x(ephemeral)) + static_point;
        let u = Zeroizing::new(sum * *self.t);
        let u = point::coordinates(&u).ok_or(CryptoError::BadPoint)?;
        let z_peer = point::z(DEFAULT_USER_ID, bytes)?;
        Ok(if self.is_responder {
            pre_master(&u, &z_peer, &self.z)
        } else {
            pre_master(&u, &self.z, &z_peer)
        })
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
    let mut out = PreMasterSecret::zeroed(SECRET_LEN);
    point::kdf(&[u, z_a, z_b], out.expose_mut());
    Shared::PreMaster(out)
}
