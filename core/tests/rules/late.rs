//! Accesses in an emergency that go in late: in which order, as of which time, with what against them.

mod then;

use std::collections::BTreeSet;

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::dataset::Items;
use comity_core::duty;
use comity_core::emergency::{EmergencyTerms, MAX_EMERGENCY_ENTRIES};
use comity_core::hash::Commitment;
use comity_core::ids::{EmergencyId, LogIndex, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::late::{LateAccess, NotLate};
use comity_core::legs::{Acknowledgement, Legs};
use comity_core::refusal::{CheckRefusal, LateRefusal, LegRefusal, Refusal};
use comity_core::state;
use comity_core::statement::{Action, MAX_SEALED, RecordError, VerifiedRecord};

use crate::acts::another;
use crate::checks::claim;
use crate::refusals::{Case, wrong_signer};
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, Story, dataset_id, new_key, secret, signed_by_officer, terms,
    text,
};

const MINUTE_MS: u64 = 60_000;

impl Story {
    /// What the provider's gateway signs while the network is cut, valid for some minutes.
    pub(crate) fn unsent_of(&mut self, attempt: &SignedAttempt) -> LateAccess {
        self.unsent_by(secret(CIVIL, KeyRole::Gateway), attempt)
    }

    fn unsent_by(&mut self, gateway: SecretKey, attempt: &SignedAttempt) -> LateAccess {
        let action = self.recording(attempt);
        let mut draft = self.draft_by(CIVIL, KeyRole::Gateway, gateway, action);
        draft.statement.valid_until = self.now.plus(5 * MINUTE_MS);
        LateAccess::of(draft.signed()).unwrap()
    }

    /// The same of a new attempt in an emergency, and the time until which it is valid passes.
    pub(crate) fn unsent(&mut self, emergency: EmergencyId) -> LateAccess {
        let attempt = signed_by_officer(self.urgent(emergency));
        let record = self.unsent_of(&attempt);
        self.now = self.now.plus(6 * MINUTE_MS);
        record
    }

    /// It goes in late, by the gateway that signed it.
    pub(crate) fn embedding(
        &mut self,
        record: &LateAccess,
        missing: impl IntoIterator<Item = u64>,
        against: Option<AccessRefusal>,
    ) -> VerifiedRecord {
        let (record, missing) = (Box::new(record.clone()), missing.into_iter().collect());
        let action = Action::EmbedLate { record, missing, against };
        self.record(CIVIL, KeyRole::Gateway, action)
    }

    fn embedded(&mut self, record: &LateAccess, against: Option<AccessRefusal>) -> LogIndex {
        let record = self.embedding(record, [], against);
        self.commit(vec![record])
    }

    fn form(&mut self, record: LateAccess) -> Result<VerifiedRecord, RecordError> {
        let action =
            Action::EmbedLate { record: Box::new(record), missing: [].into(), against: None };
        let draft = self.draft(CIVIL, KeyRole::Gateway, action);
        VerifiedRecord::verify(&draft.signed().to_bytes(), &self.consortium())
    }
}

pub(crate) use then::stood_against;

fn refused(refusal: LateRefusal) -> Refusal {
    Refusal::Late(refusal)
}

/// Cases about what goes in late; the dataset is published at 0, a grant issued at 1.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let emergency = story.flooded();
        let record = Box::new(story.unsent(emergency));
        let action = Action::EmbedLate { record, missing: [].into(), against: None };
        let record = story.record(HEALTH, KeyRole::Gateway, action);
        (record, wrong_signer(CIVIL, KeyRole::Gateway))
    },
    |story| {
        let emergency = story.flooded();
        let late = story.unsent(emergency);
        let until = late.valid_until;
        story.now = until;
        let record = story.embedding(&late, [], None);
        (record, refused(LateRefusal::LateNotOver { until }))
    },
    |story| {
        let emergency = story.flooded();
        let attempt = signed_by_officer(story.urgent(emergency));
        let late = story.unsent_by(new_key(3), &attempt);
        story.now = story.now.plus(6 * MINUTE_MS);
        let refusal = LateRefusal::LateGatewayUnknown { key: new_key(3).public() };
        (story.embedding(&late, [], None), refused(refusal))
    },
    |story| {
        // It was registered after this was asked.
        let emergency = story.flooded();
        let attempt = signed_by_officer(story.urgent(emergency));
        let late = story.unsent_by(new_key(3), &attempt);
        story.now = story.now.plus(6 * MINUTE_MS);
        let record = story.register(CIVIL, KeyRole::Gateway, &new_key(3), None);
        story.commit(vec![record]);
        let refusal = LateRefusal::LateGatewayUnknown { key: new_key(3).public() };
        (story.embedding(&late, [], None), refused(refusal))
    },
    |story| {
        // An officer's key is no gateway's.
        let emergency = story.flooded();
        let attempt = signed_by_officer(story.urgent(emergency));
        let officer = secret(CIVIL, KeyRole::Officer);
        let late = story.unsent_by(officer.clone(), &attempt);
        story.now = story.now.plus(6 * MINUTE_MS);
        let refusal = LateRefusal::LateGatewayUnknown { key: officer.public() };
        (story.embedding(&late, [], None), refused(refusal))
    },
    |story| {
        let (emergency, late, at) = another_gateway_ended(story, None);
        assert!(late.emergency() == Some(emergency));
        let late = story.unsent_after(&late);
        (story.embedding(&late, [], None), refused(LateRefusal::LateGatewayRevoked { at }))
    },
    |story| {
        // It was revoked after that, but its secret may have leaked before.
        let since = story.now.plus(1);
        let (_, late, at) = another_gateway_ended(story, Some(since));
        (story.embedding(&late, [], None), refused(LateRefusal::LateGatewayRevoked { at }))
    },
    |story| {
        let emergency = story.flooded();
        let until = story.now.plus(2_000);
        let record = story.register(CIVIL, KeyRole::Gateway, &new_key(3), Some(until));
        story.commit(vec![record]);
        story.now = until;
        let attempt = signed_by_officer(story.urgent(emergency));
        let late = story.unsent_by(new_key(3), &attempt);
        story.now = story.now.plus(6 * MINUTE_MS);
        let refusal = LateRefusal::LateGatewayExpired { until };
        (story.embedding(&late, [], None), refused(refusal))
    },
    |story| {
        // What was committed is not taken in again.
        let emergency = story.flooded();
        let late = story.unsent(emergency);
        story.embedded(&late, None);
        let expected = late.number + 1;
        let refusal = Refusal::Leg(LegRefusal::GatewayNumber { expected });
        (story.embedding(&late, [], None), refusal)
    },
    |story| {
        let emergency = story.flooded();
        let first = story.unsent(emergency).number;
        let late = story.unsent(emergency);
        let record = story.embedding(&late, [], None);
        (record, refused(LateRefusal::LateOrder { number: first }))
    },
    |story| {
        // None is named that was used.
        let emergency = story.flooded();
        let first = story.unsent(emergency);
        story.embedded(&first, None);
        let late = story.unsent(emergency);
        let record = story.embedding(&late, [first.number], None);
        (record, refused(LateRefusal::LateOrder { number: first.number }))
    },
    |story| {
        let emergency = story.flooded();
        let late = story.unsent(emergency);
        let against = Some(AccessRefusal::ExchangeUsed);
        (story.embedding(&late, [], against), refused(LateRefusal::AgainstNotDue))
    },
    |story| {
        let (late, due) = not_opened(story);
        (story.embedding(&late, [], None), refused(LateRefusal::AgainstMismatch { due }))
    },
    |story| {
        let (late, due) = not_opened(story);
        let against = Some(AccessRefusal::ExchangeUsed);
        (story.embedding(&late, [], against), refused(LateRefusal::AgainstMismatch { due }))
    },
];

impl Story {
    /// The same gateway signs another one now.
    fn unsent_after(&mut self, earlier: &LateAccess) -> LateAccess {
        let emergency = earlier.emergency().unwrap();
        let attempt = signed_by_officer(self.urgent(emergency));
        let late = self.unsent_by(new_key(3), &attempt);
        self.now = self.now.plus(6 * MINUTE_MS);
        late
    }
}

/// What a gateway signed whose key was revoked then, and the entry that did.
fn another_gateway_ended(
    story: &mut Story,
    suspect_since: Option<TimeMs>,
) -> (EmergencyId, LateAccess, LogIndex) {
    let record = story.register(CIVIL, KeyRole::Gateway, &new_key(3), None);
    story.commit(vec![record]);
    let emergency = story.flooded();
    let attempt = signed_by_officer(story.urgent(emergency));
    let late = story.unsent_by(new_key(3), &attempt);
    story.now = story.now.plus(6 * MINUTE_MS);
    let (key, reason) = (new_key(3).public(), text("replaced"));
    let action = Action::RevokeKey { key, reason, suspect_since };
    let record = story.record(CIVIL, KeyRole::Admin, action);
    let at = story.commit(vec![record]);
    (emergency, late, at)
}

/// What was handed over though it was not opened.
fn not_opened(story: &mut Story) -> (LateAccess, AccessRefusal) {
    let emergency = story.flooded();
    let dataset = another().id;
    let attempt = Attempt { dataset: dataset.clone(), ..story.urgent(emergency) };
    let late = story.unsent_of(&signed_by_officer(attempt));
    story.now = story.now.plus(6 * MINUTE_MS);
    (late, AccessRefusal::DatasetNotOpened { dataset })
}

fn late_of(story: &mut Story, attempt: Attempt) -> LateAccess {
    let late = story.unsent_of(&signed_by_officer(attempt));
    story.now = story.now.plus(6 * MINUTE_MS);
    late
}

#[test]
fn what_was_allowed_then_goes_in_when_the_emergency_is_long_over() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let claimed = story.now;
    let late = story.unsent(emergency);
    // Whatever has ended since: the emergency, the officer's key, the dataset.
    let records =
        vec![story.revoke_key(FINANCE, &secret(FINANCE, KeyRole::Officer)), story.withdrawal()];
    story.commit(records);
    story.pass_until(story.now.plus(200 * HOUR_MS));
    let on = story.now;
    let access = story.embedded(&late, None);
    let recorded = state::emergency_access(&story.ledger, emergency, access).unwrap();
    assert_eq!((recorded.on, recorded.late), (on, Some(claimed)));
    let used = state::emergency_use(&story.ledger, emergency, &FINANCE.parse().unwrap());
    assert_eq!((used.entries, used.open()), (1, 1));
    // The clock of its justification runs from the day on which it went in.
    let owed = duty::of_emergency_access(&story.ledger, emergency, access, &recorded).unwrap();
    assert_eq!(owed.began, on);
    let record = story.justifying((FINANCE, KeyRole::Steward), emergency, [access]);
    story.commit(vec![record]);
    let used = state::emergency_use(&story.ledger, emergency, &FINANCE.parse().unwrap());
    assert_eq!(used.open(), 0);
}

#[test]
fn what_was_left_out_can_still_go_in() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let all: Vec<_> = (0..3).map(|_| story.unsent(emergency)).collect();
    let missing: BTreeSet<u64> = all[..2].iter().map(|late| late.number).collect();
    let record = story.embedding(&all[2], missing, None);
    story.commit(vec![record]);
    for late in &all[..2] {
        story.embedded(late, None);
    }
    let key = secret(CIVIL, KeyRole::Gateway).public();
    let numbers = state::gateway_numbers(&story.ledger, &key);
    assert_eq!((numbers.last, numbers.missing.len()), (all[2].number, 0));
}

#[test]
fn an_attempt_recorded_in_time_does_not_go_in_again_as_if_it_were_another() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let attempt = signed_by_officer(story.urgent(emergency));
    let record = story.access_of(&attempt);
    story.commit(vec![record]);
    let late = story.unsent_of(&attempt);
    // The attempt itself is valid for longer, and then the window has forgotten it.
    for pause in [6 * MINUTE_MS, 30 * HOUR_MS] {
        story.pass_until(story.now.plus(pause));
        let record = story.embedding(&late, [], None);
        let due = AccessRefusal::ExchangeUsed;
        assert_eq!(story.check(&record), Err(refused(LateRefusal::AgainstMismatch { due })));
    }
    // Nor does it go in as if it were new after it went in late.
    let attempt = signed_by_officer(story.urgent(emergency));
    let first = story.unsent_of(&attempt);
    story.now = story.now.plus(6 * MINUTE_MS);
    let record = story.embedding(&first, [late.number], None);
    story.commit(vec![record]);
    let record = story.access_of(&attempt);
    assert_eq!(story.check(&record), Err(Refusal::Access(AccessRefusal::ExchangeUsed)));
}

#[test]
fn beyond_the_bound_an_access_goes_in_and_nothing_is_kept_beside_it() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let late = story.unsent(emergency);
    for _ in 0..MAX_EMERGENCY_ENTRIES / 64 {
        let attempts: Vec<_> =
            (0..64).map(|_| signed_by_officer(story.urgent(emergency))).collect();
        let records = attempts.iter().map(|attempt| story.access_of(attempt)).collect();
        story.commit(records);
    }
    let limit = u64::from(MAX_EMERGENCY_ENTRIES);
    let access = story.embedded(&late, Some(AccessRefusal::EmergencyUsed { limit }));
    assert_eq!(state::emergency_access(&story.ledger, emergency, access), None);
}

#[test]
fn only_an_access_in_an_emergency_signed_by_its_gateway_alone_has_the_form() {
    let (mut story, grant) = Story::with_grant(terms());
    let emergency = story.flooded();
    let late = story.unsent(emergency);
    assert!(story.form(late.clone()).is_ok());
    let granted = signed_by_officer(story.attempt(grant));
    let granted = story.unsent_of(&granted);
    assert_eq!(story.form(granted), Err(RecordError::LateNotUrgent));
    let sealed = LateAccess { sealed: vec![Commitment([1; 32]); MAX_SEALED + 1], ..late.clone() };
    assert_eq!(story.form(sealed), Err(RecordError::Sealed));
    let bent: [fn(&mut LateAccess); 4] = [
        |late| late.number += 1,
        |late| late.valid_until = late.valid_until.plus(1),
        |late| late.gateway.agency = HEALTH.parse().unwrap(),
        |late| late.sealed.push(Commitment([2; 32])),
    ];
    for bend in bent {
        let mut other = late.clone();
        bend(&mut other);
        assert!(matches!(story.form(other), Err(RecordError::LateSignature(_))));
    }
    let mut other = late.clone();
    other.attempt.attempt.made_at = other.attempt.attempt.made_at.plus(1);
    assert!(matches!(story.form(other), Err(RecordError::AttemptSignature(_))));
    let mut other = late.clone();
    let empty = Attempt { items: Items::Only([].into()), ..other.attempt.attempt };
    other.attempt = signed_by_officer(empty);
    assert_eq!(story.form(other), Err(RecordError::AttemptWithoutItems));
    let record = late.record(&story.consortium());
    assert_eq!(LateAccess::of(record.clone()).as_ref(), Ok(&late));
    let verified = VerifiedRecord::verify(&record.to_bytes(), &story.consortium());
    assert!(verified.is_ok(), "what was signed is made again to the last byte");
    let action = Action::JustifyAccess {
        emergency,
        accesses: [].into(),
        basis: "ACT-12".parse().unwrap(),
        text: text("none"),
    };
    let other = story.draft(FINANCE, KeyRole::Steward, action).signed();
    assert_eq!(LateAccess::of(other), Err(NotLate::NoAccess));
    let mut twice = record;
    twice.statement.signers.push(twice.statement.signers[0].clone());
    assert_eq!(LateAccess::of(twice), Err(NotLate::Signers));
}

#[test]
fn a_late_access_is_acknowledged_and_checked_like_any_other() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let late = story.unsent(emergency);
    let record = story.embedding(&late, [], None);
    let time = story.now;
    let access = story.commit(vec![record.clone()]);
    let mut legs = Legs::default();
    legs.add(access, time, record.statement());
    assert_eq!(legs.unmatched().len(), 1);
    let exchange = late.attempt.attempt.exchange;
    let accesses = vec![Acknowledgement { access, exchange, digest: None, count: 1 }];
    let action = Action::AcknowledgeAccess { grant: emergency.into(), accesses };
    let record = story.record(FINANCE, KeyRole::Gateway, action);
    let time = story.now;
    let at = story.commit(vec![record.clone()]);
    legs.add(at, time, record.statement());
    assert_eq!(legs.unmatched(), []);
    let mut terms = claim();
    terms.grant = Some(emergency.into());
    let record = story.claiming(terms);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn whoever_used_an_emergency_for_one_dataset_claims_nothing_about_another() {
    let (mut story, _) = Story::with_grant(terms());
    story.appointed();
    let publication = story.steward(Action::PublishDataset { dataset: another() });
    story.commit(vec![publication]);
    let mut scope = story.flood().scope;
    scope.datasets.insert(another().id);
    let declared = EmergencyTerms { scope, ..story.flood() };
    let record = story.declares(declared);
    let emergency = EmergencyId(story.commit(vec![record]));
    let attempt = Attempt { dataset: another().id, items: Items::All, ..story.urgent(emergency) };
    let record = story.access_of(&signed_by_officer(attempt));
    story.commit(vec![record]);
    let mut terms = claim();
    terms.grant = Some(emergency.into());
    let record = story.claiming(terms);
    let (agency, dataset) = (FINANCE.parse().unwrap(), dataset_id());
    let refusal = Refusal::Check(CheckRefusal::NotARecipient { agency, dataset });
    assert_eq!(story.check(&record), Err(refusal));
    story.helped(emergency);
    assert_eq!(story.check(&record), Ok(()));
}
