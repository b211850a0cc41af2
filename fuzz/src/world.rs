//! One small world for all runs: certificates, identities, configurations. Nothing in it changes from run to run, so
//! that a run depends on its input alone.
use crate::accepting::{self, AnyKey};
use crate::random::Repeatable;
use crate::witness::Witness;
use std::sync::{Arc, LazyLock, OnceLock};
use tlcp::cert::{Identity, Key, KeyUse, PeerClaim, ServerName, Verified, Verifier, WebPkiVerifier};
use tlcp::config::{ClientAuth, ClientConfig, Compat, ServerConfig};
use tlcp::crypto::{Digest, Draw, MasterSecret, Provider, Random};
use tlcp::error::{CertificateError, CryptoError};
use tlcp::message::{Credential, SessionId};
use tlcp::pki::{Options, Pki};
use tlcp::session::{Found, Peer, Session, SessionKey, SessionStore, Terms};
use tlcp::suite::{SUITES, Suite};

/// 2026-11-21, in Unix seconds: when all of it happens.
pub const NOW: u64 = 1_795_219_200;

/// The randomness of all configurations; every run restarts it.
pub static RANDOM: Repeatable = Repeatable::from(7);

struct Shared;

impl Random for Shared {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        RANDOM.fill(draw, out)
    }
}

/// The fastest primitives, without a cache that would look like a leak.
pub fn provider() -> Provider {
    #[cfg(target_pointer_width = "64")]
    {
        use tlcp::crypto::native::{self, sm2};
        static KEYS: sm2::Sm2Keys = sm2::Sm2Keys::new(sm2::Sm2Options::LEAN);
        Provider { keys: &KEYS, ..native::provider() }
    }
    #[cfg(not(target_pointer_width = "64"))]
    tlcp::crypto::portable::provider()
}

/// Certificates and identities, with keys that work.
pub struct World {
    pub pki: Pki,
    pub server: Arc<Identity>,
    pub client: Arc<Identity>,
    pub verifier: Arc<WebPkiVerifier>,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let provider = provider();
    let pki = Pki::new(&Options::new(NOW), &provider, &Repeatable::from(1)).unwrap();
    World {
        server: Arc::new(pki.server_identity(&provider).unwrap()),
        client: Arc::new(pki.client_identity(&provider).unwrap()),
        verifier: Arc::new(pki.verifier(&provider).unwrap()),
        pki,
    }
});

/// How a connection is configured.
#[derive(arbitrary::Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// Which suites: one of the four, or all.
    pub suite: Choice,
    pub client_auth: Auth,
    pub gmssl: bool,
    /// A session can be resumed.
    pub session: bool,
    /// Verification and the choice of an identity are left to the caller.
    pub later: bool,
    pub bare: bool,
}

#[derive(arbitrary::Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    All,
    EcdheGcm,
    EccGcm,
    EcdheCbc,
    EccCbc,
}

#[derive(arbitrary::Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    None,
    Request,
    Require,
}

impl Choice {
    /// Every suite that is enabled.
    pub fn suites(self) -> Vec<&'static Suite> {
        match self {
            Self::All => SUITES.iter().filter(|suite| suite.by_default).collect(),
            Self::EcdheGcm => vec![&SUITES[0]],
            Self::EccGcm => vec![&SUITES[1]],
            Self::EcdheCbc => vec![&SUITES[2]],
            Self::EccCbc => vec![&SUITES[3]],
        }
    }
}

impl Mode {
    /// From one byte, for targets whose input is bytes.
    pub fn of(byte: u8) -> Self {
        Self {
            suite: [Choice::EcdheGcm, Choice::EccGcm, Choice::EcdheCbc, Choice::EccCbc]
                [usize::from(byte & 3)],
            client_auth: [Auth::None, Auth::Require][usize::from(byte >> 2 & 1)],
            gmssl: byte & 8 != 0,
            session: byte & 16 != 0,
            later: false,
            bare: byte & 32 != 0,
        }
    }

    fn auth(self) -> ClientAuth {
        match self.client_auth {
            Auth::None => ClientAuth::None,
            Auth::Request => ClientAuth::Request,
            Auth::Require => ClientAuth::Require,
        }
    }

    fn compat(self) -> Compat {
        if self.gmssl { Compat::gmssl() } else { Compat::default() }
    }

    /// A server with primitives and certificates that work.
    pub fn server(self) -> Arc<ServerConfig> {
        self.server_with(Arc::new(Shared))
    }

    /// A client with primitives and certificates that work.
    pub fn client(self) -> Arc<ClientConfig> {
        self.client_with(Arc::new(Shared))
    }

    /// The same with other randomness: who talks to the one under test.
    pub fn server_with(self, random: Arc<dyn Random>) -> Arc<ServerConfig> {
        let parts =
            Parts { provider: provider(), identity: WORLD.server.clone(), name: Some("localhost"), random };
        self.server_of(parts, WORLD.verifier.clone())
    }

    /// The same of a client.
    pub fn client_with(self, random: Arc<dyn Random>) -> Arc<ClientConfig> {
        let parts =
            Parts { provider: provider(), identity: WORLD.client.clone(), name: Some("localhost"), random };
        self.client_of(parts, WORLD.verifier.clone())
    }

    /// A server that accepts everything.
    pub fn accepting_server(self) -> Arc<ServerConfig> {
        self.server_of(Parts::accepting(0), Arc::new(Everyone))
    }

    /// A client that accepts everything.
    pub fn accepting_client(self) -> Arc<ClientConfig> {
        self.client_of(Parts::accepting(1), Arc::new(Everyone))
    }

    fn server_of(self, parts: Parts, verifier: Arc<dyn Verifier>) -> Arc<ServerConfig> {
        let store = self.store(&parts);
        let own_identity = *parts.identity.fingerprint();
        let mut config = ServerConfig::builder_with(parts.provider, parts.random)
            .identity(parts.identity)
            .verifier(verifier)
            .client_auth(self.auth())
            .suites(&self.suite.suites())
            .compat(self.compat())
            .alpn([&b"h2"[..], b"http/1.1"])
            .sessions(store.clone().map(|store| store as _))
            .observer(Arc::new(Witness));
        if self.later {
            config = config.verify_later(Some(b"everyone")).select_later(Some(b"the one"));
        }
        let config = config.build().unwrap();
        store.map(|store| store.made_in.set([config.policy().session_context, own_identity]));
        Arc::new(config)
    }

    fn client_of(self, parts: Parts, verifier: Arc<dyn Verifier>) -> Arc<ClientConfig> {
        let store = self.store(&parts);
        let mut config = ClientConfig::builder_with(parts.provider, parts.random)
            .identity(parts.identity)
            .verifier(verifier)
            .suites(&self.suite.suites())
            .compat(self.compat())
            .alpn([&b"h2"[..], b"http/1.1"])
            .sessions(store.map(|store| store as _))
            .hello_extensions(!self.bare)
            .observer(Arc::new(Witness));
        if self.later {
            config = config.verify_later(Some(b"everyone")).select_later(Some(b"the one"));
        }
        Arc::new(config.build().unwrap())
    }

    fn store(self, parts: &Parts) -> Option<Arc<OneSession>> {
        let name = parts.name.filter(|_| !self.bare);
        let suite = self.suite.suites()[0];
        self.session.then(|| Arc::new(OneSession { suite, name, made_in: OnceLock::new() }))
    }
}

/// What a connection is made of.
struct Parts {
    provider: Provider,
    identity: Arc<Identity>,
    /// The name in the session.
    name: Option<&'static str>,
    random: Arc<dyn Random>,
}

impl Parts {
    fn accepting(which: usize) -> Self {
        let identity = ACCEPTING[which].clone();
        Self { provider: accepting::provider(), identity, name: None, random: Arc::new(Shared) }
    }
}

/// The name of the server.
pub fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// Server and client, with keys that sign and decrypt nothing.
static ACCEPTING: LazyLock<[Arc<Identity>; 2]> = LazyLock::new(|| {
    [&WORLD.server, &WORLD.client].map(|identity| {
        let key = |key_use| Key::Here(Arc::new(AnyKey(identity.public_key(key_use).clone())));
        let mut sign: Vec<&[u8]> = vec![identity.certificate(KeyUse::Sign)];
        sign.extend(identity.intermediates().iter().map(|ca| &**ca));
        let encrypt = (&**identity.certificate(KeyUse::Encrypt), key(KeyUse::Encrypt));
        Arc::new(Identity::with_keys((&sign, key(KeyUse::Sign)), encrypt, &accepting::provider()).unwrap())
    })
});

/// One of them.
pub fn accepting_identity(is_client: bool) -> Arc<Identity> {
    ACCEPTING[usize::from(is_client)].clone()
}

struct Everyone;

impl Verifier for Everyone {
    fn verify(&self, _: &PeerClaim, _: u64) -> Result<Verified, CertificateError> {
        Ok(Verified::assertion(u64::MAX))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn context(&self) -> Vec<u8> {
        b"Everyone".to_vec()
    }
}

/// The id of the only session that there is.
pub const SESSION_ID: [u8; 32] = [0x5e; 32];

/// Always holds the same session, whatever is stored.
struct OneSession {
    suite: &'static Suite,
    name: Option<&'static str>,
    /// The server's context and its identity: known once its configuration is built.
    made_in: OnceLock<[[u8; 32]; 2]>,
}

impl SessionStore for OneSession {
    fn find(&self, key: &SessionKey, _: u64) -> Found {
        let id = SessionId::new(SESSION_ID);
        if matches!(key, SessionKey::Id(other) if *other != id) {
            return Found::Nothing;
        }
        let credential = Arc::new(Credential::Certificates(Vec::new()));
        let [context, own_identity] = self.made_in.get().copied().unwrap_or_default();
        Found::Session(Arc::new(Session {
            id,
            suite: self.suite,
            master: MasterSecret::from_bytes(&[9; 48]),
            created: NOW,
            server_name: self.name.map(Into::into),
            context,
            peer: Peer::Authenticated { credential, not_after: u64::MAX },
            own_identity,
            server_end_point: Digest::new(&[0; 32]),
            terms: Terms::default(),
            ticket: None,
        }))
    }

    fn store(&self, _: SessionKey, session: Arc<Session>) {
        let bytes = session.to_bytes().unwrap();
        assert_eq!(*Session::from_bytes(&bytes).unwrap().to_bytes().unwrap(), *bytes);
    }

    fn remove(&self, _: &SessionKey) {}
}

/// A store that always holds the same session.
pub fn session_store(suite: &'static Suite, name: Option<&'static str>) -> Arc<dyn SessionStore> {
    Arc::new(OneSession { suite, name, made_in: OnceLock::new() })
}
