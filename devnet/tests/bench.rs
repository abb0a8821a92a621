//! The benchmark with all that can be asked of it, in the smallest size.

use std::process::Command;

use serde_json::Value;

#[test]
fn delays_reading_and_catching_up_are_measured_beside_their_limits() {
    let directory = tempfile::tempdir().unwrap();
    let json = directory.path().join("bench.json");
    let html = directory.path().join("bench.html");
    let told = Command::new(env!("CARGO_BIN_EXE_comity-devnet"))
        .args(["bench", "--delay-ms", "10", "--in-flight", "64,1", "--seconds", "1"])
        .args(["--reads", "20", "--catch-up", "300", "--dir"])
        .arg(directory.path().join("devnet"))
        .args(["--json".as_ref(), json.as_os_str(), "--html".as_ref(), html.as_os_str()])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{words}\n{}", String::from_utf8_lossy(&told.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    for load in report["loads"].as_array().unwrap() {
        let get = |key: &str| load[key].as_f64().unwrap_or_else(|| panic!("{key}: {load}"));
        assert_eq!((&load["nodes"], &load["delay_ms"]), (&4.into(), &10.into()));
        // Nothing goes past the links, and no answer is faster than they let it be.
        assert!(get("held_ms") >= 10.0, "{load}");
        assert!([3.0, 4.0].contains(&get("network_ways")), "{load}");
        assert!(get("p50_ms") >= get("network_limit_ms"), "{load}");
        assert!(get("block_interval_limit_ms") > 29.0, "{load}");
        assert!(get("reads") > 0.0 && get("read_listing_bytes") > 100_000.0, "{load}");
        assert!(get("read_entry_p50_ms") > 0.0 && get("read_grant_p99_ms") > 0.0, "{load}");
    }
    let caught = &report["catch_ups"][0];
    let get = |key: &str| caught[key].as_f64().unwrap_or_else(|| panic!("{key}: {caught}"));
    assert!(get("catch_up_entries") >= 300.0 && get("catch_up_share") > 0.0, "{caught}");
    assert!(get("replay_entries") > 300.0 && get("reindex_per_s") > 0.0, "{caught}");
    assert!(words.contains("10 ms apart") && words.contains("caught up"), "{words}");
    assert!(std::fs::read_to_string(&html).unwrap().contains("network_limit_ms"));
}
