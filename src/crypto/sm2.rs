//! What of SM2 is hashing alone: Z, and the digest e that a signature is over. For devices and transcripts; a provider's
//! own kernels do the same inside.
use super::hex::hex;
use super::{Digest, HashContext, Hashes};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use alloc::boxed::Box;

/// a || b || xG || yG
pub(crate) const CURVE: [u8; 128] = hex(concat!(
    "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC",
    "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93",
    "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7",
    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
));

/// Z = SM3(ENTL || user id || a || b || xG || yG || xP || yP) of the public key 04 || xP || yP (R-SM2-1).
///
/// # Errors
/// [`CryptoError::TooLong`] for a user id of more than 8191 bytes.
pub fn z(hashes: &dyn Hashes, user_id: &[u8], public: &[u8; 65]) -> Result<Digest, CryptoError> {
    let bits = user_id.len().checked_mul(8).and_then(|n| u16::try_from(n).ok());
    let bits = bits.ok_or(CryptoError::TooLong)?.to_be_bytes();
    let coordinates = public.get(1..).unwrap_or_default();
    Ok(hashes.digest(HashAlgorithm::Sm3, &[&bits, user_id, &CURVE, coordinates]))
}

/// SM3 that has taken in Z: what follows is the message, what comes out is e (R-SM2-2).
///
/// # Errors
/// As [`z`].
pub fn start_digest(
    hashes: &dyn Hashes,
    user_id: &[u8],
    public: &[u8; 65],
) -> Result<Box<dyn HashContext>, CryptoError> {
    let z = z(hashes, user_id, public)?;
    let mut hash = hashes.start(HashAlgorithm::Sm3);
    hash.update(z.as_ref());
    Ok(hash)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::{DEFAULT_USER_ID, portable};

    /// GM/T 0003.5 Annex A.2: R-SM2-1, R-SM2-2
    #[test]
    fn z_and_e_are_those_of_the_standard() {
        let public: [u8; 65] = hex(concat!(
            "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
            "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
        ));
        let hashes = portable::provider().hashes;
        let z = z(hashes, DEFAULT_USER_ID, &public).unwrap();
        assert_eq!(z.as_ref(), hex::<32>("B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"));
        let mut e = start_digest(hashes, DEFAULT_USER_ID, &public).unwrap();
        e.update(b"message digest");
        let expected = hex::<32>("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640");
        assert_eq!(e.current().as_ref(), expected);
    }
}
