//! Wycheproof's files for the algorithms of TLS 1.2, with every provider: strict wherever they leave a choice.
#![cfg(feature = "tls12")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/vectors.rs"]
mod vectors;

use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::Read;
use tlcp::crypto::{
    AgreementPeer, AgreementRole, CbcLane, Draw, MasterSeed, PreMasterSecret, Provider, PublicKey, Random,
    Share, Shared, SignatureAlgorithm, default_provider, portable,
};
use tlcp::error::CryptoError;
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};
use tlcp::wire::{NamedGroup, ProtocolVersion};

fn providers() -> Vec<Provider> {
    vec![
        portable::provider(),
        default_provider(),
        #[cfg(feature = "aws-lc-rs")]
        tlcp::crypto::aws_lc::provider(),
    ]
}

/// A case, with what its group has for all of them.
struct Case<'a> {
    file: &'a str,
    group: &'a Value,
    test: &'a Value,
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("{} {} {}", self.file, self.test["tcId"], self.test["comment"])
    }

    fn bytes(&self, key: &str) -> Vec<u8> {
        digits(&self.test[key])
    }

    fn number(&self, key: &str) -> u64 {
        self.group[key].as_u64().unwrap()
    }

    fn is(&self, result: &str) -> bool {
        self.test["result"] == result
    }

    fn has_flag(&self, flag: &str) -> bool {
        self.test["flags"].as_array().unwrap().iter().any(|f| f == flag)
    }

    /// Some hash of ours.
    fn hash(&self) -> Option<HashAlgorithm> {
        match self.group["sha"].as_str().unwrap() {
            "SHA-256" => Some(HashAlgorithm::Sha256),
            "SHA-384" => Some(HashAlgorithm::Sha384),
            "SHA-512" => Some(HashAlgorithm::Sha512),
            _ => None,
        }
    }
}

fn digits(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// What is in a file, compressed as ours are or not as Wycheproof's are.
fn json(file: &vectors::VectorFile) -> Value {
    if file.path.extension().is_none_or(|extension| extension != "gz") {
        return file.json();
    }
    let (mut json, bytes) = (String::new(), file.read());
    GzDecoder::new(&bytes[..]).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// Runs every case of the files whose names begin so; `run` says whether it is one that applies.
fn run(start: &str, run: impl Fn(&Provider, &Case<'_>) -> bool) {
    let files = ["gz", "json"].into_iter().flat_map(|extension| vectors::files("wycheproof", extension));
    let (mut any, mut failures) = (false, vectors::Failures::default());
    for file in files.filter(|file| file.stem().starts_with(start)) {
        let (Some(json), stem) = (failures.attempt(&file.name, || json(&file)), file.stem()) else {
            continue;
        };
        // Else in the form that tests/primitives.rs reads.
        let Some(groups) = json["testGroups"].as_array() else { continue };
        for provider in providers() {
            let (mut ran, mut passed_over) = (0, 0);
            for group in groups {
                for test in group["tests"].as_array().unwrap() {
                    let case = Case { file: &stem, group, test };
                    // One that fails has run.
                    let applies = failures.attempt(case.name(), || run(&provider, &case)).unwrap_or(true);
                    *(if applies { &mut ran } else { &mut passed_over }) += 1;
                }
            }
            println!("{provider:?} {}: {ran} cases run, {passed_over} do not apply", file.name);
            assert!(ran > 0 || file.is_extra, "{stem}: nothing in it is used");
        }
        any = true;
    }
    failures.finish();
    assert!(any, "no file {start}…");
}

fn aead(provider: &Provider, case: &Case<'_>) -> bool {
    let algorithm = match (case.file.split('_').next().unwrap(), case.number("keySize")) {
        ("aes", 128) => AeadAlgorithm::Aes128Gcm,
        ("aes", 256) => AeadAlgorithm::Aes256Gcm,
        ("chacha20", 256) => AeadAlgorithm::ChaCha20Poly1305,
        _ => return false,
    };
    let Ok(nonce) = <[u8; 12]>::try_from(case.bytes("iv")) else { return false };
    let aead = provider.ciphers.aead(algorithm, &case.bytes("key")).unwrap();
    let (plain, aad, cipher) = (case.bytes("msg"), case.bytes("aad"), case.bytes("ct"));
    let tag = case.bytes("tag").try_into().unwrap();
    let mut text = cipher.clone();
    let opened = aead.open(&nonce, &aad, &mut text, &tag);
    if case.is("valid") {
        assert_eq!((opened, &text), (Ok(()), &plain), "{}", case.name());
        let made = aead.seal(&nonce, &aad, &mut text);
        assert_eq!((made, text), (tag, cipher), "{}", case.name());
    } else {
        assert_eq!(opened, Err(CryptoError::DecryptFailed), "{}", case.name());
        assert!(plain.is_empty() || text != plain, "{}: the plaintext was left", case.name());
    }
    true
}

/// R-AEAD-1, R-T12-12
#[test]
fn agrees_on_aes_gcm() {
    run("aes_gcm", aead);
}

/// R-AEAD-2
#[test]
fn agrees_on_chacha20_poly1305() {
    run("chacha20_poly1305", aead);
}

/// The padding is not TLS's, so that only what is well padded applies.
#[test]
fn agrees_on_aes_cbc() {
    run("aes_cbc", |provider, case| {
        let algorithm = match case.number("keySize") {
            128 => CbcAlgorithm::Aes128,
            256 => CbcAlgorithm::Aes256,
            _ => return false,
        };
        let (iv, cipher) = (case.bytes("iv").try_into().unwrap(), case.bytes("ct"));
        let key = case.bytes("key");
        let cbc = provider.ciphers.cbc_hmac(algorithm, MacAlgorithm::Sha256, &key, &[0; 32]).unwrap();
        if !case.is("valid") {
            return false;
        }
        let mut plain = case.bytes("msg");
        let padding = 16 - plain.len() % 16;
        plain.resize(plain.len() + padding, padding as u8);
        let mut text = plain.clone();
        cbc.encrypt_lanes(&mut [CbcLane { iv, in_out: &mut text }]);
        assert_eq!(text, cipher, "{}", case.name());
        cbc.decrypt(&iv, &mut text);
        assert_eq!(text, plain, "{}", case.name());
        true
    });
}

/// Verifies, in two parts, and compares with what the case says of it.
fn verify(
    provider: &Provider,
    case: &Case<'_>,
    key: &PublicKey,
    algorithm: SignatureAlgorithm<'_>,
    good: bool,
) {
    let (message, signature) = (case.bytes("msg"), case.bytes("sig"));
    let (half, rest) = message.split_at(message.len() / 2);
    let verified = provider.keys.verify(algorithm, key, &[half, rest], &signature);
    let expected = if good { Ok(()) } else { Err(CryptoError::BadSignature) };
    assert_eq!(verified, expected, "{provider:?} {}", case.name());
}

/// R-EC-7, R-T12-19
#[test]
fn agrees_on_ecdsa() {
    run("ecdsa", |provider, case| {
        let key = &case.group["publicKey"];
        let curve = match key["curve"].as_str().unwrap() {
            "secp256r1" => NamedGroup::SECP256R1,
            _ => NamedGroup::SECP384R1,
        };
        let key = provider.keys.ecdsa_public(curve, &digits(&key["uncompressed"])).unwrap();
        let hash = case.hash().unwrap();
        verify(provider, case, &key, SignatureAlgorithm::Ecdsa(hash), case.is("valid"));
        let digest = provider.hashes.digest(hash, &[&case.bytes("msg")]);
        let verified = provider.keys.verify_digest(&key, digest.as_ref(), &case.bytes("sig"));
        assert_eq!(verified.is_ok(), case.is("valid"), "{}", case.name());
        true
    });
}

/// R-T12-20
#[test]
fn agrees_on_ed25519() {
    run("ed25519", |provider, case| {
        let key = provider.keys.ed25519_public(&digits(&case.group["publicKey"]["pk"])).unwrap();
        verify(provider, case, &key, SignatureAlgorithm::Ed25519, case.is("valid"));
        true
    });
}

fn rsa_public(provider: &Provider, case: &Case<'_>) -> PublicKey {
    provider.keys.rsa_public(&digits(&case.group["publicKeyAsn"])).unwrap()
}

/// R-RSA-3, R-T12-19: an AlgorithmIdentifier without NULL, which Wycheproof would accept, is refused.
#[test]
fn agrees_on_rsa_pkcs1_signatures() {
    run("rsa_signature", |provider, case| {
        let key = rsa_public(provider, case);
        let hash = case.hash().unwrap();
        verify(provider, case, &key, SignatureAlgorithm::RsaPkcs1(hash), case.is("valid"));
        if hash == HashAlgorithm::Sha256 {
            let digest = provider.hashes.digest(hash, &[&case.bytes("msg")]);
            let verified = provider.keys.verify_digest(&key, digest.as_ref(), &case.bytes("sig"));
            assert_eq!(verified.is_ok(), case.is("valid"), "{}", case.name());
        }
        true
    });
}

/// R-T12-19: with MGF1 of the same hash and a salt as long as it; what has another is refused.
#[test]
fn agrees_on_rsa_pss_signatures() {
    run("rsa_pss", |provider, case| {
        let Some(hash) = case.hash() else { return false };
        let ours = case.group["mgfSha"] == case.group["sha"]
            && case.number("sLen") == u64::try_from(hash.output_len()).unwrap();
        // Wrong for another salt may be right for ours.
        if !ours && case.is("invalid") {
            return false;
        }
        let key = rsa_public(provider, case);
        verify(provider, case, &key, SignatureAlgorithm::RsaPss(hash), ours && !case.is("invalid"));
        true
    });
}

/// Whatever is wrong with a ciphertext, and where nothing is but that it is no pre_master_secret: the substitute (R-RSA-2).
#[test]
fn decrypts_nothing_but_pre_master_secrets() {
    run("rsa_pkcs1", |provider, case| {
        // PKCS#8: what stands in the OCTET STRING.
        let pkcs8 = digits(&case.group["privateKeyPkcs8"]);
        let Ok(key) = provider.keys.rsa_private(&pkcs8[26..]) else {
            panic!("{}: the key", case.name());
        };
        let version = ProtocolVersion(case.bytes("msg").first_chunk().copied().map_or(0, u16::from_be_bytes));
        let mut substitute = PreMasterSecret::zeroed(48);
        substitute.expose_mut().fill(0x33);
        let found = key.decrypt_secret(&case.bytes("ct"), version, substitute, &Drawn(vec![7; 32])).unwrap();
        let message = case.bytes("msg");
        let is_secret = message.len() == 48 && !case.is("invalid");
        let expected = if is_secret { &message[..] } else { &[0x33; 48] };
        assert_eq!(found.expose(), expected, "{}", case.name());
        true
    });
}

/// These bytes, again and again.
struct Drawn(Vec<u8>);

impl Random for Drawn {
    fn fill(&self, draw: Draw, out: &mut [u8]) -> Result<(), CryptoError> {
        if draw == Draw::PrivateKey {
            assert_eq!(out.len(), self.0.len());
        }
        out.iter_mut().zip(self.0.iter().cycle()).for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

/// What both sides come to share, of a private key and what the other side sent.
fn agree(
    provider: &Provider,
    group: NamedGroup,
    private: Vec<u8>,
    share: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let peer = AgreementPeer { share: Share { group, bytes: share.into() }, key: None };
    let started = provider
        .keys
        .start_agreement(group, &AgreementRole::Responder(peer.clone()), &Drawn(private))
        .unwrap();
    let seed = MasterSeed { prf: HashAlgorithm::Sha256, label: "", seed: Default::default() };
    match started.finish(&peer, &seed)? {
        Shared::PreMaster(secret) => Ok(secret.expose().to_vec()),
        Shared::Master(_) => panic!("a provider in software has no master secret"),
    }
}

/// R-EC-5: every point that RFC 7748 takes, but none of which the result is all zero.
#[test]
fn agrees_on_x25519() {
    run("x25519", |provider, case| {
        let shared = agree(provider, NamedGroup::X25519, case.bytes("private"), &case.bytes("public"));
        if case.has_flag("ZeroSharedSecret") {
            assert_eq!(shared, Err(CryptoError::BadPoint), "{}", case.name());
        } else {
            assert_eq!(shared, Ok(case.bytes("shared")), "{}", case.name());
        }
        true
    });
}

/// R-EC-5, R-EC-6: uncompressed points alone; the x coordinate whole, with its zeros.
#[test]
fn agrees_on_ecdh() {
    run("ecdh", |provider, case| {
        let (group, length) = match case.group["curve"].as_str().unwrap() {
            "secp256r1" => (NamedGroup::SECP256R1, 32),
            _ => (NamedGroup::SECP384R1, 48),
        };
        // A number: with a sign, or shorter.
        let private = [vec![0; length], case.bytes("private")].concat();
        let private = private[private.len() - length..].to_vec();
        let shared = agree(provider, group, private, &case.bytes("public"));
        let expected = if case.is("valid") { Ok(case.bytes("shared")) } else { Err(CryptoError::BadPoint) };
        assert_eq!(shared, expected, "{}", case.name());
        true
    });
}
