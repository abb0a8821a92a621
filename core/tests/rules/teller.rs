//! Random histories: what people do, in order or not, block after block (further deeds are in
//! `deeds`, `deeds::contested`, `deeds::forces`, `deeds::urgent` and `deeds::watched`).
//! Holds: the same history for the same seed; whatever happened, a record reads a few keys only.

use std::collections::BTreeMap;

use comity_core::access::{AccessRefusal, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::batch::Batch;
use comity_core::codes::CodeList;
use comity_core::dataset::{Dataset, DeliveryMode, Sharing};
use comity_core::genesis::Params;
use comity_core::grant::GrantTerms;
use comity_core::hash::BatchRoot;
use comity_core::ids::{DatasetId, GrantId, LogIndex, RequestId, TimeMs};
use comity_core::late::LateAccess;
use comity_core::ledger::Saved;
use comity_core::state::{self, Changes};
use comity_core::state_tree::StateTree;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::{asking, entry};
use crate::bindings::{undertakings, wide};
use crate::chance::Chance;
use crate::reads::{MOST_KEYS, judged};
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, Story, dataset, new_key, secret, signed_by, terms, text,
};

/// What a node keeps beside the block log, written as blocks are committed.
#[derive(Clone, Default)]
struct Kept {
    pairs: BTreeMap<Vec<u8>, Vec<u8>>,
    window: Changes,
}

/// One random history.
pub(crate) struct Teller {
    /// How far it is told.
    pub(crate) story: Story,
    /// What it follows from.
    pub(crate) seed: u64,
    pub(crate) chance: Chance,
    kept: Kept,
    keys: u8,
    /// What is on the log, in order.
    pub(crate) earlier: Vec<VerifiedRecord>,
    /// The time of each entry.
    pub(crate) times: Vec<TimeMs>,
    /// Records committed.
    pub(crate) committed: usize,
    /// Rules that refused something, and how often.
    pub(crate) refused: BTreeMap<&'static str, usize>,
    /// What a gateway signed and could not send, oldest first.
    pub(crate) unsent: Vec<LateAccess>,
}

impl Teller {
    fn new(seed: u64) -> Teller {
        let params = Params { block_records: 12, agency_records: 8, ..Params::default() };
        let story = Story::new(params);
        let pairs = story.ledger.state().iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
        let kept = Kept { pairs, window: Changes::default() };
        let chance = Chance(seed);
        Teller {
            story,
            seed,
            chance,
            kept,
            keys: 0,
            earlier: Vec::new(),
            times: Vec::new(),
            committed: 0,
            refused: BTreeMap::new(),
            unsent: Vec::new(),
        }
    }

    /// The position of an entry of one of these kinds, now and then of any other or of none.
    pub(crate) fn some_position(&mut self, kinds: &[&str]) -> LogIndex {
        let fits = |record: &VerifiedRecord| kinds.contains(&record.statement().action.kind());
        let places = (0..).zip(&self.earlier).filter(|(_, record)| fits(record));
        let places: Vec<u64> = places.map(|(at, _)| at).collect();
        if places.is_empty() || self.chance.below(5) == 0 {
            return LogIndex(self.chance.next() % (self.story.ledger.log().size() + 2));
        }
        // The last ones are those about which something is still to happen.
        let last = &places[places.len().saturating_sub(6)..];
        LogIndex(*self.chance.pick(last))
    }

    pub(crate) fn some_grant(&mut self) -> GrantId {
        GrantId(self.some_position(&["issue-grant", "approve-request", "issue-onward"]))
    }

    /// A dataset of the provider, one of few, so that many actions meet.
    pub(crate) fn some_dataset(&mut self) -> DatasetId {
        let name = *self.chance.pick(&["residents", "marriages", "houses"]);
        format!("{CIVIL}/{name}").parse().unwrap()
    }

    /// A request, open or not, or none at all.
    pub(crate) fn some_request(&mut self) -> RequestId {
        RequestId(self.some_position(&["open-request"]))
    }

    /// The dataset, told in one of several ways.
    fn some_version(&mut self) -> Dataset {
        let mut version = Dataset { id: self.some_dataset(), ..dataset() };
        match self.chance.below(8) {
            0 => version.sharing = Sharing::Unclassified,
            1 => version.modes = [DeliveryMode::Verify].into(),
            2 => version.items.truncate(2),
            3 => version.update_days = Some(2),
            _ => version.title = text(&format!("Version {}", self.chance.below(4))),
        }
        version
    }

    pub(crate) fn some_terms(&mut self) -> GrantTerms {
        let (now, quota) = (self.story.now, 1 + self.chance.next() % 6);
        let binding = match self.chance.below(3) {
            0 => GrantTerms { undertakings: undertakings(), ..wide() },
            1 => wide(),
            _ => terms(),
        };
        GrantTerms {
            dataset: self.some_dataset(),
            not_before: TimeMs(now.0 - self.chance.next() % 2_000 + 1_000),
            not_after: now.plus(1 + self.chance.next() % (48 * HOUR_MS)),
            total_quota: Some(quota),
            daily_quota: Some(1 + quota / 2),
            ..binding
        }
    }

    /// Something that a member does, in order or not.
    fn deed(&mut self) -> VerifiedRecord {
        match self.chance.below(171) {
            0..=4 => {
                let update_days = [None, Some(2)][self.chance.below(2)];
                let dataset = Dataset { id: self.some_dataset(), update_days, ..dataset() };
                self.story.steward(Action::PublishDataset { dataset })
            }
            5..=11 => {
                let terms = self.some_terms();
                self.story.steward(Action::IssueGrant { terms })
            }
            12 => {
                let grant = self.some_grant();
                self.story.revoke_grant(grant)
            }
            13..=14 => self.key_deed(),
            15 => match self.earlier.is_empty() {
                true => self.story.revoke_key(CIVIL, &secret(CIVIL, KeyRole::Auditor)),
                false => self.chance.pick(&self.earlier).clone(),
            },
            16..=18 => self.denial(),
            19..=22 => self.catalogue_deed(),
            23..=33 => self.request_deed(),
            34 => self.code_deed(),
            35..=54 => self.binding_deed(),
            55..=58 => self.duty_deed(),
            59..=61 => self.office_deed(),
            62..=79 => self.urgent_deed(),
            80..=88 => self.check_deed(),
            89..=97 => self.dispute_deed(),
            98..=107 => self.draw_deed(),
            108..=113 => self.finding_deed(),
            114..=117 => self.incident_deed(),
            118..=135 => self.force_deed(),
            136..=138 => self.assessment_deed(),
            _ => {
                let attempt = self.attempt();
                self.story.access_of(&attempt)
            }
        }
    }

    fn key_deed(&mut self) -> VerifiedRecord {
        if self.chance.below(2) == 0 {
            return self.story.revoke_key(FINANCE, &new_key(self.keys));
        }
        self.keys = (self.keys + 1) % 6;
        let (key, until) = (new_key(self.keys), self.story.now.plus(HOUR_MS));
        self.story.register(FINANCE, KeyRole::Officer, &key, Some(until))
    }

    /// Something that changes what a dataset or a grant is good for.
    fn catalogue_deed(&mut self) -> VerifiedRecord {
        let (dataset, grant, reason) = (self.some_dataset(), self.some_grant(), text("a reason"));
        let action = match self.chance.below(7) {
            0 => Action::WithdrawDataset { dataset, reason },
            1 => Action::SuspendDataset { dataset, reason },
            2 => Action::ResumeDataset { dataset },
            3 => Action::SuspendGrant { grant, reason },
            4 => Action::ResumeGrant { grant },
            _ => {
                let dataset = self.some_version();
                let version = state::dataset(&self.story.ledger, &dataset.id);
                let version = version.map_or(1, |published| published.version);
                Action::AmendDataset { dataset, version }
            }
        };
        self.story.steward(action)
    }

    /// Something about a request: opened, answered, urged or taken back.
    fn request_deed(&mut self) -> VerifiedRecord {
        let request = self.some_request();
        match self.chance.below(9) {
            0..=2 => {
                let asked = self.some_terms();
                self.story.officer(Action::OpenRequest { terms: asking(asked) })
            }
            3 => self.story.refusal(request),
            4 => self.story.taking_back(request),
            5 => self.story.officer(Action::UrgeRequest { request }),
            _ => {
                let asked = state::request(&self.story.ledger, request);
                let mut terms = asked.map_or_else(terms, |request| request.terms.asked);
                if self.chance.below(3) == 0 {
                    terms.total_quota = Some(1 + self.chance.next() % 8);
                }
                self.story.steward(Action::ApproveRequest { request, terms })
            }
        }
    }

    fn code_deed(&mut self) -> VerifiedRecord {
        let list = *self.chance.pick(&[CodeList::Matters, CodeList::DutyBases]);
        let code = format!("C-{}", self.chance.below(4));
        match self.chance.below(2) {
            0 => self.story.listing(list, vec![entry(&code)]),
            _ => self.story.delisting(list, &code),
        }
    }

    fn attempt(&mut self) -> SignedAttempt {
        let grant = match self.chance.below(3) {
            0 => GrantId(self.some_position(&["issue-onward"])),
            _ => self.some_grant(),
        };
        let mut attempt = self.story.attempt(grant);
        let granted = state::grant(&self.story.ledger, grant).map(|grant| grant.terms.dataset);
        attempt.dataset = match self.chance.below(4) {
            0 => self.some_dataset(),
            _ => granted.unwrap_or(attempt.dataset),
        };
        if self.chance.below(10) == 0 {
            attempt.mode = DeliveryMode::Verify;
        }
        // Exchanges are counted here, so that this is one in sixteen.
        if attempt.exchange.0[0].is_multiple_of(16) {
            attempt.batch = Some(Batch { count: 2, root: BatchRoot([3; 32]) });
        }
        let granted = state::grant(&self.story.ledger, grant);
        let member = match granted {
            Some(granted) if granted.terms.requester.as_str() == HEALTH => HEALTH,
            _ => FINANCE,
        };
        let officer = secret(member, KeyRole::Officer);
        (attempt.requester, attempt.officer) = (member.parse().unwrap(), officer.public());
        signed_by(&officer, attempt)
    }

    fn denial(&mut self) -> VerifiedRecord {
        let attempt = self.attempt();
        let due = self.story.ledger.evaluate(&attempt.attempt, self.story.now).err();
        self.story.denial_of(&attempt, due.unwrap_or(AccessRefusal::ExchangeUsed))
    }

    /// A block of those of these records that the rules accept and that fit.
    pub(crate) fn commit(&mut self, records: Vec<VerifiedRecord>) {
        let built = self.story.build(records);
        for (_, refusal) in &built.refused {
            *self.refused.entry(refusal.rule()).or_default() += 1;
        }
        self.committed += built.executed.records.len();
        self.earlier.extend(built.executed.records.iter().cloned());
        self.times.resize(self.earlier.len(), built.executed.header.time);
        self.kept.pairs.extend(built.executed.changes.puts.clone());
        self.kept.window.records.extend(built.executed.changes.records.clone());
        self.kept.window.exchanges.extend(built.executed.changes.exchanges.clone());
        self.story.take(built.block, &built.executed);
    }

    /// A block of random deeds, some of which the rules refuse and some of which do not fit.
    pub(crate) fn block(&mut self) {
        let deeds = self.chance.below(26);
        let mut records: Vec<_> = (0..deeds).map(|_| self.deed()).collect();
        self.chance.shuffle(&mut records);
        let at = self.story.ledger.next_position(self.story.now);
        for record in &records {
            let (read, _) = judged(&self.story.ledger, at, record);
            assert!(read.keys.len() <= MOST_KEYS, "seed {}: {read:?}", self.seed);
        }
        self.commit(records);
        let pause = [1, 700, 60_000, HOUR_MS / 2, 9 * HOUR_MS];
        // Long enough for some to commit in a draw and then to reveal; or for all of it to be over.
        let jumps = [50, 50, 100];
        let long = match self.chance.below(14) {
            0 => *self.chance.pick(&jumps) * HOUR_MS,
            _ => 0,
        };
        self.story.now = self.story.now.plus(long + *self.chance.pick(&pause));
    }

    /// What a node would find after the last block.
    pub(crate) fn saved(&self) -> Saved {
        Saved {
            header: self.story.blocks.last().unwrap().block.header.clone(),
            state: StateTree::new(&self.story.consortium()).with(self.kept.pairs.clone()),
            log: self.story.ledger.log().clone(),
            window: self.kept.window.clone(),
            validators: self.story.ledger.tip_validators().clone(),
        }
    }
}

/// A history of so many blocks.
pub(crate) fn told(seed: u64, blocks: usize) -> Teller {
    let mut teller = Teller::new(seed);
    if seed % 2 == 1 {
        teller.under_rules();
    }
    teller.in_office();
    (0..blocks).for_each(|_| teller.block());
    teller
}
