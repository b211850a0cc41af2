//! The identity-based suites of TLCP (GM/T 0024-2023), against recorded handshakes of gotlcp and between our own two ends.
#![cfg(feature = "sm9")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#[cfg(feature = "pki")]
#[path = "sm9/between_us.rs"]
mod between_us;
#[cfg(feature = "pki")]
#[path = "sm9/configuration.rs"]
mod configuration;
#[path = "sm9/failures.rs"]
mod failures;
#[cfg(feature = "pki")]
#[path = "sm9/gmssl.rs"]
mod gmssl;
#[path = "sm9/messages.rs"]
mod messages;
#[path = "sm9/recorded.rs"]
mod recorded;
#[path = "sm9/replay.rs"]
mod replay;
#[path = "sm9/town.rs"]
mod town;
#[path = "support/vectors.rs"]
mod vectors;
