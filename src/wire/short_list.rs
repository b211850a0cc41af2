//! Lists that are mostly short.
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

/// A list of which up to `N` values stand in place: what is as short as most are needs no memory of the heap.
#[derive(Clone)]
pub struct ShortList<T, const N: usize>(Form<T, N>);

/// Code points as hellos list them.
pub type Codes<T> = ShortList<T, 16>;

/// Bytes. TLCP's longest message without a certificate, ClientKeyExchange with an SM2Cipher, has 162.
pub(crate) type ShortBytes = ShortList<u8, 174>;

#[derive(Clone)]
enum Form<T, const N: usize> {
    /// The first so many.
    InPlace(u8, [T; N]),
    /// More than there is place for, or than were expected.
    Long(Vec<T>),
}

/// What may stand in a list.
pub trait Listed: Copy {
    /// What stands where nothing was put yet.
    #[doc(hidden)]
    const FILLER: Self;
}

impl Listed for u8 {
    const FILLER: Self = 0;
}

impl<T: Listed, const N: usize> ShortList<T, N> {
    /// None yet, with room for `capacity` values: they do not move as long as there are no more.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(if capacity <= N {
            Form::InPlace(0, [T::FILLER; N])
        } else {
            Form::Long(Vec::with_capacity(capacity))
        })
    }

    /// Appends one value.
    pub fn push(&mut self, value: T) {
        self.extend_from_slice(&[value]);
    }

    /// Appends `more`.
    pub fn extend_from_slice(&mut self, more: &[T]) {
        let (len, values) = match &mut self.0 {
            Form::Long(values) => return values.extend_from_slice(more),
            Form::InPlace(len, values) => (len, values),
        };
        let start = usize::from(*len);
        let end = start.saturating_add(more.len());
        match (values.get_mut(start..end), u8::try_from(end)) {
            (Some(free), Ok(end)) => {
                free.copy_from_slice(more);
                *len = end;
            }
            _ => {
                let mut long = Vec::with_capacity(end.saturating_mul(2));
                long.extend_from_slice(self);
                long.extend_from_slice(more);
                self.0 = Form::Long(long);
            }
        }
    }

    /// Drops the values that are not to be kept.
    pub fn retain(&mut self, mut keeps: impl FnMut(&T) -> bool) {
        let mut kept = Self::default();
        self.iter().filter(|value| keeps(value)).for_each(|value| kept.push(*value));
        *self = kept;
    }

    /// The same on the heap.
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            Form::InPlace(..) => self.to_vec(),
            Form::Long(values) => values,
        }
    }
}

impl<T, const N: usize> Deref for ShortList<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Form::InPlace(len, values) => values.get(..usize::from(*len)).unwrap_or_default(),
            Form::Long(values) => values,
        }
    }
}

impl<T, const N: usize> DerefMut for ShortList<T, N> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Form::InPlace(len, values) => values.get_mut(..usize::from(*len)).unwrap_or_default(),
            Form::Long(values) => values,
        }
    }
}

impl<T, const N: usize> AsRef<[T]> for ShortList<T, N> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T: Listed, const N: usize> Default for ShortList<T, N> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<T: Listed, const N: usize> From<&[T]> for ShortList<T, N> {
    fn from(values: &[T]) -> Self {
        let mut out = Self::with_capacity(values.len());
        out.extend_from_slice(values);
        out
    }
}

impl<T: Listed, const N: usize> FromIterator<T> for ShortList<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let values = values.into_iter();
        let mut out = Self::with_capacity(values.size_hint().0);
        values.for_each(|value| out.push(value));
        out
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a ShortList<T, N> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq, const N: usize, U: AsRef<[T]> + ?Sized> PartialEq<U> for ShortList<T, N> {
    fn eq(&self, other: &U) -> bool {
        **self == *other.as_ref()
    }
}

impl<T: Eq, const N: usize> Eq for ShortList<T, N> {}

impl<T: fmt::Debug, const N: usize> fmt::Debug for ShortList<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_appended_in_whatever_pieces() {
        let bytes: Vec<u8> = (0..=255).collect();
        for size in 1..=256 {
            let mut out = ShortBytes::default();
            bytes.chunks(size).for_each(|piece| out.extend_from_slice(piece));
            assert_eq!((&out[..], out.clone().into_vec()), (&bytes[..], bytes.clone()));
            let some = &bytes[..size];
            let mut list = ShortBytes::from(some);
            assert_eq!(
                (&list, matches!(list.0, Form::Long(_))),
                (&some.iter().copied().collect(), size > 174)
            );
            list.reverse();
            list.retain(|byte| *byte != 7);
            assert!(list.iter().rev().eq(some.iter().filter(|byte| **byte != 7)));
        }
    }
}
