//! Further deeds of random histories: what binds grants, duties, offices.
//! Holds: most are by whoever may do them, on what there is; the rules refuse the others.

mod contested;
mod forces;
mod urgent;
mod watched;

use comity_core::agency::KeyRole;
use comity_core::governance::{Choice, Measure, Office};
use comity_core::grant::{Grant, GrantTerms};
use comity_core::ids::{GrantId, LogIndex, ProposalId, TimeMs};
use comity_core::legs::Acknowledgement;
use comity_core::rule_pack::Clock;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::AUTHORITY;
use crate::bindings::without_onward;
use crate::story::{CIVIL, FINANCE, HEALTH, HOUR_MS, MEMBERS, text};
use crate::teller::Teller;

impl Teller {
    /// Rules begin under which requests are reviewed.
    pub(crate) fn under_rules(&mut self) {
        let (office, agencies) = (Office::Supervisor, [HEALTH.parse().unwrap()].into());
        let proposal = ProposalId(LogIndex(self.story.ledger.log().size()));
        let record = self.story.proposing(AUTHORITY, Measure::Appoint { office, agencies });
        self.commit(vec![record]);
        let ballots = [CIVIL, FINANCE].map(|who| self.story.ballot(who, proposal, Choice::For));
        self.commit(ballots.into());
        let pack = self.story.pack(&[(Clock::ComplianceReview, 2), (Clock::ReplyConditional, 5)]);
        let from = pack.from;
        let record = self.story.ruling(pack);
        self.commit(vec![record]);
        self.story.now = from;
    }

    /// Something that changes what binds a grant, or says what was done about it.
    pub(crate) fn binding_deed(&mut self) -> VerifiedRecord {
        let grant = self.some_grant();
        let Some(granted) = state::grant(&self.story.ledger, grant) else {
            return self.story.revoke_grant(grant);
        };
        match self.chance.below(9) {
            0..=1 => self.narrowing_some(grant, &granted),
            2 => self.extending_some(grant, &granted),
            3..=5 => {
                let above = self.some_position(&["issue-grant", "approve-request"]);
                let (grant, granted) = match state::grant(&self.story.ledger, GrantId(above)) {
                    Some(above) => (GrantId(above.issued_at), above),
                    None => (grant, granted),
                };
                let most = granted.terms.passed_on_to(&HEALTH.parse().unwrap());
                let mut terms = without_onward(most);
                if self.chance.below(3) == 0 {
                    terms.total_quota = Some(1 + self.chance.next() % 6);
                }
                self.story.passing_on(grant, terms)
            }
            6 => {
                let number = u8::try_from(1 + self.chance.below(3)).unwrap();
                let member = *self.chance.pick(&[CIVIL, FINANCE]);
                self.story.fulfilling(member, grant, number)
            }
            7 => self.story.delivering(grant),
            _ => self.acknowledging_some(),
        }
    }

    /// Whose steward decides about a grant.
    fn grantor(&self, granted: &Grant) -> &'static str {
        if granted.parent.is_some() { FINANCE } else { CIVIL }
    }

    fn narrowing_some(&mut self, grant: GrantId, granted: &Grant) -> VerifiedRecord {
        let mut terms = granted.terms.clone();
        match self.chance.below(4) {
            0 => terms.onward = [].into(),
            1 => terms.not_after = TimeMs(terms.not_after.0 - self.chance.next() % HOUR_MS),
            2 => terms.daily_quota = Some(1),
            _ => terms.total_quota = Some(1 + self.chance.next() % 4),
        }
        let (member, mut version) = (self.grantor(granted), granted.version);
        // Now and then of a version that is gone.
        version -= u32::from(self.chance.below(6) == 0);
        let action = Action::NarrowGrant { grant, terms, version };
        self.story.record(member, KeyRole::Steward, action)
    }

    fn extending_some(&mut self, grant: GrantId, granted: &Grant) -> VerifiedRecord {
        let wanted = self.some_terms();
        let terms = GrantTerms {
            total_quota: wanted.total_quota,
            daily_quota: wanted.daily_quota,
            not_after: wanted.not_after,
            ..granted.terms.clone()
        };
        let (member, version) = (self.grantor(granted), granted.version);
        let action = Action::ExtendGrant { grant, terms, version };
        self.story.record(member, KeyRole::Steward, action)
    }

    fn acknowledging_some(&mut self) -> VerifiedRecord {
        let access = self.some_position(&["record-access"]);
        let at = usize::try_from(access.0).unwrap();
        let attempt = self.earlier.get(at).and_then(|record| record.statement().action.attempt());
        let (grant, exchange) = match attempt {
            Some(signed) => (signed.attempt.grant, signed.attempt.exchange),
            None => (GrantId(access).into(), comity_core::ids::ExchangeId([0; 16])),
        };
        let accesses = vec![Acknowledgement { access, exchange, digest: None, count: 1 }];
        let action = Action::AcknowledgeAccess { grant, accesses };
        self.story.record(FINANCE, KeyRole::Gateway, action)
    }

    /// Something about duties: done, or counted otherwise from now on.
    pub(crate) fn duty_deed(&mut self) -> VerifiedRecord {
        let request = self.some_request();
        match self.chance.below(6) {
            0 => {
                let dataset = self.some_dataset();
                self.story.steward(Action::RefreshDataset { dataset })
            }
            1 => {
                let fault = *self.chance.pick(&["", "no duty is named"]);
                self.story.reviewing(request, fault)
            }
            2 => {
                let days = u16::try_from(1 + self.chance.below(11)).unwrap();
                self.story.extending(request, days)
            }
            3 => {
                let first = 1 + self.chance.next() % 30;
                let calendar = self.story.calendar(first, 60 + self.chance.next() % 300);
                self.story.publishing(calendar)
            }
            _ => {
                let reply = u16::try_from(self.chance.below(9)).unwrap();
                let clocks = [(Clock::ReplyConditional, reply), (Clock::ComplianceReview, 2)];
                let count = 1 + self.chance.below(2);
                let mut pack = self.story.pack(&clocks[..count]);
                pack.name = format!("PACK-{}", self.chance.below(6)).parse().unwrap();
                self.story.ruling(pack)
            }
        }
    }

    /// A proposal or a ballot.
    pub(crate) fn office_deed(&mut self) -> VerifiedRecord {
        let member = *self.chance.pick(&MEMBERS);
        if self.chance.below(4) > 0 {
            let proposal: LogIndex = self.some_position(&["open-proposal"]);
            let choices = [Choice::For, Choice::For, Choice::Against];
            let choice = *self.chance.pick(&choices);
            return self.story.ballot(member, ProposalId(proposal), choice);
        }
        let supervisor = *self.chance.pick(&[HEALTH, HEALTH, FINANCE]);
        let measure = match self.chance.below(3) {
            0 => Measure::ChangeOperator {
                agency: CIVIL.parse().unwrap(),
                operated_by: text(&format!("Contractor {}", self.chance.below(4))),
            },
            _ => Measure::Appoint {
                office: Office::Supervisor,
                agencies: [supervisor.parse().unwrap()].into(),
            },
        };
        let member = if self.chance.below(2) == 0 { AUTHORITY } else { member };
        self.story.proposing(member, measure)
    }
}
