//! What a connection under test says of itself.
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tlcp::config::{ConnectionId, Direction, Event, Observer};
use tlcp::wire::{AlertDescription, AlertLevel};

pub(crate) static FATAL_ALERTS: AtomicUsize = AtomicUsize::new(0);
pub(crate) static CLOSE_ALERTS: AtomicUsize = AtomicUsize::new(0);

/// Counts the alerts that are sent.
pub struct Witness;

impl Observer for Witness {
    fn observe(&self, _: ConnectionId, event: Event<'_>) {
        match event {
            Event::Alert(Direction::Sent, alert) => {
                if alert.level == AlertLevel::FATAL {
                    FATAL_ALERTS.fetch_add(1, Relaxed);
                } else if alert.description == AlertDescription::CLOSE_NOTIFY {
                    CLOSE_ALERTS.fetch_add(1, Relaxed);
                }
            }
            _ => {}
        }
    }
}
