//! A transport in memory for two ends in one thread: reading nothing gives `WouldBlock`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

type Lane = Rc<RefCell<VecDeque<u8>>>;

/// One end.
pub struct Wire {
    incoming: Lane,
    outgoing: Lane,
}

/// Two ends joined.
pub fn pair() -> (Wire, Wire) {
    let (up, down) = (Lane::default(), Lane::default());
    (Wire { incoming: down.clone(), outgoing: up.clone() }, Wire { incoming: up, outgoing: down })
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.incoming.borrow_mut().read(buffer) {
            Ok(0) if !buffer.is_empty() => Err(ErrorKind::WouldBlock.into()),
            other => other,
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.outgoing.borrow_mut().write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
