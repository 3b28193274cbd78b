//! The covariance of the items where the weights of respondents are sampling weights.
//!
//! The estimates solve `sum w s - P x = 0`, where `s` are the scores of the respondents and `P x` is the pull of the prior. The sum
//! varies as `B = sum w^2 s s'`, whatever the information says: the covariance is `C (B + P) C` (Huber 1967; Binder 1983,
//! <https://doi.org/10.2307/1402588>).

use crate::base::error::Result;
use crate::base::linalg::{mirror, sandwich, symmetric};
use crate::base::monitor::Monitor;
use crate::information::calibration::Calibration;
use crate::information::chunk::{Chunk, chunk_size};
use crate::information::covariance::Covariance;
use crate::information::matrices::{SPARSE, add_dense_square, add_square};
use crate::information::prior::FreePrior;
use crate::information::rule::Rule;
use crate::information::sums::ENOUGH_RESPONSES;
use ndarray::Array2;

/// The covariance from the inverse of the information. Where that is not one matrix, it is multiplied by what the weights cost on
/// average, the design effect `sum w^2 / sum w` (Kish 1965).
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn of_sampled(
    covariance: Covariance,
    calibration: Calibration,
    prior: &FreePrior,
    monitor: &dyn Monitor,
) -> Result<Covariance> {
    let Covariance::Joint(matrix) = covariance else {
        let total: f64 = calibration.scored.weights.iter().sum();
        return Ok(covariance.times_number(total / calibration.n_effective()));
    };
    let mut middle = squared_scores(calibration, monitor)?;
    prior.add_information(&mut middle);
    Ok(Covariance::Joint(symmetric(sandwich(&matrix, &middle).view())))
}

/// `B`; where there are many responses, evenly spaced respondents stand for all.
fn squared_scores(calibration: Calibration, monitor: &dyn Monitor) -> Result<Array2<f64>> {
    let n_parameters = calibration.n_parameters();
    let rule = Rule::new(calibration);
    let everybody = 0..calibration.n_respondents();
    let stride = calibration
        .responses
        .n_responses()
        .div_ceil(ENOUGH_RESPONSES as usize)
        .max(1);
    let some: Vec<usize> = everybody.clone().step_by(stride).collect();
    let mut squares = Array2::zeros((n_parameters, n_parameters));
    for positions in some.chunks(chunk_size(n_parameters, 1)) {
        monitor.proceed()?;
        let scores = Chunk::new(calibration, positions, &rule).marginal_scores();
        if scores.filled() > SPARSE {
            add_dense_square(&mut squares, &scores.dense(), monitor)?;
        } else {
            add_square(&mut squares, &scores, monitor)?;
        }
    }
    mirror(&mut squares);
    let of_all: f64 = everybody.map(|position| calibration.square(position)).sum();
    let of_some: f64 = some.iter().map(|&position| calibration.square(position)).sum();
    squares *= of_all / of_some;
    Ok(squares)
}
