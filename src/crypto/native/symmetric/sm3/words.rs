//! What SM3's kernels work on, and its constants.

/// Bytes of a block.
pub(in crate::crypto::native) const BLOCK: usize = 64;
/// Bytes of a digest.
pub(in crate::crypto::native) const OUTPUT: usize = 32;

/// The chaining value.
pub(in crate::crypto::native) type Words = [u32; 8];

/// The initial value (5.2.1).
pub(in crate::crypto::native) const START: Words =
    [0x7380_166f, 0x4914_b2b9, 0x1724_42d7, 0xda8a_0600, 0xa96f_30bc, 0x1631_38aa, 0xe38d_ee4d, 0xb0fb_0e4e];

/// The round constants, rotated (5.3.3).
pub(in crate::crypto::native) static T: [u32; 64] = {
    let (mut t, mut j) = ([0u32; 64], 0);
    while j < 64 {
        let constant: u32 = if j < 16 { 0x79cc_4519 } else { 0x7a87_9d8a };
        t[j] = constant.rotate_left(j as u32 % 32);
        j += 1;
    }
    t
};
