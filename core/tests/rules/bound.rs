//! Grants that bind: what officers named, undertakings, narrowing, extending and passing on come to.
//! Holds: no derived grant exceeds the one above it; quotas are exact in any order.

use comity_core::access::AccessRefusal;
use comity_core::agency::KeyRole;
use comity_core::binding::{Bearers, Promise, Side};
use comity_core::dataset::{Dataset, Items};
use comity_core::duty::{self, DutyEnd, DutyObject, DutyState};
use comity_core::grant::{Grant, GrantTerms, GrantVersion, TermField};
use comity_core::ids::{GrantId, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::refusal::{GrantRefusal, Refusal};
use comity_core::state::{self, StateKey};
use comity_core::statement::{Action, VerifiedRecord};

use crate::bindings::{
    because, by, derived, longer, refused, undertakings, used, wide, without_onward,
};
use crate::chance::Chance;
use crate::governance::removal;
use crate::refusals::wrong_signer;
use crate::story::{
    CIVIL, FINANCE, HEALTH, Story, dataset, new_key, secret, signed_by, signed_by_officer, terms,
    text,
};

const DAY_MS: u64 = 86_400_000;

#[test]
fn a_grant_that_names_posts_or_keys_lets_no_other_officer_use_it() {
    let desk = new_key(1);
    for officers in [Bearers::Posts([text("A post")].into()), Bearers::Keys([desk.public()].into())]
    {
        let (mut story, _) = Story::with_grant(terms());
        let registered = story.register(FINANCE, KeyRole::Officer, &desk, None);
        story.commit(vec![registered]);
        let grant = story.issue(GrantTerms { officers, ..terms() });
        let attempt = story.attempt(grant);
        let judged = |key: &SecretKey| {
            let mut attempt = attempt.clone();
            attempt.officer = key.public();
            story.ledger.evaluate(&signed_by(key, attempt).attempt, story.now).err()
        };
        assert_eq!(judged(&desk), None);
        let other = secret(FINANCE, KeyRole::Officer);
        assert_eq!(judged(&other), Some(AccessRefusal::OfficerNotNamed));
    }
}

#[test]
fn a_narrowed_grant_lets_less_through_and_keeps_what_it_was() {
    let (mut story, grant) = Story::with_grant(terms());
    let access = story.access(grant);
    story.commit(vec![access]);
    let less = GrantTerms { total_quota: Some(1), ..terms() };
    let record = story.narrowing(grant, less.clone(), 1);
    let at = story.commit(vec![record]);
    let used_up = story.access(grant);
    let refusal = Refusal::Access(AccessRefusal::QuotaUsed { limit: 1 });
    assert_eq!(story.check(&used_up), Err(refusal), "what was used before counts");
    let granted = story.granted(grant);
    assert_eq!((granted.version, granted.version_at, &granted.terms), (2, at, &less));
    let earlier: GrantVersion =
        state::read(&story.ledger, &StateKey::GrantVersion(grant, 1)).unwrap();
    assert_eq!(earlier, GrantVersion { terms: terms(), version_at: grant.0 });
}

#[test]
fn a_grant_is_narrowed_even_where_it_could_not_be_issued_any_longer() {
    let (mut story, grant) = Story::with_grant(terms());
    let listed = story.dataset_without("income");
    story.amend(listed, 1).unwrap();
    let record = story.narrowing(grant, GrantTerms { daily_quota: Some(1), ..terms() }, 1);
    assert_eq!(story.check(&record), Ok(()));
    let record = story.extending_grant(grant, longer(), 1);
    let refusal = Refusal::ItemUnknown { item: "income".parse().unwrap() };
    assert_eq!(story.check(&record), Err(refusal), "an extension is a new approval");
}

impl Story {
    pub(crate) fn dataset_without(&self, item: &str) -> Dataset {
        let mut listed = dataset();
        listed.items.retain(|one| one.name.as_str() != item);
        listed
    }
}

#[test]
fn an_extended_grant_permits_more_and_may_add_undertakings() {
    let (mut story, grant) = Story::with_grant(terms());
    let longer = GrantTerms { items: Items::All, undertakings: undertakings(), ..longer() };
    let record = story.extending_grant(grant, longer.clone(), 1);
    story.commit(vec![record]);
    assert_eq!(story.granted(grant).terms, longer);
    story.pass_until(terms().not_after);
    let access = story.access(grant);
    assert_eq!(story.check(&access), Ok(()));
}

#[test]
fn a_derived_grant_is_in_force_only_while_the_one_above_it_is() {
    let narrowed = |terms: GrantTerms| {
        move |story: &mut Story, parent: GrantId| {
            let record = story.narrowing(parent, terms, 1);
            story.commit(vec![record]);
        }
    };
    let (mut story, _) = Story::with_grant(terms());
    let (parent, below) = story.passed_on(wide(), derived());
    assert_eq!(story.refuses_below(below), None);
    let check = |rule: &str, happen: &dyn Fn(&mut Story, GrantId)| {
        let mut story = story.clone();
        happen(&mut story, parent);
        assert_eq!(story.refuses_below(below), Some(because(parent, rule)));
        let granted = story.granted(below);
        let at = story.ledger.next_position(story.now);
        let in_force = comity_core::apply::accesses::check_in_force(&story.ledger, at, &granted);
        let covers = ["matter-not-covered", "item-not-covered", "mode-not-covered", "quota-used"];
        assert_eq!(in_force.is_ok(), covers.contains(&rule), "{rule}");
    };
    check("grant-revoked", &|story, parent| {
        let record = story.revoke_grant(parent);
        story.commit(vec![record]);
    });
    check("grant-suspended", &|story, parent| {
        let record = story.pause_grant(parent);
        story.commit(vec![record]);
    });
    check("requester-left", &|story, _| {
        story.pass(removal(FINANCE));
    });
    let soon = story.now.plus(5_000);
    check("grant-expired", &|story, parent| {
        narrowed(GrantTerms { not_after: soon, ..wide() })(story, parent);
        story.now = soon;
    });
    check("onward-not-allowed", &|story, parent| {
        narrowed(GrantTerms { onward: [].into(), ..wide() })(story, parent);
    });
    check("item-not-covered", &|story, parent| {
        let items = Items::Only(["name".parse().unwrap()].into());
        narrowed(GrantTerms { items, ..wide() })(story, parent);
    });
    check("quota-used", &|story, parent| {
        let access = story.access(parent);
        story.commit(vec![access]);
        narrowed(GrantTerms { total_quota: Some(1), ..wide() })(story, parent);
    });
}

#[test]
fn what_is_final_above_is_named_before_what_only_pauses_below() {
    let (mut story, _) = Story::with_grant(terms());
    let (parent, below) = story.passed_on(wide(), derived());
    let action = Action::SuspendGrant { grant: below, reason: text("under review") };
    let pause = story.record(FINANCE, KeyRole::Steward, action);
    let revocation = story.revoke_grant(parent);
    story.commit(vec![pause, revocation]);
    assert_eq!(story.refuses_below(below), Some(because(parent, "grant-revoked")));
}

#[test]
fn who_passed_a_grant_on_decides_about_it_and_the_owner_may_end_it() {
    let (mut story, _) = Story::with_grant(terms());
    let (_, below) = story.passed_on(wide(), derived());
    let less = GrantTerms { total_quota: Some(1), ..derived() };
    let narrow = Action::NarrowGrant { grant: below, terms: less, version: 1 };
    let suspend = Action::SuspendGrant { grant: below, reason: text("under review") };
    let revoke = Action::RevokeGrant { grant: below, reason: text("no longer needed") };
    for action in [narrow, suspend] {
        let by_owner = story.steward(action.clone());
        assert_eq!(story.check(&by_owner), Err(wrong_signer(FINANCE, KeyRole::Steward)));
        let record = story.record(FINANCE, KeyRole::Steward, action);
        story.commit(vec![record]);
    }
    for member in [CIVIL, FINANCE] {
        let record = story.record(member, KeyRole::Steward, revoke.clone());
        assert_eq!(story.check(&record), Ok(()), "{member}");
    }
    let record = story.record(HEALTH, KeyRole::Steward, revoke);
    assert_eq!(story.check(&record), Err(wrong_signer(FINANCE, KeyRole::Steward)));
}

#[test]
fn an_access_below_is_charged_to_both_grants() {
    let (mut story, _) = Story::with_grant(terms());
    let quota = GrantTerms { total_quota: Some(3), daily_quota: Some(3), ..wide() };
    let below = GrantTerms { total_quota: Some(2), daily_quota: Some(2), ..derived() };
    let (parent, below) = story.passed_on(quota, below);
    let records = vec![story.access_below(below), story.access(parent), story.access_below(below)];
    story.commit(records);
    let (above, under) = (state::usage(&story.ledger, parent), state::usage(&story.ledger, below));
    assert_eq!((above.total, above.on_day, above.onward), (3, 3, 2));
    assert_eq!((under.total, under.on_day, under.onward), (2, 2, 0));
    let used = story.refuses_below(below);
    assert_eq!(used, Some(AccessRefusal::QuotaUsed { limit: 2 }), "the own quota is named first");
    let (first, delivered) = (story.granted(parent).first_use, story.granted(parent).delivered);
    assert_eq!(first.unwrap().at, delivered.unwrap().at);
    assert_eq!(first.unwrap().at.0, below.0.0 + 2, "an access below is none of the requester's");
}

#[test]
fn quotas_above_and_below_are_exact_whatever_the_order_in_the_block() {
    let (mut story, _) = Story::with_grant(terms());
    let above = GrantTerms { total_quota: Some(5), ..wide() };
    let (parent, first) = story.passed_on(above, GrantTerms { total_quota: Some(3), ..derived() });
    let second = story.passing_on(parent, GrantTerms { total_quota: Some(4), ..derived() });
    let second = GrantId(story.commit(vec![second]));
    let mut accesses = Vec::new();
    for _ in 0..4 {
        accesses.push((parent, story.access(parent)));
        accesses.push((first, story.access_below(first)));
        accesses.push((second, story.access_below(second)));
    }
    let mut chance = Chance(7);
    let mut met = std::collections::BTreeSet::new();
    for _ in 0..200 {
        chance.shuffle(&mut accesses);
        let built = story.build(accesses.iter().map(|(_, record)| record.clone()).collect());
        // A naive count: each in its turn, where there is room in all that it is charged to.
        let (mut total, mut of_first, mut of_second) = (0, 0, 0);
        let mut refused = Vec::new();
        for (grant, record) in &accesses {
            let own = match *grant {
                id if id == first => (&mut of_first, 3),
                id if id == second => (&mut of_second, 4),
                _ => (&mut 0, 99),
            };
            let refusal = match (*own.0 < own.1, total < 5) {
                (true, true) => {
                    *own.0 += 1;
                    total += 1;
                    continue;
                }
                (false, _) => AccessRefusal::QuotaUsed { limit: own.1 },
                _ if *grant == parent => AccessRefusal::QuotaUsed { limit: 5 },
                _ => because(parent, "quota-used"),
            };
            met.insert(refusal.rule());
            refused.push((record.leaf(), Refusal::Access(refusal)));
        }
        assert_eq!(built.refused, refused);
        assert_eq!(built.executed.records.len(), 5);
    }
    assert_eq!(met.len(), 2, "both quotas were met");
}

/// What a random history did to a grant and those derived from it.
#[derive(Default)]
struct Tally {
    /// The grant that was derived last.
    below: Option<GrantId>,
    allowed: usize,
    derivations: usize,
}

impl Tally {
    /// Looks at what a record, now committed at `at`, has made of the grants below `parent`.
    fn look(
        &mut self,
        story: &Story,
        record: &VerifiedRecord,
        (parent, at): (GrantId, GrantId),
        place: &str,
    ) {
        let (agency, above) = (HEALTH.parse().unwrap(), story.granted(parent).terms);
        match &record.statement().action {
            action @ (Action::IssueOnward { .. } | Action::ExtendGrant { .. }) => {
                if let Action::IssueOnward { .. } = action {
                    self.below = Some(at);
                    self.derivations += 1;
                }
                if let Some(id) = self.below
                    && story.granted(id).version_at == at.0
                {
                    let most = above.passed_on_to(&agency);
                    assert_eq!(story.granted(id).terms.beyond(&most), None, "{place}");
                }
            }
            Action::RecordAccess { attempt, .. } => {
                assert_eq!(above.items.missing(&attempt.attempt.items), None, "{place}");
                assert!(above.onward.contains(&agency) && story.now < above.not_after);
                let used = state::usage(&story.ledger, parent).total;
                assert!(above.total_quota.is_none_or(|quota| used <= quota), "{place}");
                self.allowed += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn no_derived_grant_exceeds_the_one_above_it_whatever_both_become() {
    let agency = HEALTH.parse().unwrap();
    let mut tally = Tally::default();
    for seed in 0..40 {
        tally.below = None;
        let mut chance = Chance(seed);
        let (mut story, _) = Story::with_grant(terms());
        let parent = story.issue(GrantTerms { total_quota: Some(4), ..any(&mut chance, wide()) });
        let mut below = None;
        for _ in 0..30 {
            let of_parent = story.granted(parent);
            let record = match (chance.below(6), below) {
                (0, _) => {
                    let terms = any(&mut chance, of_parent.terms.clone());
                    story.narrowing(parent, terms, of_parent.version)
                }
                (1, _) => {
                    let terms = any(&mut chance, wide());
                    story.extending_grant(parent, terms, of_parent.version)
                }
                (2, _) | (_, None) => {
                    let most = without_onward(of_parent.terms.passed_on_to(&agency));
                    let terms = any(&mut chance, most);
                    story.passing_on(parent, terms)
                }
                (3, Some(id)) => {
                    let granted: Grant = story.granted(id);
                    let terms = any(&mut chance, derived());
                    let version = granted.version;
                    let action = Action::ExtendGrant { grant: id, terms, version };
                    story.record(FINANCE, KeyRole::Steward, action)
                }
                (_, Some(id)) => {
                    let mut attempt = story.attempt_below(id).attempt;
                    attempt.items = some_items(&mut chance);
                    let signed = signed_by(&secret(HEALTH, KeyRole::Officer), attempt);
                    story.access_of(&signed)
                }
            };
            if story.check(&record).is_ok() {
                let at = GrantId(story.commit(vec![record.clone()]));
                let place = format!("seed {seed}, entry {at}");
                tally.look(&story, &record, (parent, at), &place);
                below = tally.below;
            }
        }
    }
    let Tally { allowed, derivations, .. } = tally;
    assert!(allowed > 50 && derivations > 40, "{allowed} accesses, {derivations} derivations");
}

fn some_items(chance: &mut Chance) -> Items {
    let names = ["name", "income", "address"];
    let count = 1 + chance.below(2);
    Items::Only((0..count).map(|_| chance.pick(&names).parse().unwrap()).collect())
}

/// Terms that differ from these in one thing or two.
fn any(chance: &mut Chance, mut terms: GrantTerms) -> GrantTerms {
    for _ in 0..=chance.below(2) {
        match chance.below(6) {
            0 => terms.items = some_items(chance),
            1 => terms.total_quota = Some(1 + chance.next() % 6),
            2 => terms.onward = [].into(),
            3 => terms.not_after = TimeMs(terms.not_after.0 - chance.next() % 90_000_000),
            4 => terms.items = Items::Only(["name", "income"].map(|i| i.parse().unwrap()).into()),
            _ => terms.daily_quota = Some(1 + chance.next() % 6),
        }
    }
    terms
}

#[test]
fn a_requester_owes_nothing_before_it_has_used_the_grant() {
    let (mut story, _) = Story::with_grant(terms());
    let grant = story.issue(GrantTerms { undertakings: undertakings(), ..terms() });
    assert_eq!(story.undertaken(grant), []);
    let access = story.access(grant);
    story.commit(vec![access]);
    let owed: Vec<_> = story.undertaken(grant);
    let objects: Vec<_> = owed.iter().map(|duty| duty.object.clone()).collect();
    let named = |number| DutyObject::Undertaking { grant, number };
    assert_eq!(objects, [named(1), named(2)]);
    assert!(owed.iter().all(|duty| duty.owed_by.as_str() == FINANCE));
    assert!(owed.iter().all(|duty| duty.owed_to.as_ref().unwrap().as_str() == CIVIL));
}

#[test]
fn what_was_received_is_deleted_in_time_after_the_grant_ended() {
    let (mut story, _) = Story::with_grant(terms());
    let grant = used(&mut story);
    assert_eq!(story.undertaken(grant)[0].began, terms().not_after);
    let revocation = story.revoke_grant(grant);
    let on = story.now;
    story.commit(vec![revocation]);
    let [delete, report] = &story.undertaken(grant)[..] else { panic!() };
    assert_eq!((delete.began, delete.end), (on, None));
    assert_eq!(delete.due, duty::due(&story.ledger, &FINANCE.parse().unwrap(), on, 30));
    assert_eq!(report.end, Some(DutyEnd::Released(on)), "nothing more is used");
    assert_eq!(delete.state(delete.due), DutyState::Lapsed);
    story.pass_until(delete.due);
    let record = story.fulfilling(FINANCE, grant, 1);
    story.commit(vec![record]);
    assert_eq!(story.undertaken(grant)[0].state(story.now), DutyState::MetLate);
}

#[test]
fn each_report_on_the_use_begins_the_next_period() {
    let (mut story, _) = Story::with_grant(terms());
    let grant = used(&mut story);
    let first = story.undertaken(grant)[1].clone();
    assert_eq!(first.began, story.granted(grant).first_use.unwrap().on);
    story.pass_until(story.now.plus(3 * DAY_MS));
    for count in 1..=2 {
        let on = story.now;
        let record = story.fulfilling(FINANCE, grant, 2);
        let at = story.commit(vec![record]);
        let fulfilment = *story.granted(grant).fulfilment(2).unwrap();
        assert_eq!((fulfilment.count, fulfilment.last.at, fulfilment.last.on), (count, at, on));
        assert_eq!(story.undertaken(grant)[1].began, on);
    }
}

#[test]
fn the_provider_tells_of_each_version_of_the_dataset() {
    let (mut story, _) = Story::with_grant(terms());
    let grant = used(&mut story);
    let on = story.now;
    story.amend(story.dataset_without("address"), 1).unwrap();
    let owed = story.undertaken(grant).pop().unwrap();
    assert_eq!((owed.object, owed.began), (DutyObject::Undertaking { grant, number: 3 }, on));
    assert_eq!((owed.owed_by.as_str(), owed.end), (CIVIL, None));
    let record = story.fulfilling(CIVIL, grant, 3);
    let told = story.now;
    story.commit(vec![record]);
    assert_eq!(story.undertaken(grant).pop().unwrap().end, Some(DutyEnd::Done(told)));
    story.amend(dataset(), 2).unwrap();
    assert_eq!(story.undertaken(grant).pop().unwrap().end, None, "the next version is news again");
}

#[test]
fn the_end_of_the_grant_above_begins_the_deletion_below() {
    let (mut story, _) = Story::with_grant(terms());
    let promised = vec![by(Side::Requester, Promise::DeleteAfterDays(10))];
    let above = GrantTerms { undertakings: promised.clone(), ..wide() };
    let parent = story.issue(above);
    let without = story.passing_on(parent, derived());
    let field = TermField::Undertakings;
    let refusal = refused(GrantRefusal::OnwardBeyond { parent, field });
    assert_eq!(story.check(&without), Err(refusal), "what was undertaken goes down with it");
    let sooner = vec![by(Side::Requester, Promise::DeleteAfterDays(5))];
    let record = story.passing_on(parent, GrantTerms { undertakings: sooner, ..derived() });
    let below = GrantId(story.commit(vec![record]));
    let access = story.access_below(below);
    story.commit(vec![access]);
    let on = story.now;
    let revocation = story.revoke_grant(parent);
    story.commit(vec![revocation]);
    let [delete] = &story.undertaken(below)[..] else { panic!() };
    assert_eq!((delete.began, delete.owed_by.as_str()), (on, HEALTH));
    assert_eq!(delete.owed_to.as_ref().unwrap().as_str(), FINANCE, "who passed it on");
    let record = story.fulfilling(HEALTH, below, 1);
    assert_eq!(story.check(&record), Ok(()));
    assert_eq!(story.undertaken(parent), [], "its own requester never used it");
}

#[test]
fn terms_go_beyond_others_in_what_binds_as_well() {
    let posts = |names: &[&str]| Bearers::Posts(names.iter().map(|name| text(name)).collect());
    let delete = |days| vec![by(Side::Requester, Promise::DeleteAfterDays(days))];
    let asked =
        GrantTerms { officers: posts(&["Desk 1", "Desk 2"]), undertakings: delete(10), ..wide() };
    let beyond = [
        (TermField::Officers, GrantTerms { officers: Bearers::All, ..asked.clone() }),
        (TermField::Officers, GrantTerms { officers: posts(&["Desk 3"]), ..asked.clone() }),
        (
            TermField::Onward,
            GrantTerms { onward: ["audit.gd".parse().unwrap()].into(), ..asked.clone() },
        ),
        (TermField::Undertakings, GrantTerms { undertakings: vec![], ..asked.clone() }),
        (TermField::Undertakings, GrantTerms { undertakings: delete(11), ..asked.clone() }),
    ];
    for (field, terms) in beyond {
        assert_eq!(terms.beyond(&asked), Some(field));
    }
    let more = GrantTerms {
        officers: posts(&["Desk 2"]),
        onward: [].into(),
        undertakings: [delete(9), undertakings()[1..].to_vec()].concat(),
        ..asked.clone()
    };
    assert_eq!(more.beyond(&asked), None);
    let provider = vec![by(Side::Provider, Promise::NotifyChangeDays(5))];
    let asked = GrantTerms { undertakings: provider, ..terms() };
    assert_eq!(terms().beyond(&asked), None, "what a provider undertakes permits nothing");
}

#[test]
fn signed_attempts_of_the_usual_officer_pass_where_the_post_is_named() {
    let (mut story, _) = Story::with_grant(terms());
    let officers = Bearers::Posts([text("Duty desk")].into());
    let grant = story.issue(GrantTerms { officers, ..terms() });
    let attempt = signed_by_officer(story.attempt(grant));
    assert!(story.ledger.evaluate(&attempt.attempt, story.now).is_ok());
}
