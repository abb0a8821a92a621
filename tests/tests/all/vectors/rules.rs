//! Records judged on the state after the chain of the vectors, some after others in their block.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::access::AccessRefusal;
use comity_core::apply::{Position, accesses, apply};
use comity_core::duty::{self, Duty, DutyObject};
use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use comity_core::ids::{DrawId, IncidentId, LogIndex, TimeMs};
use comity_core::ledger::Ledger;
use comity_core::refusal::Refusal;
use comity_core::rule_pack::RulePack;
use comity_core::state::{self, Changes, Overlay, StateRead};
use comity_core::statement::{Action, VerifiedRecord};
use serde::Deserialize;
use serde_json::Value;

use super::chain::replay;
use super::{Hex, Vectors};

/// Rules that the ledger and the evaluation of attempts have.
const RULES: usize = 273;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    genesis: Genesis,
    consortium: ConsortiumId,
    archive: Hex,
}

/// A record and the time at which it is judged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Earlier {
    time: TimeMs,
    record: Hex,
}

/// What an object makes owed after some records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Owed {
    what: String,
    object: Maker,
    index: LogIndex,
    before: Vec<Earlier>,
    duties: Vec<Duty>,
}

/// What makes duties: what they are about; an incident, whose duties are about undertakings; or a draw,
/// whose duties are about what was drawn.
#[derive(Deserialize)]
#[serde(untagged)]
enum Maker {
    Incident { incident: IncidentId },
    Draw { draw: DrawId },
    Object(DutyObject),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedOfDuties {
    genesis: Genesis,
    consortium: ConsortiumId,
    archive: Hex,
    /// What rules where no pack was published.
    plain: RulePack,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    what: String,
    time: TimeMs,
    index: LogIndex,
    /// Records that take the places from `index` on, before this one.
    before: Vec<Earlier>,
    record: Hex,
    refusal: Option<Value>,
    /// Of a record of an access: what evaluation says, whoever may record it.
    evaluation: Option<Value>,
    /// What the state gets, in hexadecimal, where the record is accepted.
    puts: Option<BTreeMap<String, Hex>>,
}

pub(super) fn check(vectors: &Vectors) {
    let Shared { genesis, consortium, archive } = vectors.shared();
    let ledger = replay(&genesis, &archive.0);
    let mut seen = BTreeSet::new();
    vectors.each(|case: Judged| {
        let what = &case.what;
        let changes = after(&ledger, &consortium, case.index, &case.before, what);
        let index = LogIndex(case.index.0 + case.before.len() as u64);
        let at = Position { index, time: case.time };
        let ledger = Overlay { below: &ledger, changes: &changes };
        let record = VerifiedRecord::verify(&case.record.0, &consortium).unwrap();
        let judged = apply(&ledger, at, &record);
        let refusal = judged.as_ref().err().map(|refusal| serde_json::to_value(refusal).unwrap());
        assert_eq!(refusal, case.refusal, "{what}");
        if let Err(refusal) = &judged {
            assert_eq!(case.refusal.as_ref().unwrap()["rule"], refusal.rule(), "{what}");
            let read = Refusal::deserialize(case.refusal.as_ref().unwrap()).unwrap();
            assert_eq!(serde_json::to_value(read).ok(), case.refusal, "{what}, read and written");
            seen.insert(refusal.rule());
        }
        let evaluated = check_evaluation(&ledger, at, &record, judged.as_ref().err());
        let rendered = evaluated.as_ref().map(|refusal| serde_json::to_value(refusal).unwrap());
        assert_eq!(rendered, case.evaluation, "{what}");
        seen.extend(evaluated.map(|refusal| refusal.rule()));
        let puts = judged.ok().map(|changes| {
            let puts = changes.puts.into_iter();
            puts.map(|(key, value)| (hex::encode(key), Hex(value))).collect()
        });
        assert_eq!(puts, case.puts, "{what}");
    });
    assert_eq!(seen.len(), RULES, "every rule refuses something: {seen:?}");
}

/// What records change that take the places from `index` on.
fn after(
    ledger: &Ledger,
    consortium: &ConsortiumId,
    index: LogIndex,
    records: &[Earlier],
    what: &str,
) -> Changes {
    let mut changes = Changes::default();
    for (number, Earlier { time, record }) in (index.0..).zip(records) {
        let at = Position { index: LogIndex(number), time: *time };
        let record = VerifiedRecord::verify(&record.0, consortium).unwrap();
        let further = apply(&Overlay { below: ledger, changes: &changes }, at, &record);
        changes.extend(further.expect(what));
    }
    changes
}

pub(super) fn check_duties(vectors: &Vectors) {
    let SharedOfDuties { genesis, consortium, archive, plain } = vectors.shared();
    assert_eq!(RulePack::plain(), plain);
    let ledger = replay(&genesis, &archive.0);
    vectors.each(|case: Owed| {
        let changes = after(&ledger, &consortium, case.index, &case.before, &case.what);
        let state = Overlay { below: &ledger, changes: &changes };
        let found = match &case.object {
            Maker::Incident { incident } => {
                duty::of_incident(&state, &state::incident(&state, *incident).unwrap())
            }
            Maker::Object(DutyObject::Request(id)) => {
                duty::of_request(&state, &state::request(&state, *id).unwrap())
            }
            Maker::Object(DutyObject::Grant(id)) => {
                duty::of_grant(&state, &state::grant(&state, *id).unwrap())
            }
            Maker::Object(DutyObject::Dataset(id)) => {
                duty::of_dataset(&state, &state::dataset(&state, id).unwrap())
            }
            Maker::Object(DutyObject::Check(id)) => {
                duty::of_check(&state, &state::check_request(&state, *id).unwrap())
            }
            Maker::Object(DutyObject::Dispute(id)) => {
                duty::of_dispute(&state, &state::dispute(&state, *id).unwrap())
            }
            Maker::Object(DutyObject::Emergency(id)) => {
                duty::of_emergency(&state, &state::emergency(&state, *id).unwrap())
            }
            Maker::Object(DutyObject::EmergencyAccess { emergency, access }) => {
                let found = state::emergency_access(&state, *emergency, *access).unwrap();
                let duty = duty::of_emergency_access(&state, *emergency, *access, &found);
                duty.into_iter().collect()
            }
            Maker::Draw { draw } => duty::of_draw(&state, &state::draw(&state, *draw).unwrap()),
            Maker::Object(DutyObject::Finding(id)) => {
                duty::of_finding(&state, &state::finding(&state, *id).unwrap())
            }
            Maker::Object(DutyObject::Assessment(id)) => {
                duty::of_assessment(&state, &state::assessment(&state, *id).unwrap())
            }
            Maker::Object(object) => panic!("{object:?} is a grant's"),
        };
        assert_eq!(found, case.duties, "{}", case.what);
    });
}

/// What the API answers to a question about an attempt is what its record would meet.
fn check_evaluation(
    ledger: &impl StateRead,
    at: Position,
    record: &VerifiedRecord,
    refusal: Option<&Refusal>,
) -> Option<AccessRefusal> {
    let Action::RecordAccess { attempt, .. } = &record.statement().action else { return None };
    let evaluated: Option<AccessRefusal> = accesses::evaluate(ledger, at, &attempt.attempt).err();
    match refusal {
        None => assert_eq!(evaluated, None),
        Some(Refusal::Access(due)) => assert_eq!(evaluated.as_ref(), Some(due)),
        Some(_) => {}
    }
    evaluated
}
