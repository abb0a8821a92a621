//! Accesses in an emergency: what refuses them, what is counted, and how they are justified.

use std::collections::BTreeSet;

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::basis::Basis;
use comity_core::batch::Batch;
use comity_core::codes::CodeList;
use comity_core::dataset::{Dataset, DeliveryMode, Items, Sharing};
use comity_core::duty::{self, Duty, DutyEnd, DutyObject, DutyState};
use comity_core::emergency::{
    EmergencyScope, EmergencyTerms, EmergencyUse, MAX_EMERGENCY_ENTRIES, MAX_JUSTIFIED,
};
use comity_core::hash::BatchRoot;
use comity_core::ids::{EmergencyId, GrantId, LogIndex, TimeMs};
use comity_core::legs::Acknowledgement;
use comity_core::refusal::{EmergencyRefusal, LegRefusal, Refusal};
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::another;
use crate::chance::Chance;
use crate::refusals::{Case, wrong_signer};
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, Story, dataset, dataset_id, secret, signed_by,
    signed_by_officer, terms, text,
};

/// An attempt that is refused, and by what.
type Attempted = fn(&mut Story) -> (SignedAttempt, AccessRefusal);

impl Story {
    /// What the requesting agency's officer asks in the emergency.
    pub(crate) fn urgent(&mut self, emergency: EmergencyId) -> Attempt {
        Attempt { matter: "HOUSING".parse().unwrap(), ..self.attempt(emergency) }
    }

    fn urgent_of(&mut self, emergency: EmergencyId, requester: &str) -> SignedAttempt {
        let key = secret(requester, KeyRole::Officer);
        let (officer, requester) = (key.public(), requester.parse().unwrap());
        signed_by(&key, Attempt { officer, requester, ..self.urgent(emergency) })
    }

    /// An access in the emergency, on the log.
    pub(crate) fn helped(&mut self, emergency: EmergencyId) -> LogIndex {
        let attempt = signed_by_officer(self.urgent(emergency));
        let record = self.access_of(&attempt);
        self.commit(vec![record])
    }

    pub(crate) fn justifying(
        &mut self,
        (by, role): (&str, KeyRole),
        emergency: EmergencyId,
        accesses: impl IntoIterator<Item = LogIndex>,
    ) -> VerifiedRecord {
        let (basis, text) = ("ACT-12".parse().unwrap(), text("Forty people on a roof"));
        let accesses = accesses.into_iter().collect();
        self.record(by, role, Action::JustifyAccess { emergency, accesses, basis, text })
    }

    fn justify(&mut self, emergency: EmergencyId, access: LogIndex) -> LogIndex {
        let record = self.justifying((FINANCE, KeyRole::Steward), emergency, [access]);
        self.commit(vec![record])
    }

    fn used_of(&self, emergency: EmergencyId) -> EmergencyUse {
        state::emergency_use(&self.ledger, emergency, &FINANCE.parse().unwrap())
    }

    pub(crate) fn justification_owed(&self, emergency: EmergencyId, access: LogIndex) -> Duty {
        let recorded = state::emergency_access(&self.ledger, emergency, access).unwrap();
        duty::of_emergency_access(&self.ledger, emergency, access, &recorded).unwrap()
    }

    /// An emergency over all that the provider has.
    fn flooded_whole(&mut self) -> EmergencyId {
        self.appointed();
        let scope =
            EmergencyScope { datasets: [].into(), agencies: [CIVIL.parse().unwrap()].into() };
        let terms = EmergencyTerms { scope, ..self.flood() };
        let record = self.declares(terms);
        EmergencyId(self.commit(vec![record]))
    }
}

/// Attempts in an emergency; the dataset is published at 0, a grant issued at 1.
pub(crate) const ATTEMPTS: &[Attempted] = &[
    |story| {
        // There a grant was issued.
        let emergency = EmergencyId(LogIndex(1));
        let attempt = story.urgent(emergency);
        (signed_by_officer(attempt), AccessRefusal::NoSuchEmergency { emergency })
    },
    |story| {
        let emergency = story.flooded();
        let publication = story.steward(Action::PublishDataset { dataset: another() });
        story.commit(vec![publication]);
        let dataset = another().id;
        let attempt = Attempt { dataset: dataset.clone(), ..story.urgent(emergency) };
        (signed_by_officer(attempt), AccessRefusal::DatasetNotOpened { dataset })
    },
    |story| {
        // All of an agency is what it has published.
        let emergency = story.flooded_whole();
        let dataset = another().id;
        let attempt = Attempt { dataset: dataset.clone(), ..story.urgent(emergency) };
        (signed_by_officer(attempt), AccessRefusal::DatasetNotOpened { dataset })
    },
    |story| {
        let emergency = story.flooded();
        (story.urgent_of(emergency, HEALTH), AccessRefusal::RequesterNotNamed)
    },
    |story| {
        story.appointed();
        let requesters = [CIVIL.parse().unwrap()].into();
        let record = EmergencyTerms { requesters, ..story.flood() };
        let record = story.declares(record);
        let emergency = EmergencyId(story.commit(vec![record]));
        (story.urgent_of(emergency, CIVIL), AccessRefusal::OwnDataset)
    },
    |story| {
        let emergency = story.flooded();
        let since = story.now;
        story.over(emergency);
        let attempt = story.urgent(emergency);
        (signed_by_officer(attempt), AccessRefusal::EmergencyEnded { since })
    },
    |story| {
        let emergency = story.flooded();
        let since = story.emergency(emergency).until;
        story.now = since;
        let attempt = story.urgent(emergency);
        (signed_by_officer(attempt), AccessRefusal::EmergencyEnded { since })
    },
    |story| {
        let emergency = story.flooded();
        let record = story.withdrawal();
        let at = story.commit(vec![record]);
        let attempt = story.urgent(emergency);
        (signed_by_officer(attempt), AccessRefusal::DatasetWithdrawn { at })
    },
    |story| {
        let emergency = story.flooded();
        let record = story.pause();
        let at = story.commit(vec![record]);
        let attempt = story.urgent(emergency);
        (signed_by_officer(attempt), AccessRefusal::DatasetSuspended { at })
    },
    |story| {
        let emergency = story.flooded_whole();
        let (sharing, conditions) = (Sharing::NotShared, text("Act 9"));
        story.amend(Dataset { sharing, conditions, ..dataset() }, 1).unwrap();
        let attempt = story.urgent(emergency);
        (signed_by_officer(attempt), AccessRefusal::DatasetNotShared { sharing })
    },
    |story| {
        let emergency = story.flooded();
        let attempt = story.attempt(emergency);
        let matter = "HOUSING".parse().unwrap();
        (signed_by_officer(attempt), AccessRefusal::EmergencyMatter { matter })
    },
    |story| {
        let emergency = story.flooded();
        let items = Items::Only(["shoe-size".parse().unwrap()].into());
        let attempt = Attempt { items, ..story.urgent(emergency) };
        let item = "shoe-size".parse().unwrap();
        (signed_by_officer(attempt), AccessRefusal::ItemNotListed { item })
    },
    |story| {
        let emergency = story.flooded();
        let attempt = Attempt { mode: DeliveryMode::Batch, ..story.urgent(emergency) };
        (signed_by_officer(attempt), AccessRefusal::ModeNoLongerOffered)
    },
    |story| {
        let emergency = story.flooded();
        let mut left = MAX_EMERGENCY_ENTRIES;
        while left > 0 {
            let count = left.min(64);
            let records = (0..count).map(|_| {
                let attempt = signed_by_officer(story.urgent(emergency));
                story.access_of(&attempt)
            });
            let records = records.collect();
            story.commit(records);
            left -= count;
        }
        let attempt = story.urgent(emergency);
        let limit = u64::from(MAX_EMERGENCY_ENTRIES);
        (signed_by_officer(attempt), AccessRefusal::EmergencyUsed { limit })
    },
];

/// Cases about justifying and acknowledging such accesses.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let emergency = EmergencyId(LogIndex(1));
        let record = story.justifying((FINANCE, KeyRole::Steward), emergency, [LogIndex(0)]);
        (record, refused(EmergencyRefusal::EmergencyUnknown { emergency }))
    },
    |story| {
        let emergency = story.flooded();
        let access = story.helped(emergency);
        let record = story.justifying((FINANCE, KeyRole::Officer), emergency, [access]);
        (record, wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let emergency = story.flooded();
        let access = story.helped(emergency);
        let record = story.justifying((CIVIL, KeyRole::Steward), emergency, [access]);
        let agency = CIVIL.parse().unwrap();
        (record, refused(EmergencyRefusal::NotARequester { emergency, agency }))
    },
    |story| {
        let emergency = story.flooded();
        let record = story.justifying((FINANCE, KeyRole::Steward), emergency, []);
        (record, justified_count())
    },
    |story| {
        let emergency = story.flooded();
        let many = (0..=MAX_JUSTIFIED as u64).map(LogIndex);
        let record = story.justifying((FINANCE, KeyRole::Steward), emergency, many);
        (record, justified_count())
    },
    |story| {
        // Under a grant there is nothing to justify.
        let emergency = story.flooded();
        let record = story.access(GrantId(LogIndex(1)));
        let access = story.commit(vec![record]);
        let record = story.justifying((FINANCE, KeyRole::Steward), emergency, [access]);
        (record, refused(EmergencyRefusal::NoEmergencyAccess { emergency, access }))
    },
    |story| {
        // That is another emergency's.
        let emergency = story.flooded();
        let access = story.helped(emergency);
        let scope =
            EmergencyScope { datasets: [].into(), agencies: [HEALTH.parse().unwrap()].into() };
        let terms = EmergencyTerms { scope, ..story.flood() };
        let record = story.declares(terms);
        let emergency = EmergencyId(story.commit(vec![record]));
        let record = story.justifying((FINANCE, KeyRole::Steward), emergency, [access]);
        (record, refused(EmergencyRefusal::NoEmergencyAccess { emergency, access }))
    },
    |story| {
        story.appointed();
        let requesters = [FINANCE, HEALTH].map(|one| one.parse().unwrap()).into();
        let declared = EmergencyTerms { requesters, ..story.flood() };
        let record = story.declares(declared);
        let emergency = EmergencyId(story.commit(vec![record]));
        let access = story.helped(emergency);
        let record = story.justifying((HEALTH, KeyRole::Steward), emergency, [access]);
        let agency = FINANCE.parse().unwrap();
        (record, refused(EmergencyRefusal::AccessOfOther { access, agency }))
    },
    |story| {
        let emergency = story.flooded();
        let access = story.helped(emergency);
        let at = story.justify(emergency, access);
        let record = story.justifying((FINANCE, KeyRole::Steward), emergency, [access]);
        (record, refused(EmergencyRefusal::JustifiedAlready { access, at }))
    },
    |story| {
        let (emergency, code) = (story.flooded(), "ACT-99".parse().unwrap());
        let accesses = [story.helped(emergency)].into();
        let said = text("Forty people on a roof");
        let action = Action::JustifyAccess { emergency, accesses, basis: code, text: said };
        let (list, code) = (CodeList::DutyBases, "ACT-99".parse().unwrap());
        (story.record(FINANCE, KeyRole::Steward, action), Refusal::CodeUnknown { list, code })
    },
    |story| {
        let (emergency, basis) = (story.flooded(), "ACT-12".parse().unwrap());
        let accesses = [story.helped(emergency)].into();
        let action = Action::JustifyAccess { emergency, accesses, basis, text: text("") };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, refused(EmergencyRefusal::WordsMissing))
    },
    |story| {
        let emergency = EmergencyId(LogIndex(1));
        let record = story.acknowledged_by(FINANCE, emergency, LogIndex(0));
        (record, refused(EmergencyRefusal::EmergencyUnknown { emergency }))
    },
    |story| {
        let emergency = story.flooded();
        let access = story.helped(emergency);
        let record = story.acknowledged_by(HEALTH, emergency, access);
        let agency = HEALTH.parse().unwrap();
        (record, refused(EmergencyRefusal::NotARequester { emergency, agency }))
    },
    |story| {
        // No access in it stands before its declaration.
        let emergency = story.flooded();
        let access = emergency.0;
        let record = story.acknowledged_by(FINANCE, emergency, access);
        (record, Refusal::Leg(LegRefusal::NoAccessThere { access }))
    },
];

impl Story {
    fn acknowledged_by(
        &mut self,
        member: &str,
        emergency: EmergencyId,
        access: LogIndex,
    ) -> VerifiedRecord {
        let exchange = comity_core::ids::ExchangeId([9; 16]);
        let accesses = vec![Acknowledgement { access, exchange, digest: None, count: 1 }];
        let grant = Basis::Emergency(emergency);
        self.record(member, KeyRole::Gateway, Action::AcknowledgeAccess { grant, accesses })
    }
}

fn refused(refusal: EmergencyRefusal) -> Refusal {
    Refusal::Emergency(refusal)
}

fn justified_count() -> Refusal {
    refused(EmergencyRefusal::JustifiedCount { limit: MAX_JUSTIFIED as u64 })
}

#[test]
fn an_access_in_an_emergency_needs_no_grant_and_awaits_a_justification() {
    let (mut story, grant) = Story::with_grant(terms());
    let emergency = story.flooded();
    let on = story.now;
    let access = story.helped(emergency);
    assert_eq!(state::usage(&story.ledger, grant).total, 0, "no grant is charged");
    let used = story.used_of(emergency);
    assert_eq!((used.entries, used.justified, used.open(), used.usage.total), (1, 0, 1, 1));
    let owed = story.justification_owed(emergency, access);
    assert_eq!((owed.clock, owed.began, owed.end), (Clock::EmergencyJustification, on, None));
    assert_eq!(owed.object, DutyObject::EmergencyAccess { emergency, access });
    assert_eq!((owed.owed_by.as_str(), owed.owed_to.as_ref()), (FINANCE, None));
    assert_eq!(owed.state(on), DutyState::Running);
    let later = owed.due;
    assert_eq!(owed.state(later), DutyState::Lapsed);
    // It is justified when the emergency is long over, and the lapse shows.
    story.pass_until(later.plus(HOUR_MS));
    let on = story.now;
    story.justify(emergency, access);
    let owed = story.justification_owed(emergency, access);
    assert_eq!((owed.end, owed.state(story.now)), (Some(DutyEnd::Done(on)), DutyState::MetLate));
    assert_eq!(story.used_of(emergency).open(), 0);
}

#[test]
fn a_named_dataset_is_open_however_it_is_classified() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    for (version, sharing) in [(1, Sharing::NotShared), (2, Sharing::Unclassified)] {
        let conditions = text("Act 9");
        story.amend(Dataset { sharing, conditions, ..dataset() }, version).unwrap();
        let attempt = story.urgent(emergency);
        assert!(story.ledger.evaluate(&attempt, story.now).is_ok(), "{sharing:?}");
    }
}

#[test]
fn what_an_agency_publishes_during_its_emergency_is_open_too() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded_whole();
    let publication = story.steward(Action::PublishDataset { dataset: another() });
    story.commit(vec![publication]);
    let attempt = Attempt { dataset: another().id, items: Items::All, ..story.urgent(emergency) };
    assert!(story.ledger.evaluate(&attempt, story.now).is_ok());
}

#[test]
fn a_batch_is_one_entry_and_as_many_accesses_as_it_counts() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let batch = Some(Batch { count: 500, root: BatchRoot([3; 32]) });
    let attempt = Attempt { batch, ..story.urgent(emergency) };
    let record = story.access_of(&signed_by_officer(attempt));
    story.commit(vec![record]);
    let used = story.used_of(emergency);
    assert_eq!((used.entries, used.usage.total), (1, 500));
}

#[test]
fn many_accesses_are_justified_at_once_or_none() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let accesses: Vec<_> = (0..3).map(|_| story.helped(emergency)).collect();
    let with_none = accesses.iter().copied().chain([LogIndex(0)]);
    let record = story.justifying((FINANCE, KeyRole::Steward), emergency, with_none);
    let refusal = EmergencyRefusal::NoEmergencyAccess { emergency, access: LogIndex(0) };
    assert_eq!(story.check(&record), Err(refused(refusal)));
    let record = story.justifying((FINANCE, KeyRole::Steward), emergency, accesses);
    story.commit(vec![record]);
    assert_eq!(story.used_of(emergency).open(), 0);
}

#[test]
fn an_emergency_used_up_by_one_agency_is_open_to_another() {
    let (mut story, _) = Story::with_grant(terms());
    story.appointed();
    let requesters = [FINANCE, HEALTH].map(|one| one.parse().unwrap()).into();
    let declared = EmergencyTerms { requesters, ..story.flood() };
    let record = story.declares(declared);
    let emergency = EmergencyId(story.commit(vec![record]));
    for _ in 0..MAX_EMERGENCY_ENTRIES / 64 {
        let attempts: Vec<_> =
            (0..64).map(|_| signed_by_officer(story.urgent(emergency))).collect();
        let records = attempts.iter().map(|attempt| story.access_of(attempt)).collect();
        story.commit(records);
    }
    let attempt = story.urgent(emergency);
    let limit = u64::from(MAX_EMERGENCY_ENTRIES);
    let judged = story.ledger.evaluate(&attempt, story.now);
    assert_eq!(judged, Err(AccessRefusal::EmergencyUsed { limit }));
    let attempt = story.urgent_of(emergency, HEALTH);
    assert!(story.ledger.evaluate(&attempt.attempt, story.now).is_ok());
}

#[test]
fn an_emergency_ended_in_a_block_lets_nothing_through_after_that_in_it() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let attempts = [(); 2].map(|()| signed_by_officer(story.urgent(emergency)));
    let end = story.stopping(crate::acts::AUTHORITY, emergency);
    let [first, second] = attempts.map(|attempt| story.access_of(&attempt));
    let since = story.now;
    let built = story.build(vec![first, end, second.clone()]);
    let refusal = Refusal::Access(AccessRefusal::EmergencyEnded { since });
    assert_eq!(built.refused, [(second.leaf(), refusal)]);
}

#[test]
fn accesses_of_a_renewed_emergency_go_on_where_they_were() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    story.helped(emergency);
    let until = story.emergency(emergency).until.plus(24 * HOUR_MS);
    story.pass(comity_core::governance::Measure::RenewEmergency { emergency, until });
    story.pass_until(TimeMs(until.0 - 2_000));
    story.helped(emergency);
    assert_eq!(story.used_of(emergency).entries, 2);
}

#[test]
fn in_any_history_what_an_emergency_let_through_is_what_it_opened_and_is_counted() {
    let (mut allowed, mut refused) = (0, 0);
    for seed in 0..8 {
        let mut chance = Chance(seed);
        let (mut story, _) = Story::with_grant(terms());
        let publication = story.steward(Action::PublishDataset { dataset: another() });
        story.commit(vec![publication]);
        let emergency = if chance.below(2) == 0 { story.flooded() } else { story.flooded_whole() };
        let (mut entries, mut total, mut open) = (0u32, 0u64, BTreeSet::new());
        for _ in 0..40 {
            if chance.below(16) == 0 && !story.emergency(emergency).is_over(story.now) {
                story.over(emergency);
            }
            story.now = story.now.plus(chance.next() % (3 * HOUR_MS));
            let mut attempt = story.urgent(emergency);
            if chance.below(3) == 0 {
                attempt.dataset = another().id;
            }
            if chance.below(5) == 0 {
                attempt.matter = "LOW-INCOME".parse().unwrap();
            }
            let count = 1 + u32::try_from(chance.below(3)).unwrap();
            attempt.batch = (count > 1).then_some(Batch { count, root: BatchRoot([3; 32]) });
            let terms = story.emergency(emergency).terms;
            let may = terms.matter == attempt.matter
                && !story.emergency(emergency).is_over(story.now)
                && (attempt.dataset == dataset_id() || !terms.scope.agencies.is_empty());
            let record = story.access_of(&signed_by_officer(attempt));
            match story.attempted(record) {
                Ok(at) => {
                    assert!(may, "seed {seed}");
                    (entries, total) = (entries + 1, total + u64::from(count));
                    open.insert(at);
                    allowed += 1;
                }
                Err(refusal) => {
                    assert!(!may, "seed {seed}: {refusal}");
                    refused += 1;
                }
            }
            if chance.below(4) == 0 && !open.is_empty() {
                let access = open.pop_first().unwrap();
                story.justify(emergency, access);
            }
            let used = story.used_of(emergency);
            assert_eq!((used.entries, used.usage.total), (entries, total), "seed {seed}");
            assert_eq!(usize::try_from(used.open()).unwrap(), open.len(), "seed {seed}");
        }
    }
    assert!(allowed > 40 && refused > 40, "{allowed}, {refused}");
}
