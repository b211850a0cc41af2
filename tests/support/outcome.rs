//! What becomes of a connection that a scripted peer spoke to.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::script::Heard;
use tlcp::alert::{Alert, alert_for};
use tlcp::conn::{Connection, Endpoint};
use tlcp::error::Error;
use tlcp::wire::{AlertDescription, AlertLevel};

/// What became of the victim.
#[derive(Debug)]
pub struct Outcome {
    pub error: Option<Error>,
    pub alerts: Vec<Alert>,
    pub connected: bool,
    /// The handshake was complete, be it that something failed since.
    pub opened: bool,
    /// How many sessions were dropped, and how many are left.
    pub removed: usize,
    pub stored: usize,
    pub heard: Vec<Heard>,
    pub data: Vec<u8>,
}

impl Outcome {
    /// What holds after every failure: one fatal alert, that of the error, under the keys of the moment; closed; the
    /// error is told again; who it was with is known if the handshake was complete.
    pub fn check<S: Endpoint>(&self, mut victim: Connection<S>) {
        let Some(error) = &self.error else { return };
        let fatal: Vec<_> = self.alerts.iter().filter(|a| a.level == AlertLevel::FATAL).collect();
        let expected: Vec<_> = alert_for(error).into_iter().map(Alert::fatal).collect();
        if !self.heard.contains(&Heard::Unreadable) {
            assert_eq!(fatal, expected.iter().collect::<Vec<_>>(), "{error}");
        }
        assert!(victim.is_closed() && !victim.wants_read() && !victim.is_handshaking());
        assert_eq!(victim.error(), Some(error));
        assert_eq!(victim.write(b"x").as_ref().err(), Some(error));
        assert_eq!(victim.read(&mut [0; 9]).as_ref().err(), Some(error));
        assert_eq!((victim.state(), victim.cipher_suite().is_some()), ("Failed", self.opened));
        assert!(self.opened || victim.peer_certificates().is_none(), "R-SM-5");
    }

    /// It failed with this alert, and its error says this.
    #[track_caller]
    pub fn refused(&self, alert: AlertDescription, text: &str) {
        let Some(error) = &self.error else { panic!("no error; expected {alert}: {text}; {self:?}") };
        assert_eq!(alert_for(error), Some(alert), "{error}");
        // What is for people, and with the ids of the requirements.
        let said = format!("{error} {error:?}");
        assert!(said.contains(text), "`{said}` does not say `{text}`");
    }

    /// It all went well.
    #[track_caller]
    pub fn went_well(&self) {
        assert!(self.connected && self.error.is_none(), "{:?}", self.error);
    }
}
