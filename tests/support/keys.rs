//! Keys for tests, which use them twice: the library's own are no copies, so that no nonce comes twice.
#![allow(unreachable_pub, clippy::unwrap_used)]
use tlcp::crypto::TrafficKeys;

pub fn copy(keys: &TrafficKeys) -> TrafficKeys {
    TrafficKeys::new(keys.version(), keys.protection(), keys.mac_key(), keys.key(), keys.iv()).unwrap()
}
