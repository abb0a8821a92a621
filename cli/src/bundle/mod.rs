//! Evidence bundles: one file with everything a stranger needs to check a case.
//! Holds: a bundle is what its proofs show; the same contents make the same bytes.
//! May not enter: asking a node, files. Source: docs/formats.md, "Evidence bundles".

pub(crate) mod assemble;
mod checks;
pub(crate) mod closure;
pub(crate) mod container;
pub(crate) mod contents;
mod crc;
pub(crate) mod judging;
pub(crate) mod manifest;
pub(crate) mod member;
pub(crate) mod objects;
pub(crate) mod report;
pub(crate) mod stamps;
pub(crate) mod summary;
#[cfg(test)]
mod tests;
pub(crate) mod timestamp;
pub(crate) mod verify;
