//! Whether the certificate is for the name that was asked for (R-HS-41).
use super::*;

fn hosts(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| n.to_string()).collect()
}

#[test]
fn looks_for_dns_names_and_addresses_in_their_own_places() {
    let w = World::new(20);
    let names = hosts(&["www.example.com", "*.wild.example", "*.cn", "192.0.2.1", "2001:db8::1"]);
    // an address in a dNSName is no address
    let t = template().common_name("cn.example").names(&names);
    let pair = w.pair(&t);
    for (name, expected) in [
        ("www.example.com", true),
        ("WWW.EXAMPLE.COM", true),
        ("a.wild.example", true),
        ("a.b.wild.example", false),
        ("wild.example", false),
        ("example.cn", false),
        ("example.com", false),
        ("cn.example", false),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("2001:db8::1", true),
        ("2001:db8::2", false),
        ("::ffff:192.0.2.1", false),
    ] {
        for policy in [CertPolicy::Standard, CertPolicy::Gm] {
            let result = w.verify(policy, &[&pair.sign, &pair.encrypt, &w.ca], server(name)).map(|_| ());
            let expected = if expected { Ok(()) } else { Err(E::NameMismatch) };
            assert_eq!(result, expected, "{name} {policy:?}");
        }
    }
    assert_eq!(alert(&E::NameMismatch), A::BAD_CERTIFICATE);
}

/// R-HS-41: it is the signing certificate that must be for the name; what the encryption certificate says does not make up
/// for it. The other way round the pair is one of the same subject.
#[test]
fn looks_for_the_name_in_the_signing_certificate() {
    let w = World::new(23);
    let (right, other) = (hosts(&["www.example.com"]), hosts(&["other.example"]));
    for wrong in [&[][..], &other] {
        let issue = |t: Template<'_>| w.issue(&w.ca, t.common_name("www.example.com"));
        let sign = [wrong, &right].map(|names| issue(template().names(names).for_signing()));
        let encrypt = [&right, wrong].map(|names| issue(template().names(names).for_encryption()));
        let verdicts = [0, 1].map(|i| {
            let list = [&sign[i], &encrypt[i], &w.ca];
            w.verify(CertPolicy::Standard, &list, server("www.example.com")).map(|_| ())
        });
        assert_eq!(verdicts, [Err(E::NameMismatch), Ok(())], "only encryption has it, only signing has it");
    }
}

/// CertPolicy::Gm alone, no DNS name and no address in subjectAltName, exactly, never a wildcard or an address.
#[test]
fn takes_the_common_name_under_the_gm_policy_alone() {
    let w = World::new(21);
    let verify = |policy, pair: &Pair, name: &str| {
        w.verify(policy, &[&pair.sign, &pair.encrypt, &w.ca], server(name)).is_ok()
    };
    let (gm, standard) = (CertPolicy::Gm, CertPolicy::Standard);
    let plain = w.pair(&template().common_name("www.example.com"));
    assert!(verify(gm, &plain, "www.example.com") && verify(gm, &plain, "WWW.example.com"));
    assert!(!verify(standard, &plain, "www.example.com"));
    assert!(!verify(gm, &plain, "example.com") && !verify(gm, &plain, "a.www.example.com"));
    assert!(!verify(gm, &w.pair(&template().common_name("*.example.com")), "www.example.com"));
    assert!(!verify(gm, &w.pair(&template().common_name("192.0.2.1")), "192.0.2.1"));
    // RFC 4514 writes the last one first.
    let two = w.pair(&template().subject("CN=www.example.com,CN=example.com"));
    assert_eq!(["www.example.com", "example.com"].map(|name| verify(gm, &two, name)), [true, false]);
    for san in [&["other.example"], &["192.0.2.1"]] {
        let names = hosts(san);
        let pair = w.pair(&template().common_name("www.example.com").names(&names));
        assert!(!verify(gm, &pair, "www.example.com"), "{san:?}");
    }
}

/// Name constraints do not reach common names, so behind them a common name says nothing.
#[test]
fn takes_no_common_name_from_a_ca_with_name_constraints() {
    let w = World::new(22);
    let names = hosts(&["www.inside.example"]);
    let ca = w.issue(&w.root, template().common_name("bound").for_ca(None).constrained_to("inside.example"));
    let issue = |t: Template<'_>| Pair::issue(&ca, &t, &provider(), &w.random).unwrap();
    let verify = |pair: &Pair, name: &str| {
        w.verify(CertPolicy::Gm, &[&pair.sign, &pair.encrypt, &ca], server(name)).map(|_| ())
    };
    let san = issue(template().common_name("x").names(&names));
    assert_eq!(verify(&san, "www.inside.example"), Ok(()));
    let cn = issue(template().common_name("www.outside.example"));
    assert_eq!(verify(&cn, "www.outside.example"), Err(E::NameMismatch));
    let outside = hosts(&["www.outside.example"]);
    let outside = issue(template().common_name("x").names(&outside));
    let refused = verify(&outside, "www.outside.example").unwrap_err();
    assert_eq!(alert(&refused), A::CERTIFICATE_UNKNOWN, "{refused}");
    // a root with constraints binds as well
    let root = template().common_name("bound root").for_ca(None).constrained_to("inside.example");
    let root = Issued::self_signed(&root, &provider(), &w.random).unwrap();
    let pair =
        Pair::issue(&root, &template().common_name("www.outside.example"), &provider(), &w.random).unwrap();
    let builder = WebPkiVerifier::builder(&provider()).roots(&[&root.certificate]).unwrap();
    let verifier = builder.policy(CertPolicy::Gm).build().unwrap();
    let claim = claim(&[&pair.sign, &pair.encrypt], server("www.outside.example")).unwrap();
    assert_eq!(verifier.verdict(&claim, NOW).map(|_| ()), Err(E::NameMismatch));
}
