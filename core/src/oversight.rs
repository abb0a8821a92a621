//! Oversight: draws 双随机 that nobody can steer, and findings 审计发现 that are answered.
//! Holds: what was asked, drawn and found never changes; each power has an office that reviews it.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Oversight".

mod draw;
mod finding;

pub use draw::{
    Commit, DRAW_PHASE_MS, Draw, DrawRange, DrawState, Drawn, DrawnReview, DrawnVerdict, MAX_DRAWN,
    MAX_RANGES, MIN_COMMITTED, Reveal, draw_commitment,
};
pub use finding::{Finding, FindingAbout, FindingAnswer, FindingClosure, FindingOutcome, Power};
