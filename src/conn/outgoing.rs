//! The bytes that wait to be sent. Records are sealed behind them; what the caller sent is at the front.
use alloc::vec::Vec;

/// `bytes`: sent | waiting.
#[derive(Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    /// How many of them are sent.
    sent: usize,
}

impl Outgoing {
    /// What waits to be sent.
    pub(super) fn pending(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// `n` bytes more are sent.
    pub(super) fn sent(&mut self, n: usize) {
        self.sent = self.sent.saturating_add(n).min(self.bytes.len());
        if self.pending().is_empty() {
            self.bytes.clear();
            self.sent = 0;
        }
    }

    /// Takes what waits to be sent, without a copy if none of it was sent yet.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let Self { mut bytes, sent } = core::mem::take(self);
        bytes.drain(..sent);
        bytes
    }

    /// Where `need` bytes more are to be appended. Where there is no room behind what waits, that is moved to the front,
    /// over what was sent, if half as much again is free then; else to twice the space. So each byte written pays for two
    /// moved at most, however small the writes and however long the backlog. Where room is made, there is some to `spare`.
    pub(super) fn room_for(&mut self, need: usize, spare: usize) -> &mut Vec<u8> {
        let waiting = self.pending().len();
        if self.bytes.capacity().saturating_sub(self.bytes.len()) < need {
            let whole = waiting.saturating_add(need);
            if whole.saturating_add(waiting / 2) <= self.bytes.capacity() {
                self.bytes.drain(..self.sent);
            } else {
                let mut larger = Vec::with_capacity(whole.saturating_add(waiting.max(spare)));
                larger.extend_from_slice(self.pending());
                self.bytes = larger;
            }
            self.sent = 0;
        }
        &mut self.bytes
    }

    /// If nothing waits to be sent, gives the memory beyond `keep` bytes back.
    pub(super) fn trim(&mut self, keep: usize) {
        if self.pending().is_empty() {
            self.bytes.shrink_to(keep);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appends `n` bytes; how many others were moved for it, to the front or to a larger place.
    fn write(outgoing: &mut Outgoing, n: usize) -> usize {
        let (place, waiting) = (outgoing.pending().as_ptr(), outgoing.pending().len());
        let bytes = outgoing.room_for(n, 0);
        let len = bytes.len();
        bytes.resize(len + n, 1);
        if outgoing.pending().as_ptr() == place { 0 } else { waiting }
    }

    /// 5 MiB in small writes behind a backlog of 256 KiB: each moved all of it.
    #[test]
    fn each_byte_written_behind_a_backlog_pays_for_two_moved_at_most() {
        const BACKLOG: usize = 256 * 1024;
        for n in [1, 129, 5000, 16_413] {
            let (mut outgoing, mut moved, mut written) = (Outgoing::default(), 0, 0);
            while written < 5 << 20 {
                if outgoing.pending().len() + n > BACKLOG {
                    outgoing.sent(n);
                }
                moved += write(&mut outgoing, n);
                written += n;
                assert!(moved <= 2 * written, "{moved} bytes moved for {written} of {n} at a time");
            }
            let room = outgoing.bytes.capacity();
            assert!(room <= 2 * BACKLOG + n, "{room} bytes of room");
        }
    }

    /// Whoever writes and sends in turn has the room of one write.
    #[test]
    fn without_a_backlog_there_is_no_room_to_spare() {
        let mut outgoing = Outgoing::default();
        for _ in 0..3 {
            assert_eq!(write(&mut outgoing, 70_145), 0);
            outgoing.sent(70_145);
            assert_eq!(outgoing.bytes.capacity(), 70_145);
        }
    }

    #[test]
    fn gives_out_in_order_what_was_written_whatever_was_sent_in_between() {
        let (mut outgoing, mut next, mut expected) = (Outgoing::default(), 0u8, 0u8);
        for step in 1..2000_usize {
            for _ in 0..step % 37 {
                outgoing.room_for(1, 0).push(next);
                next = next.wrapping_add(1);
            }
            let n = outgoing.pending().len().min(step % 41);
            for byte in &outgoing.pending()[..n] {
                assert_eq!(*byte, expected);
                expected = expected.wrapping_add(1);
            }
            outgoing.sent(n);
        }
    }

    #[test]
    fn gives_back_only_what_is_empty_and_larger_than_asked_for() {
        let mut outgoing = Outgoing::default();
        outgoing.room_for(1000, 0).extend([0; 1000]);
        outgoing.trim(0);
        assert_eq!(outgoing.pending().len(), 1000);
        outgoing.sent(1000);
        outgoing.trim(4000);
        assert!(outgoing.bytes.capacity() >= 1000);
        outgoing.trim(100);
        assert!((100..1000).contains(&outgoing.bytes.capacity()));
        outgoing.trim(0);
        assert_eq!(outgoing.bytes.capacity(), 0);
    }
}
