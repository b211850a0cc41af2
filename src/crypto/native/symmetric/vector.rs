//! Registers of 128 bits and more under one set of names, so that a kernel is written once.
//!
//! Every method is one instruction (or two), inlined into a caller whose `target_feature`s allow
//! it. That is the one condition of calling any of them: the CPU has the register's instructions,
//! as the `Rung`s of each architecture list them. Pointers need no alignment.
#![allow(clippy::missing_safety_doc, reason = "one condition for all, stated above")]

/// A register that holds `BLOCKS` blocks of 16 bytes.
pub(in crate::crypto::native) trait Vector: Copy {
    /// Blocks of 16 bytes in a register.
    const BLOCKS: usize;
    /// Where four transposed registers hold consecutive blocks: see `transpose`.
    unsafe fn column_index() -> Self;
    /// Reads a register.
    unsafe fn load(from: *const u8) -> Self;
    /// Writes a register.
    unsafe fn store(self, to: *mut u8);
    /// The same 16 bytes in every block.
    unsafe fn broadcast(block: &[u8; 16]) -> Self;
    /// The same 32 bits everywhere, as they lie in memory.
    unsafe fn splat(word: u32) -> Self;
    /// The first 32 bits, as they lie in memory.
    #[inline(always)]
    unsafe fn first_word(self) -> u32 {
        let mut bytes = [0u8; 64];
        // SAFETY: the caller's; no register is wider.
        unsafe { self.store(bytes.as_mut_ptr()) };
        u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
    /// Block `i` from `from[i] + offset`.
    unsafe fn gather_at(from: &[*const u8], offset: usize) -> Self;
    /// Block `i` from `from[i]`.
    #[inline(always)]
    unsafe fn gather(from: &[*const u8]) -> Self {
        // SAFETY: the caller's.
        unsafe { Self::gather_at(from, 0) }
    }
    /// Block `i` to `to[i]`.
    unsafe fn scatter(self, to: &[*mut u8]);
    /// Exclusive or.
    unsafe fn xor(self, other: Self) -> Self;
    /// And.
    unsafe fn and(self, other: Self) -> Self;
    /// Every 32-bit word shifted right by 4.
    unsafe fn shift_right_4(self) -> Self;
    /// Adds 32-bit words.
    unsafe fn add_words(self, other: Self) -> Self;
    /// Every 32-bit word rotated by `LEFT`, which is 32 - `RIGHT`.
    unsafe fn rotate_left<const LEFT: i32, const RIGHT: i32>(self) -> Self;
    /// In each block: byte `i` is byte `index[i]` of `self`.
    unsafe fn shuffle(self, index: Self) -> Self;
    /// In each block: ShiftRows, SubBytes, then the key.
    unsafe fn aes_last(self, key: Self) -> Self;
    /// In each block: the low words of two, interleaved; then high words, low and high pairs.
    unsafe fn unpack_low_words(self, other: Self) -> Self;
    /// See `unpack_low_words`.
    unsafe fn unpack_high_words(self, other: Self) -> Self;
    /// See `unpack_low_words`.
    unsafe fn unpack_low_pairs(self, other: Self) -> Self;
    /// See `unpack_low_words`.
    unsafe fn unpack_high_pairs(self, other: Self) -> Self;

    /// Transposes the 4 × 4 words of each place of four registers: from four registers of whole
    /// blocks to one register for each of a block's four words, and back. Afterwards block `b` of
    /// the `4 * BLOCKS` is column `b / BLOCKS` of place `b % BLOCKS`.
    #[inline(always)]
    unsafe fn transpose(x: [Self; 4]) -> [Self; 4] {
        // SAFETY: the caller's.
        unsafe {
            let low = x[0].unpack_low_words(x[1]);
            let high = x[0].unpack_high_words(x[1]);
            let low2 = x[2].unpack_low_words(x[3]);
            let high2 = x[2].unpack_high_words(x[3]);
            [
                low.unpack_low_pairs(low2),
                low.unpack_high_pairs(low2),
                high.unpack_low_pairs(high2),
                high.unpack_high_pairs(high2),
            ]
        }
    }
}
