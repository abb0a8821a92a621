//! The officer's, the auditor's and the steward's day, as their guides tell them.

use std::fs;

use super::day::Day;
use crate::harness::page::root;

pub(super) const DISABILITY_REGISTER: &str = "\
id = \"health.gd/disability-register\"
title = \"Disability register 残疾人登记\"
sharing = \"conditional\"
conditions = \"To check a person's own application, with that person's consent\"
openness = \"closed\"
grade = \"general\"
modes = [\"verify\", \"query\"]
contact = \"Health Commission, data office\"
[[items]]
name = \"disability grade\"
kind = \"text\"
[[items]]
name = \"date of assessment\"
kind = \"date\"
";

/// A scene of two departments, since there are no six here.
const SCENE: &str = "\
title = \"Check of a household's means for low-income support\"
matters = [\"LOW-INCOME-CHECK\"]
basis = \"SOCIAL-SUPPORT-RULES\"
period = \"365d\"
needed_within = \"14d\"
daily_quota = 200
[[datasets]]
dataset = \"health.gd/disability-register\"
items = [\"disability grade\"]
modes = [\"verify\"]
[[datasets]]
dataset = \"tax.cn/business-register\"
items = [\"owner\", \"registered capital\"]
modes = [\"verify\"]
";

/// Two agencies publish what an officer will ask for, and who is needed has keys.
fn set_the_stage(day: &Day) {
    day.hire("steward@health.gd", "data steward");
    day.hire("gateway@health.gd", "exchange gateway 1");
    fs::write(day.desk("health.gd").join("register.toml"), DISABILITY_REGISTER).unwrap();
    day.stage("steward@health.gd", "comity dataset publish register.toml");
    day.hire("steward@tax.cn", "data steward");
    let register = DISABILITY_REGISTER
        .replace("health.gd/disability-register", "tax.cn/business-register")
        .replace("Disability register 残疾人登记", "Business register 市场主体登记")
        .replace("Health Commission", "Tax Administration")
        .replace("disability grade", "owner")
        .replace("date of assessment", "registered capital");
    fs::write(day.desk("tax.cn").join("register.toml"), register).unwrap();
    day.stage("steward@tax.cn", "comity dataset publish register.toml");
    fs::write(day.desk("civil.gz").join("low-income-check.toml"), SCENE).unwrap();
}

/// Both halves of an exchange, read by people who were not there.
#[test]
fn officer_gets_data_by_friday_and_auditor_finds_out_whether_it_was_allowed() {
    let Some(mut day) = Day::begin() else { return };
    set_the_stage(&day);
    day.follow("docs/officers.md");
    for seen in [
        // What everybody must be able to see, whatever the words around it.
        "R6",
        "G8",
        "[exit code 4]",
        "matter-not-covered",
        "2026-0417",
    ] {
        assert!(day.seen().contains(seen), "{seen:?} is nowhere in\n{}", day.seen());
    }
    day.settle("officer");

    day.follow("docs/auditors.md");
    for seen in ["Verified", "matter", "G8", "R6"] {
        assert!(day.seen().contains(seen), "{seen:?} is nowhere in\n{}", day.seen());
    }
    day.settle("auditor");

    let taken = [
        ("steward@tax.cn", "comity inbox"),
        ("officer@civil.gz", "comity inbox"),
        ("officer@civil.gz", "comity grant show G8"),
        ("anyone@tax.cn", "comity log list --limit 8"),
    ];
    if day.pictures(&taken) {
        day.settle("terminal-80");
    }
}

/// The same day where everybody's computer speaks Chinese.
#[test]
fn officer_gets_data_by_friday_and_auditor_finds_out_in_chinese() {
    let Some(mut day) = Day::begin() else { return };
    day.in_chinese();
    set_the_stage(&day);
    day.follow("docs/officers.md");
    for seen in ["已完成：", "下一步：", "[exit code 4]", "matter-not-covered", "号存证"]
    {
        assert!(day.seen().contains(seen), "{seen:?} is nowhere in\n{}", day.seen());
    }
    day.is_all_chinese();
    day.settle("officer.zh");

    day.follow("docs/auditors.md");
    day.is_all_chinese();
    for seen in ["核验", "G8", "R6"] {
        assert!(day.seen().contains(seen), "{seen:?} is nowhere in\n{}", day.seen());
    }
    day.settle("auditor.zh");

    let taken = [
        ("officer@civil.gz", "comity inbox"),
        ("officer@civil.gz", "comity grant show G8"),
        ("anyone@tax.cn", "comity dataset list"),
        ("anyone@tax.cn", "comity log list --limit 8"),
    ];
    if day.pictures(&taken) {
        day.settle("terminal-80.zh");
    }
}

#[test]
fn steward_shares_what_is_due_and_can_prove_on_whose_word() {
    let Some(mut day) = Day::begin() else { return };
    day.hire("steward@health.gd", "data steward");
    day.hire("officer@civil.gz", "assistance desk");
    let catalogue = root().join("docs/samples/catalogue.csv");
    fs::copy(catalogue, day.desk("health.gd").join("catalogue.csv")).unwrap();
    day.follow("docs/stewards.md");
    for seen in ["A leak is being looked into", "officer", "LOW-INCOME-CHECK"] {
        assert!(day.seen().contains(seen), "{seen:?} is nowhere in\n{}", day.seen());
    }
    day.settle("steward");
}
