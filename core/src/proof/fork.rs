//! Forks: that the consortium certified two different blocks of one height, and who is to blame.
//! Holds: a correct validator is never found guilty; who cannot be told apart from one is said to
//! be undetermined. May not enter: what one branch alone cannot prove.
//! Source: docs/formats.md, "Forks".

use std::collections::BTreeMap;

use crate::block::Header;
use crate::encoding::{Decode, Encode};
use crate::equivocation::{Equivocation, contradictions};
use crate::genesis::Genesis;
use crate::hash::HeaderHash;
use crate::keys::PublicKey;
use crate::polka::{PolkaCertificate, PolkasError, check_polkas};
use crate::text::AgencyId;
use crate::trust_path::{PathError, SetChange, TrustPath, VerifiedPath};
use crate::validators::ValidatorSet;
use crate::vote::CommitCertificate;

/// One of the two blocks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Branch {
    /// Its header.
    pub header: Header,
    /// What committed it.
    pub certificate: CommitCertificate,
    /// The quorums of prevotes of this height that are known from this side.
    pub polkas: Vec<PolkaCertificate>,
}

/// Two certified blocks of one height.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fork {
    /// Every change of the validators below that height.
    pub changes: Vec<SetChange>,
    /// The block with the smaller hash.
    pub one: Branch,
    /// The other.
    pub other: Branch,
}

/// Why a fork is not proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// The way to one of the two headers fails.
    #[error("one of its headers is not proven: {0}")]
    Path(#[from] PathError),
    /// Both are of one block, of different heights, or in the wrong order.
    #[error("its headers are not those of two blocks of one height, the smaller hash first")]
    NoFork,
    /// The quorums of prevotes beside one of them are not what they must be.
    #[error("{0}")]
    Polkas(#[from] PolkasError),
}

/// What is held against a validator by different rounds: that it voted to commit one block, and
/// later prevoted another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prevoted {
    /// The round in which it voted to commit.
    pub committed_in: u32,
    /// What it voted to commit.
    pub committed: HeaderHash,
    /// The later round.
    pub round: u32,
    /// What it prevoted there.
    pub value: HeaderHash,
}

/// How a validator stands in a fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It signed two values for one step, as these two signatures show.
    Guilty(Box<Equivocation>),
    /// It may have been freed by a quorum of prevotes that is not shown here.
    Undetermined(Prevoted),
    /// A quorum of prevotes of this round freed it.
    Cleared {
        /// What was held against it.
        prevoted: Prevoted,
        /// The quorum's round.
        by_round: u32,
    },
}

/// A validator on whom something falls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whose.
    pub agency: AgencyId,
    /// Its key.
    pub key: PublicKey,
    /// How it stands.
    pub verdict: Verdict,
}

/// A fork that is proven.
#[derive(Clone, Debug)]
pub struct VerifiedFork {
    one: VerifiedPath,
    other: VerifiedPath,
    judged: Vec<Judged>,
}

impl Fork {
    /// Verifies that there are two certified blocks, and judges. Errors: the first thing that does
    /// not hold.
    pub fn verify(&self, genesis: &Genesis) -> Result<VerifiedFork, ForkError> {
        let (one, other) = (self.branch(&self.one, genesis)?, self.branch(&self.other, genesis)?);
        if one.header().height != other.header().height || one.hash() >= other.hash() {
            return Err(ForkError::NoFork);
        }
        let (consortium, set) = (genesis.id(), one.validators());
        for branch in [&self.one, &self.other] {
            check_polkas(&branch.polkas, one.header().height, &consortium, set)?;
        }
        let polkas: Vec<_> = self.one.polkas.iter().chain(&self.other.polkas).collect();
        let mut verdicts: BTreeMap<PublicKey, Verdict> = BTreeMap::new();
        for certificate in [&self.one.certificate, &self.other.certificate] {
            freed(certificate, &polkas, &mut verdicts);
        }
        for proof in contradictions(one.certificate(), other.certificate()) {
            if let Some(place) = proof.place() {
                verdicts.insert(place.validator, Verdict::Guilty(Box::new(proof)));
            }
        }
        let judged = named(verdicts, set);
        Ok(VerifiedFork { one, other, judged })
    }

    fn branch(&self, branch: &Branch, genesis: &Genesis) -> Result<VerifiedPath, PathError> {
        let path = TrustPath {
            changes: self.changes.clone(),
            header: branch.header.clone(),
            certificate: branch.certificate.clone(),
        };
        path.verify(genesis)
    }
}

/// What falls on those who voted to commit a block, by their prevotes for another in later rounds:
/// the worst for each.
fn freed(
    certificate: &CommitCertificate,
    polkas: &[&PolkaCertificate],
    verdicts: &mut BTreeMap<PublicKey, Verdict>,
) {
    let (committed_in, committed) = (certificate.round, certificate.header_hash);
    let against = polkas.iter().filter(|p| p.round > committed_in && p.value != committed);
    for polka in against {
        let PolkaCertificate { round, value, .. } = **polka;
        let prevoted = Prevoted { committed_in, committed, round, value };
        let between =
            |p: &&&PolkaCertificate| p.value == value && (committed_in..round).contains(&p.round);
        let by_round = polkas.iter().find(between).map(|p| p.round);
        for (vote, _) in certificate.votes() {
            if !polka.votes().any(|(prevote, _)| prevote.validator == vote.validator) {
                continue;
            }
            let verdict = match by_round {
                Some(by_round) => Verdict::Cleared { prevoted, by_round },
                None => Verdict::Undetermined(prevoted),
            };
            let held = verdicts.entry(vote.validator).or_insert_with(|| verdict.clone());
            if matches!(held, Verdict::Cleared { .. }) {
                *held = verdict;
            }
        }
    }
}

/// The verdicts under their agencies' names, in the order of the set.
fn named(mut verdicts: BTreeMap<PublicKey, Verdict>, set: &ValidatorSet) -> Vec<Judged> {
    let members = set.members().iter();
    members
        .filter_map(|member| {
            let verdict = verdicts.remove(&member.key)?;
            Some(Judged { agency: member.agency.clone(), key: member.key, verdict })
        })
        .collect()
}

impl VerifiedFork {
    /// The two headers.
    pub fn headers(&self) -> [&Header; 2] {
        [self.one.header(), self.other.header()]
    }

    /// The validators of that height.
    pub fn validators(&self) -> &ValidatorSet {
        self.one.validators()
    }

    /// Everyone on whom something falls, in the order of the validator set.
    pub fn judged(&self) -> &[Judged] {
        &self.judged
    }
}
