//! Streams that do what a test tells them to: bytes in memory that never block, of a limited capacity, with faults.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

/// One direction.
#[derive(Default)]
struct Line {
    bytes: RefCell<VecDeque<u8>>,
    ended: Cell<bool>,
}

/// What the next calls do instead of what they should; then, for ever, `always`.
#[derive(Default)]
pub struct Faults {
    next: RefCell<VecDeque<Fault>>,
    always: Cell<Option<Fault>>,
    calls: Cell<usize>,
}

#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Nothing, and no error.
    Zero,
    Fail(ErrorKind),
}

impl Faults {
    pub fn push(&self, fault: Fault) {
        self.next.borrow_mut().push_back(fault);
    }

    pub fn always(&self, fault: Option<Fault>) {
        self.always.set(fault);
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    fn meet(&self) -> Option<io::Result<usize>> {
        self.calls.set(self.calls.get() + 1);
        let fault = self.next.borrow_mut().pop_front().or(self.always.get())?;
        Some(match fault {
            Fault::Zero => Ok(0),
            Fault::Fail(kind) => Err(kind.into()),
        })
    }
}

/// One end of a stream.
pub struct Wire {
    incoming: Rc<Line>,
    outgoing: Rc<Line>,
    capacity: usize,
    pub reading: Rc<Faults>,
    pub writing: Rc<Faults>,
    pub flushing: Rc<Faults>,
}

/// Both ends of a stream that holds `capacity` bytes each way.
pub fn pair(capacity: usize) -> (Wire, Wire) {
    let (a, b) = (Rc::new(Line::default()), Rc::new(Line::default()));
    let end = |incoming: &Rc<Line>, outgoing: &Rc<Line>| Wire {
        incoming: incoming.clone(),
        outgoing: outgoing.clone(),
        capacity,
        reading: Rc::default(),
        writing: Rc::default(),
        flushing: Rc::default(),
    };
    (end(&a, &b), end(&b, &a))
}

impl Wire {
    /// Ends our direction.
    pub fn end(&self) {
        self.outgoing.ended.set(true);
    }

    /// Bytes on their way to us.
    pub fn waiting(&self) -> usize {
        self.incoming.bytes.borrow().len()
    }

    /// Puts bytes on their way to us, as if the other end had sent them.
    pub fn hear(&self, bytes: &[u8]) {
        self.incoming.bytes.borrow_mut().extend(bytes);
    }
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(fault) = self.reading.meet() {
            return fault;
        }
        assert!(!out.is_empty(), "an empty buffer reads as the end of the stream");
        match self.incoming.bytes.borrow_mut().read(out)? {
            0 if !self.incoming.ended.get() => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if let Some(fault) = self.writing.meet() {
            return fault;
        }
        let mut bytes = self.outgoing.bytes.borrow_mut();
        let n = data.len().min(self.capacity - bytes.len());
        if n == 0 && !data.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        bytes.extend(&data[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushing.meet().map_or(Ok(()), |fault| fault.map(drop))
    }
}
