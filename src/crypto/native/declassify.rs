//! For the constant-time check under a memory checker: secrets are marked as undefined memory there, and what becomes
//! public is marked as defined again. Nothing at all outside tests.

/// `value` is public from here on.
#[inline(always)]
pub(super) fn declassify<T: Copy>(value: T) -> T {
    #[cfg(test)]
    super::memory_checker::mark_defined(&value);
    value
}
