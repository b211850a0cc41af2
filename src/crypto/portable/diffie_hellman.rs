//! Key agreement of two ephemeral keys (RFC 8422 5.10): X25519, P-256, P-384.
use super::curve;
use crate::crypto::{
    AgreementPeer, Draw, MasterSeed, PreMasterSecret, Random, Share, Shared, StartedAgreement,
};
use crate::error::CryptoError;
use crate::wire::NamedGroup;
use alloc::{boxed::Box, sync::Arc};
use p256::NistP256;
use p384::NistP384;
use sm2::elliptic_curve::group::Group;
use sm2::elliptic_curve::{CurveArithmetic, ProjectivePoint, Scalar};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Draws the ephemeral key. Both roles do the same.
pub(super) fn start(
    group: NamedGroup,
    random: &dyn Random,
) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
    match group {
        NamedGroup::X25519 => Ok(Arc::new(X25519::new(random)?)),
        NamedGroup::SECP256R1 => Ok(Arc::new(OnCurve::<NistP256>::new(group, random)?)),
        NamedGroup::SECP384R1 => Ok(Arc::new(OnCurve::<NistP384>::new(group, random)?)),
        _ => Err(CryptoError::Unsupported),
    }
}

/// What the peer sent, if it is of the group that we are in.
fn share_of(peer: &AgreementPeer, group: NamedGroup) -> Result<&[u8], CryptoError> {
    if peer.share.group == group { Ok(&peer.share.bytes) } else { Err(CryptoError::BadPoint) }
}

/// X25519 (RFC 7748). The key wipes itself.
struct X25519 {
    key: StaticSecret,
    share: Share,
}

impl X25519 {
    fn new(random: &dyn Random) -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(Draw::PrivateKey, &mut *bytes)?;
        let key = StaticSecret::from(*bytes);
        let public = PublicKey::from(&key).to_bytes();
        Ok(Self { key, share: Share { group: NamedGroup::X25519, bytes: Box::new(public) } })
    }
}

impl StartedAgreement for X25519 {
    fn share(&self) -> &Share {
        &self.share
    }

    fn finish(&self, peer: &AgreementPeer, _: &MasterSeed) -> Result<Shared, CryptoError> {
        let share = share_of(peer, NamedGroup::X25519)?;
        let share: [u8; 32] = share.try_into().map_err(|_| CryptoError::BadPoint)?;
        let secret = self.key.diffie_hellman(&PublicKey::from(share));
        // R-EC-5: all zero, whatever our key, for the points of small order.
        if !secret.was_contributory() {
            return Err(CryptoError::BadPoint);
        }
        Ok(Shared::PreMaster(PreMasterSecret::from_bytes(secret.as_bytes())))
    }
}

/// ECDH on a curve of prime order, cofactor 1. The key is wiped on drop.
struct OnCurve<C: CurveArithmetic> {
    key: Zeroizing<Scalar<C>>,
    share: Share,
}

impl<C: CurveArithmetic> OnCurve<C> {
    fn new(group: NamedGroup, random: &dyn Random) -> Result<Self, CryptoError> {
        let key = curve::draw::<C>(random, Draw::PrivateKey)?;
        let public = curve::encode::<C>(&ProjectivePoint::<C>::mul_by_generator(&key));
        let bytes = public.ok_or(CryptoError::BadPoint)?.into();
        Ok(Self { key, share: Share { group, bytes } })
    }
}

impl<C: CurveArithmetic> StartedAgreement for OnCurve<C> {
    fn share(&self) -> &Share {
        &self.share
    }

    /// The shared point's x coordinate, leading zeros and all (R-EC-6).
    fn finish(&self, peer: &AgreementPeer, _: &MasterSeed) -> Result<Shared, CryptoError> {
        let point = curve::decode::<C>(share_of(peer, self.share.group)?)?;
        let shared = Zeroizing::new(ProjectivePoint::<C>::from(point) * *self.key);
        let xy = curve::coordinates::<C>(&shared).ok_or(CryptoError::BadPoint)?;
        let (x, _) = xy.split_at(xy.len() / 2);
        Ok(Shared::PreMaster(PreMasterSecret::from_bytes(x)))
    }
}
