//! What binds a grant, and what changes of one: options of several verbs of `comity grant` and of
//! `comity request open`.
//! May not enter: help texts (they are in the catalogue under `arg-`).

use std::collections::BTreeSet;

use clap::Args;
use comity_core::binding::{Bearers, Promise, Side, Undertaking};
use comity_core::dataset::DeliveryMode;
use comity_core::grant::GrantTerms;
use comity_core::ids::GrantId;
use comity_core::keys::PublicKey;
use comity_core::text::{AgencyId, Code, ItemName, Text, TextError};

use super::draft::Cosigning;
use super::nouns::{Quotas, Signing};
use super::words;

/// What binds a grant.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Binding {
    /// For these posts.
    #[arg(long, num_args = 1.., value_name = "POST", value_parser = words::text::<96>,
          conflicts_with = "officer_key")]
    pub(crate) officer_post: Vec<Text<96>>,
    /// For these keys.
    #[arg(long, num_args = 1.., value_name = "KEY")]
    pub(crate) officer_key: Vec<PublicKey>,
    /// To be passed on to these.
    #[arg(long, num_args = 1.., value_name = "AGENCY")]
    pub(crate) onward: Vec<AgencyId>,
    /// What the requester undertakes.
    #[arg(long, num_args = 1.., value_name = "PROMISE=DAYS", value_parser = promise)]
    pub(crate) requester_undertakes: Vec<Promise>,
    /// What the provider undertakes.
    #[arg(long, num_args = 1.., value_name = "PROMISE=DAYS", value_parser = promise)]
    pub(crate) provider_undertakes: Vec<Promise>,
}

impl Binding {
    /// Which officers, where any are named.
    pub(crate) fn officers(&self) -> Option<Bearers> {
        if !self.officer_post.is_empty() {
            return Some(Bearers::Posts(self.officer_post.iter().cloned().collect()));
        }
        let keys: BTreeSet<PublicKey> = self.officer_key.iter().copied().collect();
        (!keys.is_empty()).then_some(Bearers::Keys(keys))
    }

    /// To whom it may be passed on.
    pub(crate) fn onward(&self) -> BTreeSet<AgencyId> {
        self.onward.iter().cloned().collect()
    }

    /// What is undertaken, the requester's first.
    pub(crate) fn undertakings(&self) -> Vec<Undertaking> {
        let by = |by: Side| move |what: &Promise| Undertaking { by, what: *what };
        let requester = self.requester_undertakes.iter().map(by(Side::Requester));
        requester.chain(self.provider_undertakes.iter().map(by(Side::Provider))).collect()
    }
}

/// A promise and its working days, as in `delete-after-days=30`.
fn promise(typed: &str) -> Result<Promise, TextError> {
    let fault = || TextError::Shape {
        text: typed.to_owned(),
        what: "a promise",
        rule: "its name, = and a number of working days, as in delete-after-days=30",
    };
    let (name, days) = typed.split_once('=').ok_or_else(fault)?;
    let days: u16 = days.parse().map_err(|_| fault())?;
    let all = [
        Promise::DeleteAfterDays(days),
        Promise::ReportUseEveryDays(days),
        Promise::NotifyIncidentDays(days),
        Promise::NotifyChangeDays(days),
    ];
    all.into_iter().find(|promise| promise.as_str() == name).ok_or_else(fault)
}

/// What is to be otherwise than in a grant; what is not given stays.
#[derive(Debug, Args)]
pub(crate) struct TermsChange {
    /// For these matters.
    #[arg(long, num_args = 1.., value_name = "CODE")]
    pub(crate) matter: Vec<Code>,
    /// These items.
    #[arg(long, num_args = 1.., value_parser = words::item, conflicts_with = "all_items")]
    pub(crate) item: Vec<ItemName>,
    /// All items.
    #[arg(long)]
    pub(crate) all_items: bool,
    /// In these ways.
    #[arg(long, num_args = 1.., value_parser = words::mode())]
    pub(crate) mode: Vec<DeliveryMode>,
    /// From when.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Until when.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// How often.
    #[command(flatten)]
    pub(crate) quotas: Quotas,
    /// As often as one likes.
    #[arg(long, conflicts_with = "total_quota")]
    pub(crate) no_total_quota: bool,
    /// As often on a day as one likes.
    #[arg(long, conflicts_with = "daily_quota")]
    pub(crate) no_daily_quota: bool,
    /// What binds.
    #[command(flatten)]
    pub(crate) binding: Binding,
    /// For all officers.
    #[arg(long, conflicts_with_all = ["officer_post", "officer_key"])]
    pub(crate) all_officers: bool,
    /// Not to be passed on.
    #[arg(long, conflicts_with = "onward")]
    pub(crate) no_onward: bool,
}

impl TermsChange {
    /// The terms with what is to be otherwise, but for the period.
    pub(crate) fn over(&self, mut terms: GrantTerms) -> GrantTerms {
        use comity_core::dataset::Items;
        if !self.matter.is_empty() {
            terms.matters = self.matter.iter().cloned().collect();
        }
        if self.all_items {
            terms.items = Items::All;
        } else if !self.item.is_empty() {
            terms.items = Items::Only(self.item.iter().cloned().collect());
        }
        if !self.mode.is_empty() {
            terms.modes = self.mode.iter().copied().collect();
        }
        let quota = |none: bool, given: Option<u64>, present: Option<u64>| match none {
            true => None,
            false => given.or(present),
        };
        terms.total_quota = quota(self.no_total_quota, self.quotas.total_quota, terms.total_quota);
        terms.daily_quota = quota(self.no_daily_quota, self.quotas.daily_quota, terms.daily_quota);
        if self.all_officers {
            terms.officers = Bearers::All;
        } else if let Some(officers) = self.binding.officers() {
            terms.officers = officers;
        }
        if self.no_onward || !self.binding.onward.is_empty() {
            terms.onward = self.binding.onward();
        }
        terms.undertakings.extend(self.binding.undertakings());
        terms
    }
}

/// `grant extend`.
#[derive(Debug, Args)]
pub(crate) struct ExtendGrant {
    /// Which.
    pub(crate) grant: GrantId,
    /// To what.
    #[command(flatten)]
    pub(crate) change: TermsChange,
    /// Who signs.
    #[command(flatten)]
    pub(crate) who: Cosigning,
}

/// `grant narrow`.
#[derive(Debug, Args)]
pub(crate) struct NarrowGrant {
    /// Which.
    pub(crate) grant: GrantId,
    /// To what.
    #[command(flatten)]
    pub(crate) change: TermsChange,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `grant onward`.
#[derive(Debug, Args)]
pub(crate) struct PassOn {
    /// Which.
    pub(crate) grant: GrantId,
    /// To whom.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) to: AgencyId,
    /// What of it.
    #[command(flatten)]
    pub(crate) change: TermsChange,
    /// Who signs.
    #[command(flatten)]
    pub(crate) who: Cosigning,
}

/// `grant fulfil`.
#[derive(Debug, Args)]
pub(crate) struct FulfilUndertaking {
    /// In which grant.
    pub(crate) grant: GrantId,
    /// Which.
    pub(crate) number: u8,
    /// What was done.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) note: Text<256>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}
