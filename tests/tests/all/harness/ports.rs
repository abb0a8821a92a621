//! Ports of 127.0.0.1 for nodes to listen on.
//! Holds: none is handed out twice; none is one that the system gives to outgoing connections,
//! which could take it while its node is down.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

/// Below this begin the ports of other programs.
const FIRST: u16 = 15_000;

static LAST: Mutex<Option<u16>> = Mutex::new(None);

/// A port that nobody uses.
pub(crate) fn free_port() -> u16 {
    let end = first_outgoing().max(FIRST + 1_000);
    let mut last = LAST.lock().unwrap();
    // Processes that test at the same time begin at different places.
    let spread = u16::try_from(std::process::id() % u32::from(end - FIRST)).unwrap();
    let mut port = last.unwrap_or(FIRST + spread);
    loop {
        port = if port + 1 < end { port + 1 } else { FIRST };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            *last = Some(port);
            return port;
        }
    }
}

/// The first port that the system gives to outgoing connections; the usual one where it does not
/// say.
fn first_outgoing() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768)
}
