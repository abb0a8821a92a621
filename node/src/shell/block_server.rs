//! Answers peers that ask for committed blocks, straight from the block log.
//! Holds: at most a few reads at once for a peer and in all, each within the size of a response.
//! May not enter: the replica; the meaning of a block.

use comity_core::ids::Height;
use comity_replica::io::{Peer, Ticket};
use comity_replica::message::{MAX_RESPONSE_BYTES, Response};
use comity_replica::storage::BlockLogReader;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc;

use crate::disk::FileDisk;
use crate::network::Command;
use crate::serving::{AtOnce, Serving};

const AT_ONCE: AtOnce = AtOnce { per_peer: 2, in_all: 8 };
/// What a response takes beside its blocks: its kind and their number (bytes, rounded up).
const RESPONSE_HEAD_BYTES: usize = 16;
/// What a block takes in a response beside itself: its length (bytes).
const BLOCK_HEAD_BYTES: usize = 8;

/// Serves blocks to peers.
#[derive(Debug)]
pub(crate) struct BlockServer {
    reader: BlockLogReader<FileDisk>,
    serving: Serving,
    served_bytes: Counter,
}

/// A question for blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlocksWanted {
    pub(crate) ticket: Ticket,
    pub(crate) from: Height,
    pub(crate) max_bytes: u32,
}

impl BlockServer {
    pub(crate) fn new(
        reader: BlockLogReader<FileDisk>,
        network: mpsc::Sender<Command>,
        served_bytes: Counter,
    ) -> Self {
        BlockServer { reader, serving: Serving::new(network, AT_ONCE), served_bytes }
    }

    /// Reads and answers on another thread.
    pub(crate) async fn serve(&mut self, peer: Peer, wanted: BlocksWanted) {
        let (reader, served_bytes) = (self.reader.clone(), self.served_bytes.clone());
        let read = move || {
            let blocks = read(&reader, wanted);
            let size_bytes = blocks.iter().flatten().map(|block| block.len() as u64).sum();
            served_bytes.inc_by(size_bytes);
            blocks.map(Response::Blocks)
        };
        self.serving.answer(peer, wanted.ticket, read).await;
    }

    /// Forgets a peer that is gone.
    pub(crate) fn forget(&mut self, peer: Peer) {
        self.serving.forget(peer);
    }
}

/// The blocks asked for, as many as fit; `None` when they cannot be read or sent.
fn read(reader: &BlockLogReader<FileDisk>, wanted: BlocksWanted) -> Option<Vec<Vec<u8>>> {
    let from = wanted.from.0;
    let limit_bytes = MAX_RESPONSE_BYTES - RESPONSE_HEAD_BYTES;
    let max_bytes = u64::from(wanted.max_bytes).min(limit_bytes as u64);
    match reader.read_range(from, max_bytes) {
        Ok(blocks) => {
            let fitting = count_fitting(&blocks, limit_bytes);
            if fitting == 0 && !blocks.is_empty() {
                tracing::error!(height = from, "block is too long for a response; not sent");
                return None;
            }
            Some(blocks.into_iter().take(fitting).collect())
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(height = from, %error, cause, "could not read blocks for a peer");
            None
        }
    }
}

fn count_fitting(blocks: &[Vec<u8>], limit_bytes: usize) -> usize {
    let mut left = limit_bytes;
    blocks
        .iter()
        .take_while(|block| match left.checked_sub(BLOCK_HEAD_BYTES + block.len()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_of_fitting_blocks_is_within_its_limit() {
        let blocks: Vec<Vec<u8>> = (0..100).map(|number| vec![0; 400_000 - number]).collect();
        let limit_bytes = MAX_RESPONSE_BYTES - RESPONSE_HEAD_BYTES;
        let fitting = count_fitting(&blocks, limit_bytes);
        let size = |count| Response::Blocks(blocks[..count].to_vec()).to_bytes().len();
        assert!(size(fitting) <= MAX_RESPONSE_BYTES, "fits");
        assert!(size(fitting + 1) > MAX_RESPONSE_BYTES, "no fewer than fit");
    }
}
