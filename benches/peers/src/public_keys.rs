//! SM2 alone: what a handshake is made of.

use crate::tlcp_stack::without_hot_keys;
use std::hint::black_box;
use std::sync::Arc;
use tlcp::crypto::random::SystemRandom;
use tlcp::crypto::{
    AgreementPeer, AgreementRole, MasterSeed, PrivateKey, Provider, SignatureAlgorithm, default_provider, portable,
};
use tlcp::suite::HashAlgorithm;
use tlcp_interop::pki::Pki;
use tlcp_measure::clock::Stopwatch;
use tlcp_measure::rounds;
use tlcp_measure::table::{Table, Unit};
use tongsuo::pkey::{PKey, Private};
use tongsuo::pkey_ctx::PkeyCtx;

const MESSAGE: [u8; 32] = [0x61; 32];
const SECRET: [u8; 48] = [0x62; 48];

/// One implementation with one key pair and a signature and a ciphertext under it.
trait PublicKeys {
    fn sign(&mut self) -> Vec<u8>;
    fn verify(&mut self, signature: &[u8]) -> bool;
    fn encrypt(&mut self) -> Vec<u8>;
    fn decrypt(&mut self, ciphertext: &[u8]) -> bool;
    /// The responder's half of a key exchange, its ephemeral key included, if there is an interface to it.
    fn agree(&mut self) -> Option<()>;
}

type Work = fn(&mut dyn PublicKeys, &Made) -> Option<()>;

/// What an implementation made for itself.
struct Made {
    signature: Vec<u8>,
    ciphertext: Vec<u8>,
}

const ROWS: [(&str, Work); 5] = [
    ("SM2 sign", |one, _| {
        black_box(one.sign());
        Some(())
    }),
    ("SM2 verify", |one, made| one.verify(&made.signature).then_some(())),
    ("SM2 encrypt 48 bytes", |one, _| {
        black_box(one.encrypt());
        Some(())
    }),
    ("SM2 decrypt 48 bytes", |one, made| one.decrypt(&made.ciphertext).then_some(())),
    ("SM2 key exchange, responder", |one, _| one.agree()),
];

/// Prints the table.
pub(crate) fn compare(filter: &str) {
    let names = ["tlcp, key seen", "tlcp, cold", "portable", "Tongsuo 8.4.0"];
    let table = Table::new("SM2", &names, &[(1, 2), (0, 2), (1, 3), (0, 3)]);
    let mut all: Vec<Box<dyn PublicKeys>> = vec![
        Box::new(Tlcp::new(default_provider())),
        Box::new(Tlcp::new(without_hot_keys())),
        Box::new(Tlcp::new(portable::provider())),
        Box::new(Tongsuo(PKey::private_key_from_pem(&Pki::sm2().server.encryption_key).expect("a key"))),
    ];
    let made: Vec<_> =
        all.iter_mut().map(|one| Made { signature: one.sign(), ciphertext: one.encrypt() }).collect();
    for (one, (own, other)) in all.iter_mut().zip(made.iter().zip(made.iter().rev())) {
        assert!(one.verify(&own.signature) && one.decrypt(&own.ciphertext), "an implementation fails");
        assert!(one.decrypt(&other.ciphertext), "the implementations differ");
    }
    for (label, work) in ROWS.iter().filter(|(label, _)| label.contains(filter)) {
        let [samples] = rounds::run(&mut all, |one, index| {
            let mut watch = Stopwatch::start();
            work(one, &made[index])?;
            Some([watch.lap()])
        });
        table.row(label, Unit::Microseconds(1), &samples);
    }
}

struct Tlcp {
    provider: Provider,
    key: Arc<dyn PrivateKey>,
    other: AgreementPeer,
}

impl Tlcp {
    /// With the key of the PKI's server.
    fn new(provider: Provider) -> Self {
        let pem = Pki::sm2().server.encryption_key;
        let key = PKey::private_key_from_pem(&pem).and_then(|key| key.ec_key()).expect("a key");
        let scalar = key.private_key().to_vec_padded(32).expect("32 bytes");
        let key = provider.keys.sm2_private(&scalar).expect("a key");
        let share = key.start_agreement(&AgreementRole::Initiator(None), &SystemRandom).expect("an ephemeral key").share().clone();
        let other = AgreementPeer { share, key: Some(key.public().clone()) };
        Self { provider, key, other }
    }
}

impl PublicKeys for Tlcp {
    fn sign(&mut self) -> Vec<u8> {
        self.key.sign(SignatureAlgorithm::SM2, &[&MESSAGE], &SystemRandom).expect("a signature")
    }

    fn verify(&mut self, signature: &[u8]) -> bool {
        let (algorithm, keys) = (SignatureAlgorithm::SM2, self.provider.keys);
        keys.verify(algorithm, self.key.public(), &[&MESSAGE], signature).is_ok()
    }

    fn encrypt(&mut self) -> Vec<u8> {
        self.provider.keys.encrypt(self.key.public(), &SECRET, &SystemRandom).expect("a ciphertext")
    }

    fn decrypt(&mut self, ciphertext: &[u8]) -> bool {
        self.key.decrypt(ciphertext).is_ok_and(|plain| plain[..] == SECRET)
    }

    fn agree(&mut self) -> Option<()> {
        let started = self.key.start_agreement(&AgreementRole::Responder(self.other.clone()), &SystemRandom).expect("an ephemeral key");
        let seed = MasterSeed { prf: HashAlgorithm::Sm3, label: "", seed: Default::default() };
        black_box(started.finish(&self.other, &seed).expect("a secret"));
        Some(())
    }
}

/// Signs and verifies 32 bytes as they are, where ours hash twice in a handshake's way: a microsecond.
struct Tongsuo(PKey<Private>);

impl Tongsuo {
    fn context(&self) -> PkeyCtx<Private> {
        PkeyCtx::new(&self.0).expect("context")
    }
}

impl PublicKeys for Tongsuo {
    fn sign(&mut self) -> Vec<u8> {
        let (mut context, mut out) = (self.context(), Vec::new());
        context.sign_init().expect("sign");
        context.sign_to_vec(&MESSAGE, &mut out).expect("a signature");
        out
    }

    fn verify(&mut self, signature: &[u8]) -> bool {
        let mut context = self.context();
        context.verify_init().expect("verify");
        context.verify(&MESSAGE, signature).expect("verify")
    }

    fn encrypt(&mut self) -> Vec<u8> {
        let (mut context, mut out) = (self.context(), Vec::new());
        context.encrypt_init().expect("encrypt");
        context.encrypt_to_vec(&SECRET, &mut out).expect("a ciphertext");
        out
    }

    fn decrypt(&mut self, ciphertext: &[u8]) -> bool {
        let (mut context, mut out) = (self.context(), Vec::new());
        context.decrypt_init().expect("decrypt");
        context.decrypt_to_vec(ciphertext, &mut out).is_ok() && out == SECRET
    }

    fn agree(&mut self) -> Option<()> {
        None
    }
}
