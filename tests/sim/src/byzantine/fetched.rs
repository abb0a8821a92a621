//! False blocks for who catches up: real ones with what proves or fills them bent.
//! Holds: what is bent is told apart by its proof alone; form and links stay whole.

use comity_core::block::CommittedBlock;
use comity_core::keys::Signature;
use comity_core::polka::PolkaCertificate;

use super::Liar;

impl Liar<'_> {
    /// The blocks with one of them bent; `None` where there is nothing to bend.
    pub(super) fn false_blocks(&mut self, blocks: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
        let mut blocks = blocks.to_vec();
        let at = self.chance.index(blocks.len().max(1));
        let mut bent = CommittedBlock::from_bytes(blocks.get(at)?).ok()?;
        let certificate = &mut bent.certificate;
        match self.chance.index(7) {
            // The proof of another block.
            0 => {
                *certificate = bent.block.parent_certificate.clone()?;
            }
            // One signature as often as there are.
            1 => {
                let first = *certificate.signatures.first()?;
                let count = certificate.signatures.len();
                certificate.signatures = vec![first; count];
            }
            // Garbage among the signatures.
            2 => {
                let bad = self.chance.index(certificate.signatures.len().max(1));
                certificate.signatures.get_mut(bad)?.signature = Signature([7; 64]);
            }
            // Too few of them.
            3 => certificate.signatures.truncate(1),
            // A record kept back, or in another's place.
            4 => match bent.block.records.len() > 1 && self.chance.per_mille(500) {
                true => bent.block.records.swap(0, 1),
                false => drop(bent.block.records.pop()?),
            },
            // Precommits for the block, said to be prevotes for it in the round after.
            5 => bent.polkas.push(PolkaCertificate {
                height: certificate.height,
                round: certificate.round + 1,
                value: certificate.header_hash,
                signatures: certificate.signatures.clone(),
            }),
            // The parent's proof, too small.
            _ => bent.block.parent_certificate.as_mut()?.signatures.truncate(1),
        }
        *blocks.get_mut(at)? = bent.to_bytes();
        Some(blocks)
    }
}
