//! SM2 public-key encryption, C1C3C2 in the DER of GM/T 0009 (R-SM2-3).
use super::hashes::sm3;
use super::point;
use crate::crypto::der::{Ciphertext, MAX_C2};
use crate::crypto::{Draw, Random};
use crate::error::CryptoError;
use alloc::{vec, vec::Vec};
use sm2::{ProjectivePoint, Scalar};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// C1 = kG, C2 = M xor KDF(x2 || y2), C3 = SM3(x2 || M || y2) with (x2, y2) = kP.
pub(super) fn encrypt(
    public: &ProjectivePoint,
    message: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, CryptoError> {
    if message.is_empty() {
        return Err(CryptoError::Unsupported);
    }
    if message.len() > MAX_C2 {
        return Err(CryptoError::TooLong);
    }
    for _ in 0..point::MAX_DRAWS {
        let k = point::draw(random, Draw::EncryptionNonce)?;
        let c1 = point::coordinates(&point::times_generator(&k));
        let shared = point::coordinates(&(*public * *k));
        let (Some(c1), Some(shared)) = (c1, shared) else { return Err(CryptoError::BadPoint) };
        if let Some(c2) = apply_key_stream(&shared, message) {
            let (x, y) = halves(&c1);
            return Ok(Ciphertext { x, y, c3: check_value(&shared, message), c2: &c2 }.write());
        }
    }
    Err(CryptoError::NoRandomness)
}

/// The message, if there is one; nothing says why not.
pub(super) fn decrypt(d: &Scalar, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let ciphertext = Ciphertext::read(ciphertext)?;
    let c1 = point::from_coordinates(&ciphertext.x, &ciphertext.y).ok()?;
    let shared = point::coordinates(&(ProjectivePoint::from(c1) * d))?;
    let message = apply_key_stream(&shared, ciphertext.c2)?;
    let right = check_value(&shared, &message).ct_eq(&ciphertext.c3);
    bool::from(right).then_some(message)
}

/// `input` xor KDF(x2 || y2). Nothing if the key stream is all zero, as it is for an empty input.
fn apply_key_stream(shared: &[u8; 64], input: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(vec![0; input.len()]);
    point::kdf(&[shared], &mut out);
    let any = out.iter().fold(0, |any, b| any | b);
    out.iter_mut().zip(input).for_each(|(o, b)| *o ^= b);
    (!bool::from(any.ct_eq(&0))).then_some(out)
}

/// SM3(x2 || M || y2)
fn check_value(shared: &[u8; 64], message: &[u8]) -> [u8; 32] {
    let (x, y) = shared.split_at(32);
    sm3(&[x, message, y])
}

fn halves(xy: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    (core::array::from_fn(|i| xy[i]), core::array::from_fn(|i| xy[i + 32]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crypto::portable::test_random::Series;

    const D: u64 = 0x1234_5678;

    fn nonce(k: u64) -> [u8; 32] {
        Scalar::from(k).to_bytes().into()
    }

    fn public() -> ProjectivePoint {
        point::times_generator(&Scalar::from(D))
    }

    /// The smallest nonce whose key stream for one byte is zero, and kP.
    fn useless_nonce() -> (u64, Zeroizing<[u8; 64]>) {
        let mut sum = public();
        for k in 1.. {
            let shared = point::coordinates(&sum).unwrap();
            let mut stream = [0];
            point::kdf(&[&*shared], &mut stream);
            if stream == [0] {
                return (k, shared);
            }
            sum += public();
        }
        unreachable!()
    }

    /// R-SM2-3: an all-zero key stream would send the message as it is.
    #[test]
    fn draws_another_nonce_when_the_key_stream_is_zero_and_refuses_what_was_sent_so() {
        let (k, shared) = useless_nonce();
        let random = Series::new([nonce(k), nonce(k + 1)]);
        let made = encrypt(&public(), b"M", &random).unwrap();
        assert!(random.rest().is_empty());
        assert_eq!(made, encrypt(&public(), b"M", &Series::new([nonce(k + 1)])).unwrap());
        assert_eq!(**decrypt(&Scalar::from(D), &made).unwrap(), *b"M");

        let c1 = point::coordinates(&point::times_generator(&Scalar::from(k))).unwrap();
        let (x, y) = halves(&c1);
        let sent = Ciphertext { x, y, c3: check_value(&shared, b"M"), c2: b"M" }.write();
        assert!(decrypt(&Scalar::from(D), &sent).is_none());
        // Two bytes of key stream are not both zero here: the same nonce does, and the rest of the check is sound.
        let longer = encrypt(&public(), b"MM", &Series::new([nonce(k)])).unwrap();
        assert_eq!(**decrypt(&Scalar::from(D), &longer).unwrap(), *b"MM");
    }

    #[test]
    fn returns_messages_of_many_lengths_and_refuses_none_and_too_many_bytes() {
        for n in [1, 2, 31, 32, 33, 48, 64, 65, 1000, 70_000] {
            let message: Vec<u8> = (0..n).map(|i: u32| i as u8).collect();
            let made = encrypt(&public(), &message, &Series::new([[3; 32]])).unwrap();
            assert_eq!(**decrypt(&Scalar::from(D), &made).unwrap(), message);
        }
        let der = encrypt(&public(), b"M", &Series::new([[3; 32]])).unwrap();
        let Ciphertext { x, y, .. } = Ciphertext::read(&der).unwrap();
        let shared = point::coordinates(
            &(ProjectivePoint::from(point::from_coordinates(&x, &y).unwrap()) * Scalar::from(D)),
        );
        let empty = Ciphertext { x, y, c3: check_value(&shared.unwrap(), b""), c2: b"" }.write();
        assert!(decrypt(&Scalar::from(D), &empty).is_none());
        let none = encrypt(&public(), b"", &Series::new([[3; 32]]));
        assert_eq!(none, Err(CryptoError::Unsupported));
        let too_long = encrypt(&public(), &vec![0; MAX_C2 + 1], &Series::new([[3; 32]]));
        assert_eq!(too_long, Err(CryptoError::TooLong));
    }
}
