//! Client requests to valgrind's memcheck: a secret is marked as undefined memory, and memcheck reports every branch
//! and every address that depends on it. Outside valgrind the requests do nothing.
#![allow(unsafe_code)]

const MAKE_UNDEFINED: u64 = request(1);
const MAKE_DEFINED: u64 = request(2);
const RUNNING_ON_VALGRIND: u64 = 0x1001;
const COUNT_ERRORS: u64 = 0x1201;

const fn request(number: u64) -> u64 {
    (b'M' as u64) << 24 | (b'C' as u64) << 16 | number
}

#[cfg(target_arch = "x86_64")]
fn call(request: u64, address: u64, len: u64) -> u64 {
    let arguments = [request, address, len, 0, 0, 0];
    let mut result = 0u64;
    // SAFETY: four rotations that cancel out and an exchange of a register with itself; valgrind reads `arguments`.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") &raw const arguments, inout("rdx") result, inout("rdi") 0u64 => _, options(nostack),
        );
    }
    result
}

/// The check is made on x86-64 alone.
#[cfg(not(target_arch = "x86_64"))]
fn call(_: u64, _: u64, _: u64) -> u64 {
    0
}

pub(in crate::crypto) fn running() -> bool {
    call(RUNNING_ON_VALGRIND, 0, 0) != 0
}

/// How many errors memcheck has reported so far.
pub(in crate::crypto) fn errors() -> u64 {
    call(COUNT_ERRORS, 0, 0)
}

/// `value` is secret from here on.
pub(in crate::crypto) fn mark_undefined<T: ?Sized>(value: &T) {
    call(MAKE_UNDEFINED, (&raw const *value).cast::<()>() as u64, size_of_val(value) as u64);
}

/// `value` is public from here on.
pub(in crate::crypto) fn mark_defined<T: ?Sized>(value: &T) {
    call(MAKE_DEFINED, (&raw const *value).cast::<()>() as u64, size_of_val(value) as u64);
}
