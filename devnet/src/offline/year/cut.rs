//! A provider that is cut off in the emergency: its gateway goes on handing over, numbers what it signs
//! and keeps it; when the line is mended that goes in late, and one file turns up days afterwards.
//! Holds: what was signed then goes in as it was signed; what stood against it is what the rules name.

use std::collections::BTreeSet;

use comity_core::access::SignedAttempt;
use comity_core::apply::Position;
use comity_core::apply::accesses::evaluate;
use comity_core::dataset::Dataset;
use comity_core::ids::{EmergencyId, TimeMs};
use comity_core::late::LateAccess;
use comity_core::legs::Acknowledgement;
use comity_core::state;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::agenda::Event;
use super::days::HOUR_MS;
use super::people::By;
use super::{Done, Year};
use crate::failure::{DevnetError, unexpected};

/// For how long nobody reaches the provider.
const CUT_FOR_MS: u64 = 30 * HOUR_MS;

/// A provider whose line is or was cut, and what its gateway keeps until it is taken in.
pub(super) struct Cut {
    provider: AgencyId,
    is_down: bool,
    /// Until when the emergency is in force, as the gateway last heard.
    heard_until: TimeMs,
    kept: Vec<LateAccess>,
}

impl Year {
    /// The water takes a provider's line. Errors: none.
    pub(super) fn cut_off(&mut self, id: EmergencyId) -> Done {
        let Some(emergency) = state::emergency(&self.book, id) else { return Ok(()) };
        let Some(dataset) = emergency.terms.scope.datasets.first() else { return Ok(()) };
        let (provider, heard_until) = (dataset.agency.clone(), emergency.until);
        self.cut = Some(Cut { provider, is_down: true, heard_until, kept: Vec::new() });
        self.agenda.plan(self.now().plus(CUT_FOR_MS), Event::Mend);
        Ok(())
    }

    /// Whether nobody reaches the gateway of a provider.
    pub(super) fn is_cut_off(&self, provider: &AgencyId) -> bool {
        self.cut.as_ref().is_some_and(|cut| cut.is_down && cut.provider == *provider)
    }

    /// The number that a gateway gives its next record: none that a record has which it keeps.
    pub(super) fn next_number(&self, provider: &AgencyId) -> u64 {
        let gateway = By::gateway(provider).secret().public();
        let numbers = state::gateway_numbers(&self.book, &gateway);
        let cut = self.cut.iter().filter(|cut| cut.provider == *provider);
        let kept: BTreeSet<u64> =
            cut.flat_map(|cut| cut.kept.iter().map(|record| record.number)).collect();
        let free = numbers.free().find(|number| !kept.contains(number));
        free.unwrap_or_else(|| numbers.next())
    }

    /// A gateway that nobody reaches hands over in the emergency, by what it last heard of that, and
    /// keeps what it signs: whether anything was given. Errors: none that the rules could make.
    pub(super) fn hand_over_unheard(
        &mut self,
        attempt: SignedAttempt,
        dataset: &Dataset,
    ) -> Result<bool, DevnetError> {
        let heard_until = self.cut.as_ref().map(|cut| cut.heard_until);
        let is_urgent = attempt.attempt.grant.emergency().is_some();
        if !is_urgent || heard_until.is_none_or(|until| self.now() >= until) {
            return Ok(false);
        }
        let provider = attempt.attempt.dataset.agency.clone();
        let (number, answer) =
            (self.next_number(&provider), self.answer(attempt.attempt.mode, dataset));
        let action = Action::RecordAccess { attempt, number, answer };
        let record = self.book.signed(&[By::gateway(&provider)], action)?;
        let kept = LateAccess::of(record.record().clone()).map_err(unexpected)?;
        self.cut.iter_mut().for_each(|cut| cut.kept.push(kept.clone()));
        Ok(true)
    }

    /// The line is mended: all goes in but one, whose file is missed. Errors: the rules refuse it.
    pub(super) fn mend(&mut self) -> Done {
        let Some(cut) = &mut self.cut else { return Ok(()) };
        cut.is_down = false;
        let mut records = std::mem::take(&mut cut.kept);
        if records.len() > 2 {
            cut.kept.push(records.remove(1));
        }
        let at = self.at_desk(3);
        self.agenda.plan(at, Event::EmbedRest);
        records.into_iter().try_for_each(|record| self.embed_late(record))
    }

    /// What was missed is found. Errors: the rules refuse it.
    pub(super) fn embed_rest(&mut self) -> Done {
        let kept = self.cut.as_mut().map(|cut| std::mem::take(&mut cut.kept));
        kept.into_iter().flatten().try_for_each(|record| self.embed_late(record))
    }

    fn embed_late(&mut self, record: LateAccess) -> Done {
        let attempt = record.attempt.attempt.clone();
        let numbers = state::gateway_numbers(&self.book, &record.gateway.key);
        let missing = numbers.free_below(record.number);
        let asked = Position { time: record.claimed(), ..self.book.position() };
        let against = evaluate(&self.book, asked, &attempt).err();
        let digest = record.answer.map(|answer| answer.digest);
        let action = Action::EmbedLate { record: Box::new(record), missing, against };
        let access = self.book.act(&[By::gateway(&attempt.dataset.agency)], action)?;
        let count = u32::try_from(attempt.count()).unwrap_or(u32::MAX);
        let received = Acknowledgement { access, exchange: attempt.exchange, digest, count };
        self.await_receipt(attempt.grant, &attempt.requester, received);
        Ok(())
    }
}
