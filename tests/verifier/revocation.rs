//! Revocation lists (R-HS-41 (1)).
use super::*;
use tlcp::pki::revocation_list;

const YEAR: (u64, u64) = (NOW - DAY, NOW + 364 * DAY);

/// The world with a pair, and what a verifier with these lists says of it.
struct Lists {
    w: World,
    pair: Pair,
}

impl Lists {
    fn new(seed: u64) -> Self {
        let w = World::new(seed);
        let pair = w.pair(&template().common_name("x"));
        Self { w, pair }
    }

    fn crl(&self, issuer: &Issued, revoked: &[&Issued]) -> Vec<u8> {
        revocation_list(issuer, revoked, YEAR, &self.w.random).unwrap()
    }

    fn verify(&self, crls: &[&[u8]], whole_path: bool, now: u64) -> Result<(), E> {
        let builder = self.w.builder().crls(crls).unwrap();
        let builder = if whole_path { builder } else { builder.revocation_of_end_entities_only() };
        let claim = claim(&[&self.pair.sign, &self.pair.encrypt, &self.w.ca], PeerRole::Client).unwrap();
        builder.build().unwrap().verify(&claim, now).map(|_| ())
    }
}

#[test]
fn refuses_revoked_certificates_of_both_paths() {
    let l = Lists::new(60);
    let clean = [l.crl(&l.w.root, &[]), l.crl(&l.w.ca, &[&l.w.root])];
    assert_eq!(l.verify(&[&clean[0], &clean[1]], true, NOW), Ok(()));
    for revoked in [&l.pair.sign, &l.pair.encrypt] {
        let crl = l.crl(&l.w.ca, &[&l.w.root, revoked]);
        assert_eq!(l.verify(&[&clean[0], &crl], true, NOW), Err(E::Revoked));
        assert_eq!(l.verify(&[&crl], false, NOW), Err(E::Revoked));
    }
    let ca = l.crl(&l.w.root, &[&l.w.ca]);
    assert_eq!(l.verify(&[&ca, &clean[1]], true, NOW), Err(E::Revoked));
    assert_eq!(l.verify(&[&ca, &clean[1]], false, NOW), Ok(()), "end entities alone");
    assert_eq!(alert(&E::Revoked), A::CERTIFICATE_REVOKED);
}

/// A list that is asked for must be there, be signed by the issuer, and be current.
#[test]
fn fails_closed_when_the_lists_do_not_say() {
    let l = Lists::new(61);
    let (root, ca) = (l.crl(&l.w.root, &[]), l.crl(&l.w.ca, &[]));
    let other = |text| Err(E::Other(text));
    assert_eq!(l.verify(&[&ca], true, NOW), other("no CRL for one of the certificates"));
    assert_eq!(l.verify(&[&ca], false, NOW), Ok(()));
    assert_eq!(l.verify(&[&root], false, NOW), other("no CRL for one of the certificates"));
    let mut forged = ca.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    assert_eq!(l.verify(&[&forged], false, NOW), other("a CRL's signature does not verify"));
    let old = revocation_list(&l.w.ca, &[], (NOW - 9 * DAY, NOW), &l.w.random).unwrap();
    assert_eq!(l.verify(&[&old], false, NOW - 1), Ok(()));
    assert_eq!(l.verify(&[&old], false, NOW + 1), other("a CRL is past its nextUpdate"));
    assert_eq!(alert(&E::Other("")), A::CERTIFICATE_UNKNOWN);
}

/// PEM as well as DER; what is no list is refused.
#[test]
fn reads_lists_from_files() {
    let l = Lists::new(62);
    let text = openssl_style_pem(&l.crl(&l.w.ca, &[&l.pair.encrypt]));
    assert_eq!(l.verify(&[text.as_bytes()], false, NOW), Err(E::Revoked));
    let refusal = |file: &[u8]| l.w.builder().crls(&[file]).map(|_| ()).unwrap_err().0;
    assert!(refusal(l.w.ca.certificate_pem().as_bytes()).contains("holds no CRL"));
    assert!(refusal(&l.w.ca.certificate).contains("not a usable CRL"));
}

fn openssl_style_pem(der: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let body = Base64::encode_string(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
    format!("-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n", lines.join("\n"))
}
