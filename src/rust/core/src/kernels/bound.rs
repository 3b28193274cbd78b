//! The fused decoder: from the posterior of a respondent to the importance-weighted bound and all of its gradients, in
//! one pass over the observed responses.
//!
//! The samples of the latent traits stand side by side in [`Lanes`], so that one load of an item's parameters serves
//! all of them and everything that is computed for a sample vectorises.

use crate::base::math;
use crate::base::threads::map_with;
use crate::kernels::encoder::{Activations, EncoderKernel, NetworkGradient, RESPONDENTS_PER_TASK};
use crate::model::design;
use crate::model::gaussian::Gaussian;
use crate::model::link::Link;
use crate::model::population;
use crate::model::response::lanes::{self, product, sum};
use crate::model::response::likelihood::log_likelihoods;
use crate::model::table::Table;
use crate::responses::batch::Batch;
use crate::responses::response::Response;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Samples that are evaluated side by side.
const LANES: usize = 4;

type Lanes = lanes::Lanes<LANES>;

/// What the bound is evaluated for.
#[derive(Clone, Copy)]
pub struct Sampling<'a> {
    /// The encoder.
    pub encoder: &'a EncoderKernel<'a>,
    /// Item parameters: one row per parameter row of the catalogue, the discriminations by dimension, then the
    /// difficulty.
    pub items: &'a Table,
    /// The link.
    pub link: Link,
    /// The responses.
    pub batch: &'a Batch,
    /// What a batch of this size weighs on average; the gradients are per unit of it.
    pub total_weight: f32,
    /// Samples per respondent.
    pub n_samples: usize,
}

/// The bound of a batch, as [`crate::model::bound::Bound`] defines it, `sum_i w_i ln (1/S) sum_s p(y_i | a_is) p(a_is) / q(a_is)` (Burda, Grosse and Salakhutdinov
/// 2016, <https://arxiv.org/abs/1509.00519>; one sample gives the evidence lower bound) with the respondents' weights
/// `w_i`, and the gradients per unit of weight.
///
/// The item parameters follow the gradient of the negative bound. The encoder follows that of the negative evidence lower
/// bound, averaged over the same samples, because more samples drown its gradient of the tighter bound in noise (Rainforth
/// and others 2018, <https://arxiv.org/abs/1802.04537>).
#[derive(Debug, Default)]
pub struct BoundGradients {
    /// The bound, summed over the batch.
    pub total: f64,
    /// The gradient by the pooled embeddings, `n_respondents x hidden`.
    pub by_pooled: Vec<f32>,
    /// The gradient by the item parameters of every slot, `n_slots x width`.
    pub by_slots: Vec<f32>,
    /// The gradient by the parameters of the network.
    pub by_network: NetworkGradient,
}

/// Memory of a task.
#[derive(Default)]
struct Scratch {
    /// Standard normal noise, `n_blocks x n_dims`.
    noise: Vec<Lanes>,
    /// The latent traits that it gives.
    traits: Vec<Lanes>,
    /// The gradients of the weighted log likelihoods by them.
    slopes: Vec<Lanes>,
    /// Linear predictors, then residuals, `n_blocks x n_slots`.
    residuals: Vec<Lanes>,
    /// Log weights, then weights, of the samples.
    weights: Vec<Lanes>,
    factor: Vec<f32>,
    draws: Vec<f32>,
    activations: Activations,
}

/// One task's part of the output.
struct Part<'a> {
    positions: Range<usize>,
    by_pooled: &'a mut [f32],
    by_slots: &'a mut [f32],
}

impl BoundGradients {
    /// Evaluates the bound; the memory is kept. `noise` fills the standard normal noise of the respondent at a position,
    /// sample by sample, `n_samples x n_dims`.
    pub fn evaluate<N>(&mut self, sampling: Sampling<'_>, noise: N)
    where
        N: Fn(usize, &mut [f32]) + Sync,
    {
        let Sampling {
            encoder,
            items,
            batch,
            ..
        } = sampling;
        self.by_pooled
            .resize(batch.n_respondents() * encoder.hidden(), 0.0);
        self.by_slots.resize(batch.n_slots() * items.width(), 0.0);
        let arch = pulp::Arch::new();
        let parts = map_with(self.parts(sampling), |scratch, part| {
            arch.dispatch(Task {
                sampling,
                scratch,
                part,
                noise: &noise,
            })
        });
        // In the order of the tasks, so that the sums do not depend on the threads.
        let mut parts = parts.into_iter();
        let (mut bound, mut gradient) = parts
            .next()
            .unwrap_or_else(|| (0.0, NetworkGradient::zeros(encoder)));
        for (value, other) in parts {
            bound += value;
            gradient.add(&other);
        }
        self.total = bound;
        self.by_network = gradient;
    }

    /// Adds to `gradient` (`n_rows x width`) the gradient by all parameter rows of the item whose option ids are `options`.
    /// Returns the number of its responses in the batch.
    pub fn sum_over_answers(&self, batch: &Batch, options: Range<usize>, gradient: &mut [f32]) -> usize {
        let width = gradient.len() / (options.len() - 1);
        let choosers = batch.choosers_of(options);
        for chooser in choosers {
            let number = chooser.response as usize;
            let start = batch.slots_of(number..number + 1).start * width;
            let by_slots = &self.by_slots[start..start + gradient.len()];
            gradient
                .iter_mut()
                .zip(by_slots)
                .for_each(|(to, from)| *to += from);
        }
        choosers.len()
    }

    fn parts(&mut self, sampling: Sampling<'_>) -> Vec<Part<'_>> {
        let Sampling {
            encoder,
            items,
            batch,
            ..
        } = sampling;
        let n = batch.n_respondents();
        let mut slots = self.by_slots.as_mut_slice();
        let pooled = self.by_pooled.chunks_mut(RESPONDENTS_PER_TASK * encoder.hidden());
        (0..n)
            .step_by(RESPONDENTS_PER_TASK)
            .zip(pooled)
            .map(|(start, by_pooled)| {
                let end = (start + RESPONDENTS_PER_TASK).min(n);
                let numbers = batch.numbers_of(start).start..batch.numbers_of(end - 1).end;
                let n_slots = batch.slots_of(numbers).len();
                let (by_slots, rest) = std::mem::take(&mut slots).split_at_mut(n_slots * items.width());
                slots = rest;
                Part {
                    positions: start..end,
                    by_pooled,
                    by_slots,
                }
            })
            .collect()
    }
}

/// The respondents of one task. Its code is compiled for the processors that pulp tells apart.
struct Task<'a, N> {
    sampling: Sampling<'a>,
    scratch: &'a mut Scratch,
    part: Part<'a>,
    noise: &'a N,
}

impl<N: Fn(usize, &mut [f32])> WithSimd for Task<'_, N> {
    /// The part of the bound and of the gradient by the network.
    type Output = (f64, NetworkGradient);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Self::Output {
        // Code for old processors is kept small instead.
        let constants = !S::IS_SCALAR;
        let Self {
            sampling,
            scratch,
            part,
            noise,
        } = self;
        let Sampling {
            encoder,
            items,
            batch,
            total_weight,
            n_samples,
            ..
        } = sampling;
        let weights = batch.weights();
        let n_dims = design::n_dims(items.width());
        let mut activations = std::mem::take(&mut scratch.activations);
        encoder.encode(batch, part.positions.clone(), &mut activations);
        let Activations {
            outputs, by_outputs, ..
        } = &mut activations;
        let rows = outputs.rows().into_iter().zip(by_outputs.rows_mut());
        let mut slots = part.by_slots;
        let mut draws = std::mem::take(&mut scratch.draws);
        draws.resize(n_samples * n_dims, 0.0);
        let mut bound = 0.0;
        for (position, (outputs, mut by_outputs)) in part.positions.zip(rows) {
            let responses = batch.responses_of(position);
            let n_slots = batch.slots_of(batch.numbers_of(position)).len();
            let (by_slots, rest) = slots.split_at_mut(n_slots * items.width());
            slots = rest;
            let (Some(outputs), Some(by_outputs)) = (outputs.as_slice(), by_outputs.as_slice_mut()) else {
                continue;
            };
            let posterior = Gaussian { n_dims, outputs };
            noise(position, &mut draws);
            scratch.draw(posterior, &draws);
            let gradients = OfRespondent {
                by_outputs,
                by_slots,
                scale: -weights[position] / total_weight,
            };
            let value = evaluate(constants, sampling, posterior, responses, scratch, gradients);
            bound += f64::from(weights[position]) * f64::from(value);
        }
        let gradient = encoder.back_propagate(&mut activations, part.by_pooled);
        scratch.activations = activations;
        scratch.draws = draws;
        (bound, gradient)
    }
}

impl Scratch {
    /// The latent traits `mu + L e` of a respondent.
    #[inline(always)]
    fn draw(&mut self, posterior: Gaussian<'_>, draws: &[f32]) {
        let n_dims = posterior.n_dims;
        let n_blocks = (draws.len() / n_dims).div_ceil(LANES);
        self.noise.clear();
        self.noise.resize(n_blocks * n_dims, [0.0; LANES]);
        for (sample, noise) in draws.chunks(n_dims).enumerate() {
            for (d, &e) in noise.iter().enumerate() {
                self.noise[sample / LANES * n_dims + d][sample % LANES] = e;
            }
        }
        self.factor.resize(n_dims * n_dims, 0.0);
        posterior.factor(&mut self.factor);
        self.traits.clear();
        for noise in self.noise.chunks(n_dims) {
            for (d, &mean) in posterior.mean().iter().enumerate() {
                let mut sum = [mean; LANES];
                for (&factor, noise) in self.factor[d * n_dims..=d * n_dims + d].iter().zip(noise) {
                    (0..LANES).for_each(|lane| sum[lane] += factor * noise[lane]);
                }
                self.traits.push(sum);
            }
        }
    }
}

struct OfRespondent<'a> {
    by_outputs: &'a mut [f32],
    by_slots: &'a mut [f32],
    scale: f32,
}

/// The bound of one respondent and its gradients. The logit link and the number of dimensions are made constants where there
/// are few, if `constants` are wanted.
#[inline(always)]
fn evaluate(
    constants: bool,
    sampling: Sampling<'_>,
    posterior: Gaussian<'_>,
    responses: &[Response],
    scratch: &mut Scratch,
    gradients: OfRespondent<'_>,
) -> f32 {
    let logit = Sampling {
        link: Link::Logit,
        ..sampling
    };
    match (sampling.link, posterior.n_dims) {
        (Link::Logit, 1) if constants => evaluate_in(1, logit, posterior, responses, scratch, gradients),
        (Link::Logit, 2) if constants => evaluate_in(2, logit, posterior, responses, scratch, gradients),
        (Link::Logit, 3) if constants => evaluate_in(3, logit, posterior, responses, scratch, gradients),
        (Link::Logit, 4) if constants => evaluate_in(4, logit, posterior, responses, scratch, gradients),
        (_, n_dims) => evaluate_in(n_dims, sampling, posterior, responses, scratch, gradients),
    }
}

#[inline(always)]
fn evaluate_in(
    n_dims: usize,
    sampling: Sampling<'_>,
    posterior: Gaussian<'_>,
    responses: &[Response],
    scratch: &mut Scratch,
    gradients: OfRespondent<'_>,
) -> f32 {
    let width = design::width(n_dims);
    let n_slots = gradients.by_slots.len() / width;
    let items = sampling.items.values();
    let bound = weigh(n_dims, sampling, responses, n_slots, scratch);
    let Scratch {
        traits,
        slopes,
        residuals,
        weights,
        ..
    } = scratch;
    let n_blocks = weights.len();
    slopes.clear();
    slopes.resize(n_blocks * n_dims, [0.0; LANES]);
    gradients.by_slots.fill(0.0);
    for (block, weight) in weights.iter().enumerate() {
        let samples = Block {
            points: &traits[block * n_dims..(block + 1) * n_dims],
            residuals: &residuals[block * n_slots..(block + 1) * n_slots],
            weight,
        };
        let slopes = &mut slopes[block * n_dims..(block + 1) * n_dims];
        accumulate(
            n_dims,
            items,
            responses,
            samples,
            slopes,
            gradients.scale,
            gradients.by_slots,
        );
    }
    by_outputs(
        n_dims,
        sampling.n_samples,
        posterior.outputs,
        scratch,
        gradients.scale,
        gradients.by_outputs,
    );
    bound + posterior.ln_determinant()
}

/// Fills the residuals and the weights of the samples; returns the logarithm of the mean weight, without the determinant.
#[inline(always)]
fn weigh(
    n_dims: usize,
    sampling: Sampling<'_>,
    responses: &[Response],
    n_slots: usize,
    scratch: &mut Scratch,
) -> f32 {
    let Scratch {
        noise,
        traits,
        residuals,
        weights,
        ..
    } = scratch;
    let items = sampling.items.values();
    residuals.resize(n_slots * (traits.len() / n_dims), [0.0; LANES]);
    weights.clear();
    for (block, points) in traits.chunks_exact(n_dims).enumerate() {
        let own = &mut residuals[block * n_slots..(block + 1) * n_slots];
        let mut total = log_likelihoods(sampling.link, items, responses, points, own);
        population::add_log_ratios(points, &noise[block * n_dims..], &mut total);
        weights.push(total);
    }
    normalise(weights.as_flattened_mut(), sampling.n_samples)
}

/// Log weights become weights that sum to 1; those beyond `n_samples` become 0. Returns the logarithm of their mean. It is little
/// work, and the code around it is compiled many times.
#[inline(never)]
fn normalise(weights: &mut [f32], n_samples: usize) -> f32 {
    weights[n_samples..].fill(0.0);
    let weights = &mut weights[..n_samples];
    let largest = weights.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    weights.iter_mut().for_each(|w| *w = math::exp(*w - largest));
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    largest + math::ln(sum / n_samples as f32)
}

/// What the gradients take from a block of samples.
struct Block<'a> {
    points: &'a [Lanes],
    residuals: &'a [Lanes],
    weight: &'a Lanes,
}

/// Adds the gradients of the weighted log likelihoods by the points to `slopes`, and those by the item parameters to
/// `by_slots`.
#[inline(always)]
fn accumulate(
    n_dims: usize,
    items: &[f32],
    responses: &[Response],
    block: Block<'_>,
    slopes: &mut [Lanes],
    scale: f32,
    by_slots: &mut [f32],
) {
    let width = design::width(n_dims);
    let mut slots = block.residuals.iter().zip(by_slots.chunks_exact_mut(width));
    for response in responses {
        let first = response.first_row as usize * width;
        let rows = &items[first..first + response.n_rows as usize * width];
        for (row, (residual, by_slot)) in rows.chunks_exact(width).zip(&mut slots) {
            design::add_slopes(n_dims, row, residual, slopes);
            let weighted = product(residual, block.weight);
            design::by_parameters(n_dims, &weighted, block.points, |column, by_parameter| {
                by_slot[column] += scale * sum(by_parameter);
            });
        }
    }
}

/// The gradient by the outputs of the network, through `alpha = mu + L e` and the entropy `ln |L|`. It is little work, and the code
/// around it is compiled many times.
#[inline(never)]
fn by_outputs(
    n_dims: usize,
    n_samples: usize,
    outputs: &[f32],
    scratch: &Scratch,
    scale: f32,
    to: &mut [f32],
) {
    to.fill(0.0);
    for block in 0..scratch.weights.len() {
        let own = block * n_dims..(block + 1) * n_dims;
        let (noise, points) = (&scratch.noise[own.clone()], &scratch.traits[own.clone()]);
        let mut weight = [0.0f32; LANES];
        weight[..(n_samples - block * LANES).min(LANES)].fill(1.0 / n_samples as f32);
        let slopes = &scratch.slopes[own];
        let mut below = 2 * n_dims;
        for d in 0..n_dims {
            let mut slope = [0.0f32; LANES];
            let prior = population::scores(&points[d]);
            (0..LANES).for_each(|lane| slope[lane] = scale * weight[lane] * (slopes[d][lane] + prior[lane]));
            let along = |noise: &Lanes| (0..LANES).map(|lane| slope[lane] * noise[lane]).sum::<f32>();
            to[d] += sum(slope);
            to[n_dims + d] += along(&noise[d]) * outputs[n_dims + d].exp();
            if outputs.len() > 2 * n_dims {
                for e in &noise[..d] {
                    to[below] += along(e);
                    below += 1;
                }
            }
        }
    }
    to[n_dims..2 * n_dims].iter_mut().for_each(|g| *g += scale);
}
