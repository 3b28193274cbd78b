//! The items and their response options.

use crate::base::error::{Error, Result};
use crate::responses::item_kind::ItemKind;
use crate::responses::response::Response;
use std::ops::Range;

/// The options that an item may have: its rows are counted in 16 bits, so that a [`Response`] takes 16 bytes. (With 20 the training
/// is slower by a twentieth.)
const MOST_OPTIONS: u32 = u16::MAX as u32 + 1;

/// The items and their response options. Every (item, option) pair has one id, counted through the items in
/// order: item `j` has the ids `first_option[j] .. first_option[j + 1]`, the first of which is the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCatalogue {
    first_option: Vec<u32>,
    item_of_option: Vec<u32>,
    kinds: Vec<ItemKind>,
    places: Vec<Response>,
}

impl ItemCatalogue {
    /// A catalogue of nominal items with the given numbers of options, each at least 2.
    ///
    /// # Errors
    /// [`Error::Responses`] when there is no item, an item has fewer than 2 options or more than 65,536, or the options of all
    /// are more than 32 bits can count.
    pub fn new(n_options: &[u32]) -> Result<Self> {
        Self::with_kinds(n_options, vec![ItemKind::default(); n_options.len()])
    }

    /// A catalogue of items with the given numbers of options and of the given kinds.
    ///
    /// # Errors
    /// As [`Self::new`], and when there is not one kind for each item.
    pub fn with_kinds(n_options: &[u32], kinds: Vec<ItemKind>) -> Result<Self> {
        if kinds.len() != n_options.len() {
            return Err(Error::Responses(format!(
                "there are {} kinds for {} items",
                kinds.len(),
                n_options.len()
            )));
        }
        if n_options.is_empty() {
            return Err(Error::Responses("there is no item".into()));
        }
        let mut first_option = Vec::with_capacity(n_options.len() + 1);
        let mut item_of_option = Vec::new();
        let mut total = 0u32;
        for (item, &n) in n_options.iter().enumerate() {
            if !(2..=MOST_OPTIONS).contains(&n) {
                return Err(Error::Responses(format!(
                    "item {item} has {n} option(s) and needs from 2 to {MOST_OPTIONS}"
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
                    n_rows: (first_option[item + 1] - first_option[item] - 1) as u16,
                    kind: kinds[item],
                }
            })
            .collect();
        Ok(Self {
            first_option,
            item_of_option,
            kinds,
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

    /// What kind of responses an item takes.
    pub fn kind_of(&self, item: usize) -> ItemKind {
        self.kinds[item]
    }

    /// The kind of each item.
    pub fn kinds(&self) -> &[ItemKind] {
        &self.kinds
    }

    /// True when no item has an order of its options.
    pub fn is_nominal(&self) -> bool {
        self.kinds.iter().all(|&kind| kind == ItemKind::Nominal)
    }

    /// The number of options of each item.
    pub fn option_counts(&self) -> Vec<u32> {
        self.first_option.windows(2).map(|w| w[1] - w[0]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_rows_and_items_agree() {
        let catalogue = ItemCatalogue::new(&[2, 3, 2]).expect("valid catalogue");
        assert_eq!(catalogue.n_options(), 7);
        assert_eq!(catalogue.n_parameter_rows(), 4);
        assert_eq!(catalogue.options_of(1), 2..5);
        assert_eq!(catalogue.rows_of(1), 1..3);
        assert_eq!(catalogue.rows_of(2), 3..4);
        assert_eq!(catalogue.item_of(4), 1);
        assert_eq!(catalogue.items_of_rows(), [0, 1, 1, 2]);
        assert_eq!(catalogue.option_counts(), [2, 3, 2]);
    }

    #[test]
    fn items_need_two_options() {
        assert!(ItemCatalogue::new(&[2, 1]).is_err());
        assert!(ItemCatalogue::new(&[]).is_err());
    }

    #[test]
    fn options_are_counted_in_sixteen_bits() {
        assert_eq!(size_of::<Response>(), 16);
        let widest = ItemCatalogue::new(&[65_536]).expect("valid catalogue");
        assert_eq!(widest.response(65_535).rows(), widest.rows_of(0));
        let error = ItemCatalogue::new(&[2, 65_537]).expect_err("too many options");
        assert!(error.to_string().contains("item 1 has 65537 option(s)"));
    }

    #[test]
    fn every_item_has_a_kind() {
        let kinds = vec![ItemKind::Graded, ItemKind::Nominal];
        let catalogue = ItemCatalogue::with_kinds(&[4, 2], kinds.clone()).expect("valid catalogue");
        assert_eq!(catalogue.kinds(), kinds);
        assert_eq!(catalogue.response(2).kind, ItemKind::Graded);
        assert!(!catalogue.is_nominal());
        assert!(ItemCatalogue::new(&[4, 2]).expect("valid catalogue").is_nominal());
        assert!(ItemCatalogue::with_kinds(&[4], kinds).is_err());
    }
}
