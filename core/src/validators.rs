//! Validator sets: who votes with what weight, who proposes, what a quorum is.
//! Holds: members are distinct, ordered by agency id, each with power ≥ 1.
//! May not enter: how a set changes (see `apply`). Source: docs/formats.md, "Validators".

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode, checked_codec, encode};
use crate::hash::{ConsortiumId, Purpose, ValidatorSetHash, tagged};
use crate::ids::Height;
use crate::keys::PublicKey;
use crate::text::AgencyId;

/// Most validators in a set.
pub const MAX_VALIDATORS: usize = 128;
/// Most voting power in a set, so that no sum overflows.
pub const MAX_TOTAL_POWER: u64 = 1 << 40;

/// A member whose node votes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
pub struct Validator {
    /// The agency.
    pub agency: AgencyId,
    /// The key that it votes with.
    pub key: PublicKey,
    /// Its weight (≥ 1).
    pub power: u64,
}

/// Why a list of validators is no set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// None, or more than allowed.
    #[error("a set has 1 to {MAX_VALIDATORS} validators, not {0}")]
    Count(usize),
    /// Not ascending by agency, or a key twice.
    #[error("validators must be distinct and ordered by agency id")]
    Order,
    /// No power, or too much in all.
    #[error("each validator needs power of at least 1, all together at most {MAX_TOTAL_POWER}")]
    Power,
}

/// Validators in the order of their agency ids; at least one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Vec<Validator>", into = "Vec<Validator>")]
pub struct ValidatorSet(Vec<Validator>);

checked_codec!(ValidatorSet as Vec<Validator>);

impl TryFrom<Vec<Validator>> for ValidatorSet {
    type Error = ValidatorSetError;
    fn try_from(validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        if validators.is_empty() || validators.len() > MAX_VALIDATORS {
            return Err(ValidatorSetError::Count(validators.len()));
        }
        let ordered = validators.windows(2).all(|pair| pair[0].agency < pair[1].agency);
        let repeated =
            |i: usize, v: &Validator| validators[..i].iter().any(|other| other.key == v.key);
        if !ordered || validators.iter().enumerate().any(|(i, v)| repeated(i, v)) {
            return Err(ValidatorSetError::Order);
        }
        let total = validators.iter().try_fold(0u64, |sum, v| sum.checked_add(v.power));
        let in_bounds = total.is_some_and(|total| total <= MAX_TOTAL_POWER);
        if !in_bounds || validators.iter().any(|v| v.power == 0) {
            return Err(ValidatorSetError::Power);
        }
        Ok(ValidatorSet(validators))
    }
}

impl From<ValidatorSet> for Vec<Validator> {
    fn from(set: ValidatorSet) -> Self {
        set.0
    }
}

impl ValidatorSet {
    /// The validators, in the order of their agency ids.
    pub fn members(&self) -> &[Validator] {
        &self.0
    }

    /// The validator that votes with `key`.
    pub fn by_key(&self, key: &PublicKey) -> Option<&Validator> {
        self.0.iter().find(|v| v.key == *key)
    }

    /// The validator of `agency`.
    pub fn by_agency(&self, agency: &AgencyId) -> Option<&Validator> {
        self.0.iter().find(|v| v.agency == *agency)
    }

    /// All voting power.
    pub fn total_power(&self) -> u64 {
        self.0.iter().map(|v| v.power).sum()
    }

    /// Whether `power` is strictly more than two thirds of all.
    pub fn is_quorum(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.total_power()) * 2
    }

    /// Who proposes at `height` in `round`: at round 0 the validator in whose share of the power
    /// the slot `height mod total power` falls; each further round the next one in order.
    pub fn select(&self, height: Height, round: u32) -> &Validator {
        let mut slot = height.0 % self.total_power();
        let mut first = 0usize;
        for (at, validator) in self.0.iter().enumerate() {
            if slot < validator.power {
                first = at;
                break;
            }
            slot -= validator.power;
        }
        let step = usize::try_from(round).unwrap_or(0) % self.0.len();
        &self.0[(first + step) % self.0.len()]
    }

    /// The set's hash, as headers name it.
    pub fn hash(&self, consortium: &ConsortiumId) -> ValidatorSetHash {
        ValidatorSetHash(tagged(Purpose::ValidatorSet, consortium, &encode(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SecretKey;

    fn set(powers: &[u64]) -> ValidatorSet {
        let validators = powers.iter().enumerate().map(|(i, power)| {
            let seed = [u8::try_from(i).unwrap() + 1; 32];
            Validator {
                agency: format!("a{i}").parse().unwrap(),
                key: SecretKey::from_seed(&seed).public(),
                power: *power,
            }
        });
        ValidatorSet::try_from(validators.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_quorum_is_strictly_more_than_two_thirds() {
        for (powers, least) in [(&[1, 1, 1, 1][..], 3), (&[1; 3], 3), (&[1; 7], 5), (&[5, 1], 5)] {
            let set = set(powers);
            assert!(set.is_quorum(least) && !set.is_quorum(least - 1), "{powers:?}");
        }
    }

    #[test]
    fn proposers_take_turns_by_weight_and_every_round_moves_on() {
        let set = set(&[1, 3, 2]);
        let turns: Vec<_> = (0..6).map(|h| set.select(Height(h), 0).agency.to_string()).collect();
        assert_eq!(turns, ["a0", "a1", "a1", "a1", "a2", "a2"]);
        let rounds: Vec<_> = (0..4).map(|r| set.select(Height(1), r).agency.to_string()).collect();
        assert_eq!(rounds, ["a1", "a2", "a0", "a1"]);
    }

    #[test]
    fn malformed_sets_are_refused() {
        let good = Vec::from(set(&[1, 1]));
        let mut reversed = good.clone();
        reversed.reverse();
        assert_eq!(ValidatorSet::try_from(reversed), Err(ValidatorSetError::Order));
        let mut same_key = good.clone();
        same_key[1].key = same_key[0].key;
        assert_eq!(ValidatorSet::try_from(same_key), Err(ValidatorSetError::Order));
        let mut weightless = good;
        weightless[0].power = 0;
        assert_eq!(ValidatorSet::try_from(weightless), Err(ValidatorSetError::Power));
        assert_eq!(ValidatorSet::try_from(vec![]), Err(ValidatorSetError::Count(0)));
    }
}
