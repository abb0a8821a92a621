//! `comity audit`: an auditor's own copy, what different nodes show, and what gateways logged.
//! Holds: nothing is believed of a node that is not proven by the genesis and certificates.

mod alerts;
mod compare;
mod copy;
mod disclosed;
mod frames;
mod gateway_log;
mod matching;
mod reconcile;
mod saved;
mod summary;
mod sync;
mod unmatched;
mod verified;
mod watching;

pub(super) use copy::Copy;
pub(super) use frames::{Frames, each_entry_of};

use crate::args::AuditVerb;
use crate::fault::{Exit, Fault};
use crate::shell::Session;

pub(super) fn run(verb: &AuditVerb, session: &mut Session<'_>) -> Result<Exit, Fault> {
    match verb {
        AuditVerb::Sync(args) => sync::run(args, session),
        AuditVerb::Compare(args) => compare::run(args, session),
        AuditVerb::Reconcile(args) => reconcile::run(args, session),
        AuditVerb::Unmatched(args) => unmatched::run(args, session),
        AuditVerb::Alerts(args) => alerts::run(args, session),
        AuditVerb::Summary(args) => summary::run(args, session),
    }
}
