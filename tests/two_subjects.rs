//! Pairs whose certificates have two subjects (R-HS-46): the peers' own test certificates in both roles; and that an
//! encryption certificate of another party of the same CA in the place of the peer's is refused all the same.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::{Counting, Ends, NOW, Side, at, name};
use std::sync::Arc;
use tlcp::alert::alert_for;
use tlcp::cert::{CertPolicy, Identity, Key, KeyUse, ServerName, Verifier, WebPkiVerifier};
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::crypto::{
    AgreementRole, PrivateKey, PublicKey, Random, SignatureAlgorithm, StartedAgreement, default_provider,
};
use tlcp::error::{CertificateProblem, CryptoError, Error, PeerMisbehaved};
use tlcp::pki::{DAY, Issued, Pair, Template};
use tlcp::suite::Suite;
use tlcp::wire::{AlertDescription as A, HandshakeType};
use zeroize::Zeroizing;

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/vectors/pairs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn suites() -> [&'static Suite; 2] {
    ["ECC_SM4_GCM_SM3", "ECDHE_SM4_GCM_SM3"].map(|name| Suite::by_name(name).unwrap())
}

fn identity(file: &[u8]) -> Arc<Identity> {
    Arc::new(Identity::from_pile(&[file], None, &default_provider()).unwrap())
}

fn verifier(root: &[u8], policy: CertPolicy) -> Arc<dyn Verifier> {
    let builder = WebPkiVerifier::builder(&default_provider()).roots(&[root]).unwrap();
    Arc::new(builder.policy(policy).build().unwrap())
}

/// Both ends of a mutual handshake.
struct Parties {
    server: Arc<Identity>,
    client: Arc<Identity>,
    servers: Arc<dyn Verifier>,
    clients: Arc<dyn Verifier>,
}

impl Parties {
    fn configs(&self, suite: &'static Suite) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
        let random = |seed| Arc::new(Counting::from(seed));
        let client = ClientConfig::builder_with(default_provider(), random(1))
            .identity(self.client.clone())
            .verifier(self.servers.clone())
            .suites(&[suite])
            .build();
        let server = ServerConfig::builder_with(default_provider(), random(2))
            .identity(self.server.clone())
            .verifier(self.clients.clone())
            .client_auth(ClientAuth::Require)
            .suites(&[suite])
            .build();
        (Arc::new(client.unwrap()), Arc::new(server.unwrap()))
    }
}

/// Ends whose client asks for this name.
fn ends(parties: &Parties, suite: &'static Suite, name: ServerName<'static>) -> Ends {
    let (client, server) = parties.configs(suite);
    Ends {
        client: ClientConnection::new(client, name, at(1)).unwrap(),
        server: ServerConnection::new(server, at(1)),
    }
}

/// R-HS-46: openHiTLS's pairs as a server's and as a client's.
#[test]
fn connects_with_the_pairs_of_openhitls_in_both_roles() {
    let root = vector("openhitls-root.crt");
    let parties = Parties {
        server: identity(&vector("openhitls-server.pem")),
        client: identity(&vector("openhitls-client.pem")),
        servers: verifier(&root, CertPolicy::Gm),
        clients: verifier(&root, CertPolicy::Standard),
    };
    for suite in suites() {
        let name = ServerName::try_from("certificate.testsign.com").unwrap();
        let ends = ends(&parties, suite, name).connected();
        let shown = ends.server.peer_certificates().unwrap();
        assert_eq!(*shown[1], **parties.client.certificate(KeyUse::Encrypt));
    }
}

/// R-HS-46: Tongsuo's client; its server has no name that could be asked for.
#[test]
fn connects_with_the_pairs_of_tongsuo() {
    let (root, w) = (vector("tongsuo-root.crt"), pair::World::new());
    let mut parties = Parties {
        server: w.server.clone(),
        client: identity(&vector("tongsuo-client.pem")),
        servers: w.verifier.clone(),
        clients: verifier(&root, CertPolicy::Standard),
    };
    for suite in suites() {
        ends(&parties, suite, name()).connected();
    }
    parties.server = identity(&vector("tongsuo-server.pem"));
    parties.servers = verifier(&root, CertPolicy::Gm);
    for suite in suites() {
        let (side, error) = ends(&parties, suite, name()).run().unwrap_err();
        let Error::Certificate(error) = error else { panic!("{error}") };
        assert_eq!((side, &error.problem), (Side::Client, &CertificateProblem::NameMismatch));
        let names = error.to_string();
        assert!(names.contains("CN=server sign") && names.contains("no name but CN server sign"), "{names}");
    }
}

/// Two parties of one CA, in all roles.
struct Town {
    ca: Issued,
    random: Counting,
}

impl Town {
    fn new() -> Self {
        let random = Counting::from(7);
        let ca = Template::new(NOW - DAY, NOW + DAY).common_name("ca").for_ca(None);
        Self { ca: Issued::self_signed(&ca, &default_provider(), &random).unwrap(), random }
    }

    /// The two halves have different subjects.
    fn pair(&self, names: [&str; 2], hosts: &[String]) -> Pair {
        let [sign, encrypt] = names.map(|n| Template::new(NOW - DAY, NOW + DAY).common_name(n));
        let issue = |t: &Template<'_>| self.ca.issue(t, &default_provider(), &self.random).unwrap();
        Pair { sign: issue(&sign.names(hosts).for_signing()), encrypt: issue(&encrypt.for_encryption()) }
    }

    fn parties(&self, server: &Pair, client: &Pair) -> Parties {
        let pile = |pair: &Pair| {
            [&pair.sign, &pair.encrypt].map(|c| format!("{}{}", c.certificate_pem(), *c.key_pem())).concat()
        };
        let verifier = verifier(&self.ca.certificate, CertPolicy::Gm);
        Parties {
            server: identity(pile(server).as_bytes()),
            client: identity(pile(client).as_bytes()),
            servers: verifier.clone(),
            clients: verifier,
        }
    }
}

/// Puts `new` in the place of `old`, of the same length, in what one end sends the other.
fn swap(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    if let Some(at) = out.windows(old.len()).position(|w| w == old) {
        out[at..at + old.len()].copy_from_slice(new);
    }
    out
}

/// Runs a handshake in which somebody in between shows another encryption certificate of the same CA, of the server's
/// or of the client's; which end fails, and how.
fn with_swapped(parties: &Parties, suite: &'static Suite, [old, new]: [&Issued; 2]) -> (Side, Error) {
    let mut ends = ends(parties, suite, name());
    let [old, new] = [old, new].map(|c| &c.certificate[..]);
    for _ in 0..6 {
        let bytes = swap(ends.client.pending_output(), old, new);
        if let Err(e) = ends.server.receive(&bytes, at(1)) {
            return (Side::Server, e);
        }
        ends.client.sent(bytes.len());
        let bytes = swap(ends.server.pending_output(), old, new);
        if let Err(e) = ends.client.receive(&bytes, at(1)) {
            return (Side::Client, e);
        }
        ends.server.sent(bytes.len());
    }
    panic!("nobody minds");
}

/// R-HS-46: what binds the encryption certificate is the server's signature over it in ECC; in ECDHE it is the client's
/// over all messages, and behind that the agreement.
#[test]
fn refuses_a_swapped_encryption_certificate() {
    let town = Town::new();
    let hosts = [String::from("localhost")];
    let server = town.pair(["server sign", "server enc"], &hosts);
    let client = town.pair(["client sign", "client enc"], &[]);
    // as long as the one it replaces
    let other_for = |own: &Issued| loop {
        let other = town.pair(["other sign", "others enc"], &[]).encrypt;
        if other.certificate.len() == own.certificate.len() {
            return other;
        }
    };
    let (for_server, for_client) = (other_for(&server.encrypt), other_for(&client.encrypt));
    let parties = town.parties(&server, &client);
    let [ecc, ecdhe] = suites();
    let servers = [&server.encrypt, &for_server];
    let (side, error) = with_swapped(&parties, ecc, servers);
    assert!(matches!(error, Error::PeerMisbehaved(PeerMisbehaved::BadSignature { .. })), "{error}");
    assert_eq!((side, alert_for(&error)), (Side::Client, Some(A::DECRYPT_ERROR)));
    let (side, error) = with_swapped(&parties, ecdhe, servers);
    let by_signature = PeerMisbehaved::BadSignature { message: HandshakeType::CERTIFICATE_VERIFY };
    assert_eq!((side, &error), (Side::Server, &by_signature.clone().into()));
    for suite in [ecc, ecdhe] {
        let (side, error) = with_swapped(&parties, suite, [&client.encrypt, &for_client]);
        assert_eq!((side, &error), (Side::Server, &by_signature.clone().into()));
    }
}

/// A key that is shown as another's: what a certificate of somebody else is to whoever shows it.
struct Borrowed {
    shown: PublicKey,
    own: Arc<dyn PrivateKey>,
}

impl PrivateKey for Borrowed {
    fn public(&self) -> &PublicKey {
        &self.shown
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        self.own.sign(algorithm, parts, random)
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.own.decrypt(ciphertext)
    }

    fn start_agreement(
        &self,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        self.own.start_agreement(role, random)
    }
}

/// R-HS-46: who shows another's encryption certificate himself, and signs for it, has no use of it: without its key the
/// secrets differ. No signature stands before this one.
#[test]
fn connects_nobody_who_shows_an_encryption_certificate_without_its_key() {
    let town = Town::new();
    let hosts = [String::from("localhost")];
    let (server, client) =
        (town.pair(["server", "server enc"], &hosts), town.pair(["client", "client enc"], &[]));
    let other = town.pair(["other", "other enc"], &[]).encrypt;
    let with_other = |pair: &Pair| {
        let key = Borrowed { shown: other.key().public().clone(), own: pair.encrypt.key().clone() };
        let sign = [&pair.sign.certificate[..]];
        let (sign, encrypt) = ((&sign[..], Key::Here(pair.sign.key().clone())), Key::Here(Arc::new(key)));
        Arc::new(Identity::with_keys(sign, (&other.certificate, encrypt), &default_provider()).unwrap())
    };
    let [ecc, ecdhe] = suites();
    for (false_server, suite) in [(true, ecc), (true, ecdhe), (false, ecdhe)] {
        let mut parties = town.parties(&server, &client);
        match false_server {
            true => parties.server = with_other(&server),
            false => parties.client = with_other(&client),
        }
        let mut ends = ends(&parties, suite, name());
        let (side, error) = ends.run().unwrap_err();
        assert_eq!((side, error), (Side::Server, PeerMisbehaved::BadRecordMac.into()), "{}", suite.id);
        assert!(ends.client.is_handshaking());
    }
}
