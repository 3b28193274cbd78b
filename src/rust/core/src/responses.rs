//! The compressed store of observed responses.

use crate::batch::Response;
use crate::{Error, Result};
use std::ops::Range;

/// The items and their response options. Every (item, option) pair has one id, counted through the items in
/// order: item `j` has the ids `first_option[j] .. first_option[j + 1]`, the first of which is the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCatalogue {
    first_option: Vec<u32>,
    item_of_option: Vec<u32>,
    places: Vec<Response>,
}

impl ItemCatalogue {
    /// A catalogue of items with the given numbers of options, each at least 2.
    ///
    /// # Errors
    /// [`Error::Responses`] when there is no item, an item has fewer than 2 options, or the options are more
    /// than 32 bits can count.
    pub fn new(n_options: &[u32]) -> Result<Self> {
        if n_options.is_empty() {
            return Err(Error::Responses("there is no item".into()));
        }
        let mut first_option = Vec::with_capacity(n_options.len() + 1);
        let mut item_of_option = Vec::new();
        let mut total = 0u32;
        for (item, &n) in n_options.iter().enumerate() {
            if n < 2 {
                return Err(Error::Responses(format!(
                    "item {item} has {n} option(s) and needs 2"
                )));
            }
            first_option.push(total);
            total = total
                .checked_add(n)
                .ok_or_else(|| Error::Responses("there are too many options".into()))?;
            item_of_option.extend(std::iter::repeat_n(item as u32, n as usize));
        }
        first_option.push(total);
        let places = (0..total)
            .map(|option| {
                let item = item_of_option[option as usize] as usize;
                Response {
                    option,
                    chosen: option - first_option[item],
                    first_row: first_option[item] - item as u32,
                    n_rows: first_option[item + 1] - first_option[item] - 1,
                }
            })
            .collect();
        Ok(Self {
            first_option,
            item_of_option,
            places,
        })
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.first_option.len() - 1
    }

    /// Number of options of all items together.
    pub fn n_options(&self) -> usize {
        self.item_of_option.len()
    }

    /// Number of rows in the table of item parameters: one per item and non-reference option.
    pub fn n_parameter_rows(&self) -> usize {
        self.n_options() - self.n_items()
    }

    /// The ids of an item's options; the first is the reference.
    pub fn options_of(&self, item: usize) -> Range<usize> {
        self.first_option[item] as usize..self.first_option[item + 1] as usize
    }

    /// The rows of an item in the table of item parameters, in the order of its non-reference options.
    pub fn rows_of(&self, item: usize) -> Range<usize> {
        let options = self.options_of(item);
        options.start - item..options.end - item - 1
    }

    /// The item to which an option belongs.
    pub fn item_of(&self, option: usize) -> usize {
        self.item_of_option[option] as usize
    }

    /// What a response is that chooses an option.
    #[inline(always)]
    pub fn response(&self, option: usize) -> Response {
        self.places[option]
    }

    /// The item to which a row of the table of item parameters belongs.
    pub fn items_of_rows(&self) -> Vec<u32> {
        (0..self.n_items())
            .flat_map(|item| std::iter::repeat_n(item as u32, self.rows_of(item).len()))
            .collect()
    }

    /// True when every item has two options.
    pub fn is_binary(&self) -> bool {
        self.n_options() == 2 * self.n_items()
    }

    /// The number of options of each item.
    pub fn option_counts(&self) -> Vec<u32> {
        self.first_option.windows(2).map(|w| w[1] - w[0]).collect()
    }
}

/// Option ids in the narrowest type that holds them.
#[derive(Clone, Debug)]
enum OptionIds {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

/// Everybody's observed responses: for each respondent the ids of the chosen options, ordered by item. What is
/// missing is not there.
#[derive(Clone, Debug)]
pub struct Responses {
    catalogue: ItemCatalogue,
    offsets: Vec<u64>,
    ids: OptionIds,
}

impl Responses {
    /// Stores `options[offsets[i] .. offsets[i + 1]]` as the responses of respondent `i`.
    ///
    /// # Errors
    /// [`Error::Responses`] when the offsets do not rise from 0 to the number of responses, an option id is
    /// not in the catalogue, or a respondent's responses are not in the order of the items with one each.
    pub fn new(catalogue: ItemCatalogue, offsets: Vec<u64>, options: &[u32]) -> Result<Self> {
        let rises = offsets.windows(2).all(|w| w[0] <= w[1]);
        if offsets.first() != Some(&0) || offsets.last() != Some(&(options.len() as u64)) || !rises {
            return Err(Error::Responses(
                "the row offsets do not rise from 0 to the number of responses".into(),
            ));
        }
        for (respondent, range) in offsets.windows(2).enumerate() {
            let mut previous = None;
            for &option in &options[range[0] as usize..range[1] as usize] {
                if option as usize >= catalogue.n_options() {
                    return Err(Error::Responses(format!(
                        "respondent {respondent} has the unknown option {option}"
                    )));
                }
                let item = catalogue.item_of(option as usize);
                if previous.is_some_and(|p| p >= item) {
                    return Err(Error::Responses(format!(
                        "respondent {respondent} has the item {item} twice or out of order"
                    )));
                }
                previous = Some(item);
            }
        }
        let ids = if catalogue.n_options() <= usize::from(u16::MAX) + 1 {
            OptionIds::Narrow(options.iter().map(|&o| o as u16).collect())
        } else {
            OptionIds::Wide(options.to_vec())
        };
        Ok(Self {
            catalogue,
            offsets,
            ids,
        })
    }

    /// The items and their options.
    pub fn catalogue(&self) -> &ItemCatalogue {
        &self.catalogue
    }

    /// Number of respondents, those without a response included.
    pub fn n_respondents(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of observed responses.
    pub fn n_responses(&self) -> usize {
        match &self.ids {
            OptionIds::Narrow(ids) => ids.len(),
            OptionIds::Wide(ids) => ids.len(),
        }
    }

    /// Number of responses of one respondent.
    pub fn n_responses_of(&self, respondent: usize) -> usize {
        (self.offsets[respondent + 1] - self.offsets[respondent]) as usize
    }

    /// Appends the option ids of one respondent to `to`.
    pub fn copy_row(&self, respondent: usize, to: &mut Vec<u32>) {
        let range = self.offsets[respondent] as usize..self.offsets[respondent + 1] as usize;
        match &self.ids {
            OptionIds::Narrow(ids) => to.extend(ids[range].iter().map(|&o| u32::from(o))),
            OptionIds::Wide(ids) => to.extend_from_slice(&ids[range]),
        }
    }

    /// Appends the responses of one respondent to `to`.
    pub(crate) fn extend_with_row(&self, respondent: usize, to: &mut Vec<Response>) {
        let range = self.offsets[respondent] as usize..self.offsets[respondent + 1] as usize;
        let places = &self.catalogue.places;
        match &self.ids {
            OptionIds::Narrow(ids) => to.extend(ids[range].iter().map(|&o| places[usize::from(o)])),
            OptionIds::Wide(ids) => to.extend(ids[range].iter().map(|&o| places[o as usize])),
        }
    }

    /// How often each option was chosen.
    pub fn option_totals(&self) -> Vec<u64> {
        let mut totals = vec![0u64; self.catalogue.n_options()];
        match &self.ids {
            OptionIds::Narrow(ids) => ids.iter().for_each(|&o| totals[usize::from(o)] += 1),
            OptionIds::Wide(ids) => ids.iter().for_each(|&o| totals[o as usize] += 1),
        }
        totals
    }

    /// How many responses each item has.
    pub fn item_totals(&self) -> Vec<u64> {
        let totals = self.option_totals();
        (0..self.catalogue.n_items())
            .map(|item| totals[self.catalogue.options_of(item)].iter().sum())
            .collect()
    }

    /// The respondents who gave at least one response.
    pub fn respondents_with_responses(&self) -> Vec<u32> {
        (0..self.n_respondents())
            .filter(|&i| self.n_responses_of(i) > 0)
            .map(|i| i as u32)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> ItemCatalogue {
        ItemCatalogue::new(&[2, 3, 2]).expect("valid catalogue")
    }

    #[test]
    fn options_rows_and_items_agree() {
        let catalogue = catalogue();
        assert_eq!(catalogue.n_options(), 7);
        assert_eq!(catalogue.n_parameter_rows(), 4);
        assert_eq!(catalogue.options_of(1), 2..5);
        assert_eq!(catalogue.rows_of(1), 1..3);
        assert_eq!(catalogue.rows_of(2), 3..4);
        assert_eq!(catalogue.item_of(4), 1);
        assert_eq!(catalogue.items_of_rows(), [0, 1, 1, 2]);
        assert!(!catalogue.is_binary());
        assert_eq!(catalogue.option_counts(), [2, 3, 2]);
    }

    #[test]
    fn responses_are_stored_by_respondent() {
        let responses = Responses::new(catalogue(), vec![0, 2, 2, 5], &[1, 4, 0, 2, 6]).expect("valid");
        assert_eq!(responses.n_respondents(), 3);
        assert_eq!(responses.n_responses(), 5);
        assert_eq!(responses.n_responses_of(1), 0);
        assert_eq!(responses.respondents_with_responses(), [0, 2]);
        assert_eq!(responses.option_totals(), [1, 1, 1, 0, 1, 0, 1]);
        assert_eq!(responses.item_totals(), [2, 2, 1]);
        let mut row = Vec::new();
        responses.copy_row(2, &mut row);
        assert_eq!(row, [0, 2, 6]);
    }

    #[test]
    fn contradictions_are_refused() {
        let bad = |offsets: Vec<u64>, options: &[u32]| {
            Responses::new(catalogue(), offsets, options)
                .expect_err("refused")
                .to_string()
        };
        assert!(bad(vec![0, 2], &[1]).contains("offsets"));
        assert!(bad(vec![0, 1], &[7]).contains("unknown option 7"));
        assert!(bad(vec![0, 2], &[2, 3]).contains("item 1 twice"));
        assert!(bad(vec![0, 2], &[5, 0]).contains("out of order"));
        assert!(ItemCatalogue::new(&[2, 1]).is_err());
        assert!(ItemCatalogue::new(&[]).is_err());
    }

    #[test]
    fn many_options_use_wide_ids() {
        let catalogue = ItemCatalogue::new(&vec![3; 30_000]).expect("valid catalogue");
        let last = catalogue.n_options() as u32 - 1;
        let responses = Responses::new(catalogue, vec![0, 1], &[last]).expect("valid");
        let mut row = Vec::new();
        responses.copy_row(0, &mut row);
        assert_eq!(row, [89_999]);
    }
}
