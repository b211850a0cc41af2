//! An identity out of any pile of files (R-HS-10, R-HS-13, R-HS-21).
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "identity/containers.rs"]
mod containers;
#[path = "identity/refusals.rs"]
mod refusals;
#[cfg(feature = "rsa")]
#[path = "identity/single.rs"]
mod single;
#[path = "support/certificates.rs"]
mod support;

use support::{TestRandom, pki_file, stream_pki};
use tlcp::cert::{CertificateForm, Identity, Key, KeyUse};
use tlcp::crypto::portable::provider;
use tlcp::message::Credential;
use tlcp::pki::{DAY, Issued, Options, Pair, Pki, Template};

fn from_pile(files: &[Vec<u8>]) -> Result<Identity, String> {
    let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    Identity::from_pile(&files, Some(&b"123456"[..]), &provider()).map_err(|e| e.0.into())
}

/// The pair of `party` in `streams/pki` behind its intermediate CA.
fn expect_pair(identity: &Identity, party: &str) {
    let certificate = |name: &str| stream_pki(&format!("{party}-{name}.crt")).remove(0);
    assert_eq!(identity.certificate(KeyUse::Sign)[..], certificate("sign"));
    assert_eq!(identity.certificate(KeyUse::Encrypt)[..], certificate("enc"));
    let cas: Vec<&[u8]> = identity.intermediates().iter().map(|c| &**c).collect();
    assert_eq!(cas, [&stream_pki("inter.crt")[0][..]], "the root is left out");
    for key_use in [KeyUse::Sign, KeyUse::Encrypt] {
        let Key::Here(key) = identity.key(key_use) else { panic!("the key is here") };
        assert_eq!(key.public(), identity.public_key(key_use));
    }
}

/// All orders of `n` things.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let insert = |order: Vec<usize>| {
        (0..n).map(move |at| {
            let mut order = order.clone();
            order.insert(at, n - 1);
            order
        })
    };
    orders(n - 1).into_iter().flat_map(insert).collect()
}

/// R-HS-10: the order of the files does not matter, nor does what they hold besides.
#[test]
fn finds_the_pair_in_every_order_of_the_files() {
    let names = ["sign.crt", "sign.key", "enc.crt", "enc.key"];
    for (party, step) in [("server", 1), ("client", 17)] {
        let own = names.map(|n| pki_file(&format!("{party}-{n}")));
        let files: Vec<_> = own.into_iter().chain(["inter.crt", "root.crt"].map(pki_file)).collect();
        for order in orders(files.len()).iter().step_by(step) {
            let pile: Vec<_> = order.iter().map(|i| files[*i].clone()).collect();
            expect_pair(&from_pile(&pile).unwrap(), party);
        }
    }
}

/// Chains, both certificates in one file, bundles: certificates that come twice count once.
#[test]
fn finds_the_pair_in_chain_and_double_files() {
    for files in [
        &["double.crt", "sign.key", "enc.key"][..],
        &["enc-chain.crt", "sign-chain.crt", "sign.key", "enc.key"],
        &["sign-chain.crt", "enc.crt", "enc.key", "sign.key"],
        &["double.crt", "double.crt", "sign-chain.crt", "sign.key", "sign.key", "enc.key"],
    ] {
        let pile: Vec<_> = files.iter().map(|f| pki_file(&format!("server-{f}"))).collect();
        expect_pair(&from_pile(&pile).unwrap(), "server");
        let all = [pki_file("ca-bundle.crt"), pile.concat()];
        expect_pair(&from_pile(&all).unwrap(), "server");
        let windows = String::from_utf8(all.concat()).unwrap().replace('\n', "\r\n");
        expect_pair(
            &from_pile(&[format!("Bag Attributes: none\r\n{windows}").into_bytes()]).unwrap(),
            "server",
        );
    }
}

/// R-HS-10, R-HS-13: the message is whole, with the certificates in TLCP's order.
#[test]
fn encodes_the_certificate_message_in_both_forms() {
    let pile = ["enc.key", "double.crt", "sign.key"].map(|f| pki_file(&format!("server-{f}")));
    let identity = from_pile(&pile).unwrap();
    let [sign, encrypt] = [KeyUse::Sign, KeyUse::Encrypt].map(|u| identity.certificate(u).clone());
    let intermediate = stream_pki("inter.crt").remove(0);
    for (form, expected) in [
        (CertificateForm::Dual, vec![&sign[..], &encrypt, &intermediate]),
        (CertificateForm::SignOnly, vec![&sign[..], &intermediate]),
    ] {
        let message = identity.message(form).to_bytes();
        let length = u32::try_from(message.len() - 4).unwrap().to_be_bytes();
        assert_eq!(message[..4], [11, length[1], length[2], length[3]]);
        let credential = Credential::read(&message[4..], 10).unwrap();
        let list: Vec<&[u8]> = credential.certificates().iter().map(|c| &**c).collect();
        assert_eq!(list, expected, "{form:?}");
    }
}

/// R-HS-21: any issuer on the way up fits; no names mean any CA.
#[test]
fn fits_the_authorities_that_issued_it_and_an_empty_list() {
    let pki = Pki::new(&Options::new(0), &provider(), &TestRandom::new(1)).unwrap();
    let other = Pki::new(
        &Options { organization: "Other".into(), ..Options::new(0) },
        &provider(),
        &TestRandom::new(2),
    );
    let identity = pki.client_identity(&provider()).unwrap();
    let names = |pki: &Pki| [&pki.root, &pki.intermediate].map(|ca| support::subject(&ca.certificate));
    let matches = |names: &[&[u8]]| identity.matches_authorities(&names.iter().copied().collect());
    assert!(matches(&[]));
    let (ours, others) = (names(&pki), names(&other.unwrap()));
    assert!(matches(&[&ours[0]]), "the root, which is not sent");
    assert!(matches(&[&others[0], &ours[1]]));
    assert!(!matches(&[&others[0], &others[1]]));
}

/// R-HS-39: one certificate with both usages takes both places; two of them are taken in the order they came.
#[test]
fn takes_certificates_with_both_usages() {
    let random = TestRandom::new(3);
    let template = Template::new(0, DAY).common_name("both").for_both();
    let root =
        Issued::self_signed(&Template::new(0, DAY).common_name("root").for_ca(None), &provider(), &random);
    let root = root.unwrap();
    let [first, second] = [0, 1].map(|_| root.issue(&template, &provider(), &random).unwrap());
    let files = |list: &[&Issued]| -> Vec<Vec<u8>> {
        list.iter().flat_map(|i| [i.certificate.clone(), i.key_der().to_vec()]).collect()
    };
    let one = from_pile(&files(&[&first])).unwrap();
    assert_eq!(one.certificate(KeyUse::Sign), one.certificate(KeyUse::Encrypt));
    let two = from_pile(&files(&[&second, &first])).unwrap();
    assert_eq!(two.certificate(KeyUse::Sign)[..], second.certificate);
    assert_eq!(two.certificate(KeyUse::Encrypt)[..], first.certificate);
    // a certificate for one use alone is better
    let pair = Pair::issue(&root, &template, &provider(), &random).unwrap();
    let three = from_pile(&files(&[&first, &pair.encrypt, &pair.sign])).unwrap();
    assert_eq!(three.certificate(KeyUse::Sign)[..], pair.sign.certificate);
    assert_eq!(three.certificate(KeyUse::Encrypt)[..], pair.encrypt.certificate);
}

/// The renewed certificate of the same key is taken, and so is the renewed CA certificate.
#[test]
fn takes_the_pair_that_lasts_longest() {
    let random = TestRandom::new(4);
    let ca = Template::new(0, 9 * DAY).common_name("root").for_ca(None);
    let root = Issued::self_signed(&ca, &provider(), &random).unwrap();
    let pairs = [2, 5, 3].map(|days| {
        let template = Template::new(0, days * DAY).common_name("server");
        Pair::issue(&root, &template, &provider(), &random).unwrap()
    });
    let files: Vec<_> = pairs.iter().flat_map(|p| [&p.sign, &p.encrypt]).collect();
    let files: Vec<_> = files.iter().flat_map(|i| [i.certificate.clone(), i.key_der().to_vec()]).collect();
    let identity = from_pile(&files).unwrap();
    assert_eq!(identity.certificate(KeyUse::Sign)[..], pairs[1].sign.certificate);
    assert_eq!(identity.certificate(KeyUse::Encrypt)[..], pairs[1].encrypt.certificate);
    assert_eq!(identity.not_after(), 5 * DAY);
}

/// Each CA certificate certifies the one before it; an encryption certificate of another CA brings its own.
#[test]
fn puts_long_chains_of_two_cas_in_order() {
    let random = TestRandom::new(5);
    let ca = |name, issuer: Option<&Issued>| {
        let template = Template::new(0, DAY).common_name(name).for_ca(None);
        match issuer {
            Some(issuer) => issuer.issue(&template, &provider(), &random).unwrap(),
            None => Issued::self_signed(&template, &provider(), &random).unwrap(),
        }
    };
    let root = ca("root", None);
    let [a, other] = ["a", "other"].map(|n| ca(n, Some(&root)));
    let b = ca("b", Some(&a));
    let c = ca("c", Some(&b));
    let leaf = Template::new(0, DAY).common_name("leaf");
    let sign = c.issue(&leaf.clone().for_signing(), &provider(), &random).unwrap();
    let encrypt = other.issue(&leaf.for_encryption(), &provider(), &random).unwrap();
    let pile = [&b, &other, &root, &a, &c].map(|c| c.certificate.clone());
    let keys = [&sign, &encrypt].map(|i| i.key_der().to_vec());
    let leaves = [encrypt.certificate.clone(), sign.certificate.clone()];
    let identity = from_pile(&[pile.to_vec(), keys.to_vec(), leaves.to_vec()].concat()).unwrap();
    let chain: Vec<&[u8]> = identity.intermediates().iter().map(|c| &**c).collect();
    let expected = [&c, &b, &a, &other].map(|c| &c.certificate[..]);
    assert_eq!(chain, expected);
}

/// Keys in a device: certificates alone, and what can be checked is.
#[test]
fn takes_keys_that_are_elsewhere() {
    let pki = Pki::new(&Options::new(0), &provider(), &TestRandom::new(6)).unwrap();
    let sign: [&[u8]; 3] =
        [&pki.server.sign.certificate, &pki.root.certificate, &pki.intermediate.certificate];
    let encrypt = &pki.server.encrypt.certificate[..];
    let elsewhere = |label: &str| Key::Elsewhere(label.into());
    let identity =
        Identity::with_keys((&sign, elsewhere("slot 1")), (encrypt, elsewhere("slot 2")), &provider())
            .unwrap();
    let whole = pki.server_identity(&provider()).unwrap();
    assert_eq!(identity.message(CertificateForm::Dual), whole.message(CertificateForm::Dual));
    assert!(matches!(identity.key(KeyUse::Encrypt), Key::Elsewhere(label) if &**label == "slot 2"));
    let wrong = Key::Here(pki.client.sign.key().clone());
    let refused = Identity::with_keys((&sign, wrong), (encrypt, elsewhere("2")), &provider()).unwrap_err();
    assert!(refused.0.contains("the private key is not this certificate's"), "{refused}");
    let swapped = Identity::with_keys((&[encrypt], elsewhere("1")), (sign[0], elsewhere("2")), &provider());
    assert!(swapped.unwrap_err().0.contains("keyUsage of the signing certificate lacks"));
    #[cfg(feature = "rsa")]
    {
        let pile: &[u8] = include_bytes!("../vectors/rsa/server.pem");
        let rsa = Identity::from_pile(&[pile], [], &provider()).unwrap().certificate(KeyUse::Encrypt).clone();
        let mixed = Identity::with_keys((&sign, elsewhere("1")), (&rsa, elsewhere("2")), &provider());
        assert!(mixed.unwrap_err().0.contains("keys of different kinds"));
    }
}

#[test]
fn reports_what_it_found_and_never_a_key() {
    let pile = ["double.crt", "sign.key", "enc.key"].map(|f| pki_file(&format!("server-{f}"))).concat();
    let client = pki_file("client-sign.crt");
    let identity = from_pile(&[pile, client, pki_file("root.crt"), pki_file("root.key")]).unwrap();
    let lines: Vec<&str> = identity.report().lines().collect();
    assert!(
        lines[0].starts_with(
            "signing certificate: CN=localhost server, O=TLCP Test, C=CN; issued by CN=sm2 inter"
        )
    );
    assert!(lines[0].ends_with(
        "keyUsage digitalSignature nonRepudiation; valid from 2026-11-21 01:05:54 to 2036-06-21 01:05:54"
    ));
    assert!(lines[1].contains("keyUsage keyEncipherment dataEncipherment keyAgreement"));
    assert!(lines[2].starts_with("CA certificate: CN=sm2 intermediate CA"));
    assert!(lines[3].starts_with("root, not sent: CN=sm2 root CA"));
    assert_eq!(lines[4], "not used: file 2, block 1 (CERTIFICATE): CN=localhost client, O=TLCP Test, C=CN");
    assert!(lines[5].starts_with("not used: file 4, block 1 (PRIVATE KEY): the private key of the CA cert"));
    assert_eq!(format!("{identity:?}"), format!("Identity:\n{}", identity.report()));
}

/// Nobody has a clock but the caller; what he should hear is said for both certificates, with their dates.
#[test]
fn warns_of_certificates_that_are_not_valid_or_soon_will_not_be() {
    let random = TestRandom::new(11);
    let root = Template::new(0, 900 * DAY).common_name("root").for_ca(None);
    let root = Issued::self_signed(&root, &provider(), &random).unwrap();
    let template = Template::new(DAY, 100 * DAY).common_name("x");
    let sign = root.issue(&template.clone().for_signing(), &provider(), &random).unwrap();
    let encrypt = template.for_encryption().validity(DAY, 50 * DAY);
    let encrypt = root.issue(&encrypt, &provider(), &random).unwrap();
    let files = [&sign, &encrypt].map(|c| [c.certificate.clone(), c.key_der().to_vec()]).concat();
    let identity = from_pile(&files).unwrap();
    for (now, valid, words) in [
        (
            DAY - 1,
            false,
            &["signing certificate CN=x is not valid before 1970-01-02 00:00:00", "encryption"][..],
        ),
        (DAY, true, &[]),
        (20 * DAY, true, &[]),
        (20 * DAY + 1, true, &["encryption certificate CN=x expires in 29 days, at 1970-02-20 00:00:00"]),
        (50 * DAY, true, &["encryption certificate CN=x expires in 0 days"]),
        (50 * DAY + 1, false, &["encryption certificate CN=x has expired at 1970-02-20 00:00:00"]),
        (
            101 * DAY,
            false,
            &["signing certificate CN=x has expired", "encryption certificate CN=x has expired"],
        ),
    ] {
        assert_eq!(identity.is_valid_at(now), valid, "{now}");
        let warning = identity.warning(now);
        assert_eq!(warning.is_some(), !words.is_empty(), "{now}: {warning:?}");
        let warning = warning.unwrap_or_default();
        assert!(words.iter().all(|w| warning.contains(w)), "{now}: {warning}");
    }
}

/// What belongs to other algorithms is passed over and reported, and only where nothing is left is it the error.
#[test]
fn passes_over_foreign_keys_and_certificates() {
    let foreign = ["streams/pki/rsa-server-sign.crt", "streams/pki/rsa-server-sign.key"].map(support::vector);
    // PKCS#8 of P-256 and of Ed25519, and a PKCS#1 key
    let p256 = [
        &hex::decode("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420").unwrap()[..],
        &[7; 32],
    ]
    .concat();
    let ed25519 = [&hex::decode("302e020100300506032b657004220420").unwrap()[..], &[7; 32]].concat();
    let rsa = vec![0x30, 12, 2, 1, 0, 2, 1, 9, 2, 1, 3, 2, 1, 7];
    let own = ["double.crt", "sign.key", "enc.key"].map(|f| pki_file(&format!("server-{f}")));
    let files = [&foreign[..], &[p256, ed25519, rsa], &own].concat();
    let identity = from_pile(&files).unwrap();
    expect_pair(&identity, "server");
    for line in [
        "not used: file 1, block 1 (CERTIFICATE): CN=",
        "not used: file 3, item 1 (DER): a P-256 key",
        "not used: file 4, item 1 (DER): an Ed25519 key",
        "not used: file 5, item 1 (DER): an RSA key",
    ] {
        assert!(identity.report().contains(line), "{line}: {}", identity.report());
    }
}

/// The two keys of a pair often have two passwords.
#[test]
fn opens_keys_with_several_passwords() {
    let certificates = pki_file("server-double.crt");
    let [sign, encrypt] =
        ["keys/openssl-sign-abc.pem", "keys/tongsuo-sm4-cbc-hmacWithSM3.pem"].map(support::vector);
    let with = |passwords: &[&str]| {
        let passwords = passwords.iter().map(|p| p.as_bytes());
        Identity::from_pile(&[&certificates, &sign, &encrypt], passwords, &provider()).map_err(|e| e.0)
    };
    for passwords in [["123456", "abc"], ["abc", "123456"]] {
        expect_pair(&with(&passwords).unwrap(), "server");
    }
    let refused = with(&["123456", "wrong"]).unwrap_err();
    assert!(refused.starts_with("file 2") && refused.contains("the password is wrong"), "{refused}");
    assert!(with(&[]).unwrap_err().contains("no password was given"));
}

/// A pile's work grows with its length, not with the square of it: 40,000 certificates of any kind, and their keys.
#[test]
fn sorts_forty_thousand_certificates_in_linear_time() {
    let names = ["server-sign.crt", "server-enc.crt", "root.crt"].map(|f| stream_pki(f).remove(0));
    // The serial number is not looked at here, nor is the signature.
    let many = |der: &Vec<u8>, count: u32| -> Vec<u8> {
        let at = der.windows(3).position(|w| w[0] == 2 && w[1] >= 8 && w[1] <= 20).unwrap() + 4;
        let numbered = |n: u32| [&der[..at], &n.to_be_bytes(), &der[at + 4..]].concat();
        (0..count).flat_map(numbered).collect()
    };
    let time = |count: u32| {
        let mut files: Vec<Vec<u8>> = names.iter().map(|der| many(der, count)).collect();
        files.extend(["server-sign.key", "server-enc.key"].map(pki_file));
        let start = std::time::Instant::now();
        let identity = from_pile(&files).unwrap();
        assert!(identity.report().lines().count() > 2 * count as usize - 2);
        let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        let verifier =
            tlcp::cert::WebPkiVerifier::builder(&provider()).roots(&files).unwrap().build().unwrap();
        assert_eq!(verifier.skipped().len(), 2 * count as usize);
        start.elapsed()
    };
    let (few, many) = (time(1000), time(13_334));
    // 13 times for 13 times as many; the square would be 178
    assert!(many < 60 * few, "{few:?} for 3,000, {many:?} for 40,000");
}
