//! What is nearly right, and what is wrong, through the provider.
use super::Replay;
use crate::crypto::native::backend::Portable;
use crate::crypto::native::hash::Sm3;
use crate::crypto::native::sm9;
use crate::crypto::native::sm9::encrypt::encapsulate;
use crate::crypto::native::sm9::scalar::Scalar;
use crate::crypto::random::SystemRandom;
use crate::crypto::sm9::encoding::{Ciphertext, Mode, Signature};
use crate::crypto::sm9::{MasterKey, MasterKind, Usage};
use crate::crypto::{
    AgreementPeer, AgreementRole, Keys, MasterSeed, PreMasterSecret, PrivateKey, Provider, PublicKey,
    SECRET_LEN, Shared, SignatureAlgorithm, default_provider,
};
use crate::error::CryptoError;
use crate::suite::HashAlgorithm;
use crate::wire::ProtocolVersion;
use alloc::sync::Arc;

const SM9: SignatureAlgorithm<'static> = SignatureAlgorithm::Sm9Sm3;
/// p, big-endian.
const P: &str = "b640000002a3a6f1d603ab4ff58ec74521f2934b1a7aeedbe56f9b27e351457d";
/// N, big-endian.
const N: &str = "b640000002a3a6f1d603ab4ff58ec74449f2934b18ea8beee56ee19cd69ecf25";
/// On the twist, but not of order N: x = u + 1.
const OUTSIDE: &str = concat!(
    "0400000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000",
    "000000000000000000000001231bf6749ac68a2223472afbd4341831d08572cf445ea350acf8d3b903d69b911ebd2e84018fa77c3f",
    "c8399d45d9dc3c87862881cc21539326f6e078a8f3e5e7"
);
/// The y of a point of G1 with x = 4.
const Y: &str = "40dae26669315487192e30c1c62ed4b91012bf119754206cae9249e0f0e51098";

fn keys() -> &'static dyn Keys {
    default_provider().keys
}

fn master(kind: MasterKind) -> Arc<dyn MasterKey> {
    keys().sm9_master(kind, &[0x39; 32]).unwrap()
}

fn user(usage: Usage, identity: &[u8]) -> Arc<dyn PrivateKey> {
    let master = master(usage.master());
    let key = master.user_key(usage, identity).unwrap();
    keys().sm9_private(usage, identity, master.public(), &key).unwrap()
}

fn seed() -> MasterSeed {
    MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() }
}

fn agree(a: &dyn PrivateKey, b: &dyn PrivateKey) -> [PreMasterSecret; 2] {
    let role = AgreementRole::Initiator(Some(b.public().clone()));
    let at_a = a.start_agreement(&role, &SystemRandom).unwrap();
    let initiator = AgreementPeer { share: at_a.share().clone(), key: Some(a.public().clone()) };
    let at_b = b.start_agreement(&AgreementRole::Responder(initiator.clone()), &SystemRandom).unwrap();
    let responder = AgreementPeer { share: at_b.share().clone(), key: Some(b.public().clone()) };
    [at_a.finish(&responder, &seed()), at_b.finish(&initiator, &seed())].map(|shared| {
        let Shared::PreMaster(secret) = shared.unwrap() else { panic!() };
        secret
    })
}

/// Identities of no byte, and of 64 KiB; each is another one's stranger.
#[test]
fn identities_may_have_any_length() {
    let long = vec![0x61; 65536];
    let identities = [&b""[..], b"a", &long[..65535], &long];
    for identity in identities {
        let signer = user(Usage::Sign, identity);
        let signature = signer.sign(SM9, &[b"m"], &SystemRandom).unwrap();
        keys().verify(SM9, signer.public(), &[b"m"], &signature).unwrap();
        for other in identities.into_iter().filter(|other| *other != identity) {
            let other = keys().sm9_public(Usage::Sign, other, master(MasterKind::Sign).public()).unwrap();
            assert_eq!(keys().verify(SM9, &other, &[b"m"], &signature), Err(CryptoError::BadSignature));
        }
        let receiver = user(Usage::Encrypt, identity);
        let ciphertext = keys().encrypt(receiver.public(), b"message", &SystemRandom).unwrap();
        assert_eq!(*receiver.decrypt(&ciphertext).unwrap(), b"message");
        let [one, two] = agree(&*user(Usage::Agree, identity), &*user(Usage::Agree, b"other"));
        assert_eq!(one.expose(), two.expose());
    }
}

/// 04, then these numbers.
fn encoded(numbers: &[&str]) -> Vec<u8> {
    hex::decode(format!("04{}", numbers.iter().map(|n| format!("{n:0>64}")).collect::<String>())).unwrap()
}

/// Everything of 65 bytes or another length that is no point of G1.
fn bad_points() -> Vec<Vec<u8>> {
    let good = encoded(&["4", Y]);
    keys().sm9_public(Usage::Agree, b"a", &good).unwrap();
    let four_and_p = "b640000002a3a6f1d603ab4ff58ec74521f2934b1a7aeedbe56f9b27e3514581";
    let with = |first: u8| [&[first], &good[1..]].concat();
    let mut out = vec![
        encoded(&["5", Y]),
        encoded(&[four_and_p, Y]),
        encoded(&["0", "0"]),
        encoded(&["0", "1"]),
        encoded(&[P, P]),
        with(0),
        with(2),
        with(3),
        with(6),
        vec![0],
        vec![],
        good[..64].to_vec(),
        [&good[..], &[0]].concat(),
    ];
    out.push(master(MasterKind::Sign).public().to_vec());
    out
}

/// R-IBC-4: points off the curve, infinity, numbers from p upwards, other forms and lengths.
#[test]
fn refuses_master_keys_that_are_no_points_of_their_group() {
    for bad in bad_points() {
        for usage in [Usage::Agree, Usage::Encrypt] {
            assert_eq!(keys().sm9_public(usage, b"a", &bad), Err(CryptoError::BadPoint), "{bad:02x?}");
        }
    }
    let good = master(MasterKind::Sign).public().to_vec();
    let mut off_curve = good.clone();
    off_curve[128] ^= 1;
    let bad = [
        hex::decode(OUTSIDE).unwrap(),
        off_curve,
        encoded(&["0"; 4]),
        encoded(&[P; 4]),
        encoded(&["0", "0", "0", "1"]),
        good[..128].to_vec(),
        [&good[..], &[0]].concat(),
        vec![0],
        vec![],
        encoded(&["4", Y]),
    ];
    for bad in bad {
        assert_eq!(keys().sm9_public(Usage::Sign, b"a", &bad), Err(CryptoError::BadPoint), "{bad:02x?}");
    }
}

/// A user's key is of one identity, for one use, under one master key; and a point of its group at all.
#[test]
fn refuses_user_keys_that_are_not_the_users() {
    for usage in [Usage::Sign, Usage::Agree, Usage::Encrypt] {
        let master = master(usage.master());
        let key = master.user_key(usage, b"Alice").unwrap();
        let new = |usage, identity: &[u8], key: &[u8]| {
            keys().sm9_private(usage, identity, master.public(), key).map(|_| ())
        };
        assert_eq!(new(usage, b"Alice", &key), Ok(()));
        assert_eq!(new(usage, b"alice", &key), Err(CryptoError::BadKey));
        let other = keys().sm9_master(usage.master(), &[0x3a; 32]).unwrap();
        let theirs = other.user_key(usage, b"Alice").unwrap();
        assert_eq!(new(usage, b"Alice", &theirs), Err(CryptoError::BadKey));
        for wrong in [Usage::Sign, Usage::Agree, Usage::Encrypt].into_iter().filter(|w| *w != usage) {
            let made = match wrong.master() == usage.master() {
                true => new(wrong, b"Alice", &key),
                false => master.user_key(wrong, b"Alice").map(|_| ()),
            };
            assert_eq!(made, Err(CryptoError::BadKey));
        }
        let mut off_curve = key.to_vec();
        *off_curve.last_mut().unwrap() ^= 1;
        let outside = hex::decode(OUTSIDE).unwrap();
        for bad in
            [&off_curve, &outside, &vec![4; key.len()], &vec![0], &Vec::new(), &key[..key.len() - 1].to_vec()]
        {
            assert_eq!(new(usage, b"Alice", bad), Err(CryptoError::BadKey));
        }
    }
    let n = hex::decode(N).unwrap();
    for kind in [MasterKind::Sign, MasterKind::Encrypt] {
        for bad in [&[0; 32][..], &n, &[0xff; 32], &[1; 31], &[1; 33], &[]] {
            assert_eq!(keys().sm9_master(kind, bad).map(|_| ()), Err(CryptoError::BadKey));
        }
        let mut less_one = n.clone();
        less_one[31] -= 1;
        keys().sm9_master(kind, &less_one).unwrap();
    }
}

/// Signatures with h of 0, N - 1, N and more, S off the curve, infinity; every bit counts, and every length.
#[test]
fn refuses_signatures_that_are_nearly_right() {
    let signer = user(Usage::Sign, b"Alice");
    let verify = |signature: &[u8]| keys().verify(SM9, signer.public(), &[b"mess", b"age"], signature);
    let good = signer.sign(SM9, &[b"message"], &SystemRandom).unwrap();
    assert_eq!(verify(&good), Ok(()));
    for place in (0..good.len() * 8).step_by(3) {
        let mut bad = good.clone();
        bad[place / 8] ^= 1 << (place % 8);
        assert_eq!(verify(&bad), Err(CryptoError::BadSignature), "bit {place}");
    }
    for length in 0..good.len() {
        assert_eq!(verify(&good[..length]), Err(CryptoError::BadSignature));
    }
    assert_eq!(verify(&[&good[..], &[0]].concat()), Err(CryptoError::BadSignature));
    let Signature { h, s } = Signature::read(&good).unwrap();
    let number =
        |text: &str| -> [u8; 32] { hex::decode(format!("{text:0>64}")).unwrap().try_into().unwrap() };
    let mut less_one = number(N);
    less_one[31] -= 1;
    for h in [[0; 32], less_one, number(N), [0xff; 32], number("1")] {
        assert_eq!(verify(&Signature { h, s }.write()), Err(CryptoError::BadSignature));
    }
    for bad in bad_points() {
        if let Ok(s) = bad.try_into() {
            assert_eq!(verify(&Signature { h, s }.write()), Err(CryptoError::BadSignature));
        }
    }
}

/// R-HS-43: whatever is wrong, it is the substitute; an own mode, a foreign one, a C1 that is no point.
#[test]
fn answers_the_substitute_for_whatever_does_not_decrypt() {
    let receiver = user(Usage::Encrypt, b"Bob");
    let PublicKey::Sm9(public) = receiver.public() else { panic!() };
    let mut message = [7; SECRET_LEN];
    message[..2].copy_from_slice(&[1, 1]);
    let secret = |ciphertext: &[u8]| {
        let mut substitute = PreMasterSecret::zeroed(SECRET_LEN);
        substitute.expose_mut().fill(9);
        let found = receiver.decrypt_secret(ciphertext, ProtocolVersion::TLCP, substitute, &SystemRandom);
        found.unwrap().expose().to_vec()
    };
    let good = keys().encrypt(receiver.public(), &message, &SystemRandom).unwrap();
    assert_eq!(secret(&good), message);
    for place in (0..good.len() * 8).step_by(7) {
        let mut bad = good.clone();
        bad[place / 8] ^= 1 << (place % 8);
        assert_eq!(secret(&bad), [9; SECRET_LEN], "bit {place}");
        assert_eq!(receiver.decrypt(&bad), Err(CryptoError::DecryptFailed));
    }
    for length in 0..good.len() {
        assert_eq!(secret(&good[..length]), [9; SECRET_LEN]);
    }
    // Good ciphertexts, but not the suites'.
    for mode in [Mode::Sm4Ecb, Mode::Sm4Cbc] {
        let other = sm9::encrypt(mode, public, &message, &SystemRandom).unwrap();
        assert_eq!(*receiver.decrypt(&other).unwrap(), message);
        assert_eq!(secret(&other), [9; SECRET_LEN]);
    }
    let Ciphertext { c3, c2, .. } = Ciphertext::read(&good).unwrap();
    for bad in bad_points() {
        if let Ok(c1) = bad.try_into() {
            let bad = Ciphertext { mode: Mode::Xor, c1, c3, c2 }.write();
            assert_eq!(secret(&bad), [9; SECRET_LEN]);
        }
    }
}

#[test]
fn returns_messages_of_many_lengths_in_every_mode() {
    let receiver = user(Usage::Encrypt, b"Bob");
    let PublicKey::Sm9(public) = receiver.public() else { panic!() };
    for length in [0, 1, 15, 16, 17, 48, 1000, 70_000] {
        let message: Vec<u8> = (0..length).map(|i: u32| i as u8).collect();
        for mode in [Mode::Xor, Mode::Sm4Ecb, Mode::Sm4Cbc] {
            let made = sm9::encrypt(mode, public, &message, &SystemRandom);
            if (length, mode) == (0, Mode::Xor) {
                assert_eq!(made, Err(CryptoError::Unsupported));
                continue;
            }
            assert_eq!(*receiver.decrypt(&made.unwrap()).unwrap(), message, "{mode:?} {length}");
        }
    }
    let too_long = sm9::encrypt(Mode::Xor, public, &vec![0; 0xff_ff00], &SystemRandom);
    assert_eq!(too_long, Err(CryptoError::TooLong));
}

/// GM/T 0044.4: 1 to 16 bytes of padding, each of which says how many. Blocks in ECB are what was put into them.
#[test]
fn takes_no_padding_of_none_or_of_more_than_a_block() {
    use sm9::dem::{conceal, reveal};
    let key = [7; 16];
    let reveals = |blocks: &[u8]| {
        let c2 = conceal(Mode::Sm4Ecb, &key, blocks, &SystemRandom).unwrap();
        reveal(Mode::Sm4Ecb, &key, &c2[..blocks.len()]).map(|message| message.len())
    };
    assert_eq!(reveals(&[[9; 15], [1; 15]].concat()[..16]), Ok(15));
    assert_eq!(reveals(&[16; 16]), Ok(0));
    for bad in [&[0; 16][..], &[17; 32], &[32; 32], &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1, 2]] {
        assert_eq!(reveals(bad), Err(CryptoError::DecryptFailed), "{bad:?}");
    }
    assert_eq!(reveal(Mode::Sm4Ecb, &key, &[]).map(|m| m.len()), Err(CryptoError::DecryptFailed));
}

/// A key stream of zeros would send the message as it is: another nonce is drawn, and what was sent so is refused.
#[test]
fn takes_no_key_stream_of_zeros() {
    let receiver = user(Usage::Encrypt, b"Bob");
    let PublicKey::Sm9(public) = receiver.public() else { panic!() };
    let nonce = |k: u64| Scalar([k, 0, 0, 0]);
    let (k, c1, stream) = (1..)
        .map(|k| (k, encapsulate(Portable, public, &nonce(k), 33).unwrap()))
        .find_map(|(k, (c1, stream))| (stream[0] == 0).then_some((k, c1, stream)))
        .unwrap();
    let [first, second] = [k, k + 1].map(|k| nonce(k).to_be_bytes());
    let random = Replay::new(&[&first, &second]);
    let made = keys().encrypt(receiver.public(), b"M", &random).unwrap();
    assert_eq!(made, keys().encrypt(receiver.public(), b"M", &Replay::new(&[&second])).unwrap());
    let c3 = Sm3::new().with(b"M").with(&stream[1..]).finish();
    let sent = Ciphertext { mode: Mode::Xor, c1, c3, c2: b"M" }.write();
    assert_eq!(receiver.decrypt(&sent), Err(CryptoError::DecryptFailed));
}

/// R-IBC-8: hid is that of the use; a key does what it is for, and nothing else.
#[test]
fn keys_do_what_they_are_for_and_nothing_else() {
    let [signer, agreer, receiver] =
        [Usage::Sign, Usage::Agree, Usage::Encrypt].map(|usage| user(usage, b"Alice"));
    let signature = signer.sign(SM9, &[b"m"], &SystemRandom).unwrap();
    for other in [&agreer, &receiver] {
        assert_eq!(other.sign(SM9, &[b"m"], &SystemRandom), Err(CryptoError::Unsupported));
        let verified = keys().verify(SM9, other.public(), &[b"m"], &signature);
        assert_eq!(verified, Err(CryptoError::BadSignature));
    }
    assert_eq!(signer.sign(SignatureAlgorithm::SM2, &[b"m"], &SystemRandom), Err(CryptoError::Unsupported));
    let verified = keys().verify(SignatureAlgorithm::SM2, signer.public(), &[b"m"], &signature);
    assert_eq!(verified, Err(CryptoError::BadSignature));
    assert_eq!(keys().verify_digest(signer.public(), &[7; 32], &signature), Err(CryptoError::BadSignature));
    let ciphertext = keys().encrypt(receiver.public(), b"m", &SystemRandom).unwrap();
    for other in [&signer, &agreer] {
        let refused = Err(CryptoError::Unsupported);
        assert_eq!(keys().encrypt(other.public(), b"m", &SystemRandom), refused);
        assert_eq!(other.decrypt(&ciphertext).map(|m| m.to_vec()), refused);
    }
    let role = AgreementRole::Initiator(Some(agreer.public().clone()));
    for other in [&signer, &receiver] {
        let started = other.start_agreement(&role, &SystemRandom);
        assert_eq!(started.unwrap_err(), CryptoError::Unsupported);
        let role = AgreementRole::Initiator(Some(other.public().clone()));
        assert_eq!(agreer.start_agreement(&role, &SystemRandom).unwrap_err(), CryptoError::BadKey);
    }
}

#[test]
fn agrees_with_nobody_unknown() {
    let [a, b, c] = [&b"a"[..], b"b", b"c"].map(|identity| user(Usage::Agree, identity));
    let [one, two] = agree(&*a, &*b);
    assert_eq!(one.expose(), two.expose());
    let [one, two] = agree(&*a, &*a);
    assert_eq!(one.expose(), two.expose());
    let start = |role: &AgreementRole| a.start_agreement(role, &SystemRandom);
    assert_eq!(start(&AgreementRole::Initiator(None)).unwrap_err(), CryptoError::Unsupported);
    let other = keys().sm9_master(MasterKind::Encrypt, &[0x3a; 32]).unwrap();
    let stranger = keys().sm9_public(Usage::Agree, b"b", other.public()).unwrap();
    assert_eq!(start(&AgreementRole::Initiator(Some(stranger))).unwrap_err(), CryptoError::BadKey);
    let started = start(&AgreementRole::Initiator(Some(b.public().clone()))).unwrap();
    let point = encoded(&["4", Y]);
    let finish = |key: &PublicKey, point: &[u8]| {
        started.finish(&AgreementPeer::sm9(key.clone(), point), &seed()).map(|_| ())
    };
    assert_eq!(finish(b.public(), &point), Ok(()));
    assert_eq!(finish(c.public(), &point), Err(CryptoError::BadKey));
    for bad in bad_points() {
        assert_eq!(finish(b.public(), &bad), Err(CryptoError::BadPoint));
    }
}

/// More master keys than are kept.
#[test]
fn verifies_under_many_master_keys_in_turn() {
    let made: Vec<_> = (1..=18u8)
        .map(|i| {
            let master = keys().sm9_master(MasterKind::Sign, &[i; 32]).unwrap();
            let key = master.user_key(Usage::Sign, b"Alice").unwrap();
            let key = keys().sm9_private(Usage::Sign, b"Alice", master.public(), &key).unwrap();
            let signature = key.sign(SM9, &[b"m"], &SystemRandom).unwrap();
            (key.public().clone(), signature)
        })
        .collect();
    for _ in 0..2 {
        for (i, (public, signature)) in made.iter().enumerate() {
            keys().verify(SM9, public, &[b"m"], signature).unwrap();
            let other = &made[(i + 1) % made.len()].1;
            assert_eq!(keys().verify(SM9, public, &[b"m"], other), Err(CryptoError::BadSignature));
        }
    }
}

/// Where there is no SM9, it is said so.
#[test]
fn the_portable_provider_says_that_it_has_none() {
    let Provider { keys, .. } = crate::crypto::portable::provider();
    let public = master(MasterKind::Encrypt);
    let unsupported = Err(CryptoError::Unsupported);
    assert_eq!(keys.sm9_public(Usage::Agree, b"a", public.public()), unsupported);
    assert_eq!(keys.sm9_master(MasterKind::Sign, &[1; 32]).map(|_| ()), Err(CryptoError::Unsupported));
}
