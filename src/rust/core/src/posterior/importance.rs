//! Importance sampling of one respondent's posterior.

use crate::base::linalg::solve_upper;
use crate::kernels::points::WeightedPoints;
use crate::kernels::respondent::Respondent;
use crate::model::gaussian::WideGaussian;
use crate::model::population::Population;
use crate::posterior::moments::Summary;
use crate::posterior::newton::{self, Mode};
use crate::posterior::pareto;
use crate::posterior::proposal::Proposal;
use crate::posterior::question::{Progress, Question, Refined};
use ndarray::ArrayView1;

/// Draws from a multivariate t at the mode with the curvature's scale, weighed with Pareto smoothing; more of them where the
/// weights are too uneven.
pub(crate) struct Draws<'a> {
    population: Population,
    mode: Mode,
    /// Seed and key.
    stream: (u64, u64),
    /// What is left to be tried, and the Pareto k above which it is.
    larger: Option<&'a Proposal>,
    threshold: f64,
}

impl<'a> Draws<'a> {
    pub fn new(
        respondent: &Respondent,
        network: &WideGaussian,
        stream: (u64, u64),
        (larger, threshold): (&'a Proposal, f64),
    ) -> Self {
        Self {
            population: respondent.population(),
            mode: newton::maximise(respondent, network.mean.clone()),
            stream,
            larger: Some(larger),
            threshold,
        }
    }

    /// The draws of a proposal. The log weights are those of the population over the proposal.
    pub fn question(&self, proposal: &Proposal) -> Question {
        let Mode { point, factor } = &self.mode;
        let n_dims = point.len();
        // The factor is that of the negative Hessian: its inverse transpose scales the draws.
        let ln_scale: f64 = factor.diag().iter().map(|x| x.ln()).sum();
        let mut points = vec![Vec::with_capacity(proposal.n_draws()); n_dims];
        let mut log_weights = Vec::with_capacity(proposal.n_draws());
        let mut at = vec![0.0; n_dims];
        let (seed, key) = self.stream;
        proposal.visit(seed, key, |standard, log_density| {
            let offset = solve_upper(factor.view(), ArrayView1::from(standard));
            for (d, coordinate) in points.iter_mut().enumerate() {
                at[d] = point[d] + offset[d];
                coordinate.push(at[d] as f32);
            }
            log_weights.push(self.population.log_density(&at) - log_density - ln_scale);
        });
        Question { points, log_weights }
    }

    /// The posterior, or the draws of the larger proposal.
    pub fn answer(&mut self, question: Question, likelihoods: &[f32]) -> Progress {
        let Question {
            points,
            mut log_weights,
        } = question;
        for (weight, &likelihood) in log_weights.iter_mut().zip(likelihoods) {
            *weight += f64::from(likelihood);
        }
        let smoothed = pareto::smooth(&mut log_weights);
        if smoothed.k > self.threshold
            && let Some(larger) = self.larger.take()
        {
            return Progress::Continue(self.question(larger));
        }
        let draws = WeightedPoints {
            points,
            weights: smoothed.weights,
        };
        Progress::Break(Refined {
            summary: Summary::new(&draws, smoothed.k, smoothed.log_mean),
            draws,
        })
    }
}
