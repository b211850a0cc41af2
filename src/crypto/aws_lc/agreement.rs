//! Key agreement of two ephemeral keys (RFC 8422 5.10).
use crate::crypto::{
    AgreementPeer, Draw, MasterSeed, PreMasterSecret, Random, Share, Shared, StartedAgreement,
};
use crate::error::CryptoError;
use crate::wire::NamedGroup;
use alloc::{sync::Arc, vec};
use aws_lc_rs::agreement::{Algorithm, ECDH_P256, ECDH_P384, PrivateKey, UnparsedPublicKey, X25519, agree};
use zeroize::Zeroizing;

/// How often a random scalar may be out of range, which happens once in 2^32 draws, before the source of randomness
/// is taken to be broken.
const MAX_DRAWS: usize = 16;

/// The algorithm, and the bytes of a private key and of a share.
fn of_group(group: NamedGroup) -> Option<(&'static Algorithm, usize, usize)> {
    match group {
        NamedGroup::X25519 => Some((&X25519, 32, 32)),
        NamedGroup::SECP256R1 => Some((&ECDH_P256, 32, 65)),
        NamedGroup::SECP384R1 => Some((&ECDH_P384, 48, 97)),
        _ => None,
    }
}

/// Draws the ephemeral key; nothing, if the group is none of ours.
pub(super) fn start(
    group: NamedGroup,
    random: &dyn Random,
) -> Result<Option<Arc<dyn StartedAgreement>>, CryptoError> {
    let Some((algorithm, key_len, _)) = of_group(group) else { return Ok(None) };
    let mut bytes = Zeroizing::new(vec![0; key_len]);
    for _ in 0..MAX_DRAWS {
        random.fill(Draw::PrivateKey, &mut bytes)?;
        if let Ok(key) = PrivateKey::from_private_key(algorithm, &bytes) {
            let public = key.compute_public_key().map_err(|_| CryptoError::NoRandomness)?;
            let share = Share { group, bytes: public.as_ref().into() };
            return Ok(Some(Arc::new(Started { key, share })));
        }
    }
    Err(CryptoError::NoRandomness)
}

/// AWS-LC wipes the key when it is dropped.
struct Started {
    key: PrivateKey,
    share: Share,
}

impl StartedAgreement for Started {
    fn share(&self) -> &Share {
        &self.share
    }

    fn finish(&self, peer: &AgreementPeer, _: &MasterSeed) -> Result<Shared, CryptoError> {
        const BAD: CryptoError = CryptoError::BadPoint;
        let (algorithm, _, share_len) = of_group(self.share.group).ok_or(BAD)?;
        let share = &peer.share;
        // AWS-LC would take compressed points, and whole SubjectPublicKeyInfos.
        let is_point = share.bytes.first() == Some(&4) || share.group == NamedGroup::X25519;
        if share.group != self.share.group || share.bytes.len() != share_len || !is_point {
            return Err(BAD);
        }
        let public = UnparsedPublicKey::new(algorithm, &share.bytes[..]);
        agree(&self.key, public, BAD, |secret| Ok(Shared::PreMaster(PreMasterSecret::from_bytes(secret))))
    }
}
