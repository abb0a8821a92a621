//! What the doctor found, and how it is shown.
//! Holds: lines of at most 80 columns; the worst first, otherwise in the order found.

use comity_core::text::AgencyId;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Fine,
    /// To look at.
    Warning,
    /// It keeps the node, or the consortium, from working; or will.
    Trouble,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    level: Level,
    subject: &'static str,
    /// How it is, and what that means.
    found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Finding {
    pub(super) fn fine(subject: &'static str, found: impl Into<String>) -> Finding {
        Finding { level: Level::Fine, subject, found: found.into(), next: None }
    }

    pub(super) fn warning(
        subject: &'static str,
        found: impl Into<String>,
        next: impl Into<String>,
    ) -> Finding {
        let next = Some(next.into());
        Finding { level: Level::Warning, subject, found: found.into(), next }
    }

    pub(super) fn trouble(
        subject: &'static str,
        found: impl Into<String>,
        next: impl Into<String>,
    ) -> Finding {
        Finding { level: Level::Trouble, ..Finding::warning(subject, found, next) }
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) agency: Option<AgencyId>,
    findings: Vec<Finding>,
}

/// Columns of a line.
const WIDTH: usize = 79;
/// Columns before what was found.
const INDENT: usize = 20;

impl Report {
    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn worst(&self) -> Level {
        self.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Fine)
    }

    fn sorted(&self) -> Vec<&Finding> {
        let mut sorted: Vec<&Finding> = self.findings.iter().collect();
        sorted.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        sorted
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for Finding { level, subject, found, next } in self.sorted() {
            let level = match level {
                Level::Fine => "fine",
                Level::Warning => "WARNING",
                Level::Trouble => "TROUBLE",
            };
            push_wrapped(&mut text, &format!("{level:<8} {subject:<10} "), found);
            if let Some(next) = next {
                push_wrapped(&mut text, &" ".repeat(INDENT), &format!("Do: {next}"));
            }
        }
        let agency = self.agency.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
        text + match self.worst() {
            Level::Fine => format!("The node{agency} is well.\n"),
            Level::Warning => format!("The node{agency} works; see the warnings.\n"),
            Level::Trouble => format!("The node{agency} is in trouble.\n"),
        }
        .as_str()
    }

    pub(super) fn json(&self) -> String {
        let object = serde_json::json!({
            "agency": self.agency,
            "worst": self.worst(),
            "findings": self.sorted(),
        });
        format!("{object}\n")
    }
}

/// Adds words after `first`; the lines after the first are indented.
fn push_wrapped(text: &mut String, first: &str, words: &str) {
    let mut line = format!("{first:<INDENT$}");
    let mut is_empty = true;
    for word in words.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(INDENT);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}
