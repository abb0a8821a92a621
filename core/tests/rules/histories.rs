//! Random histories: whatever people do, every replay ends in the same state.
//! Holds: the same seeds in every run; a failure names its seed.

use comity_core::access::AccessRefusal;
use comity_core::agency::KeyRole;
use comity_core::block::{Block, CommittedBlock, Header, MAX_BLOCK_BYTES};
use comity_core::dataset::{Dataset, DeliveryMode};
use comity_core::encoding::{decode, encode};
use comity_core::genesis::{Genesis, Params};
use comity_core::grant::GrantTerms;
use comity_core::ids::{DatasetId, GrantId, LogIndex, TimeMs};
use comity_core::ledger::{Ledger, Saved};
use comity_core::state::Changes;
use comity_core::statement::{Action, VerifiedRecord};
use comity_core::vote::CommitCertificate;

use crate::chance::Chance;
use crate::story::{
    CIVIL, FINANCE, HOUR_MS, START, Story, dataset, new_key, secret, signed_by_officer, terms,
};

const SEEDS: u64 = 16;

/// What a node keeps beside the block log, written as blocks are committed.
#[derive(Clone, Default)]
struct Kept {
    pairs: std::collections::BTreeMap<Vec<u8>, Vec<u8>>,
    window: Changes,
}

/// One random history.
struct Teller {
    story: Story,
    chance: Chance,
    kept: Kept,
    keys: u8,
    earlier: Vec<VerifiedRecord>,
    committed: usize,
    refused: usize,
}

impl Teller {
    fn new(seed: u64) -> Teller {
        let params = Params { block_records: 12, agency_records: 8, ..Params::default() };
        let story = Story::new(params);
        let pairs = story.ledger.state().iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
        let kept = Kept { pairs, window: Changes::default() };
        let chance = Chance(seed);
        Teller { story, chance, kept, keys: 0, earlier: Vec::new(), committed: 0, refused: 0 }
    }

    fn some_grant(&mut self) -> GrantId {
        GrantId(LogIndex(self.chance.next() % (self.story.ledger.log().size() + 2)))
    }

    /// A dataset of the provider, one of few, so that many actions meet.
    fn some_dataset(&mut self) -> DatasetId {
        let name = *self.chance.pick(&["residents", "marriages", "houses"]);
        format!("{CIVIL}/{name}").parse().unwrap()
    }

    /// Something that a member does, in order or not.
    fn deed(&mut self) -> VerifiedRecord {
        let now = self.story.now;
        match self.chance.below(20) {
            0..=2 => {
                let dataset = Dataset { id: self.some_dataset(), ..dataset() };
                self.story.steward(Action::PublishDataset { dataset })
            }
            3..=6 => {
                let quota = 1 + self.chance.next() % 6;
                let terms = GrantTerms {
                    dataset: self.some_dataset(),
                    not_before: TimeMs(now.0 - self.chance.next() % 2_000 + 1_000),
                    not_after: now.plus(1 + self.chance.next() % HOUR_MS),
                    total_quota: Some(quota),
                    daily_quota: Some(1 + quota / 2),
                    ..terms()
                };
                self.story.steward(Action::IssueGrant { terms })
            }
            7 => {
                let grant = self.some_grant();
                self.story.revoke_grant(grant)
            }
            8 => {
                self.keys = (self.keys + 1) % 6;
                let key = new_key(self.keys);
                self.story.register(FINANCE, KeyRole::Officer, &key, Some(now.plus(HOUR_MS)))
            }
            9 => {
                let key = new_key(self.keys);
                self.story.revoke_key(FINANCE, &key)
            }
            10 => match self.earlier.is_empty() {
                true => self.story.revoke_key(CIVIL, &secret(CIVIL, KeyRole::Auditor)),
                false => self.chance.pick(&self.earlier).clone(),
            },
            11..=13 => self.denial(),
            _ => {
                let attempt = self.attempt();
                self.story.access_of(&attempt)
            }
        }
    }

    fn attempt(&mut self) -> comity_core::access::SignedAttempt {
        let grant = self.some_grant();
        let mut attempt = self.story.attempt(grant);
        attempt.dataset = self.some_dataset();
        if self.chance.below(10) == 0 {
            attempt.mode = DeliveryMode::Verify;
        }
        signed_by_officer(attempt)
    }

    fn denial(&mut self) -> VerifiedRecord {
        let attempt = self.attempt();
        let due = self.story.ledger.evaluate(&attempt.attempt, self.story.now).err();
        self.story.denial_of(&attempt, due.unwrap_or(AccessRefusal::ExchangeUsed))
    }

    /// A block of random deeds, some of which the rules refuse and some of which do not fit.
    fn block(&mut self) {
        let deeds = self.chance.below(16);
        let mut records: Vec<_> = (0..deeds).map(|_| self.deed()).collect();
        self.chance.shuffle(&mut records);
        let built = self.story.build(records);
        self.refused += built.refused.len();
        self.committed += built.executed.records.len();
        self.earlier.extend(built.executed.records.iter().cloned());
        self.kept.pairs.extend(built.executed.changes.puts.clone());
        self.kept.window.records.extend(built.executed.changes.records.clone());
        self.kept.window.exchanges.extend(built.executed.changes.exchanges.clone());
        self.story.take(built.block, &built.executed);
        let pause = [1, 700, 60_000, HOUR_MS / 2, 9 * HOUR_MS];
        self.story.now = self.story.now.plus(*self.chance.pick(&pause));
    }

    fn saved(&self) -> Saved {
        Saved {
            header: self.story.blocks.last().unwrap().block.header.clone(),
            state: self.kept.pairs.clone().into_iter().collect(),
            log: self.story.ledger.log().clone(),
            window: self.kept.window.clone(),
            validators: self.story.ledger.tip_validators().clone(),
        }
    }
}

fn told(seed: u64, blocks: usize) -> Teller {
    let mut teller = Teller::new(seed);
    (0..blocks).for_each(|_| teller.block());
    teller
}

/// Executes the encoded blocks on `ledger`, one after another.
fn replay(mut ledger: Ledger, blocks: &[CommittedBlock]) -> Ledger {
    let consortium = *ledger.consortium();
    for committed in blocks {
        let Block { header, parent_certificate, records } =
            Block::from_bytes(&committed.block.to_bytes()).unwrap();
        let records = records.iter().map(|r| VerifiedRecord::verify(r, &consortium).unwrap());
        let parent =
            parent_certificate.map(|c| c.verify(&consortium, ledger.tip_validators()).unwrap());
        let executed = ledger.execute(&header, records.collect(), parent.as_ref()).unwrap();
        assert_eq!(executed.hash, committed.certificate.header_hash);
        ledger.commit(&executed);
    }
    ledger
}

fn assert_alike(a: &Ledger, b: &Ledger, seed: u64) {
    assert_eq!(a.tip(), b.tip(), "seed {seed}");
    assert_eq!(a.state_root(), b.state_root(), "seed {seed}");
    assert_eq!(a.log().root(), b.log().root(), "seed {seed}");
    assert_eq!(a.window_len(), b.window_len(), "seed {seed}");
}

#[test]
fn a_replay_from_the_genesis_ends_in_the_same_state() {
    let (mut committed, mut refused) = (0, 0);
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let replayed = replay(Ledger::new(&teller.story.genesis).unwrap(), &teller.story.blocks);
        assert_alike(&replayed, &teller.story.ledger, seed);
        committed += teller.committed;
        refused += teller.refused;
    }
    // A history in which nothing happens would prove nothing.
    assert!(committed > 500 && refused > 500, "{committed} committed, {refused} refused");
}

#[test]
fn a_replay_from_any_saved_point_ends_in_the_same_state() {
    for seed in 0..SEEDS {
        let mut teller = told(seed, 1 + usize::try_from(seed).unwrap());
        let saved = teller.saved();
        let consortium = teller.story.consortium();
        let restored = Ledger::restore(&consortium, saved).unwrap();
        assert_alike(&restored, &teller.story.ledger, seed);
        let from = teller.story.blocks.len();
        (0..12).for_each(|_| teller.block());
        let replayed = replay(restored, &teller.story.blocks[from..]);
        assert_alike(&replayed, &teller.story.ledger, seed);
    }
}

#[test]
fn no_grant_is_used_beyond_its_quota_in_any_history() {
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let mut used = std::collections::BTreeMap::<GrantId, u64>::new();
        for record in &teller.earlier {
            if let Action::RecordAccess { attempt } = &record.statement().action {
                *used.entry(attempt.attempt.grant).or_default() += 1;
            }
        }
        for (grant, count) in used {
            let on_ledger = comity_core::state::usage(&teller.story.ledger, grant).total;
            let terms = comity_core::state::grant(&teller.story.ledger, grant).unwrap().terms;
            assert_eq!(on_ledger, count, "seed {seed}: {grant}");
            assert!(count <= terms.total_quota.unwrap(), "seed {seed}: {grant}");
        }
    }
}

#[test]
fn a_statement_stands_on_the_log_once_in_any_history() {
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let mut ids: Vec<_> = teller.earlier.iter().map(VerifiedRecord::id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "seed {seed}");
    }
}

#[test]
fn the_window_holds_no_more_than_what_can_still_be_replayed() {
    for seed in 0..SEEDS {
        let teller = told(seed, 30);
        let now = teller.story.ledger.tip().time;
        let held = |record: &&VerifiedRecord| record.statement().valid_until > now;
        let accesses = teller.earlier.iter().filter_map(|record| {
            let Action::RecordAccess { attempt } = &record.statement().action else { return None };
            Some(attempt.attempt.valid_until).filter(|until| *until > now)
        });
        let expected = teller.earlier.iter().filter(held).count() + accesses.count();
        assert_eq!(teller.story.ledger.window_len(), expected, "seed {seed}");
    }
}

#[test]
fn blocks_headers_and_certificates_decode_to_what_was_encoded() {
    for committed in told(7, 20).story.blocks {
        let CommittedBlock { block, certificate } = &committed;
        assert_eq!(CommittedBlock::from_bytes(&committed.to_bytes()).as_ref(), Ok(&committed));
        assert_eq!(Block::from_bytes(&block.to_bytes()).as_ref(), Ok(block));
        let header = encode(&block.header);
        assert_eq!(decode::<Header>(&header, MAX_BLOCK_BYTES).as_ref(), Ok(&block.header));
        let bytes = encode(certificate);
        assert_eq!(decode::<CommitCertificate>(&bytes, MAX_BLOCK_BYTES).as_ref(), Ok(certificate));
        for end in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            assert!(decode::<CommitCertificate>(&bytes[..end], MAX_BLOCK_BYTES).is_err());
        }
    }
}

#[test]
fn the_genesis_decodes_to_what_was_encoded_and_its_id_fixes_every_byte() {
    let genesis = Story::new(Params::default()).genesis;
    let mut bytes = encode(&genesis);
    assert_eq!(decode::<Genesis>(&bytes, MAX_BLOCK_BYTES).as_ref(), Ok(&genesis));
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        if let Ok(changed) = decode::<Genesis>(&bytes, MAX_BLOCK_BYTES) {
            assert_ne!(changed.id(), genesis.id(), "byte {at}");
        }
        bytes[at] ^= 1;
    }
}

#[test]
fn the_state_of_a_history_does_not_depend_on_how_it_is_cut_into_blocks() {
    let mut together = Story::new(Params::default());
    together.publish();
    let mut apart = together.clone();
    let issue = together.steward(Action::IssueGrant { terms: terms() });
    let grant = GrantId(LogIndex(together.ledger.log().size()));
    let records = vec![issue, together.access(grant), together.access(grant)];
    assert_eq!(START.day(480), together.now.day(480), "one day, so one daily count");
    together.commit(records.clone());
    for record in records {
        apart.commit(vec![record]);
    }
    assert_eq!(together.ledger.state_root(), apart.ledger.state_root());
    assert_eq!(together.ledger.log().root(), apart.ledger.log().root());
    assert_ne!(together.ledger.tip().hash, apart.ledger.tip().hash);
}
