//! Signatures, ciphertexts and shared secrets with the `sm2` crate at the other end.
use super::{Replay, backends, exchange, finish, keys, private, random_scalar};
use crate::crypto::random::SystemRandom;
use crate::crypto::{
    AgreementPeer, AgreementRole, DEFAULT_USER_ID, Keys, PrivateKey, PublicKey, SignatureAlgorithm,
};
use crate::error::CryptoError;
use core::convert::Infallible;
use proptest::prelude::*;
use sm2::dsa::signature::{RandomizedSigner, Verifier};
use sm2::elliptic_curve::PrimeField;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::pke::{DecryptingKey, EncryptingKey};
use sm2::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};
use sm3::{Digest, Sm3};

const ID: &str = "1234567812345678";

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

/// Each operation twice with the same `Sm2Keys`, cold and hot.
fn all_keys() -> Vec<crate::crypto::native::sm2::Sm2Keys> {
    let hot = |b| super::Sm2Keys::with_backend(b, super::Sm2Options { hot_keys: 4 });
    backends().into_iter().flat_map(|b| [keys(b), hot(b)]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn signatures_go_both_ways(message in prop::collection::vec(any::<u8>(), 0..200), id in "[a-z]{0,40}") {
        let scalar = random_scalar();
        for (id, user_id) in [(ID, DEFAULT_USER_ID), (&id[..], id.as_bytes())] {
            let algorithm = SignatureAlgorithm::Sm2Sm3 { user_id };
            let theirs = sm2::dsa::SigningKey::from_bytes(id, &FieldBytes::from(scalar)).unwrap();
            let their_signature = theirs.try_sign_with_rng(&mut System, &message).unwrap();
            for keys in all_keys() {
                let key = keys.sm2_private(&scalar).unwrap();
                let (one, two) = message.split_at(message.len() / 3);
                let ours = key.sign(algorithm, &[one, two], &SystemRandom).unwrap();
                let parsed = sm2::dsa::Signature::from_slice(&raw(&ours)).unwrap();
                theirs.verifying_key().verify(&message, &parsed).unwrap();
                for _ in 0..3 {
                    keys.verify(algorithm, key.public(), &[one, two], &der(&their_signature.to_bytes())).unwrap();
                    keys.verify(algorithm, key.public(), &[&message], &ours).unwrap();
                    let other = keys.verify(algorithm, key.public(), &[&message, b"x"], &ours);
                    prop_assert_eq!(other, Err(CryptoError::BadSignature));
                }
            }
        }
    }

    #[test]
    fn ciphertexts_go_both_ways(message in prop::collection::vec(any::<u8>(), 1..300)) {
        let scalar = random_scalar();
        let theirs = DecryptingKey::new(sm2::SecretKey::from_slice(&scalar).unwrap());
        let their_ciphertext = theirs.encrypting_key().encrypt_der(&mut System, &message).unwrap();
        for keys in all_keys() {
            let key = keys.sm2_private(&scalar).unwrap();
            prop_assert_eq!(&*key.decrypt(&their_ciphertext).unwrap(), &message);
            for _ in 0..3 {
                let ours = keys.encrypt(key.public(), &message, &SystemRandom).unwrap();
                prop_assert_eq!(&theirs.decrypt_der(&ours).unwrap(), &message);
                prop_assert_eq!(&*key.decrypt(&ours).unwrap(), &message);
            }
        }
    }

    #[test]
    fn agreements_are_those_of_the_definition(_ in 0..1) {
        let (a, b, ra, rb) = (random_scalar(), random_scalar(), random_scalar(), random_scalar());
        let want = agreement(&a, &ra, &public(&b), &public(&rb), &[&public(&a), &public(&b)]);
        let same = agreement(&b, &rb, &public(&a), &public(&ra), &[&public(&a), &public(&b)]);
        prop_assert_eq!(want, same);
        for backend in backends() {
            let (a, b) = (private(backend, &a), private(backend, &b));
            for secret in exchange(&a, &b, &Replay::new(&[&ra]), &Replay::new(&[&rb])) {
                prop_assert_eq!(secret.expose(), want);
            }
        }
    }
}

fn public(scalar: &[u8; 32]) -> [u8; 65] {
    let scalar = Scalar::from_repr((*scalar).into()).unwrap();
    let point = AffinePoint::from(ProjectivePoint::GENERATOR * scalar).to_sec1_point(false);
    point.as_bytes().try_into().unwrap()
}

/// Z of a public key for the default id, written out.
fn z(public: &[u8; 65]) -> [u8; 32] {
    let curve = "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc\
                 28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93\
                 32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7\
                 bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0";
    let hash = Sm3::new().chain_update([0, 128]).chain_update(ID).chain_update(hex::decode(curve).unwrap());
    hash.chain_update(&public[1..]).finalize().into()
}

/// One side of the exchange with the `sm2` crate's arithmetic (R-SM2-5); `order`: the keys of A and B.
fn agreement(d: &[u8; 32], r: &[u8; 32], peer: &[u8], peer_r: &[u8], order: &[&[u8; 65]; 2]) -> [u8; 48] {
    let scalar = |b: &[u8; 32]| Scalar::from_repr((*b).into()).unwrap();
    let x_bar = |point: &[u8]| {
        let mut x = [0u8; 32];
        x[16..].copy_from_slice(&point[17..33]);
        x[16] |= 0x80;
        scalar(&x)
    };
    let point = |b: &[u8]| ProjectivePoint::from(*sm2::PublicKey::from_sec1_bytes(b).unwrap().as_affine());
    let t = scalar(d) + x_bar(&public(r)) * scalar(r);
    let u = AffinePoint::from((point(peer) + point(peer_r) * x_bar(peer_r)) * t).to_sec1_point(false);
    let block = |counter: u32| -> [u8; 32] {
        let hash = Sm3::new().chain_update(&u.as_bytes()[1..]).chain_update(z(order[0]));
        hash.chain_update(z(order[1])).chain_update(counter.to_be_bytes()).finalize().into()
    };
    let mut out = [0; 48];
    out[..32].copy_from_slice(&block(1));
    out[32..].copy_from_slice(&block(2)[..16]);
    out
}

/// DER of r || s and back, by hand.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |b: &[u8]| {
        let b: Vec<u8> = b.iter().copied().skip_while(|b| *b == 0).collect();
        let sign = if b[0] >= 0x80 { vec![0] } else { vec![] };
        [&[2, (b.len() + sign.len()) as u8][..], &sign, &b].concat()
    };
    let content = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, content.len() as u8][..], &content].concat()
}

fn raw(der: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = &der[2..];
    for _ in 0..2 {
        let (integer, next) = rest[2..].split_at(usize::from(rest[1]));
        let magnitude = integer.strip_prefix(&[0]).unwrap_or(integer);
        out.extend(std::iter::repeat_n(0, 32 - magnitude.len()));
        out.extend_from_slice(magnitude);
        rest = next;
    }
    out
}

/// R-SM2-6: the peer's points, static and ephemeral
#[test]
fn agreement_refuses_bad_points_and_infinity() {
    let peer = random_scalar();
    for backend in backends() {
        let key = private(backend, &random_scalar());
        let good = private(backend, &peer);
        let good_peer = AgreementPeer::sm2(good.public().clone(), &public(&peer));
        let started = [AgreementRole::Initiator(None), AgreementRole::Responder(good_peer.clone())]
            .map(|role| key.start_agreement(&role, &SystemRandom).unwrap());
        let bad_point = |peer: &PublicKey, point: &[u8]| {
            for started in &started {
                let peer = AgreementPeer::sm2(peer.clone(), point);
                assert_eq!(finish(&**started, &peer).unwrap_err(), CryptoError::BadPoint);
            }
        };
        let mut off_curve = public(&peer);
        off_curve[64] ^= 1;
        let bad: [&[u8]; 5] = [&off_curve, &[4; 65], &[0], &[], &public(&peer)[..64]];
        for point in bad {
            bad_point(good.public(), point);
        }
        let bad_static = PublicKey::Sm2(alloc::sync::Arc::new(off_curve));
        bad_point(&bad_static, &public(&peer));
        // P = -x' R: the peer knows r and chooses its static key so
        let r = random_scalar();
        let mut x = [0u8; 32];
        x[16..].copy_from_slice(&public(&r)[17..33]);
        x[16] |= 0x80;
        let scalar = |b: [u8; 32]| Scalar::from_repr(b.into()).unwrap();
        let d: [u8; 32] = (-(scalar(x) * scalar(r))).to_repr().into();
        let cancelling = private(backend, &d);
        bad_point(cancelling.public(), &public(&r));
    }
}

#[test]
fn encrypting_keys_are_the_same_point() {
    let scalar = random_scalar();
    let theirs = EncryptingKey::from_sec1_bytes(&public(&scalar)).unwrap();
    let PublicKey::Sm2(ours) = private(backends()[0], &scalar).public().clone() else { panic!("not SM2") };
    assert_eq!(&theirs.to_sec1_bytes()[..], &ours[..]);
}
