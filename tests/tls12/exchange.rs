//! Key exchanges and signatures that are wrong.
use crate::hello::vector;
use crate::outcome::Outcome;
use crate::pair::single::Kind;
use crate::pair::{Counting, World};
use crate::script::{Case, Item, Lab, message};
use crate::{ECC, GROUPS, MUTUAL, case, place, said, with};
use std::sync::LazyLock;
use tlcp::cert::{Key, KeyUse};
use tlcp::config::ClientAuth;
use tlcp::crypto::SignatureAlgorithm;
use tlcp::suite::HashAlgorithm;
use tlcp::wire::{AlertDescription as A, HandshakeType as H, NamedGroup, SignatureScheme as S};

/// A server that agrees in this group.
fn lab_of(group: NamedGroup) -> &'static Lab {
    static LABS: LazyLock<[Lab; 3]> = LazyLock::new(|| {
        let case = case("ECDHE-RSA-AES128-GCM-SHA256");
        [
            Lab::new(Case { server: |s| s.groups(&GROUPS[..1]), ..case }),
            Lab::new(Case { server: |s| s.groups(&GROUPS[1..2]), ..case }),
            Lab::new(Case { server: |s| s.groups(&GROUPS[2..]), ..case }),
        ]
    });
    &LABS[GROUPS.iter().position(|g| *g == group).unwrap()]
}

/// 03 || group || length || point.
fn params(curve_type: u8, group: u16, point: &[u8]) -> Vec<u8> {
    [&[curve_type][..], &group.to_be_bytes(), &vector(1, point)].concat()
}

/// The point in an honest ServerKeyExchange.
fn point(lab: &Lab) -> Vec<u8> {
    let raw = said(&lab.server, H::SERVER_KEY_EXCHANGE);
    raw[8..8 + usize::from(raw[7])].to_vec()
}

/// ServerKeyExchange with these parameters, rightly signed.
fn server_exchange(lab: &Lab, params: &[u8]) -> Vec<u8> {
    let signed = lab.signed(false, &[&lab.client_random, &lab.server_random, params]);
    message(H::SERVER_KEY_EXCHANGE, &[params, &signed].concat())
}

fn to_client(lab: &Lab, raw: Vec<u8>) -> Outcome {
    lab.to_client(&with(&lab.server, raw))
}

fn to_server(lab: &Lab, raw: Vec<u8>) -> Outcome {
    lab.to_server(&with(&lab.client, raw))
}

/// Points that are none in this group: off the curve, in other forms, infinity, out of range, too short and too long; for
/// X25519 those of small order, whose secret is zero.
fn bad_points(group: NamedGroup, good: &[u8]) -> Vec<Vec<u8>> {
    let short = good[..good.len() - 1].to_vec();
    let long = [good, &[0]].concat();
    let mut bad = vec![short, long, vec![0]];
    if group == NamedGroup::X25519 {
        let mut one = vec![0; 32];
        one[0] = 1;
        // p - 1, p, p + 1, and a point of order 8 (RFC 7748 section 6.1)
        let near_p = |low: u8| [&[low][..], &[0xff; 30], &[0x7f]].concat();
        let order_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
        bad.extend([
            vec![0; 32],
            one,
            near_p(0xec),
            near_p(0xed),
            near_p(0xee),
            hex::decode(order_8).unwrap(),
        ]);
        return bad;
    }
    let half = good.len() / 2;
    let mut off_curve = good.to_vec();
    *off_curve.last_mut().unwrap() ^= 1;
    let parity = good.last().unwrap() & 1;
    bad.extend([
        off_curve,
        [&[2 | parity][..], &good[1..=half]].concat(),
        [&[6 | parity][..], &good[1..]].concat(),
        [&[4][..], &vec![0xff; 2 * half]].concat(),
        [&[4][..], &vec![0; 2 * half]].concat(),
        [&[0][..], &good[1..]].concat(),
    ]);
    bad
}

/// R-EC-5, R-T12-21
#[test]
fn public_values_must_be_in_the_group() {
    for group in GROUPS {
        let lab = lab_of(group);
        let good = point(lab);
        to_client(lab, server_exchange(lab, &params(3, group.0, &good))).went_well();
        for point in bad_points(group, &good) {
            let outcome = to_client(lab, server_exchange(lab, &params(3, group.0, &point)));
            outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: public");
            let outcome = to_server(lab, message(H::CLIENT_KEY_EXCHANGE, &vector(1, &point)));
            outcome.refused(A::ILLEGAL_PARAMETER, "ClientKeyExchange: public");
        }
        let outcome = to_client(lab, server_exchange(lab, &params(3, group.0, &[])));
        outcome.refused(A::DECODE_ERROR, "ServerKeyExchange: public");
        for body in [vec![], vec![0], [&vector(1, &good)[..], &[0]].concat(), vector(1, &good)[..9].to_vec()]
        {
            to_server(lab, message(H::CLIENT_KEY_EXCHANGE, &body))
                .refused(A::DECODE_ERROR, "ClientKeyExchange");
        }
    }
}

/// R-EC-4: a named curve, and one that was offered.
#[test]
fn a_group_that_was_not_offered_is_an_illegal_parameter() {
    let lab = lab_of(NamedGroup::SECP256R1);
    let good = point(lab);
    for curve_type in [0, 1, 2, 4, 255] {
        let outcome = to_client(lab, server_exchange(lab, &params(curve_type, 23, &good)));
        outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: curve_type");
    }
    for group in [0, 22, 25, 30, 41, 0x0a0a, 0x11ec, 0xff01] {
        let outcome = to_client(lab, server_exchange(lab, &params(3, group, &good)));
        outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: namedcurve");
    }
    let only = Lab::new(Case { client: |c| c.groups(&GROUPS[1..2]), ..lab.case });
    for group in [29, 24] {
        let outcome = to_client(&only, server_exchange(&only, &params(3, group, &good)));
        outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: namedcurve");
    }
}

/// By this scheme with the key of that side.
fn sign_by(lab: &Lab, as_client: bool, scheme: S, parts: &[&[u8]]) -> Vec<u8> {
    let identity = if as_client { &lab.world.client } else { &lab.world.server };
    let Key::Here(key) = identity.key(KeyUse::Sign) else { panic!("a key elsewhere") };
    let made = key.sign(SignatureAlgorithm::of(scheme).unwrap(), parts, &Counting::from(78)).unwrap();
    [&scheme.0.to_be_bytes()[..], &vector(2, &made)].concat()
}

/// The same signature under another code point.
fn relabelled(signed: &[u8], scheme: u16) -> Vec<u8> {
    [&scheme.to_be_bytes()[..], &signed[2..]].concat()
}

/// Schemes that nobody offers, and their names where they would fit no key: MD5, SHA-1, SHA-224, DSA, unknown, SM2.
const NEVER: [u16; 9] = [0x0101, 0x0201, 0x0203, 0x0301, 0x0303, 0x0402, 0x0a0a, 0x0708, 0];

/// R-T12-7, R-T12-19, R-BCP-7: a good signature by a scheme that was not offered, or that does not fit the key.
#[test]
fn a_server_signs_by_a_scheme_that_was_offered_and_fits_its_key() {
    let narrow: fn(tlcp::config::ClientConfigBuilder) -> _ =
        |c| c.signature_schemes(&[S::RSA_PKCS1_SHA256, S::RSA_PSS_RSAE_SHA256, S::ECDSA_SHA256]);
    for (name, offered, not) in [
        (
            "ECDHE-RSA-AES128-GCM-SHA256",
            &[S::RSA_PKCS1_SHA256, S::RSA_PSS_RSAE_SHA256][..],
            &[S::RSA_PKCS1_SHA384, S::RSA_PSS_RSAE_SHA512][..],
        ),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", &[S::ECDSA_SHA256], &[S::ECDSA_SHA384]),
    ] {
        let lab = Lab::new(Case { client: narrow, ..case(name) });
        let raw = said(&lab.server, H::SERVER_KEY_EXCHANGE);
        let params = &raw[4..8 + usize::from(raw[7])];
        let parts: [&[u8]; 3] = [&lab.client_random, &lab.server_random, params];
        let play =
            |signed: &[u8]| to_client(&lab, message(H::SERVER_KEY_EXCHANGE, &[params, signed].concat()));
        for scheme in offered {
            play(&sign_by(&lab, false, *scheme, &parts)).went_well();
        }
        for scheme in not {
            let outcome = play(&sign_by(&lab, false, *scheme, &parts));
            outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: signature_algorithm");
        }
        let good = sign_by(&lab, false, offered[0], &parts);
        let of_other_keys = if offered[0] == S::ECDSA_SHA256 { [0x0401, 0x0804] } else { [0x0403, 0x0807] };
        for scheme in NEVER.into_iter().chain(of_other_keys) {
            let outcome = play(&relabelled(&good, scheme));
            outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: signature_algorithm");
        }
        // R-EC-7, R-AL-8: over other things, in the other order, damaged, none.
        let swapped = lab.signed(false, &[&lab.server_random, &lab.client_random, params]);
        let mut damaged = good.clone();
        *damaged.last_mut().unwrap() ^= 1;
        for signed in [swapped, lab.signed(true, &parts), damaged, [&good[..2], &[0, 0]].concat()] {
            play(&signed).refused(A::DECRYPT_ERROR, "ServerKeyExchange");
        }
        for signed in [&good[..good.len() - 1], &[&good[..], &[0]].concat(), &good[..2], &[]] {
            play(signed).refused(A::DECODE_ERROR, "ServerKeyExchange");
        }
    }
}

/// R-T12-8, R-T12-18, R-T12-20: a client signs by a scheme that was asked for and fits its key, and the messages themselves.
#[test]
fn a_client_signs_the_messages_by_a_scheme_that_was_asked_for() {
    for (kind, scheme) in [
        (Kind::P256, S::ECDSA_SHA256),
        (Kind::P384, S::ECDSA_SHA384),
        (Kind::Ed25519, S::ED25519),
        (Kind::Rsa, S::RSA_PSS_RSAE_SHA256),
    ] {
        let world = World { client: World::tls12(kind).client, ..World::tls12(Kind::P256) };
        let lab = Lab::within(world, case("ECDHE-ECDSA-AES128-GCM-SHA256").auth(ClientAuth::Require));
        let at = place(&lab.client, H::CERTIFICATE_VERIFY);
        // All that went by up to there, in order: the server's flight stands between the client's hello and the rest.
        let bytes = |items: &[Item]| -> Vec<u8> {
            let raw = items.iter().map(|item| match item {
                Item::Message(m) => &m[..],
                other => panic!("{other:?}"),
            });
            raw.collect::<Vec<_>>().concat()
        };
        let done = place(&lab.server, H::SERVER_HELLO_DONE);
        let messages =
            [bytes(&lab.client[..1]), bytes(&lab.server[..=done]), bytes(&lab.client[1..at])].concat();
        let play = |signed: &[u8]| to_server(&lab, message(H::CERTIFICATE_VERIFY, signed));
        play(&sign_by(&lab, true, scheme, &[&messages])).went_well();
        let digest = lab.world.provider.hashes.digest(HashAlgorithm::Sha256, &[&messages]);
        for part in [digest.as_ref(), &messages[..messages.len() - 1], &messages[4..]] {
            let outcome = play(&sign_by(&lab, true, scheme, &[part]));
            outcome.refused(A::DECRYPT_ERROR, "CertificateVerify");
        }
        let good = sign_by(&lab, true, scheme, &[&messages]);
        for other in NEVER.into_iter().chain([if kind == Kind::Rsa { 0x0403 } else { 0x0804 }]) {
            let outcome = play(&relabelled(&good, other));
            outcome.refused(A::ILLEGAL_PARAMETER, "CertificateVerify: signature_algorithm");
        }
        for signed in [&good[..good.len() - 1], &[&good[..], &[0]].concat(), &good[..1]] {
            play(signed).refused(A::DECODE_ERROR, "CertificateVerify");
        }
    }
}

/// R-T12-8: also where the scheme would fit the key, and the signature is right.
#[test]
fn a_client_that_signs_by_a_scheme_of_its_own_choice_is_refused() {
    let narrow: Case = Case { server: |s| s.signature_schemes(&[S::RSA_PKCS1_SHA256]), ..MUTUAL.case };
    let lab = Lab::new(narrow);
    let at = place(&lab.client, H::CERTIFICATE_VERIFY);
    lab.to_server(&lab.client).went_well();
    let odd = message(H::CERTIFICATE_VERIFY, &sign_by(&lab, true, S::RSA_PSS_RSAE_SHA384, &[b"whatever"]));
    let mut script = lab.client.clone();
    script[at] = Item::Message(odd);
    lab.to_server(&script).refused(A::ILLEGAL_PARAMETER, "CertificateVerify: signature_algorithm");
}

/// R-HS-16, R-AL-8: a server shows something, and a key that fits the suite.
#[test]
fn a_server_shows_a_certificate_that_fits_the_suite() {
    to_client(&ECC, message(H::CERTIFICATE, &[0, 0, 0]))
        .refused(A::DECODE_ERROR, "Certificate: certificate_list");
    let show = |pem: &[u8]| {
        let der = crate::pair::single::certificate(pem);
        to_client(&ECC, message(H::CERTIFICATE, &vector(3, &vector(3, der.as_ref()))))
    };
    show(Kind::Rsa.server()).refused(A::UNSUPPORTED_CERTIFICATE, "key");
    let rsa = Lab::new(case("ECDHE-RSA-AES128-GCM-SHA256"));
    let der = crate::pair::single::certificate(Kind::P256.server());
    let outcome = to_client(&rsa, message(H::CERTIFICATE, &vector(3, &vector(3, der.as_ref()))));
    outcome.refused(A::UNSUPPORTED_CERTIFICATE, "key");
}

/// R-BCP-5, R-RSA-2: the second certificate in the file has a key of 1024 bits.
#[test]
fn an_rsa_key_of_1024_bits_is_unsupported() {
    use rustls_pki_types::{CertificateDer, pem::PemObject};
    let file = include_bytes!("../../vectors/rsa/short.pem");
    let short = CertificateDer::pem_slice_iter(file).nth(1).unwrap().unwrap();
    let body = vector(3, &vector(3, short.as_ref()));
    for name in ["ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA256"] {
        let lab = Lab::new(case(name));
        let outcome = to_client(&lab, message(H::CERTIFICATE, &body));
        outcome.refused(A::UNSUPPORTED_CERTIFICATE, "");
    }
    to_server(&MUTUAL, message(H::CERTIFICATE, &body)).refused(A::UNSUPPORTED_CERTIFICATE, "");
}

/// R-T12-21: the curve of an ECDSA certificate is one that the client offered, for the keys of the key agreement or not.
#[test]
fn a_certificate_on_a_curve_that_was_not_offered_is_unsupported() {
    let client = |groups: &[NamedGroup]| ECC.world.client().suites(&[ECC.case.suite]).groups(groups);
    let curves = [NamedGroup::X25519, NamedGroup::SECP256R1];
    ECC.to_client_of(client(&curves), &ECC.server).went_well();
    let outcome = ECC.to_client_of(client(&curves[..1]), &ECC.server);
    outcome.refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
}

/// R-T12-8: a client's key signs by a scheme that was asked for, or is of no use from the start.
#[test]
fn a_client_key_that_signs_by_nothing_that_was_asked_for_is_unsupported() {
    let narrow = Lab::new(Case { server: |s| s.signature_schemes(&[S::RSA_PKCS1_SHA256]), ..MUTUAL.case });
    let der = crate::pair::single::certificate(Kind::P256.client());
    let certificate = message(H::CERTIFICATE, &vector(3, &vector(3, der.as_ref())));
    let outcome = narrow.to_server(&with(&narrow.client, certificate));
    outcome.refused(A::UNSUPPORTED_CERTIFICATE, "not supported");
}
