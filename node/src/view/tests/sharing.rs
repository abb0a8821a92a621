//! Requests, what entries about them are found by, and what grants and datasets count as.

use comity_core::access::Attempt;
use comity_core::agency::{KeyRole, Standing};
use comity_core::apply::{Position, accesses::evaluate};
use comity_core::codes::{CodeEntry, CodeList};
use comity_core::dataset::Sharing;
use comity_core::governance::{Choice, Measure};
use comity_core::ids::{BundleId, GrantId, LogIndex, ProposalId, RequestId};
use comity_core::ledger::TreeState;
use comity_core::statement::Action;

use super::chain::{BEGIN, Chain, DATASET, dataset, terms};
use super::listings::view_of;
use crate::view::layout::{RequestTerm, request_prefix};
use crate::view::{
    DatasetFilter, DatasetState, EntryFilter, GrantFilter, GrantStanding, Order, RequestFilter,
    RequestState, View,
};

const BUNDLE: BundleId = BundleId([7; 16]);
const HOUR_MS: u64 = 3_600_000;

fn request(index: u64) -> RequestId {
    RequestId(LogIndex(index))
}

/// The dataset is entry 0; requests R1 (approved by entry 5), R2 (refused by 6), R3 (taken back
/// by 7) and R4 (urged by 8); R2 and R3 are of one bundle.
fn answered() -> Chain {
    let mut chain = Chain::new();
    let published = chain.publish(DATASET);
    chain.push(vec![published]);
    let asked = vec![
        chain.ask("tax.gd", None),
        chain.ask("civil.gd", Some(BUNDLE)),
        chain.ask("tax.gd", Some(BUNDLE)),
        chain.ask("housing.gd", None),
    ];
    chain.push(asked);
    let approve = Action::ApproveRequest { request: request(1), terms: terms("tax.gd") };
    let (legal_basis, reason) = ("Act, s. 4".parse().unwrap(), "not needed".parse().unwrap());
    let refuse = Action::RefuseRequest { request: request(2), legal_basis, reason };
    let reason = "solved otherwise".parse().unwrap();
    let withdraw = Action::WithdrawRequest { request: request(3), reason };
    let replies = vec![
        chain.steward(approve),
        chain.steward(refuse),
        chain.record("tax.gd", KeyRole::Officer, withdraw),
        chain.record("housing.gd", KeyRole::Officer, Action::UrgeRequest { request: request(4) }),
    ];
    chain.push(replies);
    chain
}

fn requests(view: &View, filter: &RequestFilter) -> Vec<u64> {
    let at = view.snapshot();
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = view.requests(&at, filter, from, 1).unwrap();
        found.extend(page.found.iter().map(|(id, _)| id.0.0));
        from = page.next;
        if from.is_none() {
            return found;
        }
    }
}

#[test]
fn requests_are_found_by_parties_dataset_bundle_and_state() {
    let (_dir, view) = view_of(&answered());
    let all = RequestFilter::default();
    let state = |state| RequestFilter { state: Some(state), ..all.clone() };
    let requester =
        |id: &str| RequestFilter { requester: Some(id.parse().unwrap()), ..all.clone() };
    let provider = |id: &str| RequestFilter { provider: Some(id.parse().unwrap()), ..all.clone() };
    let bundle = RequestFilter { bundle: Some(BUNDLE), ..all.clone() };
    let dataset = RequestFilter { dataset: Some(DATASET.parse().unwrap()), ..all.clone() };
    let waiting = RequestFilter { state: Some(RequestState::Open), ..provider("health.gd") };
    let both = RequestFilter { requester: Some("tax.gd".parse().unwrap()), ..bundle.clone() };
    let refused = RequestFilter { state: Some(RequestState::Refused), ..bundle.clone() };
    let cases: [(RequestFilter, &[u64]); 12] = [
        (all.clone(), &[1, 2, 3, 4]),
        (state(RequestState::Open), &[4]),
        (state(RequestState::Approved), &[1]),
        (state(RequestState::Withdrawn), &[3]),
        (requester("tax.gd"), &[1, 3]),
        (provider("health.gd"), &[1, 2, 3, 4]),
        (provider("tax.gd"), &[]),
        (bundle.clone(), &[2, 3]),
        (dataset, &[1, 2, 3, 4]),
        (waiting, &[4]),
        (both, &[3]),
        (refused, &[2]),
    ];
    for (filter, expected) in cases {
        assert_eq!(requests(&view, &filter), expected, "{filter:?}");
    }
    let approved = view.snapshot().request(request(1)).unwrap();
    assert_eq!(approved.reply.unwrap().at, LogIndex(5));
    assert_eq!(view.snapshot().request(request(0)), None);
}

#[test]
fn open_requests_of_a_provider_are_listed_without_a_look_at_closed_ones() {
    let (_dir, view) = view_of(&answered());
    let provider = RequestTerm::Provider("health.gd".parse().unwrap());
    let listed = |state| {
        let prefix = request_prefix(&provider, state);
        view.keys_from(&prefix, prefix.clone()).unwrap().count()
    };
    assert_eq!((listed(Some(RequestState::Open)), listed(None)), (1, 4));
    for closed in [RequestState::Approved, RequestState::Refused, RequestState::Withdrawn] {
        assert_eq!(listed(Some(closed)), 1, "{closed:?}");
    }
}

#[test]
fn every_entry_about_a_request_is_found_by_all_that_the_request_concerns() {
    let mut chain = answered();
    let title = "Housing benefit".parse().unwrap();
    let codes = vec![CodeEntry { code: "HOUSING".parse().unwrap(), title }];
    let list = CodeList::Matters;
    let publish = Action::PublishCodes { list, codes };
    let reason = "merged".parse().unwrap();
    let withdraw = Action::WithdrawCode { list, code: "LOW-INCOME".parse().unwrap(), reason };
    let authority = |chain: &mut Chain, act| chain.record("civil.gd", KeyRole::Steward, act);
    let records = vec![authority(&mut chain, publish), authority(&mut chain, withdraw)];
    chain.push(records);
    let (_dir, view) = view_of(&chain);
    let all = EntryFilter::default();
    let of = |index| EntryFilter { request: Some(request(index)), ..all.clone() };
    let matter = |code: &str| EntryFilter { matter: Some(code.parse().unwrap()), ..all.clone() };
    let agency = |id: &str| EntryFilter { agency: Some(id.parse().unwrap()), ..all.clone() };
    let grant = EntryFilter { grant: Some(GrantId(LogIndex(5)).into()), ..all.clone() };
    let dataset = EntryFilter { dataset: Some(DATASET.parse().unwrap()), ..all.clone() };
    let cases: [(EntryFilter, &[u64]); 11] = [
        (of(1), &[1, 5]),
        (of(2), &[2, 6]),
        (of(3), &[3, 7]),
        (of(4), &[4, 8]),
        (grant, &[5]),
        (dataset, &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (agency("health.gd"), &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (agency("civil.gd"), &[2, 6, 9, 10]),
        (agency("housing.gd"), &[4, 8]),
        (matter("LOW-INCOME"), &[1, 2, 3, 4, 5, 6, 7, 8, 10]),
        (matter("HOUSING"), &[9]),
    ];
    for (filter, expected) in cases {
        let page = view.entries(&view.snapshot(), &filter, Order::Ascending, None, 100).unwrap();
        let found: Vec<u64> = page.found.iter().map(|place| place.index.0).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[test]
fn entries_of_a_matter_include_its_grants_accesses_and_denials() {
    let mut chain = Chain::with_accesses(1);
    let denial = chain.denial();
    chain.push(vec![denial]);
    let (_dir, view) = view_of(&chain);
    for (code, expected) in [("LOW-INCOME", [1, 2, 3].as_slice()), ("SCHOOL", &[4])] {
        let filter = EntryFilter { matter: Some(code.parse().unwrap()), ..EntryFilter::default() };
        let page = view.entries(&view.snapshot(), &filter, Order::Ascending, None, 100).unwrap();
        let found: Vec<u64> = page.found.iter().map(|place| place.index.0).collect();
        assert_eq!(found, expected, "{code}");
    }
}

/// The standing of G1, and that an access is refused for that very reason.
fn standing(view: &View, attempt: &Attempt) -> GrantStanding {
    let at = view.snapshot();
    let position = Position { index: LogIndex(at.log_size()), time: at.tip().time };
    let found = at.grant(GrantId(LogIndex(1))).unwrap();
    let refusal = evaluate(&TreeState(at.state()), position, attempt).err();
    let rule = match found.standing {
        GrantStanding::InForce => None,
        GrantStanding::Revoked => Some("grant-revoked"),
        GrantStanding::Suspended => Some("grant-suspended"),
        GrantStanding::NotYetInForce => Some("grant-not-yet-in-force"),
        GrantStanding::Expired => Some("grant-expired"),
        GrantStanding::DatasetWithdrawn => Some("dataset-withdrawn"),
        GrantStanding::DatasetSuspended => Some("dataset-suspended"),
        GrantStanding::DatasetNotShared => Some("dataset-not-shared"),
        GrantStanding::UsedUp => Some("quota-used"),
        GrantStanding::RequesterLeft => Some("requester-left"),
        GrantStanding::RequesterHostingOver => Some("requester-hosting-over"),
        GrantStanding::ProviderLeft => Some("provider-left"),
        GrantStanding::ProviderHostingOver => Some("provider-hosting-over"),
        GrantStanding::ParentNotInForce => Some("parent-not-in-force"),
        GrantStanding::TaskForceEnded => Some("task-force-ended"),
        GrantStanding::LeadGone => Some("lead-gone"),
    };
    assert_eq!(refusal.map(|refusal| refusal.rule()), rule);
    for filter in [found.standing, GrantStanding::Expired] {
        let standing = GrantFilter { standing: Some(filter), ..GrantFilter::default() };
        let listed = view.grants(&at, &standing, None, 9).unwrap().found;
        assert_eq!(listed.len(), usize::from(filter == found.standing));
    }
    found.standing
}

#[test]
fn standing_of_a_grant_is_what_an_access_would_be_refused_for() {
    let mut chain = Chain::with_accesses(0);
    let attempt = chain.attempt("LOW-INCOME").attempt;
    let (_dir, view) = view_of(&chain);
    assert_eq!(standing(&view, &attempt), GrantStanding::InForce);
    let reason = || "under review".parse().unwrap();
    let (grant, id) = (GrantId(LogIndex(1)), || DATASET.parse().unwrap());
    let mut not_shared = dataset(DATASET);
    not_shared.sharing = Sharing::NotShared;
    let shared = dataset(DATASET);
    // What is added goes before what is there already, or the other way round, as refusals do.
    for (action, expected) in [
        (
            Action::SuspendDataset { dataset: id(), reason: reason() },
            GrantStanding::DatasetSuspended,
        ),
        (Action::SuspendGrant { grant, reason: reason() }, GrantStanding::Suspended),
        (Action::ResumeDataset { dataset: id() }, GrantStanding::Suspended),
        (Action::ResumeGrant { grant }, GrantStanding::InForce),
        (Action::AmendDataset { dataset: not_shared, version: 1 }, GrantStanding::DatasetNotShared),
        (
            Action::WithdrawDataset { dataset: id(), reason: reason() },
            GrantStanding::DatasetWithdrawn,
        ),
        // Published again: the grant stays ended.
        (Action::PublishDataset { dataset: shared }, GrantStanding::DatasetWithdrawn),
    ] {
        let record = chain.steward(action);
        view.apply(chain.push(vec![record]));
        view.settle().unwrap();
        assert_eq!(standing(&view, &attempt), expected);
    }
}

#[test]
fn an_ended_grant_says_what_ended_it_first() {
    let standing = |chain: &Chain| {
        let (_dir, view) = view_of(chain);
        view.snapshot().grant(GrantId(LogIndex(1))).unwrap().standing
    };
    let reason = || "under review".parse().unwrap();
    let revoke = || Action::RevokeGrant { grant: GrantId(LogIndex(1)), reason: reason() };
    let remove = || Measure::Remove { agency: "tax.gd".parse().unwrap(), reason: reason() };
    let mut chain = Chain::with_accesses(0);
    let record = chain.steward(revoke());
    chain.push(vec![record]);
    agree(&mut chain, remove());
    assert_eq!(standing(&chain), GrantStanding::Revoked, "its requester left afterwards");

    let mut chain = Chain::with_accesses(0);
    agree(&mut chain, remove());
    let record = chain.steward(revoke());
    chain.push(vec![record]);
    assert_eq!(standing(&chain), GrantStanding::RequesterLeft, "it was revoked afterwards");

    let mut chain = Chain::with_accesses(0);
    let dataset = DATASET.parse().unwrap();
    let record = chain.steward(Action::WithdrawDataset { dataset, reason: reason() });
    chain.push(vec![record]);
    let record = chain.steward(revoke());
    chain.push(vec![record]);
    assert_eq!(standing(&chain), GrantStanding::DatasetWithdrawn, "it was revoked afterwards");
}

/// Three of four agree to a measure.
fn agree(chain: &mut Chain, measure: Measure) {
    let proposal = ProposalId(LogIndex(chain.commits.last().unwrap().header.log_size));
    let open = chain.record("civil.gd", KeyRole::Admin, Action::OpenProposal { measure });
    chain.push(vec![open]);
    for voter in ["health.gd", "housing.gd"] {
        let cast = Action::CastBallot { proposal, choice: Choice::For };
        let ballot = chain.record(voter, KeyRole::Admin, cast);
        chain.push(vec![ballot]);
    }
}

/// Grant G1 of health.gd to tax.gd, once these measures are carried out and a day has passed.
fn standing_after(measures: Vec<Measure>) -> GrantStanding {
    let mut chain = Chain::with_accesses(0);
    for measure in measures {
        agree(&mut chain, measure);
    }
    chain.push_after(2 * HOUR_MS, vec![]);
    let attempt = chain.attempt("LOW-INCOME").attempt;
    let (_dir, view) = view_of(&chain);
    standing(&view, &attempt)
}

#[test]
fn grant_is_not_in_force_once_a_party_acts_no_more() {
    let remove = |id: &str| Measure::Remove {
        agency: id.parse().unwrap(),
        reason: "merged".parse().unwrap(),
    };
    let change = |id: &str, standing: Standing| Measure::ChangeStanding {
        agency: id.parse().unwrap(),
        standing,
        key: None,
    };
    let host = |id: &str| {
        let sponsor = "civil.gd".parse().unwrap();
        let hosted = Standing::Hosted { sponsor, until: BEGIN.plus(HOUR_MS) };
        vec![change(id, Standing::Observer), change(id, hosted)]
    };
    assert_eq!(standing_after(vec![]), GrantStanding::InForce);
    assert_eq!(standing_after(vec![remove("tax.gd")]), GrantStanding::RequesterLeft);
    assert_eq!(standing_after(vec![remove("health.gd")]), GrantStanding::ProviderLeft);
    assert_eq!(standing_after(host("tax.gd")), GrantStanding::RequesterHostingOver);
    assert_eq!(standing_after(host("health.gd")), GrantStanding::ProviderHostingOver);
}

#[test]
fn datasets_are_found_by_state_and_sharing_and_keep_their_versions() {
    let mut chain = Chain::new();
    let ids = ["health.gd/a", "health.gd/b", "health.gd/c"];
    let records = ids.map(|id| chain.publish(id));
    chain.push(records.into());
    let mut changed = dataset("health.gd/a");
    changed.sharing = Sharing::Unconditional;
    let reason = || "under review".parse().unwrap();
    let id = |id: &str| id.parse().unwrap();
    for action in [
        Action::AmendDataset { dataset: changed.clone(), version: 1 },
        Action::SuspendDataset { dataset: id("health.gd/b"), reason: reason() },
        Action::SuspendDataset { dataset: id("health.gd/c"), reason: reason() },
        Action::WithdrawDataset { dataset: id("health.gd/c"), reason: reason() },
    ] {
        let record = chain.steward(action);
        chain.push(vec![record]);
    }
    let (_dir, view) = view_of(&chain);
    let at = view.snapshot();
    let found = |filter: &DatasetFilter| -> Vec<String> {
        let page = view.datasets(&at, filter, None, 9).unwrap();
        page.found.iter().map(|found| found.dataset.id.slug.to_string()).collect()
    };
    let all = DatasetFilter::default();
    let state = |state| DatasetFilter { state: Some(state), ..all.clone() };
    assert_eq!(found(&state(DatasetState::Listed)), ["a"]);
    assert_eq!(found(&state(DatasetState::Suspended)), ["b"]);
    assert_eq!(found(&state(DatasetState::Withdrawn)), ["c"]);
    let open = DatasetFilter { sharing: Some(Sharing::Unconditional), ..all.clone() };
    assert_eq!(found(&open), ["a"]);
    let both = DatasetFilter { sharing: Some(Sharing::Conditional), ..state(DatasetState::Listed) };
    assert_eq!(found(&both), [""; 0]);

    let present = at.dataset(&id("health.gd/a")).unwrap();
    let versions = at.dataset_versions(&present, 1, 9);
    assert_eq!(versions.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(versions[0].1.dataset, dataset("health.gd/a"));
    assert_eq!((&versions[1].1.dataset, versions[1].1.version_at), (&changed, LogIndex(3)));
    assert_eq!(at.dataset_versions(&present, 2, 9).len(), 1);
    assert_eq!(at.dataset_versions(&present, 1, 1).len(), 1);
    assert_eq!(at.dataset_versions(&present, 3, 9), []);
}
