//! Importance sampling of one respondent's posterior.

use super::moments::Summary;
use super::newton::Mode;
use super::pareto;
use super::respondent::Respondent;
use crate::linalg::solve_upper;
use crate::random::{Purpose, Stream};
use ndarray::Array1;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

/// Pairs of draws on opposite sides of the mode.
const PAIRS: usize = 256;
/// Degrees of freedom of the proposal: tails heavier than any posterior under a normal prior.
const DEGREES: usize = 5;

/// Draws from a multivariate t at the mode with the curvature's scale, and weighs them with Pareto smoothing.
pub(super) fn sample(respondent: &Respondent, mode: &Mode, seed: u64, key: u64) -> Summary {
    let n_dims = respondent.n_dims();
    let (points, log_proposal) = propose(mode, n_dims, seed, key);
    let mut log_weights: Vec<f64> = respondent
        .log_likelihoods(&points)
        .iter()
        .zip(&log_proposal)
        .enumerate()
        .map(|(draw, (&likelihood, proposal))| {
            let square: f64 = points.iter().map(|x| f64::from(x[draw]).powi(2)).sum();
            f64::from(likelihood) - 0.5 * square - proposal
        })
        .collect();
    let smoothed = pareto::smooth(&mut log_weights);
    let prior_constant = -0.5 * n_dims as f64 * (2.0 * std::f64::consts::PI).ln();
    Summary::of_draws(
        &points,
        &smoothed.weights,
        smoothed.k,
        smoothed.log_mean + prior_constant,
    )
}

/// The draws, coordinate by coordinate, and the log density of the proposal at each.
fn propose(mode: &Mode, n_dims: usize, seed: u64, key: u64) -> (Vec<Vec<f32>>, Vec<f64>) {
    let mut stream = Stream::new(seed, Purpose::Importance, key, 0);
    let degrees = DEGREES as f64;
    let ln_scale: f64 = mode.factor.diag().iter().map(|x| x.ln()).sum();
    let constant = ln_gamma_half(DEGREES + n_dims)
        - ln_gamma_half(DEGREES)
        - 0.5 * n_dims as f64 * (degrees * std::f64::consts::PI).ln()
        + ln_scale;
    let mut points = vec![Vec::with_capacity(2 * PAIRS); n_dims];
    let mut log_density = Vec::with_capacity(2 * PAIRS);
    for _ in 0..PAIRS {
        let normal: Array1<f64> = (0..n_dims).map(|_| StandardNormal.sample(&mut stream)).collect();
        let divisor = chi_squared(&mut stream) / degrees;
        let length = normal.dot(&normal) / divisor;
        // The factor is that of the negative Hessian, so its inverse transpose scales the draws.
        let offset = solve_upper(mode.factor.view(), normal.view()) / divisor.sqrt();
        for sign in [1.0, -1.0] {
            for (coordinate, (m, o)) in points.iter_mut().zip(mode.point.iter().zip(&offset)) {
                coordinate.push((m + sign * o) as f32);
            }
            log_density.push(constant - 0.5 * (degrees + n_dims as f64) * (length / degrees).ln_1p());
        }
    }
    (points, log_density)
}

fn chi_squared(stream: &mut Stream) -> f64 {
    // Five degrees of freedom are always valid; a draw of 0 would put a point at infinity.
    ChiSquared::new(DEGREES as f64)
        .map_or(DEGREES as f64, |d| d.sample(stream))
        .max(1e-6)
}

/// `ln Gamma(n / 2)` by its recurrence.
fn ln_gamma_half(n: usize) -> f64 {
    let mut x = if n.is_multiple_of(2) { 1.0 } else { 0.5 };
    let mut value = if n.is_multiple_of(2) {
        0.0
    } else {
        0.5 * std::f64::consts::PI.ln()
    };
    while 2.0 * x < n as f64 {
        value += x.ln();
        x += 1.0;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_integer_gammas() {
        // Gamma(1/2) = sqrt(pi), Gamma(5/2) = 3 sqrt(pi) / 4, Gamma(4) = 6.
        let root = std::f64::consts::PI.sqrt();
        assert!((ln_gamma_half(1) - root.ln()).abs() < 1e-14);
        assert!((ln_gamma_half(5) - (0.75 * root).ln()).abs() < 1e-14);
        assert!((ln_gamma_half(8) - 6f64.ln()).abs() < 1e-14);
    }
}
