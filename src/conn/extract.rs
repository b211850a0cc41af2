//! The keys of an open connection, for a kernel (kTLS), a device or a process that goes on with its records.
use super::{Connection, Endpoint, Phase, ReadProgress, Reading, Writing};
use crate::crypto::TrafficKeys;
use crate::error::Error;
use crate::suite::Suite;
use alloc::vec::Vec;

/// What a connection keeps of its keys where the configuration says so: those of the records to come.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) read: Option<TrafficKeys>,
    pub(super) write: Option<TrafficKeys>,
}

/// All that is needed to go on with a connection's records. Wiped on drop.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExtractedKeys {
    /// The suite.
    pub suite: &'static Suite,
    /// What we write with.
    pub write: DirectionKeys,
    /// What the peer writes with.
    pub read: DirectionKeys,
    /// The most content bytes of a record, in either direction.
    pub max_fragment: usize,
    /// Bytes that came and were not opened yet: they begin with the header of a record, which may be incomplete.
    pub unopened: Vec<u8>,
}

/// The keys of one direction, and where it stands.
#[derive(Debug)]
#[non_exhaustive]
pub struct DirectionKeys {
    /// MAC key, key and fixed IV.
    pub keys: TrafficKeys,
    /// The sequence number of the next record. Under GCM it is also what this library writes as its explicit nonce
    /// (R-REC-27): whoever goes on must not use a smaller one again.
    pub sequence: u64,
}

impl<S: Endpoint> Connection<S> {
    /// Hands out the keys, and ends the use of this connection: neither reads nor writes go on, no close_notify is sent,
    /// and the facts of the handshake stay known. Only with
    /// [`ConfigBuilder::extractable_keys`](crate::config::ConfigBuilder::extractable_keys).
    ///
    /// # Errors
    /// `Misuse`, and nothing has changed, before the handshake is complete, while output waits to be sent, plaintext to be
    /// read or a handshake message for its rest, once a direction is closed, and without keys that were kept; what the
    /// connection failed with.
    pub fn extract_keys(&mut self) -> Result<ExtractedKeys, Error> {
        let (Phase::Open(facts), ReadProgress::NeedsInput) = (&self.phase, self.readable()?) else {
            return Err(Error::Misuse(
                "keys are extracted once the handshake is complete and plaintext is read",
            ));
        };
        if self.wants_write() {
            return Err(Error::Misuse("keys are extracted when no output waits to be sent"));
        }
        if !self.joiner.is_empty() {
            return Err(Error::Misuse("keys are extracted when no handshake message is incomplete"));
        }
        if (self.reading, self.writing) != (Reading::Open, Writing::Open) {
            return Err(Error::Misuse("keys are extracted while both directions are open"));
        }
        let suite = facts.suite;
        let Some((read, write)) = self.kept.take().and_then(|kept| Some((kept.read?, kept.write?))) else {
            return Err(Error::Misuse("no keys were kept: see extractable_keys of the configuration"));
        };
        let extracted = ExtractedKeys {
            suite,
            write: DirectionKeys { keys: write, sequence: self.sealer.sequence() },
            read: DirectionKeys { keys: read, sequence: self.opener.sequence() },
            max_fragment: self.max_fragment,
            unopened: self.incoming.sealed().to_vec(),
        };
        self.end_records();
        self.outgoing.trim(0);
        Ok(extracted)
    }
}
