//! What the peer sends: bytes to records, records to messages, messages to the engine.
use super::answer::vet;
use super::incoming::Incoming;
use super::{Asked, Connection, Endpoint, Phase, Reading, Time, Writing};
use crate::alert::Alert;
use crate::config::{Direction, Event};
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::{Actions, Answer, Engine, Failure, Input};
use crate::message::{Due, Handshake};
use crate::record::{
    Framed, HEADER_LEN, Sealer, VersionRule, alert_of, check_change_cipher_spec, check_fragment, deframe,
    header_version,
};
use crate::wire::{AlertDescription, AlertLevel, ContentType, HandshakeType, ProtocolVersion};
use alloc::vec::Vec;
use core::ops::Range;

/// What reading came to: [`Connection::read`], [`Connection::readable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadProgress {
    /// So many bytes; 0 only if none were asked for.
    Plaintext(usize),
    /// None are here: bytes from the peer are needed, or the handshake's next answer.
    NeedsInput,
    /// None will come: the peer has sent close_notify.
    Closed,
}

impl<S: Endpoint> Connection<S> {
    /// Where the next bytes from the peer are to be read to. Empty where nothing can be taken: after the stream's end, and
    /// while the buffer is full and plaintext waits or a request is open.
    pub fn receive_buffer(&mut self) -> &mut [u8] {
        if self.reading != Reading::Open {
            return &mut [];
        }
        let need = match deframe(self.incoming.sealed(), self.versions, self.opener.is_protected()) {
            Ok(Framed::Need(n)) => n,
            Ok(Framed::Record { .. }) => 0,
            Err(_) => HEADER_LEN,
        };
        self.incoming.free(need)
    }

    /// `n` bytes were read into [`Connection::receive_buffer`]: works off as many records as it can.
    ///
    /// # Errors
    /// Whatever the connection fails with; the alert for the peer then waits in [`Connection::pending_output`].
    pub fn received(&mut self, n: usize, now: Time) -> Result<(), Error> {
        self.heard |= n > 0;
        self.incoming.filled(n);
        self.tick(now)?;
        self.process()
    }

    /// Takes all that came before there was a connection, as it is: while a request is open, what follows waits in it.
    pub(super) fn take_over(&mut self, bytes: Vec<u8>, now: Time) -> Result<(), Error> {
        self.heard |= !bytes.is_empty();
        self.incoming = Incoming::holding(bytes);
        self.tick(now)?;
        self.process()
    }

    /// Takes bytes that the caller has in a buffer of its own; how many were taken, which is fewer while plaintext waits
    /// or a request is open, or where close_notify is among them. In later calls all are taken, and ignored (R-AL-3).
    ///
    /// # Errors
    /// As [`Connection::received`]; and again whatever the connection failed with before, or `Truncated` after the
    /// stream's end.
    pub fn receive(&mut self, bytes: &[u8], now: Time) -> Result<usize, Error> {
        self.tick(now)?;
        match self.reading {
            Reading::Closed => return Ok(bytes.len()),
            Reading::Truncated => return Err(Error::Truncated),
            Reading::Open | Reading::Ended => {}
        }
        let mut rest = bytes;
        while self.wants_read() && !rest.is_empty() {
            let free = self.receive_buffer();
            let (now_taken, later) = rest.split_at(free.len().min(rest.len()));
            let n = now_taken.len();
            free.iter_mut().zip(now_taken).for_each(|(to, from)| *to = *from);
            self.received(n, now)?;
            rest = later;
        }
        Ok(bytes.len().saturating_sub(rest.len()))
    }

    /// The stream ended. What came before can still be read; the error comes after it.
    ///
    /// # Errors
    /// During the handshake `ClosedInHandshake`, and the connection has failed. After it `Truncated`, if no close_notify
    /// came before (R-AL-3): from then on every read fails so, but what was read can still be answered (R-AL-10).
    pub fn received_end(&mut self, now: Time) -> Result<(), Error> {
        self.tick(now)?;
        if self.reading == Reading::Open {
            self.reading = Reading::Ended;
        }
        self.process()?;
        self.check_whole()
    }

    /// The plaintext that waits, of one record.
    pub fn plaintext(&self) -> &[u8] {
        self.incoming.plaintext()
    }

    /// `n` bytes of [`Connection::plaintext`] are done with: the next record is opened, if it is there.
    ///
    /// # Errors
    /// Whatever the connection fails with then; `Truncated` if the stream has ended and no record is left (R-AL-10).
    pub fn consume(&mut self, n: usize) -> Result<(), Error> {
        self.incoming.read(n);
        if self.may_open_record() {
            self.process()?;
        }
        self.check_whole()
    }

    /// Reads plaintext into `out`, of as many records as are here and fit. After [`ReadProgress::Closed`] the peer's
    /// close_notify is to be answered with [`Connection::close`] (R-AL-3), once all is written that the peer still waits
    /// for.
    ///
    /// # Errors
    /// Whatever the connection failed with, or `Truncated` (R-AL-10), after all plaintext before it was read.
    pub fn read(&mut self, out: &mut [u8]) -> Result<ReadProgress, Error> {
        let mut done: usize = 0;
        while let Some(rest) = out.get_mut(done..).filter(|r| !r.is_empty()) {
            let plaintext = self.incoming.plaintext();
            let n = plaintext.len().min(rest.len());
            let (Some(to), Some(from)) = (rest.get_mut(..n), plaintext.get(..n)) else { break };
            if n == 0 {
                break;
            }
            to.copy_from_slice(from);
            done = done.saturating_add(n);
            // An error of the next record is reported by the next call: these bytes are good.
            if self.consume(n).is_err() {
                break;
            }
        }
        match self.readable() {
            _ if done > 0 => Ok(ReadProgress::Plaintext(done)),
            Ok(_) if out.is_empty() => Ok(ReadProgress::Plaintext(0)),
            other => other,
        }
    }

    /// What there is to be read: how many bytes of [`Connection::plaintext`], or why there are none.
    ///
    /// # Errors
    /// As [`Connection::read`].
    pub fn readable(&self) -> Result<ReadProgress, Error> {
        self.check_alive()?;
        if !self.plaintext().is_empty() {
            return Ok(ReadProgress::Plaintext(self.plaintext().len()));
        }
        self.check_whole()?;
        Ok(if self.reading == Reading::Closed { ReadProgress::Closed } else { ReadProgress::NeedsInput })
    }

    /// Works off records until more bytes, an answer or a reader is needed.
    pub(super) fn process(&mut self) -> Result<(), Error> {
        match self.process_records() {
            Ok(()) => self.check_alive(),
            Err(failure) => self.fail(failure),
        }
    }

    fn process_records(&mut self) -> Result<(), Failure> {
        while self.may_open_record() {
            self.answer_as_client_speaks();
            let framed = deframe(self.incoming.sealed(), self.versions, self.opener.is_protected());
            match framed? {
                Framed::Need(_) => {
                    self.on_no_record()?;
                    break;
                }
                Framed::Record { content_type, version, length } => {
                    self.on_first_record(content_type, version)?;
                    self.on_record(content_type, length)?;
                }
            }
        }
        // A half-open connection holds no buffer that is empty. An open one keeps that of the records warm, and has no
        // more messages to come.
        self.joiner.trim();
        if self.is_handshaking() {
            self.incoming.trim();
        }
        Ok(())
    }

    /// R-AL-10: what the stream's end means where no whole record is left.
    fn on_no_record(&mut self) -> Result<(), Error> {
        if self.reading != Reading::Ended {
            return Ok(());
        }
        if self.is_handshaking() {
            return Err(Error::ClosedInHandshake { heard: self.heard });
        }
        self.reading = Reading::Truncated;
        self.incoming.clear();
        Ok(())
    }

    /// R-REC-41: an alert before ServerHello is in a version that the client can read, at most TLS 1.2's: that of its record,
    /// unless all is TLCP's.
    fn answer_as_client_speaks(&mut self) {
        let is_tls = |version: ProtocolVersion| version.major() == ProtocolVersion::TLS12.major();
        let Some(theirs) = header_version(self.incoming.sealed()) else { return };
        if self.versions == VersionRule::First && (is_tls(theirs) || is_tls(self.version())) {
            self.sealer = Sealer::plain(theirs.min(ProtocolVersion::TLS12));
        }
    }

    /// A server's first record decides whether this is our protocol at all (R-HS-33, R-REC-41).
    fn on_first_record(&mut self, content_type: ContentType, version: ProtocolVersion) -> Result<(), Error> {
        if self.versions != VersionRule::First || content_type == ContentType::ALERT {
            return Ok(());
        }
        let ours = self.version();
        if version.major() != ours.major() {
            return Err(PeerMisbehaved::ProtocolVersion { message: "record header", version }.into());
        }
        self.versions = VersionRule::AlertsOfAny(ours); // R-REC-2: until ServerHello.
        Ok(())
    }

    fn on_record(&mut self, content_type: ContentType, length: usize) -> Result<(), Failure> {
        let at = self.incoming.take_record(length);
        let content = self.opener.open(content_type, self.incoming.fragment(at.clone()))?;
        let content = at.start.saturating_add(content.start)..at.start.saturating_add(content.end);
        check_fragment(content_type, self.incoming.fragment(content.clone()))?;
        match content_type {
            ContentType::HANDSHAKE => self.on_handshake(content),
            ContentType::CHANGE_CIPHER_SPEC => self.on_change_cipher_spec(content),
            ContentType::ALERT => Ok(self.on_alert(content)?),
            _ => Ok(self.on_application_data(content)?),
        }
    }

    fn on_handshake(&mut self, content: Range<usize>) -> Result<(), Failure> {
        let mut incoming = core::mem::take(&mut self.incoming);
        let outcome = self.on_fragment(incoming.fragment(content));
        self.incoming = incoming;
        outcome
    }

    /// Messages that are whole are read where they lie; what is left is joined with what will come.
    fn on_fragment(&mut self, fragment: &[u8]) -> Result<(), Failure> {
        let mut rest = fragment;
        while self.joiner.is_empty() && matches!(self.asked, Asked::Nothing) {
            let Some((message, behind)) = self.joiner.whole(rest, self.due())? else { break };
            rest = behind;
            let mut actions = Actions::new();
            self.step_message(message, !rest.is_empty(), &mut actions)?;
            self.act(&mut actions)?;
        }
        match self.asked {
            _ if rest.is_empty() => {}
            Asked::Nothing => self.joiner.push(rest, self.due())?,
            Asked::Unanswered(_) | Asked::WithCaller => self.joiner.keep(rest),
        }
        self.drive(None)
    }

    fn on_change_cipher_spec(&mut self, content: Range<usize>) -> Result<(), Failure> {
        self.refuse_interleaving(ContentType::CHANGE_CIPHER_SPEC)?;
        check_change_cipher_spec(self.incoming.fragment(content))?;
        self.observe(Event::ChangeCipherSpec(Direction::Received));
        let mut actions = Actions::new();
        self.step(Input::ChangeCipherSpec, &mut actions)?;
        self.act(&mut actions)
    }

    /// R-AL-7: the level decides.
    fn on_alert(&mut self, content: Range<usize>) -> Result<(), Error> {
        let alert = alert_of(self.incoming.fragment(content))?;
        self.observe(Event::Alert(Direction::Received, alert));
        match alert.description {
            // R-REC-40: a client that begins with an alert has nothing else to say.
            description if self.versions == VersionRule::First => Err(Error::AlertReceived(description)),
            AlertDescription::CLOSE_NOTIFY if self.is_handshaking() => {
                Err(Error::AlertReceived(AlertDescription::CLOSE_NOTIFY))
            }
            AlertDescription::CLOSE_NOTIFY => {
                self.reading = Reading::Closed;
                self.incoming.clear(); // R-AL-3: what follows is ignored.
                Ok(())
            }
            description if alert.level == AlertLevel::FATAL => Err(Error::AlertReceived(description)),
            _ => {
                self.refuse_interleaving(ContentType::ALERT)?;
                self.patience.warning()
            }
        }
    }

    fn on_application_data(&mut self, content: Range<usize>) -> Result<(), Error> {
        self.refuse_interleaving(ContentType::APPLICATION_DATA)?;
        if self.is_handshaking() {
            let why = "application data before the handshake is complete";
            return Err(unexpected(ContentType::APPLICATION_DATA, why, "R-SM-4"));
        }
        if content.is_empty() {
            return self.patience.empty_record();
        }
        self.patience.progress();
        self.incoming.set_plaintext(content);
        Ok(())
    }

    /// R-REC-13: nothing stands between the fragments of a message.
    fn refuse_interleaving(&self, content_type: ContentType) -> Result<(), Error> {
        if self.joiner.is_empty() {
            Ok(())
        } else {
            Err(unexpected(content_type, "a handshake message is incomplete", "R-REC-13"))
        }
    }

    /// Steps until a request is open or no whole message is left.
    pub(super) fn drive(&mut self, answer: Option<Answer>) -> Result<(), Failure> {
        if let Some(answer) = answer {
            let answer = vet(self.setup(), self.now.unix, answer);
            let mut actions = Actions::new();
            self.step(Input::Answer(answer), &mut actions)?;
            self.act(&mut actions)?;
        }
        while matches!(self.asked, Asked::Nothing) {
            let mut joiner = core::mem::take(&mut self.joiner);
            let Some(message) = joiner.next(self.due())? else {
                self.joiner = joiner;
                break;
            };
            let mut actions = Actions::new();
            self.step_message(message, joiner.has_more(), &mut actions)?;
            joiner.consume();
            self.joiner = joiner;
            self.act(&mut actions)?;
        }
        Ok(())
    }

    /// The messages that may come now: none but those that an open connection refuses politely, once it is open.
    fn due(&self) -> Due {
        match &self.phase {
            Phase::Handshaking(engine) => engine.due(),
            Phase::Open(_) => Engine::new(S::connected()).due(),
            Phase::Failed(_) => Engine::new(S::failed()).due(),
        }
    }

    /// Feeds a whole message to the engine.
    fn step_message(
        &mut self,
        message: Handshake<'_>,
        has_more: bool,
        actions: &mut Actions,
    ) -> Result<(), Failure> {
        // R-REC-12: judged first, so that no handshake is complete that then fails.
        if self.is_handshaking() && ends_flight(message.kind) && has_more {
            let why = "bytes follow the last message of a flight in its record";
            return Err(unexpected(ContentType::HANDSHAKE, why, "R-REC-12").into());
        }
        self.observe(Event::Handshake(Direction::Received, message));
        self.step(Input::Message(message), actions)?;
        if let VersionRule::AlertsOfAny(version) = self.versions {
            self.versions = VersionRule::Exactly(version); // R-REC-41: the hello was accepted.
        }
        self.patience.progress();
        Ok(())
    }
}

/// Whether its sender has nothing more to say before it is answered.
fn ends_flight(kind: HandshakeType) -> bool {
    matches!(kind, HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO_DONE | HandshakeType::FINISHED)
}

fn unexpected(content_type: ContentType, why: &'static str, clause: &'static str) -> Error {
    PeerMisbehaved::UnexpectedRecord { content_type, why, clause }.into()
}

/// Ending a connection.
impl<S: Endpoint> Connection<S> {
    pub(super) fn check_alive(&self) -> Result<(), Error> {
        self.error().map_or(Ok(()), |e| Err(e.clone()))
    }

    /// R-AL-10: whoever reads on is told that there should have been more.
    fn check_whole(&self) -> Result<(), Error> {
        if self.reading == Reading::Truncated { Err(Error::Truncated) } else { Ok(()) }
    }

    /// The one place where a connection fails: the alert under the keys now writing; then no keys, no buffers, and no
    /// session where a fatal alert was sent or received (R-AL-1, R-SES-12).
    pub(super) fn fail(&mut self, failure: Failure) -> Result<(), Error> {
        let Failure { error, session } = failure;
        let alert = crate::alert::alert_for(&error);
        let session = session.or_else(|| self.session_key());
        let is_fatal = match error {
            Error::AlertReceived(description) => description != AlertDescription::CLOSE_NOTIFY,
            _ => alert.is_some(),
        };
        if let (Some(key), true, Some(store)) = (session, is_fatal, &self.setup().services.sessions) {
            store.remove(&key);
        }
        if let (Some(description), Writing::Open) = (alert, self.writing) {
            self.send_alert(Alert::fatal(description));
        }
        self.enter_failed(error.clone());
        Err(error)
    }
}
