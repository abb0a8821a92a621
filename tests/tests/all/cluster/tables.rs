//! What auditors do with tables: the log exported and asked in SQL, and a gateway's own log held
//! against it. The questions are those of docs/auditors.md, and are read from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::ids::{ExchangeId, GrantId, LogIndex, TimeMs};
use comity_core::statement::Action;
use serde_json::{Value, json};

use crate::harness::author::{Author, Role, drawn, now};
use crate::harness::consortium::Consortium;
use crate::harness::wait;

const DUCKDB: &str = "duckdb==2.0.0";
/// How long an installation may take.
const INSTALLING: Duration = Duration::from_secs(240);
const BIRTHS: &str = "civil.th/births";
const FROM_JSON: &str = "read_json('log.jsonl', format = 'newline_delimited')";
const FROM_CSV: &str =
    "read_csv('log.csv', header = true, delim = ',', quote = '\"', escape = '\"')";
/// Asks each question in the page, and prints what is answered, a list for each.
const ASK: &str = r#"
import json, re, sys, duckdb
page, before, after = sys.argv[1:]
for sql in re.findall(r"```sql\n(.*?)```", open(page, encoding="utf-8").read(), re.S):
    assert before in sql
    print(json.dumps(duckdb.sql(sql.replace(before, after)).fetchall(), default=str))
"#;

/// A log with a grant that was used and revoked, and one that was not used.
struct Story {
    consortium: Consortium,
    gateway: Author,
    grants: [GrantId; 2],
    /// What was recorded: the exchange and the answer to its record.
    recorded: Vec<(ExchangeId, Value)>,
}

impl Story {
    fn play() -> Story {
        let consortium = Consortium::start(2);
        let steward = consortium.person(0, Role::Steward);
        let gateway = consortium.person(0, Role::Gateway);
        let officer = consortium.person(1, Role::Officer);
        let api = consortium.nodes[0].api;
        let grant = |dataset: &str| {
            let made = api.commit(&steward.grant(dataset, "data.th"));
            GrantId(LogIndex(made["index"].as_u64().unwrap()))
        };
        api.commit(&steward.publish("births"));
        api.commit(&steward.publish("deaths"));
        let grants = [grant(BIRTHS), grant("civil.th/deaths")];
        let mut recorded = Vec::new();
        let mut record = |exchange: ExchangeId, record: Vec<u8>| {
            recorded.push((exchange, api.commit(&record)));
        };
        for _ in 0..2 {
            let attempt = attempt(&officer, grants[0]);
            record(attempt.attempt.exchange, gateway.access(attempt));
        }
        let reason = "=HYPERLINK(\"http://x\"), \"not\" needed".parse().unwrap();
        let revoked = api.commit(&steward.record(Action::RevokeGrant { grant: grants[0], reason }));
        let at = LogIndex(revoked["index"].as_u64().unwrap());
        let attempt = attempt(&officer, grants[0]);
        let refusal = AccessRefusal::GrantRevoked { at };
        record(attempt.attempt.exchange, gateway.denial(attempt, refusal));
        let story = Story { consortium, gateway, grants, recorded };
        let genesis = story.consortium.genesis.display().to_string();
        let sync = ["audit", "sync", "--copy", "evidence", "--genesis", &genesis];
        story.consortium.comity(0, &sync).done();
        story
    }

    fn file(&self, name: &str) -> PathBuf {
        self.consortium.dir().join(name)
    }

    /// An exchange as a line of the gateway's log.
    fn line(&self, number: usize, outcome: &str) -> String {
        let (exchange, record) = &self.recorded[number];
        let (time, digest) = (rfc3339(record["time"].as_u64().unwrap()), &record["leaf_hash"]);
        let digest = digest.as_str().unwrap();
        format!("{exchange},{time},{digest},{outcome},{BIRTHS}\n")
    }

    /// Holds a gateway's log against the copy: the exit code, and what was found.
    fn reconcile(&self, lines: &[String], options: &[&str]) -> (i32, Value) {
        let text = format!("exchange,time,digest,outcome,dataset\n{}", lines.concat());
        fs::write(self.file("gateway.csv"), text).unwrap();
        let args = ["audit", "reconcile", "gateway.csv", "--copy", "evidence", "--json"];
        let ran = self.consortium.comity(0, &[&args[..], options].concat());
        (ran.code.unwrap(), serde_json::from_str(&ran.out).unwrap())
    }
}

/// What an officer asks for under a grant.
fn attempt(officer: &Author, grant: GrantId) -> SignedAttempt {
    let attempt = Attempt {
        consortium: officer.consortium,
        exchange: ExchangeId(drawn()),
        grant: grant.into(),
        dataset: BIRTHS.parse().unwrap(),
        requester: officer.agency.parse().unwrap(),
        officer: officer.key.public(),
        matter: "SCHOOL-ENROLMENT".parse().unwrap(),
        items: Items::All,
        mode: DeliveryMode::Verify,
        made_at: now(),
        valid_until: now().plus(600_000),
        sealed: vec![],
        batch: None,
        capacity: Default::default(),
    };
    SignedAttempt { signature: officer.key.sign_attempt(&attempt), attempt }
}

/// A time as a gateway's log has it: the days since 1970 by the calendar.
fn rfc3339(ms: u64) -> String {
    let (mut days, of_day) = (ms / 86_400_000, ms % 86_400_000);
    let mut year = 1970;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, ms) = (of_day / 1_000 % 60, of_day % 1_000);
    let (month, day) = (month + 1, days + 1);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[test]
fn times_are_those_of_the_calendar() {
    assert_eq!(rfc3339(1_777_777_777_007), "2026-05-03T03:09:37.007Z");
    assert_eq!(rfc3339(1_709_164_800_000), "2024-02-29T00:00:00.000Z");
}

#[test]
fn exchanges_past_the_ledger_and_gaps_in_the_gateways_log_are_found() {
    let story = Story::play();
    let whole: Vec<String> = ["allowed", "allowed", "refused"]
        .iter()
        .enumerate()
        .map(|(n, o)| story.line(n, o))
        .collect();
    let agency = ["--agency", "civil.th"];
    let (code, found) = story.reconcile(&whole, &agency);
    assert_eq!((code, &found["agree"], &found["matched"]), (0, &json!(true), &json!(3)), "{found}");
    assert_eq!(found["as_of"]["height"], story.consortium.nodes[0].status()["height"]);

    // Data handed over past the ledger, in the time before the copy's end, and once more under a record.
    let time = TimeMs(story.recorded[0].1["time"].as_u64().unwrap() - 1);
    let past = format!("{},{},,allowed,\n", ExchangeId([0xAB; 16]), rfc3339(time.0));
    let more = [whole.clone(), vec![past, whole[0].clone()]].concat();
    let (code, found) = story.reconcile(&more, &[&agency[..], &["--tolerance", "0s"]].concat());
    assert_eq!(code, 5, "{found}");
    let alone: Vec<_> = found["gateway_only"].as_array().unwrap().iter().collect();
    assert_eq!((&alone[0]["line"], &alone[0]["why"]), (&json!(5), &json!("no-record")), "{found}");
    assert_eq!((&alone[1]["line"], &alone[1]["why"]), (&json!(6), &json!("recorded-once")));
    assert_eq!(found["ledger_only"], json!([]));
    // So new that its entry may still come.
    let (code, found) = story.reconcile(&more[..4], &agency);
    assert_eq!((code, &found["too_new"]), (0, &json!(1)), "{found}");

    let key = story.gateway.key.public().to_string();
    let (code, found) = story.reconcile(&whole[..1], &["--gateway", &key]);
    assert_eq!(code, 5, "{found}");
    let missing: Vec<_> = found["ledger_only"].as_array().unwrap().iter().collect();
    assert_eq!(missing.len(), 2, "{found}");
    assert_eq!(missing[0]["index"], story.recorded[1].1["index"]);
    assert_eq!(missing[1]["outcome"], "refused");

    let changed = story.line(2, "allowed").replace(BIRTHS, "civil.th/deaths");
    let (code, found) = story.reconcile(&[whole[0].clone(), whole[1].clone(), changed], &agency);
    assert_eq!(code, 5, "{found}");
    let differ = found["differ"].as_array().unwrap();
    let what: Vec<_> = differ.iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["outcome", "dataset"], "{found}");
    assert_eq!(differ[0]["ledger"], "refused");
    // A window before all of it: nothing is compared.
    let (code, found) = story.reconcile(&[], &["--agency", "civil.th", "--to", "2020-01-01"]);
    assert_eq!((code, &found["entries"]), (0, &json!(0)), "{found}");
}

#[test]
fn questions_of_the_page_are_answered_in_sql() {
    let python = match duckdb() {
        Ok(python) => python,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let story = Story::play();
    for (format, name) in [("jsonl", "log.jsonl"), ("csv", "log.csv")] {
        let args = ["log", "export", "--format", format, "--copy", "evidence", "--out", name];
        story.consortium.comity(0, &args).done();
        let shown = story.consortium.comity(0, &["log", "export", "--format", format]).done();
        // From the node the same, on standard output.
        assert_eq!(shown, fs::read_to_string(story.file(name)).unwrap());
    }
    let csv = fs::read_to_string(story.file("log.csv")).unwrap();
    assert!(csv.contains("\"'=HYPERLINK"), "no formula: {csv}");
    let ask = |to: &str| -> Vec<Value> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/auditors.md");
        let mut command = Command::new(&python);
        command.args(["-c", ASK]).arg(page.canonicalize().unwrap()).args([FROM_JSON, to]);
        let output = command.current_dir(story.consortium.dir()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let [first, second] = story.grants.map(|grant| grant.0.0);
    let month = &rfc3339(story.recorded[0].1["time"].as_u64().unwrap())[..7];
    let used = [json!([month, "data.th", "DEPARTMENT-MANDATE", 2, 1])];
    let unused = json!([
        [first, BIRTHS, "data.th", 2, ["grant-revoked"]],
        [second, "civil.th/deaths", "data.th", 0, null],
    ]);
    for to in [FROM_JSON, FROM_CSV] {
        assert_eq!(ask(to), [json!([]), json!(used), unused.clone()], "{to}");
    }
    // The first question finds what it asks for, where there is something: here a forged row.
    let table = fs::read_to_string(story.file("log.jsonl")).unwrap();
    let access = table.lines().find(|line| line.contains("\"record-access\"")).unwrap();
    let mut forged: Value = serde_json::from_str(access).unwrap();
    forged["index"] = json!(99);
    fs::write(story.file("log.jsonl"), format!("{table}{forged}\n")).unwrap();
    let found = ask(FROM_JSON).remove(0);
    assert_eq!((&found[0][0], found.as_array().unwrap().len()), (&json!(99), 1), "{found}");
}

/// A Python that has DuckDB; else why there is none.
fn duckdb() -> Result<PathBuf, String> {
    let has = |python: &Path| {
        let mut command = Command::new(python);
        command.args(["-c", "import duckdb"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let plain = PathBuf::from("python3");
    if has(&plain) {
        return Ok(plain);
    }
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/duckdb");
    let python = venv.join("bin/python");
    if has(&python) {
        return Ok(python);
    }
    let venv = venv.display().to_string();
    let made = finished(Command::new("python3").args(["-m", "venv", &venv]));
    made.map_err(|why| format!("no environment for python3: {why}"))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--retries", "1", DUCKDB]);
    finished(&mut install).map_err(|why| format!("{DUCKDB} is not to be had: {why}"))?;
    has(&python).then_some(python).ok_or_else(|| format!("{DUCKDB} does not run here"))
}

/// Runs a command to its end.
fn finished(command: &mut Command) -> Result<(), String> {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let status = wait::within(INSTALLING, "an installation", || match child.try_wait().unwrap() {
        Some(status) => Ok(status),
        None => Err("it goes on".to_owned()),
    });
    status.success().then_some(()).ok_or_else(|| status.to_string())
}
