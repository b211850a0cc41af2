//! CBC encryption of many messages side by side: their blocks fill the registers that one chain leaves empty.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use super::super::kernels::sm4::cbc_encrypt;
use super::super::kernels::{Level, by_level};
use super::rounds::{GROUPS, Sm4Vector};
use super::schedule::Schedule;

/// The most lanes that any kernel runs.
const MAX_LANES: usize = GROUPS * 16;
/// Below this many messages, one chain after the other is faster.
const WORTHWHILE: usize = 2;

/// A message under way: its chaining value, and the blocks that are left.
pub(super) struct Lane<'a> {
    chain: [u8; 16],
    data: &'a mut [[u8; 16]],
}

/// Encrypts messages, each `(iv, data)` in place; a rest of less than 16 bytes of one stays.
pub(super) fn cbc_encrypt_lanes<'a>(
    level: Level,
    schedule: &Schedule,
    messages: &mut dyn Iterator<Item = (&'a [u8; 16], &'a mut [u8])>,
) {
    let mut lanes: [Lane<'_>; MAX_LANES] = core::array::from_fn(|_| Lane { chain: [0; 16], data: &mut [] });
    let mut active = 0;
    loop {
        // Whoever is done leaves its place to the next message.
        while active < MAX_LANES {
            let Some((iv, data)) = messages.next() else { break };
            lanes[active] = Lane { chain: *iv, data: data.as_chunks_mut().0 };
            active += 1;
        }
        let Some(blocks) = lanes[..active].iter().map(|lane| lane.data.len()).min() else { return };
        if active < WORTHWHILE {
            for lane in &mut lanes[..active] {
                let data = core::mem::take(&mut lane.data);
                cbc_encrypt(level, schedule, &mut lane.chain, data.as_flattened_mut());
            }
        } else {
            run(level, schedule, &mut lanes[..active], blocks);
        }
        let mut left = 0;
        for place in 0..active {
            if !lanes[place].data.is_empty() {
                lanes.swap(left, place);
                left += 1;
            }
        }
        active = left;
    }
}

by_level! {
    /// The next `blocks` blocks of at most [`MAX_LANES`] lanes.
    run(schedule: &Schedule, lanes: &mut [Lane<'_>], blocks: usize) = run_kernel
}

#[inline(always)]
unsafe fn run_kernel<V: Sm4Vector>(schedule: &Schedule, lanes: &mut [Lane<'_>], blocks: usize) {
    for lanes in lanes.chunks_mut(GROUPS * 4 * V::BLOCKS) {
        // SAFETY: the caller's; the groups have room for the lanes.
        unsafe {
            match lanes.len().div_ceil(4 * V::BLOCKS) {
                1 => run_groups::<V, 1>(schedule, lanes, blocks),
                2 => run_groups::<V, 2>(schedule, lanes, blocks),
                _ => run_groups::<V, GROUPS>(schedule, lanes, blocks),
            }
        }
    }
}

#[inline(always)]
unsafe fn run_groups<V: Sm4Vector, const N: usize>(
    schedule: &Schedule,
    lanes: &mut [Lane<'_>],
    blocks: usize,
) {
    // Lanes without a message write into a block of their own.
    let mut nowhere = [0u8; 16];
    let mut at = [nowhere.as_mut_ptr(); MAX_LANES];
    let mut step = [0usize; MAX_LANES];
    let mut chains = [[0u8; 16]; MAX_LANES];
    for (i, lane) in lanes.iter_mut().enumerate() {
        let (now, later) = core::mem::take(&mut lane.data).split_at_mut(blocks);
        lane.data = later;
        at[i] = now.as_mut_ptr().cast();
        step[i] = 16;
        chains[i] = lane.chain;
    }
    // SAFETY: the caller's; each pointer has `blocks` blocks before it, or stays on `nowhere`.
    unsafe {
        // The chaining values, as the rounds take them.
        let mut c = gather::<V, N>(&core::array::from_fn(|i| chains[i].as_ptr()));
        for _ in 0..blocks {
            let text = gather::<V, N>(&at.map(|p| p.cast_const()));
            for (c, text) in c.as_flattened_mut().iter_mut().zip(text.as_flattened()) {
                *c = c.xor(*text);
            }
            for c in &mut c {
                *c = V::enter_rounds(schedule, *c);
            }
            V::rounds::<N>(schedule, &mut c);
            for (group, c) in c.iter_mut().enumerate() {
                *c = V::result(schedule, *c);
                scatter(V::leave(*c), &at[group * 4 * V::BLOCKS..]);
            }
            for (at, step) in at.iter_mut().zip(step) {
                *at = at.add(step);
            }
        }
        for (group, c) in c.iter().enumerate() {
            let ends: [*mut u8; MAX_LANES] = core::array::from_fn(|i| chains[i].as_mut_ptr());
            scatter(V::leave(*c), &ends[group * 4 * V::BLOCKS..]);
        }
    }
    for (lane, chain) in lanes.iter_mut().zip(chains) {
        lane.chain = chain;
    }
}

/// One block from each pointer, as the rounds take them.
#[inline(always)]
unsafe fn gather<V: Sm4Vector, const N: usize>(from: &[*const u8; MAX_LANES]) -> [[V; 4]; N] {
    // SAFETY: the caller's.
    unsafe {
        let mut x = [[V::splat(0); 4]; N];
        for (i, register) in x.as_flattened_mut().iter_mut().enumerate() {
            *register = V::gather(&from[i * V::BLOCKS..]);
        }
        for group in &mut x {
            *group = V::enter(*group);
        }
        x
    }
}

/// One group of blocks, each to its pointer.
#[inline(always)]
unsafe fn scatter<V: Sm4Vector>(group: [V; 4], to: &[*mut u8]) {
    for (i, register) in group.into_iter().enumerate() {
        // SAFETY: the caller's.
        unsafe { register.scatter(&to[i * V::BLOCKS..]) };
    }
}
