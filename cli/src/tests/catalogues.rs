//! Catalogues in and out, from the command line to the ledger and back.

use std::path::Path;

use comity_core::agency::KeyRole;
use comity_core::dataset::{Openness, PublishedDataset, Sharing};
use comity_core::statement::VerifiedRecord;
use serde_json::{Value, json};

use super::fake_node::Answer;
use super::fixture::Ran;
use super::flows::Desk;
use crate::catalogue::{self, Ledger, Rules, Withdrawn};
use crate::fault::Exit;

/// A catalogue of made-up datasets: three good entries, and four that are not.
pub(super) fn sample() -> Value {
    let entry = |identifier: &str, title: &str, level: &str| {
        json!({
            "identifier": identifier, "title": title, "accessLevel": level,
            "description": "What it holds. Ask jane.doe@agency.example, or 202-555-0143.",
            "keyword": ["sample"], "modified": "2026-01-31",
            "publisher": { "@type": "org:Organization", "name": "Civil Affairs" },
            "contactPoint": {
                "@type": "vcard:Contact", "fn": "Fred Brown",
                "hasEmail": "mailto:fred.brown@agency.example",
            },
            "bureauCode": ["015:11"], "programCode": ["015:001"],
        })
    };
    let mut office = entry("S-2", "Case statistics", "restricted public");
    office["contactPoint"]["fn"] = json!("Statistics Office");
    office["distribution"] = json!([{ "downloadURL": "https://agency.example/cases.csv" }]);
    let mut no_title = entry("S-5", "", "public");
    no_title["title"] = Value::Null;
    json!({ "dataset": [
        entry("S-1", "Office hours", "public"),
        office,
        entry("S-3", "居民最低生活保障信息", "non-public"),
        entry("S-1", "The same identifier", "public"),
        no_title,
        entry("S-6", "No such level", "secret"),
        "not an object",
    ]})
}

pub(super) const TABLE: &str = "\
信息资源分类,信息资源名称*,信息资源代码*,信息资源提供方,信息资源摘要,信息项名称,数据类型,共享类型,共享条件,共享方式,是否向社会开放,开放条件,更新周期,联系人\r
民生,居民最低生活保障信息,30743/0012,民政局,\"低保对象名单,按月汇总\",姓名,字符型,有条件共享,仅限救助审核,接口查询,否,,每月,张三\r
民生,居民最低生活保障信息,30743/0012,民政局,\"低保对象名单,按月汇总\",保障金额,数值型,有条件共享,仅限救助审核,接口查询,否,,每月,张三\r
,,,,,批准日期,日期型,,,,,,,\r
民生,婚姻登记档案,30743/0013,民政局,登记档案,,,不予共享,,,否,,,\r
民生,办事指南,30743/0014,民政局,,,,无条件共享,,文件下载,是,,,\r
";

pub(super) fn import(desk: &Desk, file: &str, extra: &[&str]) -> Ran {
    let path = desk.office.path(file);
    let args = [&["dataset", "import", &path[..], "--json"], extra].concat();
    desk.sign("civil.gd", KeyRole::Steward, &args)
}

fn put(desk: &Desk, file: &str, catalogue: &Value) {
    desk.office.put(file, catalogue.to_string().as_bytes());
}

fn counts(ran: &Ran) -> [usize; 4] {
    let json = ran.json();
    let count = |name: &str| json[name].as_array().map_or(0, Vec::len);
    let unchanged = usize::try_from(json["unchanged"].as_u64().unwrap()).unwrap();
    [count("published"), count("amended"), unchanged, count("left_out")]
}

fn published(desk: &Desk, identifier: &str) -> PublishedDataset {
    let datasets = desk.node.inside(|inside| inside.datasets());
    let mut found = datasets.into_iter().filter(|d| d.dataset.identifier.as_str() == identifier);
    found.next().unwrap()
}

#[test]
fn a_catalogue_is_taken_in_once_and_then_only_what_has_changed() {
    let desk = Desk::new();
    put(&desk, "data.json", &sample());
    let ran = import(&desk, "data.json", &["--dry-run"]).ended(Exit::Partly);
    assert_eq!(counts(&ran), [3, 0, 0, 4]);
    assert!(desk.node.asked("POST").is_empty() && desk.node.asked("PUT").is_empty());
    let ran = import(&desk, "data.json", &[]).ended(Exit::Partly);
    assert_eq!(counts(&ran), [3, 0, 0, 4]);
    let left: Vec<(u64, String, String)> = ran.json()["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|left| {
            let text = |name: &str| left[name].as_str().unwrap().to_owned();
            (left["index"].as_u64().unwrap(), text("identifier"), text("reason"))
        })
        .collect();
    let expected = [
        (4, "S-1", "identifier-twice"),
        (5, "S-5", "field-missing"),
        (6, "S-6", "field-wrong"),
        (7, "", "unreadable"),
    ];
    let expected = expected.map(|(at, identifier, why)| (at, identifier.into(), why.into()));
    assert_eq!(left, expected);
    assert_eq!(published(&desk, "S-1").dataset.id.to_string(), "civil.gd/office-hours");
    assert_eq!(published(&desk, "S-3").dataset.id.to_string(), "civil.gd/s-3");
    let ran = import(&desk, "data.json", &[]).ended(Exit::Partly);
    assert_eq!(counts(&ran), [0, 0, 3, 4]);
    let mut changed = sample();
    changed["dataset"][0]["title"] = json!("Opening hours");
    put(&desk, "data.json", &changed);
    let ran = import(&desk, "data.json", &[]).ended(Exit::Partly);
    assert_eq!(counts(&ran), [0, 1, 2, 4]);
    let office = published(&desk, "S-1");
    assert_eq!(office.dataset.id.to_string(), "civil.gd/office-hours", "the name stays");
    assert_eq!((office.version, office.dataset.title.as_str()), (2, "Opening hours"));
}

#[test]
fn what_is_public_is_shared_and_the_rest_waits_for_the_steward_who_has_the_last_word() {
    let desk = Desk::new();
    put(&desk, "data.json", &sample());
    import(&desk, "data.json", &[]).ended(Exit::Partly);
    let of = |identifier| {
        let dataset = published(&desk, identifier).dataset;
        (dataset.openness, dataset.sharing)
    };
    assert_eq!(of("S-1"), (Openness::Open, Sharing::Unconditional));
    assert_eq!(of("S-2"), (Openness::OnConditions, Sharing::Unclassified));
    assert_eq!(of("S-3"), (Openness::Closed, Sharing::Unclassified));
    let classify = [
        "dataset",
        "classify",
        "civil.gd/case-statistics",
        "--sharing",
        "conditional",
        "--conditions",
        "For audits",
        "--grade",
        "important",
    ];
    let ran = desk.sign("civil.gd", KeyRole::Steward, &classify).ended(Exit::Done);
    assert!(ran.err.contains("unclassified -> conditional"), "{}", ran.err);
    assert!(ran.err.contains("Nobody loses by it"), "{}", ran.err);
    let mut changed = sample();
    changed["dataset"][1]["description"] = json!("New words.");
    changed["dataset"][0]["accessLevel"] = json!("non-public");
    put(&desk, "data.json", &changed);
    let ran = import(&desk, "data.json", &[]).ended(Exit::Partly);
    assert_eq!(counts(&ran), [0, 2, 1, 4]);
    assert_eq!(ran.json()["classification_kept"], json!(["civil.gd/case-statistics"]));
    assert_eq!(of("S-2"), (Openness::OnConditions, Sharing::Conditional));
    assert_eq!(published(&desk, "S-2").dataset.summary.as_str(), "New words.");
    // What the import gave by itself, it takes back where the catalogue does.
    assert_eq!(of("S-1"), (Openness::Closed, Sharing::Unclassified));
}

#[test]
fn no_name_and_no_mailbox_leaves_this_computer() {
    let desk = Desk::new();
    put(&desk, "data.json", &sample());
    let ran = import(&desk, "data.json", &[]).ended(Exit::Partly);
    let removed = &ran.json()["removed"];
    assert_eq!((&removed["names_dropped"], &removed["mailboxes_dropped"]), (&json!(2), &json!(3)));
    assert_eq!(removed["masked"], 6);
    desk.office.put("table.csv", TABLE.as_bytes());
    import(&desk, "table.csv", &[]).ended(Exit::Done);
    let sent = desk.node.inside(|inside| inside.asked.clone());
    for (request, body) in &sent {
        let text = String::from_utf8_lossy(body);
        for secret in ["Brown", "jane", "fred", "555", "张三"] {
            assert!(!text.contains(secret), "{secret} in {request}");
        }
    }
    assert_eq!(published(&desk, "S-1").dataset.contact.as_str(), "Civil Affairs");
    assert_eq!(published(&desk, "S-2").dataset.contact.as_str(), "Statistics Office");
}

#[test]
fn a_chinese_table_comes_in_with_its_items_in_either_encoding() {
    let desk = Desk::new();
    desk.office.put("utf8.csv", format!("\u{FEFF}{TABLE}").as_bytes());
    desk.office.put("gb.csv", &encoding_rs::GB18030.encode(TABLE).0);
    let ran = import(&desk, "gb.csv", &[]).ended(Exit::Done);
    assert_eq!(counts(&ran), [3, 0, 0, 0]);
    assert_eq!(ran.json()["removed"]["without_basis"], 1);
    let low = published(&desk, "30743/0012").dataset;
    assert_eq!(low.id.to_string(), "civil.gd/30743-0012");
    let items: Vec<&str> = low.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(items, ["姓名", "保障金额", "批准日期"]);
    assert_eq!((low.sharing, low.conditions.as_str()), (Sharing::Conditional, "仅限救助审核"));
    assert_eq!(published(&desk, "30743/0013").dataset.sharing, Sharing::Unclassified);
    assert_eq!(published(&desk, "30743/0014").dataset.openness, Openness::Open);
    let ran = import(&desk, "utf8.csv", &[]).ended(Exit::Done);
    assert_eq!(counts(&ran), [0, 0, 3, 0]);
    // With a basis it is not shared, and stays so when it comes again without.
    let basis = ["--sharing-basis", "《档案法》第二十八条"];
    let ran = import(&desk, "gb.csv", &basis).ended(Exit::Done);
    assert_eq!(counts(&ran), [0, 1, 2, 0]);
    assert_eq!(published(&desk, "30743/0013").dataset.sharing, Sharing::NotShared);
    let ran = import(&desk, "gb.csv", &[]).ended(Exit::Done);
    assert_eq!(counts(&ran), [0, 0, 3, 0]);
}

#[test]
fn no_cell_of_an_exported_table_is_a_formula() {
    let desk = Desk::new();
    let table = TABLE.replace("居民最低生活保障信息", "=HYPERLINK(1)");
    desk.office.put("table.csv", table.as_bytes());
    import(&desk, "table.csv", &[]).ended(Exit::Done);
    let out = desk.office.path("out");
    let export = ["dataset", "export", "--agency", "civil.gd", "--format", "csv", "--out", &out];
    desk.ask(&export).ended(Exit::Done);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("'=HYPERLINK") && !text.contains(",=HYPERLINK"), "{text}");
    assert_eq!(counts(&import(&desk, "out", &[]).ended(Exit::Done)), [0, 0, 3, 0]);
}

#[test]
fn what_is_exported_and_taken_in_again_changes_nothing() {
    for (file, bytes, format) in [
        ("data.json", sample().to_string().into_bytes(), "dcat"),
        ("table.csv", TABLE.as_bytes().to_vec(), "csv"),
    ] {
        let desk = Desk::new();
        desk.office.put(file, &bytes);
        import(&desk, file, &[]);
        let before = desk.node.inside(|inside| inside.datasets());
        let out = desk.office.path("out");
        let export = ["dataset", "export", "--agency", "civil.gd", "--format", format, "--out"];
        let ran = desk.ask(&[&export[..], &[&out, "--json"]].concat()).ended(Exit::Done);
        assert_eq!(ran.json()["datasets"], 3);
        assert_eq!(
            (&ran.json()["incomplete"], &ran.json()["from_ledger_alone"]),
            (&json!(0), &json!(0))
        );
        let ran = import(&desk, "out", &[]).ended(Exit::Done);
        assert_eq!(counts(&ran), [0, 0, 3, 0], "{format}");
        assert_eq!(desk.node.inside(|inside| inside.datasets()), before);
        // Without what the node kept, the ledger alone makes a catalogue that can be read.
        desk.node.inside(|inside| inside.details.clear());
        std::fs::remove_file(&out).unwrap();
        let ran = desk.ask(&[&export[..], &[&out]].concat()).ended(Exit::Done);
        assert!(ran.out.contains("3 of them from the ledger alone"), "{}", ran.out);
        import(&desk, "out", &["--dry-run"]).ended(Exit::Done);
    }
}

#[test]
fn what_vanished_is_listed_and_withdrawn_only_when_asked() {
    let desk = Desk::new();
    put(&desk, "data.json", &sample());
    import(&desk, "data.json", &[]);
    let mut fewer = sample();
    fewer["dataset"].as_array_mut().unwrap().truncate(2);
    put(&desk, "data.json", &fewer);
    let ran = import(&desk, "data.json", &[]).ended(Exit::Done);
    assert_eq!(ran.json()["missing"], json!(["civil.gd/s-3"]));
    let withdraw = ["--withdraw-missing", "--reason", "Not kept any more"];
    let ran = import(&desk, "data.json", &withdraw).ended(Exit::Done);
    assert_eq!(ran.json()["withdrawn"][0]["dataset"], "civil.gd/s-3");
    assert!(ran.err.contains("Nobody loses by it"), "{}", ran.err);
    put(&desk, "data.json", &sample());
    let ran = import(&desk, "data.json", &[]).ended(Exit::Partly);
    assert_eq!(ran.json()["still_withdrawn"], json!(["civil.gd/s-3"]));
    let ran = import(&desk, "data.json", &["--republish-withdrawn"]).ended(Exit::Partly);
    assert_eq!(counts(&ran), [1, 0, 2, 4]);
}

#[test]
fn a_record_whose_answer_is_lost_is_sent_again_unchanged() {
    let desk = Desk::new();
    put(&desk, "data.json", &sample());
    desk.node.answer("POST /v1/records", Answer::HangUp);
    let ran = import(&desk, "data.json", &["--in-flight", "1"]).ended(Exit::Partly);
    assert_eq!(counts(&ran), [3, 0, 0, 4]);
    let sent = desk.node.asked("POST /v1/records");
    assert_eq!(sent.len(), 4);
    assert_eq!(sent[0], sent[1]);
    for bytes in &sent {
        assert!(VerifiedRecord::verify(bytes, &super::fixture::genesis().id()).is_ok());
    }
}

#[test]
fn an_amendment_of_an_older_version_says_who_was_quicker() {
    let desk = Desk::new();
    put(&desk, "data.json", &sample());
    import(&desk, "data.json", &[]);
    let shown = desk.ask(&["dataset", "show", "civil.gd/office-hours", "--json"]).json();
    assert_eq!(shown["kept_details"]["entry"]["identifier"], "S-1");
    let mut changed = shown.clone();
    changed["dataset"]["grade"] = json!("core");
    put(&desk, "mine.json", &changed);
    changed["dataset"]["grade"] = json!("important");
    put(&desk, "theirs.json", &changed);
    let amend = |file: &str| {
        let path = desk.office.path(file);
        desk.sign("civil.gd", KeyRole::Steward, &["dataset", "amend", &path])
    };
    amend("theirs.json").ended(Exit::Done);
    let ran = amend("mine.json").ended(Exit::Refused);
    let words = "is at version 2 by now, not 1: civil.gd (steward, ";
    assert!(ran.err.contains(words), "{}", ran.err);
    assert_eq!(published(&desk, "S-1").version, 2);
}

#[test]
fn a_table_classifies_many_and_leaves_out_what_is_wrong() {
    let desk = Desk::new();
    put(&desk, "data.json", &sample());
    import(&desk, "data.json", &[]);
    let table = "id,sharing,conditions,grade\ncivil.gd/s-3,not-shared,Act 12,core\n\
                 civil.gd/case-statistics,not-shared,,\ncivil.gd/none,conditional,,\n";
    desk.office.put("classified.csv", table.as_bytes());
    let file = desk.office.path("classified.csv");
    let args = ["dataset", "classify", "--file", &file, "--json"];
    let ran = desk.sign("civil.gd", KeyRole::Steward, &args).ended(Exit::Partly);
    assert_eq!(ran.json()["amended"][0]["dataset"], "civil.gd/s-3");
    assert_eq!(ran.json()["left_out"].as_array().unwrap().len(), 2);
    assert_eq!(published(&desk, "S-3").dataset.sharing, Sharing::NotShared);
}

/// The real catalogues, where COMITY_CATALOGS names their folder; they are not part of this.
#[test]
fn real_catalogues_are_understood() {
    let Ok(folder) = std::env::var("COMITY_CATALOGS") else {
        use std::io::Write as _;
        let why = "real_catalogues_are_understood: not run, COMITY_CATALOGS names no folder";
        writeln!(std::io::stderr(), "{why}").unwrap();
        return;
    };
    for (file, entries) in [("dhs.json", 1093), ("energy.json", 482), ("opm.json", 134)] {
        let (format, _, found) =
            catalogue::read(&Path::new(&folder).join(file), None, None).unwrap();
        assert_eq!(found.len(), entries);
        let kept = |_| None;
        let consortium = super::fixture::genesis().id();
        let agency = "civil.gd".parse().unwrap();
        let ledger = Ledger { consortium, agency, datasets: vec![], kept: &kept };
        let plan = catalogue::plan(format, found, &Rules::default(), Withdrawn::Leave, &ledger);
        assert_eq!((plan.changes.len(), plan.left_out.len()), (entries, 0), "{file}");
        for change in &plan.changes {
            let (_, details) = change.details.as_ref().unwrap();
            let text = String::from_utf8_lossy(details);
            let record = serde_json::to_string(&change.action).unwrap();
            for sent in [&text[..], &record] {
                assert!(!sent.contains("mailto:") && !sent.contains("William Jeffers"), "{sent}");
            }
        }
    }
}
