//! Ports of this machine that nobody uses yet.
//! Holds: no port is chosen twice, nor one that something listens on.
//! May not enter: other machines' addresses: all is on 127.0.0.1.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

/// Among how many ports a free one is looked for (count).
const REACH: u16 = 1_000;

/// There is no free port.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no port from {first} to {last} of 127.0.0.1 is free")]
pub(crate) struct NoFreePort {
    first: u16,
    last: u16,
}

/// Chooses ports, each once.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    taken: BTreeSet<u16>,
}

impl Ports {
    /// Keeps `port` from being chosen.
    pub(crate) fn reserve(&mut self, port: u16) {
        self.taken.insert(port);
    }

    /// `preferred`, or if that is not free, the first free port from `first` upwards. Errors: none
    /// is near.
    pub(crate) fn choose(&mut self, preferred: u16, first: u16) -> Result<u16, NoFreePort> {
        let last = first.saturating_add(REACH);
        let mut wanted = std::iter::once(preferred).chain(first..=last);
        match wanted.find(|port| !self.taken.contains(port) && is_free(*port)) {
            Some(port) => {
                self.reserve(port);
                Ok(port)
            }
            None => Err(NoFreePort { first, last }),
        }
    }
}

/// Whether nothing listens on this port of 127.0.0.1.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_passed_over_and_none_is_chosen_twice() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let used = listener.local_addr().unwrap().port();
        let mut ports = Ports::default();
        assert!(!is_free(used));
        let first = ports.choose(used, used).unwrap();
        let second = ports.choose(used, used).unwrap();
        assert!(first > used && second > first, "{used} {first} {second}");
    }

    #[test]
    fn a_reserved_port_is_passed_over() {
        let free = Ports::default().choose(20_000, 20_001).unwrap();
        let mut ports = Ports::default();
        ports.reserve(free);
        assert_ne!(ports.choose(free, free).unwrap(), free);
    }

    #[test]
    fn without_a_free_port_the_search_ends() {
        let mut ports = Ports::default();
        (u16::MAX - 5..=u16::MAX).for_each(|port| ports.reserve(port));
        let none = ports.choose(u16::MAX, u16::MAX - 5).unwrap_err();
        assert_eq!(none, NoFreePort { first: u16::MAX - 5, last: u16::MAX });
    }
}
