//! Requests that are answered in their own time.
use crate::error::AnswerError;
use crate::handshake::{Answer, Request};
use alloc::{boxed::Box, sync::Arc};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::{Mutex, PoisonError};

/// An answer under way.
pub type AnswerFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Answers what a configuration cannot: keys in devices, sessions in a store elsewhere, a verifier that asks somebody.
/// [`Request::answer_with`] is the answer of a private key. Any `Fn(Request)` that returns a future of an [`Answer`] is one.
/// What takes longer than the handshake may is dropped with the handshake.
pub trait Answerer: Send + Sync {
    /// The answer to `request`, of the kind that [`Request`] says; [`Answer::Failed`] ends the handshake.
    fn answer(&self, request: Request) -> AnswerFuture;
}

impl<F, A> Answerer for F
where
    F: Fn(Request) -> A + Send + Sync,
    A: Future<Output = Answer> + Send + 'static,
{
    fn answer(&self, request: Request) -> AnswerFuture {
        Box::pin(self(request))
    }
}

/// Who answers, and the answer that is under way.
pub(super) struct Answering {
    by: Option<Arc<dyn Answerer>>,
    /// The lock is never taken: it lets streams be `Sync`.
    under_way: Option<Mutex<AnswerFuture>>,
}

impl Answering {
    pub(super) fn new(by: Option<Arc<dyn Answerer>>) -> Self {
        Self { by, under_way: None }
    }

    /// The answer to `request` is wanted.
    pub(super) fn start(&mut self, request: Request) {
        self.under_way = Some(Mutex::new(match &self.by {
            Some(answerer) => answerer.answer(request),
            None => Box::pin(core::future::ready(Answer::Failed(AnswerError(
                "nobody answers requests here: pass an Answerer",
            )))),
        }));
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        let Some(future) = &mut self.under_way else { return Poll::Pending };
        let future = future.get_mut().unwrap_or_else(PoisonError::into_inner);
        let answer = core::task::ready!(future.as_mut().poll(cx));
        self.under_way = None;
        Poll::Ready(answer)
    }

    /// The handshake is over.
    pub(super) fn end(&mut self) {
        *self = Self::new(None);
    }
}
