//! What a ledger's objects and entries are found by, how they stand, and the shape in which they are told:
//! for whoever lists them, a node from its view or `comity` from an archive.
//! Holds: everything is derived from a state and a position in it; two that have the same state tell the
//! same.
//! May not enter: where things are kept and in which order they are looked up; rules (they are core's).

mod duties;
mod ended;
mod entries;
mod filters;
mod found;
mod shapes;
mod states;
mod terms;

pub use duties::{DUTY_LETTERS, DutyFilter, DutyFound, duties_of, may_owe};
pub use entries::{EntryFilter, Term};
pub use filters::{
    AssessmentFilter, CheckFilter, DatasetFilter, DisputeFilter, EmergencyFilter, FindingFilter,
    GrantFilter, IncidentFilter, ProposalFilter, RequestFilter, TaskForceFilter,
};
pub use found::{EmergencyFound, GrantFound, ProposalFound, TaskForceFound, dataset_versions};
pub use shapes::{
    AgencyShape, AssessmentShape, CheckShape, DatasetShape, DisputeShape, DrawShape, DutyShape,
    EmergencyShape, EntryShape, FindingShape, GrantShape, IncidentShape, KeyShape, ProposalShape,
    RequestShape, TaskForceShape, VersionShape,
};
pub use states::{
    CheckState, DatasetState, DisputeState, GrantStanding, IncidentState, ProposalState,
    RequestState,
};
pub use terms::terms;
