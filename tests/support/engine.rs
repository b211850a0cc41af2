//! The two engines, driven without records or connections: a handshake between them is recorded once, and each side
//! can then be brought into any of its states again, quickly, since signatures and secrets are remembered.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::pair::{Counting, NOW, World, name};
use std::collections::VecDeque;
use std::sync::Arc;
use tlcp::cert::{Key, KeyUse, Verified};
use tlcp::config::{ClientAuth, Policy};
use tlcp::crypto::{PreMasterSecret, Provider, SECRET_LEN, Shared};
use tlcp::handshake::{Action, Actions, Answer, Context, Engine, Failure, Input, Request, Role, Selection};
use tlcp::handshake::{Started, client, server};
use tlcp::message::{Handshake, SessionId};
use tlcp::session::{Session, SessionKey, Ticket};
use tlcp::suite::{Suite, TLS12};

/// An input that can be given again.
#[derive(Clone)]
pub enum Given {
    Message(Vec<u8>),
    ChangeCipherSpec,
    Answer(Memo),
}

/// An answer that can be given again.
#[derive(Clone)]
pub enum Memo {
    SessionFound(Option<Arc<Session>>),
    IdentitySelected(Selection),
    PeerVerified(Verified),
    Signed(Vec<u8>),
    Decrypted(Vec<u8>),
    AgreementStarted(Started),
    AgreementFinished(Vec<u8>),
    TicketSealed(Option<Ticket>),
}

pub fn pre_master(bytes: &[u8]) -> Shared {
    let mut secret = PreMasterSecret::zeroed(bytes.len());
    secret.expose_mut().copy_from_slice(bytes);
    Shared::PreMaster(secret)
}

fn bytes_of(shared: &Shared) -> Vec<u8> {
    match shared {
        Shared::PreMaster(secret) => secret.expose().to_vec(),
        Shared::Master(_) => panic!("no device here"),
    }
}

impl Memo {
    /// The answer; that to a decryption needs its request.
    pub fn answer(&self, request: Option<Request>) -> Answer {
        match self {
            Self::SessionFound(found) => Answer::SessionFound(found.clone()),
            Self::IdentitySelected(selection) => Answer::IdentitySelected(selection.clone()),
            Self::PeerVerified(verified) => Answer::PeerVerified(Ok(*verified)),
            Self::Signed(signature) => Answer::Signed(signature.clone()),
            Self::AgreementStarted(started) => Answer::AgreementStarted(Ok(started.clone())),
            Self::AgreementFinished(secret) => Answer::AgreementFinished(Ok(pre_master(secret))),
            Self::TicketSealed(ticket) => Answer::TicketSealed(ticket.clone()),
            Self::Decrypted(secret) => match request {
                Some(Request::Decrypt(request)) => request.answer(Ok(secret)),
                other => panic!("not a decryption: {other:?}"),
            },
        }
    }
}

/// One engine with all that its steps need.
pub struct Driver<S> {
    pub engine: Engine<S>,
    pub policy: Policy,
    pub random: Counting,
    pub provider: Provider,
    pub actions: Actions,
    pub request: Option<Request>,
}

impl<S: Role> Driver<S> {
    fn new(provider: Provider, policy: Policy, start: impl FnOnce(&mut Context<'_>) -> S, seed: u64) -> Self {
        let random = Counting::from(seed);
        let mut actions = Actions::new();
        let mut cx = Context {
            policy: &policy,
            provider: &provider,
            random: &random,
            now: NOW,
            actions: &mut actions,
        };
        let engine = Engine::new(start(&mut cx));
        let mut driver = Self { engine, policy, random, provider, actions, request: None };
        driver.keep_request();
        driver
    }

    fn keep_request(&mut self) {
        match self.actions.pop() {
            Some(Action::Ask(request)) => self.request = Some(request),
            other => self.actions.extend(other),
        }
    }

    pub fn feed(&mut self, input: Input<'_>) -> Result<(), Failure> {
        let mut cx = Context {
            policy: &self.policy,
            provider: &self.provider,
            random: &self.random,
            now: NOW,
            actions: &mut self.actions,
        };
        let outcome = self.engine.step(input, &mut cx);
        self.keep_request();
        outcome
    }

    pub fn give(&mut self, given: &Given) -> Result<(), Failure> {
        match given {
            Given::Message(raw) => self.feed(Input::Message(Handshake::of(raw).unwrap())),
            Given::ChangeCipherSpec => self.feed(Input::ChangeCipherSpec),
            Given::Answer(memo) => {
                let answer = memo.answer(self.request.take());
                self.feed(Input::Answer(answer))
            }
        }
    }
}

/// What kind of handshake.
#[derive(Clone)]
pub struct Scenario {
    pub suite: &'static Suite,
    pub auth: ClientAuth,
    pub client_has_identity: bool,
    /// The client asks its store first; the server is offered this session.
    pub session: Option<Arc<Session>>,
    /// The client's session is another than the server's: the id is unknown there.
    pub server_knows_session: bool,
    /// The server gives tickets, and a client that offers the session does so by one.
    pub by_ticket: bool,
    /// The client asks for a stapled response.
    pub asks_for_status: bool,
    /// ServerHello announces a new ticket for a session that is resumed by one.
    pub renews_ticket: bool,
}

/// What a server without a key for it calls a ticket.
fn ticket() -> Ticket {
    Ticket::new(Arc::from([7; 40]), 300)
}

impl Scenario {
    pub fn full(suite: &'static Suite, auth: ClientAuth, client_has_identity: bool) -> Self {
        Self {
            suite,
            auth,
            client_has_identity,
            session: None,
            server_knows_session: false,
            by_ticket: false,
            asks_for_status: false,
            renews_ticket: false,
        }
    }

    pub fn by_ticket(self) -> Self {
        Self { by_ticket: true, ..self }
    }

    pub fn asking_for_status(self) -> Self {
        Self { asks_for_status: true, ..self }
    }

    pub fn offering(self, session: Arc<Session>, server_knows_session: bool) -> Self {
        Self { session: Some(session), server_knows_session, ..self }
    }

    fn policy(&self, world: &World) -> Policy {
        let mut policy = if self.suite.protocol == &TLS12 { Policy::tls12() } else { Policy::tlcp() };
        policy.suites = vec![self.suite];
        policy.tickets = self.by_ticket;
        policy.ask_for_status = self.asks_for_status;
        policy.client_auth = self.auth;
        #[cfg(feature = "sm9")]
        {
            policy.key_centres = Arc::new(world.centres.clone());
            policy.client_id = world.client.ibc_id().cloned();
        }
        #[cfg(not(feature = "sm9"))]
        let _ = world;
        policy
    }

    pub fn client(&self, world: &World) -> Driver<client::State> {
        let session_key = Some(SessionKey::Server([9; 32]));
        let target = client::Target { name: name(), session_key };
        Driver::new(world.provider, self.policy(world), |cx| client::start(target, cx).unwrap(), 11)
    }

    pub fn server(&self, world: &World) -> Driver<server::State> {
        // Another seed where a session is offered: a new id must not happen to be the old one.
        let seed = if self.session.is_some() { 15 } else { 12 };
        Driver::new(world.provider, self.policy(world), |_| server::start(), seed)
    }
}

/// Each input with the name of the state that it was given to.
pub type Steps = Vec<(&'static str, Given)>;

/// A handshake that went well.
pub struct Recorded {
    pub scenario: Scenario,
    pub client: Steps,
    pub server: Steps,
    /// What the client and the server were told to store.
    pub stored: [Option<Arc<Session>>; 2],
}

/// One side of a handshake that is being recorded.
struct Live<S> {
    driver: Driver<S>,
    inbox: VecDeque<Given>,
    steps: Steps,
    stored: Option<Arc<Session>>,
}

impl<S: Role> Live<S> {
    fn new(driver: Driver<S>) -> Self {
        Self { driver, inbox: VecDeque::new(), steps: Vec::new(), stored: None }
    }

    /// One step, if there is one to do.
    fn turn(&mut self, peer: &mut VecDeque<Given>, answer: impl Fn(&Request) -> Memo) -> bool {
        let given = match &self.driver.request {
            Some(request) => Some(Given::Answer(answer(request))),
            None => self.inbox.pop_front(),
        };
        if let Some(given) = &given {
            self.steps.push((self.driver.engine.state(), given.clone()));
            self.driver
                .give(given)
                .unwrap_or_else(|f| panic!("{}: {}", self.steps.last().unwrap().0, f.error));
        }
        for action in std::mem::take(&mut self.driver.actions) {
            match action {
                Action::Write(message) => peer.push_back(Given::Message(message.to_bytes())),
                Action::WriteChangeCipherSpec => peer.push_back(Given::ChangeCipherSpec),
                Action::StoreSession(_, session) => self.stored = Some(session),
                _ => {}
            }
        }
        given.is_some()
    }
}

impl World {
    /// Both engines, until nothing moves.
    pub fn record(&self, scenario: &Scenario) -> Recorded {
        let mut client = Live::new(scenario.client(self));
        let mut server = Live::new(scenario.server(self));
        loop {
            let found = scenario.session.as_ref().map(|session| match scenario.by_ticket {
                false => session.clone(),
                true => {
                    let mut session = (**session).clone();
                    (session.id, session.ticket) = (SessionId::EMPTY, Some(ticket()));
                    Arc::new(session)
                }
            });
            let moved = client.turn(&mut server.inbox, |r| self.memo(r, true, scenario, found.clone()));
            let found = scenario.session.clone().filter(|_| scenario.server_knows_session);
            let answered = server.turn(&mut client.inbox, |r| self.memo(r, false, scenario, found.clone()));
            if !moved && !answered {
                break;
            }
        }
        assert_eq!((client.driver.engine.state(), server.driver.engine.state()), ("Connected", "Connected"));
        Recorded {
            scenario: scenario.clone(),
            client: client.steps,
            server: server.steps,
            stored: [client.stored, server.stored],
        }
    }

    fn memo(
        &self,
        request: &Request,
        client: bool,
        scenario: &Scenario,
        found: Option<Arc<Session>>,
    ) -> Memo {
        let identity = if client { &self.client } else { &self.server };
        let random = Counting::from(if client { 13 } else { 14 });
        let key = |key_use| match identity.key(key_use) {
            Key::Here(key) => key.clone(),
            Key::Elsewhere(_) => panic!("the keys are here"),
        };
        match request {
            Request::FindSession { .. } | Request::OpenTicket { .. } => Memo::SessionFound(found),
            Request::SealTicket { .. } => Memo::TicketSealed(Some(ticket())),
            Request::SelectIdentity(_) if client && !scenario.client_has_identity => {
                Memo::IdentitySelected(Selection::Nothing)
            }
            Request::SelectIdentity(_) => {
                let identity = identity.clone();
                Memo::IdentitySelected(Selection::Identity { identity, by_name: !client })
            }
            #[cfg(feature = "sm9")]
            Request::VerifyPeer(claim) if claim.credential.ibc_id().is_some() => {
                Memo::PeerVerified(self.centres.verify(claim, NOW).unwrap())
            }
            Request::VerifyPeer(claim) => Memo::PeerVerified(self.verifier.verify(claim, NOW).unwrap()),
            Request::Sign(request) => match request.answer(&*key(KeyUse::Sign), &random) {
                Answer::Signed(signature) => Memo::Signed(signature),
                other => panic!("{other:?}"),
            },
            Request::Decrypt(request) => {
                let (version, substitute) =
                    (scenario.suite.protocol.version, PreMasterSecret::zeroed(SECRET_LEN));
                let key = key(request.key_use());
                let secret = key.decrypt_secret(request.ciphertext(), version, substitute, &random);
                Memo::Decrypted(secret.unwrap().expose().to_vec())
            }
            Request::StartAgreement { identity, group, role } => {
                let started = match identity {
                    Some(_) => key(KeyUse::Agree).start_agreement(role, &random),
                    None => self.provider.keys.start_agreement(*group, role, &random),
                };
                Memo::AgreementStarted(Started::Here(started.unwrap()))
            }
            Request::FinishAgreement { started: Started::Here(started), peer, seed } => {
                Memo::AgreementFinished(bytes_of(&started.finish(peer, seed).unwrap()))
            }
            other => panic!("no answer to {other:?}"),
        }
    }
}
