//! Sorting by what numbers stand for.

use std::cmp::Ordering;

/// Sorts numbers, equals in the order in which they come. One function for all comparisons: the code of a sort is large.
pub(crate) fn sort_numbers(numbers: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    numbers.sort_by(|&a, &b| compare(a, b));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_keep_their_order() {
        let sizes = [2.0, 1.0, 2.0, 0.5];
        let mut order = [0, 1, 2, 3];
        sort_numbers(&mut order, &|a, b| f64::total_cmp(&sizes[b], &sizes[a]));
        assert_eq!(order, [0, 2, 1, 3]);
    }
}
