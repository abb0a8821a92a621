//! A day of those who decide who belongs: one agency comes, another goes, as the guide tells it.

use std::fs;

use super::day::Day;
use super::people::DISABILITY_REGISTER;

#[test]
fn one_agency_is_voted_in_and_acts_and_another_leaves_with_an_exit_statement() {
    let Some(mut day) = Day::begin() else { return };
    day.hire("steward@health.gd", "data steward");
    fs::write(day.desk("health.gd").join("register.toml"), DISABILITY_REGISTER).unwrap();
    day.stage("steward@health.gd", "comity dataset publish register.toml");
    day.hire("officer@civil.gz", "assistance desk");
    // It leaves a grant and an open request behind.
    let issue = "comity grant issue --dataset health.gd/disability-register --to civil.gz --matter \
                 LOW-INCOME-CHECK --basis SOCIAL-SUPPORT-RULES --mode verify --until 365d --item \
                 'disability grade'";
    day.stage("steward@health.gd", issue);
    let ask = "comity request open --dataset health.gd/disability-register --item 'date of \
               assessment' --mode query --matter LOW-INCOME-CHECK --basis SOCIAL-SUPPORT-RULES \
               --until 365d";
    day.stage("officer@civil.gz", ask);
    day.expect("edu.gz");
    day.follow("docs/members.md");
    for seen in [
        "P5 needs 2 more for it",
        "Exit statement of civil.gz: left with entry 14",
        "It ended when civil.gz left the consortium with entry 14",
    ] {
        assert!(day.seen().contains(seen), "{seen:?} is nowhere in\n{}", day.seen());
    }
    day.settle("members");
}
