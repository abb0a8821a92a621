//! Governance: measures that change the consortium itself, decided by its members' ballots.
//! Holds: what was proposed never changes; an agency has one ballot on each proposal.
//! May not enter: the rules (see `apply`). Source: docs/formats.md, "Governance".

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::agency::Standing;
use crate::encoding::{Decode, Encode};
use crate::genesis::{GenesisKey, GenesisMember, Params};
use crate::ids::{EmergencyId, LogIndex, TimeMs};
use crate::keys::PublicKey;
use crate::text::{AgencyId, Text};

/// Most agencies that may ever have a ballot at one time.
pub const MAX_ELECTORATE: usize = 512;
/// The version of the rules that this software executes.
pub const PROTOCOL_VERSION: u16 = 1;

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(tag = "measure", rename_all = "kebab-case")]
pub enum Measure {
    /// Admits a member, with its keys and their proofs of possession for this consortium.
    Admit {
        /// The member.
        member: Box<GenesisMember>,
    },
    /// Removes a member, or lets it go: it acts no more; its evidence stays.
    Remove {
        /// The member.
        agency: AgencyId,
        /// Why.
        reason: Text<256>,
    },
    /// Replaces a node's or an admin key; without `old` adds an admin key, without `new` takes
    /// one away.
    ReplaceKey {
        /// Whose.
        agency: AgencyId,
        /// The key that ends.
        #[serde(default)]
        old: Option<PublicKey>,
        /// The key that begins.
        #[serde(default)]
        new: Option<GenesisKey>,
        /// If the old key's secret may have leaked: since when.
        #[serde(default)]
        suspect_since: Option<TimeMs>,
    },
    /// Changes who operates a member's node 管运分离.
    ChangeOperator {
        /// Whose node.
        agency: AgencyId,
        /// Who operates it from now on.
        operated_by: Text<128>,
    },
    /// Changes whether a member's node votes.
    ChangeStanding {
        /// The member.
        agency: AgencyId,
        /// Its new standing.
        standing: Standing,
        /// The key that its node will vote with, where it begins to vote.
        #[serde(default)]
        key: Option<GenesisKey>,
    },
    /// Makes another member the competent authority.
    ChangeAuthority {
        /// The member.
        agency: AgencyId,
    },
    /// Changes the parameters.
    ChangeParams {
        /// The new parameters.
        params: Params,
    },
    /// Lets a newer version of the rules begin. A node that does not know it stops.
    ActivateVersion {
        /// The version.
        version: u16,
    },
    /// Names the agencies that hold an office, in the place of those that did.
    Appoint {
        /// The office.
        office: Office,
        /// Who holds it from now on.
        agencies: BTreeSet<AgencyId>,
    },
    /// Changes who answers for a member that is no public body.
    ChangeSponsor {
        /// The member.
        agency: AgencyId,
        /// Who answers for it from now on.
        sponsor: AgencyId,
    },
    /// Lets an emergency go on, or in force again, for a further time.
    RenewEmergency {
        /// The emergency.
        emergency: EmergencyId,
        /// It is in force in blocks before this time.
        until: TimeMs,
    },
}

/// Most agencies that hold one office.
pub const MAX_HOLDERS: usize = 64;

/// Powers that the members give to some of them. Further ones are added at the end.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Office {
    /// 监督机关: one agency, not the competent authority; signs rule packs beside it.
    Supervisor,
    /// Those who may declare emergencies.
    EmergencyDeclarer,
    /// Those who review what stewards do; they hold draws.
    StewardReviewer,
    /// Those who review who declares emergencies.
    EmergencyReviewer,
    /// Those who review who publishes calendars and rule packs.
    RulesReviewer,
    /// Those who review what admins do.
    AdminReviewer,
    /// Those who report assessments of other agencies.
    Assessor,
}

impl Office {
    /// Every office, in the order of its encoding.
    pub const ALL: [Office; 7] = [
        Office::Supervisor,
        Office::EmergencyDeclarer,
        Office::StewardReviewer,
        Office::EmergencyReviewer,
        Office::RulesReviewer,
        Office::AdminReviewer,
        Office::Assessor,
    ];

    /// The office as it is written in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Office::Supervisor => "supervisor",
            Office::EmergencyDeclarer => "emergency-declarer",
            Office::StewardReviewer => "steward-reviewer",
            Office::EmergencyReviewer => "emergency-reviewer",
            Office::RulesReviewer => "rules-reviewer",
            Office::AdminReviewer => "admin-reviewer",
            Office::Assessor => "assessor",
        }
    }

    /// Whether one agency holds it, and no more.
    pub fn is_single(self) -> bool {
        matches!(self, Office::Supervisor)
    }
}

impl std::fmt::Display for Office {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Measure {
    /// The measure's name, as in listings.
    pub fn kind(&self) -> &'static str {
        match self {
            Measure::Admit { .. } => "admit",
            Measure::Remove { .. } => "remove",
            Measure::ReplaceKey { .. } => "replace-key",
            Measure::ChangeOperator { .. } => "change-operator",
            Measure::ChangeStanding { .. } => "change-standing",
            Measure::ChangeAuthority { .. } => "change-authority",
            Measure::ChangeParams { .. } => "change-params",
            Measure::ActivateVersion { .. } => "activate-version",
            Measure::Appoint { .. } => "appoint",
            Measure::ChangeSponsor { .. } => "change-sponsor",
            Measure::RenewEmergency { .. } => "renew-emergency",
        }
    }

    /// The member whom the measure is about, where it is about one.
    pub fn agency(&self) -> Option<&AgencyId> {
        match self {
            Measure::Admit { member } => Some(&member.agency.id),
            Measure::Remove { agency, .. }
            | Measure::ReplaceKey { agency, .. }
            | Measure::ChangeOperator { agency, .. }
            | Measure::ChangeStanding { agency, .. }
            | Measure::ChangeAuthority { agency }
            | Measure::ChangeSponsor { agency, .. } => Some(agency),
            Measure::ChangeParams { .. }
            | Measure::ActivateVersion { .. }
            | Measure::Appoint { .. }
            | Measure::RenewEmergency { .. } => None,
        }
    }

    /// The keys that the measure brings in, each with whose it is to be.
    pub fn new_keys(&self) -> Vec<(&AgencyId, &GenesisKey)> {
        match self {
            Measure::Admit { member } => {
                member.keys.iter().map(|key| (&member.agency.id, key)).collect()
            }
            Measure::ReplaceKey { agency, new: Some(key), .. }
            | Measure::ChangeStanding { agency, key: Some(key), .. } => vec![(agency, key)],
            Measure::ReplaceKey { new: None, .. }
            | Measure::ChangeStanding { key: None, .. }
            | Measure::Remove { .. }
            | Measure::ChangeOperator { .. }
            | Measure::ChangeAuthority { .. }
            | Measure::ChangeParams { .. }
            | Measure::ActivateVersion { .. }
            | Measure::Appoint { .. }
            | Measure::ChangeSponsor { .. }
            | Measure::RenewEmergency { .. } => vec![],
        }
    }
}

/// A proposal on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Proposal {
    /// What is proposed.
    pub measure: Measure,
    /// The agency whose admin proposed it.
    pub opened_by: AgencyId,
    /// The entry that opened it; also its id.
    pub opened_at: LogIndex,
    /// Ballots are taken in blocks before this time.
    pub closes: TimeMs,
    /// The ballots; opening a proposal is a ballot for it.
    pub ballots: BTreeMap<AgencyId, Ballot>,
    /// The entry with which it passed, if it did.
    pub passed_at: Option<LogIndex>,
}

/// One agency's ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Ballot {
    /// Whether it is for the measure.
    pub choice: Choice,
    /// The entry that cast it.
    pub at: LogIndex,
}

/// For or against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// For the measure.
    For,
    /// Against it.
    Against,
}

/// Who belongs to the consortium today, as far as ballots and sponsors are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Roll {
    /// Agencies that have a ballot.
    pub electorate: BTreeSet<AgencyId>,
    /// Hosted members, each with its sponsor.
    pub hosted: BTreeMap<AgencyId, AgencyId>,
}

impl Roll {
    /// Whether the ballots for a proposal are enough: strictly more than the stated share of the
    /// electorate of today.
    pub fn passes(&self, proposal: &Proposal, params: &Params) -> bool {
        let tally = self.tally(proposal, params);
        tally.ayes >= tally.needed
    }

    /// How the ballots on a proposal stand. Ballots of agencies that left do not count.
    pub fn tally(&self, proposal: &Proposal, params: &Params) -> Tally {
        let count = |choice| {
            let counts = |(agency, ballot): &(&AgencyId, &Ballot)| {
                ballot.choice == choice && self.electorate.contains(*agency)
            };
            proposal.ballots.iter().filter(counts).count() as u64
        };
        let electorate = self.electorate.len() as u64;
        let share = electorate * u64::from(params.ballot_numerator);
        // Strictly more than the share: a share that comes out even is not enough.
        let needed = share / u64::from(params.ballot_denominator.max(1)) + 1;
        Tally { ayes: count(Choice::For), noes: count(Choice::Against), electorate, needed }
    }
}

/// How the ballots on a proposal stand, by the electorate of today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Ballots for the measure.
    #[serde(rename = "for")]
    pub ayes: u64,
    /// Ballots against it.
    #[serde(rename = "against")]
    pub noes: u64,
    /// Agencies that have a ballot.
    pub electorate: u64,
    /// Ballots for the measure with which it passes.
    pub needed: u64,
}

/// A member's end. State value under its agency.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Departure {
    /// The entry with which it left: its signatures count for entries before.
    pub at: LogIndex,
    /// The time of that entry's block.
    pub on: TimeMs,
    /// Why.
    pub reason: Text<256>,
}
