//! The stage of the demo: runs people's commands in sight of the reader.
//! Holds: a command is run at a node that has all that was committed before; its exit code is the
//! one that the story tells.
//! May not enter: the story.

use std::time::Duration;

use comity_core::text::AgencyId;

use crate::api::{Api, Status};
use crate::failure::DevnetError;
use crate::nodes::Network;
use crate::page::Page;
use crate::people::Person;
use crate::process::Program;
use crate::run::{Ran, Task};

/// How long a node may take to have what another has committed.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);
/// How `comity` begins to say what is about to be signed.
const PREVIEW: &str = "You are about to sign";

/// How much of a command's output is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// All of it, also what is about to be signed.
    All,
    /// All but the listing of what is about to be signed.
    Result,
}

/// The stage.
pub(super) struct Stage<'a> {
    /// What the reader sees.
    pub(super) page: &'a mut Page,
    /// The devnet.
    pub(super) network: &'a mut Network,
    step: usize,
    /// A node that does not run at the moment.
    down: Option<AgencyId>,
}

impl<'a> Stage<'a> {
    /// A stage on a devnet that is up.
    pub(super) fn new(page: &'a mut Page, network: &'a mut Network) -> Stage<'a> {
        Stage { page, network, step: 0, down: None }
    }

    /// The heading of the next step.
    pub(super) fn step(&mut self, title: &str) -> Result<(), DevnetError> {
        self.step += 1;
        self.page.heading(&format!("{}. {title}", self.step))
    }

    /// What happened and why, in plain words.
    pub(super) fn say(&mut self, text: &str) -> Result<(), DevnetError> {
        self.page.say(text)
    }

    /// An agency by its id.
    pub(super) fn agency(&self, id: &str) -> AgencyId {
        match self.network.topology.nodes.iter().find(|node| node.agency.as_str() == id) {
            Some(node) => node.agency.clone(),
            None => unreachable!("the story is about agencies of the cast: {id}"),
        }
    }

    /// Runs `comity` as the holder of `role` at `agency`; `args` is a command line without
    /// quotes, `more` are words that follow it. Returns what it wrote to standard output. Errors:
    /// the exit code is not `expected`.
    pub(super) fn comity(
        &mut self,
        (role, agency): (&str, &str),
        args: &str,
        more: &[&str],
        shown: Shown,
        expected: u8,
    ) -> Result<String, DevnetError> {
        let agency = self.agency(agency);
        self.settle(&agency)?;
        let node = self.network.node(&agency);
        let person = Person::of(node, role);
        let args: Vec<&str> = args.split_whitespace().chain(more.iter().copied()).collect();
        let task = person.task(&self.network.place, node, &args);
        self.play(&person.to_string(), &task, shown, expected)
    }

    /// As `comity`, with the role's own key and without a question, where all goes well.
    pub(super) fn sign(
        &mut self,
        who: (&str, &str),
        args: &str,
        more: &[&str],
        shown: Shown,
    ) -> Result<String, DevnetError> {
        self.signed(who, args, more, shown, 0)
    }

    /// As `sign`, with another exit code expected.
    pub(super) fn signed(
        &mut self,
        who: (&str, &str),
        args: &str,
        more: &[&str],
        shown: Shown,
        expected: u8,
    ) -> Result<String, DevnetError> {
        let key = format!("{}.key", who.0);
        let more = [more, &["--key", &key, "--yes"]].concat();
        self.comity(who, args, &more, shown, expected)
    }

    /// Runs a program as the auditor, who has a folder of papers and no node.
    pub(super) fn auditor(
        &mut self,
        program: Program,
        args: &str,
        expected: u8,
    ) -> Result<String, DevnetError> {
        let args: Vec<&str> = args.split_whitespace().collect();
        let task = Task::new(program, &args, &self.network.place.auditor());
        self.play("auditor", &task, Shown::All, expected)
    }

    /// An officer's attempt and the gateway's record of it. `args` is what is asked for. Returns
    /// what the gateway wrote to standard output.
    pub(super) fn access(
        &mut self,
        args: &str,
        item: &str,
        name: &str,
        shown: Shown,
        expected: u8,
    ) -> Result<String, DevnetError> {
        let (file, at) = (format!("{name}.json"), format!("../civil.th/{name}.json"));
        let attempt = format!("access attempt {args} --mode verify");
        let officer = ("officer", "civil.th");
        self.sign(officer, &attempt, &["--item", item, "--out", &file], shown)?;
        let gateway = ("gateway", "health.gz");
        let record = ["--attempt", &at];
        self.signed(gateway, "access record", &record, Shown::Result, expected)
    }

    /// Ends a node at once. Errors: it does not run, or does not end.
    pub(super) fn kill(&mut self, agency: &AgencyId) -> Result<u32, DevnetError> {
        let pid = self.network.kill(agency)?;
        self.down = Some(agency.clone());
        Ok(pid)
    }

    /// Starts the node that was ended, and waits until it is ready.
    pub(super) fn restart(&mut self, agency: &AgencyId) -> Result<(), DevnetError> {
        let agencies = [agency.clone()];
        self.network.start(&agencies)?;
        self.network.wait_ready(&agencies)?;
        self.down = None;
        Ok(())
    }

    /// Where the nodes that run stand. Errors: one of them does not answer.
    pub(super) fn statuses(&self) -> Result<Vec<(AgencyId, Status)>, DevnetError> {
        let nodes = self.network.topology.nodes.iter();
        nodes
            .filter(|node| Some(&node.agency) != self.down.as_ref())
            .map(|node| Ok((node.agency.clone(), self.network.status(node)?)))
            .collect()
    }

    /// Waits until the node of `agency` has every block that some running node has. Errors: it
    /// takes too long.
    pub(super) fn settle(&mut self, agency: &AgencyId) -> Result<(), DevnetError> {
        let height = self.statuses()?.iter().map(|(_, status)| status.height).max();
        let (height, api) = (height.unwrap_or_default(), Api::of(self.network.node(agency)));
        self.network.wait(agency, "catch up", SETTLE_LIMIT, || match api.status() {
            Ok(status) if status.height >= height => Ok(()),
            Ok(status) => Err(format!("it has block {} of {height}", status.height)),
            Err(error) => Err(error.to_string()),
        })
    }

    fn play(
        &mut self,
        prompt: &str,
        task: &Task,
        shown: Shown,
        expected: u8,
    ) -> Result<String, DevnetError> {
        self.page.command(prompt, &task.words())?;
        let ran = task.run()?;
        self.page.output(&as_shown(&ran, shown))?;
        if ran.code != Some(expected) {
            return Err(task.ended_otherwise(expected, &ran, String::new()));
        }
        if expected != 0 {
            self.page.output(&format!("(exit code {expected})"))?;
        }
        self.page.gap()?;
        Ok(ran.out)
    }
}

/// Where in what a command wrote a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// In the sentence that says what is about to be signed, which may take several lines.
    Title,
    /// In its terms, which are indented.
    Terms,
    /// Anywhere else.
    Shown,
}

/// What a command wrote, as a person at its terminal has it before the eyes: what goes to
/// standard error comes before the result.
fn as_shown(ran: &Ran, shown: Shown) -> String {
    if shown == Shown::All {
        return format!("{}{}", ran.err, ran.out);
    }
    let mut part = Part::Shown;
    let kept = ran.err.lines().filter(|line| {
        part = match (part, line.starts_with(PREVIEW), line.starts_with("  ")) {
            (_, true, _) => Part::Title,
            (Part::Title, _, false) => Part::Title,
            (Part::Title | Part::Terms, _, true) => Part::Terms,
            (Part::Terms | Part::Shown, ..) => Part::Shown,
        };
        part == Part::Shown
    });
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    format!("{kept}{}", ran.out)
}

/// The id of the grant that a text speaks of, as in `G17`. Errors: it speaks of none.
pub(super) fn grant_in(text: &str) -> Result<String, DevnetError> {
    word_after("G", text)
}

/// The id of the request that a text speaks of, as in `R17`. Errors: it speaks of none.
pub(super) fn request_in(text: &str) -> Result<String, DevnetError> {
    word_after("R", text)
}

/// The entry that a text speaks of, as in `entry 17`. Errors: it speaks of none.
pub(super) fn entry_in(text: &str) -> Result<String, DevnetError> {
    word_after("entry ", text).map(|entry| entry.replace("entry ", ""))
}

fn word_after(begin: &str, text: &str) -> Result<String, DevnetError> {
    // Lines are broken to fit the page.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let found = text.match_indices(begin).find_map(|(at, _)| {
        let digits: String =
            text[at + begin.len()..].chars().take_while(char::is_ascii_digit).collect();
        if digits.is_empty() { None } else { Some(format!("{begin}{digits}")) }
    });
    found.ok_or_else(|| {
        DevnetError::Unexpected(format!("{begin:?} and a number are not in the output: {text}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_requests_and_entries_are_found_in_what_comity_says() {
        let text = "Done: the Grant G17 is issued (entry 17, block 9, 2026-05-03T10:00:00Z).";
        assert_eq!(grant_in(text).unwrap(), "G17");
        assert_eq!(entry_in(text).unwrap(), "17");
        assert!(grant_in("Gone. Grant G.").is_err());
        assert_eq!(request_in("Done: R9 asks for health.gz/Register.").unwrap(), "R9");
    }

    #[test]
    fn what_is_about_to_be_signed_is_left_out_and_nothing_else_is() {
        let err = "Note.\nYou are about to sign: x\nthat goes on\n  Grant  G1\n  Key    0a\n\
                   Access refused: y.\n  z\n";
        let ran = Ran { code: Some(4), out: "Done.\n".to_owned(), err: err.to_owned() };
        assert_eq!(as_shown(&ran, Shown::Result), "Note.\nAccess refused: y.\n  z\nDone.\n");
        assert_eq!(as_shown(&ran, Shown::All), format!("{err}Done.\n"));
    }
}
