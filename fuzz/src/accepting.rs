//! Primitives that protect nothing and accept everything: so that a target gets past signatures, Finished and record
//! protection, and sees what is behind them. Hashes and secrets are zero, ciphertexts are plaintexts, tags and MACs are
//! zero; any other tag or MAC is refused, so that failing stays possible, too.
use std::sync::Arc;
use tlcp::crypto::sm9::Usage;
use tlcp::crypto::sm9::encoding::{Ciphertext, Mode};
use tlcp::crypto::{
    Aead, AgreementPeer, AgreementRole, CbcHmac, CbcLane, Ciphers, Digest, HashContext, Hashes, Keys,
    MacLane, MasterSeed, PreMasterSecret, Prf, PrivateKey, Provider, PublicKey, Random, SECRET_LEN, Share,
    Shared, SignatureAlgorithm, StartedAgreement, default_provider,
};
use tlcp::error::CryptoError;
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};
use tlcp::wire::NamedGroup;

/// All of them.
pub fn provider() -> Provider {
    Provider::new("accepting", &Zeros, &Zeros, &Zeros)
}

/// A point, as far as these primitives care.
pub const POINT: [u8; 65] = {
    let mut point = [0; 65];
    point[0] = 4;
    point
};

/// A signature that verifies.
pub const SIGNATURE: [u8; 8] = [0x30, 6, 2, 1, 1, 2, 1, 1];

/// SM9Cipher in DER that decrypts.
pub fn sm9_ciphertext() -> Vec<u8> {
    Ciphertext { mode: Mode::Xor, c1: POINT, c3: [0; 32], c2: &[0; 48] }.write()
}

/// SM2Cipher in DER that decrypts.
pub const CIPHERTEXT: [u8; 14] = [0x30, 12, 2, 1, 1, 2, 1, 1, 4, 1, 0, 4, 1, 0];

struct Zeros;

impl HashContext for Zeros {
    fn update(&mut self, _: &[u8]) {}

    fn current(&self) -> Digest {
        Digest::new(&[0; 32])
    }
}

impl Hashes for Zeros {
    fn start(&self, _: HashAlgorithm) -> Box<dyn HashContext> {
        Box::new(Self)
    }

    fn digest(&self, _: HashAlgorithm, _: &[&[u8]]) -> Digest {
        Digest::new(&[0; 32])
    }

    fn hmac(&self, _: HashAlgorithm, _: &[u8], _: &[&[u8]]) -> Digest {
        Digest::new(&[0; 32])
    }

    fn keyed_prf(&self, _: HashAlgorithm, _: &[u8]) -> Box<dyn Prf> {
        Box::new(Self)
    }
}

impl Prf for Zeros {
    fn expand(&self, _: &[u8], _: &[&[u8]], out: &mut [u8]) {
        out.fill(0);
    }
}

impl Aead for Zeros {
    fn seal(&self, _: &[u8; 12], _: &[u8], _: &mut [u8]) -> [u8; 16] {
        [0; 16]
    }

    fn open(&self, _: &[u8; 12], _: &[u8], _: &mut [u8], tag: &[u8; 16]) -> Result<(), CryptoError> {
        if *tag == [0; 16] { Ok(()) } else { Err(CryptoError::DecryptFailed) }
    }
}

impl CbcHmac for Zeros {
    fn mac_len(&self) -> usize {
        32
    }

    fn mac_lanes(&self, lanes: &mut [MacLane<'_>]) {
        lanes.iter_mut().for_each(|lane| lane.mac = Digest::new(&[0; 32]));
    }

    fn encrypt_lanes(&self, _: &mut [CbcLane<'_>]) {}

    fn decrypt(&self, _: &[u8; 16], _: &mut [u8]) {}

    fn mac_secret_length(&self, _: &[u8; 13], _: &[u8], _: usize, _: usize) -> Digest {
        Digest::new(&[0; 32])
    }
}

impl Ciphers for Zeros {
    fn aead(&self, _: AeadAlgorithm, _: &[u8]) -> Result<Box<dyn Aead>, CryptoError> {
        Ok(Box::new(Self))
    }

    fn cbc_hmac(
        &self,
        _: CbcAlgorithm,
        _: MacAlgorithm,
        _: &[u8],
        _: &[u8],
    ) -> Result<Box<dyn CbcHmac>, CryptoError> {
        Ok(Box::new(Self))
    }
}

impl Keys for Zeros {
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        match <[u8; 65]>::try_from(point) {
            Ok(point) if point[0] == 4 => Ok(PublicKey::Sm2(Arc::new(point))),
            _ => Err(CryptoError::BadPoint),
        }
    }

    fn sm2_private(&self, _: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(AnyKey(PublicKey::Sm2(Arc::new(POINT)))))
    }

    /// The real ones, since nothing else makes them; any keys go with them.
    fn sm9_public(&self, usage: Usage, identity: &[u8], master: &[u8]) -> Result<PublicKey, CryptoError> {
        default_provider().keys.sm9_public(usage, identity, master)
    }

    fn rsa_public(&self, der: &[u8]) -> Result<PublicKey, CryptoError> {
        Ok(PublicKey::Rsa(der.into()))
    }

    fn ecdsa_public(&self, _: NamedGroup, point: &[u8]) -> Result<PublicKey, CryptoError> {
        match <[u8; 65]>::try_from(point) {
            Ok(point) if point[0] == 4 => Ok(PublicKey::P256(Arc::new(point))),
            _ => Err(CryptoError::BadPoint),
        }
    }

    fn start_agreement(
        &self,
        group: NamedGroup,
        _: &AgreementRole,
        _: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        Ok(Arc::new(Started(Share { group, bytes: Box::new(POINT) })))
    }

    fn verify(
        &self,
        _: SignatureAlgorithm<'_>,
        _: &PublicKey,
        _: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        if signature == SIGNATURE { Ok(()) } else { Err(CryptoError::BadSignature) }
    }

    fn verify_digest(&self, _: &PublicKey, _: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        if signature == SIGNATURE { Ok(()) } else { Err(CryptoError::BadSignature) }
    }

    fn encrypt(&self, key: &PublicKey, _: &[u8], _: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        Ok(if matches!(key, PublicKey::Sm9(_)) { sm9_ciphertext() } else { CIPHERTEXT.to_vec() })
    }
}

/// A key that goes with any public key.
pub struct AnyKey(pub PublicKey);

impl PrivateKey for AnyKey {
    fn public(&self) -> &PublicKey {
        &self.0
    }

    fn sign(&self, _: SignatureAlgorithm<'_>, _: &[&[u8]], _: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        Ok(SIGNATURE.to_vec())
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, CryptoError> {
        if ciphertext == CIPHERTEXT || ciphertext == sm9_ciphertext() {
            Ok(vec![1; 48].into())
        } else {
            Err(CryptoError::DecryptFailed)
        }
    }

    fn start_agreement(
        &self,
        _: &AgreementRole,
        _: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        Ok(Arc::new(Started(Share { group: NamedGroup::CURVE_SM2, bytes: Box::new(POINT) })))
    }
}

struct Started(Share);

impl StartedAgreement for Started {
    fn share(&self) -> &Share {
        &self.0
    }

    /// Infinity, for points that end in 255.
    fn finish(&self, peer: &AgreementPeer, _: &MasterSeed) -> Result<Shared, CryptoError> {
        match peer.share.bytes.last() {
            Some(0xff) => Err(CryptoError::BadPoint),
            _ => Ok(Shared::PreMaster(PreMasterSecret::zeroed(SECRET_LEN))),
        }
    }
}
