//! Steps 1 to 3: the members, their keys, and a dataset. Step 6: an access.

use crate::api::Status;
use crate::failure::DevnetError;
use crate::page::row;

use super::stage::{Shown, Stage, entry_in};

/// What the health bureau publishes: a description, not data.
const DATASET: &str = "\
id = \"health.gz/disability-register\"
title = \"Disability assessment register\"
summary = \"One entry for each person whose disability was assessed, since 2009.\"
sharing = \"conditional\"
conditions = \"Only to check a person's own application, with that person's consent.\"
openness = \"closed\"
grade = \"general\"
modes = [\"verify\", \"query\"]
contact = \"Assessment Office, duty desk\"

[[items]]
name = \"assessment grade\"
kind = \"text\"

[[items]]
name = \"valid until\"
kind = \"date\"

[[items]]
name = \"diagnosis\"
kind = \"text\"
";
/// The terms of the grants that the story's steward issues unasked.
pub(super) const GRANT: &str = "grant issue --dataset health.gz/disability-register \
     --to civil.th --matter LOW-INCOME-CHECK --basis SOCIAL-SUPPORT-RULES";
/// The items of the story's grants.
pub(super) const ITEMS: [&str; 4] = ["--item", "assessment grade", "--item", "valid until"];

pub(super) fn who_is_there(stage: &mut Stage<'_>) -> Result<(), DevnetError> {
    stage.step("Who is there")?;
    stage.comity(("anyone", "data.gd"), "agency list", &[], Shown::All, 0)?;
    stage.say(
        "Four members, each with one vote; a block needs the signatures of more than two thirds \
         of the votes, here three of four. Each node says of itself (GET /v1/status):",
    )?;
    stage.page.gap()?;
    let heads = ["NODE", "API", "VOTING", "PEERS", "HEIGHT", "LAST BLOCK"];
    let mut rows = vec![row(heads)];
    for (agency, status) in stage.statuses()? {
        let Status { height, header_hash, voting, peers, .. } = status;
        let url = stage.network.node(&agency).url();
        let hash: String = header_hash.chars().take(16).collect();
        let (peers, height) = (peers.len().to_string(), height.to_string());
        rows.push(row([agency.as_str(), &url, &voting, &peers, &height, &hash]));
    }
    stage.page.table(&rows)
}

pub(super) fn keys(stage: &mut Stage<'_>) -> Result<(), DevnetError> {
    stage.step("Keys for the people")?;
    stage.say(
        "People act by keys of a role. Whoever holds a post makes a key and keeps it; the \
         agency's admin registers its card. At the health bureau: a steward, who answers requests, and \
         a gateway, the machine that records accesses. At the civil affairs bureau: an officer, who \
         asks. Each works at the node of their own agency (COMITY_NODE says which).",
    )?;
    stage.page.gap()?;
    let people = [
        ("steward", "health.gz", "Data office"),
        ("gateway", "health.gz", "Exchange gateway 1"),
        ("officer", "civil.th", "Benefits desk 4"),
    ];
    for (role, agency, post) in people {
        let args =
            format!("key new --agency {agency} --role {role} --no-passphrase --out {role}.key");
        stage.comity((role, agency), &args, &["--post", post], Shown::All, 0)?;
        let args = format!("key register --card {role}.card.json");
        stage.sign(("admin", agency), &args, &[], Shown::Result)?;
    }
    stage.say(
        "Each registration is an entry on the log, signed by the agency's admin and by the new \
         key itself. (Without --no-passphrase, a key is kept under a passphrase that is asked for. \
         What a command is about to sign, it shows first; here that is left out, \
         but for two cases below.)",
    )
}

pub(super) fn dataset(stage: &mut Stage<'_>) -> Result<(), DevnetError> {
    stage.step("The health bureau publishes what it holds")?;
    let desk = stage.network.place.desk(&stage.agency("health.gz"));
    stage.network.place.write(&desk.join("disability-register.toml"), DATASET.as_bytes())?;
    let publish = "dataset publish disability-register.toml";
    stage.sign(("steward", "health.gz"), publish, &[], Shown::Result)?;
    let show = "dataset show health.gz/disability-register";
    stage.comity(("officer", "civil.th"), show, &[], Shown::All, 0)?;
    stage.say(
        "Only the description is public among the members, never the data. The officer at the \
         civil affairs bureau read it from another node, which has it because all nodes committed \
         the same block.",
    )
}

/// Returns the entry of the access.
pub(super) fn access(stage: &mut Stage<'_>, grant: &str) -> Result<String, DevnetError> {
    stage.step("An access that the grant covers")?;
    let args = format!("--grant {grant} --matter LOW-INCOME-CHECK");
    let said = stage.access(&args, "assessment grade", "attempt-1", Shown::All, 0)?;
    stage.say(
        "The officer signs what is asked; the attempt goes to the health bureau over whatever \
         exchange they use already. Its gateway has the ledger judge it: allowed, and recorded \
         before any data is handed over. Both signatures are in the entry, so neither side can \
         deny its part. The data itself never comes near the log.",
    )?;
    entry_in(&said)
}
