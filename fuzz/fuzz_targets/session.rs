//! Sessions out of a store: any bytes are a session or none, and a session is written back alike.
#![no_main]
use libfuzzer_sys::fuzz_target;
use tlcp::session::{MAX_LIFETIME, Session};

fuzz_target!(|data: &[u8]| {
    let Ok(session) = Session::from_bytes(data) else { return };
    let bytes = session.to_bytes().unwrap();
    assert_eq!(bytes.as_slice(), data);
    if let Some(end) = session.created.checked_add(MAX_LIFETIME) {
        assert!(!session.is_fresh(end, u64::MAX)); // R-SES-13
    }
});
