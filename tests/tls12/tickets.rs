//! Session tickets that are forged, damaged, old or out of place.
use crate::client_hello::{self, answer};
use crate::pair::single::Kind;
use crate::pair::{Counting, Ends, World, at, name, store};
use crate::script::{Case, Item, Lab, message};
use crate::{
    BY_TICKET, ECC, RESUMED, TICKET, TICKETS, before, kinds, place, said, server_hello, ticketer, with,
};
use std::sync::Arc;
use tlcp::conn::{ClientConnection, ServerConnection};
use tlcp::crypto::Random;
use tlcp::handshake::{IdentityQuery, Request};
use tlcp::message::Credential;
use tlcp::session::{Peer, RotatingTicketer, Session, Ticket, Ticketer};
use tlcp::suite::AeadAlgorithm;
use tlcp::wire::{AlertDescription as A, ExtensionType as X, HandshakeType as H};

fn ticket_of(lab: &Lab) -> Vec<u8> {
    let extensions = client_hello::hello(lab).extensions.unwrap();
    extensions.into_iter().find(|(kind, _)| *kind == 35).unwrap().1
}

/// What becomes of a hello with this ticket: whether it was resumed; never an alert.
fn is_resumed(lab: &Lab, ticket: &[u8]) -> bool {
    let hello = client_hello::hello(lab).with(X::SESSION_TICKET, ticket);
    let outcome = lab.to_server(&[Item::Message(hello.to_message())]);
    assert_eq!(outcome.error, None, "R-TKT-4: silent");
    let resumed = !kinds(&outcome.heard).contains(&H::CERTIFICATE);
    // R-TKT-2: the id comes back if and only if the ticket was taken.
    assert_eq!(answer(&outcome).session_id == hello.session_id, resumed);
    resumed
}

/// R-TKT-3, R-TKT-4: every bit of a ticket is authenticated; whatever is none begins a full handshake.
#[test]
fn a_ticket_that_is_forged_or_truncated_is_a_silent_full_handshake() {
    let lab = &BY_TICKET;
    let good = ticket_of(lab);
    assert!(is_resumed(lab, &good));
    for at in 0..good.len() {
        let mut forged = good.clone();
        forged[at] ^= 1 << (at % 8);
        assert!(!is_resumed(lab, &forged), "byte {at}");
    }
    for length in (1..good.len()).step_by(7).chain([good.len() - 1]) {
        assert!(!is_resumed(lab, &good[..length]), "{length} bytes");
    }
    assert!(!is_resumed(lab, &[&good[..], &[0]].concat()));
    assert!(!is_resumed(lab, &[0xff; 20_000]));
}

/// R-TKT-2: a client with a ticket is not looked up by an id.
#[test]
fn a_ticket_displaces_the_id() {
    let both = Lab::new(Case { server: |s| s.tickets(TICKETS.clone()), ..RESUMED.case });
    let hello = client_hello::hello(&both);
    let id_alone = both.to_server(&[Item::Message(hello.clone().with(X::SESSION_TICKET, &[]).to_message())]);
    assert!(!kinds(&id_alone.heard).is_empty());
    let outcome = both.to_server(&[Item::Message(hello.with(X::SESSION_TICKET, &[7; 200]).to_message())]);
    assert_eq!(outcome.error, None);
    assert!(kinds(&outcome.heard).contains(&H::CERTIFICATE), "the id is known, but not asked for");
    // Who issues no tickets looks into none.
    let hello = client_hello::hello(&RESUMED).with(X::SESSION_TICKET, &[7; 200]);
    let outcome = RESUMED.to_server(&[Item::Message(hello.to_message())]);
    assert!(!kinds(&outcome.heard).contains(&H::CERTIFICATE));
}

/// R-HS-49: who issues no tickets keeps none of a client's while others are asked about it.
#[test]
fn a_ticket_is_kept_only_by_a_server_that_issues_some() {
    let hello = client_hello::hello(&ECC).with(X::SESSION_TICKET, &[7; 16_000]).to_message();
    let [high, low] = (hello.len() as u16).to_be_bytes();
    let record = [&[22, 3, 1, high, low][..], &hello].concat();
    let server = || ECC.world.server().suites(&[ECC.case.suite]).select_later(Some(b"here"));
    for (server, kept) in [(server(), None), (server().tickets(TICKETS.clone()), Some(16_000))] {
        let mut server = ServerConnection::new(Arc::new(server.build().unwrap()), at(1));
        server.receive(&record, at(1)).unwrap();
        let request = *server.request().unwrap();
        let Request::SelectIdentity(IdentityQuery::ForClient(offer)) = request else {
            panic!("another request")
        };
        assert_eq!(offer.hello.extensions.session_ticket.as_ref().map(|ticket| ticket.len()), kept);
    }
}

/// R-SES-14, R-TKT-1: there is no ticket for a session that would not be resumed: no suite of TLS binds both parties' keys.
#[test]
fn no_ticket_is_issued_where_only_other_suites_are_resumed() {
    for (only_ecdhe, issued) in [(false, true), (true, false)] {
        let server = ECC.world.server().suites(&[ECC.case.suite]).tickets(TICKETS.clone());
        let server = server.resume_only_ecdhe(only_ecdhe);
        let hello = client_hello::hello(&ECC).with(X::SESSION_TICKET, &[]);
        let outcome = ECC.to_server_of(server, &[Item::Message(hello.to_message())]);
        let extensions = answer(&outcome).extensions.unwrap_or_default();
        assert_eq!(extensions.iter().any(|(kind, _)| *kind == X::SESSION_TICKET.0), issued);
    }
}

/// R-TKT-4: the ticket of another server, of the same server under another context, and of nobody.
#[test]
fn a_foreign_ticket_is_a_silent_full_handshake() {
    let lab = &BY_TICKET;
    let hello = Item::Message(client_hello::hello(lab).to_message());
    let server = || lab.world.server().suites(&[lab.case.suite]);
    let others = [
        server().tickets(ticketer(&lab.world)),
        server().tickets(TICKETS.clone()).session_tag(b"another"),
        server(),
    ];
    for other in others {
        let outcome = lab.to_server_of(other, std::slice::from_ref(&hello));
        assert_eq!(outcome.error, None);
        assert!(kinds(&outcome.heard).contains(&H::CERTIFICATE));
    }
    let outcome = lab.to_server_of(server().tickets(TICKETS.clone()), &[hello]);
    assert!(!kinds(&outcome.heard).contains(&H::CERTIFICATE), "it is the others that differ");
}

/// R-TKT-3: a session in clear under the name of a known key is nobody's ticket: what does not open is left as it came.
#[test]
fn a_session_that_nobody_sealed_is_not_opened() {
    let (_, session) = BY_TICKET.store(false).sessions().remove(0);
    for algorithm in [AeadAlgorithm::Sm4Gcm, AeadAlgorithm::Aes256Gcm] {
        let tickets = RotatingTicketer::new(BY_TICKET.world.provider, algorithm, 3600).unwrap();
        let sealed = tickets.seal(&session, 1000, &Counting::from(97)).unwrap().bytes;
        assert!(tickets.open(&sealed, 1000).is_some());
        let (head, tag) = (&sealed[..16 + 12], &sealed[sealed.len() - 16..]);
        let forged = [head, &session.to_bytes().unwrap(), tag].concat();
        assert_eq!(forged.len(), sealed.len());
        assert!(tickets.open(&forged, 1000).is_none(), "{algorithm:?}");
    }
}

/// R-TKT-3: keys are replaced; the last one still opens what it sealed, the one before it nothing.
#[test]
fn tickets_of_a_rotated_key_are_taken_for_one_more_period() {
    let world = World::tls12(Kind::P256);
    for (wait, resumed) in [(3599, true), (3601, true), (7000, true), (7300, false)] {
        let tickets =
            Arc::new(RotatingTicketer::new(world.provider, AeadAlgorithm::Aes256Gcm, 3600).unwrap());
        let server =
            Arc::new(world.server().tickets(tickets.clone()).session_lifetime(86_400).build().unwrap());
        let client = Arc::new(world.client().session_lifetime(86_400).build().unwrap());
        let first = Ends::at(&client, &server, 1).connected_at(1);
        drop(first);
        // Another client makes the server draw its next key.
        let other = Arc::new(world.client().build().unwrap());
        drop(Ends::at(&other, &server, 1 + wait).connected_at(1 + wait));
        // Our own client would not show a ticket that is older than its hint: it is shown by hand.
        let hello = {
            let client = ClientConnection::new(client.clone(), name(), at(2)).unwrap();
            client.pending_output().to_vec()
        };
        let mut victim = ServerConnection::new(server.clone(), at(1 + wait));
        victim.receive(&hello, at(1 + wait)).unwrap();
        let flight = victim.pending_output();
        let second = 5 + usize::from(u16::from_be_bytes([flight[3], flight[4]]));
        // After ServerHello comes ChangeCipherSpec, or Certificate.
        assert_eq!(flight[second] == 20, resumed, "after {wait} seconds");
    }
}

/// R-TKT-3: a key lives for its period and not a second longer: what is sealed then has another key's name in front.
#[test]
fn a_ticket_key_is_replaced_as_its_period_ends() {
    let world = World::tls12(Kind::P256);
    let tickets = RotatingTicketer::new(world.provider, AeadAlgorithm::Aes256Gcm, 3600).unwrap();
    let (_, session) = BY_TICKET.store(false).sessions().remove(0);
    let name = |now| tickets.seal(&session, now, &Counting::from(now)).unwrap().bytes[..16].to_vec();
    let first = name(1000);
    assert_eq!((name(1000), name(4599)), (first.clone(), first.clone()));
    let second = name(4600);
    assert_ne!(second, first);
    assert_eq!(tickets.seal(&session, 4600, &Counting::from(1)).unwrap().lifetime, 3600);
    // What no ClientHello of ours would show is not sealed.
    let sealed = |certificate: usize| {
        let mut long = (*session).clone();
        let credential = Arc::new(Credential::Certificates(vec![vec![0x30; certificate].into()]));
        long.peer = Peer::Authenticated { credential, not_after: u64::MAX };
        tickets.seal(&long, 4600, &Counting::from(2)).map(|ticket| ticket.bytes.len())
    };
    let fixed = sealed(1).unwrap() - 1;
    assert_eq!(sealed(Ticket::MAX - fixed), Some(16_384));
    assert_eq!([Ticket::MAX - fixed + 1, 40_000, 130_000].map(sealed), [None; 3]);
    // A clock that went back makes no key younger.
    assert_ne!(name(4599), second);
}

/// R-TKT-1, R-TKT-4: a client takes the ticket behind its own Finished, in a full handshake; a lifetime of 0 says nothing; a
/// ticket that is empty, or too long to be shown, is no session at all.
#[test]
fn what_a_client_makes_of_a_new_session_ticket() {
    let lab = &TICKET;
    let ticket = |lifetime: u32, ticket: &[u8]| {
        let body = [&lifetime.to_be_bytes()[..], &crate::hello::vector(2, ticket)].concat();
        with(&lab.server, message(H::NEW_SESSION_TICKET, &body))
    };
    static LONGEST: [u8; 65_535] = [7; 65_535];
    let lengths = [(100, 1), (1, 1), (0, 0), (16_384, 1), (16_385, 0), (65_450, 0), (65_535, 0)];
    for (length, stored, lifetime) in lengths.iter().flat_map(|(n, s)| [(*n, *s, 0), (*n, *s, 300)]) {
        let bytes = &LONGEST[..length];
        let outcome = lab.to_client(&ticket(lifetime, bytes));
        outcome.went_well();
        assert_eq!(outcome.stored, stored, "{} bytes", bytes.len());
    }
    for body in [&[][..], &[0; 4], &[0, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 1], &[0, 0, 0, 0, 0, 0, 0]] {
        let outcome = lab.to_client(&with(&lab.server, message(H::NEW_SESSION_TICKET, body)));
        outcome.refused(A::DECODE_ERROR, "NewSessionTicket");
    }
}

/// R-TKT-4: the longest ticket is shown, and a longer one that a store has from elsewhere spoils no later connection.
#[test]
fn a_client_connects_whatever_the_length_of_a_ticket_in_its_store() {
    let long = |length: usize| {
        let lab = Lab::new(BY_TICKET.case)
            .with_sessions(|session| session.ticket = Some(Ticket::new(vec![7; length].into(), 300)));
        let sessions = Arc::new(lab.store(false));
        let client = lab.world.client().suites(&[lab.case.suite]).sessions(Some(sessions));
        let client = ClientConnection::new(Arc::new(client.build().unwrap()), name(), at(1)).unwrap();
        client.pending_output().len()
    };
    let without = long(0);
    assert!(long(16_384) > without + 16_384);
    assert_eq!([16_385, 65_450, 65_535, 65_536].map(long), [without - 32; 4], "neither ticket nor id");
}

/// R-TKT-1, R-SM-7: announced, it must come; not announced, it must not.
#[test]
fn a_new_session_ticket_comes_if_and_only_if_it_was_announced() {
    let announced = with(&ECC.server, server_hello::hello(&ECC).and(35, &[]).to_message());
    ECC.to_client(&announced)
        .refused(A::UNEXPECTED_MESSAGE, "ChangeCipherSpec has no place in the state AwaitTicket");
    let ticket = Item::Message(said(&TICKET.server, H::NEW_SESSION_TICKET));
    let ccs = ECC.server.iter().position(|item| *item == Item::ChangeCipherSpec).unwrap();
    let outcome = ECC.to_client(&before(&ECC.server, ccs, std::slice::from_ref(&ticket)));
    outcome.refused(A::UNEXPECTED_MESSAGE, "NewSessionTicket has no place");
    ECC.to_client(&before(&announced, ccs, std::slice::from_ref(&ticket))).went_well();
    let odd = with(&ECC.server, server_hello::hello(&ECC).and(35, &[0]).to_message());
    ECC.to_client(&odd).refused(A::DECODE_ERROR, "ServerHello: session_ticket");
    // Before the client's own Finished it is out of place in any case.
    for at in 1..=place(&announced, H::SERVER_HELLO_DONE) {
        let outcome = ECC.to_client(&before(&announced, at, std::slice::from_ref(&ticket)));
        outcome.refused(A::UNEXPECTED_MESSAGE, "NewSessionTicket has no place");
    }
}

/// The ticket of the session that a client keeps after this script, which then has no id.
fn renewed(lab: &Lab, script: &[Item]) -> Option<Ticket> {
    let store = Arc::new(lab.store(false));
    let mut player = lab.client_player(&store);
    player.play(script);
    player.outcome(&store).went_well();
    let (_, session) = store.sessions().pop()?;
    assert!(session.id.is_empty());
    session.ticket.clone()
}

/// R-TKT-4: a server may renew a ticket in an abbreviated handshake, before its ChangeCipherSpec.
#[test]
fn a_ticket_is_renewed_in_a_resumed_handshake() {
    for lab in [&*BY_TICKET, &RESUMED] {
        let announced = with(&lab.server, server_hello::hello(lab).and(35, &[]).to_message());
        let ticket = Item::Message(said(&TICKET.server, H::NEW_SESSION_TICKET));
        let outcome = lab.to_client(&before(&announced, 1, std::slice::from_ref(&ticket)));
        outcome.went_well();
        assert_eq!((outcome.stored, outcome.removed), (1, 0));
        let sent = said(&TICKET.server, H::NEW_SESSION_TICKET);
        let kept = renewed(lab, &before(&announced, 1, std::slice::from_ref(&ticket)));
        assert_eq!(kept.map(|ticket| ticket.bytes.to_vec()), Some(sent[10..].to_vec()), "what is shown next");
        lab.to_client(&announced).refused(A::UNEXPECTED_MESSAGE, "ChangeCipherSpec has no place");
    }
}

/// R-T12-14: a ticket cannot be taken back, but the client forgets it after a fatal alert.
#[test]
fn a_fatal_alert_makes_the_client_forget_its_ticket() {
    let alert = Item::Record(tlcp::wire::ContentType::ALERT, vec![2, 40]);
    let outcome = BY_TICKET.to_client(std::slice::from_ref(&alert));
    assert_eq!((outcome.removed, outcome.stored), (1, 0));
    let announced = with(&BY_TICKET.server, server_hello::hello(&BY_TICKET).and(35, &[]).to_message());
    for hello in [&BY_TICKET.server[0], &announced[0]] {
        let outcome = BY_TICKET.to_client(&[hello.clone(), alert.clone()]);
        assert_eq!((outcome.removed, outcome.stored), (1, 0), "in the middle of resuming");
    }
    let outcome = TICKET.to_client(&[&TICKET.server[..], &[alert]].concat());
    assert_eq!((outcome.removed, outcome.stored), (1, 0));
}

/// Nothing can be sealed, or what comes of it is as long as this.
struct Broken(Option<usize>);

impl Ticketer for Broken {
    fn seal(&self, _: &Session, _: u64, _: &dyn Random) -> Option<Ticket> {
        self.0.map(|length| Ticket::new(vec![7; length].into(), 300))
    }

    fn open(&self, _: &[u8], _: u64) -> Option<Session> {
        None
    }
}

/// R-TKT-4: a server that announced a ticket and cannot make one that can be shown sends an empty one, and all goes on.
#[test]
fn a_server_that_cannot_seal_sends_an_empty_ticket() {
    let world = World::tls12(Kind::Rsa);
    for length in [None, Some(16_385), Some(65_536)] {
        let server = Arc::new(world.server().tickets(Arc::new(Broken(length))).build().unwrap());
        let client = Arc::new(world.client().build().unwrap());
        for _ in 0..2 {
            let ends = Ends::new(&client, &server).connected();
            assert!(!ends.client.is_resumed());
        }
    }
}

/// R-TKT-1, R-SES-9: a client that asks for no tickets does not come with one that it got before, nor with the id that
/// would stand for it.
#[test]
fn a_session_with_a_ticket_is_not_offered_without_tickets() {
    let world = World::tls12(Kind::P256);
    let sessions = store();
    let client = |tickets| {
        let client = world.client().sessions(Some(sessions.clone())).tickets(tickets);
        Arc::new(client.build().unwrap())
    };
    let server = Arc::new(world.server().tickets(ticketer(&world)).build().unwrap());
    for (tickets, resumed) in [(true, false), (true, true), (false, false)] {
        let ends = Ends::new(&client(tickets), &server);
        let offers = ends.client.pending_output()[43] != 0;
        assert_eq!((offers, ends.connected().client.is_resumed()), (resumed, resumed), "tickets {tickets}");
    }
}
