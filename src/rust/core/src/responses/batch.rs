//! The responses of some respondents, laid out for computing.

use crate::responses::response::Response;
use crate::responses::store::Responses;
use std::ops::Range;

/// Who chose an option: the position of the respondent in the batch, and the number of the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chooser {
    /// Position of the respondent.
    pub position: u32,
    /// Number of the response.
    pub response: u32,
}

/// The responses of a set of respondents, by respondent and, once they are [grouped](Batch::group), by option.
///
/// Responses are numbered through the batch, respondent by respondent. Each has one *slot* for every parameter row of
/// its item, that is for every option but the reference.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    respondents: Vec<u32>,
    weights: Vec<f32>,
    offsets: Vec<u32>,
    responses: Vec<Response>,
    slots: Vec<u32>,
    group_starts: Vec<u32>,
    choosers: Vec<Chooser>,
}

impl Batch {
    /// The batch of the given respondents (rows of `responses`), grouped by option.
    pub fn new(responses: &Responses, respondents: &[u32]) -> Self {
        let mut batch = Self::default();
        batch.fill(responses, respondents);
        batch.group(responses.catalogue().n_options());
        batch
    }

    /// Makes this the batch of the given respondents, not grouped; the memory is kept.
    pub fn fill(&mut self, responses: &Responses, respondents: &[u32]) {
        self.respondents.clear();
        self.respondents.extend_from_slice(respondents);
        self.weights.clear();
        let weights = respondents.iter().map(|&i| responses.weight(i as usize));
        self.weights.extend(weights);
        self.responses.clear();
        self.offsets.clear();
        self.offsets.push(0);
        for &respondent in respondents {
            responses.extend_with_row(respondent as usize, &mut self.responses);
            self.offsets.push(self.responses.len() as u32);
        }
        self.slots.clear();
        self.slots.push(0);
        let mut n_slots = 0;
        self.slots.extend(self.responses.iter().map(|response| {
            n_slots += u32::from(response.n_rows);
            n_slots
        }));
        self.group_starts.clear();
        self.choosers.clear();
    }

    /// Sorts the responses by option (a counting sort, so their order within an option is kept).
    pub fn group(&mut self, n_options: usize) {
        let starts = &mut self.group_starts;
        starts.clear();
        // While the responses are dealt out, `starts[option + 1]` is the next free place of the option.
        starts.resize(n_options + 2, 0);
        for response in &self.responses {
            starts[response.option as usize + 2] += 1;
        }
        for option in 2..n_options + 2 {
            starts[option] += starts[option - 1];
        }
        self.choosers.resize(self.responses.len(), Chooser::default());
        for (position, range) in self.offsets.windows(2).enumerate() {
            for number in range[0]..range[1] {
                let place = &mut starts[self.responses[number as usize].option as usize + 1];
                self.choosers[*place as usize] = Chooser {
                    position: position as u32,
                    response: number,
                };
                *place += 1;
            }
        }
        starts.truncate(n_options + 1);
    }

    /// Number of respondents.
    pub fn n_respondents(&self) -> usize {
        self.respondents.len()
    }

    /// Number of responses.
    pub fn n_responses(&self) -> usize {
        self.responses.len()
    }

    /// Number of slots.
    pub fn n_slots(&self) -> usize {
        self.slots.last().map_or(0, |&n| n as usize)
    }

    /// The respondents, as rows of the responses.
    pub fn respondents(&self) -> &[u32] {
        &self.respondents
    }

    /// The weights of the respondents.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// What the respondents weigh together.
    pub fn total_weight(&self) -> f64 {
        self.weights.iter().map(|&w| f64::from(w)).sum()
    }

    /// The numbers of the responses of the respondent at a position of the batch.
    pub fn numbers_of(&self, position: usize) -> Range<usize> {
        self.offsets[position] as usize..self.offsets[position + 1] as usize
    }

    /// The responses of the respondent at a position of the batch.
    pub fn responses_of(&self, position: usize) -> &[Response] {
        &self.responses[self.numbers_of(position)]
    }

    /// All responses.
    pub fn responses(&self) -> &[Response] {
        &self.responses
    }

    /// The slots of a run of responses.
    pub fn slots_of(&self, numbers: Range<usize>) -> Range<usize> {
        self.slots[numbers.start] as usize..self.slots[numbers.end] as usize
    }

    /// Who chose one of a run of options, ordered by option, then by respondent.
    ///
    /// # Panics
    /// When the batch is not grouped.
    pub fn choosers_of(&self, options: Range<usize>) -> &[Chooser] {
        let starts = &self.group_starts;
        &self.choosers[starts[options.start] as usize..starts[options.end] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::responses::catalogue::ItemCatalogue;

    #[test]
    fn a_batch_knows_its_responses_both_ways() {
        let catalogue = ItemCatalogue::new(&[2, 3]).expect("valid catalogue");
        let responses = Responses::new(catalogue, vec![0, 2, 3, 5], &[1, 4, 0, 1, 2]).expect("valid");
        let batch = Batch::new(&responses, &[2, 0]);
        assert_eq!(batch.n_respondents(), 2);
        assert_eq!(batch.n_responses(), 4);
        assert_eq!(batch.n_slots(), 6);
        assert_eq!(batch.numbers_of(1), 2..4);
        assert_eq!(batch.slots_of(2..4), 3..6);
        assert_eq!(batch.responses_of(1)[1].chosen, 2);
        assert_eq!(batch.responses_of(1)[1].rows(), 1..3);
        let numbers = |options| -> Vec<(u32, u32)> {
            batch
                .choosers_of(options)
                .iter()
                .map(|c| (c.position, c.response))
                .collect()
        };
        assert_eq!(numbers(1..2), [(0, 0), (1, 2)]);
        assert_eq!(numbers(2..5), [(0, 1), (1, 3)]);
        assert_eq!(batch.weights(), [1.0, 1.0]);
    }
}
