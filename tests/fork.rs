//! A forked process and its parent never sign with the same nonce, also where both have the same process id.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::collections::BTreeSet;
use std::io::{Read, Write, pipe};
use std::sync::Arc;
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::{PrivateKey, SignatureAlgorithm, default_provider};

const NEW_USERS: i32 = 0x1000_0000;
const NEW_PROCESS_IDS: i32 = 0x2000_0000;

unsafe extern "C" {
    fn fork() -> i32;
    fn unshare(flags: i32) -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// What `run` returns in a forked process.
fn in_a_child(run: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let (mut from, mut to) = pipe().unwrap();
    // SAFETY: the child has this thread alone; all that it then needs (the allocator, a pipe) works in it.
    let process = unsafe { fork() };
    if process == 0 {
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).map(|out| to.write_all(&out));
        // SAFETY: it ends the child.
        unsafe { _exit(i32::from(!matches!(ended, Ok(Ok(()))))) }
    }
    drop(to);
    let (mut out, mut status) = (Vec::new(), 0);
    from.read_to_end(&mut out).unwrap();
    // SAFETY: the status is written and nothing else.
    assert_eq!(unsafe { waitpid(process, &raw mut status, 0) }, process);
    assert_eq!(status, 0, "the child did well");
    out
}

/// From here on children have their own process ids, where the system permits that.
fn number_children_anew() -> bool {
    // SAFETY: it takes two numbers.
    unsafe { unshare(NEW_PROCESS_IDS) == 0 || unshare(NEW_USERS | NEW_PROCESS_IDS) == 0 }
}

/// The r of some signatures; after the process id, 4 bytes.
fn signed(key: &dyn PrivateKey) -> Vec<u8> {
    let mut out = std::process::id().to_le_bytes().to_vec();
    for _ in 0..4 {
        let der = key.sign(SignatureAlgorithm::SM2, &[b"message"], &SystemRandom).unwrap();
        // 30 length 02 length r
        let length = usize::from(der[3]);
        out.push(length as u8);
        out.extend_from_slice(&der[4..4 + length]);
    }
    out
}

/// The key of process 1 signs in it and in a child of it.
fn signs_in_a_fork(key: Arc<dyn PrivateKey>) -> Vec<u8> {
    number_children_anew();
    let child = in_a_child(|| signed(&*key));
    [child, signed(&*key)].concat()
}

#[test]
fn a_fork_and_its_parent_sign_with_different_nonces() {
    let alike = number_children_anew();
    let out = in_a_child(|| signs_in_a_fork(default_provider().keys.sm2_private(&[5; 32]).unwrap()));
    let mut rest = &out[..];
    let mut take = |count: usize| rest.split_off(..count).unwrap().to_vec();
    let mut seen = BTreeSet::new();
    let processes = [(); 2].map(|()| {
        let process = take(4);
        for _ in 0..4 {
            let length = take(1)[0];
            assert!(seen.insert(take(length.into())), "a nonce came twice");
        }
        process
    });
    assert_eq!(processes[0] == processes[1], alike);
    println!("process ids alike: {alike}");
}
