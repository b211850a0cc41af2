//! Messages that are missing, repeated, swapped or out of place: at every point of every handshake.
use crate::outcome::Outcome;
use crate::script::{Item, Lab, message};
use crate::{before, labs, place};
use tlcp::error::{Error, PeerIncompatible};
use tlcp::wire::{AlertDescription as A, ContentType, HandshakeType as H};

/// The script of one side, and what comes of another one.
struct Side<'a> {
    lab: &'a Lab,
    is_client: bool,
}

impl Side<'_> {
    fn script(&self) -> &[Item] {
        if self.is_client { &self.lab.client } else { &self.lab.server }
    }

    fn play(&self, script: &[Item]) -> Outcome {
        if self.is_client { self.lab.to_server(script) } else { self.lab.to_client(script) }
    }
}

fn sides() -> Vec<Side<'static>> {
    let both = |lab| [true, false].map(|is_client| Side { lab, is_client });
    labs().into_iter().flat_map(both).collect()
}

/// A message that two neighbours of the table both take may be left out.
fn may_be_missing(side: &Side<'_>, item: &Item) -> bool {
    let is_request = matches!(item, Item::Message(m) if m[0] == H::CERTIFICATE_REQUEST.0);
    // In ECC suites a server need not ask; the client then says less than the script's server waits for.
    is_request && !side.lab.case.suite.key_exchange.is_mutual()
}

/// R-SM-1, R-HS-22, R-HS-29: each message is missed, whoever leaves it out.
#[test]
fn a_message_left_out_is_missed() {
    for side in sides() {
        let script = side.script();
        for at in 0..script.len() - 1 {
            if may_be_missing(&side, &script[at]) || script[at + 1] == Item::ChangeCipherSpec {
                continue;
            }
            let mut less = script.to_vec();
            let missing = less.remove(at);
            let outcome = side.play(&less);
            match outcome.error {
                // R-SM-2
                Some(Error::PeerIncompatible(PeerIncompatible::NoCertificateRequest)) => {
                    outcome.refused(A::HANDSHAKE_FAILURE, "R-SM-2");
                }
                // R-HS-30: Finished is not protected then, and has no place.
                _ if at == 0 && side.is_client => assert!(outcome.error.is_some()),
                _ => outcome.refused(A::UNEXPECTED_MESSAGE, "no place"),
            }
            assert!(!outcome.connected, "without {missing:?}");
        }
    }
}

/// R-SM-3: what is left out directly before ChangeCipherSpec makes that come too early.
#[test]
fn change_cipher_spec_before_the_last_message_is_unexpected() {
    for side in sides() {
        let script = side.script();
        let ccs = script.iter().position(|item| *item == Item::ChangeCipherSpec).unwrap();
        if side.is_client && ccs == 1 {
            continue; // resumed: nothing but the hello comes before
        }
        let mut less = script.to_vec();
        less.remove(ccs - 1);
        let outcome = side.play(&less);
        outcome.refused(A::UNEXPECTED_MESSAGE, "no place");
        let mut swapped = script.to_vec();
        swapped.swap(ccs - 1, ccs);
        side.play(&swapped).refused(A::UNEXPECTED_MESSAGE, "ChangeCipherSpec has no place");
    }
}

/// R-SM-1, R-HS-22: no message twice.
#[test]
fn a_message_said_twice_is_unexpected() {
    for side in sides() {
        let script = side.script();
        let spoken = |item: &Item| matches!(item, Item::Message(_) | Item::CertificateVerify);
        for at in (0..script.len()).filter(|at| spoken(&script[*at])) {
            let outcome = side.play(&before(script, at, &[script[at].clone()]));
            outcome.refused(A::UNEXPECTED_MESSAGE, "no place");
        }
    }
}

/// R-SM-1: neighbours in the wrong order.
#[test]
fn messages_in_the_wrong_order_are_unexpected() {
    for side in sides() {
        let script = side.script();
        for at in 0..script.len() - 1 {
            let mut swapped = script.to_vec();
            swapped.swap(at, at + 1);
            if swapped[at] == Item::ChangeCipherSpec && at == 0 && side.is_client {
                continue; // not TLCP at all: see the records
            }
            let outcome = side.play(&swapped);
            if matches!(outcome.error, Some(Error::PeerIncompatible(_))) {
                // ServerHelloDone came where CertificateRequest had to.
                outcome.refused(A::HANDSHAKE_FAILURE, "R-SM-2");
            } else {
                outcome.refused(A::UNEXPECTED_MESSAGE, "no place");
            }
        }
    }
}

/// R-SM-1, R-SM-7: every type of message before every message, as an empty and as a long one; what has a place there
/// is another test's.
#[test]
fn a_message_of_any_type_out_of_place_is_unexpected() {
    let types = (0..=255).map(H).filter(|k| k.name().is_some()).chain([H(3), H(21), H(67), H(254)]);
    let types: Vec<H> = types.collect();
    for side in sides() {
        let script = side.script();
        for at in 0..=script.len() {
            for kind in types.iter().filter(|kind| !has_place(&side, at, **kind)) {
                let stray = Item::Record(ContentType::HANDSHAKE, message(*kind, &[]));
                let outcome = side.play(&before(script, at, &[stray])[..=at]);
                outcome.refused(A::UNEXPECTED_MESSAGE, "has no place in the state");
            }
        }
    }
}

/// Whether the table takes this type before item `at`.
fn has_place(side: &Side<'_>, at: usize, kind: H) -> bool {
    let script = side.script();
    let is_next = match script.get(at) {
        Some(Item::Message(m)) => m[0] == kind.0,
        Some(Item::Finished) => kind == H::FINISHED,
        Some(Item::CertificateVerify) => kind == H::CERTIFICATE_VERIFY,
        _ => false,
    };
    let is_open = at == script.len();
    let renegotiates = is_open && kind == if side.is_client { H::CLIENT_HELLO } else { H::HELLO_REQUEST };
    // After ServerKeyExchange both of these may come.
    let one_of_two = [H::CERTIFICATE_REQUEST, H::SERVER_HELLO_DONE].contains(&kind)
        && !side.is_client
        && at > 0
        && matches!(&script[at - 1], Item::Message(m) if m[0] == H::SERVER_KEY_EXCHANGE.0);
    is_next || renegotiates || one_of_two
}

/// R-HS-38: not even HelloRequest, which a client must take once it is open.
#[test]
fn hello_request_during_a_handshake_is_unexpected() {
    for lab in labs() {
        for at in 0..lab.server.len() {
            let stray = Item::Record(ContentType::HANDSHAKE, message(H::HELLO_REQUEST, &[]));
            let outcome = lab.to_client(&before(&lab.server, at, &[stray])[..=at]);
            outcome.refused(A::UNEXPECTED_MESSAGE, "HelloRequest has no place");
        }
    }
}

/// R-SM-7: CertificateVerify from a client that showed nothing, and none from one that showed something.
#[test]
fn certificate_verify_comes_if_and_only_if_a_certificate_came() {
    let ecc = &crate::ECC;
    let ccs = place(&ecc.client, H::CLIENT_KEY_EXCHANGE) + 1;
    let extra = before(&ecc.client, ccs, &[Item::CertificateVerify]);
    ecc.to_server(&extra).refused(A::UNEXPECTED_MESSAGE, "CertificateVerify has no place");
    let mutual = &crate::MUTUAL;
    let mut less = mutual.client.clone();
    less.remove(place(&less, H::CERTIFICATE_VERIFY));
    mutual.to_server(&less).refused(A::UNEXPECTED_MESSAGE, "ChangeCipherSpec has no place");
}

/// R-SES-12: a server forgets no session for a client that has proved nothing; a client forgets on every fatal alert.
#[test]
fn failures_of_a_resumption_drop_the_session_of_the_client_alone() {
    let lab = &crate::RESUMED;
    for at in 1..lab.client.len() {
        let stray = Item::Record(ContentType::HANDSHAKE, message(H(99), &[]));
        let outcome = lab.to_server(&before(&lab.client, at, &[stray])[..=at]);
        assert!(outcome.error.is_some());
        assert_eq!((outcome.removed, outcome.stored), (0, 1), "server, at {at}");
    }
    for at in 0..lab.server.len() {
        let stray = Item::Record(ContentType::HANDSHAKE, message(H(99), &[]));
        let outcome = lab.to_client(&before(&lab.server, at, &[stray])[..=at]);
        assert!(outcome.error.is_some());
        assert_eq!((outcome.removed, outcome.stored), (1, 0), "client, at {at}");
    }
}

/// R-SES-12, R-AL-1: once the handshake is complete, both ends forget the session after a fatal alert.
#[test]
fn failures_of_an_open_connection_drop_the_session_of_both_ends() {
    for lab in labs() {
        let stray = Item::Record(ContentType::HANDSHAKE, message(H(99), &[]));
        let honest = [lab.to_server(&lab.client), lab.to_client(&lab.server)];
        let outcomes = [
            lab.to_server(&before(&lab.client, lab.client.len(), std::slice::from_ref(&stray))),
            lab.to_client(&before(&lab.server, lab.server.len(), std::slice::from_ref(&stray))),
        ];
        assert_eq!(honest[1].stored, 1);
        for (outcome, honest) in outcomes.into_iter().zip(honest) {
            outcome.refused(A::UNEXPECTED_MESSAGE, "Connected");
            // A server keeps nothing of a session that its client has a ticket for.
            assert_eq!((outcome.removed, outcome.stored), (honest.stored, 0));
        }
    }
}
