//! keyUsage, extendedKeyUsage, basicConstraints (R-SM2-7, R-SM2-9).
use super::*;

fn is_wrong_usage(result: Result<u64, E>) -> bool {
    let Err(error) = result else { return false };
    assert_eq!(alert(&error), A::UNSUPPORTED_CERTIFICATE, "{error}");
    matches!(error, E::WrongUsage(_))
}

/// R-SM2-7
#[test]
fn asks_each_certificate_for_its_key_usage() {
    let w = World::new(30);
    let names = ["s.example".to_string()];
    let t = template().common_name("s").names(&names);
    let [sign, encrypt, both, any] =
        [t.clone().for_signing(), t.clone().for_encryption(), t.clone().for_both(), t.without_key_usage()]
            .map(|t| w.issue(&w.ca, t));
    let claim_of = |list: [&Issued; 2]| claim(&[list[0], list[1], &w.ca], server("s.example"));
    let verify = |list| {
        claim_of(list).and_then(|c| w.verifier(CertPolicy::Gm).verdict(&c, NOW).map(|v| v.not_after()))
    };
    for list in [[&sign, &encrypt], [&both, &both], [&any, &any], [&sign, &any], [&any, &encrypt]] {
        assert!(verify(list).is_ok());
    }
    assert!(is_wrong_usage(verify([&encrypt, &both])));
    assert!(is_wrong_usage(verify([&sign, &sign])), "by choosing the pair");
    let twice = claim_of([&encrypt, &encrypt]).map(|claim| claim.keys.sign().kind());
    assert!(matches!(twice, Err(E::WrongUsage(_))), "likewise, whoever verifies: {twice:?}");
    let mut forced = claim_of([&both, &encrypt]).unwrap();
    forced.credential = Arc::new(Credential::Certificates(
        [&both, &sign, &w.ca].map(|c| c.certificate.as_slice().into()).to_vec(),
    ));
    assert!(is_wrong_usage(w.verifier(CertPolicy::Gm).verdict(&forced, NOW).map(|v| v.not_after())));

    let strict = w.builder().require_key_usage().build().unwrap();
    let verify = |list| strict.verdict(&claim_of(list).unwrap(), NOW).map(|v| v.not_after());
    assert!(verify([&sign, &encrypt]).is_ok());
    assert_eq!(verify([&any, &encrypt]), Err(E::WrongUsage("keyUsage is missing")));
    assert_eq!(verify([&sign, &any]), Err(E::WrongUsage("keyUsage is missing")));
}

/// R-SM2-9: an extension has three fields; a fourth makes the certificate malformed, whoever verifies.
#[test]
fn a_certificate_with_surplus_in_an_extension_is_malformed() {
    let w = World::new(33);
    let names = ["s.example".to_string()];
    let t = template().common_name("s").names(&names).for_signing();
    let encrypt = w.issue(&w.ca, template().common_name("s").for_encryption());
    let known = hex::decode("0603551d25040830060604551d2500").unwrap();
    for (extension, good) in
        [("0603551d63040830060604551d2500", true), ("0603551d63040630060604551d2500", false)]
    {
        let mut sign = w.issue(&w.ca, t.clone().extension(&[&[0x30, 15], &known[..]].concat()));
        let at = sign.certificate.windows(15).position(|bytes| bytes == known).unwrap();
        sign.certificate[at..at + 15].copy_from_slice(&hex::decode(extension).unwrap());
        let claim = claim(&[&sign, &encrypt, &w.ca], server("s.example")).map(|_| ());
        assert_eq!(claim, if good { Ok(()) } else { Err(E::Malformed) });
    }
}

/// R-SM2-9: nor does anything stand behind the extensions; and cA is written as DER writes what is true.
#[test]
fn a_certificate_with_surplus_behind_extensions_or_an_odd_truth_is_malformed() {
    let w = World::new(34);
    let encrypt = w.issue(&w.ca, template().common_name("s").for_encryption());
    let verdict = |sign: &Issued| claim(&[sign, &encrypt, &w.ca], server("s.example")).map(|_| ());
    let mut sign = w.issue(&w.ca, template().common_name("s").for_signing());
    assert_eq!(verdict(&sign), Ok(()));
    // [3] and the list in it end before the last extension, authorityKeyIdentifier.
    let der = &mut sign.certificate;
    let at = der.windows(4).rposition(|w| w[0] == 0xa3 && w[2] == 0x30 && w[1] == w[3] + 2).unwrap();
    let last = 2 + der[der.windows(5).rposition(|w| w == b"\x06\x03\x55\x1d\x23").unwrap() - 1];
    der[at + 1] -= last;
    der[at + 3] -= last;
    assert_eq!(verdict(&sign), Err(E::Malformed));
    // subjectPublicKeyInfo with NULL behind the key: each structure around it is two bytes longer.
    let mut sign = w.issue(&w.ca, template().common_name("s").for_signing());
    let der = &mut sign.certificate;
    let at = der.windows(2).position(|w| w == [0x30, 0x59]).unwrap();
    der.splice(at + 2 + 0x59..at + 2 + 0x59, [5, 0]);
    der[at + 1] += 2;
    for header in [0, 4] {
        assert_eq!(der[header..header + 2], [0x30, 0x82]);
        let length = u16::from_be_bytes([der[header + 2], der[header + 3]]) + 2;
        der[header + 2..header + 4].copy_from_slice(&length.to_be_bytes());
    }
    assert_eq!(verdict(&sign), Err(E::Malformed));
    for (truth, expected) in [(0, Ok(())), (1, Err(E::Malformed)), (0xfe, Err(E::Malformed))] {
        let constraints = [&hex::decode("300c0603551d13040530030101").unwrap()[..], &[truth]].concat();
        let sign = w.issue(&w.ca, template().common_name("s").for_signing().extension(&constraints));
        assert_eq!(verdict(&sign), expected, "{truth}");
    }
}

/// R-SM2-9: on the signing certificate, if it is there; ignored on the encryption certificate.
#[test]
fn asks_the_signing_certificate_for_its_extended_key_usage() {
    let w = World::new(31);
    let names = ["s.example".to_string()];
    let t = template().common_name("s").names(&names);
    let [none, server_auth, client_auth] =
        [t.clone(), t.clone().for_server(), t.clone().for_client()].map(|t| w.issue(&w.ca, t.for_signing()));
    let any = hex::decode("300f0603551d25040830060604551d2500").unwrap();
    let email = hex::decode("30130603551d25040c300a06082b06010505070304").unwrap();
    let [any, email] = [&any, &email].map(|x| w.issue(&w.ca, t.clone().for_signing().extension(x)));
    let encrypt =
        [t.clone(), t.clone().for_client(), t.for_server()].map(|t| w.issue(&w.ca, t.for_encryption()));
    let (s, c) = (server("s.example"), PeerRole::Client);
    use CertPolicy::{Gm, Standard};
    for (sign, role, policy, taken) in [
        (&none, &s, Standard, true),
        (&server_auth, &s, Standard, true),
        (&client_auth, &s, Standard, false),
        (&client_auth, &s, Gm, false),
        (&any, &s, Standard, true),
        (&email, &s, Gm, false),
        (&none, &c, Standard, true),
        (&client_auth, &c, Standard, true),
        (&server_auth, &c, Standard, false),
        (&server_auth, &c, Gm, true),
        (&any, &c, Standard, true),
        (&email, &c, Gm, false),
    ] {
        for encrypt in &encrypt {
            let result = w.verify(policy, &[sign, encrypt, &w.ca], role.clone());
            assert_eq!(result.is_ok(), taken, "{role:?} {policy:?} {result:?}");
            assert!(taken || is_wrong_usage(result));
        }
    }
}

/// A CA for e-mail alone certifies neither half of a pair.
#[test]
fn asks_the_cas_of_both_paths_for_their_extended_key_usage() {
    let w = World::new(32);
    let email = hex::decode("30130603551d25040c300a06082b06010505070304").unwrap();
    let ca = w.issue(&w.root, template().common_name("mail").for_ca(None).extension(&email));
    let names = ["s.example".to_string()];
    let t = template().common_name("s").names(&names);
    let (good, bad) = (w.pair(&t), Pair::issue(&ca, &t, &provider(), &w.random).unwrap());
    let verify = |list: &[&Issued]| w.verify(CertPolicy::Gm, list, server("s.example"));
    assert!(verify(&[&good.sign, &good.encrypt, &ca, &w.ca]).is_ok());
    assert!(is_wrong_usage(verify(&[&bad.sign, &good.encrypt, &ca, &w.ca])));
    assert!(is_wrong_usage(verify(&[&good.sign, &bad.encrypt, &ca, &w.ca])));
}

/// In both policies: an issuer must be a CA, and may be told not to sign; a CA's certificate is not a party's.
#[test]
fn asks_issuers_to_be_cas() {
    let w = World::new(33);
    let t = || template().common_name("not a ca");
    let not_a_ca = w.issue(&w.root, t().for_both());
    let no_cert_sign = w.issue(&w.root, template().common_name("no").for_ca(None).for_signing());
    for issuer in [&not_a_ca, &no_cert_sign] {
        let leaf = Pair::issue(issuer, &template().common_name("x"), &provider(), &w.random).unwrap();
        for policy in [CertPolicy::Standard, CertPolicy::Gm] {
            let list = [&leaf.sign, &leaf.encrypt, issuer];
            assert!(is_wrong_usage(w.verify(policy, &list, PeerRole::Client)), "{issuer:?}");
        }
    }
    let pair = w.pair(&template().common_name("x"));
    let ca = w.issue(&w.ca, template().common_name("x").for_ca(None).for_both());
    assert!(is_wrong_usage(w.verify(CertPolicy::Gm, &[&ca, &pair.encrypt, &w.ca], PeerRole::Client)));
    // pathLenConstraint 1: one more CA may follow, not two
    let second = w.issue(&w.ca, template().common_name("second").for_ca(None));
    let third = w.issue(&second, template().common_name("third").for_ca(None));
    let below = |issuer: &Issued| w.issue(issuer, template().common_name("x").for_signing());
    let verify = |list: &[&Issued]| w.verify(CertPolicy::Standard, list, PeerRole::Client);
    assert!(verify(&[&below(&second), &w.ca, &second]).is_ok());
    assert!(is_wrong_usage(verify(&[&below(&third), &w.ca, &second, &third])));
}
