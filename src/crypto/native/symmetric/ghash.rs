//! GHASH (NIST SP 800-38D 6.4) by carry-less multiplication.
//!
//! The field's elements are kept byte-reversed, and the key times x, so that a product needs no shift of one bit
//! and reduces by two multiplications (Gueron's form, as in POLYVAL). Up to 32 blocks are multiplied by as many
//! powers of the key, three multiplications each (Karatsuba), and reduced once.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use super::vector::Vector;
use super::wipe;

/// Blocks in one aggregate.
const POWERS: usize = 32;
/// The field's polynomial, reversed: its upper half.
const POLYNOMIAL: u64 = 0xc200_0000_0000_0000;

/// The powers of a key.
#[repr(C, align(64))]
pub(super) struct HashKey {
    /// H^32, …, H^1.
    powers: [u128; POWERS],
    /// For each, the sum of its halves, in both halves.
    sums: [u128; POWERS],
}

impl Drop for HashKey {
    fn drop(&mut self) {
        for table in [&mut self.powers, &mut self.sums] {
            // SAFETY: a table of integers is as many bytes.
            wipe(unsafe { core::slice::from_raw_parts_mut(table.as_mut_ptr().cast(), size_of_val(table)) });
        }
    }
}

/// A register that multiplies.
pub(in crate::crypto::native) trait Carryless: Vector {
    /// A register of one block.
    type Block: Carryless<Block = Self::Block>;
    /// Of each block: a half of `self` times a half of `other`, chosen by bits 0 and 4 of `HALVES`.
    unsafe fn multiply<const HALVES: i32>(self, other: Self) -> Self;
    /// The halves of each block changed round.
    unsafe fn swap_halves(self) -> Self;
    /// The low half of each block moved up, and zero below it.
    unsafe fn low_half_up(self) -> Self;
    /// The high half of each block moved down, and zero above it.
    unsafe fn high_half_down(self) -> Self;
    /// The same two halves in every block: the low one and the high one.
    unsafe fn from_halves(low: u64, high: u64) -> Self;
    /// The sum of all blocks.
    unsafe fn sum(self) -> Self::Block;
}

const REVERSE: [u8; 16] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

/// A block, or a field element as a block.
#[inline(always)]
unsafe fn reverse<V: Vector>(block: V) -> V {
    // SAFETY: the caller's.
    unsafe { block.shuffle(V::broadcast(&REVERSE)) }
}

/// Products that are not yet reduced: of the low halves, the high halves, and the sums of the halves.
#[derive(Clone, Copy)]
struct Products<V> {
    low: V,
    high: V,
    middle: V,
}

impl<V: Carryless> Products<V> {
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller's.
        let zero = unsafe { V::splat(0) };
        Self { low: zero, high: zero, middle: zero }
    }

    /// Adds elements times the powers from `power` (the highest) down.
    #[inline(always)]
    unsafe fn add(&mut self, key: &HashKey, power: usize, x: V) {
        // SAFETY: the caller's; there are `BLOCKS` powers from this one down.
        unsafe {
            let at = POWERS - power;
            let powers = V::load(key.powers.as_ptr().add(at).cast());
            let sums = V::load(key.sums.as_ptr().add(at).cast());
            self.low = self.low.xor(x.multiply::<0x00>(powers));
            self.high = self.high.xor(x.multiply::<0x11>(powers));
            self.middle = self.middle.xor(x.xor(x.swap_halves()).multiply::<0x00>(sums));
        }
    }

    /// The elements: the sums of the halves taken apart, then two steps of Montgomery's reduction.
    #[inline(always)]
    unsafe fn reduce(self) -> V {
        // SAFETY: the caller's.
        unsafe {
            let middle = self.middle.xor(self.low.xor(self.high));
            let low = self.low.xor(middle.low_half_up());
            let high = self.high.xor(middle.high_half_down());
            let polynomial = V::from_halves(POLYNOMIAL, 0);
            let once = low.swap_halves().xor(low.multiply::<0x00>(polynomial));
            let twice = once.swap_halves().xor(once.multiply::<0x00>(polynomial));
            twice.xor(high)
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> Products<V::Block> {
        // SAFETY: the caller's.
        unsafe { Products { low: self.low.sum(), high: self.high.sum(), middle: self.middle.sum() } }
    }
}

impl HashKey {
    /// To be filled.
    pub(super) const EMPTY: Self = Self { powers: [0; POWERS], sums: [0; POWERS] };

    /// From the encrypted zero block.
    #[inline(always)]
    pub(super) unsafe fn fill<V: Carryless>(&mut self, h: &[u8; 16]) {
        // Times x.
        let h = u128::from_be_bytes(*h);
        let carry = (h >> 127).wrapping_neg();
        let h = (h << 1) ^ (carry & ((u128::from(POLYNOMIAL) << 64) | 1));
        // SAFETY: the caller's; all powers put and read are of 1 to `POWERS`.
        unsafe {
            let one = V::Block::from_halves(h as u64, (h >> 64) as u64);
            self.put(1, one);
            let two = self.times(1, one);
            self.put(2, two);
            self.put(3, self.times(1, two));
            self.put(4, self.times(2, two));
            // Twice as many each time: those that are there, times the highest.
            let mut highest = 4;
            while highest < POWERS {
                let by = self.powers[POWERS - highest];
                let by = V::from_halves(by as u64, (by >> 64) as u64);
                for power in (V::BLOCKS..=highest).step_by(V::BLOCKS) {
                    self.put(highest + power, self.times(power, by));
                }
                highest *= 2;
            }
        }
    }
    /// The powers from `power` down, times `by`.
    #[inline(always)]
    unsafe fn times<V: Carryless>(&self, power: usize, by: V) -> V {
        // SAFETY: the caller's.
        unsafe {
            let mut products = Products::zero();
            products.add(self, power, by);
            products.reduce()
        }
    }
    /// Sets the powers from `power` down.
    #[inline(always)]
    unsafe fn put<V: Carryless>(&mut self, power: usize, values: V) {
        // SAFETY: the caller's; a `u128` is 16 bytes.
        unsafe {
            values.store(self.powers.as_mut_ptr().add(POWERS - power).cast());
            values.xor(values.swap_halves()).store(self.sums.as_mut_ptr().add(POWERS - power).cast());
        }
    }

    /// The hash of `aad`, `data`, each padded with zeros, and their lengths: a block, to be added to E(J0).
    #[inline(always)]
    pub(super) unsafe fn hash<V: Carryless>(&self, aad: &[u8], data: &[u8]) -> [u8; 16] {
        // SAFETY: the caller's.
        unsafe {
            let mut hash = Hash::<V>::start(self, aad);
            hash.data(self, data);
            let mut tag = [0; 16];
            reverse(hash.value).store(tag.as_mut_ptr());
            tag
        }
    }
}

/// A hash under way.
struct Hash<V: Carryless> {
    value: V::Block,
    /// 1 if `value` has yet to be multiplied by the key before anything is added, else 0.
    pending: usize,
    /// Bits of additional data.
    aad_bits: u64,
}

impl<V: Carryless> Hash<V> {
    #[inline(always)]
    unsafe fn start(key: &HashKey, aad: &[u8]) -> Self {
        // SAFETY: the caller's.
        unsafe {
            let mut hash = Self { value: V::Block::splat(0), pending: 0, aad_bits: aad.len() as u64 * 8 };
            if aad.len() > 16 {
                let whole = aad.len() & !15;
                hash.blocks(key, &aad[..whole], &[]);
                if whole < aad.len() {
                    hash.blocks(key, &[], &[padded(&aad[whole..])]);
                }
            } else if !aad.is_empty() {
                // One block: its multiplication joins that of the data.
                hash.value = padded(aad);
                hash.pending = 1;
            }
            hash
        }
    }

    /// All the data, and the lengths.
    #[inline(always)]
    unsafe fn data(&mut self, key: &HashKey, data: &[u8]) {
        let (whole, rest) = data.split_at(data.len() & !15);
        // SAFETY: the caller's.
        unsafe {
            let lengths = V::Block::from_halves(data.len() as u64 * 8, self.aad_bits);
            if rest.is_empty() {
                self.blocks(key, whole, &[lengths]);
            } else {
                self.blocks(key, whole, &[padded(rest), lengths]);
            }
        }
    }

    /// Whole blocks of data, then `last` (reversed already).
    #[inline(always)]
    unsafe fn blocks(&mut self, key: &HashKey, data: &[u8], last: &[V::Block]) {
        let mut data = data;
        // SAFETY: the caller's; no aggregate has more than `POWERS` blocks.
        unsafe {
            while data.len() / 16 + last.len() > POWERS - self.pending {
                let (now, later) = data.split_at(data.len().min(16 * (POWERS - self.pending)));
                self.aggregate(key, now, &[]);
                data = later;
            }
            self.aggregate(key, data, last);
        }
    }

    #[inline(always)]
    unsafe fn aggregate(&mut self, key: &HashKey, data: &[u8], last: &[V::Block]) {
        let width = 16 * V::BLOCKS;
        let mut power = data.len() / 16 + last.len();
        if power == 0 {
            return;
        }
        // SAFETY: the caller's; the powers count down to 1 as the blocks go.
        unsafe {
            let mut narrow = Products::<V::Block>::zero();
            narrow.add(key, power + self.pending, self.value);
            let mut wide = Products::<V>::zero();
            let reverse_all = V::broadcast(&REVERSE);
            let registers = data.chunks_exact(width);
            let rest = registers.remainder();
            for register in registers {
                wide.add(key, power, V::load(register.as_ptr()).shuffle(reverse_all));
                power -= V::BLOCKS;
            }
            for block in rest.chunks_exact(16) {
                narrow.add(key, power, reverse(V::Block::load(block.as_ptr())));
                power -= 1;
            }
            for &block in last {
                narrow.add(key, power, block);
                power -= 1;
            }
            let wide = wide.sum();
            narrow.low = narrow.low.xor(wide.low);
            narrow.high = narrow.high.xor(wide.high);
            narrow.middle = narrow.middle.xor(wide.middle);
            self.value = narrow.reduce();
            self.pending = 0;
        }
    }
}

/// Less than a block, or one, padded with zeros and reversed.
#[inline(always)]
unsafe fn padded<V: Vector>(bytes: &[u8]) -> V {
    let mut block = [0u8; 16];
    block[..bytes.len()].copy_from_slice(bytes);
    // SAFETY: the caller's.
    unsafe { reverse(V::load(block.as_ptr())) }
}
