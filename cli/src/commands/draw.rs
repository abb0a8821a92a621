//! `comity draw`: opens draws, commits and reveals in them, reports reviews, lists and shows them.
//! Holds: the secret of a commitment lies in a file that its owner alone can read, before anything
//! is committed, and is never an argument; one that lies there is never replaced.
//! May not enter: what is drawn (core derives it).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use comity_core::hash::DrawSecret;
use comity_core::ids::{DrawId, TimeMs};
use comity_core::oversight::{Draw, DrawState, Drawn, DrawnVerdict, draw_commitment};
use comity_core::statement::Action;
use comity_core::text::AgencyId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::filter;
use crate::args::{DrawVerb, InDraw, ListDraws, OpenDraw, ReportReview, ShowDraw};
use crate::client::Query;
use crate::describe::oversight;
use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::{fault, say};
use crate::shell::{Session, Shell};
use crate::sign::Desk;
use crate::table::{self, Cell};
use crate::time;

/// A draw as the node answers it.
#[derive(Clone, Debug, Deserialize)]
struct DrawAnswer {
    id: DrawId,
    draw: Draw,
    state: DrawState,
    commits_until: TimeMs,
    reveals_until: TimeMs,
    withheld: Vec<AgencyId>,
    drawn: Option<Vec<Drawn>>,
}

pub(super) fn run(verb: DrawVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        DrawVerb::Open(args) => open(args, session),
        DrawVerb::Commit(args) => commit(&args, session),
        DrawVerb::Reveal(args) => reveal(&args, session),
        DrawVerb::Report(args) => report(&args, session),
        DrawVerb::List(args) => list(&args, session),
        DrawVerb::Show(args) => show(&args, session),
    }
}

fn open(args: OpenDraw, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let action = Action::OpenDraw { scope: args.range, count: args.count };
    desk.change(session, action, |done| json!({ "draw": DrawId(done.index) })).map(drop)
}

fn commit(args: &InDraw, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let path = secret_path(&args.signing.key, args.draw);
    // What a try that failed had drawn may be on the log already: it is committed to again.
    if !path.exists() {
        let secret = DrawSecret(session.shell.draw()?);
        keys::write_new(&path, format!("{secret}\n").as_bytes(), Readers::Owner)?;
    }
    let secret = read_secret(&path)?;
    session.shell.note(&say!("note-draw-secret", path = path.display(), draw = args.draw));
    let agency = &desk.key.file.agency;
    let commitment = draw_commitment(&desk.consortium(), args.draw, agency, &secret);
    let action = Action::CommitDraw { draw: args.draw, commitment };
    desk.change(session, action, |_| json!({ "draw": args.draw })).map(drop)
}

fn reveal(args: &InDraw, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let path = secret_path(&args.signing.key, args.draw);
    if !path.exists() {
        let draw = args.draw;
        return Err(fault!(Failed, "draw-secret-missing", path = path.display(), draw = draw));
    }
    let action = Action::RevealDraw { draw: args.draw, secret: read_secret(&path)? };
    desk.change(session, action, |_| json!({ "draw": args.draw })).map(drop)
}

/// Where the secret lies that a key's agency committed to in a draw: beside the key.
fn secret_path(key: &Path, draw: DrawId) -> PathBuf {
    let mut name: OsString = key.as_os_str().to_owned();
    name.push(format!(".{draw}.secret"));
    PathBuf::from(name)
}

fn read_secret(path: &Path) -> Result<DrawSecret, Fault> {
    let bytes = keys::read_private(path, |mode| {
        fault!(Usage, "draw-secret-permissions", path = path.display(), mode = mode)
    })?;
    // The cause is left out: it might quote the secret.
    let text = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
    text.ok_or_else(|| fault!(Failed, "draw-secret-unreadable", path = path.display()))
}

fn report(args: &ReportReview, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let verdict = args.finding.map_or(DrawnVerdict::InOrder, DrawnVerdict::Finding);
    let (draw, number) = (args.draw, args.number);
    let action = Action::ReportReview { draw, number, verdict };
    desk.change(session, action, |_| json!({ "draw": draw, "number": number })).map(drop)
}

fn list(args: &ListDraws, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let mut query: Query = vec![];
    filter(&mut query, "state", args.state.map(|state| state.as_str()));
    let (draws, found) = client.listed::<DrawAnswer>("/v1/draws", &query, "draws")?;
    session.result(&json!({ "draws": Value::Array(found) }), |_| {
        let row = |answer: &DrawAnswer| {
            let draw = &answer.draw;
            vec![
                Cell::Text(answer.id.to_string()),
                Cell::Text(state_word(answer)),
                Cell::Text(format!("{}/{}", draw.commits.len(), draw.pool.len())),
                Cell::Text(format!("{}/{}", draw.reviews.len(), draw.count)),
                Cell::Time(answer.commits_until),
                Cell::Time(answer.reveals_until),
                Cell::Text(draw.opened_by.to_string()),
            ]
        };
        let headings = [
            &say!("column-draw"),
            &say!("column-state"),
            &say!("column-committed"),
            &say!("column-reviewed"),
            &say!("column-commits-until"),
            &say!("column-reveals-until"),
            &say!("column-by"),
        ];
        table::rows(&headings.map(String::as_str), draws.iter().map(row).collect())
    })
}

fn show(args: &ShowDraw, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value(&format!("/v1/draws/{}", args.draw), &vec![])?;
    let answer: DrawAnswer = client.read(&found)?;
    session.result(&found, |shell| {
        let head = say!(
            "draw-head",
            draw = answer.id,
            count = answer.draw.count,
            agency = answer.draw.opened_by,
            state = state_word(&answer)
        );
        let mut parts = vec![head, table::pairs(&rows(&answer, shell))];
        parts.extend(drawn_lines(&answer));
        parts.join("\n")
    })
}

fn rows(answer: &DrawAnswer, shell: &Shell) -> Vec<(String, String)> {
    let DrawAnswer { draw, .. } = answer;
    let mut rows: Vec<(String, String)> = draw
        .scope
        .iter()
        .map(|range| (say!("label-drawn-from"), oversight::range(range)))
        .collect();
    rows.push((say!("label-commits-until"), time::show(answer.commits_until, &shell.zone)));
    rows.push((say!("label-reveals-until"), time::show(answer.reveals_until, &shell.zone)));
    for agency in &draw.pool {
        let part = match draw.commits.get(agency) {
            None => say!("words-not-committed", agency = agency),
            Some(_) if answer.withheld.contains(agency) => {
                say!("words-withheld", agency = agency)
            }
            Some(commit) if commit.reveal.is_some() => say!("words-revealed", agency = agency),
            Some(_) => say!("words-committed", agency = agency),
        };
        rows.push((say!("label-takes-part"), part));
    }
    rows
}

/// What was drawn, who reviews it, and what came of it.
fn drawn_lines(answer: &DrawAnswer) -> Vec<String> {
    let numbered = (1..).zip(answer.drawn.iter().flatten());
    let line = |(number, drawn): (u16, &Drawn)| {
        let review = answer.draw.reviews.get(&number);
        let review = review.map(|review| oversight::verdict(review.verdict));
        say!(
            "draw-line",
            number = number,
            record = drawn.number,
            gateway = table::short(drawn.gateway),
            provider = drawn.provider,
            reviewer = drawn.reviewer,
            review = review.unwrap_or_else(|| say!("words-not-reviewed"))
        )
    };
    numbered.map(line).collect()
}

fn state_word(answer: &DrawAnswer) -> String {
    match answer.state {
        DrawState::Committing => say!("draw-committing"),
        DrawState::Revealing => say!("draw-revealing"),
        DrawState::Drawn => say!("draw-drawn"),
        DrawState::Void => say!("draw-void"),
    }
}
