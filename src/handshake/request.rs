//! Questions to the caller and their answers. Owned and `Send + 'static`: a request can move into a future.
use crate::cert::{Identity, KeyUse, PeerClaim, Verified};
use crate::crypto::{
    MasterSecret, MasterSeed, PreMasterSecret, PublicKey, Shared, SignatureAlgorithm, StartedAgreement,
};
use crate::error::{AnswerError, CertificateError, CryptoError};
use crate::message::{CertificateRequest, ClientHello};
use crate::session::{Session, SessionKey};
use crate::suite::Suite;
use crate::wire::ProtocolVersion;
use alloc::{sync::Arc, vec::Vec};

/// What only the caller can do. Each variant names the [`Answer`] it takes; every one takes [`Answer::Failed`].
#[derive(Debug)]
pub enum Request {
    /// Look a session up: [`Answer::SessionFound`].
    FindSession {
        /// By this key.
        key: SessionKey,
    },
    /// Choose who to be: [`Answer::IdentitySelected`].
    SelectIdentity(IdentityQuery),
    /// Check the peer's certificates: [`Answer::PeerVerified`].
    VerifyPeer(PeerClaim),
    /// Sign with the signing key: [`Answer::Signed`].
    Sign {
        /// Whose key.
        identity: Arc<Identity>,
        /// How.
        algorithm: SignatureAlgorithm<'static>,
        /// What: for SM2, e = SM3(Z || message).
        message: Vec<u8>,
    },
    /// Decrypt the pre_master_secret with the encryption key: [`DecryptRequest::answer`].
    Decrypt(DecryptRequest),
    /// Start an SM2 key exchange as the initiator, with a new ephemeral key: [`Answer::AgreementStarted`].
    StartAgreement {
        /// Whose encryption key will be used.
        identity: Arc<Identity>,
    },
    /// Finish it: [`Answer::AgreementFinished`].
    FinishAgreement {
        /// What was started.
        started: Arc<dyn StartedAgreement>,
        /// The peer's encryption key.
        peer_static: PublicKey,
        /// The peer's ephemeral point, on the curve: 04 || X || Y.
        peer_ephemeral: [u8; 65],
        /// For a device that makes the master secret inside.
        master: MasterSeed,
    },
    /// Answer an SM2 key exchange as the responder: [`Answer::AgreementAnswered`].
    AnswerAgreement {
        /// Whose encryption key.
        identity: Arc<Identity>,
        /// The peer's encryption key.
        peer_static: PublicKey,
        /// The peer's ephemeral point, on the curve: 04 || X || Y.
        peer_ephemeral: [u8; 65],
        /// For a device that makes the master secret inside.
        master: MasterSeed,
    },
}

/// Who to be.
#[derive(Debug, Clone)]
pub enum IdentityQuery {
    /// Asked of a server.
    ForClient {
        /// What the client offers.
        hello: Arc<ClientHello>,
        /// The suite that will be used.
        suite: &'static Suite,
    },
    /// Asked of a client by CertificateRequest.
    ForServer {
        /// The suite in use.
        suite: &'static Suite,
        /// What the server takes.
        request: Arc<CertificateRequest>,
    },
}

/// The answer to [`Request::SelectIdentity`].
#[derive(Debug, Clone)]
pub enum Selection {
    /// This one.
    Identity {
        /// Who.
        identity: Arc<Identity>,
        /// On a server: it was chosen by the client's server_name, which is then acknowledged (R-HS-37).
        by_name: bool,
    },
    /// None fits. A client goes on without, where the suite allows it.
    Nothing,
    /// On a server whose policy is to refuse names it does not serve (R-HS-37).
    UnrecognizedName,
}

/// The answers.
#[derive(Debug)]
pub enum Answer {
    /// The session, if there is one.
    SessionFound(Option<Arc<Session>>),
    /// Who to be.
    IdentitySelected(Selection),
    /// Whether the peer's certificates do.
    PeerVerified(Result<Verified, CertificateError>),
    /// The signature, DER.
    Signed(Vec<u8>),
    /// No error can be inside: made by [`DecryptRequest::answer`].
    Decrypted(Decrypted),
    /// The agreement under way.
    AgreementStarted(Arc<dyn StartedAgreement>),
    /// What is shared; [`CryptoError::BadPoint`] blames the peer.
    AgreementFinished(Result<Shared, CryptoError>),
    /// Our ephemeral point and what is shared; [`CryptoError::BadPoint`] blames the peer.
    AgreementAnswered(Result<([u8; 65], Shared), CryptoError>),
    /// Who was asked cannot answer: a device is gone, the caller cancelled. Never because of what a ciphertext holds.
    Failed(AnswerError),
}

/// What an answer is about: exactly one kind fits each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// [`Answer::SessionFound`]
    SessionFound,
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
    /// [`Answer::AgreementAnswered`]
    AgreementAnswered,
}

impl Answer {
    /// Whether it can answer a question of this kind; [`Answer::Failed`] can answer any.
    pub fn is(&self, kind: AnswerKind) -> bool {
        use AnswerKind as K;
        match self {
            Self::SessionFound(_) => kind == K::SessionFound,
            Self::IdentitySelected(_) => kind == K::IdentitySelected,
            Self::PeerVerified(_) => kind == K::PeerVerified,
            Self::Signed(_) => kind == K::Signed,
            Self::Decrypted(_) => kind == K::Decrypted,
            Self::AgreementStarted(_) => kind == K::AgreementStarted,
            Self::AgreementFinished(_) => kind == K::AgreementFinished,
            Self::AgreementAnswered(_) => kind == K::AgreementAnswered,
            Self::Failed(_) => true,
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
    pub(super) ciphertext: Vec<u8>,
    pub(super) master: MasterSeed,
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

    /// SM2Cipher in DER.
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// For a device that makes the master secret inside: it must then do the checks and the substitution of
    /// [`DecryptRequest::answer`] itself.
    pub fn master_seed(&self) -> &MasterSeed {
        &self.master
    }

    /// The answer: `found` if it is 48 bytes that begin with the client's version, else a random secret, chosen in
    /// constant time. Every error that the ciphertext can cause goes in here.
    pub fn answer(self, found: Result<&[u8], CryptoError>) -> Answer {
        let secret = PreMasterSecret::select(found, self.version, self.substitute);
        Answer::Decrypted(Decrypted(Shared::PreMaster(secret)))
    }

    /// The answer of a device that keeps the pre_master_secret.
    pub fn answer_master(self, master: MasterSecret) -> Answer {
        Answer::Decrypted(Decrypted(Shared::Master(master)))
    }
}
