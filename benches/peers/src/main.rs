//! `cargo run --release [--features libgcrypt] [-- filter]`: handshakes per second, record throughput and primitives,
//! each implementation in this process and thread, taking turns so that a noisy moment hits all of them alike. What counts is
//! this thread's processor time.

#[cfg(feature = "libgcrypt")]
mod gcrypt;
mod primitives;
mod public_keys;
mod stack;
mod symmetric;
mod tlcp_primitives;
mod tlcp_stack;
mod tongsuo_primitives;
mod tongsuo_stack;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    public_keys::compare(&filter);
    primitives::compare(&filter);
    stack::compare(&filter);
}
