//! Providers and services that add up how long each kind of work takes. What one kind does for another is its own.
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tlcp::cert::{PeerClaim, Verified, Verifier};
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::{
    AgreementPeer, AgreementRole, Digest, Draw, HashContext, Hashes, Keys, MasterSeed, Prf, PrivateKey,
    Provider, PublicKey, Random, Share, Shared, SignatureAlgorithm, StartedAgreement, default_provider,
};
use tlcp::error::{CertificateError, CryptoError};
use tlcp::suite::HashAlgorithm;
use zeroize::Zeroizing;

/// The kinds of work, each with the time that it took.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Spent {
    pub(crate) keys: Duration,
    pub(crate) hashes: Duration,
    pub(crate) random: Duration,
    /// The verifier's, without the keys that it uses.
    pub(crate) verifier: Duration,
}

thread_local! {
    static SPENT: Cell<Spent> = const {
        Cell::new(Spent { keys: Duration::ZERO, hashes: Duration::ZERO, random: Duration::ZERO, verifier: Duration::ZERO })
    };
}

pub(crate) fn reset() {
    SPENT.set(Spent::default());
}

pub(crate) fn spent() -> Spent {
    SPENT.get()
}

fn sum(spent: Spent) -> Duration {
    spent.keys + spent.hashes + spent.random + spent.verifier
}

/// Adds what `work` takes, but for what other kinds took inside it.
fn timed<T>(add: fn(&mut Spent) -> &mut Duration, work: impl FnOnce() -> T) -> T {
    let (before, start) = (sum(SPENT.get()), Instant::now());
    let done = work();
    let mut spent = SPENT.get();
    let inside = sum(spent) - before;
    *add(&mut spent) += start.elapsed().saturating_sub(inside);
    SPENT.set(spent);
    done
}

fn keys<T>(work: impl FnOnce() -> T) -> T {
    timed(|spent| &mut spent.keys, work)
}

fn hashes<T>(work: impl FnOnce() -> T) -> T {
    timed(|spent| &mut spent.hashes, work)
}

pub(crate) fn provider() -> Provider {
    default_provider().with_keys(&TimedKeys).with_hashes(&TimedHashes)
}

pub(crate) struct TimedRandom;

impl Random for TimedRandom {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        timed(|spent| &mut spent.random, || SystemRandom.fill(draw, out))
    }
}

pub(crate) struct TimedVerifier<V>(pub(crate) V);

impl<V: Verifier> Verifier for TimedVerifier<V> {
    fn verify(&self, claim: &PeerClaim, now: u64) -> Result<Verified, CertificateError> {
        timed(|spent| &mut spent.verifier, || self.0.verify(claim, now))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.0.authorities()
    }

    fn context(&self) -> Vec<u8> {
        self.0.context()
    }
}

struct TimedHashes;

impl Hashes for TimedHashes {
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        Box::new(TimedHash(hashes(|| default_provider().hashes.start(algorithm))))
    }

    fn digest(&self, algorithm: HashAlgorithm, parts: &[&[u8]]) -> Digest {
        hashes(|| default_provider().hashes.digest(algorithm, parts))
    }

    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], parts: &[&[u8]]) -> Digest {
        hashes(|| default_provider().hashes.hmac(algorithm, key, parts))
    }

    fn keyed_prf(&self, algorithm: HashAlgorithm, secret: &[u8]) -> Box<dyn Prf> {
        Box::new(TimedPrf(hashes(|| default_provider().hashes.keyed_prf(algorithm, secret))))
    }
}

struct TimedPrf(Box<dyn Prf>);

impl Prf for TimedPrf {
    fn expand(&self, label: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        hashes(|| self.0.expand(label, seed, out));
    }
}

struct TimedHash(Box<dyn HashContext>);

impl HashContext for TimedHash {
    fn update(&mut self, data: &[u8]) {
        hashes(|| self.0.update(data));
    }

    fn current(&self) -> Digest {
        hashes(|| self.0.current())
    }
}

struct TimedKeys;

impl Keys for TimedKeys {
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        keys(|| default_provider().keys.sm2_public(point))
    }

    fn sm2_private(&self, scalar: &[u8]) -> Result<Arc<dyn PrivateKey>, CryptoError> {
        Ok(Arc::new(TimedKey(default_provider().keys.sm2_private(scalar)?)))
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        key: &PublicKey,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        keys(|| default_provider().keys.verify(algorithm, key, parts, signature))
    }

    fn verify_digest(&self, key: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        keys(|| default_provider().keys.verify_digest(key, digest, signature))
    }

    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        keys(|| default_provider().keys.encrypt(key, message, random))
    }
}

struct TimedKey(Arc<dyn PrivateKey>);

impl PrivateKey for TimedKey {
    fn public(&self) -> &PublicKey {
        self.0.public()
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        keys(|| self.0.sign(algorithm, parts, random))
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        keys(|| self.0.decrypt(ciphertext))
    }

    fn start_agreement(
        &self,
        role: &AgreementRole,
        random: &dyn Random,
    ) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        keys(|| {
            let started = self.0.start_agreement(role, random)?;
            Ok(Arc::new(TimedAgreement(started)) as Arc<dyn StartedAgreement>)
        })
    }
}

struct TimedAgreement(Arc<dyn StartedAgreement>);

impl StartedAgreement for TimedAgreement {
    fn share(&self) -> &Share {
        self.0.share()
    }

    fn finish(&self, peer: &AgreementPeer, seed: &MasterSeed) -> Result<Shared, CryptoError> {
        keys(|| self.0.finish(peer, seed))
    }
}
