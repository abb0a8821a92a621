//! Proposals and ballots, who belongs, and equivocations on the log.

use std::collections::BTreeSet;

use comity_core::access::AccessRefusal;
use comity_core::agency::{KeyAlgorithm, KeyRole, Standing};
use comity_core::equivocation::Equivocation;
use comity_core::genesis::{GenesisKey, GenesisMember, Params};
use comity_core::governance::{Choice, Measure};
use comity_core::hash::HeaderHash;
use comity_core::ids::{Height, LogIndex, ProposalId, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::refusal::{MeasureFault, Refusal};
use comity_core::state::{self, StateKey};
use comity_core::statement::{Action, RecordError, VerifiedRecord};
use comity_core::vote::{Proposal, Vote, VoteKind};

use crate::refusals::Case;
use crate::source::{parts, variant};
use crate::story::{
    CIVIL, FINANCE, HEALTH, HOUR_MS, JOINERS, MEMBERS, Story, dataset_id, member_of, new_key,
    secret, signed_by_officer, terms, text,
};

const AUTHORITY: &str = "audit.gd";
const ARCHIVE: &str = JOINERS[0];
pub(crate) const VILLAGE: &str = JOINERS[1];

impl Story {
    pub(crate) fn proposing(&mut self, member: &str, measure: Measure) -> VerifiedRecord {
        self.record(member, KeyRole::Admin, Action::OpenProposal { measure })
    }

    pub(crate) fn ballot(
        &mut self,
        member: &str,
        proposal: ProposalId,
        choice: Choice,
    ) -> VerifiedRecord {
        self.record(member, KeyRole::Admin, Action::CastBallot { proposal, choice })
    }

    fn propose(&mut self, measure: Measure) -> ProposalId {
        let record = self.proposing(AUTHORITY, measure);
        ProposalId(self.commit(vec![record]))
    }

    fn vote(&mut self, member: &str, proposal: ProposalId) -> LogIndex {
        let record = self.ballot(member, proposal, Choice::For);
        self.commit(vec![record])
    }

    /// A measure that three of the four founders are for.
    pub(crate) fn pass(&mut self, measure: Measure) -> LogIndex {
        let proposal = self.propose(measure);
        self.vote(CIVIL, proposal);
        self.vote(FINANCE, proposal)
    }

    fn joiner(&self, id: &str, standing: Standing) -> GenesisMember {
        let mut member = member_of(id, &self.consortium());
        let keeps = |role: KeyRole| match standing {
            Standing::Validator { .. } => true,
            Standing::Observer => role != KeyRole::Validator,
            Standing::Hosted { .. } => {
                !matches!(role, KeyRole::Validator | KeyRole::Transport | KeyRole::Note)
            }
        };
        member.keys.retain(|key| keeps(key.role));
        member.agency.standing = standing;
        member
    }

    pub(crate) fn admission(&self, id: &str, standing: Standing) -> Measure {
        Measure::Admit { member: Box::new(self.joiner(id, standing)) }
    }

    pub(crate) fn hosting(&self, until: TimeMs) -> Standing {
        Standing::Hosted { sponsor: CIVIL.parse().unwrap(), until }
    }

    fn key_of(&self, agency: &str, role: KeyRole, key: &SecretKey) -> GenesisKey {
        GenesisKey {
            role,
            algorithm: KeyAlgorithm::Ed25519,
            key: key.public(),
            post: text(""),
            possession: key.sign_possession(&self.consortium(), &agency.parse().unwrap(), role),
        }
    }

    pub(crate) fn replacement(&self, agency: &str, role: KeyRole, new: &SecretKey) -> Measure {
        Measure::ReplaceKey {
            agency: agency.parse().unwrap(),
            old: Some(secret(agency, role).public()),
            new: Some(self.key_of(agency, role, new)),
            suspect_since: None,
        }
    }

    fn validators(&self) -> Vec<&str> {
        self.ledger.validators().members().iter().map(|v| v.agency.as_str()).collect()
    }
}

pub(crate) fn removal(agency: &str) -> Measure {
    Measure::Remove { agency: agency.parse().unwrap(), reason: text("dissolved") }
}

pub(crate) fn votes(key: &SecretKey, other: Option<HeaderHash>) -> Equivocation {
    let vote = |value| Vote {
        kind: VoteKind::Precommit,
        height: Height(7),
        round: 1,
        value,
        validator: key.public(),
    };
    let consortium = Story::new(Params::default()).consortium();
    let (first, second) = (vote(Some(HeaderHash([1; 32]))), vote(other));
    Equivocation::Votes {
        first_signature: key.sign_vote(&consortium, &first),
        second_signature: key.sign_vote(&consortium, &second),
        first,
        second,
    }
}

pub(crate) fn accusing(story: &mut Story, equivocation: Equivocation) -> VerifiedRecord {
    story.record(CIVIL, KeyRole::Validator, Action::RecordEquivocation { equivocation })
}

fn unfit(fault: MeasureFault) -> Refusal {
    Refusal::MeasureUnfit { fault }
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
    |_| {
        let agency = AUTHORITY.parse().unwrap();
        (Measure::ChangeAuthority { agency }, MeasureFault::NothingChanges)
    },
    |_| {
        let agency = CIVIL.parse().unwrap();
        let measure = Measure::ChangeOperator { agency, operated_by: text("") };
        (measure, MeasureFault::NothingChanges)
    },
];

/// Cases about governance.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let at = story.pass(removal(HEALTH));
        let action = Action::RevokeKey {
            key: secret(HEALTH, KeyRole::Officer).public(),
            reason: text(""),
            suspect_since: None,
        };
        let record = story.record(HEALTH, KeyRole::Admin, action);
        (record, Refusal::AgencyLeft { agency: HEALTH.parse().unwrap(), at })
    },
    |story| {
        let until = story.now.plus(HOUR_MS);
        let standing = story.hosting(until);
        story.pass(story.admission(VILLAGE, standing));
        story.pass_until(until);
        let record = story.register(VILLAGE, KeyRole::Officer, &new_key(1), None);
        (record, Refusal::HostingOver { agency: VILLAGE.parse().unwrap(), until })
    },
    |story| {
        let standing = story.hosting(story.now.plus(1_000_000));
        story.pass(story.admission(VILLAGE, standing));
        let record = story.proposing(VILLAGE, removal(HEALTH));
        (record, Refusal::NoBallot { agency: VILLAGE.parse().unwrap() })
    },
    |story| {
        let proposal = ProposalId(LogIndex(0));
        let record = story.ballot(CIVIL, proposal, Choice::For);
        (record, Refusal::ProposalUnknown { proposal })
    },
    |story| {
        let proposal = story.propose(removal(HEALTH));
        story.vote(CIVIL, proposal);
        let at = story.vote(FINANCE, proposal);
        let record = story.ballot(AUTHORITY, proposal, Choice::Against);
        (record, Refusal::ProposalPassed { proposal, at })
    },
    |story| {
        let opened_on = story.now;
        let proposal = story.propose(removal(HEALTH));
        let closes = opened_on.plus(Params::default().ballot_open_ms);
        story.pass_until(closes);
        let record = story.ballot(CIVIL, proposal, Choice::For);
        (record, Refusal::ProposalClosed { proposal, closes })
    },
    |story| {
        let proposal = story.propose(removal(HEALTH));
        let record = story.ballot(AUTHORITY, proposal, Choice::Against);
        (record, Refusal::BallotCast { at: proposal.0 })
    },
    |story| {
        let (measure, fault) = UNFIT[0](story);
        (story.proposing(CIVIL, measure), unfit(fault))
    },
    |story| {
        let record = accusing(story, votes(&secret(HEALTH, KeyRole::Admin), None));
        let (agency, role) = (HEALTH.parse().unwrap(), KeyRole::Admin);
        (record, Refusal::NotAValidator { agency, role })
    },
    |story| {
        let record = accusing(story, votes(&secret(HEALTH, KeyRole::Validator), None));
        let at = story.commit(vec![record]);
        // The same place, shown by another pair.
        let other = votes(&secret(HEALTH, KeyRole::Validator), Some(HeaderHash([2; 32])));
        (accusing(story, other), Refusal::EquivocationKnown { at })
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
    let declared = parts(include_str!("../../src/refusal.rs"), "pub enum MeasureFault");
    let untried: Vec<_> = declared.difference(&tried).collect();
    assert_eq!(
        untried,
        ["TooManyMembers"],
        "needs {} members",
        comity_core::governance::MAX_ELECTORATE
    );
}

#[test]
fn a_measure_passes_with_more_than_two_thirds_of_the_electorate_and_not_before() {
    let mut story = Story::new(Params::default());
    let proposal = story.propose(removal(HEALTH));
    story.vote(CIVIL, proposal);
    assert_eq!(story.validators(), MEMBERS, "two of four are not enough");
    let against = story.ballot(HEALTH, proposal, Choice::Against);
    story.commit(vec![against]);
    let at = story.vote(FINANCE, proposal);
    assert_eq!(story.validators(), MEMBERS[..3]);
    let stored = state::proposal(&story.ledger, proposal).unwrap();
    assert_eq!((stored.passed_at, stored.ballots.len()), (Some(at), 4));
    // The block that decides it is still made and certified by all four.
    assert_eq!(story.ledger.tip_validators().members().len(), 4);
    story.commit(vec![]);
    assert_eq!(story.ledger.tip_validators().members().len(), 3);
}

#[test]
fn ballots_of_those_who_left_do_not_count() {
    let mut story = Story::new(Params::default());
    let proposal = story.propose(Measure::ActivateVersion { version: 2 });
    story.vote(HEALTH, proposal);
    story.pass(removal(HEALTH));
    let stored = state::proposal(&story.ledger, proposal).unwrap();
    assert_eq!(stored.passed_at, None);
    // Of three, all must be for it: two are exactly two thirds.
    story.vote(CIVIL, proposal);
    assert_eq!(story.ledger.rules_version(), 1);
    story.vote(FINANCE, proposal);
    assert_eq!(story.ledger.rules_version(), 2);
}

#[test]
fn a_stale_measure_is_refused_with_the_ballot_that_would_pass_it() {
    let mut story = Story::new(Params::default());
    let proposal = story.propose(removal(HEALTH));
    story.vote(CIVIL, proposal);
    story.pass(removal(HEALTH));
    let record = story.ballot(FINANCE, proposal, Choice::For);
    let refusal = Refusal::AgencyUnknown { agency: HEALTH.parse().unwrap() };
    assert_eq!(story.check(&record), Err(refusal));
}

#[test]
fn an_admitted_validator_votes_from_the_next_height_and_has_a_ballot() {
    let mut story = Story::new(Params::default());
    story.pass(story.admission(ARCHIVE, Standing::Validator { power: 1 }));
    assert_eq!(
        story.validators(),
        ["archive.gd", "audit.gd", "civil.gd", "finance.gd", "health.gd"]
    );
    story.commit(vec![]);
    let proposal = story.propose(removal(HEALTH));
    story.vote(CIVIL, proposal);
    story.vote(ARCHIVE, proposal);
    assert_eq!(story.validators().len(), 5, "three of five are not enough");
    story.vote(FINANCE, proposal);
    assert_eq!(story.validators().len(), 4);
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
fn a_hosted_member_acts_within_its_time_and_its_grants_end_with_it() {
    let (mut story, _) = Story::with_grant(terms());
    let until = story.now.plus(HOUR_MS);
    let standing = story.hosting(until);
    story.pass(story.admission(VILLAGE, standing));
    let officer = secret(VILLAGE, KeyRole::Officer);
    let granted = comity_core::grant::GrantTerms { requester: VILLAGE.parse().unwrap(), ..terms() };
    let grant = story.issue(granted);
    let mut attempt = story.attempt(grant);
    (attempt.requester, attempt.officer) = (VILLAGE.parse().unwrap(), officer.public());
    assert!(story.ledger.evaluate(&attempt, story.now).is_ok());
    let refusal = AccessRefusal::RequesterHostingOver { until };
    assert_eq!(story.ledger.evaluate(&attempt, until), Err(refusal));
}

#[test]
fn leaving_stops_new_acts_at_once_and_keeps_old_evidence() {
    let (mut story, grant) = Story::with_grant(terms());
    let access = story.access(grant);
    story.commit(vec![access]);
    let at = story.pass(removal(FINANCE));
    let attempt = story.attempt(grant);
    let refusal = AccessRefusal::RequesterLeft { at };
    assert_eq!(story.ledger.evaluate(&attempt, story.now), Err(refusal.clone()));
    let denial = story.denial_of(&signed_by_officer(attempt), refusal);
    story.commit(vec![denial]);
    let left = state::departure(&story.ledger, &FINANCE.parse().unwrap()).unwrap();
    assert_eq!((left.at, left.reason.as_str()), (at, "dissolved"));
    assert!(state::key(&story.ledger, &secret(FINANCE, KeyRole::Officer).public()).is_some());
    // Nothing is granted to it any more.
    let record = story.steward(Action::IssueGrant { terms: terms() });
    let refusal = Refusal::AgencyLeft { agency: FINANCE.parse().unwrap(), at };
    assert_eq!(story.check(&record), Err(refusal));
    assert_eq!(terms().dataset, dataset_id());
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
    assert_eq!(state::admin_count(&story.ledger, &agency()), 2);
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
fn an_equivocation_is_two_contradicting_messages_of_one_key_and_step() {
    let mut story = Story::new(Params::default());
    let key = secret(HEALTH, KeyRole::Validator);
    let record = accusing(&mut story, votes(&key, None));
    let at = story.commit(vec![record.clone()]);
    let Action::RecordEquivocation { equivocation } = &record.statement().action else {
        unreachable!("it was made so")
    };
    let place = equivocation.place().unwrap();
    let marked = state::read(&story.ledger, &StateKey::Equivocation(&place));
    assert_eq!((marked, place.validator), (Some(at), key.public()));

    let consortium = story.consortium();
    let mut refused = |equivocation: Equivocation| {
        let action = Action::RecordEquivocation { equivocation };
        let draft = story.draft(CIVIL, KeyRole::Validator, action);
        VerifiedRecord::verify(&draft.signed().to_bytes(), &consortium).unwrap_err()
    };
    assert_eq!(refused(votes(&key, Some(HeaderHash([1; 32])))), RecordError::NoEquivocation);
    let Equivocation::Votes { first, first_signature, mut second, .. } = votes(&key, None) else {
        unreachable!("they are votes")
    };
    let forged =
        Equivocation::Votes { first, first_signature, second, second_signature: first_signature };
    assert!(matches!(refused(forged), RecordError::EquivocationSignature(_)));
    second.round += 1;
    let second_signature = key.sign_vote(&consortium, &second);
    let later = Equivocation::Votes { first, first_signature, second, second_signature };
    assert_eq!(refused(later), RecordError::NoEquivocation, "another round is no contradiction");
}

#[test]
fn two_proposals_of_one_round_are_an_equivocation() {
    let mut story = Story::new(Params::default());
    let key = secret(HEALTH, KeyRole::Validator);
    let proposal = |byte: u8| Proposal {
        height: Height(3),
        round: 0,
        value: HeaderHash([byte; 32]),
        polka_round: None,
        validator: key.public(),
    };
    let (first, second) = (proposal(1), proposal(2));
    let consortium = story.consortium();
    let equivocation = Equivocation::Proposals {
        first_signature: key.sign_proposal(&consortium, &first),
        second_signature: key.sign_proposal(&consortium, &second),
        first,
        second,
    };
    let record = accusing(&mut story, equivocation);
    assert_eq!(story.check(&record), Ok(()));
}
