//! Modes of operation whose blocks are independent, on any number of blocks.
//!
//! The kernels work on up to [`GROUPS`] groups of `4 * BLOCKS` blocks; what is left at the end goes through a
//! buffer, with as few groups as it needs.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use super::super::kernels::by_level;
use super::super::wipe;
use super::rounds::{GROUPS, Nonce, Sm4Vector, crypt};
use super::schedule::Schedule;

/// Bytes of the largest batch.
const MAX_BATCH: usize = GROUPS * 4 * 64;
/// Bytes of key stream made at once at the end of a message: one group more than a batch, since a batch and a
/// little would otherwise wait for two.
pub(in crate::crypto::native) const MAX_REST: usize = MAX_BATCH + 4 * 64;

/// Bytes in a group.
const fn group<V: Sm4Vector>() -> usize {
    4 * 16 * V::BLOCKS
}

by_level! {
    /// CBC decryption, in place: all blocks at once. A rest of less than 16 bytes stays.
    cbc_decrypt(schedule: &Schedule, iv: &[u8; 16], data: &mut [u8]) = cbc_decrypt_kernel
}
#[cfg(test)]
by_level! {
    /// Adds the key stream of `nonce || counter`, `nonce || counter + 1`, …
    ctr(schedule: &Schedule, nonce: &[u8; 12], counter: u32, data: &mut [u8]) = ctr_kernel
}

#[inline(always)]
unsafe fn load_batch<V: Sm4Vector, const N: usize>(from: *const u8) -> [[V; 4]; N] {
    // SAFETY: the caller's, and N groups lie at `from`.
    unsafe {
        let mut x = [[V::splat(0); 4]; N];
        for (i, register) in x.as_flattened_mut().iter_mut().enumerate() {
            *register = V::load(from.add(i * 16 * V::BLOCKS));
        }
        x
    }
}

#[inline(always)]
unsafe fn cbc_decrypt_kernel<V: Sm4Vector>(schedule: &Schedule, iv: &[u8; 16], data: &mut [u8]) {
    let mut previous = *iv;
    let whole = data.len() & !15;
    let mut batches = data[..whole].chunks_exact_mut(GROUPS * group::<V>());
    // SAFETY: the caller's; a batch has as many groups as it says.
    unsafe {
        for batch in &mut batches {
            cbc_batch::<V, GROUPS>(schedule, &mut previous, batch);
        }
        let rest = batches.into_remainder();
        if !rest.is_empty() {
            let mut buffer = [0u8; MAX_BATCH];
            buffer[..rest.len()].copy_from_slice(rest);
            match rest.len().div_ceil(group::<V>()) {
                1 => cbc_batch::<V, 1>(schedule, &mut previous, &mut buffer),
                2 => cbc_batch::<V, 2>(schedule, &mut previous, &mut buffer),
                _ => cbc_batch::<V, GROUPS>(schedule, &mut previous, &mut buffer),
            }
            rest.copy_from_slice(&buffer[..rest.len()]);
            wipe(&mut buffer);
        }
    }
}

#[inline(always)]
unsafe fn cbc_batch<V: Sm4Vector, const N: usize>(
    schedule: &Schedule,
    previous: &mut [u8; 16],
    batch: &mut [u8],
) {
    let width = 16 * V::BLOCKS;
    debug_assert!(batch.len() >= N * group::<V>());
    // The chaining values of the first register: the block before the batch, then its own.
    let mut chain = [0u8; 64];
    chain[..16].copy_from_slice(previous);
    chain[16..width].copy_from_slice(&batch[..width - 16]);
    previous.copy_from_slice(&batch[N * group::<V>() - 16..N * group::<V>()]);
    // SAFETY: the caller's; N groups of four registers lie in the batch. From the end, so that the ciphertext
    // before a register is still there.
    unsafe {
        let mut x = load_batch::<V, N>(batch.as_ptr());
        crypt(schedule, &mut x);
        for (i, register) in x.as_flattened().iter().enumerate().rev() {
            let at = batch.as_mut_ptr().add(i * width);
            let before = if i == 0 { V::load(chain.as_ptr()) } else { V::load(at.sub(16)) };
            register.xor(before).store(at);
        }
    }
}

#[cfg(test)]
#[inline(always)]
unsafe fn ctr_kernel<V: Sm4Vector>(schedule: &Schedule, nonce: &[u8; 12], counter: u32, data: &mut [u8]) {
    // SAFETY: the caller's.
    unsafe { ctr_from(schedule, &Nonce::<V>::new(nonce), counter, data) }
}

/// Adds the key stream from `counter` on to `data`.
#[inline(always)]
pub(in crate::crypto::native) unsafe fn ctr_from<V: Sm4Vector>(
    schedule: &Schedule,
    nonce: &Nonce<V>,
    counter: u32,
    data: &mut [u8],
) {
    let (mut counter, mut data) = (counter, data);
    // SAFETY: the caller's; each batch has as many groups as it says.
    unsafe {
        while data.len() > (GROUPS + 1) * group::<V>() {
            let (batch, later) = data.split_at_mut(GROUPS * group::<V>());
            add_stream(nonce.stream::<GROUPS>(schedule, counter), batch.as_mut_ptr());
            counter = counter.wrapping_add((GROUPS * 4 * V::BLOCKS) as u32);
            data = later;
        }
        if !data.is_empty() {
            let mut stream = [0u8; MAX_REST];
            let used = stream_into(schedule, nonce, counter, data.len(), &mut stream);
            for (byte, mask) in data.iter_mut().zip(&stream) {
                *byte ^= mask;
            }
            wipe(&mut stream[..used]);
        }
    }
}

/// Writes at least `wanted` bytes of key stream, as far as `stream` reaches, in the fewest groups; says how many.
#[inline(always)]
pub(in crate::crypto::native) unsafe fn stream_into<V: Sm4Vector>(
    schedule: &Schedule,
    nonce: &Nonce<V>,
    counter: u32,
    wanted: usize,
    stream: &mut [u8; MAX_REST],
) -> usize {
    let to = stream.as_mut_ptr();
    // SAFETY: the caller's; five groups of the widest register fill the buffer.
    unsafe {
        match wanted.div_ceil(group::<V>()) {
            0 | 1 => put_stream(nonce.stream::<1>(schedule, counter), to),
            2 => put_stream(nonce.stream::<2>(schedule, counter), to),
            3 => put_stream(nonce.stream::<3>(schedule, counter), to),
            5 => put_stream(nonce.stream::<5>(schedule, counter), to),
            _ => put_stream(nonce.stream::<GROUPS>(schedule, counter), to),
        }
    }
}

/// Adds a key stream to the bytes at `to`.
#[inline(always)]
unsafe fn add_stream<V: Sm4Vector, const N: usize>(stream: [[V; 4]; N], to: *mut u8) {
    // SAFETY: the caller's, and N groups lie at `to`.
    unsafe {
        for (i, register) in stream.as_flattened().iter().enumerate() {
            let at = to.add(i * 16 * V::BLOCKS);
            register.xor(V::load(at)).store(at);
        }
    }
}

/// Writes a key stream to `to` and says how many bytes it is.
#[inline(always)]
unsafe fn put_stream<V: Sm4Vector, const N: usize>(stream: [[V; 4]; N], to: *mut u8) -> usize {
    // SAFETY: the caller's, and N groups lie at `to`.
    unsafe {
        for (i, register) in stream.as_flattened().iter().enumerate() {
            register.store(to.add(i * 16 * V::BLOCKS));
        }
    }
    N * group::<V>()
}
