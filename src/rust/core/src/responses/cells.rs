//! Observed responses as they are read, before the options of the model are settled.

use crate::base::error::{Error, Result};
use crate::base::monitor::Monitor;
use std::ops::Range;

/// Responses that are worth a thread of their own, and after which the wish to stop is looked for.
pub(super) const CHUNK: u64 = 1 << 17;

/// Observed responses by respondent. A raw option is a pair of an item and a label; which raw options become
/// options of the model is settled when they are packed.
#[derive(Clone, Debug)]
pub struct Cells {
    pub(super) item_of_raw: Vec<u32>,
    pub(super) n_items: usize,
    pub(super) offsets: Vec<u64>,
    pub(super) raw: Vec<u32>,
}

/// Cells with the value that is the label of each raw option.
#[derive(Clone, Debug)]
pub struct LabelledCells {
    /// The cells.
    pub cells: Cells,
    /// The value of each raw option.
    pub values: Vec<i64>,
}

impl Cells {
    /// The raw options `raw[offsets[i] .. offsets[i + 1]]` of each respondent `i`; `item_of_raw` tells the item of
    /// a raw option.
    ///
    /// # Errors
    /// [`Error::Responses`] when the offsets do not rise from 0 to the number of responses, or a raw option or an
    /// item is unknown.
    pub fn new(item_of_raw: Vec<u32>, n_items: usize, offsets: Vec<u64>, raw: Vec<u32>) -> Result<Self> {
        let rises = offsets.windows(2).all(|w| w[0] <= w[1]);
        if offsets.first() != Some(&0) || offsets.last() != Some(&(raw.len() as u64)) || !rises {
            return Err(Error::Responses(
                "the row offsets do not rise from 0 to the number of responses".into(),
            ));
        }
        if offsets.len() > u32::MAX as usize {
            return Err(Error::Responses("there are too many respondents".into()));
        }
        let known_items = item_of_raw.iter().all(|&item| (item as usize) < n_items);
        let known_options = raw.iter().max().is_none_or(|&r| (r as usize) < item_of_raw.len());
        if !known_items || !known_options {
            return Err(Error::Responses("there is an unknown item or option".into()));
        }
        Ok(Self {
            item_of_raw,
            n_items,
            offsets,
            raw,
        })
    }

    /// Number of respondents, those without a response included.
    pub fn n_respondents(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of items, those without a response included.
    pub fn n_items(&self) -> usize {
        self.n_items
    }

    /// Number of responses.
    pub fn n_responses(&self) -> usize {
        self.raw.len()
    }

    /// The item of each raw option.
    pub fn item_of_raw(&self) -> &[u32] {
        &self.item_of_raw
    }

    /// How often each raw option was chosen.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor says so.
    pub fn counts(&self, monitor: &dyn Monitor) -> Result<Vec<u64>> {
        let mut counts = vec![0; self.item_of_raw.len()];
        for part in self.raw.chunks(CHUNK as usize) {
            monitor.proceed()?;
            part.iter().for_each(|&raw| counts[raw as usize] += 1);
        }
        Ok(counts)
    }

    /// Forgets the responses with raw options that are not kept.
    ///
    /// # Errors
    /// [`Error::Responses`] when `kept` does not have one element for each raw option; [`Error::Cancelled`] when the monitor
    /// says so, after which the responses are of no use.
    pub fn keep_options(&mut self, kept: &[bool], monitor: &dyn Monitor) -> Result<()> {
        self.check_length(kept.len())?;
        if kept.contains(&false) {
            let kept =
                |row: &[u32], to: &mut Vec<u32>| to.extend(row.iter().filter(|&&raw| kept[raw as usize]));
            self.filter(kept, monitor)?;
        }
        Ok(())
    }

    /// Forgets the responses of respondents with fewer than `min` of them: these respondents, and how many responses each
    /// had. Respondents without any are not among them.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor says so, after which the responses are of no use.
    pub fn drop_short(&mut self, min: u64, monitor: &dyn Monitor) -> Result<Vec<(u32, u64)>> {
        let too_short = |n: usize| n > 0 && (n as u64) < min;
        let dropped: Vec<(u32, u64)> = (0..self.n_respondents())
            .map(|respondent| (respondent as u32, self.range(respondent).len()))
            .filter(|&(_, n)| too_short(n))
            .map(|(respondent, n)| (respondent, n as u64))
            .collect();
        if !dropped.is_empty() {
            let kept = |row: &[u32], to: &mut Vec<u32>| {
                if !too_short(row.len()) {
                    to.extend(row);
                }
            };
            self.filter(kept, monitor)?;
        }
        Ok(dropped)
    }

    pub(super) fn range(&self, respondent: usize) -> Range<usize> {
        self.offsets[respondent] as usize..self.offsets[respondent + 1] as usize
    }

    pub(super) fn check_length(&self, n: usize) -> Result<()> {
        if n == self.item_of_raw.len() {
            return Ok(());
        }
        Err(Error::Responses(format!(
            "{n} options are described and {} exist",
            self.item_of_raw.len()
        )))
    }

    /// Rewrites every respondent's responses in place; `kept(row, to)` appends those that stay.
    pub(super) fn filter(
        &mut self,
        mut kept: impl FnMut(&[u32], &mut Vec<u32>),
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let mut to = 0;
        let mut row = Vec::new();
        for respondent in 0..self.n_respondents() {
            monitor.proceed()?;
            let range = self.range(respondent);
            row.clear();
            kept(&self.raw[range], &mut row);
            // The beginning of the next respondent is still needed, that of this one is not.
            self.offsets[respondent] = to as u64;
            self.raw[to..to + row.len()].copy_from_slice(&row);
            to += row.len();
        }
        if let Some(end) = self.offsets.last_mut() {
            *end = to as u64;
        }
        self.raw.truncate(to);
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::base::monitor::{Impatient, Silent};
    use crate::responses::cells_builder::tests::build;

    pub(crate) fn counts(cells: &Cells) -> Vec<u64> {
        cells.counts(&Silent).expect("not cancelled")
    }

    #[test]
    fn options_and_short_respondents_are_dropped() {
        let mut cells = build(&[(0, 0), (0, 2), (1, 1), (1, 4), (2, 3), (2, 0)]);
        cells
            .keep_options(&[true, true, true, true, false], &Silent)
            .expect("kept");
        assert_eq!(counts(&cells), [2, 1, 1, 1, 0]);
        assert_eq!(cells.drop_short(2, &Silent).expect("not cancelled"), [(1, 1)]);
        assert_eq!(counts(&cells), [2, 0, 1, 1, 0]);
        assert_eq!(cells.n_respondents(), 3);
        assert!(cells.keep_options(&[true], &Silent).is_err());
    }

    #[test]
    fn counts_and_drops_can_be_cancelled() {
        let cells = build(&[(0, 0), (0, 0), (1, 1), (1, 4)]);
        let cancelled = |found: Option<Error>| assert!(matches!(found, Some(Error::Cancelled)), "{found:?}");
        cancelled(cells.counts(&Impatient).err());
        cancelled(cells.clone().keep_options(&[false; 5], &Impatient).err());
        cancelled(cells.clone().drop_short(9, &Impatient).err());
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(Cells::new(vec![0], 1, vec![0, 2], vec![0]).is_err());
        assert!(Cells::new(vec![0], 1, vec![0, 1], vec![1]).is_err());
        assert!(Cells::new(vec![1], 1, vec![0, 1], vec![0]).is_err());
    }
}
