//! Steps through an operation once for each of several secrets and compares where it went: which instructions, and which
//! addresses they touch. It sees every instruction of the processor that it runs on, those of AVX-512 and GFNI too,
//! which valgrind does not know; but only what these secrets do.
//!
//! A child of its own takes each secret, so that all of them have the same memory to begin with. That holds only while
//! nothing else allocates: `--test-threads 1`. The processor's trap flag stops it after each instruction, for a signal
//! handler that notes where it is.
//!
//! The operations stand beside those for the memory checker, in modules of this name.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod operands;
mod secrets;
mod tests;

use crate::crypto::native::x86_64::cpu::cpuid;
use alloc::{format, string::String, vec::Vec};
use core::arch::asm;
use core::sync::atomic::{AtomicPtr, Ordering};
use operands::Operands;
pub(crate) use secrets::Secrets;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::{env, fs, println, ptr};

/// How many secrets, unless `TLCP_SECRETS` says so, for all implementations and operations.
const FEW: usize = 2;

/// The most instructions of an operation.
const MOST: usize = 1 << 24;

/// The address of an instruction, and what it touches.
type Step = [u64; 2];

fn wanted() -> Option<usize> {
    env::var("TLCP_SECRETS").ok().map(|n| n.parse().unwrap())
}

/// Of several implementations or operations the first `few`, unless there is time for all.
pub(crate) fn of_interest<T>(all: &[T], few: usize) -> &[T] {
    let count = if wanted().is_some() { all.len() } else { few };
    &all[..count.min(all.len())]
}

/// Steps through `run` with what `prepare` makes of each secret, which is not stepped through. Where `prepare` gives
/// nothing another secret is taken: for those that show in public, such as by the length of a signature's DER.
///
/// # Panics
/// If any secret leads elsewhere than the first; the offsets that it tells are in the test binary, for `addr2line -i`.
pub(crate) fn check<T>(name: &str, prepare: impl Fn(&Secrets) -> Option<T>, run: impl Fn(T)) {
    let count = wanted().unwrap_or(FEW);
    let seeds: Vec<u64> = (0..).filter(|seed| prepare(&Secrets::new(*seed)).is_some()).take(count).collect();
    match compare(&seeds, |secrets| prepare(&secrets).unwrap(), run) {
        Ok(steps) => println!("{name}: {steps} instructions, the same with {count} secrets"),
        Err(difference) => panic!("{name}: {difference}"),
    }
}

/// How many instructions it took each time; or where one went another way.
fn compare<T>(seeds: &[u64], prepare: impl Fn(Secrets) -> T, run: impl Fn(T)) -> Result<usize, String> {
    // What is made once, such as tables, is made now.
    run(prepare(Secrets::new(seeds[0])));
    let mut shared = Shared::new();
    let notes = shared.notes();
    // Nothing is allocated from one child to the next.
    for seed in seeds {
        notes.at = 0;
        let status = in_a_child(|| {
            let ready = prepare(Secrets::new(*seed));
            step_through(notes, || run(ready));
        });
        if notes.length == 0 {
            notes.length = notes.at;
        }
        if status != 0 || notes.at != notes.length {
            return Err(notes.describe(*seed, status));
        }
    }
    Ok(notes.length)
}

/// Where the first secret led, and how far the next one follows: in memory that all children share.
struct Notes {
    first: [Step; MOST],
    /// Of `first`; 0 while that is being written.
    length: usize,
    at: usize,
    differs: Option<Step>,
}

/// Those of the child that is being stepped through.
static NOTES: AtomicPtr<Notes> = AtomicPtr::new(ptr::null_mut());

impl Notes {
    /// Whether it may go on.
    fn step(&mut self, step: Step) -> bool {
        let expected = &mut self.first[self.at];
        if self.length == 0 {
            *expected = step;
        } else if self.at == self.length || *expected != step {
            self.differs = Some(step);
            return false;
        }
        self.at += 1;
        self.at < MOST
    }

    fn describe(&self, seed: u64, status: libc::c_int) -> String {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let image = u64::from_str_radix(maps.split('-').next().unwrap(), 16).unwrap();
        let show = |step: Option<&Step>| {
            step.map_or("nowhere".into(), |[ip, touched]| {
                format!("{:#x} touching {touched:#x}", ip.wrapping_sub(image))
            })
        };
        let [before, expected] =
            [self.at.checked_sub(1), Some(self.at)].map(|at| show(at.and_then(|at| self.first.get(at))));
        let found = show(self.differs.as_ref());
        let (at, length) = (self.at, self.length);
        format!(
            "secret {seed}, after {at} of {length} instructions, behind {before}: at {found}, and not at {expected} \
             (status {status})"
        )
    }
}

/// Memory of the notes.
struct Shared(*mut Notes);

impl Shared {
    /// Empty: only what is written takes memory.
    fn new() -> Self {
        let (all, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        let flags = shared | libc::MAP_NORESERVE;
        // SAFETY: a new mapping, at no address in particular.
        let place = unsafe { libc::mmap(ptr::null_mut(), size_of::<Notes>(), all, flags, -1, 0) };
        assert_ne!(place, libc::MAP_FAILED, "mmap");
        let place = place.cast::<Notes>();
        // SAFETY: of zeros, which it is full of, every field may consist but for this.
        unsafe {
            (&raw mut (*place).differs).write(None);
        }
        Self(place)
    }

    fn notes(&mut self) -> &mut Notes {
        // SAFETY: made whole by `new`, and nobody else's.
        unsafe { &mut *self.0 }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: as it was mapped; no reference to it is left.
        unsafe { libc::munmap(self.0.cast(), size_of::<Notes>()) };
    }
}

/// Runs `work` in a child; its status.
fn in_a_child(work: impl FnOnce()) -> libc::c_int {
    // SAFETY: the child runs `work`, which waits for no other thread, and exits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let failed = catch_unwind(AssertUnwindSafe(work)).is_err();
        // SAFETY: ends the child, with nothing of the test harness that it was forked from.
        unsafe { libc::_exit(failed.into()) }
    }
    assert!(child > 0, "fork");
    let mut status = 0;
    // SAFETY: a child of ours, and a place of ours.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child, "waitpid");
    status
}

/// In the child.
#[inline(never)]
fn step_through(notes: &mut Notes, run: impl FnOnce()) {
    NOTES.store(notes, Ordering::Relaxed);
    LazyLock::force(&LAYOUT); // Not in the handler.
    // SAFETY: the handler has the form that SA_SIGINFO asks for; a structure of integers and a pointer may be zero.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = on_step as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        assert_eq!(libc::sigaction(libc::SIGTRAP, &raw const action, ptr::null_mut()), 0);
        asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq");
    }
    run();
    // SAFETY: puts the flag back.
    unsafe { asm!("pushfq", "and qword ptr [rsp], -0x101", "popfq") };
}

/// After each instruction: notes the next one.
extern "C" fn on_step(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: what the kernel gives to such a handler; the notes are nobody's but this child's while it runs.
    let (notes, context) =
        unsafe { (&mut *NOTES.load(Ordering::Relaxed), &*context.cast::<libc::ucontext_t>()) };
    let register = |number: libc::c_int| context.uc_mcontext.gregs[number as usize] as u64;
    let address = register(libc::REG_RIP);
    let operands = Operands::at(address);
    let mut touched = operands.touched(&GENERAL.map(register));
    if let Some(number) = operands.vector {
        let saved = context.uc_mcontext.fpregs.cast::<u8>();
        let add = |sum: u64, place| {
            // SAFETY: in what the kernel has saved of this processor's registers.
            let part = unsafe { saved.add(place).cast::<u64>().read_unaligned() };
            sum.rotate_left(9).wrapping_add(part)
        };
        touched = places_of(number.into()).fold(touched, add);
    }
    if !notes.step([address, touched]) {
        // SAFETY: ends the child.
        unsafe { libc::_exit(2) }
    }
}

/// Where XSAVE puts the upper halves of registers 0 to 15 under AVX, their upper halves under AVX-512, and registers 16 to
/// 31. Each make of processor has its own order.
static LAYOUT: LazyLock<[usize; 3]> = LazyLock::new(|| [2, 6, 7].map(|part| cpuid(0xd, part).ebx as usize));

/// Where XSAVE puts the words of a vector register.
fn places_of(number: usize) -> impl Iterator<Item = usize> {
    let [avx, upper_512, more_512] = *LAYOUT;
    let parts = match number {
        16.. => [(more_512 + 64 * (number - 16), 64), (0, 0), (0, 0)],
        _ => [
            (160 + 16 * number, 16),
            (avx + 16 * number, 16),
            (upper_512 + 32 * number, if upper_512 > 0 { 32 } else { 0 }),
        ],
    };
    parts.into_iter().flat_map(|(start, length)| (start..start + length).step_by(8))
}

/// By the numbers that instructions have for them.
const GENERAL: [libc::c_int; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];
