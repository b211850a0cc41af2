//! Private keys in their containers (R-SM2-6): every form gives the same key.
use super::support::{element, pki_file, vector};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use tlcp::cert::{Identity, KeyUse};
use tlcp::crypto::portable::provider;

/// The identity of the server with its encryption key from this file.
fn with_encryption_key(file: &[u8], password: Option<&[u8]>) -> Result<Identity, String> {
    let (certificates, sign) = (pki_file("server-double.crt"), pki_file("server-sign.key"));
    Identity::from_pile(&[&certificates, &sign, file], password, &provider()).map_err(|e| e.0.into())
}

fn expect(file: &[u8], password: Option<&[u8]>, what: &str) {
    let identity = with_encryption_key(file, password).unwrap_or_else(|e| panic!("{what}: {e}"));
    let plain = with_encryption_key(&pki_file("server-enc.key"), None).unwrap();
    assert_eq!(identity.public_key(KeyUse::Encrypt), plain.public_key(KeyUse::Encrypt), "{what}");
}

#[test]
fn reads_pkcs8_and_ec_private_key_as_pem_and_der() {
    for name in ["tongsuo-pkcs8.der", "tongsuo-sec1.der", "tongsuo-sec1.pem"] {
        expect(&vector(&format!("keys/{name}")), None, name);
    }
    let sec1 = String::from_utf8(vector("keys/tongsuo-sec1.pem")).unwrap();
    for label in ["SM2 PRIVATE KEY", "SM2", "EC", "PRIVATE KEY", "ANY PRIVATE KEY"] {
        expect(sec1.replace("EC PRIVATE KEY", label).as_bytes(), None, label);
    }
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqgRzPVQGCLQ==\n-----END EC PARAMETERS-----\n";
    expect(format!("{parameters}{sec1}").as_bytes(), None, "parameters in front");
    let glued =
        format!("{}{}", String::from_utf8(vector("keys/tongsuo-label-sm2.pem")).unwrap().trim_end(), sec1);
    expect(glued.as_bytes(), None, "a file without a last newline in front");
}

/// Every algorithm identifier of R-SM2-9, and what stands in the OCTET STRING: ECPrivateKey, INTEGER, the bare scalar.
#[test]
fn reads_every_form_of_pkcs8() {
    let der = vector("keys/tongsuo-pkcs8.der");
    let algorithm = &der[6..27];
    let (ec_key, scalar) = (&der[29..], &der[36..68]);
    let wrap = |tag: u8, parts: &[&[u8]]| -> Vec<u8> {
        let body = parts.concat();
        let length = u8::try_from(body.len()).unwrap();
        if length < 0x80 {
            [&[tag, length], &body[..]].concat()
        } else {
            [&[tag, 0x81, length], &body[..]].concat()
        }
    };
    let curve = &algorithm[11..];
    let standard = &algorithm[2..];
    let both = [curve, curve].concat();
    let with_null = [curve, &[5, 0]].concat();
    for algorithm in [standard, &both, curve, &with_null] {
        for inner in [ec_key.to_vec(), wrap(2, &[scalar]), wrap(2, &[&[0], scalar]), scalar.to_vec()] {
            let key = wrap(0x30, &[&[2, 1, 0], &wrap(0x30, &[algorithm]), &wrap(4, &[&inner])]);
            expect(&key, None, &hex::encode(&key));
        }
    }
    let prime256v1 = hex::decode("06072a8648ce3d020106082a8648ce3d030107").unwrap();
    let key = wrap(0x30, &[&[2, 1, 0], &wrap(0x30, &[&prime256v1]), &wrap(4, &[ec_key])]);
    let refused = with_encryption_key(&key, None).unwrap_err();
    assert!(refused.contains("file 3, item 1 (DER): ") && refused.contains("a P-256 key"), "{refused}");
    let secp256k1 = hex::decode("06072a8648ce3d020106052b8104000a").unwrap();
    let key = wrap(0x30, &[&[2, 1, 0], &wrap(0x30, &[&secp256k1]), &wrap(4, &[ec_key])]);
    let refused = with_encryption_key(&key, None).unwrap_err();
    let foreign = "file 3, item 1 (DER): a key of an algorithm or on a curve that nothing here uses";
    assert!(refused.contains(foreign), "{refused}");
}

/// PBES2 as Tongsuo and GmSSL write it.
#[test]
fn opens_encrypted_keys_with_the_password_alone() {
    for cipher in ["sm4-cbc", "aes-128-cbc", "aes-256-cbc"] {
        for prf in ["hmacWithSM3", "hmacWithSHA256"] {
            let name = format!("tongsuo-{cipher}-{prf}.pem");
            let file = vector(&format!("keys/{name}"));
            expect(&file, Some(b"123456"), &name);
            let refused = with_encryption_key(&file, Some(b"123457")).unwrap_err();
            let expected = "the key does not open: the password is wrong, or the file is damaged";
            assert_eq!(refused, format!("file 3, block 1 (ENCRYPTED PRIVATE KEY): {expected}"));
            let refused = with_encryption_key(&file, None).unwrap_err();
            assert!(refused.ends_with("the key is encrypted, and no password was given"), "{refused}");
        }
    }
    expect(&vector("keys/gmssl-both.pem"), Some(b"123456"), "GmSSL");
}

/// HMAC-SHA1 is what BouncyCastle writes unasked, and stands for itself where no function is named (RFC 8018 A.2).
#[test]
fn opens_keys_encrypted_with_aes_and_hmac_of_sha1_and_sha2() {
    for name in [
        "aes-128-cbc-hmacWithSHA1",
        "aes-192-cbc-hmacWithSHA1",
        "aes-256-cbc-hmacWithSHA1",
        "aes-128-cbc-hmacWithSHA224",
        "aes-192-cbc-hmacWithSHA256",
        "aes-192-cbc-hmacWithSHA384",
        "aes-256-cbc-hmacWithSHA512",
    ] {
        let file = vector(&format!("keys/openssl-{name}.pem"));
        expect(&file, Some(b"123456"), name);
        assert!(with_encryption_key(&file, Some(b"12345")).unwrap_err().contains("does not open"), "{name}");
    }
    // the function by its name, which OpenSSL leaves away
    let text = String::from_utf8(vector("keys/openssl-aes-192-cbc-hmacWithSHA1.pem")).unwrap();
    let der = PrivateKeyDer::from_pem_slice(text.replace("ENCRYPTED ", "").as_bytes()).unwrap();
    let der = der.secret_der();
    let (salt, iv, key) = (&der[35..43], &der[62..78], &der[81..]);
    let hmac = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7];
    let prf = element(0x30, &[&element(6, &[&hmac]), &[5, 0]]);
    let parameters = element(0x30, &[&element(4, &[salt]), &[2, 2, 8, 0], &prf]);
    let aes192 = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 0x16];
    let cipher = element(0x30, &[&element(6, &[&aes192]), &element(4, &[iv])]);
    expect(&pbes2(&parameters, &cipher, key), Some(b"123456"), "HMAC-SHA1 by name");
}

/// EncryptedPrivateKeyInfo with PBES2 and PBKDF2.
fn pbes2(parameters: &[u8], cipher: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let oid = |hex_digits: &str| element(6, &[&hex::decode(hex_digits).unwrap()]);
    let derivation = element(0x30, &[&oid("2a864886f70d01050c"), parameters]);
    let scheme = element(0x30, &[&derivation, cipher]);
    let algorithm = element(0x30, &[&oid("2a864886f70d01050d"), &scheme]);
    element(0x30, &[&algorithm, &element(4, &[ciphertext])])
}

/// PBKDF2 of HMAC-SM3, SM4 in CBC mode.
fn encrypted(iterations: &[u8]) -> Vec<u8> {
    let oid = |hex_digits: &str| element(6, &[&hex::decode(hex_digits).unwrap()]);
    let prf = element(0x30, &[&oid("2a811ccf550183110301")]);
    let parameters = element(0x30, &[&element(4, &[&[7; 8]]), &element(2, &[iterations]), &prf]);
    let cipher = element(0x30, &[&oid("2a811ccf55016802"), &element(4, &[&[9; 16]])]);
    pbes2(&parameters, &cipher, &[1; 160])
}

/// A file can ask for any number of iterations: more than two million are hours of work, and none is no derivation.
#[test]
fn refuses_iteration_counts_that_make_no_sense() {
    let refused =
        |iterations: &[u8]| with_encryption_key(&encrypted(iterations), Some(b"123456")).unwrap_err();
    for none in [&[1][..], &[8, 0]] {
        let text = refused(none);
        assert!(text.contains("does not open: the password is wrong"), "{none:?}: {text}");
    }
    // 2,000,001 and more
    for odd in [&[0][..], &[0x1e, 0x84, 0x81], &[0x7f, 0xff, 0xff, 0xff]] {
        let text = refused(odd);
        assert!(text.contains("an iteration count that makes no sense"), "{odd:?}: {text}");
    }
    assert!(refused(&[1, 0, 0, 0, 0]).contains("not a well-formed encrypted PKCS#8 key"));
}

#[test]
fn says_how_to_convert_what_it_does_not_read() {
    let legacy =
        with_encryption_key(&vector("keys/tongsuo-legacy-encrypted.pem"), Some(b"123456")).unwrap_err();
    assert!(legacy.contains("openssl pkcs8 -topk8"), "{legacy}");
    for (name, scheme) in [("openssl-pbes1.pem", "PBES1"), ("openssl-scrypt.pem", "scrypt")] {
        let refused = with_encryption_key(&vector(&format!("keys/{name}")), Some(b"123456")).unwrap_err();
        assert!(refused.contains(&format!("encrypted with {scheme}")), "{refused}");
        assert!(refused.contains("openssl pkcs8 -topk8 -v2"), "{refused}");
    }
    // PFX ::= SEQUENCE { 3, SEQUENCE …
    let pfx = with_encryption_key(&[0x30, 7, 2, 1, 3, 0x30, 2, 6, 0], None).unwrap_err();
    assert!(pfx.contains("openssl pkcs12"), "{pfx}");
    let rsa = with_encryption_key(&[0x30, 12, 2, 1, 0, 2, 1, 9, 2, 1, 3, 2, 1, 7], None).unwrap_err();
    assert!(rsa.contains("an RSA key"), "{rsa}");
}
