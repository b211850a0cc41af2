//! Sessions as bytes, and how long they live.
use super::*;

pub(super) fn session(peer: Peer) -> Session {
    Session {
        id: SessionId::new([7; 32]),
        suite: &crate::suite::SUITES[1],
        master: MasterSecret::from_bytes(&[3; 48]),
        created: 1000,
        server_name: Some("example.cn".into()),
        context: [4; 32],
        own_identity: [6; 32],
        peer,
        server_end_point: Digest::new(&[5; 32]),
        terms: Terms::default(),
        ticket: None,
    }
}

fn authenticated() -> Peer {
    let certificates = alloc::vec![Box::from([1u8, 2].as_slice()), Box::from([3u8].as_slice())];
    Peer::Authenticated { credential: Arc::new(Credential::Certificates(certificates)), not_after: 5000 }
}

fn identified() -> Peer {
    let (id, parameter) = (Box::from(*b"client@kgc.example"), Box::from([0x30, 0]));
    Peer::Authenticated { credential: Arc::new(Credential::Ibc { id, parameter }), not_after: 5000 }
}

/// R-SES-13
#[test]
fn survives_serialisation_whole() {
    for peer in [Peer::Anonymous, authenticated(), identified()] {
        let before = session(peer);
        let bytes = before.to_bytes().unwrap();
        let after = Session::from_bytes(&bytes).unwrap();
        assert_eq!(*after.to_bytes().unwrap(), *bytes);
        assert_eq!(alloc::format!("{before:?}"), alloc::format!("{after:?}"));
        assert_eq!(before.master.expose(), after.master.expose());
    }
}

/// R-SES-13: unknown version or trailing bytes are a miss.
#[test]
fn refuses_another_version_trailing_bytes_and_every_truncation() {
    for peer in [authenticated(), identified()] {
        let bytes = session(peer).to_bytes().unwrap();
        let mut other = bytes.to_vec();
        other[0] = FORMAT + 1;
        assert!(Session::from_bytes(&other).is_err());
        assert!(Session::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err());
        for n in 0..bytes.len() {
            assert!(Session::from_bytes(&bytes[..n]).is_err(), "{n} bytes");
        }
    }
}

/// The fields of a serialised session: tag and value.
fn fields(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut rest = &bytes[4..];
    let mut out = Vec::new();
    while let [tag, a, b, c, tail @ ..] = rest {
        let (value, tail) = tail.split_at(u32::from_be_bytes([0, *a, *b, *c]) as usize);
        out.push((*tag, value.to_vec()));
        rest = tail;
    }
    out
}

fn of_fields(fields: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let length = |value: &[u8]| (value.len() as u32).to_be_bytes()[1..].to_vec();
    let body: Vec<u8> = fields.iter().flat_map(|(tag, v)| [&[*tag][..], &length(v), v].concat()).collect();
    [&[FORMAT][..], &length(&body), &body].concat()
}

/// R-SES-13: one session has one form: no field out of order, twice, missing, unknown or of another length.
#[test]
fn refuses_another_form_of_the_same_session() {
    [authenticated(), identified()].into_iter().for_each(refuses_another_form);
    let nothing = [(tag::PEER_IDENTITY, alloc::vec![0; 3])];
    let mut other = fields(&session(identified()).to_bytes().unwrap());
    other.splice(other.len() - 1.., nothing);
    assert!(Session::from_bytes(&of_fields(&other)).is_err(), "no identity is no identity");
}

fn refuses_another_form(peer: Peer) {
    let bytes = session(peer).to_bytes().unwrap();
    let good = fields(&bytes);
    assert_eq!(of_fields(&good), *bytes);
    let refused = |fields: &[(u8, Vec<u8>)], what: &str| {
        assert!(Session::from_bytes(&of_fields(fields)).is_err(), "{what}");
    };
    for i in 0..good.len() {
        let mut other = good.clone();
        other.insert(i, good[i].clone());
        refused(&other, "a field twice");
        other = good.clone();
        other.insert(i, (99, Vec::new()));
        refused(&other, "an unknown field");
        if i > 0 {
            other = good.clone();
            other.swap(i - 1, i);
            refused(&other, "fields out of order");
        }
        if good[i].0 != tag::SERVER_NAME {
            other = good.clone();
            other.remove(i);
            refused(&other, "a missing field");
            other = good.clone();
            other[i].1.extend([0; 65]);
            refused(&other, "a long field");
        }
    }
}

/// R-SES-10, R-SES-13
#[test]
fn is_fresh_until_lifetime_or_certificate_ends() {
    let s = session(authenticated());
    assert!(s.is_fresh(1000, 100) && s.is_fresh(1099, 100));
    assert!(!s.is_fresh(1100, 100) && !s.is_fresh(999, 100));
    assert!(s.is_fresh(5000, u64::MAX) && !s.is_fresh(5001, u64::MAX));
    let with_ticket = |lifetime| s.with_ticket(Ticket::new(Arc::from([7]), lifetime));
    assert!(with_ticket(50).is_fresh(1049, 100) && !with_ticket(50).is_fresh(1050, 100));
    assert!(with_ticket(500).is_fresh(1099, 100) && !with_ticket(500).is_fresh(1100, 100));
    assert!(with_ticket(0).is_fresh(1099, 100), "it does not say (R-TKT-4)");
    let anonymous = session(Peer::Anonymous);
    assert!(!anonymous.is_fresh(1000 + MAX_LIFETIME, u64::MAX));
}
