//! Evenly spaced nodes over one respondent's posterior, for few dimensions.
//!
//! The trapezoid rule converges geometrically: for a normal distribution its error is about `2 exp(-2 (pi s / h)^2)` where the
//! nodes are `h` and its standard deviation is `s`, and for a function with a pole at a distance `p` from the axis about
//! `2 exp(-2 pi p / h)` (Trefethen and Weideman 2014, <https://doi.org/10.1137/130932132>).

use crate::base::linalg::{cholesky, invert, product, unpack};
use crate::kernels::points::{Residuals, WeightedPoints};
use crate::kernels::respondent::Respondent;
use crate::model::gaussian::WideGaussian;
use crate::posterior::moments::Summary;
use crate::posterior::newton;
use crate::posterior::nodes::Nodes;
use crate::posterior::question::{Progress, Question, Refined};
use ndarray::Array2;

/// Most dimensions for which nodes are cheaper than draws.
pub(crate) const MOST_DIMS: usize = 2;

/// How far the nodes of a new place reach, and how far they are apart at most, in standard deviations, in one dimension and in
/// two: 16 and 12 by 12 nodes.
pub(crate) const REACH: [f64; MOST_DIMS] = [6.0, 5.7];
const SPACING: [f64; MOST_DIMS] = [0.75, 0.95];

/// The spacing in standard deviations of the posterior, given the other coordinates, up to which it is fine enough.
const FINE: f64 = 1.25;

/// The spacing times the steepest slope of the log odds up to which it is fine enough: the poles of the logistic function lie
/// at `pi` over the slope.
pub(crate) const FINE_FOR_SLOPE: f64 = 1.25;

/// Most nodes along an axis.
const MOST_NODES: [usize; MOST_DIMS] = [1_024, 128];

/// Most times that the nodes are moved or that there are more of them.
const MOST_ROUNDS: usize = 16;

/// All the mass is held where the density at the outermost nodes is at most this share of the highest.
pub(crate) const EDGE: f64 = 1e-5;

/// A place is near a posterior where means and standard deviations are off by at most this share of its own standard deviations, and
/// in sight of it where they are off by that one.
pub(crate) const NEAR: f64 = 0.2;
const IN_SIGHT: f64 = 1.5;

/// The share to which a standard deviation falls at most from one place to the next: moments of nodes that are much too far apart
/// rest on one or two.
const LEAST_SHRINKAGE: f64 = 0.3;

/// Where nodes lie, in standard deviations of a normal distribution.
struct Place {
    centre: Vec<f64>,
    /// Lower Cholesky factor.
    factor: Array2<f64>,
    axes: Vec<Axis>,
}

/// The nodes along an axis.
#[derive(Clone, Copy)]
struct Axis {
    first: f64,
    spacing: f64,
    n: usize,
}

impl Axis {
    /// The nodes that reach as far on both sides.
    fn new(reach: f64, spacing: f64, most: usize) -> Self {
        let spacing = spacing.max(2.0 * reach / most as f64);
        let half = (reach / spacing).ceil();
        Self {
            first: -(half - 0.5) * spacing,
            spacing,
            n: 2 * half as usize,
        }
    }

    fn at(self, place: usize) -> f64 {
        self.first + place as f64 * self.spacing
    }

    /// Adds half as many nodes beyond the first, and beyond the last.
    fn extend(&mut self, below: bool, above: bool) {
        let more = self.n / 2;
        if below {
            self.first -= more as f64 * self.spacing;
        }
        self.n += more * (usize::from(below) + usize::from(above));
    }
}

impl Place {
    fn new(respondent: &Respondent, centre: Vec<f64>, factor: Array2<f64>) -> Self {
        let last = centre.len() - 1;
        let axis = |d: usize| {
            let slope = respondent.steepest(&factor.column(d).to_vec());
            let spacing = SPACING[last].min(FINE_FOR_SLOPE / slope);
            Axis::new(REACH[last], spacing, MOST_NODES[last])
        };
        Self {
            axes: (0..=last).map(axis).collect(),
            centre,
            factor,
        }
    }

    /// The normal distribution with the mode and the curvature of a posterior.
    fn at_mode(respondent: &Respondent, start: Vec<f64>) -> Self {
        let mode = newton::maximise(respondent, start);
        let information = product(&mode.factor, mode.factor.t());
        let factor = invert(information.view()).and_then(|covariance| cholesky(covariance.view()));
        let factor = factor.unwrap_or_else(|| respondent.population().factor());
        Self::new(respondent, mode.point, factor)
    }

    /// The normal distribution with the moments that were found.
    fn at_moments(&self, respondent: &Respondent, summary: &Summary) -> Self {
        let mut covariance = unpack(summary.covariance(), self.centre.len());
        for d in 0..self.centre.len() {
            // Widens the coordinate to the least standard deviation allowed.
            covariance[[d, d]] = covariance[[d, d]].max((LEAST_SHRINKAGE * self.sd(d)).powi(2));
        }
        // Moments of nodes so far off that they are no covariance leave them where they are.
        let factor = cholesky(covariance.view()).unwrap_or_else(|| self.factor.clone());
        Self::new(respondent, summary.mean().to_vec(), factor)
    }

    fn sd(&self, d: usize) -> f64 {
        let row = self.factor.row(d);
        row.dot(&row).sqrt()
    }

    /// The places along the axes of all nodes, the first axis slowest.
    fn nodes(&self) -> impl Iterator<Item = [usize; MOST_DIMS]> {
        let last = self.axes.len() - 1;
        let n = self.axes[last].n;
        let total: usize = self.axes.iter().map(|axis| axis.n).product();
        (0..total).map(move |k| if last == 0 { [k, 0] } else { [k / n, k % n] })
    }

    /// The nodes. The log weights are those of the rule and of the population.
    fn question(&self, respondent: &Respondent) -> Question {
        let n_dims = self.centre.len();
        let mut points = vec![Vec::new(); n_dims];
        let widths = self.factor.diag().into_iter().zip(&self.axes);
        let ln_width: f64 = widths.map(|(sd, axis)| (sd * axis.spacing).ln()).sum();
        let mut log_weights = Vec::new();
        let mut at = vec![0.0; n_dims];
        for node in self.nodes() {
            for (d, coordinate) in points.iter_mut().enumerate() {
                let steps = (0..=d).map(|e| self.factor[[d, e]] * self.axes[e].at(node[e]));
                at[d] = self.centre[d] + steps.sum::<f64>();
                coordinate.push(at[d] as f32);
            }
            log_weights.push(ln_width + respondent.population().log_density(&at));
        }
        Question { points, log_weights }
    }

    /// On which axes, below and above, the outermost nodes have too much of the mass.
    fn open_ends(&self, weights: &[f64]) -> Vec<[bool; 2]> {
        let most = EDGE * weights.iter().copied().fold(0.0, f64::max);
        let mut open = vec![[false; 2]; self.axes.len()];
        for (node, &weight) in self.nodes().zip(weights) {
            if weight > most {
                for ((open, axis), place) in open.iter_mut().zip(&self.axes).zip(node) {
                    open[0] |= place == 0;
                    open[1] |= place + 1 == axis.n;
                }
            }
        }
        open
    }

    /// Are the nodes close enough for a posterior with these moments?
    fn is_fine(&self, summary: &Summary) -> bool {
        let covariance = unpack(summary.covariance(), self.centre.len());
        let Some(precision) = invert(covariance.view()) else {
            return false;
        };
        // Along the axes of the place.
        let turned = product(&product(self.factor.t(), &precision), &self.factor);
        let mut diagonal = turned.diag().into_iter().zip(&self.axes);
        diagonal.all(|(&x, axis)| axis.spacing * x.sqrt() <= FINE)
    }

    /// Are mean and standard deviations at most this share of its own standard deviations off those of the place?
    fn is_within(&self, share: f64, summary: &Summary) -> bool {
        let covariance = unpack(summary.covariance(), self.centre.len());
        (0..self.centre.len()).all(|d| {
            let shift = (summary.mean()[d] - self.centre[d]).abs();
            shift <= share * self.sd(d) && covariance[[d, d]].sqrt() <= (1.0 + share) * self.sd(d)
        })
    }

    /// More nodes where there are too few, or nothing where there would be too many.
    fn extended(&self, open: &[[bool; 2]]) -> Option<Self> {
        let mut axes = self.axes.clone();
        for (axis, &[below, above]) in axes.iter_mut().zip(open) {
            axis.extend(below, above);
        }
        let most = 2 * MOST_NODES[axes.len() - 1];
        axes.iter().all(|axis| axis.n <= most).then(|| Self {
            centre: self.centre.clone(),
            factor: self.factor.clone(),
            axes,
        })
    }
}

/// The nodes for one posterior. The first lie at a normal distribution and, where that is out of sight, the next at the mode and
/// its curvature; they move to the posterior's own moments until they are close enough and hold all its mass (as Naylor and
/// Smith 1982, <https://doi.org/10.2307/2347995>, move theirs). Nodes that never do are said to be unreliable by an infinite
/// Pareto k.
pub(crate) struct Lattice {
    place: Place,
    round: usize,
    start: Vec<f64>,
}

impl Lattice {
    /// The first nodes, at `start` if that is a normal distribution.
    pub fn begin(respondent: &Respondent, start: &WideGaussian) -> (Self, Question) {
        let covariance: Vec<f64> = start.covariance().collect();
        let factor = cholesky(unpack(&covariance, start.mean.len()).view());
        let finite = start.mean.iter().all(|x| x.is_finite());
        let place = match factor.filter(|_| finite) {
            Some(factor) => Place::new(respondent, start.mean.clone(), factor),
            None => Place::at_mode(respondent, start.mean.clone()),
        };
        let question = place.question(respondent);
        let lattice = Self {
            place,
            round: 0,
            start: start.mean.clone(),
        };
        (lattice, question)
    }

    /// The posterior, or the next nodes.
    pub fn answer(&mut self, respondent: &Respondent, question: Question, likelihoods: &[f32]) -> Progress {
        let refined = weigh(question, likelihoods);
        let (summary, place) = (&refined.summary, &self.place);
        let open = place.open_ends(&refined.draws.weights);
        let fine = place.is_fine(summary);
        if fine && !open.iter().flatten().any(|&open| open) {
            return Progress::Break(refined);
        }
        let next = if self.round == MOST_ROUNDS {
            None
        } else if fine && place.is_within(NEAR, summary) {
            place.extended(&open)
        } else if self.round > 0 || fine && place.is_within(IN_SIGHT, summary) {
            Some(place.at_moments(respondent, summary))
        } else {
            Some(Place::at_mode(respondent, self.start.clone()))
        };
        let Some(next) = next else {
            let Refined { draws, summary } = refined;
            return Progress::Break(Refined {
                draws,
                summary: summary.unreliable(),
            });
        };
        self.place = next;
        self.round += 1;
        Progress::Continue(self.place.question(respondent))
    }
}

/// Nodes for expectations over a posterior with this mean and this lower Cholesky factor of its covariance.
pub(crate) fn nodes(respondent: &Respondent, mean: Vec<f64>, factor: Array2<f64>) -> Nodes {
    let question = Place::new(respondent, mean, factor).question(respondent);
    let likelihoods = respondent.log_likelihoods(&question.points, &mut Residuals::new());
    let Refined { draws, summary } = weigh(question, &likelihoods);
    Nodes::of_points(&draws, &summary)
}

/// The posterior on the nodes.
fn weigh(question: Question, likelihoods: &[f32]) -> Refined {
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
