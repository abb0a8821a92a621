//! The numbers of a gateway's records: which are used, and which are left out.
//! Holds: a number is used once; what is left out below the last one is listed, and bounded.
//! May not enter: who may record what (see `apply::accesses`). Source: docs/formats.md, "Gateways' numbers".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode, numbers_codec};

/// Most numbers that the records of one gateway may leave out at a time.
pub const MAX_MISSING: usize = 1_024;

/// Which numbers the records of one gateway key have used. State value under the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct GatewayNumbers {
    /// The greatest number used; 0 before the first record.
    pub last: u64,
    /// The numbers below it that no record has used: each is a record that is still under way, was
    /// refused, or was kept from the log.
    pub missing: Ascending,
}

/// Different numbers, ascending. A list rather than a set: it is read and written with each access,
/// and may have hundreds of numbers while as many are under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct Ascending(Vec<u64>);

numbers_codec!(Ascending);

/// Numbers that do not ascend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the numbers do not ascend")]
pub struct NotAscending;

impl TryFrom<Vec<u64>> for Ascending {
    type Error = NotAscending;
    fn try_from(numbers: Vec<u64>) -> Result<Self, NotAscending> {
        match numbers.is_sorted_by(|earlier, later| earlier < later) {
            true => Ok(Ascending(numbers)),
            false => Err(NotAscending),
        }
    }
}

impl From<Ascending> for Vec<u64> {
    fn from(Ascending(numbers): Ascending) -> Vec<u64> {
        numbers
    }
}

impl std::ops::Deref for Ascending {
    type Target = [u64];
    fn deref(&self) -> &[u64] {
        &self.0
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
        self.missing.first().copied().unwrap_or(self.last.saturating_add(1))
    }

    /// The numbers that no record has used, ascending: those left out, then those after the last.
    pub fn free(&self) -> impl Iterator<Item = u64> + '_ {
        self.missing.iter().copied().chain(self.last.saturating_add(1)..)
    }

    /// The numbers below `number` that no record has used, as far as [`GatewayNumbers::with`] lets
    /// that many be left out.
    pub fn free_below(&self, number: u64) -> BTreeSet<u64> {
        let number = number.min(self.limit());
        self.free().take_while(|free| *free < number).collect()
    }

    /// The greatest number that may be used now.
    pub fn limit(&self) -> u64 {
        let room = MAX_MISSING.saturating_sub(self.missing.len()) as u64;
        self.last.saturating_add(room).saturating_add(1)
    }

    /// These numbers with one more used. Errors: it cannot be used now.
    pub fn with(mut self, number: u64) -> Result<GatewayNumbers, NumberFault> {
        if number <= self.last {
            // Zero is never missing.
            let place = self.missing.binary_search(&number).map_err(|_| NumberFault::Taken)?;
            self.missing.0.remove(place);
            return Ok(self);
        }
        let limit = self.limit();
        if number > limit {
            return Err(NumberFault::Ahead { limit });
        }
        self.missing.0.extend(self.last + 1..number);
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
        assert_eq!(used([1, 2, 3, 4]), GatewayNumbers { last: 4, missing: Ascending::default() });
    }

    #[test]
    fn what_is_left_out_shows_until_it_is_used() {
        let found = used([2, 5]);
        let missing = Ascending::try_from(vec![1, 3, 4]).unwrap();
        assert_eq!(found, GatewayNumbers { last: 5, missing });
        assert_eq!(found.next(), 1);
        assert_eq!(found.free().take(5).collect::<Vec<_>>(), [1, 3, 4, 6, 7]);
        let found = found.with(3).unwrap();
        assert_eq!(*found.missing, [1, 4]);
    }

    #[test]
    fn numbers_that_do_not_ascend_are_no_value() {
        for numbers in [vec![2, 1], vec![1, 1]] {
            assert_eq!(Ascending::try_from(numbers), Err(NotAscending));
        }
    }

    #[test]
    fn numbers_are_written_like_any_list_of_them() {
        for numbers in [vec![], vec![1], vec![3, 4, u64::MAX]] {
            let bytes = encode(&Ascending::try_from(numbers.clone()).unwrap());
            assert_eq!(bytes, encode(&numbers));
            assert_eq!(*decode::<Ascending>(&bytes, 100).unwrap(), *numbers);
            let cut = bytes.len() - 1;
            assert!(decode::<Ascending>(&bytes[..cut], 100).is_err());
        }
        for count in [2, 1 << 40, u64::MAX] {
            let announced = [encode(&count), encode(&7u64)].concat();
            assert!(decode::<Ascending>(&announced, 100).is_err(), "{count}");
        }
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
        let most = MAX_MISSING as u64;
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
        let end = GatewayNumbers { last: u64::MAX, missing: Ascending::default() };
        assert_eq!(end.next(), u64::MAX);
        assert_eq!(end.with(u64::MAX), Err(NumberFault::Taken));
    }
}
