//! Deeds of random histories about checks, disputes and incidents.
//! Holds: most are by whoever may do them, on what there is; the rules refuse the others.

use std::collections::BTreeSet;

use comity_core::agency::KeyRole;
use comity_core::check_request::{CheckOutcome, CheckTerms};
use comity_core::dispute::{Dispute, DisputeAbout, Ruling, Stage};
use comity_core::ids::{CheckId, DisputeId, GrantId, IncidentId, LogIndex, RequestId, TimeMs};
use comity_core::incident::IncidentTerms;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::AUTHORITY;
use crate::checks::{self, claim, upheld};
use crate::disputes::{self, anew};
use crate::incidents::leak;
use crate::story::{CIVIL, FINANCE, HEALTH, HOUR_MS, MEMBERS, START, text};
use crate::teller::Teller;

impl Teller {
    /// Something about a check: claimed, handed over, answered, put right.
    pub(crate) fn check_deed(&mut self) -> VerifiedRecord {
        let id = CheckId(self.some_position(&["open-check"]));
        let Some(check) = state::check_request(&self.story.ledger, id) else {
            return self.claiming_some();
        };
        let holder = check.holder().to_string();
        let asked = check.waiting().map_or(HEALTH.to_owned(), |offer| offer.to.to_string());
        match self.chance.below(10) {
            0..=1 => self.claiming_some(),
            2..=3 => {
                let to = *self.chance.pick(&MEMBERS);
                self.story.offering(&holder, id, to)
            }
            4 => self.story.accepting(&asked, id),
            5 => self.story.declining(&asked, id),
            6..=7 => {
                let outcome = self.some_outcome();
                self.story.answering(&holder, id, outcome)
            }
            8 => self.story.correcting(CIVIL, id),
            _ => {
                let (member, outcome) = (*self.chance.pick(&MEMBERS), self.some_outcome());
                self.story.answering(member, id, outcome)
            }
        }
    }

    fn some_outcome(&mut self) -> CheckOutcome {
        match self.chance.below(2) {
            0 => upheld(START, TimeMs(self.story.now.0 - HOUR_MS)),
            _ => checks::stands(),
        }
    }

    fn claiming_some(&mut self) -> VerifiedRecord {
        let grant = self.some_grant();
        let granted = state::grant(&self.story.ledger, grant);
        let (dataset, by) = match &granted {
            Some(granted) => (granted.terms.dataset.clone(), granted.terms.requester.to_string()),
            None => (self.some_dataset(), FINANCE.to_owned()),
        };
        let asked = if by == HEALTH { FINANCE } else { CIVIL }.parse().unwrap();
        let terms = CheckTerms { dataset, grant: Some(grant.into()), asked, ..claim() };
        self.story.record(&by, KeyRole::Officer, Action::OpenCheck { terms })
    }

    /// Something about a dispute, at the step at which it is.
    pub(crate) fn dispute_deed(&mut self) -> VerifiedRecord {
        let id = DisputeId(self.some_position(&["open-dispute"]));
        let Some(dispute) = state::dispute(&self.story.ledger, id) else {
            return self.disputing_some();
        };
        match self.chance.below(8) {
            0..=1 => self.disputing_some(),
            2..=4 => self.ruling_some(id, &dispute),
            5..=6 => {
                let (by, grounds) = (dispute.claimant.to_string(), text("It says nothing new"));
                let action = Action::EscalateDispute { dispute: id, grounds };
                self.story.record(&by, KeyRole::Steward, action)
            }
            _ => self.story.deciding(AUTHORITY, id, anew()),
        }
    }

    fn ruling_some(&mut self, dispute: DisputeId, found: &Dispute) -> VerifiedRecord {
        let ruling = self.some_ruling();
        let (stage, by) = (found.step().stage, found.step().by.to_string());
        let action = match stage {
            Stage::Parties => Action::AnswerDispute { dispute, ruling },
            Stage::Authority | Stage::Superior => Action::DecideDispute { dispute, ruling },
        };
        self.story.record(&by, KeyRole::Steward, action)
    }

    fn some_ruling(&mut self) -> Ruling {
        if self.chance.below(2) == 0 { anew() } else { disputes::stands() }
    }

    fn disputing_some(&mut self) -> VerifiedRecord {
        let (about, by) = match self.chance.below(6) {
            0 => {
                let grant = self.some_grant();
                let granted = state::grant(&self.story.ledger, grant);
                let by = granted.map(|granted| granted.terms.requester.to_string());
                (DisputeAbout::Delivery(grant), by)
            }
            1..=2 => {
                let check = CheckId(self.some_subject(&["answer-check"]));
                let opened = state::check_request(&self.story.ledger, check);
                (DisputeAbout::Check(check), opened.map(|check| check.opened_by.to_string()))
            }
            _ => {
                let request = self.some_subject(&["refuse-request"]);
                (DisputeAbout::Request(RequestId(request)), None)
            }
        };
        let (by, grounds) = (by.unwrap_or(FINANCE.to_owned()), text("It names another act"));
        self.story.record(&by, KeyRole::Steward, Action::OpenDispute { about, grounds })
    }

    /// What one of these entries is about.
    fn some_subject(&mut self, kinds: &[&str]) -> LogIndex {
        let at = self.some_position(kinds);
        let record = self.earlier.get(usize::try_from(at.0).unwrap());
        match record.map(|record| &record.statement().action) {
            Some(Action::AnswerCheck { check, .. }) => check.0,
            Some(Action::RefuseRequest { request, .. }) => request.0,
            _ => at,
        }
    }

    /// Something about an incident: reported, told of, closed.
    pub(crate) fn incident_deed(&mut self) -> VerifiedRecord {
        let id = IncidentId(self.some_position(&["report-incident"]));
        let incident = state::incident(&self.story.ledger, id);
        let by = incident.map(|incident| incident.reported_by.to_string());
        let member = *self.chance.pick(&[CIVIL, FINANCE]);
        match (self.chance.below(6), by) {
            (0..=1, Some(by)) => self.story.telling(&by, id),
            (2, Some(by)) => self.story.closing(&by, id),
            (3, _) => self.story.closing(member, id),
            (4, _) => {
                let (datasets, grants) = ([self.some_dataset()].into(), [].into());
                let terms = IncidentTerms { datasets, grants, ..leak() };
                self.story.reporting(member, terms)
            }
            _ => {
                let grants = [self.some_grant(), self.some_grant()];
                let found = TimeMs(self.story.now.0 - self.chance.next() % (9 * HOUR_MS));
                let since = TimeMs(found.0 - HOUR_MS);
                // Of one alone, or of both.
                let count = 1 + self.chance.below(2);
                let grants = grants.into_iter().take(count).collect::<BTreeSet<GrantId>>();
                self.story.reporting(member, IncidentTerms { grants, since, found, ..leak() })
            }
        }
    }
}
