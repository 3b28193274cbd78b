//! Observed responses as they are read, before the options of the model are settled.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::monitor::Monitor;
use crate::base::threads::pool;
use crate::responses::store::OptionIds;
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// Responses for which a thread of its own pays.
const CHUNK: u64 = 1 << 17;

/// Observed responses by respondent. A raw option is a pair of an item and a label; which raw options become
/// options of the model is settled later, see [`Cells::pack`].
#[derive(Clone, Debug)]
pub struct Cells {
    item_of_raw: Vec<u32>,
    n_items: usize,
    offsets: Vec<u64>,
    raw: Vec<u32>,
}

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

/// Responses as [`Responses`](crate::responses::store::Responses) stores them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Where each respondent's responses begin, and where the last ones end.
    pub offsets: Vec<u64>,
    /// The ids of the options, rising within each respondent.
    pub ids: OptionIds<'static>,
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

    /// Finds the pairs of a respondent and an item with more than one response, and lists up to `shown` of them.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor says so.
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
    /// [`Error::Cancelled`] when the monitor says so, after which the responses are of no use.
    pub fn drop_duplicates(&mut self, monitor: &dyn Monitor) -> Result<()> {
        self.filter_seen(|seen, item| seen.is_single(item), monitor)
    }

    /// Keeps one of a respondent's responses to an item where all of them are the same; leaves those that differ.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor says so, after which the responses are of no use.
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

    /// The responses with the ids that `id_of_raw` gives their raw options, sorted within each respondent. Responses
    /// without an id are left out.
    ///
    /// # Errors
    /// [`Error::Responses`] when `id_of_raw` does not have one element for each raw option, an id is not below
    /// `n_options`, or a respondent has a response twice; [`Error::Threads`] when the threads cannot be started;
    /// [`Error::Cancelled`] when the monitor says so.
    pub fn pack(
        &self,
        id_of_raw: &[Option<u32>],
        n_options: usize,
        threads: usize,
        monitor: &dyn Monitor,
    ) -> Result<Packed> {
        self.check_length(id_of_raw.len())?;
        if id_of_raw.iter().flatten().any(|&id| id as usize >= n_options) {
            return Err(Error::Responses("an option has an id that is too large".into()));
        }
        let chunks = self.chunks();
        let work = || -> Result<Packed> {
            let counted: Vec<Vec<u64>> = chunks
                .par_iter()
                .map(|chunk| {
                    monitor.proceed()?;
                    Ok(self.count_mapped(chunk, id_of_raw))
                })
                .collect::<Result<_>>()?;
            let mut offsets = Vec::with_capacity(self.offsets.len());
            let mut total = 0u64;
            offsets.push(0);
            offsets.extend(counted.iter().flatten().map(|n| {
                total += n;
                total
            }));
            let ids = if OptionIds::are_narrow(n_options) {
                let narrow = |id: u32| id as u16;
                let ids = self.fill(&chunks, &offsets, id_of_raw, narrow, monitor)?;
                OptionIds::Narrow(Cow::Owned(ids))
            } else {
                let ids = self.fill(&chunks, &offsets, id_of_raw, |id| id, monitor)?;
                OptionIds::Wide(Cow::Owned(ids))
            };
            Ok(Packed { offsets, ids })
        };
        pool(threads.min(chunks.len()))?.install(work)
    }

    /// The ids of all respondents, chunk by chunk in parallel.
    fn fill<T: Copy + Default + Ord + Send>(
        &self,
        chunks: &[Range<usize>],
        offsets: &[u64],
        id_of_raw: &[Option<u32>],
        convert: impl Fn(u32) -> T + Sync,
        monitor: &dyn Monitor,
    ) -> Result<Vec<T>> {
        let n_responses = offsets.last().map_or(0, |&n| n as usize);
        let mut ids = memory::filled::<T>(n_responses)?;
        let mut parts = Vec::with_capacity(chunks.len());
        let mut rest = ids.as_mut_slice();
        for chunk in chunks {
            let length = (offsets[chunk.end] - offsets[chunk.start]) as usize;
            let (part, tail) = rest.split_at_mut(length);
            parts.push((chunk, part));
            rest = tail;
        }
        let write = |(chunk, part): (&Range<usize>, &mut [T])| {
            monitor.proceed()?;
            let mut at = 0;
            for respondent in chunk.clone() {
                let start = at;
                for &raw in &self.raw[self.range(respondent)] {
                    if let Some(id) = id_of_raw[raw as usize] {
                        part[at] = convert(id);
                        at += 1;
                    }
                }
                let row = &mut part[start..at];
                if !row.is_sorted() {
                    row.sort_unstable();
                }
            }
            Ok::<(), Error>(())
        };
        parts.into_par_iter().try_for_each(write)?;
        Ok(ids)
    }

    fn count_mapped(&self, respondents: &Range<usize>, id_of_raw: &[Option<u32>]) -> Vec<u64> {
        let count = |respondent| {
            let row = &self.raw[self.range(respondent)];
            row.iter()
                .filter(|&&raw| id_of_raw[raw as usize].is_some())
                .count() as u64
        };
        respondents.clone().map(count).collect()
    }

    /// Ranges of respondents with about equally many responses.
    fn chunks(&self) -> Vec<Range<usize>> {
        let n = self.n_respondents();
        let mut chunks = Vec::new();
        let mut start = 0;
        while start < n {
            let goal = self.offsets[start] + CHUNK;
            let end = self
                .offsets
                .partition_point(|&offset| offset < goal)
                .clamp(start + 1, n);
            chunks.push(start..end);
            start = end;
        }
        chunks
    }

    fn range(&self, respondent: usize) -> Range<usize> {
        self.offsets[respondent] as usize..self.offsets[respondent + 1] as usize
    }

    fn check_length(&self, n: usize) -> Result<()> {
        if n == self.item_of_raw.len() {
            return Ok(());
        }
        Err(Error::Responses(format!(
            "{n} options are described and {} exist",
            self.item_of_raw.len()
        )))
    }

    /// Rewrites every respondent's responses in place; `kept(row, to)` appends those that stay.
    fn filter(&mut self, mut kept: impl FnMut(&[u32], &mut Vec<u32>), monitor: &dyn Monitor) -> Result<()> {
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

/// Collects responses in any order. Data that come respondent by respondent are stored once; others are grouped by a
/// counting sort at the end.
#[derive(Clone, Debug, Default)]
pub struct CellsBuilder {
    runs: Vec<Run>,
    raw: Vec<u32>,
    n_respondents: u32,
    scattered: bool,
}

/// Consecutive responses of one respondent.
#[derive(Clone, Copy, Debug)]
struct Run {
    respondent: u32,
    length: u32,
}

impl CellsBuilder {
    /// Adds a respondent, who may give no response.
    pub fn add_respondent(&mut self, respondent: u32) {
        self.n_respondents = self.n_respondents.max(respondent.saturating_add(1));
    }

    /// Adds a response.
    ///
    /// # Errors
    /// [`Error::Memory`] where there is no room for it.
    pub fn push(&mut self, respondent: u32, raw: u32) -> Result<()> {
        if self.raw.len() == self.raw.capacity() {
            let n_more = self.raw.len().max(1);
            memory::reserve(&mut self.raw, n_more)?;
        }
        self.raw.push(raw);
        match self.runs.last_mut() {
            Some(run) if run.respondent == respondent && run.length < u32::MAX => run.length += 1,
            last => {
                self.scattered |= last.is_some_and(|run| run.respondent >= respondent);
                self.runs.push(Run {
                    respondent,
                    length: 1,
                });
                self.add_respondent(respondent);
            }
        }
        Ok(())
    }

    /// The responses by respondent, in the order in which they came.
    ///
    /// # Errors
    /// As [`Cells::new`]; [`Error::Cancelled`] when the monitor says so.
    pub fn finish(self, item_of_raw: Vec<u32>, n_items: usize, monitor: &dyn Monitor) -> Result<Cells> {
        let mut offsets = vec![0u64; self.n_respondents as usize + 1];
        for run in &self.runs {
            offsets[run.respondent as usize + 1] += u64::from(run.length);
        }
        let mut total = 0;
        for offset in &mut offsets {
            total += *offset;
            *offset = total;
        }
        let raw = if self.scattered {
            group(&self.runs, &self.raw, &offsets, monitor)?
        } else {
            self.raw
        };
        Cells::new(item_of_raw, n_items, offsets, raw)
    }
}

/// The responses of runs in the order of the respondents, and for each in the order in which they came.
fn group(runs: &[Run], raw: &[u32], offsets: &[u64], monitor: &dyn Monitor) -> Result<Vec<u32>> {
    let mut next = offsets.to_vec();
    let mut grouped = memory::filled(raw.len())?;
    let mut from = 0;
    for run in runs {
        monitor.proceed()?;
        let length = run.length as usize;
        let to = next[run.respondent as usize] as usize;
        grouped[to..to + length].copy_from_slice(&raw[from..from + length]);
        next[run.respondent as usize] += u64::from(run.length);
        from += length;
    }
    Ok(grouped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Impatient;
    use crate::base::monitor::Silent;
    use proptest::prelude::*;

    /// Three items with the raw options 0 and 1, 2 and 3, 4.
    fn build(cells: &[(u32, u32)]) -> Cells {
        let mut builder = CellsBuilder::default();
        cells
            .iter()
            .for_each(|&(respondent, raw)| builder.push(respondent, raw).expect("room"));
        builder
            .finish(vec![0, 0, 1, 1, 2], 3, &Silent)
            .expect("valid cells")
    }

    fn counts(cells: &Cells) -> Vec<u64> {
        cells.counts(&Silent).expect("not cancelled")
    }

    fn narrow(ids: &[u16]) -> OptionIds<'static> {
        OptionIds::Narrow(Cow::Owned(ids.to_vec()))
    }

    #[test]
    fn cells_are_packed_by_respondent_and_sorted() {
        let cells = build(&[(0, 4), (0, 1), (2, 0), (0, 2), (2, 3)]);
        assert_eq!(cells.n_respondents(), 3);
        assert_eq!(counts(&cells), [1, 1, 1, 1, 1]);
        let ids = [Some(0), Some(1), Some(3), Some(2), None];
        let packed = cells.pack(&ids, 4, 1, &Silent).expect("packed");
        assert_eq!(packed.offsets, [0, 2, 2, 4]);
        assert_eq!(packed.ids, narrow(&[1, 3, 0, 2]));
        assert!(cells.pack(&ids, 3, 1, &Silent).is_err());
        assert!(cells.pack(&ids[1..], 4, 1, &Silent).is_err());
    }

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
    fn every_step_can_be_cancelled() {
        let cells = build(&[(0, 0), (0, 0), (1, 1), (1, 4)]);
        let cancelled = |found: Option<Error>| assert!(matches!(found, Some(Error::Cancelled)), "{found:?}");
        cancelled(cells.counts(&Impatient).err());
        cancelled(cells.duplicates(1, &Impatient).err());
        cancelled(cells.pack(&[Some(0); 5], 1, 1, &Impatient).err());
        cancelled(cells.clone().keep_options(&[false; 5], &Impatient).err());
        cancelled(cells.clone().drop_duplicates(&Impatient).err());
        cancelled(cells.clone().merge_identical(&Impatient).err());
        cancelled(cells.clone().drop_short(9, &Impatient).err());
        let mut builder = CellsBuilder::default();
        builder.push(1, 0).expect("room");
        builder.push(0, 0).expect("room");
        cancelled(builder.finish(vec![0], 1, &Impatient).err());
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(Cells::new(vec![0], 1, vec![0, 2], vec![0]).is_err());
        assert!(Cells::new(vec![0], 1, vec![0, 1], vec![1]).is_err());
        assert!(Cells::new(vec![1], 1, vec![0, 1], vec![0]).is_err());
    }

    proptest! {
        #[test]
        fn the_order_of_long_data_changes_nothing(
            cells in prop::collection::btree_map((0u32..40, 0u32..30), 0u32..3, 1..400),
            keys in prop::collection::vec(any::<u64>(), 400),
            threads in 1usize..4,
        ) {
            let ordered: Vec<(u32, u32)> = cells.iter().map(|(&(i, j), &c)| (i, 3 * j + c)).collect();
            let mut shuffled: Vec<_> = ordered.iter().zip(&keys).collect();
            shuffled.sort_by_key(|&(_, key)| key);
            let pack = |cells: &mut dyn Iterator<Item = (u32, u32)>| {
                let mut builder = CellsBuilder::default();
                cells.for_each(|(respondent, raw)| builder.push(respondent, raw).expect("room"));
                let cells = builder.finish((0..90).map(|raw| raw / 3).collect(), 30, &Silent);
                let cells = cells.expect("valid cells");
                let ids: Vec<_> = (0..90).map(Some).collect();
                cells.pack(&ids, 90, threads, &Silent).expect("packed")
            };
            let one = pack(&mut ordered.iter().copied());
            let other = pack(&mut shuffled.into_iter().map(|(&cell, _)| cell));
            prop_assert_eq!(one, other);
        }
    }
}
