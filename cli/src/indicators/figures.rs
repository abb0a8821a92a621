//! The figures of a report, as they are written: numbers with names, and what they are defined by.
//! Holds: each is defined in docs/indicators.md, and is computed anew by tests/indicators/compute.py.

use serde::Serialize;

/// All figures of one group, or of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    pub(crate) breadth: Breadth,
    pub(crate) depth: Depth,
    pub(crate) thickness: Thickness,
    pub(crate) speed: Speed,
    pub(crate) funnel: Funnel,
    pub(crate) documents: Documents,
    /// Distinct requester and matter with an allowed access.
    pub(crate) matters_served: u64,
}

/// 广度: who shares with whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Breadth {
    /// Provider and requester with an allowed access.
    pub(crate) pairs: u64,
    pub(crate) across_levels: u64,
    pub(crate) across_regions: u64,
    pub(crate) across_kinds: u64,
}

/// 深度: in what kinds of cooperation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Depth {
    /// Requests that were opened …
    pub(crate) requests: u64,
    /// … and granted by somebody's decision, …
    pub(crate) granted_by_decision: u64,
    /// … or by the rule of unconditional sharing.
    pub(crate) granted_by_rule: u64,
    /// Grants that stand for a time.
    pub(crate) grants_standing: u64,
    /// Grants for one answer on one case 协办.
    pub(crate) grants_once: u64,
    /// Grants that were passed on.
    pub(crate) grants_onward: u64,
    /// Accesses that both sides signed for, and alike.
    pub(crate) two_legged: u64,
    /// Accesses that stand for many.
    pub(crate) batches: u64,
    /// Accesses in an emergency, without a grant.
    pub(crate) emergency: u64,
    /// Emergencies that were declared.
    pub(crate) emergencies: u64,
    /// Accesses in the name of a task force 专班.
    pub(crate) task_force: u64,
    /// Task forces that were formed.
    pub(crate) task_forces: u64,
}

/// 厚度: how much is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Thickness {
    /// Datasets with an allowed access.
    pub(crate) datasets: u64,
    /// Items of them.
    pub(crate) items: u64,
    /// What was charged to quotas.
    pub(crate) exchanges: u64,
    /// Entries that record them.
    pub(crate) entries: u64,
}

/// 速度: how soon one answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Speed {
    /// Replies to requests, those left out that a rule gave.
    pub(crate) replies: Timeliness,
    /// Data made ready after a grant.
    pub(crate) deliveries: Timeliness,
}

/// How duties of one kind stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Timeliness {
    pub(crate) met: u64,
    pub(crate) met_late: u64,
    pub(crate) lapsed: u64,
    pub(crate) running: u64,
    pub(crate) released: u64,
    /// Of those that were met, met late or lapsed, how many of a hundred were met.
    pub(crate) in_time_percent: Option<u64>,
    /// Of those that were done, the middle one; of two in the middle the lower.
    pub(crate) median_working_days: Option<u64>,
}

/// From the catalogue to use, and where it stalls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Funnel {
    /// None where datasets do not belong to the group: to whoever asks, to a matter.
    pub(crate) datasets: Option<DatasetFunnel>,
    pub(crate) requests: RequestFunnel,
    pub(crate) grants: GrantFunnel,
}

/// How far datasets came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DatasetFunnel {
    pub(crate) catalogued: u64,
    /// Those of them that no steward has classified.
    pub(crate) unclassified: u64,
    pub(crate) requested: u64,
    pub(crate) granted: u64,
    pub(crate) delivered: u64,
    pub(crate) used: u64,
}

/// How far requests came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RequestFunnel {
    pub(crate) opened: u64,
    pub(crate) granted: u64,
    pub(crate) delivered: u64,
    pub(crate) used: u64,
    pub(crate) in_review: u64,
    pub(crate) undecided: u64,
    pub(crate) refused: u64,
    pub(crate) returned: u64,
    pub(crate) withdrawn: u64,
}

/// How far grants came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct GrantFunnel {
    pub(crate) issued: u64,
    pub(crate) delivered: u64,
    pub(crate) used: u64,
    /// In force, and the data is not ready.
    pub(crate) undelivered: u64,
    /// In force, ready, and never used.
    pub(crate) unused: u64,
    pub(crate) ended_undelivered: u64,
    pub(crate) ended_unused: u64,
}

/// Documents that citizens were not asked for 免证.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Documents {
    /// Verified instead, by an answer declared reliable.
    pub(crate) not_asked: u64,
    /// Those of them that the requesting side acknowledged.
    pub(crate) acknowledged: u64,
}

/// What a provider contributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Contribution {
    pub(crate) agency: String,
    /// Datasets on which a grant was issued.
    pub(crate) datasets_shared: u64,
    pub(crate) datasets_used: u64,
    pub(crate) agencies_served: u64,
    pub(crate) matters_served: u64,
    pub(crate) documents_not_asked: u64,
    /// Replies that it gave in time …
    pub(crate) replies_in_time: u64,
    /// … of those that were due or given.
    pub(crate) replies_judged: u64,
}
