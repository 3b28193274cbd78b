//! Posterior moments.

use crate::base::linalg::{cholesky, lower_pairs, packed_length, solve_lower, unpack};
use crate::kernels::points::WeightedPoints;
use crate::model::gaussian::WideGaussian;
use ndarray::{Array1, ArrayView1};

/// Posterior means, covariances, third central moments and diagnostics of a set of respondents.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Number of latent dimensions.
    pub n_dims: usize,
    /// `n_respondents x n_dims`, row by row.
    pub means: Vec<f64>,
    /// Lower triangles of the covariance matrices, one after another.
    pub covariances: Vec<f64>,
    /// Third central moments `E[(a_i - m_i)(a_j - m_j)(a_k - m_k)]` for `i >= j >= k`, in that nesting; empty for the
    /// normal distributions of the network.
    pub thirds: Vec<f64>,
    /// Pareto k of the importance weights; NaN where there were none.
    pub pareto_k: Vec<f64>,
    /// Effective number of draws, `1 / sum(w^2)` for normalised weights `w`; NaN where there were none.
    pub effective_draws: Vec<f64>,
    /// Kullback-Leibler divergence of the network's posterior from the normal distribution with the refined moments,
    /// in nats; NaN where nothing was refined.
    pub amortisation_gap: Vec<f64>,
    /// Estimate of the log marginal likelihood of each respondent's responses; NaN without importance weights.
    pub log_evidence: Vec<f64>,
}

/// The moments of some respondents, to be filled in.
pub(crate) struct MomentsPart<'a> {
    n_dims: usize,
    means: &'a mut [f64],
    covariances: &'a mut [f64],
    thirds: &'a mut [f64],
    pareto_k: &'a mut [f64],
    effective_draws: &'a mut [f64],
    amortisation_gap: &'a mut [f64],
    log_evidence: &'a mut [f64],
}

impl MomentsPart<'_> {
    /// Number of respondents.
    pub fn len(&self) -> usize {
        self.pareto_k.len()
    }

    /// Fills in the moments at a position; `network` is the network's posterior.
    pub fn set(&mut self, position: usize, summary: &Summary, network: &WideGaussian) {
        self.set_moments(position, summary);
        self.amortisation_gap[position] = divergence(network, summary);
    }

    /// Fills in the moments at a position.
    pub fn set_moments(&mut self, position: usize, summary: &Summary) {
        let place = |values: &mut [f64], from: &[f64]| {
            values[position * from.len()..(position + 1) * from.len()].copy_from_slice(from);
        };
        place(self.means, &summary.mean);
        place(self.covariances, &summary.covariance);
        place(self.thirds, &summary.third);
        self.pareto_k[position] = summary.pareto_k;
        self.effective_draws[position] = summary.effective_draws;
        self.log_evidence[position] = summary.log_evidence;
    }

    /// Fills in the network's own answer at a position.
    pub fn set_network(&mut self, position: usize, network: &WideGaussian) {
        let n_dims = self.n_dims;
        self.means[position * n_dims..(position + 1) * n_dims].copy_from_slice(&network.mean);
        let to = self.covariances[position * packed_length(n_dims)..].iter_mut();
        to.zip(network.covariance()).for_each(|(to, value)| *to = value);
    }
}

/// Kullback-Leibler divergence of a normal distribution from the one with the moments of a summary.
fn divergence(network: &WideGaussian, summary: &Summary) -> f64 {
    let n_dims = network.mean.len();
    let factors = (
        cholesky(unpack(&summary.covariance, n_dims).view()),
        cholesky(unpack(&network.covariance().collect::<Vec<f64>>(), n_dims).view()),
    );
    let (Some(factor), Some(own)) = factors else {
        return f64::NAN;
    };
    let squares =
        |x: ArrayView1<'_, f64>| -> f64 { solve_lower(factor.view(), x).iter().map(|x| x * x).sum() };
    let shift: Array1<f64> = network
        .mean
        .iter()
        .zip(&summary.mean)
        .map(|(a, b)| a - b)
        .collect();
    let trace: f64 = own.columns().into_iter().map(squares).sum();
    let ln_ratio: f64 = factor
        .diag()
        .iter()
        .zip(own.diag())
        .map(|(a, b)| (a / b).ln())
        .sum();
    0.5 * (trace + squares(shift.view()) - n_dims as f64) + ln_ratio
}

/// Number of distinct third moments.
fn n_thirds(n_dims: usize) -> usize {
    n_dims * (n_dims + 1) * (n_dims + 2) / 6
}

/// The moments of one respondent.
pub(crate) struct Summary {
    mean: Vec<f64>,
    covariance: Vec<f64>,
    third: Vec<f64>,
    pareto_k: f64,
    effective_draws: f64,
    log_evidence: f64,
}

impl Moments {
    /// Moments to be filled in; third moments where they are `refined`.
    pub(crate) fn zeros(n_dims: usize, n: usize, refined: bool) -> Self {
        Self {
            n_dims,
            means: vec![0.0; n * n_dims],
            covariances: vec![0.0; n * packed_length(n_dims)],
            thirds: vec![0.0; if refined { n * n_thirds(n_dims) } else { 0 }],
            pareto_k: vec![f64::NAN; n],
            effective_draws: vec![f64::NAN; n],
            amortisation_gap: vec![f64::NAN; n],
            log_evidence: vec![f64::NAN; n],
        }
    }

    /// The moments of every so many respondents.
    pub(crate) fn parts(&mut self, size: usize) -> impl Iterator<Item = MomentsPart<'_>> {
        let n_dims = self.n_dims;
        let n_thirds = self.thirds.len() / self.pareto_k.len().max(1);
        let mut thirds = self.thirds.as_mut_slice();
        let parts = self
            .means
            .chunks_mut(size * n_dims)
            .zip(self.covariances.chunks_mut(size * packed_length(n_dims)))
            .zip(self.pareto_k.chunks_mut(size))
            .zip(self.effective_draws.chunks_mut(size))
            .zip(self.amortisation_gap.chunks_mut(size))
            .zip(self.log_evidence.chunks_mut(size));
        parts.map(move |(moments, log_evidence)| {
            let ((((means, covariances), pareto_k), effective_draws), amortisation_gap) = moments;
            let (own, rest) = std::mem::take(&mut thirds).split_at_mut(pareto_k.len() * n_thirds);
            thirds = rest;
            MomentsPart {
                n_dims,
                means,
                covariances,
                thirds: own,
                pareto_k,
                effective_draws,
                amortisation_gap,
                log_evidence,
            }
        })
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

    /// Posterior covariance of one respondent along two directions.
    pub fn covariance_along(&self, position: usize, direction: &[f64], other: &[f64]) -> f64 {
        let mut sum = 0.0;
        let mut packed = self.covariance(position).iter();
        for i in 0..self.n_dims {
            for (j, value) in packed.by_ref().take(i + 1).enumerate() {
                let products = direction[i] * other[j] + direction[j] * other[i];
                sum += value * if i == j { 0.5 } else { 1.0 } * products;
            }
        }
        sum
    }

    /// The moments of the respondents at some positions.
    pub fn select(&self, positions: impl Iterator<Item = usize>) -> Self {
        let mut selected = Self::zeros(self.n_dims, 0, false);
        for position in positions {
            selected.means.extend_from_slice(self.mean(position));
            selected.covariances.extend_from_slice(self.covariance(position));
            selected.thirds.extend_from_slice(self.third(position));
            selected.pareto_k.push(self.pareto_k[position]);
            selected.effective_draws.push(self.effective_draws[position]);
            selected.amortisation_gap.push(self.amortisation_gap[position]);
            selected.log_evidence.push(self.log_evidence[position]);
        }
        selected
    }

    /// Are they more than those of the network?
    pub(crate) fn are_refined(&self) -> bool {
        !self.thirds.is_empty()
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
            ..Self::zeros(n_dims, n, false)
        }
    }
}

/// The index triples `i >= j >= k` in the order of [`Moments::thirds`].
fn triples(n_dims: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..n_dims).flat_map(|i| (0..=i).flat_map(move |j| (0..=j).map(move |k| (i, j, k))))
}

impl Summary {
    /// The same moments, marked as not reliable.
    pub fn unreliable(self) -> Self {
        Self {
            pareto_k: f64::INFINITY,
            ..self
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

    /// The log marginal likelihood.
    #[cfg(test)]
    pub fn log_evidence(&self) -> f64 {
        self.log_evidence
    }

    /// The moments of weights that sum to 1 at points in one dimension.
    pub fn on_axis(points: &[f64], weights: &[f32], log_evidence: f64) -> Self {
        let middle = points[points.len() / 2];
        let mut sums = [0.0f64; 3];
        for (&x, &w) in points.iter().zip(weights) {
            let (x, w) = (x - middle, f64::from(w));
            sums[0] += w * x;
            sums[1] += w * x * x;
            sums[2] += w * x * x * x;
        }
        let [first, second, third] = sums;
        Self {
            mean: vec![middle + first],
            covariance: vec![second - first * first],
            third: vec![third - 3.0 * first * second + 2.0 * first.powi(3)],
            pareto_k: f64::NAN,
            effective_draws: f64::NAN,
            log_evidence,
        }
    }

    /// The moments of weighted points. Without a Pareto k they are not draws.
    pub fn new(of: &WeightedPoints, pareto_k: f64, log_evidence: f64) -> Self {
        let WeightedPoints { points, weights } = of;
        let n_dims = points.len();
        let weights = ArrayView1::from(weights);
        let wide: Vec<Array1<f64>> = points
            .iter()
            .map(|x| x.iter().map(|&x| f64::from(x)).collect())
            .collect();
        let mean: Vec<f64> = wide.iter().map(|x| x.dot(&weights)).collect();
        let centred: Vec<Array1<f64>> = wide.into_iter().zip(&mean).map(|(x, &m)| x - m).collect();
        let weighted: Vec<Array1<f64>> = centred.iter().map(|x| x * &weights).collect();
        let (mut covariance, mut third) = (Vec::new(), Vec::new());
        for (i, j) in lower_pairs(n_dims) {
            covariance.push(weighted[i].dot(&centred[j]));
            let product = &weighted[i] * &centred[j];
            third.extend(centred[..=j].iter().map(|x| product.dot(x)));
        }
        let effective_draws = if pareto_k.is_nan() {
            f64::NAN
        } else {
            1.0 / weights.dot(&weights)
        };
        Self {
            mean,
            covariance,
            third,
            pareto_k,
            effective_draws,
            log_evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergence_of_normals() {
        let summary = Summary {
            mean: vec![1.0],
            covariance: vec![4.0],
            third: vec![0.0],
            pareto_k: f64::NAN,
            effective_draws: f64::NAN,
            log_evidence: 0.0,
        };
        let network = WideGaussian {
            mean: vec![0.0],
            factor_rows: vec![1.0],
        };
        // ln(2) + (1 + 1) / 8 - 1 / 2.
        let expected = 2f64.ln() - 0.25;
        assert!((divergence(&network, &summary) - expected).abs() < 1e-12);
    }

    #[test]
    fn third_moments_along_a_direction_are_those_of_the_projection() {
        let points = vec![vec![0.0f32, 1.0, 4.0], vec![1.0f32, -1.0, 0.5]];
        let weights = vec![0.5, 0.3, 0.2];
        let draws = WeightedPoints { points, weights };
        let summary = Summary::new(&draws, 0.0, 0.0);
        let WeightedPoints { points, weights } = draws;
        let network = WideGaussian {
            mean: vec![0.0; 2],
            factor_rows: vec![1.0, 0.0, 0.0, 1.0],
        };
        let mut moments = Moments::zeros(2, 1, true);
        moments
            .parts(1)
            .for_each(|mut part| part.set(0, &summary, &network));
        let direction = [0.6, -1.4];
        let projected: Vec<f64> = (0..3)
            .map(|i| f64::from(points[0][i]) * direction[0] + f64::from(points[1][i]) * direction[1])
            .collect();
        let mean: f64 = projected.iter().zip(&weights).map(|(x, w)| x * w).sum();
        let third: f64 = projected
            .iter()
            .zip(&weights)
            .map(|(x, w)| (x - mean).powi(3) * w)
            .sum();
        assert!((moments.third_along(0, &direction) - third).abs() < 1e-9);
        let variance: f64 = (0..3).map(|i| weights[i] * f64::from(points[0][i]).powi(2)).sum();
        let mean_0 = moments.mean(0)[0];
        assert!((moments.covariance(0)[0] - (variance - mean_0 * mean_0)).abs() < 1e-9);
    }
}
