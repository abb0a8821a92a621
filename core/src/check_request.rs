//! Check requests 核查申请: a member says that data are wrong, and somebody answers.
//! Holds: somebody always holds a check until it is answered; what was claimed never changes.
//! May not enter: who may act (see `apply`). Source: docs/formats.md, "Check requests".

use serde::{Deserialize, Serialize};

use crate::access::Attempt;
use crate::basis::Basis;
use crate::dataset::Items;
use crate::duty::Mark;
use crate::encoding::{Decode, Encode};
use crate::ids::{DatasetId, TimeMs};
use crate::keys::PublicKey;
use crate::text::{AgencyId, Text};

/// Most offers of a handover in the life of a check.
pub const MAX_HANDOVERS: usize = 16;

/// What is claimed, as the officer signs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckTerms {
    /// The dataset.
    pub dataset: DatasetId,
    /// Which of its items are said to be wrong.
    pub items: Items,
    /// The grant, or the emergency, under which the signer's agency has, or had, the data; only the
    /// dataset's owner and its manager need none.
    #[serde(default)]
    pub grant: Option<Basis>,
    /// Who is asked first, and answers until another accepts the check 首问责任.
    pub asked: AgencyId,
    /// What is wrong. Never a person's data.
    pub claim: Text<512>,
}

/// A check request on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CheckRequest {
    /// What is claimed.
    pub terms: CheckTerms,
    /// Whose officer claims it.
    pub opened_by: AgencyId,
    /// The officer's key.
    pub opener: PublicKey,
    /// Where it was opened; the position is also its id.
    pub opened: Mark,
    /// Every offer to take it over, oldest first. Only the last may wait.
    pub handovers: Vec<Handover>,
    /// The answer, once there is one.
    pub answer: Option<CheckAnswer>,
    /// The owner's word that the data were corrected.
    pub corrected: Option<Correction>,
    /// The answers that a dispute set aside, oldest first: at most
    /// [`crate::dispute::MAX_REOPENINGS`].
    pub earlier: Vec<CheckAnswer>,
}

/// An offer to take a check over.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Handover {
    /// To whom.
    pub to: AgencyId,
    /// Why that agency.
    pub reason: Text<256>,
    /// Where it was offered.
    pub offered: Mark,
    /// What became of it.
    pub end: Option<HandoverEnd>,
}

/// What became of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandoverEnd {
    /// Accepted there: from then on that agency answers.
    Accepted(Mark),
    /// Declined there.
    Declined(Mark),
}

/// The answer to a check.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CheckAnswer {
    /// Where it was given.
    pub given: Mark,
    /// What was found.
    pub outcome: CheckOutcome,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// The data were wrong. Their owner owes the correction, and whoever received them in the period
    /// is to know.
    Upheld {
        /// Wrong data were handed out in blocks from this time …
        from: TimeMs,
        /// … to this time (exclusive).
        to: TimeMs,
        /// What is right, or how it will be made right. Never a person's data.
        correction: Text<512>,
    },
    /// The data stand.
    NotUpheld {
        /// On what basis.
        basis: Text<256>,
        /// Why.
        reason: Text<512>,
    },
}

/// That wrong data were corrected.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Correction {
    /// Where the owner said so.
    pub made: Mark,
    /// What was done.
    pub note: Text<512>,
}

impl CheckRequest {
    /// Who answers it: who was asked first, or who last accepted it.
    pub fn holder(&self) -> &AgencyId {
        self.accepted().last().map_or(&self.terms.asked, |(agency, _)| agency)
    }

    /// Who took it over, and where, oldest first.
    pub fn accepted(&self) -> impl Iterator<Item = (&AgencyId, Mark)> {
        self.handovers.iter().filter_map(|handover| match &handover.end {
            Some(HandoverEnd::Accepted(mark)) => Some((&handover.to, *mark)),
            _ => None,
        })
    }

    /// The offer that waits for an answer.
    pub fn waiting(&self) -> Option<&Handover> {
        self.handovers.last().filter(|handover| handover.end.is_none())
    }

    /// The answer that was given first.
    pub fn first_answer(&self) -> Option<&CheckAnswer> {
        self.earlier.first().or(self.answer.as_ref())
    }

    /// Whether the check was upheld and an access in a block of this time handed out what it says is
    /// wrong: its requester is to know.
    pub fn concerns(&self, attempt: &Attempt, on: TimeMs) -> bool {
        let outcome = self.answer.as_ref().map(|answer| &answer.outcome);
        let Some(CheckOutcome::Upheld { from, to, .. }) = outcome else { return false };
        let meets = match (&self.terms.items, &attempt.items) {
            (Items::All, _) | (_, Items::All) => true,
            (Items::Only(wrong), Items::Only(given)) => !wrong.is_disjoint(given),
        };
        attempt.dataset == self.terms.dataset && *from <= on && on < *to && meets
    }
}
