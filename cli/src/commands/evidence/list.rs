//! `comity evidence list`: what the holder of a key checked and gave, and on whose word.
//! Holds: it is read off the log alone; every line names the entry that proves it.

use std::collections::BTreeMap;

use comity_core::access::Attempt;
use comity_core::basis::Basis;
use comity_core::grant::GrantTerms;
use comity_core::ids::RequestId;
use comity_core::keys::PublicKey;
use comity_core::statement::Action;
use serde_json::{Value, json};

use super::super::request;
use crate::args::ListEvidence;
use crate::client::{Client, EntryAnswer, GrantAnswer, RequestAnswer};
use crate::fault::Fault;
use crate::holder::Holder;
use crate::messages::say;
use crate::shell::Session;
use crate::table::{Cell, Listing};
use crate::time::Edge;
use crate::wrap::fold;
use crate::{describe, table, time};

/// What one did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Did {
    /// Recorded an access or a denial, or signed an attempt.
    Checked,
    /// Gave, refused or took back access.
    Gave,
    /// Anything else.
    Else,
}

/// One entry of somebody's evidence.
struct Line {
    did: Did,
    entry: EntryAnswer,
    /// On whose word.
    word: Vec<String>,
}

pub(super) fn list(args: &ListEvidence, session: &mut Session<'_>) -> Result<(), Fault> {
    let holder = Holder::load(&args.key)?;
    let client = session.client()?;
    let mut query = vec![("order", "asc".to_owned()), ("key", holder.key.to_string())];
    if let Some(since) = &args.since {
        let (zone, now) = (&session.shell.zone, session.shell.now());
        query.push(("since", time::past_instant(since, Edge::Start, zone, now)?.to_string()));
    }
    let entries: Vec<EntryAnswer> = client.all("/v1/entries", &query, "entries")?;
    let mut sources = Sources::new(&client);
    let mut lines = Vec::new();
    for entry in entries {
        let did = did(&entry.record.statement.action);
        let word = sources.word(&entry, &holder.key, session)?;
        lines.push(Line { did, entry, word });
    }
    let object = json!({ "evidence": lines.iter().map(Line::to_json).collect::<Vec<_>>() });
    session.result(&object, |shell| {
        let Holder { agency, role, key, .. } = &holder;
        let key = table::short(key);
        let mut shown = vec![say!("evidence-title", agency = agency, role = role, key = key)];
        let sections = [
            (Did::Gave, say!("evidence-gave")),
            (Did::Checked, say!("evidence-checked")),
            (Did::Else, say!("evidence-else")),
        ];
        for (section, title) in sections {
            let of_section: Vec<&Line> = lines.iter().filter(|line| line.did == section).collect();
            if of_section.is_empty() {
                continue;
            }
            shown.extend([String::new(), title]);
            for line in of_section {
                let day = time::date(line.entry.time, &shell.zone);
                let what = what(&line.entry);
                let index = line.entry.index;
                shown.push(say!("evidence-line", index = index, day = day, what = what));
                shown.extend(line.word.iter().map(|word| say!("evidence-word", word = word)));
            }
        }
        match lines.is_empty() {
            true => shown.push(say!("evidence-none")),
            false => shown.extend([String::new(), say!("evidence-proof")]),
        }
        (fold(&shown.join("\n")), listed(&lines))
    })
}

/// The evidence as a listing, for a file.
fn listed(lines: &[Line]) -> Listing {
    let row = |line: &Line| {
        vec![
            Cell::Text(line.entry.index.to_string()),
            Cell::Time(line.entry.time),
            Cell::Text(line.entry.record.statement.action.kind().to_owned()),
            Cell::Text(what(&line.entry)),
            Cell::Text(line.word.join("; ")),
            Cell::Digits(line.entry.leaf_hash.to_string()),
        ]
    };
    let headings = [
        &say!("column-entry"),
        &say!("column-time"),
        &say!("column-kind"),
        &say!("column-what"),
        &say!("column-on-the-word-of"),
        &say!("column-leaf-hash"),
    ];
    table::rows(&headings.map(String::as_str), lines.iter().map(row).collect())
}

impl Line {
    fn to_json(&self) -> Value {
        let did = match self.did {
            Did::Checked => "checked",
            Did::Gave => "gave",
            Did::Else => "else",
        };
        let EntryAnswer { index, time, leaf_hash, record, .. } = &self.entry;
        json!({ "did": did, "index": index, "time": time, "leaf_hash": leaf_hash,
            "kind": record.statement.action.kind(), "on_the_word_of": self.word })
    }
}

fn did(action: &Action) -> Did {
    match action {
        Action::RecordAccess { .. } | Action::RecordDenial { .. } | Action::EmbedLate { .. } => {
            Did::Checked
        }
        Action::IssueGrant { .. }
        | Action::ApproveRequest { .. }
        | Action::RefuseRequest { .. }
        | Action::RevokeGrant { .. }
        | Action::SuspendGrant { .. }
        | Action::ResumeGrant { .. }
        | Action::NarrowGrant { .. }
        | Action::ExtendGrant { .. }
        | Action::IssueOnward { .. }
        | Action::SuspendDataset { .. }
        | Action::ResumeDataset { .. }
        | Action::WithdrawDataset { .. } => Did::Gave,
        Action::RegisterKey { .. }
        | Action::RevokeKey { .. }
        | Action::PublishDataset { .. }
        | Action::AmendDataset { .. }
        | Action::OpenRequest { .. }
        | Action::WithdrawRequest { .. }
        | Action::UrgeRequest { .. }
        | Action::PublishCodes { .. }
        | Action::WithdrawCode { .. }
        | Action::OpenProposal { .. }
        | Action::CastBallot { .. }
        | Action::RecordEquivocation { .. }
        | Action::ReviewRequest { .. }
        | Action::ExtendReply { .. }
        | Action::ReportDelivery { .. }
        | Action::RefreshDataset { .. }
        | Action::PublishCalendar { .. }
        | Action::PublishRules { .. }
        | Action::FulfilUndertaking { .. }
        | Action::AcknowledgeAccess { .. }
        | Action::OpenCheck { .. }
        | Action::OfferHandover { .. }
        | Action::AcceptHandover { .. }
        | Action::DeclineHandover { .. }
        | Action::AnswerCheck { .. }
        | Action::ReportCorrection { .. }
        | Action::ReportIncident { .. }
        | Action::UpdateIncident { .. }
        | Action::CloseIncident { .. }
        | Action::DeclareEmergency { .. }
        | Action::EndEmergency { .. }
        | Action::ReviewEmergency { .. }
        | Action::OpenDispute { .. }
        | Action::AnswerDispute { .. }
        | Action::EscalateDispute { .. }
        | Action::DecideDispute { .. }
        | Action::JustifyAccess { .. }
        | Action::OpenDraw { .. }
        | Action::CommitDraw { .. }
        | Action::RevealDraw { .. }
        | Action::ReportReview { .. }
        | Action::OpenFinding { .. }
        | Action::AnswerFinding { .. }
        | Action::CloseFinding { .. }
        | Action::FormTaskForce { .. }
        | Action::InviteToTaskForce { .. }
        | Action::ExcludeFromTaskForce { .. }
        | Action::JoinTaskForce { .. }
        | Action::LeaveTaskForce { .. }
        | Action::EndTaskForce { .. }
        | Action::ReportAssessment { .. }
        | Action::FollowUpAssessment { .. } => Did::Else,
    }
}

/// What an entry did, with the grant that it issued.
fn what(entry: &EntryAnswer) -> String {
    let action = &entry.record.statement.action;
    let what = describe::sentence(action);
    match action {
        Action::IssueGrant { .. } | Action::ApproveRequest { .. } | Action::IssueOnward { .. } => {
            say!("evidence-grant", what = what, index = entry.index)
        }
        _ => what,
    }
}

/// Where the words come from on which one acted; each is asked for once.
struct Sources<'a> {
    client: &'a Client,
    requests: BTreeMap<RequestId, RequestAnswer>,
    posts: BTreeMap<PublicKey, String>,
}

impl<'a> Sources<'a> {
    fn new(client: &'a Client) -> Sources<'a> {
        Sources { client, requests: BTreeMap::new(), posts: BTreeMap::new() }
    }

    fn request(&mut self, id: RequestId) -> Result<RequestAnswer, Fault> {
        if let Some(known) = self.requests.get(&id) {
            return Ok(known.clone());
        }
        let answer = self.client.ask_request(id)?;
        self.requests.insert(id, answer.clone());
        Ok(answer)
    }

    fn post(&mut self, key: &PublicKey) -> Result<String, Fault> {
        if let Some(known) = self.posts.get(key) {
            return Ok(known.clone());
        }
        let post = request::post(self.client, key)?;
        self.posts.insert(*key, post.clone());
        Ok(post)
    }

    /// On whose word, and on what basis, one acted.
    fn word(
        &mut self,
        entry: &EntryAnswer,
        own: &PublicKey,
        session: &Session<'_>,
    ) -> Result<Vec<String>, Fault> {
        Ok(match &entry.record.statement.action {
            Action::IssueGrant { terms } => vec![say!("word-unasked"), permits(terms)],
            Action::ApproveRequest { request, terms } => {
                vec![self.asked(*request, session)?, permits(terms)]
            }
            Action::RefuseRequest { request, legal_basis, reason } => vec![
                self.asked(*request, session)?,
                say!("word-refusal", basis = legal_basis, reason = reason),
            ],
            Action::RevokeGrant { reason, .. }
            | Action::SuspendGrant { reason, .. }
            | Action::SuspendDataset { reason, .. }
            | Action::WithdrawDataset { reason, .. }
            | Action::WithdrawRequest { reason, .. } => vec![say!("word-reason", reason = reason)],
            Action::RecordAccess { attempt, .. } | Action::RecordDenial { attempt, .. } => {
                self.of_attempt(&attempt.attempt, own)?
            }
            _ => vec![],
        })
    }

    fn asked(&mut self, id: RequestId, session: &Session<'_>) -> Result<String, Fault> {
        let request = self.request(id)?.request;
        let asked = &request.terms.asked;
        let day = time::date(request.opened_on, &session.shell.zone);
        let post = self.post(&request.opened_by)?;
        let (requester, basis) = (&asked.requester, &asked.duty_basis);
        Ok(say!(
            "word-asked",
            request = id,
            post = post,
            requester = requester,
            day = day,
            basis = basis
        ))
    }

    /// The officer's attempt, and the grant or the emergency on which it relies.
    fn of_attempt(&mut self, attempt: &Attempt, own: &PublicKey) -> Result<Vec<String>, Fault> {
        let mut words = Vec::new();
        if attempt.officer != *own {
            let post = self.post(&attempt.officer)?;
            let (requester, matter) = (&attempt.requester, &attempt.matter);
            words.push(say!("word-attempt", post = post, requester = requester, matter = matter));
        }
        let Basis::Grant(id) = attempt.grant else {
            words.push(say!("word-in-emergency", emergency = attempt.grant));
            return Ok(words);
        };
        words.push(match self.client.find_grant(id)? {
            Some(GrantAnswer { id, grant, .. }) => {
                let basis = &grant.terms.duty_basis;
                match grant.request {
                    Some(request) => {
                        say!("word-grant-asked", grant = id, request = request, basis = basis)
                    }
                    None => say!("word-grant", grant = id, basis = basis),
                }
            }
            None => say!("word-no-grant", grant = attempt.grant),
        });
        Ok(words)
    }
}

/// What a grant permits, in a line.
fn permits(terms: &GrantTerms) -> String {
    let (matters, items) = (describe::codes(terms.matters.iter()), describe::items(&terms.items));
    let modes = describe::modes(terms.modes.iter());
    let basis = &terms.duty_basis;
    say!("word-permits", matters = matters, basis = basis, items = items, modes = modes)
}
