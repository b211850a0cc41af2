//! The SM9 suites: identities, parameters, points, ciphertexts and signatures that are wrong (spec section 6).
use super::hello::{Hello, vector};
use super::outcome::Outcome;
use super::pair::Counting;
use super::script::{Case, Heard, Item, Lab, message};
use super::{ECC, place, said, with};
use std::sync::LazyLock;
use tlcp::config::ClientAuth;
use tlcp::crypto::sm9::encoding::{Ciphertext, Mode, Signature};
use tlcp::crypto::sm9::{MasterKind, Usage};
use tlcp::message::KeyAgreementInfo;
use tlcp::suite::Suite;
use tlcp::wire::{AlertDescription as A, HandshakeType as H};

fn lab(suite: &str, auth: ClientAuth) -> Lab {
    Lab::new(Case::of(Suite::by_name(suite).unwrap()).auth(auth))
}

static IBC: LazyLock<Lab> = LazyLock::new(|| lab("IBC_SM4_CBC_SM3", ClientAuth::None));
pub(super) static MUTUAL: LazyLock<Lab> = LazyLock::new(|| lab("IBC_SM4_GCM_SM3", ClientAuth::Require));
pub(super) static IBSDH: LazyLock<Lab> = LazyLock::new(|| lab("IBSDH_SM4_GCM_SM3", ClientAuth::None));

const SERVER: &[u8] = b"localhost";
const CLIENT: &[u8] = b"client";
/// N, the order of the groups, and P, of the field.
const N: &str = "b640000002a3a6f1d603ab4ff58ec74449f2934b18ea8beee56ee19cd69ecf25";
const P: &str = "b640000002a3a6f1d603ab4ff58ec74521f2934b1a7aeedbe56f9b27e351457d";

fn to_server(lab: &Lab, raw: Vec<u8>) -> Outcome {
    lab.to_server(&with(&lab.client, raw))
}

fn to_client(lab: &Lab, raw: Vec<u8>) -> Outcome {
    lab.to_client(&with(&lab.server, raw))
}

fn number(text: &str) -> [u8; 32] {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// Of 65 bytes and no points of G1: off the curve, infinity, other forms, numbers from P upwards.
fn no_points(good: &[u8]) -> Vec<Vec<u8>> {
    let point = |x: &[u8], y: &[u8]| [&[4][..], x, y].concat();
    let (x, y) = (&good[1..33], &good[33..]);
    let mut off_curve = good.to_vec();
    off_curve[64] ^= 1;
    let formed = |first: u8| [&[first], &good[1..]].concat();
    vec![
        off_curve,
        point(&[0; 32], &[0; 32]),
        point(&[0; 32], y),
        point(x, &[0; 32]),
        point(y, x),
        point(&number(P), &number(P)),
        point(&[0xff; 32], &[0xff; 32]),
        formed(0),
        formed(2),
        formed(6),
    ]
}

/// ServerKeyExchange of IBSDH with these parameters, rightly signed.
fn server_exchange(params: &[u8]) -> Vec<u8> {
    let signature = IBSDH.sign(false, &[&IBSDH.client_random, &IBSDH.server_random, params]);
    message(H::SERVER_KEY_EXCHANGE, &[params, &vector(2, &signature)].concat())
}

/// The parameters of a side as they were recorded, changed.
fn changed(of_server: bool, change: impl for<'a> Fn(KeyAgreementInfo<'a>) -> Vec<u8>) -> Vec<u8> {
    if of_server {
        let raw = said(&IBSDH.server, H::SERVER_KEY_EXCHANGE);
        server_exchange(&change(KeyAgreementInfo::read_signed(&raw[4..]).unwrap().info))
    } else {
        let raw = said(&IBSDH.client, H::CLIENT_KEY_EXCHANGE);
        let params = change(KeyAgreementInfo::read_client(&raw[4..]).unwrap());
        message(H::CLIENT_KEY_EXCHANGE, &vector(2, &params))
    }
}

/// Plays what [`changed`] gives to the other side.
fn exchange(of_server: bool, change: impl for<'a> Fn(KeyAgreementInfo<'a>) -> Vec<u8>) -> Outcome {
    let raw = changed(of_server, change);
    if of_server { to_client(&IBSDH, raw) } else { to_server(&IBSDH, raw) }
}

/// R-IBC-1, R-IBC-8: hid is that of key exchange, whoever says it, however rightly it is signed.
#[test]
fn parameters_for_another_use_are_refused() {
    for of_server in [true, false] {
        exchange(of_server, |info| info.to_bytes()).went_well();
        for hid in [0, 1, 3, 4, 0x82, 0xff] {
            let outcome = exchange(of_server, |info| KeyAgreementInfo { hid, ..info }.to_bytes());
            outcome.refused(A::ILLEGAL_PARAMETER, "KeyExchange: hid");
        }
    }
}

/// R-IBC-7: both parameters name both parties, the server as A, and say nothing else.
#[test]
fn parameters_for_other_parties_are_refused() {
    let (long, longest) = ([0x61; 1025], [0x61; 8000]);
    for of_server in [true, false] {
        for other in [&b""[..], b"mallory", b"Localhost", b"CLIENT", &[0], &long, &longest] {
            let outcome = exchange(of_server, |info| KeyAgreementInfo { server: other, ..info }.to_bytes());
            outcome.refused(A::ILLEGAL_PARAMETER, "KeyExchange: userID_A");
            let outcome = exchange(of_server, |info| KeyAgreementInfo { client: other, ..info }.to_bytes());
            outcome.refused(A::ILLEGAL_PARAMETER, "KeyExchange: userID_B");
        }
        let swap = |info: KeyAgreementInfo<'_>| {
            KeyAgreementInfo { server: info.client, client: info.server, ..info }.to_bytes()
        };
        exchange(of_server, swap).refused(A::ILLEGAL_PARAMETER, "KeyExchange: userID_A");
    }
}

/// R-IBC-7, R-SM2-6: a point of G1, in the one form; nothing else is agreed with, however rightly it is signed.
#[test]
fn points_that_are_none_are_refused() {
    for of_server in [true, false] {
        let raw = if of_server {
            said(&IBSDH.server, H::SERVER_KEY_EXCHANGE)
        } else {
            said(&IBSDH.client, H::CLIENT_KEY_EXCHANGE)
        };
        let good = raw.windows(3).position(|w| w == [0x42, 0, 4]).map(|at| &raw[at + 2..at + 67]).unwrap();
        let master = IBSDH.world.provider.keys.sm9_master(MasterKind::Sign, &[7; 32]).unwrap();
        let mut bad = no_points(good);
        bad.extend([vec![], vec![0], good[..64].to_vec(), [good, &[0]].concat(), [2; 33].to_vec()]);
        bad.push(master.public().to_vec());
        for point in &bad {
            let outcome = exchange(of_server, |info| KeyAgreementInfo { point, ..info }.to_bytes());
            outcome.refused(A::ILLEGAL_PARAMETER, "KeyExchange: ");
        }
        // Another good one is another secret, which shows at Finished.
        let another = if of_server { said(&IBSDH.client, H::CLIENT_KEY_EXCHANGE) } else { raw.clone() };
        let other = another.windows(3).position(|w| w == [0x42, 0, 4]).unwrap() + 2;
        let point = if of_server { another[other..other + 65].to_vec() } else { generator() };
        let outcome = exchange(of_server, |info| KeyAgreementInfo { point: &point, ..info }.to_bytes());
        outcome.refused(A::BAD_RECORD_MAC, "does not open");
    }
}

/// A point that is one.
fn generator() -> Vec<u8> {
    let mut one = [0; 32];
    one[31] = 1;
    IBSDH.world.provider.keys.sm9_master(MasterKind::Encrypt, &one).unwrap().public().to_vec()
}

/// R-IBC-7, R-IBC-8: the structure is strict DER of version 1, with a length before it from a client and none from a server.
#[test]
fn parameters_that_are_no_structure_are_decode_errors() {
    for of_server in [true, false] {
        let name = if of_server { "ServerKeyExchange" } else { "ClientKeyExchange" };
        let refused = |params: Vec<u8>| {
            let outcome = exchange(of_server, |_| params.clone());
            outcome.refused(A::DECODE_ERROR, name);
        };
        let whole = changed(of_server, |info| info.to_bytes());
        let body = &whole[if of_server { 4 } else { 6 }..];
        let good = body[..2 + usize::from(body[1])].to_vec();
        let at = |place: usize, byte: u8| {
            let mut odd = good.clone();
            odd[place] = byte;
            odd
        };
        // version 0 and 2; the point's BIT STRING with unused bits; hid in two bytes; other tags
        [at(4, 0), at(4, 2), at(9, 1), at(2, 4), at(0, 0x31), at(7, 4)].into_iter().for_each(refused);
        let hid = good.len() - 3;
        assert_eq!(good[hid..], [4, 1, 2]);
        refused([&[0x30, good[1] + 1], &good[2..hid], &[4, 2, 0, 2]].concat());
        refused([&[0x30, good[1] - 1], &good[2..hid], &[4, 0]].concat());
        refused([&[0x30, good[1] - 3], &good[2..hid]].concat());
        refused([&[0x30, good[1] + 2], &good[2..], &[5, 0]].concat());
        refused([&[0x30, 0x81, good[1]], &good[2..]].concat());
    }
    let server = said(&IBSDH.server, H::SERVER_KEY_EXCHANGE);
    let lengthened = [&(server.len() as u16 - 4).to_be_bytes()[..], &server[4..]].concat();
    for body in [&[][..], &[0x30], &server[4..40], &lengthened, &[&server[4..], &[0]].concat()] {
        to_client(&IBSDH, message(H::SERVER_KEY_EXCHANGE, body))
            .refused(A::DECODE_ERROR, "ServerKeyExchange");
    }
    let client = said(&IBSDH.client, H::CLIENT_KEY_EXCHANGE);
    for body in [&[][..], &[0], &[0, 0], &client[6..], &client[4..40], &[&client[4..], &[0]].concat()] {
        to_server(&IBSDH, message(H::CLIENT_KEY_EXCHANGE, body))
            .refused(A::DECODE_ERROR, "ClientKeyExchange");
    }
}

/// A signature that is nearly this one: h of 0, 1, N - 1, N and more; S no point; other DER; nothing.
fn nearly(good: &[u8]) -> Vec<Vec<u8>> {
    let Signature { h, s } = Signature::read(good).unwrap();
    let (mut one, mut less) = ([0; 32], number(N));
    (one[31], less[31]) = (1, less[31] - 1);
    let hashes = [[0; 32], one, less, number(N), [0xff; 32]].map(|h| Signature { h, s }.write());
    let points = no_points(&s).into_iter().map(|s| Signature { h, s: s.try_into().unwrap() }.write());
    let mut out: Vec<_> = hashes.into_iter().chain(points).collect();
    let mut flipped = good.to_vec();
    flipped[20] ^= 1;
    out.extend([flipped, vec![], vec![0x30, 0], good[..good.len() - 1].to_vec(), [good, &[0]].concat()]);
    out
}

/// R-IBC-7, R-AL-8: the server signs both randoms and its identity as sent, or its parameters; nothing like it will do.
#[test]
fn a_server_key_exchange_signed_otherwise_is_a_decrypt_error() {
    let (client, server) = (&IBC.client_random[..], &IBC.server_random[..]);
    let id = vector(2, SERVER);
    let right = IBC.sign(false, &[client, server, &id]);
    let raw = |signature: &[u8]| message(H::SERVER_KEY_EXCHANGE, &vector(2, signature));
    to_client(&IBC, raw(&right)).went_well();
    let mut bad = nearly(&right);
    let digest = IBC.world.provider.hashes.digest(IBC.case.suite.prf, &[client, server, &id]);
    let signed: [&[&[u8]]; 7] = [
        &[server, client, &id],
        &[client, server, SERVER],
        &[client, server, &vector(2, CLIENT)],
        &[client, server, &vector(3, SERVER)],
        &[client, server],
        &[],
        &[digest.as_ref()],
    ];
    bad.extend(signed.map(|parts| IBC.sign(false, parts)));
    bad.push(IBC.sign(true, &[client, server, &id]));
    bad.extend(strangers(&[client, server, &id]));
    for signature in &bad {
        to_client(&IBC, raw(signature)).refused(A::DECRYPT_ERROR, "ServerKeyExchange");
    }
    let recorded = said(&IBSDH.server, H::SERVER_KEY_EXCHANGE);
    let params = KeyAgreementInfo::read_signed(&recorded[4..]).unwrap().bytes;
    let (client, server) = (&IBSDH.client_random[..], &IBSDH.server_random[..]);
    let mut bad = nearly(&IBSDH.sign(false, &[client, server, params]));
    bad.push(IBSDH.sign(false, &[client, server, &vector(2, params)]));
    bad.push(IBSDH.sign(false, &[client, server, &id]));
    bad.push(IBSDH.sign(true, &[client, server, params]));
    for signature in bad {
        let raw = message(H::SERVER_KEY_EXCHANGE, &[params, &vector(2, &signature)].concat());
        to_client(&IBSDH, raw).refused(A::DECRYPT_ERROR, "ServerKeyExchange");
    }
}

/// Signatures over `parts` by keys of the server's name under another key centre, and of another name.
fn strangers(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let keys = IBC.world.provider.keys;
    let master = keys.sm9_master(MasterKind::Sign, &[7; 32]).unwrap();
    let sign = |identity: &[u8]| {
        let key = master.user_key(Usage::Sign, identity).unwrap();
        let key = keys.sm9_private(Usage::Sign, identity, master.public(), &key).unwrap();
        let scheme = IBC.case.suite.key_exchange.authenticates.fixed_scheme();
        let algorithm = tlcp::crypto::SignatureAlgorithm::of(scheme).unwrap();
        key.sign(algorithm, parts, &Counting::from(94)).unwrap()
    };
    vec![sign(SERVER), sign(b"mallory")]
}

/// R-IBC-5, R-AL-8: CertificateVerify is over the hash of the messages by the client's signing key.
#[test]
fn a_certificate_verify_signed_otherwise_is_a_decrypt_error() {
    for lab in [&*MUTUAL, &IBSDH] {
        let Item::Message(good) = &lab.literal[0][place(&lab.client, H::CERTIFICATE_VERIFY)] else {
            panic!("it is literal")
        };
        let at = place(&lab.client, H::CERTIFICATE_VERIFY);
        let play = |body: &[u8]| {
            let mut script = lab.client.clone();
            script[at] = Item::Message(message(H::CERTIFICATE_VERIFY, body));
            lab.to_server(&script)
        };
        let mut bad = nearly(&good[6..]);
        bad.extend([lab.sign(true, &[b"another hash"]), lab.sign(false, &[b""])]);
        for signature in bad {
            play(&vector(2, &signature)).refused(A::DECRYPT_ERROR, "CertificateVerify");
        }
        for body in [&[][..], &[0], &[0, 9, 1], &[&good[4..], &[0]].concat()] {
            play(body).refused(A::DECODE_ERROR, "CertificateVerify: signature");
        }
    }
}

/// R-IBC-2, R-HS-43: whatever is wrong with a well-formed ciphertext shows at Finished, and alike: other modes, no point, a
/// stranger's key, another secret.
#[test]
fn whatever_an_sm9_ciphertext_holds_ends_in_bad_record_mac_on_finished() {
    for lab in [&*IBC, &MUTUAL] {
        let keys = lab.world.provider.keys;
        let key = lab.world.server.public_key(tlcp::cert::KeyUse::Encrypt);
        let encrypt = |secret: &[u8]| keys.encrypt(key, secret, &Counting::from(95)).unwrap();
        let good = encrypt(&[1; 48]);
        let Ciphertext { c1, c3, c2, .. } = Ciphertext::read(&good).unwrap();
        let mut bad =
            vec![good.clone(), encrypt(&[3; 48]), encrypt(&[1; 47]), encrypt(&[1; 49]), encrypt(&[1])];
        bad.push(encrypt(&[1; 300]));
        bad.extend([Mode::Sm4Ecb, Mode::Sm4Cbc].map(|mode| Ciphertext { mode, c1, c3, c2 }.write()));
        bad.extend(no_points(&c1).into_iter().map(|point| {
            let c1 = point.try_into().unwrap();
            Ciphertext { mode: Mode::Xor, c1, c3, c2 }.write()
        }));
        bad.push(Ciphertext { mode: Mode::Xor, c1, c3: [0; 32], c2 }.write());
        bad.push(Ciphertext { mode: Mode::Xor, c1, c3, c2: &[] }.write());
        let master = keys.sm9_master(MasterKind::Encrypt, &[7; 32]).unwrap();
        for (identity, public) in [(SERVER, master.public().to_vec()), (CLIENT, lab_master(lab))] {
            let stranger = keys.sm9_public(Usage::Encrypt, identity, &public).unwrap();
            bad.push(keys.encrypt(&stranger, &[1; 48], &Counting::from(96)).unwrap());
        }
        for der in bad {
            let outcome = to_server(lab, message(H::CLIENT_KEY_EXCHANGE, &vector(2, &der)));
            outcome.refused(A::BAD_RECORD_MAC, "does not open");
            let told = outcome.heard.iter().filter(|heard| matches!(heard, Heard::Alert(_))).count();
            assert_eq!(told, 1, "one alert, and that after Finished");
        }
        for (place, byte) in [(0, 0x31), (3, 4), (5, 9)] {
            let mut odd = good.clone();
            odd[place] = byte;
            let outcome = to_server(lab, message(H::CLIENT_KEY_EXCHANGE, &vector(2, &odd)));
            assert!(outcome.error.is_some(), "byte {place}");
        }
        for body in [&[][..], &[0], &[0, 0], &good, &[&vector(2, &good)[..], &[0]].concat()] {
            let outcome = to_server(lab, message(H::CLIENT_KEY_EXCHANGE, body));
            outcome.refused(A::DECODE_ERROR, "ClientKeyExchange");
        }
    }
}

/// The master key that the world's users have their encryption keys from.
fn lab_master(lab: &Lab) -> Vec<u8> {
    match lab.world.server.public_key(tlcp::cert::KeyUse::Encrypt) {
        tlcp::crypto::PublicKey::Sm9(key) => key.master().to_vec(),
        other => panic!("{other:?}"),
    }
}

/// Certificate in the form of the SM9 suites.
fn certificate(id: &[u8], parameter: &[u8]) -> Vec<u8> {
    message(H::CERTIFICATE, &[vector(2, id), vector(3, parameter)].concat())
}

/// The parameters of the world's key centre.
fn parameters(lab: &Lab) -> Vec<u8> {
    let raw = said(&lab.server, H::CERTIFICATE);
    raw[4 + 2 + SERVER.len() + 3..].to_vec()
}

/// ServerKeyExchange of a server that is the client, and signs as he does.
fn as_client(lab: &Lab) -> Vec<u8> {
    let signed = |params: &[u8], also: &[u8]| {
        let signature = lab.sign(true, &[&lab.client_random, &lab.server_random, params]);
        message(H::SERVER_KEY_EXCHANGE, &[also, &vector(2, &signature)].concat())
    };
    if lab.case.suite.key_exchange != IBSDH.case.suite.key_exchange {
        return signed(&vector(2, CLIENT), &[]);
    }
    let raw = said(&lab.server, H::SERVER_KEY_EXCHANGE);
    let info = KeyAgreementInfo::read_signed(&raw[4..]).unwrap().info;
    let params = KeyAgreementInfo { server: CLIENT, ..info }.to_bytes();
    signed(&params, &params)
}

/// R-IBC-4, R-IBC-6, R-IBC-9: who a server says it is, and under which parameters.
#[test]
fn a_server_of_another_name_or_key_centre_is_refused() {
    for lab in [&*IBC, &MUTUAL, &IBSDH] {
        let good = parameters(lab);
        to_client(lab, certificate(SERVER, &good)).went_well();
        // The signature is not that of any other name.
        for other in [CLIENT, b"mallory", b"LOCALHOST", b"localhost.", b"localhost\0", &[0], &[0x61; 1024]] {
            to_client(lab, certificate(other, &good)).refused(A::DECRYPT_ERROR, "ServerKeyExchange");
        }
        for long in [vec![0x61; 1025], vec![0x61; 60_000]] {
            to_client(lab, certificate(&long, &good)).refused(A::CERTIFICATE_UNKNOWN, "1 KiB");
        }
        // Another user with keys of his own.
        let script = with(&with(&lab.server, certificate(CLIENT, &good)), as_client(lab));
        lab.to_client(&script).refused(A::BAD_CERTIFICATE, "another name");
        let at = |place: usize, byte: u8| {
            let mut odd = good.clone();
            odd[place] = byte;
            odd
        };
        let name = good.windows(14).position(|w| w == b"centre.example").unwrap();
        // A byte of the one master key is the other's, in a structure that is right.
        let keys = good.windows(4).position(|w| w == [3, 66, 0, 4]).unwrap();
        let (encrypt, sign) = (&good[keys + 3..][..65], &good[keys + 3 + 65 + 4..][..129]);
        let moved = [&[3, 67, 0][..], encrypt, &sign[..1], &[3, 0x81, 129, 0], &sign[1..]].concat();
        let moved = [&good[..keys], &moved, &good[keys + moved.len()..]].concat();
        for (odd, alert) in [
            (at(name, b'C'), A::HANDSHAKE_FAILURE),
            (moved, A::BAD_IBCPARAM),
            (at(6, 1), A::BAD_IBCPARAM),
            (good[..good.len() - 1].to_vec(), A::BAD_IBCPARAM),
            ([&good[..], &[0]].concat(), A::BAD_IBCPARAM),
            (vec![0], A::BAD_IBCPARAM),
            (vec![0x30; 9000], A::BAD_IBCPARAM),
        ] {
            to_client(lab, certificate(SERVER, &odd)).refused(alert, "");
        }
        for body in [&[][..], &[0], &[0, 0, 0, 0, 0], &vector(2, SERVER)] {
            to_client(lab, message(H::CERTIFICATE, body)).refused(A::DECODE_ERROR, "Certificate: ibc_");
        }
        let empty = [vector(2, b""), vector(3, &good)].concat();
        to_client(lab, message(H::CERTIFICATE, &empty)).refused(A::DECODE_ERROR, "Certificate: ibc_id");
        let empty = [vector(2, SERVER), vector(3, b"")].concat();
        to_client(lab, message(H::CERTIFICATE, &empty))
            .refused(A::DECODE_ERROR, "Certificate: ibc_parameter");
    }
}

/// R-IBC-3, R-IBC-9: who a client says it is.
#[test]
fn a_client_of_another_name_or_key_centre_is_refused() {
    let good = parameters(&IBSDH);
    for other in [&b"mallory"[..], SERVER, b"CLIENT", &[0x61; 1024]] {
        let outcome = to_server(&IBSDH, certificate(other, &good));
        outcome.refused(A::ILLEGAL_PARAMETER, "Certificate: ibc_id");
        // In IBC nothing was said before; that the keys are its own is what CertificateVerify shows.
        to_server(&MUTUAL, certificate(other, &parameters(&MUTUAL)))
            .refused(A::DECRYPT_ERROR, "CertificateVerify");
    }
    for lab in [&*MUTUAL, &IBSDH] {
        let good = parameters(lab);
        to_server(lab, certificate(&[0x61; 1025], &good)).refused(A::CERTIFICATE_UNKNOWN, "1 KiB");
        let mut odd = good.clone();
        odd[6] = 1;
        to_server(lab, certificate(CLIENT, &odd)).refused(A::BAD_IBCPARAM, "");
        odd.clone_from(&good);
        let name = good.windows(14).position(|w| w == b"centre.example").unwrap();
        odd[name] = b'C';
        to_server(lab, certificate(CLIENT, &odd)).refused(A::HANDSHAKE_FAILURE, "");
        // R-SM-6: nothing at all, where something is required
        to_server(lab, message(H::CERTIFICATE, &[0; 3])).refused(A::HANDSHAKE_FAILURE, "");
    }
}

/// R-HS-15: one form of Certificate for each kind of suite.
#[test]
fn a_certificate_in_the_form_of_other_suites_is_a_decode_error() {
    let pair = said(&ECC.server, H::CERTIFICATE);
    for lab in [&*IBC, &MUTUAL, &IBSDH] {
        to_client(lab, pair.clone()).refused(A::DECODE_ERROR, "Certificate: ");
    }
    to_server(&IBSDH, pair).refused(A::DECODE_ERROR, "Certificate: ");
    let identity = said(&IBC.server, H::CERTIFICATE);
    to_client(&ECC, identity).refused(A::DECODE_ERROR, "Certificate: ");
}

/// By type, in order.
type Extensions = Vec<(u16, Vec<u8>)>;

/// R-IBC-3: a client that agrees has said who it is, in a form that can be read.
#[test]
fn a_client_hello_without_a_client_id_is_answered_with_identity_need() {
    const CLIENT_ID: u16 = 66;
    let hello = Hello::read(&said(&IBSDH.client, H::CLIENT_HELLO));
    let play = |change: &dyn Fn(&mut Extensions)| {
        let mut hello = hello.clone();
        change(hello.extensions.as_mut().unwrap());
        to_server(&IBSDH, hello.to_message())
    };
    play(&|all| all.retain(|(kind, _)| *kind != CLIENT_ID)).refused(A::IDENTITY_NEED, "client_id");
    // Longer than what is kept: as if it were not there (R-HS-49).
    let id = |data: Vec<u8>| {
        move |all: &mut Extensions| {
            all.iter_mut().filter(|(kind, _)| *kind == CLIENT_ID).for_each(|(_, old)| old.clone_from(&data));
        }
    };
    play(&id(vector(2, &[0x61; 1025]))).refused(A::IDENTITY_NEED, "client_id");
    for malformed in [vec![], vec![0], vec![0, 0], vec![0, 2, 0x61], [vector(2, CLIENT), vec![0]].concat()] {
        play(&id(malformed)).refused(A::DECODE_ERROR, "client_id");
    }
    // Another client than the one that shows itself then.
    for other in [&b"mallory"[..], SERVER, b"x"] {
        play(&id(vector(2, other))).refused(A::ILLEGAL_PARAMETER, "Certificate: ibc_id");
    }
    play(&|all| all.push((CLIENT_ID, vector(2, CLIENT)))).refused(A::DECODE_ERROR, "extensions stands twice");
}

/// R-HS-21, R-HS-22: whoever asks an SM9 client asks for an identity.
#[test]
fn a_certificate_request_for_certificates_is_no_request_for_an_identity() {
    for lab in [&*MUTUAL, &IBSDH] {
        for types in [&[64][..], &[1, 64], &[81], &[0]] {
            let raw = message(H::CERTIFICATE_REQUEST, &[vector(1, types), vec![0, 0]].concat());
            let outcome = to_client(lab, raw);
            let shown = outcome.heard.iter().find_map(|heard| match heard {
                Heard::Message(m) if m[0] == H::CERTIFICATE.0 => Some(m.clone()),
                _ => None,
            });
            assert!(shown.is_none_or(|raw| raw[4..] == [0; 3]), "nobody asked for the identity");
            assert!(outcome.error.is_some() || lab.case.suite.key_exchange != IBSDH.case.suite.key_exchange);
        }
        for body in [&[][..], &[0, 0, 0], &[1, 80], &[1, 80, 0], &[1, 80, 0, 1, 0], &[1, 80, 0, 0, 0]] {
            let outcome = to_client(lab, message(H::CERTIFICATE_REQUEST, body));
            outcome.refused(A::DECODE_ERROR, "CertificateRequest");
        }
    }
}
