//! Key agreement in two steps, by keys that are here or elsewhere.
use super::public_key::PublicKey;
use super::secret::{MasterSeed, Shared};
use crate::error::CryptoError;
use crate::wire::NamedGroup;
use alloc::boxed::Box;
use core::fmt;

/// What one side of a key agreement sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The group it belongs to.
    pub group: NamedGroup,
    /// The public value: on the SM2 curve and in SM9's G1 04 || X || Y, 65 bytes.
    pub bytes: Box<[u8]>,
}

/// The other side of a key agreement.
#[derive(Debug, Clone)]
pub struct AgreementPeer {
    /// What it sent: for SM2 and SM9 a point on the curve.
    pub share: Share,
    /// Its long-term key, where the agreement takes one in: SM2's encryption key, SM9's for key exchange.
    pub key: Option<PublicKey>,
}

/// Which side of a key agreement we are, and what is known of the other when it starts.
#[derive(Debug, Clone)]
pub enum AgreementRole {
    /// A (R-SM2-5, R-IBC-1: the server). Nothing has come of the peer; SM9 makes its share for the peer's key.
    Initiator(Option<PublicKey>),
    /// B (the client): the peer's share is here already.
    Responder(AgreementPeer),
}

impl AgreementPeer {
    /// The other side of SM9's key exchange: its key for that, and the point of G1 that it sent.
    pub fn sm9(key: PublicKey, point: &[u8]) -> Self {
        Self { share: Share { group: NamedGroup::SM9, bytes: Box::from(point) }, key: Some(key) }
    }

    /// The other side of SM2's key exchange: its encryption key, and the point that it sent.
    pub fn sm2(key: PublicKey, point: &[u8]) -> Self {
        Self { share: Share { group: NamedGroup::CURVE_SM2, bytes: Box::from(point) }, key: Some(key) }
    }
}

/// A half-done agreement of either role. Dropping it wipes the ephemeral key.
pub trait StartedAgreement: Send + Sync {
    /// What we send.
    fn share(&self) -> &Share;

    /// The shared secret: 48 bytes for SM2 (R-SM2-5) and SM9 (R-IBC-1), or the master secret, made inside a device with `seed`.
    ///
    /// # Errors
    /// [`CryptoError::BadPoint`] if the peer's share is bad or the shared point infinity; [`CryptoError::Unsupported`]
    /// without the peer's long-term key where one is needed.
    fn finish(&self, peer: &AgreementPeer, seed: &MasterSeed) -> Result<Shared, CryptoError>;
}

impl fmt::Debug for dyn StartedAgreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StartedAgreement(..)")
    }
}
