//! How the verification of a bundle went, check by check.
//! Holds: each check passed, failed, was not made, or was not reached; a bundle is verified only if
//! none failed. Source: docs/formats.md, "Verifying a bundle".

use serde_json::{Value, json};

use super::contents::Contents;
use super::member::Member;
use super::timestamp::Stamp;
use crate::messages::say;

/// A check, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// The ZIP file.
    Container,
    /// The manifest.
    Manifest,
    /// The genesis.
    Genesis,
    /// The entries are on the log.
    Entries,
    /// The objects are the state's.
    State,
    /// Of which block it speaks.
    AsOf,
    /// Its subject is in it.
    Case,
    /// No object is missing.
    Objects,
    /// No entry is missing, and each is what the objects say.
    Positions,
    /// As many accesses as the ledger counts.
    Accesses,
    /// Every signer could sign then.
    Signers,
    /// Every access is judged as it was.
    Judgements,
    /// Openings fit their commitments.
    Openings,
    /// The summaries are what the rest says.
    Summaries,
    /// Time stamps.
    Timestamps,
}

impl Check {
    /// All, in their order.
    pub(crate) const ALL: [Check; 15] = [
        Check::Container,
        Check::Manifest,
        Check::Genesis,
        Check::Entries,
        Check::State,
        Check::AsOf,
        Check::Case,
        Check::Objects,
        Check::Positions,
        Check::Accesses,
        Check::Signers,
        Check::Judgements,
        Check::Openings,
        Check::Summaries,
        Check::Timestamps,
    ];

    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Check::Container => "container",
            Check::Manifest => "manifest",
            Check::Genesis => "genesis",
            Check::Entries => "entries",
            Check::State => "state",
            Check::AsOf => "as-of",
            Check::Case => "case",
            Check::Objects => "objects",
            Check::Positions => "positions",
            Check::Accesses => "accesses",
            Check::Signers => "signers",
            Check::Judgements => "judgements",
            Check::Openings => "openings",
            Check::Summaries => "summaries",
            Check::Timestamps => "timestamps",
        }
    }
}

/// Why a check failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The fault's name, of docs/formats.md.
    pub(crate) fault: &'static str,
    /// In plain words.
    pub(crate) what: String,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It passed; what was seen.
    Passed(String),
    /// It failed.
    Failed(Failure),
    /// It was not made, and why.
    NotChecked(String),
    /// One failed on which it rests.
    NotReached,
}

/// How the verification went.
#[derive(Debug, Default)]
pub(crate) struct Report {
    outcomes: Vec<(Check, Outcome)>,
    /// What it shows, as far as its proofs hold.
    pub(crate) contents: Option<Contents>,
    /// The time stamps that hold.
    pub(crate) stamps: Vec<(Member, Stamp)>,
}

impl Report {
    /// Keeps how a check ended.
    pub(crate) fn note(&mut self, check: Check, outcome: Outcome) {
        self.outcomes.push((check, outcome));
    }

    /// Keeps how a check ended that hands on a value: `None` where it failed.
    pub(crate) fn pass<T>(
        &mut self,
        check: Check,
        result: Result<(T, String), Failure>,
    ) -> Option<T> {
        match result {
            Ok((value, seen)) => {
                self.note(check, Outcome::Passed(seen));
                Some(value)
            }
            Err(failure) => {
                self.note(check, Outcome::Failed(failure));
                None
            }
        }
    }

    /// Every check with how it ended.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (Check, &Outcome)> {
        Check::ALL.into_iter().map(|check| {
            let found = self.outcomes.iter().find(|(of, _)| *of == check);
            (check, found.map_or(&Outcome::NotReached, |(_, outcome)| outcome))
        })
    }

    /// The first check that failed.
    pub(crate) fn failure(&self) -> Option<(Check, &Failure)> {
        self.outcomes().find_map(|(check, outcome)| match outcome {
            Outcome::Failed(failure) => Some((check, failure)),
            _ => None,
        })
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let one = |(check, outcome): (Check, &Outcome)| {
            let (word, fault, what) = match outcome {
                Outcome::Passed(seen) => ("passed", None, Some(seen)),
                Outcome::Failed(Failure { fault, what }) => ("failed", Some(*fault), Some(what)),
                Outcome::NotChecked(why) => ("not-checked", None, Some(why)),
                Outcome::NotReached => ("not-reached", None, None),
            };
            json!({ "check": check.as_str(), "outcome": word, "fault": fault, "what": what })
        };
        self.outcomes().map(one).collect()
    }

    /// For people: a line for each check.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |(check, outcome): (Check, &Outcome)| {
            let check = format!("{:<10}", check.as_str());
            match outcome {
                Outcome::Passed(seen) => say!("bundle-line-passed", check = check, what = seen),
                Outcome::Failed(Failure { fault, what }) => {
                    say!("bundle-line-failed", check = check, fault = fault, what = what)
                }
                Outcome::NotChecked(why) => {
                    say!("bundle-line-not-checked", check = check, what = why)
                }
                Outcome::NotReached => say!("bundle-line-not-reached", check = check),
            }
        };
        self.outcomes().map(line).collect()
    }
}
