//! Identical rows of responses, whose posteriors are the same.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::random::mix;
use crate::responses::store::Responses;
use hashbrown::HashTable;

/// Looking for identical rows pays when at most this share of the rows is distinct.
const LARGEST_SHARE: f64 = 0.5;

/// After so many respondents the search is given up when nearly all rows are distinct.
const TRIAL: usize = 20_000;

/// What nearly all means.
const NEARLY_ALL: f64 = 0.9;

/// The distinct rows of responses of some respondents.
pub(crate) struct Patterns {
    /// The first respondent with each pattern.
    pub firsts: Vec<u32>,
    /// The pattern of each respondent; patterns are numbered in the order in which they occur.
    pub pattern_of: Vec<u32>,
}

impl Patterns {
    /// Finds identical rows, or nothing where that does not pay.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(responses: &Responses, respondents: &[u32], monitor: &dyn Monitor) -> Result<Option<Self>> {
        let (mut row, mut other) = (Vec::new(), Vec::new());
        let mut firsts: Vec<u32> = Vec::new();
        let mut hashes: Vec<u64> = Vec::new();
        let mut table: HashTable<u32> = HashTable::new();
        let mut pattern_of = Vec::with_capacity(respondents.len());
        for (position, &respondent) in respondents.iter().enumerate() {
            monitor.proceed()?;
            let many = firsts.len() as f64 >= LARGEST_SHARE * respondents.len() as f64;
            if many || (position == TRIAL && firsts.len() as f64 > NEARLY_ALL * TRIAL as f64) {
                return Ok(None);
            }
            row.clear();
            responses.copy_row(respondent as usize, &mut row);
            let hash = row.iter().fold(0, |hash, &option| mix(hash ^ u64::from(option)));
            let same = |&pattern: &u32| {
                other.clear();
                responses.copy_row(firsts[pattern as usize] as usize, &mut other);
                hashes[pattern as usize] == hash && other == row
            };
            let known = table.find(hash, same).copied();
            let pattern = known.unwrap_or(firsts.len() as u32);
            if known.is_none() {
                firsts.push(respondent);
                hashes.push(hash);
                table.insert_unique(hash, pattern, |&pattern| hashes[pattern as usize]);
            }
            pattern_of.push(pattern);
        }
        Ok(Some(Self { firsts, pattern_of }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::responses::catalogue::ItemCatalogue;

    #[test]
    fn identical_rows_are_one_pattern() {
        let catalogue = ItemCatalogue::new(&[2, 2]).expect("valid catalogue");
        let rows: [&[u32]; 7] = [&[0, 2], &[1], &[0, 2], &[1], &[0, 2], &[], &[1]];
        let mut offsets = vec![0u64];
        let mut options = Vec::new();
        for row in rows {
            options.extend_from_slice(row);
            offsets.push(options.len() as u64);
        }
        let responses = Responses::new(catalogue, offsets, &options).expect("valid");
        let patterns = Patterns::new(&responses, &[1, 2, 3, 4, 5, 6, 0], &Silent);
        let patterns = patterns.expect("not cancelled").expect("it pays");
        assert_eq!(patterns.pattern_of, [0, 1, 0, 1, 2, 0, 1]);
        assert_eq!(patterns.firsts, [1, 2, 5]);

        let catalogue = ItemCatalogue::new(&[3]).expect("valid catalogue");
        let distinct = Responses::new(catalogue, vec![0, 1, 2, 3], &[0, 1, 2]).expect("valid");
        let patterns = Patterns::new(&distinct, &[0, 1, 2], &Silent).expect("not cancelled");
        assert!(patterns.is_none());
    }
}
