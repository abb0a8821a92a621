//! As many grants as are asked for, with what belongs to them: requests, usage, versions, numbers.
//! Holds: each is what real records would have left at its place and time (a test has them made both
//! ways); the same in every run.
//! May not enter: measuring.

use std::collections::BTreeMap;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::binding::Bearers;
use comity_core::dataset::{DeliveryMode, Items, Sharing};
use comity_core::duty::Mark;
use comity_core::gateway::GatewayNumbers;
use comity_core::genesis::Params;
use comity_core::governance::{Ballot, Choice, Measure, Proposal};
use comity_core::grant::{Grant, GrantTerms, GrantVersion, Revocation, Usage};
use comity_core::hash::RecordId;
use comity_core::ids::{DatasetId, ExchangeId, GrantId, LogIndex, ProposalId, RequestId, TimeMs};
use comity_core::interruption::Interruptions;
use comity_core::request::{Outcome, Reply, Request, RequestTerms, Urging};
use comity_core::state::{Changes, StateKey};
use comity_core::text::{AgencyId, Text};

use super::super::founding::{self, BEGINS};
use super::docket;
use super::town::{AGENCIES, DAY_MS, NOW, Town, name, numbered};

/// Grants that follow one another on one dataset: one of each kind.
pub(super) const KINDS: u64 = 8;
/// The first entry that is about a grant. Each has four.
const FIRST: u64 = 100_000;
/// Proposals on which ballots are taken.
pub(super) const PROPOSALS: u64 = 64;
/// Ballots with which a measure has all but one that it needs.
pub(super) const BALLOTS: usize = AGENCIES * 2 / 3;
/// How many grants are laid into the state at once.
const AT_ONCE: u64 = 16_384;

/// What became of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Asked for, approved, used.
    Used,
    /// Issued, may be passed on, and was: used only by whom it was passed on to.
    Fresh,
    /// Used, and run out long ago.
    Expired,
    /// Revoked.
    Revoked,
    /// Suspended.
    Suspended,
    /// Used since its requester bound itself.
    Bound,
    /// Derived from the one that was passed on, and used.
    Derived,
    /// Asked for, approved, used, narrowed.
    Narrowed,
}

impl Fate {
    const ALL: [Fate; 8] = [
        Fate::Used,
        Fate::Fresh,
        Fate::Expired,
        Fate::Revoked,
        Fate::Suspended,
        Fate::Bound,
        Fate::Derived,
        Fate::Narrowed,
    ];

    pub(super) fn is_asked_for(self) -> bool {
        matches!(self, Fate::Used | Fate::Narrowed)
    }

    pub(super) fn is_used(self) -> bool {
        !matches!(self, Fate::Fresh | Fate::Revoked | Fate::Suspended)
    }
}

/// One grant of the crowd, by its number.
#[derive(Clone, Copy)]
pub(super) struct Life<'a> {
    pub(super) town: &'a Town,
    pub(super) number: u64,
}

impl<'a> Life<'a> {
    /// One of those that had this fate, another with each number.
    pub(super) fn of(town: &'a Town, fate: Fate, number: u64) -> Life<'a> {
        let groups = (town.grants / KINDS).max(1);
        let at = Fate::ALL.iter().position(|known| *known == fate).unwrap_or_default() as u64;
        // Far apart, so that one does not lie beside the other in memory.
        let group = number.wrapping_mul(7_919).wrapping_add(13) % groups;
        Life { town, number: group * KINDS + at }
    }

    pub(super) fn fate(self) -> Fate {
        Fate::ALL[usize::try_from(self.number % KINDS).unwrap_or_default()]
    }

    fn group(self) -> usize {
        usize::try_from(self.number / KINDS).unwrap_or_default()
    }

    pub(super) fn dataset(self) -> &'a DatasetId {
        &self.town.datasets[self.group() % self.town.datasets.len()]
    }

    pub(super) fn owner(self) -> &'a AgencyId {
        &self.dataset().agency
    }

    fn beside_owner(self, steps: usize) -> &'a AgencyId {
        let owner = self.group() % self.town.datasets.len() % AGENCIES;
        &self.town.agencies[(owner + steps + self.group() % (AGENCIES - 3)) % AGENCIES]
    }

    /// The requester of the grants that the owner issued.
    pub(super) fn first_requester(self) -> &'a AgencyId {
        self.beside_owner(1)
    }

    /// The agency to which one of them is passed on.
    pub(super) fn third(self) -> &'a AgencyId {
        self.beside_owner(2)
    }

    pub(super) fn requester(self) -> &'a AgencyId {
        if self.fate() == Fate::Derived { self.third() } else { self.first_requester() }
    }

    fn place(self, step: u64) -> LogIndex {
        LogIndex(FIRST + 4 * self.number + step)
    }

    pub(super) fn request_id(self) -> RequestId {
        RequestId(self.place(0))
    }

    pub(super) fn id(self) -> GrantId {
        GrantId(self.place(1))
    }

    /// Where and when one of the four entries about it was: asked, granted, used, and what came then.
    pub(super) fn mark(self, step: u64) -> Mark {
        // All within three hundred days.
        let began =
            BEGINS.plus(10 * DAY_MS + self.number * (300 * DAY_MS) / self.town.grants.max(1));
        Mark { at: self.place(step), on: began.plus(1_000 * step) }
    }

    /// The grant from which it was derived.
    pub(super) fn parent(self) -> Option<Life<'a>> {
        let fresh = self.number - self.number % KINDS + 1;
        (self.fate() == Fate::Derived).then_some(Life { number: fresh, ..self })
    }

    /// The terms as they were granted.
    pub(super) fn first_terms(self) -> GrantTerms {
        let mut terms = self.town.terms(self.dataset(), self.requester());
        match self.fate() {
            Fate::Fresh => terms.onward = [self.third().clone()].into(),
            Fate::Expired => terms.not_after = self.mark(0).on.plus(DAY_MS),
            Fate::Derived => terms.officers = Bearers::All,
            _ => {}
        }
        terms
    }

    /// The terms as they are.
    pub(super) fn terms(self) -> GrantTerms {
        let terms = self.first_terms();
        match self.fate() {
            Fate::Narrowed => GrantTerms { daily_quota: Some(500), ..terms },
            _ => terms,
        }
    }

    /// An access to it that its requester's officer signs.
    pub(super) fn attempt(self, exchange: u64, time: TimeMs) -> SignedAttempt {
        let requester = self.requester();
        let officer = founding::secret(self.town.place_of(requester), KeyRole::Officer);
        let attempt = Attempt {
            consortium: self.town.consortium,
            exchange: ExchangeId(numbered(exchange)),
            grant: self.id().into(),
            dataset: self.dataset().clone(),
            requester: requester.clone(),
            officer: officer.public(),
            matter: name("LOW-INCOME-CHECK"),
            items: Items::Only([name("grade")].into()),
            mode: DeliveryMode::Query,
            made_at: time,
            valid_until: time.plus(60_000),
            sealed: vec![],
            batch: None,
            capacity: Default::default(),
        };
        SignedAttempt { signature: officer.sign_attempt(&attempt), attempt }
    }

    fn grant(self) -> Grant {
        let (issued, used, last) = (self.mark(1), self.mark(2), self.mark(3));
        let fate = self.fate();
        let mut suspensions = Interruptions::default();
        if fate == Fate::Suspended {
            suspensions.begin(last, name("under review"));
        }
        let revocation =
            || Revocation { at: last.at, reason: name("no longer needed"), on: last.on };
        let is_narrowed = fate == Fate::Narrowed;
        Grant {
            terms: self.terms(),
            issued_at: issued.at,
            request: fate.is_asked_for().then(|| self.request_id()),
            suspensions,
            revoked: (fate == Fate::Revoked).then(revocation),
            issued_on: issued.on,
            delivered: fate.is_used().then_some(used),
            version: 1 + u32::from(is_narrowed),
            version_at: if is_narrowed { last.at } else { issued.at },
            parent: self.parent().map(Life::id),
            first_use: fate.is_used().then_some(used),
            fulfilled: Vec::new(),
            sharing: Sharing::Conditional,
        }
    }

    /// How often it was used, and when last.
    fn usage(self) -> Option<Usage> {
        let (user, onward) = match self.fate() {
            Fate::Fresh => (Life { number: self.number + 5, ..self }, 1),
            fate if fate.is_used() => (self, 0),
            _ => return None,
        };
        if user.number >= self.town.grants {
            return None;
        }
        let day = user.mark(2).on.day(Params::default().day_offset_minutes);
        Some(Usage { total: 1, day, on_day: 1, onward })
    }

    fn request(self) -> Option<Request> {
        let reply = Reply {
            at: self.mark(1).at,
            on: self.mark(1).on,
            outcome: Outcome::Approved { grant: self.id(), by_rule: false },
        };
        let asked = self.mark(0);
        self.fate().is_asked_for().then(|| Request {
            reply: Some(reply),
            ..request(self.town, self.first_terms(), asked)
        })
    }

    /// All that it leaves in the state, and how many accesses its owner's gateway recorded.
    fn put(self, changes: &mut Changes) -> u64 {
        let id = self.id();
        changes.put(&StateKey::Grant(id), &self.grant());
        if let Some(request) = self.request() {
            changes.put(&StateKey::Request(self.request_id()), &request);
        }
        if let Some(usage) = self.usage() {
            changes.put(&StateKey::Usage(id), &usage);
        }
        if self.fate() == Fate::Narrowed {
            let (terms, version_at) = (self.first_terms(), self.mark(1).at);
            changes.put(&StateKey::GrantVersion(id, 1), &GrantVersion { terms, version_at });
        }
        u64::from(self.fate().is_used())
    }
}

/// A request as it is opened.
pub(super) fn request(town: &Town, asked: GrantTerms, opened: Mark) -> Request {
    let officer = founding::secret(town.place_of(&asked.requester), KeyRole::Officer).public();
    Request {
        decided_by: asked.dataset.agency.clone(),
        terms: asking(asked),
        opened_at: opened.at,
        opened_by: officer,
        opened_on: opened.on,
        urging: Urging::default(),
        reply: None,
        earlier: Vec::new(),
        sharing: Sharing::Conditional,
        reviewer: town.agencies.first().cloned(),
        reviewed: None,
        extension: None,
    }
}

pub(super) fn asking(asked: GrantTerms) -> RequestTerms {
    RequestTerms { asked, once: false, needed_by: None, bundle: None }
}

/// How many requests nobody has answered.
pub(super) fn open_requests(town: &Town) -> u64 {
    // An even number.
    (town.grants / KINDS).max(64) / 2 * 2
}

/// One of the requests that nobody has answered: those with even numbers were opened yesterday, the
/// others have lapsed.
pub(super) fn open_request(town: &Town, number: u64) -> (RequestId, Request) {
    let number = number % open_requests(town);
    let life = Life { town, number: number * KINDS };
    let at = LogIndex(FIRST + 4 * town.grants + number);
    let age = if number.is_multiple_of(2) { DAY_MS } else { 100 * DAY_MS };
    let opened = Mark { at, on: TimeMs(NOW.0 - age) };
    (RequestId(at), request(town, life.first_terms(), opened))
}

/// A proposal that is one ballot short, if its number is even, and otherwise has one alone.
pub(super) fn proposal(town: &Town, number: u64) -> (ProposalId, Proposal) {
    let at = LogIndex(1_000 + number % PROPOSALS * 100);
    let count = if number.is_multiple_of(2) { BALLOTS } else { 1 };
    let ballots = (0..).zip(&town.agencies).take(count).map(|(place, agency)| {
        (agency.clone(), Ballot { choice: Choice::For, at: LogIndex(at.0 + place) })
    });
    let measure = Measure::ChangeOperator {
        agency: town.agencies[usize::try_from(number).unwrap_or_default() % AGENCIES].clone(),
        operated_by: name::<Text<128>>("A contractor"),
    };
    let proposal = Proposal {
        measure,
        opened_by: town.agencies[0].clone(),
        opened_at: at,
        closes: NOW.plus(DAY_MS),
        ballots: ballots.collect::<BTreeMap<_, _>>(),
        passed_at: None,
    };
    (ProposalId(at), proposal)
}

/// Puts everything there: the grants, the open requests, the proposals, what gateways have numbered, what
/// is pending beside them,
/// and a replay window as if every grant were of today.
pub(super) fn fill(town: &mut Town) {
    let mut numbered = vec![0; AGENCIES];
    let mut from = 0;
    while from < town.grants {
        let to = (from + AT_ONCE).min(town.grants);
        let mut changes = Changes::default();
        for number in from..to {
            let life = Life { town: &*town, number };
            numbered[town.place_of(life.owner())] += life.put(&mut changes);
            changes.records.insert(RecordId(scattered(number)), NOW.plus(1 + number));
            let exchange = ExchangeId(scattered(town.grants + number));
            changes.exchanges.insert(exchange, NOW.plus(1 + number));
        }
        town.put(changes);
        from = to;
    }
    let mut changes = Changes::default();
    for number in 0..open_requests(town) {
        let (id, request) = open_request(town, number);
        changes.put(&StateKey::Request(id), &request);
    }
    for number in 0..PROPOSALS {
        let (id, proposal) = proposal(town, number);
        changes.put(&StateKey::Proposal(id), &proposal);
    }
    for (place, last) in (0..).zip(numbered.iter().copied()).filter(|(_, last)| *last > 0) {
        let key = founding::secret(place, KeyRole::Gateway).public();
        let used = GatewayNumbers { last, missing: Default::default() };
        changes.put(&StateKey::GatewayNumbers(&key), &used);
    }
    town.put(changes);
    town.numbered = numbered;
    let pending = docket::changes(town);
    town.put(pending);
}

/// Bytes that are spread like those of a hash.
fn scattered<const SIZE: usize>(number: u64) -> [u8; SIZE] {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mut bytes = [0xcc; SIZE];
    bytes[..8].copy_from_slice(&(mixed ^ (mixed >> 31)).to_be_bytes());
    bytes
}
