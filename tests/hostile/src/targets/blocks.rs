//! Blocks and certificates, as peers answer with them.

use comity_core::block::{Block, CommittedBlock, MAX_BLOCK_BYTES};
use comity_core::encoding::decode;
use comity_core::statement::VerifiedRecord;
use comity_core::vote::CommitCertificate;

use super::promises::{genuine_certificate, genuine_record, one_encoding};
use crate::lab::lab;

/// The longest certificate in an archive (bytes).
const MAX_CERTIFICATE_BYTES: usize = 64 * 1024;

/// A block: one encoding; its records verify only as they were signed; it executes upon the chain
/// only if all of its header follows from what is in it.
pub fn block(data: &[u8]) {
    if let Some(block) = one_encoding(data, MAX_BLOCK_BYTES, Block::from_bytes(data)) {
        judge(block);
    }
}

/// A block with its certificate.
pub fn committed_block(data: &[u8]) {
    let limit = 2 * MAX_BLOCK_BYTES;
    if let Some(committed) = one_encoding(data, limit, CommittedBlock::from_bytes(data)) {
        genuine_certificate(&committed.certificate);
        judge(committed.block);
    }
}

/// A commit certificate.
pub fn certificate(data: &[u8]) {
    let decoded = decode::<CommitCertificate>(data, MAX_CERTIFICATE_BYTES);
    if let Some(certificate) = one_encoding(data, MAX_CERTIFICATE_BYTES, decoded) {
        genuine_certificate(&certificate);
    }
}

fn judge(block: Block) {
    let lab = lab();
    for bytes in block.records.iter().take(64) {
        genuine_record(bytes);
    }
    if let Some(certificate) = &block.parent_certificate {
        genuine_certificate(certificate);
    }
    let (ledger, _) = &lab.midway;
    let verify = |bytes: &Vec<u8>| VerifiedRecord::verify(bytes, &lab.consortium);
    let records = block.records.iter().map(verify).collect::<Result<Vec<_>, _>>();
    let parent = block.parent_certificate.clone();
    let parent = parent.map(|one| one.verify(&lab.consortium, ledger.tip_validators()));
    let (Ok(records), Ok(parent)) = (records, parent.transpose()) else { return };
    match ledger.execute(&block.header, records, parent.as_ref()) {
        Ok(executed) => {
            assert_eq!(executed.hash, block.header.hash());
            // The header fixes every byte of the block.
            let known = lab.blocks.iter().find(|known| known.block.header == block.header);
            assert!(known.is_none_or(|known| known.block == block), "one header, two blocks");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
