//! Questions to the caller and their answers. Owned and `Send + 'static`: a request can move into a future.
use crate::cert::{Identity, Key, KeyUse, PeerClaim, Verified};
use crate::crypto::{
    self, AgreementPeer, AgreementRole, Digest, Hashes, MasterSecret, MasterSeed, PreMasterSecret,
    PrivateKey, PublicKey, Random, Share, Shared, SignatureAlgorithm, StartedAgreement,
};
use crate::error::{AnswerError, CertificateError, CryptoError};
use crate::message::{CertificateRequest, ClientHello};
use crate::session::{Session, SessionKey, Ticket};
use crate::suite::Suite;
use crate::wire::{NamedGroup, ProtocolVersion, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::any::Any;
use core::fmt;
use smallvec::SmallVec;

/// What only the caller can do. Each variant names the [`Answer`] it takes; every one takes [`Answer::Failed`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Request {
    /// Look a session up: [`Answer::SessionFound`].
    FindSession {
        /// By this key.
        key: SessionKey,
    },
    /// Open a ticket: [`Answer::SessionFound`], and nothing for one that is forged, foreign or of a forgotten key
    /// (R-TKT-4).
    OpenTicket {
        /// As the client sent it.
        ticket: Arc<[u8]>,
    },
    /// Seal a session into a ticket: [`Answer::TicketSealed`].
    SealTicket {
        /// The session.
        session: Arc<Session>,
    },
    /// Choose who to be: [`Answer::IdentitySelected`].
    SelectIdentity(IdentityQuery),
    /// Check the peer's certificates: [`Answer::PeerVerified`].
    VerifyPeer(PeerClaim),
    /// Sign with the signing key: [`SignRequest::answer`].
    Sign(SignRequest),
    /// Decrypt the pre_master_secret with the encryption key: [`DecryptRequest::answer`].
    Decrypt(DecryptRequest),
    /// Start a key agreement, with a new ephemeral key: [`Answer::AgreementStarted`].
    StartAgreement {
        /// Whose key for key agreement will be used; `None`: ephemeral keys alone.
        identity: Option<Arc<Identity>>,
        /// In this group.
        group: NamedGroup,
        /// A client has the server's share already (R-SM2-5: it is the responder); a server has none yet.
        role: AgreementRole,
    },
    /// Finish it: [`Answer::AgreementFinished`].
    FinishAgreement {
        /// What was started.
        started: Started,
        /// The peer; its point is on the SM2 curve. SM9's is checked by whoever finishes the agreement.
        peer: AgreementPeer,
        /// For a device that makes the master secret inside.
        seed: MasterSeed,
    },
}

impl Request {
    /// The answer of one private key to any request that uses it, wherever the key is: what a remote signer or a device's
    /// driver does with a request that reached it.
    ///
    /// # Errors
    /// The request itself, if it asks for no private key's work.
    pub fn answer_with(self, key: &dyn PrivateKey, random: &dyn Random) -> Result<Answer, Box<Self>> {
        Ok(match self {
            Self::Sign(question) => question.answer(key, random),
            Self::Decrypt(question) => question.answer_with(key, random),
            Self::StartAgreement { identity: Some(_), role, .. } => {
                Answer::AgreementStarted(key.start_agreement(&role, random).map(Started::Here))
            }
            other => return Err(Box::new(other)),
        })
    }

    /// Which key of which identity the request is for, if it is for one.
    pub fn key(&self) -> Option<(&Arc<Identity>, KeyUse)> {
        match self {
            Self::Sign(question) => Some((question.identity(), KeyUse::Sign)),
            Self::Decrypt(question) => Some((question.identity(), question.key_use())),
            Self::StartAgreement { identity, .. } => Some((identity.as_ref()?, KeyUse::Agree)),
            _ => None,
        }
    }

    /// That key, if it is here.
    pub(crate) fn key_here(&self) -> Option<&Arc<dyn PrivateKey>> {
        let (identity, key_use) = self.key()?;
        match identity.key(key_use) {
            Key::Here(key) => Some(key),
            Key::Elsewhere(_) => None,
        }
    }
}

/// An acceptable ClientHello.
#[derive(Debug)]
#[non_exhaustive]
pub struct ClientOffer {
    /// What the client offers: of its lists what has a name here, of protocol names and TLS's signature schemes those of
    /// the policy (R-HS-49).
    pub hello: ClientHello,
    /// The suites in common, preferred first. The first one that the identity has the keys for is used.
    pub suites: SmallVec<[&'static Suite; 8]>,
}

/// Who to be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum IdentityQuery {
    /// Asked of a server.
    ForClient(Arc<ClientOffer>),
    /// Asked of a client by CertificateRequest.
    ForServer {
        /// The suite in use.
        suite: &'static Suite,
        /// What the server takes.
        request: Arc<CertificateRequest>,
    },
}

impl IdentityQuery {
    /// Whether the peer can do with this identity: its key is of the right kind and signs by a scheme that the peer takes
    /// (R-HS-21, R-T12-8, R-T12-21).
    pub fn fits(&self, identity: &Identity) -> bool {
        let key = identity.public_key(KeyUse::Sign);
        match self {
            Self::ForClient(offer) => {
                offer.suites.iter().any(|suite| super::server::fits(suite, identity, &offer.hello))
            }
            Self::ForServer { suite, request } => {
                let takes = request.types.contains(&key.kind().certificate_type());
                let signs = match &request.signature_schemes {
                    Some(schemes) => schemes.iter().any(|scheme| identity.signs_by(*scheme)),
                    None => key.kind() == suite.key_exchange.authenticates,
                };
                let agrees = !suite.key_exchange.is_mutual() || identity.allows(KeyUse::Agree);
                takes && signs && agrees && identity.allows(KeyUse::Sign)
            }
        }
    }
}

/// The answer to [`Request::SelectIdentity`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Selection {
    /// This one.
    Identity {
        /// Who.
        identity: Arc<Identity>,
        /// On a server: it was chosen by the client's server_name, which is then acknowledged (R-HS-37); an openHiTLS client
        /// resumes only then.
        by_name: bool,
    },
    /// None fits. A client goes on without, where the suite allows it.
    Nothing,
    /// On a server whose policy is to refuse names it does not serve (R-HS-37).
    UnrecognizedName,
}

/// A key agreement under way.
#[derive(Clone)]
#[non_exhaustive]
pub enum Started {
    /// Here: it is finished at once.
    Here(Arc<dyn StartedAgreement>),
    /// In a device: [`Request::FinishAgreement`] goes to the caller.
    Elsewhere {
        /// What we send.
        share: Share,
        /// Whatever the caller needs to go on; dropping it is the place to free a device's handle.
        handle: Arc<dyn Any + Send + Sync>,
    },
}

impl Started {
    /// The public value that is sent to the peer.
    pub fn share(&self) -> &Share {
        match self {
            Self::Here(started) => started.share(),
            Self::Elsewhere { share, .. } => share,
        }
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Here(_) => "Here",
            Self::Elsewhere { .. } => "Elsewhere",
        })
    }
}

/// The answers.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The session, if there is one.
    SessionFound(Option<Arc<Session>>),
    /// The ticket, if there is one: a client that was promised one and gets none gets an empty one.
    TicketSealed(Option<Ticket>),
    /// Who to be.
    IdentitySelected(Selection),
    /// Whether the peer's certificates do.
    PeerVerified(Result<Verified, CertificateError>),
    /// The signature; SM2 and SM9: DER.
    Signed(Vec<u8>),
    /// No error can be inside: made by [`DecryptRequest::answer`].
    Decrypted(Decrypted),
    /// The agreement under way; [`CryptoError::BadPoint`] blames the peer, if it has sent a share.
    AgreementStarted(Result<Started, CryptoError>),
    /// What is shared; [`CryptoError::BadPoint`] blames the peer.
    AgreementFinished(Result<Shared, CryptoError>),
    /// Who was asked cannot answer: a device is gone, the caller cancelled. Never because of what a ciphertext holds.
    Failed(AnswerError),
}

/// What an answer is about: exactly one kind fits each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerKind {
    /// [`Answer::SessionFound`]
    SessionFound,
    /// [`Answer::TicketSealed`]
    TicketSealed,
    /// [`Answer::IdentitySelected`]
    IdentitySelected,
    /// [`Answer::PeerVerified`]
    PeerVerified,
    /// [`Answer::Signed`]
    Signed,
    /// [`Answer::Decrypted`]
    Decrypted,
    /// [`Answer::AgreementStarted`]
    AgreementStarted,
    /// [`Answer::AgreementFinished`]
    AgreementFinished,
}

impl Answer {
    /// Whether it can answer a question of this kind; [`Answer::Failed`] can answer any.
    pub fn is(&self, kind: AnswerKind) -> bool {
        use AnswerKind as K;
        match self {
            Self::SessionFound(_) => kind == K::SessionFound,
            Self::TicketSealed(_) => kind == K::TicketSealed,
            Self::IdentitySelected(_) => kind == K::IdentitySelected,
            Self::PeerVerified(_) => kind == K::PeerVerified,
            Self::Signed(_) => kind == K::Signed,
            Self::Decrypted(_) => kind == K::Decrypted,
            Self::AgreementStarted(_) => kind == K::AgreementStarted,
            Self::AgreementFinished(_) => kind == K::AgreementFinished,
            Self::Failed(_) => true,
        }
    }
}

/// Something to be signed. A device takes the message, or the digest that its scheme signs.
#[derive(Debug)]
pub struct SignRequest {
    pub(super) identity: Arc<Identity>,
    pub(super) scheme: SignatureScheme,
    pub(super) message: Vec<u8>,
}

impl SignRequest {
    /// Whose key: the signing one.
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// The signature scheme to sign by.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// The bytes to sign.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// What the scheme signs of the message: for SM2 e = SM3(Z || message) with the default user id, for RSA
    /// with SHA-256 the hash that stands in the DigestInfo; 32 bytes.
    ///
    /// # Errors
    /// [`CryptoError::Unsupported`] for a scheme that signs the message itself.
    pub fn digest(&self, hashes: &dyn Hashes) -> Result<Digest, CryptoError> {
        match (SignatureAlgorithm::of(self.scheme), self.identity.public_key(KeyUse::Sign)) {
            (Some(SignatureAlgorithm::Sm2Sm3 { user_id }), PublicKey::Sm2(public)) => {
                let mut e = crypto::sm2::start_digest(hashes, user_id, public)?;
                e.update(&self.message);
                Ok(e.current())
            }
            (
                Some(
                    SignatureAlgorithm::RsaPkcs1(hash)
                    | SignatureAlgorithm::RsaPss(hash)
                    | SignatureAlgorithm::Ecdsa(hash),
                ),
                _,
            ) => Ok(hashes.digest(hash, &[&self.message])),
            _ => Err(CryptoError::Unsupported),
        }
    }

    /// The answer of a key that is here.
    pub fn answer(&self, key: &dyn PrivateKey, random: &dyn Random) -> Answer {
        let algorithm = SignatureAlgorithm::of(self.scheme).ok_or(CryptoError::Unsupported);
        Self::answer_signed(algorithm.and_then(|algorithm| key.sign(algorithm, &[&self.message], random)))
    }

    pub(super) fn answer_signed(signature: Result<Vec<u8>, CryptoError>) -> Answer {
        match signature {
            Ok(signature) => Answer::Signed(signature),
            Err(_) => Answer::Failed(AnswerError("the signing key could not sign")),
        }
    }
}

/// The outcome of a decryption, which does not tell whether it succeeded (R-HS-43).
#[derive(Debug)]
pub struct Decrypted(pub(super) Shared);

/// A ciphertext, and all that hides whether it decrypts (R-HS-43).
#[derive(Debug)]
pub struct DecryptRequest {
    pub(super) identity: Arc<Identity>,
    pub(super) ciphertext: Box<[u8]>,
    pub(super) seed: MasterSeed,
    pub(super) version: ProtocolVersion,
    pub(super) substitute: PreMasterSecret,
}

impl DecryptRequest {
    /// Whose key.
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Which of its keys.
    pub fn key_use(&self) -> KeyUse {
        KeyUse::Encrypt
    }

    /// SM2Cipher or SM9Cipher in DER, or what RSA encrypted: of any length, and not always under the modulus.
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// For a device that makes the master secret inside: it must then do the checks and the substitution of
    /// [`DecryptRequest::answer`] itself.
    pub fn master_seed(&self) -> &MasterSeed {
        &self.seed
    }

    /// The answer: `found` if it is 48 bytes that begin with the client's version, else a random secret, chosen in
    /// constant time. Every error that the ciphertext can cause goes in here.
    pub fn answer(self, found: Result<&[u8], CryptoError>) -> Answer {
        let secret = PreMasterSecret::select(found, self.version, self.substitute);
        Answer::Decrypted(Decrypted(Shared::PreMaster(secret)))
    }

    /// The answer of a key that is here: as [`DecryptRequest::answer`], also for RSA.
    pub fn answer_with(self, key: &dyn PrivateKey, random: &dyn Random) -> Answer {
        match key.decrypt_secret(&self.ciphertext, self.version, self.substitute, random) {
            Ok(secret) => Answer::Decrypted(Decrypted(Shared::PreMaster(secret))),
            Err(_) => Answer::Failed(AnswerError("the encryption key could not be used")),
        }
    }

    /// The answer of a device that does RSA without padding: `block` is what it decrypted to, of as many bytes as the
    /// modulus has; empty for a ciphertext that has another length or is not under the modulus.
    pub fn answer_block(self, block: &[u8]) -> Answer {
        let secret = PreMasterSecret::select_from_block(block, self.version, self.substitute);
        Answer::Decrypted(Decrypted(Shared::PreMaster(secret)))
    }

    /// The answer of a device that keeps the pre_master_secret.
    pub fn answer_master(self, master: MasterSecret) -> Answer {
        Answer::Decrypted(Decrypted(Shared::Master(master)))
    }
}
