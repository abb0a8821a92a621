//! Emergencies with what was asked in them, draws, findings, and assessments.

use std::collections::BTreeMap;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::assessment::{Assessment, AssessmentKind, AssessmentTerms};
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::emergency::{
    Emergency, EmergencyAccess, EmergencyScope, EmergencyTerms, EmergencyUse, MAX_JUSTIFIED,
    MAX_RECENT, MAX_RECENT_OF_ONE,
};
use comity_core::genesis::Params;
use comity_core::grant::Usage;
use comity_core::hash::{DrawCommitment, DrawSecret, ReportHash};
use comity_core::ids::{DrawId, EmergencyId, ExchangeId, FindingId, LogIndex};
use comity_core::oversight::{
    Commit, Draw, DrawRange, Finding, FindingAbout, FindingAnswer, Reveal, draw_commitment,
};
use comity_core::state::{Changes, StateKey};
use comity_core::text::AgencyId;

use super::super::super::founding;
use super::super::town::{AGENCIES, DAY_MS, NOW, REVIEWERS, Town, name, numbered};
use super::{PENDING, Pending, ago, mark};

/// Emergencies in force: all that there may be but one.
const IN_FORCE: u64 = MAX_RECENT as u64 - 1;
/// Records that each draw takes.
pub(in super::super) const DRAWN: u16 = 8;

fn agency(town: &Town, number: u64) -> &AgencyId {
    &town.agencies[usize::try_from(number).unwrap_or_default() % AGENCIES]
}

/// Whose officers may ask in an emergency.
pub(in super::super) fn asks_in(town: &Town, number: u64) -> &AgencyId {
    agency(town, number % IN_FORCE + 1)
}

/// Who declared it.
pub(in super::super) fn declared(town: &Town, number: u64) -> &AgencyId {
    agency(town, number % IN_FORCE / MAX_RECENT_OF_ONE as u64)
}

/// Who declares the next one: no other has room for it.
pub(in super::super) fn declares(town: &Town) -> &AgencyId {
    agency(town, IN_FORCE / MAX_RECENT_OF_ONE as u64)
}

/// An emergency in force, by its number.
pub(in super::super) fn in_force(number: u64) -> EmergencyId {
    EmergencyId(Pending::Emergency.at(number % IN_FORCE, 0))
}

/// What is declared of one dataset for one agency.
pub(in super::super) fn flood(
    dataset: &comity_core::ids::DatasetId,
    requester: &AgencyId,
) -> EmergencyTerms {
    EmergencyTerms {
        scope: EmergencyScope { datasets: [dataset.clone()].into(), agencies: [].into() },
        requesters: [requester.clone()].into(),
        matter: name("LOW-INCOME-CHECK"),
        until: NOW.plus(DAY_MS),
        reason: name("The river is over its banks"),
    }
}

fn emergency(town: &Town, number: u64) -> Emergency {
    let dataset = &town.datasets[usize::try_from(number).unwrap_or_default()];
    let terms = flood(dataset, asks_in(town, number));
    let declared_at = in_force(number).0;
    Emergency {
        until: terms.until,
        terms,
        declared_by: declared(town, number).clone(),
        declared_at,
        declared_on: ago(1),
        renewals: Vec::new(),
        ended: None,
        reviews: Vec::new(),
    }
}

/// The entries that recorded the accesses in an emergency: as many as one statement justifies.
pub(in super::super) fn accesses(number: u64) -> impl Iterator<Item = LogIndex> {
    let count = MAX_JUSTIFIED as u64;
    let first = 60_000 + number % IN_FORCE * count;
    (first..first + count).map(LogIndex)
}

/// What an officer asks in an emergency.
pub(in super::super) fn attempt(town: &Town, number: u64) -> SignedAttempt {
    let requester = asks_in(town, number);
    let officer = founding::secret(town.place_of(requester), KeyRole::Officer);
    let place = usize::try_from(number % IN_FORCE).unwrap_or_default();
    let attempt = Attempt {
        consortium: town.consortium,
        exchange: ExchangeId(numbered(number)),
        grant: in_force(number).into(),
        dataset: town.datasets[place].clone(),
        requester: requester.clone(),
        officer: officer.public(),
        matter: name("LOW-INCOME-CHECK"),
        items: Items::Only([name("grade")].into()),
        mode: DeliveryMode::Query,
        made_at: NOW,
        valid_until: NOW.plus(60_000),
        sealed: vec![],
        batch: None,
        capacity: Default::default(),
    };
    SignedAttempt { signature: officer.sign_attempt(&attempt), attempt }
}

/// The emergencies in force, with what was asked in them.
pub(super) fn put_emergencies(town: &Town, changes: &mut Changes) {
    let day = ago(1).day(Params::default().day_offset_minutes);
    for number in 0..IN_FORCE {
        let (id, requester) = (in_force(number), asks_in(town, number));
        changes.put(&StateKey::Emergency(id), &emergency(town, number));
        let count = MAX_JUSTIFIED as u64;
        let usage = Usage { total: count, day, on_day: count, onward: 0 };
        let entries = u32::try_from(count).unwrap_or(u32::MAX);
        let used = EmergencyUse { usage, entries, justified: 0 };
        changes.put(&StateKey::EmergencyUse(id, requester), &used);
        let (requester, on) = (requester.clone(), ago(1));
        let recorded = EmergencyAccess { requester, on, justified: None, late: None };
        for access in accesses(number) {
            changes.put(&StateKey::EmergencyAccess(id, access), &recorded);
        }
    }
    let ids: Vec<EmergencyId> = (0..IN_FORCE).map(in_force).collect();
    changes.put(&StateKey::RecentEmergencies, &ids);
}

/// Those who review stewards.
pub(in super::super) fn reviewers(town: &Town) -> &[AgencyId] {
    town.agencies.get(..REVIEWERS).unwrap_or_default()
}

/// The gateway of one of the first agencies, up to its last number.
pub(in super::super) fn range(town: &Town, number: u64) -> DrawRange {
    let place = usize::try_from(number).unwrap_or_default() % REVIEWERS;
    let gateway = founding::secret(place, KeyRole::Gateway).public();
    let last = town.numbered.get(place).copied().unwrap_or_default();
    DrawRange { gateway, first: 1, last }
}

/// The secret of each in every draw.
pub(in super::super) const SECRET: DrawSecret = DrawSecret([5; 32]);

/// To what each commits.
pub(in super::super) fn commitment(town: &Town, draw: DrawId, by: &AgencyId) -> DrawCommitment {
    draw_commitment(&town.consortium, draw, by, &SECRET)
}

/// A draw as it stands.
pub(in super::super) fn draw(town: &Town, number: u64, pending: Pending) -> Draw {
    let (at, days) = match pending {
        Pending::CommittingDraw => (pending.at(number, 0), 1),
        Pending::RevealingDraw => (pending.at(number, 0), 3),
        _ => (pending.at(number, 0), 10),
    };
    let made = mark(pending.at(number, 1), days);
    let revealed = (pending == Pending::Drawn).then_some(Reveal { secret: SECRET, made });
    let commits = reviewers(town).iter().map(|by| {
        let commitment = commitment(town, DrawId(at), by);
        (by.clone(), Commit { commitment, made, reveal: revealed })
    });
    let place = usize::try_from(number).unwrap_or_default() % REVIEWERS;
    let gateway = founding::secret(place, KeyRole::Gateway).public();
    Draw {
        consortium: town.consortium,
        scope: vec![DrawRange { gateway, first: 1, last: 1_000 }],
        providers: vec![town.agencies[place].clone()],
        count: DRAWN,
        opened_by: town.agencies[0].clone(),
        opened: mark(at, days),
        pool: reviewers(town).iter().cloned().collect(),
        commits: match pending {
            Pending::CommittingDraw => BTreeMap::new(),
            _ => commits.collect(),
        },
        reviews: BTreeMap::new(),
    }
}

/// Who has to answer a finding.
pub(in super::super) fn found_against(town: &Town, number: u64) -> &AgencyId {
    agency(town, 1 + number % (PENDING - 1))
}

/// One of each kind but the emergencies in force.
pub(super) fn put(town: &Town, number: u64, changes: &mut Changes) {
    let declared_at = Pending::PastEmergency.at(number, 0);
    let (declared_on, until) = (ago(30), ago(28));
    // None of those that are listed.
    let mut past = Emergency { declared_at, declared_on, until, ..emergency(town, number) };
    past.terms.until = until;
    changes.put(&StateKey::Emergency(EmergencyId(declared_at)), &past);
    for pending in [Pending::CommittingDraw, Pending::RevealingDraw, Pending::Drawn] {
        let draw = draw(town, number, pending);
        changes.put(&StateKey::Draw(draw.id()), &draw);
    }
    let finding = Finding {
        agency: found_against(town, number).clone(),
        about: FindingAbout::Entry(LogIndex(number)),
        text: name("No basis stands beside it"),
        opened_by: town.agencies[0].clone(),
        opened: mark(Pending::Finding.at(number, 0), 5),
        answer: None,
        closed: None,
    };
    changes.put(&StateKey::Finding(FindingId(finding.opened.at)), &finding);
    let given = mark(Pending::AnsweredFinding.at(number, 1), 3);
    let answer = FindingAnswer { given, text: name("It stands in the letter") };
    let opened = mark(Pending::AnsweredFinding.at(number, 0), 5);
    let answered = Finding { opened, answer: Some(answer), ..finding };
    changes.put(&StateKey::Finding(FindingId(opened.at)), &answered);
    let terms = assessed(town, number);
    let reported = mark(Pending::Assessment.at(number, 0), 5);
    let reported_by = town.agencies[0].clone();
    let assessment = Assessment { terms, reported_by, reported, followed_up: None };
    changes.put(&StateKey::Assessment(assessment.id()), &assessment);
    let filed = StateKey::Reported(&assessment.reported_by, &assessment.terms);
    changes.put(&filed, &assessment.id());
}

/// What is reported of an agency; each number is another report.
pub(in super::super) fn assessed(town: &Town, number: u64) -> AssessmentTerms {
    let mut report = [7; 32];
    report[..8].copy_from_slice(&number.to_be_bytes());
    AssessmentTerms {
        agency: found_against(town, number).clone(),
        kind: AssessmentKind::Satisfaction,
        matter: town.matters.first().cloned(),
        from: ago(90),
        until: ago(10),
        respondents: Some(412),
        score_permille: 873,
        report: ReportHash(report),
        text: name("Most come once"),
        recommendations: 2,
    }
}
