//! A real consortium of four, run once in a process, always the same: where genuine bytes come from,
//! and by which a forged one is known.
//! Holds: everything that its members signed is in `signatures`; every record in `records`.
//! May not enter: hostile bytes.

mod founding;
mod run;
mod snapshot;
mod story;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use comity_core::archive;
use comity_core::block::CommittedBlock;
use comity_core::genesis::Genesis;
use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::Height;
use comity_core::keys::{PublicKey, Signature};
use comity_core::ledger::Ledger;
use comity_core::validators::ValidatorSet;
use comity_core::vote::CommitCertificate;
use comity_replica::message::{Gossip, Request, Response, SignedVote, Witnessed};

pub use founding::Member;
pub(crate) use run::config;

/// What the run left behind.
pub struct Lab {
    /// The members, ascending by id.
    pub members: Vec<Member>,
    /// What they founded.
    pub genesis: Genesis,
    /// Its id.
    pub consortium: ConsortiumId,
    /// The validators of every height: the story changes none.
    pub validators: ValidatorSet,
    /// The signed records that were submitted, as their bytes.
    pub records: BTreeSet<Vec<u8>>,
    /// What was told to everyone, in order.
    pub gossip: Vec<Gossip>,
    /// What was asked.
    pub requests: Vec<Request>,
    /// What was answered.
    pub responses: Vec<Response>,
    /// The chain, from height 1 on.
    pub blocks: Vec<CommittedBlock>,
    /// The ledger half way up the chain, and the certificate of its tip.
    pub midway: (Ledger, Option<CommitCertificate>),
    /// The ledger at the end of the chain, and its certificate.
    pub at_tip: (Ledger, Option<CommitCertificate>),
    /// A node's write-ahead log.
    pub wal: Vec<u8>,
    /// The same after a restart, which writes it anew with what still counts.
    pub wal_after_restart: Vec<u8>,
    /// A node's block log: its segments, by name.
    pub segments: Vec<(String, Vec<u8>)>,
    /// The heads of the chain: heights and hashes.
    pub headers: BTreeSet<(Height, HeaderHash)>,
    signatures: BTreeSet<(PublicKey, [u8; 64])>,
}

/// The one run of this process.
pub fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(story::play)
}

impl Lab {
    /// Whether a member made this signature of votes or proposals.
    pub fn has_signed(&self, key: &PublicKey, signature: &Signature) -> bool {
        self.signatures.contains(&(*key, signature.0))
    }

    /// The whole chain in one file.
    pub fn archive(&self) -> Vec<u8> {
        let mut bytes = archive::head(&self.consortium);
        for committed in &self.blocks {
            bytes.extend(archive::block_frames(&committed.block, &committed.polkas));
        }
        if let Some(last) = self.blocks.last() {
            bytes.extend(archive::certificate_frame(&last.certificate));
        }
        bytes
    }
}

/// Every signature of a consensus message in something that was said.
fn signatures_in(message: &Gossip) -> Vec<(PublicKey, [u8; 64])> {
    let of_vote = |SignedVote { vote, signature }: &SignedVote| (vote.validator, signature.0);
    match message {
        Gossip::Records(_) => Vec::new(),
        Gossip::Vote(signed) => vec![of_vote(signed)],
        Gossip::Proposal(signed) => vec![(signed.proposal.validator, signed.signature.0)],
        Gossip::Polka(polka) => {
            polka.signatures.iter().map(|one| (one.validator, one.signature.0)).collect()
        }
        Gossip::Round(round) => round.votes.iter().map(of_vote).collect(),
    }
}

/// The key and signature of a message that is shown back to its signer.
pub fn signature_of(witnessed: &Witnessed) -> (PublicKey, Signature) {
    match witnessed {
        Witnessed::Vote(signed) => (signed.vote.validator, signed.signature),
        Witnessed::Proposal { proposal, signature } => (proposal.validator, *signature),
    }
}
