//! A warm connection's records cost no allocation.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/hostile_hello.rs"]
mod hostile_hello;

use allocation_counter::measure;
use hostile_hello::hostile_hellos;
use tlcp::crypto::{Draw, Random, TrafficKeys, portable};
use tlcp::error::CryptoError;
use tlcp::message::{CertificateRequest, ClientHello, Credential, Due, Joiner};
use tlcp::record::{Framed, HEADER_LEN, MAX_PLAINTEXT, Opener, Sealer, VersionRule, check_fragment, deframe};
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, MacAlgorithm, Protection};
use tlcp::wire::{ContentType, ProtocolVersion};

struct Zeros;
impl Random for Zeros {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        out.fill(0);
        Ok(())
    }
}

fn keys(protection: Protection) -> TrafficKeys {
    let (mac, key, iv) = protection.key_lengths();
    TrafficKeys::new(ProtocolVersion::TLCP, protection, &[1; 48][..mac], &[2; 32][..key], &[3; 12][..iv])
        .unwrap()
}

/// Opens all records in `stream` where they lie; how many bytes came out.
fn open_all(opener: &mut Opener, mut stream: &mut [u8]) -> usize {
    let mut total = 0;
    let rule = VersionRule::Exactly(ProtocolVersion::TLCP);
    while let Framed::Record { content_type, length, .. } =
        deframe(stream, rule, opener.is_protected()).unwrap()
    {
        let (record, rest) = stream.split_at_mut(HEADER_LEN + length);
        let fragment = &mut record[HEADER_LEN..];
        let content = opener.open(content_type, fragment).unwrap();
        check_fragment(content_type, &fragment[content.clone()]).unwrap();
        total += content.len();
        stream = rest;
    }
    total
}

#[test]
fn sealing_and_opening_allocate_nothing_once_the_buffer_is_there() {
    const DATA: ContentType = ContentType::APPLICATION_DATA;
    let sm3 = Protection::cbc(CbcAlgorithm::Sm4, MacAlgorithm::Sm3);
    for protection in [Protection::Aead(AeadAlgorithm::Sm4Gcm), sm3] {
        let keys = keys(protection);
        let ciphers = portable::provider().ciphers;
        let mut opener = Opener::new(&keys, ciphers).unwrap();
        let mut sealer = Sealer::new(keys, ciphers).unwrap();
        let data = vec![0x5a; 200_000];
        let mut out = Vec::with_capacity(sealer.sealed_len(data.len(), MAX_PLAINTEXT));
        for length in [0, 1, 64, 1350, 16_384, 16_385, 200_000] {
            let counted = measure(|| {
                out.clear();
                sealer.seal(DATA, &data[..length], MAX_PLAINTEXT, &Zeros, &mut out).unwrap();
                assert_eq!(open_all(&mut opener, &mut out), length);
            });
            assert_eq!(counted.count_total, 0, "{protection:?}: {length} bytes");
        }
    }
}

/// R-REC-33: memory grows with what came, not with what was announced.
#[test]
fn an_announced_message_costs_no_more_than_what_came_of_it() {
    let mut joiner = Joiner::default();
    let counted = measure(|| joiner.push(&[11, 1, 0x90, 0, 1, 2, 3], Due::Any).unwrap());
    assert!(counted.bytes_max < 64, "{} bytes for a Certificate of 102,400 to come", counted.bytes_max);
    let refused = measure(|| assert!(Joiner::default().push(&[11, 1, 0x90, 1, 1, 2, 3], Due::Any).is_err()));
    assert!(refused.bytes_max < 64, "{} bytes for one that is refused (R-REC-38)", refused.bytes_max);
}

#[test]
fn a_trimmed_joiner_holds_no_memory() {
    let counted = measure(|| {
        let mut joiner = Joiner::default();
        let mut message = vec![11, 0, 0x40, 0];
        message.resize(4 + 0x4000, 7);
        joiner.push(&message, Due::Any).unwrap();
        joiner.consume();
        joiner.trim();
        assert!(joiner.is_empty());
        std::mem::forget(joiner);
    });
    assert_eq!(counted.bytes_current, 0);
}

/// R-REC-38, R-REC-43: counted while they are read.
#[test]
fn a_list_of_too_many_certificates_costs_no_more_than_the_most_that_are_read() {
    let entries = [0, 0, 1, 0x30].repeat(25_599);
    let body = [&(entries.len() as u32).to_be_bytes()[1..], &entries].concat();
    let counted = measure(|| assert!(Credential::read(&body, 10).is_err()));
    assert!(counted.count_total <= 10 + 4, "{} allocations", counted.count_total);
    assert!(counted.bytes_max < 512, "{} bytes", counted.bytes_max);
    assert!(Credential::read(&body, 25_599).is_ok());
}

/// R-HS-49: while it is read, its own size once more at most, in a few allocations; afterwards what is known.
#[test]
fn a_hello_costs_a_fixed_number_of_allocations_whatever_its_lists_hold() {
    let alpn = [Box::from(&b"x"[..]), Box::from(&b"h2"[..])];
    for (list, body) in hostile_hellos() {
        assert!(body.len() > 31_000, "{list}");
        let mut read = None;
        let counted = measure(|| read = Some(ClientHello::read(&body).unwrap()));
        println!("{list:<22} {} in {} allocations", counted.bytes_max, counted.count_total);
        assert!(counted.count_total <= 6, "{list}: {} allocations", counted.count_total);
        assert!(counted.bytes_max <= body.len() as u64 + 64, "{list}: {} bytes", counted.bytes_max);
        let mut hello = read.unwrap();
        let known = measure(|| hello.keep_known(&alpn));
        assert!(known.count_total <= 16, "{list}: {} allocations", known.count_total);
        let left = -measure(|| drop(hello)).bytes_current;
        assert!(left <= 512, "{list}: {left} bytes are kept");
    }
}

/// The longest CertificateRequest of the shortest names: one allocation of its size, and one of its types.
#[test]
fn a_request_costs_two_allocations_however_many_names_it_holds() {
    let names = [0, 1, 0x30].repeat(21_840);
    let body = [&[1, 64][..], &(names.len() as u16).to_be_bytes(), &names].concat();
    let mut read = None;
    let counted = measure(|| read = Some(CertificateRequest::read(&body, false).unwrap()));
    assert_eq!(counted.count_total, 2);
    assert!(counted.bytes_max <= body.len() as u64 + 32, "{} bytes", counted.bytes_max);
    assert_eq!(read.unwrap().authorities.iter().count(), 21_840);
}
