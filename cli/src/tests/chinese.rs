//! Commands as people read them who read Chinese: results, refusals, help and tables.

use comity_core::agency::KeyRole;

use super::fake_node::FakeNode;
use super::fixture::Office;
use crate::fault::Exit;
use crate::messages::{Language, dataset_sample, speak};
use crate::wrap::columns;

/// An office whose people read Chinese.
fn office() -> Office {
    let office = Office::new();
    office.reads(Language::Chinese);
    office
}

/// The sample in Chinese.
fn sample() -> &'static str {
    let _speaking = speak(Language::Chinese);
    dataset_sample()
}

#[test]
fn a_steward_publishes_and_is_answered_in_chinese() {
    let (office, node) = (office(), FakeNode::start());
    let (key, url) = (office.key("civil.gd", KeyRole::Steward), node.url());
    office.put("marriages.toml", sample().as_bytes());
    let file = office.path("marriages.toml");
    let args = ["dataset", "publish", &file, "--key", &key, "--node", &url];
    let ran = office.run_answering("是\n", &args).ended(Exit::Done);
    let preview = "您即将签署：发布数据资源 civil.gd/marriage-register";
    assert!(ran.err.contains(preview) && ran.err.contains("是否继续？"), "{}", ran.err);
    for pair in ["共享属性", "有条件共享", "级别", "一般", "核验, 查询", "婚姻登记处值班岗"]
    {
        assert!(ran.err.contains(pair), "{pair} is not in {}", ran.err);
    }
    assert!(ran.out.contains("已完成：civil.gd/marriage-register 已发布"), "{}", ran.out);

    let shown = ["dataset", "show", "civil.gd/marriage-register", "--node", &url];
    let ran = office.run(&shown).ended(Exit::Done);
    assert!(ran.out.contains("有条件共享") && ran.out.contains("不开放"), "{}", ran.out);
    let json = office.run(&[&shown[..], &["--json"]].concat()).ended(Exit::Done).json();
    assert_eq!(json["dataset"]["sharing"], "conditional", "programs read the formats' words");
}

#[test]
fn a_refusal_says_in_chinese_what_happened_what_it_means_and_what_next() {
    let (office, node) = (office(), FakeNode::start());
    let (key, url) = (office.key("finance.gd", KeyRole::Officer), node.url());
    let args =
        ["grant", "revoke", "G7", "--reason", "已结束", "--key", &key, "--node", &url, "--yes"];
    let ran = office.run(&args);
    assert!(ran.err.contains("下一步："), "{}", ran.err);
    assert!(!ran.err.contains("Next:") && !ran.err.contains("Nothing was"), "{}", ran.err);

    let ran = office.run(&["key", "show", "none.key"]).ended(Exit::Failed);
    assert!(ran.err.starts_with("无法读取 none.key："), "{}", ran.err);
    let ran = office.run(&["key", "show", "none.key", "--json"]).ended(Exit::Failed);
    let error = &ran.json()["error"];
    assert_eq!(error["name"], "file-unreadable");
    assert_eq!(error["means"], "未作任何变更。");
}

#[test]
fn the_language_that_is_asked_for_goes_before_the_locale() {
    let office = office();
    let ran = office.run(&["--lang", "en", "key", "show", "none.key"]).ended(Exit::Failed);
    assert!(ran.err.contains("cannot be read") && ran.err.contains("Next:"), "{}", ran.err);
    office.reads(Language::English);
    let ran = office.run(&["key", "show", "none.key", "--lang=zh"]).ended(Exit::Failed);
    assert!(ran.err.contains("下一步："), "{}", ran.err);
    let ran = office.run(&["status", "--lang", "klingon"]).ended(Exit::Usage);
    assert!(ran.err.contains("klingon") && ran.err.contains("en, zh"), "{}", ran.err);
}

#[test]
fn help_and_what_is_wrong_with_a_command_are_in_chinese() {
    let office = office();
    let ran = office.run(&["--help"]).ended(Exit::Done);
    for said in ["用法：comity", "退出码：", "0  已完成", "经办人：请求数据并使用", "显示帮助"]
    {
        assert!(ran.out.contains(said), "{said} is not in {}", ran.out);
    }
    let ran = office.run(&["access", "attempt", "--help"]).ended(Exit::Done);
    for said in ["用法：", "选项：", "[可选值：verify, query, batch]", "示例："] {
        assert!(ran.out.contains(said), "{said} is not in {}", ran.out);
    }
    for english in ["Usage", "Options", "OPTIONS", "possible values", "Print", "Example"] {
        assert!(!ran.out.contains(english), "{english} is in {}", ran.out);
    }
    for (args, said) in [
        (&["grant", "show"][..], "缺少下列必需的参数"),
        (&["grant", "show", "17"], "“<GRANT>”的值不能是“17”"),
        (&["nonsense"], "没有子命令“nonsense”"),
        (&["status", "--nonsense"], "没有参数“--nonsense”"),
        (&["grant"], "用法："),
        (&["key", "new", "--agency", "a", "--role", "boss", "--out", "k"], "steward"),
        (&["grant", "list", "--csv", "--json"], "不能与"),
    ] {
        let ran = office.run(args).ended(Exit::Usage);
        assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
        for english in ["error:", "Usage:", "For more", "Options:"] {
            assert!(!ran.err.contains(english), "{args:?}: {english} is in {}", ran.err);
        }
    }
}

#[test]
fn columns_of_tables_stand_under_wide_headings_at_every_width() {
    let (office, node) = (office(), FakeNode::start());
    let (key, url) = (office.key("civil.gd", KeyRole::Steward), node.url());
    for slug in ["births", "marriage-register"] {
        let dataset = sample().replace("marriage-register", slug);
        office.put("dataset.toml", dataset.as_bytes());
        let file = office.path("dataset.toml");
        let args = ["dataset", "publish", &file, "--key", &key, "--node", &url, "--yes"];
        office.run(&args).ended(Exit::Done);
    }
    for width in [60, 80, 120, 200] {
        office.at_terminal(width);
        let ran = office.run(&["dataset", "list", "--node", &url]).ended(Exit::Done);
        let widest = ran.out.lines().map(columns).max().unwrap();
        assert!(widest <= width, "{width}: {widest}\n{}", ran.out);
    }
    let ran = office.run(&["dataset", "list", "--node", &url]).ended(Exit::Done);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("数据资源"), "{}", ran.out);
    for (heading, value) in [("名称", "婚姻登记信息"), ("共享属性", "有条件共享"), ("级别", "一般")]
    {
        let begins = |line: &str, text: &str| columns(&line[..line.find(text).unwrap()]);
        let (at, first, second) =
            (begins(lines[0], heading), begins(lines[1], value), begins(lines[2], value));
        assert_eq!((at, at), (first, second), "{heading}\n{}", ran.out);
    }
}

#[test]
fn lines_of_chinese_text_fit_the_terminal_and_commands_stay_whole() {
    let office = office();
    office.at_terminal(60);
    let ran = office.run(&["status", "--node", "http://127.0.0.1:1"]).ended(Exit::Unknown);
    let too_wide: Vec<&str> = ran.err.lines().filter(|line| columns(line) > 60).collect();
    assert!(too_wide.iter().all(|line| line.contains("ssh -L")), "{}", ran.err);
    let begins_badly = |line: &&str| line.trim_start().starts_with(['，', '。', '）', '；', '：']);
    assert_eq!(ran.err.lines().find(begins_badly), None, "{}", ran.err);
    let ends_badly = |line: &&str| line.ends_with(['（', '“', '《']);
    assert_eq!(ran.err.lines().find(ends_badly), None, "{}", ran.err);
}

#[test]
fn a_value_of_the_wrong_shape_is_answered_with_how_it_is_written() {
    let office = office();
    let wrong = [
        (&["grant", "show", "17"][..], "授权编号由字母 G 和签发该授权的存证序号组成，如 G17"),
        (&["request", "show", "G4"], "申请编号由字母 R"),
        (&["dispute", "show", "foo"], "争议编号由字母 D"),
        (&["task-force", "show", "t"], "专班编号由字母 T"),
        (&["dataset", "show", "vaccinations"], "数据资源编号由所有部门、斜线和名称组成"),
        (&["grant", "list", "--provider", "Health Bureau"], "部门编号由小写字母"),
        (&["access", "list", "--matter", "low income"], "代码由字母"),
    ];
    for (args, how) in wrong {
        let ran = office.run(args).ended(Exit::Usage);
        assert!(ran.err.contains(how), "{args:?}: {}", ran.err);
    }
}
