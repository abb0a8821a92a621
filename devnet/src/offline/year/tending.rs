//! What is kept up meanwhile: datasets that are updated or not, amended, withdrawn; grants that are made
//! ready, suspended, revoked; undertakings that are kept or not.

use comity_core::binding::{Promise, Side};
use comity_core::grant::Grant;
use comity_core::ids::GrantId;
use comity_core::incident::IncidentTerms;
use comity_core::state;
use comity_core::statement::Action;
use comity_core::text::Text;

use super::agenda::Event;
use super::days::DAY_MS;
use super::people::By;
use super::{Done, Year, said};

impl Year {
    /// The grant, while nobody revoked it, its term runs and none of those who have a part in it has left.
    pub(super) fn live(&self, id: GrantId) -> Option<Grant> {
        let grant = state::grant(&self.book, id)?;
        let is_live = grant.revoked.is_none()
            && self.now() < grant.terms.not_after
            && self.is_here(&grant.terms.dataset.agency)
            && self.is_here(&grant.terms.requester)
            && self.is_here(&state::grantor(&self.book, &grant));
        is_live.then_some(grant)
    }

    /// The data are ready. Errors: the rules refuse it.
    pub(super) fn deliver(&mut self, id: GrantId) -> Done {
        let Some(grant) = self.live(id).filter(|grant| grant.delivered.is_none()) else {
            return Ok(());
        };
        let owner = &grant.terms.dataset.agency;
        self.book.act(&[By::steward(owner)], Action::ReportDelivery { grant: id }).map(drop)
    }

    /// Who granted suspends it for a while. Errors: the rules refuse it.
    pub(super) fn pause(&mut self, id: GrantId) -> Done {
        let Some(grant) = self.live(id).filter(|grant| grant.suspensions.current().is_none())
        else {
            return Ok(());
        };
        let by = state::grantor(&self.book, &grant);
        let reason: Text<256> = said("Used more often than the matter explains");
        self.book.act(&[By::steward(&by)], Action::SuspendGrant { grant: id, reason })?;
        let days = self.chance.between((5, 20));
        let at = self.at_desk(days);
        self.agenda.plan(at, Event::Resume(id));
        Ok(())
    }

    /// The suspension ends. Errors: the rules refuse it.
    pub(super) fn resume(&mut self, id: GrantId) -> Done {
        let Some(grant) = self.live(id).filter(|grant| grant.suspensions.current().is_some())
        else {
            return Ok(());
        };
        let by = state::grantor(&self.book, &grant);
        self.book.act(&[By::steward(&by)], Action::ResumeGrant { grant: id }).map(drop)
    }

    /// Who granted ends it; now and then something had happened. Errors: the rules refuse it.
    pub(super) fn revoke(&mut self, id: GrantId) -> Done {
        let Some(grant) = self.live(id) else { return Ok(()) };
        let by = state::grantor(&self.book, &grant);
        let reason = said("The duty has gone to another agency");
        self.book.act(&[By::steward(&by)], Action::RevokeGrant { grant: id, reason })?;
        if self.chance.in_hundred(40) && grant.first_use.is_some() {
            let at = self.at_desk(2);
            self.agenda.plan(at, Event::Incident(id));
        }
        Ok(())
    }

    /// Plans what the requester undertook, as far as it keeps its word.
    pub(super) fn plan_undertakings(&mut self, id: GrantId, grant: &Grant) {
        for (number, undertaking) in (1..).zip(&grant.terms.undertakings) {
            let keeps = self.chance.in_hundred(75);
            let from = match undertaking.what {
                Promise::DeleteAfterDays(_) => grant.terms.not_after,
                _ => self.now().plus(60 * DAY_MS),
            };
            if keeps && undertaking.by == Side::Requester {
                let days = self.chance.between((2, 12));
                let at = self.at_desk_after(from, days);
                self.agenda.plan(at, Event::Fulfil(id, number));
            }
        }
    }

    /// The requester says that it did what it undertook. Errors: the rules refuse it.
    pub(super) fn fulfil(&mut self, id: GrantId, number: u8) -> Done {
        let Some(grant) = state::grant(&self.book, id) else { return Ok(()) };
        let agency = &grant.terms.requester;
        let place = usize::from(number) - 1;
        let Some(undertaking) = grant.terms.undertakings.get(place) else { return Ok(()) };
        if grant.first_use.is_none() || !self.is_here(agency) {
            return Ok(());
        }
        let (note, is_once) = match undertaking.what {
            Promise::DeleteAfterDays(_) => ("Deleted, and the deletion looked over", true),
            _ => ("Report on the use, filed with the provider", false),
        };
        let is_due = !is_once || self.now() >= grant.terms.not_after;
        if !is_due || (!is_once && self.live(id).is_none()) {
            return Ok(());
        }
        let action = Action::FulfilUndertaking { grant: id, number, note: said(note) };
        self.book.act(&[By::steward(agency)], action)?;
        if !is_once && self.chance.in_hundred(80) {
            let at = self.at_desk(50);
            self.agenda.plan(at, Event::Fulfil(id, number));
        }
        Ok(())
    }

    /// The owner updates what it promised to, or does not. Errors: the rules refuse it.
    pub(super) fn refresh(&mut self, place: usize) -> Done {
        let id = self.shelf.datasets[place].id.clone();
        let Some(published) = state::dataset(&self.book, &id) else { return Ok(()) };
        let (Some(days), true) = (published.dataset.update_days, self.is_here(&id.agency)) else {
            return Ok(());
        };
        let share = self.cast.manner(&id.agency).updates;
        if published.withdrawals.current().is_none() && self.chance.in_hundred(share) {
            let owner = id.agency.clone();
            self.book.act(&[By::steward(&owner)], Action::RefreshDataset { dataset: id })?;
        }
        let next = self.now().plus(u64::from(days) * DAY_MS * 9 / 10);
        let at = self.at_desk_after(next, 0);
        self.agenda.plan(at, Event::Refresh(place));
        Ok(())
    }

    /// The owner describes a dataset better. Errors: the rules refuse it.
    pub(super) fn amend(&mut self, place: usize) -> Done {
        let id = self.shelf.datasets[place].id.clone();
        let Some(published) = state::dataset(&self.book, &id) else { return Ok(()) };
        if published.withdrawals.current().is_some() || !self.is_here(&id.agency) {
            return Ok(());
        }
        let (mut dataset, version) = (published.dataset, published.version);
        dataset.service = said(&format!("By telephone on working days, {}", version + 1));
        let action = Action::AmendDataset { dataset, version };
        self.book.act(&[By::steward(&id.agency)], action).map(drop)
    }

    /// The owner takes a dataset out of the catalogue. Errors: the rules refuse it.
    pub(super) fn withdraw(&mut self, place: usize) -> Done {
        let id = self.shelf.datasets[place].id.clone();
        let Some(published) = state::dataset(&self.book, &id) else { return Ok(()) };
        if published.withdrawals.current().is_some() || !self.is_here(&id.agency) {
            return Ok(());
        }
        let (owner, reason) = (id.agency.clone(), said("It is kept elsewhere now"));
        let action = Action::WithdrawDataset { dataset: id, reason };
        self.book.act(&[By::steward(&owner)], action).map(drop)
    }

    /// Whoever received says what happened to it. Errors: the rules refuse it.
    pub(super) fn report_incident(&mut self, id: GrantId) -> Done {
        let Some(grant) = state::grant(&self.book, id) else { return Ok(()) };
        let agency = grant.terms.requester.clone();
        if !self.is_here(&agency) {
            return Ok(());
        }
        let now = self.now();
        let terms = IncidentTerms {
            datasets: Default::default(),
            grants: [id].into(),
            since: grant.issued_on,
            found: comity_core::ids::TimeMs(now.0 - DAY_MS),
            nature: said("A disk with extracts was left in a meeting room"),
        };
        let action = Action::ReportIncident { terms };
        let at = self.book.act(&[By::steward(&agency)], action)?;
        let incident = comity_core::ids::IncidentId(at);
        let note = said("The disk was found; the seal was whole");
        self.book.act(&[By::steward(&agency)], Action::UpdateIncident { incident, note })?;
        if self.chance.in_hundred(70) {
            let at = self.at_desk(8);
            self.agenda.plan(at, Event::CloseIncident(incident));
        }
        Ok(())
    }

    /// It is over. Errors: the rules refuse it.
    pub(super) fn close_incident(&mut self, incident: comity_core::ids::IncidentId) -> Done {
        let Some(found) = state::incident(&self.book, incident) else { return Ok(()) };
        if !self.is_here(&found.reported_by) {
            return Ok(());
        }
        let measures = said("Disks are sealed and signed for");
        let action = Action::CloseIncident { incident, measures };
        self.book.act(&[By::steward(&found.reported_by)], action).map(drop)
    }
}
