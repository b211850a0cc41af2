//! One small world for all runs: certificates, identities, configurations. Nothing in it changes from run to run, so
//! that a run depends on its input alone.
use crate::accepting::{self, AnyKey};
use crate::random::Repeatable;
use crate::witness::Witness;
use std::sync::{Arc, LazyLock, OnceLock};
use tlcp::cert::{
    CertificateForm, IbcKeys, Identity, Key, KeyCentres, KeyUse, PeerClaim, ServerName, Verified, Verifier,
    WebPkiVerifier,
};
use tlcp::config::{ClientAuth, ClientConfig, Compat, ServerConfig};
use tlcp::crypto::{Draw, MasterSecret, Provider, Random};
use tlcp::error::{CertificateError, CryptoError};
use tlcp::message::{Credential, SessionId};
use tlcp::pki::{KeyCentre, Options, Pki};
use tlcp::session::{Found, Peer, RotatingTicketer, Session, SessionKey, SessionStore};
use tlcp::suite::{AeadAlgorithm, Certificates, KeyKind, SUITES, Suite, TLCP, TLS12};

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
        native::provider().with_keys(&KEYS)
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
    /// TLS's: of P-256, and of RSA for key transport.
    pub tls_server: [Arc<Identity>; 2],
    pub tls_client: Arc<Identity>,
    /// SM9's: the server's and the client's, and whose users they are.
    pub sm9: [Arc<Identity>; 2],
    pub centres: KeyCentres,
}

fn single(pem: &[u8], provider: &Provider) -> Arc<Identity> {
    Arc::new(Identity::single_from_pile(&[pem], [], provider).unwrap())
}

/// Who the parties are in the SM9 suites.
pub const SM9_SERVER: &[u8] = b"localhost";
pub const SM9_CLIENT: &[u8] = b"client";

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let provider = provider();
    let pki = Pki::new(&Options::new(NOW), &provider, &Repeatable::from(1)).unwrap();
    let centre =
        KeyCentre::new("centre.example", &Options::new(NOW), &provider, &Repeatable::from(4)).unwrap();
    let user = |name: &[u8]| Arc::new(centre.user(name).unwrap().identity(&provider).unwrap());
    World {
        server: Arc::new(pki.server_identity(&provider).unwrap()),
        client: Arc::new(pki.client_identity(&provider).unwrap()),
        verifier: Arc::new(pki.verifier(&provider).unwrap()),
        tls_server: [
            single(include_bytes!("../../vectors/tls12/server-p256.pem"), &provider),
            single(include_bytes!("../../vectors/tls12/server-rsa.pem"), &provider),
        ],
        tls_client: single(include_bytes!("../../vectors/tls12/client-p256.pem"), &provider),
        sm9: [user(SM9_SERVER), user(SM9_CLIENT)],
        centres: centre.centres(&provider).unwrap(),
        pki,
    }
});

/// How a connection is configured.
#[derive(arbitrary::Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// Which suites: one of the four, or all, or one of SM9's.
    pub suite: Choice,
    pub client_auth: Auth,
    pub gmssl: bool,
    /// A session can be resumed.
    pub session: bool,
    /// Verification and the choice of an identity are left to the caller.
    pub later: bool,
    /// A hello without extensions.
    pub bare: bool,
    /// TLS 1.2 in place of TLCP; then tickets in place of GmSSL's quirks, and in place of the bare hello one without
    /// encrypt-then-MAC.
    pub tls12: bool,
}

#[derive(arbitrary::Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    All,
    EcdheGcm,
    EccGcm,
    EcdheCbc,
    EccCbc,
    IbsdhGcm,
    IbcGcm,
    IbsdhCbc,
    IbcCbc,
}

#[derive(arbitrary::Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    None,
    Request,
    Require,
}

impl Choice {
    fn of_tlcp(self) -> Vec<&'static Suite> {
        match self {
            Self::All => TLCP.suites().filter(|suite| suite.by_default).collect(),
            Self::EcdheGcm => vec![&SUITES[0]],
            Self::EccGcm => vec![&SUITES[1]],
            Self::EcdheCbc => vec![&SUITES[2]],
            Self::EccCbc => vec![&SUITES[3]],
            Self::IbsdhGcm => vec![Suite::by_name("IBSDH_SM4_GCM_SM3").unwrap()],
            Self::IbcGcm => vec![Suite::by_name("IBC_SM4_GCM_SM3").unwrap()],
            Self::IbsdhCbc => vec![Suite::by_name("IBSDH_SM4_CBC_SM3").unwrap()],
            Self::IbcCbc => vec![Suite::by_name("IBC_SM4_CBC_SM3").unwrap()],
        }
    }

    /// Ephemeral keys for ECDHE, and key transport for what encrypts in TLCP.
    fn of_tls12(self) -> Vec<&'static Suite> {
        let named = |name| vec![Suite::by_name(name).unwrap()];
        match self {
            Self::All => {
                let is_ours = |suite: &&Suite| suite.key_exchange.authenticates == KeyKind::Ecdsa;
                TLS12.suites().filter(is_ours).collect()
            }
            Self::EcdheGcm | Self::IbsdhGcm => named("ECDHE-ECDSA-AES128-GCM-SHA256"),
            Self::EccGcm | Self::IbcGcm => named("AES256-GCM-SHA384"),
            Self::EcdheCbc | Self::IbsdhCbc => named("ECDHE-ECDSA-AES128-SHA256"),
            Self::EccCbc | Self::IbcCbc => named("AES128-SHA256"),
        }
    }
}

impl Mode {
    /// From one byte, for targets whose input is bytes.
    pub fn of(byte: u8) -> Self {
        Self {
            suite: match (byte & 64 != 0, byte & 3) {
                (false, kind) if byte & 128 != 0 => {
                    [Choice::IbsdhGcm, Choice::IbcGcm, Choice::IbsdhCbc, Choice::IbcCbc][usize::from(kind)]
                }
                (_, 0) => Choice::EcdheGcm,
                (_, 2) => Choice::EcdheCbc,
                (false, 1) => Choice::EccGcm,
                (false, _) => Choice::EccCbc,
                // RSA takes a second here: it is for the targets whose primitives do nothing.
                (true, _) => Choice::All,
            },
            client_auth: [Auth::None, Auth::Require][usize::from(byte >> 2 & 1)],
            gmssl: byte & 8 != 0,
            session: byte & 16 != 0,
            later: false,
            bare: byte & 32 != 0,
            tls12: byte & 64 != 0,
        }
    }

    /// Every suite that is enabled.
    pub fn suites(self) -> Vec<&'static Suite> {
        if self.tls12 { self.suite.of_tls12() } else { self.suite.of_tlcp() }
    }

    /// Which of TLS's identities a server has.
    fn tls_key(self) -> usize {
        usize::from(self.suites()[0].key_exchange.authenticates == KeyKind::Rsa)
    }

    /// Identities in place of certificates.
    pub fn is_sm9(self) -> bool {
        self.suites()[0].certificates() == Certificates::Identity
    }

    fn own(self, is_client: bool) -> Arc<Identity> {
        let world = &*WORLD;
        let found = match (self.tls12, is_client) {
            _ if self.is_sm9() => &world.sm9[usize::from(is_client)],
            (false, false) => &world.server,
            (false, true) => &world.client,
            (true, false) => &world.tls_server[self.tls_key()],
            (true, true) => &world.tls_client,
        };
        found.clone()
    }

    /// Whom the one under test believes: in TLS everyone, since no verifier here knows those certificates.
    fn verifier(self) -> Arc<dyn Verifier> {
        if self.tls12 { Arc::new(Everyone) } else { WORLD.verifier.clone() }
    }

    /// IBSDH needs an extension.
    fn is_bare(self) -> bool {
        self.bare && !self.tls12 && !self.is_sm9()
    }

    fn auth(self) -> ClientAuth {
        match self.client_auth {
            Auth::None => ClientAuth::None,
            Auth::Request => ClientAuth::Request,
            Auth::Require => ClientAuth::Require,
        }
    }

    fn compat(self) -> Compat {
        if self.gmssl && !self.tls12 { Compat::gmssl() } else { Compat::default() }
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
            Parts { provider: provider(), identity: self.own(false), name: Some("localhost"), random };
        self.server_of(parts, self.verifier())
    }

    /// The same of a client.
    pub fn client_with(self, random: Arc<dyn Random>) -> Arc<ClientConfig> {
        let parts = Parts { provider: provider(), identity: self.own(true), name: Some("localhost"), random };
        self.client_of(parts, self.verifier())
    }

    /// A server that accepts everything.
    pub fn accepting_server(self) -> Arc<ServerConfig> {
        self.server_of(Parts::accepting(self, false), Arc::new(Everyone))
    }

    /// A client that accepts everything.
    pub fn accepting_client(self) -> Arc<ClientConfig> {
        self.client_of(Parts::accepting(self, true), Arc::new(Everyone))
    }

    fn server_of(self, parts: Parts, verifier: Arc<dyn Verifier>) -> Arc<ServerConfig> {
        let store = self.store(&parts);
        let own_identity = *parts.identity.fingerprint();
        let builder = match self.tls12 {
            true => ServerConfig::tls12_builder_with(parts.provider, parts.random),
            false => ServerConfig::builder_with(parts.provider, parts.random),
        };
        let mut config = builder
            .identity(parts.identity)
            .verifier(verifier)
            .client_auth(self.auth())
            .suites(&self.suites())
            .compat(self.compat())
            .alpn([&b"h2"[..], b"http/1.1"])
            .sessions(store.clone().map(|store| store as _))
            .observer(Arc::new(Witness));
        if self.is_sm9() {
            config = config.key_centres(WORLD.centres.clone());
        }
        if self.later {
            config = config.verify_later(Some(b"everyone")).select_later(Some(b"the one"));
        }
        if self.tls12 && self.gmssl {
            let tickets = RotatingTicketer::new(parts.provider, AeadAlgorithm::Aes128Gcm, 3600);
            config = config.tickets(Arc::new(tickets.unwrap()));
        }
        let config = config.build().unwrap();
        store.map(|store| store.made_in.set([config.policy().session_context, own_identity]));
        Arc::new(config)
    }

    fn client_of(self, parts: Parts, verifier: Arc<dyn Verifier>) -> Arc<ClientConfig> {
        let store = self.store(&parts);
        let builder = match self.tls12 {
            true => ClientConfig::tls12_builder_with(parts.provider, parts.random)
                .ask_for_status()
                .encrypt_then_mac(!self.bare),
            false => ClientConfig::builder_with(parts.provider, parts.random),
        };
        let mut config = builder
            .identity(parts.identity)
            .verifier(verifier)
            .suites(&self.suites())
            .compat(self.compat())
            .alpn([&b"h2"[..], b"http/1.1"])
            .sessions(store.map(|store| store as _))
            .hello_extensions(!self.is_bare())
            .observer(Arc::new(Witness));
        if self.is_sm9() {
            config = config.key_centres(WORLD.centres.clone()).client_id(SM9_CLIENT);
        }
        if self.later {
            config = config.verify_later(Some(b"everyone")).select_later(Some(b"the one"));
        }
        Arc::new(config.build().unwrap())
    }

    fn store(self, parts: &Parts) -> Option<Arc<OneSession>> {
        let name = parts.name.filter(|_| !self.is_bare());
        let suite = self.suites()[0];
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
    fn accepting(mode: Mode, is_client: bool) -> Self {
        let identity = accepting_identity(mode, is_client);
        Self { provider: accepting::provider(), identity, name: None, random: Arc::new(Shared) }
    }
}

/// The name of the server.
pub fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// With keys that sign and decrypt nothing.
fn careless(identity: &Arc<Identity>) -> Arc<Identity> {
    let provider = accepting::provider();
    let key = |key_use| Key::Here(Arc::new(AnyKey(identity.public_key(key_use).clone())));
    if let (Some(id), Credential::Ibc { parameter, .. }) = (identity.ibc_id(), credential(identity)) {
        let other = |key_use| Some(key(key_use));
        let keys =
            IbcKeys { sign: key(KeyUse::Sign), encrypt: other(KeyUse::Encrypt), agree: other(KeyUse::Agree) };
        return Arc::new(Identity::ibc(id, &parameter, keys, &provider).unwrap());
    }
    let mut sign: Vec<&[u8]> = vec![identity.certificate(KeyUse::Sign)];
    sign.extend(identity.intermediates().iter().map(|ca| &**ca));
    let made = match identity.certificates() {
        Certificates::Single => Identity::single_with_key(&sign, key(KeyUse::Sign), &provider),
        Certificates::Pair => {
            let encrypt = (&**identity.certificate(KeyUse::Encrypt), key(KeyUse::Encrypt));
            Identity::with_keys((&sign, key(KeyUse::Sign)), encrypt, &provider)
        }
        other => panic!("{other:?}"),
    };
    Arc::new(made.unwrap())
}

/// What an SM9 identity shows.
fn credential(identity: &Identity) -> Credential {
    let message = identity.message(CertificateForm::Dual).to_bytes();
    Credential::read_ibc(&message[4..]).unwrap_or(Credential::Certificates(Vec::new()))
}

/// TLCP's server and client, TLS's two servers and client, SM9's server and client.
static ACCEPTING: LazyLock<[Arc<Identity>; 7]> = LazyLock::new(|| {
    let world = &*WORLD;
    let ([ecdsa, rsa], [server, client]) = (&world.tls_server, &world.sm9);
    [&world.server, &world.client, ecdsa, rsa, &world.tls_client, server, client].map(careless)
});

/// The one of this mode.
pub fn accepting_identity(mode: Mode, is_client: bool) -> Arc<Identity> {
    let which = match (mode.tls12, is_client) {
        _ if mode.is_sm9() => 5 + usize::from(is_client),
        (false, is_client) => usize::from(is_client),
        (true, false) => 2 + mode.tls_key(),
        (true, true) => 4,
    };
    ACCEPTING[which].clone()
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
        let mut session = Session::new(self.suite, MasterSecret::from_bytes(&[9; 48]), NOW);
        (session.id, session.server_name) = (id, self.name.map(Into::into));
        (session.context, session.own_identity) = (context, own_identity);
        session.peer = Peer::Authenticated { credential, not_after: u64::MAX };
        session.terms.extended_master_secret = self.suite.protocol == &TLS12;
        Found::Session(Arc::new(session))
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
