//! A bound on how many connections there are at once.
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Places to be taken.
#[derive(Clone)]
pub(crate) struct Slots(Arc<(Mutex<usize>, Condvar)>);

/// A place that is taken until it is dropped, also by a panic.
pub(crate) struct Slot(Slots);

impl Slots {
    pub(crate) fn new(number: usize) -> Self {
        Self(Arc::new((Mutex::new(number), Condvar::new())))
    }

    /// Takes a place; waits until there is one.
    pub(crate) fn take(&self) -> Slot {
        let (free, changed) = &*self.0;
        let free = free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = changed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Slot(self.clone())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let (free, changed) = &*self.0.0;
        *free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn the_place_of_a_thread_that_panicked_is_free_again() {
        let slots = Slots::new(1);
        let slot = slots.take();
        let (tell, told) = mpsc::channel();
        let waiting = slots.clone();
        thread::spawn(move || {
            let _slot = waiting.take();
            tell.send(()).unwrap();
        });
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "there was only one place");
        let dies = thread::spawn(move || {
            let _slot = slot;
            panic!("on purpose");
        });
        assert!(dies.join().is_err());
        told.recv_timeout(Duration::from_secs(10)).expect("a place");
    }
}
