//! One step of training: the importance-weighted bound of a minibatch, its gradients, and the updates.

use super::Settings;
use crate::kernels::{Adam, AdamState, decoder, pooling};
use crate::model::{Gaussian, Model};
use crate::random::{Purpose, Stream};
use crate::{Batch, Responses, Result};
use candle_core::{Device, Tensor, Var};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// A model in training.
pub(super) struct Trainer {
    model: Model,
    n_samples: usize,
    seed: u64,
    n_steps: usize,
    embedding_state: AdamState,
    item_state: AdamState,
    network_states: Vec<AdamState>,
    /// For each row of the table of item parameters: its item and the place of its option, from 1.
    rows: Vec<(u32, u32)>,
    item_totals: Vec<u64>,
    /// Precision of the prior of each column of the table of item parameters.
    prior_precision: Vec<f32>,
}

/// Samples of the latent traits.
#[derive(Debug)]
pub(super) struct Samples {
    /// Standard normal noise, `n_respondents x n_samples x n_dims`.
    pub noise: Vec<f32>,
    /// The latent traits that it gives.
    pub traits: Vec<f32>,
}

impl Trainer {
    pub fn new(model: Model, responses: &Responses, settings: &Settings) -> Self {
        let n_dims = model.shape.n_dims;
        let catalogue = &model.shape.catalogue;
        let rows = (0..catalogue.n_items())
            .flat_map(|item| {
                (1..catalogue.options_of(item).len()).map(move |c| (item as u32, c as u32))
            })
            .collect();
        let precision = |sd: f64| (1.0 / (sd * sd)) as f32;
        let mut prior_precision = vec![precision(settings.discrimination_sd); n_dims];
        prior_precision.push(precision(settings.difficulty_sd));
        let network_states = model
            .encoder
            .network
            .variables()
            .iter()
            .map(|(_, variable)| AdamState::new(variable.elem_count()))
            .collect();
        Self {
            n_samples: settings.importance_samples,
            seed: settings.seed,
            n_steps: 0,
            embedding_state: AdamState::new(model.encoder.embeddings.values().len()),
            item_state: AdamState::new(model.items.values().len()),
            network_states,
            rows,
            item_totals: responses.item_totals(),
            prior_precision,
            model,
        }
    }

    pub fn into_model(self) -> Model {
        self.model
    }

    /// The log prior of the item parameters, without its constant.
    pub fn log_prior(&self) -> f64 {
        let values = self.model.items.values();
        let terms = values.chunks(self.prior_precision.len()).flat_map(|row| {
            row.iter()
                .zip(&self.prior_precision)
                .map(|(&x, &precision)| -0.5 * f64::from(x * x * precision))
        });
        terms.sum()
    }

    /// One step; returns the bound summed over the batch.
    pub fn step(&mut self, batch: &Batch, epoch: usize, learning_rate: f64) -> Result<f64> {
        self.n_steps += 1;
        let adam = Adam::new(learning_rate, self.n_steps);
        let pooled = pooling::pool(&self.model.encoder.embeddings, batch);
        let dims = (batch.n_respondents(), self.model.shape.hidden);
        let pooled = Var::from_vec(pooled, dims, &Device::Cpu)?;
        let network = &self.model.encoder.network;
        let outputs = network.forward(&pooled, &batch.response_counts())?;
        let posterior = Gaussian::new(&self.model.shape, &outputs)?;

        let samples = draw(&posterior, batch, self.n_samples, self.seed, epoch);
        let decoded = decoder::decode(
            &self.model.items,
            self.model.shape.link,
            batch,
            &samples.traits,
            self.n_samples,
        );
        let bound = ImportanceWeights::new(&posterior, &samples, &decoded, self.n_samples);
        let slopes = output_gradient(&posterior, &samples, &decoded, &bound.weights, self.n_samples);

        // Candle differentiates the network between the pooled embeddings and the outputs.
        let slopes = Tensor::from_vec(slopes, outputs.dims(), &Device::Cpu)?;
        let gradients = (outputs * slopes)?.sum_all()?.backward()?;
        let variables = network.variables();
        for ((_, variable), state) in variables.into_iter().zip(&mut self.network_states) {
            if let Some(gradient) = gradients.get(variable) {
                let mut values = variable.flatten_all()?.to_vec1::<f32>()?;
                let gradient = gradient.flatten_all()?.to_vec1::<f32>()?;
                state.step(adam, &mut values, &gradient);
                variable.set(&Tensor::from_vec(values, variable.dims(), &Device::Cpu)?)?;
            }
        }
        if let Some(gradient) = gradients.get(&pooled) {
            let gradient = gradient.flatten_all()?.to_vec1::<f32>()?;
            let embeddings = &mut self.model.encoder.embeddings;
            embeddings.update(&mut self.embedding_state, adam, |option, _, sum| {
                pooling::sum_over_choosers(&gradient, batch, option, sum)
            });
        }
        self.update_items(batch, adam, &samples, &decoded, &bound.weights);
        Ok(bound.total)
    }

    /// Item parameters follow the weighted likelihood and their prior, of which a batch carries the share of the
    /// item's responses that it holds.
    fn update_items(
        &mut self,
        batch: &Batch,
        adam: Adam,
        samples: &Samples,
        decoded: &decoder::Decoded,
        weights: &[f32],
    ) {
        let Self {
            model,
            item_state,
            rows,
            item_totals,
            prior_precision,
            ..
        } = self;
        let catalogue = &model.shape.catalogue;
        let per_respondent = 1.0 / batch.n_respondents() as f32;
        model.items.update(item_state, adam, |row, values, gradient| {
            let (item, option) = (rows[row].0 as usize, rows[row].1 as usize);
            let options = catalogue.options_of(item);
            let n_answers = decoded.add_item_gradient(
                batch,
                options,
                option,
                &samples.traits,
                weights,
                gradient,
            );
            let share = n_answers as f32 / item_totals[item] as f32;
            let parameters = values.iter().zip(prior_precision.iter());
            for (g, (x, precision)) in gradient.iter_mut().zip(parameters) {
                *g = per_respondent * (share * precision * x - *g);
            }
            n_answers > 0
        });
    }
}

/// Draws the latent traits `mu + L e`. Samples come in pairs with opposite noise, which takes the noise of a normal
/// posterior out of the gradient of its mean; the noise depends on seed, epoch and respondent alone.
pub(super) fn draw(
    posterior: &Gaussian,
    batch: &Batch,
    n_samples: usize,
    seed: u64,
    epoch: usize,
) -> Samples {
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
/// 2016, <https://arxiv.org/abs/1509.00519>; one sample gives the evidence lower bound) and the normalised weights.
pub(super) struct ImportanceWeights {
    /// The bound summed over the batch.
    pub total: f64,
    /// `n_respondents x n_samples`; a respondent's weights sum to 1.
    pub weights: Vec<f32>,
}

impl ImportanceWeights {
    pub fn new(
        posterior: &Gaussian,
        samples: &Samples,
        decoded: &decoder::Decoded,
        n_samples: usize,
    ) -> Self {
        let n_dims = posterior.n_dims;
        let squares = |values: &[f32]| values.iter().map(|x| x * x).sum::<f32>();
        let mut weights: Vec<f32> = decoded
            .log_likelihood
            .iter()
            .zip(samples.traits.chunks(n_dims))
            .zip(samples.noise.chunks(n_dims))
            .map(|((&value, point), noise)| value + 0.5 * (squares(noise) - squares(point)))
            .collect();
        let mut total = 0.0;
        for (position, weights) in weights.chunks_mut(n_samples).enumerate() {
            let largest = weights.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            weights.iter_mut().for_each(|w| *w = (*w - largest).exp());
            let sum: f32 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= sum);
            let determinant = posterior.ln_determinant(position);
            total += f64::from(largest + (sum / n_samples as f32).ln() + determinant);
        }
        Self { total, weights }
    }
}

/// The gradient of the negative bound per respondent by the outputs of the network, through
/// `alpha = mu + L e` and the entropy `ln |L|`.
pub(super) fn output_gradient(
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
