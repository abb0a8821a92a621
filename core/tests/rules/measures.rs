//! Measures: what each changes, and why it may not.

use std::collections::BTreeSet;

use comity_core::agency::{KeyRole, Standing};
use comity_core::genesis::{GenesisKey, GenesisMember, NO_CONSORTIUM, Params};
use comity_core::governance::{MAX_ELECTORATE, Measure, Office};
use comity_core::keys::{PublicKey, SecretKey};
use comity_core::refusal::{MeasureFault, Refusal};
use comity_core::state::{self, StateKey};
use comity_core::statement::{Action, RecordError, VerifiedRecord};
use comity_core::text::AgencyId;
use comity_core::validators::MAX_TOTAL_POWER;

use crate::governance::{ARCHIVE, AUTHORITY, VILLAGE, removal, unfit};
use crate::source::{parts, variant};
use crate::story::{
    CIVIL, HEALTH, HOUR_MS, MEMBERS, Story, genesis, member_of, new_key, secret, terms, text,
};

fn standing_of(agency: &str, standing: Standing) -> Measure {
    Measure::ChangeStanding { agency: agency.parse().unwrap(), standing, key: None }
}

/// A measure that cannot be carried out, and why.
type Unfit = fn(&mut Story) -> (Measure, MeasureFault);

/// Measures that cannot be carried out.
const UNFIT: &[Unfit] = &[
    |story| (story.admission(CIVIL, Standing::Observer), MeasureFault::AgencyExists),
    |story| {
        story.pass(removal(HEALTH));
        (story.admission(HEALTH, Standing::Observer), MeasureFault::AgencyExists)
    },
    |story| {
        let mut member = story.joiner(ARCHIVE, Standing::Observer);
        member.agency.standing = Standing::Validator { power: 1 };
        (Measure::Admit { member: Box::new(member) }, MeasureFault::Keys)
    },
    |story| {
        let standing = Standing::Hosted {
            sponsor: VILLAGE.parse().unwrap(),
            until: story.now.plus(1_000_000),
        };
        (story.admission(ARCHIVE, standing), MeasureFault::Sponsor)
    },
    |story| {
        let standing = story.hosting(story.now);
        (story.admission(ARCHIVE, standing), MeasureFault::HostingOver)
    },
    |story| {
        (story.admission(ARCHIVE, Standing::Validator { power: 0 }), MeasureFault::ValidatorSet)
    },
    |_| (removal(AUTHORITY), MeasureFault::IsAuthority),
    |story| {
        let standing = story.hosting(story.now.plus(1_000_000));
        story.pass(story.admission(VILLAGE, standing));
        (removal(CIVIL), MeasureFault::IsSponsor)
    },
    |story| {
        // A steward's key is the admin's business.
        let key = story.key_of(CIVIL, KeyRole::Steward, &new_key(1));
        let (agency, old) =
            (CIVIL.parse().unwrap(), Some(secret(CIVIL, KeyRole::Steward).public()));
        let measure = Measure::ReplaceKey { agency, old, new: Some(key), suspect_since: None };
        (measure, MeasureFault::KeyRole)
    },
    |story| {
        // An admin key does not take a transport key's place.
        let key = story.key_of(CIVIL, KeyRole::Admin, &new_key(1));
        let old = Some(secret(CIVIL, KeyRole::Transport).public());
        let agency = CIVIL.parse().unwrap();
        let measure = Measure::ReplaceKey { agency, old, new: Some(key), suspect_since: None };
        (measure, MeasureFault::KeyRole)
    },
    |story| {
        // A second validator key beside the first.
        let new = Some(story.key_of(CIVIL, KeyRole::Validator, &new_key(1)));
        let agency = CIVIL.parse().unwrap();
        let measure = Measure::ReplaceKey { agency, old: None, new, suspect_since: None };
        (measure, MeasureFault::KeyRole)
    },
    |_| {
        let (agency, old) = (CIVIL.parse().unwrap(), Some(secret(CIVIL, KeyRole::Admin).public()));
        let measure = Measure::ReplaceKey { agency, old, new: None, suspect_since: None };
        (measure, MeasureFault::AdminCount)
    },
    |story| {
        let standing = story.hosting(story.now.plus(1_000_000));
        let agency = CIVIL.parse().unwrap();
        (Measure::ChangeStanding { agency, standing, key: None }, MeasureFault::Standing)
    },
    |_| {
        let agency = CIVIL.parse().unwrap();
        let standing = Standing::Validator { power: 1 };
        (Measure::ChangeStanding { agency, standing, key: None }, MeasureFault::NothingChanges)
    },
    |_| {
        let params = Params { block_records: 0, ..Params::default() };
        (Measure::ChangeParams { params }, MeasureFault::Parameters)
    },
    |_| (Measure::ChangeParams { params: Params::default() }, MeasureFault::NothingChanges),
    |_| (Measure::ActivateVersion { version: 1 }, MeasureFault::Version),
    // Each version is activated by itself.
    |_| (Measure::ActivateVersion { version: 3 }, MeasureFault::Version),
    |story| {
        story.pass(standing_of(AUTHORITY, Standing::Observer));
        let standing = story.hosting(story.now.plus(HOUR_MS));
        (standing_of(AUTHORITY, standing), MeasureFault::IsAuthority)
    },
    |story| {
        let standing = story.hosting(story.now.plus(HOUR_MS));
        story.pass(story.admission(VILLAGE, standing));
        story.pass(standing_of(CIVIL, Standing::Observer));
        let sponsor = HEALTH.parse().unwrap();
        let standing = Standing::Hosted { sponsor, until: story.now.plus(HOUR_MS) };
        (standing_of(CIVIL, standing), MeasureFault::IsSponsor)
    },
    |story| {
        // Nobody hosts itself.
        story.pass(standing_of(CIVIL, Standing::Observer));
        let standing = story.hosting(story.now.plus(HOUR_MS));
        (standing_of(CIVIL, standing), MeasureFault::Sponsor)
    },
    |story| {
        // From hosted to validator by way of observer.
        let standing = story.hosting(story.now.plus(HOUR_MS));
        story.pass(story.admission(VILLAGE, standing));
        (standing_of(VILLAGE, Standing::Validator { power: 1 }), MeasureFault::Standing)
    },
    |story| {
        // A node needs a key on the network.
        let standing = story.hosting(story.now.plus(HOUR_MS));
        story.pass(story.admission(VILLAGE, standing));
        (standing_of(VILLAGE, Standing::Observer), MeasureFault::Keys)
    },
    |story| {
        // A second note key beside the first.
        let new = Some(story.key_of(CIVIL, KeyRole::Note, &new_key(1)));
        let agency = CIVIL.parse().unwrap();
        let measure = Measure::ReplaceKey { agency, old: None, new, suspect_since: None };
        (measure, MeasureFault::Keys)
    },
    |story| {
        // Who has no node signs no checkpoints.
        let standing = story.hosting(story.now.plus(HOUR_MS));
        story.pass(story.admission(VILLAGE, standing));
        let new = Some(story.key_of(VILLAGE, KeyRole::Note, &new_key(1)));
        let agency = VILLAGE.parse().unwrap();
        let measure = Measure::ReplaceKey { agency, old: None, new, suspect_since: None };
        (measure, MeasureFault::Keys)
    },
    |_| {
        let agency = CIVIL.parse().unwrap();
        let measure = Measure::ReplaceKey { agency, old: None, new: None, suspect_since: None };
        (measure, MeasureFault::KeyRole)
    },
    // One more than all may have, and more than a sum can hold.
    |_| {
        let standing = Standing::Validator { power: MAX_TOTAL_POWER - 2 };
        (standing_of(CIVIL, standing), MeasureFault::ValidatorSet)
    },
    |_| {
        let standing = Standing::Validator { power: u64::MAX };
        (standing_of(CIVIL, standing), MeasureFault::ValidatorSet)
    },
    |story| {
        // The last validator goes on.
        for member in &MEMBERS[1..] {
            story.pass(standing_of(member, Standing::Observer));
        }
        (standing_of(AUTHORITY, Standing::Observer), MeasureFault::ValidatorSet)
    },
    |_| {
        let agency = AUTHORITY.parse().unwrap();
        (Measure::ChangeAuthority { agency }, MeasureFault::NothingChanges)
    },
    |_| {
        let agencies = [AUTHORITY.parse().unwrap()].into();
        (Measure::Appoint { office: Office::Supervisor, agencies }, MeasureFault::Office)
    },
    |story| {
        let agencies = [CIVIL.parse().unwrap()].into();
        story.pass(Measure::Appoint { office: Office::Supervisor, agencies });
        let agency = CIVIL.parse().unwrap();
        (Measure::ChangeAuthority { agency }, MeasureFault::Office)
    },
    |_| {
        let agency = CIVIL.parse().unwrap();
        let measure = Measure::ChangeOperator { agency, operated_by: text("") };
        (measure, MeasureFault::NothingChanges)
    },
    |story| {
        let emergency = story.flooded();
        let measure = Measure::RenewEmergency { emergency, until: story.now };
        (measure, MeasureFault::Emergency)
    },
];

#[test]
fn every_measure_that_cannot_be_carried_out_is_refused_when_it_is_proposed() {
    let mut tried = BTreeSet::new();
    for case in UNFIT {
        let (mut story, _) = Story::with_grant(terms());
        let (measure, fault) = case(&mut story);
        let record = story.proposing(AUTHORITY, measure);
        assert_eq!(story.check(&record), Err(unfit(fault)));
        tried.insert(variant(&fault));
    }
    let declared = parts(include_str!("../../src/refusal/found.rs"), "pub enum MeasureFault");
    let untried: Vec<_> = declared.difference(&tried).collect();
    assert_eq!(untried, ["TooManyMembers"], "has a test of its own");
}

/// An observer with keys that nobody else has.
fn observer(number: usize) -> GenesisMember {
    let mut member = member_of(CIVIL, &NO_CONSORTIUM);
    let id: AgencyId = format!("observer-{number}.gd").parse().unwrap();
    member.keys.retain(|key| matches!(key.role, KeyRole::Transport | KeyRole::Admin));
    for (place, key) in member.keys.iter_mut().enumerate() {
        let mut seed = [0x55; 32];
        seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
        seed[8] = u8::try_from(place).unwrap();
        let secret = SecretKey::from_seed(&seed);
        key.key = secret.public();
        key.possession = secret.sign_possession(&NO_CONSORTIUM, &id, key.role);
    }
    member.agency.operated_by = text(id.as_str());
    member.agency.standing = Standing::Observer;
    member.agency.id = id;
    member
}

#[test]
fn as_many_members_as_there_may_be_admit_no_other() {
    let mut genesis = genesis(Params::default());
    genesis.members.extend((MEMBERS.len()..MAX_ELECTORATE).map(observer));
    genesis.members.sort_by(|a, b| a.agency.id.cmp(&b.agency.id));
    let mut story = Story::founded_by(genesis);
    let measure = story.admission(ARCHIVE, Standing::Observer);
    let record = story.proposing(AUTHORITY, measure);
    assert_eq!(story.check(&record), Err(unfit(MeasureFault::TooManyMembers)));
}

#[test]
fn a_key_that_a_measure_brings_in_must_prove_that_it_is_held() {
    let mut story = Story::new(Params::default());
    let mut member = story.joiner(ARCHIVE, Standing::Observer);
    member.keys[0].possession = member.keys[1].possession;
    let measure = Measure::Admit { member: Box::new(member) };
    let draft = story.draft(AUTHORITY, KeyRole::Admin, Action::OpenProposal { measure });
    let verified = VerifiedRecord::verify(&draft.signed().to_bytes(), &story.consortium());
    assert!(matches!(verified, Err(RecordError::Possession(_))));
}

#[test]
fn keys_of_nodes_and_admins_are_replaced_and_the_old_ones_end() {
    let mut story = Story::new(Params::default());
    let new = new_key(1);
    let at = story.pass(story.replacement(CIVIL, KeyRole::Validator, &new));
    let own = story.ledger.validators().by_agency(&CIVIL.parse().unwrap()).unwrap();
    assert_eq!(own.key, new.public());
    let old = state::key(&story.ledger, &secret(CIVIL, KeyRole::Validator).public()).unwrap();
    assert_eq!(old.revoked.unwrap().at, at);

    let mut story = Story::new(Params::default());
    story.pass(story.replacement(CIVIL, KeyRole::Admin, &new));
    let steward = story.register(CIVIL, KeyRole::Steward, &new_key(2), None);
    assert!(matches!(story.check(&steward), Err(Refusal::SignerRevoked { .. })));
    let action = Action::RevokeKey {
        key: secret(CIVIL, KeyRole::Steward).public(),
        reason: text(""),
        suspect_since: None,
    };
    let record = story.draft_by(CIVIL, KeyRole::Admin, new, action).verified();
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn an_admin_key_may_be_added_and_taken_away_but_never_the_last() {
    let mut story = Story::new(Params::default());
    let second = new_key(1);
    let agency = || CIVIL.parse().unwrap();
    let new = Some(story.key_of(CIVIL, KeyRole::Admin, &second));
    let add = Measure::ReplaceKey { agency: agency(), old: None, new, suspect_since: None };
    story.pass(add);
    assert_eq!(state::official_keys(&story.ledger, &agency()).admins, 2);
    let take = |key: &SecretKey| Measure::ReplaceKey {
        agency: agency(),
        old: Some(key.public()),
        new: None,
        suspect_since: None,
    };
    story.pass(take(&second));
    let last = story.proposing(AUTHORITY, take(&secret(CIVIL, KeyRole::Admin)));
    assert_eq!(story.check(&last), Err(unfit(MeasureFault::AdminCount)));
}

#[test]
fn a_validator_may_become_an_observer_and_an_observer_a_validator_with_a_new_key() {
    let mut story = Story::new(Params::default());
    let agency = || HEALTH.parse().unwrap();
    let (standing, key) = (Standing::Observer, None);
    story.pass(Measure::ChangeStanding { agency: agency(), standing, key });
    assert_eq!(story.validators(), MEMBERS[..3]);
    let standing = || Standing::Validator { power: 2 };
    let again = Some(story.key_of(HEALTH, KeyRole::Validator, &secret(HEALTH, KeyRole::Validator)));
    let measure = Measure::ChangeStanding { agency: agency(), standing: standing(), key: again };
    let record = story.proposing(AUTHORITY, measure);
    let taken = Refusal::KeyTaken { agency: agency(), role: KeyRole::Validator };
    assert_eq!(story.check(&record), Err(taken));
    let key = Some(story.key_of(HEALTH, KeyRole::Validator, &new_key(1)));
    story.pass(Measure::ChangeStanding { agency: agency(), standing: standing(), key });
    assert_eq!(story.ledger.validators().total_power(), 5);
}

#[test]
fn operator_authority_and_parameters_change_by_ballot() {
    let mut story = Story::new(Params::default());
    let agency = || CIVIL.parse().unwrap();
    story.pass(Measure::ChangeOperator { agency: agency(), operated_by: text("A contractor") });
    let operated_by = state::agency(&story.ledger, &agency()).unwrap().operated_by;
    assert_eq!(operated_by.as_str(), "A contractor");
    story.pass(Measure::ChangeAuthority { agency: agency() });
    let authority = state::read(&story.ledger, &StateKey::CompetentAuthority);
    assert_eq!(authority, Some(agency()));
    let params = Params { heartbeat_ms: 5_000, ..Params::default() };
    story.pass(Measure::ChangeParams { params: params.clone() });
    assert_eq!(*story.ledger.params(), params);
}

#[test]
fn a_node_may_come_to_have_a_note_key_and_lose_it_but_never_its_transport_key() {
    let mut story = Story::new(Params::default());
    let change = |old: Option<PublicKey>, new: Option<GenesisKey>| Measure::ReplaceKey {
        agency: CIVIL.parse().unwrap(),
        old,
        new,
        suspect_since: None,
    };
    story.pass(change(Some(secret(CIVIL, KeyRole::Note).public()), None));
    let new = new_key(1);
    let begun = story.key_of(CIVIL, KeyRole::Note, &new);
    story.pass(change(None, Some(begun)));
    let official = state::official_keys(&story.ledger, &CIVIL.parse().unwrap());
    assert_eq!(official.note, Some(new.public()));
    let last = change(Some(secret(CIVIL, KeyRole::Transport).public()), None);
    let record = story.proposing(AUTHORITY, last);
    assert_eq!(story.check(&record), Err(unfit(MeasureFault::KeyRole)));
}

#[test]
fn a_member_moves_between_hosted_observer_and_validator_step_by_step() {
    let mut story = Story::new(Params::default());
    let village = || -> AgencyId { VILLAGE.parse().unwrap() };
    let hosting = story.hosting(story.now.plus(HOUR_MS));
    story.pass(story.admission(VILLAGE, hosting));
    let to = |story: &mut Story, standing: Standing, role: KeyRole, number: u8| {
        let key = Some(story.key_of(VILLAGE, role, &new_key(number)));
        story.pass(Measure::ChangeStanding { agency: village(), standing, key })
    };
    to(&mut story, Standing::Observer, KeyRole::Transport, 1);
    let own = state::official_keys(&story.ledger, &village());
    assert_eq!((own.transport, own.note), (Some(new_key(1).public()), None));
    // It has a ballot now: four of five are needed.
    let key = Some(story.key_of(VILLAGE, KeyRole::Validator, &new_key(2)));
    let standing = Standing::Validator { power: 1 };
    let votes = Measure::ChangeStanding { agency: village(), standing, key };
    story.pass(votes);
    assert_eq!(story.validators(), MEMBERS);
    story.vote(VILLAGE, story.last_proposal());
    assert_eq!(story.validators().len(), 5);
}

#[test]
fn a_node_that_is_given_up_takes_its_keys_and_its_ballot_with_it() {
    let mut story = Story::new(Params::default());
    story.pass(standing_of(HEALTH, Standing::Observer));
    let hosting = story.hosting(story.now.plus(HOUR_MS));
    let at = story.pass(standing_of(HEALTH, hosting));
    for role in [KeyRole::Transport, KeyRole::Note] {
        let key = state::key(&story.ledger, &secret(HEALTH, role).public()).unwrap();
        assert_eq!(key.revoked.map(|revoked| revoked.at), Some(at), "{role}");
    }
    let own = state::official_keys(&story.ledger, &HEALTH.parse().unwrap());
    assert_eq!((own.admins, own.transport, own.note), (1, None, None));
    let record = story.proposing(HEALTH, removal(CIVIL));
    let refusal = Refusal::NoBallot { agency: HEALTH.parse().unwrap() };
    assert_eq!(story.check(&record), Err(refusal));
}
