//! How many connections there may be, in all and of one address.
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Most {
    pub(super) connections: usize,
    pub(super) per_address: usize,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    InAll,
    OfAddress,
}

#[derive(Debug)]
struct Taken {
    most: Most,
    by_address: HashMap<IpAddr, usize>,
    in_all: usize,
}

/// Places for connections.
#[derive(Debug, Clone)]
pub(super) struct Limits(Arc<(Mutex<Taken>, Notify)>);

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    limits: Limits,
    address: IpAddr,
}

impl Limits {
    pub(super) fn new(most: Most) -> Self {
        let taken = Taken { most, by_address: HashMap::new(), in_all: 0 };
        Self(Arc::new((Mutex::new(taken), Notify::new())))
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Other limits for connections to come.
    pub(super) fn set(&self, most: Most) {
        self.taken().most = most;
    }

    /// A place for a connection from `address`, if there is one.
    pub(super) fn take(&self, address: IpAddr) -> Result<Place, Full> {
        let address = counted_as(address);
        let mut taken = self.taken();
        if taken.in_all >= taken.most.connections {
            return Err(Full::InAll);
        }
        let most = taken.most.per_address;
        let of_address = taken.by_address.entry(address).or_default();
        if *of_address >= most {
            return Err(Full::OfAddress);
        }
        *of_address += 1;
        taken.in_all += 1;
        drop(taken);
        Ok(Place { limits: self.clone(), address })
    }

    pub(super) fn in_all(&self) -> usize {
        self.taken().in_all
    }

    /// Until no place is taken.
    pub(super) async fn all_free(&self) {
        while self.in_all() > 0 {
            self.0.1.notified().await;
        }
    }
}

/// Whoever has an IPv6 address has all 2^64 of its network.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.limits.taken();
        taken.in_all -= 1;
        if let Some(of_address) = taken.by_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        let is_free = taken.in_all == 0;
        drop(taken);
        if is_free {
            self.limits.0.1.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn places_are_counted_by_address_and_in_all_and_come_back() {
        let limits = Limits::new(Most { connections: 3, per_address: 2 });
        let first = limits.take(address("192.0.2.1")).unwrap();
        let _second = limits.take(address("::ffff:192.0.2.1")).unwrap();
        assert_eq!(limits.take(address("192.0.2.1")).unwrap_err(), Full::OfAddress);
        let _third = limits.take(address("192.0.2.2")).unwrap();
        assert_eq!(limits.take(address("192.0.2.3")).unwrap_err(), Full::InAll);
        drop(first);
        let _again = limits.take(address("192.0.2.1")).unwrap();
        assert_eq!(limits.in_all(), 3);
        limits.set(Most { connections: 4, per_address: 2 });
        assert_eq!(limits.take(address("192.0.2.1")).unwrap_err(), Full::OfAddress);
    }

    /// A refusal of an address that has no place leaves nothing behind.
    #[test]
    fn an_ipv6_network_counts_as_one_address_and_nothing_is_kept_of_who_left() {
        let limits = Limits::new(Most { connections: 10, per_address: 1 });
        let place = limits.take(address("2001:db8::1")).unwrap();
        assert_eq!(limits.take(address("2001:db8::ffff:0:0:1")).unwrap_err(), Full::OfAddress);
        let other = limits.take(address("2001:db8:0:1::1")).unwrap();
        drop((place, other));
        assert!(limits.taken().by_address.is_empty());
    }
}
