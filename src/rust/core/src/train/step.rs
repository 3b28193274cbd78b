//! One step of training: the importance-weighted bound of a minibatch, its gradients, and the updates.

use super::Settings;
use crate::kernels::bound::{Bound, Sampling};
use crate::kernels::encoder::{self, NetworkGradient};
use crate::kernels::{AdamState, Table};
use crate::model::Model;
use crate::random::{Purpose, Stream};
use crate::{Batch, Responses, Result, Timings};
use candle_core::{Device, Tensor};
use rand_distr::{Distribution, StandardNormal};

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
    /// Mean weight of the respondents. A batch counts as so much for each of its respondents, so that a heavy respondent
    /// weighs the same in whatever company.
    mean_weight: f32,
    /// Learning rate of the embeddings relative to that of the other parameters.
    embedding_rate: f64,
    embedding_state: AdamState,
    item_state: AdamState,
    network_states: Vec<AdamState>,
    prior: Prior,
    bound: Bound,
    timings: Timings,
}

/// The prior of the item parameters. A batch carries the share of it that it holds of an item's responses.
struct Prior {
    item_totals: Vec<u64>,
    /// Precision of each column of the table of item parameters.
    precisions: Vec<f32>,
}

impl Trainer {
    /// A trainer for the respondents who gave a response.
    pub fn new(model: Model, responses: &Responses, respondents: &[u32], settings: &Settings) -> Self {
        let n_answering = respondents.len() as f64;
        let mean_responses = responses.n_responses() as f64 / n_answering;
        let total_weight: f64 = respondents
            .iter()
            .map(|&i| f64::from(responses.weight(i as usize)))
            .sum();
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
            mean_weight: (total_weight / n_answering) as f32,
            embedding_rate: (POOLED_STEP / mean_responses.powf(1.5)).min(1.0),
            embedding_state: table_state(&model.encoder.embeddings),
            item_state: table_state(&model.items),
            network_states,
            prior: Prior::new(responses, settings),
            bound: Bound::default(),
            timings: Timings::default(),
            model,
        }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The states of the optimisers with their names.
    pub fn states(&self) -> Vec<(&'static str, &AdamState)> {
        let mut states = vec![
            ("encoder.embeddings", &self.embedding_state),
            ("items.parameters", &self.item_state),
        ];
        let network = self.model.encoder.network.variables().into_iter();
        states.extend(network.map(|(name, _)| name).zip(&self.network_states));
        states
    }

    /// Goes on with another model of the same shape and the states of its optimisers, in the order of [`Self::states`].
    pub fn restore(&mut self, model: Model, states: Vec<AdamState>) {
        let mut states = states.into_iter();
        let own = [&mut self.embedding_state, &mut self.item_state].into_iter();
        for (to, from) in own.chain(&mut self.network_states).zip(&mut states) {
            *to = from;
        }
        self.model = model;
    }

    /// The model, and where the time went.
    pub fn into_parts(self) -> (Model, Timings) {
        (self.model, self.timings)
    }

    /// The log prior of the item parameters, without its constant.
    pub fn log_prior(&self) -> f64 {
        let values = self.model.items.values();
        let precisions = &self.prior.precisions;
        let terms = values.chunks(precisions.len()).flat_map(|row| {
            row.iter()
                .zip(precisions)
                .map(|(&x, &precision)| -0.5 * f64::from(x * x * precision))
        });
        terms.sum()
    }

    /// Are all parameters finite numbers?
    pub fn is_finite(&self) -> Result<bool> {
        let finite = |values: &[f32]| values.iter().all(|x| x.is_finite());
        for (_, variable) in self.model.encoder.network.variables() {
            if !finite(&variable.flatten_all()?.to_vec1::<f32>()?) {
                return Ok(false);
            }
        }
        Ok(finite(self.model.items.values()) && finite(self.model.encoder.embeddings.values()))
    }

    /// One step; returns the bound summed over the batch.
    pub fn step(&mut self, batch: &Batch, weights: &[f32], epoch: usize, learning_rate: f64) -> Result<f64> {
        let mut timings = std::mem::take(&mut self.timings);
        let gradient = timings.time("bound and gradients", || self.evaluate(batch, weights, epoch))?;
        timings.time("update of the network", || {
            self.update_network(&gradient, learning_rate)
        })?;
        timings.time("update of the embeddings", || {
            self.update_embeddings(batch, learning_rate)
        });
        timings.time("update of the items", || self.update_items(batch, learning_rate));
        self.timings = timings;
        Ok(self.bound.total)
    }

    fn update_network(&mut self, gradient: &NetworkGradient, learning_rate: f64) -> Result<()> {
        let by_variables = [
            gradient.hidden_bias.as_slice(),
            gradient.hidden_count.as_slice(),
            gradient.output_weight.as_slice(),
        ];
        let variables = self.model.encoder.network.variables();
        let states = variables.into_iter().zip(&mut self.network_states);
        for (((_, variable), state), gradient) in states.zip(by_variables) {
            let mut values = variable.flatten_all()?.to_vec1::<f32>()?;
            state.step(
                learning_rate * NETWORK_RATE,
                &mut values,
                gradient.unwrap_or_default(),
            );
            variable.set(&Tensor::from_vec(values, variable.dims(), &Device::Cpu)?)?;
        }
        Ok(())
    }

    fn update_embeddings(&mut self, batch: &Batch, learning_rate: f64) {
        let by_pooled = &self.bound.by_pooled;
        self.model.encoder.embeddings.update(
            &mut self.embedding_state,
            learning_rate * self.embedding_rate,
            self.model.shape.catalogue.n_options(),
            |option| option..option + 1,
            |option, _, slope| encoder::sum_over_choosers(by_pooled, batch, option, slope),
        );
    }

    fn update_items(&mut self, batch: &Batch, learning_rate: f64) {
        let (catalogue, prior, bound) = (&self.model.shape.catalogue, &self.prior, &self.bound);
        let total = self.weight_of(batch);
        self.model.items.update(
            &mut self.item_state,
            learning_rate,
            catalogue.n_items(),
            |item| catalogue.rows_of(item),
            |item, values, slope| {
                let n_answers = bound.sum_over_answers(batch, catalogue.options_of(item), slope);
                prior.add_gradient(item, n_answers, total, values, slope);
                n_answers > 0
            },
        );
    }

    fn weight_of(&self, batch: &Batch) -> f32 {
        self.mean_weight * batch.n_respondents() as f32
    }

    /// Evaluates `self.bound` for a batch; returns the gradient by the parameters of the network.
    fn evaluate(&mut self, batch: &Batch, weights: &[f32], epoch: usize) -> Result<NetworkGradient> {
        let Model {
            shape,
            encoder,
            items,
            ..
        } = &self.model;
        let sampling = Sampling {
            encoder: &encoder.kernel()?,
            items,
            link: shape.link,
            batch,
            weights,
            total_weight: self.weight_of(batch),
            n_samples: self.n_samples,
        };
        let (seed, n_dims) = (self.seed, shape.n_dims);
        Ok(self.bound.evaluate(sampling, |position, to| {
            draw_noise(seed, epoch, batch.respondents()[position], n_dims, to);
        }))
    }
}

impl Prior {
    fn new(responses: &Responses, settings: &Settings) -> Self {
        let precision = |sd: f64| (1.0 / (sd * sd)) as f32;
        let mut precisions = vec![precision(settings.discrimination_sd); settings.n_dims];
        precisions.push(precision(settings.difficulty_sd));
        Self {
            item_totals: responses.item_totals(),
            precisions,
        }
    }

    /// Adds the gradient of the negative log prior per unit of weight of an item of whose responses the batch holds
    /// `n_answers`.
    fn add_gradient(
        &self,
        item: usize,
        n_answers: usize,
        total_weight: f32,
        values: &[f32],
        slope: &mut [f32],
    ) {
        let share = n_answers as f32 / self.item_totals[item] as f32 / total_weight;
        let width = self.precisions.len();
        for (slope, values) in slope.chunks_mut(width).zip(values.chunks(width)) {
            for ((g, x), precision) in slope.iter_mut().zip(values).zip(&self.precisions) {
                *g += share * precision * x;
            }
        }
    }
}

/// Standard normal noise, `n_samples x n_dims`. Samples come in pairs with opposite noise, which takes the noise of a normal
/// posterior out of the gradient of its mean; the noise depends on seed, epoch and respondent alone.
fn draw_noise(seed: u64, epoch: usize, respondent: u32, n_dims: usize, to: &mut [f32]) {
    let mut stream = Stream::new(seed, Purpose::Noise, epoch as u64, u64::from(respondent));
    for pair in to.chunks_mut(2 * n_dims) {
        let (noise, twin) = pair.split_at_mut(n_dims);
        noise
            .iter_mut()
            .for_each(|e| *e = StandardNormal.sample(&mut stream));
        twin.iter_mut().zip(noise).for_each(|(t, e)| *t = -*e);
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
