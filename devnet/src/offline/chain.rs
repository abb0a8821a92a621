//! A long chain, block by block: datasets, grants, changes of the validators, then accesses.
//! Holds: as many entries as were asked for, each allowed by the rules; every validator signs every
//! certificate. May not enter: files.

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::{KeyRole, Standing};
use comity_core::block::Block;
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Item, Items, Openness, Sharing};
use comity_core::genesis::Genesis;
use comity_core::governance::{Choice, Measure};
use comity_core::grant::GrantTerms;
use comity_core::ids::{DatasetId, ExchangeId, GrantId, LogIndex, Nonce, ProposalId, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner, VerifiedRecord,
};
use comity_core::text::AgencyId;
use comity_core::trust_path::SetChange;
use comity_core::vote::CommitCertificate;

use super::founding::{self, BEGINS, MEMBERS, parsed, secret};
use crate::failure::{DevnetError, unexpected};
use crate::votes;

/// Between two blocks (ms).
const PAUSE_MS: u64 = 1_000;
/// How long a statement may wait (ms).
const VALIDITY_MS: u64 = 10 * 60 * 1_000;
/// Blocks whose records are signed at once, on all cores.
const BLOCKS_AHEAD: u64 = 64;
/// Ballots that pass a measure among four, the proposer's included: more than two thirds.
const BALLOTS: usize = 3;

/// What is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Entries in all.
    pub(super) entries: u64,
    /// Changes of the validators among them.
    pub(super) changes: u64,
    /// Accesses in a block.
    pub(super) per_block: u64,
}

/// A block with what came of it.
pub(super) struct Made {
    pub(super) block: Block,
    pub(super) certificate: CommitCertificate,
    /// If other validators rule after it.
    pub(super) change: Option<SetChange>,
}

/// A chain that grows.
pub(super) struct Chain {
    plan: Plan,
    genesis: Genesis,
    ledger: Ledger,
    changed: u64,
    parent: Option<CommitCertificate>,
    /// Accesses that were signed ahead, in blocks, the next one last.
    ahead: Vec<Vec<VerifiedRecord>>,
}

impl Chain {
    /// A chain without a block. Errors: the genesis founds nothing.
    pub(super) fn new(plan: Plan) -> Result<Chain, DevnetError> {
        let genesis = founding::genesis()?;
        let ledger = Ledger::new(&genesis).map_err(unexpected)?;
        Ok(Chain { plan, genesis, ledger, changed: 0, parent: None, ahead: Vec::new() })
    }

    pub(super) fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    pub(super) fn entries(&self) -> u64 {
        self.ledger.log().size()
    }

    pub(super) fn blocks(&self) -> u64 {
        self.ledger.tip().height.0
    }

    /// The next block; none when there are as many entries as were asked for. Errors: the rules
    /// refuse a record, or the block does not hold them all.
    pub(super) fn next_block(&mut self) -> Result<Option<Made>, DevnetError> {
        if self.entries() >= self.plan.entries {
            return Ok(None);
        }
        let records = match self.blocks() {
            0 => self.datasets()?,
            1 => self.grants()?,
            _ if self.changed < self.plan.changes => self.change()?,
            _ => self.accesses()?,
        };
        let (consortium, time) = (*self.ledger.consortium(), self.next_time());
        let (count, set) = (records.len(), self.ledger.validators());
        let parent = self.parent.take();
        let parent = parent.map(|certificate| {
            certificate.verify(&consortium, self.ledger.tip_validators()).map_err(unexpected)
        });
        let parent = parent.transpose()?;
        let new = NewBlock { time, round: 0, parent: parent.as_ref() };
        let built = self.ledger.build(&new, records);
        if built.executed.records.len() != count {
            let refused = built.refused.first();
            return Err(unexpected(format!("a block of {count} records: {refused:?}")));
        }
        let header = &built.block.header;
        let keys = set.members().iter().filter_map(|member| validator_key(&member.agency));
        let block = (header.height, built.executed.hash);
        let certificate = votes::certificate(&consortium, block, keys);
        let change = SetChange::of(header, &certificate, built.executed.next_validators());
        self.ledger.commit(&built.executed);
        self.parent = Some(certificate.clone());
        Ok(Some(Made { block: built.block, certificate, change }))
    }

    fn next_time(&self) -> TimeMs {
        BEGINS.plus((self.blocks() + 1) * PAUSE_MS)
    }

    fn datasets(&self) -> Result<Vec<VerifiedRecord>, DevnetError> {
        let publish = |place: usize| {
            let action = Action::PublishDataset { dataset: dataset(place)? };
            self.signed(place, KeyRole::Steward, place as u64, self.next_time(), action)
        };
        (0..MEMBERS.len()).map(publish).collect()
    }

    fn grants(&self) -> Result<Vec<VerifiedRecord>, DevnetError> {
        let grant = |place: usize| {
            let terms = GrantTerms {
                dataset: dataset_id(place)?,
                requester: parsed(MEMBERS[(place + 1) % MEMBERS.len()])?,
                matters: [founding::matter()?].into(),
                duty_basis: founding::duty_basis()?,
                items: items()?,
                modes: [DeliveryMode::Query].into(),
                not_before: BEGINS,
                not_after: TimeMs(BEGINS.0 + 10 * 365 * 86_400_000),
                total_quota: None,
                daily_quota: None,
                conditions: Default::default(),
                officers: Default::default(),
                onward: Default::default(),
                undertakings: Vec::new(),
                task_force: None,
            };
            let (nonce, time) = (self.entries() + place as u64, self.next_time());
            self.signed(place, KeyRole::Steward, nonce, time, Action::IssueGrant { terms })
        };
        (0..MEMBERS.len()).map(grant).collect()
    }

    /// The last member's votes become two, then one again: one change of the validators.
    fn change(&mut self) -> Result<Vec<VerifiedRecord>, DevnetError> {
        let first = self.entries();
        let agency = parsed(MEMBERS[MEMBERS.len() - 1])?;
        let standing = Standing::Validator { power: 2 - self.changed % 2 };
        self.changed += 1;
        let measure = Measure::ChangeStanding { agency, standing, key: None };
        let act = |place: usize| {
            let proposal = ProposalId(LogIndex(first));
            let action = match place {
                0 => Action::OpenProposal { measure: measure.clone() },
                _ => Action::CastBallot { proposal, choice: Choice::For },
            };
            self.signed(place, KeyRole::Admin, first + place as u64, self.next_time(), action)
        };
        (0..BALLOTS).map(act).collect()
    }

    /// The accesses of the next block. Many blocks' are signed at once.
    fn accesses(&mut self) -> Result<Vec<VerifiedRecord>, DevnetError> {
        if self.ahead.is_empty() {
            let (first, per_block) = (self.entries(), self.plan.per_block.max(1));
            let left = (self.plan.entries - first).div_ceil(per_block);
            let blocks: Vec<u64> = (0..left.min(BLOCKS_AHEAD)).collect();
            let one = |block: u64| -> Result<Vec<VerifiedRecord>, DevnetError> {
                let (from, time) = (first + block * per_block, self.next_time());
                let to = (from + per_block).min(self.plan.entries);
                (from..to).map(|n| self.access(n, time.plus(block * PAUSE_MS))).collect()
            };
            self.ahead = on_all_cores(&blocks, one)?;
            self.ahead.reverse();
        }
        Ok(self.ahead.pop().unwrap_or_default())
    }

    fn access(&self, number: u64, time: TimeMs) -> Result<VerifiedRecord, DevnetError> {
        let count = MEMBERS.len();
        let place = usize::try_from(number).unwrap_or_default() % count;
        let officer = secret((place + 1) % count, KeyRole::Officer);
        let attempt = Attempt {
            consortium: *self.ledger.consortium(),
            exchange: ExchangeId(numbered(number)),
            grant: GrantId(LogIndex((count + place) as u64)).into(),
            dataset: dataset_id(place)?,
            requester: parsed(MEMBERS[(place + 1) % count])?,
            officer: officer.public(),
            matter: founding::matter()?,
            items: items()?,
            mode: DeliveryMode::Query,
            made_at: time,
            valid_until: time.plus(VALIDITY_MS),
            sealed: vec![],
            batch: None,
            capacity: Default::default(),
        };
        let attempt = SignedAttempt { signature: officer.sign_attempt(&attempt), attempt };
        // Each gateway has every so-manieth access.
        let action =
            Action::RecordAccess { attempt, number: number / count as u64 + 1, answer: None };
        self.signed(place, KeyRole::Gateway, number, time, action)
    }

    fn signed(
        &self,
        place: usize,
        role: KeyRole,
        nonce: u64,
        time: TimeMs,
        action: Action,
    ) -> Result<VerifiedRecord, DevnetError> {
        let (secret, consortium) = (secret(place, role), *self.ledger.consortium());
        let (agency, key) = (parsed(MEMBERS[place])?, secret.public());
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium,
            nonce: Nonce(numbered(nonce)),
            valid_until: time.plus(VALIDITY_MS),
            signers: vec![StatementSigner { agency, key, role, capacity: Capacity::Agency }],
            sealed: vec![],
            action,
        };
        let signatures = vec![secret.sign_statement(&statement)];
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        VerifiedRecord::verify(&bytes, &consortium).map_err(unexpected)
    }
}

/// Does the same to each, a share of them on each core, and keeps their order.
pub(crate) fn on_all_cores<T: Send>(
    of: &[u64],
    one: impl Fn(u64) -> Result<T, DevnetError> + Sync,
) -> Result<Vec<T>, DevnetError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = of.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let one = &one;
        let shares: Vec<_> = of
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(|n| one(*n)).collect::<Vec<_>>()))
            .collect();
        let joined = shares.into_iter().flat_map(|share| match share.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    })
}

/// The key with which a member votes; none of another agency.
fn validator_key(agency: &AgencyId) -> Option<SecretKey> {
    let place = MEMBERS.iter().position(|member| *member == agency.as_str())?;
    Some(secret(place, KeyRole::Validator))
}

fn numbered(number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn dataset_id(place: usize) -> Result<DatasetId, DevnetError> {
    parsed(&format!("{}/low-income-households", MEMBERS[place]))
}

fn items() -> Result<Items, DevnetError> {
    Ok(Items::Only([parsed("assessment grade")?, parsed("date of assessment")?].into()))
}

fn dataset(place: usize) -> Result<Dataset, DevnetError> {
    let item = |name| Ok::<_, DevnetError>(Item { name: parsed(name)?, kind: parsed("text")? });
    Ok(Dataset {
        id: dataset_id(place)?,
        title: parsed("Low-income households")?,
        summary: parsed("Households that were assessed, with the outcome")?,
        items: vec![item("assessment grade")?, item("date of assessment")?],
        sharing: Sharing::Conditional,
        conditions: parsed("")?,
        openness: Openness::Closed,
        grade: Grade::General,
        modes: [DeliveryMode::Query].into(),
        contact: parsed("Registry, duty desk")?,
        identifier: Default::default(),
        details: None,
        update_days: None,
        reliable: false,
        manager: None,
        service: Default::default(),
        stated: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::archive::{Verifier, check_block};

    #[test]
    fn a_generated_chain_verifies_and_has_what_was_asked_for() {
        let mut chain = Chain::new(Plan { entries: 500, changes: 3, per_block: 100 }).unwrap();
        let genesis = chain.genesis().clone();
        let mut verifier = Verifier::new(&genesis).unwrap();
        let (mut changes, mut last) = (0, None);
        while let Some(made) = chain.next_block().unwrap() {
            verifier.push(check_block(&genesis.id(), Box::new(made.block)).unwrap()).unwrap();
            changes += usize::from(made.change.is_some());
            last = Some(made.certificate);
        }
        let verified = verifier.finish(last.unwrap()).unwrap();
        assert_eq!((verified.entries, changes), (500, 3));
    }
}
