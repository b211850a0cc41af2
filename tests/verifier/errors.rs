//! What an error says: which certificate it is about, and what explains it.
use super::*;
use tlcp::error::CertificatePlace as Place;

/// The place, the subject, and the text of the whole error.
fn error(verifier: &WebPkiVerifier, list: &[&Issued], role: PeerRole) -> (E, Option<Place>, String) {
    let list = list.iter().map(|c| c.certificate.as_slice().into()).collect();
    let credential = Arc::new(Credential::Certificates(list));
    let result = credential
        .keys(Expected::Pair, provider().keys)
        .and_then(|keys| verifier.verify(&PeerClaim::new(role, credential, keys), NOW));
    let error = result.unwrap_err();
    (error.problem.clone(), error.certificate.as_ref().map(|c| c.place), error.to_string())
}

/// Replaces bytes by as many others, wherever they stand.
fn changed(certificate: &Issued, old: &str, new: &str) -> Issued {
    let (old, new) = (hex::decode(old).unwrap(), hex::decode(new).unwrap());
    let mut out = certificate.clone();
    while let Some(at) = out.certificate.windows(old.len()).position(|w| w == old) {
        out.certificate[at..at + old.len()].copy_from_slice(&new);
    }
    out
}

#[test]
fn says_which_certificate_has_expired_and_when() {
    let w = World::new(90);
    let verifier = w.verifier(CertPolicy::Standard);
    let t = template().common_name("x");
    let [good, old] = [t.clone(), t.clone().validity(NOW - 9 * DAY, NOW - DAY)].map(|t| w.pair(&t));
    let ca = template().common_name("old ca").for_ca(None).validity(NOW - 9 * DAY, NOW - DAY);
    let ca = w.issue(&w.root, ca);
    let below = Pair::issue(&ca, &t, &provider(), &w.random).unwrap();
    for (list, place, name) in [
        (
            [&old.sign, &good.encrypt, &w.ca],
            Place::Sign,
            "the signing certificate CN=x, O=Test, C=CN: expired",
        ),
        (
            [&good.sign, &old.encrypt, &w.ca],
            Place::Encrypt,
            "the encryption certificate CN=x, O=Test, C=CN: exp",
        ),
        (
            [&below.sign, &below.encrypt, &ca],
            Place::Authority,
            "the CA certificate CN=old ca, O=Test, C=CN: exp",
        ),
    ] {
        let (problem, at, text) = error(&verifier, &list, PeerRole::Client);
        assert_eq!((problem, at), (E::Expired, Some(place)));
        assert!(text.starts_with(name), "{text}");
        assert!(text.ends_with("; valid from 2027-01-06 08:00:00 to 2027-01-14 08:00:00"), "{text}");
    }
}

#[test]
fn lists_the_names_that_a_certificate_has() {
    let w = World::new(91);
    let names = ["a.example", "*.b.example", "192.0.2.1", "2001:db8::1"].map(String::from);
    let pair = w.pair(&template().common_name("x").names(&names));
    let verifier = w.verifier(CertPolicy::Gm);
    let (problem, place, text) =
        error(&verifier, &[&pair.sign, &pair.encrypt, &w.ca], server("other.example"));
    assert_eq!((problem, place), (E::NameMismatch, Some(Place::Sign)));
    assert!(text.ends_with("; it is for a.example, *.b.example, 192.0.2.1, 2001:db8::1"), "{text}");
    let pair = w.pair(&template().common_name("www"));
    let (.., text) = error(&verifier, &[&pair.sign, &pair.encrypt, &w.ca], server("other.example"));
    assert!(text.ends_with("; it has no name but CN www"), "{text}");
}

#[test]
fn says_whose_signature_is_wrong_and_whose_issuer_is_unknown() {
    let w = World::new(92);
    let verifier = w.verifier(CertPolicy::Standard);
    let pair = w.pair(&template().common_name("x"));
    let forged = |c: &Issued| {
        let mut c = c.clone();
        *c.certificate.last_mut().unwrap() ^= 1;
        c
    };
    for (list, place) in [
        ([&forged(&pair.sign), &pair.encrypt, &w.ca], Place::Sign),
        ([&pair.sign, &forged(&pair.encrypt), &w.ca], Place::Encrypt),
        ([&pair.sign, &pair.encrypt, &forged(&w.ca)], Place::Authority),
    ] {
        let (problem, at, text) = error(&verifier, &list, PeerRole::Client);
        assert_eq!((problem, at), (E::BadSignature, Some(place)), "{text}");
    }
    let strange = w.issue(&w.other_root, template().common_name("strange ca").for_ca(None));
    let below = Pair::issue(&strange, &template().common_name("x"), &provider(), &w.random).unwrap();
    for (cas, words) in [
        (
            &[][..],
            "the signing certificate CN=x, O=Test, C=CN: no path to a trusted certificate; issued by CN=strange",
        ),
        (
            &[&strange],
            "the CA certificate CN=strange ca, O=Test, C=CN: no path to a trusted certificate; issued by CN=other root",
        ),
    ] {
        let list = [&[&below.sign, &below.encrypt], cas].concat();
        let (.., text) = error(&verifier, &list, PeerRole::Client);
        assert!(text.starts_with(words), "{text}");
    }
}

/// R-SM2-9: it is not the key that is foreign.
#[test]
fn tells_a_foreign_signature_from_a_foreign_key() {
    let w = World::new(93);
    let verifier = w.verifier(CertPolicy::Standard);
    let pair = w.pair(&template().common_name("x"));
    let foreign = changed(&pair.sign, "06082a811ccf55018375", "06082a811ccf55018376");
    let (problem, place, text) = error(&verifier, &[&foreign, &pair.encrypt, &w.ca], PeerRole::Client);
    assert_eq!((problem.clone(), place), (E::UnsupportedSignature, Some(Place::Sign)));
    assert!(text.contains("it is signed with an algorithm that is not supported"), "{text}");
    assert_eq!(alert(&problem), A::UNSUPPORTED_CERTIFICATE);
    let foreign = changed(&pair.encrypt, "06082a811ccf5501822d", "06082a811ccf5501822e");
    let (problem, place, _) = error(&verifier, &[&pair.sign, &foreign, &w.ca], PeerRole::Client);
    assert_eq!((problem, place), (E::UnsupportedKey, Some(Place::Encrypt)));
}

#[test]
fn names_the_version_that_a_certificate_has() {
    let w = World::new(94);
    let verifier = w.verifier(CertPolicy::Gm);
    let pair = w.pair(&template().common_name("x"));
    for (version, words) in [("00", "version 1,"), ("01", "version 2,"), ("03", "an unknown version,")] {
        let other = changed(&pair.sign, "a003020102", &format!("a0030201{version}"));
        let (problem, _, text) = error(&verifier, &[&other, &pair.encrypt, &w.ca], PeerRole::Client);
        assert!(matches!(problem, E::Other(_)) && text.contains(words), "{text}");
    }
}

/// R-SM2-9: extended key usage is ignored on the encryption certificate, also one that names nothing.
#[test]
fn ignores_an_empty_extended_key_usage_on_the_encryption_certificate_alone() {
    let w = World::new(95);
    let verifier = w.verifier(CertPolicy::Standard);
    let t = template().common_name("x");
    for extension in ["30090603551d2504023000", "300c0603551d250101ff04023000"] {
        let extension = hex::decode(extension).unwrap();
        let [plain, empty] = [t.clone(), t.clone().extension(&extension)].map(|t| w.pair(&t));
        let list = [&plain.sign, &empty.encrypt, &w.ca];
        assert!(verifier.verify(&claim(&list, PeerRole::Client).unwrap(), NOW).is_ok());
        // what is signed is the certificate as it is
        let mut forged = empty.encrypt.clone();
        *forged.certificate.last_mut().unwrap() ^= 1;
        let (problem, place, _) = error(&verifier, &[&plain.sign, &forged, &w.ca], PeerRole::Client);
        assert_eq!((problem, place), (E::BadSignature, Some(Place::Encrypt)));
        let (problem, place, _) = error(&verifier, &[&empty.sign, &plain.encrypt, &w.ca], PeerRole::Client);
        assert!(matches!(problem, E::WrongUsage(_)) && place == Some(Place::Sign));
    }
}

/// A text of the peer's choosing is cut short, and its control characters are written out.
#[test]
fn shows_no_more_of_a_peers_text_than_fits() {
    let w = World::new(96);
    let name = format!("\u{7}{}", "x".repeat(3000));
    let pair = w.pair(&template().common_name(&name));
    let (.., text) = error(&w.verifier(CertPolicy::Gm), &[&pair.sign, &pair.encrypt, &w.ca], server("a.cn"));
    assert!(text.len() < 700 && text.contains('…') && !text.contains('\u{7}'), "{text}");
}
