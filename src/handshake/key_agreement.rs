//! Where the suites differ: how the two sides come to a shared secret. What needs a private key returns a [`Request`].
#[cfg(feature = "sm9")]
pub(super) mod sm9;

use super::request::{DecryptRequest, Request, Started};
use super::{Agreed, Context, illegal};
use crate::cert::{Expected, Identity, KeyUse, PeerKeys};
use crate::config::Policy;
use crate::crypto::{
    AgreementPeer, Draw, PreMasterSecret, PublicKey, SECRET_LEN, Share, Shared, SignatureAlgorithm,
};
use crate::error::{
    CertificateError, CertificateProblem, CryptoError, Error, PeerIncompatible, PeerMisbehaved,
};
use crate::message::{
    ClientKeyExchange, Credential, DigitallySigned, EphemeralPoint, KeyAgreementInfo, Message,
    ServerKeyExchange,
};
#[cfg(feature = "sm9")]
use crate::suite::KeyExchange;
use crate::suite::{Certificates, KeyKind, SecretSource, Signs, Suite};
use crate::wire::{HandshakeType, NamedGroup, ShortBytes, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// The server's part, between ServerKeyExchange and the client's Certificate.
pub(super) enum ServerAgreement {
    Decrypting(Arc<Identity>),
    /// With both parties' long-term keys: the client must show one.
    Agreeing {
        started: Started,
        parties: Option<Parties>,
    },
    Ephemeral(Started),
}

/// Both sides of SM9's key exchange, which begins with both identities (R-IBC-3).
#[derive(Clone)]
pub(super) struct Parties {
    pub(super) server: PublicKey,
    pub(super) client: PublicKey,
}

/// The server's part, when it knows whether the client has keys.
pub(super) enum ReadyAgreement {
    Decrypting(Arc<Identity>),
    Agreeing { started: Started, peer_key: PublicKey, parties: Option<Parties> },
    Ephemeral(Started),
}

impl ServerAgreement {
    /// Of an agreement that was started.
    pub(super) fn of(suite: &Suite, started: Started, parties: Option<Parties>) -> Self {
        match suite.key_exchange.secret {
            SecretSource::Ephemeral => Self::Ephemeral(started),
            SecretSource::Agreed | SecretSource::Encrypted => Self::Agreeing { started, parties },
        }
    }

    /// The parameters of ServerKeyExchange as they are sent: none where the client encrypts.
    pub(super) fn params(&self) -> ShortBytes {
        match self {
            Self::Decrypting(_) => ShortBytes::new(),
            Self::Agreeing { started, parties: Some(parties) } => {
                parties.info(&started.share().bytes).to_bytes().into()
            }
            Self::Agreeing { started, parties: None } | Self::Ephemeral(started) => {
                let share = started.share();
                EphemeralPoint::new(share.group, &share.bytes).to_bytes()
            }
        }
    }

    /// What ServerKeyExchange signs, randoms first (R-HS-17, R-HS-18); nothing where there is none.
    pub(super) fn signed(&self, agreed: &Agreed, identity: &Identity) -> Option<Vec<u8>> {
        match agreed.suite.key_exchange.signs {
            Signs::Nothing => None,
            Signs::EncryptionCertificate => {
                let der = identity.certificate(KeyUse::Encrypt);
                Some(agreed.signed_params(&length24(der), der).concat())
            }
            Signs::Parameters => Some(agreed.signed_params(&[], &self.params()).concat()),
            Signs::Identity => {
                let id = identity.certificate(KeyUse::Sign);
                Some(agreed.signed_params(&length16(id), id).concat())
            }
        }
    }

    /// The client showed nothing.
    pub(super) fn without_client(self) -> Result<ReadyAgreement, Error> {
        match self {
            Self::Decrypting(identity) => Ok(ReadyAgreement::Decrypting(identity)),
            Self::Ephemeral(started) => Ok(ReadyAgreement::Ephemeral(started)),
            Self::Agreeing { .. } => Err(PeerIncompatible::ClientCertificateMissing.into()),
        }
    }

    /// The client showed certificates, perhaps with an encryption key.
    pub(super) fn with_client(self, encryption_key: Option<PublicKey>) -> Result<ReadyAgreement, Error> {
        match (self, encryption_key) {
            (Self::Agreeing { started, parties }, Some(peer_key)) => {
                parties.as_ref().map_or(Ok(()), |parties| parties.check_client(&peer_key))?;
                Ok(ReadyAgreement::Agreeing { started, peer_key, parties })
            }
            (other, _) => other.without_client(),
        }
    }
}

/// ClientKeyExchange as the server understands it.
pub(super) enum ClientSecret {
    Encrypted { identity: Arc<Identity>, ciphertext: Box<[u8]>, substitute: PreMasterSecret },
    Agreed { started: Started, peer: AgreementPeer },
}

impl ReadyAgreement {
    /// Reads ClientKeyExchange.
    pub(super) fn receive(self, body: &[u8], cx: &Context<'_>) -> Result<ClientSecret, Error> {
        match self {
            Self::Decrypting(identity) => {
                let ciphertext = match identity.public_key(KeyUse::Encrypt).kind() {
                    KeyKind::Sm2 => ClientKeyExchange::read_encrypted(body)?,
                    KeyKind::Sm9 => ClientKeyExchange::read_ibc_encrypted(body)?,
                    KeyKind::Rsa | KeyKind::Ecdsa => ClientKeyExchange::read_rsa_encrypted(body)?,
                };
                let mut substitute = PreMasterSecret::zeroed(SECRET_LEN);
                // R-HS-43: drawn always, before anything is known of the ciphertext.
                cx.random.fill(Draw::Substitute, substitute.expose_mut())?;
                Ok(ClientSecret::Encrypted { identity, ciphertext: ciphertext.into(), substitute })
            }
            Self::Agreeing { started, peer_key, parties: Some(parties) } => {
                let info = KeyAgreementInfo::read_client(body)?;
                check_info(&info, &parties.info(info.point), HandshakeType::CLIENT_KEY_EXCHANGE)?;
                Ok(ClientSecret::Agreed { started, peer: AgreementPeer::sm9(peer_key, info.point) })
            }
            Self::Agreeing { started, peer_key, parties: None } => {
                let params = ClientKeyExchange::read_ephemeral(body)?;
                let peer = sm2_peer(params, peer_key, HandshakeType::CLIENT_KEY_EXCHANGE, cx)?;
                Ok(ClientSecret::Agreed { started, peer })
            }
            Self::Ephemeral(started) => {
                let bytes = Box::from(ClientKeyExchange::read_point(body)?);
                let share = Share { group: started.share().group, bytes };
                Ok(ClientSecret::Agreed { started, peer: AgreementPeer { share, key: None } })
            }
        }
    }
}

impl Parties {
    /// KeyAgreementInfo around the point of one of them.
    pub(super) fn info<'a>(&'a self, point: &'a [u8]) -> KeyAgreementInfo<'a> {
        let [server, client] = [&self.server, &self.client].map(|key| key.identity().unwrap_or_default());
        KeyAgreementInfo { point, server, client, hid: KeyAgreementInfo::HID }
    }

    /// The client is who client_id said, under our own key centre: for that key our point was made.
    fn check_client(&self, shown: &PublicKey) -> Result<(), Error> {
        if shown.identity() != self.client.identity() {
            return Err(illegal(
                HandshakeType::CERTIFICATE,
                "ibc_id",
                "the identity in client_id",
                "R-IBC-3",
            ));
        }
        match *shown == self.client {
            true => Ok(()),
            false => Err(CertificateProblem::UnknownKeyCentre.into()),
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
    /// Where there is no ServerKeyExchange: the client encrypts to the server's certificate (R-SM-7).
    pub(super) fn unsigned(keys: &PeerKeys) -> Result<Self, Error> {
        let key = keys.encrypt().ok_or(CertificateProblem::MissingEncryptionCertificate)?;
        Ok(Self::Encrypt(key.clone()))
    }

    /// Reads ServerKeyExchange and checks its signature (R-HS-17, R-HS-18).
    pub(super) fn receive(
        agreed: &Agreed,
        (credential, keys): (&Credential, &PeerKeys),
        body: &[u8],
        cx: &Context<'_>,
    ) -> Result<Self, Error> {
        let message = HandshakeType::SERVER_KEY_EXCHANGE;
        #[cfg(feature = "sm9")]
        if agreed.suite.key_exchange == KeyExchange::IBSDH {
            return sm9::receive(agreed, keys, body, cx);
        }
        let (row, names_scheme) = (agreed.suite.key_exchange, agreed.suite.protocol.names_signature_scheme);
        let exchange = match row.secret {
            SecretSource::Encrypted => ServerKeyExchange::read_signature(body, names_scheme)?,
            SecretSource::Agreed | SecretSource::Ephemeral => {
                ServerKeyExchange::read_ephemeral(body, names_scheme)?
            }
        };
        let (length, rest) = match (row.signs, exchange.ephemeral) {
            (Signs::Parameters, Some((_, params))) => (ShortBytes::new(), params),
            (Signs::EncryptionCertificate, _) => {
                let der = credential
                    .encryption_certificate(keys)
                    .ok_or(CertificateProblem::MissingEncryptionCertificate)?;
                (ShortBytes::from_slice(&length24(der)), der)
            }
            (Signs::Identity, _) => {
                let id = credential.ibc_id().unwrap_or_default();
                (ShortBytes::from_slice(&length16(id)), id)
            }
            (Signs::Parameters | Signs::Nothing, _) => return Err(Error::Misuse("no parameters were read")),
        };
        let scheme = scheme_of(&exchange.signed, keys.sign(), message, cx.policy)?;
        let signed = agreed.signed_params(&length, rest);
        check_signature(message, keys.sign(), scheme, &signed, exchange.signed.signature, cx)?;
        let Some((params, _)) = exchange.ephemeral else { return Self::unsigned(keys) };
        let peer = match row.secret {
            SecretSource::Ephemeral => ephemeral_peer(params, cx.policy)?,
            SecretSource::Agreed | SecretSource::Encrypted => {
                let key = keys.encrypt().ok_or(CertificateProblem::MissingEncryptionCertificate)?;
                sm2_peer(params, key.clone(), message, cx)?
            }
        };
        Ok(Self::Agree(Box::new(peer)))
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

/// Reads Certificate in the suite's form.
pub(super) fn read_credential(body: &[u8], suite: &Suite, cx: &Context<'_>) -> Result<Credential, Error> {
    match suite.certificates() {
        Certificates::Identity => Ok(Credential::read_ibc(body)?),
        Certificates::Pair | Certificates::Single => Credential::read(body, cx.policy.limits.certificates),
    }
}

/// The keys of what a server shows in this suite.
pub(super) fn server_keys(
    credential: &Credential,
    suite: &Suite,
    cx: &Context<'_>,
) -> Result<PeerKeys, Error> {
    let expected = match (suite.certificates(), suite.key_exchange.secret) {
        (Certificates::Single, SecretSource::Encrypted) => Expected::Single(KeyUse::Encrypt),
        (Certificates::Single, _) => Expected::Single(KeyUse::Sign),
        _ => Expected::Pair,
    };
    peer_keys(credential, suite, expected, cx)
}

/// The keys of what a client shows.
pub(super) fn client_keys(
    credential: &Credential,
    suite: &Suite,
    cx: &Context<'_>,
) -> Result<PeerKeys, Error> {
    let expected = match suite.certificates() {
        Certificates::Single => Expected::Single(KeyUse::Sign),
        _ => Expected::PairOrSign,
    };
    peer_keys(credential, suite, expected, cx)
}

fn peer_keys(
    credential: &Credential,
    suite: &Suite,
    expected: Expected,
    cx: &Context<'_>,
) -> Result<PeerKeys, Error> {
    Ok(match suite.certificates() {
        #[cfg(feature = "sm9")]
        Certificates::Identity => cx.policy.key_centres.keys(credential, suite, cx.provider.keys)?,
        _ => credential.keys(expected, cx.provider.keys)?,
    })
}

/// The suite fixes the kind of the server's keys, and where no scheme is named of the client's too.
pub(super) fn check_kinds(keys: &PeerKeys, suite: &Suite) -> Result<(), Error> {
    let kind = suite.key_exchange.authenticates;
    match [Some(keys.sign()), keys.encrypt()].into_iter().flatten().all(|key| key.kind() == kind) {
        true => Ok(()),
        false => Err(CertificateError::from(CertificateProblem::UnsupportedKey).into()),
    }
}

/// How we sign as `identity`: as its key's kind fixes it, or by the scheme that comes first in the identity's own list, else
/// in the policy's, of those that the peer takes (R-T12-7, R-T12-8). `theirs` is absent where the peer named none: SHA-1
/// would be meant (R-T12-6).
pub(super) fn choose_scheme(
    suite: &Suite,
    identity: &Identity,
    theirs: Option<&[SignatureScheme]>,
    policy: &Policy,
) -> Option<SignatureScheme> {
    if !suite.protocol.names_signature_scheme {
        return Some(identity.public_key(KeyUse::Sign).kind().fixed_scheme());
    }
    let (ours, theirs) = (&policy.signature_schemes, theirs.unwrap_or_default());
    let fits = |scheme: &&SignatureScheme| {
        ours.contains(scheme) && theirs.contains(scheme) && identity.signs_by(**scheme)
    };
    identity.signature_schemes().unwrap_or(ours).iter().find(fits).copied()
}

/// How the peer signed: a scheme that we offered and that its key can sign by, or the one that the key's kind fixes.
pub(super) fn scheme_of(
    signed: &DigitallySigned<'_>,
    key: &PublicKey,
    message: HandshakeType,
    policy: &Policy,
) -> Result<SignatureScheme, Error> {
    match signed.scheme {
        None => Ok(key.kind().fixed_scheme()),
        Some(scheme) if policy.signature_schemes.contains(&scheme) && key.signs_by(scheme) => Ok(scheme),
        Some(_) => Err(illegal(
            message,
            "signature_algorithm",
            "one that was offered and fits the certificate's key",
            "R-T12-7",
        )),
    }
}

/// Checks a signature of the handshake itself (SM2: with the default user id, R-SM2-8).
pub(super) fn check_signature(
    message: HandshakeType,
    key: &PublicKey,
    scheme: SignatureScheme,
    signed: &[&[u8]],
    signature: &[u8],
    cx: &Context<'_>,
) -> Result<(), Error> {
    let algorithm = SignatureAlgorithm::of(scheme).ok_or(CryptoError::Unsupported)?;
    cx.provider.keys.verify(algorithm, key, signed, signature).map_err(|e| signature_error(message, e))
}

/// The error of a signature that does not verify: the peer's, or our own fault.
pub(super) fn signature_error(message: HandshakeType, error: CryptoError) -> Error {
    match error {
        CryptoError::BadSignature => PeerMisbehaved::BadSignature { message }.into(),
        other => other.into(),
    }
}

/// The error of an agreement that failed: the peer's point, or our own fault.
pub(super) fn agreement_error(message: HandshakeType, suite: &Suite, error: CryptoError) -> Error {
    let clause = match (suite.key_exchange.secret, suite.key_exchange.authenticates) {
        (SecretSource::Ephemeral, _) => "R-EC-5",
        (_, KeyKind::Sm9) => "R-IBC-1",
        (SecretSource::Agreed | SecretSource::Encrypted, _) => "R-SM2-5",
    };
    match error {
        CryptoError::BadPoint => illegal(message, "public", "a point on the curve", clause),
        other => other.into(),
    }
}

/// R-IBC-7, R-IBC-8: both sides mean the same two, and keys for this use.
fn check_info(
    info: &KeyAgreementInfo<'_>,
    expected: &KeyAgreementInfo<'_>,
    message: HandshakeType,
) -> Result<(), Error> {
    if info.hid != expected.hid {
        return Err(illegal(message, "hid", "that of key exchange", "R-IBC-8"));
    }
    if info.server != expected.server {
        return Err(illegal(message, "userID_A", "the server's identity", "R-IBC-7"));
    }
    if info.client != expected.client {
        return Err(illegal(message, "userID_B", "the client's identity", "R-IBC-7"));
    }
    Ok(())
}

/// Takes the server's public value in a group that was offered (R-EC-4); whoever agrees with it checks it (R-EC-5).
fn ephemeral_peer(params: EphemeralPoint<'_>, policy: &Policy) -> Result<AgreementPeer, Error> {
    let message = HandshakeType::SERVER_KEY_EXCHANGE;
    if params.curve_type != EphemeralPoint::NAMED_CURVE {
        return Err(illegal(message, "curve_type", "named_curve (3)", "R-EC-4"));
    }
    if !policy.groups.contains(&params.named_curve) {
        return Err(illegal(message, "namedcurve", "one that was offered", "R-EC-4"));
    }
    Ok(AgreementPeer {
        share: Share { group: params.named_curve, bytes: Box::from(params.point) },
        key: None,
    })
}

/// Takes the peer's ephemeral point, on the curve (R-HS-18, R-SM2-6).
fn sm2_peer(
    params: EphemeralPoint<'_>,
    key: PublicKey,
    message: HandshakeType,
    cx: &Context<'_>,
) -> Result<AgreementPeer, Error> {
    if params.curve_type != EphemeralPoint::NAMED_CURVE {
        return Err(illegal(message, "curve_type", "named_curve (3)", "R-HS-18"));
    }
    if !is_sm2_curve(params.named_curve, cx.policy) {
        return Err(illegal(message, "namedcurve", "curveSM2 (41)", "R-HS-18"));
    }
    cx.provider
        .keys
        .sm2_public(params.point)
        .map_err(|_| illegal(message, "public", "a point on the curve", "R-HS-18"))?;
    Ok(AgreementPeer::sm2(key, params.point))
}

/// The curve is fixed by the suite; older stacks write other ids for it (R-HS-18).
fn is_sm2_curve(group: NamedGroup, policy: &Policy) -> bool {
    const OLD_IDS: [u16; 3] = [0x00f9, 0x0000, 0x001e];
    group == NamedGroup::CURVE_SM2 || (policy.compat.old_curve_ids && OLD_IDS.contains(&group.0))
}

/// The length of an identity as it stands before it in the signed bytes (R-IBC-7); none is longer.
fn length16(id: &[u8]) -> [u8; 2] {
    let [.., a, b] = (id.len() as u64).to_be_bytes();
    [a, b]
}

/// The length of a certificate as it stands before it in the signed bytes: three bytes (R-HS-17).
fn length24(der: &[u8]) -> [u8; 3] {
    let [.., a, b, c] = (der.len() as u64).to_be_bytes();
    [a, b, c]
}
