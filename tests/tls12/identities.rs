//! Which certificate a party shows, and how it signs.
use crate::pair::single::{self, Kind};
use crate::pair::{Counting, Ends, World, store};
use crate::script::{Heard, Item};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};
use std::sync::{Arc, Mutex};
use tlcp::cert::{Identity, Key, KeyUse};
use tlcp::config::{
    ClientAuth, ClientConfig, ClientConfigBuilder, ConnectionId, Event, Observer, ServerConfig,
    ServerConfigBuilder,
};
use tlcp::message::{CertificateRequest, CertificateVerify, ServerKeyExchange};
use tlcp::wire::{HandshakeType as H, SignatureScheme as S};

/// A client with these certificates.
fn client(world: &World, identities: impl IntoIterator<Item = Identity>) -> ClientConfigBuilder {
    let builder = ClientConfig::tls12_builder_with(world.provider, Arc::new(Counting::from(3)));
    let builder = builder.verifier(world.verifier.clone()).sessions(Some(store()));
    identities.into_iter().fold(builder, |builder, identity| builder.identity(Arc::new(identity)))
}

fn connect(client: ClientConfigBuilder, server: ServerConfigBuilder) -> Ends {
    Ends::new(&Arc::new(client.build().unwrap()), &Arc::new(server.build().unwrap())).connected()
}

/// The certificate that the client showed, if any.
fn shown(client: ClientConfigBuilder, server: ServerConfigBuilder) -> Option<Vec<u8>> {
    let ends = connect(client, server.client_auth(ClientAuth::Request));
    ends.server.peer_certificates().map(|list| list[0].to_vec())
}

fn certificate(kind: Kind) -> Option<Vec<u8>> {
    Some(single::certificate(kind.client()).to_vec())
}

/// R-T12-8, R-HS-21: of several the first one whose key can sign as the server wants it.
#[test]
fn a_client_shows_the_first_certificate_that_the_server_can_do_with() {
    let wishes =
        [(Kind::P256, S::ECDSA_SHA256), (Kind::Rsa, S::RSA_PSS_RSAE_SHA256), (Kind::Ed25519, S::ED25519)];
    for (kind, scheme) in wishes {
        let world = World::tls12(kind);
        let identities = || wishes.map(|(kind, _)| single::identity(kind.client(), &world.provider));
        let server = world.server().signature_schemes(&[scheme]);
        assert_eq!(shown(client(&world, identities()), server), certificate(kind));
        assert_eq!(shown(client(&world, identities()), world.server()), certificate(Kind::P256));
    }
}

/// R-HS-21: before that, one that a CA has issued that the server names.
#[test]
fn a_client_shows_the_certificate_of_a_named_ca() {
    let world = World::tls12(Kind::P256);
    let stranger = || single::identity(include_bytes!("../../vectors/web/p256-client.pem"), &world.provider);
    let own = || single::identity(Kind::Rsa.client(), &world.provider);
    assert_eq!(shown(client(&world, [stranger(), own()]), world.server()), certificate(Kind::Rsa));
    assert_eq!(shown(client(&world, [own(), stranger()]), world.server()), certificate(Kind::Rsa));
}

/// TLCP's certificates with RSA keys, as single ones: the first is for signatures alone, the second for encryption alone.
fn of_one_use(world: &World, place: usize) -> Identity {
    let file = include_bytes!("../../vectors/rsa/client.pem");
    let certificate = CertificateDer::pem_slice_iter(file).nth(place).unwrap().unwrap();
    let keys = PrivatePkcs8KeyDer::pem_slice_iter(file).map(|key| key.unwrap());
    let mut identities = keys.filter_map(|key| {
        let key = world.provider.keys.rsa_private(&key.secret_pkcs8_der()[26..]).unwrap();
        Identity::single_with_key(&[certificate.as_ref()], Key::Here(key), &world.provider).ok()
    });
    identities.next().unwrap()
}

/// R-T12-9: a certificate that is for encryption alone is not shown.
#[test]
fn a_client_shows_no_certificate_that_may_not_sign() {
    let world = World::tls12(Kind::Rsa);
    let encrypts = of_one_use(&world, 1);
    assert!(!encrypts.allows(KeyUse::Sign));
    assert_eq!(shown(client(&world, [encrypts]), world.server()), None);
}

/// R-T12-9: whatever it would rather use, a server does with a certificate what that is for.
#[test]
fn a_server_uses_no_suite_that_its_certificate_is_not_for() {
    let world = World::tls12(Kind::Rsa);
    let [signs, encrypts] = ["ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"].map(crate::suite);
    for (place, suites, expected) in [(0, [encrypts, signs], signs), (1, [signs, encrypts], encrypts)] {
        let world = World { server: Arc::new(of_one_use(&world, place)), ..World::tls12(Kind::Rsa) };
        let anyone = Arc::new(tlcp::cert::dangerous::NoVerification);
        let client = client(&world, []).verifier(anyone).suites(&suites);
        let ends = connect(client, world.server().suites(&suites));
        assert_eq!(ends.client.cipher_suite(), Some(expected));
    }
}

/// R-T12-19: nor a certificate whose key signs by nothing that the client takes, if there is another.
#[test]
fn a_server_prefers_the_certificate_that_signs_as_the_client_takes_it() {
    let world = World::tls12(Kind::Rsa);
    let identity = || single::identity(Kind::Rsa.server(), &world.provider);
    let old = Arc::new(identity().signing_by(&[S::RSA_PKCS1_SHA512]));
    let server = || {
        let builder = ServerConfig::tls12_builder_with(world.provider, Arc::new(Counting::from(2)));
        builder.identity(old.clone()).identity(Arc::new(identity()))
    };
    for scheme in [S::RSA_PSS_RSAE_SHA256, S::RSA_PKCS1_SHA512] {
        let seen = Arc::new(Schemes::default());
        let client = client(&world, []).signature_schemes(&[scheme]).observer(seen.clone());
        connect(client, server());
        assert_eq!(*seen.0.lock().unwrap(), [scheme]);
    }
}

/// R-T12-1: where no certificate of its own can sign by a scheme that both sides take, the client is as good as without.
#[test]
fn a_client_that_cannot_sign_by_a_common_scheme_shows_nothing() {
    let world = World::tls12(Kind::P256);
    let own = || single::identity(Kind::Rsa.client(), &world.provider);
    let server = || world.server().signature_schemes(&[S::ECDSA_SHA256, S::RSA_PSS_RSAE_SHA256]);
    assert_eq!(shown(client(&world, [own()]), server()), certificate(Kind::Rsa));
    let other = client(&world, [own()]).signature_schemes(&[S::ECDSA_SHA256, S::RSA_PKCS1_SHA512]);
    assert_eq!(shown(other, server()), None);
    let other = client(&world, [own().signing_by(&[S::RSA_PKCS1_SHA512])]);
    assert_eq!(shown(other, server()), None);
}

/// Notes how handshakes are signed: the server, then the client.
#[derive(Default)]
struct Schemes(Mutex<Vec<S>>);

impl Observer for Schemes {
    fn observe(&self, _: ConnectionId, event: Event<'_>) {
        let Event::Handshake(_, message) = event else { return };
        let signed = match message.kind {
            H::SERVER_KEY_EXCHANGE => ServerKeyExchange::read_ephemeral(message.body, true).unwrap().signed,
            H::CERTIFICATE_VERIFY => CertificateVerify::read(message.body, true).unwrap(),
            _ => return,
        };
        self.0.lock().unwrap().extend(signed.scheme);
    }
}

/// R-T12-7, R-T12-8, R-T12-19: an identity's own list comes before the configuration's, and holds it to its schemes.
#[test]
fn an_identity_signs_by_its_own_schemes_in_its_own_order() {
    let world = World::tls12(Kind::Rsa);
    let own = [S::RSA_PKCS1_SHA512, S::RSA_PSS_RSAE_SHA384];
    let identity = single::identity(Kind::Rsa.server(), &world.provider).signing_by(&own);
    let world = World { server: Arc::new(identity), ..world };
    for (takes, signs) in [(&own[..], own[0]), (&[S::RSA_PSS_RSAE_SHA256, own[1]], own[1])] {
        let seen = Arc::new(Schemes::default());
        let identity = single::identity(Kind::P256.client(), &world.provider);
        let schemes = [&[S::ECDSA_SHA256], takes].concat();
        let client = client(&world, [identity]).signature_schemes(&schemes).observer(seen.clone());
        connect(client, world.server().client_auth(ClientAuth::Require));
        assert_eq!(*seen.0.lock().unwrap(), [signs, S::ECDSA_SHA256]);
    }
    let client = client(&world, []).signature_schemes(&[S::ECDSA_SHA256, S::RSA_PSS_RSAE_SHA256]);
    let configs = (Arc::new(client.build().unwrap()), Arc::new(world.server().build().unwrap()));
    assert!(Ends::new(&configs.0, &configs.1).run().is_err(), "it signs by no other");
}

/// R-T12-7, R-T12-8, R-T12-19: each side signs by what it prefers itself of what the other takes.
#[test]
fn each_side_signs_by_its_own_order_of_schemes() {
    let world = World::tls12(Kind::Rsa);
    let [one, other] = [S::RSA_PSS_RSAE_SHA384, S::RSA_PKCS1_SHA256];
    let seen = Arc::new(Schemes::default());
    let identity = single::identity(Kind::Rsa.client(), &world.provider);
    let client = client(&world, [identity]).signature_schemes(&[one, other]).observer(seen.clone());
    connect(client, world.server().signature_schemes(&[other, one]).client_auth(ClientAuth::Require));
    assert_eq!(*seen.0.lock().unwrap(), [other, one]);
}

/// R-T12-7: nor by one of its identity's own that its configuration has not.
#[test]
fn no_side_signs_by_a_scheme_that_its_configuration_lacks() {
    let world = World::tls12(Kind::Rsa);
    let [one, other] = [S::RSA_PSS_RSAE_SHA384, S::RSA_PKCS1_SHA256];
    let identity = || {
        let identity = single::identity(Kind::Rsa.client(), &world.provider);
        identity.signing_by(&[one, other])
    };
    for (ours, expected) in [(&[one, other][..], one), (&[other], other)] {
        let seen = Arc::new(Schemes::default());
        let client = client(&world, [identity()]).signature_schemes(ours).observer(seen.clone());
        let server = world.server().signature_schemes(&[other, one]);
        connect(client, server.client_auth(ClientAuth::Require));
        assert_eq!(seen.0.lock().unwrap().last(), Some(&expected));
    }
}

/// R-T12-8: schemes have two bytes each.
#[test]
fn a_request_with_half_a_scheme_is_malformed() {
    assert!(CertificateRequest::read(&[1, 64, 0, 2, 4, 3, 0, 0], true).is_ok());
    let error = CertificateRequest::read(&[1, 64, 0, 3, 4, 3, 8, 0, 0], true).unwrap_err();
    assert_eq!(error.field, "supported_signature_algorithms");
}

/// R-T12-8: a server asks for certificates of the kinds that sign by a scheme that it takes, and of the CAs that it names.
#[test]
fn a_server_asks_for_no_kind_of_certificate_whose_schemes_it_refuses() {
    use tlcp::wire::ClientCertificateType as T;
    let lab = &crate::TRANSPORT;
    for (schemes, types) in [
        (&[S::ECDSA_SHA256][..], &[T::ECDSA_SIGN][..]),
        (&[S::RSA_PKCS1_SHA256], &[T::RSA_SIGN]),
        (&[S::RSA_PKCS1_SHA256, S::ECDSA_SHA256], &[T::RSA_SIGN, T::ECDSA_SIGN]),
    ] {
        let server = lab.world.server().suites(&[lab.case.suite]).client_auth(ClientAuth::Request);
        let hello = Item::Message(crate::said(&lab.client, H::CLIENT_HELLO));
        let server = server.signature_schemes(schemes).authorities([&b"one"[..], b"two"]);
        let outcome = lab.to_server_of(server, &[hello]);
        let request = outcome.heard.iter().find_map(|heard| match heard {
            Heard::Message(m) if m[0] == H::CERTIFICATE_REQUEST.0 => Some(m.clone()),
            _ => None,
        });
        let request = CertificateRequest::read(&request.unwrap()[4..], true).unwrap();
        assert_eq!(request.types, types);
        assert!(request.authorities.iter().eq([&b"one"[..], b"two"]));
    }
}

/// R-T12-22: of two certificates with the same kind of key, the one whose chain is signed as the client takes it; the best
/// there is where none is.
#[test]
fn a_server_prefers_the_chain_that_the_client_can_verify() {
    let world = World::tls12(Kind::P256);
    let chains: [&[u8]; 2] =
        [include_bytes!("../../vectors/web/mixed.pem"), include_bytes!("../../vectors/web/p256.pem")];
    let leaf = |pem| single::certificate(pem).to_vec();
    let without = [S::ECDSA_SHA256, S::ECDSA_SHA384, S::ECDSA_SHA512, S::RSA_PKCS1_SHA256];
    let with = [&without[..], &[S::ED25519]].concat();
    for (schemes, expected) in
        [(&without[..], chains[1]), (&with, chains[0]), (&[S::ECDSA_SHA256], chains[0])]
    {
        let builder = ServerConfig::tls12_builder_with(world.provider, Arc::new(Counting::from(2)));
        let server = chains
            .iter()
            .fold(builder, |server, pem| server.identity(Arc::new(single::identity(pem, &world.provider))));
        let anyone = Arc::new(tlcp::cert::dangerous::NoVerification);
        let client = client(&world, []).verifier(anyone).signature_schemes(schemes);
        let ends = connect(client, server);
        assert_eq!(ends.client.peer_certificates().unwrap()[0].to_vec(), leaf(expected), "{schemes:?}");
    }
}
