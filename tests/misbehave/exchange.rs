//! Key exchanges, signatures and Finished that are wrong.
use crate::hello::vector;
use crate::outcome::Outcome;
use crate::pair::{Counting, Ends};
use crate::script::{Case, Item, Lab, message};
use crate::{ECC, ECDHE, MUTUAL, RESUMED, labs, place, said, with};
use std::sync::Arc;
use tlcp::config::Compat;
use tlcp::crypto::{PublicKey, SignatureAlgorithm};
use tlcp::message::Credential;
use tlcp::suite::SUITES;
use tlcp::wire::{AlertDescription as A, HandshakeType as H};

/// 03 || curve || length || point, as both key exchange messages of ECDHE hold it.
fn params(curve_type: u8, curve: u16, point: &[u8]) -> Vec<u8> {
    [&[curve_type][..], &curve.to_be_bytes(), &vector(1, point)].concat()
}

/// A good point, of some key or other.
fn point() -> [u8; 65] {
    let PublicKey::Sm2(point) = ECDHE.world.pki.root.key().public() else { panic!("SM2 is all there is") };
    **point
}

/// Points that are none: (X, Y) off the curve, other forms, infinity, coordinates out of range.
fn bad_points() -> Vec<Vec<u8>> {
    let good = point().to_vec();
    let mut off_curve = good.clone();
    off_curve[64] ^= 1;
    let compressed = [&[2 | good[64] & 1][..], &good[1..33]].concat();
    let hybrid = [&[6 | good[64] & 1][..], &good[1..]].concat();
    let too_large = [&[4][..], &[0xff; 64]].concat();
    vec![off_curve, compressed, hybrid, too_large, vec![0], [&[0][..], &good[1..]].concat(), vec![4; 65]]
}

/// ServerKeyExchange of ECDHE with these parameters, rightly signed.
fn server_exchange(lab: &Lab, params: &[u8]) -> Vec<u8> {
    let signature = lab.sign(false, &[&lab.client_random, &lab.server_random, params]);
    message(H::SERVER_KEY_EXCHANGE, &[params, &vector(2, &signature)].concat())
}

fn to_client(lab: &Lab, raw: Vec<u8>) -> Outcome {
    lab.to_client(&with(&lab.server, raw))
}

fn to_server(lab: &Lab, raw: Vec<u8>) -> Outcome {
    lab.to_server(&with(&lab.client, raw))
}

/// R-HS-17, R-HS-18, R-HS-19: a good signature over other things, of another key, and none at all.
#[test]
fn a_server_key_exchange_signed_otherwise_is_a_decrypt_error() {
    let (random, pki) = (Counting::from(90), &ECC.world.pki);
    let encrypt = vector(3, &pki.server.encrypt.certificate);
    let swapped = ECC.sign(false, &[&ECC.server_random, &ECC.client_random, &encrypt]);
    let other =
        ECC.sign(false, &[&ECC.client_random, &ECC.server_random, &vector(3, &pki.server.sign.certificate)]);
    let no_length = ECC.sign(false, &[&ECC.client_random, &ECC.server_random, &encrypt[3..]]);
    let by_client = ECC.sign(true, &[&ECC.client_random, &ECC.server_random, &encrypt]);
    let parts = [&ECC.client_random[..], &ECC.server_random, &encrypt].concat();
    let key = pki.server.encrypt.key();
    let by_other_key = key.sign(SignatureAlgorithm::SM2, &[&parts], &random).unwrap();
    let key = pki.server.sign.key();
    let empty_id = SignatureAlgorithm::Sm2Sm3 { user_id: b"" };
    let other_id = key.sign(empty_id, &[&parts], &random).unwrap();
    let signatures = [swapped, other, no_length, by_client, by_other_key, other_id, vec![], vec![0x30, 0]];
    for signature in signatures {
        let outcome = to_client(&ECC, message(H::SERVER_KEY_EXCHANGE, &vector(2, &signature)));
        outcome.refused(A::DECRYPT_ERROR, "ServerKeyExchange");
    }
    let good = params(3, 41, &point());
    let signature = ECDHE.sign(false, &[&ECDHE.client_random, &ECDHE.server_random, &vector(2, &good)]);
    let raw = message(H::SERVER_KEY_EXCHANGE, &[&good[..], &vector(2, &signature)].concat());
    to_client(&ECDHE, raw).refused(A::DECRYPT_ERROR, "ServerKeyExchange");
}

/// R-SM2-2: strict DER, so that there is one encoding of a signature.
#[test]
fn signatures_in_loose_der_are_decrypt_errors() {
    let good = said(&ECC.server, H::SERVER_KEY_EXCHANGE)[6..].to_vec();
    let [r, s] = integers(&good);
    let sequence = |parts: &[u8]| [&[0x30, parts.len() as u8][..], parts].concat();
    let integer = |n: &[u8]| [&[2, n.len() as u8][..], n].concat();
    let padded = |n: &[u8]| integer(&[&[0][..], n].concat());
    let loose = [
        sequence(&[padded(&r), integer(&s)].concat()),
        sequence(&[integer(&r), padded(&s)].concat()),
        [&good[..], &[0]].concat(),
        sequence(&[integer(&r), integer(&s), integer(&[1])].concat()),
        sequence(&integer(&r)),
        [&[0x30, 0x81, good[1]][..], &good[2..]].concat(),
        sequence(&[integer(&[0]), integer(&s)].concat()),
        sequence(&[integer(&r), integer(&[0])].concat()),
    ];
    for signature in loose {
        let outcome = to_client(&ECC, message(H::SERVER_KEY_EXCHANGE, &vector(2, &signature)));
        outcome.refused(A::DECRYPT_ERROR, "ServerKeyExchange");
    }
}

/// The two INTEGERs of a signature.
fn integers(der: &[u8]) -> [Vec<u8>; 2] {
    let first = usize::from(der[3]);
    [der[4..4 + first].to_vec(), der[6 + first..].to_vec()]
}

/// R-HS-18, R-SM2-6
#[test]
fn ephemeral_points_of_a_server_must_be_on_the_curve() {
    to_client(&ECDHE, server_exchange(&ECDHE, &params(3, 41, &point()))).refused(A::BAD_RECORD_MAC, "");
    for point in bad_points() {
        let outcome = to_client(&ECDHE, server_exchange(&ECDHE, &params(3, 41, &point)));
        outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: public");
    }
    let outcome = to_client(&ECDHE, server_exchange(&ECDHE, &params(3, 41, &[])));
    outcome.refused(A::DECODE_ERROR, "ServerKeyExchange: public");
}

/// R-HS-18: named_curve and the SM2 curve, by its id or one of its older ones, which a policy can refuse.
#[test]
fn curve_ids_of_a_server_are_checked() {
    for curve_type in [0, 1, 2, 4, 255] {
        let outcome = to_client(&ECDHE, server_exchange(&ECDHE, &params(curve_type, 41, &point())));
        outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: curve_type");
    }
    for curve in [23, 29, 24, 40, 42, 0xffff] {
        let outcome = to_client(&ECDHE, server_exchange(&ECDHE, &params(3, curve, &point())));
        outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: namedcurve");
    }
    let strict = |c: tlcp::config::ClientConfigBuilder| {
        let mut compat = Compat::default();
        compat.old_curve_ids = false;
        c.compat(compat)
    };
    let strict = Lab::new(Case { client: strict, ..ECDHE.case });
    for curve in [249, 0, 30] {
        // Taken: only the key is another one.
        let raw = server_exchange(&ECDHE, &params(3, curve, &point()));
        to_client(&ECDHE, raw).refused(A::BAD_RECORD_MAC, "");
        let outcome = to_client(&strict, server_exchange(&strict, &params(3, curve, &point())));
        outcome.refused(A::ILLEGAL_PARAMETER, "ServerKeyExchange: namedcurve");
    }
}

/// R-HS-24, R-HS-43: what everyone can see to be no SM2Cipher.
#[test]
fn a_ciphertext_that_is_no_der_is_a_decode_error() {
    let good = said(&ECC.client, H::CLIENT_KEY_EXCHANGE)[6..].to_vec();
    let mut bad: Vec<Vec<u8>> = vec![vec![], vec![0x30, 0], [&good[..], &[0]].concat()];
    bad.extend((0..good.len()).step_by(7).map(|n| good[..n].to_vec()));
    for (at, byte) in [(0, 0x31), (2, 1), (3, 4)] {
        let mut odd = good.clone();
        odd[at] = byte;
        bad.push(odd);
    }
    for der in bad {
        let outcome = to_server(&ECC, message(H::CLIENT_KEY_EXCHANGE, &vector(2, &der)));
        outcome.refused(A::DECODE_ERROR, "ClientKeyExchange: ECCEncryptedPreMasterSecret");
    }
    let raw = |body: &[u8]| message(H::CLIENT_KEY_EXCHANGE, body);
    for body in [&[][..], &[0], &good, &[&vector(2, &good)[..], &[0]].concat()] {
        to_server(&ECC, raw(body)).refused(A::DECODE_ERROR, "ClientKeyExchange");
    }
}

/// A ciphertext of this to the server.
fn encrypted(lab: &Lab, secret: &[u8]) -> Vec<u8> {
    let key = lab.world.pki.server.encrypt.key().public();
    lab.world.provider.keys.encrypt(key, secret, &Counting::from(91)).unwrap()
}

/// R-HS-25, R-HS-26, R-HS-43: nothing is said about the secret before Finished, and then it is always bad_record_mac: another secret,
/// another version, another length, a point off the curve, a wrong hash, the wrong key.
#[test]
fn a_wrong_pre_master_secret_is_always_a_bad_record_mac() {
    let secret = |version: [u8; 2], length: usize| [&version[..], &vec![7; length]].concat();
    let secrets =
        [secret([1, 1], 46), secret([3, 3], 46), secret([0, 0], 46), secret([1, 1], 45), secret([1, 1], 47)];
    for lab in [&*ECC, &MUTUAL] {
        let mut ciphertexts: Vec<Vec<u8>> = secrets.iter().map(|s| encrypted(lab, s)).collect();
        ciphertexts.extend([encrypted(lab, &[1]), encrypted(lab, &[1, 1]), encrypted(lab, &[7; 300])]);
        let key = lab.world.pki.server.sign.key().public();
        let random = Counting::from(92);
        ciphertexts.push(lab.world.provider.keys.encrypt(key, &secret([1, 1], 46), &random).unwrap());
        // Whatever is inside: C1's coordinates, C3, C2.
        let good = said(&lab.client, H::CLIENT_KEY_EXCHANGE)[6..].to_vec();
        for at in [10, 50, 90, good.len() - 60, good.len() - 1] {
            let mut odd = good.clone();
            odd[at] ^= 1;
            ciphertexts.push(odd);
        }
        // C1 = (1, 1), and C1 = (0, 0), with an empty C2.
        ciphertexts.push([&[0x30, 0x2a, 2, 1, 1, 2, 1, 1, 4, 32][..], &[9; 32], &[4, 0]].concat());
        ciphertexts.push([&[0x30, 0x2a, 2, 1, 0, 2, 1, 0, 4, 32][..], &[9; 32], &[4, 0]].concat());
        for der in ciphertexts {
            let outcome = to_server(lab, message(H::CLIENT_KEY_EXCHANGE, &vector(2, &der)));
            outcome.refused(A::BAD_RECORD_MAC, "does not open");
        }
    }
}

/// A DER value: tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u8;
    let long = if length < 128 { vec![length] } else { vec![0x81, length] };
    [&[tag][..], &long, content].concat()
}

/// R-AL-9, R-HS-43: what is well-formed DER is a ciphertext, of whatever lengths: to tell which of them cannot be would be
/// to tell something.
#[test]
fn a_well_formed_ciphertext_of_other_lengths_takes_the_fallback() {
    let sizes = |x: usize, y: usize, hash: usize, text: usize| {
        let parts =
            [der(2, &vec![0x11; x]), der(2, &vec![0x22; y]), der(4, &vec![3; hash]), der(4, &vec![4; text])];
        der(0x30, &parts.concat())
    };
    for (x, y) in [(32, 32), (31, 32), (32, 31), (33, 32), (32, 33), (1, 1), (40, 8)] {
        for (hash, text) in
            [(32, 48), (31, 48), (33, 48), (0, 48), (20, 48), (64, 48), (32, 0), (32, 47), (32, 49)]
        {
            let raw = message(H::CLIENT_KEY_EXCHANGE, &vector(2, &sizes(x, y, hash, text)));
            to_server(&ECC, raw).refused(A::BAD_RECORD_MAC, "does not open");
        }
    }
}

/// R-HS-23, R-HS-44: 69 bytes and 71 bytes are both read, whatever the preset; nothing else is.
#[test]
fn both_lengths_of_an_ephemeral_client_key_exchange_are_read() {
    let good = said(&ECDHE.client, H::CLIENT_KEY_EXCHANGE)[4..].to_vec();
    assert_eq!(good.len(), 69);
    let raw = |body: &[u8]| message(H::CLIENT_KEY_EXCHANGE, body);
    to_server(&ECDHE, raw(&good)).went_well();
    to_server(&ECDHE, raw(&vector(2, &good))).went_well();
    let long = [&good[..], &[0]].concat();
    let mut other_type = good.clone();
    other_type[0] = 1;
    let mut short_point = good.clone();
    short_point[3] = 0x40;
    let mut long_point = good.clone();
    long_point[3] = 0x42;
    let wrong_length = [&[0, 68][..], &good].concat();
    let bodies = [&[][..], &good[..68], &long, &vector(2, &long), &vector(3, &good), &wrong_length, &[3; 70]];
    for body in
        bodies.into_iter().chain([&other_type[..], &short_point, &long_point, &vector(2, &other_type)])
    {
        to_server(&ECDHE, raw(body)).refused(A::DECODE_ERROR, "ClientKeyExchange: ");
    }
}

/// R-HS-44, R-HS-18, R-SM2-6
#[test]
fn ephemeral_points_of_a_client_must_be_on_the_curve() {
    let raw = |curve: u16, point: &[u8]| message(H::CLIENT_KEY_EXCHANGE, &params(3, curve, point));
    for point in bad_points().iter().filter(|p| p.len() == 65) {
        to_server(&ECDHE, raw(41, point)).refused(A::ILLEGAL_PARAMETER, "ClientKeyExchange: public");
    }
    for curve in [23, 29, 0xffff] {
        let outcome = to_server(&ECDHE, raw(curve, &point()));
        outcome.refused(A::ILLEGAL_PARAMETER, "ClientKeyExchange: namedcurve");
    }
    // Another point is another secret, and so is the same one under an old id of the curve not.
    to_server(&ECDHE, raw(41, &point())).refused(A::BAD_RECORD_MAC, "");
    let good = said(&ECDHE.client, H::CLIENT_KEY_EXCHANGE)[8..].to_vec();
    for curve in [249, 0, 30] {
        to_server(&ECDHE, raw(curve, &good)).went_well();
    }
}

/// CertificateVerify over this, by this key.
fn verify(key: &tlcp::pki::Issued, signed: &[u8]) -> Item {
    let signature = key.key().sign(SignatureAlgorithm::SM2, &[signed], &Counting::from(93)).unwrap();
    Item::Message(message(H::CERTIFICATE_VERIFY, &vector(2, &signature)))
}

/// All messages before CertificateVerify, as they went by.
fn transcript(lab: &Lab) -> Vec<u8> {
    let mut all = said(&lab.client, H::CLIENT_HELLO);
    let plain = |item: &Item| match item {
        Item::Message(m) => m.clone(),
        _ => Vec::new(),
    };
    all.extend(lab.server.iter().flat_map(plain));
    all.extend(lab.client[1..].iter().flat_map(plain));
    all
}

fn hash_only(server: tlcp::config::ServerConfigBuilder) -> tlcp::config::ServerConfigBuilder {
    let mut compat = Compat::default();
    compat.accept_raw_certificate_verify = false;
    server.compat(compat)
}

/// R-HS-27, R-HS-29, R-HS-47: by the signing key, over the hash, or over the messages themselves where the server takes
/// them; over nothing else.
#[test]
fn certificate_verify_is_over_the_hash_or_over_the_messages() {
    let gmssl =
        Case { server: |s| s.compat(Compat::gmssl()), client: |c| c.compat(Compat::gmssl()), ..MUTUAL.case };
    let gmssl = Lab::new(gmssl);
    let strict = Lab::new(Case { server: hash_only, ..MUTUAL.case });
    // R-HS-47: a server takes either form; the client's preset decides which one ours sends.
    for (lab, raw) in [(&*MUTUAL, false), (&*ECDHE, false), (&gmssl, true), (&strict, false)] {
        let pki = &lab.world.pki;
        let messages = transcript(lab);
        let hash = lab.world.provider.hashes.digest(lab.case.suite.prf, &[&messages]);
        let at = place(&lab.client, H::CERTIFICATE_VERIFY);
        let play = |item: Item| {
            let mut script = lab.client.clone();
            script[at] = item;
            lab.to_server(&script)
        };
        let [right, wrong] =
            if raw { [&messages[..], hash.as_ref()] } else { [hash.as_ref(), &messages[..]] };
        play(verify(&pki.client.sign, right)).went_well();
        let other = play(verify(&pki.client.sign, wrong));
        if std::ptr::eq(lab, &strict) {
            other.refused(A::DECRYPT_ERROR, "CertificateVerify");
        } else {
            other.went_well();
        }
        let bad = [
            verify(&pki.client.encrypt, wrong),
            verify(&pki.client.sign, &wrong[1..]),
            verify(&pki.client.encrypt, right),
            verify(&pki.server.sign, right),
            verify(&pki.client.sign, &right[..right.len() - 1]),
            Item::Message(message(H::CERTIFICATE_VERIFY, &[0, 0])),
        ];
        for item in bad {
            play(item).refused(A::DECRYPT_ERROR, "CertificateVerify");
        }
        for body in [&[][..], &[0], &[0, 1], &[0, 0, 0], &[0, 2, 1]] {
            let outcome = play(Item::Message(message(H::CERTIFICATE_VERIFY, body)));
            outcome.refused(A::DECODE_ERROR, "CertificateVerify: signature");
        }
    }
}

/// R-KEY-6, R-HS-31: a wrong value is a decrypt_error, a wrong length a decode_error; R-SES-4: nothing is stored, and
/// R-SES-12: a server that was shown no right Finished drops nothing.
#[test]
fn a_wrong_finished_is_refused_and_no_session_is_kept() {
    for lab in labs() {
        for (literal, is_client) in [(&lab.literal[0], true), (&lab.literal[1], false)] {
            let Item::Message(good) = literal[place(literal, H::FINISHED)].clone() else {
                panic!("it is literal")
            };
            let mut bad: Vec<(Vec<u8>, A, &str)> = Vec::new();
            for bit in 0..96 {
                let mut odd = good.clone();
                odd[4 + bit / 8] ^= 1 << (bit % 8);
                bad.push((odd, A::DECRYPT_ERROR, "verify_data is wrong"));
            }
            bad.push((message(H::FINISHED, &[0; 12]), A::DECRYPT_ERROR, "verify_data is wrong"));
            for body in [&[][..], &good[4..15], &[&good[4..], &[0]].concat(), &[0; 36]] {
                bad.push((message(H::FINISHED, body), A::DECODE_ERROR, "Finished: length"));
            }
            for (raw, alert, text) in bad {
                let outcome = if is_client { to_server(lab, raw) } else { to_client(lab, raw) };
                outcome.refused(alert, text);
                let keeps = usize::from(lab.case.resumed && is_client);
                assert_eq!(outcome.stored, keeps);
                assert_eq!(outcome.removed, usize::from(lab.case.resumed && !is_client));
            }
        }
    }
}

/// R-KEY-3: one side's Finished is not the other's.
#[test]
fn a_finished_that_is_sent_back_is_wrong() {
    for lab in labs() {
        let [client, server] = &lab.literal;
        let finished = |script: &[Item]| match &script[place(script, H::FINISHED)] {
            Item::Message(m) => m.clone(),
            other => panic!("{other:?}"),
        };
        to_server(lab, finished(server)).refused(A::DECRYPT_ERROR, "R-KEY-6");
        to_client(lab, finished(client)).refused(A::DECRYPT_ERROR, "R-KEY-6");
    }
}

/// R-SES-3: a session of one suite gives no keys to another: nothing opens.
#[test]
fn a_resumption_without_the_secret_is_a_bad_record_mac() {
    let stranger = Lab::new(Case { server: |s| s.session_tag(b"other"), ..Case::of(&SUITES[3]).resumed() });
    let ccs = place(&RESUMED.server, H::FINISHED) - 1;
    let mut script = RESUMED.server[..=ccs].to_vec();
    script.push(Item::Bytes(crate::script::plain(tlcp::wire::ContentType::HANDSHAKE, &[5; 80])));
    let outcome = RESUMED.to_client(&script);
    outcome.refused(A::BAD_RECORD_MAC, "does not open");
    assert_eq!((outcome.removed, outcome.stored), (1, 0));
    let mut script = stranger.client[..2].to_vec();
    script.push(Item::Bytes(crate::script::plain(tlcp::wire::ContentType::HANDSHAKE, &[5; 80])));
    let outcome = stranger.to_server(&script);
    outcome.refused(A::BAD_RECORD_MAC, "does not open");
    assert_eq!((outcome.removed, outcome.stored), (0, 1), "R-SES-12: it proved nothing");
}

/// R-HS-13, R-HS-23, R-HS-27: what GmSSL wants is sent by its preset alone; what a default server makes of it.
#[test]
fn the_preset_for_gmssl_sends_its_forms() {
    let gmssl = |c: tlcp::config::ClientConfigBuilder| c.compat(Compat::gmssl());
    let both = Case { client: gmssl, server: |s| s.compat(Compat::gmssl()), ..ECDHE.case };
    let ecdhe = Lab::new(both);
    let exchange = said(&ecdhe.client, H::CLIENT_KEY_EXCHANGE);
    assert_eq!((exchange.len(), &exchange[4..9]), (75, &[0, 69, 3, 0, 41][..]));
    assert_eq!(said(&ECDHE.client, H::CLIENT_KEY_EXCHANGE)[4..7], [3, 0, 41]);
    // Both certificates all the same, for the suite needs them (R-CS-3).
    let list = |lab: &Lab| Credential::read(&said(&lab.client, H::CERTIFICATE)[4..], 10).unwrap();
    assert_eq!(list(&ecdhe).certificates().len(), 3);
    let ecc = Lab::new(Case { client: gmssl, server: |s| s.compat(Compat::gmssl()), ..MUTUAL.case });
    assert_eq!((list(&ecc).certificates().len(), list(&MUTUAL).certificates().len()), (2, 3));
    let server = || ECDHE.world.server().suites(&[ECDHE.case.suite]);
    ecdhe.to_server_of(server(), &ecdhe.literal[0]).went_well();
    ecdhe.to_server_of(hash_only(server()), &ecdhe.literal[0]).refused(A::DECRYPT_ERROR, "CertificateVerify");
    // R-HS-47: the messages are not kept for a hello of more than 512 bytes.
    for (name, good) in [(&[b'x'; 100][..], true), (&[b'x'; 250], false)] {
        let long = [[name, b"1"].concat(), [name, b"2"].concat()];
        let client = ECDHE.world.client().suites(&[ECDHE.case.suite]).compat(Compat::gmssl());
        let client = Arc::new(client.alpn(long.iter().map(|n| &n[..])).build().unwrap());
        let mut ends = Ends::new(&client, &Arc::new(server().build().unwrap()));
        assert_eq!(ends.client.pending_output().len() <= 5 + 512, good);
        assert_eq!(ends.run().is_ok(), good, "{} bytes", name.len());
    }
}
