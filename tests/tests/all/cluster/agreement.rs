//! One share from key to access by the real commands, and what every node then knows of it.

use std::fs;

use serde_json::Value;

use crate::harness::consortium::Consortium;

const CIVIL: usize = 0;
const HEALTH: usize = 2;
const ALL: [usize; 4] = [0, 1, 2, 3];

/// An officer's, steward's or machine's key, made by its holder and registered by the admin.
fn person(consortium: &Consortium, node: usize, role: &str) -> String {
    let agency = &consortium.nodes[node].agency;
    let key = consortium.dir().join(format!("{agency}.{role}.json")).display().to_string();
    let args = ["key", "new", "--json", "--agency", agency, "--role", role, "--out", &key];
    let genesis = consortium.genesis.display().to_string();
    let args =
        [&args[..], &["--post", "Desk 3", "--no-passphrase", "--genesis", &genesis]].concat();
    let card = consortium.comity(node, &args).done_json()["card_file"].as_str().unwrap().to_owned();
    let admin = consortium.admin_key(node).display().to_string();
    change(consortium, node, &["key", "register", "--card", &card, "--key", &admin]);
    key
}

fn change(consortium: &Consortium, node: usize, args: &[&str]) -> Value {
    let committed = consortium.comity(node, &[args, &["--json", "--yes"]].concat()).done_json();
    assert_eq!(committed["status"], "committed", "{committed}");
    committed
}

#[test]
fn four_nodes_commit_a_record_and_agree() {
    let consortium = Consortium::start(4);
    let steward = person(&consortium, CIVIL, "steward");
    let gateway = person(&consortium, CIVIL, "gateway");
    let officer = person(&consortium, HEALTH, "officer");

    let description = consortium.comity(CIVIL, &["dataset", "example"]).done();
    let description = description.replace("civil.gd/", "civil.th/");
    fs::write(consortium.dir().join("register.toml"), description).unwrap();
    change(&consortium, CIVIL, &["dataset", "publish", "register.toml", "--key", &steward]);

    let args = ["grant", "issue", "--dataset", "civil.th/marriage-register", "--to", "health.th"];
    let terms = ["--matter", "SCHOOL-ENROLMENT", "--basis", "DEPARTMENT-MANDATE", "--all-items"];
    let rest = ["--mode", "verify", "--until", "30d", "--key", &steward];
    let granted = change(&consortium, CIVIL, &[&args[..], &terms, &rest].concat());
    let grant = granted["grant"].as_str().unwrap();

    // The officer asks at the own agency's node, which has to know the grant by then.
    let height = granted["height"].as_u64().unwrap();
    consortium.same_tip(&ALL, height);
    let args = ["access", "attempt", "--grant", grant, "--matter", "SCHOOL-ENROLMENT"];
    let rest = ["--all-items", "--mode", "verify", "--out", "attempt.json", "--yes"];
    let args = [&args[..], &rest, &["--key", &officer]].concat();
    consortium.comity(HEALTH, &args).done();
    let args = ["access", "record", "--attempt", "attempt.json", "--key", &gateway];
    let access = change(&consortium, CIVIL, &args);
    assert_eq!(access["outcome"], "allowed", "{access}");

    let tip = consortium.same_tip(&ALL, access["height"].as_u64().unwrap());
    assert_eq!(tip["header_hash"], access["header_hash"]);
    assert_eq!(tip["log_size"], 6);
    for committed in [&granted, &access] {
        consortium.assert_everywhere(&ALL, committed);
    }
    for node in ALL {
        let path = format!("/v1/blocks/{}", access["height"]);
        let block = consortium.nodes[node].api.json(&path);
        assert_eq!(block["header_hash"], access["header_hash"], "node {node}");
        let listed = consortium.comity(node, &["access", "list", "--json"]).done_json();
        assert_eq!(listed["entries"][0]["record_id"], access["record_id"], "node {node}");
    }
}
