//! What check requests, incidents, draws, findings and assessments need of a bundle: each entry its object, each object every entry
//! that it names, and no other act in its place.

use std::collections::BTreeMap;

use comity_core::agency::KeyRole;
use comity_core::assessment::{Assessment, AssessmentKind, AssessmentTerms, FollowUp};
use comity_core::check_request::{
    CheckAnswer, CheckOutcome, CheckRequest, CheckTerms, Correction, Handover, HandoverEnd,
};
use comity_core::codes::CodeList;
use comity_core::dataset::Items;
use comity_core::duty::Mark;
use comity_core::hash::{ConsortiumId, DrawCommitment, DrawSecret, ReportHash};
use comity_core::ids::{
    AssessmentId, CheckId, DrawId, FindingId, GrantId, IncidentId, LogIndex, Nonce, TimeMs,
};
use comity_core::incident::{Closure, Incident, IncidentTerms};
use comity_core::keys::SecretKey;
use comity_core::oversight::{
    Commit, Draw, DrawRange, DrawnReview, DrawnVerdict, Finding, FindingAbout, FindingAnswer,
    FindingClosure, FindingOutcome, Reveal,
};
use comity_core::state::StateKey;
use comity_core::statement::{Action, Capacity, Statement, StatementSigner};

use super::super::closure::{Place, is_act, of_entry, of_object, positions};
use super::super::objects::Held;

const CHECK: CheckId = CheckId(LogIndex(3));
const INCIDENT: IncidentId = IncidentId(LogIndex(3));
const GRANT: GrantId = GrantId(LogIndex(1));
const DRAW: DrawId = DrawId(LogIndex(3));
const FINDING: FindingId = FindingId(LogIndex(3));

fn mark(at: u64) -> Mark {
    Mark { at: LogIndex(at), on: TimeMs(at) }
}

fn text<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

/// A check with all that can happen to one, and its acts by their entries.
fn check() -> (Held, BTreeMap<u64, Action>) {
    let terms = CheckTerms {
        dataset: text("civil.gd/marriages"),
        items: Items::All,
        grant: Some(GRANT.into()),
        asked: text("civil.gd"),
        claim: text("wrong"),
    };
    let outcome = CheckOutcome::Upheld { from: TimeMs(1), to: TimeMs(2), correction: text("so") };
    let handover = |to: &str, offered, end| Handover {
        to: text(to),
        reason: text("why"),
        offered: mark(offered),
        end: Some(end),
    };
    let declined = handover("tax.gd", 4, HandoverEnd::Declined(mark(5)));
    let accepted = handover("health.gd", 6, HandoverEnd::Accepted(mark(7)));
    let held = CheckRequest {
        terms: terms.clone(),
        opened_by: text("tax.gd"),
        opener: SecretKey::from_seed(&[1; 32]).public(),
        opened: mark(3),
        handovers: vec![declined, accepted],
        answer: Some(CheckAnswer { given: mark(8), outcome: outcome.clone() }),
        corrected: Some(Correction { made: mark(9), note: text("done") }),
        earlier: vec![],
    };
    let check = CHECK;
    let offer = |to| Action::OfferHandover { check, to: text(to), reason: text("why") };
    let acts = [
        (3, Action::OpenCheck { terms }),
        (4, offer("tax.gd")),
        (5, Action::DeclineHandover { check }),
        (6, offer("health.gd")),
        (7, Action::AcceptHandover { check }),
        (8, Action::AnswerCheck { check, outcome }),
        (9, Action::ReportCorrection { check, note: text("done") }),
    ];
    (Held::Check(check, held), acts.into())
}

fn incident() -> (Held, BTreeMap<u64, Action>) {
    let terms = IncidentTerms {
        datasets: [text("civil.gd/marriages")].into(),
        grants: [GRANT].into(),
        since: TimeMs(1),
        found: TimeMs(2),
        nature: text("lost"),
    };
    let held = Incident {
        terms: terms.clone(),
        reported_by: text("civil.gd"),
        reported: mark(3),
        updates: 1,
        updated: Some(mark(4)),
        closed: Some(Closure { on: mark(5), measures: text("found") }),
    };
    let incident = INCIDENT;
    let acts = [
        (3, Action::ReportIncident { terms }),
        (4, Action::UpdateIncident { incident, note: text("news") }),
        (5, Action::CloseIncident { incident, measures: text("found") }),
    ];
    (Held::Incident(incident, held), acts.into())
}

/// The gateway from whose records is drawn.
fn range() -> DrawRange {
    DrawRange { gateway: SecretKey::from_seed(&[3; 32]).public(), first: 1, last: 9 }
}

fn draw() -> (Held, BTreeMap<u64, Action>) {
    let (commitment, secret) = (DrawCommitment([4; 32]), DrawSecret([5; 32]));
    let verdict = DrawnVerdict::Finding(FINDING);
    let reveal = Some(Reveal { secret, made: mark(5) });
    let held = Draw {
        consortium: ConsortiumId([1; 32]),
        scope: vec![range()],
        providers: vec![text("civil.gd")],
        count: 2,
        opened_by: text("data.gd"),
        opened: mark(3),
        pool: [text("data.gd"), text("tax.gd")].into(),
        commits: [(text("tax.gd"), Commit { commitment, made: mark(4), reveal })].into(),
        reviews: [(2, DrawnReview { verdict, made: mark(6) })].into(),
    };
    let draw = DRAW;
    let acts = [
        (3, Action::OpenDraw { scope: vec![range()], count: 2 }),
        (4, Action::CommitDraw { draw, commitment }),
        (5, Action::RevealDraw { draw, secret }),
        (6, Action::ReportReview { draw, number: 2, verdict }),
    ];
    (Held::Draw(draw, held), acts.into())
}

fn finding() -> (Held, BTreeMap<u64, Action>) {
    let (about, outcome) =
        (FindingAbout::Drawn { draw: DRAW, number: 2 }, FindingOutcome::Remedied);
    let held = Finding {
        agency: text("civil.gd"),
        about,
        text: text("amiss"),
        opened_by: text("tax.gd"),
        opened: mark(3),
        answer: Some(FindingAnswer { given: mark(4), text: text("so it is") }),
        closed: Some(FindingClosure { made: mark(5), outcome, text: text("done") }),
    };
    let finding = FINDING;
    let acts = [
        (3, Action::OpenFinding { agency: text("civil.gd"), about, text: text("amiss") }),
        (4, Action::AnswerFinding { finding, answer: text("so it is") }),
        (5, Action::CloseFinding { finding, outcome, text: text("done") }),
    ];
    (Held::Finding(finding, held), acts.into())
}

fn assessment() -> (Held, BTreeMap<u64, Action>) {
    let terms = AssessmentTerms {
        agency: text("civil.gd"),
        kind: AssessmentKind::Satisfaction,
        matter: Some(text("HOUSING")),
        from: TimeMs(1),
        until: TimeMs(2),
        respondents: Some(412),
        score_permille: 873,
        report: ReportHash([6; 32]),
        text: text("most come once"),
        recommendations: 2,
    };
    let held = Assessment {
        terms: terms.clone(),
        reported_by: text("tax.gd"),
        reported: mark(3),
        followed_up: Some(FollowUp { made: mark(4), text: text("one form") }),
    };
    let assessment = held.id();
    let acts = [
        (3, Action::ReportAssessment { terms }),
        (4, Action::FollowUpAssessment { assessment, text: text("one form") }),
    ];
    (Held::Assessment(assessment, held), acts.into())
}

#[test]
fn an_assessment_needs_its_matter_and_its_entries_the_assessment() {
    let matter = text("HOUSING");
    let (held, acts) = assessment();
    assert_eq!(of_object(&held), [StateKey::code(CodeList::Matters, &matter).to_bytes()]);
    let own = StateKey::Assessment(AssessmentId(LogIndex(3))).to_bytes();
    for (at, action) in acts {
        let kind = action.kind();
        assert!(of_entry(LogIndex(at), &stated(action)).contains(&own), "{kind}");
    }
}

#[test]
fn a_finding_about_an_entry_names_it_whatever_was_done_there() {
    let (Held::Finding(id, finding), acts) = finding() else { unreachable!("a finding") };
    let entry = LogIndex(1);
    let held = Held::Finding(id, Finding { about: FindingAbout::Entry(entry), ..finding });
    assert!(positions(&held).contains(&(Place::About, entry)));
    assert!(acts.values().all(|action| is_act(&held, Place::About, entry, action)));
    assert!(of_object(&held).is_empty());
}

#[test]
fn a_draw_needs_the_gateways_and_what_was_found_and_a_finding_the_draw() {
    let gateway = StateKey::Key(&range().gateway).to_bytes();
    let own = [StateKey::Draw(DRAW).to_bytes(), StateKey::Finding(FINDING).to_bytes()];
    assert_eq!(of_object(&draw().0), [gateway, own[1].clone()]);
    assert_eq!(of_object(&finding().0), [own[0].clone()]);
    for ((_, acts), own) in [draw(), finding()].into_iter().zip(own) {
        for (at, action) in acts {
            let kind = action.kind();
            assert!(of_entry(LogIndex(at), &stated(action)).contains(&own), "{kind}");
        }
    }
}

/// An act, stated by a steward.
fn stated(action: Action) -> Statement {
    let signer = StatementSigner {
        agency: text("civil.gd"),
        key: SecretKey::from_seed(&[2; 32]).public(),
        role: KeyRole::Steward,
        capacity: Capacity::Agency,
    };
    let (consortium, nonce) = (ConsortiumId([1; 32]), Nonce([1; 16]));
    crate::sign::statement(signer, consortium, nonce, TimeMs(9), action)
}

#[test]
fn each_names_every_one_of_its_acts_and_no_other_stands_in_its_place() {
    for (held, acts) in [check(), incident(), draw(), finding(), assessment()] {
        let found = positions(&held);
        let named: Vec<u64> = found.iter().map(|(_, at)| at.0).collect();
        assert_eq!(named, acts.keys().copied().collect::<Vec<_>>());
        for (place, at) in found {
            for (other, action) in &acts {
                let fits = is_act(&held, place, at, action);
                assert_eq!(fits, *other == at.0, "{place:?} at {at}: {}", action.kind());
            }
        }
    }
}

#[test]
fn an_act_on_another_check_or_incident_is_none_of_this_one() {
    let (held, _) = check();
    let check = CheckId(LogIndex(99));
    let outcome = CheckOutcome::Upheld { from: TimeMs(1), to: TimeMs(2), correction: text("so") };
    for (place, at, action) in [
        (Place::Declined, 5, Action::DeclineHandover { check }),
        (Place::Accepted, 7, Action::AcceptHandover { check }),
        (Place::Answered, 8, Action::AnswerCheck { check, outcome }),
        (Place::Corrected, 9, Action::ReportCorrection { check, note: text("done") }),
    ] {
        assert!(!is_act(&held, place, LogIndex(at), &action), "{place:?}");
    }
    let (held, _) = incident();
    let incident = IncidentId(LogIndex(99));
    let news = Action::UpdateIncident { incident, note: text("news") };
    assert!(!is_act(&held, Place::Updated, LogIndex(4), &news));
}

#[test]
fn entries_need_their_object_and_objects_the_data_and_grants_that_they_name() {
    let own = [StateKey::CheckRequest(CHECK).to_bytes(), StateKey::Incident(INCIDENT).to_bytes()];
    let dataset = text("civil.gd/marriages");
    let wanted = [
        StateKey::Dataset(&dataset).to_bytes(),
        StateKey::Grant(GRANT).to_bytes(),
        StateKey::Usage(GRANT).to_bytes(),
    ];
    for ((held, acts), own) in [check(), incident()].into_iter().zip(own) {
        assert_eq!(of_object(&held), wanted);
        for (at, action) in acts {
            let kind = action.kind();
            assert!(of_entry(LogIndex(at), &stated(action)).contains(&own), "{kind}");
        }
    }
}
