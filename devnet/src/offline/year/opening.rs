//! The first days: calendars, offices, rule packs, the catalogue; and what is planned for the rest.
//! Holds: offices are filled by ballots; rules begin after their notice.

use comity_core::governance::{Choice, Measure, Office};
use comity_core::ids::ProposalId;
use comity_core::rule_pack::RulePack;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::agenda::Event;
use super::assessed::ASSESSORS;
use super::days::{DAY_MS, day};
use super::people::{AUTHORITY, By, DECLARERS, EMERGENCY_REVIEWER, SUPERVISOR};
use super::{Done, Year, said};
use crate::failure::DevnetError;

/// Datasets that one block publishes.
const AT_ONCE: usize = 120;
/// The first and the last day on which data are asked for.
const ASKED: (u64, u64) = (14, 345);
/// When rules with a review of requests begin to rule.
const LOCAL_RULES: u64 = 180;

impl Year {
    /// The first days. Errors: the rules refuse a record.
    pub(super) fn open(&mut self) -> Done {
        self.book.turn_to(day(0).plus(60_000));
        self.publish_calendars()?;
        self.book.seal()?;
        let some = |names: &[&str]| names.iter().map(|name| said(name)).collect();
        let offices = [
            (Office::Supervisor, some(&[SUPERVISOR])),
            (Office::EmergencyDeclarer, some(&DECLARERS)),
            (
                Office::StewardReviewer,
                some(&[SUPERVISOR, EMERGENCY_REVIEWER, AUTHORITY, "civil.city"]),
            ),
            (Office::EmergencyReviewer, some(&[SUPERVISOR, EMERGENCY_REVIEWER])),
            (Office::Assessor, some(&ASSESSORS)),
        ];
        for (office, agencies) in offices {
            self.vote(Measure::Appoint { office, agencies })?;
        }
        self.publish_rules("cn-2025", 9)?;
        self.publish_catalogue()
    }

    /// Has a measure passed: the authority proposes it, and as many vote as it needs. Errors: the
    /// rules refuse a record.
    pub(super) fn vote(&mut self, measure: Measure) -> Done {
        let authority = said(AUTHORITY);
        let proposed = Action::OpenProposal { measure };
        let proposal = ProposalId(self.book.act(&[By::admin(&authority)], proposed)?);
        let voters: Vec<AgencyId> =
            self.cast.members.iter().map(|member| member.id.clone()).collect();
        for agency in voters.iter().filter(|agency| **agency != authority) {
            let ballot = Action::CastBallot { proposal, choice: Choice::For };
            let passed = comity_core::state::proposal(&self.book, proposal)
                .is_some_and(|proposal| proposal.passed_at.is_some());
            if !passed && self.is_here(agency) {
                self.book.act(&[By::admin(agency)], ballot)?;
            }
        }
        self.book.seal()?;
        self.book.turn_to(self.now().plus(60_000));
        Ok(())
    }

    fn publish_rules(&mut self, name: &str, begin: u64) -> Done {
        let pack = comity_cli::reading::rule_pack(name, day(begin));
        let pack: RulePack = pack.map_err(DevnetError::Unexpected)?;
        let (authority, supervisor) = (said(AUTHORITY), said(SUPERVISOR));
        let by = [By::steward(&authority), By::steward(&supervisor)];
        self.book.act(&by, Action::PublishRules { pack }).map(drop)
    }

    /// Rules that ask for a review of requests' form. Errors: the rules in force refuse them.
    pub(super) fn publish_local_rules(&mut self) -> Done {
        self.publish_rules("cn-local", LOCAL_RULES)
    }

    fn publish_catalogue(&mut self) -> Done {
        for from in (0..self.shelf.datasets.len()).step_by(AT_ONCE) {
            self.book.turn_to(self.now().plus(10 * 60_000));
            let to = (from + AT_ONCE).min(self.shelf.datasets.len());
            for place in from..to {
                let dataset = self.shelf.datasets[place].clone();
                let owner = dataset.id.agency.clone();
                let update_days = dataset.update_days;
                self.book.act(&[By::steward(&owner)], Action::PublishDataset { dataset })?;
                if let Some(days) = update_days {
                    let at = self.now().plus(u64::from(days) * DAY_MS * 9 / 10);
                    self.agenda.plan(at, Event::Refresh(place));
                }
            }
            self.book.seal()?;
        }
        Ok(())
    }

    /// Plans what does not follow from anything else.
    pub(super) fn plan(&mut self, requests: u64) {
        for _ in 0..requests {
            let asked = day(self.chance.between(ASKED));
            let at = self.at_desk_after(asked, 0);
            self.agenda.plan(at, Event::Ask);
        }
        let datasets = self.shelf.datasets.len();
        for _ in 0..(datasets / 20).clamp(3, 60) {
            let (place, changed) =
                (self.chance.place(datasets), day(self.chance.between((30, 330))));
            let at = self.at_desk_after(changed, 0);
            let event = if self.chance.in_hundred(80) {
                Event::Amend(place)
            } else {
                Event::Withdraw(place)
            };
            self.agenda.plan(at, event);
        }
        for (number, event) in [
            (LOCAL_RULES - 14, Event::NewRules),
            (100, Event::FormTaskForce),
            (110, Event::Assess),
            (207, Event::Declare),
            (270, Event::Assess),
            (250, Event::OpenDraw),
            (300, Event::Leave),
            (367, Event::NextYear),
        ] {
            let at = self.at_desk_after(day(number), 0);
            self.agenda.plan(at, event);
        }
    }
}
