//! Emergencies: who declares what for how long, who renews, and who looks at it afterwards.
//! Longer than 500 lines because the cases of a table stand in one place.

use std::collections::BTreeSet;

use comity_core::agency::{AgencyKind, KeyRole};
use comity_core::codes::CodeList;
use comity_core::duty::{self, Duty, DutyEnd, DutyObject, DutyState};
use comity_core::emergency::{
    Emergency, EmergencyScope, EmergencyState, EmergencyTerms, MAX_EMERGENCY_MS,
    MAX_EMERGENCY_REQUESTERS, MAX_RECENT, MAX_RECENT_OF_ONE, MAX_RENEWALS, MAX_REVIEWS, MAX_SCOPE,
    Verdict,
};
use comity_core::genesis::Params;
use comity_core::governance::{Measure, Office};
use comity_core::ids::{EmergencyId, LogIndex, TimeMs};
use comity_core::refusal::{EmergencyRefusal, MeasureFault, Refusal};
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, StatementSigner, VerifiedRecord};
use comity_core::text::AgencyId;

use crate::acts::AUTHORITY;
use crate::chance::Chance;
use crate::governance::{removal, unfit};
use crate::refusals::{Case, wrong_signer};
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, MEMBERS, Story, dataset, dataset_id, genesis, member_of,
    secret, terms, text,
};

fn id(agency: &str) -> AgencyId {
    agency.parse().unwrap()
}

fn refused(refusal: EmergencyRefusal) -> Refusal {
    Refusal::Emergency(refusal)
}

fn many_agencies(count: usize) -> BTreeSet<AgencyId> {
    (0..count).map(|number| id(&format!("agency-{number}.gd"))).collect()
}

impl Story {
    /// The authority may declare emergencies from now on.
    pub(crate) fn appointed(&mut self) {
        let agencies: BTreeSet<_> = [id(AUTHORITY)].into();
        if state::office(&self.ledger, Office::EmergencyDeclarer) == agencies {
            return;
        }
        self.pass(Measure::Appoint { office: Office::EmergencyDeclarer, agencies });
    }

    /// An emergency on the dataset, for the requesting agency and two days from now.
    pub(crate) fn flood(&self) -> EmergencyTerms {
        let datasets = [dataset_id()].into();
        EmergencyTerms {
            scope: EmergencyScope { datasets, agencies: BTreeSet::new() },
            requesters: [id(FINANCE)].into(),
            matter: "HOUSING".parse().unwrap(),
            until: self.now.plus(48 * HOUR_MS),
            reason: text("The river is over its banks"),
        }
    }

    pub(crate) fn declares(&mut self, terms: EmergencyTerms) -> VerifiedRecord {
        self.record(AUTHORITY, KeyRole::Steward, Action::DeclareEmergency { terms })
    }

    /// The emergency is declared by whom it may be.
    pub(crate) fn flooded(&mut self) -> EmergencyId {
        self.appointed();
        let terms = self.flood();
        let record = self.declares(terms);
        EmergencyId(self.commit(vec![record]))
    }

    fn declaring_otherwise(&mut self, change: impl FnOnce(&mut EmergencyTerms)) -> VerifiedRecord {
        self.appointed();
        let mut terms = self.flood();
        change(&mut terms);
        self.declares(terms)
    }

    pub(crate) fn stopping(&mut self, by: &str, emergency: EmergencyId) -> VerifiedRecord {
        let action = Action::EndEmergency { emergency, reason: text("The water has gone") };
        self.record(by, KeyRole::Steward, action)
    }

    pub(crate) fn over(&mut self, emergency: EmergencyId) -> LogIndex {
        let record = self.stopping(AUTHORITY, emergency);
        self.commit(vec![record])
    }

    pub(crate) fn judging(
        &mut self,
        by: &str,
        role: KeyRole,
        emergency: EmergencyId,
    ) -> VerifiedRecord {
        let verdict = Verdict::Warranted;
        let text = text("The river had risen");
        self.record(by, role, Action::ReviewEmergency { emergency, verdict, text })
    }

    pub(crate) fn emergency(&self, id: EmergencyId) -> Emergency {
        state::emergency(&self.ledger, id).unwrap()
    }

    pub(crate) fn review_owed(&self, id: EmergencyId) -> Duty {
        let mut duties = duty::of_emergency(&self.ledger, &self.emergency(id));
        assert_eq!(duties.len(), 1);
        duties.remove(0)
    }
}

/// Cases about emergencies; the dataset is published at 0, the grant issued at 1.
pub(crate) const CASES: &[Case] = &[
    |story| {
        // Nobody holds the office.
        let terms = story.flood();
        let agency = id(AUTHORITY);
        (story.declares(terms), refused(EmergencyRefusal::NotADeclarer { agency }))
    },
    |story| {
        story.appointed();
        let terms = story.flood();
        let record = story.record(HEALTH, KeyRole::Steward, Action::DeclareEmergency { terms });
        (record, refused(EmergencyRefusal::NotADeclarer { agency: id(HEALTH) }))
    },
    |story| {
        story.appointed();
        let terms = story.flood();
        let record = story.record(AUTHORITY, KeyRole::Officer, Action::DeclareEmergency { terms });
        (record, wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| {
        story.appointed();
        let terms = story.flood();
        let action = Action::DeclareEmergency { terms };
        let mut draft = story.draft(AUTHORITY, KeyRole::Steward, action);
        let second = secret(HEALTH, KeyRole::Steward);
        let signer = draft.statement.signers[0].clone();
        draft.statement.signers.push(StatementSigner {
            agency: id(HEALTH),
            key: second.public(),
            ..signer
        });
        draft.keys.push(second);
        (draft.verified(), wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| {
        let record = story.declaring_otherwise(|terms| terms.scope = EmergencyScope::default());
        (record, scope())
    },
    |story| {
        // The datasets and the agencies count together.
        let record =
            story.declaring_otherwise(|terms| terms.scope.agencies = many_agencies(MAX_SCOPE));
        (record, scope())
    },
    |story| {
        let dataset: comity_core::ids::DatasetId = "civil.gd/nothing".parse().unwrap();
        let named = dataset.clone();
        let record = story.declaring_otherwise(|terms| terms.scope.datasets = [named].into());
        (record, Refusal::DatasetUnknown { dataset })
    },
    |story| {
        let dataset = dataset_id();
        let action = Action::WithdrawDataset { dataset: dataset.clone(), reason: text("") };
        let record = story.steward(action);
        let at = story.commit(vec![record]);
        (story.declaring_otherwise(|_| {}), Refusal::DatasetGone { dataset, at })
    },
    |story| {
        let agency = id("nobody.gd");
        let named = agency.clone();
        let record = story.declaring_otherwise(|terms| terms.scope.agencies = [named].into());
        (record, Refusal::AgencyUnknown { agency })
    },
    |story| {
        let at = story.pass(removal(HEALTH));
        let record = story.declaring_otherwise(|terms| terms.scope.agencies = [id(HEALTH)].into());
        (record, Refusal::AgencyLeft { agency: id(HEALTH), at })
    },
    |story| {
        let record = story.declaring_otherwise(|terms| terms.requesters.clear());
        (record, requesters())
    },
    |story| {
        let record = story.declaring_otherwise(|terms| {
            terms.requesters = many_agencies(MAX_EMERGENCY_REQUESTERS + 1);
        });
        (record, requesters())
    },
    |story| {
        let agency = id("nobody.gd");
        let named = agency.clone();
        let record = story.declaring_otherwise(|terms| terms.requesters = [named].into());
        (record, Refusal::AgencyUnknown { agency })
    },
    |story| {
        let at = story.pass(removal(HEALTH));
        let record = story.declaring_otherwise(|terms| terms.requesters = [id(HEALTH)].into());
        (record, Refusal::AgencyLeft { agency: id(HEALTH), at })
    },
    |story| {
        *story = with_a_company();
        let record = story.declaring_otherwise(|terms| {
            terms.requesters.insert(id("company.gd"));
        });
        let agency = id("company.gd");
        (record, refused(EmergencyRefusal::RequesterNotPublic { agency }))
    },
    |story| {
        let code: comity_core::text::Code = "FLOOD".parse().unwrap();
        let named = code.clone();
        let record = story.declaring_otherwise(|terms| terms.matter = named);
        (record, Refusal::CodeUnknown { list: CodeList::Matters, code })
    },
    |story| {
        story.appointed();
        let terms = EmergencyTerms { until: story.now, ..story.flood() };
        (story.declares(terms), period(story))
    },
    |story| {
        story.appointed();
        let until = story.now.plus(MAX_EMERGENCY_MS + 1);
        let terms = EmergencyTerms { until, ..story.flood() };
        (story.declares(terms), period(story))
    },
    |story| {
        let record = story.declaring_otherwise(|terms| terms.reason = text(""));
        (record, refused(EmergencyRefusal::WordsMissing))
    },
    |story| {
        // While it is in force …
        let emergency = story.flooded();
        let terms = story.flood();
        (story.declares(terms), refused(EmergencyRefusal::EmergencyAgain { emergency }))
    },
    |story| {
        // … and for some days after, also under another matter and named otherwise.
        let emergency = story.flooded();
        story.over(emergency);
        story.pass_until(story.emergency(emergency).ends().plus(MAX_EMERGENCY_MS - 2_000));
        let scope = EmergencyScope { datasets: [].into(), agencies: [id(CIVIL)].into() };
        let matter = "LOW-INCOME".parse().unwrap();
        let requesters = [id(FINANCE), id(HEALTH)].into();
        let terms = EmergencyTerms { scope, matter, requesters, ..story.flood() };
        (story.declares(terms), refused(EmergencyRefusal::EmergencyAgain { emergency }))
    },
    |story| {
        story.appointed();
        declare_many(story, MAX_RECENT_OF_ONE);
        let terms = numbered(story, MAX_RECENT_OF_ONE);
        let limit = MAX_RECENT_OF_ONE as u64;
        (story.declares(terms), refused(EmergencyRefusal::TooManyEmergencies { limit }))
    },
    |story| {
        let emergency = EmergencyId(LogIndex(1));
        let record = story.stopping(AUTHORITY, emergency);
        (record, refused(EmergencyRefusal::EmergencyUnknown { emergency }))
    },
    |story| {
        let emergency = story.flooded();
        (story.stopping(HEALTH, emergency), wrong_signer(AUTHORITY, KeyRole::Steward))
    },
    |story| {
        let emergency = story.flooded();
        story.over(emergency);
        let since = story.emergency(emergency).ends();
        let record = story.stopping(AUTHORITY, emergency);
        (record, refused(EmergencyRefusal::EmergencyOver { emergency, since }))
    },
    |story| {
        let emergency = story.flooded();
        let since = story.emergency(emergency).until;
        story.now = since;
        let record = story.stopping(AUTHORITY, emergency);
        (record, refused(EmergencyRefusal::EmergencyOver { emergency, since }))
    },
    |story| {
        let emergency = story.flooded();
        let action = Action::EndEmergency { emergency, reason: text("") };
        let record = story.record(AUTHORITY, KeyRole::Steward, action);
        (record, refused(EmergencyRefusal::WordsMissing))
    },
    |story| {
        let emergency = EmergencyId(LogIndex(1));
        let record = story.judging(HEALTH, KeyRole::Auditor, emergency);
        (record, refused(EmergencyRefusal::EmergencyUnknown { emergency }))
    },
    |story| {
        let emergency = story.flooded();
        story.over(emergency);
        let record = story.judging(HEALTH, KeyRole::Officer, emergency);
        (record, wrong_signer(HEALTH, KeyRole::Steward))
    },
    |story| involved(story, AUTHORITY),
    |story| involved(story, FINANCE),
    |story| involved(story, CIVIL),
    |story| {
        let emergency = story.flooded();
        let until = story.emergency(emergency).until;
        story.pass_until(TimeMs(until.0 - 2_000));
        let record = story.judging(HEALTH, KeyRole::Auditor, emergency);
        (record, refused(EmergencyRefusal::EmergencyInForce { emergency, until }))
    },
    |story| {
        let emergency = story.flooded();
        story.over(emergency);
        let record = story.judging(HEALTH, KeyRole::Auditor, emergency);
        let at = story.commit(vec![record]);
        let record = story.judging(HEALTH, KeyRole::Steward, emergency);
        (record, refused(EmergencyRefusal::ReviewedAlready { at }))
    },
    |story| {
        let emergency = story.flooded();
        story.over(emergency);
        let action =
            Action::ReviewEmergency { emergency, verdict: Verdict::Excessive, text: text("") };
        let record = story.record(HEALTH, KeyRole::Auditor, action);
        (record, refused(EmergencyRefusal::WordsMissing))
    },
    |story| {
        *story = crowd(MAX_REVIEWS + 1);
        appoint_of_crowd(story, MAX_REVIEWS + 1, [id(AUTHORITY)].into());
        let emergency = story.flooded();
        story.over(emergency);
        let records: Vec<_> =
            (0..MAX_REVIEWS).map(|number| reviewing_of_crowd(story, number, emergency)).collect();
        story.commit(records);
        let limit = MAX_REVIEWS as u64;
        let record = reviewing_of_crowd(story, MAX_REVIEWS, emergency);
        (record, refused(EmergencyRefusal::TooManyReviews { limit }))
    },
];

fn scope() -> Refusal {
    refused(EmergencyRefusal::EmergencyScope { limit: MAX_SCOPE as u64 })
}

fn requesters() -> Refusal {
    let limit = MAX_EMERGENCY_REQUESTERS as u64;
    refused(EmergencyRefusal::EmergencyRequesters { limit })
}

fn period(story: &Story) -> Refusal {
    refused(EmergencyRefusal::EmergencyPeriod { latest: story.now.plus(MAX_EMERGENCY_MS) })
}

fn involved(story: &mut Story, agency: &str) -> (VerifiedRecord, Refusal) {
    let emergency = story.flooded();
    story.over(emergency);
    let record = story.judging(agency, KeyRole::Auditor, emergency);
    let agency = id(agency);
    (record, refused(EmergencyRefusal::ReviewerInvolved { emergency, agency }))
}

/// Members with an observer's node and keys that nobody else has, beside the usual ones; the
/// dataset is published at 0.
fn crowd(count: usize) -> Story {
    let mut genesis = genesis(Params::default());
    genesis.members.extend((0..count).map(one_of_crowd));
    genesis.members.sort_by(|a, b| a.agency.id.cmp(&b.agency.id));
    let mut story = Story::founded_by(genesis);
    story.publish();
    story
}

fn crowd_name(number: usize) -> String {
    format!("crowd-{number}.gd")
}

fn crowd_secret(number: usize, role: KeyRole) -> comity_core::keys::SecretKey {
    let place = KeyRole::ALL.iter().position(|one| *one == role).unwrap();
    let mut seed = [0x66; 32];
    seed[0] = u8::try_from(number).unwrap();
    seed[1] = u8::try_from(place).unwrap();
    comity_core::keys::SecretKey::from_seed(&seed)
}

fn one_of_crowd(number: usize) -> comity_core::genesis::GenesisMember {
    let mut member = member_of(CIVIL, &comity_core::genesis::NO_CONSORTIUM);
    member.agency.id = id(&crowd_name(number));
    member.agency.standing = comity_core::agency::Standing::Observer;
    member.keys.retain(|key| !matches!(key.role, KeyRole::Validator));
    for key in &mut member.keys {
        let secret = crowd_secret(number, key.role);
        key.key = secret.public();
        key.possession = secret.sign_possession(
            &comity_core::genesis::NO_CONSORTIUM,
            &member.agency.id,
            key.role,
        );
    }
    member
}

/// A consortium with a member that is no public body.
fn with_a_company() -> Story {
    let mut genesis = genesis(Params::default());
    let mut company = one_of_crowd(0);
    company.agency.id = id("company.gd");
    company.agency.kind = AgencyKind::Enterprise;
    company.agency.sponsor = Some(id(CIVIL));
    for key in &mut company.keys {
        let secret = crowd_secret(0, key.role);
        key.possession = secret.sign_possession(
            &comity_core::genesis::NO_CONSORTIUM,
            &company.agency.id,
            key.role,
        );
    }
    genesis.members.push(company);
    genesis.members.sort_by(|a, b| a.agency.id.cmp(&b.agency.id));
    let mut story = Story::founded_by(genesis);
    story.publish();
    // Of five members, two thirds are not enough with three.
    let agencies = [id(AUTHORITY)].into();
    let proposal = story.propose(Measure::Appoint { office: Office::EmergencyDeclarer, agencies });
    for member in [CIVIL, FINANCE, HEALTH] {
        story.vote(member, proposal);
    }
    story
}

/// Appoints with the ballots of a crowd.
fn appoint_of_crowd(story: &mut Story, count: usize, agencies: BTreeSet<AgencyId>) {
    let proposal = story.propose(Measure::Appoint { office: Office::EmergencyDeclarer, agencies });
    for number in 0..count {
        if state::proposal(&story.ledger, proposal).unwrap().passed_at.is_some() {
            return;
        }
        let choice = comity_core::governance::Choice::For;
        let action = Action::CastBallot { proposal, choice };
        let key = crowd_secret(number, KeyRole::Admin);
        let record = story.draft_by(&crowd_name(number), KeyRole::Admin, key, action).verified();
        story.commit(vec![record]);
    }
    assert!(state::proposal(&story.ledger, proposal).unwrap().passed_at.is_some());
}

fn reviewing_of_crowd(story: &mut Story, number: usize, emergency: EmergencyId) -> VerifiedRecord {
    let text = text("As it had to be");
    let action = Action::ReviewEmergency { emergency, verdict: Verdict::Warranted, text };
    let key = crowd_secret(number, KeyRole::Auditor);
    story.draft_by(&crowd_name(number), KeyRole::Auditor, key, action).verified()
}

/// An emergency on a dataset of its own.
fn numbered(story: &mut Story, number: usize) -> EmergencyTerms {
    let name: comity_core::ids::DatasetId = format!("civil.gd/set-{number}").parse().unwrap();
    if state::dataset(&story.ledger, &name).is_none() {
        let dataset = comity_core::dataset::Dataset { id: name.clone(), ..dataset() };
        let record = story.steward(Action::PublishDataset { dataset });
        story.commit(vec![record]);
    }
    let scope = EmergencyScope { datasets: [name].into(), agencies: BTreeSet::new() };
    EmergencyTerms { scope, ..story.flood() }
}

fn declare_many(story: &mut Story, count: usize) {
    for number in 0..count {
        let terms = numbered(story, number);
        let record = story.declares(terms);
        story.commit(vec![record]);
    }
}

#[test]
fn an_emergency_lasts_three_days_at_most_and_ends_by_itself() {
    let (mut story, _) = Story::with_grant(terms());
    story.appointed();
    let until = story.now.plus(MAX_EMERGENCY_MS);
    let declared = EmergencyTerms { until, ..story.flood() };
    let record = story.declares(declared.clone());
    let emergency = EmergencyId(story.commit(vec![record]));
    let found = story.emergency(emergency);
    assert_eq!((&found.terms, found.until, found.ends()), (&declared, until, until));
    assert_eq!(found.declared_by, id(AUTHORITY));
    assert_eq!(found.state(TimeMs(until.0 - 1)), EmergencyState::InForce);
    assert_eq!(found.state(until), EmergencyState::AwaitingReview);
    // Nothing had to be written for it to end.
    story.pass_until(until);
    assert_eq!(story.emergency(emergency), found);
}

#[test]
fn what_is_ended_early_is_over_at_once_and_says_by_which_entry() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let on = story.now;
    let at = story.over(emergency);
    let found = story.emergency(emergency);
    let end = found.ended.clone().unwrap();
    assert_eq!((end.mark.at, end.mark.on, end.reason.as_str()), (at, on, "The water has gone"));
    assert!(found.is_over(on) && found.ends() == on && found.until > on);
    // In the very block that ends it, nothing more is done with it.
    let twice = [story.stopping(AUTHORITY, emergency), story.stopping(AUTHORITY, emergency)];
    assert!(twice.iter().all(|record| story.check(record).is_err()));
}

#[test]
fn an_emergency_is_never_silently_closed() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let ended_on = story.now;
    story.over(emergency);
    // Years later it still says what it waits for.
    let later = ended_on.plus(3 * 365 * 24 * HOUR_MS);
    story.pass_until(later);
    assert_eq!(story.emergency(emergency).state(later), EmergencyState::AwaitingReview);
    let owed = story.review_owed(emergency);
    assert_eq!((owed.clock, owed.began, owed.end), (Clock::EmergencyReview, ended_on, None));
    assert_eq!(owed.object, DutyObject::Emergency(emergency));
    assert_eq!(owed.state(later), DutyState::Lapsed);
    let on = story.now;
    let record = story.judging(HEALTH, KeyRole::Auditor, emergency);
    let at = story.commit(vec![record]);
    let found = story.emergency(emergency);
    assert_eq!(found.state(later), EmergencyState::Reviewed);
    let [review] = found.reviews.as_slice() else { panic!("{:?}", found.reviews) };
    assert_eq!((&review.by, review.verdict), (&id(HEALTH), Verdict::Warranted));
    assert_eq!((review.mark.at, review.mark.on), (at, on));
    let owed = story.review_owed(emergency);
    assert_eq!((owed.end, owed.state(later)), (Some(DutyEnd::Done(on)), DutyState::MetLate));
}

#[test]
fn the_review_is_owed_by_the_supervisor_unless_it_had_a_part() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    assert_eq!(story.review_owed(emergency).owed_by, id(AUTHORITY), "there is no supervisor");
    for (supervisor, owes) in [(HEALTH, HEALTH), (FINANCE, AUTHORITY), (CIVIL, AUTHORITY)] {
        let agencies = [id(supervisor)].into();
        story.pass(Measure::Appoint { office: Office::Supervisor, agencies });
        assert_eq!(story.review_owed(emergency).owed_by, id(owes), "{supervisor}");
    }
}

#[test]
fn the_review_is_owed_by_whom_the_members_named_for_it_unless_it_had_a_part() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let agencies = [id(HEALTH)].into();
    story.pass(Measure::Appoint { office: Office::Supervisor, agencies });
    let appointed: [(&[&str], &str); 4] = [
        // In the order of their names, the first that had no part.
        (&[CIVIL, FINANCE, HEALTH], HEALTH),
        (&[HEALTH], HEALTH),
        // Nobody without a part was named: it is the supervisor's.
        (&[CIVIL], HEALTH),
        (&[AUTHORITY, CIVIL, FINANCE], HEALTH),
    ];
    for (reviewers, owes) in appointed {
        story.reviewed_by(Office::EmergencyReviewer, reviewers);
        assert_eq!(story.review_owed(emergency).owed_by, id(owes), "{reviewers:?}");
    }
    // Before the supervisor comes who was named for it.
    let agencies = [id(FINANCE)].into();
    story.pass(Measure::Appoint { office: Office::Supervisor, agencies });
    assert_eq!(
        story.review_owed(emergency).owed_by,
        id(AUTHORITY),
        "all that were named had a part"
    );
    story.reviewed_by(Office::EmergencyReviewer, &[CIVIL, HEALTH]);
    assert_eq!(story.review_owed(emergency).owed_by, id(HEALTH));
    // Who has left owes nothing any longer.
    story.pass(removal(HEALTH));
    assert_eq!(story.review_owed(emergency).owed_by, id(AUTHORITY));
}

#[test]
fn only_a_ballot_lets_an_emergency_go_on() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let first = story.emergency(emergency).until;
    let until = first.plus(24 * HOUR_MS);
    let on = story.now.plus(2_000);
    let at = story.pass(Measure::RenewEmergency { emergency, until });
    let found = story.emergency(emergency);
    assert_eq!((found.until, found.terms.until), (until, first));
    let [renewal] = found.renewals.as_slice() else { panic!("{:?}", found.renewals) };
    assert_eq!((renewal.mark.at, renewal.mark.on, renewal.until), (at, on, until));
    assert_eq!(found.state(first), EmergencyState::InForce);
    // One that has run out is in force again.
    story.pass_until(until.plus(HOUR_MS));
    assert_eq!(story.emergency(emergency).state(story.now), EmergencyState::AwaitingReview);
    let again = story.now.plus(MAX_EMERGENCY_MS);
    story.pass(Measure::RenewEmergency { emergency, until: again });
    assert_eq!(story.emergency(emergency).state(story.now), EmergencyState::InForce);
}

#[test]
fn what_cannot_be_renewed_is_refused_and_passes_nothing() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    let until = story.emergency(emergency).until;
    let latest = story.now.plus(MAX_EMERGENCY_MS);
    let unfit_renewals = [until, TimeMs(until.0 - 1), latest.plus(1), TimeMs(0)];
    for until in unfit_renewals {
        let record = story.proposing(AUTHORITY, Measure::RenewEmergency { emergency, until });
        assert_eq!(story.check(&record), Err(unfit(MeasureFault::Emergency)), "{until}");
    }
    let unknown = EmergencyId(LogIndex(0));
    let measure = Measure::RenewEmergency { emergency: unknown, until: latest };
    let record = story.proposing(AUTHORITY, measure);
    let refusal = refused(EmergencyRefusal::EmergencyUnknown { emergency: unknown });
    assert_eq!(story.check(&record), Err(refusal));
    // What its declarer ended stays so.
    story.over(emergency);
    let measure = Measure::RenewEmergency { emergency, until: latest };
    let record = story.proposing(AUTHORITY, measure);
    assert_eq!(story.check(&record), Err(unfit(MeasureFault::Emergency)));
}

#[test]
fn an_emergency_is_renewed_a_bounded_number_of_times() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    for _ in 0..MAX_RENEWALS {
        let until = story.emergency(emergency).until.plus(HOUR_MS);
        story.pass(Measure::RenewEmergency { emergency, until });
    }
    let until = story.emergency(emergency).until.plus(HOUR_MS);
    let record = story.proposing(AUTHORITY, Measure::RenewEmergency { emergency, until });
    assert_eq!(story.check(&record), Err(unfit(MeasureFault::Emergency)));
}

#[test]
fn one_long_over_is_not_renewed_but_declared_anew() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    story.pass_until(story.emergency(emergency).until.plus(MAX_EMERGENCY_MS));
    let until = story.now.plus(HOUR_MS);
    let record = story.proposing(AUTHORITY, Measure::RenewEmergency { emergency, until });
    assert_eq!(story.check(&record), Err(unfit(MeasureFault::Emergency)));
    let terms = story.flood();
    let record = story.declares(terms);
    let anew = EmergencyId(story.commit(vec![record]));
    assert_eq!(story.emergency(anew).state(story.now), EmergencyState::InForce);
}

#[test]
fn others_may_ask_and_other_data_may_be_opened_at_the_same_time() {
    let (mut story, _) = Story::with_grant(terms());
    story.flooded();
    let for_health = EmergencyTerms { requesters: [id(HEALTH)].into(), ..story.flood() };
    let record = story.declares(for_health);
    assert_eq!(story.check(&record), Ok(()));
    let agencies = [id(HEALTH)].into();
    let scope = EmergencyScope { datasets: BTreeSet::new(), agencies };
    let of_health = EmergencyTerms { scope, ..story.flood() };
    let record = story.declares(of_health);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn no_declarer_uses_up_what_all_have_and_all_together_are_bounded() {
    let declarers = MAX_RECENT / MAX_RECENT_OF_ONE + 1;
    let mut story = crowd(declarers);
    let holders = (0..declarers).map(|number| id(&crowd_name(number))).collect();
    appoint_of_crowd(&mut story, declarers, holders);
    let mut refusals = Vec::new();
    for number in 0..=MAX_RECENT {
        let declarer = number / MAX_RECENT_OF_ONE;
        let action = Action::DeclareEmergency { terms: numbered(&mut story, number) };
        let key = crowd_secret(declarer, KeyRole::Steward);
        let name = crowd_name(declarer);
        let record = story.draft_by(&name, KeyRole::Steward, key, action).verified();
        match story.attempted(record) {
            Ok(_) => {}
            Err(refusal) => refusals.push((number, refusal)),
        }
    }
    let limit = MAX_RECENT as u64;
    assert_eq!(refusals, [(MAX_RECENT, refused(EmergencyRefusal::TooManyEmergencies { limit }))]);
    // Days later there is room again.
    story.pass_until(story.now.plus(2 * MAX_EMERGENCY_MS));
    let action = Action::DeclareEmergency { terms: numbered(&mut story, MAX_RECENT) };
    let key = crowd_secret(0, KeyRole::Steward);
    let record = story.draft_by(&crowd_name(0), KeyRole::Steward, key, action).verified();
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn however_emergencies_are_declared_nothing_is_open_longer_than_three_days_without_a_ballot() {
    for seed in 0..12 {
        let mut chance = Chance(seed);
        let (mut story, _) = Story::with_grant(terms());
        story.appointed();
        let mut spans: Vec<(TimeMs, TimeMs)> = Vec::new();
        for _ in 0..40 {
            story.now = story.now.plus(chance.next() % (30 * HOUR_MS));
            let mut declared = story.flood();
            declared.until = story.now.plus(1 + chance.next() % (80 * HOUR_MS));
            if chance.below(3) == 0 {
                declared.scope =
                    EmergencyScope { datasets: [].into(), agencies: [id(CIVIL)].into() };
            }
            if chance.below(2) == 0 {
                declared.requesters.insert(id(HEALTH));
            }
            let (from, until) = (story.now, declared.until);
            let record = story.declares(declared);
            if story.attempted(record).is_ok() {
                spans.push((from, until));
            }
        }
        assert!(spans.len() > 1, "seed {seed}");
        for pair in spans.windows(2) {
            let ((from, until), (next, _)) = (pair[0], pair[1]);
            assert!(until.0 - from.0 <= MAX_EMERGENCY_MS);
            assert!(next.0 >= until.0 + MAX_EMERGENCY_MS, "seed {seed}");
        }
    }
}

#[test]
fn every_member_is_involved_or_may_review() {
    let (mut story, _) = Story::with_grant(terms());
    let emergency = story.flooded();
    story.over(emergency);
    let found = story.emergency(emergency);
    for member in MEMBERS {
        let record = story.judging(member, KeyRole::Steward, emergency);
        assert_eq!(story.check(&record).is_ok(), !found.involves(&id(member)), "{member}");
    }
}
