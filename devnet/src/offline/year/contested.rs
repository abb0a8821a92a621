//! What is doubted and disputed: checks of data, and disputes through their steps.
//! Holds: who takes a dispute further up asks first whether there is anybody above.

use comity_core::check_request::{CheckOutcome, CheckTerms};
use comity_core::dispute::{DisputeAbout, Ruling, Stage};
use comity_core::ids::{CheckId, DisputeId, GrantId, TimeMs};
use comity_core::state;
use comity_core::statement::Action;

use super::agenda::Event;
use super::days::DAY_MS;
use super::people::{AUTHORITY, By};
use super::{Done, Year, said};

impl Year {
    /// Whoever received data says that they are wrong. Errors: the rules refuse it.
    pub(super) fn open_check(&mut self, id: GrantId) -> Done {
        let Some(grant) = state::grant(&self.book, id) else { return Ok(()) };
        let (by, asked) = (grant.terms.requester.clone(), grant.terms.dataset.agency.clone());
        let published = state::dataset(&self.book, &grant.terms.dataset);
        let (Some(published), Some(_)) = (published, grant.first_use) else { return Ok(()) };
        if !self.is_here(&by) || !self.is_here(&asked) {
            return Ok(());
        }
        let items = match published.dataset.unlisted(&grant.terms.items).next() {
            Some(_) => comity_core::dataset::Items::All,
            None => grant.terms.items.clone(),
        };
        let terms = CheckTerms {
            dataset: grant.terms.dataset.clone(),
            items,
            grant: Some(id.into()),
            asked: asked.clone(),
            claim: said("The entry and the paper say different things"),
        };
        let check = CheckId(self.book.act(&[By::officer(&by, 0)], Action::OpenCheck { terms })?);
        let days = self.chance.between((2, 14));
        let answered = self.at_desk(days);
        self.agenda.plan(answered, Event::AnswerCheck(check));
        if self.chance.in_hundred(15) {
            let at = self.at_desk(1);
            self.agenda.plan(at, Event::Handover(check));
        }
        Ok(())
    }

    /// Who holds a check offers it to another. Errors: the rules refuse it.
    pub(super) fn hand_over(&mut self, check: CheckId) -> Done {
        let Some(found) = state::check_request(&self.book, check) else { return Ok(()) };
        let place = self.chance.place(self.cast.members.len());
        let to = self.cast.members[place].id.clone();
        let is_unfit = to == *found.holder() || to == found.opened_by || found.answer.is_some();
        if is_unfit || !self.is_here(&to) || !self.is_here(found.holder()) {
            return Ok(());
        }
        let action = Action::OfferHandover { check, to, reason: said("They enter these data") };
        self.book.act(&[By::steward(found.holder())], action)?;
        let at = self.at_desk(1);
        self.agenda.plan(at, Event::SettleHandover(check));
        Ok(())
    }

    /// The agency to which it was offered takes it, or does not. Errors: the rules refuse it.
    pub(super) fn settle_handover(&mut self, check: CheckId) -> Done {
        let Some(found) = state::check_request(&self.book, check) else { return Ok(()) };
        let (Some(offer), None) = (found.waiting(), &found.answer) else { return Ok(()) };
        if !self.is_here(&offer.to) {
            return Ok(());
        }
        let action = match self.chance.in_hundred(60) {
            true => Action::AcceptHandover { check },
            false => Action::DeclineHandover { check },
        };
        self.book.act(&[By::steward(&offer.to)], action).map(drop)
    }

    /// Who holds a check answers it. Errors: the rules refuse it.
    pub(super) fn answer_check(&mut self, check: CheckId) -> Done {
        let Some(found) = state::check_request(&self.book, check) else { return Ok(()) };
        let holder = found.holder().clone();
        if found.answer.is_some() || !self.is_here(&holder) {
            return Ok(());
        }
        let now = self.now();
        let share = self.cast.manner(&holder).upholds;
        let is_upheld = !found.earlier.is_empty() || self.chance.in_hundred(share);
        let outcome = match is_upheld {
            true => CheckOutcome::Upheld {
                from: TimeMs(now.0 - 20 * DAY_MS),
                to: TimeMs(now.0 - DAY_MS),
                correction: said("Entered anew from the paper"),
            },
            false => CheckOutcome::NotUpheld {
                basis: said("Rules of the register, section 4"),
                reason: said("The paper is older than the entry"),
            },
        };
        self.book.act(&[By::steward(&holder)], Action::AnswerCheck { check, outcome })?;
        if is_upheld && self.chance.in_hundred(85) {
            let days = self.chance.between((1, 12));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::Correct(check));
        } else if !is_upheld && self.chance.in_hundred(40) {
            let at = self.at_desk(3);
            self.agenda.plan(at, Event::Dispute(DisputeAbout::Check(check)));
        }
        Ok(())
    }

    /// The owner has put it right. Errors: the rules refuse it.
    pub(super) fn correct(&mut self, check: CheckId) -> Done {
        let Some(found) = state::check_request(&self.book, check) else { return Ok(()) };
        let owner = &found.terms.dataset.agency;
        if found.corrected.is_some() || !self.is_here(owner) {
            return Ok(());
        }
        let action = Action::ReportCorrection { check, note: said("Corrected, and looked over") };
        self.book.act(&[By::steward(owner)], action).map(drop)
    }

    /// The side that was told no, or nothing, disputes it: where there still is something to dispute.
    /// Errors: a signature cannot be made.
    pub(super) fn dispute(&mut self, about: DisputeAbout) -> Done {
        let claimant = match about {
            DisputeAbout::Request(id) => {
                state::request(&self.book, id).map(|request| request.terms.asked.requester)
            }
            DisputeAbout::Delivery(id) => {
                state::grant(&self.book, id).map(|grant| grant.terms.requester)
            }
            DisputeAbout::Check(id) => {
                state::check_request(&self.book, id).map(|check| check.opened_by)
            }
        };
        let Some(claimant) = claimant.filter(|claimant| self.is_here(claimant)) else {
            return Ok(());
        };
        let by = [By::steward(&claimant)];
        let action =
            Action::OpenDispute { about, grounds: said("The duty is named in the list of duties") };
        let Some(opened) = self.book.act_if_taken(&by, action)? else { return Ok(()) };
        let id = DisputeId(opened);
        let days = self.chance.between((2, 5));
        let at = self.at_desk(days);
        let is_silent = self.chance.in_hundred(12);
        if is_silent {
            let at = self.at_desk(9);
            self.agenda.plan(at, Event::Escalate(id));
        } else {
            self.agenda.plan(at, Event::AnswerDispute(id));
        }
        Ok(())
    }

    fn ruling(&mut self, stands: u64) -> Ruling {
        match self.chance.in_hundred(stands) {
            true => Ruling::Stands {
                basis: said("Regulation on data sharing, article 16"),
                reason: said("The list of duties does not name this matter"),
            },
            false => Ruling::Anew { reason: said("The purpose was not looked at") },
        }
    }

    /// The other side answers. Errors: the rules refuse it.
    pub(super) fn answer_dispute(&mut self, id: DisputeId) -> Done {
        let Some(found) = state::dispute(&self.book, id) else { return Ok(()) };
        if found.step().stage != Stage::Parties {
            return Ok(());
        }
        let ruling = self.ruling(60);
        self.rule(id, |dispute| Action::AnswerDispute { dispute, ruling })
    }

    /// Who is above decides. Errors: the rules refuse it.
    pub(super) fn decide(&mut self, id: DisputeId) -> Done {
        let ruling = self.ruling(45);
        self.rule(id, |dispute| Action::DecideDispute { dispute, ruling })
    }

    /// Whose turn it is rules, while there is anything to rule on.
    fn rule(&mut self, id: DisputeId, action: impl FnOnce(DisputeId) -> Action) -> Done {
        let Some(found) = state::dispute(&self.book, id) else { return Ok(()) };
        let (by, action) = ([By::steward(&found.step().by)], action(id));
        // The matter may have been settled meanwhile, or the claimant gone.
        if self.book.act_if_taken(&by, action)?.is_none() {
            return Ok(());
        }
        let Some(found) = state::dispute(&self.book, id) else { return Ok(()) };
        if found.anew().is_none() {
            if self.chance.in_hundred(55) {
                let at = self.at_desk(3);
                self.agenda.plan(at, Event::Escalate(id));
            }
            return Ok(());
        }
        let again = match found.about {
            DisputeAbout::Request(id) => Event::Reply(id),
            DisputeAbout::Delivery(id) => Event::Deliver(id),
            DisputeAbout::Check(id) => Event::AnswerCheck(id),
        };
        let days = self.chance.between((1, 7));
        let at = self.at_desk(days);
        self.agenda.plan(at, again);
        Ok(())
    }

    /// The claimant goes one step further up, if there is one. Errors: a signature cannot be made.
    pub(super) fn escalate(&mut self, id: DisputeId) -> Done {
        let Some(found) = state::dispute(&self.book, id) else { return Ok(()) };
        let by = [By::steward(&found.claimant)];
        let grounds = said(&format!("{AUTHORITY} published the list of duties"));
        let action = Action::EscalateDispute { dispute: id, grounds };
        if self.book.act_if_taken(&by, action)?.is_none() {
            return Ok(());
        }
        let days = self.chance.between((3, 12));
        let at = self.at_desk(days);
        self.agenda.plan(at, Event::Decide(id));
        Ok(())
    }
}
