//! Importance sampling of one respondent's posterior.

use super::Refined;
use super::moments::{Summary, WeightedPoints};
use super::newton::Mode;
use super::pareto;
use super::proposal::Proposal;
use super::respondent::Respondent;
use crate::linalg::solve_upper;
use ndarray::ArrayView1;

/// Draws from a multivariate t at the mode with the curvature's scale, and weighs them with Pareto smoothing.
pub(super) fn sample(
    respondent: &Respondent,
    mode: &Mode,
    proposal: &Proposal,
    seed: u64,
    key: u64,
) -> Refined {
    let n_dims = respondent.n_dims();
    // The factor is that of the negative Hessian: its inverse transpose scales the draws.
    let ln_scale: f64 = mode.factor.diag().iter().map(|x| x.ln()).sum();
    let mut points = vec![Vec::with_capacity(proposal.n_draws()); n_dims];
    let mut log_weights = Vec::with_capacity(proposal.n_draws());
    proposal.visit(seed, key, |standard, log_density| {
        let offset = solve_upper(mode.factor.view(), ArrayView1::from(standard));
        let mut square = 0.0;
        for (coordinate, (m, o)) in points.iter_mut().zip(mode.point.iter().zip(&offset)) {
            square += (m + o).powi(2);
            coordinate.push((m + o) as f32);
        }
        log_weights.push(-0.5 * square - log_density - ln_scale);
    });
    let likelihoods = respondent.log_likelihoods(&points);
    for (weight, &likelihood) in log_weights.iter_mut().zip(&likelihoods) {
        *weight += f64::from(likelihood);
    }
    let smoothed = pareto::smooth(&mut log_weights);
    let prior_constant = -0.5 * n_dims as f64 * (2.0 * std::f64::consts::PI).ln();
    let draws = WeightedPoints {
        points,
        weights: smoothed.weights,
    };
    Refined {
        summary: Summary::new(&draws, smoothed.k, smoothed.log_mean + prior_constant),
        draws,
    }
}
