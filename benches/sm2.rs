//! Native SM2 against the `sm2` crate, side by side in one run.
//! `cargo bench --bench sm2`
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]
use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use sm2::elliptic_curve::PrimeField;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};
use tlcp::crypto::native::sm2::{Sm2Keys, Sm2Options, Sm2PrivateKey};
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::{
    AgreementPeer, AgreementRole, Keys, MasterSeed, PrivateKey, PublicKey, SignatureAlgorithm,
};
use tlcp::suite::HashAlgorithm;

const SCALAR: [u8; 32] = [0x39; 32];
const PEER: [u8; 32] = [0x57; 32];
const MESSAGE: &[u8] = &[0x61; 64];
const SECRET: &[u8] = &[0x62; 48];
/// Where several operations go together; their time is that of all.
const AT_ONCE: usize = 8;

/// The system's randomness for the `sm2` crate.
struct System;

impl rand_core::TryRng for System {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(getrandom::u32().unwrap())
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(getrandom::u64().unwrap())
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        getrandom::fill(out).unwrap();
        Ok(())
    }
}

impl rand_core::TryCryptoRng for System {}

/// Both in turn, in short batches, for a second: the least time of one call of each in microseconds. The machine may
/// be shared, and what disturbs one then disturbs the other.
fn least(f: &mut dyn FnMut(), g: &mut dyn FnMut()) -> (f64, f64) {
    let batch = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        for _ in 0..8 {
            f();
        }
        start.elapsed().as_secs_f64() * 1e6 / 8.0
    };
    let mut best = (f64::MAX, f64::MAX);
    let end = Instant::now() + Duration::from_secs(1);
    while Instant::now() < end {
        best = (best.0.min(batch(f)), best.1.min(batch(g)));
    }
    best
}

struct Row {
    name: &'static str,
    native: Box<dyn FnMut()>,
    reference: Box<dyn FnMut()>,
}

fn row(name: &'static str, native: impl FnMut() + 'static, reference: impl FnMut() + 'static) -> Row {
    Row { name, native: Box::new(native), reference: Box::new(reference) }
}

fn keys(options: Sm2Options) -> &'static Sm2Keys {
    Box::leak(Box::new(Sm2Keys::new(options)))
}

fn signatures(rows: &mut Vec<Row>) {
    use sm2::dsa::signature::{RandomizedSigner, Verifier};
    let reference = sm2::dsa::SigningKey::from_bytes("1234567812345678", &FieldBytes::from(SCALAR)).unwrap();
    let key = Sm2PrivateKey::new(&SCALAR).unwrap();
    let public = key.public().clone();
    let signature = key.sign(SignatureAlgorithm::SM2, &[MESSAGE], &SystemRandom).unwrap();
    let reference_signature = reference.try_sign_with_rng(&mut System, MESSAGE).unwrap();
    let sign = move || drop(black_box(key.sign(SignatureAlgorithm::SM2, &[MESSAGE], &SystemRandom)));
    let other = reference.clone();
    rows.push(row("sign", sign, move || drop(black_box(other.try_sign_with_rng(&mut System, MESSAGE)))));

    let key = Sm2PrivateKey::new(&SCALAR).unwrap();
    let eight = move || {
        drop(black_box(key.sign_many(SignatureAlgorithm::SM2, &[&[MESSAGE][..]; AT_ONCE], &SystemRandom)));
    };
    let other = reference.clone();
    rows.push(row("sign, 8 at once", eight, move || {
        (0..AT_ONCE).for_each(|_| drop(black_box(other.try_sign_with_rng(&mut System, MESSAGE))));
    }));

    for (name, options) in [("verify, cold key", Sm2Options::LEAN), ("verify, hot key", Sm2Options::DEFAULT)]
    {
        let (keys, public, signature) = (keys(options), public.clone(), signature.clone());
        let verify = move || keys.verify(SignatureAlgorithm::SM2, &public, &[MESSAGE], &signature).unwrap();
        let (verifier, signature) = (reference.as_ref().clone(), reference_signature);
        rows.push(row(name, verify, move || verifier.verify(MESSAGE, black_box(&signature)).unwrap()));
    }
}

fn encryption(rows: &mut Vec<Row>) {
    let secret = sm2::SecretKey::from_slice(&SCALAR).unwrap();
    let reference = sm2::pke::DecryptingKey::new(secret);
    let key = Sm2PrivateKey::new(&SCALAR).unwrap();
    for (name, options) in
        [("encrypt, cold key", Sm2Options::LEAN), ("encrypt, hot key", Sm2Options::DEFAULT)]
    {
        let (keys, public) = (keys(options), key.public().clone());
        let encrypt = move || drop(black_box(keys.encrypt(&public, SECRET, &SystemRandom).unwrap()));
        let other = reference.encrypting_key().clone();
        rows.push(row(name, encrypt, move || {
            drop(black_box(other.encrypt_der(&mut System, SECRET).unwrap()))
        }));
    }
    let ciphertext = keys(Sm2Options::LEAN).encrypt(key.public(), SECRET, &SystemRandom).unwrap();
    let same = ciphertext.clone();
    let decrypt = move || drop(black_box(key.decrypt(&ciphertext).unwrap()));
    let (other, again) = (reference.clone(), same.clone());
    rows.push(row("decrypt", decrypt, move || drop(black_box(reference.decrypt_der(&same).unwrap()))));
    let (key, ciphertext) = (Sm2PrivateKey::new(&SCALAR).unwrap(), again.clone());
    let eight = move || drop(black_box(key.decrypt_many(&[&ciphertext[..]; AT_ONCE])));
    rows.push(row("decrypt, 8 at once", eight, move || {
        (0..AT_ONCE).for_each(|_| drop(black_box(other.decrypt_der(&again).unwrap())));
    }));
}

/// The initiator's t (P + x' R) with the `sm2` crate's arithmetic, and the responder's r G before it.
fn reference_agreement(p: &[u8], r: &[u8], answer: bool) {
    let point = |b: &[u8]| ProjectivePoint::from(*sm2::PublicKey::from_sec1_bytes(b).unwrap().as_affine());
    let scalar = Scalar::from_repr(FieldBytes::from(SCALAR)).unwrap();
    if answer {
        black_box(AffinePoint::from(ProjectivePoint::GENERATOR * scalar));
    }
    let (p, r) = (point(p), point(r));
    let u = AffinePoint::from((p + r * scalar) * scalar);
    black_box(u.to_sec1_point(false));
}

fn agreement(rows: &mut Vec<Row>) {
    let (a, b) = (Sm2PrivateKey::new(&SCALAR).unwrap(), Sm2PrivateKey::new(&PEER).unwrap());
    let started = a.start_agreement(&AgreementRole::Initiator(None), &SystemRandom).unwrap();
    let share = b.start_agreement(&AgreementRole::Initiator(None), &SystemRandom).unwrap().share().clone();
    let r: [u8; 65] = (*share.bytes).try_into().unwrap();
    let public = b.public().clone();
    let other = AgreementPeer { share, key: Some(public.clone()) };
    let seed = || MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
    let PublicKey::Sm2(peer) = public.clone() else { return };
    let finish = {
        let other = other.clone();
        move || drop(black_box(started.finish(&other, &seed()).unwrap()))
    };
    let same = peer.clone();
    rows.push(row("agreement, shared point", finish, move || reference_agreement(&same[..], &r, false)));
    let answer = move || {
        let started = a.start_agreement(&AgreementRole::Responder(other.clone()), &SystemRandom).unwrap();
        drop(black_box(started.finish(&other, &seed()).unwrap()));
    };
    rows.push(row("agreement, a whole side", answer, move || reference_agreement(&peer[..], &r, true)));
}

fn main() {
    let mut rows = Vec::new();
    signatures(&mut rows);
    encryption(&mut rows);
    agreement(&mut rows);
    println!("{:28}{:>12}{:>16}{:>8}", "SM2", "native, µs", "sm2 crate, µs", "ratio");
    for Row { name, native, reference } in &mut rows {
        let (n, r) = least(native, reference);
        println!("{name:28}{n:>12.1}{r:>16.1}{:>8.1}", r / n);
    }
}
