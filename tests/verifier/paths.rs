//! Paths, times and signatures (R-HS-39, R-HS-41), and how often a signature is really checked.
use super::work::Counting;
use super::*;

/// R-HS-39: all but the pair are a pool, for both paths.
#[test]
fn finds_both_paths_in_a_pool_without_order() {
    let w = World::new(40);
    let second = w.issue(&w.ca, template().common_name("second").for_ca(None));
    let other = w.issue(&w.root, template().common_name("other").for_ca(None));
    let t = template().common_name("x");
    let sign = w.issue(&second, t.clone().for_signing());
    let encrypt = w.issue(&other, t.for_encryption());
    let verify = |list: &[&Issued]| w.verify(CertPolicy::Standard, list, PeerRole::Client).map(|_| ());
    assert_eq!(verify(&[&sign, &encrypt, &second, &w.ca, &other]), Ok(()));
    assert_eq!(verify(&[&sign, &encrypt, &other, &w.other_root, &w.ca, &w.root, &second]), Ok(()));
    assert_eq!(verify(&[&sign, &w.ca, &second, &other, &encrypt]), Ok(()), "TASSL's order");
    for missing in
        [&[&sign, &encrypt, &second, &w.ca][..], &[&sign, &encrypt, &other, &second], &[&sign, &encrypt]]
    {
        assert_eq!(verify(missing), Err(E::UnknownIssuer));
    }
    assert_eq!(alert(&E::UnknownIssuer), A::UNKNOWN_CA);
}

/// R-HS-41: a CA on the way up with another kind of key than the verifier takes certifies nobody.
#[cfg(feature = "tls12")]
#[test]
fn trusts_no_ca_with_a_key_of_another_kind() {
    use tlcp::pki::NewKey;
    let w = World::new(47);
    for (key, trusted) in [(NewKey::Sm2, true), (NewKey::P256, false)] {
        let ca = w.issue(&w.root, template().common_name("other").for_ca(None).key(key));
        let pair = Pair::issue(&ca, &template().common_name("x"), &provider(), &w.random).unwrap();
        let list = [&pair.sign, &pair.encrypt, &ca];
        let verdict = w.verify(CertPolicy::Standard, &list, PeerRole::Client);
        assert_eq!(verdict.is_ok(), trusted, "{verdict:?}");
    }
}

#[test]
fn refuses_roots_that_nobody_trusts() {
    let w = World::new(41);
    let pair = Pair::issue(&w.other_root, &template().common_name("x"), &provider(), &w.random).unwrap();
    let list = [&pair.sign, &pair.encrypt, &w.other_root];
    assert_eq!(w.verify(CertPolicy::Gm, &list, PeerRole::Client), Err(E::UnknownIssuer));
    // the same name, another key
    let impostor = Template::new(NOW - DAY, NOW + DAY).organization("Test").common_name("root").for_ca(None);
    let impostor = Issued::self_signed(&impostor, &provider(), &w.random).unwrap();
    let pair = Pair::issue(&impostor, &template().common_name("x"), &provider(), &w.random).unwrap();
    for list in [&[&pair.sign, &pair.encrypt][..], &[&pair.sign, &pair.encrypt, &impostor]] {
        let error = w.verify(CertPolicy::Gm, list, PeerRole::Client).unwrap_err();
        assert_eq!((error.clone(), alert(&error)), (E::BadSignature, A::BAD_CERTIFICATE));
    }
}

/// Both ends of the validity are inside it; each certificate of both paths counts.
#[test]
fn looks_at_the_dates_of_every_certificate() {
    let w = World::new(42);
    let t = template().common_name("x");
    let short = |t: Template<'_>, issuer: &Issued| w.issue(issuer, t.validity(NOW - 10, NOW + 10));
    let ca = short(template().common_name("short ca").for_ca(None), &w.root);
    let pair = w.pair(&t);
    let below = Pair::issue(&ca, &t, &provider(), &w.random).unwrap();
    for list in [
        [&short(t.clone().for_signing(), &w.ca), &pair.encrypt, &w.ca],
        [&pair.sign, &short(t.clone().for_encryption(), &w.ca), &w.ca],
        [&below.sign, &below.encrypt, &ca],
    ] {
        let at = |now| w.verify_at(CertPolicy::Standard, &list, PeerRole::Client, now).map(|_| ());
        assert_eq!(at(NOW - 11), Err(E::NotYetValid));
        assert_eq!(at(NOW - 10), Ok(()));
        assert_eq!(at(NOW + 10), Ok(()));
        assert_eq!(at(NOW + 11), Err(E::Expired));
        assert_eq!(at(u64::MAX), Err(E::Expired));
    }
    assert_eq!([alert(&E::Expired), alert(&E::NotYetValid)], [A::CERTIFICATE_EXPIRED; 2]);
}

/// Every bit of a signature counts, and of what it signs.
#[test]
fn refuses_changed_certificates() {
    let w = World::new(43);
    let pair = w.pair(&template().common_name("x"));
    let verifier = w.verifier(CertPolicy::Gm);
    for (index, changed) in [&pair.sign, &pair.encrypt, &w.ca].into_iter().enumerate() {
        let length = changed.certificate.len();
        for at in [20, length - 70, length - 40, length - 5] {
            let mut list = [&pair.sign, &pair.encrypt, &w.ca].map(|c| c.certificate.clone());
            list[index][at] ^= 1;
            let credential = Arc::new(Credential::Certificates(list.map(Vec::into_boxed_slice).to_vec()));
            let Ok(keys) = credential.keys(Expected::Pair, provider().keys) else { continue };
            let claim = PeerClaim::new(PeerRole::Client, credential, keys);
            assert_eq!(verifier.verdict(&claim, NOW).map(|_| ()), Err(E::BadSignature), "{index} {at}");
        }
    }
}

/// The CA's signature is checked once for both paths, and none again for a peer that comes back; a bad one always is.
#[test]
fn checks_each_signature_once() {
    let w = World::new(44);
    let (counting, provider) = Counting::new();
    let verifier = WebPkiVerifier::builder(&provider).roots(&[&w.root.certificate]).unwrap().build().unwrap();
    let mut bad = w.pair(&template().common_name("x"));
    let good = claim(&[&bad.sign, &bad.encrypt, &w.ca], PeerRole::Client).unwrap();
    let last = bad.encrypt.certificate.len() - 1;
    bad.encrypt.certificate[last] ^= 1;
    let bad = claim(&[&bad.sign, &bad.encrypt, &w.ca], PeerRole::Client).unwrap();
    for (claim, expected, count) in [
        (&bad, Err(E::BadSignature), 3),
        (&bad, Err(E::BadSignature), 1),
        (&good, Ok(()), 1),
        (&good, Ok(()), 0),
        (&bad, Err(E::BadSignature), 1),
    ] {
        assert_eq!(verifier.verdict(claim, NOW).map(|_| ()), expected);
        assert_eq!(counting.checks(), count);
    }
    assert_eq!(
        verifier.verdict(&good, NOW + 400 * DAY).map(|_| ()),
        Err(E::Expired),
        "dates are looked at anew"
    );
}
