//! `comity evidence`: what somebody did, and cases for others to check.
//! Holds: what is exported was verified before; what is verified needs no node.

mod export;
mod gather;
mod list;
mod seeds;
mod stamp;
mod verify;

use crate::args::EvidenceVerb;
use crate::fault::Fault;
use crate::shell::Session;

pub(super) fn run(verb: EvidenceVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        EvidenceVerb::List(args) => list::list(&args, session),
        EvidenceVerb::Export(args) => export::export(&args, session),
        EvidenceVerb::Verify(args) => verify::verify(&args, session),
        EvidenceVerb::Stamp(args) => stamp::stamp(&args, session),
    }
}
