//! Floor 7: the handshake engine. Pure: an [`Input`] goes in, [`Action`]s come out; time and randomness are arguments.
//!
//! # Theory of operation
//! 1. The caller feeds whole handshake messages and ChangeCipherSpec, in the order of the stream, to [`Engine::step`].
//! 2. `client::State` and `server::State` each hold one table, [`Role::row`]: each state's name and what it takes. All
//!    else is refused in one place (R-SM-1), a message already on its header, by whoever joins messages and asks
//!    [`Engine::due`] (R-REC-43). [`Role::step`] tells what follows. The golden files `vectors/transitions/` snapshot it.
//! 3. A state holds exactly what is known then: `Agreed` after both hellos, `Keyed` after the secret.
//! 4. Whatever needs a private key, the certificate store or the session cache is an [`Action::Ask`], always the last
//!    action of its step. Its [`Answer`] is the only input that the next step takes, now or later.
//! 5. Keys leave as values ([`Action::NewReadKeys`], [`Action::NewWriteKeys`]): the engine knows no record layer.
//! 6. A message is its type and its body: the header before it, and whatever cuts it into pieces, belong to the
//!    transport, which has the same 4 bytes in TLS and TLCP.
//! 7. A failed step has no actions; it returns the error and the session that is to be dropped (R-SES-12).
mod action;
pub mod client;
pub mod key_agreement;
mod request;
mod row;
pub mod server;
mod together;

pub use action::{Action, Actions, Summary};
pub use request::{
    Answer, AnswerKind, ClientOffer, DecryptRequest, IdentityQuery, Request, Selection, SignRequest, Started,
};
pub use row::{Row, Takes};
pub use together::answer_together;

use crate::config::Policy;
use crate::crypto::{Draw, MasterSecret, MasterSeed, Prf, Provider, Random, TrafficKeys};
use crate::error::{Error, PeerMisbehaved};
use crate::key_schedule::{self, ConnectionKeys, Exporter, Sender};
use crate::message::{CertificateRequest, DigitallySigned, Due, Finished, Handshake, Message, SessionId};
use crate::session::{Session, SessionKey, Terms};
use crate::suite::{HashAlgorithm, MacOrder, Protection, Suite};
use crate::transcript::Transcript;
use crate::wire::{HandshakeType, MaxFragmentLength, Overlong, ProtocolVersion, SignatureScheme};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use subtle::ConstantTimeEq;

/// What the engine takes, one at a time.
#[derive(Debug)]
pub enum Input<'a> {
    /// A whole handshake message.
    Message(Handshake<'a>),
    /// A ChangeCipherSpec record.
    ChangeCipherSpec,
    /// The answer to the open request.
    Answer(Answer),
}

/// What a step is given: configuration, primitives, randomness and the time.
pub struct Context<'a> {
    /// The configuration, as far as it is data.
    pub policy: &'a Policy,
    /// Only its hashes and its operations with public keys are used.
    pub provider: &'a Provider,
    /// Where every draw comes from.
    pub random: &'a dyn Random,
    /// Unix time in seconds.
    pub now: u64,
    /// The actions of this step are added here.
    pub actions: &'a mut Actions,
}

impl Context<'_> {
    fn ask(&mut self, request: Request) {
        self.actions.push(Action::Ask(request));
    }

    fn write(
        &mut self,
        transcript: &mut Transcript,
        message: Result<Message, Overlong>,
    ) -> Result<(), Error> {
        let message = message?;
        transcript.add_own(&message);
        self.actions.push(Action::Write(message));
        Ok(())
    }

    fn write_request(
        &mut self,
        transcript: &mut Transcript,
        request: CertificateRequest,
    ) -> Result<(), Error> {
        let message = request.to_message()?;
        transcript.add_request(&message, request);
        self.actions.push(Action::Write(message));
        Ok(())
    }

    /// 32 random bytes (R-HS-2), the first four the time if the policy wants so.
    fn hello_random(&self) -> Result<[u8; 32], Error> {
        let mut out = [0; 32];
        self.random.fill(Draw::HelloRandom, &mut out)?;
        if self.policy.gmt_time_in_random {
            for (o, t) in out.iter_mut().zip((self.now as u32).to_be_bytes()) {
                *o = t;
            }
        }
        Ok(out)
    }

    /// ChangeCipherSpec, new keys and Finished: how each side ends its handshake.
    fn write_finished(&mut self, keyed: &mut Keyed, keys: TrafficKeys, sender: Sender) -> Result<(), Error> {
        let verify_data = keyed.verify_data(sender);
        keyed.first_verify_data.get_or_insert(verify_data);
        self.actions.push(Action::WriteChangeCipherSpec);
        self.actions.push(Action::NewWriteKeys(keys));
        self.write(&mut keyed.agreed.transcript, Finished::to_message(&verify_data))
    }

    /// The hashes that an enabled suite may need.
    fn transcript_hashes(&self) -> impl Iterator<Item = HashAlgorithm> + Clone {
        let suites = self.policy.suites.iter();
        suites.flat_map(|suite| [Some(suite.prf), signed_hash(suite)]).flatten()
    }

    fn limit_fragments(&mut self, terms: &Terms) {
        let bytes = terms.max_fragment_length.and_then(MaxFragmentLength::bytes);
        self.actions.extend(bytes.map(Action::LimitFragments));
    }

    fn log_secret(&mut self, agreed: &Agreed, master: &MasterSecret) {
        if self.policy.log_secrets {
            let client_random = Box::new(agreed.client_random);
            self.actions.push(Action::LogSecret { client_random, master: master.clone() });
        }
    }
}

/// The hash that CertificateVerify is over; where the signature names its scheme it is over the messages (R-T12-18).
fn signed_hash(suite: &Suite) -> Option<HashAlgorithm> {
    (!suite.protocol.names_signature_scheme).then(|| suite.key_exchange.authenticates.fixed_hash())
}

/// What both hellos fixed; one box moves through all later states. No Drop here, so that states can be taken apart.
pub struct Agreed {
    suite: &'static Suite,
    /// As the client sent it: what the pre_master_secret must begin with (R-HS-33).
    client_version: ProtocolVersion,
    client_random: [u8; 32],
    server_random: [u8; 32],
    session_id: SessionId,
    negotiated: Negotiated,
    transcript: Transcript,
}

/// What the hellos' extensions came to; by default nothing.
#[derive(Default)]
struct Negotiated {
    /// The name in the client's server_name.
    server_name: Option<Arc<str>>,
    /// The application protocol (R-ALPN-2).
    alpn: Option<Box<[u8]>>,
    /// What the session remembers of it.
    terms: Terms,
    /// NewSessionTicket will come (R-SM-7).
    ticket: bool,
    /// CertificateStatus may come (R-EXT-3), or what it held.
    status: Status,
}

/// A stapled OCSP response.
#[derive(Default)]
enum Status {
    #[default]
    NotAgreed,
    Agreed,
    Received(Box<[u8]>),
}

impl Agreed {
    /// To be asked for when ClientKeyExchange is in the transcript: a seed may depend on it (R-EMS-2).
    fn master_seed(&self) -> MasterSeed {
        if self.negotiated.terms.extended_master_secret {
            return key_schedule::extended_master_seed(self.suite, &self.transcript.current());
        }
        key_schedule::master_seed(self.suite, &self.client_random, &self.server_random)
    }

    /// How records are protected: as the suite says, but for encrypt-then-MAC (R-ETM-1).
    fn protection(&self) -> Protection {
        match self.suite.protection {
            Protection::Cbc { cipher, mac, .. } if self.negotiated.terms.encrypt_then_mac => {
                Protection::Cbc { cipher, mac, order: MacOrder::EncryptThenMac }
            }
            other => other,
        }
    }

    /// A signature of ours as the protocol has it.
    fn signed<'a>(&self, scheme: SignatureScheme, signature: &'a [u8]) -> DigitallySigned<'a> {
        let scheme = self.suite.protocol.names_signature_scheme.then_some(scheme);
        DigitallySigned { scheme, signature }
    }

    /// What CertificateVerify signs: the messages where they were kept for it (R-T12-18, R-HS-27), else their hash.
    fn certificate_verify_message(&self) -> Result<Vec<u8>, Error> {
        Ok(self.transcript.messages()?.unwrap_or_else(|| self.certificate_verify_hash()))
    }

    /// R-HS-27: the hash of the messages so far. R-HS-45: that of the signature scheme, where it is not the PRF's.
    fn certificate_verify_hash(&self) -> Vec<u8> {
        let algorithm = self.suite.key_exchange.authenticates.fixed_hash();
        let digest = self.transcript.digest(algorithm).unwrap_or_else(|| self.transcript.current());
        digest.as_ref().to_vec()
    }

    /// client_random || server_random || length || rest: what ServerKeyExchange signs (R-HS-17, R-HS-18); `length` is
    /// that of `rest` where it stands before it, else nothing.
    fn signed_params<'a>(&'a self, length: &'a [u8], rest: &'a [u8]) -> [&'a [u8]; 4] {
        [&self.client_random, &self.server_random, length, rest]
    }
}

/// From the master secret on. The session exists; it is stored after both Finished (R-SES-4). The full and the resumed
/// tail hold the same.
pub struct Keyed {
    agreed: Box<Agreed>,
    session: Arc<Session>,
    /// With the session's master secret: for the key block, both Finished and the exporter.
    prf: Box<dyn Prf>,
    /// verify_data of the first Finished, whoever sent it (R-T12-26).
    first_verify_data: Option<[u8; Finished::LEN]>,
}

impl Keyed {
    fn new(agreed: Box<Agreed>, session: Arc<Session>, provider: &Provider) -> Self {
        let prf = key_schedule::master_prf(provider.hashes, agreed.suite, &session.master);
        Self { agreed, session, prf, first_verify_data: None }
    }

    fn keys(&self) -> Result<ConnectionKeys, Error> {
        let a = &self.agreed;
        let randoms = [&a.client_random, &a.server_random];
        Ok(key_schedule::connection_keys(&*self.prf, a.suite, a.protection(), randoms)?)
    }

    fn verify_data(&self, sender: Sender) -> [u8; Finished::LEN] {
        key_schedule::verify_data(&*self.prf, sender, &self.agreed.transcript.current())
    }

    /// Reads the peer's Finished, checks it in constant time (R-KEY-6) and adds it to the transcript.
    fn check_finished(&mut self, message: Handshake<'_>, sender: Sender) -> Result<(), Error> {
        let received = Finished::read(message.body)?;
        let expected = self.verify_data(sender);
        if !bool::from(received.ct_eq(&expected)) {
            return Err(PeerMisbehaved::WrongVerifyData.into());
        }
        self.first_verify_data.get_or_insert(expected);
        self.agreed.transcript.add(message);
        Ok(())
    }

    fn done(self, key: Option<SessionKey>, resumed: bool, cx: &mut Context<'_>) {
        let Self { agreed, session, prf, first_verify_data } = self;
        // R-EMS-5: not without extended_master_secret. TLCP has none (R-SES-14).
        let tls_unique = first_verify_data.filter(|_| session.terms.extended_master_secret);
        let randoms = [agreed.client_random, agreed.server_random];
        let exporter = tls_unique.map(|tls_unique| Box::new(Exporter::new(prf, randoms, tls_unique)));
        let Negotiated { server_name, alpn, status, .. } = agreed.negotiated;
        let ocsp_response = match status {
            Status::Received(response) => Some(response),
            Status::NotAgreed | Status::Agreed => None,
        };
        cx.actions.push(Action::Done(Summary {
            session,
            session_key: key,
            resumed,
            alpn,
            server_name,
            ocsp_response,
            exporter,
        }));
    }
}

/// One of the two machines.
pub trait Role: Sized {
    /// The table: the state's name, and what it takes.
    fn row(&self) -> Row;
    /// What follows from an input that the state's row names.
    ///
    /// # Errors
    /// The engine is to be failed with it.
    fn step(self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Self, Error>;
    /// The session to be dropped if this state fails (R-SES-12).
    fn session(&self) -> Option<SessionKey>;
    /// After the handshake: only refuses renegotiation.
    fn connected() -> Self;
    /// After a failure: takes nothing.
    fn failed() -> Self;
}

/// Why a step failed. It had no other effects: none can be applied by halves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why; [`crate::alert::alert_for`] knows the alert.
    pub error: Error,
    /// The session to be dropped.
    pub session: Option<SessionKey>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, session: None }
    }
}

/// The machine as the caller holds it: one step at a time, nothing half applied, nothing left after a failure.
#[derive(Debug)]
pub struct Engine<S> {
    state: S,
}

impl<S: Role> Engine<S> {
    /// In its first state: [`client::start`] or [`server::start`].
    pub fn new(state: S) -> Self {
        Self { state }
    }

    /// Whether a request is open: no message may be fed before its answer.
    pub fn awaits_answer(&self) -> bool {
        matches!(self.state.row(), Row(_, Takes::Answer(_)))
    }

    /// Whether `answer` is one to the open request.
    pub fn takes(&self, answer: &Answer) -> bool {
        matches!(self.state.row(), Row(_, Takes::Answer(kind)) if answer.is(kind))
    }

    /// The messages that may come now, for [`Joiner::next`](crate::message::Joiner::next), which refuses others on their
    /// header (R-REC-43). While a request is open there is none: what comes then waits unjudged.
    pub fn due(&self) -> Due {
        self.state.row().due()
    }

    /// The state's name in the transition table.
    pub fn state(&self) -> &'static str {
        self.state.row().0
    }

    /// Takes one input and adds the actions that follow from it to `cx.actions`.
    ///
    /// # Errors
    /// [`Failure`]; the engine then takes nothing any more, and no action was added. `Misuse`, without any effect, for
    /// another answer than the one asked for, and for a message before the answer.
    pub fn step(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<(), Failure> {
        let row = self.state.row();
        if !row.is_in_turn(&input) {
            return Err(Error::Misuse("not the answer that was asked for, or a message before it").into());
        }
        let (start, session) = (cx.actions.len(), self.state.session());
        let state = core::mem::replace(&mut self.state, S::failed());
        match row.check(&input).and_then(|()| state.step(input, cx)) {
            Ok(next) => {
                self.state = next;
                Ok(())
            }
            Err(error) => {
                cx.actions.truncate(start);
                Err(Failure { error, session })
            }
        }
    }

    /// A fatal alert, the end of the stream, or a caller who gives up: secrets go now. Returns the session to be dropped
    /// if an alert is the reason (R-SES-12).
    pub fn abort(&mut self) -> Option<SessionKey> {
        core::mem::replace(&mut self.state, S::failed()).session()
    }
}

/// What no input can come to while row and step agree.
const NOT_TAKEN: Error = Error::Misuse("an input that the state's row does not name");

/// An alert illegal_parameter about `message.field`.
fn illegal(
    message: HandshakeType,
    field: &'static str,
    expected: &'static str,
    clause: &'static str,
) -> Error {
    PeerMisbehaved::illegal(message.name().unwrap_or("message"), field, expected, clause).into()
}
