//! What we send: the engine's actions, application data, alerts.
use super::{Asked, Connection, Endpoint, Facts, Phase, Progress, Writing};
use crate::alert::Alert;
use crate::config::{Direction, Event};
use crate::error::Error;
use crate::handshake::{Action, Actions, Context, Engine, Failure, Input, Request};
use crate::record::{MAX_PLAINTEXT, Opener, Sealer};
use crate::wire::{AlertDescription, ContentType};
use alloc::vec::Vec;
use core::iter;
use core::ops::Deref;
use zeroize::Zeroizing;

/// Plaintext is taken while fewer bytes than these wait to be sent: sixteen full records, as many as CBC seals at once.
pub(super) const SEND_LIMIT: usize = 16 * MAX_PLAINTEXT;

/// What the rest of a flight takes behind its certificates, in bytes, or a whole one without certificates.
const SMALL_FLIGHT: usize = 384;

impl<S: Endpoint> Connection<S> {
    /// The bytes that wait to be sent to the peer; say [`Connection::sent`] once they are.
    pub fn pending_output(&self) -> &[u8] {
        self.outgoing.pending()
    }

    /// Says that the first `n` bytes of [`Connection::pending_output`] were sent.
    pub fn sent(&mut self, n: usize) {
        self.outgoing.sent(n);
        if !self.wants_write() {
            self.trim_sent();
        }
    }

    /// Takes all of [`Connection::pending_output`]: for those who hand whole buffers to the system.
    pub fn take_output(&mut self) -> Vec<u8> {
        let output = self.outgoing.take();
        self.trim_sent();
        output
    }

    /// Seals application data: how many bytes were taken. Fewer than all, or none, while much waits to be sent.
    ///
    /// # Errors
    /// `Misuse` before the handshake is complete (R-SM-8) and after [`Connection::close`]; `KeyExhausted` (R-REC-18);
    /// whatever the connection failed with.
    pub fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        self.check_alive()?;
        if self.is_handshaking() {
            return Err(Error::Misuse("write before the handshake is complete"));
        }
        if self.writing == Writing::Closed {
            return Err(Error::Misuse("write after the connection was closed"));
        }
        let room = SEND_LIMIT.saturating_sub(self.pending_output().len());
        let taken = data.get(..room).unwrap_or(data);
        if !taken.is_empty() {
            self.seal(ContentType::APPLICATION_DATA, taken)?;
        }
        Ok(taken.len())
    }

    /// The same for data in several pieces, which go into as few records as one buffer of theirs would.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn write_vectored(&mut self, parts: &[impl Deref<Target = [u8]>]) -> Result<usize, Error> {
        let mut parts = parts.iter().map(|part| &**part).filter(|part| !part.is_empty()).peekable();
        let first = parts.next().unwrap_or_default();
        if first.len() >= MAX_PLAINTEXT || parts.peek().is_none() {
            return self.write(first);
        }
        // One record's worth: what is not taken now is offered again.
        let mut gathered = Zeroizing::new(Vec::with_capacity(MAX_PLAINTEXT));
        for part in iter::once(first).chain(parts) {
            let room = MAX_PLAINTEXT.saturating_sub(gathered.len());
            gathered.extend_from_slice(part.get(..room).unwrap_or(part));
        }
        self.write(&gathered)
    }

    /// Ends our direction with close_notify. What the peer still sends can be read. Before the handshake is complete,
    /// this gives the connection up.
    pub fn close(&mut self) {
        if self.writing == Writing::Closed {
            return;
        }
        self.writing = Writing::Closed;
        self.send_alert(Alert::warning(AlertDescription::CLOSE_NOTIFY));
        if self.is_handshaking() {
            self.enter_failed(Error::Misuse("closed before the handshake was complete"));
        }
    }

    fn seal(&mut self, content_type: ContentType, data: &[u8]) -> Result<(), Error> {
        let random = &*(*self.config).as_ref().services.random;
        let out = self.outgoing.room_for(self.sealer.sealed_len(data.len(), MAX_PLAINTEXT), 0);
        self.sealer.seal(content_type, data, MAX_PLAINTEXT, random, out)
    }

    /// Best effort: a connection that cannot even seal an alert ends without it.
    pub(super) fn send_alert(&mut self, alert: Alert) {
        self.observe(Event::Alert(Direction::Sent, alert));
        let _ = self.seal(ContentType::ALERT, &alert.to_bytes());
    }

    pub(super) fn observe(&self, event: Event<'_>) {
        if let Some(observer) = &self.setup().services.observer {
            observer.observe(self.id, event);
        }
    }

    /// One step of the engine: what is to be done then. When it is done it is gone; what is left of it refuses renegotiation
    /// (R-SES-14).
    pub(super) fn step(&mut self, input: Input<'_>, actions: &mut Actions) -> Result<(), Failure> {
        let setup = (*self.config).as_ref();
        let mut cx = Context {
            policy: &setup.policy,
            provider: &setup.provider,
            random: &*setup.services.random,
            now: self.now.unix,
            actions,
        };
        match &mut self.phase {
            Phase::Handshaking(engine) => engine.step(input, &mut cx),
            Phase::Open(_) => Engine::new(S::connected()).step(input, &mut cx),
            Phase::Failed(failed) => Err(failed.error.clone().into()),
        }
    }

    /// Does what a step wants, and every step that follows from answers at hand.
    pub(super) fn act(&mut self, actions: &mut Actions) -> Result<(), Failure> {
        while let Some(request) = self.apply_all(actions)? {
            match super::answer::answer(self.setup(), self.now.unix, request) {
                Ok(answer) => self.step(Input::Answer(answer), actions)?,
                Err(request) => {
                    self.asked = Asked::Unanswered(request);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Applies the actions of a step; the request among them, if any, is the last.
    fn apply_all(&mut self, actions: &mut Actions) -> Result<Option<Request>, Error> {
        self.make_room(actions);
        for action in actions.drain(..) {
            match action {
                Action::Ask(request) => return Ok(Some(request)),
                other => self.apply(other)?,
            }
        }
        Ok(None)
    }

    /// For all messages of a step at once, and for the little that is to follow an answer.
    fn make_room(&mut self, actions: &Actions) {
        let length = |action: &Action| match action {
            Action::Write(message) => self.sealer.sealed_len(message.as_bytes().len(), MAX_PLAINTEXT),
            _ => 0,
        };
        let flight = actions.iter().map(length).sum::<usize>();
        if flight > 0 {
            self.outgoing.room_for(flight, SMALL_FLIGHT);
        }
    }

    fn apply(&mut self, action: Action) -> Result<(), Error> {
        match action {
            Action::Write(message) => {
                self.observe(Event::Handshake(Direction::Sent, message.as_handshake()));
                self.seal(ContentType::HANDSHAKE, message.as_bytes())?;
            }
            Action::WriteChangeCipherSpec => {
                self.observe(Event::ChangeCipherSpec(Direction::Sent));
                self.seal(ContentType::CHANGE_CIPHER_SPEC, &[1])?;
            }
            Action::NewWriteKeys(keys) => {
                if let Some(kept) = &mut self.kept {
                    kept.write = Some(keys.duplicate());
                }
                let setup = self.setup();
                let sealer = Sealer::new(keys, setup.provider.ciphers)?.with_max_fragment(self.max_fragment);
                self.sealer = match setup.policy.limits.records_per_key {
                    Some(records) => sealer.with_record_limit(records),
                    None => sealer,
                };
            }
            Action::NewReadKeys(keys) => {
                let opener = Opener::new(&keys, self.setup().provider.ciphers)?;
                self.opener = opener.with_max_fragment(self.max_fragment);
                if let Some(kept) = &mut self.kept {
                    kept.read = Some(keys);
                }
            }
            Action::NameRequested(name) => self.progress.server_name = Some(name),
            Action::SuiteChosen(suite) => {
                self.progress.suite = Some(suite);
                self.sealer = Sealer::plain(suite.protocol.version);
            }
            Action::LimitFragments(bytes) => {
                self.max_fragment = bytes;
                // ServerHello has gone by: nothing is under keys yet.
                self.sealer = Sealer::plain(self.version()).with_max_fragment(bytes);
                self.opener = Opener::plain().with_max_fragment(bytes);
            }
            Action::Done(summary) => {
                let facts = Facts::new(summary);
                self.observe(Event::Complete(facts.completed(self.version())));
                self.phase = Phase::Open(facts);
                self.progress = Progress::default();
            }
            Action::RefuseRenegotiation => {
                self.patience.refused_renegotiation()?;
                // Nothing follows our close_notify.
                if self.writing == Writing::Open {
                    self.send_alert(Alert::warning(AlertDescription::NO_RENEGOTIATION));
                }
            }
            for_services => self.apply_to_services(for_services),
        }
        Ok(())
    }

    fn apply_to_services(&self, action: Action) {
        let services = &self.setup().services;
        match (action, &services.sessions, &services.key_log) {
            (Action::LogSecret { client_random, master }, _, Some(log)) => {
                log.log("CLIENT_RANDOM", &client_random, master.expose());
            }
            (Action::StoreSession(key, session), Some(store), _) => store.store(key, session),
            (Action::DropSession(key), Some(store), _) => store.remove(&key),
            _ => {}
        }
    }
}
