//! What a connection costs in heap, counted by the allocator: nothing per record, little while it idles, little while it
//! is half open. The figures are printed: `cargo test --all-features --test memory -- --nocapture`.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/pair.rs"]
mod pair;

use allocation_counter::measure;
use pair::{Ends, World, at, read_all};
use std::sync::Arc;
use tlcp::config::{ClientAuth, ClientConfig, ServerConfig};
use tlcp::conn::{Connection, Endpoint, ServerConnection};
use tlcp::suite::{SUITES, Suite};

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
        while let Ok(n @ 1..) = to.read(out) {
            total += n;
        }
    }
    total
}

/// R-REC-33 and the promise of the record layer: a warm connection allocates for no record.
#[test]
fn a_warm_connection_allocates_nothing_for_any_record() {
    let world = World::new();
    let data = vec![7; 70_000];
    let mut out = vec![0; 20_000];
    for suite in &SUITES {
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
fn an_idle_connection_holds_at_most_4_kib_once_trimmed() {
    let world = World::new();
    for suite in &SUITES {
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
                assert!(client <= 4 * KIB && server <= 4 * KIB);
            }
        }
    }
}

/// The same without a store, where the session and with it the peer's certificates belong to the connection alone.
#[test]
fn an_idle_connection_without_a_store_holds_at_most_4_kib_beside_what_the_peer_showed() {
    let world = World::new();
    for suite in &SUITES {
        let client = world.client().suites(&[suite]).sessions(None).build().unwrap();
        let server = world.server().suites(&[suite]).sessions(None).client_auth(ClientAuth::Require);
        let Ends { mut client, mut server } =
            Ends::new(&Arc::new(client), &Arc::new(server.build().unwrap())).connected();
        client.trim();
        server.trim();
        let shown = client.peer_certificates().unwrap().concat().len() as i64;
        let [client, server] = [held(client), held(server)];
        println!("{:<20} with certificates of {shown}: client {client}, server {server}", suite.id);
        assert!(client <= 4 * KIB + shown && server <= 4 * KIB + shown);
    }
}

fn half_open(config: &Arc<ServerConfig>, hello: &[u8]) -> ServerConnection {
    let mut server = ServerConnection::new(config.clone(), at(1));
    server.receive(hello, at(1)).unwrap();
    server
}

#[test]
fn a_half_open_server_holds_at_most_8_kib_with_its_flight_and_3_without() {
    let world = World::new();
    for suite in &SUITES {
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
            assert!(queued <= 8 * KIB && flushed <= 3 * KIB);
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
