//! Requests of several connections for the same keys, answered at once.
#![cfg(feature = "pki")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#[path = "support/later.rs"]
mod later;
#[path = "support/pair.rs"]
mod pair;

use later::identity_elsewhere;
use pair::{Counting, Ends, World, at, carry};
use std::sync::Arc;
use tlcp::cert::dangerous::NoVerification;
use tlcp::cert::{Identity, Key};
use tlcp::config::{ClientAuth, ServerConfig};
use tlcp::crypto::{PrivateKey, PublicKey, Random, SignatureAlgorithm};
use tlcp::error::{CryptoError, Error, PeerMisbehaved};
use tlcp::handshake::{Answer, Request, answer_together};
use tlcp::suite::TLCP;
use zeroize::Zeroizing;

fn server(world: &World, identity: Option<Arc<Identity>>) -> Arc<ServerConfig> {
    let builder = world.server().client_auth(ClientAuth::None).sessions(None).keys_later();
    let builder = match identity {
        Some(identity) => builder.without_identities().identity(identity),
        None => builder,
    };
    Arc::new(builder.build().unwrap())
}

/// Bytes both ways as far as they go, and what each server then asks.
fn asked(ends: &mut [Ends]) -> Vec<(usize, Request)> {
    let mut requests = Vec::new();
    for (at, ends) in ends.iter_mut().enumerate() {
        while carry(&mut ends.client, &mut ends.server).unwrap()
            + carry(&mut ends.server, &mut ends.client).unwrap()
            > 0
        {}
        requests.extend(ends.server.request().map(|request| (at, *request)));
    }
    requests
}

/// Servers of every suite and kind of key in one heap: each gets its own answer, and all of them connect.
#[test]
fn servers_of_many_keys_are_answered_together() {
    let worlds: Vec<World> = TLCP.suites().map(World::of).collect();
    let mut ends: Vec<Ends> = TLCP
        .suites()
        .zip(&worlds)
        .flat_map(|(suite, world)| {
            let builder = world.server().suites(&[suite]).sessions(None).keys_later();
            let server = Arc::new(builder.build().unwrap());
            let client = Arc::new(world.client().suites(&[suite]).sessions(None).build().unwrap());
            [(); 3].map(|()| Ends::new(&client, &server))
        })
        .collect();
    answer_all(&mut ends);
}

/// R-HS-17, R-HS-24: two keys of one kind are two: each signs and decrypts what is for it.
#[test]
fn keys_of_one_kind_are_told_apart() {
    let world = World::new();
    let suite = tlcp::suite::Suite::by_name("ECC_SM4_GCM_SM3").unwrap();
    let client = world.client().verifier(Arc::new(NoVerification)).suites(&[suite]).sessions(None);
    let client = Arc::new(client.build().unwrap());
    let servers = [None, Some(world.client.clone())].map(|identity| server(&world, identity));
    let mut ends: Vec<Ends> = [0, 1, 1, 0].iter().map(|at| Ends::new(&client, &servers[*at])).collect();
    answer_all(&mut ends);
}

/// R-T12-19: an RSA key signs by the scheme that each of its connections has agreed on.
#[cfg(feature = "tls12")]
#[test]
fn a_key_signs_by_the_scheme_of_each_request() {
    use tlcp::wire::SignatureScheme as S;
    let world = World::tls12(pair::single::Kind::Rsa);
    let server = Arc::new(world.server().sessions(None).keys_later().build().unwrap());
    let schemes = [S::RSA_PSS_RSAE_SHA256, S::RSA_PKCS1_SHA512, S::RSA_PSS_RSAE_SHA256, S::RSA_PKCS1_SHA256];
    let mut ends = schemes.map(|scheme| {
        let client = world.client().sessions(None).signature_schemes(&[scheme]);
        Ends::new(&Arc::new(client.build().unwrap()), &server)
    });
    answer_all(&mut ends);
}

/// Answers what is asked, all at once each time, until all are connected.
fn answer_all(ends: &mut [Ends]) {
    let random = Counting::from(9);
    loop {
        let (places, requests): (Vec<_>, Vec<_>) = asked(ends).into_iter().unzip();
        if places.is_empty() {
            break;
        }
        let answers = answer_together(requests, &random);
        assert_eq!(answers.len(), places.len());
        for (place, answer) in places.into_iter().zip(answers) {
            ends[place].server.answer(answer.unwrap(), at(1)).unwrap();
        }
    }
    assert!(ends.iter().all(|ends| !ends.client.is_handshaking() && !ends.server.is_handshaking()));
}

/// R-HS-43: a ciphertext that does not decrypt ends its own handshake at Finished, and no other.
#[test]
fn a_ciphertext_that_does_not_decrypt_spoils_no_other() {
    let world = World::new();
    let suite = tlcp::suite::Suite::by_name("ECC_SM4_GCM_SM3").unwrap();
    let client = Arc::new(world.client().suites(&[suite]).sessions(None).build().unwrap());
    let server = server(&world, None);
    let mut ends: Vec<Ends> = (0..9).map(|_| Ends::new(&client, &server)).collect();
    let random = Counting::from(9);
    let (places, requests): (Vec<_>, Vec<_>) = asked(&mut ends).into_iter().unzip();
    for (place, answer) in places.into_iter().zip(answer_together(requests, &random)) {
        ends[place].server.answer(answer.unwrap(), at(1)).unwrap();
    }
    for (place, ends) in ends.iter_mut().enumerate() {
        let flight = ends.server.pending_output().to_vec();
        ends.client.receive(&flight, at(1)).unwrap();
        ends.server.sent(flight.len());
        let mut flight = ends.client.pending_output().to_vec();
        // Inside C2, whose hash then differs: the last byte of the ClientKeyExchange, which its record ends with.
        let mut at_record = 0;
        while flight[at_record + 5] != 16 {
            at_record += 5 + usize::from(u16::from_be_bytes([flight[at_record + 3], flight[at_record + 4]]));
        }
        let end =
            at_record + 5 + usize::from(u16::from_be_bytes([flight[at_record + 3], flight[at_record + 4]]));
        flight[end - 1] ^= u8::from(place % 3 == 1);
        ends.server.receive(&flight, at(1)).unwrap();
    }
    let requests: Vec<Request> = ends.iter_mut().map(|ends| *ends.server.request().unwrap()).collect();
    assert!(requests.iter().all(|request| matches!(request, Request::Decrypt(_))));
    for (place, answer) in answer_together(requests, &random).into_iter().enumerate() {
        let outcome = ends[place].server.answer(answer.unwrap(), at(1));
        if place % 3 == 1 {
            assert_eq!(outcome, Err(Error::PeerMisbehaved(PeerMisbehaved::BadRecordMac)), "{place}");
        } else {
            outcome.unwrap();
            assert!(!ends[place].server.is_handshaking());
        }
    }
}

/// A key that loses its last result when it is asked for several.
struct Forgetful(Arc<dyn PrivateKey>);

impl PrivateKey for Forgetful {
    fn public(&self) -> &PublicKey {
        self.0.public()
    }

    fn sign(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        parts: &[&[u8]],
        random: &dyn Random,
    ) -> Result<Vec<u8>, CryptoError> {
        self.0.sign(algorithm, parts, random)
    }

    fn sign_many(
        &self,
        algorithm: SignatureAlgorithm<'_>,
        messages: &[&[&[u8]]],
        random: &dyn Random,
    ) -> Vec<Result<Vec<u8>, CryptoError>> {
        self.0.sign_many(algorithm, &messages[..messages.len() - 1], random)
    }

    fn decrypt_many(&self, ciphertexts: &[&[u8]]) -> Vec<Result<Zeroizing<Vec<u8>>, CryptoError>> {
        self.0.decrypt_many(&ciphertexts[..ciphertexts.len() - 1])
    }
}

/// R-SM-9: where a key gives too few results, the last requests for it fail in their place, and nobody gets the answer of
/// another.
#[test]
fn a_result_that_is_lacking_fails_its_own_request() {
    let world = World::new();
    let pair = &world.pki.server;
    let forgetful = |key: &Arc<dyn PrivateKey>| Key::Here(Arc::new(Forgetful(key.clone())));
    let ca = &world.pki.intermediate.certificate;
    let chain = [&pair.sign.certificate[..], ca];
    let sign = (&chain[..], forgetful(pair.sign.key()));
    let encrypt = (&pair.encrypt.certificate[..], forgetful(pair.encrypt.key()));
    let identity = Arc::new(Identity::with_keys(sign, encrypt, &world.provider).unwrap());
    let suite = tlcp::suite::Suite::by_name("ECC_SM4_GCM_SM3").unwrap();
    let client = Arc::new(world.client().suites(&[suite]).sessions(None).build().unwrap());
    let servers = [server(&world, Some(identity)), server(&world, None)];
    let mut ends: Vec<Ends> = [0, 0, 1, 0].iter().map(|at| Ends::new(&client, &servers[*at])).collect();
    let (places, requests): (Vec<_>, Vec<_>) = asked(&mut ends).into_iter().unzip();
    assert_eq!(places, [0, 1, 2, 3]);
    let answers = answer_together(requests, &Counting::from(9));
    let kinds = answers.iter().map(|answer| matches!(answer, Ok(Answer::Failed(_)))).collect::<Vec<_>>();
    assert_eq!(kinds, [false, false, false, true]);
}

/// What is for a key elsewhere, or for none, comes back as it was, in its place.
#[test]
fn what_is_for_others_comes_back() {
    let world = World::new();
    let elsewhere = server(&world, Some(identity_elsewhere(&world, &world.pki.server)));
    let client = Arc::new(world.client().sessions(None).build().unwrap());
    let choosing = Arc::new(world.server().select_later(None).build().unwrap());
    let here = server(&world, None);
    let mut ends = [&elsewhere, &here, &choosing].map(|server| Ends::new(&client, server));
    let requests = asked(&mut ends).into_iter().map(|(_, request)| request).collect();
    let answers = answer_together(requests, &Counting::from(9));
    let came_back = |at: usize| answers[at].as_ref().err().map(|request| &**request);
    assert!(came_back(0).is_some_and(|request| request.key().is_some()));
    assert!(came_back(1).is_none());
    assert!(matches!(came_back(2), Some(Request::SelectIdentity(_))));
}
