//! Constants are written as the standards print them.

/// The `N` bytes that `digits`, 2N hexadecimal digits, stand for. For constants: another length does not compile.
pub(crate) const fn hex<const N: usize>(digits: &str) -> [u8; N] {
    assert!(digits.len() == 2 * N);
    let digits = digits.as_bytes();
    let mut out = [0; N];
    let mut i = 0;
    while i < N {
        out[i] = nibble(digits[2 * i]) << 4 | nibble(digits[2 * i + 1]);
        i += 1;
    }
    out
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => {
            assert!(digit >= b'A' && digit <= b'F');
            digit - b'A' + 10
        }
    }
}
