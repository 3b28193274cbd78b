//! Cells from responses that come one by one.

use crate::base::error::Result;
use crate::base::memory;
use crate::base::monitor::Monitor;
use crate::responses::cells::Cells;

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
    /// [`Error::Memory`](crate::base::error::Error::Memory) where there is no room for it.
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
    /// As [`Cells::new`]; [`Error::Cancelled`](crate::base::error::Error::Cancelled) when the monitor says so.
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
pub(crate) mod tests {
    use super::*;
    use crate::base::error::Error;
    use crate::base::monitor::{Impatient, Silent};

    /// Three items with the raw options 0 and 1, 2 and 3, 4.
    pub(crate) fn build(cells: &[(u32, u32)]) -> Cells {
        let mut builder = CellsBuilder::default();
        cells
            .iter()
            .for_each(|&(respondent, raw)| builder.push(respondent, raw).expect("room"));
        builder
            .finish(vec![0, 0, 1, 1, 2], 3, &Silent)
            .expect("valid cells")
    }

    #[test]
    fn grouping_can_be_cancelled() {
        let mut builder = CellsBuilder::default();
        builder.push(1, 0).expect("room");
        builder.push(0, 0).expect("room");
        let cancelled = builder.finish(vec![0], 1, &Impatient);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
    }
}
