//! The derivatives of everybody's posterior means by the item parameters, some respondents at a time.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Part};
use crate::information::calibration::Calibration;
use crate::information::chunk::{Chunk, chunk_size};
use crate::information::rule::Rule;
use crate::information::scores::Scores;

/// Calls `work` with the positions of some respondents and the [derivatives](Chunk::slopes_of_means) of their means, until it has seen
/// everybody.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn each_chunk(
    calibration: Calibration,
    monitor: &dyn Monitor,
    work: &mut dyn FnMut(&[usize], &Scores),
) -> Result<()> {
    let rule = Rule::new(calibration);
    let everybody: Vec<usize> = (0..calibration.n_respondents()).collect();
    let size = chunk_size(calibration.n_parameters(), calibration.n_dims());
    for (number, positions) in everybody.chunks(size).enumerate() {
        monitor.proceed()?;
        let done = (number * size) as f64 / everybody.len() as f64;
        monitor.part(Part::StandardErrors, done);
        work(
            positions,
            &Chunk::new(calibration, positions, &rule).slopes_of_means(),
        );
    }
    Ok(())
}
