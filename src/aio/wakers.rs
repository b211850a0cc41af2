//! Who is to be woken when the socket can go on. A socket keeps one task for each direction, whoever asked last; but both
//! halves of a split stream may read and write it: a reader sends alerts, and both do the handshake.
use alloc::sync::Arc;
use core::task::{Context, Waker};
use std::sync::{Mutex, PoisonError};
use std::task::Wake;

/// Which half of a stream asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Reader,
    Writer,
}

/// One list for each direction of the socket.
#[derive(Default)]
pub(super) struct Wakers {
    pub(super) readable: Waiting,
    pub(super) writable: Waiting,
}

/// The halves that wait for one direction. To the socket it is one task that is always the same.
pub(super) struct Waiting {
    tasks: Arc<Tasks>,
    as_waker: Waker,
}

#[derive(Default)]
struct Tasks(Mutex<[Option<Waker>; 2]>);

impl Default for Waiting {
    fn default() -> Self {
        let tasks = Arc::new(Tasks::default());
        Self { as_waker: Waker::from(tasks.clone()), tasks }
    }
}

impl Waiting {
    /// `half` waits too, as the task of `cx`: what to ask the socket with.
    pub(super) fn add(&mut self, half: Half, cx: &Context<'_>) -> Context<'_> {
        let mut tasks = self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [reader, writer] = &mut *tasks;
        let task = if half == Half::Reader { reader } else { writer };
        match task {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *task = Some(cx.waker().clone()),
        }
        drop(tasks);
        Context::from_waker(&self.as_waker)
    }
}

impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Woken without the lock: a task may run at once, and ask again.
        let tasks = core::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.into_iter().flatten().for_each(Waker::wake);
    }
}
