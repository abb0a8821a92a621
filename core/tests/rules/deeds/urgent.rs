//! Deeds of random histories in emergencies: declared, used, renewed, ended, justified, reviewed.
//! Holds: most are by whoever may do them, on what there is; the rules refuse the others.

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::basis::Basis;
use comity_core::batch::Batch;
use comity_core::emergency::{Emergency, EmergencyScope, EmergencyTerms};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::hash::BatchRoot;
use comity_core::ids::{EmergencyId, LogIndex, ProposalId, TimeMs};
use comity_core::late::counts;
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::acts::AUTHORITY;
use crate::oversight::REVIEWERS;
use crate::story::{CIVIL, FINANCE, HEALTH, HOUR_MS, secret, signed_by};
use crate::teller::Teller;

impl Teller {
    /// Those take office who may declare emergencies, and those who look at what others do.
    pub(crate) fn in_office(&mut self) {
        let offices = [
            (Office::EmergencyDeclarer, &[AUTHORITY, HEALTH][..]),
            (Office::StewardReviewer, &REVIEWERS),
            (Office::EmergencyReviewer, &[HEALTH]),
            (Office::Assessor, &[HEALTH, FINANCE]),
        ];
        let first = self.story.ledger.log().size();
        let proposals = offices.map(|(office, agencies)| {
            let agencies = agencies.iter().map(|agency| agency.parse().unwrap()).collect();
            self.story.proposing(AUTHORITY, Measure::Appoint { office, agencies })
        });
        self.commit(proposals.into());
        for who in [CIVIL, FINANCE] {
            let ballots = (first..first + 4)
                .map(|at| self.story.ballot(who, ProposalId(LogIndex(at)), Choice::For));
            let ballots = ballots.collect();
            self.commit(ballots);
        }
    }

    /// Something in an emergency.
    pub(crate) fn urgent_deed(&mut self) -> VerifiedRecord {
        let id = EmergencyId(self.some_emergency());
        let Some(emergency) = state::emergency(&self.story.ledger, id) else {
            return self.declaring_some();
        };
        match self.chance.below(24) {
            0..=1 => self.declaring_some(),
            2 => {
                let by = if self.chance.below(4) == 0 { FINANCE } else { AUTHORITY };
                self.story.stopping(by, id)
            }
            3..=9 => self.urgent_access(id, &emergency),
            10..=12 => self.justifying_some(id),
            13..=14 => {
                let by = *self.chance.pick(&[HEALTH, HEALTH, AUTHORITY, FINANCE]);
                let role = *self.chance.pick(&[KeyRole::Auditor, KeyRole::Steward]);
                self.story.judging(by, role, id)
            }
            15..=16 => {
                let until = self.story.now.plus(self.chance.next() % (72 * HOUR_MS));
                let measure = Measure::RenewEmergency { emergency: id, until };
                self.story.proposing(AUTHORITY, measure)
            }
            17..=19 => self.renewing_some(),
            _ => self.late_deed(id, &emergency),
        }
    }

    /// One more is signed that cannot be sent now, and one of those goes in: mostly the oldest, with
    /// what is to be said of it, or not.
    fn late_deed(&mut self, id: EmergencyId, emergency: &Emergency) -> VerifiedRecord {
        let mut attempt = self.urgent_attempt(id, emergency);
        if self.chance.below(4) == 0 {
            let made_at = TimeMs(self.story.now.0 - self.chance.next() % (30 * HOUR_MS));
            let valid_until = made_at.plus(HOUR_MS);
            let officer = secret(attempt.attempt.requester.as_str(), KeyRole::Officer);
            attempt = signed_by(&officer, Attempt { made_at, valid_until, ..attempt.attempt });
        }
        let late = self.story.unsent_of(&attempt);
        self.unsent.push(late);
        if self.unsent[0].valid_until >= self.story.now {
            return self.story.access_of(&attempt);
        }
        let place = match self.chance.below(4) {
            0 => self.chance.below(self.unsent.len()),
            _ => 0,
        };
        // Now and then it is kept, and goes in again.
        let late = match self.chance.below(8) {
            0 => self.unsent[place].clone(),
            _ => self.unsent.remove(place),
        };
        let ledger = &self.story.ledger;
        let claimed = late.claimed().min(self.story.now);
        let against = ledger.evaluate_as_of(&late.attempt.attempt, claimed).err();
        let missing = match self.chance.below(8) {
            0 => [].into(),
            _ => state::gateway_numbers(ledger, &late.gateway.key).free_below(late.number),
        };
        let against = if self.chance.below(8) == 0 { None } else { against };
        self.story.embedding(&late, missing, against)
    }

    /// Mostly the last one: it is the likeliest to be in force.
    fn some_emergency(&mut self) -> LogIndex {
        let declared = |record: &VerifiedRecord| {
            matches!(record.statement().action, Action::DeclareEmergency { .. })
        };
        match self.earlier.iter().rposition(declared) {
            Some(last) if self.chance.below(4) > 0 => LogIndex(last as u64),
            _ => self.some_position(&["declare-emergency"]),
        }
    }

    /// A ballot for the last renewal that was proposed.
    fn renewing_some(&mut self) -> VerifiedRecord {
        let renewal = self.earlier.iter().rposition(|record| {
            let action = &record.statement().action;
            matches!(action, Action::OpenProposal { measure: Measure::RenewEmergency { .. } })
        });
        let proposal = ProposalId(LogIndex(renewal.unwrap_or_default() as u64));
        let by = *self.chance.pick(&[CIVIL, FINANCE]);
        self.story.ballot(by, proposal, Choice::For)
    }

    fn declaring_some(&mut self) -> VerifiedRecord {
        let by = *self.chance.pick(&[AUTHORITY, AUTHORITY, HEALTH, CIVIL]);
        let whole =
            EmergencyScope { datasets: [].into(), agencies: [CIVIL.parse().unwrap()].into() };
        let some = [self.some_dataset(), self.some_dataset()];
        let some = EmergencyScope { datasets: some.into(), agencies: [].into() };
        let scope = if self.chance.below(3) == 0 { whole } else { some };
        let requesters = match self.chance.below(4) {
            0 => [FINANCE, HEALTH].map(|agency| agency.parse().unwrap()).into(),
            1 => [HEALTH.parse().unwrap()].into(),
            _ => [FINANCE.parse().unwrap()].into(),
        };
        let until = self.story.now.plus(1 + self.chance.next() % (73 * HOUR_MS));
        let terms = EmergencyTerms { scope, requesters, until, ..self.story.flood() };
        self.story.record(by, KeyRole::Steward, Action::DeclareEmergency { terms })
    }

    /// Recorded as what the rules make of it, now and then as an access whatever they do.
    fn urgent_access(&mut self, id: EmergencyId, emergency: &Emergency) -> VerifiedRecord {
        let attempt = self.urgent_attempt(id, emergency);
        match self.story.ledger.evaluate(&attempt.attempt, self.story.now) {
            Err(refusal) if self.chance.below(2) == 0 => self.story.denial_of(&attempt, refusal),
            _ => self.story.access_of(&attempt),
        }
    }

    fn urgent_attempt(&mut self, id: EmergencyId, emergency: &Emergency) -> SignedAttempt {
        let named = emergency.terms.requesters.iter().map(ToString::to_string).collect::<Vec<_>>();
        let member = match self.chance.below(8) {
            0 => HEALTH.to_owned(),
            _ => self.chance.pick(&named).clone(),
        };
        let mut attempt = self.story.urgent(id);
        let open = emergency.terms.scope.datasets.first().cloned();
        attempt.dataset = match (self.chance.below(6), open) {
            (1.., Some(open)) => open,
            _ => self.some_dataset(),
        };
        if self.chance.below(10) == 0 {
            attempt.matter = "LOW-INCOME".parse().unwrap();
        }
        if attempt.exchange.0[0].is_multiple_of(16) {
            attempt.batch = Some(Batch { count: 3, root: BatchRoot([4; 32]) });
        }
        let officer = secret(&member, KeyRole::Officer);
        (attempt.requester, attempt.officer) = (member.parse().unwrap(), officer.public());
        signed_by(&officer, attempt)
    }

    /// One or two of the last accesses in an emergency, by whom the first of them was for.
    fn justifying_some(&mut self, id: EmergencyId) -> VerifiedRecord {
        let accesses = (0..).map(LogIndex).zip(&self.earlier).filter_map(|(at, record)| {
            let attempt = match &record.statement().action {
                Action::RecordAccess { attempt, .. } => attempt,
                Action::EmbedLate { record, against, .. } if counts(against.as_ref()) => {
                    &record.attempt
                }
                _ => return None,
            };
            let within = attempt.attempt.grant == Basis::Emergency(id);
            within.then(|| (at, attempt.attempt.requester.to_string()))
        });
        let accesses: Vec<_> = accesses.collect();
        if accesses.is_empty() || self.chance.below(9) == 0 {
            let at = self.some_position(&["record-access", "embed-late"]);
            return self.story.justifying((FINANCE, KeyRole::Steward), id, [at]);
        }
        let (first, by) = self.chance.pick(&accesses).clone();
        let (second, _) = self.chance.pick(&accesses).clone();
        let count = 1 + self.chance.below(2);
        self.story.justifying((&by, KeyRole::Steward), id, [first, second].into_iter().take(count))
    }
}
