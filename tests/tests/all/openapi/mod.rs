//! docs/openapi.json against real nodes: what it says is what they do, and the other way round.
//! Holds: every operation is driven and every answer judged; every example validates.
//! May not enter: keywords that the judge of schemas does not know (it refuses them).

mod checks;
mod document;
mod driver;
mod emergencies;
mod every_kind;
mod every_operation;
mod kept;
mod overseeing;
mod rules_of_sharing;
mod schema;
mod task_forces;
