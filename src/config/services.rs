//! The objects behind a connection: who it is, whom it trusts, where it keeps sessions.
use super::observer::Observer;
use crate::cert::{Identity, Verifier};
use crate::crypto::Random;
use crate::session::{SessionStore, Ticketer};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

/// What a connection uses to answer the engine's requests. What it cannot answer at once it hands to its caller.
#[derive(Clone)]
#[non_exhaustive]
pub struct Services {
    /// Own certificate pairs.
    pub identities: Vec<NamedIdentity>,
    /// Checks the peer's certificates.
    pub verifier: Option<Arc<dyn Verifier>>,
    /// Keeps sessions.
    pub sessions: Option<Arc<dyn SessionStore>>,
    /// Makes tickets of sessions.
    pub tickets: Option<Arc<dyn Ticketer>>,
    /// All randomness.
    pub random: Arc<dyn Random>,
    /// Takes secrets, for Wireshark.
    pub key_log: Option<Arc<dyn KeyLog>>,
    /// Sees what goes by.
    pub observer: Option<Arc<dyn Observer>>,
    /// Keep each connection's keys, to be handed out.
    pub extractable_keys: bool,
    /// Refuse a server_name that no identity is named for (R-HS-37).
    pub refuse_unknown_names: bool,
    /// Hand every signature and decryption to the caller, also by keys that are here.
    pub keys_later: bool,
    /// Hand every `VerifyPeer` to the caller instead of asking `verifier`.
    pub verify_later: Option<Later>,
    /// Hand every `SelectIdentity` to the caller instead of choosing from `identities`.
    pub select_later: Option<Later>,
}

/// A decision that the caller of a connection takes in his own time (R-SES-16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Later {
    /// These bytes stand for it: they differ whenever it could. A session is resumed only where they are the same.
    Standing(Box<[u8]>),
    /// Nothing stands for it: no session is offered, kept or resumed.
    Unknown,
}

impl Later {
    /// With the bytes that stand for the decision, if there are any.
    pub(super) fn new(decision: Option<&[u8]>) -> Self {
        decision.map_or(Self::Unknown, |bytes| Self::Standing(Box::from(bytes)))
    }
}

/// A certificate pair and the names it is for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NamedIdentity {
    /// Names in server_name, lower case; none: those of its certificate, and it may serve as the default.
    pub names: Vec<Box<str>>,
    /// The pair and its keys.
    pub identity: Arc<Identity>,
}

/// Takes the secrets of connections: whoever reads them can decrypt all.
pub trait KeyLog: Send + Sync {
    /// `label`, a space, the client random, a space, the secret: a line of the NSS key log format, in hex.
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]);
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("identities", &self.identities)
            .field("verifier", &self.verifier.is_some())
            .field("sessions", &self.sessions.is_some())
            .field("key_log", &self.key_log.is_some())
            .finish_non_exhaustive()
    }
}

/// A key log in a file that `SSLKEYLOGFILE` could name: appended to, one line a connection.
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct KeyLogFile(std::sync::Mutex<std::fs::File>);

#[cfg(feature = "std")]
impl KeyLogFile {
    /// Appends to the file at `path`; makes it if it is not there.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: impl AsRef<std::path::Path>) -> std::io::Result<Self> {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self(std::sync::Mutex::new(file)))
    }
}

#[cfg(feature = "std")]
impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        use alloc::string::String;
        use std::fmt::Write as _;
        use std::io::Write as _;
        let mut line = zeroize::Zeroizing::new(String::with_capacity(256));
        line.push_str(label);
        for part in [&client_random[..], secret] {
            line.push(' ');
            for byte in part {
                let _ = write!(line, "{byte:02x}");
            }
        }
        line.push('\n');
        // A key log is a debugging aid: a full disk must not end the connection.
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = file.write_all(line.as_bytes());
    }
}
