//! Snapshots of the lab's ledgers, as a node would write them.

use comity_core::encoding::encode;
use comity_core::ledger::Ledger;
use comity_core::log_tree::LogCutter;
use comity_core::snapshot::{Manifest, SNAPSHOT_VERSION, head, tail};
use comity_core::trust_path::TrustPath;

use super::Lab;

/// So small that there are several chunks (bytes).
const CHUNK_BYTES: u32 = 4 * 1024;

impl Lab {
    /// The way to the end of the chain: nobody joins or leaves in the story.
    pub fn trust_path(&self, height: usize) -> TrustPath {
        let last = &self.blocks[height - 1];
        let (header, certificate) = (last.block.header.clone(), last.certificate.clone());
        TrustPath { changes: Vec::new(), header, certificate }
    }

    /// A snapshot of a ledger of the chain, in a file.
    pub fn snapshot(&self, ledger: &Ledger) -> Vec<u8> {
        let height = usize::try_from(ledger.tip().height.0).unwrap_or(0);
        let mut file = head(&self.consortium);
        let (mut cutter, mut log_parts) = (LogCutter::new(0, CHUNK_BYTES as usize), Vec::new());
        for record in self.blocks[..height].iter().flat_map(|b| &b.block.records) {
            cutter.push(record.clone());
        }
        while let Some((part, bytes)) = cutter.take().or_else(|| cutter.finish()) {
            log_parts.push(part);
            file.extend(bytes);
        }
        let state_parts = ledger.state().parts(CHUNK_BYTES);
        for chunk in ledger.state().part_pairs(&state_parts) {
            file.extend(chunk);
        }
        let manifest = Manifest {
            version: SNAPSHOT_VERSION,
            rules_version: ledger.rules_version(),
            path: self.trust_path(height),
            parent_certificate: self.blocks[height - 1].block.parent_certificate.clone(),
            cut_off: None,
            log_parts,
            state_parts,
        };
        file.extend(tail(&encode(&manifest)));
        file
    }
}
