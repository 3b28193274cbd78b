//! Adaptive Gauss-Hermite quadrature of one respondent's posterior, for few dimensions.

use crate::base::linalg::{cholesky, invert, product, symmetric_eigen, unpack};
use crate::kernels::points::WeightedPoints;
use crate::kernels::respondent::Respondent;
use crate::model::gaussian::WideGaussian;
use crate::model::population::Population;
use crate::posterior::moments::Summary;
use crate::posterior::newton;
use crate::posterior::question::{Progress, Question, Refined};
use ndarray::Array2;

/// Most dimensions for which a grid is cheaper than draws.
pub(crate) const MOST_DIMS: usize = 2;

/// Nodes along an axis in one dimension and in two.
const NODES: [usize; MOST_DIMS] = [16, 12];

/// Most times that the grid is moved.
const MOST_ROUNDS: usize = 12;

/// A grid fits when the mean of the posterior is at most so many standard deviations from its centre, and the standard
/// deviations agree up to this share.
const CLOSE: f64 = 0.25;

/// The share to which a standard deviation falls at most from one grid to the next: moments of a grid that is much too wide
/// rest on a node or two.
const LEAST_SHRINKAGE: f64 = 0.3;

/// A product rule for the standard normal distribution.
pub(crate) struct Grid {
    n_dims: usize,
    /// Coordinates, `n_nodes x n_dims`.
    nodes: Vec<f64>,
    /// Logarithms of the weight over the density of the standard normal distribution.
    log_weights: Vec<f64>,
}

/// Where a grid lies.
struct Place {
    centre: Vec<f64>,
    /// Lower Cholesky factor.
    factor: Array2<f64>,
}

impl Grid {
    /// The grid for up to [`MOST_DIMS`] dimensions.
    pub fn new(n_dims: usize) -> Self {
        let (axis, weights) = gauss_hermite(NODES[n_dims - 1]);
        let mut nodes = Vec::new();
        let mut log_weights = Vec::new();
        let n = axis.len();
        for index in 0..n.pow(n_dims as u32) {
            let mut rest = index;
            let mut log_weight = 0.0;
            for _ in 0..n_dims {
                let x = axis[rest % n];
                nodes.push(x);
                log_weight += weights[rest % n].ln() + 0.5 * (x * x + (2.0 * std::f64::consts::PI).ln());
                rest /= n;
            }
            log_weights.push(log_weight);
        }
        Self {
            n_dims,
            nodes,
            log_weights,
        }
    }

    /// The points of the grid at a place. The log weights are those of the rule and of the population.
    fn question(&self, population: Population, place: &Place) -> Question {
        let n = self.log_weights.len();
        let mut points = vec![Vec::with_capacity(n); self.n_dims];
        let ln_scale: f64 = place.factor.diag().iter().map(|x| x.ln()).sum();
        let mut log_weights = Vec::with_capacity(n);
        let mut at = vec![0.0; self.n_dims];
        for (node, &log_weight) in self.nodes.chunks(self.n_dims).zip(&self.log_weights) {
            for (d, coordinate) in points.iter_mut().enumerate() {
                let step: f64 = (0..=d).map(|e| place.factor[[d, e]] * node[e]).sum();
                at[d] = place.centre[d] + step;
                coordinate.push(at[d] as f32);
            }
            log_weights.push(log_weight + ln_scale + population.log_density(&at));
        }
        Question { points, log_weights }
    }

    /// The posterior on the grid.
    fn weigh(&self, question: Question, likelihoods: &[f32]) -> Refined {
        let Question {
            points,
            mut log_weights,
        } = question;
        log_weights
            .iter_mut()
            .zip(likelihoods)
            .for_each(|(w, &l)| *w += f64::from(l));
        let largest = log_weights.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        let mut weights: Vec<f64> = log_weights.iter().map(|w| (w - largest).exp()).collect();
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= total);
        let draws = WeightedPoints { points, weights };
        Refined {
            summary: Summary::new(&draws, f64::NAN, largest + total.ln()),
            draws,
        }
    }

    /// The place at the moments, or nothing when the grid fits.
    fn moved(&self, place: &Place, summary: &Summary) -> Option<Place> {
        let n = self.n_dims;
        let mut covariance = unpack(summary.covariance(), n);
        let mut fits = true;
        for d in 0..n {
            let row = place.factor.row(d);
            let before = row.dot(&row).sqrt();
            let share = covariance[[d, d]].max(0.0).sqrt() / before;
            let shift = (summary.mean()[d] - place.centre[d]).abs() / before;
            fits &= shift < CLOSE && (1.0 - CLOSE..1.0 / (1.0 - CLOSE)).contains(&share);
            // Widens the coordinate to the least standard deviation allowed.
            covariance[[d, d]] = covariance[[d, d]].max((LEAST_SHRINKAGE * before).powi(2));
        }
        if fits {
            return None;
        }
        // Moments of a grid so far off that they are no covariance leave it where it is.
        let factor = cholesky(covariance.view()).unwrap_or_else(|| place.factor.clone());
        Some(Place {
            centre: summary.mean().to_vec(),
            factor,
        })
    }
}

/// The grids for one posterior. The first lies at a normal distribution and, where that does not fit, the next at the mode and
/// its curvature; it moves to the posterior's own moments until it fits (Naylor and Smith 1982,
/// <https://doi.org/10.2307/2347995>). A grid that never fits is said to be unreliable by an infinite Pareto k.
pub(crate) struct Grids<'a> {
    grid: &'a Grid,
    place: Place,
    /// From 1 for the grid at the mode.
    round: usize,
    start: Vec<f64>,
}

impl<'a> Grids<'a> {
    /// The first grid, at `start` if that is a normal distribution.
    pub fn begin(grid: &'a Grid, respondent: &Respondent, start: &WideGaussian) -> (Self, Question) {
        let covariance: Vec<f64> = start.covariance().collect();
        let (place, round) = match cholesky(unpack(&covariance, grid.n_dims).view()) {
            Some(factor) => {
                let centre = start.mean.clone();
                (Place { centre, factor }, 0)
            }
            None => (at_mode(respondent, start.mean.clone()), 1),
        };
        let question = grid.question(respondent.population(), &place);
        let start = start.mean.clone();
        let grids = Self {
            grid,
            place,
            round,
            start,
        };
        (grids, question)
    }

    /// The posterior, or the next grid.
    pub fn answer(&mut self, respondent: &Respondent, question: Question, likelihoods: &[f32]) -> Progress {
        let refined = self.grid.weigh(question, likelihoods);
        if self.round > MOST_ROUNDS {
            let Refined { draws, summary } = refined;
            return Progress::Break(Refined {
                draws,
                summary: summary.unreliable(),
            });
        }
        let Some(next) = self.grid.moved(&self.place, &refined.summary) else {
            return Progress::Break(refined);
        };
        self.place = match self.round {
            0 => at_mode(respondent, self.start.clone()),
            _ => next,
        };
        self.round += 1;
        Progress::Continue(self.grid.question(respondent.population(), &self.place))
    }
}

/// The normal distribution with the mode and the curvature of a posterior.
fn at_mode(respondent: &Respondent, start: Vec<f64>) -> Place {
    let mode = newton::maximise(respondent, start);
    let information = product(&mode.factor, mode.factor.t());
    let factor = invert(information.view()).and_then(|covariance| cholesky(covariance.view()));
    Place {
        factor: factor.unwrap_or_else(|| respondent.population().factor()),
        centre: mode.point,
    }
}

/// Nodes and weights of the Gauss-Hermite rule for the standard normal distribution: eigenvalues of the Jacobi matrix of the
/// Hermite polynomials and the squared first elements of its eigenvectors (Golub and Welsch 1969,
/// <https://doi.org/10.1090/S0025-5718-69-99647-1>).
pub(crate) fn gauss_hermite(n: usize) -> (Vec<f64>, Vec<f64>) {
    let jacobi = Array2::from_shape_fn((n, n), |(i, j)| {
        if i.abs_diff(j) == 1 {
            (i.max(j) as f64).sqrt()
        } else {
            0.0
        }
    });
    let (nodes, vectors) = symmetric_eigen(jacobi.view());
    let weights = vectors.row(0).iter().map(|v| v * v).collect();
    (nodes.to_vec(), weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_has_the_moments_of_the_normal_distribution() {
        let (nodes, weights) = gauss_hermite(16);
        let moment = |k: i32| -> f64 { nodes.iter().zip(&weights).map(|(x, w)| w * x.powi(k)).sum() };
        assert!((moment(0) - 1.0).abs() < 1e-12);
        assert!(moment(3).abs() < 1e-10);
        assert!((moment(4) - 3.0).abs() < 1e-10);
        assert!((moment(8) - 105.0).abs() < 1e-8);
    }
}
