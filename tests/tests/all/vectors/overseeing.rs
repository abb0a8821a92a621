//! Draws: what agencies commit to, and which records and reviewers follow from what they reveal.

use comity_core::encoding::decode;
use comity_core::hash::{ConsortiumId, DrawCommitment, DrawSecret};
use comity_core::ids::DrawId;
use comity_core::oversight::{Draw, Drawn, draw_commitment};
use comity_core::text::AgencyId;
use serde::Deserialize;

use super::{Hex, Vectors};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    consortium: ConsortiumId,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Case {
    Committed(Committed),
    Taken(Taken),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Committed {
    draw: DrawId,
    agency: AgencyId,
    secret: DrawSecret,
    commitment: DrawCommitment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    what: String,
    value: Hex,
    drawn: Option<Vec<Drawn>>,
}

pub(super) fn check_draws(vectors: &Vectors) {
    let Shared { consortium } = vectors.shared();
    let mut by_two = 0;
    vectors.each(|case: Case| match case {
        Case::Committed(case) => {
            let found = draw_commitment(&consortium, case.draw, &case.agency, &case.secret);
            assert_eq!(found, case.commitment);
        }
        Case::Taken(case) => {
            let draw: Draw = decode(&case.value.0, case.value.0.len()).unwrap();
            assert_eq!(draw.drawn(), case.drawn, "{}", case.what);
            by_two += usize::from(case.drawn.is_some() && draw.commits.len() == 2);
        }
    });
    assert!(by_two > 0, "something is drawn");
}
