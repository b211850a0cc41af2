//! User ids, roots, and what neither policy takes (R-SM2-8, R-SM2-9).
use super::*;

/// R-SM2-8: a CA that signs under the empty id, and under one of its own.
#[test]
fn tries_the_user_ids_in_their_order() {
    let w = World::new(50);
    let pair_under = |id: &'static [u8]| w.pair(&template().common_name("x").user_id(id));
    let (default, empty, own) = (pair_under(b"1234567812345678"), pair_under(b""), pair_under(b"own id"));
    let verify = |verifier: &WebPkiVerifier, pair: &Pair| {
        verifier
            .verdict(&claim(&[&pair.sign, &pair.encrypt, &w.ca], PeerRole::Client).unwrap(), NOW)
            .map(|_| ())
    };
    let bad = || Err(E::BadSignature);
    let standard = w.verifier(CertPolicy::Standard);
    assert_eq!([&default, &empty, &own].map(|p| verify(&standard, p)), [Ok(()), bad(), bad()]);
    let gm = w.verifier(CertPolicy::Gm);
    assert_eq!([&default, &empty, &own].map(|p| verify(&gm, p)), [Ok(()), Ok(()), bad()]);
    let ids: [&[u8]; 2] = [b"own id", b"1234567812345678"];
    let with_own = w.builder().policy(CertPolicy::Gm).user_ids(&ids).build().unwrap();
    assert_eq!([&default, &empty, &own].map(|p| verify(&with_own, p)), [Ok(()), bad(), Ok(())]);
}

#[test]
fn takes_no_unknown_critical_extension() {
    let w = World::new(51);
    // certificatePolicies { anyPolicy }, critical and not
    let critical = hex::decode("30140603551d200101ff040a300830060604551d2000").unwrap();
    let plain = hex::decode("30110603551d20040a300830060604551d2000").unwrap();
    for (extension, expected) in
        [(&plain, Ok(())), (&critical, Err(E::Other("a critical extension that is not known here")))]
    {
        let pair = w.pair(&template().common_name("x").extension(extension));
        for policy in [CertPolicy::Standard, CertPolicy::Gm] {
            let list = [&pair.sign, &pair.encrypt, &w.ca];
            assert_eq!(w.verify(policy, &list, PeerRole::Client).map(|_| ()), expected, "{policy:?}");
        }
    }
}

/// Trust is given to CA certificates on the named curve, also of X.509 v1, in PEM or DER.
#[test]
fn takes_roots_that_can_be_trusted_and_names_the_others() {
    let w = World::new(52);
    let roots =
        |file: &[u8]| WebPkiVerifier::builder(&provider()).roots(&[file]).map(|_| ()).map_err(|e| e.0.into());
    let refusal = |file: &[u8]| -> String { roots(file).expect_err("not a root") };
    assert_eq!(roots(w.root.certificate_pem().as_bytes()), Ok::<(), String>(()));
    assert_eq!(roots(&support::vector("certs/openhitls-openhitls-f27e13e2d4.pem")), Ok(()), "v1");
    let leaf = w.pair(&template().common_name("x")).sign;
    let text = refusal(leaf.certificate_pem().as_bytes());
    assert_eq!(
        text,
        "file 1, block 1 (CERTIFICATE): CN=x, O=Test, C=CN: not a CA certificate; trust the certificate of its issuer"
    );
    let no_sign = template().common_name("no").for_ca(None).for_signing();
    let no_sign = Issued::self_signed(&no_sign, &provider(), &w.random).unwrap();
    assert!(refusal(&no_sign.certificate).contains("keyUsage lacks keyCertSign"));
    assert!(
        refusal(&support::vector("streams/pki/rsa-root.crt")).contains("not an SM2 key on the named curve")
    );
    assert!(refusal(&support::vector("certs/emmansun-gmsm-cc8ae0514f.pem")).contains("on the named curve"));
    assert!(refusal(b"nothing").contains("neither PEM"));
    let none = WebPkiVerifier::builder(&provider()).roots(&[leaf.key_pem().as_bytes()]).unwrap().build();
    assert!(none.unwrap_err().0.starts_with("no root certificate to verify the peer with"));
    let long = w.builder().user_ids(&[&[0; 8192]]).build().unwrap_err();
    assert!(long.0.contains("8191"), "{long}");
    assert!(w.builder().user_ids(&[]).build().is_err());
}

/// An intermediate CA among the roots is trusted as it is.
#[test]
fn trusts_an_intermediate_ca_that_is_given_as_a_root() {
    let w = World::new(53);
    let pair = w.pair(&template().common_name("x"));
    let verifier = WebPkiVerifier::builder(&provider()).roots(&[&w.ca.certificate]).unwrap().build().unwrap();
    let claim = claim(&[&pair.sign, &pair.encrypt], PeerRole::Client).unwrap();
    assert!(verifier.verdict(&claim, NOW).is_ok());
}

/// A bundle of every algorithm, as systems have them: what can be used is, and the rest is told of.
#[test]
fn takes_what_it_can_use_of_a_bundle() {
    let w = World::new(54);
    let leaf = w.pair(&template().common_name("leaf")).sign;
    let bundle = [
        support::vector("streams/pki/rsa-root.crt"),
        support::vector("certs/foreign-roots.pem"),
        w.root.certificate_pem().into_bytes(),
        leaf.certificate_pem().into_bytes(),
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_vec(),
    ]
    .concat();
    let verifier = WebPkiVerifier::builder(&provider()).roots(&[&bundle]).unwrap().build().unwrap();
    let pair = w.pair(&template().common_name("x"));
    let claim = claim(&[&pair.sign, &pair.encrypt, &w.ca], PeerRole::Client).unwrap();
    assert!(verifier.verdict(&claim, NOW).is_ok());
    assert_eq!(verifier.authorities().len(), 1);
    let skipped = verifier.skipped();
    assert_eq!(skipped.len(), 5, "{skipped:?}");
    for (line, why) in skipped.iter().zip([
        "its key is not an SM2 key",
        "CN=P-256 root: its key is not an SM2 key",
        "CN=Ed25519 root: its key is not an SM2 key",
        "CN=leaf, O=Test, C=CN: not a CA certificate",
        "the certificate does not parse",
    ]) {
        assert!(line.starts_with("file 1, block ") && line.contains(why), "{line}: {why}");
    }
    let foreign = support::vector("certs/foreign-roots.pem");
    let text = WebPkiVerifier::builder(&provider()).roots(&[&foreign]).map(|_| ()).unwrap_err().0;
    assert!(text.starts_with("none of 2 certificates can be a root; file 1, block 1"), "{text}");
}
