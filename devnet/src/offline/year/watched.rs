//! The draw of the year, and the findings that come of it.
//! Holds: one of the pool keeps out of it; one finding of each outcome, and one that stays open.

use comity_core::hash::DrawSecret;
use comity_core::ids::{DrawId, FindingId};
use comity_core::keys::PublicKey;
use comity_core::oversight::{
    DRAW_PHASE_MS, DrawRange, DrawnVerdict, FindingAbout, FindingOutcome, draw_commitment,
};
use comity_core::state;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::agenda::Event;
use super::days::HOUR_MS;
use super::people::{By, SUPERVISOR};
use super::{Done, Year, said};

/// How many records are drawn, where there are so many.
const DRAWN: u64 = 24;
/// How many gateways' records are looked at.
const GATEWAYS: usize = 6;

impl Year {
    /// The supervisor opens a draw over what some gateways have recorded. Errors: the rules refuse it.
    pub(super) fn open_draw(&mut self) -> Done {
        let range = |agency: &AgencyId| {
            let gateway: PublicKey = By::gateway(agency).secret().public();
            let last = state::gateway_numbers(&self.book, &gateway).last;
            (last > 0).then_some(DrawRange { gateway, first: 1, last })
        };
        let members = self.cast.members.iter();
        let scope: Vec<DrawRange> =
            members.filter_map(|member| range(&member.id)).take(GATEWAYS).collect();
        let total: u64 = scope.iter().map(DrawRange::len).sum();
        if total == 0 {
            return Ok(());
        }
        let count = u16::try_from(total.min(DRAWN)).unwrap_or_default();
        let supervisor: AgencyId = said(SUPERVISOR);
        let action = Action::OpenDraw { scope, count };
        let draw = DrawId(self.book.act(&[By::auditor(&supervisor)], action)?);
        let opened = self.now();
        self.agenda.plan(opened.plus(20 * HOUR_MS), Event::Commit(draw));
        self.agenda.plan(opened.plus(DRAW_PHASE_MS + 5 * HOUR_MS), Event::Reveal(draw));
        let at = self.at_desk_after(opened.plus(2 * DRAW_PHASE_MS), 3);
        self.agenda.plan(at, Event::ReportDrawn(draw));
        Ok(())
    }

    /// All of the pool but one commit. Errors: the rules refuse it.
    pub(super) fn commit_draw(&mut self, draw: DrawId) -> Done {
        let Some(found) = state::draw(&self.book, draw) else { return Ok(()) };
        for agency in found.pool.iter().skip(1) {
            let secret = draw_secret(agency);
            let commitment = draw_commitment(&found.consortium, draw, agency, &secret);
            self.book.act(&[By::auditor(agency)], Action::CommitDraw { draw, commitment })?;
        }
        Ok(())
    }

    /// All who committed reveal. Errors: the rules refuse it.
    pub(super) fn reveal_draw(&mut self, draw: DrawId) -> Done {
        let Some(found) = state::draw(&self.book, draw) else { return Ok(()) };
        for agency in found.commits.keys() {
            let action = Action::RevealDraw { draw, secret: draw_secret(agency) };
            self.book.act(&[By::auditor(agency)], action)?;
        }
        Ok(())
    }

    /// Each reviewer says what it found. Errors: the rules refuse it.
    pub(super) fn report_drawn(&mut self, draw: DrawId) -> Done {
        let drawn = state::draw(&self.book, draw).and_then(|draw| draw.drawn());
        let mut findings = 0;
        for (number, one) in (1..).zip(drawn.into_iter().flatten()) {
            let by = By::auditor(&one.reviewer);
            // One in five is amiss, and so are the first ones.
            let is_amiss = one.provider != one.reviewer && (findings < 4 || number % 5 == 0);
            let verdict = match is_amiss {
                false => DrawnVerdict::InOrder,
                true => {
                    let about = FindingAbout::Drawn { draw, number };
                    let (agency, text) =
                        (one.provider.clone(), said("No case number stands beside it"));
                    let action = Action::OpenFinding { agency, about, text };
                    let finding = FindingId(self.book.act(&[by], action)?);
                    findings += 1;
                    self.follow(finding, findings);
                    DrawnVerdict::Finding(finding)
                }
            };
            self.book.act(&[by], Action::ReportReview { draw, number, verdict })?;
        }
        Ok(())
    }

    fn follow(&mut self, finding: FindingId, number: u64) {
        // One is never answered, and so upheld; one stays open.
        if number % 5 != 3 {
            let days = self.chance.between((2, 8));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::AnswerFinding(finding));
        }
        if number % 5 != 4 {
            let days = self.chance.between((14, 25));
            let at = self.at_desk(days);
            self.agenda.plan(at, Event::CloseFinding(finding));
        }
    }

    /// The agency answers for itself. Errors: the rules refuse it.
    pub(super) fn answer_finding(&mut self, finding: FindingId) -> Done {
        let Some(found) = state::finding(&self.book, finding) else { return Ok(()) };
        if !self.is_here(&found.agency) {
            return Ok(());
        }
        let answer = said("The number is in the letter that came with it");
        let action = Action::AnswerFinding { finding, answer };
        self.book.act(&[By::steward(&found.agency)], action).map(drop)
    }

    /// Who found it says what came of it. Errors: the rules refuse it.
    pub(super) fn close_finding(&mut self, finding: FindingId) -> Done {
        let Some(found) = state::finding(&self.book, finding) else { return Ok(()) };
        let outcome = match (&found.answer, self.chance.below(3)) {
            (None, _) => FindingOutcome::Upheld,
            (Some(_), 0) => FindingOutcome::Unfounded,
            (Some(_), _) => FindingOutcome::Remedied,
        };
        let action = Action::CloseFinding { finding, outcome, text: said("The letter was seen") };
        let by = [By::auditor(&found.opened_by)];
        self.book.act_if_taken(&by, action).map(drop)
    }
}

/// What an agency draws with: it follows from its name, as all keys do here.
fn draw_secret(agency: &AgencyId) -> DrawSecret {
    let mut secret = [0x5e; 32];
    secret.iter_mut().zip(agency.as_str().bytes()).for_each(|(place, byte)| *place = byte);
    DrawSecret(secret)
}
