//! Responses as they are stored, with the ids of the options of the model.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::monitor::Monitor;
use crate::base::threads::{on_threads, try_map};
use crate::responses::cells::{CHUNK, Cells};
use crate::responses::store::OptionIds;
use std::borrow::Cow;
use std::ops::Range;

/// Responses as [`Responses`](crate::responses::store::Responses) stores them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Where each respondent's responses begin, and where the last ones end.
    pub offsets: Vec<u64>,
    /// The ids of the options, rising within each respondent.
    pub ids: OptionIds<'static>,
}

impl Cells {
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
            let counted = try_map(&chunks, |chunk| {
                monitor.proceed()?;
                Ok(self.count_mapped(chunk, id_of_raw))
            })?;
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
        on_threads(threads.min(chunks.len()), work)
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
            Ok(())
        };
        try_map(parts, write)?;
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::{Impatient, Silent};
    use crate::responses::cells::tests::counts;
    use crate::responses::cells_builder::CellsBuilder;
    use crate::responses::cells_builder::tests::build;
    use proptest::prelude::*;

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
    fn packing_can_be_cancelled() {
        let cancelled = build(&[(0, 0)]).pack(&[Some(0); 5], 1, 1, &Impatient);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
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
