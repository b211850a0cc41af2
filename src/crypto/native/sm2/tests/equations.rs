//! The rare cases in which an equation holds, or a number is zero, and the answer is another all the same.
use super::{Replay, backends, finish, private, random_scalar};
use crate::crypto::der;
use crate::crypto::native::backend::with_field;
use crate::crypto::native::hash::{Sm3, derive_key};
use crate::crypto::native::limbs::{self, Limbs};
use crate::crypto::native::sm2::element::{Affine, FieldElement, P};
use crate::crypto::native::sm2::encrypt::Receiver;
use crate::crypto::native::sm2::encrypt::{decrypt, encrypt_with};
use crate::crypto::native::sm2::field::Field;
use crate::crypto::native::sm2::hot_point::HotPoint;
use crate::crypto::native::sm2::point::GENERATOR;
use crate::crypto::native::sm2::scalar::{Montgomery, N, Scalar};
use crate::crypto::native::sm2::sign::{Nonce, Signature, sign};
use crate::crypto::native::sm2::{fixed_base, variable_base, vartime};
use crate::crypto::{AgreementPeer, AgreementRole, PrivateKey, PublicKey};
use crate::error::CryptoError;

fn scalar() -> Scalar {
    Scalar::from_be_bytes(&random_scalar()).unwrap()
}

fn negated(a: &Scalar) -> Scalar {
    Scalar([0; 4]).sub(a)
}

fn signature(r: &Scalar, s: &Scalar) -> Result<Signature, CryptoError> {
    Signature::from_der(&der::Signature { r: r.to_be_bytes(), s: s.to_be_bytes() }.write())
}

fn x_of<F: Field>(field: F, p: &Affine) -> Limbs {
    field.to_integer(&p.x)
}

/// Both ways to verify.
fn verifies<F: Field>(field: F, signature: &Signature, e: &Scalar, key: &Affine) -> bool {
    let cold = signature.verify(field, &e.0, key).is_ok();
    assert_eq!(cold, signature.verify_hot(field, &e.0, &HotPoint::new(field, key)).is_ok());
    cold
}

/// A square root modulo p = 3 mod 4, if there is one: a^((p+1)/4).
fn root<F: Field>(field: F, a: &FieldElement) -> Option<FieldElement> {
    let exponent: Limbs =
        [0x4000_0000_0000_0000, 0xffff_ffff_c000_0000, 0xffff_ffff_ffff_ffff, 0x3fff_ffff_bfff_ffff];
    let mut y = FieldElement::ONE;
    for i in (0..256).rev() {
        y = field.square(&y);
        if exponent[i / 64] >> (i % 64) & 1 == 1 {
            y = field.mul(&y, a);
        }
    }
    (field.square(&y) == *a).then_some(y)
}

/// A point whose x-coordinate is n or more, which no multiple of G shows by chance.
fn point_beyond_n<F: Field>(field: F) -> Affine {
    for k in 0.. {
        let (x, _) = limbs::add_wide(&N, &[k, 0, 0, 0]);
        assert!(limbs::less_mask(&x, &P) != 0);
        let x = field.element(&x).unwrap();
        // x^3 - 3x + b, b from the base point
        let curve = |x| field.sub(&field.mul(&field.square(x), x), &field.add(&field.double(x), x));
        let b = field.sub(&field.square(&GENERATOR.y), &curve(&GENERATOR.x));
        if let Some(y) = root(field, &field.add(&curve(&x), &b)) {
            let point = Affine { x, y };
            return Affine::from_bytes(field, &point.to_bytes(field)).unwrap();
        }
    }
    unreachable!()
}

/// R-SM2-2: x is taken modulo n, also where that changes it.
#[test]
fn verifies_a_point_whose_x_is_above_n() {
    for backend in backends() {
        with_field!(backend, field => {
            let point = point_beyond_n(field);
            let (s, t) = (scalar(), scalar());
            // P such that s G + t P is that point
            let rest = negated(&s).mul(&t.invert());
            let key = vartime::multiply_add_base(field, &rest, &t.invert(), &point).to_affine(field);
            let r = t.sub(&s);
            let e = r.sub(&Scalar::reduce(&x_of(field, &point)));
            assert!(verifies(field, &signature(&r, &s).unwrap(), &e, &key));
            assert!(!verifies(field, &signature(&r, &s).unwrap(), &e.add(&Scalar::ONE), &key));
        });
    }
}

/// R-SM2-2: s G + t P infinity is no signature, whatever e is.
#[test]
fn refuses_a_signature_whose_point_is_infinity() {
    for backend in backends() {
        with_field!(backend, field => {
            let (s, t) = (scalar(), scalar());
            let d = negated(&s).mul(&t.invert());
            let key = fixed_base::multiply(field, &d).to_affine(field);
            let r = t.sub(&s);
            for e in [r, r.sub(&Scalar::ONE), r.add(&Scalar::ONE), Scalar([0; 4])] {
                assert!(!verifies(field, &signature(&r, &s).unwrap(), &e, &key));
            }
        });
    }
}

/// R-SM2-2: r + s = n leaves the key out of the equation, and anyone could sign.
#[test]
fn refuses_a_signature_made_without_the_key() {
    for backend in backends() {
        with_field!(backend, field => {
            let s = scalar();
            let r = negated(&s);
            assert!(matches!(signature(&r, &s), Err(CryptoError::BadSignature)));
            // The equation would hold for this e.
            let x = x_of(field, &fixed_base::multiply(field, &s).to_affine(field));
            let e = r.sub(&Scalar::reduce(&x));
            assert_eq!(e.add(&Scalar::reduce(&x)), r);
        });
    }
}

/// R-SM2-2
#[test]
fn gives_no_signature_for_a_nonce_that_makes_r_or_s_or_r_plus_k_zero() {
    for backend in backends() {
        with_field!(backend, field => {
            let (d, k) = (scalar(), scalar());
            let inverse = Montgomery::new(&d.add(&Scalar::ONE).invert());
            let nonce = Nonce::new(field, &k);
            let x = Scalar::reduce(&x_of(field, &fixed_base::multiply(field, &k).to_affine(field)));
            let r_zero = negated(&x);
            let r_plus_k_zero = negated(&k).sub(&x);
            let s_zero = k.mul(&d.invert()).sub(&x);
            let key = fixed_base::multiply(field, &d).to_affine(field);
            for e in [r_zero, r_plus_k_zero, s_zero] {
                assert!(sign(&e.0, &nonce, &inverse).is_none());
                let next = e.add(&Scalar::ONE);
                let der = sign(&next.0, &nonce, &inverse).unwrap();
                assert!(verifies(field, &Signature::from_der(&der).unwrap(), &next, &key));
            }
        });
    }
}

/// R-SM2-3: an all-zero key stream would send the message as it is.
#[test]
fn neither_sends_nor_takes_a_message_under_a_key_stream_of_zeros() {
    for backend in backends() {
        with_field!(backend, field => {
            let d = Scalar([0x1234_5678, 0, 0, 0]);
            let key = fixed_base::multiply(field, &d).to_affine(field);
            let shared = |k: &Scalar| variable_base::multiply(field, k, &key).to_affine(field).to_coordinates(field);
            let stream_is_zero = |k: &Scalar| {
                let mut stream = [0];
                derive_key(&[&shared(k)], &mut stream);
                stream == [0]
            };
            let k = (1..).map(|k| Scalar([k, 0, 0, 0])).find(stream_is_zero).unwrap();
            assert!(encrypt_with(field, &Receiver::Cold(&key), b"M", &k).is_none());
            let c1 = fixed_base::multiply(field, &k).to_affine(field).to_coordinates(field);
            let xy = shared(&k);
            let c3 = Sm3::new().with(&xy[..32]).with(b"M").with(&xy[32..]).finish();
            let (x, y) = (c1[..32].try_into().unwrap(), c1[32..].try_into().unwrap());
            let sent = der::Ciphertext { x, y, c3, c2: b"M" }.write();
            assert_eq!(decrypt(field, &d, &sent), Err(CryptoError::DecryptFailed));
            // Two bytes of it are not both zero: the same nonce does.
            let longer = encrypt_with(field, &Receiver::Cold(&key), b"MM", &k).unwrap();
            assert_eq!(**decrypt(field, &d, &longer).unwrap(), *b"MM");
        });
    }
}

/// R-SM2-5: t = d + x' r = 0, from our own side.
#[test]
fn refuses_an_agreement_that_ends_in_infinity() {
    for backend in backends() {
        let r = random_scalar();
        let ephemeral = private(backend, &r);
        let PublicKey::Sm2(point) = ephemeral.public().clone() else { panic!("not SM2") };
        let mut x = [0; 32];
        x[16..].copy_from_slice(&point[17..33]);
        x[16] |= 0x80;
        let number = |b| Scalar::from_be_bytes(b).unwrap();
        let d = negated(&number(&x).mul(&number(&r)));
        let key = private(backend, &d.to_be_bytes());
        let started = key.start_agreement(&AgreementRole::Initiator(None), &Replay::new(&[&r])).unwrap();
        let peer = private(backend, &random_scalar());
        let PublicKey::Sm2(peer_ephemeral) = ephemeral.public().clone() else { panic!("not SM2") };
        let finished = finish(&*started, &AgreementPeer::sm2(peer.public().clone(), &peer_ephemeral[..]));
        assert_eq!(finished.unwrap_err(), CryptoError::BadPoint);
    }
}
