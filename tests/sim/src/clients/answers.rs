//! What people do beside granting and accessing: they ask, answer, urge, suspend, amend, and
//! publish codes, in order or not.

use comity_core::agency::KeyRole;
use comity_core::codes::{CodeEntry, CodeList};
use comity_core::grant::GrantTerms;
use comity_core::ids::{RequestId, TimeMs};
use comity_core::request::RequestTerms;
use comity_core::statement::Action;

use super::{Asked, Clients};
use crate::chance::Chance;
use crate::consortium::text;

/// The competent authority's place among the members: the consortium names its first.
const AUTHORITY: usize = 0;

impl Clients {
    /// Makes one record of these kinds.
    pub(super) fn answer(&mut self, now: TimeMs, chance: &mut Chance) {
        match chance.index(14) {
            0..=2 => self.ask(now, chance),
            3..=5 if !self.requests.is_empty() => self.close(now, chance),
            6..=8 if !self.requests.is_empty() => {
                let at = chance.index(self.requests.len());
                let (request, Asked { requester, .. }) = self.requests[at].clone();
                self.by_officer(requester, Action::UrgeRequest { request }, now, chance);
            }
            9 => self.codes(now, chance),
            10 => self.amend(now, chance),
            _ => self.interrupt(now, chance),
        }
    }

    fn ask(&mut self, now: TimeMs, chance: &mut Chance) {
        let provider = chance.index(self.members.len());
        let requester = self.other_than(provider, chance);
        let once = chance.per_mille(200);
        let mut terms = self.terms(provider, requester, now, chance);
        if once {
            terms.total_quota = Some(1);
        }
        let asked = RequestTerms { asked: terms.clone(), once, needed_by: None, bundle: None };
        let officer = self.members[requester].officer.clone();
        let action = Action::OpenRequest { terms: asked };
        let leaf = self.wish(requester, &officer, KeyRole::Officer, action, now, chance);
        self.opening.insert(leaf, Asked { provider, requester, terms });
    }

    /// Approves (now and then more than was asked), refuses, or takes back. What was answered
    /// stays known for a while, so that some are answered twice.
    fn close(&mut self, now: TimeMs, chance: &mut Chance) {
        let at = chance.index(self.requests.len());
        let (request, asked) = match chance.per_mille(800) {
            true => self.requests.swap_remove(at),
            false => self.requests[at].clone(),
        };
        let Asked { provider, requester, terms } = asked;
        match chance.index(5) {
            0 => {
                let (legal_basis, reason) = (text("A statute"), text("not this office"));
                let action = Action::RefuseRequest { request, legal_basis, reason };
                self.by_steward(provider, action, now, chance);
            }
            1 => {
                let action = Action::WithdrawRequest { request, reason: text("a mistake") };
                self.by_officer(requester, action, now, chance);
            }
            _ => self.approve(request, (provider, requester), terms, (now, chance)),
        }
    }

    fn approve(
        &mut self,
        request: RequestId,
        (provider, requester): (usize, usize),
        terms: GrantTerms,
        (now, chance): (TimeMs, &mut Chance),
    ) {
        let total_quota = terms.total_quota.map(|quota| chance.between(1, quota + 1));
        let action = Action::ApproveRequest { request, terms: GrantTerms { total_quota, ..terms } };
        let steward = self.members[provider].steward.clone();
        let leaf = self.wish(provider, &steward, KeyRole::Steward, action, now, chance);
        self.issuing.insert(leaf, (provider, requester));
    }

    /// Suspends or resumes a grant or a dataset; now and then withdraws one and publishes it again.
    fn interrupt(&mut self, now: TimeMs, chance: &mut Chance) {
        let member = chance.index(self.members.len());
        let (dataset, reason) = (self.dataset_of(member), text("under review"));
        let action = match chance.index(8) {
            0 => Action::SuspendDataset { dataset, reason },
            1..=3 => Action::ResumeDataset { dataset },
            4 => Action::WithdrawDataset { dataset, reason },
            5 => {
                // Refused unless it was withdrawn; then it is one version more.
                let dataset = self.described(member, "A register");
                let steward = self.members[member].steward.clone();
                let action = Action::PublishDataset { dataset };
                let leaf = self.wish(member, &steward, KeyRole::Steward, action, now, chance);
                self.amending.insert(leaf, member);
                return;
            }
            6 if !self.paused.is_empty() => {
                let at = chance.index(self.paused.len());
                let (grant, provider) = self.paused.swap_remove(at);
                return self.by_steward(provider, Action::ResumeGrant { grant }, now, chance);
            }
            _ if self.grants.is_empty() => return,
            _ => {
                let (grant, provider, _) = self.grants[chance.index(self.grants.len())];
                self.paused.push((grant, provider));
                let action = Action::SuspendGrant { grant, reason };
                return self.by_steward(provider, action, now, chance);
            }
        };
        self.by_steward(member, action, now, chance);
    }

    fn amend(&mut self, now: TimeMs, chance: &mut Chance) {
        let member = chance.index(self.members.len());
        let title = format!("A register, {}", chance.index(100));
        let dataset = self.described(member, &title);
        let action = Action::AmendDataset { dataset, version: self.versions[member] };
        let steward = self.members[member].steward.clone();
        let leaf = self.wish(member, &steward, KeyRole::Steward, action, now, chance);
        self.amending.insert(leaf, member);
    }

    fn codes(&mut self, now: TimeMs, chance: &mut Chance) {
        let list = CodeList::Matters;
        let action = if self.codes == 0 || chance.per_mille(500) {
            let code = text(&format!("CODE-{}", self.codes));
            self.codes += 1;
            Action::PublishCodes { list, codes: vec![CodeEntry { code, title: text("A matter") }] }
        } else {
            let code = text(&format!("CODE-{}", chance.index(self.codes)));
            Action::WithdrawCode { list, code, reason: text("no longer used") }
        };
        self.by_steward(AUTHORITY, action, now, chance);
    }

    fn by_steward(&mut self, member: usize, action: Action, now: TimeMs, chance: &mut Chance) {
        let steward = self.members[member].steward.clone();
        self.wish(member, &steward, KeyRole::Steward, action, now, chance);
    }

    fn by_officer(&mut self, member: usize, action: Action, now: TimeMs, chance: &mut Chance) {
        let officer = self.members[member].officer.clone();
        self.wish(member, &officer, KeyRole::Officer, action, now, chance);
    }
}
