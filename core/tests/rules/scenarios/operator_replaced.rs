//! A contractor that ran a member's node is replaced, and with it every key that it had.

use comity_core::agency::KeyRole;
use comity_core::governance::Measure;
use comity_core::ids::LogIndex;
use comity_core::keys::SecretKey;
use comity_core::refusal::Refusal;
use comity_core::state;
use comity_core::statement::Action;
use comity_core::vote::CertificateError;

use crate::governance::{AUTHORITY, removal};
use crate::story::{CIVIL, FINANCE, HEALTH, Story, certificate, new_key, secret, terms, text};

/// What the members vote on, one by one.
const ROLES: [KeyRole; 4] = [KeyRole::Transport, KeyRole::Validator, KeyRole::Note, KeyRole::Admin];

fn next_key(role: KeyRole) -> SecretKey {
    new_key(100 + u8::try_from(ROLES.iter().position(|of| *of == role).unwrap()).unwrap())
}

/// The members replace all that the contractor of HEALTH had. Returns where each key ended.
fn replaced(story: &mut Story) -> [LogIndex; 4] {
    let measure = |name: &str| Measure::ChangeOperator {
        agency: HEALTH.parse().unwrap(),
        operated_by: text(name),
    };
    story.pass(measure("Harbour Cloud"));
    let ends = ROLES.map(|role| story.pass(story.replacement(HEALTH, role, &next_key(role))));
    story.pass(measure("Delta Systems"));
    ends
}

#[test]
fn no_key_of_the_contractor_counts_any_longer_and_what_it_signed_stays_proven() {
    let (mut story, _) = Story::with_grant(terms());
    let gateway = new_key(1);
    let record = story.register(HEALTH, KeyRole::Gateway, &gateway, None);
    let registered = story.commit(vec![record]);
    let ends = replaced(&mut story);

    // Its votes are none: two of the others and the old key are no quorum.
    let tip = story.ledger.tip();
    let old = certificate(&story.consortium(), tip, 0, &[AUTHORITY, CIVIL, HEALTH]);
    let refused = old.verify(&story.consortium(), story.ledger.validators());
    assert!(matches!(refused, Err(CertificateError::Stranger(_))), "{refused:?}");

    // The admin key that was kept "for the office" opens nothing.
    let by_old = story.proposing(HEALTH, removal(CIVIL));
    assert!(matches!(story.check(&by_old), Err(Refusal::SignerRevoked { .. })));
    let revoke = Action::RevokeKey {
        key: gateway.public(),
        reason: text("of the contractor"),
        suspect_since: Some(story.now),
    };
    let by_old = story.record(HEALTH, KeyRole::Admin, revoke.clone());
    assert!(matches!(story.check(&by_old), Err(Refusal::SignerRevoked { .. })));
    let by_new =
        story.draft_by(HEALTH, KeyRole::Admin, next_key(KeyRole::Admin), revoke).verified();
    let revoked = story.commit(vec![by_new]);

    let ledger = story.years_later();
    let agency = state::agency(&ledger, &HEALTH.parse().unwrap()).unwrap();
    assert_eq!(agency.operated_by.as_str(), "Delta Systems");
    for (role, at) in ROLES.into_iter().zip(ends) {
        let before = state::key(&ledger, &secret(HEALTH, role).public()).unwrap();
        assert_eq!(before.revoked.map(|end| end.at), Some(at), "{role}");
        let now = state::key(&ledger, &next_key(role).public()).unwrap();
        assert_eq!((now.role, now.revoked), (role, None));
    }
    let official = state::official_keys(&ledger, &HEALTH.parse().unwrap());
    assert_eq!(official.admins, 1);
    assert_eq!(official.transport, Some(next_key(KeyRole::Transport).public()));
    assert_eq!(official.note, Some(next_key(KeyRole::Note).public()));
    let of_gateway = state::key(&ledger, &gateway.public()).unwrap();
    assert_eq!(of_gateway.revoked.map(|end| end.at), Some(revoked));
    assert_eq!(
        of_gateway.registered_at,
        Some(registered),
        "it acted between the two, and nowhere else"
    );
}

#[test]
fn a_member_whose_keys_were_all_replaced_votes_and_decides_as_before() {
    let (mut story, _) = Story::with_grant(terms());
    replaced(&mut story);
    let health = HEALTH.parse().unwrap();
    let validator = story.ledger.validators().by_agency(&health).unwrap();
    assert_eq!(validator.key, next_key(KeyRole::Validator).public());
    assert_eq!(story.ledger.validators().total_power(), 4);
    // Its ballot, by the new admin key, is the third that is needed.
    let agency = CIVIL.parse().unwrap();
    let proposal = story.propose(Measure::ChangeOperator { agency, operated_by: text("Itself") });
    story.vote(FINANCE, proposal);
    let choice = comity_core::governance::Choice::For;
    let ballot = Action::CastBallot { proposal, choice };
    let record =
        story.draft_by(HEALTH, KeyRole::Admin, next_key(KeyRole::Admin), ballot).verified();
    story.commit(vec![record]);
    let operated_by = state::agency(&story.ledger, &CIVIL.parse().unwrap()).unwrap().operated_by;
    assert_eq!(operated_by.as_str(), "Itself");
    story.years_later();
}
