//! Keys that are here, used for several connections at once.
use super::answer::{AnswerFuture, Answerer};
use crate::crypto::Random;
use crate::error::AnswerError;
use crate::handshake::{Answer, Request, answer_together};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many one key works on at once.
const AT_ONCE: usize = 8;

/// Answers what a configuration with [`keys_later`](crate::config::ConfigBuilder::keys_later) hands out: signatures and
/// decryptions by keys that are here. It lets every task run that is ready, and then works on all that wait, up to eight side
/// by side; nothing waits for a timer, so that a single connection loses the turn of the others and no more.
///
/// It pays on a busy server whose processor has AVX-512 IFMA: eight SM2 decryptions cost as much as two or three
/// one by one. Elsewhere it costs a little and gains nothing.
///
/// ```
/// # use std::sync::Arc;
/// # fn with(identity: Arc<tlcp::Identity>) -> Result<(), tlcp::ConfigError> {
/// use tlcp::aio::{BatchAnswerer, TlcpAcceptor};
/// use tlcp::crypto::random::SystemRandom;
///
/// let config = tlcp::ServerConfig::builder().identity(identity).keys_later().build()?;
/// let acceptor = TlcpAcceptor::new(Arc::new(config)).answerer(Arc::new(BatchAnswerer::new(Arc::new(SystemRandom))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BatchAnswerer {
    shared: Arc<Shared>,
    others: Option<Arc<dyn Answerer>>,
}

struct Shared {
    random: Arc<dyn Random>,
    /// The lock is held to put in and to take out.
    waiting: Mutex<Vec<(Request, Arc<Slot>)>>,
}

/// Where one connection waits.
#[derive(Default)]
struct Slot(Mutex<State>);

#[derive(Default)]
enum State {
    /// Nobody has looked yet.
    #[default]
    New,
    Waiting(Waker),
    Answered(Answer),
    /// The answer was taken, or the handshake is over.
    Done,
}

impl BatchAnswerer {
    /// With the randomness of signatures.
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self { shared: Arc::new(Shared { random, waiting: Mutex::default() }), others: None }
    }

    /// The same, with somebody for all other requests: keys in devices, sessions in a store elsewhere.
    pub fn with(self, others: Arc<dyn Answerer>) -> Self {
        Self { others: Some(others), ..self }
    }
}

impl core::fmt::Debug for BatchAnswerer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("BatchAnswerer")
    }
}

impl Answerer for BatchAnswerer {
    fn answer(&self, request: Request) -> AnswerFuture {
        if request.key_here().is_none() {
            return match &self.others {
                Some(others) => others.answer(request),
                None => Box::pin(core::future::ready(Answer::Failed(NOT_HERE))),
            };
        }
        let slot = Arc::new(Slot::default());
        lock(&self.shared.waiting).push((request, slot.clone()));
        Box::pin(Waiting { shared: self.shared.clone(), slot, seen: 0 })
    }
}

struct Waiting {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    /// How many waited when this task last gave the others their turn.
    seen: usize,
}

impl Future for Waiting {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        loop {
            if let Some(answer) = self.slot.take(cx.waker()) {
                return Poll::Ready(answer);
            }
            let waiting = lock(&self.shared.waiting).len();
            if waiting == 0 {
                // Another thread is at this one.
                return Poll::Pending;
            }
            // As long as more come, the others have their turn.
            if waiting > self.seen && waiting < AT_ONCE {
                self.seen = waiting;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.shared.work();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        *lock(&self.slot.0) = State::Done;
    }
}

impl Slot {
    /// The answer, if it is here; else `waker` is told of it.
    fn take(&self, waker: &Waker) -> Option<Answer> {
        let mut state = lock(&self.0);
        match core::mem::replace(&mut *state, State::Done) {
            State::Answered(answer) => Some(answer),
            _ => {
                *state = State::Waiting(waker.clone());
                None
            }
        }
    }

    fn is_wanted(&self) -> bool {
        !matches!(*lock(&self.0), State::Done)
    }

    fn give(&self, answer: Answer) {
        let mut state = lock(&self.0);
        if matches!(*state, State::Done) {
            return;
        }
        let before = core::mem::replace(&mut *state, State::Answered(answer));
        drop(state);
        if let State::Waiting(waker) = before {
            waker.wake();
        }
    }
}

impl Shared {
    /// Answers the first that wait.
    fn work(&self) {
        let (requests, slots): (Vec<_>, Vec<_>) = {
            let mut waiting = lock(&self.waiting);
            waiting.retain(|(_, slot)| slot.is_wanted());
            let count = waiting.len().min(AT_ONCE);
            waiting.drain(..count).unzip()
        };
        for (answer, slot) in answer_together(requests, &*self.random).into_iter().zip(slots) {
            slot.give(answer.unwrap_or(Answer::Failed(NOT_HERE)));
        }
    }
}

const NOT_HERE: AnswerError =
    AnswerError("a BatchAnswerer has keys that are here, and nobody else was given to it");

/// Nothing under a lock can panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
