//! A year of a consortium, invented from a seed: who asks whom, what is granted, refused and left lying,
//! what is passed on, narrowed, extended, used, doubted and disputed, one emergency in which a provider is
//! cut off, one task force, one draw, assessments, one member that leaves.
//! Holds: the same seed and catalogues make the same bytes; every record has passed the rules; nothing
//! that a rule refuses is written but as the denial that it is.
//! May not enter: keys that anybody could mistake for real ones: they follow from places.

mod agenda;
mod assessed;
mod book;
mod calendars;
mod catalogue;
mod chance;
mod changing;
mod contested;
mod cut;
mod days;
mod leaving;
mod manner;
mod opening;
mod people;
mod sharing;
mod tending;
mod terms;
mod together;
mod urgent;
mod using;
mod watched;

use std::path::{Path, PathBuf};

use comity_core::ids::TimeMs;
use comity_core::text::AgencyId;

use super::size_bytes;
use crate::args::YearArgs;
use crate::failure::DevnetError;
use crate::page::Page;
use agenda::{Agenda, Event};
use book::Book;
use catalogue::Shelf;
use chance::Chance;
use cut::Cut;
use people::Cast;

/// What a step of the year comes to.
type Done = Result<(), DevnetError>;

/// All that happens within so long (ms) goes into one block.
const BLOCK_MS: u64 = 20 * 60 * 1_000;

/// A year under way.
struct Year {
    book: Book,
    cast: Cast,
    shelf: Shelf,
    agenda: Agenda,
    chance: Chance,
    /// Exchanges so far: no two have one id.
    exchanges: u64,
    /// Who is or was cut off.
    cut: Option<Cut>,
}

/// Makes the archive of a year, and its genesis beside it. Errors: a catalogue cannot be read; a file
/// cannot be written; the rules refuse a record.
pub(super) fn run(args: &YearArgs, page: &mut Page) -> Done {
    let catalogues = catalogue::files(&args.catalogs)?;
    let cast = Cast::of(catalogues.len())?;
    let genesis = cast.genesis()?;
    let genesis_path = args.genesis.clone().unwrap_or_else(|| beside(&args.out));
    let mut chance = Chance::new(args.seed);
    let shelf = Shelf::fill(&cast, &catalogues, genesis.id(), &mut chance)?;
    super::write_genesis(&genesis, &genesis_path, &args.out)?;
    let book = Book::open(genesis, &args.out)?;
    let (agenda, exchanges, cut) = (Agenda::default(), 0, None);
    let mut year = Year { book, cast, shelf, agenda, chance, exchanges, cut };
    year.open()?;
    year.plan(args.requests);
    year.pass()?;
    let (entries, blocks, datasets) =
        (year.book.entries(), year.book.blocks(), year.shelf.datasets.len());
    year.book.finish()?;
    page.say(&format!(
        "{entries} entries in {blocks} blocks, {datasets} datasets of {} agencies, {} bytes: {}",
        year.cast.members.len(),
        size_bytes(&args.out),
        args.out.display()
    ))?;
    page.say(&format!("Its genesis: {}", genesis_path.display()))
}

/// `year.archive` → `year.genesis.json`.
fn beside(archive: &Path) -> PathBuf {
    archive.with_extension("genesis.json")
}

impl Year {
    /// Lets everything happen that is on the agenda, in its order, until the year is over.
    fn pass(&mut self) -> Done {
        while let Some(first) = self.agenda.next_time() {
            self.book.turn_to(first.max(self.book.now()).plus(BLOCK_MS));
            while let Some(event) = self.agenda.due(self.book.now()) {
                self.happen(event)?;
            }
            self.book.seal()?;
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Done {
        match event {
            Event::Ask => self.ask(),
            Event::Review(id) => self.review(id),
            Event::Extend(id) => self.extend(id),
            Event::Urge(id) => self.urge(id),
            Event::TakeBack(id) => self.take_back(id),
            Event::Reply(id) => self.reply(id),
            Event::Deliver(id) => self.deliver(id),
            Event::Use(id, left) => self.use_grant(id, left),
            Event::Acknowledge(leg) => self.acknowledge(*leg),
            Event::Pause(id) => self.pause(id),
            Event::Resume(id) => self.resume(id),
            Event::Revoke(id) => self.revoke(id),
            Event::PassOn(id) => self.pass_on(id),
            Event::Narrow(id) => self.narrow(id),
            Event::Prolong(id) => self.prolong(id),
            Event::Fulfil(id, number) => self.fulfil(id, number),
            Event::Refresh(place) => self.refresh(place),
            Event::Amend(place) => self.amend(place),
            Event::Withdraw(place) => self.withdraw(place),
            Event::OpenCheck(id) => self.open_check(id),
            Event::Handover(id) => self.hand_over(id),
            Event::SettleHandover(id) => self.settle_handover(id),
            Event::AnswerCheck(id) => self.answer_check(id),
            Event::Correct(id) => self.correct(id),
            Event::Dispute(about) => self.dispute(about),
            Event::AnswerDispute(id) => self.answer_dispute(id),
            Event::Escalate(id) => self.escalate(id),
            Event::Decide(id) => self.decide(id),
            Event::Incident(id) => self.report_incident(id),
            Event::CloseIncident(id) => self.close_incident(id),
            Event::Declare => self.declare(),
            Event::UrgentUse(id) => self.use_in_emergency(id),
            Event::Renew(id) => self.renew(id),
            Event::CutOff(id) => self.cut_off(id),
            Event::EndEmergency(id) => self.end_emergency(id),
            Event::Mend => self.mend(),
            Event::EmbedRest => self.embed_rest(),
            Event::Justify(id) => self.justify(id),
            Event::ReviewEmergency(id) => self.review_emergency(id),
            Event::OpenDraw => self.open_draw(),
            Event::Commit(id) => self.commit_draw(id),
            Event::Reveal(id) => self.reveal_draw(id),
            Event::ReportDrawn(id) => self.report_drawn(id),
            Event::AnswerFinding(id) => self.answer_finding(id),
            Event::CloseFinding(id) => self.close_finding(id),
            Event::FormTaskForce => self.form_task_force(),
            Event::UseTogether(id) => self.use_together(id),
            Event::LeaveTaskForce(id) => self.leave_task_force(id),
            Event::Assess => self.assess(),
            Event::FollowUp(id) => self.follow_up(id),
            Event::NewRules => self.publish_local_rules(),
            Event::Leave => self.leave(),
            Event::NextYear => self.publish_next_year(),
        }
    }

    /// The time of the block under way.
    fn now(&self) -> TimeMs {
        self.book.now()
    }

    /// Whether an agency is a member still.
    fn is_here(&self, agency: &AgencyId) -> bool {
        comity_core::state::departure(&self.book, agency).is_none()
    }
}

/// Words that are written here.
fn said<T: std::str::FromStr>(text: &str) -> T {
    match text.parse() {
        Ok(said) => said,
        Err(_) => unreachable!("{text} is well formed"),
    }
}
