//! `comity codes`: lists, publishes and withdraws the codes of matters and duty bases.
//! Holds: publishing a file again publishes only what is not yet on the lists.

use std::path::Path;

use comity_core::codes::{CodeEntry, CodeList, MAX_CODES, PublishedCode};
use comity_core::statement::Action;
use comity_core::text::Code;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{CodesVerb, ListCodes, PublishCodes, WithdrawCode};
use crate::client::Codes;
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::Desk;
use crate::{keys, table};

pub(super) fn run(verb: CodesVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        CodesVerb::List(args) => list(&args, session),
        CodesVerb::Publish(args) => publish(&args, session),
        CodesVerb::Withdraw(args) => withdraw(args, session),
    }
}

fn list(args: &ListCodes, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value("/v1/codes", &vec![])?;
    let codes: Codes = client.read(&found)?;
    session.result(&found, |_| {
        let (matter, basis) = (say!("word-matter"), say!("word-basis"));
        let shown = |entry: &&PublishedCode| args.withdrawn || entry.withdrawn_at.is_none();
        let row = |list: &str, entry: &PublishedCode| {
            let title = match entry.withdrawn_at {
                Some(at) => say!("words-code-withdrawn", title = entry.title, index = at),
                None => entry.title.to_string(),
            };
            vec![list.to_owned(), entry.code.to_string(), title]
        };
        let matters = codes.matters.iter().filter(shown).map(|entry| row(&matter, entry));
        let bases = codes.duty_bases.iter().filter(shown).map(|entry| row(&basis, entry));
        let headings = [&say!("column-list"), &say!("column-code"), &say!("column-title")];
        table::rows(&headings.map(String::as_str), matters.chain(bases).collect())
    })
}

/// A file of code lists, in the form that `comityd genesis` takes too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeFile {
    #[serde(default)]
    matters: Vec<CodeEntry>,
    #[serde(default)]
    duty_bases: Vec<CodeEntry>,
}

fn load(path: &Path) -> Result<CodeFile, Fault> {
    let unreadable = |cause: String| {
        fault!(Failed, "codes-unreadable", path = path.display(), cause = cause.trim_end())
    };
    let text = keys::read_text(path, unreadable)?;
    let file: CodeFile = toml::from_str(&text).map_err(|e| unreadable(e.to_string()))?;
    if file.matters.is_empty() && file.duty_bases.is_empty() {
        return Err(unreadable(say!("words-no-codes")));
    }
    Ok(file)
}

fn publish(args: &PublishCodes, session: &mut Session<'_>) -> Result<(), Fault> {
    let file = load(&args.file)?;
    let desk = Desk::open(session, &args.signing.key)?;
    let listed: Codes = desk.client.get("/v1/codes")?;
    let lists = [
        (CodeList::Matters, file.matters, &listed.matters),
        (CodeList::DutyBases, file.duty_bases, &listed.duty_bases),
    ];
    let mut is_new = false;
    for (list, mut codes, listed) in lists {
        let is_listed = |code: &Code| listed.iter().any(|entry| entry.code == *code);
        let before = codes.len();
        codes.retain(|entry| !is_listed(&entry.code));
        if codes.len() < before {
            let count = before - codes.len();
            session.shell.note(&say!("note-codes-listed", list = list.as_str(), count = count));
        }
        for part in codes.chunks(MAX_CODES) {
            is_new = true;
            let names: Vec<&Code> = part.iter().map(|entry| &entry.code).collect();
            let also = json!({ "list": list, "codes": names });
            let action = Action::PublishCodes { list, codes: part.to_vec() };
            desk.change(session, action, |_| also)?;
        }
    }
    if is_new {
        return Ok(());
    }
    let nothing = json!({ "status": "unchanged", "codes": Value::Array(vec![]) });
    session.result(&nothing, |_| say!("ok-codes-unchanged"))
}

fn withdraw(args: WithdrawCode, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, &args.signing.key)?;
    let (list, code) = (CodeList::from(args.list), args.code);
    let also = json!({ "list": list, "code": code });
    let action = Action::WithdrawCode { list, code, reason: args.reason };
    desk.change(session, action, |_| also).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_code_lists() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/samples");
        let matters = load(&samples.join("matters.toml")).unwrap();
        assert!(!matters.matters.is_empty() && matters.duty_bases.is_empty());
        let bases = load(&samples.join("duty-bases.toml")).unwrap();
        assert!(bases.matters.is_empty() && !bases.duty_bases.is_empty());
    }
}
