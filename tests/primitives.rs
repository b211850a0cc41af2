//! Every provider reproduces the values of the standards, of other implementations' tests and of Wycheproof.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod support {
    pub(crate) mod connection;
    pub(crate) mod vectors;
}

use support::connection;
use support::vectors::{Case, files, run_cases};
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::{
    AgreementPeer, AgreementRole, CbcHmac, CbcLane, DEFAULT_USER_ID, Draw, MasterSeed, Provider, PublicKey,
    Random, Shared, SignatureAlgorithm, default_provider, portable,
};
use tlcp::error::CryptoError;
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};

/// Every provider that there is on this machine: where there is nothing faster, the default is the portable one again.
fn providers() -> Vec<Provider> {
    vec![portable::provider(), default_provider()]
}

/// R-SM2-2…5, R-KEY-1, R-REC-19, R-REC-26: the standards' own examples, and what other implementations test with.
#[test]
fn reproduces_the_examples_of_the_standards() {
    for provider in providers() {
        println!("{provider:?}");
        run_cases("std", |case| standard(&provider, case));
    }
}

/// R-SM2-2, R-SM2-3: strict where other implementations disagree.
#[test]
fn judges_sm2_edge_cases_strictly() {
    for provider in providers() {
        println!("{provider:?}");
        run_cases("sm2", |case| sm2(&provider, case));
    }
}

/// R-SM2-1: 16 bits hold the length of a user id in bits: a longer one has no Z.
#[test]
fn a_user_id_has_at_most_8191_bytes() {
    for provider in providers() {
        let key = provider.keys.sm2_private(&[1; 32]).unwrap();
        let PublicKey::Sm2(point) = key.public() else { panic!("an SM2 key") };
        assert!(tlcp::crypto::sm2::z(provider.hashes, &[7; 8191], point).is_ok());
        assert_eq!(tlcp::crypto::sm2::z(provider.hashes, &[7; 8192], point), Err(CryptoError::TooLong));
    }
}

/// R-KEY-6: Finished has 12 bytes, for whoever reads it.
#[test]
fn verify_data_has_12_bytes() {
    for length in 0..=24 {
        let read = tlcp::message::Finished::read(&[7; 24][..length]);
        assert_eq!(read.ok(), (length == 12).then_some([7; 12]), "{length}");
    }
}

/// R-SM2-3: what no ciphertext of three bytes of length can hold is not encrypted.
#[test]
fn a_message_for_encryption_has_a_limit() {
    for provider in providers() {
        let key = provider.keys.sm2_private(&[1; 32]).unwrap();
        let long = provider.keys.encrypt(key.public(), &vec![0; 0xff_ff01], &SystemRandom);
        assert_eq!(long, Err(CryptoError::TooLong), "{provider:?}");
    }
}

/// n + a - b for the order n of the curve, where that has 32 bytes.
fn minus(a: i16, b: &[u8]) -> Vec<u8> {
    let mut out = hex::decode("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123").unwrap();
    let mut carry = a;
    for (to, from) in out.iter_mut().zip(b).rev() {
        carry += i16::from(*to) - i16::from(*from);
        *to = carry.rem_euclid(256) as u8;
        carry = carry.div_euclid(256);
    }
    out
}

/// d * G, for a small d.
fn small_key(provider: &Provider, d: i16) -> PublicKey {
    let mut scalar = [0; 32];
    scalar[31] = u8::try_from(d).unwrap();
    provider.keys.sm2_private(&scalar).unwrap().public().clone()
}

/// R-SM2-2: neither r nor s is 0 or over the order, and r + s is not the order: also where the equation holds, for a digest
/// that was chosen so.
#[test]
fn refuses_numbers_out_of_range_that_fulfil_the_equation() {
    const D: i16 = 7;
    let small = |n: u8| vec![2, 1, n];
    let order_and = |n: i16| [&[2, 33, 0][..], &minus(n, &[0; 32])].concat();
    for provider in providers() {
        let key = small_key(&provider, D);
        for (r, s, in_r, in_s, good) in [
            (1, 1, small(1), small(1), true),
            (2, 3, small(2), small(3), true),
            (0, 1, small(0), small(1), false),
            (1, 0, small(1), small(0), false),
            (0, 1, order_and(0), small(1), false),
            (1, 0, small(1), order_and(0), false),
            (1, 1, order_and(1), small(1), false),
            (1, 1, small(1), order_and(1), false),
            (-1, 2, order_and(-1), small(2), true),
            (-1, 1, order_and(-1), small(1), false),
            (-2, 2, order_and(-2), small(2), false),
        ] {
            // e such that r = e + x(sG + (r + s)P), where P = D * G
            let point = match small_key(&provider, s + (r + s) * D) {
                PublicKey::Sm2(point) => point,
                other => panic!("an SM2 key, not {other:?}"),
            };
            let digest = minus(r, &point[1..33]);
            let content = [in_r, in_s].concat();
            let signature = [&[0x30, content.len() as u8][..], &content].concat();
            let verified = provider.keys.verify_digest(&key, &digest, &signature);
            let expected = if good { Ok(()) } else { Err(CryptoError::BadSignature) };
            assert_eq!(verified, expected, "{provider:?}: r {r}, s {s}: {}", hex::encode(&signature));
        }
    }
}

#[test]
fn agrees_with_wycheproof() {
    for provider in providers() {
        println!("{provider:?}");
        run_cases("wycheproof", |case| wycheproof(&provider, case));
    }
}

#[test]
fn reproduces_the_values_of_a_tlcp_connection() {
    for file in files("", "json").iter().filter(|f| f.stem() == "tlcp-known-answers") {
        let json = file.json();
        let groups = [
            connection::key_schedule,
            connection::cbc_records,
            connection::gcm_record,
            connection::server_key_exchange,
            connection::certificate_verify,
            connection::agreement,
            connection::encryption,
        ];
        for provider in providers() {
            groups.iter().for_each(|group| group(&provider, &json));
            println!("{provider:?} {}: {} groups of values run", file.name, groups.len());
        }
    }
}

#[test]
fn passes_its_self_test() {
    for provider in providers() {
        assert_eq!(tlcp::crypto::self_test(&provider), Ok(()), "{provider:?}");
    }
}

/// The hash that `text` names, if a provider has it.
fn hash_named(text: &str) -> Option<HashAlgorithm> {
    match text {
        _ if text.contains("sm3") => Some(HashAlgorithm::Sm3),
        _ if text.ends_with("sha256") => Some(HashAlgorithm::Sha256),
        _ => None,
    }
}

fn standard(provider: &Provider, case: Case<'_>) -> bool {
    let label = case.label;
    if case.has("digest") && label.contains("sm3") {
        return sm3(provider, case);
    }
    if case.has("secret") && label.contains("prf") {
        return prf(provider, case);
    }
    if case.has("tag") && label.contains("hmac") {
        return hmac(provider, case);
    }
    if case.has("pt") && label.contains("sm4") {
        return sm4(provider, case);
    }
    case.has("op") && label.contains("sm2") && sm2(provider, case)
}

fn sm3(provider: &Provider, case: Case<'_>) -> bool {
    let message = match case.number("repeat") {
        Some(n) => case.bytes("repeat_byte").repeat(n),
        None => case.bytes("msg"),
    };
    let expected = case.bytes("digest");
    let (one, two) = message.split_at(message.len() / 3);
    let whole = provider.hashes.digest(HashAlgorithm::Sm3, &[&message]);
    assert_eq!(whole.as_ref(), expected, "{case}");
    let mut running = provider.hashes.start(HashAlgorithm::Sm3);
    running.update(one);
    let first = running.current();
    assert_eq!(first, provider.hashes.digest(HashAlgorithm::Sm3, &[one]), "{case}");
    running.update(two);
    assert_eq!(running.current().as_ref(), expected, "{case}");
    true
}

fn prf(provider: &Provider, case: Case<'_>) -> bool {
    let Some(algorithm) = case.text("hash").and_then(hash_named) else { return false };
    let (seed, label) = (case.bytes("seed"), case.text("label").unwrap());
    let (one, two) = seed.split_at(seed.len() / 2);
    let expected = case.bytes("out");
    let mut out = vec![0; expected.len()];
    provider.hashes.prf(algorithm, &case.bytes("secret"), label.as_bytes(), &[one, two], &mut out);
    assert_eq!(out, expected, "{case}");
    true
}

fn hmac(provider: &Provider, case: Case<'_>) -> bool {
    let Some(algorithm) = case.label.split(' ').find_map(hash_named) else { return false };
    let (key, message, tag) = (case.bytes("key"), case.bytes("msg"), case.bytes("tag"));
    let (one, two) = message.split_at(message.len() / 2);
    let mac = provider.hashes.hmac(algorithm, &key, &[one, two]);
    // Wycheproof cuts some tags short.
    let bytes = case.number("tag_bits").map_or(tag.len(), |bits| bits / 8);
    let valid = case.text("result").is_none_or(|_| case.is_valid());
    assert_eq!(mac.as_ref()[..bytes] == tag, valid, "{case}");
    true
}

fn wycheproof(provider: &Provider, case: Case<'_>) -> bool {
    if case.has("tag_bits") && case.label.contains("hmac") {
        return hmac(provider, case);
    }
    case.label.contains("sm4_gcm") && sm4_gcm(provider, case, "msg", case.is_valid())
}

fn sm4(provider: &Provider, case: Case<'_>) -> bool {
    match case.text("mode") {
        None | Some("ECB") => sm4_block(provider, case),
        Some("CBC") => sm4_cbc(provider, case),
        Some("GCM") => return sm4_gcm(provider, case, "pt", true),
        Some(_) => return false,
    };
    true
}

fn cbc(provider: &Provider, key: &[u8]) -> Box<dyn CbcHmac> {
    provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, key, &[0; 32]).unwrap()
}

/// CBC of one block with an IV of zero is the bare block cipher: all blocks side by side.
fn sm4_block(provider: &Provider, case: Case<'_>) {
    let cipher = cbc(provider, &case.bytes("key"));
    let mut text = case.bytes("pt");
    for _ in 0..case.number("rounds").unwrap_or(1) {
        let lane = |in_out| CbcLane { iv: [0; 16], in_out };
        let mut lanes: Vec<CbcLane<'_>> = text.chunks_exact_mut(16).map(lane).collect();
        cipher.encrypt_lanes(&mut lanes);
    }
    assert_eq!(text, case.bytes("ct"), "{case}");
    if case.number("rounds").is_none_or(|n| n == 1) {
        text.chunks_exact_mut(16).for_each(|block| cipher.decrypt(&[0; 16], block));
        assert_eq!(text, case.bytes("pt"), "{case}");
    }
}

fn sm4_cbc(provider: &Provider, case: Case<'_>) {
    let cipher = cbc(provider, &case.bytes("key"));
    let (iv, plain) = (case.array("iv"), case.bytes("pt"));
    // Lanes of every length up to the text's own, all at once: each must come out as if alone.
    let blocks = plain.len() / 16;
    let mut texts: Vec<Vec<u8>> = (0..=blocks).map(|n| plain[..16 * n].to_vec()).collect();
    let mut lanes: Vec<_> = texts.iter_mut().map(|in_out| CbcLane { iv, in_out }).collect();
    cipher.encrypt_lanes(&mut lanes);
    for mut text in texts {
        assert_eq!(text, case.bytes("ct")[..text.len()], "{case}");
        cipher.decrypt(&iv, &mut text);
        assert_eq!(text, plain[..text.len()], "{case}");
    }
}

/// Only with the nonce of 12 bytes that TLCP has.
fn sm4_gcm(provider: &Provider, case: Case<'_>, message: &str, valid: bool) -> bool {
    let Ok(nonce) = <[u8; 12]>::try_from(case.bytes("iv")) else { return false };
    let cipher = provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, &case.bytes("key")).unwrap();
    let (plain, aad, tag) = (case.bytes(message), case.bytes("aad"), case.array("tag"));
    let mut text = case.bytes("ct");
    let opened = cipher.open(&nonce, &aad, &mut text, &tag);
    if !valid {
        assert_eq!(opened, Err(CryptoError::DecryptFailed), "{case}");
        assert!(plain.is_empty() || text != plain, "{case}: the plaintext was left");
        return true;
    }
    assert_eq!((opened, &text), (Ok(()), &plain), "{case}");
    let made = cipher.seal(&nonce, &aad, &mut text);
    assert_eq!((made, text), (tag, case.bytes("ct")), "{case}");
    true
}

/// The bytes for one purpose; a draw for any other fails.
struct Fixed(Draw, [u8; 32]);

impl Random for Fixed {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        assert_eq!(draw, self.0);
        out.copy_from_slice(&self.1);
        Ok(())
    }
}

fn sm2(provider: &Provider, case: Case<'_>) -> bool {
    match case.text("op") {
        Some("sign") => sm2_sign(provider, case),
        Some("verify") => sm2_verify(provider, case),
        Some("encrypt") => sm2_encrypt(provider, case),
        Some("decrypt") => sm2_decrypt(provider, case),
        Some("key_exchange") => sm2_key_exchange(provider, case),
        _ => return false,
    }
    true
}

fn sm2_sign(provider: &Provider, case: Case<'_>) {
    let (id, message, signature) = (case.bytes("uid"), case.bytes("msg"), case.bytes("der_sig"));
    let algorithm = SignatureAlgorithm::Sm2Sm3 { user_id: &id };
    let key = provider.keys.sm2_private(&case.bytes("d")).unwrap();
    assert_eq!(*key.public(), provider.keys.sm2_public(&case.bytes("pub")).unwrap(), "{case}");
    if case.has("k") {
        let random = Fixed(Draw::SignatureNonce, case.array("k"));
        assert_eq!(key.sign(algorithm, &[&message], &random).unwrap(), signature, "{case}");
    }
    assert_eq!(provider.keys.verify(algorithm, key.public(), &[&message], &signature), Ok(()), "{case}");
}

fn sm2_verify(provider: &Provider, case: Case<'_>) {
    let id = case.text("uid").map_or(DEFAULT_USER_ID.to_vec(), |_| case.bytes("uid"));
    let algorithm = SignatureAlgorithm::Sm2Sm3 { user_id: &id };
    let verified = provider
        .keys
        .sm2_public(&case.bytes("pub"))
        .and_then(|key| provider.keys.verify(algorithm, &key, &[&case.bytes("msg")], &case.bytes("sig")));
    assert_eq!(verified.is_ok(), case.is_valid(), "{case}: {verified:?}");
}

fn sm2_encrypt(provider: &Provider, case: Case<'_>) {
    let (key, message) = (provider.keys.sm2_private(&case.bytes("d")).unwrap(), case.bytes("msg"));
    let random = Fixed(Draw::EncryptionNonce, case.array("k"));
    let made = provider.keys.encrypt(key.public(), &message, &random).unwrap();
    assert_eq!(made, case.bytes("der"), "{case}");
    assert_eq!(**key.decrypt(&made).unwrap(), message, "{case}");
}

fn sm2_decrypt(provider: &Provider, case: Case<'_>) {
    let key = provider.keys.sm2_private(&case.bytes("d")).unwrap();
    let found = key.decrypt(&case.bytes("ct"));
    match (&found, case.is_valid()) {
        (Ok(message), true) if case.has("msg") => assert_eq!(**message, case.bytes("msg"), "{case}"),
        (Ok(_), true) => (),
        (Err(error), false) => assert_eq!(*error, CryptoError::DecryptFailed, "{case}"),
        (_, valid) => panic!("{case}: should be valid: {valid}, is {}", found.is_ok()),
    }
}

fn sm2_key_exchange(provider: &Provider, case: Case<'_>) {
    let names = ["dA", "rA", "dB", "rB"].map(|name| case.array(name));
    let (points, shared) = agree(provider, names);
    assert_eq!(points, [case.array("RA"), case.array("RB")], "{case}");
    // The standard's example asks for 16 bytes; the key derivation's first bytes do not depend on how many.
    let short = case.bytes("K");
    assert_eq!(shared[..short.len()], short, "{case}");
    assert_eq!(shared[..], case.bytes("K48"), "{case}");
}

/// Both sides of a key exchange with these private keys: static and ephemeral of A, then of B.
fn agree(provider: &Provider, [d_a, r_a, d_b, r_b]: [[u8; 32]; 4]) -> ([[u8; 65]; 2], [u8; 48]) {
    let [a, b] = [d_a, d_b].map(|d| provider.keys.sm2_private(&d).unwrap());
    let at_a = a.start_agreement(&AgreementRole::Initiator(None), &Fixed(Draw::PrivateKey, r_a)).unwrap();
    let initiator = AgreementPeer { share: at_a.share().clone(), key: Some(a.public().clone()) };
    let at_b = b
        .start_agreement(&AgreementRole::Responder(initiator.clone()), &Fixed(Draw::PrivateKey, r_b))
        .unwrap();
    let responder = AgreementPeer { share: at_b.share().clone(), key: Some(b.public().clone()) };
    let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
    let shared = [at_a.finish(&responder, &seed), at_b.finish(&initiator, &seed)];
    let [one, other]: [[u8; 48]; 2] = shared.map(|shared| match shared.unwrap() {
        Shared::PreMaster(secret) => secret.expose().try_into().unwrap(),
        Shared::Master(_) => panic!("a provider in software has no master secret"),
    });
    assert_eq!(one, other);
    ([initiator, responder].map(|peer| (*peer.share.bytes).try_into().unwrap()), one)
}
