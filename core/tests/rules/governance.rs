//! Proposals and ballots: who has one, what counts, when a measure passes.

use comity_core::agency::{KeyAlgorithm, KeyRole, Standing};
use comity_core::dataset::Dataset;
use comity_core::genesis::{GenesisKey, GenesisMember, Params};
use comity_core::governance::{Choice, Measure};
use comity_core::ids::{LogIndex, ProposalId, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::refusal::{MeasureFault, Refusal};
use comity_core::state;
use comity_core::statement::{Action, VerifiedRecord};

use crate::refusals::Case;
use crate::story::{
    CIVIL, FINANCE, HEALTH, JOINERS, MEMBERS, Story, dataset, member_of, new_key, secret, text,
};

pub(crate) const AUTHORITY: &str = "audit.gd";
pub(crate) const ARCHIVE: &str = JOINERS[0];
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

    pub(crate) fn propose(&mut self, measure: Measure) -> ProposalId {
        let record = self.proposing(AUTHORITY, measure);
        ProposalId(self.commit(vec![record]))
    }

    /// The proposal that was opened last.
    pub(crate) fn last_proposal(&self) -> ProposalId {
        let opened = (0..self.ledger.log().size()).rev().map(|at| ProposalId(LogIndex(at)));
        opened.into_iter().find(|id| state::proposal(&self.ledger, *id).is_some()).unwrap()
    }

    pub(crate) fn vote(&mut self, member: &str, proposal: ProposalId) -> LogIndex {
        let record = self.ballot(member, proposal, Choice::For);
        self.commit(vec![record])
    }

    /// A measure that three of the four founders are for.
    pub(crate) fn pass(&mut self, measure: Measure) -> LogIndex {
        let proposal = self.propose(measure);
        self.vote(CIVIL, proposal);
        self.vote(FINANCE, proposal)
    }

    pub(crate) fn joiner(&self, id: &str, standing: Standing) -> GenesisMember {
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

    pub(crate) fn key_of(&self, agency: &str, role: KeyRole, key: &SecretKey) -> GenesisKey {
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

    pub(crate) fn validators(&self) -> Vec<&str> {
        self.ledger.validators().members().iter().map(|v| v.agency.as_str()).collect()
    }
}

pub(crate) fn unfit(fault: MeasureFault) -> Refusal {
    Refusal::MeasureUnfit { fault }
}

pub(crate) fn removal(agency: &str) -> Measure {
    Measure::Remove { agency: agency.parse().unwrap(), reason: text("dissolved") }
}

/// Cases about governance.
pub(crate) const CASES: &[Case] = &[
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
        let measure = story.admission(CIVIL, Standing::Observer);
        (story.proposing(CIVIL, measure), unfit(MeasureFault::AgencyExists))
    },
];

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
fn a_smaller_electorate_passes_nothing_by_itself_but_the_next_ballot_counts_anew() {
    let mut story = Story::new(Params::default());
    story.pass(story.admission(ARCHIVE, Standing::Observer));
    let measure = || Measure::ActivateVersion { version: 2 };
    let proposal = story.propose(measure());
    story.vote(CIVIL, proposal);
    story.vote(ARCHIVE, proposal);
    let removed = story.propose(removal(HEALTH));
    for member in [CIVIL, FINANCE, ARCHIVE] {
        story.vote(member, removed);
    }
    assert_eq!(story.ledger.rules_version(), 1, "three of four would be enough");
    let against = story.ballot(FINANCE, proposal, Choice::Against);
    story.commit(vec![against]);
    assert_eq!(story.ledger.rules_version(), 2, "a ballot against it shows that it has passed");
}

#[test]
fn what_is_proposed_by_one_who_left_may_still_pass() {
    let mut story = Story::new(Params::default());
    let record = story.proposing(HEALTH, Measure::ActivateVersion { version: 2 });
    let proposal = ProposalId(story.commit(vec![record]));
    story.pass(removal(HEALTH));
    for member in [AUTHORITY, CIVIL, FINANCE] {
        story.vote(member, proposal);
    }
    assert_eq!(story.ledger.rules_version(), 2);
}

#[test]
fn a_key_replaced_meanwhile_changes_no_ballot_and_the_new_one_casts() {
    let mut story = Story::new(Params::default());
    let proposal = story.propose(removal(HEALTH));
    story.vote(CIVIL, proposal);
    let (civil, finance) = (new_key(1), new_key(2));
    story.pass(story.replacement(CIVIL, KeyRole::Admin, &civil));
    let again = Action::CastBallot { proposal, choice: Choice::For };
    let record = story.draft_by(CIVIL, KeyRole::Admin, civil, again.clone()).verified();
    assert!(matches!(story.check(&record), Err(Refusal::BallotCast { .. })));
    let replaced = story.propose(story.replacement(FINANCE, KeyRole::Admin, &finance));
    for member in [HEALTH, FINANCE] {
        story.vote(member, replaced);
    }
    let record = story.draft_by(FINANCE, KeyRole::Admin, finance, again).verified();
    story.commit(vec![record]);
    assert_eq!(story.validators(), MEMBERS[..3]);
}

#[test]
fn new_limits_of_a_block_rule_from_the_next_height_and_other_parameters_at_once() {
    let mut story = Story::new(Params::default());
    let params =
        Params { block_records: 1, agency_records: 1, record_bytes: 1_024, ..Params::default() };
    let proposal = story.propose(Measure::ChangeParams { params });
    story.vote(CIVIL, proposal);
    let long = |story: &mut Story, name: &str| {
        let summary = text(&"x".repeat(1_024));
        let dataset = Dataset { id: name.parse().unwrap(), summary, ..dataset() };
        story.steward(Action::PublishDataset { dataset })
    };
    let (before, after) = (long(&mut story, "civil.gd/one"), long(&mut story, "civil.gd/two"));
    let passing = story.ballot(FINANCE, proposal, Choice::For);
    let short = story.register(HEALTH, KeyRole::Officer, &new_key(1), None);
    let candidates = vec![before.clone(), passing.clone(), after.clone(), short.clone()];
    let built = story.build(candidates);
    assert_eq!(built.executed.records, [before, passing, short], "three in one block");
    let refused: Vec<_> =
        built.refused.iter().map(|(leaf, refusal)| (*leaf, refusal.rule())).collect();
    assert_eq!(refused, [(after.leaf(), "record-too-long")]);
    story.take(built.block, &built.executed);
    let two =
        [HEALTH, FINANCE].map(|member| story.register(member, KeyRole::Officer, &new_key(9), None));
    assert_eq!(story.build(two.into()).executed.records.len(), 1);
}
