//! Of an instruction of x86-64: the registers that make up the address it touches. What is constant about the address
//! is left out, since it is the same whenever the instruction runs.

const RAX: u8 = 0;
const RDX: u8 = 2;
const RBX: u8 = 3;
const RSI: u8 = 6;
const RDI: u8 = 7;

/// What an instruction's address, or the time that it takes, depends on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Operands {
    pub(super) base: Option<u8>,
    /// And the power of two that it is scaled by.
    pub(super) index: Option<(u8, u8)>,
    /// Registers that count by themselves: the second address of a string instruction, or what is divided.
    pub(super) also: [Option<u8>; 2],
    /// The vector of a gather's or a scatter's indices.
    pub(super) vector: Option<u8>,
}

/// What stands before the operation.
#[derive(Default)]
struct Prefix {
    /// High bits of the register numbers: reg, index, base.
    high: [u8; 3],
    /// Which table of operations: 0, 1 (0F), 2 (0F 38), 3 (0F 3A), or more under EVEX.
    map: u8,
    /// How many bytes all that has.
    length: u64,
    is_evex: bool,
    /// The highest bit of the number of a vector of indices.
    vector_high: u8,
}

impl Prefix {
    fn read(byte: impl Fn(u64) -> u8) -> Self {
        let is_legacy =
            |b| matches!(b, 0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65 | 0x66 | 0x67 | 0xf0 | 0xf2 | 0xf3);
        let mut at = (0..).find(|at| !is_legacy(byte(*at))).unwrap_or_default();
        let inverted = |b: u8| [!b >> 7 & 1, !b >> 6 & 1, !b >> 5 & 1];
        match byte(at) {
            0xc5 => {
                let high = [!byte(at + 1) >> 7 & 1, 0, 0];
                return Self { high, map: 1, length: at + 2, ..Self::default() };
            }
            0xc4 => {
                let b = byte(at + 1);
                return Self { high: inverted(b), map: b & 0x1f, length: at + 3, ..Self::default() };
            }
            0x62 => {
                let b = byte(at + 1);
                let vector_high = !byte(at + 3) >> 3 & 1;
                return Self { high: inverted(b), map: b & 7, length: at + 4, is_evex: true, vector_high };
            }
            _ => {}
        }
        let mut prefix = Self::default();
        if let rex @ 0x40..=0x4f = byte(at) {
            prefix.high = [rex >> 2 & 1, rex >> 1 & 1, rex & 1];
            at += 1;
        }
        (prefix.map, prefix.length) = match [byte(at), byte(at + u64::from(byte(at) == 0x0f))] {
            [0x0f, 0x38] => (2, at + 2),
            [0x0f, 0x3a] => (3, at + 2),
            [0x0f, _] => (1, at + 1),
            _ => (0, at),
        };
        prefix
    }
}

/// Whether a ModRM byte follows the operation.
fn has_mod_rm(map: u8, operation: u8) -> bool {
    match map {
        0 => match operation {
            0x00..=0x3f => operation & 7 < 4,
            0x63 | 0x69 | 0x6b | 0x80..=0x8f | 0xc0 | 0xc1 | 0xc6 | 0xc7 => true,
            0xd0..=0xd3 | 0xd8..=0xdf | 0xf6 | 0xf7 | 0xfe | 0xff => true,
            _ => false,
        },
        1 => !matches!(
            operation,
            0x05..=0x09 | 0x0b | 0x0e | 0x30..=0x37 | 0x77 | 0x80..=0x8f | 0xa0..=0xa2 | 0xa8..=0xaa | 0xc8..=0xcf
        ),
        _ => true,
    }
}

impl Operands {
    /// Of the instruction at this address of our own code.
    pub(super) fn at(address: u64) -> Self {
        // SAFETY: an instruction that was executed there in a copy of this process, of which no byte more is read.
        Self::read(|i| unsafe { *((address + i) as *const u8) })
    }

    pub(super) fn read(byte: impl Fn(u64) -> u8) -> Self {
        let Prefix { high, map, length, is_evex, vector_high } = Prefix::read(&byte);
        let operation = byte(length);
        let mut out = Self::default();
        match (map, operation) {
            (0, 0xa4..=0xa7 | 0xaa..=0xaf) => out.also = [Some(RSI), Some(RDI)],
            (0, 0xd7) => out.also = [Some(RAX), Some(RBX)],
            _ => {}
        }
        if !has_mod_rm(map, operation) {
            return out;
        }
        let mod_rm = byte(length + 1);
        let (kind, reg, rm) = (mod_rm >> 6, mod_rm >> 3 & 7, mod_rm & 7);
        if map == 0 && matches!(operation, 0xf6 | 0xf7) && reg >= 6 {
            out.also = [Some(RAX), Some(RDX)];
        }
        // LEA and NOP touch nothing.
        if kind == 3 || matches!((map, operation), (0, 0x8d) | (1, 0x1f)) {
            return out;
        }
        if map == 1 && matches!(operation, 0xa3 | 0xab | 0xb3 | 0xbb) {
            out.also[0] = Some(reg | high[0] << 3); // a bit of a string of any length
        }
        if rm != 4 {
            let is_relative = rm == 5 && kind == 0;
            out.base = (!is_relative).then_some(rm | high[2] << 3);
            return out;
        }
        let sib = byte(length + 2);
        let (scale, index, base) = (sib >> 6, sib >> 3 & 7 | high[1] << 3, sib & 7);
        let is_vector = map == 2 && matches!(operation, 0x90..=0x93)
            || is_evex && map == 2 && matches!(operation, 0xa0..=0xa3 | 0xc6 | 0xc7);
        out.base = (base != 5 || kind != 0).then_some(base | high[2] << 3);
        match is_vector {
            true => out.vector = Some(index | vector_high << 4),
            false => out.index = (index != 4).then_some((index, scale)),
        }
        out
    }

    /// The variable part of the address, but for a vector's.
    pub(super) fn touched(&self, general: &[u64; 16]) -> u64 {
        let value = |register: u8| general[usize::from(register)];
        let mut sum = self.base.map_or(0, value);
        if let Some((index, scale)) = self.index {
            sum = sum.wrapping_add(value(index) << scale);
        }
        for register in self.also.into_iter().flatten() {
            sum = sum.rotate_left(17).wrapping_add(value(register));
        }
        sum
    }
}
