//! Which of several identities is shown around the time of a renewal (R-HS-37).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use pair::{Counting, Ends, NOW, World};
use std::sync::Arc;
use tlcp::cert::{Identity, KeyUse};
use tlcp::config::ServerConfig;
use tlcp::pki::{DAY, Pair, Template};

/// An identity of the world's CA for `localhost`.
fn identity(w: &World, (from, to): (u64, u64)) -> Arc<Identity> {
    let hosts = [String::from("localhost")];
    let template = Template::new(from, to).common_name("localhost").names(&hosts);
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
