//! The posterior mode of one respondent.

use crate::base::linalg::{cholesky, solve_lower, solve_upper};
use crate::kernels::log_posterior::{Local, LogPosterior};
use crate::kernels::respondent::Respondent;
use ndarray::{Array1, Array2};

const MOST_STEPS: usize = 50;

const MOST_HALVINGS: usize = 20;

/// Newton decrement below which the mode is found: it is near to a hundredth of a standard deviation.
const TOLERANCE: f64 = 1e-4;

/// The mode and the lower Cholesky factor of the negative Hessian there.
pub(crate) struct Mode {
    pub point: Vec<f64>,
    pub factor: Array2<f64>,
}

/// Damped Newton steps; the log posterior is strictly concave, so they cannot end elsewhere.
pub(crate) fn maximise(respondent: &Respondent, start: Vec<f64>) -> Mode {
    let mut point = if start.iter().all(|x| x.is_finite()) {
        start
    } else {
        respondent.population().mean().to_vec()
    };
    let posterior = LogPosterior::new(respondent);
    let mut local = posterior.at(&point);
    for _ in 0..MOST_STEPS {
        let Some(factor) = cholesky(local.information.view()) else {
            break;
        };
        let step = solve_upper(
            factor.view(),
            solve_lower(factor.view(), local.gradient.view()).view(),
        );
        if step.dot(&local.gradient) < TOLERANCE {
            break;
        }
        match improve(&posterior, &point, &local, &step) {
            Some((next, at_next)) => (point, local) = (next, at_next),
            None => break,
        }
    }
    // The population adds its precision to a negative Hessian that is never negative, so the factor exists but for
    // rounding.
    let factor = cholesky(local.information.view());
    let factor = factor.unwrap_or_else(|| respondent.population().factor_of_precision());
    Mode { point, factor }
}

/// The longest of the halved steps that raises the log posterior.
fn improve(
    posterior: &LogPosterior,
    point: &[f64],
    local: &Local,
    step: &Array1<f64>,
) -> Option<(Vec<f64>, Local)> {
    let mut length = 1.0;
    for _ in 0..MOST_HALVINGS {
        let next: Vec<f64> = point.iter().zip(step).map(|(x, s)| x + length * s).collect();
        let at_next = posterior.at(&next);
        if at_next.value > local.value {
            return Some((next, at_next));
        }
        length *= 0.5;
    }
    None
}
