//! A minibatch: the responses of some respondents, laid out for the kernels.

use crate::Responses;
use std::ops::Range;

/// The responses of a set of respondents, by respondent and by option.
///
/// A *response* is counted through the batch, respondent by respondent. Each has one *slot* for every
/// non-reference option of its item: the places of linear predictors and residuals.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    respondents: Vec<u32>,
    offsets: Vec<u32>,
    options: Vec<u32>,
    chosen: Vec<u32>,
    first_row: Vec<u32>,
    slots: Vec<u32>,
    owner: Vec<u32>,
    group_starts: Vec<u32>,
    grouped: Vec<u32>,
    widest: usize,
}

impl Batch {
    /// The batch of the given respondents (rows of `responses`).
    pub fn new(responses: &Responses, respondents: &[u32]) -> Self {
        let mut batch = Self::default();
        batch.fill(responses, respondents);
        batch
    }

    /// Makes this the batch of the given respondents; the memory is kept.
    pub fn fill(&mut self, responses: &Responses, respondents: &[u32]) {
        self.respondents.clear();
        self.respondents.extend_from_slice(respondents);
        self.options.clear();
        self.offsets.clear();
        self.offsets.push(0);
        self.owner.clear();
        for (position, &respondent) in respondents.iter().enumerate() {
            responses.copy_row(respondent as usize, &mut self.options);
            self.offsets.push(self.options.len() as u32);
            self.owner.resize(self.options.len(), position as u32);
        }
        self.locate(responses);
        self.group(responses.catalogue().n_options());
    }

    /// Finds the slots and the parameter rows of every response.
    fn locate(&mut self, responses: &Responses) {
        let catalogue = responses.catalogue();
        self.chosen.clear();
        self.first_row.clear();
        self.slots.clear();
        self.slots.push(0);
        self.widest = 0;
        let mut n_slots = 0;
        for &option in &self.options {
            let item = catalogue.item_of(option as usize);
            let rows = catalogue.rows_of(item);
            self.chosen.push(option - catalogue.options_of(item).start as u32);
            self.first_row.push(rows.start as u32);
            self.widest = self.widest.max(rows.len());
            n_slots += rows.len() as u32;
            self.slots.push(n_slots);
        }
    }

    /// Sorts the responses by option (a counting sort, so their order within an option is kept).
    fn group(&mut self, n_options: usize) {
        self.group_starts.clear();
        self.group_starts.resize(n_options + 1, 0);
        for &option in &self.options {
            self.group_starts[option as usize + 1] += 1;
        }
        for option in 0..n_options {
            self.group_starts[option + 1] += self.group_starts[option];
        }
        let mut next = self.group_starts.clone();
        self.grouped.resize(self.options.len(), 0);
        for (response, &option) in self.options.iter().enumerate() {
            let place = &mut next[option as usize];
            self.grouped[*place as usize] = response as u32;
            *place += 1;
        }
    }

    /// Number of respondents.
    pub fn n_respondents(&self) -> usize {
        self.respondents.len()
    }

    /// Number of responses.
    pub fn n_responses(&self) -> usize {
        self.options.len()
    }

    /// Number of slots.
    pub fn n_slots(&self) -> usize {
        self.slots.last().map_or(0, |&n| n as usize)
    }

    /// The largest number of slots that a response has.
    pub fn widest(&self) -> usize {
        self.widest
    }

    /// The respondents, as rows of the responses.
    pub fn respondents(&self) -> &[u32] {
        &self.respondents
    }

    /// The responses of the respondent at a position of the batch.
    pub fn responses_of(&self, position: usize) -> Range<usize> {
        self.offsets[position] as usize..self.offsets[position + 1] as usize
    }

    /// The slots of a run of responses.
    pub fn slots_of(&self, responses: Range<usize>) -> Range<usize> {
        self.slots[responses.start] as usize..self.slots[responses.end] as usize
    }

    /// The id of the option chosen in a response.
    pub fn option(&self, response: usize) -> usize {
        self.options[response] as usize
    }

    /// The option ids of a run of responses.
    pub fn options(&self, responses: Range<usize>) -> &[u32] {
        &self.options[responses]
    }

    /// The place of the chosen option among the options of its item; 0 is the reference.
    pub fn chosen(&self, response: usize) -> usize {
        self.chosen[response] as usize
    }

    /// [`Batch::chosen`] for a run of responses.
    pub fn chosen_of(&self, responses: Range<usize>) -> &[u32] {
        &self.chosen[responses]
    }

    /// The rows of the table of item parameters that a response concerns.
    pub fn rows(&self, response: usize) -> Range<usize> {
        let first = self.first_row[response] as usize;
        first..first + (self.slots[response + 1] - self.slots[response]) as usize
    }

    /// The position of the respondent who gave a response.
    pub fn owner(&self, response: usize) -> usize {
        self.owner[response] as usize
    }

    /// The responses in which one of a run of options was chosen, ordered by option, then by respondent.
    pub fn responses_with(&self, options: Range<usize>) -> &[u32] {
        let starts = &self.group_starts;
        &self.grouped[starts[options.start] as usize..starts[options.end] as usize]
    }

    /// Number of responses by position, for the network.
    pub fn response_counts(&self) -> Vec<u32> {
        self.offsets.windows(2).map(|w| w[1] - w[0]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ItemCatalogue;

    #[test]
    fn a_batch_knows_its_responses_both_ways() {
        let catalogue = ItemCatalogue::new(&[2, 3]).expect("valid catalogue");
        let responses = Responses::new(catalogue, vec![0, 2, 3, 5], &[1, 4, 0, 1, 2]).expect("valid");
        let batch = Batch::new(&responses, &[2, 0]);
        assert_eq!(batch.n_respondents(), 2);
        assert_eq!(batch.n_responses(), 4);
        assert_eq!(batch.n_slots(), 6);
        assert_eq!(batch.widest(), 2);
        assert_eq!(batch.responses_of(1), 2..4);
        assert_eq!(batch.slots_of(2..4), 3..6);
        assert_eq!(batch.chosen(3), 2);
        assert_eq!(batch.rows(3), 1..3);
        assert_eq!(batch.responses_with(1..2), [0, 2]);
        assert_eq!(batch.responses_with(2..5), [1, 3]);
        assert_eq!(batch.owner(2), 1);
        assert_eq!(batch.response_counts(), [2, 2]);
    }
}
