//! Percentiles by nearest rank.
//! Holds: a percentile is one of the values that were measured, never something between two of them.
//! May not enter: what was measured.

/// The value that so many of a thousand do not exceed; none where there is no value. `ascending` is in order.
pub(super) fn percentile<T: Copy>(ascending: &[T], per_mille: usize) -> Option<T> {
    let rank = (ascending.len() * per_mille).div_ceil(1000);
    ascending.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<u64> = (1..=2000).collect();
        let found = [0, 1, 500, 990, 999, 1000].map(|part| percentile(&values, part));
        assert_eq!(found, [1, 2, 1000, 1980, 1998, 2000].map(Some));
        // Of few values the highest stands for all parts above the last but one.
        let of_few = [500, 666, 667, 999].map(|part| percentile(&[3, 5, 8], part));
        assert_eq!(of_few, [5, 5, 8, 8].map(Some));
        assert_eq!(percentile::<u64>(&[], 990), None);
    }
}
