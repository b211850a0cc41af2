//! Certificates that do not do, from servers and from clients.
use crate::hello::vector;
use crate::outcome::Outcome;
use crate::pair::{Counting, NOW, World};
use crate::script::{Case, Heard, Item, Lab, message};
use crate::{ECC, ECDHE, MUTUAL, labs, place, said, with};
use std::sync::Arc;
use tlcp::cert::{PeerClaim, Verified, Verifier, WebPkiVerifier};
use tlcp::config::ClientAuth;
use tlcp::error::{CertificateError, CertificateProblem};
use tlcp::pki::{DAY, Issued, Options, Pair, Pki, Template, revocation_list};
use tlcp::wire::{AlertDescription as A, HandshakeType as H};

fn certificate(list: &[&[u8]]) -> Vec<u8> {
    let list: Vec<u8> = list.iter().flat_map(|der| vector(3, der)).collect();
    message(H::CERTIFICATE, &vector(3, &list))
}

/// ServerKeyExchange of ECC, rightly signed over this encryption certificate.
fn exchange(lab: &Lab, key: &Issued, encrypt: &[u8]) -> Vec<u8> {
    let parts = [&lab.client_random[..], &lab.server_random, &vector(3, encrypt)].concat();
    let signature = key.key().sign(tlcp::crypto::SignatureAlgorithm::SM2, &[&parts], &Counting::from(70));
    message(H::SERVER_KEY_EXCHANGE, &vector(2, &signature.unwrap()))
}

/// A server that shows this list; its signing key is `key`, its encryption certificate `encrypt`.
fn serve(list: &[&[u8]], key: &Issued, encrypt: &[u8]) -> Outcome {
    let script = with(&ECC.server, certificate(list));
    ECC.to_client(&with(&script, exchange(&ECC, key, encrypt)))
}

/// The same with the intermediate behind the pair.
fn serve_pair(pair: &Pair) -> Outcome {
    let ca = &ECC.world.pki.intermediate.certificate;
    let [sign, encrypt] = [&pair.sign.certificate, &pair.encrypt.certificate];
    serve(&[sign, encrypt, ca], &pair.sign, encrypt)
}

fn template<'a>(names: &'a [String]) -> Template<'a> {
    Template::new(NOW - DAY, NOW + 300 * DAY).common_name("localhost").names(names).for_server()
}

fn issue(world: &World, template: &Template<'_>) -> Issued {
    world.pki.intermediate.issue(template, &world.provider, &Counting::from(71)).unwrap()
}

fn pair(world: &World, sign: &Template<'_>, encrypt: &Template<'_>) -> Pair {
    Pair { sign: issue(world, sign), encrypt: issue(world, encrypt) }
}

/// R-HS-10, R-HS-39
#[test]
fn a_server_that_shows_fewer_than_two_has_a_bad_certificate() {
    let sign = &ECC.world.pki.server.sign.certificate;
    for lab in [&*ECC, &MUTUAL, &ECDHE] {
        for list in [&[][..], &[&sign[..]]] {
            let outcome = lab.to_client(&with(&lab.server, certificate(list)));
            outcome.refused(A::BAD_CERTIFICATE, "R-HS-39");
        }
    }
}

/// R-HS-12, R-HS-42, R-SM-2, R-AL-6: what is missing is a handshake_failure, in every place alike.
#[test]
fn a_client_that_shows_too_little_is_a_handshake_failure() {
    let sign = &ECDHE.world.pki.client.sign.certificate;
    for lab in [&*MUTUAL, &ECDHE] {
        let outcome = lab.to_server(&with(&lab.client, certificate(&[])));
        outcome.refused(A::HANDSHAKE_FAILURE, "R-HS-42");
    }
    let outcome = ECDHE.to_server(&with(&ECDHE.client, certificate(&[sign])));
    outcome.refused(A::HANDSHAKE_FAILURE, "R-HS-42");
    let (sign, ca) = (&sign[..], &ECDHE.world.pki.intermediate.certificate[..]);
    // R-AL-9
    for list in [&[sign, ca][..], &[sign, ca, ca], &[sign, sign]] {
        let outcome = ECDHE.to_server(&with(&ECDHE.client, certificate(list)));
        outcome.refused(A::HANDSHAKE_FAILURE, "R-HS-42");
    }
}

/// R-HS-12, R-SM-6: where it is only asked for, nothing is enough; CertificateVerify is then out of place.
#[test]
fn a_client_may_show_nothing_where_it_is_only_asked() {
    let lab = Lab::new(Case::of(MUTUAL.case.suite).auth(ClientAuth::Request));
    let mut script = with(&lab.client, certificate(&[]));
    lab.to_server(&script).refused(A::UNEXPECTED_MESSAGE, "CertificateVerify has no place");
    script.remove(place(&script, H::CERTIFICATE_VERIFY));
    lab.to_server(&script).went_well();
}

/// R-HS-13: in ECC suites a client may show its signing certificate alone, or with CA certificates.
#[test]
fn a_client_may_show_its_signing_certificate_alone_in_ecc() {
    let pki = &MUTUAL.world.pki;
    let [sign, ca, root] = [&pki.client.sign, &pki.intermediate, &pki.root].map(|c| &c.certificate[..]);
    for list in [&[sign, ca][..], &[sign, ca, root]] {
        MUTUAL.to_server(&with(&MUTUAL.client, certificate(list))).went_well();
    }
    let outcome = MUTUAL.to_server(&with(&MUTUAL.client, certificate(&[sign])));
    outcome.refused(A::UNKNOWN_CA, "no path");
}

/// R-HS-11, R-HS-39: TASSL's order, and CA certificates in any.
#[test]
fn the_encryption_certificate_may_stand_last() {
    let pki = &ECC.world.pki;
    let [sign, encrypt] = [&pki.server.sign, &pki.server.encrypt].map(|c| &c.certificate[..]);
    let [ca, root] = [&pki.intermediate, &pki.root].map(|c| &c.certificate[..]);
    for list in [&[sign, ca, encrypt][..], &[sign, ca, root, encrypt], &[sign, encrypt, root, ca]] {
        serve(list, &pki.server.sign, encrypt).went_well();
    }
    // R-HS-40: what is signed is the certificate that was chosen.
    let outcome = serve(&[sign, ca, encrypt], &pki.server.sign, ca);
    outcome.refused(A::DECRYPT_ERROR, "ServerKeyExchange");
    let [sign, encrypt] = [&pki.client.sign, &pki.client.encrypt].map(|c| &c.certificate[..]);
    MUTUAL.to_server(&with(&MUTUAL.client, certificate(&[sign, ca, encrypt]))).went_well();
}

/// R-REC-30, R-REC-38
#[test]
fn more_than_ten_certificates_are_an_illegal_parameter() {
    let pki = &MUTUAL.world.pki;
    let ca = &pki.intermediate.certificate[..];
    for (pair, to_server) in [(&pki.client, true), (&pki.server, false)] {
        let list =
            |n: usize| [&[&pair.sign.certificate[..], &pair.encrypt.certificate], &vec![ca; n][..]].concat();
        for (count, good) in [(8, true), (9, false), (51, false)] {
            let raw = certificate(&list(count));
            let outcome = match to_server {
                true => MUTUAL.to_server(&with(&MUTUAL.client, raw)),
                false => MUTUAL.to_client(&with(&MUTUAL.server, raw)),
            };
            if good {
                outcome.went_well();
            } else {
                outcome.refused(A::ILLEGAL_PARAMETER, "Certificate: certificate_list");
            }
        }
    }
}

/// R-HS-1, R-AL-8: the list is syntax, what stands in it is not.
#[test]
fn broken_lists_are_decode_errors_and_broken_certificates_bad_ones() {
    let pki = &MUTUAL.world.pki;
    let [sign, encrypt] = [&pki.server.sign, &pki.server.encrypt].map(|c| &c.certificate[..]);
    let good = certificate(&[sign, encrypt]);
    let mut bad =
        vec![certificate(&[sign, &[]]), message(H::CERTIFICATE, &[]), message(H::CERTIFICATE, &[0, 0, 1])];
    bad.push(message(H::CERTIFICATE, &[&good[4..], &[0]].concat()));
    bad.push(message(H::CERTIFICATE, &vector(3, &good[7..good.len() - 1])));
    for raw in bad {
        MUTUAL.to_client(&with(&MUTUAL.server, raw.clone())).refused(A::DECODE_ERROR, "Certificate: ");
        MUTUAL.to_server(&with(&MUTUAL.client, raw)).refused(A::DECODE_ERROR, "Certificate: ");
    }
    let surplus = [sign, &[0]].concat();
    for der in [&[0x30][..], b"not DER at all", &sign[..sign.len() - 1], &surplus, &[0x30, 0]] {
        for list in [[der, encrypt], [sign, der]] {
            let raw = certificate(&list);
            let outcome = MUTUAL.to_client(&with(&MUTUAL.server, raw.clone()));
            outcome.refused(A::BAD_CERTIFICATE, "does not parse");
            let outcome = MUTUAL.to_server(&with(&MUTUAL.client, raw));
            outcome.refused(A::BAD_CERTIFICATE, "does not parse");
        }
    }
}

/// R-SM2-9, R-AL-8: another curve's key. Its OID is the only thing that changes.
#[test]
fn keys_of_other_curves_are_unsupported() {
    const SM2: [u8; 8] = [0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d];
    let pki = &ECC.world.pki;
    let other = |der: &[u8]| {
        let mut der = der.to_vec();
        let at = der.windows(8).position(|w| w == SM2).unwrap();
        der[at + 7] = 0x2e;
        der
    };
    let [sign, encrypt] = [&pki.server.sign, &pki.server.encrypt].map(|c| c.certificate.clone());
    for list in [[other(&sign), encrypt.clone()], [sign, other(&encrypt)]] {
        let outcome = serve(&[&list[0], &list[1]], &pki.server.sign, &list[1]);
        outcome.refused(A::UNSUPPORTED_CERTIFICATE, "R-SM2-9");
    }
}

/// R-HS-41, R-AL-8
#[test]
fn certificates_out_of_their_time_are_expired() {
    let (world, names) = (&ECC.world, [String::from("localhost")]);
    let good = template(&names);
    for (from, to, text) in
        [(NOW - 9 * DAY, NOW - DAY, "expired"), (NOW + DAY, NOW + 9 * DAY, "not yet valid")]
    {
        let bad = good.clone().validity(from, to);
        let late_sign = pair(world, &bad.clone().for_signing(), &good.clone().for_encryption());
        let late_encrypt = pair(world, &good.clone().for_signing(), &bad.for_encryption());
        for pair in [late_sign, late_encrypt] {
            serve_pair(&pair).refused(A::CERTIFICATE_EXPIRED, text);
        }
    }
}

/// R-HS-41: for another name; and a pair whose halves are strangers.
#[test]
fn names_that_do_not_fit_make_bad_certificates() {
    let (world, names, others) = (&ECC.world, [String::from("localhost")], [String::from("other.example")]);
    let good = template(&names);
    let other = template(&others).common_name("other.example");
    let stranger = pair(world, &other.clone().for_signing(), &other.clone().for_encryption());
    serve_pair(&stranger).refused(A::BAD_CERTIFICATE, "for another name");
    let strange = pair(world, &good.for_signing(), &other.for_encryption());
    serve_pair(&strange).refused(A::BAD_CERTIFICATE, "do not belong together");
}

/// R-HS-46: of another subject and of another CA.
#[test]
fn a_clients_pair_of_two_parties_is_a_bad_certificate() {
    let world = &MUTUAL.world;
    let other =
        Template::new(NOW - DAY, NOW + DAY).common_name("somebody else").for_client().for_encryption();
    let other = world.pki.root.issue(&other, &world.provider, &Counting::from(81)).unwrap();
    let list =
        [&world.pki.client.sign.certificate[..], &other.certificate, &world.pki.intermediate.certificate];
    let outcome = MUTUAL.to_server(&with(&MUTUAL.client, certificate(&list)));
    outcome.refused(A::BAD_CERTIFICATE, "do not belong together");
}

/// R-SM2-7, R-SM2-9, R-HS-39
#[test]
fn certificates_for_another_use_are_unsupported() {
    let (world, names) = (&ECC.world, [String::from("localhost")]);
    let good = template(&names);
    let [sign, encrypt] = [good.clone().for_signing(), good.clone().for_encryption()];
    let swapped = pair(world, &encrypt, &sign);
    serve_pair(&swapped).refused(A::UNSUPPORTED_CERTIFICATE, "R-SM2-7");
    let two_signers = pair(world, &sign, &sign);
    serve_pair(&two_signers).refused(A::UNSUPPORTED_CERTIFICATE, "neither the second nor the last");
    let two_ciphers = pair(world, &encrypt, &encrypt);
    serve_pair(&two_ciphers).refused(A::UNSUPPORTED_CERTIFICATE, "R-SM2-7");
    let client = template(&names).for_client();
    let clients = pair(world, &client.clone().for_signing(), &client.for_encryption());
    serve_pair(&clients).refused(A::UNSUPPORTED_CERTIFICATE, "R-SM2-7");
}

/// R-HS-41: a signature that is not the CA's, and a CA that nobody knows.
#[test]
fn certificates_of_strangers_have_no_path() {
    let other = World::with(ECC.world.provider, Options { client: "x".into(), ..Options::new(NOW) });
    let stranger = Pki::new(&Options::new(NOW), &other.provider, &Counting::from(500)).unwrap();
    let [sign, encrypt] = [&stranger.server.sign, &stranger.server.encrypt].map(|c| &c.certificate[..]);
    let outcome = serve(&[sign, encrypt, &stranger.intermediate.certificate], &stranger.server.sign, encrypt);
    assert!(matches!(outcome.error, Some(tlcp::error::Error::Certificate(_))), "{:?}", outcome.error);
    outcome.refused(outcome.alerts.last().unwrap().description, "");
    assert!([A::UNKNOWN_CA, A::BAD_CERTIFICATE].contains(&outcome.alerts.last().unwrap().description));
    let outcome = serve(&[sign, encrypt], &stranger.server.sign, encrypt);
    outcome.refused(A::UNKNOWN_CA, "no path");
    let pki = &ECC.world.pki;
    let mut forged = pki.server.sign.certificate.clone();
    *forged.last_mut().unwrap() ^= 1;
    let encrypt = &pki.server.encrypt.certificate;
    let outcome = serve(&[&forged, encrypt, &pki.intermediate.certificate], &pki.server.sign, encrypt);
    outcome.refused(A::BAD_CERTIFICATE, "does not verify");
}

/// A verifier of one's own has the last word.
struct Says(CertificateProblem);

impl Verifier for Says {
    fn verify(&self, _: &PeerClaim, _: u64) -> Result<Verified, CertificateError> {
        Err(self.0.clone().into())
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn context(&self) -> Vec<u8> {
        b"says no".to_vec()
    }
}

/// R-AL-8: every verdict has one alert, in both roles.
#[test]
fn every_verdict_of_a_verifier_has_its_alert() {
    use CertificateProblem as C;
    let verdicts = [
        (C::Malformed, A::BAD_CERTIFICATE),
        (C::BadSignature, A::BAD_CERTIFICATE),
        (C::NameMismatch, A::BAD_CERTIFICATE),
        (C::InconsistentPair, A::BAD_CERTIFICATE),
        (C::MissingEncryptionCertificate, A::BAD_CERTIFICATE),
        (C::UnsupportedKey, A::UNSUPPORTED_CERTIFICATE),
        (C::UnsupportedSignature, A::UNSUPPORTED_CERTIFICATE),
        (C::WrongUsage("x"), A::UNSUPPORTED_CERTIFICATE),
        (C::Revoked, A::CERTIFICATE_REVOKED),
        (C::Expired, A::CERTIFICATE_EXPIRED),
        (C::NotYetValid, A::CERTIFICATE_EXPIRED),
        (C::UnknownIssuer, A::UNKNOWN_CA),
        (C::AccessDenied, A::ACCESS_DENIED),
        (C::Other("x"), A::CERTIFICATE_UNKNOWN),
    ];
    for (verdict, alert) in verdicts {
        let verifier = Arc::new(Says(verdict.clone()));
        let (world, suites) = (&MUTUAL.world, [MUTUAL.case.suite]);
        let client = world.client().verifier(verifier.clone()).suites(&suites);
        MUTUAL.to_client_of(client, &MUTUAL.server).refused(alert, &verdict.to_string());
        let server = world.server().verifier(verifier).suites(&suites).client_auth(ClientAuth::Require);
        MUTUAL.to_server_of(server, &MUTUAL.client).refused(alert, &verdict.to_string());
    }
}

/// R-HS-41, R-AL-8
#[test]
fn revoked_certificates_are_refused_as_such() {
    let pki = &MUTUAL.world.pki;
    let list =
        revocation_list(&pki.intermediate, &[&pki.client.sign], (NOW - DAY, NOW + DAY), &Counting::from(80));
    let verifier = WebPkiVerifier::builder(&MUTUAL.world.provider).roots(&[&pki.root.certificate]).unwrap();
    let verifier =
        verifier.crls(&[&list.unwrap()]).unwrap().revocation_of_end_entities_only().build().unwrap();
    let server = MUTUAL.world.server().verifier(Arc::new(verifier)).suites(&[MUTUAL.case.suite]);
    let outcome = MUTUAL.to_server_of(server.client_auth(ClientAuth::Require), &MUTUAL.client);
    outcome.refused(A::CERTIFICATE_REVOKED, "revoked");
}

/// R-HS-50, R-HS-40: so long that it is not to be worked on, and that what is signed over it could be read as something
/// else.
#[test]
fn an_encryption_certificate_over_16_kib_is_refused() {
    let (world, names) = (&ECC.world, [String::from("localhost")]);
    let value = vector(2, &[0; 16_384]);
    let content = [&[0x06, 3, 0x2a, 3, 4][..], &[0x04, 0x82], &value].concat();
    let extension = [&[0x30, 0x82][..], &vector(2, &content)].concat();
    let huge = template(&names).for_encryption().extension(&extension);
    let pair = pair(world, &template(&names).for_signing(), &huge);
    assert!(pair.encrypt.certificate.len() > 0x4000);
    serve_pair(&pair).refused(A::CERTIFICATE_UNKNOWN, "more than 16 KiB");
}

/// R-HS-21: unknown types and any names are borne; a request must name a type at least.
#[test]
fn certificate_requests_of_any_types_are_read() {
    for (types, good) in [(&[64][..], true), (&[1, 64], true), (&[9, 200, 64, 1], true), (&[], false)] {
        let body = [vector(1, types), vector(2, &vector(2, b"0\0"))].concat();
        let outcome = MUTUAL.to_client(&with(&MUTUAL.server, message(H::CERTIFICATE_REQUEST, &body)));
        if good {
            outcome.went_well();
            // CA lists are often incomplete: what it has it shows, although another CA is named.
            let own = Heard::Message(said(&MUTUAL.client, H::CERTIFICATE));
            assert!(outcome.heard.contains(&own));
        } else {
            outcome.refused(A::DECODE_ERROR, "CertificateRequest: certificate_types");
        }
    }
    for names in [&[0, 0][..], &[0, 3, 1], &[0]] {
        let body = [vector(1, &[64]), vector(2, names)].concat();
        let outcome = MUTUAL.to_client(&with(&MUTUAL.server, message(H::CERTIFICATE_REQUEST, &body)));
        outcome.refused(A::DECODE_ERROR, "CertificateRequest: DistinguishedName");
    }
    // Of what it asks for, we have nothing: the client shows nothing, and where it must, it gives up (R-CS-3).
    let body = [vector(1, &[1]), vector(2, &[])].concat();
    let request = || message(H::CERTIFICATE_REQUEST, &body);
    ECDHE.to_client(&with(&ECDHE.server, request())).refused(A::HANDSHAKE_FAILURE, "R-CS-3");
    let outcome = MUTUAL.to_client(&with(&MUTUAL.server, request()));
    outcome.went_well();
    let shown = outcome.heard.iter().any(|h| matches!(h, Heard::Message(m) if m[..] == certificate(&[])));
    assert!(shown, "R-SM-6: an empty list");
    assert!(labs().iter().all(|lab| !lab.server.contains(&Item::Message(certificate(&[])))));
}
