//! A sample of the responses by two bits each, in which all pairs of items can be compared.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::order::sort_numbers;
use crate::responses::evidence::{JOINT, MINORITY};
use crate::responses::store::Responses;

/// Frequent options of an item at most. Those of one with two options are complements, so that one is enough.
const MOST_FREQUENT: usize = 8;

/// Words of 64 respondents that are compared, and the items with so many; more items or options have fewer words, so that
/// the time is bounded.
const WORDS: usize = 64;

const ITEMS: usize = 5_000;

/// The place of an option that is not among the frequent ones.
const RARE: u32 = u32::MAX;

/// 64 respondents' responses to an item.
#[derive(Clone, Copy, Default)]
pub(crate) struct Word {
    pub answered: u64,
    /// Who chose the frequent option.
    pub chosen: u64,
}

/// The frequent options of all items.
struct FrequentOptions {
    /// The place of each option among them, or [`RARE`].
    place_of: Vec<u32>,
    /// Where those of each item begin, the most frequent option (the first of equals) before the others, and the end.
    starts: Vec<usize>,
}

impl FrequentOptions {
    /// Options that are chosen half as often as the most frequent one.
    fn new(responses: &Responses) -> Self {
        let (catalogue, totals) = (responses.catalogue(), responses.option_totals());
        let mut place_of = vec![RARE; catalogue.n_options()];
        let mut starts = vec![0];
        let mut n_frequent = 0;
        for item in 0..catalogue.n_items() {
            let mut chosen: Vec<usize> = catalogue
                .options_of(item)
                .filter(|&option| totals[option] > 0)
                .collect();
            sort_numbers(&mut chosen, &|a, b| totals[b].cmp(&totals[a]));
            let most = chosen.first().map_or(0, |&option| totals[option]);
            let n_own = if chosen.len() > 2 { MOST_FREQUENT } else { 1 };
            chosen.retain(|&option| totals[option] >= most / 2);
            for &option in chosen.iter().take(n_own) {
                place_of[option] = n_frequent as u32;
                n_frequent += 1;
            }
            starts.push(n_frequent);
        }
        Self { place_of, starts }
    }

    fn len(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }
}

/// Responses of some respondents to the items that enough of them answered.
pub(crate) struct Sample {
    pub items: Vec<u32>,
    /// Where the frequent options of each item begin, the most frequent one.
    pub first: Vec<usize>,
    /// The place of the item of each frequent option.
    pub owners: Vec<usize>,
    pub n_words: usize,
    /// Word by word, the frequent options in their order.
    words: Vec<Word>,
}

impl Sample {
    /// Takes respondents spread evenly over those with responses.
    pub fn new(responses: &Responses, monitor: &dyn Monitor) -> Result<Self> {
        let catalogue = responses.catalogue();
        let n_items = catalogue.n_items();
        let respondents = responses.respondents_with_responses();
        let frequent = FrequentOptions::new(responses);
        let n_words = words_for(n_items, frequent.len()).min(respondents.len().div_ceil(64));
        let n_taken = respondents.len().min(64 * n_words);
        let mut all = vec![Word::default(); frequent.len() * n_words];
        let mut row = Vec::new();
        for k in 0..n_taken {
            monitor.proceed()?;
            row.clear();
            let place = k * respondents.len() / n_taken;
            responses.copy_row(respondents[place] as usize, &mut row);
            // Neighbours, who may be of one party, go to different words: each word is a sample of its own.
            let (word, bit) = (k % n_words, 1u64 << (k / n_words));
            let to = &mut all[word * frequent.len()..(word + 1) * frequent.len()];
            for &option in &row {
                let item = catalogue.item_of(option as usize);
                for word in &mut to[frequent.starts[item]..frequent.starts[item + 1]] {
                    word.answered |= bit;
                }
                if frequent.place_of[option as usize] != RARE {
                    to[frequent.place_of[option as usize] as usize].chosen |= bit;
                }
            }
        }
        Ok(Self::of_answered(&all, &frequent, n_words))
    }

    /// Leaves out items that no pair can be made of, and options that few chose.
    fn of_answered(all: &[Word], frequent: &FrequentOptions, n_words: usize) -> Self {
        let total = |place: usize, count: fn(&Word) -> u32| -> u32 {
            (0..n_words)
                .map(|word| count(&all[word * frequent.len() + place]))
                .sum()
        };
        let can_match = |&place: &usize| {
            let n_answered = total(place, |word| word.answered.count_ones());
            let n_chosen = total(place, |word| word.chosen.count_ones());
            n_answered >= JOINT && n_chosen >= MINORITY && n_answered - n_chosen >= MINORITY
        };
        let (mut items, mut first, mut owners, mut kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (item, ends) in (0..).zip(frequent.starts.windows(2)) {
            let own: Vec<usize> = (ends[0]..ends[1]).filter(can_match).collect();
            if own.first() == Some(&ends[0]) {
                owners.extend(own.iter().map(|_| items.len()));
                first.push(kept.len());
                items.push(item);
                kept.extend(own);
            }
        }
        let words =
            (0..n_words).flat_map(|word| kept.iter().map(move |&place| all[word * frequent.len() + place]));
        Self {
            words: words.collect(),
            items,
            first,
            owners,
            n_words,
        }
    }

    /// One word of all frequent options.
    #[inline(always)]
    pub fn row(&self, word: usize) -> &[Word] {
        &self.words[word * self.owners.len()..(word + 1) * self.owners.len()]
    }
}

fn words_for(n_items: usize, n_frequent: usize) -> usize {
    let share = (ITEMS as f64 / n_items as f64).min(1.0) * (ITEMS as f64 / n_frequent as f64).min(1.0);
    ((WORDS as f64 * share) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_bounded() {
        assert_eq!(
            [1, 5_000, 10_000, 20_000].map(|n| words_for(n, n)),
            [64, 64, 16, 4]
        );
        assert_eq!(
            [100, 1_000, 5_000, 20_000].map(|n| words_for(n, 8 * n)),
            [64, 40, 8, 1]
        );
    }
}
