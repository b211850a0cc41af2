//! Where the suites differ: how the two sides come to a shared secret. What needs a private key returns a [`Request`].
use super::request::{DecryptRequest, Request, Started};
use super::{Agreed, Context, illegal};
use crate::cert::{Identity, KeyUse, PeerKeys};
use crate::config::Policy;
use crate::crypto::{
    AgreementPeer, Draw, PreMasterSecret, PublicKey, SECRET_LEN, Shared, SignatureAlgorithm,
};
use crate::error::{
    CertificateError, CertificateProblem, CryptoError, Error, PeerIncompatible, PeerMisbehaved,
};
use crate::message::{ClientKeyExchange, Credential, EphemeralPoint, Message, ServerKeyExchange};
use crate::suite::{KeyKind, SecretSource, Signs};
use crate::wire::{HandshakeType, NamedGroup, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// The server's part, between ServerKeyExchange and the client's Certificate.
pub(super) enum ServerAgreement {
    Decrypting(Arc<Identity>),
    Agreeing(Started),
}

/// The server's part, when it knows whether the client has keys: an agreement has its peer key.
pub(super) enum ReadyAgreement {
    Decrypting(Arc<Identity>),
    Agreeing { started: Started, peer_key: PublicKey },
}

impl ServerAgreement {
    /// The parameters of ServerKeyExchange as they are sent: none in ECC.
    pub(super) fn params(&self) -> Vec<u8> {
        match self {
            Self::Decrypting(_) => Vec::new(),
            Self::Agreeing(started) => EphemeralPoint::new(&started.share().bytes).to_bytes(),
        }
    }

    /// What ServerKeyExchange signs after the randoms (R-HS-17, R-HS-18).
    pub(super) fn signed(&self, agreed: &Agreed, identity: &Identity) -> Vec<u8> {
        match agreed.suite.key_exchange.signs {
            Signs::EncryptionCertificate => {
                let der = identity.certificate(KeyUse::Encrypt);
                agreed.signed_params(&[&length24(der), der])
            }
            Signs::Parameters => agreed.signed_params(&[&self.params()]),
            Signs::Nothing => Vec::new(),
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
            (Self::Agreeing(started), Some(peer_key)) => Ok(ReadyAgreement::Agreeing { started, peer_key }),
            (other, _) => other.without_client(),
        }
    }
}

/// ClientKeyExchange as the server understands it.
pub(super) enum ClientSecret {
    Encrypted { identity: Arc<Identity>, ciphertext: Vec<u8>, substitute: PreMasterSecret },
    Agreed { started: Started, peer: AgreementPeer },
}

impl ReadyAgreement {
    /// Reads ClientKeyExchange.
    pub(super) fn receive(self, body: &[u8], cx: &Context<'_>) -> Result<ClientSecret, Error> {
        match self {
            Self::Decrypting(identity) => {
                let ciphertext = match identity.public_key(KeyUse::Encrypt).kind() {
                    KeyKind::Sm2 => ClientKeyExchange::read_encrypted(body)?.to_vec(),
                    KeyKind::Rsa | KeyKind::Ecdsa => ClientKeyExchange::read_rsa_encrypted(body)?.to_vec(),
                };
                let mut substitute = PreMasterSecret::zeroed(SECRET_LEN);
                // R-HS-43: drawn always, before anything is known of the ciphertext.
                cx.random.fill(Draw::Substitute, substitute.expose_mut())?;
                Ok(ClientSecret::Encrypted { identity, ciphertext, substitute })
            }
            Self::Agreeing { started, peer_key } => {
                let params = ClientKeyExchange::read_ephemeral(body)?;
                let peer = peer(params, peer_key, HandshakeType::CLIENT_KEY_EXCHANGE, cx)?;
                Ok(ClientSecret::Agreed { started, peer })
            }
        }
    }
}

impl ClientSecret {
    /// The request whose answer is the shared secret. ClientKeyExchange is in the transcript by now, so that a seed may
    /// depend on it.
    pub(super) fn request(self, agreed: &Agreed) -> Request {
        let seed = agreed.master_seed();
        match self {
            Self::Encrypted { identity, ciphertext, substitute } => {
                let version = agreed.client_version;
                Request::Decrypt(DecryptRequest { identity, ciphertext, seed, version, substitute })
            }
            Self::Agreed { started, peer } => Request::FinishAgreement { started, peer, seed },
        }
    }
}

/// The client's part, known from ServerKeyExchange on.
pub(super) enum ClientAgreement {
    Encrypt(PublicKey),
    Agree(Box<AgreementPeer>),
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
        let (row, names_scheme) = (agreed.suite.key_exchange, agreed.suite.protocol.names_signature_scheme);
        let exchange = match row.secret {
            SecretSource::Encrypted => ServerKeyExchange::read_signature(body, names_scheme)?,
            SecretSource::Agreed | SecretSource::Ephemeral => {
                ServerKeyExchange::read_ephemeral(body, names_scheme)?
            }
        };
        let signed = match row.signs {
            Signs::EncryptionCertificate => {
                let der = server.encryption_certificate;
                agreed.signed_params(&[&length24(der), der])
            }
            Signs::Parameters => {
                let params = exchange.ephemeral.ok_or(Error::Misuse("no parameters were read"))?.1;
                agreed.signed_params(&[params])
            }
            Signs::Nothing => Vec::new(),
        };
        let scheme = row.authenticates.fixed_scheme();
        check_signature(message, server.sign_key, scheme, &signed, exchange.signed.signature, cx)?;
        match exchange.ephemeral {
            None => Ok(Self::Encrypt(server.encryption_key.clone())),
            Some((params, _)) => {
                let peer = peer(params, server.encryption_key.clone(), message, cx)?;
                Ok(Self::Agree(Box::new(peer)))
            }
        }
    }
}

/// Draws the pre_master_secret and encrypts it: ClientKeyExchange, and the secret.
pub(super) fn encrypt(
    key: &PublicKey,
    agreed: &Agreed,
    cx: &Context<'_>,
) -> Result<(Message, Shared), Error> {
    let mut secret = PreMasterSecret::zeroed(SECRET_LEN);
    if let Some((version, random)) = secret.expose_mut().split_first_chunk_mut() {
        *version = agreed.client_version.0.to_be_bytes(); // R-HS-26
        cx.random.fill(Draw::PreMasterSecret, random)?;
    }
    let ciphertext = cx.provider.keys.encrypt(key, secret.expose(), cx.random)?;
    Ok((ClientKeyExchange::encrypted(&ciphertext)?, Shared::PreMaster(secret)))
}

/// The server's keys and its encryption certificate.
pub(super) struct ServerKeys<'a> {
    pub(super) sign_key: &'a PublicKey,
    pub(super) encryption_key: &'a PublicKey,
    pub(super) encryption_certificate: &'a [u8],
}

impl<'a> ServerKeys<'a> {
    /// From what it showed and the keys in it.
    pub(super) fn of(credential: &'a Credential, keys: &'a PeerKeys) -> Option<Self> {
        let encryption_certificate = credential.encryption_certificate(keys)?;
        Some(Self { sign_key: keys.sign(), encryption_key: keys.encrypt()?, encryption_certificate })
    }
}

/// The suite fixes the kind of both parties' keys, of a client's encryption key too.
pub(super) fn check_kinds(keys: &PeerKeys, agreed: &Agreed) -> Result<(), Error> {
    let kind = agreed.suite.key_exchange.authenticates;
    match [Some(keys.sign()), keys.encrypt()].into_iter().flatten().all(|key| key.kind() == kind) {
        true => Ok(()),
        false => Err(CertificateError::from(CertificateProblem::UnsupportedKey).into()),
    }
}

/// Checks a signature of the handshake itself (SM2: with the default user id, R-SM2-8).
pub(super) fn check_signature(
    message: HandshakeType,
    key: &PublicKey,
    scheme: SignatureScheme,
    signed: &[u8],
    signature: &[u8],
    cx: &Context<'_>,
) -> Result<(), Error> {
    let algorithm = SignatureAlgorithm::of(scheme).ok_or(CryptoError::Unsupported)?;
    cx.provider.keys.verify(algorithm, key, &[signed], signature).map_err(|e| signature_error(message, e))
}

/// The error of a signature that does not verify: the peer's, or our own fault.
pub(super) fn signature_error(message: HandshakeType, error: CryptoError) -> Error {
    match error {
        CryptoError::BadSignature => PeerMisbehaved::BadSignature { message }.into(),
        other => other.into(),
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
fn peer(
    params: EphemeralPoint<'_>,
    key: PublicKey,
    message: HandshakeType,
    cx: &Context<'_>,
) -> Result<AgreementPeer, Error> {
    if params.curve_type != EphemeralPoint::NAMED_CURVE {
        return Err(illegal(message, "curve_type", "R-HS-18"));
    }
    if !is_sm2_curve(params.named_curve, cx.policy) {
        return Err(illegal(message, "namedcurve", "R-HS-18"));
    }
    cx.provider.keys.sm2_public(params.point).map_err(|_| illegal(message, "public", "R-HS-18"))?;
    Ok(AgreementPeer::sm2(key, params.point))
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
