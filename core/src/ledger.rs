//! The ledger: executes blocks of verified records on the state and the log, one height at a time.
//! Holds: a block executes wholly or not at all; equal blocks give equal roots everywhere.
//! May not enter: consensus; storage. Source: docs/formats.md, "Blocks".

mod run;

use crate::access::{AccessRefusal, Attempt};
use crate::apply::{self, Position, accesses};
use crate::block::{Block, HEADER_VERSION, Header};
use crate::genesis::{Genesis, GenesisError, Params};
use crate::governance::PROTOCOL_VERSION;
use crate::grant::Usage;
use crate::hash::{CertificateHash, ConsortiumId, HeaderHash, LeafHash, RecordId, StateRoot};
use crate::ids::{ExchangeId, Height, LogIndex, TimeMs};
use crate::log_tree::Frontier;
use crate::refusal::Refusal;
use crate::state::{self, Changes, StateKey, StateRead, Window, genesis_changes};
use crate::state_tree::StateTree;
use crate::statement::VerifiedRecord;
use crate::text::AgencyId;
use crate::validators::ValidatorSet;
use crate::vote::{CommitCertificate, VerifiedCertificate};
use run::{Outline, Run, differing_field};

/// The last committed block, as far as the next one needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Its height; 0 before the first block.
    pub height: Height,
    /// Its hash; the consortium id before the first block.
    pub hash: HeaderHash,
    /// Its time; the genesis time before the first block.
    pub time: TimeMs,
    /// The round in which it was first proposed; 0 before the first block.
    pub proposal_round: u32,
}

impl Tip {
    /// The tip that a committed header makes.
    pub fn of(header: &Header) -> Tip {
        let Header { height, time, proposal_round, .. } = *header;
        Tip { height, hash: header.hash(), time, proposal_round }
    }

    /// Whether a certificate is of this very block, and of no round before it was proposed.
    pub fn is_named_by(&self, certificate: &CommitCertificate) -> bool {
        certificate.height == self.height
            && certificate.header_hash == self.hash
            && certificate.round >= self.proposal_round
    }
}

/// Why a block is not one that a correct validator proposes or votes for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The rules that the block is executed by are newer than this software.
    #[error(
        "it follows version {version} of the rules, and this software knows them up to \
         version {PROTOCOL_VERSION}"
    )]
    Rules {
        /// Their version.
        version: u16,
    },
    /// A header field that does not follow from the parent and the records.
    #[error("the header's {field} is wrong")]
    Header {
        /// Which field.
        field: &'static str,
    },
    /// More records or bytes than the parameters allow.
    #[error("the block exceeds its limit of {what}")]
    Limit {
        /// Of what.
        what: &'static str,
    },
    /// More on one agency's account than the parameters allow: its own records and those of the
    /// members that it hosts.
    #[error("the block exceeds the quota of {agency}")]
    Quota {
        /// Whose.
        agency: AgencyId,
    },
    /// A record that the rules refuse.
    #[error("record {position} of the block is refused: {refusal}")]
    Record {
        /// Its position in the block, from 0.
        position: usize,
        /// By which rule.
        refusal: Box<Refusal>,
    },
}

/// What a proposer decides about a block; everything else follows.
#[derive(Clone, Debug)]
pub struct NewBlock<'a> {
    /// The block's time: later than the parent's.
    pub time: TimeMs,
    /// The round in which it is proposed.
    pub round: u32,
    /// The certificate of the parent; `None` at height 1.
    pub parent: Option<&'a VerifiedCertificate>,
}

/// A block's effect, ready to be committed.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The header.
    pub header: Header,
    /// Its hash.
    pub hash: HeaderHash,
    /// The records, in order.
    pub records: Vec<VerifiedRecord>,
    /// What they add to the state.
    pub changes: Changes,
    state: StateTree,
    log: Frontier,
    next_validators: ValidatorSet,
}

impl Executed {
    /// The log after the block.
    pub fn log(&self) -> &Frontier {
        &self.log
    }

    /// The state after the block.
    pub fn state(&self) -> &StateTree {
        &self.state
    }

    /// The validators of the next height.
    pub fn next_validators(&self) -> &ValidatorSet {
        &self.next_validators
    }
}

/// What a proposer built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The block.
    pub block: Block,
    /// Its effect.
    pub executed: Executed,
    /// Candidates that the rules refuse at this position.
    pub refused: Vec<(LeafHash, Refusal)>,
}

/// The state of a consortium after its last committed block. One per node.
#[derive(Clone, Debug)]
pub struct Ledger {
    consortium: ConsortiumId,
    tip: Tip,
    state: StateTree,
    log: Frontier,
    window: Window,
    /// Validators of the tip's height.
    tip_validators: ValidatorSet,
    /// Validators of the next height.
    validators: ValidatorSet,
    params: Params,
}

impl StateRead for Ledger {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.state.get(key)
    }
    fn root_for(&self, _key: &[u8]) -> Option<StateRoot> {
        Some(self.state.root())
    }
    fn has_record(&self, id: &RecordId) -> bool {
        self.window.has_record(id)
    }
    fn has_exchange(&self, id: &ExchangeId) -> bool {
        self.window.has_exchange(id)
    }
}

/// What a node kept of its ledger, to start from instead of replaying the log.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The last committed header.
    pub header: Header,
    /// The state, made of every key and value that were kept.
    pub state: StateTree,
    /// The log's frontier.
    pub log: Frontier,
    /// The unexpired ids.
    pub window: Changes,
    /// The validators of the header's height.
    pub validators: ValidatorSet,
}

/// What a ledger consists of.
pub(crate) struct LedgerParts {
    pub(crate) consortium: ConsortiumId,
    pub(crate) tip: Tip,
    pub(crate) state: StateTree,
    pub(crate) log: Frontier,
    pub(crate) window: Window,
    pub(crate) tip_validators: ValidatorSet,
    pub(crate) validators: ValidatorSet,
    pub(crate) params: Params,
}

/// Saved state that does not match its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the saved state does not have the {field} that its header commits to")]
pub struct SavedError {
    /// What differs.
    pub field: &'static str,
}

impl Ledger {
    /// The ledger before its first block. Errors: the genesis founds no consortium.
    pub fn new(genesis: &Genesis) -> Result<Ledger, GenesisError> {
        genesis.check()?;
        let consortium = genesis.id();
        let changes = genesis_changes(genesis)?;
        Ok(Ledger {
            consortium,
            tip: Tip {
                height: Height(0),
                hash: HeaderHash(consortium.0),
                time: genesis.time,
                proposal_round: 0,
            },
            state: StateTree::new(&consortium).with(changes.puts),
            log: Frontier::new(),
            window: Window::default(),
            tip_validators: genesis.validators()?,
            validators: genesis.validators()?,
            params: genesis.params.clone(),
        })
    }

    /// The ledger as it was saved. Errors: it is not what its header commits to.
    pub fn restore(consortium: &ConsortiumId, saved: Saved) -> Result<Ledger, SavedError> {
        let header = saved.header;
        let state = saved.state;
        let checks = [
            ("consortium", header.consortium == *consortium),
            ("state root", state.root() == header.state_root),
            ("log root", saved.log.root() == header.log_root),
            ("log size", saved.log.size() == header.log_size),
            ("validators", saved.validators.hash(consortium) == header.validators),
        ];
        if let Some((field, _)) = checks.iter().find(|(_, holds)| !holds) {
            return Err(SavedError { field });
        }
        let mut window = Window::default();
        window.advance(&saved.window, header.time);
        let validators = next_validators(&state);
        let params = Params::clone(&apply::params(&TreeState(&state)));
        let tip = Tip::of(&header);
        Ok(Ledger {
            consortium: *consortium,
            tip,
            state,
            log: saved.log,
            window,
            tip_validators: saved.validators,
            validators,
            params,
        })
    }

    /// The ledger of parts that a snapshot has proven.
    pub(crate) fn of_parts(parts: LedgerParts) -> Ledger {
        let LedgerParts { consortium, tip, state, log, window, .. } = parts;
        let LedgerParts { tip_validators, validators, params, .. } = parts;
        Ledger { consortium, tip, state, log, window, tip_validators, validators, params }
    }

    /// Every id that must not be executed again yet.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The consortium.
    pub fn consortium(&self) -> &ConsortiumId {
        &self.consortium
    }

    /// The last committed block.
    pub fn tip(&self) -> Tip {
        self.tip
    }

    /// The state after it.
    pub fn state(&self) -> &StateTree {
        &self.state
    }

    /// The root of that state.
    pub fn state_root(&self) -> StateRoot {
        self.state.root()
    }

    /// The log after it.
    pub fn log(&self) -> &Frontier {
        &self.log
    }

    /// The validators of the tip's height.
    pub fn tip_validators(&self) -> &ValidatorSet {
        &self.tip_validators
    }

    /// The validators of the next height.
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// The parameters in force.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The version of the rules that the next block is executed by. Where it is greater than
    /// [`crate::governance::PROTOCOL_VERSION`], this software must not go on.
    pub fn rules_version(&self) -> u16 {
        state::protocol_version(self)
    }

    /// The agency on whose account a record of `agency` goes: a hosted member's sponsor, else itself.
    pub fn account(&self, agency: &AgencyId) -> AgencyId {
        apply::account(self, agency)
    }

    /// Ids in the replay window.
    pub fn window_len(&self) -> usize {
        self.window.len()
    }

    /// Where a record would stand if it were the next block's first, by a clock that shows `now`.
    pub fn next_position(&self, now: TimeMs) -> Position {
        let time = now.max(self.tip.time.plus(1));
        Position { index: LogIndex(self.log.size()), time }
    }

    /// Whether the rules would accept a record now.
    pub fn check(&self, record: &VerifiedRecord, now: TimeMs) -> Result<(), Refusal> {
        apply::apply(self, self.next_position(now), record).map(drop)
    }

    /// How an attempt would be judged now.
    pub fn evaluate(&self, attempt: &Attempt, now: TimeMs) -> Result<Usage, AccessRefusal> {
        accesses::evaluate(self, self.next_position(now), attempt)
    }

    /// How an access in an emergency would be judged that goes in late, as of the time at which the
    /// officer says to have asked, by what is known now.
    pub fn evaluate_as_of(
        &self,
        attempt: &Attempt,
        claimed: TimeMs,
    ) -> Result<Usage, AccessRefusal> {
        let index = LogIndex(self.log.size());
        accesses::evaluate(self, Position { index, time: claimed }, attempt)
    }

    /// Builds the next block from `candidates`, in their order: those that the rules refuse are
    /// named, those beyond a limit are left for later.
    pub fn build(
        &self,
        new: &NewBlock<'_>,
        candidates: impl IntoIterator<Item = VerifiedRecord>,
    ) -> Built {
        let mut run = Run::new(self, new.time);
        let mut refused = Vec::new();
        for record in candidates {
            if run.limits.is_full() {
                break;
            }
            let Ok(account) = run.admit(&record) else { continue };
            if let Err(refusal) = run.apply(&record) {
                refused.push((record.leaf(), refusal));
                continue;
            }
            run.keep(record, account);
        }
        let outline = Outline {
            time: new.time,
            proposal_round: new.round,
            parent_certificate: certificate_hash(new.parent),
        };
        let executed = run.finish(&outline);
        let block = Block {
            header: executed.header.clone(),
            parent_certificate: new.parent.map(|parent| parent.certificate().clone()),
            records: executed.records.iter().map(|r| r.bytes().to_vec()).collect(),
        };
        Built { block, executed, refused }
    }

    /// Executes a proposed or committed block. `records` are its records, verified; `parent` is
    /// the certificate in its body, verified against the validators of the parent's height (`None`
    /// at height 1). Errors: what makes the block one that no correct validator votes for.
    pub fn execute(
        &self,
        header: &Header,
        records: Vec<VerifiedRecord>,
        parent: Option<&VerifiedCertificate>,
    ) -> Result<Executed, BlockError> {
        self.check_parent(header, parent)?;
        let mut run = Run::new(self, header.time);
        for (position, record) in records.into_iter().enumerate() {
            let account = run.admit(&record)?;
            run.apply(&record)
                .map_err(|refusal| BlockError::Record { position, refusal: Box::new(refusal) })?;
            run.keep(record, account);
        }
        let outline = Outline {
            time: header.time,
            proposal_round: header.proposal_round,
            parent_certificate: certificate_hash(parent),
        };
        let executed = run.finish(&outline);
        match differing_field(&executed.header, header) {
            Some(field) => Err(BlockError::Header { field }),
            None => Ok(executed),
        }
    }

    fn check_parent(
        &self,
        header: &Header,
        parent: Option<&VerifiedCertificate>,
    ) -> Result<(), BlockError> {
        let wrong = |field| Err(BlockError::Header { field });
        let version = self.rules_version();
        if version > PROTOCOL_VERSION {
            return Err(BlockError::Rules { version });
        }
        if header.version != HEADER_VERSION {
            return wrong("version");
        }
        if header.height != self.tip.height.next() {
            return wrong("height");
        }
        if header.time <= self.tip.time {
            return wrong("time");
        }
        let is_of_tip = |parent: &VerifiedCertificate| self.tip.is_named_by(parent.certificate());
        match parent {
            None if self.tip.height == Height(0) => Ok(()),
            Some(parent) if self.tip.height > Height(0) && is_of_tip(parent) => Ok(()),
            _ => wrong("parent certificate"),
        }
    }

    /// Makes an executed block the tip. Panics if it was executed on another tip.
    pub fn commit(&mut self, executed: &Executed) {
        let header = &executed.header;
        assert_eq!(
            header.parent, self.tip.hash,
            "a block is committed on the tip it was executed on"
        );
        self.window.advance(&executed.changes, header.time);
        self.tip = Tip::of(header);
        self.state = executed.state.clone();
        self.log = executed.log.clone();
        self.tip_validators =
            std::mem::replace(&mut self.validators, executed.next_validators.clone());
        self.params = Params::clone(&apply::params(&TreeState(&self.state)));
    }
}

/// A state tree alone, for reading objects where no replay window is at hand or asked.
#[derive(Clone, Copy, Debug)]
pub struct TreeState<'a>(pub &'a StateTree);

impl StateRead for TreeState<'_> {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.0.get(key)
    }
    fn root_for(&self, _key: &[u8]) -> Option<StateRoot> {
        Some(self.0.root())
    }
    fn has_record(&self, _id: &RecordId) -> bool {
        false
    }
    fn has_exchange(&self, _id: &ExchangeId) -> bool {
        false
    }
}

fn certificate_hash(parent: Option<&VerifiedCertificate>) -> CertificateHash {
    parent.map(VerifiedCertificate::hash).unwrap_or_default()
}

fn next_validators(state: &StateTree) -> ValidatorSet {
    match state::read(&TreeState(state), &StateKey::Validators) {
        Some(set) => set,
        None => unreachable!("the genesis puts the validators"),
    }
}
