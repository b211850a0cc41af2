//! Key exchange (GM/T 0044.3) without confirmation values (R-IBC-1): the server is the initiator A, the client the
//! responder B; 48 shared bytes.
use super::fp::{Field, Fp};
use super::lines::{Lines, Place};
use super::master::{self, EncryptMaster};
use super::multiply::multiply;
use super::pairing::pair;
use super::point::Affine;
use super::scalar::Scalar;
use crate::crypto::native::backend::{Backend, with_field};
use crate::crypto::native::hash::derive_key;
use crate::crypto::sm9::{self, Usage};
use crate::crypto::{
    AgreementPeer, AgreementRole, Draw, MasterSeed, PreMasterSecret, PublicKey, Random, SECRET_LEN, Share,
    Shared, StartedAgreement,
};
use crate::error::CryptoError;
use crate::wire::NamedGroup;
use alloc::{boxed::Box, sync::Arc};
use zeroize::Zeroizing;

/// A user's key for key exchange.
pub(super) struct AgreementKey {
    master: Arc<EncryptMaster>,
    lines: Arc<Lines>,
}

impl AgreementKey {
    /// # Errors
    /// [`CryptoError::BadPoint`] for the master key, [`CryptoError::BadKey`] for the user's.
    pub(super) fn new<F: Field>(field: F, public: &sm9::PublicKey, key: &[u8]) -> Result<Self, CryptoError> {
        let (master, lines) = master::user_lines(field, public, key)?;
        Ok(Self { master, lines: Arc::new(lines) })
    }

    /// Draws the ephemeral key r; R = r Q of the peer.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] for a peer without a key for this; [`CryptoError::BadKey`] for one under another
    /// master key; [`CryptoError::NoRandomness`].
    pub(super) fn start(
        &self,
        backend: Backend,
        own: &Arc<sm9::PublicKey>,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Started, CryptoError> {
        let (peer, is_responder) = match role {
            AgreementRole::Initiator(peer) => (peer.as_ref(), false),
            AgreementRole::Responder(peer) => (peer.key.as_ref(), true),
        };
        let Some(PublicKey::Sm9(peer)) = peer else { return Err(CryptoError::Unsupported) };
        if peer.usage() != Usage::Agree || peer.master() != own.master() {
            return Err(CryptoError::BadKey);
        }
        let r = Scalar::draw(random, Draw::PrivateKey)?;
        let point = with_field!(backend, field => {
            self.master.multiply_user(field, &r, peer.identity(), Usage::Agree)
        })?;
        let share = Share { group: NamedGroup::SM9, bytes: Box::new(point) };
        let (master, lines) = (self.master.clone(), self.lines.clone());
        Ok(Started { backend, master, lines, r, share, own: own.clone(), peer: peer.clone(), is_responder })
    }
}

/// Either side between its two steps.
pub(super) struct Started {
    backend: Backend,
    master: Arc<EncryptMaster>,
    lines: Arc<Lines>,
    r: Zeroizing<Scalar>,
    share: Share,
    own: Arc<sm9::PublicKey>,
    peer: Arc<sm9::PublicKey>,
    is_responder: bool,
}

impl Started {
    /// KDF(IDA || IDB || RA || RB || g1 || g2 || g3, out.len()): g1 = g^rA, g2 = g^rB and g3 = g^(rA rB), of which each side
    /// has one by its own r and one by pairing what came with its key.
    fn derive<F: Field>(&self, field: F, theirs: &[u8; 65], out: &mut [u8]) -> Result<(), CryptoError> {
        let point = Affine::<Fp>::from_bytes(field, theirs)?;
        let place = Place::new(field, &point.into());
        let paired = Zeroizing::new(pair(field, [(&place, &*self.lines)]));
        let of_both = multiply(field, &self.r, &*paired);
        let of_own = self.master.g.multiply(field, &self.r);
        let [paired, of_own, of_both] =
            [&paired, &of_own, &of_both].map(|g| Zeroizing::new(g.to_bytes(field)));
        let ours = (self.own.identity(), &self.share.bytes[1..], &of_own);
        let theirs = (self.peer.identity(), &theirs[1..], &paired);
        let (a, b) = if self.is_responder { (theirs, ours) } else { (ours, theirs) };
        derive_key(&[a.0, b.0, a.1, b.1, &a.2[..], &b.2[..], &of_both[..]], out);
        Ok(())
    }
}

impl StartedAgreement for Started {
    fn share(&self) -> &Share {
        &self.share
    }

    fn finish(&self, peer: &AgreementPeer, _: &MasterSeed) -> Result<Shared, CryptoError> {
        let Some(PublicKey::Sm9(key)) = &peer.key else { return Err(CryptoError::Unsupported) };
        if *key != self.peer {
            return Err(CryptoError::BadKey);
        }
        let theirs = (*peer.share.bytes).try_into().map_err(|_| CryptoError::BadPoint)?;
        let mut secret = PreMasterSecret::zeroed(SECRET_LEN);
        with_field!(self.backend, field => self.derive(field, theirs, secret.expose_mut()))?;
        Ok(Shared::PreMaster(secret))
    }
}
