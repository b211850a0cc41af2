//! Where the suites differ: how the two sides come to a shared secret. What needs a private key returns a [`Request`].
use super::request::{DecryptRequest, Request};
use super::{Agreed, Context, illegal};
use crate::cert::{Identity, KeyUse, PeerPair};
use crate::config::Policy;
use crate::crypto::{Draw, PreMasterSecret, PublicKey, Shared, SignatureAlgorithm, StartedAgreement};
use crate::error::{CryptoError, Error, PeerIncompatible, PeerMisbehaved};
use crate::message::{ClientKeyExchange, Credential, EphemeralPoint, ServerKeyExchange};
use crate::suite::KeyExchange;
use crate::wire::{HandshakeType, NamedGroup};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// The server's part, between ServerKeyExchange and the client's Certificate.
pub(super) enum ServerAgreement {
    Decrypting(Arc<Identity>),
    Agreeing(Arc<dyn StartedAgreement>),
}

/// The server's part, when it knows whether the client has keys: an agreement has its peer key.
pub(super) enum ReadyAgreement {
    Decrypting(Arc<Identity>),
    Agreeing { started: Arc<dyn StartedAgreement>, peer_static: PublicKey },
}

impl ServerAgreement {
    /// The parameters of ServerKeyExchange as they are sent: none in ECC.
    pub(super) fn params(&self) -> Vec<u8> {
        match self {
            Self::Decrypting(_) => Vec::new(),
            Self::Agreeing(started) => EphemeralPoint::new(started.ephemeral()).to_bytes(),
        }
    }

    /// What ServerKeyExchange signs after the randoms: the parameters, or the encryption certificate (R-HS-17).
    pub(super) fn signed(&self, agreed: &Agreed) -> Vec<u8> {
        match self {
            Self::Decrypting(identity) => {
                let der = identity.certificate(KeyUse::Encrypt);
                agreed.signed_params(&[&length24(der), der])
            }
            Self::Agreeing(_) => agreed.signed_params(&[&self.params()]),
        }
    }

    /// The client showed nothing.
    pub(super) fn without_client(self) -> Result<ReadyAgreement, Error> {
        match self {
            Self::Decrypting(identity) => Ok(ReadyAgreement::Decrypting(identity)),
            Self::Agreeing(_) => Err(PeerIncompatible::ClientCertificateMissing.into()),
        }
    }

    /// The client showed certificates, perhaps with an encryption key.
    pub(super) fn with_client(self, encryption_key: Option<PublicKey>) -> Result<ReadyAgreement, Error> {
        match (self, encryption_key) {
            (Self::Agreeing(started), Some(peer_static)) => {
                Ok(ReadyAgreement::Agreeing { started, peer_static })
            }
            (other, _) => other.without_client(),
        }
    }
}

impl ReadyAgreement {
    /// Reads ClientKeyExchange; the request's answer is the shared secret.
    pub(super) fn receive(self, agreed: &Agreed, body: &[u8], cx: &Context<'_>) -> Result<Request, Error> {
        match self {
            Self::Decrypting(identity) => {
                let ciphertext = ClientKeyExchange::read_encrypted(body)?.to_vec();
                let mut substitute = PreMasterSecret::zeroed();
                // R-HS-43: drawn always, before anything is known of the ciphertext.
                cx.random.fill(Draw::Substitute, substitute.expose_mut())?;
                Ok(Request::Decrypt(DecryptRequest {
                    identity,
                    ciphertext,
                    master: agreed.master_seed(),
                    version: agreed.client_version,
                    substitute,
                }))
            }
            Self::Agreeing { started, peer_static } => {
                let message = HandshakeType::CLIENT_KEY_EXCHANGE;
                let peer_ephemeral = point(ClientKeyExchange::read_ephemeral(body)?, message, cx)?;
                let master = agreed.master_seed();
                Ok(Request::FinishAgreement { started, peer_static, peer_ephemeral, master })
            }
        }
    }
}

/// The client's part, known from ServerKeyExchange on.
pub(super) enum ClientAgreement {
    Encrypt(PublicKey),
    Answer { peer_static: PublicKey, peer_ephemeral: Box<[u8; 65]> },
}

/// How ClientKeyExchange comes about.
pub(super) enum ClientNext {
    Ask(Request),
    Now { message: Vec<u8>, shared: Shared },
}

impl ClientAgreement {
    /// Reads ServerKeyExchange and checks its signature (R-HS-17, R-HS-18).
    pub(super) fn receive(
        agreed: &Agreed,
        server: &ServerKeys<'_>,
        body: &[u8],
        cx: &Context<'_>,
    ) -> Result<Self, Error> {
        let message = HandshakeType::SERVER_KEY_EXCHANGE;
        match agreed.suite.key_exchange {
            KeyExchange::Ecc => {
                let exchange = ServerKeyExchange::read_signature(body)?;
                let der = server.encryption_certificate;
                server.check_signature(agreed, &[&length24(der), der], exchange.signature, cx)?;
                Ok(Self::Encrypt(server.encryption_key.clone()))
            }
            KeyExchange::Ecdhe => {
                let exchange = ServerKeyExchange::read_ephemeral(body)?;
                let (params, signed) = exchange.ephemeral.ok_or(Error::Misuse("no parameters were read"))?;
                server.check_signature(agreed, &[signed], exchange.signature, cx)?;
                let peer_ephemeral = Box::new(point(params, message, cx)?);
                Ok(Self::Answer { peer_static: server.encryption_key.clone(), peer_ephemeral })
            }
        }
    }

    /// Makes ClientKeyExchange, or the request it needs first.
    pub(super) fn send(
        self,
        agreed: &Agreed,
        identity: Option<&Arc<Identity>>,
        cx: &Context<'_>,
    ) -> Result<ClientNext, Error> {
        match self {
            Self::Encrypt(key) => {
                let mut secret = PreMasterSecret::zeroed();
                let ([major, minor, random @ ..], version) =
                    (secret.expose_mut(), agreed.client_version.0.to_be_bytes());
                [*major, *minor] = version; // R-HS-26
                cx.random.fill(Draw::PreMasterSecret, random)?;
                let ciphertext = cx.provider.keys.encrypt(&key, secret.expose(), cx.random)?;
                let message = ClientKeyExchange::encrypted(&ciphertext)?;
                Ok(ClientNext::Now { message, shared: Shared::PreMaster(secret) })
            }
            Self::Answer { peer_static, peer_ephemeral } => Ok(ClientNext::Ask(Request::AnswerAgreement {
                identity: identity.ok_or(PeerIncompatible::NoClientIdentity)?.clone(),
                peer_static,
                peer_ephemeral: *peer_ephemeral,
                master: agreed.master_seed(),
            })),
        }
    }
}

/// The server's keys and its encryption certificate.
pub(super) struct ServerKeys<'a> {
    pub(super) sign_key: &'a PublicKey,
    pub(super) encryption_key: &'a PublicKey,
    pub(super) encryption_certificate: &'a [u8],
}

impl<'a> ServerKeys<'a> {
    /// From its certificates and the pair among them.
    pub(super) fn of(credential: &'a Credential, pair: &'a PeerPair) -> Option<Self> {
        let (index, encryption_key) = pair.encryption.as_ref()?;
        let encryption_certificate = credential.certificates().get(*index)?;
        Some(Self { sign_key: &pair.sign_key, encryption_key, encryption_certificate })
    }

    fn check_signature(
        &self,
        agreed: &Agreed,
        rest: &[&[u8]],
        signature: &[u8],
        cx: &Context<'_>,
    ) -> Result<(), Error> {
        let signed = agreed.signed_params(rest);
        check_signature(HandshakeType::SERVER_KEY_EXCHANGE, self.sign_key, &signed, signature, cx)
    }
}

/// Checks a signature of the handshake itself: SM2 with the default user id (R-SM2-8).
pub(super) fn check_signature(
    message: HandshakeType,
    key: &PublicKey,
    signed: &[u8],
    signature: &[u8],
    cx: &Context<'_>,
) -> Result<(), Error> {
    match cx.provider.keys.verify(SignatureAlgorithm::SM2, key, &[signed], signature) {
        Ok(()) => Ok(()),
        Err(CryptoError::BadSignature) => Err(PeerMisbehaved::BadSignature { message }.into()),
        Err(other) => Err(other.into()),
    }
}

/// The error of an agreement that failed: the peer's point, or our own fault.
pub(super) fn agreement_error(message: HandshakeType, error: CryptoError) -> Error {
    match error {
        CryptoError::BadPoint => illegal(message, "public", "R-SM2-5"),
        other => other.into(),
    }
}

/// Takes the peer's ephemeral point, on the curve (R-HS-18, R-SM2-6).
fn point(params: EphemeralPoint<'_>, message: HandshakeType, cx: &Context<'_>) -> Result<[u8; 65], Error> {
    if params.curve_type != EphemeralPoint::NAMED_CURVE {
        return Err(illegal(message, "curve_type", "R-HS-18"));
    }
    if !is_sm2_curve(params.named_curve, cx.policy) {
        return Err(illegal(message, "namedcurve", "R-HS-18"));
    }
    let bad = || illegal(message, "public", "R-HS-18");
    cx.provider.keys.sm2_public(params.point).map_err(|_| bad())?;
    params.point.try_into().map_err(|_| bad())
}

/// The curve is fixed by the suite; older stacks write other ids for it (R-HS-18).
fn is_sm2_curve(group: NamedGroup, policy: &Policy) -> bool {
    const OLD_IDS: [u16; 3] = [0x00f9, 0x0000, 0x001e];
    group == NamedGroup::CURVE_SM2 || (policy.compat.old_curve_ids && OLD_IDS.contains(&group.0))
}

/// The length of a certificate as it stands before it in the signed bytes: three bytes (R-HS-17).
fn length24(der: &[u8]) -> [u8; 3] {
    let [.., a, b, c] = (der.len() as u64).to_be_bytes();
    [a, b, c]
}
