//! Whether outside witnesses cosign the log, by a running node's metrics.
//! Holds: a witness that has seen another log is trouble, whatever else holds.

use crate::config::{CheckpointOptions, Config, Fail};

use super::finding::{Finding, Report};

const PAGE: &str = "see docs/operations.md, \"Have the log witnessed\"";

pub(super) fn look(metrics: &str, config: &Config, report: &mut Report) {
    if let Some(options) = &config.checkpoints {
        judge(metrics, options).into_iter().for_each(|finding| report.add(finding));
    }
}

fn judge(metrics: &str, options: &CheckpointOptions) -> Vec<Finding> {
    let number = |name: &str| metrics.lines().find_map(|line| value(line, name));
    let Some(published) = number("comity_checkpoint_cosigned_size") else {
        return vec![Finding::trouble(
            "witnesses",
            "config.toml names witnesses, but the node asks none: it has no note key, or was started \
             before they were named",
            format!("restart the node; {PAGE}"),
        )];
    };
    let names: Vec<&str> = options.witnesses.iter().map(|of| of.key.get().name()).collect();
    let is_set = |metric: &str, name: &str| {
        number(&format!("{metric}{{witness=\"{}\"}}", escaped(name))).is_some_and(|value| value > 0)
    };
    let those = |metric: &str| -> Vec<&str> {
        names.iter().copied().filter(|name| is_set(metric, name)).collect()
    };
    let mut findings = Vec::new();
    let conflicting = those("comity_witness_conflict");
    if !conflicting.is_empty() {
        findings.push(Finding::trouble(
            "witnesses",
            format!(
                "{} has cosigned another log of this consortium than this node's: two logs were \
                 signed as one",
                conflicting.join(", ")
            ),
            "keep everything and call the other members: docs/operations.md, \"A witness has seen \
             another log\"",
        ));
    }
    let failing = those("comity_witness_failing_since_seconds");
    let cosign = names.len() - failing.len();
    let found = format!(
        "{cosign} of {} cosign, {} must; the newest that enough have cosigned has {published} entries",
        names.len(),
        options.required()
    );
    let since = number("comity_checkpoint_overdue_since_seconds").unwrap_or_default();
    findings.push(if since > 0 {
        let since = jiff::Timestamp::from_second(i64::try_from(since).unwrap_or(0));
        let since = since.map(|at| at.to_string()).unwrap_or_default();
        let meaning = match options.fail {
            Fail::Closed => "the published checkpoint stays as it is",
            Fail::Open => "checkpoints are published without enough cosignatures",
        };
        let who = failing.join(", ");
        Finding::warning(
            "witnesses",
            format!("since {since} {meaning}. Not cosigning: {who}. {found}"),
            format!("the node's log says why; call the witnesses' operators; {PAGE}"),
        )
    } else if failing.is_empty() {
        Finding::fine("witnesses", found)
    } else {
        Finding::warning(
            "witnesses",
            format!("{found}. Not cosigning: {}", failing.join(", ")),
            "the node's log says why; call the witnesses' operators",
        )
    });
    findings
}

/// The value of a metric, with its labels, where a line of OpenMetrics text is its.
fn value(line: &str, name: &str) -> Option<u64> {
    line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok()
}

/// A label's value as it is written.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use comity_core::keys::SecretKey;
    use comity_core::note::{NoteKey, NoteKind};
    use serde_json::json;

    use super::*;

    fn options(fail: &str) -> CheckpointOptions {
        let witness = |name: &str, seed: u8| {
            let key = SecretKey::from_seed(&[seed; 32]).public();
            let key = NoteKey::new(name, NoteKind::Cosignature, key).unwrap();
            format!("[[witnesses]]\nurl = \"http://127.0.0.1:1\"\nkey = \"{key}\"\n")
        };
        let (a, b) = (witness("w/1", 1), witness("w/2", 2));
        toml::from_str(&format!("fail = \"{fail}\"\ncosignatures = 1\n{a}{b}")).unwrap()
    }

    fn metrics(overdue: u64, failing: [u64; 2], conflict: u64) -> String {
        format!(
            "comity_checkpoint_cosigned_size 7\n\
             comity_checkpoint_overdue_since_seconds {overdue}\n\
             comity_witness_failing_since_seconds{{witness=\"w/1\"}} {}\n\
             comity_witness_failing_since_seconds{{witness=\"w/2\"}} {}\n\
             comity_witness_conflict{{witness=\"w/2\"}} {conflict}\n",
            failing[0], failing[1]
        )
    }

    #[test]
    fn witnesses_are_fine_missing_or_in_conflict() {
        let judged = |fail: &str, text: &str| -> Vec<(String, String)> {
            let found = judge(text, &options(fail));
            let shown = found.iter().map(|finding| json!(finding)).map(|of| {
                let part = |name: &str| of[name].as_str().unwrap().to_owned();
                (part("level"), part("found"))
            });
            shown.collect()
        };
        let fine = judged("closed", &metrics(0, [0, 0], 0));
        let words = "2 of 2 cosign, 1 must; the newest that enough have cosigned has 7 entries";
        assert_eq!(fine, [("fine".to_owned(), words.to_owned())]);
        let one = judged("closed", &metrics(0, [0, 5], 0));
        assert!(one[0].0 == "warning" && one[0].1.ends_with("Not cosigning: w/2"), "{one:?}");
        let closed = judged("closed", &metrics(1_800_000_000, [5, 5], 0));
        assert!(closed[0].0 == "warning" && closed[0].1.contains("stays as it is"), "{closed:?}");
        let open = judged("open", &metrics(1_800_000_000, [5, 5], 0));
        assert!(open[0].1.contains("without enough cosignatures"), "{open:?}");
        let two = judged("closed", &metrics(0, [0, 5], 1));
        assert!(two[0].0 == "trouble" && two[0].1.starts_with("w/2 has cosigned"), "{two:?}");
        let none = judged("closed", "comity_height 4\n");
        assert!(none[0].0 == "trouble" && none[0].1.contains("asks none"), "{none:?}");
    }
}
