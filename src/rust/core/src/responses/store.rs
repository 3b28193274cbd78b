//! The compressed store of observed responses.

use crate::base::error::{Error, Result};
use crate::base::monitor::{Monitor, Silent};
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::response::Response;
use crate::responses::weight_type::WeightType;
use std::borrow::Cow;

/// Option ids in the narrowest type that holds them, owned or borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionIds<'a> {
    /// Ids of at most 65,536 options.
    Narrow(Cow<'a, [u16]>),
    /// Ids of more options than that.
    Wide(Cow<'a, [u32]>),
}

impl OptionIds<'_> {
    /// True when 16 bits hold the ids of so many options.
    pub fn are_narrow(n_options: usize) -> bool {
        n_options <= usize::from(u16::MAX) + 1
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        match self {
            OptionIds::Narrow(ids) => ids.len(),
            OptionIds::Wide(ids) => ids.len(),
        }
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Everybody's observed responses: for each respondent the ids of the chosen options, ordered by item. What is
/// missing is not there. The ids may be borrowed, so that R's memory is used without a copy.
#[derive(Clone, Debug)]
pub struct Responses<'a> {
    pub(crate) catalogue: ItemCatalogue,
    pub(crate) offsets: Vec<u64>,
    pub(crate) ids: OptionIds<'a>,
    option_totals: Vec<u64>,
    pub(crate) weights: Option<Vec<f32>>,
    weight_type: WeightType,
}

impl Responses<'static> {
    /// Stores `options[offsets[i] .. offsets[i + 1]]` as the responses of respondent `i`.
    ///
    /// # Errors
    /// [`Error::Responses`] when the offsets do not rise from 0 to the number of responses, an option id is
    /// not in the catalogue, or a respondent's responses are not in the order of the items with one each.
    pub fn new(catalogue: ItemCatalogue, offsets: Vec<u64>, options: &[u32]) -> Result<Self> {
        check_known(options.iter().copied(), &catalogue)?;
        let ids = if OptionIds::are_narrow(catalogue.n_options()) {
            OptionIds::Narrow(options.iter().map(|&id| id as u16).collect())
        } else {
            OptionIds::Wide(Cow::Owned(options.to_vec()))
        };
        Responses::from_ids(catalogue, offsets, ids)
    }
}

impl<'a> Responses<'a> {
    /// As [`Responses::new`], from ids that are stored already.
    ///
    /// # Errors
    /// As [`Responses::new`].
    pub fn from_ids(catalogue: ItemCatalogue, offsets: Vec<u64>, ids: OptionIds<'a>) -> Result<Self> {
        Responses::read(catalogue, offsets, ids, &Silent)
    }

    /// [`Responses::from_ids`] of very many responses.
    ///
    /// # Errors
    /// As [`Responses::new`]; [`Error::Cancelled`] when the monitor says so.
    pub fn read(
        catalogue: ItemCatalogue,
        offsets: Vec<u64>,
        ids: OptionIds<'a>,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let rises = offsets.windows(2).all(|w| w[0] <= w[1]);
        if offsets.first() != Some(&0) || offsets.last() != Some(&(ids.len() as u64)) || !rises {
            return Err(Error::Responses(
                "the row offsets do not rise from 0 to the number of responses".into(),
            ));
        }
        let option_totals = match &ids {
            OptionIds::Narrow(ids) => {
                check_known(ids.iter().map(|&id| u32::from(id)), &catalogue)?;
                count_in_order(&offsets, ids, &catalogue, monitor)?
            }
            OptionIds::Wide(ids) => {
                check_known(ids.iter().copied(), &catalogue)?;
                count_in_order(&offsets, ids, &catalogue, monitor)?
            }
        };
        Ok(Self {
            catalogue,
            offsets,
            ids,
            option_totals,
            weights: None,
            weight_type: WeightType::default(),
        })
    }

    /// The same responses with a weight for each respondent. The prior of the items counts as much against sampling weights whose mean
    /// is 1 as without weights.
    ///
    /// # Errors
    /// [`Error::Responses`] when there is not one positive, finite weight for each respondent.
    pub fn with_weights(self, weights: Vec<f32>, weight_type: WeightType) -> Result<Self> {
        if weights.len() != self.n_respondents() {
            return Err(Error::Responses(format!(
                "there are {} weights for {} respondents",
                weights.len(),
                self.n_respondents()
            )));
        }
        if let Some(respondent) = weights.iter().position(|&w| !(w > 0.0 && w.is_finite())) {
            return Err(Error::Responses(format!(
                "the weight of respondent {respondent} is {}, not a positive number",
                weights[respondent]
            )));
        }
        Ok(Self {
            weights: Some(weights),
            weight_type,
            ..self
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
        self.ids.len()
    }

    /// Number of responses of one respondent.
    pub fn n_responses_of(&self, respondent: usize) -> usize {
        (self.offsets[respondent + 1] - self.offsets[respondent]) as usize
    }

    /// The mean number of responses of some respondents.
    pub(crate) fn mean_responses_of(&self, respondents: &[u32]) -> f64 {
        let numbers = respondents.iter().map(|&i| self.n_responses_of(i as usize));
        numbers.sum::<usize>() as f64 / respondents.len() as f64
    }

    /// The weight of a respondent: 1 where there are no weights.
    pub fn weight(&self, respondent: usize) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights[respondent])
    }

    /// What the weights count.
    pub fn weight_type(&self) -> WeightType {
        self.weight_type
    }

    /// The weights of some respondents, summed.
    pub(crate) fn summed_weight(&self, respondents: &[u32]) -> f64 {
        let weights = respondents.iter().map(|&i| self.weight(i as usize));
        weights.map(f64::from).sum()
    }

    /// True when the respondents have weights.
    pub fn has_weights(&self) -> bool {
        self.weights.is_some()
    }

    /// Appends the option ids of one respondent to `to`.
    pub fn copy_row(&self, respondent: usize, to: &mut Vec<u32>) {
        let range = self.offsets[respondent] as usize..self.offsets[respondent + 1] as usize;
        match &self.ids {
            OptionIds::Narrow(ids) => to.extend(ids[range].iter().map(|&id| u32::from(id))),
            OptionIds::Wide(ids) => to.extend_from_slice(&ids[range]),
        }
    }

    /// Appends the responses of one respondent to `to`.
    pub(crate) fn extend_with_row(&self, respondent: usize, to: &mut Vec<Response>) {
        let range = self.offsets[respondent] as usize..self.offsets[respondent + 1] as usize;
        let place = |id: usize| self.catalogue.response(id);
        match &self.ids {
            OptionIds::Narrow(ids) => to.extend(ids[range].iter().map(|&id| place(usize::from(id)))),
            OptionIds::Wide(ids) => to.extend(ids[range].iter().map(|&id| place(id as usize))),
        }
    }

    /// How often each option was chosen.
    pub fn option_totals(&self) -> &[u64] {
        &self.option_totals
    }

    /// How many responses each item has.
    pub fn item_totals(&self) -> Vec<u64> {
        let totals = self.option_totals();
        (0..self.catalogue.n_items())
            .map(|item| totals[self.catalogue.options_of(item)].iter().sum())
            .collect()
    }

    /// The summed weights of those who answered each item.
    pub fn weighted_item_totals(&self) -> Vec<f64> {
        if self.weights.is_none() {
            return self.item_totals().into_iter().map(|n| n as f64).collect();
        }
        let everybody = 0..self.n_respondents() as u32;
        self.sum_by_item(everybody.map(|i| (i, f64::from(self.weight(i as usize)))))
    }

    /// The summed weights of those who chose each option.
    pub(crate) fn weighted_option_totals(&self) -> Vec<f64> {
        if self.weights.is_none() {
            return self.option_totals.iter().map(|&n| n as f64).collect();
        }
        let everybody = 0..self.n_respondents() as u32;
        let weighted = everybody.map(|i| (i, f64::from(self.weight(i as usize))));
        self.sum_by(self.catalogue.n_options(), |option| option, weighted)
    }

    /// Sums, for each item, the numbers that come with those of some respondents who answered it.
    pub(crate) fn sum_by_item<T>(&self, numbered: impl Iterator<Item = (u32, T)>) -> Vec<T>
    where
        T: Copy + Default + std::ops::AddAssign,
    {
        let item_of = |option| self.catalogue.item_of(option);
        self.sum_by(self.catalogue.n_items(), item_of, numbered)
    }

    /// Sums, for each of so many places, the numbers that come with those of some respondents who chose its options.
    fn sum_by<T>(
        &self,
        n_places: usize,
        place_of: impl Fn(usize) -> usize,
        numbered: impl Iterator<Item = (u32, T)>,
    ) -> Vec<T>
    where
        T: Copy + Default + std::ops::AddAssign,
    {
        let mut sums = vec![T::default(); n_places];
        let mut row = Vec::new();
        for (respondent, value) in numbered {
            row.clear();
            self.copy_row(respondent as usize, &mut row);
            row.iter()
                .for_each(|&option| sums[place_of(option as usize)] += value);
        }
        sums
    }

    /// How many slots all responses have: options beside the reference of their items.
    pub fn n_slots(&self) -> u64 {
        let totals = self.item_totals().into_iter().enumerate();
        totals
            .map(|(item, n)| n * self.catalogue.rows_of(item).len() as u64)
            .sum()
    }

    /// The respondents who gave at least one response.
    pub fn respondents_with_responses(&self) -> Vec<u32> {
        (0..self.n_respondents())
            .filter(|&i| self.n_responses_of(i) > 0)
            .map(|i| i as u32)
            .collect()
    }
}

fn check_known(ids: impl Iterator<Item = u32>, catalogue: &ItemCatalogue) -> Result<()> {
    match ids.max() {
        Some(largest) if largest as usize >= catalogue.n_options() => {
            Err(Error::Responses(format!("there is the unknown option {largest}")))
        }
        _ => Ok(()),
    }
}

/// How often each option was chosen.
fn count_in_order<T: Copy + Into<u32>>(
    offsets: &[u64],
    ids: &[T],
    catalogue: &ItemCatalogue,
    monitor: &dyn Monitor,
) -> Result<Vec<u64>> {
    let mut totals = vec![0; catalogue.n_options()];
    for (respondent, range) in offsets.windows(2).enumerate() {
        monitor.proceed()?;
        // One more than the last item, so that the first item follows nothing.
        let mut next = 0;
        for &id in &ids[range[0] as usize..range[1] as usize] {
            let option = id.into() as usize;
            totals[option] += 1;
            let item = catalogue.item_of(option);
            if item < next {
                return Err(Error::Responses(format!(
                    "respondent {respondent} has the item {item} twice or out of order"
                )));
            }
            next = item + 1;
        }
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Impatient;

    fn catalogue() -> ItemCatalogue {
        ItemCatalogue::new(&[2, 3, 2]).expect("valid catalogue")
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
        let ids = OptionIds::Narrow(Cow::Borrowed(&[9]));
        let unknown = Responses::from_ids(catalogue(), vec![0, 1], ids.clone()).expect_err("refused");
        let cancelled = Responses::read(
            ItemCatalogue::new(&[10]).expect("valid"),
            vec![0, 1],
            ids,
            &Impatient,
        );
        assert!(matches!(cancelled, Err(Error::Cancelled)));
        assert!(unknown.to_string().contains("unknown option 9"));
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

    #[test]
    fn weights_are_one_for_each_respondent() {
        let stored = || Responses::new(catalogue(), vec![0, 1, 2], &[1, 4]).expect("valid");
        assert!(!stored().has_weights());
        assert_eq!(stored().weight(1), 1.0);
        let weighted = stored()
            .with_weights(vec![0.5, 2.0], WeightType::Sampling)
            .expect("valid weights");
        assert!(weighted.has_weights());
        assert_eq!(weighted.weight(1), 2.0);
        assert_eq!(weighted.weight_type(), WeightType::Sampling);
        assert_eq!(stored().weight_type(), WeightType::Frequency);
        assert!(stored().with_weights(vec![1.0], WeightType::Frequency).is_err());
        assert!(
            stored()
                .with_weights(vec![1.0, 0.0], WeightType::Frequency)
                .is_err()
        );
        assert!(
            stored()
                .with_weights(vec![1.0, f32::INFINITY], WeightType::Frequency)
                .is_err()
        );
    }
}
