//! Rule packs 规则包: the counts by which duties are judged and grants are signed, as dated data.
//! Holds: what ruled a day never changes; a pack begins only days after it was published.
//! May not enter: what is owed (see `duty`). Source: docs/formats.md, "Rule packs".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::ids::{LogIndex, TimeMs};
use crate::state::{self, StateKey, StateRead};
use crate::text::{Code, Text};

/// Most rule packs that a consortium may ever publish.
pub const MAX_RULE_PACKS: usize = 256;
/// Longest clock (working days).
pub const MAX_CLOCK_DAYS: u16 = 500;
/// Most stewards that a pack may ask for.
pub const MAX_STEWARDS: u8 = 8;
/// A pack is published at least so long (ms) before it rules: seven days.
pub const MIN_NOTICE_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// What a clock is for. Further ones are added at the end.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// The competent authority's review of a request's form 合规性审查; the reply's clock runs after it.
    ComplianceReview,
    /// The reply to a request on an unconditionally shared dataset.
    ReplyUnconditional,
    /// The reply to a request on a conditionally shared dataset.
    ReplyConditional,
    /// The reply to a request on a dataset that no steward has classified yet.
    ReplyUnclassified,
    /// How many days more a provider may take for a reply, once. Owed by nobody.
    ReplyExtension,
    /// Making the data ready after a grant 提供.
    Delivery,
    /// How long after its period a dataset's update is still in time.
    Update,
    /// What a side of a grant undertakes. Its days stand in the grant, and in no pack.
    Undertaking,
    /// The answer to a check request, by whoever holds it 首问责任.
    CheckReply,
    /// The owner's correction of what a check found wrong.
    Correction,
    /// The review of an emergency after its end.
    EmergencyReview,
    /// What the respondent makes of a dispute.
    DisputeAnswer,
    /// The ruling on a dispute that was escalated.
    DisputeDecision,
    /// The decision anew, after a ruling for it.
    DecideAnew,
    /// The justification of an access in an emergency, by whose officer asked.
    EmergencyJustification,
    /// The review of a record that was drawn.
    DrawnReview,
    /// The answer to a finding.
    FindingAnswer,
    /// The closure of a finding that was answered.
    FindingClosure,
    /// What the assessed agency did about an assessment that recommends something.
    AssessmentFollowUp,
}

impl Clock {
    /// Every clock, in the order of its encoding.
    pub const ALL: [Clock; 19] = [
        Clock::ComplianceReview,
        Clock::ReplyUnconditional,
        Clock::ReplyConditional,
        Clock::ReplyUnclassified,
        Clock::ReplyExtension,
        Clock::Delivery,
        Clock::Update,
        Clock::Undertaking,
        Clock::CheckReply,
        Clock::Correction,
        Clock::EmergencyReview,
        Clock::DisputeAnswer,
        Clock::DisputeDecision,
        Clock::DecideAnew,
        Clock::EmergencyJustification,
        Clock::DrawnReview,
        Clock::FindingAnswer,
        Clock::FindingClosure,
        Clock::AssessmentFollowUp,
    ];

    /// The clock as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Clock::ComplianceReview => "compliance-review",
            Clock::ReplyUnconditional => "reply-unconditional",
            Clock::ReplyConditional => "reply-conditional",
            Clock::ReplyUnclassified => "reply-unclassified",
            Clock::ReplyExtension => "reply-extension",
            Clock::Delivery => "delivery",
            Clock::Update => "update",
            Clock::Undertaking => "undertaking",
            Clock::CheckReply => "check-reply",
            Clock::Correction => "correction",
            Clock::EmergencyReview => "emergency-review",
            Clock::DisputeAnswer => "dispute-answer",
            Clock::DisputeDecision => "dispute-decision",
            Clock::DecideAnew => "decide-anew",
            Clock::EmergencyJustification => "emergency-justification",
            Clock::DrawnReview => "drawn-review",
            Clock::FindingAnswer => "finding-answer",
            Clock::FindingClosure => "finding-closure",
            Clock::AssessmentFollowUp => "assessment-follow-up",
        }
    }
}

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The counts that rule for a time.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulePack {
    /// Its name.
    pub name: Code,
    /// What people call it.
    pub title: Text<128>,
    /// What it rests on: a law, a regulation, a decision.
    pub source: Text<512>,
    /// It rules blocks at or after this time, until a later one does.
    pub from: TimeMs,
    /// Working days by clock; a clock that is not named does not run.
    pub clocks: BTreeMap<Clock, u16>,
    /// How many stewards sign for a dataset of the grade `important` …
    pub stewards_important: u8,
    /// … and of the grade `core`, beside the competent authority.
    pub stewards_core: u8,
}

impl RulePack {
    /// The working days of a clock, where it runs.
    pub fn days(&self, clock: Clock) -> Option<u16> {
        self.clocks.get(&clock).copied()
    }

    /// What rules where no pack was published.
    pub fn plain() -> RulePack {
        let text = "no pack is published";
        let clocks = [
            (Clock::ReplyUnconditional, 5),
            (Clock::ReplyConditional, 10),
            (Clock::ReplyUnclassified, 10),
            (Clock::ReplyExtension, 10),
            (Clock::Delivery, 20),
            (Clock::Update, 10),
            (Clock::CheckReply, 10),
            (Clock::Correction, 10),
            (Clock::EmergencyReview, 20),
            (Clock::DisputeAnswer, 5),
            (Clock::DisputeDecision, 10),
            (Clock::DecideAnew, 5),
            (Clock::EmergencyJustification, 5),
            (Clock::DrawnReview, 20),
            (Clock::FindingAnswer, 10),
            (Clock::FindingClosure, 20),
            (Clock::AssessmentFollowUp, 20),
        ];
        RulePack {
            name: constant("PLAIN"),
            title: constant("The plain rules"),
            source: constant(text),
            from: TimeMs(0),
            clocks: clocks.into(),
            stewards_important: 2,
            stewards_core: 2,
        }
    }

    /// The first thing about it that cannot be, if there is one.
    pub fn fault(&self) -> Option<RulePackFault> {
        if self.title.as_str().is_empty() || self.source.as_str().is_empty() {
            return Some(RulePackFault::Text);
        }
        let is_no_count =
            |(clock, days): (&Clock, &u16)| *clock == Clock::Undertaking || *days > MAX_CLOCK_DAYS;
        if self.clocks.iter().any(is_no_count) {
            return Some(RulePackFault::Clock);
        }
        let stewards = 1..=MAX_STEWARDS;
        let fit =
            stewards.contains(&self.stewards_important) && stewards.contains(&self.stewards_core);
        (!fit).then_some(RulePackFault::Stewards)
    }
}

/// A text of this program. Panics where it is not one.
fn constant<T: std::str::FromStr>(text: &str) -> T {
    match text.parse() {
        Ok(text) => text,
        Err(_) => unreachable!("{text:?} is well-formed"),
    }
}

/// What cannot be about a rule pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RulePackFault {
    /// It has no title or no source.
    Text,
    /// A clock is too long, or its days stand elsewhere.
    Clock,
    /// It asks for no steward, or for too many.
    Stewards,
}

impl RulePackFault {
    /// The fault as it is written in messages' names.
    pub fn as_str(self) -> &'static str {
        match self {
            RulePackFault::Text => "text",
            RulePackFault::Clock => "clock",
            RulePackFault::Stewards => "stewards",
        }
    }
}

impl std::fmt::Display for RulePackFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rule pack on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct PublishedRules {
    /// What it says.
    pub pack: RulePack,
    /// The entry that published it.
    pub at: LogIndex,
}

/// All that were published, each beginning after the one before. State value.
pub type RulePacks = Vec<PublishedRules>;

/// All rule packs that were published.
pub fn published(state: &impl StateRead) -> RulePacks {
    state::read(state, &StateKey::RulePacks).unwrap_or_default()
}

/// The pack that rules at a time.
pub fn rules_at(state: &impl StateRead, time: TimeMs) -> RulePack {
    let rules = |published: &PublishedRules| published.pack.from <= time;
    published(state).into_iter().rev().find(rules).map_or_else(RulePack::plain, |found| found.pack)
}
