//! Grants that bind: officers named, undertakings, narrowing, extending, passing on; every rule about
//! them broken once (how they behave is in `bound`).
//! Holds: each case is refused by the rule that it names.

use comity_core::access::{AccessRefusal, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::binding::{
    Bearers, MAX_BEARERS, MAX_ONWARD, MAX_UNDERTAKING_DAYS, MAX_UNDERTAKINGS, Promise, Side,
    Undertaking,
};
use comity_core::dataset::Items;
use comity_core::duty::{self, Duty};
use comity_core::grant::{Grant, GrantTerms, TermField};
use comity_core::ids::{GrantId, LogIndex};
use comity_core::refusal::{GrantRefusal, Refusal};
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::asking;
use crate::refusals::{Case, wrong_signer};
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, Story, dataset, secret, signed_by, terms, text,
};

const GRANT: GrantId = GrantId(LogIndex(1));

/// Terms that may be passed on to the health agency.
pub(crate) fn wide() -> GrantTerms {
    GrantTerms { onward: [HEALTH.parse().unwrap()].into(), ..terms() }
}

/// The most that may be derived of them.
pub(crate) fn derived() -> GrantTerms {
    without_onward(wide().passed_on_to(&HEALTH.parse().unwrap()))
}

pub(crate) fn without_onward(terms: GrantTerms) -> GrantTerms {
    GrantTerms { onward: [].into(), ..terms }
}

pub(crate) fn by(side: Side, what: Promise) -> Undertaking {
    Undertaking { by: side, what }
}

/// One of each that there can be.
pub(crate) fn undertakings() -> Vec<Undertaking> {
    vec![
        by(Side::Requester, Promise::DeleteAfterDays(30)),
        by(Side::Requester, Promise::ReportUseEveryDays(20)),
        by(Side::Provider, Promise::NotifyChangeDays(5)),
        by(Side::Provider, Promise::NotifyIncidentDays(1)),
        by(Side::Requester, Promise::NotifyIncidentDays(1)),
    ]
}

impl Story {
    pub(crate) fn narrowing(
        &mut self,
        grant: GrantId,
        terms: GrantTerms,
        version: u32,
    ) -> VerifiedRecord {
        self.steward(Action::NarrowGrant { grant, terms, version })
    }

    pub(crate) fn extending_grant(
        &mut self,
        grant: GrantId,
        terms: GrantTerms,
        version: u32,
    ) -> VerifiedRecord {
        self.steward(Action::ExtendGrant { grant, terms, version })
    }

    /// The requester passes a grant on.
    pub(crate) fn passing_on(&mut self, parent: GrantId, terms: GrantTerms) -> VerifiedRecord {
        self.record(FINANCE, KeyRole::Steward, Action::IssueOnward { parent, terms })
    }

    /// A grant that was passed on, and the one above it.
    pub(crate) fn passed_on(&mut self, above: GrantTerms, below: GrantTerms) -> (GrantId, GrantId) {
        let parent = self.issue(above);
        let record = self.passing_on(parent, below);
        (parent, GrantId(self.commit(vec![record])))
    }

    pub(crate) fn fulfilling(
        &mut self,
        member: &str,
        grant: GrantId,
        number: u8,
    ) -> VerifiedRecord {
        let action = Action::FulfilUndertaking { grant, number, note: text("as promised") };
        self.record(member, KeyRole::Steward, action)
    }

    /// An access of the health agency's officer under a derived grant.
    pub(crate) fn access_below(&mut self, grant: GrantId) -> VerifiedRecord {
        let signed = self.attempt_below(grant);
        self.access_of(&signed)
    }

    pub(crate) fn attempt_below(&mut self, grant: GrantId) -> SignedAttempt {
        let key = secret(HEALTH, KeyRole::Officer);
        let mut attempt = self.attempt(grant);
        (attempt.requester, attempt.officer) = (HEALTH.parse().unwrap(), key.public());
        signed_by(&key, attempt)
    }

    pub(crate) fn refuses_below(&mut self, grant: GrantId) -> Option<AccessRefusal> {
        let signed = self.attempt_below(grant);
        self.ledger.evaluate(&signed.attempt, self.now).err()
    }

    pub(crate) fn granted(&self, grant: GrantId) -> Grant {
        state::grant(&self.ledger, grant).unwrap()
    }

    pub(crate) fn undertaken(&self, grant: GrantId) -> Vec<Duty> {
        let mut duties = duty::of_grant(&self.ledger, &self.granted(grant));
        duties.retain(|duty| duty.clock == Clock::Undertaking);
        duties
    }
}

pub(crate) fn refused(refusal: GrantRefusal) -> Refusal {
    Refusal::Grant(refusal)
}

fn issuing(story: &mut Story, bend: impl FnOnce(&mut GrantTerms)) -> VerifiedRecord {
    let mut bent = terms();
    bend(&mut bent);
    story.steward(Action::IssueGrant { terms: bent })
}

fn with_undertakings(story: &mut Story, undertakings: Vec<Undertaking>) -> VerifiedRecord {
    issuing(story, |terms| terms.undertakings = undertakings)
}

/// The parent is refused for an access below it.
pub(crate) fn because(parent: GrantId, rule: &str) -> AccessRefusal {
    AccessRefusal::ParentNotInForce { parent, because: rule.parse().unwrap() }
}

/// Something that breaks each rule. The grant is the usual one.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let record = issuing(story, |terms| terms.officers = Bearers::Posts([].into()));
        (record, refused(GrantRefusal::OfficerCount { limit: MAX_BEARERS as u64 }))
    },
    |story| {
        let posts = (0..=MAX_BEARERS).map(|desk| text(&format!("Desk {desk}"))).collect();
        let record = issuing(story, |terms| terms.officers = Bearers::Posts(posts));
        (record, refused(GrantRefusal::OfficerCount { limit: MAX_BEARERS as u64 }))
    },
    |story| {
        let posts = [text("Desk 1"), text("")].into();
        let record = issuing(story, |terms| terms.officers = Bearers::Posts(posts));
        (record, refused(GrantRefusal::PostEmpty))
    },
    |story| {
        let key = secret(HEALTH, KeyRole::Officer).public();
        let record = issuing(story, |terms| terms.officers = Bearers::Keys([key].into()));
        let agency = FINANCE.parse().unwrap();
        (record, refused(GrantRefusal::OfficerUnfit { key, agency }))
    },
    |story| {
        // What is asked for must be sound as well.
        let key = secret(FINANCE, KeyRole::Steward).public();
        let asked = GrantTerms { officers: Bearers::Keys([key].into()), ..terms() };
        let record = story.officer(Action::OpenRequest { terms: asking(asked) });
        let agency = FINANCE.parse().unwrap();
        (record, refused(GrantRefusal::OfficerUnfit { key, agency }))
    },
    |story| {
        let many = (0..=MAX_ONWARD).map(|number| format!("a{number}.gd").parse().unwrap());
        let many = many.collect();
        let record = issuing(story, |terms| terms.onward = many);
        (record, refused(GrantRefusal::OnwardCount { limit: MAX_ONWARD as u64 }))
    },
    |story| {
        let agency: comity_core::text::AgencyId = CIVIL.parse().unwrap();
        let record = issuing(story, |terms| terms.onward = [agency.clone()].into());
        (record, refused(GrantRefusal::OnwardToParty { agency }))
    },
    |story| {
        let agency: comity_core::text::AgencyId = "stranger.gd".parse().unwrap();
        let record = issuing(story, |terms| terms.onward = [agency.clone()].into());
        (record, Refusal::AgencyUnknown { agency })
    },
    |story| {
        let one = by(Side::Requester, Promise::DeleteAfterDays(1));
        let record = with_undertakings(story, vec![one; MAX_UNDERTAKINGS + 1]);
        (record, refused(GrantRefusal::UndertakingCount { limit: MAX_UNDERTAKINGS as u64 }))
    },
    |story| {
        let record =
            with_undertakings(story, vec![by(Side::Requester, Promise::DeleteAfterDays(0))]);
        (record, refused(GrantRefusal::UndertakingDays { number: 1, limit: MAX_UNDERTAKING_DAYS }))
    },
    |story| {
        let long = by(Side::Provider, Promise::NotifyChangeDays(MAX_UNDERTAKING_DAYS + 1));
        let record = with_undertakings(story, [undertakings()[..2].to_vec(), vec![long]].concat());
        (record, refused(GrantRefusal::UndertakingDays { number: 3, limit: MAX_UNDERTAKING_DAYS }))
    },
    |story| {
        let record =
            with_undertakings(story, vec![by(Side::Provider, Promise::DeleteAfterDays(3))]);
        (record, refused(GrantRefusal::UndertakingSide { number: 1 }))
    },
    |story| {
        let record =
            with_undertakings(story, vec![by(Side::Requester, Promise::NotifyChangeDays(3))]);
        (record, refused(GrantRefusal::UndertakingSide { number: 1 }))
    },
    |story| {
        let again = by(Side::Requester, Promise::DeleteAfterDays(7));
        let record = with_undertakings(story, [undertakings(), vec![again]].concat());
        (record, refused(GrantRefusal::UndertakingTwice { number: 6 }))
    },
    |story| {
        let grant = GrantId(LogIndex(0));
        (story.narrowing(grant, terms(), 1), Refusal::GrantUnknown { grant })
    },
    |story| {
        let action = Action::NarrowGrant { grant: GRANT, terms: terms(), version: 1 };
        (story.record(FINANCE, KeyRole::Steward, action), wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let revocation = story.revoke_grant(GRANT);
        let at = story.commit(vec![revocation]);
        let less = GrantTerms { total_quota: Some(3), ..terms() };
        (story.narrowing(GRANT, less, 1), Refusal::GrantAlreadyRevoked { grant: GRANT, at })
    },
    |story| {
        let until = terms().not_after;
        story.pass_until(until);
        let less = GrantTerms { total_quota: Some(3), ..terms() };
        (story.narrowing(GRANT, less, 1), refused(GrantRefusal::GrantOver { grant: GRANT, until }))
    },
    |story| {
        let less = GrantTerms { total_quota: Some(3), ..terms() };
        let first = story.narrowing(GRANT, less.clone(), 1);
        let at = story.commit(vec![first]);
        let record = story.narrowing(GRANT, GrantTerms { total_quota: Some(2), ..less }, 1);
        (record, refused(GrantRefusal::GrantChanged { grant: GRANT, version: 2, at }))
    },
    |story| {
        let record = story.narrowing(GRANT, terms(), 1);
        (record, refused(GrantRefusal::GrantUnchanged { grant: GRANT }))
    },
    |story| {
        let more = GrantTerms { items: Items::All, ..terms() };
        let field = TermField::Items;
        (story.narrowing(GRANT, more, 1), refused(GrantRefusal::NarrowingBeyond { field }))
    },
    |story| {
        let more = GrantTerms { undertakings: undertakings(), ..terms() };
        let record = story.narrowing(GRANT, more, 1);
        (record, refused(GrantRefusal::UndertakingsKept { grant: GRANT }))
    },
    |story| {
        let nothing = GrantTerms { items: Items::Only([].into()), ..terms() };
        (story.narrowing(GRANT, nothing, 1), Refusal::NoItems)
    },
    |story| {
        let nothing = GrantTerms { modes: [].into(), ..terms() };
        (story.narrowing(GRANT, nothing, 1), Refusal::NoModes)
    },
    |story| {
        let over = GrantTerms { not_after: story.now, ..terms() };
        (story.narrowing(GRANT, over, 1), Refusal::PeriodEmpty)
    },
    |story| {
        let nobody = GrantTerms { officers: Bearers::Keys([].into()), ..terms() };
        let record = story.narrowing(GRANT, nobody, 1);
        (record, refused(GrantRefusal::OfficerCount { limit: MAX_BEARERS as u64 }))
    },
    |story| {
        let grant = GrantId(LogIndex(0));
        (story.extending_grant(grant, terms(), 1), Refusal::GrantUnknown { grant })
    },
    |story| {
        let longer = GrantTerms { requester: HEALTH.parse().unwrap(), ..terms() };
        let field = TermField::Requester;
        (story.extending_grant(GRANT, longer, 1), refused(GrantRefusal::ExtensionOfOther { field }))
    },
    |story| {
        let longer = longer();
        let action = Action::ExtendGrant { grant: GRANT, terms: longer, version: 1 };
        (story.record(HEALTH, KeyRole::Steward, action), wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let revocation = story.revoke_grant(GRANT);
        let at = story.commit(vec![revocation]);
        let record = story.extending_grant(GRANT, longer(), 1);
        (record, Refusal::GrantAlreadyRevoked { grant: GRANT, at })
    },
    |story| {
        let until = terms().not_after;
        story.pass_until(until);
        let record = story.extending_grant(GRANT, longer(), 1);
        (record, refused(GrantRefusal::GrantOver { grant: GRANT, until }))
    },
    |story| {
        let promised = GrantTerms { undertakings: undertakings(), ..terms() };
        let grant = story.issue(promised.clone());
        let undertakings = undertakings()[1..].to_vec();
        let record = story.extending_grant(grant, GrantTerms { undertakings, ..promised }, 1);
        (record, refused(GrantRefusal::UndertakingsKept { grant }))
    },
    |story| {
        let item = "religion".parse().unwrap();
        let items = Items::Only(["religion".parse().unwrap()].into());
        let record = story.extending_grant(GRANT, GrantTerms { items, ..longer() }, 1);
        (record, Refusal::ItemUnknown { item })
    },
    |story| {
        // Published again, the dataset does not bring the grant back.
        let withdrawal = story.withdrawal();
        let at = story.commit(vec![withdrawal]);
        story.publish();
        let record = story.extending_grant(GRANT, longer(), 1);
        (record, Refusal::DatasetGone { dataset: dataset().id, at })
    },
    |story| {
        let parent = GrantId(LogIndex(0));
        (story.passing_on(parent, derived()), Refusal::GrantUnknown { grant: parent })
    },
    |story| {
        let parent = story.issue(wide());
        let action = Action::IssueOnward { parent, terms: derived() };
        (story.steward(action), wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let (origin, parent) = story.passed_on(wide(), derived());
        let action = Action::IssueOnward { parent, terms: derived() };
        let record = story.record(HEALTH, KeyRole::Steward, action);
        (record, refused(GrantRefusal::OnwardOfOnward { parent, origin }))
    },
    |story| {
        let parent = story.issue(wide());
        let pause = story.pause_grant(parent);
        story.commit(vec![pause]);
        let record = story.passing_on(parent, derived());
        (record, Refusal::Access(because(parent, "grant-suspended")))
    },
    |story| {
        let record = story.passing_on(GRANT, derived());
        let agency = HEALTH.parse().unwrap();
        (record, refused(GrantRefusal::OnwardNotAllowed { parent: GRANT, agency }))
    },
    |story| {
        let parent = story.issue(wide());
        let onward = ["audit.gd".parse().unwrap()].into();
        let record = story.passing_on(parent, GrantTerms { onward, ..derived() });
        (record, refused(GrantRefusal::OnwardAgain))
    },
    |story| {
        let parent = story.issue(GrantTerms { total_quota: Some(5), ..wide() });
        let record = story.passing_on(parent, derived());
        let field = TermField::TotalQuota;
        (record, refused(GrantRefusal::OnwardBeyond { parent, field }))
    },
    |story| {
        // What is passed on is granted within the dataset as it is.
        let parent = story.issue(GrantTerms { items: Items::All, ..wide() });
        let items = Items::Only(["religion".parse().unwrap()].into());
        let record = story.passing_on(parent, GrantTerms { items, ..derived() });
        (record, Refusal::ItemUnknown { item: "religion".parse().unwrap() })
    },
    |story| {
        let grant = GrantId(LogIndex(0));
        (story.fulfilling(FINANCE, grant, 1), Refusal::GrantUnknown { grant })
    },
    |story| {
        let record = story.fulfilling(FINANCE, GRANT, 1);
        (record, refused(GrantRefusal::UndertakingUnknown { grant: GRANT, number: 1 }))
    },
    |story| {
        let grant = story.issue(GrantTerms { undertakings: undertakings(), ..terms() });
        let record = story.fulfilling(FINANCE, grant, 0);
        (record, refused(GrantRefusal::UndertakingUnknown { grant, number: 0 }))
    },
    |story| {
        let grant = story.issue(GrantTerms { undertakings: undertakings(), ..terms() });
        (story.fulfilling(CIVIL, grant, 2), wrong_signer(FINANCE, KeyRole::Steward))
    },
    |story| {
        let grant = story.issue(GrantTerms { undertakings: undertakings(), ..terms() });
        (story.fulfilling(FINANCE, grant, 3), wrong_signer(CIVIL, KeyRole::Steward))
    },
    |story| {
        let grant = story.issue(GrantTerms { undertakings: undertakings(), ..terms() });
        let record = story.fulfilling(FINANCE, grant, 2);
        (record, refused(GrantRefusal::UndertakingNotBegun { grant, number: 2 }))
    },
    |story| {
        let grant = used(story);
        let action = Action::FulfilUndertaking { grant, number: 2, note: text("") };
        let record = story.record(FINANCE, KeyRole::Steward, action);
        (record, refused(GrantRefusal::FulfilmentWithoutNote))
    },
    |story| {
        let grant = used(story);
        let until = terms().not_after;
        let record = story.fulfilling(FINANCE, grant, 1);
        (record, refused(GrantRefusal::DeletionTooEarly { grant, until }))
    },
    |story| {
        let grant = used(story);
        story.pass_until(terms().not_after);
        let deleted = story.fulfilling(FINANCE, grant, 1);
        let at = story.commit(vec![deleted]);
        let record = story.fulfilling(FINANCE, grant, 1);
        (record, refused(GrantRefusal::UndertakingFulfilled { grant, number: 1, at }))
    },
];

pub(crate) fn longer() -> GrantTerms {
    GrantTerms { not_after: terms().not_after.plus(HOUR_MS), ..terms() }
}

/// A grant with undertakings that was used once.
pub(crate) fn used(story: &mut Story) -> GrantId {
    let grant = story.issue(GrantTerms { undertakings: undertakings(), ..terms() });
    let access = story.access(grant);
    story.commit(vec![access]);
    grant
}
