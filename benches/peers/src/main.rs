//! `cargo run --release [--features libgcrypt] [-- filter]`: handshakes per second, record throughput and primitives,
//! each implementation in this process and thread, taking turns so that a noisy moment hits all of them alike. What counts is
//! this thread's processor time.

mod clock;
mod connection;
#[cfg(feature = "libgcrypt")]
mod gcrypt;
mod primitives;
mod public_keys;
mod rounds;
mod stack;
mod symmetric;
mod table;
mod tlcp_primitives;
mod tlcp_stack;
mod tongsuo_primitives;
mod tongsuo_stack;
mod wire;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    public_keys::compare(&filter);
    primitives::compare(&filter);
    stack::compare(&filter);
}
