//! docs/openapi.json against real nodes: what it says is what they do, and the other way round.
//! Holds: every operation is driven and every answer judged; every example validates.
//! May not enter: keywords that the judge of schemas does not know (it refuses them).

mod document;
mod driver;
mod every_kind;
mod every_operation;
mod kept;
mod schema;
