//! The distinct values of a column, and the raw options that they are.

use hashbrown::{HashMap, HashSet};

/// A span of values for which a table is used rather than hashing.
const DENSE: i64 = 1 << 16;

/// The values that occur, rising.
pub(crate) fn distinct<T: Sync>(values: &[T], whole: impl Fn(&T) -> Option<i64> + Sync) -> Vec<i64> {
    let observed = || values.iter().filter_map(&whole);
    let (low, high) = observed().fold((i64::MAX, i64::MIN), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return Vec::new();
    }
    if high - low < DENSE {
        let mut occurs = vec![false; (high - low + 1) as usize];
        observed().for_each(|x| occurs[(x - low) as usize] = true);
        return (low..=high).filter(|x| occurs[(x - low) as usize]).collect();
    }
    let set: HashSet<i64> = observed().collect();
    let mut values: Vec<i64> = set.into_iter().collect();
    values.sort_unstable();
    values
}

/// From a value of a column to its raw option.
pub(crate) enum Lookup {
    Dense { low: i64, raw: Vec<u32> },
    Sparse(HashMap<i64, u32>),
}

impl Lookup {
    pub fn new(values: &[i64], first: u32) -> Self {
        let numbered = values.iter().zip(first..);
        match (values.first(), values.last()) {
            (Some(&low), Some(&high)) if high - low >= DENSE => {
                Lookup::Sparse(numbered.map(|(&value, raw)| (value, raw)).collect())
            }
            (Some(&low), Some(&high)) => {
                let mut raw = vec![0; (high - low + 1) as usize];
                numbered.for_each(|(value, id)| raw[(value - low) as usize] = id);
                Lookup::Dense { low, raw }
            }
            _ => Lookup::Sparse(HashMap::new()),
        }
    }

    pub fn raw(&self, value: i64) -> u32 {
        match self {
            Lookup::Dense { low, raw } => raw[(value - low) as usize],
            Lookup::Sparse(raw) => raw[&value],
        }
    }
}
