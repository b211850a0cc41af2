//! What a connection costs in heap, counted by the allocator: nothing per record, little while it idles, little while it
//! is half open. The figures are printed: `cargo test --all-features --test memory -- --nocapture`.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/hostile_hello.rs"]
mod hostile_hello;
#[path = "support/pair.rs"]
mod pair;

use allocation_counter::measure;
use hostile_hello::hostile_hellos;
use pair::{Ends, World, at, read_all};
use std::sync::Arc;
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig, ServerConfigBuilder};
use tlcp::conn::{Connection, Endpoint, ReadProgress, ServerConnection};
use tlcp::crypto::MasterSecret;
use tlcp::message::{Credential, SessionId};
use tlcp::session::{Found, MemoryStore, Peer, Session, SessionKey, SessionStore};
use tlcp::suite::{SUITES, Suite, TLCP};

const KIB: i64 = 1024;

fn configs(world: &World, suite: &'static Suite, auth: ClientAuth) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let client = world.client().suites(&[suite]).build().unwrap();
    let server = world.server().suites(&[suite]).client_auth(auth).build().unwrap();
    (Arc::new(client), Arc::new(server))
}

/// Moves everything one way, without a buffer in between.
fn carry<A: Endpoint, B: Endpoint>(
    from: &mut Connection<A>,
    to: &mut Connection<B>,
    out: &mut [u8],
) -> usize {
    let mut total = 0;
    while from.wants_write() {
        let n = to.receive(from.pending_output(), at(1)).unwrap();
        from.sent(n);
        while let Ok(ReadProgress::Plaintext(n)) = to.read(out) {
            total += n;
        }
    }
    total
}

/// R-REC-33 and the promise of the record layer: a warm connection allocates for no record.
#[test]
fn a_warm_connection_allocates_nothing_for_any_record() {
    let data = vec![7; 70_000];
    let mut out = vec![0; 20_000];
    for suite in TLCP.suites() {
        let world = World::of(suite);
        let (client, server) = configs(&world, suite, ClientAuth::None);
        let Ends { mut client, mut server } = Ends::new(&client, &server).connected();
        let mut both_ways = |length: usize| {
            assert_eq!(client.write(&data[..length]).unwrap(), length);
            assert_eq!(carry(&mut client, &mut server, &mut out), length);
            assert_eq!(server.write(&data[..length]).unwrap(), length);
            assert_eq!(carry(&mut server, &mut client, &mut out), length);
        };
        both_ways(data.len());
        for length in [1, 64, 1350, 16_384, 16_385, 70_000] {
            let counted = measure(|| both_ways(length));
            assert_eq!(counted.count_total, 0, "{} bytes of {}", length, suite.id);
        }
    }
}

/// A handshake from the first byte to the last, without a buffer in between; how many allocations it made on both ends.
fn allocations(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> u64 {
    let counted = measure(|| {
        let Ends { mut client, mut server } = Ends::new(client, server);
        let mut nothing = [0; 1];
        while client.wants_write() || server.wants_write() {
            assert_eq!(carry(&mut client, &mut server, &mut nothing), 0);
            assert_eq!(carry(&mut server, &mut client, &mut nothing), 0);
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
    });
    counted.count_total
}

/// What is counted here is what was reached, the peer having been seen before and SM2 without IFMA, which takes some less: a
/// change that makes it more does so knowingly.
#[test]
fn a_handshake_costs_no_more_allocations_than_were_counted() {
    for (suite, auth, most) in
        [(&SUITES[1], ClientAuth::None, [51, 23]), (&SUITES[0], ClientAuth::Require, [88, 26])]
    {
        let world = World::of(suite);
        let (client, server) = configs(&world, suite, auth);
        let fresh = Arc::new(world.client().suites(&[suite]).sessions(None).build().unwrap());
        let counted = [&fresh, &client].map(|client| {
            // Twice before: then the peer has been seen, and the session is there.
            let [_, _, counted] = [(); 3].map(|()| allocations(client, &server));
            counted
        });
        println!("{}, {auth:?}: {} allocations, {} if resumed", suite.id, counted[0], counted[1]);
        assert!(counted[0] <= most[0] && counted[1] <= most[1], "{counted:?}");
    }
}

/// The heap that `make` leaves behind, and what it made.
fn left<T>(make: impl FnOnce() -> T) -> (i64, T) {
    let mut made = None;
    let counted = measure(|| made = Some(make()));
    (counted.bytes_current, made.unwrap())
}

/// The heap of one end alone: what goes when it goes.
fn held<T>(end: T) -> i64 {
    -measure(|| drop(end)).bytes_current
}

#[test]
fn an_idle_connection_holds_at_most_3_kib_once_trimmed() {
    for suite in TLCP.suites() {
        let world = World::of(suite);
        for auth in [ClientAuth::None, ClientAuth::Require] {
            let (client_config, server_config) = configs(&world, suite, auth);
            for resumed in [false, true] {
                let Ends { mut client, mut server } = Ends::new(&client_config, &server_config).connected();
                assert_eq!(client.is_resumed(), resumed);
                server.write(&[1; 40_000]).unwrap();
                carry(&mut server, &mut client, &mut [0; 5000]);
                client.write(&[1; 40_000]).unwrap();
                carry(&mut client, &mut server, &mut [0; 5000]);
                client.trim();
                server.trim();
                let [client, server] = [held(client), held(server)];
                println!("{:<20} {auth:?}, resumed {resumed}: client {client}, server {server}", suite.id);
                assert!(client <= 3 * KIB && server <= 3 * KIB);
            }
        }
    }
}

/// What came behind the record that it failed on is of no use to anybody; nor are its keys.
#[test]
fn a_connection_that_failed_holds_no_keys_and_no_bytes_that_came() {
    let world = World::new();
    let client = Arc::new(world.client().suites(&[&SUITES[1]]).sessions(None).build().unwrap());
    let bytes = [&[23, 1, 1, 0, 100][..], &[7; 100], &[23, 1, 1, 0x3f, 0xff], &[7; 3900]].concat();
    for keeps_keys in [false, true] {
        let config = world.server().suites(&[&SUITES[1]]);
        let config = if keeps_keys { config.extractable_keys() } else { config };
        let config = Arc::new(config.build().unwrap());
        let Ends { mut server, .. } = Ends::new(&client, &config).connected();
        server.receive(&bytes, at(1)).unwrap_err();
        server.take_output();
        let held = held(server);
        println!("after a failure: {held}");
        assert!(held <= KIB / 2);
    }
}

/// Whoever goes on with the records has the keys, and nobody else.
#[test]
fn a_connection_whose_keys_were_handed_out_holds_none() {
    for suite in TLCP.suites() {
        let world = World::of(suite);
        let client = Arc::new(world.client().suites(&[suite]).sessions(None).build().unwrap());
        let server = world.server().suites(&[suite]).sessions(None).client_auth(ClientAuth::None);
        let server = Arc::new(server.extractable_keys().build().unwrap());
        let Ends { mut server, .. } = Ends::new(&client, &server).connected();
        let shown = server.peer_certificates().map_or(0, |certificates| certificates.concat().len());
        drop(server.extract_keys().unwrap());
        let held = held(server);
        println!("{:<20} after its keys went, with certificates of {shown}: {held}", suite.id);
        assert!(held <= KIB / 2 + shown as i64);
    }
}

/// Nor of a message that will never be whole.
#[test]
fn a_handshake_that_failed_holds_no_piece_of_a_message() {
    let world = World::new();
    let (client, server) = configs(&world, &SUITES[1], ClientAuth::Require);
    let hello = Ends::new(&client, &server).client.pending_output().to_vec();
    let mut half = half_open(&server, &hello);
    half.sent(half.pending_output().len());
    let piece = [&[11, 0, 0x3f, 0xff][..], &[7; 8000]].concat();
    half.receive(&records(&piece, 16_384), at(1)).unwrap();
    half.receive(&[23, 1, 1, 0, 1, 7], at(1)).unwrap_err();
    half.take_output();
    let held = held(half);
    println!("after a failed handshake: {held}");
    assert!(held <= KIB / 2);
}

/// The same without a store, where the session and with it the peer's certificates belong to the connection alone.
#[test]
fn an_idle_connection_without_a_store_holds_at_most_4_kib_beside_what_the_peer_showed() {
    for suite in TLCP.suites() {
        let world = World::of(suite);
        let client = world.client().suites(&[suite]).sessions(None).build().unwrap();
        let server = world.server().suites(&[suite]).sessions(None).client_auth(ClientAuth::Require);
        // What all connections share is none of theirs.
        let (client_config, server_config) = (Arc::new(client), Arc::new(server.build().unwrap()));
        let Ends { mut client, mut server } = Ends::new(&client_config, &server_config).connected();
        client.trim();
        server.trim();
        let shown = client.peer_certificates().unwrap_or_default().concat().len() as i64;
        let [client, server] = [held(client), held(server)];
        println!("{:<20} with certificates of {shown}: client {client}, server {server}", suite.id);
        assert!(client <= 4 * KIB + shown && server <= 4 * KIB + shown);
    }
}

/// A session whose peer showed certificates of so many bytes in all, none if 0.
fn session(name: Option<&str>, certificates: usize) -> Arc<Session> {
    let ders = vec![vec![0x30; certificates / 4].into_boxed_slice(); 4];
    let credential = Arc::new(Credential::Certificates(ders));
    let mut session = Session::new(&SUITES[1], MasterSecret::from_bytes(&[7; 48]), at(0).unix);
    (session.id, session.server_name) = (SessionId::new([7; 32]), name.map(Arc::from));
    if certificates > 0 {
        session.peer = Peer::Authenticated { credential, not_after: u64::MAX };
    }
    Arc::new(session)
}

/// R-SES-4: whoever fills it, and with whatever, the default store holds 16 MiB at most; ordinary sessions fit in it.
#[test]
fn the_default_store_holds_no_more_bytes_than_it_says() {
    let name = "a".repeat(253);
    for (server_name, certificates, fits) in
        [(None, 0, true), (Some(&*name), 0, true), (Some("localhost"), 2800, true), (None, 100 << 10, false)]
    {
        let (held, store) = left(|| {
            let store = MemoryStore::default();
            for n in 0..5000_u32 {
                let mut id = [0; 32];
                id[..4].copy_from_slice(&n.to_be_bytes());
                store.store(SessionKey::Id(SessionId::new(id)), session(server_name, certificates));
            }
            store
        });
        println!("5000 sessions with certificates of {certificates} bytes: {} KiB", held / KIB);
        assert!(held <= 16 * KIB * KIB, "{held}");
        let mut first = [0; 32];
        first[..4].copy_from_slice(&904_u32.to_be_bytes());
        let found = store.find(&SessionKey::Id(SessionId::new(first)), at(0).unix);
        assert_eq!(matches!(found, Found::Session(_)), fits, "the oldest of the last 4096");
    }
}

fn half_open(config: &Arc<ServerConfig>, hello: &[u8]) -> ServerConnection {
    let mut server = ServerConnection::new(config.clone(), at(1));
    server.receive(hello, at(1)).unwrap();
    server
}

#[test]
fn a_half_open_server_holds_at_most_8_kib_with_its_flight_and_1_or_2_without() {
    for suite in TLCP.suites() {
        let world = World::of(suite);
        for auth in [ClientAuth::None, ClientAuth::Require] {
            let (client, server) = configs(&world, suite, auth);
            let client = Ends::new(&client, &server).client;
            let hello = client.pending_output().to_vec();
            drop(half_open(&server, &hello));
            let (queued, mut half) = left(|| half_open(&server, &hello));
            let peak = measure(|| drop(half_open(&server, &hello))).bytes_max;
            let flight = half.pending_output().len();
            let (given, ()) = left(|| half.sent(flight));
            let flushed = queued + given;
            println!(
                "{:<20} {auth:?}: peak {peak}, with a flight of {flight} {queued}, flushed {flushed}, and {} itself",
                suite.id,
                size_of::<ServerConnection>()
            );
            // R-HS-47: where certificates are asked for, what a CertificateVerify may be over waits for them.
            let asks = auth != ClientAuth::None || suite.key_exchange.is_mutual();
            assert!(queued <= 8 * KIB && flushed <= if asks { 2 * KIB } else { KIB });
        }
    }
}

/// `message` in records of at most `size` bytes.
fn records(message: &[u8], size: usize) -> Vec<u8> {
    let record =
        |fragment: &[u8]| [&[22, 1, 1][..], &(fragment.len() as u16).to_be_bytes(), fragment].concat();
    message.chunks(size).flat_map(record).collect()
}

/// Hellos as long as they may be, in their records.
fn hostile_flights() -> impl Iterator<Item = (&'static str, usize, Vec<u8>)> {
    hostile_hellos().into_iter().flat_map(|(list, body)| {
        let message = [&[1][..], &(body.len() as u32).to_be_bytes()[1..], &body].concat();
        [16_384, 1000, 100].map(|size| (list, message.len(), records(&message, size)))
    })
}

/// R-HS-49: while it is read at most twice its size and one receive buffer.
#[test]
fn a_hostile_hello_costs_at_most_twice_its_size_while_it_is_read() {
    const RECEIVE_BUFFER: u64 = 5 + 18_432 + 5;
    let world = World::new();
    let later = |server: ServerConfigBuilder| Arc::new(server.select_later(Some(b"")).build().unwrap());
    let server = later(world.server().suites(&[&SUITES[1]]).alpn([&b"x"[..]]));
    for (list, size, flight) in hostile_flights() {
        let counted = measure(|| drop(half_open(&server, &flight)));
        println!("{list:<22} of {size} at most {} in {}", counted.bytes_max, counted.count_total);
        assert!(counted.count_total <= 48, "{list}: {} allocations", counted.count_total);
        assert!(
            counted.bytes_max <= 2 * size as u64 + RECEIVE_BUFFER + 2048,
            "{list}: {}",
            counted.bytes_max
        );
    }
}

/// R-HS-49: what is kept of a hello while a caller takes his time to choose who to be.
#[test]
fn a_hostile_hello_is_worth_at_most_4_kib_while_a_look_up_is_pending() {
    let world = World::new();
    for auth in [ClientAuth::None, ClientAuth::Require] {
        let server = world.server().suites(&[&SUITES[1]]).alpn([&b"x"[..]]).client_auth(auth);
        let server = Arc::new(server.select_later(Some(b"one")).build().unwrap());
        let mut most = 0;
        for (list, _, flight) in hostile_flights() {
            let (held, half) = left(|| half_open(&server, &flight));
            assert!(half.awaits_answer());
            assert!(held <= 4 * KIB, "{list}, {auth:?}: {held}");
            most = most.max(held);
        }
        println!("{auth:?}: at most {most} while a look-up is pending");
    }
}

/// R-HS-49: what a half-open server holds once its flight is gone does not depend on the hello.
#[test]
fn a_half_open_server_holds_at_most_1_kib_whatever_the_hello_once_its_flight_is_gone() {
    let world = World::new();
    for auth in [ClientAuth::None, ClientAuth::Require] {
        let server = world.server().suites(&[&SUITES[1]]).alpn([&b"x"[..]]).client_auth(auth);
        let server = Arc::new(server.build().unwrap());
        for (list, _, flight) in hostile_flights() {
            let (held, half) = left(|| {
                let mut half = half_open(&server, &flight);
                half.sent(half.pending_output().len());
                half
            });
            assert!(half.is_handshaking() && !half.wants_write());
            assert!(held <= KIB, "{list}, {auth:?}: {held}");
        }
    }
}

/// Half a handshake that never comes to its end must not be worth more than it sent.
#[test]
fn a_half_open_server_holds_no_more_for_a_message_that_was_announced() {
    let world = World::new();
    let (client, server) = configs(&world, &SUITES[1], ClientAuth::Require);
    let hello = Ends::new(&client, &server).client.pending_output().to_vec();
    let mut half = half_open(&server, &hello);
    half.sent(half.pending_output().len());
    // A Certificate of 100 KiB, of which three bytes come.
    let announced = [22, 1, 1, 0, 7, 11, 1, 0x8f, 0xff, 1, 2, 3];
    let (grown, n) = left(|| half.receive(&announced, at(1)).unwrap());
    assert_eq!(n, announced.len());
    assert!(grown < 256, "{grown}");
}

#[test]
fn what_was_read_and_written_leaves_nothing_behind() {
    let world = World::new();
    let (client, server) = configs(&world, &SUITES[0], ClientAuth::Require);
    let round = || {
        let Ends { mut client, mut server } = Ends::new(&client, &server).connected();
        client.write(&[1; 40_000]).unwrap();
        client.close();
        let mut ends = Ends {
            client,
            server: {
                server.trim();
                server
            },
        };
        ends.run().unwrap();
        read_all(&mut ends.server);
    };
    round();
    round();
    // The stores hold one session of this server, and one more of the clients for each full handshake: none here.
    let counted = measure(round);
    assert_eq!(counted.bytes_current, 0);
}
