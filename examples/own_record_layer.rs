//! The handshake without its record layer: the engine alone, over a framing of one's own. Messages go through it whole,
//! keys come out as values, and what is done with them is up to the caller: here, frames with a 4-byte length and
//! SM4-GCM. A kernel, a datagram transport or a message queue can do the same.
//!
//! `cargo run --example own_record_layer --features pki`
use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use tlcp::cert::{Key, KeyUse};
use tlcp::config::Setup;
use tlcp::crypto::{Aead, TrafficKeys, random::SystemRandom};
use tlcp::error::AnswerError;
use tlcp::handshake::client::{self, Target};
use tlcp::handshake::{Action, Actions, Answer, Context, Engine, Input, Request, Role, Selection, server};
use tlcp::message::Handshake;
use tlcp::pki::{Options, Pki};
use tlcp::suite::Protection;
use tlcp::{ClientConfig, Clock, ServerConfig, ServerName, Time};

type Failed = Box<dyn Error>;

/// What our frames carry.
const MESSAGE: u8 = 1;
const CHANGE: u8 = 2;
const DATA: u8 = 3;

/// kind, length of the content in 4 bytes, content. With a key, the content is encrypted and a tag follows it.
struct Frames {
    key: Option<(Box<dyn Aead>, [u8; 4])>,
    number: u64,
}

impl Frames {
    const PLAIN: Self = Self { key: None, number: 0 };

    fn new(keys: &TrafficKeys, setup: &Setup) -> Result<Self, Failed> {
        let Protection::Aead(algorithm) = keys.protection() else {
            return Err("our frames need an AEAD".into());
        };
        let aead = setup.provider.ciphers.aead(algorithm, keys.key())?;
        Ok(Self { key: Some((aead, keys.iv().try_into()?)), number: 0 })
    }

    /// No nonce comes twice under a key: it holds the number of the frame.
    fn nonce(&mut self, fixed: [u8; 4]) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&fixed);
        nonce[4..].copy_from_slice(&self.number.to_be_bytes());
        self.number += 1;
        nonce
    }

    fn write(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        let header = [&[kind][..], &(content.len() as u32).to_be_bytes()].concat();
        let mut body = content.to_vec();
        if let Some(fixed) = self.key.as_ref().map(|(_, fixed)| *fixed) {
            let nonce = self.nonce(fixed);
            let tag = self.key.as_ref().map(|(aead, _)| aead.seal(&nonce, &header, &mut body));
            body.extend(tag.into_iter().flatten());
        }
        [header, body].concat()
    }

    fn read(&mut self, frame: &[u8]) -> Result<(u8, Vec<u8>), Failed> {
        let (header, body) = frame.split_at_checked(5).ok_or("a frame without a header")?;
        let mut content = body.to_vec();
        if let Some(fixed) = self.key.as_ref().map(|(_, fixed)| *fixed) {
            let nonce = self.nonce(fixed);
            let at = content.len().checked_sub(16).ok_or("a frame without a tag")?;
            let tag: [u8; 16] = content.split_off(at).as_slice().try_into()?;
            self.key.as_ref().map_or(Ok(()), |(aead, _)| aead.open(&nonce, header, &mut content, &tag))?;
        }
        Ok((header[0], content))
    }
}

/// One end: the engine, and our frames in both directions.
struct End<S, C> {
    engine: Engine<S>,
    config: C,
    now: Time,
    sending: Frames,
    receiving: Frames,
    outbox: VecDeque<Vec<u8>>,
    done: bool,
}

impl<S: Role, C: AsRef<Setup>> End<S, C> {
    fn new(state: S, config: C, now: Time) -> Self {
        let engine = Engine::new(state);
        let (sending, receiving) = (Frames::PLAIN, Frames::PLAIN);
        Self { engine, config, now, sending, receiving, outbox: VecDeque::new(), done: false }
    }

    /// One input, and everything that follows from it.
    fn step(&mut self, input: Input<'_>) -> Result<(), Failed> {
        let mut actions = Actions::new();
        let mut context = context(self.config.as_ref(), self.now, &mut actions);
        self.engine.step(input, &mut context).map_err(|failure| failure.error)?;
        self.act(actions)
    }

    fn act(&mut self, actions: Actions) -> Result<(), Failed> {
        for action in actions {
            match action {
                Action::Write(message) => {
                    self.outbox.push_back(self.sending.write(MESSAGE, message.as_bytes()))
                }
                Action::WriteChangeCipherSpec => self.outbox.push_back(self.sending.write(CHANGE, &[])),
                Action::NewWriteKeys(keys) => self.sending = Frames::new(&keys, self.config.as_ref())?,
                Action::NewReadKeys(keys) => self.receiving = Frames::new(&keys, self.config.as_ref())?,
                Action::Done(_) => self.done = true,
                // Always the last of its step: the answer is the next input, now or later.
                Action::Ask(request) => {
                    return self.step(Input::Answer(answer(self.config.as_ref(), self.now, request)));
                }
                // No sessions and no key log here.
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes a frame of the other end; the data in it, if it holds some.
    fn receive(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, Failed> {
        let (kind, content) = self.receiving.read(frame)?;
        match kind {
            MESSAGE => {
                self.step(Input::Message(Handshake::of(&content).ok_or("a message without a header")?))?
            }
            CHANGE => self.step(Input::ChangeCipherSpec)?,
            DATA if self.done => return Ok(Some(content)),
            _ => return Err("a frame that has no place here".into()),
        }
        Ok(None)
    }
}

/// What each step is given.
fn context<'a>(setup: &'a Setup, now: Time, actions: &'a mut Actions) -> Context<'a> {
    let (policy, provider) = (&setup.policy, &setup.provider);
    Context { policy, provider, random: &SystemRandom, now: now.unix, actions }
}

/// The engine asks for whatever is not its own: certificates, keys, verification.
fn answer(setup: &Setup, now: Time, request: Request) -> Answer {
    const FAILED: Answer = Answer::Failed(AnswerError("not answered here"));
    match request {
        Request::FindSession { .. } => Answer::SessionFound(None),
        Request::SelectIdentity(_) => Answer::IdentitySelected(match setup.services.identities.first() {
            Some(named) => Selection::Identity { identity: named.identity.clone(), by_name: false },
            None => Selection::Nothing,
        }),
        Request::VerifyPeer(claim) => match &setup.services.verifier {
            Some(verifier) => Answer::PeerVerified(verifier.verify(&claim, now.unix)),
            None => FAILED,
        },
        Request::Sign(question) => match question.identity().key(KeyUse::Sign) {
            Key::Here(key) => question.answer(&**key, &SystemRandom),
            Key::Elsewhere(_) => FAILED,
        },
        Request::Decrypt(question) => match question.identity().key(KeyUse::Encrypt).clone() {
            Key::Here(key) => {
                let found = key.decrypt(question.ciphertext());
                question.answer(found.as_ref().map(|secret| &secret[..]).map_err(|e| *e))
            }
            Key::Elsewhere(_) => FAILED,
        },
        _ => FAILED,
    }
}

pub(crate) fn main() -> Result<(), Failed> {
    let (now, provider) = (Clock::start().now(), tlcp::default_provider());
    let pki = Pki::new(&Options::new(now.unix), &provider, &SystemRandom)?;
    let suites = [tlcp::suite::Suite::by_name("ECC_SM4_GCM_SM3").ok_or("no such suite")?];
    let identity = Arc::new(pki.server_identity(&provider)?);
    let server = ServerConfig::builder().identity(identity).suites(&suites).sessions(None).build()?;
    let verifier = Arc::new(pki.verifier(&provider)?);
    let client = ClientConfig::builder().verifier(verifier).suites(&suites).sessions(None).build()?;

    let mut server = End::new(server::start(), server, now);
    let target = Target { name: ServerName::try_from("localhost")?, session_key: None };
    let mut actions = Actions::new();
    let state = client::start(target, &mut context(client.as_ref(), now, &mut actions))?;
    let mut client = End::new(state, client, now);
    client.act(actions)?;

    while !(client.done && server.done) {
        while let Some(frame) = client.outbox.pop_front() {
            server.receive(&frame)?;
        }
        while let Some(frame) = server.outbox.pop_front() {
            client.receive(&frame)?;
        }
    }
    let frame = client.sending.write(DATA, b"in a frame of our own");
    let data = server.receive(&frame)?.ok_or("no data")?;
    println!("{} bytes on the way, and out comes: {}", frame.len(), String::from_utf8_lossy(&data));
    assert_eq!(data, b"in a frame of our own");
    Ok(())
}
