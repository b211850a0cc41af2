//! Revocation lists (R-HS-41 (1)).
use super::work::Counting;
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::element;
use tlcp::cert::Description;
use tlcp::crypto::{DEFAULT_USER_ID, Digest, HashContext, Hashes, Prf};
use tlcp::pki::revocation_list;
use tlcp::suite::HashAlgorithm;

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
        builder.build().unwrap().verdict(&claim, now).map(|_| ())
    }
}

#[test]
fn refuses_revoked_certificates_of_both_paths() {
    let l = Lists::new(60);
    let other = l.w.issue(&l.w.ca, template().common_name("other"));
    let clean = [l.crl(&l.w.root, &[]), l.crl(&l.w.ca, &[&other])];
    assert_eq!(l.verify(&[&clean[0], &clean[1]], true, NOW), Ok(()));
    for revoked in [&l.pair.sign, &l.pair.encrypt] {
        let crl = l.crl(&l.w.ca, &[&other, revoked]);
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

/// A list with a key identifier or a distribution point, or without.
#[derive(Default, Clone, Copy)]
struct Series<'a> {
    key_id: Option<&'a [u8]>,
    uri: Option<&'a str>,
    /// onlyContainsUserCerts [1] or onlyContainsCACerts [2], beside the distribution point.
    only: Option<u8>,
}

impl Lists {
    /// Issued nine days before [`NOW`] and some after that, for ten days.
    fn at(&self, day: u64, revoked: &[&Issued]) -> Vec<u8> {
        let from = NOW - 9 * DAY + day * DAY;
        revocation_list(&self.w.ca, revoked, (from, from + 10 * DAY), &self.w.random).unwrap()
    }

    /// Until 0: without nextUpdate.
    fn of_series(&self, revoked: Option<&Issued>, series: Series<'_>, validity: [u64; 2]) -> Vec<u8> {
        let time = |unix| {
            let text: String = tlcp_time(unix);
            element(0x18, &[text.as_bytes()])
        };
        let extension =
            |id: u8, value: &[u8]| element(0x30, &[&[6, 3, 0x55, 0x1d, id], &element(4, &[value])]);
        let key_id = series.key_id.map(|id| extension(35, &element(0x30, &[&element(0x80, &[id])])));
        let point = series.uri.map(|uri| {
            let name = element(0xa0, &[&element(0xa0, &[&element(0x86, &[uri.as_bytes()])])]);
            let only = series.only.map_or(Vec::new(), |tag| element(tag, &[&[0xff]]));
            extension(28, &element(0x30, &[&name, &only]))
        });
        let extensions = [key_id, point, Some(extension(20, &[2, 1, 1]))].map(Option::unwrap_or_default);
        let entries = revoked.map_or(Vec::new(), |c| {
            let serial = hex::decode(Description::read(&c.certificate).unwrap().serial).unwrap();
            element(0x30, &[&element(0x30, &[&element(2, &[&serial]), &time(validity[0])])])
        });
        let algorithm = hex::decode("300a06082a811ccf55018375").unwrap();
        let tbs = element(
            0x30,
            &[
                &[2, 1, 1],
                &algorithm,
                &support::subject(&self.w.ca.certificate),
                &time(validity[0]),
                &if validity[1] == 0 { Vec::new() } else { time(validity[1]) },
                &entries,
                &element(0xa0, &[&element(0x30, &[&extensions.concat()])]),
            ],
        );
        self.w.ca.sign(&tbs, DEFAULT_USER_ID, &self.w.random).unwrap()
    }

    /// What these lists say in either order.
    fn both_orders(&self, crls: [&[u8]; 2], now: u64) -> Result<(), E> {
        let [a, b] = crls;
        let result = self.verify(&[a, b], false, now);
        assert_eq!(result, self.verify(&[b, a], false, now), "the order of the lists");
        result
    }
}

/// `20261121083000Z`
fn tlcp_time(unix: u64) -> String {
    let (days, second) = (unix / DAY, unix % DAY);
    // Days of the years 2026 to 2028 are all that the tests need.
    let mut year = 2026;
    let mut day = days - 20_454;
    let length = |year: u64| if year.is_multiple_of(4) { 366 } else { 365 };
    while day >= length(year) {
        day -= length(year);
        year += 1;
    }
    let february = length(year) - 337;
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    let (day, hour, minute, second) = (day + 1, second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// R-HS-51: of one series the latest counts, wherever it stands.
#[test]
fn asks_the_latest_list_of_a_series() {
    let l = Lists::new(63);
    let (clean, revoking) = (|day| l.at(day, &[]), |day| l.at(day, &[&l.pair.sign]));
    assert_eq!(l.both_orders([&clean(1), &revoking(2)], NOW), Err(E::Revoked));
    // a certificate may be taken off a list again
    assert_eq!(l.both_orders([&revoking(1), &clean(2)], NOW), Ok(()));
    // of the same second, none is the later
    assert_eq!(l.both_orders([&revoking(2), &clean(2)], NOW), Err(E::Revoked));
    // one that is out of date does no harm beside a current one
    let old = revocation_list(&l.w.ca, &[], (NOW - 20 * DAY, NOW - 5 * DAY), &l.w.random).unwrap();
    assert_eq!(l.both_orders([&old, &clean(1)], NOW), Ok(()));
}

/// R-HS-51: a list of tomorrow does not count today.
#[test]
fn passes_over_a_list_that_is_not_yet_issued() {
    let l = Lists::new(64);
    let (clean, tomorrow) = (l.at(1, &[]), l.at(10, &[&l.pair.sign]));
    let lists: [&[u8]; 2] = [&clean, &tomorrow];
    assert_eq!(l.both_orders(lists, NOW), Ok(()));
    assert_eq!(l.both_orders(lists, NOW + DAY), Err(E::Revoked));
    assert_eq!(l.verify(&[&tomorrow], false, NOW), Err(E::Other("no CRL for one of the certificates")));
}

/// Of 20 bytes.
fn subject_key_id(certificate: &[u8]) -> Vec<u8> {
    let header = b"\x55\x1d\x0e\x04\x16\x04\x14";
    let at = certificate.windows(header.len()).position(|w| w == header).unwrap() + header.len();
    certificate[at..at + 20].to_vec()
}

/// R-HS-51: only a list whose signature verifies displaces another; a CA's old key has lists too.
#[test]
fn lets_no_forged_and_no_re_keyed_list_displace_a_good_one() {
    let l = Lists::new(65);
    let forged = |mut list: Vec<u8>| {
        *list.last_mut().unwrap() ^= 1;
        list
    };
    let revoked = [&l.pair.sign];
    assert_eq!(l.both_orders([&l.at(1, &revoked), &forged(l.at(2, &[]))], NOW), Err(E::Revoked));
    assert_eq!(l.both_orders([&l.at(1, &[]), &forged(l.at(2, &revoked))], NOW), Ok(()));
    let old_key = l.w.issue(&l.w.root, template().common_name("ca").for_ca(None));
    let key_id = subject_key_id(&old_key.certificate);
    let series = Series { key_id: Some(&key_id), ..Series::default() };
    let re_keyed = Lists { w: World { ca: old_key, ..World::new(65) }, pair: l.pair.clone() };
    let old = re_keyed.of_series(Some(&l.pair.sign), series, YEAR.into());
    assert_eq!(l.both_orders([&old, &l.at(1, &[])], NOW), Ok(()));
    assert_eq!(l.verify(&[&old], false, NOW), Err(E::Other("a CRL's signature does not verify")));
}

/// R-HS-51: lists of several series stand beside one another, and one that revokes, revokes.
#[test]
fn asks_every_series_that_speaks_of_a_certificate() {
    let l = Lists::new(66);
    let list =
        |revoked, series, day: u64| l.of_series(revoked, series, [NOW - 9 * DAY + day * DAY, NOW + DAY]);
    let [plain, named] = [Series::default(), Series { key_id: Some(b"key"), ..Series::default() }];
    let part = Series { uri: Some("http://a.example/1"), ..Series::default() };
    let revoked = Some(&l.pair.encrypt);
    for (older, newer) in [(plain, named), (named, plain), (plain, part), (part, plain), (named, part)] {
        assert_eq!(l.both_orders([&list(revoked, older, 1), &list(None, newer, 2)], NOW), Err(E::Revoked));
        assert_eq!(l.both_orders([&list(None, older, 1), &list(revoked, newer, 2)], NOW), Err(E::Revoked));
        assert_eq!(l.both_orders([&list(None, older, 1), &list(None, newer, 2)], NOW), Ok(()));
        assert_eq!(l.both_orders([&list(revoked, older, 1), &list(None, older, 2)], NOW), Ok(()));
    }
}

/// A list for one distribution point says nothing of certificates that have another.
#[test]
fn asks_lists_for_the_certificates_of_their_distribution_point() {
    let l = Lists::new(67);
    let with_point = |uri: &str, reasons: &[u8]| {
        let name = element(0xa0, &[&element(0xa0, &[&element(0x86, &[uri.as_bytes()])])]);
        let value = element(0x30, &[&element(0x30, &[&name, reasons])]);
        element(0x30, &[&[6, 3, 0x55, 0x1d, 31], &element(4, &[&value])])
    };
    let extension = with_point("http://a.example/1", &[]);
    let pair = l.w.pair(&template().common_name("x").extension(&extension));
    let list = |revoked, uri| {
        let series = Series { uri: Some(uri), ..Series::default() };
        l.of_series(revoked, series, [NOW - DAY, NOW + DAY])
    };
    let verify_pair = |pair: &Pair, crls: &[&[u8]]| {
        let builder = l.w.builder().crls(crls).unwrap().revocation_of_end_entities_only();
        let claim = claim(&[&pair.sign, &pair.encrypt, &l.w.ca], PeerRole::Client).unwrap();
        builder.build().unwrap().verdict(&claim, NOW).map(|_| ())
    };
    let verify = |crls: &[&[u8]]| verify_pair(&pair, crls);
    let [own, other] = ["http://a.example/1", "http://a.example/2"];
    assert_eq!(verify(&[&list(None, own)]), Ok(()));
    assert_eq!(verify(&[&list(Some(&pair.sign), own)]), Err(E::Revoked));
    assert_eq!(verify(&[&list(None, own), &list(Some(&pair.sign), other)]), Ok(()));
    assert_eq!(verify(&[&list(None, other)]), Err(E::Other("no CRL for one of the certificates")));
    // A point for one reason alone, keyCompromise, is not what a list for all reasons is about.
    let partial = with_point(own, &[0x81, 2, 6, 0x40]);
    let partial = l.w.pair(&template().common_name("x").extension(&partial));
    let none = Err(E::Other("no CRL for one of the certificates"));
    assert_eq!(verify_pair(&partial, &[&list(None, own)]), none);
}

/// R-HS-51: a list for CA certificates alone says nothing of end entities.
#[test]
fn asks_lists_for_the_kind_of_certificate_that_they_are_for() {
    let l = Lists::new(57);
    let none = Err(E::Other("no CRL for one of the certificates"));
    for (only, expected) in [(None, Err(E::Revoked)), (Some(0x81), Err(E::Revoked)), (Some(0x82), none)] {
        let series = Series { uri: Some("http://a.example/1"), only, ..Series::default() };
        let list = l.of_series(Some(&l.pair.sign), series, [NOW - DAY, NOW + DAY]);
        assert_eq!(l.verify(&[&list], false, NOW), expected, "{only:02x?}");
    }
}

/// R-HS-51: in whatever order a list has them, all that are on it are revoked.
#[test]
fn finds_every_certificate_of_a_list() {
    let l = Lists::new(56);
    let others: Vec<Issued> = (0..8).map(|_| l.w.issue(&l.w.ca, template())).collect();
    for at in 0..=others.len() {
        let mut all: Vec<&Issued> = others.iter().collect();
        assert_eq!(l.verify(&[&l.crl(&l.w.ca, &all)], false, NOW), Ok(()));
        all.insert(at, &l.pair.sign);
        assert_eq!(l.verify(&[&l.crl(&l.w.ca, &all)], false, NOW), Err(E::Revoked), "place {at}");
    }
}

/// R-HS-51: a list counts only if its issuer's keyUsage, if present, has cRLSign.
#[test]
fn takes_no_list_of_an_issuer_that_may_not_sign_lists() {
    let l = Lists::new(55);
    // keyCertSign alone; with cRLSign.
    for (usage, expected) in
        [("0204", Err(E::Other("a CRL by an issuer that may not sign CRLs"))), ("0106", Ok(()))]
    {
        let usage = hex::decode(format!("300e0603551d0f0101ff04040302{usage}")).unwrap();
        let ca = template().common_name("listless").for_ca(None).without_key_usage().extension(&usage);
        let ca = l.w.issue(&l.w.root, ca);
        let pair = Pair::issue(&ca, &template().common_name("x"), &provider(), &l.w.random).unwrap();
        let crl = l.crl(&ca, &[]);
        let builder = l.w.builder().crls(&[&crl]).unwrap().revocation_of_end_entities_only();
        let claim = claim(&[&pair.sign, &pair.encrypt, &ca], PeerRole::Client).unwrap();
        assert_eq!(builder.build().unwrap().verdict(&claim, NOW).map(|_| ()), expected);
    }
}

/// Counts the bytes that are hashed.
struct Hashed(AtomicUsize);

impl Hashes for Hashed {
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        provider().hashes.start(algorithm)
    }

    fn digest(&self, algorithm: HashAlgorithm, parts: &[&[u8]]) -> Digest {
        self.0.fetch_add(parts.iter().map(|p| p.len()).sum(), Ordering::Relaxed);
        provider().hashes.digest(algorithm, parts)
    }

    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], parts: &[&[u8]]) -> Digest {
        provider().hashes.hmac(algorithm, key, parts)
    }

    fn keyed_prf(&self, algorithm: HashAlgorithm, secret: &[u8]) -> Box<dyn Prf> {
        provider().hashes.keyed_prf(algorithm, secret)
    }
}

/// R-HS-51: a long list is hashed for the first peer, and for no other; a list that does not verify, too.
#[test]
fn hashes_a_list_once() {
    let l = Lists::new(68);
    let hashes: &'static Hashed = Box::leak(Box::new(Hashed(AtomicUsize::new(0))));
    let (counting, keys) = Counting::new();
    let provider = provider().with_hashes(hashes).with_keys(keys.keys);
    let other = l.w.issue(&l.w.ca, template().common_name("other"));
    let many: Vec<&Issued> = [&other; 20_000].to_vec();
    let long = l.crl(&l.w.ca, &many);
    let forged = [&long[..long.len() - 1], &[long[long.len() - 1] ^ 1]].concat();
    let builder = WebPkiVerifier::builder(&provider).roots(&[&l.w.root.certificate]).unwrap();
    let builder = builder.crls(&[&forged, &long]).unwrap().revocation_of_end_entities_only();
    let verifier = builder.build().unwrap();
    let claim = claim(&[&l.pair.sign, &l.pair.encrypt, &l.w.ca], PeerRole::Client).unwrap();
    let hashed = || {
        assert!(verifier.verify(&claim, NOW).is_ok());
        assert!(verifier.check_again(&claim.credential, NOW).is_ok());
        (hashes.0.swap(0, Ordering::Relaxed), counting.checks())
    };
    let (first, checks) = hashed();
    assert!(first > 2 * long.len() && checks == 5, "{first} bytes, {checks} signatures");
    let (again, checks) = hashed();
    assert!(again < 10_000 && checks == 0, "{again} bytes, {checks} signatures");
}

/// R-HS-51: of a name that many CAs bear, four keys are remembered for a list, and the fifth drives the first out.
#[test]
fn remembers_four_keys_for_a_list() {
    let l = Lists::new(58);
    let (counting, provider) = Counting::new();
    let builder = WebPkiVerifier::builder(&provider).roots(&[&l.w.root.certificate]).unwrap();
    let builder = builder.crls(&[&l.at(1, &[])]).unwrap().revocation_of_end_entities_only();
    let verifier = builder.build().unwrap();
    let claims: Vec<PeerClaim> = (0..5)
        .map(|_| {
            let ca = l.w.issue(&l.w.root, template().common_name("ca").for_ca(None));
            let sign = l.w.issue(&ca, template().common_name("x").for_signing());
            claim(&[&sign, &ca], PeerRole::Client).unwrap()
        })
        .collect();
    let checks = |claim: &PeerClaim| {
        let result = verifier.verdict(claim, NOW).map(|_| ());
        assert_eq!(result, Err(E::Other("a CRL's signature does not verify")));
        counting.checks()
    };
    let first: Vec<usize> = claims[..4].iter().map(checks).collect();
    assert_eq!(first, [3; 4], "the leaf, its CA, the list");
    assert_eq!(claims[..4].iter().map(checks).sum::<usize>(), 0);
    assert_eq!([checks(&claims[4]), checks(&claims[4])], [3, 0]);
    assert_eq!([checks(&claims[1]), checks(&claims[0])], [0, 1]);
}

/// R-HS-51: to ask for revocation and give nothing to ask is a mistake.
#[test]
fn refuses_an_empty_set_of_lists() {
    let l = Lists::new(69);
    let text = l.w.builder().crls(&[]).map(|_| ()).unwrap_err().0;
    assert!(text.contains("an empty set of CRLs"), "{text}");
}

/// What is not read is named in words.
#[test]
fn says_which_lists_it_does_not_read() {
    let l = Lists::new(59);
    let good = l.of_series(None, Series::default(), [NOW - DAY, NOW + DAY]);
    let refusal = |list: &[u8]| l.w.builder().crls(&[list]).map(|_| ()).unwrap_err().0;
    let endless = l.of_series(None, Series::default(), [NOW - DAY, 0]);
    assert!(refusal(&endless).contains("it has no nextUpdate"), "{}", refusal(&endless));
    let mut v1 = good.clone();
    let version = v1.windows(3).position(|w| w == [2, 1, 1]).unwrap();
    v1[version + 2] = 0;
    assert!(refusal(&v1).contains("another version than 2"));
    let mut delta = good.clone();
    let number = delta.windows(5).position(|w| w == [6, 3, 0x55, 0x1d, 20]).unwrap();
    delta[number + 4] = 27;
    assert!(refusal(&delta).contains("a delta CRL"));
    assert!(refusal(&good[..good.len() - 1]).contains("not a well-formed CRL"));
}

fn openssl_style_pem(der: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let body = Base64::encode_string(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
    format!("-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n", lines.join("\n"))
}
