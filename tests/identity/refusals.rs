//! Piles that do not work: the error says what is missing and what there is.
use super::support::{TestRandom, element, pki_file, vector};
use super::{from_pile, provider};
use tlcp::pki::{DAY, Issued, Pair, Template};

fn refusal(names: &[&str]) -> String {
    let files: Vec<_> = names.iter().map(|n| pki_file(n)).collect();
    from_pile(&files).expect_err("a pile that does not work")
}

fn expect(names: &[&str], parts: &[&str]) {
    let text = refusal(names);
    for part in parts {
        assert!(text.contains(part), "{names:?} should say {part:?}, but says: {text}");
    }
}

const NO_SIGN: &str = "no signing certificate with its private key: a certificate with digitalSignature";
const NO_ENCRYPT: &str = "no encryption certificate with its private key: a certificate with keyEncipherment";

#[test]
fn says_which_half_of_the_pair_is_missing() {
    expect(&["server-sign.crt", "server-sign.key"], &[NO_ENCRYPT, "(for signing, with its private key)"]);
    expect(&["server-enc.crt", "server-enc.key"], &[NO_SIGN, "(for encryption, with its private key)"]);
    expect(
        &["server-double.crt", "server-sign.key"],
        &[
            NO_ENCRYPT,
            "file 1, block 2 (CERTIFICATE): certificate CN=localhost server, O=TLCP Test, C=CN (for encryption, its private \
         key is missing)",
            "1 CA certificate(s)",
        ],
    );
    expect(&["server-double.crt", "server-enc.key"], &[NO_SIGN, "(for signing, its private key is missing)"]);
    expect(&["server-double.crt"], &[NO_SIGN, "its private key is missing"]);
    expect(
        &["server-sign.key"],
        &[NO_SIGN, "file 1, block 1 (PRIVATE KEY): a private key whose certificate is missing"],
    );
    expect(&["ca-bundle.crt"], &[NO_SIGN, "Found: 2 CA certificate(s)."]);
}

#[test]
fn says_that_keys_and_certificates_do_not_belong_together() {
    expect(
        &["server-double.crt", "client-sign.key", "client-enc.key"],
        &[
            NO_SIGN,
            "(for signing, its private key is missing)",
            "file 2, block 1 (PRIVATE KEY): a private key whose certificate is missing",
        ],
    );
    expect(&["server-sign.crt", "client-sign.crt", "server-sign.key", "client-sign.key"], &[NO_ENCRYPT]);
}

#[test]
fn refuses_two_identities_in_one_pile() {
    let names = ["server-double.crt", "server-sign.key", "server-enc.key"];
    let both = [&names[..], &["client-double.crt", "client-sign.key", "client-enc.key"]].concat();
    expect(
        &both,
        &[
            "more than one identity: CN=localhost ",
            "CN=localhost server",
            "CN=localhost client",
            "give the files of one",
        ],
    );
}

/// A pair of two subjects works with few peers, and says so.
#[test]
fn warns_of_a_pair_with_two_subjects() {
    let names = ["server-sign.crt", "server-sign.key", "client-enc.crt", "client-enc.key"];
    let identity = from_pile(&names.map(pki_file)).unwrap();
    assert!(
        identity.report().contains("warning: the subjects of the two differ; many peers refuse such a pair")
    );
}

#[test]
fn refuses_files_that_are_no_certificates_and_no_keys() {
    let fail = |file: &[u8]| from_pile(&[file.to_vec()]).expect_err("not a pile");
    assert!(from_pile(&[]).unwrap_err().contains("The files hold no certificate and no private key."));
    assert_eq!(fail(b""), "file 1, item 1 (DER): neither PEM (no -----BEGIN line) nor DER (no SEQUENCE)");
    assert!(fail(b"hello").contains("neither PEM"));
    let begin = "-----BEGIN CERTIFICATE-----";
    assert_eq!(fail(begin.as_bytes()), "file 1, block 1 (CERTIFICATE): the -----END line is missing");
    let block = |text: &str| fail(format!("{begin}\n{text}\n-----END CERTIFICATE-----").as_bytes());
    assert!(block("?").contains("not base64"));
    assert!(block("MAA=").contains("the certificate does not parse"));
    let text = String::from_utf8(pki_file("server-sign.crt")).unwrap();
    let (cut, _) = text.split_once("-----END").unwrap();
    assert!(fail(cut.as_bytes()).contains("the -----END line is missing"));
    let rsa = vector("streams/pki/rsa-server-sign.crt");
    let rsa_key = vector("streams/pki/rsa-server-sign.key");
    // The feature `rsa` has a use for both, but not without a certificate for encryption.
    let [alone, without_key] = match cfg!(feature = "rsa") {
        true => ["no encryption certificate with its private key", "its private key is missing"],
        false => ["an RSA key; the suites here take SM2 keys", "not an SM2 key"],
    };
    let text = from_pile(&[rsa.clone(), rsa_key]).unwrap_err();
    assert!(text.contains(alone), "{text}");
    let text = from_pile(&[rsa]).unwrap_err();
    assert!(text.contains(without_key), "{text}");
}

/// R-HS-40, R-HS-50: what peers refuse is not loaded, be it the one half or the other.
#[test]
fn refuses_a_pair_with_a_certificate_over_16_kib() {
    let random = TestRandom::new(12);
    let ca = Template::new(0, DAY).common_name("ca").for_ca(None);
    let ca = Issued::self_signed(&ca, &provider(), &random).unwrap();
    let long = |length: usize| {
        let oid = element(6, &[&[0x2a, 3, 4]]);
        element(0x30, &[&oid, &element(4, &[&vec![0; length]])])
    };
    let template = Template::new(0, DAY).common_name("x");
    let issue = |template: Template<'_>, length: usize| {
        let extension = long(length);
        let template = if length == 0 { template } else { template.extension(&extension) };
        ca.issue(&template, &provider(), &random).unwrap()
    };
    // Over 65,535 bytes what is signed over it could be read as something else.
    for (sign, encrypt) in [(0, 17_000), (17_000, 0), (0, 66_000), (66_000, 0), (0, 15_000), (15_000, 0)] {
        let pair =
            [issue(template.clone().for_signing(), sign), issue(template.clone().for_encryption(), encrypt)];
        let loaded = from_pile(&pair.map(|i| [i.certificate.clone(), i.key_der().to_vec()]).concat());
        match sign.max(encrypt) {
            15_000 => drop(loaded.unwrap()),
            _ => assert!(loaded.unwrap_err().contains("over 16 KiB"), "{sign} {encrypt}"),
        }
    }
}

/// R-HS-40: nor is a pair with keys that TLCP has no suite for.
#[cfg(feature = "tls12")]
#[test]
fn refuses_a_pair_of_another_kind_of_keys() {
    use tlcp::cert::{Identity, Key};
    use tlcp::pki::NewKey;
    let random = TestRandom::new(13);
    let ca = Template::new(0, DAY).common_name("ca").for_ca(None);
    let ca = Issued::self_signed(&ca, &provider(), &random).unwrap();
    for (key, good) in [(NewKey::Sm2, true), (NewKey::P256, false), (NewKey::Ed25519, false)] {
        let template = Template::new(0, DAY).common_name("x").key(key);
        let pair = Pair::issue(&ca, &template, &provider(), &random).unwrap();
        let key = |issued: &Issued| Key::Here(issued.key().clone());
        let sign = (&[&pair.sign.certificate[..]][..], key(&pair.sign));
        let encrypt = (&pair.encrypt.certificate[..], key(&pair.encrypt));
        match Identity::with_keys(sign, encrypt, &provider()) {
            Ok(_) => assert!(good),
            Err(e) => assert!(!good && e.to_string().contains("is for TLS"), "{e}"),
        }
    }
}

/// keyUsage decides, and a CA's certificate is nobody's own.
#[test]
fn refuses_certificates_for_another_use() {
    let random = TestRandom::new(9);
    let ca = Template::new(0, DAY).common_name("ca").for_ca(None);
    let ca = Issued::self_signed(&ca, &provider(), &random).unwrap();
    let pile = [ca.certificate.clone(), ca.key_der().to_vec()];
    let text = from_pile(&pile).unwrap_err();
    assert!(text.contains("the private key of the CA certificate CN=ca: a CA's certificate"), "{text}");
    assert!(!text.contains("missing"), "{text}");
    let pair = Pair::issue(&ca, &Template::new(0, DAY).common_name("x"), &provider(), &random).unwrap();
    let pile = [&pair.encrypt, &pair.encrypt].map(|i| [i.certificate.clone(), i.key_der().to_vec()]).concat();
    assert!(from_pile(&pile).unwrap_err().starts_with(NO_SIGN));
}
