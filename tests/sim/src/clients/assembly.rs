//! The members' admins: they propose measures that change the consortium, and cast ballots.
//! Holds: one proposal at a time; none after which a third of the power or more would be odd.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::{KeyRole, Standing};
use comity_core::genesis::Params;
use comity_core::governance::{Choice, Measure};
use comity_core::hash::{ConsortiumId, LeafHash, leaf_hash};
use comity_core::ids::{LogIndex, Nonce, ProposalId, TimeMs};
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};

use crate::chance::Chance;
use crate::checker::plain::Voter;
use crate::consortium::{Consortium, Member, text};
use crate::plan::Plan;

/// Ballots, in a thousand, that are against what is proposed.
const AGAINST_PER_MILLE: u64 = 100;
/// Ballots, in a thousand, that are cast twice.
const TWICE_PER_MILLE: u64 = 150;

/// All admins together.
#[derive(Debug)]
pub struct Assembly {
    consortium: ConsortiumId,
    params: Params,
    members: Vec<Member>,
    odd: BTreeSet<usize>,
    /// Members that have left: they never come back.
    left: BTreeSet<usize>,
    /// Members that have a ballot.
    electorate: BTreeSet<usize>,
    /// Records that were made.
    made: BTreeMap<LeafHash, Vec<u8>>,
    /// Those of them whose fate is not known yet.
    open: BTreeSet<LeafHash>,
    /// The record that opens a proposal, and by whom.
    opening: BTreeMap<LeafHash, usize>,
}

impl Assembly {
    /// The admins of a consortium.
    pub fn new(consortium: &Consortium, plan: &Plan) -> Assembly {
        Assembly {
            consortium: consortium.genesis.id(),
            params: consortium.genesis.params.clone(),
            members: consortium.members.clone(),
            odd: plan.odd.keys().copied().collect(),
            left: BTreeSet::new(),
            electorate: (0..consortium.founders).collect(),
            made: BTreeMap::new(),
            open: BTreeSet::new(),
            opening: BTreeMap::new(),
        }
    }

    /// The open records' bytes.
    pub fn open(&self) -> Vec<(LeafHash, Vec<u8>)> {
        self.open.iter().filter_map(|leaf| Some((*leaf, self.made.get(leaf)?.clone()))).collect()
    }

    /// The bytes of a record, if it is the assembly's.
    pub fn bytes_of(&self, leaf: &LeafHash) -> Option<&Vec<u8>> {
        self.made.get(leaf)
    }

    /// Whether nothing is open.
    pub fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// Someone proposes a measure, unless one is on its way.
    pub fn propose(&mut self, voters: &[Voter], now: TimeMs, chance: &mut Chance) {
        if !self.is_settled() {
            return;
        }
        let Some(measure) = self.draw(voters, chance) else { return };
        let members: Vec<usize> = self.electorate.iter().copied().collect();
        let by = members[chance.index(members.len())];
        let leaf = self.wish(by, Action::OpenProposal { measure }, now, chance);
        self.opening.insert(leaf, by);
    }

    /// A record is committed: where it opened a proposal, the others cast their ballots.
    pub fn committed(
        &mut self,
        leaf: &LeafHash,
        index: LogIndex,
        now: TimeMs,
        chance: &mut Chance,
    ) {
        self.open.remove(leaf);
        if let Some(by) = self.opening.remove(leaf) {
            let against = chance.per_mille(150);
            for member in self.electorate.clone() {
                if member == by {
                    continue;
                }
                let is_against = chance.per_mille(if against { 500 } else { AGAINST_PER_MILLE });
                let choice = if is_against { Choice::Against } else { Choice::For };
                let ballot = Action::CastBallot { proposal: ProposalId(index), choice };
                self.wish(member, ballot.clone(), now, chance);
                if chance.per_mille(TWICE_PER_MILLE) {
                    self.wish(member, ballot, now, chance);
                }
            }
        }
    }

    /// A rule refuses a record: a ballot that comes after the decision, most of all.
    pub fn refused(&mut self, leaf: &LeafHash) {
        self.open.remove(leaf);
        self.opening.remove(leaf);
    }

    /// A member has come in.
    pub fn entered(&mut self, agency: &str) {
        if let Some(member) = self.place_of(agency) {
            self.electorate.insert(member);
        }
    }

    /// A member has left: what it wanted is of no use any more.
    pub fn has_left(&mut self, agency: &str) {
        if let Some(member) = self.place_of(agency) {
            self.electorate.remove(&member);
            self.left.insert(member);
        }
    }

    fn place_of(&self, agency: &str) -> Option<usize> {
        self.members.iter().position(|member| member.agency.as_str() == agency)
    }

    /// A measure that fits the members as they are.
    fn draw(&self, voters: &[Voter], chance: &mut Chance) -> Option<Measure> {
        let at = chance.index(self.members.len());
        let member = &self.members[at];
        let own = voters.iter().find(|voter| voter.agency == member.agency.as_str());
        let agency = member.agency.clone();
        let vote = Standing::Validator { power: 1 };
        let drawn = if self.left.contains(&at) {
            return None;
        } else if !self.electorate.contains(&at) {
            let standing = if chance.per_mille(500) { vote } else { Standing::Observer };
            let member = Box::new(member.as_genesis_member(&self.consortium, standing));
            Measure::Admit { member }
        } else if at > 0 && chance.per_mille(200) {
            // The competent authority, who is the first, stays.
            Measure::Remove { agency, reason: text("it has left") }
        } else if let Some(own) = own {
            self.draw_for_voter(at, own, chance)?
        } else {
            let key = member.proven_key(&self.consortium, KeyRole::Validator, &member.validator);
            Measure::ChangeStanding { agency, standing: vote, key: Some(key) }
        };
        self.keeps_the_bound(voters, &drawn).then_some(drawn)
    }

    fn draw_for_voter(&self, at: usize, own: &Voter, chance: &mut Chance) -> Option<Measure> {
        let member = &self.members[at];
        let agency = member.agency.clone();
        if self.odd.contains(&at) {
            return None;
        }
        Some(match chance.index(3) {
            0 if own.key == *member.validator.public().as_bytes() => {
                let next = &member.next_validator;
                let new = Some(member.proven_key(&self.consortium, KeyRole::Validator, next));
                let old = Some(member.validator.public());
                Measure::ReplaceKey { agency, old, new, suspect_since: None }
            }
            1 => {
                let power = if own.power == 1 { 2 } else { 1 };
                let standing = Standing::Validator { power };
                Measure::ChangeStanding { agency, standing, key: None }
            }
            _ => {
                let heartbeat_ms = 1_000 + 500 * chance.between(0, 4);
                Measure::ChangeParams { params: Params { heartbeat_ms, ..self.params.clone() } }
            }
        })
    }

    /// Whether fewer than a third of the power is odd after a measure, and no fewer than four vote.
    fn keeps_the_bound(&self, voters: &[Voter], measure: &Measure) -> bool {
        let mut power: BTreeMap<&str, u64> =
            voters.iter().map(|voter| (voter.agency.as_str(), voter.power)).collect();
        match measure {
            Measure::Remove { agency, .. } => {
                power.remove(agency.as_str());
            }
            Measure::ChangeStanding {
                agency,
                standing: Standing::Validator { power: new },
                ..
            } => {
                power.insert(agency.as_str(), *new);
            }
            _ => {}
        }
        let odd = |agency: &&str| self.place_of(agency).is_some_and(|at| self.odd.contains(&at));
        let all: u64 = power.values().sum();
        let odd: u64 = power.iter().filter(|(agency, _)| odd(agency)).map(|(_, p)| p).sum();
        let heaviest = power.values().max().copied().unwrap_or(0);
        odd * 3 < all && heaviest * 3 < all && power.len() >= 4
    }

    fn wish(
        &mut self,
        member: usize,
        action: Action,
        now: TimeMs,
        chance: &mut Chance,
    ) -> LeafHash {
        let Member { agency, admin, .. } = &self.members[member];
        let signer = StatementSigner {
            agency: agency.clone(),
            key: admin.public(),
            role: KeyRole::Admin,
            capacity: Capacity::Agency,
        };
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium,
            nonce: Nonce(chance.bytes()),
            valid_until: now.plus(3_600_000),
            signers: vec![signer],
            sealed: Vec::new(),
            action,
        };
        let signatures = vec![admin.sign_statement(&statement)];
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        let leaf = leaf_hash(&bytes);
        self.made.insert(leaf, bytes);
        self.open.insert(leaf);
        leaf
    }
}
