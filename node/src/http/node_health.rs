//! What the operator's tools ask of a running node: its right to vote, its disk, the others' clocks.
//! Holds: nothing that is secret; numbers, and no advice (see `comityd doctor`).
//! May not enter: anything slow.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use comity_core::governance::PROTOCOL_VERSION;
use comity_core::ids::{Height, TimeMs};
use comity_core::keys::PublicKey;
use comity_core::text::AgencyId;
use comity_replica::replica::Health;
use comity_replica::storage::{MarkPosition, Step};
use serde::{Deserialize, Serialize};

use super::status::in_words;
use super::{Answer, ApiState};
use crate::clock::system_time;
use crate::shell::PeerStatus;

/// A running node, for its operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NodeHealth {
    pub(crate) agency: AgencyId,
    pub(crate) version: String,
    /// The node's own clock.
    pub(crate) clock: TimeMs,
    pub(crate) rules: RulesHealth,
    pub(crate) view: ViewHealth,
    pub(crate) block_log: BlockLogHealth,
    /// While the disk has too little room, what is free (bytes, rounded down to whole MiB).
    pub(crate) disk_full_free_bytes: Option<u64>,
    pub(crate) guard: GuardHealth,
    pub(crate) clocks: Vec<ClockHealth>,
    pub(crate) peers: Vec<PeerHealth>,
    pub(crate) kept: KeptHealth,
}

/// Which rules are in force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct RulesHealth {
    pub(crate) active: u16,
    pub(crate) known: u16,
}

/// The state and indexes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ViewHealth {
    pub(crate) height: Height,
    pub(crate) lag_blocks: u64,
    pub(crate) failure: Option<String>,
}

/// The blocks on the disk.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct BlockLogHealth {
    pub(crate) first_height: Option<Height>,
    pub(crate) height: Height,
}

/// The right to vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GuardHealth {
    pub(crate) key: Option<PublicKey>,
    pub(crate) voting: String,
    pub(crate) votes_from: Option<Height>,
    /// Whether the operator has to let it vote first.
    pub(crate) held: bool,
    pub(crate) present: bool,
    pub(crate) last: Option<MarkHealth>,
    pub(crate) heard: Vec<HeardHealth>,
}

/// Where in consensus something was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MarkHealth {
    pub(crate) height: Height,
    pub(crate) round: u32,
    pub(crate) step: String,
}

/// What another validator said of this node's key, while it did not vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HeardHealth {
    pub(crate) agency: AgencyId,
    pub(crate) power: u64,
    pub(crate) height: Height,
    pub(crate) newest: Option<MarkHealth>,
}

/// Another node's clock, by its last proposal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClockHealth {
    pub(crate) agency: AgencyId,
    /// Negative where it was behind this node's.
    pub(crate) ahead_ms: i64,
}

/// A connected peer's program, as it says itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PeerHealth {
    pub(crate) agency: Option<AgencyId>,
    pub(crate) address: String,
    pub(crate) software: Option<String>,
}

impl From<PeerStatus> for PeerHealth {
    fn from(PeerStatus { agency, address, software, .. }: PeerStatus) -> PeerHealth {
        PeerHealth { agency, address, software }
    }
}

/// What is kept beside the log.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct KeptHealth {
    pub(crate) used_bytes: u64,
    pub(crate) max_bytes: u64,
}

impl From<MarkPosition> for MarkHealth {
    fn from(MarkPosition { height, round, step }: MarkPosition) -> MarkHealth {
        let step = match step {
            Step::Proposal => "proposal",
            Step::Prevote => "prevote",
            Step::Precommit => "precommit",
        };
        MarkHealth { height: Height(height), round, step: step.to_owned() }
    }
}

pub(super) async fn node(State(api): State<ApiState>) -> Answer<NodeHealth> {
    let health = *api.shell().health().await?;
    let status = api.shell().status();
    let at = api.view().snapshot();
    let members = at.validators().map(Vec::from).unwrap_or_default();
    let members: BTreeMap<PublicKey, (AgencyId, u64)> =
        members.into_iter().map(|of| (of.key, (of.agency, of.power))).collect();
    let (voting, votes_from) = in_words(status.replica.voting);
    let clocks = health.clocks.iter().filter_map(|(key, ahead_ms)| {
        let (agency, _) = members.get(key)?;
        Some(ClockHealth { agency: agency.clone(), ahead_ms: *ahead_ms })
    });
    let clocks = clocks.collect();
    Ok(Json(NodeHealth {
        agency: api.0.agency.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock: system_time(),
        rules: RulesHealth { active: health.rules, known: PROTOCOL_VERSION },
        view: ViewHealth {
            height: at.tip().height,
            lag_blocks: api.view().lag_blocks(),
            failure: api.view().failure().map(str::to_owned),
        },
        block_log: api.blocks().extent(),
        disk_full_free_bytes: status.full.map(|full| full.free_bytes),
        guard: guard(&health, &members, voting, votes_from),
        clocks,
        peers: status.peers.into_iter().map(PeerHealth::from).collect(),
        kept: KeptHealth { used_bytes: api.kept().used_bytes(), max_bytes: api.kept().max_bytes() },
    }))
}

fn guard(
    health: &Health,
    members: &BTreeMap<PublicKey, (AgencyId, u64)>,
    voting: &str,
    votes_from: Option<Height>,
) -> GuardHealth {
    let heard = health.heard.iter().filter_map(|(key, heard)| {
        let (agency, power) = members.get(key)?.clone();
        let (height, newest) = (heard.tip, heard.newest_of_ours.map(MarkHealth::from));
        Some(HeardHealth { agency, power, height, newest })
    });
    GuardHealth {
        key: health.key,
        voting: voting.to_owned(),
        votes_from,
        held: health.held,
        present: health.has_guard,
        last: health.last.map(MarkHealth::from),
        heard: heard.collect(),
    }
}
