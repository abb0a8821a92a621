//! The ledger after one block, as readers see it.
//! Holds: everything in it is of the same height; it never changes.
//! May not enter: the tree on disk (see `query` for listings).

use comity_core::agency::{Agency, Key};
use comity_core::apply::Position;
use comity_core::block::Header;
use comity_core::dataset::{DatasetVersion, PublishedDataset};
use comity_core::gateway::GatewayNumbers;
use comity_core::hash::{ConsortiumId, HeaderHash, LogRoot, StateRoot};
use comity_core::ids::{DatasetId, GrantId, Height, LogIndex, RequestId, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::ledger::{Ledger, Tip, TreeState};
use comity_core::log_tree::Frontier;
use comity_core::request::Request;
use comity_core::state::{self, StateKey};
use comity_core::state_tree::StateTree;
use comity_core::text::AgencyId;
use comity_core::validators::{Validator, ValidatorSet};
use comity_core::vote::CommitCertificate;
use comity_listing::GrantFound;
use comity_replica::io::Commit;

/// The ledger after one block (before the first, as the genesis founds it). Cheap to clone parts
/// of, cheap to keep.
#[derive(Clone, Debug)]
pub struct Snapshot {
    tip: Tip,
    block: Option<(Header, CommitCertificate)>,
    state: StateTree,
    log_size: u64,
    log_root: LogRoot,
}

impl Snapshot {
    /// Before anything is known of the consortium but its id.
    pub(super) fn empty(consortium: &ConsortiumId) -> Snapshot {
        let tip = Tip {
            height: Height(0),
            hash: HeaderHash(consortium.0),
            time: TimeMs::default(),
            proposal_round: 0,
        };
        let log = Frontier::new();
        let (log_size, log_root) = (log.size(), log.root());
        Snapshot { tip, block: None, state: StateTree::new(consortium), log_size, log_root }
    }

    pub(super) fn of_ledger(
        ledger: &Ledger,
        block: Option<(Header, CommitCertificate)>,
    ) -> Snapshot {
        Snapshot {
            tip: ledger.tip(),
            block,
            state: ledger.state().clone(),
            log_size: ledger.log().size(),
            log_root: ledger.log().root(),
        }
    }

    pub(super) fn of_commit(commit: &Commit) -> Snapshot {
        let header = &commit.header;
        Snapshot {
            tip: Tip::of(header),
            block: Some((header.clone(), commit.certificate.clone())),
            state: commit.state.clone(),
            log_size: header.log_size,
            log_root: header.log_root,
        }
    }

    /// The block: height, hash and time; before the first block height 0, the consortium id and
    /// the genesis time.
    pub fn tip(&self) -> Tip {
        self.tip
    }

    /// The block's header, but before the first block.
    pub fn header(&self) -> Option<&Header> {
        self.block.as_ref().map(|(header, _)| header)
    }

    /// The block's own certificate, but before the first block.
    pub fn certificate(&self) -> Option<&CommitCertificate> {
        self.block.as_ref().map(|(_, certificate)| certificate)
    }

    /// Entries on the log.
    pub fn log_size(&self) -> u64 {
        self.log_size
    }

    /// Root of the log.
    pub fn log_root(&self) -> LogRoot {
        self.log_root
    }

    /// Root of the state.
    pub fn state_root(&self) -> StateRoot {
        self.state.root()
    }

    /// The state, to read and to prove from.
    pub fn state(&self) -> &StateTree {
        &self.state
    }

    /// The validators of the next height; none before the genesis is read.
    pub fn validators(&self) -> Option<ValidatorSet> {
        state::read(&TreeState(&self.state), &StateKey::Validators)
    }

    /// The validator of an agency, of the next height.
    pub fn validator(&self, agency: &AgencyId) -> Option<Validator> {
        self.validators()?.by_agency(agency).cloned()
    }

    /// A dataset.
    pub fn dataset(&self, id: &DatasetId) -> Option<PublishedDataset> {
        state::dataset(&TreeState(&self.state), id)
    }

    /// The versions of a dataset, ascending from version `from` on, with the entries that made
    /// them, at most `limit`. The last of all is the present one.
    pub fn dataset_versions(
        &self,
        present: &PublishedDataset,
        from: u32,
        limit: usize,
    ) -> Vec<(u32, DatasetVersion)> {
        comity_listing::dataset_versions(&TreeState(&self.state), present, from, limit)
    }

    /// A grant with its usage and standing.
    pub fn grant(&self, id: GrantId) -> Option<GrantFound> {
        let next = Position { index: LogIndex(self.log_size()), time: self.tip.time };
        GrantFound::read(&TreeState(&self.state), next, id)
    }

    /// A request.
    pub fn request(&self, id: RequestId) -> Option<Request> {
        state::request(&TreeState(&self.state), id)
    }

    /// A key's registration.
    pub fn key(&self, key: &PublicKey) -> Option<Key> {
        state::key(&TreeState(&self.state), key)
    }

    /// Which numbers the records of a gateway's key have used.
    pub fn gateway_numbers(&self, key: &PublicKey) -> GatewayNumbers {
        state::gateway_numbers(&TreeState(&self.state), key)
    }

    /// A member.
    pub fn agency(&self, id: &AgencyId) -> Option<Agency> {
        state::agency(&TreeState(&self.state), id)
    }
}
