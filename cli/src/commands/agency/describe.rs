//! `comity agency describe`: the file by which a hosted member is admitted.
//! Holds: every admin card proves possession for this consortium and this agency.
//! May not enter: a private key.

use comity_core::agency::{Agency, Standing};
use comity_core::genesis::GenesisMember;
use serde_json::json;

use crate::args::DescribeAgency;
use crate::client::Status;
use crate::commands::key::json_bytes;
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::time::{self, Edge};

pub(super) fn describe(args: DescribeAgency, session: &mut Session<'_>) -> Result<(), Fault> {
    let status: Status = session.client()?.get("/v1/status")?;
    let expected = status.consortium;
    let now = session.shell.now();
    let until = time::instant(&args.until, Edge::End, &session.shell.zone, now)?;
    let mut admins = Vec::new();
    for path in &args.admin_card {
        let card = keys::load_card(path)?;
        if card.consortium != expected {
            let found = card.consortium;
            return Err(fault!(
                Failed,
                "card-other-consortium",
                found = found,
                expected = expected
            ));
        }
        if card.agency != args.agency {
            let (found, expected) = (card.agency, args.agency);
            return Err(fault!(Failed, "card-other-member", found = found, expected = expected));
        }
        admins.push(card.into_genesis_key());
    }
    let agency = Agency {
        id: args.agency,
        name: args.name.clone(),
        level: args.level,
        region: args.region,
        kind: args.kind,
        superior: args.superior,
        authority: args.authority,
        // It has no node; whoever asks who operates it is told itself.
        operated_by: args.name,
        standing: Standing::Hosted { sponsor: args.sponsor, until },
        sponsor: None,
    };
    let member = GenesisMember { agency, keys: admins };
    member
        .check_keys()
        .map_err(|e| fault!(Failed, "member-unfit", path = args.out.display(), cause = e))?;
    keys::write_new(&args.out, &json_bytes(&member), Readers::Any)?;
    let object = json!({ "member_file": args.out, "agency": member.agency.id });
    session.result(&object, |_| {
        say!("ok-agency-described", agency = member.agency.id, path = args.out.display())
    })
}
