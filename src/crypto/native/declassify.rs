//! For the constant-time check under a memory checker: secrets are marked as undefined memory there, and what becomes
//! public is marked as defined again. Nothing at all outside tests.

/// `value` is public from here on.
#[cfg(not(test))]
#[inline(always)]
pub(super) fn declassify<T: Copy>(value: T) -> T {
    value
}

/// The same for the memory checker, which knows it by the place in memory: it is read from there again, since a register
/// that has held it all the while would still be undefined.
#[cfg(test)]
#[inline(always)]
pub(super) fn declassify<T: Copy>(value: T) -> T {
    super::memory_checker::mark_defined(&value);
    // SAFETY: a reference to a value of a type that may be copied.
    unsafe { core::ptr::read_volatile(&raw const value) }
}
