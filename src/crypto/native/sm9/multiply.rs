//! Multiples of elements by scalars: of any one, and of one that has a table. Constant time, also in the element.
use super::fp::Field;
use super::group::{Digits, Group, multiples, pick};
use super::lattice::Lattice;
use super::scalar::Scalar;
use alloc::{boxed::Box, vec, vec::Vec};
use zeroize::Zeroizing;

/// Bits of a digit where the table is made for one multiplication.
const WIDTH: usize = 4;
const MULTIPLES: usize = 1 << (WIDTH - 1);
/// Bits of a digit where a table is kept.
const TABLE_WIDTH: usize = 5;
const TABLE_MULTIPLES: usize = 1 << (TABLE_WIDTH - 1);

/// k times the element.
pub(super) fn multiply<G: Group, F: Field>(field: F, k: &Scalar, of: &G) -> Zeroizing<G> {
    let digits = Digits::<WIDTH>::new(G::LATTICE, k);
    let mut tables = Zeroizing::new([[G::default(); MULTIPLES]; Lattice::MAX]);
    multiples(field, of, &mut tables[0]);
    for dimension in 1..digits.dimensions() {
        let (before, this) = tables.split_at_mut(dimension);
        for (entry, other) in this[0].iter_mut().zip(&before[dimension - 1]) {
            *entry = other.endomorphism(field);
        }
    }
    let mut sum = Zeroizing::new(G::IDENTITY);
    for place in (0..digits.len()).rev() {
        for _ in 0..WIDTH {
            *sum = sum.double(field);
        }
        for (dimension, table) in tables.iter().enumerate().take(digits.dimensions()) {
            let term = Zeroizing::new(pick(field, table, digits.at(dimension, place)));
            *sum = sum.add(field, &term);
        }
    }
    sum
}

/// The multiples of an element that comes again: for each place of a digit 1, 2, …, 2^(TABLE_WIDTH-1) times
/// 2^(TABLE_WIDTH place) times it. 39 KiB in G1, 84 KiB in GT.
pub(super) struct Table<G: Group>(Box<[G]>);

impl<G: Group> Table<G> {
    pub(super) fn new<F: Field>(field: F, of: &G) -> Self {
        let count = Digits::<TABLE_WIDTH>::count(G::LATTICE);
        let mut all: Vec<G> = vec![G::IDENTITY; count * TABLE_MULTIPLES];
        let mut base = *of;
        for row in all.chunks_exact_mut(TABLE_MULTIPLES) {
            multiples(field, &base, row);
            base = row[TABLE_MULTIPLES - 1].double(field);
        }
        Self(all.into_boxed_slice())
    }

    /// The element.
    pub(super) fn base(&self) -> &G {
        &self.0[0]
    }

    /// k times the element: one sum for each short scalar, and the endomorphism at the end.
    pub(super) fn multiply<F: Field>(&self, field: F, k: &Scalar) -> Zeroizing<G> {
        let digits = Digits::<TABLE_WIDTH>::new(G::LATTICE, k);
        let mut total = Zeroizing::new(G::IDENTITY);
        for dimension in (0..digits.dimensions()).rev() {
            let mut sum = Zeroizing::new(total.endomorphism(field));
            for (place, row) in self.0.chunks_exact(TABLE_MULTIPLES).enumerate() {
                let term = Zeroizing::new(pick(field, row, digits.at(dimension, place)));
                *sum = sum.add(field, &term);
            }
            *total = *sum;
        }
        total
    }
}
