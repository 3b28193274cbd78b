//! The derivatives of everybody's posterior means by the item parameters, some respondents at a time.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Part};
use crate::information::calibration::Calibration;
use crate::information::chunk::{Chunk, chunk_size};
use crate::information::rule::Rule;
use crate::information::scores::Scores;

/// Derivatives of posterior means that are kept from one pass over the respondents to the next.
const MOST_KEPT: u64 = 16_000_000;

/// The derivatives, evaluated anew by every pass over the respondents or, where they are few, kept.
pub(crate) struct Slopes<'a> {
    calibration: Calibration<'a>,
    rule: Rule<'a>,
    everybody: Vec<usize>,
    keeps: bool,
    kept: Vec<Scores>,
    monitor: &'a dyn Monitor,
}

impl<'a> Slopes<'a> {
    pub fn new(calibration: Calibration<'a>, monitor: &'a dyn Monitor) -> Self {
        let n_respondents = calibration.n_respondents();
        let ones = calibration.scored.respondents.iter().map(|&i| (i, 1u64));
        let design = calibration.design();
        let of_items = calibration.responses.sum_by_item(ones).into_iter().enumerate();
        let n_slopes: u64 = of_items
            .map(|(item, n)| n * (design.free_of_item(item).len() * calibration.n_dims()) as u64)
            .sum();
        Self {
            calibration,
            rule: Rule::new(calibration),
            everybody: (0..n_respondents).collect(),
            keeps: n_slopes <= MOST_KEPT,
            kept: Vec::new(),
            monitor,
        }
    }

    /// Calls `work` with the positions of some respondents and the [derivatives](Chunk::slopes_of_means) of their means, until
    /// it has seen everybody.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn pass(&mut self, work: &mut dyn FnMut(&[usize], &Scores)) -> Result<()> {
        let size = chunk_size(self.calibration.n_parameters(), self.calibration.n_dims());
        for (number, positions) in self.everybody.chunks(size).enumerate() {
            self.monitor.proceed()?;
            let done = (number * size) as f64 / self.everybody.len() as f64;
            self.monitor.part(Part::StandardErrors, done);
            if let Some(slopes) = self.kept.get(number) {
                work(positions, slopes);
                continue;
            }
            let slopes = Chunk::new(self.calibration, positions, &self.rule).slopes_of_means();
            work(positions, &slopes);
            if self.keeps {
                self.kept.push(slopes);
            }
        }
        Ok(())
    }
}
