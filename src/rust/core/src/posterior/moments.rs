//! Posterior moments.

use crate::linalg::{pack, packed_length};
use crate::model::Gaussian;

/// Posterior means, covariances, third central moments and diagnostics of a set of respondents.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Number of latent dimensions.
    pub n_dims: usize,
    /// `n_respondents x n_dims`, row by row.
    pub means: Vec<f64>,
    /// Lower triangles of the covariance matrices, one after another.
    pub covariances: Vec<f64>,
    /// Third central moments `E[(a_i - m_i)(a_j - m_j)(a_k - m_k)]` for `i >= j >= k`, in that nesting; empty for the normal
    /// distributions of the network.
    pub thirds: Vec<f64>,
    /// Pareto k of the importance weights; NaN where there were none.
    pub pareto_k: Vec<f64>,
    /// Estimate of the log marginal likelihood of each respondent's responses; NaN without importance weights.
    pub log_evidence: Vec<f64>,
}

/// The moments of one respondent.
pub(super) struct Summary {
    mean: Vec<f64>,
    covariance: Vec<f64>,
    third: Vec<f64>,
    pareto_k: f64,
    log_evidence: f64,
}

impl Moments {
    pub(super) fn with_capacity(n_dims: usize, n: usize) -> Self {
        Self {
            n_dims,
            means: Vec::with_capacity(n * n_dims),
            covariances: Vec::with_capacity(n * packed_length(n_dims)),
            thirds: Vec::new(),
            pareto_k: Vec::with_capacity(n),
            log_evidence: Vec::with_capacity(n),
        }
    }

    pub(super) fn push(&mut self, summary: &Summary) {
        self.means.extend_from_slice(&summary.mean);
        self.covariances.extend_from_slice(&summary.covariance);
        self.thirds.extend_from_slice(&summary.third);
        self.pareto_k.push(summary.pareto_k);
        self.log_evidence.push(summary.log_evidence);
    }

    /// Number of respondents.
    pub fn n_respondents(&self) -> usize {
        self.pareto_k.len()
    }

    /// Posterior means of one respondent.
    pub fn mean(&self, position: usize) -> &[f64] {
        &self.means[position * self.n_dims..(position + 1) * self.n_dims]
    }

    /// Posterior covariance of one respondent, its lower triangle row by row.
    pub fn covariance(&self, position: usize) -> &[f64] {
        let length = packed_length(self.n_dims);
        &self.covariances[position * length..(position + 1) * length]
    }

    /// The moments of the respondents at some positions.
    pub fn select(&self, positions: impl Iterator<Item = usize>) -> Self {
        let mut selected = Self::with_capacity(self.n_dims, positions.size_hint().0);
        for position in positions {
            selected.means.extend_from_slice(self.mean(position));
            selected.covariances.extend_from_slice(self.covariance(position));
            selected.thirds.extend_from_slice(self.third(position));
            selected.pareto_k.push(self.pareto_k[position]);
            selected.log_evidence.push(self.log_evidence[position]);
        }
        selected
    }

    fn third(&self, position: usize) -> &[f64] {
        let length = self.thirds.len() / self.n_respondents().max(1);
        &self.thirds[position * length..(position + 1) * length]
    }

    /// Third central moment of one respondent along a direction.
    pub fn third_along(&self, position: usize, direction: &[f64]) -> f64 {
        triples(self.n_dims)
            .zip(self.third(position))
            .map(|((i, j, k), value)| {
                let repeats = match (i == j, j == k) {
                    (true, true) => 1.0,
                    (false, false) => 6.0,
                    _ => 3.0,
                };
                repeats * value * direction[i] * direction[j] * direction[k]
            })
            .sum()
    }

    #[cfg(test)]
    pub(crate) fn for_tests(n_dims: usize, means: Vec<f64>, covariances: Vec<f64>) -> Self {
        let n = means.len() / n_dims;
        Self {
            n_dims,
            means,
            covariances,
            thirds: Vec::new(),
            pareto_k: vec![f64::NAN; n],
            log_evidence: vec![f64::NAN; n],
        }
    }
}

/// The index triples `i >= j >= k` in the order of [`Moments::thirds`].
fn triples(n_dims: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..n_dims).flat_map(|i| (0..=i).flat_map(move |j| (0..=j).map(move |k| (i, j, k))))
}

impl Summary {
    /// The network's own answer.
    pub fn of_network(posterior: Gaussian<'_>) -> Self {
        let factor = posterior.wide_factor();
        Self {
            mean: posterior.mean().iter().map(|&x| f64::from(x)).collect(),
            covariance: pack(factor.dot(&factor.t()).view()),
            third: Vec::new(),
            pareto_k: f64::NAN,
            log_evidence: f64::NAN,
        }
    }

    /// Posterior means.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Posterior covariance, its lower triangle row by row.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// Weighted moments of draws; `points[d]` holds coordinate `d` of all of them.
    pub fn of_draws(points: &[Vec<f32>], weights: &[f64], pareto_k: f64, log_evidence: f64) -> Self {
        let n_dims = points.len();
        let mean: Vec<f64> = points
            .iter()
            .map(|x| x.iter().zip(weights).map(|(&x, w)| f64::from(x) * w).sum())
            .collect();
        let centred: Vec<Vec<f64>> = points
            .iter()
            .zip(&mean)
            .map(|(x, m)| x.iter().map(|&x| f64::from(x) - m).collect())
            .collect();
        let covariance = (0..n_dims)
            .flat_map(|i| (0..=i).map(move |j| (i, j)))
            .map(|(i, j)| {
                let products = centred[i].iter().zip(&centred[j]).zip(weights);
                products.map(|((x, y), w)| x * y * w).sum()
            })
            .collect();
        let third = triples(n_dims)
            .map(|(i, j, k)| {
                let products = centred[i].iter().zip(&centred[j]).zip(&centred[k]).zip(weights);
                products.map(|(((x, y), z), w)| x * y * z * w).sum()
            })
            .collect();
        Self {
            mean,
            covariance,
            third,
            pareto_k,
            log_evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn third_moments_along_a_direction_are_those_of_the_projection() {
        let points = vec![vec![0.0f32, 1.0, 4.0], vec![1.0f32, -1.0, 0.5]];
        let weights = [0.5, 0.3, 0.2];
        let summary = Summary::of_draws(&points, &weights, 0.0, 0.0);
        let mut moments = Moments::with_capacity(2, 1);
        moments.push(&summary);
        let direction = [0.6, -1.4];
        let projected: Vec<f64> = (0..3)
            .map(|i| f64::from(points[0][i]) * direction[0] + f64::from(points[1][i]) * direction[1])
            .collect();
        let mean: f64 = projected.iter().zip(weights).map(|(x, w)| x * w).sum();
        let third: f64 = projected
            .iter()
            .zip(weights)
            .map(|(x, w)| (x - mean).powi(3) * w)
            .sum();
        assert!((moments.third_along(0, &direction) - third).abs() < 1e-9);
        let variance: f64 = (0..3).map(|i| weights[i] * f64::from(points[0][i]).powi(2)).sum();
        let mean_0 = moments.mean(0)[0];
        assert!((moments.covariance(0)[0] - (variance - mean_0 * mean_0)).abs() < 1e-9);
    }
}
