//! Indicators of collaboration: counts over a verified log, so that anybody who has the log comes to
//! the same figures.
//! Holds: integers only; what is counted is what people are served with, not calls; what cannot be
//! derived from the log is not in it.
//! May not enter: reading files or asking nodes. Source: docs/indicators.md.

mod assessed;
mod facts;
mod figures;
mod groups;
mod measure;
mod objects;
mod quarter;
mod show;
mod sums;
mod waiting;

#[cfg(test)]
mod tests;

pub(crate) use facts::Facts;
pub(crate) use measure::{Moment, Report, measure};
pub(crate) use objects::Objects;
pub(crate) use quarter::{Period, day};
pub(crate) use show::{Header, html, text};
