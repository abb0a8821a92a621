//! Draws 双随机: which records are looked at, and by whom, as chance has it that nobody holds.
//! Holds: what is drawn follows from the reveals alone, and from all of them or not at all; whoever
//! committed and did not reveal is known.
//! May not enter: the rules (see `apply`); who may draw. Source: docs/formats.md, "Oversight".

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::duty::Mark;
use crate::encoding::{Decode, Encode, encode};
use crate::hash::{ConsortiumId, DrawCommitment, DrawSecret, Purpose, tagged};
use crate::ids::{DrawId, FindingId, TimeMs};
use crate::keys::PublicKey;
use crate::text::AgencyId;

/// Most ranges of gateways' records that a draw names.
pub const MAX_RANGES: usize = 64;
/// Most records that a draw takes.
pub const MAX_DRAWN: u16 = 64;
/// How long (ms) agencies may commit, and then how long they may reveal: two days each.
pub const DRAW_PHASE_MS: u64 = 2 * 24 * 60 * 60 * 1000;
/// Fewest agencies that have to have committed.
pub const MIN_COMMITTED: usize = 2;

/// Records of one gateway, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawRange {
    /// The gateway's key.
    pub gateway: PublicKey,
    /// The first number …
    pub first: u64,
    /// … and the last one, inclusive.
    pub last: u64,
}

impl DrawRange {
    /// How many numbers there are from the first to the last.
    pub fn len(&self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// Whether the last number is before the first.
    pub fn is_empty(&self) -> bool {
        self.last < self.first
    }
}

/// A draw on the ledger. State value under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Draw {
    /// The consortium: part of what its chances are made of.
    pub consortium: ConsortiumId,
    /// The records from which is drawn.
    pub scope: Vec<DrawRange>,
    /// Whose the gateways are, one for each range.
    pub providers: Vec<AgencyId>,
    /// How many records are drawn.
    pub count: u16,
    /// Whose auditor opened it.
    pub opened_by: AgencyId,
    /// Where it was opened; the position is also its id.
    pub opened: Mark,
    /// The agencies that held the reviewing office then: they commit, reveal and review.
    pub pool: BTreeSet<AgencyId>,
    /// What each has committed to, and revealed.
    pub commits: BTreeMap<AgencyId, Commit>,
    /// What reviewers reported, by place among what was drawn, from 1.
    pub reviews: BTreeMap<u16, DrawnReview>,
}

/// One agency's part in a draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Commit {
    /// To what it committed.
    pub commitment: DrawCommitment,
    /// Where.
    pub made: Mark,
    /// What it revealed.
    pub reveal: Option<Reveal>,
}

/// A secret that is none any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Reveal {
    /// The secret, as it was committed to.
    pub secret: DrawSecret,
    /// Where it was revealed.
    pub made: Mark,
}

/// What a reviewer reported of a drawn record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DrawnReview {
    /// What was found.
    pub verdict: DrawnVerdict,
    /// Where it was reported.
    pub made: Mark,
}

/// What was found of a drawn record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawnVerdict {
    /// Nothing is amiss.
    InOrder,
    /// The finding says what is.
    Finding(FindingId),
}

/// A record that was drawn, and who reviews it. Derived, never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// The gateway's key.
    pub gateway: PublicKey,
    /// Whose the gateway is.
    pub provider: AgencyId,
    /// The number of the record among the gateway's. If no record has it, that is what was drawn.
    pub number: u64,
    /// Who reviews it.
    pub reviewer: AgencyId,
}

/// How a draw stands. Derived, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawState {
    /// Agencies commit.
    Committing,
    /// Those that have committed reveal.
    Revealing,
    /// All that committed have revealed: it is drawn.
    Drawn,
    /// Nothing is drawn, since somebody withheld, or too few committed.
    Void,
}

impl Draw {
    /// Its id.
    pub fn id(&self) -> DrawId {
        DrawId(self.opened.at)
    }

    /// Commitments are taken in blocks before this time, reveals from then on …
    pub fn commits_until(&self) -> TimeMs {
        self.opened.on.plus(DRAW_PHASE_MS)
    }

    /// … and in blocks before this one.
    pub fn reveals_until(&self) -> TimeMs {
        self.commits_until().plus(DRAW_PHASE_MS)
    }

    /// How many records there are to draw from.
    pub fn total(&self) -> u64 {
        self.scope.iter().fold(0, |total: u64, range| total.saturating_add(range.len()))
    }

    /// How it stands at a time.
    pub fn state(&self, now: TimeMs) -> DrawState {
        if now < self.commits_until() {
            return DrawState::Committing;
        }
        match self.settled() {
            Some(_) => DrawState::Drawn,
            None if self.commits.len() < MIN_COMMITTED => DrawState::Void,
            None if now < self.reveals_until() => DrawState::Revealing,
            None => DrawState::Void,
        }
    }

    /// Who committed and did not reveal, once the time for it is over.
    pub fn withheld(&self, now: TimeMs) -> Vec<&AgencyId> {
        let withheld = |commit: &Commit| commit.reveal.is_none() && now >= self.reveals_until();
        self.commits.iter().filter(|(_, commit)| withheld(commit)).map(|(by, _)| by).collect()
    }

    /// When the last of those that committed had revealed. Reveals come after the last commitment can.
    pub fn settled(&self) -> Option<Mark> {
        if self.commits.len() < MIN_COMMITTED {
            return None;
        }
        let mut last = None::<Mark>;
        for commit in self.commits.values() {
            let made = commit.reveal?.made;
            last = Some(last.filter(|last| last.at > made.at).unwrap_or(made));
        }
        last
    }

    /// The seed, once all that committed have revealed.
    fn seed(&self) -> Option<[u8; 32]> {
        self.settled()?;
        let reveals: BTreeMap<&AgencyId, DrawSecret> = self
            .commits
            .iter()
            .filter_map(|(agency, commit)| Some((agency, commit.reveal?.secret)))
            .collect();
        Some(tagged(Purpose::DrawSeed, &self.consortium, &encode(&(self.id(), reveals))))
    }

    /// The records that are drawn, each with its reviewer; `None` while or where nothing is. Each record is
    /// drawn once at most, each as likely as any other.
    pub fn drawn(&self) -> Option<Vec<Drawn>> {
        let chance = Chance { seed: self.seed()?, consortium: &self.consortium };
        let total = self.total();
        // What a shuffle of all of them would have moved, as far as it gets.
        let mut moved = BTreeMap::new();
        let mut drawn = Vec::new();
        for number in 0..u64::from(self.count).min(total) {
            let place = number + chance.below(Purpose::DrawRecord, number, total - number)?;
            let taken = moved.get(&place).copied().unwrap_or(place);
            let first = moved.get(&number).copied().unwrap_or(number);
            moved.insert(place, first);
            let (range, provider, offset) = self.find(taken)?;
            let others: Vec<&AgencyId> =
                self.pool.iter().filter(|agency| *agency != provider).collect();
            let chosen = chance.below(Purpose::DrawReviewer, number, others.len() as u64)?;
            let reviewer = others.get(usize::try_from(chosen).ok()?)?;
            drawn.push(Drawn {
                gateway: range.gateway,
                provider: provider.clone(),
                number: range.first + offset,
                reviewer: (*reviewer).clone(),
            });
        }
        Some(drawn)
    }

    /// The range in which the record at a place in the scope lies, and how far into it.
    fn find(&self, mut place: u64) -> Option<(&DrawRange, &AgencyId, u64)> {
        for (range, provider) in self.scope.iter().zip(&self.providers) {
            if place < range.len() {
                return Some((range, provider, place));
            }
            place -= range.len();
        }
        None
    }
}

/// What an agency commits to in a draw: its secret (32 random bytes), bound to the draw and to itself, so that
/// no other can commit to the same.
pub fn draw_commitment(
    consortium: &ConsortiumId,
    draw: DrawId,
    agency: &AgencyId,
    secret: &DrawSecret,
) -> DrawCommitment {
    let body = encode(&(draw, agency, secret));
    DrawCommitment(tagged(Purpose::DrawCommitment, consortium, &body))
}

/// Numbers that follow from a seed.
struct Chance<'a> {
    seed: [u8; 32],
    consortium: &'a ConsortiumId,
}

impl Chance<'_> {
    /// A number below `bound`, each as likely as any other: what would favour some is thrown again.
    /// `None` where there is no number.
    fn below(&self, purpose: Purpose, number: u64, bound: u64) -> Option<u64> {
        if bound == 0 {
            return None;
        }
        // The numbers from here on are the rest that does not make up a whole `bound`.
        let rest = u64::MAX - (u64::MAX % bound + 1) % bound;
        (0u64..).find_map(|throw| {
            let hash = tagged(purpose, self.consortium, &encode(&(self.seed, number, throw)));
            let (head, _) = hash.split_first_chunk::<8>()?;
            let found = u64::from_le_bytes(*head);
            (found <= rest).then_some(found % bound)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: ConsortiumId = ConsortiumId([7; 32]);

    #[test]
    fn each_number_below_a_bound_is_about_as_likely() {
        let mut counts = [0u32; 6];
        for byte in 0..=255 {
            let chance = Chance { seed: [byte; 32], consortium: &NOBODY };
            for number in 0..24 {
                let found = chance.below(Purpose::DrawRecord, number, 6).unwrap();
                counts[usize::try_from(found).unwrap()] += 1;
            }
        }
        // 6,144 throws: 1,024 are expected, and 100 more or less are over three standard deviations.
        assert!(counts.iter().all(|count| count.abs_diff(1_024) < 100), "{counts:?}");
    }

    #[test]
    fn a_bound_of_one_or_of_all_takes_what_comes() {
        let chance = Chance { seed: [1; 32], consortium: &NOBODY };
        assert_eq!(chance.below(Purpose::DrawRecord, 0, 1), Some(0));
        assert_eq!(chance.below(Purpose::DrawRecord, 0, 0), None);
        assert!(chance.below(Purpose::DrawRecord, 0, u64::MAX).is_some());
        let large = 1 << 63;
        assert!(chance.below(Purpose::DrawRecord, 0, large).unwrap() < large);
    }
}
