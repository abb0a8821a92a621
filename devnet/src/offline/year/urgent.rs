//! The emergency of the year: declared, used, renewed by ballot, ended before its time while a
//! provider is cut off, justified as far as it is, reviewed.

use std::collections::BTreeSet;

use comity_core::basis::Basis;
use comity_core::dataset::{DeliveryMode, Items, Sharing};
use comity_core::emergency::{EmergencyScope, EmergencyTerms, MAX_JUSTIFIED, Verdict};
use comity_core::governance::Measure;
use comity_core::ids::{DatasetId, EmergencyId, LogIndex};
use comity_core::state;
use comity_core::statement::{Action, Capacity};
use comity_core::text::AgencyId;

use super::agenda::Event;
use super::days::HOUR_MS;
use super::people::{By, DECLARERS, DUTY_BASES, EMERGENCY_REVIEWER, SUPERVISOR};
use super::using::Asking;
use super::{Done, Year, said};

/// Who may ask in it.
const HELPERS: [&str; 3] = ["civil.city", "health.city", "housing.city"];
/// How many datasets it opens.
const OPENED: usize = 5;
/// How many accesses there are in it.
const USES: u64 = 140;

impl Year {
    /// The river is over its banks. Errors: the rules refuse it.
    pub(super) fn declare(&mut self) -> Done {
        let declarer: AgencyId = said(DECLARERS[0]);
        let helpers: BTreeSet<AgencyId> = HELPERS.iter().map(|name| said(name)).collect();
        let is_open = |id: &DatasetId| {
            let Some(published) = state::dataset(&self.book, id) else { return false };
            let shared = [Sharing::Conditional, Sharing::NotShared, Sharing::Unconditional];
            published.withdrawals.current().is_none()
                && shared.contains(&published.dataset.sharing)
                && ![SUPERVISOR, EMERGENCY_REVIEWER].contains(&id.agency.as_str())
                && self.is_here(&id.agency)
        };
        let ids = self.shelf.datasets.iter().map(|dataset| dataset.id.clone());
        let datasets: BTreeSet<DatasetId> = ids.filter(is_open).take(OPENED).collect();
        let terms = EmergencyTerms {
            scope: EmergencyScope { datasets, agencies: BTreeSet::new() },
            requesters: helpers,
            matter: said("DISASTER"),
            until: self.now().plus(48 * HOUR_MS),
            reason: said("The river is over its banks in two districts"),
        };
        let action = Action::DeclareEmergency { terms };
        let id = EmergencyId(self.book.act(&[By::steward(&declarer)], action)?);
        for _ in 0..USES {
            let minutes = self.chance.between((10, 70 * 60));
            let at = self.now().plus(minutes * 60_000);
            self.agenda.plan(at, Event::UrgentUse(id));
        }
        for (hours, event) in
            [(40, Event::Renew(id)), (50, Event::CutOff(id)), (58, Event::EndEmergency(id))]
        {
            self.agenda.plan(self.now().plus(hours * HOUR_MS), event);
        }
        for days in [4, 7, 40] {
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::Justify(id));
        }
        let at = self.at_desk(14);
        self.agenda.plan(at, Event::ReviewEmergency(id));
        Ok(())
    }

    /// A helper's officer asks for what the emergency opens; what comes after its end is denied.
    /// Errors: the rules refuse the record.
    pub(super) fn use_in_emergency(&mut self, id: EmergencyId) -> Done {
        let Some(emergency) = state::emergency(&self.book, id) else { return Ok(()) };
        let datasets: Vec<&DatasetId> = emergency.terms.scope.datasets.iter().collect();
        let helpers: Vec<&AgencyId> = emergency.terms.requesters.iter().collect();
        if datasets.is_empty() {
            return Ok(());
        }
        let dataset = (*self.chance.one_of(&datasets)).clone();
        let requester = (*self.chance.one_of(&helpers)).clone();
        let Some(published) = state::dataset(&self.book, &dataset) else { return Ok(()) };
        if requester == dataset.agency || !self.is_here(&dataset.agency) {
            return Ok(());
        }
        let modes: Vec<DeliveryMode> = published.dataset.modes.iter().copied().collect();
        let asking = Asking {
            basis: Basis::Emergency(id),
            dataset,
            requester,
            matter: emergency.terms.matter.clone(),
            items: Items::All,
            mode: *self.chance.one_of(&modes),
            batch: None,
            capacity: Capacity::Agency,
        };
        self.exchange(asking, &published.dataset).map(drop)
    }

    /// The members give it another day. Errors: the rules refuse it.
    pub(super) fn renew(&mut self, emergency: EmergencyId) -> Done {
        let until = self.now().plus(24 * HOUR_MS);
        self.vote(Measure::RenewEmergency { emergency, until })
    }

    /// The river has gone back sooner than was thought. Errors: the rules refuse it.
    pub(super) fn end_emergency(&mut self, emergency: EmergencyId) -> Done {
        let Some(declared) = state::emergency(&self.book, emergency) else { return Ok(()) };
        let reason = said("The river is back in its bed");
        let action = Action::EndEmergency { emergency, reason };
        self.book.act(&[By::steward(&declared.declared_by)], action).map(drop)
    }

    /// Each helper justifies some of what it took. Errors: the rules refuse it.
    pub(super) fn justify(&mut self, emergency: EmergencyId) -> Done {
        for helper in HELPERS {
            let agency: AgencyId = said(helper);
            let mut accesses = BTreeSet::new();
            for at in emergency.0.0..self.book.entries() {
                let access = state::emergency_access(&self.book, emergency, LogIndex(at));
                let is_open =
                    access.is_some_and(|one| one.requester == agency && one.justified.is_none());
                // Some of it nobody ever explains.
                let is_explained = at % 7 != 0;
                if is_open && is_explained && accesses.len() < MAX_JUSTIFIED / 2 {
                    accesses.insert(LogIndex(at));
                }
            }
            if accesses.is_empty() {
                continue;
            }
            let (basis, text) = (said(DUTY_BASES[1].0), said("Households in the flooded streets"));
            let action = Action::JustifyAccess { emergency, accesses, basis, text };
            self.book.act(&[By::steward(&agency)], action)?;
        }
        Ok(())
    }

    /// Who had no part in it says what it was. Errors: the rules refuse it.
    pub(super) fn review_emergency(&mut self, emergency: EmergencyId) -> Done {
        let said_of_it = [
            (SUPERVISOR, Verdict::Warranted, "The flood was real, and so was the hurry"),
            (EMERGENCY_REVIEWER, Verdict::Excessive, "One dataset had nothing to do with it"),
        ];
        for (reviewer, verdict, text) in said_of_it {
            let reviewer: AgencyId = said(reviewer);
            let action = Action::ReviewEmergency { emergency, verdict, text: said(text) };
            self.book.act(&[By::auditor(&reviewer)], action)?;
        }
        Ok(())
    }
}
