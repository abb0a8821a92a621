//! `comity evidence stamp`: attaches a time stamp of an outside authority to a bundle.
//! Holds: nothing else in the bundle changes; the stamp is of the bundle's own manifest.

use serde_json::json;

use crate::args::StampEvidence;
use crate::bundle::container::{self, MAX_BUNDLE_BYTES};
use crate::bundle::member::Member;
use crate::bundle::stamps::{self, StampFault};
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::Session;

pub(super) fn stamp(args: &StampEvidence, session: &mut Session<'_>) -> Result<(), Fault> {
    let path = args.file.display();
    let limit = MAX_BUNDLE_BYTES as u64;
    let bytes = keys::read_bounded(keys::open(&args.file)?, &args.file, limit)?;
    let bytes = bytes.ok_or_else(|| fault!(Unverified, "bundle-too-large", path = path))?;
    let refused = |error: container::ContainerFault| {
        let rule = format!("container: {}", error.name());
        fault!(Unverified, "bundle-refused", what = error, fault = rule)
    };
    let mut members = container::read(&bytes).map_err(refused)?;
    let limit = Member::Timestamp(1).max_bytes() as u64;
    let token = keys::read_bounded(keys::open(&args.token)?, &args.token, limit)?;
    let no_room = || fault!(Failed, "stamp-no-room", path = path);
    let member =
        stamps::attach(&mut members, token.ok_or_else(no_room)?).map_err(|error| match error {
            StampFault::Other => fault!(Unverified, "stamp-other", path = args.token.display()),
            StampFault::TooMuch => no_room(),
        })?;
    let stamped = container::write(&members).map_err(refused)?;
    keys::write_new(&args.out, &stamped, Readers::Any)?;
    let object = json!({ "file": args.out, "member": member.name() });
    session.result(&object, |_| say!("ok-stamp", path = args.out.display(), member = member))
}
