//! SM3, SHA-2 and, for records alone, SHA-1; and what is built on them: HMAC and the PRF.
use crate::crypto::constant_time_mac::BlockHash;
use crate::crypto::{Digest, HashContext, Hashes, Prf};
use crate::suite::HashAlgorithm;
#[cfg(doc)]
use crate::suite::MacAlgorithm;
use alloc::boxed::Box;
use core::marker::PhantomData;
use hmac::{Hmac, KeyInit, Mac};
#[cfg(feature = "tls12")]
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use sm3::digest::OutputSizeUser;
use sm3::digest::array::Array;
use sm3::digest::block_api::{BlockSizeUser, CoreProxy, UpdateCore};
use sm3::digest::common::hazmat::SerializableState;
use sm3::digest::typenum::Unsigned;
use sm3::{Digest as _, Sm3};
use zeroize::Zeroizing;

/// A hash function by its types in the RustCrypto crates.
pub(super) trait Function: 'static {
    /// HMAC with it.
    type Hmac: Mac + KeyInit + Clone + Send + Sync;
    /// The bare compression function.
    type Core: BlockHash<State: Default + Send + Sync>;
}

/// [`MacAlgorithm::Sm3`].
pub(super) struct Sm3Function;

impl Function for Sm3Function {
    type Hmac = Hmac<Sm3>;
    type Core = Core<Sm3>;
}

/// [`MacAlgorithm::Sha256`].
pub(super) struct Sha256Function;

impl Function for Sha256Function {
    type Hmac = Hmac<Sha256>;
    type Core = Core<Sha256>;
}

/// [`MacAlgorithm::Sha384`].
#[cfg(feature = "tls12")]
pub(super) struct Sha384Function;

#[cfg(feature = "tls12")]
impl Function for Sha384Function {
    type Hmac = Hmac<Sha384>;
    type Core = Core<Sha384>;
}

/// [`MacAlgorithm::Sha1`].
#[cfg(feature = "tls12")]
pub(super) struct Sha1Function;

#[cfg(feature = "tls12")]
impl Function for Sha1Function {
    type Hmac = Hmac<Sha1>;
    type Core = Core<Sha1>;
}

/// The compression function of a hash whose blocks are 16 words.
pub(super) struct Core<H>(PhantomData<H>);

impl<H> BlockHash for Core<H>
where
    H: OutputSizeUser + CoreProxy<Core: UpdateCore + SerializableState + Default + Clone>,
{
    type State = H::Core;
    const BLOCK: usize = <H::Core as BlockSizeUser>::BlockSize::USIZE;
    const LENGTH_FIELD: usize = Self::BLOCK / 8;
    const OUTPUT: usize = H::OutputSize::USIZE;

    fn compress(state: &mut H::Core, blocks: &[u8]) {
        state.update_blocks(Array::slice_as_chunks(blocks).0);
    }

    fn output(state: &H::Core, out: &mut [u8; 64]) {
        // The serialised state begins with the chaining value, each word little-endian.
        let state = Zeroizing::new(state.serialize());
        let (word, words) = (Self::BLOCK / 16, Self::OUTPUT.div_ceil(Self::BLOCK / 16));
        for (out, word) in out.chunks_exact_mut(word).zip(state.chunks_exact(word)).take(words) {
            out.iter_mut().zip(word.iter().rev()).for_each(|(o, b)| *o = *b);
        }
    }
}

/// HMAC over `parts`, keyed.
pub(super) fn keyed<M: Mac + KeyInit>(key: &[u8]) -> M {
    // HMAC takes keys of every length: the error cannot come.
    M::new_from_slice(key).unwrap_or_else(|_| M::new(&Default::default()))
}

/// `HMAC(parts[0] || parts[1] || …)` under the key that `mac` was made with.
pub(super) fn hmac<M: Mac + Clone>(mac: &M, parts: &[&[u8]]) -> Digest {
    let mut mac = mac.clone();
    parts.iter().for_each(|p| mac.update(p));
    Digest::new(&mac.finalize().into_bytes())
}

/// `SM3(parts[0] || parts[1] || …)`.
pub(super) fn sm3(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sm3::new();
    parts.iter().for_each(|p| hash.update(p));
    hash.finalize().into()
}

/// A hash under way.
struct Running<H>(H);

impl<H: sm3::Digest + Clone + Send + Sync> HashContext for Running<H> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn current(&self) -> Digest {
        Digest::new(&self.0.clone().finalize())
    }
}

fn digest<H: sm3::Digest>(parts: &[&[u8]]) -> Digest {
    let mut hash = H::new();
    parts.iter().for_each(|p| hash.update(p));
    Digest::new(&hash.finalize())
}

/// The PRF: HMAC with the secret.
struct KeyedPrf<M>(M);

impl<M: Mac + Clone + Send + Sync> Prf for KeyedPrf<M> {
    /// P_hash(secret, label || seed): A(0) = label || seed, A(i) = HMAC(A(i-1)), out = HMAC(A(i) || label || seed) ….
    fn expand(&self, label: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        let over = |before: &[u8]| {
            let mut mac = self.0.clone();
            mac.update(before);
            mac.update(label);
            seed.iter().for_each(|s| mac.update(s));
            Zeroizing::new(mac.finalize().into_bytes())
        };
        let mut a = over(&[]);
        for (index, chunk) in out.chunks_mut(M::output_size()).enumerate() {
            if index > 0 {
                let mut mac = self.0.clone();
                mac.update(&a);
                a = Zeroizing::new(mac.finalize().into_bytes());
            }
            chunk.iter_mut().zip(over(&a).iter()).for_each(|(o, b)| *o = *b);
        }
    }
}

/// [`Hashes`] of the portable provider.
pub(super) struct Portable;

impl Hashes for Portable {
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        match algorithm {
            HashAlgorithm::Sm3 => Box::new(Running(Sm3::new())),
            HashAlgorithm::Sha256 => Box::new(Running(Sha256::new())),
            HashAlgorithm::Sha384 => Box::new(Running(Sha384::new())),
            HashAlgorithm::Sha512 => Box::new(Running(Sha512::new())),
        }
    }

    fn digest(&self, algorithm: HashAlgorithm, parts: &[&[u8]]) -> Digest {
        match algorithm {
            HashAlgorithm::Sm3 => digest::<Sm3>(parts),
            HashAlgorithm::Sha256 => digest::<Sha256>(parts),
            HashAlgorithm::Sha384 => digest::<Sha384>(parts),
            HashAlgorithm::Sha512 => digest::<Sha512>(parts),
        }
    }

    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], parts: &[&[u8]]) -> Digest {
        match algorithm {
            HashAlgorithm::Sm3 => hmac(&keyed::<Hmac<Sm3>>(key), parts),
            HashAlgorithm::Sha256 => hmac(&keyed::<Hmac<Sha256>>(key), parts),
            HashAlgorithm::Sha384 => hmac(&keyed::<Hmac<Sha384>>(key), parts),
            HashAlgorithm::Sha512 => hmac(&keyed::<Hmac<Sha512>>(key), parts),
        }
    }

    fn keyed_prf(&self, algorithm: HashAlgorithm, secret: &[u8]) -> Box<dyn Prf> {
        match algorithm {
            HashAlgorithm::Sm3 => Box::new(KeyedPrf(keyed::<Hmac<Sm3>>(secret))),
            HashAlgorithm::Sha256 => Box::new(KeyedPrf(keyed::<Hmac<Sha256>>(secret))),
            HashAlgorithm::Sha384 => Box::new(KeyedPrf(keyed::<Hmac<Sha384>>(secret))),
            HashAlgorithm::Sha512 => Box::new(KeyedPrf(keyed::<Hmac<Sha512>>(secret))),
        }
    }
}
