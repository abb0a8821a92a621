//! What probes, Prometheus and listeners see.

use serde_json::json;

use super::strangers::metric;
use crate::harness::author::Role;
use crate::harness::consortium::Consortium;
use crate::harness::http::Api;

#[test]
fn node_without_a_quorum_is_alive_but_not_ready_and_keeps_what_it_took() {
    let mut consortium = Consortium::start(4);
    for node in [2, 3] {
        consortium.nodes[node].kill();
    }
    let reason = "no quorum: in contact with 2 of 4 validators";
    consortium.nodes[0].until("to say why it is not ready", |api| {
        let answer = api.get("/readyz");
        let said = answer.status == 503 && answer.text().contains(reason);
        if said { Ok(()) } else { Err(answer.text()) }
    });
    let api = consortium.nodes[0].api;
    assert_eq!(api.get("/healthz").status, 200);
    let record = consortium.admin(0).register(Role::Officer).0;
    let taken = api.submit("/v1/records", &record).unwrap();
    assert_eq!((taken.status, &taken.json()["status"]), (202, &json!("pending")));
    let id = taken.json()["record_id"].as_str().unwrap().to_owned();
    assert_eq!(api.get(&format!("/v1/records/{id}")).status, 404);

    consortium.nodes[2].start();
    for node in &mut consortium.nodes[..3] {
        node.until("to have the record", |api| match api.get(&format!("/v1/records/{id}")) {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text()),
        });
        node.ready();
    }
}

/// Every line of OpenMetrics text is a comment of a known sort or a sample with a number.
fn assert_metrics_parse(api: Api) {
    let answer = api.get("/metrics");
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(comment) = line.strip_prefix("# ") {
            let sort = comment.split(' ').next().unwrap();
            assert!(["HELP", "TYPE", "UNIT"].contains(&sort), "{line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let bare = name.split('{').next().unwrap();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        assert!(!bare.is_empty() && bare.chars().all(is_name), "{line}");
        assert_eq!(name.contains('{'), name.ends_with('}'), "{line}");
    }
}

#[test]
fn metrics_parse_and_count_what_happens() {
    let consortium = Consortium::start(1);
    let api = consortium.nodes[0].api;
    consortium.person(0, Role::Steward);
    consortium.person(0, Role::Officer);
    assert_metrics_parse(api);
    assert_eq!(metric(api, "comity_height"), consortium.nodes[0].status()["height"]);
    assert_eq!(metric(api, "comity_log_size"), 2.0);
    assert_eq!(metric(api, "comity_records_committed_total"), 2.0);
    assert_eq!(metric(api, "comity_pending"), 0.0);
    assert_eq!(metric(api, "comity_commit_latency_seconds_count"), 2.0);
}

#[test]
fn events_deliver_what_is_committed_and_go_on_after_the_last_that_was_seen() {
    let mut consortium = Consortium::start(1);
    let api = consortium.nodes[0].api;
    let steward = consortium.person(0, Role::Steward);
    let mut from_now = api.events("/v1/events", &[]);
    let mut from_first = api.events("/v1/events?from=0", &[]);
    let committed = api.commit(&steward.publish("births"));
    assert_eq!(from_first.next().unwrap().0, 0);
    for events in [&mut from_first, &mut from_now] {
        let (id, entry) = events.next().unwrap();
        assert_eq!((id, &entry["index"]), (1, &committed["index"]));
        assert_eq!(entry["record_id"], committed["record_id"]);
        assert_eq!(entry["kind"], "publish-dataset");
    }
    drop((from_now, from_first));
    // While nobody listens, and over a restart.
    api.commit(&steward.publish("marriages"));
    assert_eq!(consortium.nodes[0].stop().code(), Some(0));
    consortium.start_all();
    let mut resumed = api.events("/v1/events?from=0", &["last-event-id: 1"]);
    assert_eq!(resumed.next().unwrap().0, 2);
    api.commit(&steward.publish("deaths"));
    assert_eq!(resumed.next().unwrap().0, 3);
}
