//! Respondents with more than one response to an item.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::responses::cells::Cells;

/// Pairs of a respondent and an item with more than one response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Number of pairs.
    pub n_pairs: u64,
    /// Number of pairs whose responses are all the same.
    pub n_identical: u64,
    /// The respondent and the item of the first pairs.
    pub first: Vec<(u32, u32)>,
    /// The items concerned.
    pub items: Vec<u32>,
}

impl Cells {
    /// Finds the pairs of a respondent and an item with more than one response, and lists up to `shown` of them.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::base::error::Error::Cancelled) when the monitor says so.
    pub fn duplicates(&self, shown: usize, monitor: &dyn Monitor) -> Result<Duplicates> {
        let mut found = Duplicates::default();
        let mut seen = SeenItems::new(self.n_items);
        let mut concerned = vec![false; self.n_items];
        let mut n_different = 0;
        for respondent in 0..self.n_respondents() {
            monitor.proceed()?;
            seen.next_respondent();
            for &raw in &self.raw[self.range(respondent)] {
                let item = self.item_of_raw[raw as usize];
                let was_alike = seen.alike(item);
                let count = seen.count(item, raw);
                n_different += u64::from(was_alike && !seen.alike(item));
                if count == 2 {
                    found.n_pairs += 1;
                    concerned[item as usize] = true;
                    if found.first.len() < shown {
                        found.first.push((respondent as u32, item));
                    }
                }
            }
        }
        found.n_identical = found.n_pairs - n_different;
        found.items = (0..self.n_items as u32)
            .filter(|&item| concerned[item as usize])
            .collect();
        Ok(found)
    }

    /// Forgets all responses of a respondent to an item where there is more than one.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::base::error::Error::Cancelled) when the monitor says so, after which the responses are of no use.
    pub fn drop_duplicates(&mut self, monitor: &dyn Monitor) -> Result<()> {
        self.filter_seen(|seen, item| seen.is_single(item), monitor)
    }

    /// Keeps one of a respondent's responses to an item where all of them are the same; leaves those that differ.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::base::error::Error::Cancelled) when the monitor says so, after which the responses are of no use.
    pub fn merge_identical(&mut self, monitor: &dyn Monitor) -> Result<()> {
        self.filter_seen(SeenItems::take, monitor)
    }

    /// Keeps responses by what else the respondent answered to their item.
    fn filter_seen(
        &mut self,
        wanted: impl Fn(&mut SeenItems, u32) -> bool,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let item_of_raw = std::mem::take(&mut self.item_of_raw);
        let mut seen = SeenItems::new(self.n_items);
        let kept = |row: &[u32], to: &mut Vec<u32>| {
            seen.next_respondent();
            let items = row.iter().map(|&raw| item_of_raw[raw as usize]);
            items.clone().zip(row).for_each(|(item, &raw)| {
                seen.count(item, raw);
            });
            let wanted = items.zip(row).filter(|&(item, _)| wanted(&mut seen, item));
            to.extend(wanted.map(|(_, raw)| raw));
        };
        let filtered = self.filter(kept, monitor);
        self.item_of_raw = item_of_raw;
        filtered
    }
}

/// Counts a respondent's responses to each item, without clearing the counts between respondents.
struct SeenItems {
    respondent: u32,
    of_item: Vec<Seen>,
}

/// The responses of the last respondent who gave one to an item.
#[derive(Clone, Copy, Default)]
struct Seen {
    respondent: u32,
    count: u32,
    /// The first of them.
    raw: u32,
    /// Are the others the same?
    alike: bool,
    /// Was one of them taken?
    taken: bool,
}

impl SeenItems {
    fn new(n_items: usize) -> Self {
        Self {
            respondent: 0,
            of_item: vec![Seen::default(); n_items],
        }
    }

    fn next_respondent(&mut self) {
        self.respondent += 1;
    }

    /// Counts one more response to an item; how many there are now.
    fn count(&mut self, item: u32, raw: u32) -> u32 {
        let seen = &mut self.of_item[item as usize];
        if seen.respondent != self.respondent {
            *seen = Seen {
                respondent: self.respondent,
                count: 0,
                raw,
                alike: true,
                taken: false,
            };
        }
        seen.alike &= seen.raw == raw;
        seen.count += 1;
        seen.count
    }

    fn is_single(&self, item: u32) -> bool {
        let seen = &self.of_item[item as usize];
        seen.respondent == self.respondent && seen.count == 1
    }

    /// Are the respondent's responses to an item the same? True where there is none.
    fn alike(&self, item: u32) -> bool {
        let seen = &self.of_item[item as usize];
        seen.respondent != self.respondent || seen.alike
    }

    /// Takes a response: one of those that are alike, each of those that differ.
    fn take(&mut self, item: u32) -> bool {
        let seen = &mut self.of_item[item as usize];
        !(seen.alike && std::mem::replace(&mut seen.taken, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Error;
    use crate::base::monitor::{Impatient, Silent};
    use crate::responses::cells::tests::counts;
    use crate::responses::cells_builder::tests::build;

    #[test]
    fn duplicates_are_found_and_dropped() {
        let mut cells = build(&[(0, 0), (0, 1), (0, 1), (0, 4), (1, 2), (1, 2), (1, 0)]);
        let found = cells.duplicates(1, &Silent).expect("not cancelled");
        assert_eq!((found.n_pairs, found.n_identical), (2, 1));
        assert_eq!(found.first, [(0, 0)]);
        assert_eq!(found.items, [0, 1]);
        cells.drop_duplicates(&Silent).expect("not cancelled");
        assert_eq!(counts(&cells), [1, 0, 0, 0, 1]);
        let found = cells.duplicates(9, &Silent).expect("not cancelled");
        assert_eq!(found, Duplicates::default());
    }

    #[test]
    fn identical_duplicates_are_merged_and_others_are_left() {
        // The pairs are three times the same, the same twice and then another, one and another, and a single one.
        let mut cells = build(&[
            (0, 0),
            (0, 2),
            (0, 0),
            (0, 2),
            (0, 0),
            (0, 3),
            (1, 1),
            (1, 0),
            (1, 4),
            (2, 4),
            (2, 4),
        ]);
        let found = cells.duplicates(9, &Silent).expect("not cancelled");
        assert_eq!((found.n_pairs, found.n_identical), (4, 2));
        assert_eq!(found.first, [(0, 0), (0, 1), (1, 0), (2, 2)]);
        cells.merge_identical(&Silent).expect("not cancelled");
        assert_eq!(counts(&cells), [2, 1, 2, 1, 2]);
        let found = cells.duplicates(9, &Silent).expect("not cancelled");
        assert_eq!((found.n_pairs, found.n_identical), (2, 0));
        cells.drop_duplicates(&Silent).expect("not cancelled");
        assert_eq!(counts(&cells), [1, 0, 0, 0, 2]);
    }

    #[test]
    fn every_step_can_be_cancelled() {
        let cells = build(&[(0, 0), (0, 0), (1, 1), (1, 4)]);
        let cancelled = |found: Option<Error>| assert!(matches!(found, Some(Error::Cancelled)), "{found:?}");
        cancelled(cells.duplicates(1, &Impatient).err());
        cancelled(cells.clone().drop_duplicates(&Impatient).err());
        cancelled(cells.clone().merge_identical(&Impatient).err());
    }
}
