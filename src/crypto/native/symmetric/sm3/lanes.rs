//! Many messages side by side: one in each 32-bit column of the registers.
#![allow(
    clippy::missing_safety_doc,
    reason = "one condition for all: the CPU has the register's instructions"
)]
use super::super::vector::Vector;
use super::words::{BLOCK, T, Words};
use core::mem::take;

/// A message under way: its chaining value, and blocks that are to come.
pub(in crate::crypto::native) struct Lane<'a> {
    pub(in crate::crypto::native) words: &'a mut Words,
    pub(in crate::crypto::native) blocks: &'a [[u8; BLOCK]],
}

/// The most columns of any register.
pub(in crate::crypto::native) const MAX_COLUMNS: usize = 16;

impl<'a> Lane<'a> {
    /// Absorbs all blocks of all lanes, at most `columns` lanes at once: `run` absorbs the next so many of each.
    #[inline(always)]
    pub(in crate::crypto::native) fn in_columns(
        lanes: &mut [Self],
        columns: usize,
        run: impl Fn(&mut [Self], usize),
    ) {
        for lanes in lanes.chunks_mut(columns) {
            loop {
                // Those that are done go to the end.
                lanes.sort_unstable_by_key(|lane| core::cmp::Reverse(lane.blocks.len()));
                let active = lanes.iter().filter(|lane| !lane.blocks.is_empty()).count();
                let Some(last) = active.checked_sub(1) else { break };
                let common = lanes[last].blocks.len();
                run(&mut lanes[..active], common);
            }
        }
    }

    /// Takes the next `count` blocks.
    pub(in crate::crypto::native) fn next(&mut self, count: usize) -> &'a [[u8; BLOCK]] {
        let (now, later) = take(&mut self.blocks).split_at(count);
        self.blocks = later;
        now
    }
}

/// The next `count` blocks of at most `4 * BLOCKS` lanes. Columns without a lane repeat the first one.
#[inline(always)]
pub(in crate::crypto::native) unsafe fn absorb<V: Vector>(lanes: &mut [Lane<'_>], count: usize) {
    let mut at = [core::ptr::null::<u8>(); MAX_COLUMNS];
    let mut words = [[0u32; 8]; MAX_COLUMNS];
    for column in 0..4 * V::BLOCKS {
        let lane = &lanes[if column < lanes.len() { column } else { 0 }];
        debug_assert!(lane.blocks.len() >= count);
        at[column] = lane.blocks.as_ptr().cast();
        words[column] = *lane.words;
    }
    // SAFETY: the caller's; each pointer has `count` blocks before it, and a chaining value is 32 bytes.
    unsafe {
        let mut from = [core::ptr::null(); MAX_COLUMNS];
        for (from, words) in from.iter_mut().zip(&words) {
            *from = words.as_ptr().cast();
        }
        let [a, b, c, d] = gather::<V>(&from, 0);
        let [e, f, g, h] = gather::<V>(&from, 16);
        let mut state = [a, b, c, d, e, f, g, h];
        for _ in 0..count {
            block(&mut state, &at);
            for at in &mut at[..4 * V::BLOCKS] {
                *at = at.add(BLOCK);
            }
        }
        let [a, b, c, d, e, f, g, h] = state;
        for (half, four) in [[a, b, c, d], [e, f, g, h]].into_iter().enumerate() {
            let mut to = [core::ptr::null_mut::<u8>(); MAX_COLUMNS];
            for (to, words) in to.iter_mut().zip(&mut words) {
                *to = words[4 * half..].as_mut_ptr().cast();
            }
            for (i, register) in V::transpose(four).into_iter().enumerate() {
                register.scatter(&to[i * V::BLOCKS..]);
            }
        }
    }
    for (lane, words) in lanes.iter_mut().zip(words) {
        *lane.words = words;
        lane.next(count);
    }
}

/// Sixteen bytes of every lane, `offset` bytes on, transposed into four registers of one word each.
#[inline(always)]
unsafe fn gather<V: Vector>(from: &[*const u8; MAX_COLUMNS], offset: usize) -> [V; 4] {
    // SAFETY: the caller's.
    unsafe {
        let mut x = [V::splat(0); 4];
        for (i, register) in x.iter_mut().enumerate() {
            *register = V::gather_at(&from[i * V::BLOCKS..], offset);
        }
        V::transpose(x)
    }
}

/// One round of every lane, the words in the places that the round before left them in.
macro_rules! round {
    ($s:ident, $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal, $j:expr,
     $first:literal, $w:ident) => {{
        let (a, b, c, e, f, g) = ($s[$a], $s[$b], $s[$c], $s[$e], $s[$f], $s[$g]);
        let a12 = a.rotate_left::<12, 20>();
        let ss1 = a12.add_words(e.add_words(V::splat(T[$j]))).rotate_left::<7, 25>();
        let (ff, gg) = if $first {
            (a.xor(b).xor(c), e.xor(f).xor(g))
        } else {
            (a.xor(b).and(c.xor(b)).xor(b), f.xor(g).and(e).xor(g))
        };
        let wx = $w[$j].xor($w[$j + 4]);
        $s[$d] = ff.add_words($s[$d]).add_words(ss1.xor(a12).add_words(wx));
        let tt2 = gg.add_words($s[$h]).add_words(ss1.add_words($w[$j]));
        $s[$h] = tt2.xor(tt2.rotate_left::<9, 23>()).xor(tt2.rotate_left::<17, 15>());
        $s[$b] = b.rotate_left::<9, 23>();
        $s[$f] = f.rotate_left::<19, 13>();
    }};
}

/// One block of every lane (5.3).
#[inline(always)]
unsafe fn block<V: Vector>(state: &mut [V; 8], at: &[*const u8; MAX_COLUMNS]) {
    // SAFETY: the caller's.
    unsafe {
        let mut w = [V::splat(0); 68];
        let swap = V::broadcast(&[3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]);
        for four in 0..4 {
            for (i, word) in gather::<V>(at, 16 * four).into_iter().enumerate() {
                w[4 * four + i] = word.shuffle(swap);
            }
        }
        for j in 16..68 {
            let x = w[j - 16].xor(w[j - 9]).xor(w[j - 3].rotate_left::<15, 17>());
            let p1 = x.xor(x.rotate_left::<15, 17>()).xor(x.rotate_left::<23, 9>());
            w[j] = p1.xor(w[j - 13].rotate_left::<7, 25>()).xor(w[j - 6]);
        }
        let mut s = *state;
        macro_rules! four_rounds {
            ($range:expr, $first:literal) => {
                for j in $range.step_by(4) {
                    round!(s, 0 1 2 3 4 5 6 7, j, $first, w);
                    round!(s, 3 0 1 2 7 4 5 6, j + 1, $first, w);
                    round!(s, 2 3 0 1 6 7 4 5, j + 2, $first, w);
                    round!(s, 1 2 3 0 5 6 7 4, j + 3, $first, w);
                }
            };
        }
        four_rounds!((0..16), true);
        four_rounds!((16..64), false);
        for (word, new) in state.iter_mut().zip(s) {
            *word = word.xor(new);
        }
    }
}
