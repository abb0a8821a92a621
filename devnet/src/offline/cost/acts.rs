//! A record of each kind of act that the rules accept at the state that is measured.
//! Holds: every kind of act is here; each record of a kind is about another object, as far as there are
//! enough of them.

mod contested;
mod together;
mod watched;

use comity_core::access::AccessRefusal;
use comity_core::agency::{KeyAlgorithm, KeyRole};
use comity_core::codes::{CodeEntry, CodeList};
use comity_core::dataset::Dataset;
use comity_core::equivocation::Equivocation;
use comity_core::governance::{Choice, Measure};
use comity_core::grant::GrantTerms;
use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::keys::SecretKey;
use comity_core::legs::Acknowledgement;
use comity_core::statement::{Action, VerifiedRecord};
use comity_core::text::AgencyId;
use comity_core::vote::{Vote, VoteKind};

use super::super::founding;
use super::crowd::{self, BALLOTS, Fate, Life};
use super::town::{AGENCIES, DAY_MS, NOW, Town, calendar, desk, name, rules};
use crate::failure::DevnetError;

/// Which of the records of a kind.
type Number = u64;
/// Who signs, and what.
type Deed<'a> = (Vec<(&'a AgencyId, KeyRole)>, Action);

/// A kind of act as it is measured.
pub(super) struct Act {
    /// What is special about it, where one kind is measured in several ways.
    pub(super) note: &'static str,
    deed: for<'a> fn(&'a Town, Number) -> Result<Deed<'a>, DevnetError>,
}

impl Act {
    /// One record of it. Errors: it is not well formed.
    pub(super) fn record(&self, town: &Town, number: u64) -> Result<VerifiedRecord, DevnetError> {
        let (by, action) = (self.deed)(town, number)?;
        town.signed(&by, number, NOW, action)
    }
}

const fn act(
    note: &'static str,
    deed: for<'a> fn(&'a Town, Number) -> Result<Deed<'a>, DevnetError>,
) -> Act {
    Act { note, deed }
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Act> {
    ACTS.iter().chain(contested::ACTS).chain(watched::ACTS).chain(together::ACTS)
}

/// Those about keys, datasets, grants, requests and what the consortium is.
const ACTS: &[Act] = &[
    act("", |town, number| {
        let agency = agency(town, number);
        let key = fresh_key(number);
        let (role, algorithm) = (KeyRole::Officer, KeyAlgorithm::Ed25519);
        let possession = key.sign_possession(&town.consortium, agency, role);
        let (key, post) = (key.public(), name("A new desk"));
        let action =
            Action::RegisterKey { key, role, algorithm, post, valid_until: None, possession };
        Ok((vec![(agency, KeyRole::Admin)], action))
    }),
    act("", |town, number| {
        let desk_number = place(number * 61) % town.desks();
        let agency = &town.agencies[desk_number % AGENCIES];
        let key = desk(desk_number).public();
        let action = Action::RevokeKey { key, reason: name("left the post"), suspect_since: None };
        Ok((vec![(agency, KeyRole::Admin)], action))
    }),
    act("", |town, number| {
        let id = town.special(&format!("new-{number}"), 0);
        let dataset = town.described(id);
        Ok((vec![(&town.agencies[0], KeyRole::Steward)], Action::PublishDataset { dataset }))
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Used, number);
        by_owner(life, Action::IssueGrant { terms: life.first_terms() })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Fresh, number);
        by_owner(life, Action::RevokeGrant { grant: life.id(), reason: name("no longer needed") })
    }),
    act("", |town, number| access(Life::of(town, Fate::Narrowed, number), number)),
    act("passed on", |town, number| access(Life::of(town, Fate::Derived, number), number)),
    act("", |town, number| {
        let life = Life::of(town, Fate::Expired, number);
        let refusal = AccessRefusal::GrantExpired { until: life.terms().not_after };
        let (attempt, number) = (life.attempt(number, NOW), gateway_number(life));
        by_gateway(life, Action::RecordDenial { attempt, refusal, number })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Used, number);
        let amended = town.described(life.dataset().clone());
        let dataset = Dataset { title: name("Households, as of now"), ..amended };
        by_owner(life, Action::AmendDataset { dataset, version: 1 })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Used, number);
        let (dataset, reason) = (life.dataset().clone(), name("moved"));
        by_owner(life, Action::WithdrawDataset { dataset, reason })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Used, number);
        let (dataset, reason) = (life.dataset().clone(), name("under repair"));
        by_owner(life, Action::SuspendDataset { dataset, reason })
    }),
    act("", |town, number| {
        let dataset = town.special("paused", place(number));
        let owner = &town.agencies[town.place_of(&dataset.agency)];
        Ok((vec![(owner, KeyRole::Steward)], Action::ResumeDataset { dataset }))
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Fresh, number);
        by_owner(life, Action::SuspendGrant { grant: life.id(), reason: name("under review") })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Suspended, number);
        by_owner(life, Action::ResumeGrant { grant: life.id() })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Used, number);
        let terms = crowd::asking(life.first_terms());
        Ok((vec![(life.requester(), KeyRole::Officer)], Action::OpenRequest { terms }))
    }),
    act("granted by rule", |town, number| {
        let dataset = town.special("open", place(number));
        let requester = &town.agencies[(town.place_of(&dataset.agency) + 1) % AGENCIES];
        let terms = crowd::asking(town.terms(&dataset, requester));
        Ok((vec![(requester, KeyRole::Officer)], Action::OpenRequest { terms }))
    }),
    act("", |town, number| {
        let (request, opened) = crowd::open_request(town, scattered(number));
        let terms = opened.terms.asked;
        let owner = &town.agencies[town.place_of(&terms.dataset.agency)];
        Ok((vec![(owner, KeyRole::Steward)], Action::ApproveRequest { request, terms }))
    }),
    act("", |town, number| {
        let (request, opened) = crowd::open_request(town, scattered(number));
        let (legal_basis, reason) = (name("Measures, art. 3"), name("not for this purpose"));
        let action = Action::RefuseRequest { request, legal_basis, reason };
        by_decider(town, &opened.terms.asked, action)
    }),
    act("", |town, number| {
        let (request, opened) = crowd::open_request(town, scattered(number));
        let action = Action::WithdrawRequest { request, reason: name("no longer needed") };
        by_asker(town, &opened.terms.asked, action)
    }),
    act("", |town, number| {
        let (request, opened) = crowd::open_request(town, scattered(number));
        by_asker(town, &opened.terms.asked, Action::UrgeRequest { request })
    }),
    act("", |town, number| {
        let code = name(&format!("NEW-{number}"));
        let codes = vec![CodeEntry { code, title: name("As published") }];
        by_authority(town, Action::PublishCodes { list: CodeList::Matters, codes })
    }),
    act("", |town, number| {
        let code = town.matters[place(number) % town.matters.len()].clone();
        let (list, reason) = (CodeList::Matters, name("repealed"));
        by_authority(town, Action::WithdrawCode { list, code, reason })
    }),
    act("", |town, number| {
        let (agency, operated_by) = (agency(town, number).clone(), name("Another contractor"));
        let measure = Measure::ChangeOperator { agency, operated_by };
        Ok((vec![(&town.agencies[0], KeyRole::Admin)], Action::OpenProposal { measure }))
    }),
    act("does not decide", |town, number| ballot(town, 2 * number + 1)),
    act("decides", |town, number| ballot(town, 2 * number)),
    act("", |town, number| {
        let equivocation = equivocation(town, Height(1 + number));
        let by = vec![(&town.agencies[0], KeyRole::Validator)];
        Ok((by, Action::RecordEquivocation { equivocation }))
    }),
    act("", |town, number| {
        let (request, _) = crowd::open_request(town, scattered(number));
        by_authority(town, Action::ReviewRequest { request, fault: name("") })
    }),
    act("", |town, number| {
        let (request, opened) = crowd::open_request(town, 2 * scattered(number));
        let action = Action::ExtendReply { request, days: 10, reason: name("much work") };
        by_decider(town, &opened.terms.asked, action)
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Fresh, number);
        by_owner(life, Action::ReportDelivery { grant: life.id() })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Used, number);
        by_owner(life, Action::RefreshDataset { dataset: life.dataset().clone() })
    }),
    act("", |town, number| {
        let calendar = calendar(&format!("Region {number}"), NOW)?;
        by_authority(town, Action::PublishCalendar { calendar })
    }),
    act("", |town, number| {
        let mut pack = rules()?;
        (pack.name, pack.from) = (name(&format!("RULES-{number}")), NOW.plus(30 * DAY_MS));
        let by = [0, 1].map(|place| (&town.agencies[place], KeyRole::Steward));
        Ok((by.into(), Action::PublishRules { pack }))
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Fresh, number);
        let terms = GrantTerms { daily_quota: Some(400), ..life.terms() };
        by_owner(life, Action::NarrowGrant { grant: life.id(), terms, version: 1 })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Fresh, number);
        let terms = GrantTerms { daily_quota: Some(2_000), ..life.terms() };
        by_owner(life, Action::ExtendGrant { grant: life.id(), terms, version: 1 })
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Fresh, number);
        let mut terms = life.terms().passed_on_to(life.third());
        terms.onward.clear();
        let action = Action::IssueOnward { parent: life.id(), terms };
        Ok((vec![(life.requester(), KeyRole::Steward)], action))
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Bound, number);
        let note = name("as promised");
        let action = Action::FulfilUndertaking { grant: life.id(), number: 2, note };
        Ok((vec![(life.requester(), KeyRole::Steward)], action))
    }),
    act("", |town, number| {
        let life = Life::of(town, Fate::Used, number);
        let exchange = life.attempt(number, NOW).attempt.exchange;
        let access = life.mark(2).at;
        let accesses = vec![Acknowledgement { access, exchange, digest: None, count: 1 }];
        let action = Action::AcknowledgeAccess { grant: life.id().into(), accesses };
        Ok((vec![(life.requester(), KeyRole::Gateway)], action))
    }),
];

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// Numbers that do not follow one another.
fn scattered(number: u64) -> u64 {
    number * 7_919
}

fn agency(town: &Town, number: u64) -> &AgencyId {
    &town.agencies[place(number) % AGENCIES]
}

fn fresh_key(number: u64) -> SecretKey {
    desk(1_000_000 + place(number))
}

/// The number that the owner's gateway uses next.
fn gateway_number(life: Life<'_>) -> u64 {
    life.town.numbered.get(life.town.place_of(life.owner())).copied().unwrap_or_default() + 1
}

fn by_owner(life: Life<'_>, action: Action) -> Result<Deed<'_>, DevnetError> {
    Ok((vec![(life.owner(), KeyRole::Steward)], action))
}

fn by_gateway(life: Life<'_>, action: Action) -> Result<Deed<'_>, DevnetError> {
    Ok((vec![(life.owner(), KeyRole::Gateway)], action))
}

fn by_authority(town: &Town, action: Action) -> Result<Deed<'_>, DevnetError> {
    Ok((vec![(&town.agencies[0], KeyRole::Steward)], action))
}

fn by_decider<'a>(
    town: &'a Town,
    terms: &GrantTerms,
    action: Action,
) -> Result<Deed<'a>, DevnetError> {
    let owner = &town.agencies[town.place_of(&terms.dataset.agency)];
    Ok((vec![(owner, KeyRole::Steward)], action))
}

fn by_asker<'a>(
    town: &'a Town,
    terms: &GrantTerms,
    action: Action,
) -> Result<Deed<'a>, DevnetError> {
    let requester = &town.agencies[town.place_of(&terms.requester)];
    Ok((vec![(requester, KeyRole::Officer)], action))
}

fn access(life: Life<'_>, number: u64) -> Result<Deed<'_>, DevnetError> {
    let attempt = life.attempt(number, NOW);
    let number = gateway_number(life);
    by_gateway(life, Action::RecordAccess { attempt, number, answer: None })
}

/// A ballot of the agency that comes after those that have cast theirs.
fn ballot(town: &Town, number: u64) -> Result<Deed<'_>, DevnetError> {
    let (proposal, _) = crowd::proposal(town, number % crowd::PROPOSALS);
    let action = Action::CastBallot { proposal, choice: Choice::For };
    Ok((vec![(&town.agencies[BALLOTS], KeyRole::Admin)], action))
}

fn equivocation(town: &Town, height: Height) -> Equivocation {
    let key = founding::secret(1, KeyRole::Validator);
    let vote = |value| {
        let (kind, round, validator) = (VoteKind::Precommit, 0, key.public());
        Vote { kind, height, round, value, validator }
    };
    let (first, second) = (vote(Some(HeaderHash([1; 32]))), vote(None));
    Equivocation::Votes {
        first_signature: key.sign_vote(&town.consortium, &first),
        second_signature: key.sign_vote(&town.consortium, &second),
        first,
        second,
    }
}
