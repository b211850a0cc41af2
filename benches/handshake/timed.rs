//! A provider that adds up the time that operations with keys take.
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tlcp::crypto::{
    Keys, PrivateKey, Provider, PublicKey, Random, Shared, SignatureAlgorithm, StartedAgreement,
    default_provider,
};
use tlcp::error::CryptoError;
use zeroize::Zeroizing;

thread_local! {
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

pub fn reset() {
    SPENT.set(Duration::ZERO);
}

pub fn spent() -> Duration {
    SPENT.get()
}

fn timed<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    SPENT.set(SPENT.get() + start.elapsed());
    done
}

pub fn provider() -> Provider {
    Provider { keys: &TimedKeys, ..default_provider() }
}

struct TimedKeys;

impl Keys for TimedKeys {
    fn sm2_public(&self, point: &[u8]) -> Result<PublicKey, CryptoError> {
        timed(|| default_provider().keys.sm2_public(point))
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
        timed(|| default_provider().keys.verify(algorithm, key, parts, signature))
    }

    fn encrypt(&self, key: &PublicKey, message: &[u8], random: &dyn Random) -> Result<Vec<u8>, CryptoError> {
        timed(|| default_provider().keys.encrypt(key, message, random))
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
        timed(|| self.0.sign(algorithm, parts, random))
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        timed(|| self.0.decrypt(ciphertext))
    }

    fn start_agreement(&self, random: &dyn Random) -> Result<Arc<dyn StartedAgreement>, CryptoError> {
        timed(|| Ok(Arc::new(TimedAgreement(self.0.start_agreement(random)?)) as Arc<dyn StartedAgreement>))
    }

    fn answer_agreement(
        &self,
        peer_static: &PublicKey,
        peer_ephemeral: &[u8],
        random: &dyn Random,
    ) -> Result<([u8; 65], Shared), CryptoError> {
        timed(|| self.0.answer_agreement(peer_static, peer_ephemeral, random))
    }
}

struct TimedAgreement(Arc<dyn StartedAgreement>);

impl StartedAgreement for TimedAgreement {
    fn ephemeral(&self) -> &[u8; 65] {
        self.0.ephemeral()
    }

    fn finish(&self, peer_static: &PublicKey, peer_ephemeral: &[u8]) -> Result<Shared, CryptoError> {
        timed(|| self.0.finish(peer_static, peer_ephemeral))
    }
}
