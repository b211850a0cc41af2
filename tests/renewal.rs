//! Which of several identities is shown: by the name that is asked for, and around the time of a renewal (R-HS-37).
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::{Counting, Ends, NOW, World, at};
use std::sync::Arc;
use tlcp::cert::dangerous::NoVerification;
use tlcp::cert::{Identity, KeyUse, ServerName};
use tlcp::config::{ServerConfig, ServerConfigBuilder};
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::pki::{DAY, Pair, Template};

/// An identity of the world's CA for `localhost`.
fn identity(w: &World, validity: (u64, u64)) -> Arc<Identity> {
    identity_of(w, "localhost", validity)
}

/// An identity of the world's CA for `host`.
fn identity_of(w: &World, host: &str, (from, to): (u64, u64)) -> Arc<Identity> {
    let hosts = [String::from(host)];
    let template = Template::new(from, to).common_name(host).names(&hosts);
    let pair = Pair::issue(&w.pki.intermediate, &template, &w.provider, &Counting::from(from)).unwrap();
    let mut files =
        [&pair.sign, &pair.encrypt].map(|c| format!("{}{}", c.certificate_pem(), *c.key_pem())).concat();
    files.push_str(&w.pki.intermediate.certificate_pem());
    Arc::new(Identity::from_pile(&[files.as_bytes()], None, &w.provider).unwrap())
}

/// An old and a new one, given in either order, by their own names or by none: the one that is valid is shown; if none
/// is, the first, and the peer says so.
#[test]
fn a_valid_identity_is_preferred_wherever_it_stands() {
    let w = World::new();
    let old = identity(&w, (NOW - 9 * DAY, NOW - DAY));
    let new = identity(&w, (NOW - 2 * DAY, NOW + 9 * DAY));
    let next = identity(&w, (NOW + 5 * DAY, NOW + 19 * DAY));
    let client = Arc::new(w.client().build().unwrap());
    for order in [[&old, &new, &next], [&next, &old, &new], [&new, &next, &old]] {
        for named in [true, false] {
            let mut server = ServerConfig::builder_with(w.provider, Arc::new(Counting::from(2)));
            for identity in order {
                server = match named {
                    true => server.identity_for(["localhost"], identity.clone()),
                    false => server.identity(identity.clone()),
                };
            }
            let ends = Ends::new(&client, &Arc::new(server.build().unwrap())).connected();
            assert_eq!(*ends.client.peer_certificates().unwrap()[0], **new.certificate(KeyUse::Sign));
        }
    }
    let server = ServerConfig::builder_with(w.provider, Arc::new(Counting::from(2))).identity(old);
    assert!(Ends::new(&client, &Arc::new(server.build().unwrap())).run().is_err());
}

/// Which of `identities` a server shows to a client that asks for `host`, and whether it says that the name decided it.
fn shown(w: &World, server: ServerConfigBuilder, host: &str, identities: &[&Arc<Identity>]) -> (usize, bool) {
    let client = w.client().verifier(Arc::new(NoVerification)).build().unwrap();
    let name = ServerName::try_from(host).unwrap().to_owned();
    let mut client = ClientConnection::new(Arc::new(client), name, at(1)).unwrap();
    let mut server = ServerConnection::new(Arc::new(server.build().unwrap()), at(1));
    pair::carry(&mut client, &mut server).unwrap();
    // ServerHello ends in its extensions: an empty server_name is all that could be there.
    let flight = server.pending_output();
    let hello = usize::from(u16::from_be_bytes([flight[3], flight[4]])) + 5;
    let acknowledged = flight[..hello].ends_with(&[0, 4, 0, 0, 0, 0]);
    let ends = Ends { client, server }.connected();
    let certificate = &ends.client.peer_certificates().unwrap()[0];
    let at = identities.iter().position(|i| **certificate == **i.certificate(KeyUse::Sign));
    (at.unwrap(), acknowledged)
}

/// R-HS-37: the identity that was given for a name is shown to who asks for it; else one without a name of its own whose
/// certificate has it; else the first of those without, wherever it stands; and if all have names, the first.
#[test]
fn the_name_that_is_asked_for_decides_who_is_shown() {
    let w = World::new();
    let identities = [("a.example", 9), ("b.example", 8), ("c.example", 7)]
        .map(|(host, days)| identity_of(&w, host, (NOW - days * DAY, NOW + days * DAY)));
    let [a, b, c] = &identities;
    let all = [a, b, c];
    let server = || ServerConfig::builder_with(w.provider, Arc::new(Counting::from(2)));
    let some_named =
        || server().identity_for(["Named.EXAMPLE"], c.clone()).identity(a.clone()).identity(b.clone());
    for (host, expected) in [
        ("named.example", (2, true)),
        ("NAMED.example", (2, true)),
        ("named.example.", (2, true)),
        ("a.example", (0, true)),
        ("b.example", (1, true)),
        ("c.example", (0, false)),
        ("other.example", (0, false)),
        ("127.0.0.1", (0, false)),
    ] {
        assert_eq!(shown(&w, some_named(), host, &all), expected, "{host}");
    }
    let all_named = || {
        server().identity_for(["x.example", "y.example"], b.clone()).identity_for(["z.example"], a.clone())
    };
    for (host, expected) in [
        ("x.example", (1, true)),
        ("y.example", (1, true)),
        ("z.example", (0, true)),
        ("a.example", (1, false)),
        ("127.0.0.1", (1, false)),
    ] {
        assert_eq!(shown(&w, all_named(), host, &all), expected, "{host}");
    }
}
