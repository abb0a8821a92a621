//! The numbers of a gateway's records: which are used, and which are left out.
//! Holds: a number is used once; what is left out below the last one is listed, and bounded.
//! May not enter: who may record what (see `apply::accesses`). Source: docs/formats.md, "Gateways' numbers".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode, checked_codec};

/// Most numbers that the records of one gateway may leave out at a time.
pub const MAX_MISSING: u64 = 1_024;

/// Which numbers the records of one gateway key have used. State value under the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct GatewayNumbers {
    /// The greatest number used; 0 before the first record.
    pub last: u64,
    /// The numbers below it that no record has used: each is a record that is still under way, was
    /// refused, or was kept from the log.
    pub missing: Gaps,
}

/// Numbers that follow one another, without one between them that is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Gap {
    /// The lowest.
    pub first: u64,
    /// The greatest.
    pub last: u64,
}

/// Numbers that are left out, at most [`MAX_MISSING`], as gaps: ascending, each as wide as it can be.
/// By gaps rather than one by one, since where many records are under way whoever judges the newest
/// finds all before it left out. In JSON the numbers themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct Gaps(Vec<Gap>);

checked_codec!(Gaps as Vec<Gap>);

/// No numbers that can be left out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GapsError {
    /// They do not ascend, or two gaps are one.
    #[error("the numbers left out do not ascend, or two gaps among them are one")]
    Order,
    /// More than may be left out.
    #[error("more than {MAX_MISSING} numbers are left out")]
    TooMany,
}

impl TryFrom<Vec<Gap>> for Gaps {
    type Error = GapsError;
    fn try_from(gaps: Vec<Gap>) -> Result<Self, GapsError> {
        let is_between = |earlier: &Gap, later: &Gap| {
            later.first.checked_sub(earlier.last).is_some_and(|step| step > 1)
        };
        if gaps.iter().any(|gap| gap.first > gap.last) || !gaps.is_sorted_by(is_between) {
            return Err(GapsError::Order);
        }
        let wide = gaps.iter().fold(0, |sum: u64, gap| sum.saturating_add(gap.last - gap.first));
        match wide.saturating_add(gaps.len() as u64) <= MAX_MISSING {
            true => Ok(Gaps(gaps)),
            false => Err(GapsError::TooMany),
        }
    }
}

impl TryFrom<Vec<u64>> for Gaps {
    type Error = GapsError;
    fn try_from(numbers: Vec<u64>) -> Result<Self, GapsError> {
        if !numbers.is_sorted_by(|earlier, later| earlier < later) {
            return Err(GapsError::Order);
        }
        let mut gaps: Vec<Gap> = Vec::new();
        for number in numbers {
            match gaps.last_mut() {
                Some(gap) if gap.last + 1 == number => gap.last = number,
                _ => gaps.push(Gap { first: number, last: number }),
            }
        }
        Gaps::try_from(gaps)
    }
}

impl From<Gaps> for Vec<u64> {
    fn from(gaps: Gaps) -> Vec<u64> {
        gaps.iter().collect()
    }
}

impl Gaps {
    /// How many numbers.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|gap| gap.last - gap.first + 1).sum()
    }

    /// Whether no number is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lowest number.
    pub fn first(&self) -> Option<u64> {
        self.0.first().map(|gap| gap.first)
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().flat_map(|gap| gap.first..=gap.last)
    }

    /// Takes a number out, if it is there.
    fn remove(&mut self, number: u64) -> bool {
        let place = self.0.partition_point(|gap| gap.last < number);
        let Some(gap) = self.0.get_mut(place).filter(|gap| gap.first <= number) else {
            return false;
        };
        let Gap { first, last } = *gap;
        match (number == first, number == last) {
            (true, true) => drop(self.0.remove(place)),
            (true, false) => gap.first = number + 1,
            (false, true) => gap.last = number - 1,
            (false, false) => {
                gap.last = number - 1;
                self.0.insert(place + 1, Gap { first: number + 1, last });
            }
        }
        true
    }
}

/// Why a number cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFault {
    /// It is 0, or a record has used it.
    Taken,
    /// It would leave out more numbers than allowed.
    Ahead {
        /// The greatest number that may be used now.
        limit: u64,
    },
}

impl GatewayNumbers {
    /// The lowest number that no record has used: the one to use next.
    pub fn next(&self) -> u64 {
        self.missing.first().unwrap_or(self.last.saturating_add(1))
    }

    /// The numbers that no record has used, ascending: those left out, then those after the last.
    pub fn free(&self) -> impl Iterator<Item = u64> + '_ {
        self.missing.iter().chain(self.last.saturating_add(1)..)
    }

    /// The numbers below `number` that no record has used, as far as [`GatewayNumbers::with`] lets
    /// that many be left out.
    pub fn free_below(&self, number: u64) -> BTreeSet<u64> {
        let number = number.min(self.limit());
        self.free().take_while(|free| *free < number).collect()
    }

    /// The greatest number that may be used now.
    pub fn limit(&self) -> u64 {
        let room = MAX_MISSING.saturating_sub(self.missing.len());
        self.last.saturating_add(room).saturating_add(1)
    }

    /// These numbers with one more used. Errors: it cannot be used now.
    pub fn with(mut self, number: u64) -> Result<GatewayNumbers, NumberFault> {
        if number <= self.last {
            // Zero is never missing.
            return if self.missing.remove(number) { Ok(self) } else { Err(NumberFault::Taken) };
        }
        let limit = self.limit();
        if number > limit {
            return Err(NumberFault::Ahead { limit });
        }
        let gap = Gap { first: self.last + 1, last: number - 1 };
        if gap.first <= gap.last {
            // What was the last number used stands between this gap and the one before.
            self.missing.0.push(gap);
        }
        self.last = number;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::{decode, encode};

    fn used(numbers: impl IntoIterator<Item = u64>) -> GatewayNumbers {
        numbers.into_iter().fold(GatewayNumbers::default(), |used, n| used.with(n).unwrap())
    }

    #[test]
    fn numbers_in_any_order_come_to_the_same() {
        assert_eq!(used([1, 2, 3, 4]), used([3, 1, 4, 2]));
        assert_eq!(used([1, 2, 3, 4]), GatewayNumbers { last: 4, missing: Gaps::default() });
    }

    #[test]
    fn what_is_left_out_shows_until_it_is_used() {
        let found = used([2, 5]);
        let missing = Gaps::try_from(vec![1, 3, 4]).unwrap();
        assert_eq!(found, GatewayNumbers { last: 5, missing });
        assert_eq!(found.next(), 1);
        assert_eq!(found.free().take(5).collect::<Vec<_>>(), [1, 3, 4, 6, 7]);
        let found = found.with(3).unwrap();
        assert_eq!(Vec::from(found.missing), [1, 4]);
    }

    #[test]
    fn numbers_that_do_not_ascend_are_no_value() {
        for numbers in [vec![2, 1], vec![1, 1]] {
            assert_eq!(Gaps::try_from(numbers), Err(GapsError::Order));
        }
        let gap = |first, last| Gap { first, last };
        for gaps in [
            vec![gap(2, 1)],
            vec![gap(1, 2), gap(3, 4)],
            vec![gap(1, 3), gap(3, 4)],
            vec![gap(5, 6), gap(1, 2)],
            vec![gap(0, u64::MAX), gap(0, 1)],
        ] {
            assert_eq!(Gaps::try_from(gaps.clone()), Err(GapsError::Order), "{gaps:?}");
            assert!(decode::<Gaps>(&encode(&gaps), 100).is_err(), "{gaps:?}");
        }
    }

    #[test]
    fn more_numbers_than_may_be_left_out_are_no_value() {
        let most = MAX_MISSING;
        let to = |last| vec![Gap { first: 1, last }];
        assert_eq!(Gaps::try_from(to(most)).unwrap().len(), MAX_MISSING);
        for last in [most + 1, u64::MAX] {
            assert_eq!(Gaps::try_from(to(last)), Err(GapsError::TooMany));
        }
        let whole = Gap { first: 0, last: u64::MAX };
        assert_eq!(Gaps::try_from(vec![whole]), Err(GapsError::TooMany));
        let numbers: Vec<u64> = (0..=most).map(|number| 2 * number).collect();
        assert_eq!(Gaps::try_from(numbers), Err(GapsError::TooMany));
    }

    #[test]
    fn gaps_are_what_a_set_of_numbers_would_be_whatever_is_used() {
        // Steps of a fixed stride through 1 to 200, each number once, in no order.
        let mut numbers = GatewayNumbers::default();
        let mut plain = BTreeSet::new();
        for step in 0..200u64 {
            let number = 1 + (step * 73) % 200;
            plain.extend(numbers.last + 1..number);
            plain.remove(&number);
            numbers = numbers.with(number).unwrap();
            assert!(numbers.missing.iter().eq(plain.iter().copied()), "after {number}");
            assert_eq!(numbers.missing.len(), plain.len() as u64);
            let read = Gaps::try_from(plain.iter().copied().collect::<Vec<_>>());
            assert_eq!(read.as_ref(), Ok(&numbers.missing), "one form for the same numbers");
            let bytes = encode(&numbers);
            assert_eq!(decode::<GatewayNumbers>(&bytes, bytes.len()).unwrap(), numbers);
        }
        assert_eq!(numbers, GatewayNumbers { last: 200, missing: Gaps::default() });
    }

    #[test]
    fn a_number_is_used_once_and_zero_never() {
        let found = used([1, 3]);
        for number in [0, 1, 3] {
            assert_eq!(found.clone().with(number), Err(NumberFault::Taken), "{number}");
        }
    }

    #[test]
    fn no_more_numbers_are_left_out_than_the_bound() {
        let most = MAX_MISSING;
        let full = used([most + 1]);
        assert_eq!(full.missing.len(), MAX_MISSING);
        let limit = most + 2;
        assert_eq!(full.clone().with(most + 3), Err(NumberFault::Ahead { limit }));
        assert_eq!(full.clone().with(limit).unwrap().missing.len(), MAX_MISSING);
        let one_less = full.with(7).unwrap();
        assert_eq!(one_less.with(most + 3).unwrap().missing.len(), MAX_MISSING);
        let none = GatewayNumbers::default();
        assert_eq!(none.with(u64::MAX), Err(NumberFault::Ahead { limit: most + 1 }));
    }

    #[test]
    fn the_greatest_number_of_all_is_the_end() {
        let end = GatewayNumbers { last: u64::MAX, missing: Gaps::default() };
        assert_eq!(end.next(), u64::MAX);
        assert_eq!(end.with(u64::MAX), Err(NumberFault::Taken));
    }
}
