//! What happened, in order: acts, accesses and refusals, and who signed.
//! Holds: each line is one entry, or one key.

use comity_core::statement::Action;

use super::texts::{escaped, tell};
use super::{Page, cite};
use crate::bundle::objects::Held;
use crate::{describe, table};

impl Page<'_> {
    pub(super) fn events(&mut self) {
        let mut rows = Vec::new();
        for entry in &self.contents.entries {
            let statement = entry.statement();
            if statement.action.attempt().is_some() {
                continue;
            }
            let who: Vec<String> =
                statement.signers.iter().map(|signer| self.who(entry.index, signer)).collect();
            rows.push(vec![
                cite(entry.index),
                self.time(entry.header.time),
                self.act(&statement.action),
                who.join("<br>"),
            ]);
        }
        let heading = tell!(self, "events");
        let columns = [
            tell!(self, "column-entry"),
            tell!(self, "column-time"),
            tell!(self, "column-what"),
            tell!(self, "column-who"),
        ];
        self.heading(&heading);
        self.table(&columns, &rows);
    }

    pub(super) fn accesses(&mut self) {
        let mut rows = Vec::new();
        for judgement in &self.contents.judgements {
            let Some(entry) = self.contents.entry(judgement.index) else { continue };
            let statement = entry.statement();
            let Some(signed) = statement.action.attempt() else { continue };
            let attempt = &signed.attempt;
            let is_late = statement.action.access().is_some_and(|access| access.late.is_some());
            let claimed = self.time(attempt.made_at);
            let outcome = match &judgement.recorded {
                None if is_late => tell!(self, "late", claimed = claimed),
                None => tell!(self, "allowed"),
                Some(refusal) if is_late => {
                    let why = self.refusal(refusal);
                    tell!(self, "late-against", claimed = claimed, why = why)
                }
                Some(refusal) => tell!(self, "refused", why = self.refusal(refusal)),
            };
            let mode = tell!(self, &format!("mode-{}", attempt.mode.as_str()));
            let what = format!(
                "{}, {}, {}{}",
                escaped(attempt.matter.as_str()),
                self.items(&attempt.items),
                mode,
                cite(attempt.grant)
            );
            let gateways: Vec<String> =
                statement.signers.iter().map(|signer| self.who(entry.index, signer)).collect();
            rows.push(vec![
                cite(entry.index),
                self.time(entry.header.time),
                outcome,
                self.person(entry.index, &attempt.officer),
                what,
                gateways.join("<br>"),
                self.verdict(&judgement.verdict),
            ]);
        }
        let heading = tell!(self, "accesses");
        self.heading(&heading);
        if rows.is_empty() {
            let none = tell!(self, "accesses-none");
            self.html.push_str(&format!("<p>{none}</p>\n"));
            return;
        }
        let note = tell!(self, "accesses-note");
        self.html.push_str(&format!("<p class=\"note\">{note}</p>\n"));
        let columns = [
            tell!(self, "column-entry"),
            tell!(self, "column-time"),
            tell!(self, "column-outcome"),
            tell!(self, "column-officer"),
            tell!(self, "column-for"),
            tell!(self, "column-gateway"),
            tell!(self, "column-judged"),
        ];
        self.table(&columns, &rows);
    }

    pub(super) fn signers(&mut self) {
        let mut rows = Vec::new();
        for held in self.contents.objects.all() {
            let Held::Key(public, key) = held else { continue };
            let role = tell!(self, &format!("role-{}", key.role));
            let registered = match key.registered_at {
                Some(at) => format!("{}{}", self.time_of(at), cite(at)),
                None => tell!(self, "genesis-key"),
            };
            let mut ended = match (&key.revoked, key.valid_until) {
                (Some(end), _) => {
                    let text = match end.reason.as_str() {
                        "" => tell!(self, "revoked-key-silent"),
                        reason => tell!(self, "revoked-key", reason = reason),
                    };
                    let since = end.suspect_since.map(|since| {
                        format!("; {}", tell!(self, "suspect-since", time = self.time(since)))
                    });
                    let since = since.unwrap_or_default();
                    format!("{} {text}{since}{}", self.time_of(end.at), cite(end.at))
                }
                (None, Some(until)) => tell!(self, "valid-until", until = self.time(until)),
                (None, None) => tell!(self, "in-force"),
            };
            if let Some(left) = comity_core::state::departure(&self.contents.objects, &key.agency) {
                let text = tell!(self, "agency-left", reason = left.reason);
                ended.push_str(&format!("; {text}{}", cite(left.at)));
            }
            rows.push(vec![
                format!("<code>{}</code>", escaped(&table::short(public))),
                escaped(key.agency.as_str()),
                format!("{role}, {}", escaped(key.post.as_str())),
                registered,
                ended,
            ]);
        }
        let heading = tell!(self, "signers");
        let note = tell!(self, "signers-note");
        let columns = [
            tell!(self, "column-key"),
            tell!(self, "column-agency"),
            tell!(self, "column-role"),
            tell!(self, "column-registered"),
            tell!(self, "column-ended"),
        ];
        self.heading(&heading);
        self.html.push_str(&format!("<p class=\"note\">{note}</p>\n"));
        self.table(&columns, &rows);
    }

    pub(super) fn sealed(&mut self) {
        let (mut rows, mut closed) = (Vec::new(), 0);
        for entry in &self.contents.entries {
            let sealed = crate::bundle::contents::commitments(entry.statement()).len();
            let opened = self.contents.openings.get(&entry.index);
            closed += sealed.saturating_sub(opened.map_or(0, Vec::len));
            for opening in opened.into_iter().flatten() {
                let detail = tell!(self, &format!("detail-{}", describe::word(&opening.detail)));
                rows.push((detail + &cite(entry.index), escaped(opening.text.as_str())));
            }
        }
        let heading = tell!(self, "sealed");
        self.heading(&heading);
        if !rows.is_empty() {
            let note = tell!(self, "sealed-opened");
            self.html.push_str(&format!("<p>{note}</p>\n"));
            self.pairs(&rows);
        }
        let rest = match (closed, rows.is_empty()) {
            (0, true) => tell!(self, "sealed-none"),
            (0, false) => return,
            (count, _) => tell!(self, "sealed-closed", count = count),
        };
        self.html.push_str(&format!("<p>{rest}</p>\n"));
    }

    /// Whether an entry is an access that was allowed.
    pub(super) fn is_access(action: &Action) -> bool {
        action.access().is_some()
    }
}
