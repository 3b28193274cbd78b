//! Importance sampling of one respondent's posterior.

use crate::base::linalg::invert_lower;
use crate::kernels::points::WeightedPoints;
use crate::kernels::respondent::Respondent;
use crate::model::gaussian::WideGaussian;
use crate::model::population::Population;
use crate::posterior::moments::Summary;
use crate::posterior::newton::{self, Mode};
use crate::posterior::pareto;
use crate::posterior::proposal::Proposal;
use crate::posterior::question::{Progress, Question, Refined};

/// Draws from a multivariate t at the mode with the curvature's scale, weighed with Pareto smoothing; more of them where the
/// weights are too uneven.
pub(crate) struct Draws<'a> {
    population: Population,
    mode: Mode,
    /// Which of a proposal's sets of points.
    key: u64,
    /// What is left to be tried, and the Pareto k above which it is.
    larger: Option<&'a Proposal>,
    threshold: f64,
}

impl<'a> Draws<'a> {
    pub fn new(
        respondent: &Respondent,
        network: &WideGaussian,
        key: u64,
        (larger, threshold): (&'a Proposal, f64),
    ) -> Self {
        Self {
            population: respondent.population(),
            mode: newton::maximise(respondent, network.mean.clone()),
            key,
            larger: Some(larger),
            threshold,
        }
    }

    /// The draws of a proposal. The log weights are those of the population over the proposal.
    pub fn question(&self, proposal: &Proposal) -> Question {
        let Mode { point, factor } = &self.mode;
        // The factor is that of the negative Hessian: its inverse transpose scales the draws.
        let inverse = invert_lower(factor.view());
        let ln_scale: f64 = factor.diag().iter().map(|x| x.ln()).sum();
        let standard = proposal.points(self.key);
        let coordinate = |d: usize| {
            let mut coordinate = vec![point[d] as f32; standard[d].len()];
            for (e, standard) in standard.iter().enumerate().skip(d) {
                let times = inverse[[e, d]] as f32;
                coordinate
                    .iter_mut()
                    .zip(standard)
                    .for_each(|(to, x)| *to += times * x);
            }
            coordinate
        };
        let points: Vec<Vec<f32>> = (0..point.len()).map(coordinate).collect();
        let mut log_weights = self.population.log_densities(&points);
        for (weight, log_density) in log_weights.iter_mut().zip(proposal.log_densities()) {
            *weight -= log_density + ln_scale;
        }
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
