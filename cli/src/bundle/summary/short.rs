//! The case in a few sentences.
//! Holds: each sentence names what proves it.

use comity_core::grant::Grant;
use comity_core::ids::{GrantId, RequestId};
use comity_core::request::{Outcome, Request};
use comity_core::state;
use comity_core::statement::Action;

use super::texts::tell;
use super::{Page, cite};
use crate::bundle::judging::Verdict;
use crate::bundle::manifest::Case;
use crate::bundle::objects::Held;

impl Page<'_> {
    pub(super) fn short(&mut self) {
        let mut sentences = Vec::new();
        if let Case::Access { .. } = self.contents.case {
            sentences.extend(self.of_access());
        }
        for (id, grant) in self.contents.objects.grants() {
            sentences.extend(self.of_grant(id, &grant));
        }
        for held in self.contents.objects.all() {
            // An approved one is told with its grant, unless that is not here.
            if let Held::Request(id, request) = held {
                sentences.extend(self.of_request(id, &request));
            }
        }
        sentences.extend(self.of_judgements());
        let heading = tell!(self, "short");
        self.heading(&heading);
        self.list(&sentences);
    }

    fn of_access(&self) -> Option<String> {
        let Case::Access { entry } = self.contents.case else { return None };
        let found = self.contents.entry(entry)?;
        let attempt = &found.statement().action.attempt()?.attempt;
        let (requester, dataset) = (&attempt.requester, &attempt.dataset);
        let time = self.time(found.header.time);
        let sentence = match &found.statement().action {
            Action::RecordDenial { refusal, .. } => tell!(
                self,
                "short-denial",
                requester = requester,
                dataset = dataset,
                time = time,
                why = self.refusal(refusal)
            ),
            Action::EmbedLate { .. } => tell!(
                self,
                "short-late",
                requester = requester,
                dataset = dataset,
                time = time,
                claimed = self.time(attempt.made_at),
                provider = dataset.agency
            ),
            _ => tell!(
                self,
                "short-access",
                requester = requester,
                dataset = dataset,
                time = time,
                provider = dataset.agency
            ),
        };
        Some(sentence + &cite(entry))
    }

    fn of_grant(&self, id: GrantId, grant: &Grant) -> Vec<String> {
        let terms = &grant.terms;
        let granted = tell!(
            self,
            "short-granted",
            provider = terms.dataset.agency,
            requester = terms.requester,
            dataset = terms.dataset,
            grant = id
        );
        let mut found = vec![granted + &cite(grant.issued_at) + &cite(id)];
        let objects = &self.contents.objects;
        let asked = grant.request.and_then(|id| Some((id, state::request(objects, id)?)));
        found.push(match asked {
            Some((request, asked)) => {
                let (requester, time) = (&terms.requester, self.time(asked.opened_on));
                let sentence = tell!(
                    self,
                    "short-asked",
                    request = request,
                    requester = requester,
                    time = time
                );
                sentence + &cite(asked.opened_at) + &cite(request)
            }
            None => tell!(self, "short-unasked") + &cite(id),
        });
        let (from, until) = (self.time(terms.not_before), self.time(terms.not_after));
        found.push(tell!(self, "short-period", from = from, until = until) + &cite(id));
        for one in grant.suspensions.all() {
            let suspended = tell!(self, "short-suspended", reason = one.reason) + &cite(one.at);
            let ended = match one.ended_at {
                Some(at) => tell!(self, "short-resumed") + &cite(at),
                None => tell!(self, "short-suspended-still") + &cite(id),
            };
            found.push(format!("{suspended} {ended}"));
        }
        found.push(match &grant.revoked {
            Some(end) => {
                let (time, reason) = (self.time_of(end.at), &end.reason);
                tell!(self, "short-revoked", time = time, reason = reason) + &cite(end.at)
            }
            None => tell!(self, "short-not-revoked") + &cite(id),
        });
        let total = state::usage(objects, id).total;
        let count = self.contents.accesses().get(&id).copied().unwrap_or(0);
        let usage = match total {
            0 => tell!(self, "short-usage-none"),
            _ => tell!(self, "short-usage", total = total, count = count),
        };
        found.push(usage + &cite(id));
        found
    }

    fn of_request(&self, id: RequestId, request: &Request) -> Option<String> {
        let (requester, dataset) = (&request.terms.asked.requester, &request.terms.asked.dataset);
        let Some(reply) = &request.reply else {
            let text = tell!(
                self,
                "short-request-open",
                request = id,
                requester = requester,
                dataset = dataset
            );
            return Some(text + &cite(request.opened_at) + &cite(id));
        };
        let time = self.time(reply.on);
        let text = match &reply.outcome {
            Outcome::Approved { grant, by_rule: _ } => {
                if state::grant(&self.contents.objects, *grant).is_some() {
                    return None;
                }
                tell!(
                    self,
                    "short-request-approved",
                    request = id,
                    requester = requester,
                    dataset = dataset,
                    time = time,
                    grant = grant
                )
            }
            Outcome::Refused { legal_basis, reason } => tell!(
                self,
                "short-request-refused",
                request = id,
                requester = requester,
                dataset = dataset,
                time = time,
                basis = legal_basis,
                reason = reason
            ),
            Outcome::Returned { reason } => tell!(
                self,
                "short-request-returned",
                request = id,
                requester = requester,
                dataset = dataset,
                time = time,
                reason = reason
            ),
            Outcome::Withdrawn { reason } => tell!(
                self,
                "short-request-withdrawn",
                request = id,
                requester = requester,
                dataset = dataset,
                time = time,
                reason = reason
            ),
        };
        Some(text + &cite(request.opened_at) + &cite(reply.at))
    }

    fn of_judgements(&self) -> Vec<String> {
        let all = &self.contents.judgements;
        let denials = all.iter().filter(|one| one.recorded.is_some()).count();
        let same = all.iter().filter(|one| one.verdict == Verdict::Same).count();
        let mut found = Vec::new();
        if denials > 0 {
            found.push(tell!(self, "short-denials", count = denials));
        }
        if !all.is_empty() {
            found.push(tell!(self, "short-judged", same = same, count = all.len()));
        }
        let unjudged: Vec<_> = all
            .iter()
            .filter_map(|one| match one.verdict {
                Verdict::Unjudged(why) => Some(self.unjudged(why)),
                _ => None,
            })
            .collect();
        if let Some(why) = unjudged.first() {
            found.push(tell!(self, "short-unjudged", count = unjudged.len(), why = why));
        }
        found
    }
}
