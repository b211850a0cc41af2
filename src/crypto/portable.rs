//! The portable provider: every primitive in plain Rust, all but SM4 on the RustCrypto crates, for any processor and without std.
//!
//! All of it runs in constant time, SM4 too, whose S-box here is a circuit and no table.
mod agreement;
mod cbc_lanes;
mod ciphers;
mod curve;
#[cfg(feature = "tls12")]
mod diffie_hellman;
#[cfg(feature = "tls12")]
mod ecdsa;
#[cfg(feature = "tls12")]
mod ed25519;
mod encryption;
mod hashes;
mod keys;
mod point;
#[cfg(feature = "rsa")]
mod rsa;
mod sm4;
#[cfg(test)]
mod test_random;

pub(crate) use sm4::Sm4;

use super::Provider;

/// The portable provider.
pub fn provider() -> Provider {
    Provider {
        name: "portable",
        hashes: &hashes::Portable,
        ciphers: &ciphers::Portable,
        keys: &keys::Portable,
    }
}

#[cfg(test)]
mod tests {
    use super::sm4::Sm4;
    use aes_gcm::AesGcm;
    use zeroize::ZeroizeOnDrop;

    /// Holds for whatever has compiled: the features that make the crates wipe are on.
    #[test]
    fn everything_that_holds_a_key_wipes_itself() {
        fn wipes<T: ZeroizeOnDrop>() {}
        wipes::<Sm4>();
        wipes::<AesGcm<Sm4, cbc::cipher::consts::U12>>();
        // HMAC is two of these states and a buffer, and has no drop of its own.
        wipes::<sm3::block_api::Sm3Core>();
        wipes::<sha2::block_api::Sha256VarCore>();
        wipes::<sm3::Sm3>();
        wipes::<sha2::Sha256>();
    }

    #[cfg(feature = "tls12")]
    #[test]
    fn everything_that_holds_a_key_of_tls_12_wipes_itself() {
        fn wipes<T: ZeroizeOnDrop>() {}
        wipes::<aes::Aes128>();
        wipes::<aes::Aes256>();
        wipes::<AesGcm<aes::Aes128, cbc::cipher::consts::U12>>();
        wipes::<AesGcm<aes::Aes256, cbc::cipher::consts::U12>>();
        wipes::<chacha20poly1305::ChaCha20Poly1305>();
        wipes::<sha1::block_api::Sha1Core>();
        wipes::<sha2::block_api::Sha512VarCore>();
        wipes::<ed25519_dalek::SigningKey>();
        wipes::<x25519_dalek::StaticSecret>();
        wipes::<x25519_dalek::SharedSecret>();
    }
}
