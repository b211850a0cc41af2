//! TLCP (GB/T 38636-2020, GM/T 0024) from one sans-IO handshake engine.
#![cfg_attr(not(feature = "std"), no_std)]
extern crate alloc;

pub mod alert;
pub mod cert;
pub mod config;
pub mod conn;
pub mod crypto;
pub mod error;
pub mod handshake;
pub mod key_schedule;
pub mod message;
#[cfg(feature = "pki")]
pub mod pki;
pub mod record;
pub mod session;
#[cfg(feature = "std")]
pub mod stream;
pub mod suite;
pub mod transcript;
pub mod wire;
