//! Records judged on the state after the chain of the vectors, some after others in their block.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::access::AccessRefusal;
use comity_core::apply::{Position, accesses, apply};
use comity_core::genesis::Genesis;
use comity_core::hash::ConsortiumId;
use comity_core::ids::{LogIndex, TimeMs};
use comity_core::refusal::Refusal;
use comity_core::state::{Changes, Overlay, StateRead};
use comity_core::statement::{Action, VerifiedRecord};
use serde::Deserialize;
use serde_json::Value;

use super::chain::replay;
use super::{Hex, Vectors};

/// Rules that the ledger and the evaluation of attempts have.
const RULES: usize = 67 + 29;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    genesis: Genesis,
    consortium: ConsortiumId,
    archive: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    what: String,
    time: TimeMs,
    index: LogIndex,
    /// Records that take the places from `index` on, before this one.
    before: Vec<Hex>,
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
        let verify = |bytes: &Hex| VerifiedRecord::verify(&bytes.0, &consortium).unwrap();
        let mut at = Position { index: case.index, time: case.time };
        let mut changes = Changes::default();
        for earlier in &case.before {
            let ledger = Overlay { below: &ledger, changes: &changes };
            let further = apply(&ledger, at, &verify(earlier)).expect(what);
            changes.extend(further);
            at.index.0 += 1;
        }
        let ledger = Overlay { below: &ledger, changes: &changes };
        let record = verify(&case.record);
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

/// What the API answers to a question about an attempt is what its record would meet.
fn check_evaluation(
    ledger: &impl StateRead,
    at: Position,
    record: &VerifiedRecord,
    refusal: Option<&Refusal>,
) -> Option<AccessRefusal> {
    let Action::RecordAccess { attempt } = &record.statement().action else { return None };
    let evaluated: Option<AccessRefusal> = accesses::evaluate(ledger, at, &attempt.attempt).err();
    match refusal {
        None => assert_eq!(evaluated, None),
        Some(Refusal::Access(due)) => assert_eq!(evaluated.as_ref(), Some(due)),
        Some(_) => {}
    }
    evaluated
}
