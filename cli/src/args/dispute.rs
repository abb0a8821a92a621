//! `comity dispute`: what its verbs take.
//! Holds: no secret is ever an argument; a key is named by its file.
//! May not enter: help texts (they are in the catalogue under `help-` and `arg-`).

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use comity_core::dispute::{DisputeAbout, Ruling};
use comity_core::ids::{CheckId, DisputeId, GrantId, RequestId};
use comity_core::text::{AgencyId, Text};

use super::nouns::Signing;
use super::words;

/// What is done with disputes.
#[derive(Debug, Subcommand)]
pub(crate) enum DisputeVerb {
    /// Disputes something.
    Open(OpenDispute),
    /// Answers one, as the respondent.
    Answer(RuleDispute),
    /// Takes one further up.
    Escalate(EscalateDispute),
    /// Rules on one that was escalated.
    Decide(RuleDispute),
    /// Lists them.
    List(ListDisputes),
    /// Shows one.
    Show(ShowDispute),
}

/// `dispute open`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("about").required(true).args(["request", "delivery", "check"]))]
pub(crate) struct OpenDispute {
    /// A request that was refused, or not answered in time.
    #[arg(long)]
    pub(crate) request: Option<RequestId>,
    /// A grant whose data were not made ready in time.
    #[arg(long, value_name = "GRANT")]
    pub(crate) delivery: Option<GrantId>,
    /// A check that was not upheld, or not answered in time.
    #[arg(long)]
    pub(crate) check: Option<CheckId>,
    /// Why it should not stand.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) grounds: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

impl OpenDispute {
    /// What is disputed.
    pub(crate) fn about(&self) -> DisputeAbout {
        match (self.request, self.delivery, self.check) {
            (Some(request), _, _) => DisputeAbout::Request(request),
            (_, Some(grant), _) => DisputeAbout::Delivery(grant),
            (_, _, Some(check)) => DisputeAbout::Check(check),
            _ => unreachable!("one of them is required"),
        }
    }
}

/// `dispute answer` and `dispute decide`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("ruling").required(true).args(["anew", "legal_basis"]))]
pub(crate) struct RuleDispute {
    /// Which.
    pub(crate) dispute: DisputeId,
    /// It is to be decided anew.
    #[arg(long)]
    pub(crate) anew: bool,
    /// It stands, on this basis.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<256>)]
    pub(crate) legal_basis: Option<Text<256>>,
    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) reason: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

impl RuleDispute {
    /// What is ruled.
    pub(crate) fn ruling(&self) -> Ruling {
        let reason = self.reason.clone();
        match self.legal_basis.clone() {
            Some(basis) => Ruling::Stands { basis, reason },
            None => Ruling::Anew { reason },
        }
    }
}

/// `dispute escalate`.
#[derive(Debug, Args)]
pub(crate) struct EscalateDispute {
    /// Which.
    pub(crate) dispute: DisputeId,
    /// Why the step before does not settle it.
    #[arg(long, value_name = "TEXT", value_parser = words::text::<512>)]
    pub(crate) grounds: Text<512>,
    /// Who signs.
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// How a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichDisputes {
    /// It waits for a ruling.
    Open,
    /// It was ruled that it stands.
    Stands,
    /// It was ruled that it is to be decided anew.
    Anew,
}

impl WhichDisputes {
    /// The state as the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            WhichDisputes::Open => "open",
            WhichDisputes::Stands => "stands",
            WhichDisputes::Anew => "anew",
        }
    }
}

/// `dispute list`.
#[derive(Debug, Args)]
pub(crate) struct ListDisputes {
    /// A side, or who rules.
    #[arg(long)]
    pub(crate) agency: Option<AgencyId>,
    /// Who is to rule.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) by: Option<AgencyId>,
    /// How it stands.
    #[arg(long)]
    pub(crate) state: Option<WhichDisputes>,
}

/// `dispute show`.
#[derive(Debug, Args)]
pub(crate) struct ShowDispute {
    /// Which.
    pub(crate) dispute: DisputeId,
}
