//! Requests: asked, reviewed, put off, urged, answered or left lying; and what follows from the answer.
//! Holds: who answers does so as it is its manner (see `manner`).

use std::collections::BTreeMap;

use comity_core::agency::AgencyKind;
use comity_core::dataset::{Dataset, Grade, Items, Sharing};
use comity_core::dispute::DisputeAbout;
use comity_core::grant::GrantTerms;
use comity_core::ids::{BundleId, GrantId, RequestId};
use comity_core::request::{Request, RequestTerms};
use comity_core::rule_pack::{Clock, rules_at};
use comity_core::state;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::agenda::Event;
use super::days::DAY_MS;
use super::people::{AUTHORITY, By, OFFICERS, SUPERVISOR};
use super::{Done, Year, said};

impl Year {
    /// Somebody asks for one dataset, or for several at once. Errors: the rules refuse it.
    pub(super) fn ask(&mut self) -> Done {
        let Some(first) = self.some_dataset() else { return Ok(()) };
        let Some(requester) = self.some_requester(&first) else { return self.ask_again() };
        let count = if self.chance.in_hundred(6) { 3 } else { 1 };
        let bundle = (count > 1).then(|| BundleId(self.chance.bytes()));
        self.ask_for(&first, requester, bundle)?;
        for _ in 1..count {
            let Some(other) = self.some_dataset() else { continue };
            if other.id != first.id && other.id.agency != self.cast.members[requester].id {
                self.ask_for(&other, requester, bundle)?;
            }
        }
        Ok(())
    }

    /// Whoever was drawn has nothing to ask: another will.
    fn ask_again(&mut self) -> Done {
        let at = self.now().plus(1);
        self.agenda.plan(at, Event::Ask);
        Ok(())
    }

    fn ask_for(&mut self, dataset: &Dataset, requester: usize, bundle: Option<BundleId>) -> Done {
        let mut asked = self.terms(dataset, requester);
        let once = self.chance.in_hundred(12);
        if once {
            asked.total_quota = Some(1);
            asked.daily_quota = None;
            asked.onward.clear();
        }
        let needed_by = self.chance.in_hundred(10).then(|| self.now().plus(20 * DAY_MS));
        let officer = u8::try_from(self.chance.below(u64::from(OFFICERS))).unwrap_or_default();
        let agency = asked.requester.clone();
        let terms = RequestTerms { asked, once, needed_by, bundle };
        let at = self.book.act(&[By::officer(&agency, officer)], Action::OpenRequest { terms })?;
        if state::grant(&self.book, GrantId(at)).is_some() {
            return self.granted(GrantId(at));
        }
        self.await_reply(RequestId(at));
        Ok(())
    }

    /// Plans what becomes of a request that waits.
    fn await_reply(&mut self, id: RequestId) {
        let Some(request) = state::request(&self.book, id) else { return };
        let manner = self.cast.manner(&request.decided_by);
        if request.reviewer.is_some() && self.chance.in_hundred(92) {
            let at = self.at_desk(1);
            self.agenda.plan(at, Event::Review(id));
        }
        if self.chance.in_hundred(3) {
            let days = self.chance.between((1, 8));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::TakeBack(id));
        }
        let urged = self.chance.between((11, 14));
        let at = self.at_desk(urged);
        self.agenda.plan(at, Event::Urge(id));
        if self.chance.in_hundred(manner.lapses) {
            let days = self.chance.between((12, 30));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::Dispute(DisputeAbout::Request(id)));
            return;
        }
        let days = self.chance.between(manner.reply_days);
        if days > 8 && self.chance.in_hundred(manner.extends) {
            let at = self.at_desk(7);
            self.agenda.plan(at, Event::Extend(id));
        }
        let at = self.at_desk(days);
        self.agenda.plan(at, Event::Reply(id));
    }

    /// The request, while it waits for its reply.
    fn waiting(&self, id: RequestId) -> Option<Request> {
        state::request(&self.book, id).filter(|request| request.reply.is_none())
    }

    /// The authority looks at the form of a request. Errors: the rules refuse it.
    pub(super) fn review(&mut self, id: RequestId) -> Done {
        let Some(request) = self.waiting(id) else { return Ok(()) };
        let Some(reviewer) = request.reviewer.filter(|_| request.reviewed.is_none()) else {
            return Ok(());
        };
        let is_sent_back = self.chance.in_hundred(7);
        let fault = said(if is_sent_back { "The matter is not named clearly" } else { "" });
        let action = Action::ReviewRequest { request: id, fault };
        self.book.act(&[By::steward(&reviewer)], action).map(drop)
    }

    /// Whoever decides needs more days. Errors: the rules refuse it.
    pub(super) fn extend(&mut self, id: RequestId) -> Done {
        let Some(request) = self.waiting(id) else { return Ok(()) };
        let limit = rules_at(&self.book, request.opened_on).days(Clock::ReplyExtension);
        let is_due = self.reply_due(&request).is_none_or(|due| self.now() >= due);
        let Some(limit) = limit.filter(|_| !is_due && request.extension.is_none()) else {
            return Ok(());
        };
        if !self.is_here(&request.decided_by) {
            return Ok(());
        }
        let days = limit.min(10);
        let reason = said("Two registers have to be brought together");
        let action = Action::ExtendReply { request: id, days, reason };
        self.book.act(&[By::steward(&request.decided_by)], action).map(drop)
    }

    /// The requester urges what is overdue. Errors: the rules refuse it.
    pub(super) fn urge(&mut self, id: RequestId) -> Done {
        let Some(request) = self.waiting(id) else { return Ok(()) };
        let agency = &request.terms.asked.requester;
        let is_overdue = self.reply_due(&request).is_some_and(|due| self.now() >= due);
        if !is_overdue || !self.is_here(agency) || request.urging.count > 2 {
            return Ok(());
        }
        let officer = By::officer(agency, 0);
        self.book.act(&[officer], Action::UrgeRequest { request: id })?;
        let at = self.at_desk(5);
        self.agenda.plan(at, Event::Urge(id));
        Ok(())
    }

    /// The requester needs it no longer. Errors: the rules refuse it.
    pub(super) fn take_back(&mut self, id: RequestId) -> Done {
        let Some(request) = self.waiting(id) else { return Ok(()) };
        let agency = &request.terms.asked.requester;
        if !self.is_here(agency) {
            return Ok(());
        }
        let reason = said("The case was closed");
        let action = Action::WithdrawRequest { request: id, reason };
        self.book.act(&[By::officer(agency, 0)], action).map(drop)
    }

    /// Whoever decides answers. Errors: the rules refuse it.
    pub(super) fn reply(&mut self, id: RequestId) -> Done {
        let Some(request) = self.waiting(id) else { return Ok(()) };
        let asked = request.terms.asked.clone();
        let here = [&request.decided_by, &asked.requester].iter().all(|one| self.is_here(one));
        let Some(published) = state::dataset(&self.book, &asked.dataset) else { return Ok(()) };
        if !here || !self.is_here(&asked.dataset.agency) {
            return Ok(());
        }
        let dataset = self.classified(published.dataset, published.version)?;
        let is_again = !request.earlier.is_empty();
        let share = match dataset.sharing {
            Sharing::NotShared => 85,
            _ if is_again => 5,
            _ => self.cast.manner(&request.decided_by).refuses,
        };
        let is_gone = published.withdrawals.current().is_some() || asked.not_after <= self.now();
        if is_gone || self.chance.in_hundred(share) {
            return self.refuse(id, &request);
        }
        let terms = self.approved_terms(&request, &dataset);
        let by = self.approvers(&dataset, &terms, &request.decided_by);
        let by: Vec<By<'_>> =
            by.iter().map(|(agency, number)| By::steward_number(agency, *number)).collect();
        let at = self.book.act(&by, Action::ApproveRequest { request: id, terms })?;
        self.granted(GrantId(at))
    }

    /// What nobody has classified yet is classified before anybody is given any of it.
    fn classified(
        &mut self,
        dataset: Dataset,
        version: u32,
    ) -> Result<Dataset, crate::failure::DevnetError> {
        if dataset.sharing != Sharing::Unclassified {
            return Ok(dataset);
        }
        let dataset = Dataset { sharing: Sharing::Conditional, ..dataset };
        let owner = dataset.id.agency.clone();
        let is_withdrawn = state::dataset(&self.book, &dataset.id)
            .is_some_and(|published| published.withdrawals.current().is_some());
        if !is_withdrawn {
            let action = Action::AmendDataset { dataset: dataset.clone(), version };
            self.book.act(&[By::steward(&owner)], action)?;
        }
        Ok(dataset)
    }

    fn refuse(&mut self, id: RequestId, request: &Request) -> Done {
        let legal_basis = said("Regulation on data sharing, article 16");
        let reason = said("The duty named does not reach so far");
        let action = Action::RefuseRequest { request: id, legal_basis, reason };
        self.book.act(&[By::steward(&request.decided_by)], action)?;
        if self.chance.in_hundred(22) {
            let days = self.chance.between((1, 6));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::Dispute(DisputeAbout::Request(id)));
        }
        Ok(())
    }

    /// What was asked, or less.
    fn approved_terms(&mut self, request: &Request, dataset: &Dataset) -> GrantTerms {
        let mut terms = request.terms.asked.clone();
        terms.modes.retain(|mode| dataset.modes.contains(mode));
        if terms.modes.is_empty() {
            terms.modes = dataset.modes.clone();
        }
        if !self.chance.in_hundred(self.cast.manner(&request.decided_by).narrows) {
            return terms;
        }
        match (self.chance.below(3), &terms.items) {
            (0, Items::Only(items)) => {
                terms.items = Items::Only(items.iter().take(1).cloned().collect());
            }
            (1, _) => terms.daily_quota = Some(terms.daily_quota.unwrap_or(50).min(50)),
            _ => terms.total_quota = terms.total_quota.map(|quota| (quota / 2).max(1)),
        }
        terms
    }

    /// Whose stewards sign an approval, each with the number of its key.
    pub(super) fn approvers(
        &self,
        dataset: &Dataset,
        terms: &GrantTerms,
        decides: &AgencyId,
    ) -> Vec<(AgencyId, u8)> {
        let authority: AgencyId = said(AUTHORITY);
        let count = if dataset.grade == Grade::General { 1 } else { 2 };
        let mut needed = vec![decides.clone(); count];
        if dataset.grade == Grade::Core || dataset.sharing == Sharing::NotShared {
            let is_own = terms.requester == authority;
            needed.push(if is_own { said(SUPERVISOR) } else { authority.clone() });
        }
        let requester = &self.cast.members[self.cast.place_of(&terms.requester)];
        if requester.kind == AgencyKind::Research {
            needed.push(authority);
        }
        let mut used: BTreeMap<AgencyId, u8> = BTreeMap::new();
        let numbered = needed.into_iter().map(|agency| {
            let number = used.entry(agency.clone()).or_default();
            *number += 1;
            (agency, *number - 1)
        });
        numbered.collect()
    }

    /// Plans what becomes of a grant.
    pub(super) fn granted(&mut self, id: GrantId) -> Done {
        let Some(grant) = state::grant(&self.book, id) else { return Ok(()) };
        let manner = self.cast.manner(&grant.terms.dataset.agency);
        let days = self.chance.between(manner.delivery_days);
        let delivered = self.at_desk(days);
        if self.chance.in_hundred(85) {
            self.agenda.plan(delivered, Event::Deliver(id));
        }
        let most = if grant.terms.total_quota == Some(1) { 1 } else { 14 };
        let uses = if self.chance.in_hundred(8) { 0 } else { self.chance.between((1, most)) };
        let first = self.at_desk_after(delivered, 1);
        if uses > 0 {
            self.agenda.plan(first, Event::Use(id, uses - 1));
        } else if days > 25 {
            self.agenda.plan(first, Event::Dispute(DisputeAbout::Delivery(id)));
        }
        for (share, days, event) in [
            (6, (20, 60), Event::Pause(id)),
            (7, (40, 150), Event::Revoke(id)),
            (12, (20, 90), Event::OpenCheck(id)),
        ] {
            if self.chance.in_hundred(share) {
                let days = self.chance.between(days);
                let at = self.at_desk(days);
                self.agenda.plan(at, event);
            }
        }
        self.plan_undertakings(id, &grant);
        self.plan_changes(id, &grant);
        Ok(())
    }
}
