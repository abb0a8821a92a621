//! The clauses on which an access depends, in the order in which the ledger judges them, and what
//! was found for each.
//! Holds: every refusal that core names belongs to one clause.
//! May not enter: judging (core does); asking a node.

use comity_core::access::{AccessRefusal, Attempt};
use comity_core::agency::Key;
use comity_core::apply::Position;
use comity_core::basis::Basis;
use comity_core::dataset::Items;
use comity_core::emergency::MAX_EMERGENCY_ENTRIES;
use comity_core::genesis::Params;
use comity_core::grant::{Grant, GrantTerms};
use comity_core::ids::TimeMs;
use comity_core::statement::Capacity;
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;

use crate::messages::say;
use crate::past::Past;
use crate::{describe, time};

/// A clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Clause {
    /// The officer's key.
    Key,
    /// The attempt's own time.
    Attempt,
    /// The exchange is new.
    Exchange,
    /// The grant, and that it is on this dataset and to this agency.
    Grant,
    /// The grant is neither revoked nor suspended.
    Standing,
    /// The dataset is there, not suspended, and shared.
    Dataset,
    /// The grant's period.
    Period,
    /// The grant from which it was derived, if it was.
    Parent,
    /// The officers that the grant names.
    Officers,
    /// The matter.
    Matter,
    /// The items that the grant covers.
    Items,
    /// The delivery modes that the grant covers.
    Mode,
    /// What the dataset lists and offers.
    Offer,
    /// The quota in all.
    Quota,
    /// The quota of the day.
    DailyQuota,
}

impl Clause {
    /// All, in the order of evaluation.
    pub(super) const ALL: [Clause; 15] = [
        Clause::Key,
        Clause::Attempt,
        Clause::Exchange,
        Clause::Grant,
        Clause::Standing,
        Clause::Dataset,
        Clause::Period,
        Clause::Parent,
        Clause::Officers,
        Clause::Matter,
        Clause::Items,
        Clause::Mode,
        Clause::Offer,
        Clause::Quota,
        Clause::DailyQuota,
    ];

    /// The clause by which this refuses.
    pub(super) fn of(refusal: &AccessRefusal) -> Clause {
        use AccessRefusal as A;
        match refusal {
            A::OfficerUnknown
            | A::NotAnOfficer
            | A::OfficerRevoked { .. }
            | A::OfficerExpired { .. } => Clause::Key,
            A::RequesterLeft { .. } | A::RequesterHostingOver { .. } => Clause::Key,
            A::AttemptExpired { .. } | A::AttemptTooLong => Clause::Attempt,
            A::ExchangeUsed => Clause::Exchange,
            A::NoSuchGrant { .. }
            | A::OtherDataset { .. }
            | A::OtherRequester { .. }
            | A::NoSuchEmergency { .. }
            | A::EmergencyNotYet { .. }
            | A::DatasetNotOpened { .. }
            | A::RequesterNotNamed
            | A::OwnDataset
            | A::WrongCapacity { .. }
            | A::NotAMember { .. }
            | A::InvitedAfterGrant { .. }
            | A::ProviderLeft { .. }
            | A::ProviderHostingOver { .. } => Clause::Grant,
            A::GrantRevoked { .. }
            | A::GrantSuspended { .. }
            | A::TaskForceEnded { .. }
            | A::LeadGone { .. } => Clause::Standing,
            A::GrantNotYetInForce { .. } | A::GrantExpired { .. } | A::EmergencyEnded { .. } => {
                Clause::Period
            }
            A::DatasetWithdrawn { .. }
            | A::DatasetSuspended { .. }
            | A::DatasetNotShared { .. } => Clause::Dataset,
            A::MatterNotCovered { .. } | A::EmergencyMatter { .. } => Clause::Matter,
            A::ItemNotCovered { .. } | A::WholeNotCovered => Clause::Items,
            A::ModeNotCovered => Clause::Mode,
            A::ItemNotListed { .. } | A::ModeNoLongerOffered => Clause::Offer,
            A::QuotaUsed { .. } | A::EmergencyUsed { .. } => Clause::Quota,
            A::DailyQuotaUsed { .. } => Clause::DailyQuota,
            A::OfficerNotNamed => Clause::Officers,
            A::ParentNotInForce { .. } => Clause::Parent,
        }
    }

    /// Whether it is judged of an access that relies on this.
    pub(super) fn is_of(self, basis: Basis) -> bool {
        let of_grants = matches!(
            self,
            Clause::Standing
                | Clause::Parent
                | Clause::Officers
                | Clause::Items
                | Clause::Mode
                | Clause::DailyQuota
        );
        basis.emergency().is_none() || !of_grants
    }

    /// Whether this clause was not judged, or not to its end, where the ledger refuses so: what
    /// ends a grant for good is judged before what only pauses it, and its beginning last.
    pub(super) fn is_left_by(self, refusal: &AccessRefusal) -> bool {
        use AccessRefusal as A;
        let for_good = matches!(
            refusal,
            A::GrantRevoked { .. }
                | A::DatasetWithdrawn { .. }
                | A::GrantExpired { .. }
                | A::EmergencyEnded { .. }
                | A::TaskForceEnded { .. }
                | A::LeadGone { .. }
        );
        let refusing = Clause::of(refusal);
        self > refusing || for_good && self >= Clause::Standing && self != refusing
    }

    /// Its name in JSON and in the catalogue.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Clause::Key => "key",
            Clause::Attempt => "attempt",
            Clause::Exchange => "exchange",
            Clause::Grant => "grant",
            Clause::Standing => "standing",
            Clause::Period => "period",
            Clause::Parent => "parent",
            Clause::Officers => "officers",
            Clause::Dataset => "dataset",
            Clause::Matter => "matter",
            Clause::Items => "items",
            Clause::Mode => "mode",
            Clause::Offer => "offer",
            Clause::Quota => "quota",
            Clause::DailyQuota => "daily-quota",
        }
    }

    /// Its name for people.
    pub(super) fn title(self) -> String {
        match self {
            Clause::Key => say!("clause-key"),
            Clause::Attempt => say!("clause-attempt"),
            Clause::Exchange => say!("clause-exchange"),
            Clause::Grant => say!("clause-grant"),
            Clause::Standing => say!("clause-standing"),
            Clause::Period => say!("clause-period"),
            Clause::Parent => say!("clause-parent"),
            Clause::Officers => say!("clause-officers"),
            Clause::Dataset => say!("clause-dataset"),
            Clause::Matter => say!("clause-matter"),
            Clause::Items => say!("clause-items"),
            Clause::Mode => say!("clause-mode"),
            Clause::Offer => say!("clause-offer"),
            Clause::Quota => say!("clause-quota"),
            Clause::DailyQuota => say!("clause-daily-quota"),
        }
    }
}

/// Where an attempt was judged, for telling what was found.
pub(super) struct Scene<'a> {
    /// What was asked.
    pub(super) attempt: &'a Attempt,
    /// Where.
    pub(super) at: Position,
    /// What it depended on.
    pub(super) past: &'a Past,
    /// The consortium's parameters.
    pub(super) params: &'a Params,
    /// The reader's zone.
    pub(super) zone: &'a TimeZone,
}

impl Scene<'_> {
    /// What was found for a clause, in words. Empty where there was nothing to look at.
    pub(super) fn found(&self, clause: Clause) -> String {
        let Scene { attempt, past, .. } = self;
        match clause {
            Clause::Key => self.key(past.key.as_ref()),
            Clause::Attempt => say!(
                "found-attempt",
                until = self.show(attempt.valid_until),
                time = self.show(self.at.time)
            ),
            Clause::Exchange => say!("found-exchange", exchange = attempt.exchange),
            _ if attempt.grant.emergency().is_some() => self.of_emergency(clause),
            _ => match &past.grant {
                Some(grant) => self.of_grant(clause, grant),
                None if clause == Clause::Grant => say!("found-no-grant", grant = attempt.grant),
                None => String::new(),
            },
        }
    }

    fn of_emergency(&self, clause: Clause) -> String {
        let attempt = self.attempt;
        let Some(emergency) = &self.past.emergency else {
            let none = || say!("found-no-emergency", emergency = attempt.grant);
            return if clause == Clause::Grant { none() } else { String::new() };
        };
        let terms = &emergency.terms;
        match clause {
            Clause::Grant => {
                let requesters: Vec<&str> = terms.requesters.iter().map(AgencyId::as_str).collect();
                say!(
                    "found-emergency",
                    emergency = attempt.grant,
                    requesters = requesters.join(", "),
                    index = emergency.declared_at
                )
            }
            Clause::Period => match &emergency.ended {
                Some(end) => {
                    say!("found-emergency-ended", index = end.mark.at, reason = end.reason)
                }
                None => say!(
                    "found-emergency-period",
                    time = self.show(self.at.time),
                    until = self.show(emergency.until)
                ),
            },
            Clause::Dataset => self.dataset(None),
            Clause::Matter => {
                say!("found-matter", asked = attempt.matter, covered = terms.matter)
            }
            Clause::Offer => self.offer(),
            Clause::Quota => {
                let limit = u64::from(MAX_EMERGENCY_ENTRIES);
                self.quota(Some(limit), u64::from(self.past.entries))
            }
            _ => String::new(),
        }
    }

    /// The grant, the task force that holds it, and since when the requesting agency is a member.
    fn of_task_force(&self, grant: &Grant) -> String {
        let (attempt, terms) = (self.attempt, &grant.terms);
        let force = self.past.task_force.as_ref();
        let held = force.and_then(|force| force.membership(&attempt.requester));
        let member = match held {
            Some(one) => say!(
                "found-member",
                agency = one.agency,
                index = one.joined.at,
                invited = one.invited_at
            ),
            None => say!("found-no-member", agency = attempt.requester),
        };
        let task_force = Capacity::of(terms.task_force);
        say!(
            "found-grant-of-task-force",
            grant = attempt.grant,
            dataset = terms.dataset,
            task_force = task_force,
            index = grant.issued_at,
            member = member
        )
    }

    fn of_grant(&self, clause: Clause, grant: &Grant) -> String {
        let (attempt, terms) = (self.attempt, &grant.terms);
        match clause {
            Clause::Grant if terms.task_force.is_some() => self.of_task_force(grant),
            Clause::Grant => say!(
                "found-grant",
                grant = attempt.grant,
                dataset = terms.dataset,
                requester = terms.requester,
                index = grant.issued_at
            ),
            Clause::Standing if self.past.task_force_ended(self.at.time).is_some() => {
                let ended = self.past.task_force_ended(self.at.time).unwrap_or_default();
                say!("found-task-force-over", time = self.show(ended))
            }
            Clause::Standing => match (&grant.revoked, grant.suspensions.current()) {
                (Some(end), _) => say!("found-revoked", index = end.at, reason = end.reason),
                (None, Some(now)) => say!("found-suspended", index = now.at, reason = now.reason),
                (None, None) => match grant.suspensions.all().len() {
                    0 => say!("found-standing"),
                    count => say!("found-standing-again", count = count),
                },
            },
            Clause::Period => say!(
                "found-period",
                time = self.show(self.at.time),
                from = self.show(terms.not_before),
                until = self.show(terms.not_after)
            ),
            Clause::Dataset => self.dataset(Some(grant)),
            Clause::Parent => match (grant.parent, &self.past.parent) {
                (Some(parent), Some((_, usage))) => {
                    say!("found-parent", parent = parent, used = usage.total)
                }
                _ => say!("found-no-parent"),
            },
            Clause::Officers => {
                let post = self.past.key.as_ref().map(|key| key.post.as_str());
                let asker = describe::binding::asker(attempt, post);
                let officers = describe::binding::officers(&terms.officers);
                say!("found-officers", post = asker, officers = officers)
            }
            Clause::Matter => {
                let matters: Vec<&str> = terms.matters.iter().map(|code| code.as_str()).collect();
                let (asked, matters) = (&attempt.matter, matters.join(", "));
                say!("found-matter", asked = asked, covered = matters)
            }
            Clause::Items => say!(
                "found-items",
                asked = describe::items(&attempt.items),
                covered = describe::items(&terms.items)
            ),
            Clause::Mode => say!(
                "found-mode",
                asked = describe::said("mode", &attempt.mode),
                covered = describe::modes(terms.modes.iter())
            ),
            Clause::Offer => self.offer(),
            Clause::Quota => self.quota(terms.total_quota, self.past.usage.total),
            Clause::DailyQuota => self.daily_quota(terms),
            Clause::Key | Clause::Attempt | Clause::Exchange => String::new(),
        }
    }

    fn show(&self, time: TimeMs) -> String {
        time::show(time, self.zone)
    }

    fn key(&self, key: Option<&Key>) -> String {
        let short = crate::table::short(self.attempt.officer);
        let Some(key) = key else { return say!("found-no-key", key = short) };
        let end = match (&key.revoked, key.valid_until) {
            (Some(end), _) => say!("found-key-revoked", index = end.at, reason = end.reason),
            (None, Some(until)) => say!("found-key-until", until = self.show(until)),
            (None, None) => say!("found-key-no-end"),
        };
        let (role, agency, post) = (key.role, &key.agency, &key.post);
        say!("found-key", key = short, role = role, agency = agency, post = post, end = end)
    }

    /// The dataset, as it counts for a grant, or for none.
    fn dataset(&self, grant: Option<&Grant>) -> String {
        let Some(published) = &self.past.dataset else { return String::new() };
        let withdrawn = match grant {
            Some(grant) => published.withdrawn_since(grant.issued_at),
            None => published.withdrawals.current(),
        };
        if let Some(withdrawal) = withdrawn {
            let (index, reason) = (withdrawal.at, &withdrawal.reason);
            return say!("found-withdrawn", index = index, reason = reason);
        }
        if let Some(suspension) = published.suspensions.current() {
            let (index, reason) = (suspension.at, &suspension.reason);
            return say!("found-dataset-suspended", index = index, reason = reason);
        }
        let (sharing, version) = (describe::word(&published.dataset.sharing), published.version);
        say!(
            "found-dataset",
            dataset = published.dataset.id,
            sharing = sharing,
            version = version,
            index = published.version_at
        )
    }

    fn offer(&self) -> String {
        let Some(published) = &self.past.dataset else { return String::new() };
        let dataset = &published.dataset;
        let modes = describe::modes(dataset.modes.iter());
        if let Some(item) = dataset.unlisted(&self.attempt.items).next() {
            return say!("found-unlisted", version = published.version, item = item);
        }
        match &self.attempt.items {
            Items::All => say!("found-offer-whole", version = published.version, modes = modes),
            Items::Only(_) => say!("found-offer", version = published.version, modes = modes),
        }
    }

    fn quota(&self, limit: Option<u64>, used: u64) -> String {
        match limit {
            Some(limit) => say!("found-quota", used = used, limit = limit),
            None => say!("word-unlimited"),
        }
    }

    fn daily_quota(&self, terms: &GrantTerms) -> String {
        let day = self.at.time.day(self.params.day_offset_minutes);
        self.quota(terms.daily_quota, self.past.usage.on(day))
    }
}
