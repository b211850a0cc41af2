//! What follows from a step.
use super::Request;
use crate::crypto::{MasterSecret, TrafficKeys};
use crate::key_schedule::Exporter;
use crate::message::Message;
use crate::session::{Session, SessionKey};
use crate::suite::Suite;
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};
use core::{array, fmt, iter};

/// What the engine wants done, in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// The client asks for this name: for whoever tells of a failure later.
    NameRequested(Arc<str>),
    /// Both hellos agree on this suite: likewise. From here on records have the version of its protocol.
    SuiteChosen(&'static Suite),
    /// Both hellos agree on records of at most so many bytes of content, in either direction (R-EXT-5).
    LimitFragments(usize),
    /// Send this handshake message, in a record of its own (R-REC-11).
    Write(Message),
    /// Send a ChangeCipherSpec record.
    WriteChangeCipherSpec,
    /// Protect all further records sent with these.
    NewWriteKeys(TrafficKeys),
    /// Open all further records received with these.
    NewReadKeys(TrafficKeys),
    /// The line `CLIENT_RANDOM …` of an NSS key log; only if [`Policy::log_secrets`](crate::config::Policy::log_secrets).
    LogSecret {
        /// The connection's name in the log.
        client_random: Box<[u8; 32]>,
        /// The secret.
        master: MasterSecret,
    },
    /// Keep this session: both Finished were verified (R-SES-4).
    StoreSession(SessionKey, Arc<Session>),
    /// Forget this session (R-SES-6).
    DropSession(SessionKey),
    /// Send the warning no_renegotiation, and count it (R-HS-38).
    RefuseRenegotiation,
    /// Answer this; the last action of its step.
    Ask(Request),
    /// The handshake is complete.
    Done(Summary),
}

/// What a completed handshake agreed on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Summary {
    /// The session: suite, master secret, who the peer is.
    pub session: Arc<Session>,
    /// By which name the session is to be dropped after a fatal alert (R-SES-12).
    pub session_key: Option<SessionKey>,
    /// Whether it was resumed.
    pub resumed: bool,
    /// The application protocol (R-ALPN-2).
    pub alpn: Option<Box<[u8]>>,
    /// The name the client asked for.
    pub server_name: Option<Arc<str>>,
    /// On a client: the stapled OCSP response as it came, which nobody has looked into (R-EXT-3).
    pub ocsp_response: Option<Box<[u8]>>,
    /// Makes other keys from the master secret; only with extended_master_secret (R-T12-26).
    pub exporter: Option<Box<Exporter>>,
}

/// Actions in order. As many as any step has stand in place, so that they need no memory of the heap; what is added to
/// those of other steps may.
pub struct Actions {
    first: [Option<Action>; Self::IN_PLACE],
    rest: Vec<Action>,
}

impl Actions {
    /// A server that resumes has seven.
    const IN_PLACE: usize = 8;

    /// None yet.
    pub const fn new() -> Self {
        Self { first: [const { None }; Self::IN_PLACE], rest: Vec::new() }
    }

    /// Adds one behind the others.
    pub fn push(&mut self, action: Action) {
        match self.first.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(action),
            None => self.rest.push(action),
        }
    }

    /// Takes the last one.
    pub fn pop(&mut self) -> Option<Action> {
        self.rest.pop().or_else(|| self.first.iter_mut().rev().find_map(Option::take))
    }

    /// The actions, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Action> {
        self.first.iter().flatten().chain(&self.rest)
    }

    /// Takes all of them, in order, from where they stand.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Action> {
        self.first.iter_mut().filter_map(Option::take).chain(self.rest.drain(..))
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.first.first().is_none_or(Option::is_none)
    }

    /// Takes back all but the first `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.first.iter_mut().skip(len).for_each(|place| *place = None);
        self.rest.truncate(len.saturating_sub(Self::IN_PLACE));
    }
}

impl Default for Actions {
    fn default() -> Self {
        Self::new()
    }
}

impl Extend<Action> for Actions {
    fn extend<I: IntoIterator<Item = Action>>(&mut self, actions: I) {
        actions.into_iter().for_each(|action| self.push(action));
    }
}

impl IntoIterator for Actions {
    type Item = Action;
    type IntoIter = iter::Chain<
        iter::Flatten<array::IntoIter<Option<Action>, { Self::IN_PLACE }>>,
        vec::IntoIter<Action>,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().flatten().chain(self.rest)
    }
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn actions(count: usize) -> Actions {
        let mut actions = Actions::new();
        actions.extend((0..count).map(Action::LimitFragments));
        actions
    }

    fn number(action: &Action) -> usize {
        let Action::LimitFragments(number) = action else { return usize::MAX };
        *number
    }

    #[test]
    fn are_given_in_the_order_in_which_they_came_however_many() {
        for count in 0..20 {
            assert!(actions(count).iter().map(number).eq(0..count));
            assert!(actions(count).into_iter().map(|action| number(&action)).eq(0..count));
            assert_eq!((actions(count).len(), actions(count).is_empty()), (count, count == 0));
            for less in 0..=count {
                let mut some = actions(count);
                some.truncate(less);
                assert!(some.iter().map(number).eq(0..less));
                some.push(Action::LimitFragments(less));
                assert_eq!(number(&some.pop().unwrap()), less);
                assert_eq!(some.len(), less);
            }
        }
        assert!(actions(0).pop().is_none());
    }
}
