//! Many requests for private keys at once: a key that is faster at several gets those that are for it together.
use super::request::{Answer, DecryptRequest, Request, SignRequest};
use crate::crypto::{PrivateKey, PublicKey, Random, SignatureAlgorithm};
use crate::error::{AnswerError, CryptoError};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// Answers the requests that are for private keys that are here, in their order; what is for a key elsewhere or for no key
/// comes back. Requests for one SM2 key are worked on side by side where the processor can
/// ([`PrivateKey::sign_many`], [`PrivateKey::decrypt_many`]): collect what several connections wait for, up to 8 for a key.
/// Where a key gives too few results, the last requests for it get [`Answer::Failed`].
///
/// Connections ask their callers under a configuration with
/// [`keys_later`](crate::config::ConfigBuilder::keys_later).
pub fn answer_together(requests: Vec<Request>, random: &dyn Random) -> Vec<Result<Answer, Box<Request>>> {
    let mut answers: Vec<_> = requests.iter().map(|_| None).collect();
    let (mut signatures, mut decryptions) = (Vec::new(), Vec::new());
    for (at, request) in requests.into_iter().enumerate() {
        match (request.key_here().cloned(), request) {
            (Some(key), Request::Sign(question)) => signatures.push(Asked { at, key, question }),
            // An RSA ciphertext may tell of others: it is decrypted with its substitute (R-RSA-2).
            (Some(key), Request::Decrypt(question)) if matches!(key.public(), PublicKey::Sm2(_)) => {
                decryptions.push(Asked { at, key, question });
            }
            (Some(key), request) => place(&mut answers, at, request.answer_with(&*key, random)),
            (None, request) => place(&mut answers, at, Err(Box::new(request))),
        }
    }
    for same in groups(signatures, |question| question.scheme()) {
        sign(same, random, &mut answers);
    }
    for same in groups(decryptions, |_| ()) {
        decrypt(same, &mut answers);
    }
    let lacking = || Ok(Answer::Failed(AnswerError("the key gave fewer results than it was asked for")));
    answers.into_iter().map(|answer| answer.unwrap_or_else(lacking)).collect()
}

type Answers = Vec<Option<Result<Answer, Box<Request>>>>;

/// A request for a key, and its place among all.
struct Asked<Q> {
    at: usize,
    key: Arc<dyn PrivateKey>,
    question: Q,
}

fn place(answers: &mut Answers, at: usize, answer: Result<Answer, Box<Request>>) {
    if let Some(place) = answers.get_mut(at) {
        *place = Some(answer);
    }
}

/// Those of one key, and alike in `kind`, together.
fn groups<Q, K: PartialEq>(mut asked: Vec<Asked<Q>>, kind: impl Fn(&Q) -> K) -> Vec<Vec<Asked<Q>>> {
    let mut groups = Vec::new();
    while let Some(first) = asked.first() {
        let (key, wanted) = (first.key.clone(), kind(&first.question));
        let is_same = |one: &Asked<Q>| Arc::ptr_eq(&one.key, &key) && kind(&one.question) == wanted;
        let (same, others) = asked.into_iter().partition(is_same);
        groups.push(same);
        asked = others;
    }
    groups
}

fn sign(asked: Vec<Asked<SignRequest>>, random: &dyn Random, answers: &mut Answers) {
    let Some(Asked { key, question, .. }) = asked.first() else { return };
    let signatures = match SignatureAlgorithm::of(question.scheme()) {
        Some(algorithm) => {
            let parts: Vec<[&[u8]; 1]> = asked.iter().map(|one| [one.question.message()]).collect();
            let messages: Vec<&[&[u8]]> = parts.iter().map(|parts| &parts[..]).collect();
            key.sign_many(algorithm, &messages, random)
        }
        None => asked.iter().map(|_| Err(CryptoError::Unsupported)).collect(),
    };
    for (one, signature) in asked.iter().zip(signatures) {
        place(answers, one.at, Ok(SignRequest::answer_signed(signature)));
    }
}

fn decrypt(asked: Vec<Asked<DecryptRequest>>, answers: &mut Answers) {
    let Some(Asked { key, .. }) = asked.first() else { return };
    let ciphertexts: Vec<&[u8]> = asked.iter().map(|one| one.question.ciphertext()).collect();
    let found = key.decrypt_many(&ciphertexts);
    for (one, found) in asked.into_iter().zip(found) {
        let found = found.as_ref().map(|bytes| &bytes[..]).map_err(|e| *e);
        place(answers, one.at, Ok(one.question.answer(found)));
    }
}
