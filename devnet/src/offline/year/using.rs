//! Uses of grants: one by one and in batches, with both legs; and what is denied.
//! Holds: what is denied names the refusal that the rules give; an acknowledgement that does not match is
//! drawn, not made by accident.

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::apply::accesses::evaluate;
use comity_core::basis::Basis;
use comity_core::batch::Batch;
use comity_core::dataset::{Dataset, DeliveryMode, Items};
use comity_core::duty;
use comity_core::grant::Grant;
use comity_core::hash::{AnswerHash, BatchRoot};
use comity_core::ids::{DatasetId, ExchangeId, GrantId, LogIndex};
use comity_core::legs::{Acknowledgement, Answer};
use comity_core::state;
use comity_core::statement::{Action, Capacity};
use comity_core::text::{AgencyId, Code};

use super::agenda::{Event, Leg};
use super::book::VALIDITY_MS;
use super::days::DAY_MS;
use super::people::{By, MATTERS, OFFICERS};
use super::{Done, Year, said};
use crate::failure::DevnetError;

/// What an officer asks a gateway for.
pub(super) struct Asking {
    pub(super) basis: Basis,
    pub(super) dataset: DatasetId,
    pub(super) requester: AgencyId,
    pub(super) matter: Code,
    pub(super) items: Items,
    pub(super) mode: DeliveryMode,
    /// How many answers, where it is a batch.
    pub(super) batch: Option<u32>,
    /// For its agency, or for a task force.
    pub(super) capacity: Capacity,
}

impl Year {
    /// One use of a grant. Errors: the rules refuse the record of it.
    pub(super) fn use_grant(&mut self, id: GrantId, left: u64) -> Done {
        let Some(grant) = state::grant(&self.book, id) else { return Ok(()) };
        let (owner, requester) = (&grant.terms.dataset.agency, &grant.terms.requester);
        let Some(published) = state::dataset(&self.book, &grant.terms.dataset) else {
            return Ok(());
        };
        if !self.is_here(owner) {
            return Ok(());
        }
        let asking = self.asking(id, &grant);
        let went = self.exchange(asking, &published.dataset)?;
        // Who was told that the grant has ended asks once more at most.
        let is_over = !went && self.now() >= duty::grant_ends(&self.book, &grant);
        let goes_on = left > 0 && !is_over && self.is_here(requester);
        if goes_on {
            let days = self.chance.between((0, 16));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::Use(id, left - 1));
        } else if !is_over && self.chance.in_hundred(6) {
            let days = self.chance.between((1, 9));
            let at = self.at_desk_after(grant.terms.not_after, days);
            self.agenda.plan(at, Event::Use(id, 0));
        }
        Ok(())
    }

    /// What is asked for under a grant: as a rule what it covers.
    fn asking(&mut self, id: GrantId, grant: &Grant) -> Asking {
        let modes: Vec<DeliveryMode> = grant.terms.modes.iter().copied().collect();
        let mode = *self.chance.one_of(&modes);
        let matters: Vec<&Code> = grant.terms.matters.iter().collect();
        let is_mistaken = self.chance.in_hundred(2);
        let matter = match is_mistaken {
            true => said(self.chance.one_of(&MATTERS).0),
            false => (*self.chance.one_of(&matters)).clone(),
        };
        let is_batch = mode == DeliveryMode::Batch
            && grant.terms.total_quota != Some(1)
            && self.chance.in_hundred(70);
        let batch = is_batch.then(|| u32::try_from(self.chance.between((2, 120))).unwrap_or(2));
        Asking {
            basis: id.into(),
            dataset: grant.terms.dataset.clone(),
            requester: grant.terms.requester.clone(),
            matter,
            items: grant.terms.items.clone(),
            mode,
            batch,
            capacity: Capacity::Agency,
        }
    }

    /// An officer asks, and the provider's gateway records what came of it: whether anything was given.
    /// Errors: the rules refuse the record.
    pub(super) fn exchange(
        &mut self,
        asking: Asking,
        dataset: &Dataset,
    ) -> Result<bool, DevnetError> {
        let owner = asking.dataset.agency.clone();
        let (basis, capacity) = (asking.basis, asking.capacity);
        let requester = asking.requester.clone();
        let attempt = self.attempt(asking);
        if self.is_cut_off(&owner) {
            return self.hand_over_unheard(attempt, dataset);
        }
        let (gateway, number) = (By::gateway(&owner), self.next_number(&owner));
        if let Err(refusal) = evaluate(&self.book, self.book.position(), &attempt.attempt) {
            self.book.act(&[gateway], Action::RecordDenial { attempt, refusal, number })?;
            return Ok(false);
        }
        let answer = self.answer(attempt.attempt.mode, dataset);
        let (exchange, count) = (attempt.attempt.exchange, attempt.attempt.count());
        let action = Action::RecordAccess { attempt, number, answer };
        let access = self.book.act(&[gateway], action)?;
        let digest = answer.map(|answer| answer.digest);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let received = Acknowledgement { access, exchange, digest, count };
        // Desks that ask in the name of others here never say what they received.
        if capacity == Capacity::Agency {
            self.await_receipt(basis, &requester, received);
        }
        Ok(true)
    }

    /// What a gateway says of what it hands over, if it says anything.
    pub(super) fn answer(&mut self, mode: DeliveryMode, dataset: &Dataset) -> Option<Answer> {
        let reliable = mode == DeliveryMode::Verify && dataset.reliable;
        let digest = AnswerHash(self.chance.bytes());
        (reliable || self.chance.in_hundred(80)).then_some(Answer { digest, reliable })
    }

    fn attempt(&mut self, asking: Asking) -> SignedAttempt {
        self.exchanges += 1;
        let number = u8::try_from(self.chance.below(u64::from(OFFICERS))).unwrap_or_default();
        let mut exchange: [u8; 16] = self.chance.bytes();
        exchange[..8].copy_from_slice(&self.exchanges.to_le_bytes());
        let officer = By::officer(&asking.requester, number).secret();
        let root = BatchRoot(self.chance.bytes());
        let now = self.now();
        let attempt = Attempt {
            consortium: self.book.consortium(),
            exchange: ExchangeId(exchange),
            grant: asking.basis,
            dataset: asking.dataset,
            requester: asking.requester,
            officer: officer.public(),
            matter: asking.matter,
            items: asking.items,
            mode: asking.mode,
            made_at: now,
            valid_until: now.plus(VALIDITY_MS),
            sealed: vec![],
            batch: asking.batch.map(|count| Batch { count, root }),
            capacity: asking.capacity,
        };
        SignedAttempt { signature: officer.sign_attempt(&attempt), attempt }
    }

    /// Plans the word of receipt: true as a rule, now and then wrong, or never given.
    pub(super) fn await_receipt(
        &mut self,
        basis: Basis,
        requester: &AgencyId,
        one: Acknowledgement,
    ) {
        let by = self.cast.place_of(requester);
        let share = self.cast.members[by].manner.acknowledges;
        if !self.chance.in_hundred(share) {
            return;
        }
        let mut received = one;
        match self.chance.below(120) {
            0 => received.digest = Some(AnswerHash(self.chance.bytes())),
            1 => received.count = received.count.saturating_add(1),
            _ => {}
        }
        let at = self.now().plus(self.chance.between((1, 2 * DAY_MS / 1_000)) * 1_000);
        self.agenda.plan(at, Event::Acknowledge(Box::new(Leg { basis, by, received })));
    }

    /// The receiving officer says what it has. Errors: the rules refuse it.
    pub(super) fn acknowledge(&mut self, leg: Leg) -> Done {
        let agency = self.cast.members[leg.by].id.clone();
        if !self.is_here(&agency) || leg.received.access >= self.book.position().index {
            return Ok(());
        }
        let action = Action::AcknowledgeAccess { grant: leg.basis, accesses: vec![leg.received] };
        self.book.act(&[By::officer(&agency, 0)], action).map(drop::<LogIndex>)
    }
}
