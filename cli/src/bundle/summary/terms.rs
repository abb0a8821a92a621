//! What was asked for and what was granted, and what the datasets were.
//! Holds: terms are those of the ledger's objects, side by side.

use comity_core::binding::{Bearers, Undertaking};
use comity_core::dataset::{Dataset, PublishedDataset};
use comity_core::grant::GrantTerms;
use comity_core::ids::{DatasetId, GrantId, LogIndex};
use comity_core::interruption::Interruptions;
use comity_core::state::{self, StateKey};

use super::texts::{escaped, tell};
use super::{Page, cite};
use crate::bundle::objects::Held;
use crate::describe;

impl Page<'_> {
    pub(super) fn terms(&mut self) {
        let grants: Vec<_> = self.contents.objects.grants().collect();
        for (id, grant) in grants {
            let objects = &self.contents.objects;
            let asked = grant.request.and_then(|id| state::request(objects, id));
            self.terms_of(
                id,
                &grant.terms,
                asked.as_ref().map(|request| (request.opened_at, &request.terms.asked)),
            );
        }
    }

    fn terms_of(
        &mut self,
        id: GrantId,
        granted: &GrantTerms,
        asked: Option<(LogIndex, &GrantTerms)>,
    ) {
        let heading = tell!(self, "terms", grant = id);
        self.heading(&heading);
        let mut headings = vec![String::new()];
        if let Some((index, _)) = asked {
            let note = tell!(self, "terms-undertaking");
            self.html.push_str(&format!("<p>{note}{}{}</p>\n", cite(index), cite(id)));
            headings.push(tell!(self, "terms-asked") + &cite(index));
        }
        headings.push(tell!(self, "terms-granted") + &cite(id));
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (place, (label, value)) in self.term_rows(granted).into_iter().enumerate() {
            let before = asked.map(|(_, asked)| self.term_rows(asked).swap_remove(place).1);
            rows.push([Some(label), before, Some(value)].into_iter().flatten().collect());
        }
        self.table(&headings, &rows);
    }

    fn term_rows(&self, terms: &GrantTerms) -> Vec<(String, String)> {
        let comma = tell!(self, "comma");
        let quota = |limit: Option<u64>| {
            limit.map_or_else(|| tell!(self, "unlimited"), |limit| limit.to_string())
        };
        let modes: Vec<String> = terms
            .modes
            .iter()
            .map(|mode| tell!(self, &format!("mode-{}", mode.as_str())))
            .collect();
        let matters: Vec<String> =
            terms.matters.iter().map(|code| self.code(b'm', code.as_str())).collect();
        let conditions = match terms.conditions.is_empty() {
            true => tell!(self, "none"),
            false => self.conditions(terms).join(&comma),
        };
        let (from, until) = (self.time(terms.not_before), self.time(terms.not_after));
        let mut rows = vec![
            (tell!(self, "term-dataset"), escaped(&terms.dataset.to_string())),
            (tell!(self, "term-requester"), escaped(terms.requester.as_str())),
            (tell!(self, "term-matters"), matters.join(&comma)),
            (tell!(self, "term-basis"), self.code(b'b', terms.duty_basis.as_str())),
            (tell!(self, "term-items"), self.items(&terms.items)),
            (tell!(self, "term-modes"), modes.join(&comma)),
            (tell!(self, "term-period"), tell!(self, "from-until", from = from, until = until)),
            (tell!(self, "term-total"), quota(terms.total_quota)),
            (tell!(self, "term-daily"), quota(terms.daily_quota)),
            (tell!(self, "term-conditions"), conditions),
        ];
        rows.extend(self.binding_rows(terms));
        rows
    }

    /// What binds in terms; all three rows always, so that asked and granted stand side by side.
    fn binding_rows(&self, terms: &GrantTerms) -> [(String, String); 3] {
        let comma = tell!(self, "comma");
        let or_none = |text: String| if text.is_empty() { tell!(self, "none") } else { text };
        let officers = match &terms.officers {
            Bearers::All => tell!(self, "term-all-officers"),
            Bearers::Posts(posts) => {
                let posts: Vec<&str> = posts.iter().map(|post| post.as_str()).collect();
                tell!(self, "term-posts", posts = posts.join(&comma))
            }
            Bearers::Keys(keys) => {
                let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                tell!(self, "term-keys", keys = keys.join(&comma))
            }
        };
        let onward: Vec<&str> = terms.onward.iter().map(|agency| agency.as_str()).collect();
        let undertaking = |(number, one): (u8, &Undertaking)| {
            let side = tell!(self, &format!("side-{}", one.by.as_str()));
            let promise = format!("promise-{}", one.what.as_str());
            let what = tell!(self, &promise, days = one.what.days());
            tell!(self, "term-undertaking", number = number, side = side, what = what)
        };
        let undertakings: Vec<String> = (1..).zip(&terms.undertakings).map(undertaking).collect();
        [
            (tell!(self, "term-officers"), officers),
            (tell!(self, "term-onward"), or_none(escaped(&onward.join(&comma)))),
            (tell!(self, "term-undertakings"), or_none(undertakings.join("<br>"))),
        ]
    }

    /// The conditions, as the dataset states them where the case has it.
    fn conditions(&self, terms: &GrantTerms) -> Vec<String> {
        let published = state::dataset(&self.contents.objects, &terms.dataset);
        let stated = published.map(|published| published.dataset.stated).unwrap_or_default();
        let told = |number: &u8| match stated.get(usize::from(*number).wrapping_sub(1)) {
            Some(text) => escaped(&format!("{number} ({text})")),
            None => number.to_string(),
        };
        terms.conditions.iter().map(told).collect()
    }

    /// A code with what it stands for.
    fn code(&self, letter: u8, code: &str) -> String {
        let key = [&[letter], code.as_bytes()].concat();
        match self.contents.objects.held(&key) {
            Some(Held::Code(_, published)) => escaped(&format!("{code} ({})", published.title)),
            _ => escaped(code),
        }
    }

    pub(super) fn datasets(&mut self) {
        let all = self.contents.objects.all().filter_map(|held| match held {
            Held::Dataset(id, published) => Some((id, published)),
            _ => None,
        });
        let all: Vec<(DatasetId, PublishedDataset)> = all.collect();
        for (id, published) in all {
            let heading = tell!(self, "dataset", dataset = id);
            self.heading(&heading);
            let mut lines = Vec::new();
            for version in 1..published.version {
                let key = StateKey::DatasetVersion(&id, version).to_bytes();
                if let Some(Held::Version(of)) = self.contents.objects.held(&key) {
                    lines.push(self.version(version, of.version_at, &of.dataset));
                }
            }
            lines.push(self.version(published.version, published.version_at, &published.dataset));
            lines.extend(self.interruptions("dataset-suspended", &published.suspensions));
            lines.extend(self.interruptions("dataset-withdrawn", &published.withdrawals));
            self.list(&lines);
        }
    }

    fn version(&self, version: u32, at: LogIndex, dataset: &Dataset) -> String {
        let comma = tell!(self, "comma");
        let items: Vec<&str> = dataset.items.iter().map(|item| item.name.as_str()).collect();
        let items = match items.is_empty() {
            true => tell!(self, "none"),
            false => items.join(&comma),
        };
        let sharing = tell!(self, &format!("sharing-{}", describe::word(&dataset.sharing)));
        let grade = tell!(self, &format!("grade-{}", describe::word(&dataset.grade)));
        let line = tell!(
            self,
            "dataset-line",
            title = dataset.title,
            sharing = sharing,
            grade = grade,
            items = items
        );
        let (which, colon) =
            (tell!(self, "dataset-version", version = version), tell!(self, "colon"));
        format!("<b>{which}</b>, {}{colon}{line}{}", self.time_of(at), cite(at))
    }

    fn interruptions(&self, key: &'static str, all: &Interruptions) -> Vec<String> {
        let line = |one: &comity_core::interruption::Interruption| {
            let begun = tell!(self, key, reason = one.reason);
            let ended = match one.ended_at {
                Some(at) => {
                    format!("{} {}{}", tell!(self, "dataset-ended"), self.time_of(at), cite(at))
                }
                None => tell!(self, "dataset-goes-on"),
            };
            format!("{} {begun}{} ({ended})", self.time_of(one.at), cite(one.at))
        };
        all.all().iter().map(line).collect()
    }
}
