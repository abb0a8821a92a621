//! The measurement of what records cost, at the size at which it is run everywhere.

use std::process::Command;

use serde_json::Value;

#[test]
fn the_cost_of_every_kind_of_act_is_told() {
    let told = Command::new(env!("CARGO_BIN_EXE_comity-devnet"))
        .args(["bench-apply", "--grants", "1000", "--json"])
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(report["grants"], serde_json::json!([1_000]));
    let kinds = report["kinds"].as_array().unwrap();
    let has = |kind: &str| kinds.iter().any(|row| row["kind"] == kind);
    let source = include_str!("../../core/src/statement/action.rs");
    let (_, names) = source.split_once("pub fn kind(&self)").unwrap();
    let (names, _) = names.split_once("\n    }\n").unwrap();
    for kind in names.split('"').skip(1).step_by(2) {
        assert!(has(kind), "{kind} is not in the table");
    }
}
