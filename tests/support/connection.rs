//! The primitives on the values of a whole TLCP connection with fixed inputs.
use crate::{Fixed, agree, cbc};
use serde_json::Value;
use tlcp::crypto::{CbcLane, Digest, Draw, MacLane, Provider, SignatureAlgorithm};
use tlcp::suite::{AeadAlgorithm, CbcAlgorithm, HashAlgorithm, MacAlgorithm};

/// The bytes that stand in hexadecimal at the end of `path`.
fn at<const N: usize>(json: &Value, path: [&str; N]) -> Vec<u8> {
    let found = path.iter().fold(json, |json, key| &json[*key]);
    hex::decode(found.as_str().unwrap_or_else(|| panic!("no {path:?}"))).unwrap()
}

fn fixed(json: &Value, draw: Draw) -> Fixed {
    Fixed(draw, at(json, ["ske_ecc", "k"]).try_into().unwrap())
}

fn prf<const N: usize>(
    provider: &Provider,
    algorithm: HashAlgorithm,
    secret: &[u8],
    label: &str,
    seed: &[&[u8]],
) -> [u8; N] {
    let mut out = [0; N];
    provider.hashes.prf(algorithm, secret, label.as_bytes(), seed, &mut out);
    out
}

/// R-KEY-1, R-KEY-2: GB/T 38636 6.5.
pub(crate) fn key_schedule(provider: &Provider, json: &Value) {
    let client = at(json, ["inputs", "client_random"]);
    let server = at(json, ["inputs", "server_random"]);
    let secret = at(json, ["inputs", "pre_master_secret"]);
    for (algorithm, name) in
        [(HashAlgorithm::Sm3, "sm3"), (HashAlgorithm::Sha256, "sha256_prf(Tongsuo RSA_*_SHA256)")]
    {
        let master: [u8; 48] = prf(provider, algorithm, &secret, "master secret", &[&client, &server]);
        assert_eq!(master[..], at(json, [name, "master_secret"]), "{name}");
        let block: [u8; 128] = prf(provider, algorithm, &master, "key expansion", &[&server, &client]);
        assert_eq!(block[..], at(json, [name, "key_block_128"]), "{name}");
    }
    let transcript = json["finished"]["transcript_ascii"].as_str().unwrap();
    let hash = provider.hashes.digest(HashAlgorithm::Sm3, &[transcript.as_bytes()]);
    assert_eq!(hash.as_ref(), at(json, ["finished", "sm3(transcript)"]));
    let master = at(json, ["sm3", "master_secret"]);
    for side in ["client", "server"] {
        let label = format!("{side} finished");
        let data: [u8; 12] = prf(provider, HashAlgorithm::Sm3, &master, &label, &[hash.as_ref()]);
        assert_eq!(data[..], at(json, ["finished", &format!("{side}_verify_data")]));
    }
}

/// seq[8] type[1] version[2] length[2]
fn header(record: &[u8], sequence: u8, length: usize) -> [u8; 13] {
    let mut out = [0; 13];
    out[7] = sequence;
    out[8..11].copy_from_slice(&record[..3]);
    out[11..].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
    out
}

/// R-REC-19, R-REC-35: the MAC over a content of known and of secret length, encryption and decryption.
pub(crate) fn cbc_records(provider: &Provider, json: &Value) {
    let mac_key = at(json, ["sm3", "cbc", "client_write_MAC_key"]);
    let key = at(json, ["sm3", "cbc", "client_write_key"]);
    let cipher = provider.ciphers.cbc_hmac(CbcAlgorithm::Sm4, MacAlgorithm::Sm3, &key, &mac_key).unwrap();
    for (name, sequence) in [
        ("cbc_record_client_finished", 0),
        ("cbc_record_empty_appdata_seq1", 1),
        ("cbc_record_longpad_seq1", 1),
    ] {
        let (record, iv) = (at(json, [name, "record"]), at(json, [name, "iv"]));
        let iv: [u8; 16] = iv.try_into().unwrap();
        assert_eq!(record[5..21], iv, "{name}");
        let mut plain = record[21..].to_vec();
        cipher.decrypt(&iv, &mut plain);
        let padding = usize::from(*plain.last().unwrap());
        let most = plain.len() - 1 - cipher.mac_len();
        let length = most - padding;
        let (content, rest) = plain.split_at(length);
        let header = header(&record, sequence, length);
        let mut lanes = [MacLane { header, data: content, mac: Digest::new(&[]) }];
        cipher.mac_lanes(&mut lanes);
        assert_eq!(lanes[0].mac.as_ref(), &rest[..cipher.mac_len()], "{name}");
        let least = most.saturating_sub(255);
        let secret = cipher.mac_secret_length(&header, &plain[..most], length, least);
        assert_eq!(secret, lanes[0].mac, "{name}");
        cipher.encrypt_lanes(&mut [CbcLane { iv, in_out: &mut plain }]);
        assert_eq!(plain, record[21..], "{name}");
    }
    let mut plain = at(json, ["cbc_record_client_finished", "plaintext+mac+pad"]);
    let iv = at(json, ["cbc_record_client_finished", "iv"]).try_into().unwrap();
    cipher.encrypt_lanes(&mut [CbcLane { iv, in_out: &mut plain }]);
    assert_eq!(plain, at(json, ["cbc_record_client_finished", "record"])[21..]);
    assert_eq!(cbc(provider, &key).mac_len(), 32);
}

/// R-REC-26
pub(crate) fn gcm_record(provider: &Provider, json: &Value) {
    let name = "gcm_record_client_finished";
    let cipher = provider.ciphers.aead(AeadAlgorithm::Sm4Gcm, &at(json, ["sm3", "gcm", "client_write_key"]));
    let nonce = at(json, [name, "nonce"]).try_into().unwrap();
    let plain = [vec![0x14, 0, 0, 12], at(json, ["finished", "client_verify_data"])].concat();
    let mut text = plain.clone();
    let tag = cipher.unwrap().seal(&nonce, &at(json, [name, "aad"]), &mut text);
    assert_eq!([&text[..], &tag].concat(), at(json, [name, "record"])[13..]);
}

/// R-HS-17: what is signed is client_random || server_random || certificate[3] or parameters.
pub(crate) fn server_key_exchange(provider: &Provider, json: &Value) {
    let client = at(json, ["inputs", "client_random"]);
    let server = at(json, ["inputs", "server_random"]);
    let certificate = at(json, ["ske_ecc", "fake_enc_cert_der"]);
    let length = u32::try_from(certificate.len()).unwrap().to_be_bytes();
    let ecc = [&length[1..], &certificate].concat();
    let ecdhe = at(json, ["ecdhe", "server_params"]);
    let key = provider.keys.sm2_private(&at(json, ["ske_ecc", "sign_priv"])).unwrap();
    for (tail, expected) in [(ecc, ["ske_ecc", "signature_der"]), (ecdhe, ["ecdhe", "ske_sig_der"])] {
        let parts: [&[u8]; 3] = [&client, &server, &tail];
        let random = fixed(json, Draw::SignatureNonce);
        let made = key.sign(SignatureAlgorithm::SM2, &parts, &random).unwrap();
        assert_eq!(made, at(json, expected), "{expected:?}");
        let whole = parts.concat();
        assert_eq!(provider.keys.verify(SignatureAlgorithm::SM2, key.public(), &[&whole], &made), Ok(()));
    }
}

/// R-HS-27, in both forms.
pub(crate) fn certificate_verify(provider: &Provider, json: &Value) {
    let transcript = json["finished"]["transcript_ascii"].as_str().unwrap().as_bytes().to_vec();
    let hash = at(json, ["finished", "sm3(transcript)"]);
    let key = provider.keys.sm2_private(&at(json, ["ske_ecc", "sign_priv"])).unwrap();
    for (message, form) in
        [(hash, "standard(sign over 32-byte SM3 hash)"), (transcript, "gmssl(sign over raw transcript)")]
    {
        let random = fixed(json, Draw::SignatureNonce);
        let made = key.sign(SignatureAlgorithm::SM2, &[&message], &random).unwrap();
        assert_eq!(made, at(json, ["certificate_verify", form, "sig"]), "{form}");
    }
}

/// R-SM2-5: the pre_master_secret and the master_secret of an ECDHE suite.
pub(crate) fn agreement(provider: &Provider, json: &Value) {
    let names = ["server_enc_priv(dA)", "server_eph_priv(rA)", "client_enc_priv(dB)", "client_eph_priv(rB)"];
    let scalars = names.map(|name| at(json, ["ecdhe", name]).try_into().unwrap());
    let ([server_point, client_point], shared) = agree(provider, scalars);
    assert_eq!(server_point, at(json, ["ecdhe", "server_params"])[4..]);
    assert_eq!(client_point, at(json, ["ecdhe", "cke_body_69"])[4..]);
    assert_eq!(shared[..], at(json, ["ecdhe", "premaster_48"]));
    let randoms = [at(json, ["inputs", "client_random"]), at(json, ["inputs", "server_random"])].concat();
    let master: [u8; 48] = prf(provider, HashAlgorithm::Sm3, &shared, "master secret", &[&randoms]);
    assert_eq!(master[..], at(json, ["ecdhe", "master_secret"]));
}

/// R-SM2-3: the pre_master_secret of an ECC suite.
pub(crate) fn encryption(provider: &Provider, json: &Value) {
    let key = provider.keys.sm2_private(&at(json, ["cke_ecc", "enc_priv"])).unwrap();
    let secret = at(json, ["inputs", "pre_master_secret"]);
    let random = Fixed(Draw::EncryptionNonce, at(json, ["cke_ecc", "k"]).try_into().unwrap());
    let made = provider.keys.encrypt(key.public(), &secret, &random).unwrap();
    assert_eq!(made, at(json, ["cke_ecc", "sm2cipher_der"]));
    assert_eq!(**key.decrypt(&made).unwrap(), secret);
}
