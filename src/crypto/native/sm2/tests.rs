#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod arithmetic;
mod caches;
mod constant_time;
mod equations;
mod interoperation;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod many;
pub(super) use crate::crypto::native::memory_checker;
mod multiples;
mod portable_twin;
mod regular;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod single_step;
mod vectors;

use super::{Sm2Keys, Sm2Options, Sm2PrivateKey};
#[cfg(target_arch = "x86_64")]
use crate::crypto::native::backend::Adx;
use crate::crypto::native::backend::{Backend, Portable};
use crate::crypto::random::{Draw, Random, SystemRandom};
use crate::crypto::{
    AgreementPeer, AgreementRole, MasterSeed, PreMasterSecret, PrivateKey, Shared, StartedAgreement,
};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use std::sync::Mutex;

/// Every implementation that this machine can run.
fn backends() -> Vec<Backend> {
    let portable = [Backend::Portable(Portable)];
    #[cfg(target_arch = "x86_64")]
    let portable = {
        let simulated = || memory_checker::running().then(Adx::simulated);
        let adx = Adx::detect().or_else(simulated);
        let without = adx.filter(|adx| adx.ifma().is_some()).map(Adx::without_ifma);
        adx.into_iter().chain(without).map(Backend::Adx).chain(portable)
    };
    portable.into_iter().collect()
}

fn keys(backend: Backend) -> Sm2Keys {
    Sm2Keys::with_backend(backend, Sm2Options::LEAN)
}

fn private(backend: Backend, scalar: &[u8]) -> Sm2PrivateKey {
    Sm2PrivateKey::with_backend(backend, scalar).unwrap()
}

/// Both sides' secrets of a key exchange between `a` and `b`, the initiator's first.
fn exchange(
    a: &dyn PrivateKey,
    b: &dyn PrivateKey,
    ra: &dyn Random,
    rb: &dyn Random,
) -> [PreMasterSecret; 2] {
    let at_a = a.start_agreement(&AgreementRole::Initiator(None), ra).unwrap();
    let initiator = AgreementPeer { share: at_a.share().clone(), key: Some(a.public().clone()) };
    let at_b = b.start_agreement(&AgreementRole::Responder(initiator.clone()), rb).unwrap();
    let responder = AgreementPeer { share: at_b.share().clone(), key: Some(b.public().clone()) };
    [(at_a, responder), (at_b, initiator)].map(|(started, peer)| secret(finish(&*started, &peer).unwrap()))
}

fn finish(started: &dyn StartedAgreement, peer: &AgreementPeer) -> Result<Shared, CryptoError> {
    started.finish(peer, &MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() })
}

fn secret(shared: Shared) -> PreMasterSecret {
    let Shared::PreMaster(secret) = shared else { panic!("no device here") };
    secret
}

fn random_scalar() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemRandom.fill(Draw::PrivateKey, &mut bytes).unwrap();
    bytes[0] &= 0x7f;
    bytes
}

/// Gives out what it was given, first to last, then fails.
struct Replay(Mutex<Vec<Vec<u8>>>);

impl Replay {
    fn new(draws: &[&[u8]]) -> Self {
        Self(Mutex::new(draws.iter().rev().map(|d| d.to_vec()).collect()))
    }
}

impl Random for Replay {
    fn fill(&self, _: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        let bytes = self.0.lock().unwrap().pop().ok_or(CryptoError::NoRandomness)?;
        out.copy_from_slice(&bytes);
        Ok(())
    }
}
