//! The log posterior of one respondent's latent traits.

use crate::base::math::{self, LogCdf, Logistic, Normal};
use crate::kernels::lanes::FACTORS_PER_LOGARITHM;
use crate::model::link::{self, Link};
use crate::model::parameters::Model;
use crate::responses::batch::Batch;
use ndarray::{Array1, Array2};
use pulp::NullaryFnOnce;
use std::ops::Range;

/// One respondent's responses with the parameters of their items side by side.
pub(crate) struct Respondent {
    n_dims: usize,
    link: Link,
    /// One row per slot: the discriminations, then the difficulty.
    parameters: Vec<f32>,
    /// For each response its slots and the option chosen, 0 for the reference.
    answers: Vec<(Range<usize>, usize)>,
    widest: usize,
}

/// The log posterior at a point, up to the normalising constant, with its gradient and negative Hessian.
pub(crate) struct Local {
    pub value: f64,
    pub gradient: Array1<f64>,
    pub information: Array2<f64>,
}

impl Respondent {
    /// The respondent at a position of the batch.
    pub fn new(model: &Model, batch: &Batch, position: usize) -> Self {
        let n_dims = model.shape.n_dims;
        let responses = batch.responses_of(position);
        let n_slots = batch.slots_of(batch.numbers_of(position)).len();
        let mut parameters = Vec::with_capacity(n_slots * (n_dims + 1));
        let mut answers = Vec::with_capacity(responses.len());
        let mut slot = 0;
        let mut widest = 0;
        for response in responses {
            let rows = response.rows();
            answers.push((slot..slot + rows.len(), response.chosen as usize));
            slot += rows.len();
            widest = widest.max(rows.len());
            for row in rows {
                parameters.extend_from_slice(model.items.row(row));
            }
        }
        Self {
            n_dims,
            link: model.shape.link,
            parameters,
            answers,
            widest,
        }
    }

    /// Number of latent dimensions.
    pub fn n_dims(&self) -> usize {
        self.n_dims
    }

    fn row(&self, slot: usize) -> &[f32] {
        let width = self.n_dims + 1;
        &self.parameters[slot * width..(slot + 1) * width]
    }

    /// The log posterior, its gradient and its curvature at a point. The prior is `N(0, I)`.
    pub fn local(&self, point: &[f64]) -> Local {
        let n_dims = self.n_dims;
        let single: Vec<f32> = point.iter().map(|&x| x as f32).collect();
        let mut value = -0.5 * point.iter().map(|x| x * x).sum::<f64>();
        let mut gradient: Array1<f64> = point.iter().map(|x| -x).collect();
        let mut information = Array2::<f64>::eye(n_dims);
        let mut residuals = vec![0.0f32; self.widest];
        let mut mean = vec![0.0f64; n_dims];
        for (slots, chosen) in &self.answers {
            let residuals = &mut residuals[..slots.len()];
            for (residual, slot) in residuals.iter_mut().zip(slots.clone()) {
                *residual = link::predictor(self.row(slot), &single);
            }
            let predictor = f64::from(residuals[0]);
            value += f64::from(self.link.log_probability(residuals, *chosen));
            mean.fill(0.0);
            for (place, slot) in slots.clone().enumerate() {
                let residual = f64::from(residuals[place]);
                let curvature = match self.link {
                    // The probability of the option; what the options share is taken off below.
                    Link::Logit => f64::from(u8::from(*chosen == place + 1)) - residual,
                    Link::Probit => residual * (residual + predictor),
                };
                let row = self.row(slot);
                for i in 0..n_dims {
                    let slope = f64::from(row[i]);
                    gradient[i] += residual * slope;
                    mean[i] += curvature * slope;
                    for j in 0..=i {
                        information[[i, j]] += curvature * slope * f64::from(row[j]);
                    }
                }
            }
            if self.link == Link::Logit {
                for i in 0..n_dims {
                    for j in 0..=i {
                        information[[i, j]] -= mean[i] * mean[j];
                    }
                }
            }
        }
        for i in 0..n_dims {
            for j in 0..i {
                information[[j, i]] = information[[i, j]];
            }
        }
        Local {
            value,
            gradient,
            information,
        }
    }

    /// The log likelihood at many points: `points[d]` holds coordinate `d` of all of them.
    pub fn log_likelihoods(&self, points: &[Vec<f32>]) -> Vec<f32> {
        pulp::Arch::new().dispatch(LogLikelihoods {
            respondent: self,
            points,
        })
    }

    /// The linear predictor of a slot at many points.
    #[inline(always)]
    fn predict(&self, slot: usize, points: &[Vec<f32>], to: &mut [f32]) {
        let row = self.row(slot);
        to.fill(-row[self.n_dims]);
        for (&slope, coordinate) in row.iter().zip(points) {
            for (eta, x) in to.iter_mut().zip(coordinate) {
                *eta += slope * x;
            }
        }
    }
}

/// The log likelihood at many points. The code is compiled for the processors that pulp tells apart.
struct LogLikelihoods<'a> {
    respondent: &'a Respondent,
    points: &'a [Vec<f32>],
}

impl NullaryFnOnce for LogLikelihoods<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn call(self) -> Vec<f32> {
        let Self { respondent, points } = self;
        let n = points.first().map_or(0, Vec::len);
        let mut sums = Sums {
            totals: vec![0.0; n],
            factors: vec![1.0; n],
            largest: vec![0.0; n],
        };
        let mut predictors = vec![0.0f32; n * respondent.widest];
        for (number, (slots, chosen)) in respondent.answers.iter().enumerate() {
            for (row, slot) in predictors.chunks_mut(n).zip(slots.clone()) {
                respondent.predict(slot, points, row);
            }
            match (slots.len(), respondent.link) {
                (1, Link::Logit) => sums.add_binary::<Logistic>(&predictors, *chosen),
                (1, Link::Probit) => sums.add_binary::<Normal>(&predictors, *chosen),
                (n_slots, _) => sums.add_nominal(&mut predictors[..n_slots * n], *chosen),
            }
            if number % FACTORS_PER_LOGARITHM == FACTORS_PER_LOGARITHM - 1 {
                sums.take_logarithms();
            }
        }
        sums.take_logarithms();
        sums.totals
    }
}

/// Log likelihoods at many points: `totals + ln(factors)`.
struct Sums {
    totals: Vec<f32>,
    factors: Vec<f32>,
    largest: Vec<f32>,
}

impl Sums {
    #[inline(always)]
    fn take_logarithms(&mut self) {
        for (total, factor) in self.totals.iter_mut().zip(&mut self.factors) {
            *total += math::ln(*factor);
            *factor = 1.0;
        }
    }

    #[inline(always)]
    fn add_binary<F: LogCdf>(&mut self, predictors: &[f32], chosen: usize) {
        let sign = if chosen == 1 { 1.0 } else { -1.0 };
        for ((total, factor), &eta) in self.totals.iter_mut().zip(&mut self.factors).zip(predictors) {
            let terms = F::terms(sign * eta);
            *total += terms.linear;
            *factor *= terms.factor;
        }
    }

    /// One response to an item with several options.
    #[inline(always)]
    fn add_nominal(&mut self, predictors: &mut [f32], chosen: usize) {
        let Self {
            totals,
            factors,
            largest,
        } = self;
        let n = totals.len();
        largest.fill(0.0);
        for row in predictors.chunks(n) {
            largest.iter_mut().zip(row).for_each(|(a, &b)| *a = a.max(b));
        }
        if chosen > 0 {
            let row = &predictors[(chosen - 1) * n..chosen * n];
            totals.iter_mut().zip(row).for_each(|(t, eta)| *t += eta);
        }
        let (sums, others) = predictors.split_at_mut(n);
        for (sum, &top) in sums.iter_mut().zip(largest.iter()) {
            *sum = math::exp(-top) + math::exp(*sum - top);
        }
        for row in others.chunks(n) {
            for ((sum, &eta), &top) in sums.iter_mut().zip(row).zip(largest.iter()) {
                *sum += math::exp(eta - top);
            }
        }
        for (((total, factor), &sum), &top) in totals
            .iter_mut()
            .zip(factors)
            .zip(sums.iter())
            .zip(largest.iter())
        {
            *total -= top;
            *factor /= sum;
        }
    }
}
