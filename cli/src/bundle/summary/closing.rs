//! What is missing or does not fit, what nothing here can prove, and how to check the rest.
//! Holds: what cannot be seen from the bundle is said, not passed over.

use std::collections::BTreeMap;

use comity_core::ids::{ExchangeId, LogIndex};
use comity_core::state;

use super::texts::tell;
use super::{Page, cite};
use crate::bundle::judging::Verdict;
use crate::table;

/// An officer's clock that is further off is worth telling (ms).
const FAR_OFF_MS: u64 = 10 * 60 * 1000;

impl Page<'_> {
    pub(super) fn gaps(&mut self) {
        let mut found = self.one_sided();
        found.extend(self.twice());
        found.extend(self.doubts());
        let nothing_else = tell!(self, "gap-none");
        found.push(nothing_else);
        let heading = tell!(self, "gaps");
        self.heading(&heading);
        self.list(&found);
    }

    /// Legs and accesses that are not there.
    fn one_sided(&self) -> Vec<String> {
        let shown = self.contents.accesses();
        let count: u64 = shown.values().sum();
        let mut found = Vec::new();
        if count > 0 {
            found.push(tell!(self, "gap-receipt", count = count));
        }
        for (id, _) in self.contents.objects.grants() {
            let total = state::usage(&self.contents.objects, id).total;
            let missing = total.saturating_sub(shown.get(&id).copied().unwrap_or(0));
            if missing > 0 {
                found.push(tell!(self, "gap-whole", grant = id, count = missing) + &cite(id));
            }
        }
        found
    }

    /// Exchanges with more than one access.
    fn twice(&self) -> Vec<String> {
        let mut of: BTreeMap<ExchangeId, Vec<LogIndex>> = BTreeMap::new();
        for entry in &self.contents.entries {
            let action = &entry.statement().action;
            if let Some(signed) = action.attempt().filter(|_| Self::is_access(action)) {
                of.entry(signed.attempt.exchange).or_default().push(entry.index);
            }
        }
        let again = of.into_iter().filter(|(_, entries)| entries.len() > 1);
        let line = |(exchange, entries): (ExchangeId, Vec<LogIndex>)| {
            let cites: String = entries.into_iter().map(cite).collect();
            tell!(self, "gap-exchange", exchange = exchange) + &cites
        };
        again.map(line).collect()
    }

    /// Clocks, keys and judgements that give reason to doubt.
    fn doubts(&self) -> Vec<String> {
        let mut found = Vec::new();
        for entry in &self.contents.entries {
            let (index, time) = (entry.index, entry.header.time);
            if let Some(signed) = entry.statement().action.attempt() {
                let claimed = signed.attempt.made_at;
                let off = time.0.abs_diff(claimed.0);
                if off > FAR_OFF_MS {
                    let (claimed, minutes) = (self.time(claimed), off / 60_000);
                    let text = tell!(
                        self,
                        "gap-claimed",
                        index = index,
                        claimed = claimed,
                        minutes = minutes
                    );
                    found.push(text + &cite(index));
                }
            }
            let officer = entry.statement().action.attempt().map(|signed| signed.attempt.officer);
            let keys = entry.statement().signers.iter().map(|signer| signer.key).chain(officer);
            for public in keys {
                let key = state::key(&self.contents.objects, &public);
                let Some(end) = key.and_then(|key| key.revoked) else { continue };
                if end.suspect_since.is_some_and(|since| since <= time) {
                    let key = table::short(public);
                    let text = tell!(self, "gap-suspect", index = index, key = key);
                    found.push(text + &cite(index) + &cite(end.at));
                }
            }
        }
        for judgement in &self.contents.judgements {
            let index = judgement.index;
            match &judgement.verdict {
                Verdict::Same => {}
                Verdict::Unjudged(why) => {
                    let why = self.unjudged(*why);
                    found
                        .push(tell!(self, "gap-unjudged", index = index, why = why) + &cite(index));
                }
                Verdict::Otherwise(_) => {
                    found.push(tell!(self, "gap-otherwise", index = index) + &cite(index));
                }
            }
        }
        found
    }

    pub(super) fn limits(&mut self) {
        let heading = tell!(self, "limits");
        let items = [
            tell!(self, "limit-truth"),
            tell!(self, "limit-bypass"),
            tell!(self, "limit-time"),
            tell!(self, "limit-person"),
            tell!(self, "limit-denials"),
            tell!(self, "limit-newer"),
            tell!(self, "limit-summary"),
        ];
        self.heading(&heading);
        self.list(&items);
        let (heading, text, own) =
            (tell!(self, "check"), tell!(self, "check-text"), tell!(self, "check-own"));
        self.heading(&heading);
        self.html.push_str(&format!(
            "<p>{text}</p>\n<pre>comity evidence verify case.comity --genesis genesis.json</pre>\n\
             <p class=\"note\">{own}</p>\n"
        ));
    }
}
