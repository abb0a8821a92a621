//! Catalogues that are none, or broken: each ends with a clear word, and nothing is sent.

use serde_json::json;

use super::catalogues::{TABLE, import, sample};
use super::fixture::Ran;
use super::flows::Desk;
use crate::fault::Exit;

fn refused(bytes: &[u8], extra: &[&str]) -> Ran {
    let desk = Desk::new();
    desk.office.put("rubbish", bytes);
    let ran = import(&desk, "rubbish", extra).ended(Exit::Failed);
    assert!(desk.node.asked("POST").is_empty() && desk.node.asked("PUT").is_empty());
    ran
}

fn name(ran: &Ran) -> String {
    ran.json()["error"]["name"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_no_catalogue_is_refused_with_its_reason() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "catalogue-unreadable"),
        (b"\x7FELF\x02\0\0\0", "catalogue-binary"),
        (b"PK\x03\x04\x14\0\x06\0", "catalogue-binary"),
        (b"\xFF\xFE\xFF\xFE", "catalogue-encoding"),
        (b"{\"dataset\": [", "catalogue-unreadable"),
        (b"{\"dataset\": 7}", "catalogue-unreadable"),
        (b"{}", "catalogue-unreadable"),
        (b"title,identifier\na,b\n", "catalogue-unreadable"),
        ("信息资源名称,信息资源代码\n\"甲,1\n乙,2\n".as_bytes(), "catalogue-unreadable"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(name(&refused(bytes, &[])), expected, "{}", String::from_utf8_lossy(bytes));
    }
    let ran = refused("信息资源名称,信息资源代码\n\"甲\"x,1\n".as_bytes(), &[]);
    assert!(ran.err.contains("line 2"), "{}", ran.err);
    let gb = encoding_rs::GB18030.encode(TABLE).0;
    let ran = refused(&[TABLE.as_bytes(), &gb].concat(), &[]);
    assert_eq!(name(&ran), "catalogue-encoding");
    assert_eq!(name(&refused(TABLE.as_bytes(), &["--format", "dcat"])), "catalogue-unreadable");
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let desk = Desk::new();
    let file = std::fs::File::create(desk.office.path("large")).unwrap();
    file.set_len(200 * 1024 * 1024).unwrap();
    let ran = import(&desk, "large", &[]).ended(Exit::Failed);
    assert_eq!(name(&ran), "catalogue-too-large");
}

#[test]
fn one_entry_nested_without_end_does_not_keep_the_others_out() {
    let desk = Desk::new();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let good = sample()["dataset"][0].to_string();
    let text = format!(r#"{{"dataset": [{{"identifier": "D", "title": {deep}}}, {good}]}}"#);
    desk.office.put("deep.json", text.as_bytes());
    let ran = import(&desk, "deep.json", &[]).ended(Exit::Partly);
    assert_eq!(ran.json()["published"].as_array().unwrap().len(), 1);
    assert_eq!(ran.json()["left_out"][0]["reason"], "unreadable");
}

#[test]
fn rows_that_disagree_leave_out_their_resource_alone() {
    let desk = Desk::new();
    let broken = TABLE.replacen("民生,居民最低生活保障信息", "财政,居民最低生活保障信息", 1);
    desk.office.put("table.csv", broken.as_bytes());
    let ran = import(&desk, "table.csv", &[]).ended(Exit::Partly);
    assert_eq!(ran.json()["left_out"][0]["reason"], "rows-disagree");
    assert_eq!(ran.json()["left_out"][0]["line"], 2);
    assert_eq!(ran.json()["published"].as_array().unwrap().len(), 2);
    let cases = [
        ("保障金额,数值型", "姓名,数值型", "item-twice"),
        ("办事指南,30743/0014,民政局", "办事指南,30743/0014,", "no-contact"),
        ("无条件共享", "随便共享", "field-wrong"),
        ("办事指南,30743/0014", "办事指南,", "field-missing"),
    ];
    for (from, to, reason) in cases {
        let desk = Desk::new();
        desk.office.put("table.csv", TABLE.replacen(from, to, 1).as_bytes());
        let ran = import(&desk, "table.csv", &[]).ended(Exit::Partly);
        assert_eq!(ran.json()["left_out"][0]["reason"], json!(reason), "{to}");
    }
}
