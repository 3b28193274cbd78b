//! The posterior moments of respondents.

use crate::vectors::rows;
use extendr_api::prelude::*;
use vae_irt_core::{AffineMap, Moments, Scales, packed_length};

/// Posterior moments on the reported scale: means, variances and skewnesses of every dimension (matrices with one row
/// per respondent), the diagnostics, and the covariances' lower triangles row by row. `joint` are the covariances
/// with the uncertainty of the items on both scales, without rows where they are not known.
pub fn posterior_list(map: &AffineMap, moments: &Moments, joint: &Scales) -> List {
    let n_dims = moments.n_dims;
    let n = moments.n_respondents();
    let mut means = Vec::with_capacity(n * n_dims);
    let mut covariances = Vec::with_capacity(n * packed_length(n_dims));
    let mut skewness = Vec::with_capacity(n * n_dims);
    let directions: Vec<Vec<f64>> = map.matrix.rows().into_iter().map(|row| row.to_vec()).collect();
    for position in 0..n {
        let mean = moments.mean(position);
        for direction in &directions {
            let terms = direction.iter().zip(mean.iter().zip(&map.shift));
            means.push(terms.map(|(a, (m, c))| a * (m - c)).sum());
        }
        for (d, direction) in directions.iter().enumerate() {
            let mut variance = 0.0;
            for other in &directions[..=d] {
                variance = moments.covariance_along(position, direction, other);
                covariances.push(variance);
            }
            skewness.push(moments.third_along(position, direction) / variance.powf(1.5));
        }
    }
    list!(
        mean = rows(&means, n_dims),
        covariance = rows(&covariances, packed_length(n_dims)),
        skewness = rows(&skewness, n_dims),
        joint = rows(&joint.prior, packed_length(n_dims)),
        joint_normalised = rows(&joint.normalised, packed_length(n_dims)),
        pareto_k = moments.pareto_k.clone(),
        effective_draws = moments.effective_draws.clone(),
        amortisation_gap = moments.amortisation_gap.clone(),
        log_evidence = moments.log_evidence.clone()
    )
}
