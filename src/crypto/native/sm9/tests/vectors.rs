//! The standard's examples, with the values on the way, and the keys that gmsm made.
use super::{Replay, backends};
use crate::crypto::native::backend::{Backend, with_field};
use crate::crypto::native::sm9;
use crate::crypto::native::sm9::fp::{Field, Fp};
use crate::crypto::native::sm9::fp2::Fp2;
use crate::crypto::native::sm9::group::Group;
use crate::crypto::native::sm9::hash::{h1, h2};
use crate::crypto::native::sm9::key::{Sm9MasterKey, Sm9PrivateKey};
use crate::crypto::native::sm9::lines::{Lines, Place};
use crate::crypto::native::sm9::multiply::multiply;
use crate::crypto::native::sm9::pairing::{Gt, pair};
use crate::crypto::native::sm9::point::{Affine, G1, G2, P1, P2};
use crate::crypto::native::sm9::scalar::Scalar;
use crate::crypto::sm9::encoding::{Ciphertext, Mode, Signature};
use crate::crypto::sm9::{MasterKey, MasterKind, PublicKey, Usage};
use crate::crypto::{AgreementPeer, AgreementRole, MasterSeed, PrivateKey, Shared, SignatureAlgorithm};
use crate::suite::HashAlgorithm;
use serde_json::Value;

fn standard() -> Value {
    serde_json::from_str(include_str!("../../../../../vectors/sm9/examples.json")).unwrap()
}

fn example(id: &str) -> Value {
    let all = standard();
    all["vectors"].as_array().unwrap().iter().find(|v| v["id"] == id).unwrap().clone()
}

fn bytes(v: &Value) -> Vec<u8> {
    hex::decode(v.as_str().unwrap()).unwrap()
}

fn scalar(v: &Value) -> Scalar {
    Scalar::from_be_bytes(&bytes(v).try_into().unwrap()).unwrap()
}

fn in_hex<F: Field>(field: F, g: &Gt) -> String {
    hex::encode(g.to_bytes(field))
}

/// The pairing itself, and its linearity.
#[test]
fn pairs_as_the_standard_does() {
    let parameters = &standard()["parameters"];
    let v = example("sm9-sign-A");
    for backend in backends() {
        with_field!(backend, field => {
            assert_eq!(hex::encode(P1.to_bytes(field)), parameters["P1"]);
            assert_eq!(hex::encode(P2.to_bytes(field)), parameters["P2"]);
            let (p1, p2) = (G1::from(P1), G2::from(P2));
            let g = pair(field, [(&Place::new(field, &p1), &Lines::new(field, &P2))]);
            assert_eq!(in_hex(field, &g), parameters["e_P1_P2"], "{backend:?}");
            let ks = scalar(&v["ks"]);
            let public = multiply(field, &ks, &p2).to_affine(field);
            assert_eq!(hex::encode(public.to_bytes(field)), v["Ppub_s"]);
            let of_public = pair(field, [(&Place::new(field, &p1), &Lines::new(field, &public))]);
            assert_eq!(in_hex(field, &of_public), v["g"]);
            assert_eq!(in_hex(field, &multiply(field, &ks, &g)), v["g"]);
            let other = pair(field, [(&Place::new(field, &multiply(field, &ks, &p1)), &Lines::new(field, &P2))]);
            assert_eq!(other, of_public);
            let both = pair(field, [
                (&Place::new(field, &p1), &Lines::new(field, &public)),
                (&Place::new(field, &p1), &Lines::new(field, &P2)),
            ]);
            assert_eq!(both, g.add(field, &of_public));
        });
    }
}

/// A master key with this scalar, and the keys of its users.
struct Centre(Sm9MasterKey);

impl Centre {
    fn new(backend: Backend, kind: MasterKind, scalar: &Value, public: &Value) -> Self {
        let key = Sm9MasterKey::new(backend, kind, &bytes(scalar)).unwrap();
        assert_eq!(hex::encode(key.public()), *public);
        Self(key)
    }

    fn user(&self, backend: Backend, usage: Usage, identity: &Value, key: &Value) -> Sm9PrivateKey {
        let made = self.0.user_key(usage, &bytes(identity)).unwrap();
        assert_eq!(hex::encode(&*made), *key);
        let public = PublicKey::new(usage, &bytes(identity), self.0.public());
        Sm9PrivateKey::new(backend, public, &made).unwrap()
    }
}

/// R-IBC-1: GB/T 38635.2 Annex A
#[test]
fn signs_and_verifies_the_standards_example() {
    let v = example("sm9-sign-A");
    assert_eq!(hex::encode(h1(&bytes(&v["uid"]), Usage::Sign).to_be_bytes()), v["H1"]);
    let (message, w) = (bytes(&v["msg"]), bytes(&v["w"]).try_into().unwrap());
    assert_eq!(hex::encode(h2(&[&message], &w).to_be_bytes()), v["h"]);
    for backend in backends() {
        let centre = Centre::new(backend, MasterKind::Sign, &v["ks"], &v["Ppub_s"]);
        let key = centre.user(backend, Usage::Sign, &v["uid"], &v["ds"]);
        let (head, tail) = message.split_at(7);
        let made = key.sign(SignatureAlgorithm::Sm9Sm3, &[head, tail], &Replay::new(&[&bytes(&v["r"])]));
        let made = made.unwrap();
        let signature = Signature::read(&made).unwrap();
        assert_eq!(hex::encode(signature.h), v["h"], "{backend:?}");
        assert_eq!(hex::encode(signature.s), v["S"], "{backend:?}");
        let crate::crypto::PublicKey::Sm9(public) = key.public() else { panic!() };
        sm9::verify(public, &[&message], &made).unwrap();
        with_field!(backend, field => sm9::sign::verify(field, public, &[head, tail], &made)).unwrap();
        assert!(with_field!(backend, field => sm9::sign::verify(field, public, &[head], &made)).is_err());
    }
}

/// R-IBC-1: GB/T 38635.2 Annex B, with 48 bytes
#[test]
fn agrees_on_the_standards_example() {
    let v = example("sm9-kx-B");
    for backend in backends() {
        let centre = Centre::new(backend, MasterKind::Encrypt, &v["ke"], &v["Ppub_e"]);
        let a = centre.user(backend, Usage::Agree, &v["uidA"], &v["deA"]);
        let b = centre.user(backend, Usage::Agree, &v["uidB"], &v["deB"]);
        let start = |key: &Sm9PrivateKey, role, r| {
            key.start_agreement(&role, &Replay::new(&[&bytes(&v[r])])).unwrap()
        };
        let at_a = start(&a, AgreementRole::Initiator(Some(b.public().clone())), "rA");
        assert_eq!(hex::encode(&at_a.share().bytes), v["RA"]);
        let initiator = AgreementPeer::sm9(a.public().clone(), &at_a.share().bytes);
        let at_b = start(&b, AgreementRole::Responder(initiator.clone()), "rB");
        assert_eq!(hex::encode(&at_b.share().bytes), v["RB"]);
        let responder = AgreementPeer::sm9(b.public().clone(), &at_b.share().bytes);
        let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
        for (started, peer) in [(at_a, responder), (at_b, initiator)] {
            let Shared::PreMaster(secret) = started.finish(&peer, &seed).unwrap() else { panic!() };
            assert_eq!(hex::encode(secret.expose()), v["SK48"], "{backend:?}");
            assert_eq!(hex::encode(&secret.expose()[..16]), v["SK"]);
        }
    }
}

/// GB/T 38635.2 Annex B: g1, g2 and g3.
#[test]
fn agreement_has_the_standards_intermediate_values() {
    let v = example("sm9-kx-B");
    for backend in backends() {
        with_field!(backend, field => {
            let public = Affine::<Fp>::from_bytes(field, &bytes(&v["Ppub_e"])).unwrap();
            let g = pair(field, [(&Place::new(field, &public.into()), &Lines::new(field, &P2))]);
            assert_eq!(in_hex(field, &multiply(field, &scalar(&v["rA"]), &g)), v["g1"]);
            let key = Affine::<Fp2>::from_bytes(field, &bytes(&v["deA"])).unwrap();
            let point = Affine::<Fp>::from_bytes(field, &bytes(&v["RB"])).unwrap();
            let g2 = pair(field, [(&Place::new(field, &point.into()), &Lines::new(field, &key))]);
            assert_eq!(in_hex(field, &g2), v["g2"]);
            assert_eq!(in_hex(field, &multiply(field, &scalar(&v["rA"]), &g2)), v["g3"]);
        });
    }
}

/// GB/T 38635.2 Annex C
#[test]
fn encapsulates_the_standards_example() {
    let v = example("sm9-kem-C");
    for backend in backends() {
        let centre = Centre::new(backend, MasterKind::Encrypt, &v["ke"], &v["Ppub_e"]);
        let key = centre.user(backend, Usage::Encrypt, &v["uid"], &v["deB"]);
        let crate::crypto::PublicKey::Sm9(public) = key.public() else { panic!() };
        let (c, k) = sm9::encapsulate(public, 32, &Replay::new(&[&bytes(&v["r"])])).unwrap();
        assert_eq!(
            (hex::encode(c), hex::encode(&*k)),
            (v["C"].as_str().unwrap().into(), v["K"].as_str().unwrap().into())
        );
        assert_eq!(key.decapsulate(&c, 32).unwrap(), k);
        with_field!(backend, field => {
            let c = Affine::<Fp>::from_bytes(field, &c).unwrap();
            let de = Affine::<Fp2>::from_bytes(field, &bytes(&v["deB"])).unwrap();
            let w = pair(field, [(&Place::new(field, &c.into()), &Lines::new(field, &de))]);
            assert_eq!(in_hex(field, &w), v["w"]);
        });
    }
}

/// R-IBC-2: GB/T 38635.2 Annex D, both ways of hiding the message
#[test]
fn encrypts_and_decrypts_the_standards_example() {
    let v = example("sm9-enc-D");
    for backend in backends() {
        let centre = Centre::new(backend, MasterKind::Encrypt, &v["ke"], &v["Ppub_e"]);
        let key = centre.user(backend, Usage::Encrypt, &v["uid"], &v["deB"]);
        let crate::crypto::PublicKey::Sm9(public) = key.public() else { panic!() };
        let message = bytes(&v["msg"]);
        for (mode, name) in [(Mode::Xor, "stream"), (Mode::Sm4Ecb, "sm4_ecb_pkcs7")] {
            let made = sm9::encrypt(mode, public, &message, &Replay::new(&[&bytes(&v["r"])])).unwrap();
            let c = Ciphertext::read(&made).unwrap();
            assert_eq!(c.mode, mode);
            assert_eq!(hex::encode(c.c1), v["C1"]);
            assert_eq!(hex::encode(c.c2), v[name]["C2"]);
            assert_eq!(hex::encode(c.c3), v[name]["C3"]);
            assert_eq!(*key.decrypt(&made).unwrap(), message);
        }
    }
}

/// The keys that gmsm made are those that we make of its master keys.
#[test]
fn makes_the_user_keys_that_gmsm_made() {
    let all: Value = serde_json::from_str(include_str!("../../../../../vectors/sm9/keys.json")).unwrap();
    let kgc = &all["kgc"];
    for backend in backends() {
        let sign = Centre::new(backend, MasterKind::Sign, &kgc["sign_master_priv"], &kgc["sign_master_pub"]);
        let encrypt =
            Centre::new(backend, MasterKind::Encrypt, &kgc["enc_master_priv"], &kgc["enc_master_pub"]);
        for who in ["server", "client", "server_identifier", "client_identifier"] {
            let user = &all[who];
            sign.user(backend, Usage::Sign, &user["identity_data"], &user["sign_priv"]);
            encrypt.user(backend, Usage::Agree, &user["identity_data"], &user["kx_priv"]);
            encrypt.user(backend, Usage::Encrypt, &user["identity_data"], &user["enc_priv"]);
        }
    }
}
