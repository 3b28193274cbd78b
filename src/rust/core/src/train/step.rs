//! One step of training: the importance-weighted bound of a minibatch, its gradients, and the updates.

use super::Settings;
use crate::kernels::{AdamState, Table, decoder, pooling};
use crate::model::{Gaussian, Model};
use crate::random::{Purpose, Stream};
use crate::{Batch, ItemCatalogue, Responses, Result};
use candle_core::{Device, Tensor, Var};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Adam moves every embedding by about the learning rate, often all of a respondent's in the same direction, so their sum
/// moves by the number of responses times as much, while the posterior standard deviation falls with the root of that
/// number. The rate of the embeddings is the learning rate times this constant over `n^1.5`, so that a step stays a
/// constant share of the standard deviation; found by trials with 10 to 540 responses per respondent.
const POOLED_STEP: f64 = 80.0;
/// Learning rate of the network's weights relative to that of the item parameters. An output sums over twice the hidden
/// width; with the full rate the standard deviations collapsed in one of eight fits of the 109th Senate.
const NETWORK_RATE: f64 = 0.1;

/// A model in training.
pub(super) struct Trainer {
    model: Model,
    n_samples: usize,
    seed: u64,
    /// Learning rate of the embeddings relative to that of the other parameters.
    embedding_rate: f64,
    embedding_state: AdamState,
    item_state: AdamState,
    network_states: Vec<AdamState>,
    terms: ItemTerms,
}

/// Samples of the latent traits.
#[derive(Debug)]
struct Samples {
    /// Standard normal noise, `n_respondents x n_samples x n_dims`.
    pub noise: Vec<f32>,
    /// The latent traits that it gives.
    pub traits: Vec<f32>,
}

impl Trainer {
    pub fn new(model: Model, responses: &Responses, settings: &Settings) -> Self {
        let n_answering = responses.respondents_with_responses().len();
        let mean_responses = responses.n_responses() as f64 / n_answering as f64;
        let table_state = |table: &Table| AdamState::new(table.n_rows(), table.width());
        let network_states = model
            .encoder
            .network
            .variables()
            .iter()
            .map(|(_, variable)| AdamState::new(1, variable.elem_count()))
            .collect();
        Self {
            n_samples: settings.importance_samples,
            seed: settings.seed,
            embedding_rate: (POOLED_STEP / mean_responses.powf(1.5)).min(1.0),
            embedding_state: table_state(&model.encoder.embeddings),
            item_state: table_state(&model.items),
            network_states,
            terms: ItemTerms::new(responses, settings),
            model,
        }
    }

    pub fn into_model(self) -> Model {
        self.model
    }

    /// The log prior of the item parameters, without its constant.
    pub fn log_prior(&self) -> f64 {
        let values = self.model.items.values();
        let precisions = &self.terms.prior_precision;
        let terms = values.chunks(precisions.len()).flat_map(|row| {
            row.iter()
                .zip(precisions)
                .map(|(&x, &precision)| -0.5 * f64::from(x * x * precision))
        });
        terms.sum()
    }

    /// One step; returns the bound summed over the batch.
    pub fn step(&mut self, batch: &Batch, epoch: usize, learning_rate: f64) -> Result<f64> {
        let evaluation = self.evaluate(batch, epoch)?;
        let variables = self.model.encoder.network.variables();
        let states = variables.into_iter().zip(&mut self.network_states);
        for (((_, variable), state), gradient) in states.zip(&evaluation.network) {
            let mut values = variable.flatten_all()?.to_vec1::<f32>()?;
            state.step(learning_rate * NETWORK_RATE, &mut values, gradient);
            variable.set(&Tensor::from_vec(values, variable.dims(), &Device::Cpu)?)?;
        }
        let Self {
            model,
            item_state,
            embedding_state,
            embedding_rate,
            terms,
            ..
        } = self;
        let embeddings = &mut model.encoder.embeddings;
        embeddings.update(
            embedding_state,
            learning_rate * *embedding_rate,
            |option, _, gradient| pooling::sum_over_choosers(&evaluation.pooled, batch, option, gradient),
        );
        let catalogue = &model.shape.catalogue;
        model
            .items
            .update(item_state, learning_rate, |row, values, gradient| {
                terms.item_gradient(catalogue, batch, &evaluation, row, values, gradient)
            });
        Ok(evaluation.bound)
    }

    /// The bound of a batch and its gradients.
    fn evaluate(&self, batch: &Batch, epoch: usize) -> Result<Evaluation> {
        let Model {
            shape,
            encoder,
            items,
            ..
        } = &self.model;
        let n_samples = self.n_samples;
        let pooled = pooling::pool(&encoder.embeddings, batch);
        let dims = (batch.n_respondents(), shape.hidden);
        let pooled = Var::from_vec(pooled, dims, &Device::Cpu)?;
        let outputs = encoder.network.forward(&pooled, &batch.response_counts())?;
        let posterior = Gaussian::new(shape, &outputs)?;

        let samples = draw(&posterior, batch, n_samples, self.seed, epoch);
        let decoded = decoder::decode(items, shape.link, batch, &samples.traits, n_samples);
        let (bound, weights) = importance_weights(&posterior, &samples, &decoded, n_samples);
        let slopes = output_gradient(&posterior, &samples, &decoded, &weights, n_samples);

        // Candle differentiates the network between the pooled embeddings and the outputs.
        let slopes = Tensor::from_vec(slopes, outputs.dims(), &Device::Cpu)?;
        let gradients = (outputs * slopes)?.sum_all()?.backward()?;
        let read = |variable: &Var| -> Result<Vec<f32>> {
            match gradients.get(variable) {
                Some(gradient) => Ok(gradient.flatten_all()?.to_vec1::<f32>()?),
                None => Ok(vec![0.0; variable.elem_count()]),
            }
        };
        let variables = encoder.network.variables();
        Ok(Evaluation {
            bound,
            network: variables.iter().map(|(_, v)| read(v)).collect::<Result<_>>()?,
            pooled: read(&pooled)?,
            samples,
            decoded,
            weights,
        })
    }
}

/// The bound of a batch and what its gradients are made of. Gradients are those of the negative bound per respondent.
struct Evaluation {
    /// The bound summed over the batch.
    bound: f64,
    /// The gradient of every variable of the network.
    network: Vec<Vec<f32>>,
    /// The gradient by the pooled embeddings, `n_respondents x hidden`.
    pooled: Vec<f32>,
    samples: Samples,
    decoded: decoder::Decoded,
    /// Importance weights, `n_respondents x n_samples`.
    weights: Vec<f32>,
}

/// What the gradient of the item parameters needs beside the batch.
struct ItemTerms {
    /// For each row of the table of item parameters: its item and the place of its option, from 1.
    rows: Vec<(u32, u32)>,
    item_totals: Vec<u64>,
    /// Precision of the prior of each column of the table.
    prior_precision: Vec<f32>,
}

impl ItemTerms {
    fn new(responses: &Responses, settings: &Settings) -> Self {
        let catalogue = responses.catalogue();
        let rows = (0..catalogue.n_items())
            .flat_map(|item| (1..catalogue.options_of(item).len()).map(move |c| (item as u32, c as u32)))
            .collect();
        let precision = |sd: f64| (1.0 / (sd * sd)) as f32;
        let mut prior_precision = vec![precision(settings.discrimination_sd); settings.n_dims];
        prior_precision.push(precision(settings.difficulty_sd));
        Self {
            rows,
            item_totals: responses.item_totals(),
            prior_precision,
        }
    }

    /// The gradient of one row of the table: of the weighted likelihood and of the prior, of which a batch carries the
    /// share of the item's responses that it holds. False when the batch has no response to the item.
    fn item_gradient(
        &self,
        catalogue: &ItemCatalogue,
        batch: &Batch,
        evaluation: &Evaluation,
        row: usize,
        values: &[f32],
        gradient: &mut [f32],
    ) -> bool {
        let (item, option) = (self.rows[row].0 as usize, self.rows[row].1 as usize);
        let n_answers = evaluation.decoded.add_item_gradient(
            batch,
            catalogue.options_of(item),
            option,
            &evaluation.samples.traits,
            &evaluation.weights,
            gradient,
        );
        let per_respondent = 1.0 / batch.n_respondents() as f32;
        let share = n_answers as f32 / self.item_totals[item] as f32;
        for (g, (x, precision)) in gradient.iter_mut().zip(values.iter().zip(&self.prior_precision)) {
            *g = per_respondent * (share * precision * x - *g);
        }
        n_answers > 0
    }
}

/// Draws the latent traits `mu + L e`. Samples come in pairs with opposite noise, which takes the noise of a normal
/// posterior out of the gradient of its mean; the noise depends on seed, epoch and respondent alone.
fn draw(posterior: &Gaussian, batch: &Batch, n_samples: usize, seed: u64, epoch: usize) -> Samples {
    let n_dims = posterior.n_dims;
    let size = n_samples * n_dims;
    let mut noise = vec![0.0f32; batch.n_respondents() * size];
    let mut traits = noise.clone();
    noise
        .par_chunks_mut(size)
        .zip(traits.par_chunks_mut(size))
        .enumerate()
        .for_each(|(position, (noise, traits))| {
            let respondent = u64::from(batch.respondents()[position]);
            let mut stream = Stream::new(seed, Purpose::Noise, epoch as u64, respondent);
            for sample in 0..n_samples {
                let (done, current) = noise.split_at_mut(sample * n_dims);
                let current = &mut current[..n_dims];
                if sample % 2 == 1 {
                    let twin = &done[(sample - 1) * n_dims..];
                    current.iter_mut().zip(twin).for_each(|(e, t)| *e = -t);
                } else {
                    current
                        .iter_mut()
                        .for_each(|e| *e = StandardNormal.sample(&mut stream));
                }
            }
            let mut factor = vec![0.0f32; n_dims * n_dims];
            posterior.factor(position, &mut factor);
            let mean = posterior.mean(position);
            for (point, noise) in traits.chunks_mut(n_dims).zip(noise.chunks(n_dims)) {
                for d in 0..n_dims {
                    let row = &factor[d * n_dims..=d * n_dims + d];
                    let step: f32 = row.iter().zip(noise).map(|(l, e)| l * e).sum();
                    point[d] = mean[d] + step;
                }
            }
        });
    Samples { noise, traits }
}

/// The bound `sum_i ln (1/S) sum_s w_is` with `w = p(y | alpha) p(alpha) / q(alpha)` (Burda, Grosse and Salakhutdinov
/// 2016, <https://arxiv.org/abs/1509.00519>; one sample gives the evidence lower bound) and the normalised weights,
/// `n_respondents x n_samples`.
fn importance_weights(
    posterior: &Gaussian,
    samples: &Samples,
    decoded: &decoder::Decoded,
    n_samples: usize,
) -> (f64, Vec<f32>) {
    let n_dims = posterior.n_dims;
    let squares = |values: &[f32]| values.iter().map(|x| x * x).sum::<f32>();
    let mut weights: Vec<f32> = decoded
        .log_likelihood
        .iter()
        .zip(samples.traits.chunks(n_dims))
        .zip(samples.noise.chunks(n_dims))
        .map(|((&value, point), noise)| value + 0.5 * (squares(noise) - squares(point)))
        .collect();
    let mut bound = 0.0;
    for (position, weights) in weights.chunks_mut(n_samples).enumerate() {
        let largest = weights.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        weights.iter_mut().for_each(|w| *w = (*w - largest).exp());
        let sum: f32 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        let determinant = posterior.ln_determinant(position);
        bound += f64::from(largest + (sum / n_samples as f32).ln() + determinant);
    }
    (bound, weights)
}

/// The gradient of the negative bound per respondent by the outputs of the network, through
/// `alpha = mu + L e` and the entropy `ln |L|`.
fn output_gradient(
    posterior: &Gaussian,
    samples: &Samples,
    decoded: &decoder::Decoded,
    weights: &[f32],
    n_samples: usize,
) -> Vec<f32> {
    let n_dims = posterior.n_dims;
    let width = posterior.width();
    let size = n_samples * n_dims;
    let n_respondents = posterior.outputs.len() / width;
    let scale = -1.0 / n_respondents as f32;
    let mut gradient = vec![0.0f32; posterior.outputs.len()];
    for (position, to) in gradient.chunks_mut(width).enumerate() {
        let diagonal = &posterior.row(position)[n_dims..2 * n_dims];
        for sample in 0..n_samples {
            let start = position * size + sample * n_dims;
            let own = start..start + n_dims;
            let (noise, point) = (&samples.noise[own.clone()], &samples.traits[own.clone()]);
            let slope = &decoded.trait_gradient[own];
            let weight = scale * weights[position * n_samples + sample];
            let mut below = 2 * n_dims;
            for d in 0..n_dims {
                let g = weight * (slope[d] - point[d]);
                to[d] += g;
                to[n_dims + d] += g * noise[d] * diagonal[d].exp();
                if width > 2 * n_dims {
                    for e in &noise[..d] {
                        to[below] += g * e;
                        below += 1;
                    }
                }
            }
        }
        to[n_dims..2 * n_dims].iter_mut().for_each(|g| *g += scale);
    }
    gradient
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
