//! Identical rows of responses, estimated once.

use crate::random::mix;
use crate::responses::OptionIds;
use crate::{Responses, Result};
use hashbrown::HashTable;

/// Collapsing pays when at most this share of the respondents is left.
const LARGEST_SHARE: f64 = 0.5;

/// Distinct rows of responses as respondents of their own, weighted by those who gave them.
pub(crate) struct Patterns {
    /// The distinct rows.
    pub responses: Responses<'static>,
    /// The pattern of each respondent; patterns are numbered in the order in which they occur.
    pub pattern_of: Vec<u32>,
}

impl Patterns {
    /// Collapses identical rows, or nothing where that does not pay.
    ///
    /// # Errors
    /// [`crate::Error::Responses`] when the weights do not stay positive and finite.
    pub fn new(responses: &Responses) -> Result<Option<Self>> {
        let n = responses.n_respondents();
        let (mut row, mut other) = (Vec::new(), Vec::new());
        let mut firsts: Vec<(u64, u32)> = Vec::new();
        let mut table: HashTable<u32> = HashTable::new();
        let mut pattern_of = Vec::with_capacity(n);
        for respondent in 0..n {
            row.clear();
            responses.copy_row(respondent, &mut row);
            let hash = row.iter().fold(0, |hash, &option| mix(hash ^ u64::from(option)));
            let same = |&pattern: &u32| {
                let (known, first) = firsts[pattern as usize];
                other.clear();
                responses.copy_row(first as usize, &mut other);
                known == hash && other == row
            };
            let known = table.find(hash, same).copied();
            let pattern = known.unwrap_or(firsts.len() as u32);
            if known.is_none() {
                if firsts.len() as f64 >= LARGEST_SHARE * n as f64 {
                    return Ok(None);
                }
                firsts.push((hash, respondent as u32));
                table.insert_unique(hash, pattern, |&pattern| firsts[pattern as usize].0);
            }
            pattern_of.push(pattern);
        }
        let mut weights = vec![0.0f64; firsts.len()];
        for (respondent, &pattern) in pattern_of.iter().enumerate() {
            weights[pattern as usize] += f64::from(responses.weight(respondent));
        }
        let mut offsets = vec![0u64];
        let mut options = Vec::new();
        for &(_, first) in &firsts {
            responses.copy_row(first as usize, &mut options);
            offsets.push(options.len() as u64);
        }
        let catalogue = responses.catalogue().clone();
        let distinct = Responses::from_ids(catalogue, offsets, OptionIds::Wide(options.into()))?;
        Ok(Some(Self {
            responses: distinct.with_weights(weights.iter().map(|&w| w as f32).collect())?,
            pattern_of,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ItemCatalogue;

    #[test]
    fn identical_rows_become_one_with_their_weights() {
        let catalogue = ItemCatalogue::new(&[2, 2]).expect("valid catalogue");
        let rows: [&[u32]; 6] = [&[0, 2], &[1], &[0, 2], &[1], &[0, 2], &[]];
        let mut offsets = vec![0u64];
        let mut options = Vec::new();
        for row in rows {
            options.extend_from_slice(row);
            offsets.push(options.len() as u64);
        }
        let responses = Responses::new(catalogue, offsets, &options).expect("valid");
        let weighted = responses
            .with_weights(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
            .expect("weights");
        let patterns = Patterns::new(&weighted).expect("valid").expect("it pays");
        assert_eq!(patterns.pattern_of, [0, 1, 0, 1, 0, 2]);
        let weights: Vec<f32> = (0..3).map(|k| patterns.responses.weight(k)).collect();
        assert_eq!(weights, [9.0, 6.0, 6.0]);
        assert_eq!(patterns.responses.n_responses_of(0), 2);

        let catalogue = ItemCatalogue::new(&[3]).expect("valid catalogue");
        let distinct = Responses::new(catalogue, vec![0, 1, 2, 3], &[0, 1, 2]).expect("valid");
        assert!(Patterns::new(&distinct).expect("valid").is_none());
    }
}
