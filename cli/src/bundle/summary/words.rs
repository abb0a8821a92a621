//! Acts, refusals, roles and people, in the words of a page.
//! Holds: every act and every refusal has a text in each language.
//! May not enter: which of them are said.

use comity_core::access::AccessRefusal;
use comity_core::check_request::CheckOutcome;
use comity_core::dataset::Items;
use comity_core::dispute::{DisputeAbout, Ruling};
use comity_core::governance::{Choice, Measure};
use comity_core::ids::LogIndex;
use comity_core::keys::PublicKey;
use comity_core::state;
use comity_core::statement::{Action, StatementSigner};

use super::texts::{escaped, tell};
use super::{Page, cite};
use crate::bundle::judging::{Unjudged, Verdict};
use crate::{describe, table};

impl Page<'_> {
    /// What an entry did.
    pub(super) fn act(&self, action: &Action) -> String {
        match action {
            Action::RegisterKey { role, post, .. } => {
                let role = tell!(self, &format!("role-{role}"));
                tell!(self, "act-register-key", role = role, post = post)
            }
            Action::RevokeKey { key, reason, .. } => {
                tell!(self, "act-revoke-key", key = table::short(key), reason = reason)
            }
            Action::OpenRequest { terms } => {
                tell!(self, "act-open-request", dataset = terms.asked.dataset)
            }
            Action::ApproveRequest { request, terms } => tell!(
                self,
                "act-approve-request",
                request = request,
                requester = terms.requester,
                dataset = terms.dataset
            ),
            Action::RefuseRequest { request, legal_basis, reason } => tell!(
                self,
                "act-refuse-request",
                request = request,
                basis = legal_basis,
                reason = reason
            ),
            Action::WithdrawRequest { request, reason } => {
                tell!(self, "act-withdraw-request", request = request, reason = reason)
            }
            Action::UrgeRequest { request } => tell!(self, "act-urge-request", request = request),
            Action::RecordAccess { attempt, .. } => {
                let attempt = &attempt.attempt;
                let (requester, dataset) = (&attempt.requester, &attempt.dataset);
                tell!(self, "act-record-access", requester = requester, dataset = dataset)
            }
            Action::EmbedLate { record, .. } => {
                let attempt = &record.attempt.attempt;
                let (requester, dataset) = (&attempt.requester, &attempt.dataset);
                tell!(self, "act-embed-late", requester = requester, dataset = dataset)
            }
            Action::RecordDenial { attempt, refusal, .. } => {
                let attempt = &attempt.attempt;
                let (requester, dataset) = (&attempt.requester, &attempt.dataset);
                let why = self.refusal(refusal);
                tell!(
                    self,
                    "act-record-denial",
                    requester = requester,
                    dataset = dataset,
                    why = why
                )
            }
            Action::AcknowledgeAccess { grant, accesses } => {
                tell!(self, "act-acknowledge-access", grant = grant, count = accesses.len())
            }
            other => self.other_act(other),
        }
    }

    fn other_act(&self, action: &Action) -> String {
        match action {
            Action::PublishDataset { dataset } => {
                tell!(self, "act-publish-dataset", dataset = dataset.id)
            }
            Action::AmendDataset { dataset, .. } => {
                tell!(self, "act-amend-dataset", dataset = dataset.id)
            }
            Action::WithdrawDataset { dataset, reason } => {
                tell!(self, "act-withdraw-dataset", dataset = dataset, reason = reason)
            }
            Action::SuspendDataset { dataset, reason } => {
                tell!(self, "act-suspend-dataset", dataset = dataset, reason = reason)
            }
            Action::ResumeDataset { dataset } => {
                tell!(self, "act-resume-dataset", dataset = dataset)
            }
            Action::IssueGrant { terms } => {
                let (requester, dataset) = (&terms.requester, &terms.dataset);
                tell!(self, "act-issue-grant", requester = requester, dataset = dataset)
            }
            Action::RevokeGrant { grant, reason } => {
                tell!(self, "act-revoke-grant", grant = grant, reason = reason)
            }
            Action::SuspendGrant { grant, reason } => {
                tell!(self, "act-suspend-grant", grant = grant, reason = reason)
            }
            Action::ResumeGrant { grant } => tell!(self, "act-resume-grant", grant = grant),
            Action::PublishCodes { codes, .. } => {
                let comma = tell!(self, "comma");
                let codes: Vec<&str> = codes.iter().map(|entry| entry.code.as_str()).collect();
                tell!(self, "act-publish-codes", codes = codes.join(&comma))
            }
            Action::WithdrawCode { code, reason, .. } => {
                tell!(self, "act-withdraw-code", code = code, reason = reason)
            }
            Action::OpenProposal { measure } => {
                tell!(self, "act-open-proposal", measure = self.measure(measure))
            }
            Action::CastBallot { proposal, choice: Choice::For } => {
                tell!(self, "act-vote-for", proposal = proposal)
            }
            Action::CastBallot { proposal, choice: Choice::Against } => {
                tell!(self, "act-vote-against", proposal = proposal)
            }
            Action::RecordEquivocation { .. } => tell!(self, "act-record-equivocation"),
            other => self.act_of_duty(other),
        }
    }

    /// What was done about a duty, or binds by one.
    fn act_of_duty(&self, action: &Action) -> String {
        match action {
            Action::ReviewRequest { request, fault } if fault.as_str().is_empty() => {
                tell!(self, "act-review-request", request = request)
            }
            Action::ReviewRequest { request, fault } => {
                tell!(self, "act-return-request", request = request, reason = fault)
            }
            Action::ExtendReply { request, days, reason } => {
                tell!(self, "act-extend-reply", request = request, days = days, reason = reason)
            }
            Action::ReportDelivery { grant } => tell!(self, "act-report-delivery", grant = grant),
            Action::NarrowGrant { grant, .. } => tell!(self, "act-narrow-grant", grant = grant),
            Action::ExtendGrant { grant, .. } => tell!(self, "act-extend-grant", grant = grant),
            Action::IssueOnward { parent, terms } => {
                tell!(self, "act-issue-onward", grant = parent, requester = terms.requester)
            }
            Action::FulfilUndertaking { grant, number, note } => {
                tell!(self, "act-fulfil-undertaking", grant = grant, number = number, note = note)
            }
            Action::RefreshDataset { dataset } => {
                tell!(self, "act-refresh-dataset", dataset = dataset)
            }
            _ => self.act_on_wrong_data(action),
        }
    }

    fn act_on_wrong_data(&self, action: &Action) -> String {
        match action {
            Action::OpenCheck { terms } => tell!(
                self,
                "act-open-check",
                dataset = terms.dataset,
                asked = terms.asked,
                claim = terms.claim
            ),
            Action::OfferHandover { check, to, reason } => {
                tell!(self, "act-offer-handover", check = check, to = to, reason = reason)
            }
            Action::AcceptHandover { check } => tell!(self, "act-accept-handover", check = check),
            Action::DeclineHandover { check } => tell!(self, "act-decline-handover", check = check),
            Action::AnswerCheck { check, outcome: CheckOutcome::Upheld { correction, .. } } => {
                tell!(self, "act-uphold-check", check = check, correction = correction)
            }
            Action::AnswerCheck { check, outcome: CheckOutcome::NotUpheld { basis, reason } } => {
                tell!(self, "act-dismiss-check", check = check, basis = basis, reason = reason)
            }
            Action::ReportCorrection { check, note } => {
                tell!(self, "act-report-correction", check = check, note = note)
            }
            Action::ReportIncident { terms } => {
                tell!(self, "act-report-incident", nature = terms.nature)
            }
            Action::UpdateIncident { incident, note } => {
                tell!(self, "act-update-incident", incident = incident, note = note)
            }
            Action::CloseIncident { incident, measures } => {
                tell!(self, "act-close-incident", incident = incident, measures = measures)
            }
            Action::DeclareEmergency { terms } => {
                tell!(self, "act-declare-emergency", reason = terms.reason)
            }
            Action::EndEmergency { emergency, reason } => {
                tell!(self, "act-end-emergency", emergency = emergency, reason = reason)
            }
            Action::ReviewEmergency { emergency, text, .. } => {
                tell!(self, "act-review-emergency", emergency = emergency, text = text)
            }
            Action::JustifyAccess { emergency, text, .. } => {
                tell!(self, "act-justify-access", emergency = emergency, text = text)
            }
            _ => self.act_on_dispute(action),
        }
    }

    fn act_on_dispute(&self, action: &Action) -> String {
        match action {
            Action::OpenDispute { about, grounds } => {
                let about = match about {
                    DisputeAbout::Request(request) => request.to_string(),
                    DisputeAbout::Delivery(grant) => grant.to_string(),
                    DisputeAbout::Check(check) => check.to_string(),
                };
                tell!(self, "act-open-dispute", about = about, grounds = grounds)
            }
            Action::EscalateDispute { dispute, grounds } => {
                tell!(self, "act-escalate-dispute", dispute = dispute, grounds = grounds)
            }
            Action::AnswerDispute { dispute, ruling }
            | Action::DecideDispute { dispute, ruling } => match ruling {
                Ruling::Anew { reason } => {
                    tell!(self, "act-rule-anew", dispute = dispute, reason = reason)
                }
                Ruling::Stands { basis, reason } => tell!(
                    self,
                    "act-rule-stands",
                    dispute = dispute,
                    basis = basis,
                    reason = reason
                ),
            },
            _ => self.act_of_oversight(action),
        }
    }

    fn act_of_oversight(&self, action: &Action) -> String {
        match action {
            Action::OpenDraw { count, .. } => tell!(self, "act-open-draw", count = count),
            Action::CommitDraw { draw, .. } => tell!(self, "act-commit-draw", draw = draw),
            Action::RevealDraw { draw, .. } => tell!(self, "act-reveal-draw", draw = draw),
            Action::ReportReview { draw, number, .. } => {
                tell!(self, "act-report-review", draw = draw, number = number)
            }
            Action::OpenFinding { agency, text, .. } => {
                tell!(self, "act-open-finding", agency = agency, text = text)
            }
            Action::AnswerFinding { finding, answer } => {
                tell!(self, "act-answer-finding", finding = finding, text = answer)
            }
            Action::CloseFinding { finding, text, .. } => {
                tell!(self, "act-close-finding", finding = finding, text = text)
            }
            Action::ReportAssessment { terms } => tell!(
                self,
                "act-report-assessment",
                agency = terms.agency,
                whole = terms.score_permille / 10,
                tenth = terms.score_permille % 10,
                text = terms.text
            ),
            Action::FollowUpAssessment { assessment, text } => {
                tell!(self, "act-follow-up-assessment", assessment = assessment, text = text)
            }
            _ => self.act_in_task_force(action),
        }
    }

    fn act_in_task_force(&self, action: &Action) -> String {
        match action {
            Action::FormTaskForce { terms } => {
                tell!(self, "act-form-task-force", title = terms.title)
            }
            Action::InviteToTaskForce { task_force, agency } => {
                tell!(self, "act-invite-to-task-force", agency = agency, task_force = task_force)
            }
            Action::ExcludeFromTaskForce { task_force, agency, reason } => tell!(
                self,
                "act-exclude-from-task-force",
                agency = agency,
                task_force = task_force,
                reason = reason
            ),
            Action::JoinTaskForce { task_force } => {
                tell!(self, "act-join-task-force", task_force = task_force)
            }
            Action::LeaveTaskForce { task_force, reason } => {
                tell!(self, "act-leave-task-force", task_force = task_force, reason = reason)
            }
            Action::EndTaskForce { task_force, reason } => {
                tell!(self, "act-end-task-force", task_force = task_force, reason = reason)
            }
            _ => escaped(action.kind()),
        }
    }

    fn measure(&self, measure: &Measure) -> String {
        let agency = measure.agency().map(ToString::to_string).unwrap_or_default();
        match measure {
            Measure::Admit { .. } => tell!(self, "measure-admit", agency = agency),
            Measure::Remove { .. } => tell!(self, "measure-remove", agency = agency),
            Measure::ReplaceKey { .. } => tell!(self, "measure-replace-key", agency = agency),
            Measure::ChangeOperator { .. } => {
                tell!(self, "measure-change-operator", agency = agency)
            }
            Measure::ChangeStanding { .. } => {
                tell!(self, "measure-change-standing", agency = agency)
            }
            Measure::ChangeSponsor { .. } => tell!(self, "measure-change-sponsor", agency = agency),
            Measure::ChangeAuthority { .. }
            | Measure::ChangeParams { .. }
            | Measure::ActivateVersion { .. }
            | Measure::Appoint { .. }
            | Measure::RenewEmergency { .. } => {
                tell!(self, "measure-other", kind = measure.kind())
            }
        }
    }

    /// Why an access was refused.
    pub(super) fn refusal(&self, refusal: &AccessRefusal) -> String {
        tell!(self, &format!("rule-{}", refusal.rule()))
    }

    /// Why an access cannot be judged again.
    pub(super) fn unjudged(&self, why: Unjudged) -> String {
        match why {
            Unjudged::Rules => tell!(self, "why-rules"),
            Unjudged::Quota => tell!(self, "why-quota"),
            Unjudged::Exchange => tell!(self, "why-exchange"),
            Unjudged::Hosting => tell!(self, "why-hosting"),
            Unjudged::Window => tell!(self, "why-window"),
            Unjudged::Objects => tell!(self, "why-objects"),
        }
    }

    /// How an access is judged again.
    pub(super) fn verdict(&self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Same => tell!(self, "judged-same"),
            Verdict::Otherwise(_) => {
                format!("<span class=\"warn\">{}</span>", tell!(self, "judged-otherwise"))
            }
            Verdict::Unjudged(why) => tell!(self, "judged-not", why = self.unjudged(*why)),
        }
    }

    /// Who signed an entry at a position, with what speaks against the key.
    pub(super) fn who(&self, index: LogIndex, signer: &StatementSigner) -> String {
        self.person(index, &signer.key)
    }

    /// The holder of a key, as of an entry.
    pub(super) fn person(&self, index: LogIndex, public: &PublicKey) -> String {
        let short = table::short(public);
        let Some(key) = state::key(&self.contents.objects, public) else {
            return tell!(self, "unknown-key", key = short);
        };
        let (agency, post) = (&key.agency, &key.post);
        let role = tell!(self, &format!("role-{}", key.role));
        let mut text = match post.as_str() {
            "" => tell!(self, "who-nameless", agency = agency, role = role, key = short),
            _ => tell!(self, "who", agency = agency, role = role, post = post, key = short),
        };
        let since = key.revoked.as_ref().and_then(|end| end.suspect_since);
        let signed = self.contents.entry(index).map(|entry| entry.header.time);
        if let Some(since) = since.filter(|since| signed.is_some_and(|signed| *since <= signed)) {
            let warning = tell!(self, "suspect", time = self.time(since));
            let by = key.revoked.as_ref().map(|end| cite(end.at)).unwrap_or_default();
            text.push_str(&format!(" <span class=\"warn\">{warning}</span>{by}"));
        }
        text
    }

    /// Items in a line.
    pub(super) fn items(&self, items: &Items) -> String {
        match items {
            Items::All => tell!(self, "all-items"),
            Items::Only(_) => escaped(&describe::items(items)),
        }
    }
}
