//! The load of the soak: clients that hand in one record after the other, and go to another node
//! with the identical bytes when they hear nothing.
//! Holds: what is counted as committed was answered so, with its place; nothing is given up before it
//! is known or the soak ends.
//! May not enter: judging (see `soak`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use comity_core::hash::LeafHash;
use serde::Deserialize;

use crate::bench::client::Connection;
use crate::bench::prepare::{self, Provider};
use crate::failure::DevnetError;

/// Clients of each node's agency (count).
const EACH: usize = 2;
/// How long a client waits between two records, and before it asks another node.
const PAUSE: Duration = Duration::from_millis(40);
/// How long a record may wait (ms): short, so that the memory of what may not be repeated reaches
/// its full size within minutes.
const VALIDITY_MS: u64 = 2 * 60 * 1000;
const OK: u16 = 200;
const CONFLICT: u16 = 409;

/// What the clients were told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Records acknowledged as committed: where, and which.
    pub(super) committed: Vec<(u64, LeafHash)>,
    /// Questions that were never answered (count).
    pub(super) unknown: u64,
}

#[derive(Deserialize)]
struct Committed {
    index: u64,
    leaf_hash: LeafHash,
}

/// Clients at work.
pub(super) struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<Told, DevnetError>>>,
}

impl Clients {
    /// Starts clients of every provider; each begins at its own agency's node.
    pub(super) fn start(providers: Vec<Provider>, ports: Vec<u16>) -> Clients {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for (home, provider) in providers.into_iter().enumerate() {
            let provider = Arc::new(provider);
            for _ in 0..EACH {
                let (provider, ports, stop) = (provider.clone(), ports.clone(), stop.clone());
                threads.push(thread::spawn(move || client(&provider, home, &ports, &stop)));
            }
        }
        Clients { stop, threads }
    }

    /// Ends them; what they were told. Errors: a record was refused; no random numbers.
    pub(super) fn end(self) -> Result<Told, DevnetError> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Told::default();
        for thread in self.threads {
            match thread.join() {
                Ok(told) => {
                    let Told { committed, unknown } = told?;
                    all.committed.extend(committed);
                    all.unknown += unknown;
                }
                Err(_) => unreachable!("a client's thread does not panic"),
            }
        }
        Ok(all)
    }
}

fn client(
    provider: &Provider,
    home: usize,
    ports: &[u16],
    stop: &AtomicBool,
) -> Result<Told, DevnetError> {
    let mut told = Told::default();
    while !stop.load(Ordering::Relaxed) {
        let record = provider.record(prepare::now(), VALIDITY_MS)?;
        for port in ports.iter().cycle().skip(home) {
            let answer = Connection::open(*port).and_then(|mut to| to.submit(&record));
            match answer {
                Ok(answer) if answer.status == OK => {
                    let committed: Committed =
                        serde_json::from_str(&answer.body).map_err(|error| {
                            DevnetError::Unexpected(format!("{error}: {}", answer.body))
                        })?;
                    told.committed.push((committed.index, committed.leaf_hash));
                    break;
                }
                Ok(answer) if answer.status == CONFLICT => {
                    return Err(DevnetError::Unexpected(format!("refused: {}", answer.body)));
                }
                Ok(_) | Err(_) => told.unknown += 1,
            }
            thread::sleep(PAUSE);
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
        thread::sleep(PAUSE);
    }
    Ok(told)
}
