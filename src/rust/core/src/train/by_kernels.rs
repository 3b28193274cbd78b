//! One step of training: the importance-weighted bound of a minibatch, its gradients, and the updates.

use crate::base::error::Result;
use crate::base::timings::Timings;
use crate::kernels::adam::AdamState;
use crate::kernels::bound::{Bound, Sampling};
use crate::kernels::encoder::{self, EncoderKernel, NetworkGradient};
use crate::model::parameters::Model;
use crate::responses::batch::Batch;
use crate::train::minibatch::Minibatch;
use crate::train::objective::{NETWORK_RATE, Objective};
use crate::train::trainer::Trainer;
use candle_core::{Device, Tensor};
use std::borrow::Cow;

/// A model in training by the kernels.
pub(crate) struct KernelTrainer {
    pub model: Model,
    pub objective: Objective,
    /// See [`Trainer::states`].
    states: Vec<AdamState>,
    pub bound: Bound,
    timings: Timings,
}

impl KernelTrainer {
    pub fn new(model: Model, objective: Objective) -> Self {
        Self {
            states: objective.start_states(&model),
            objective,
            bound: Bound::default(),
            timings: Timings::default(),
            model,
        }
    }

    fn update_network(&mut self, gradient: &NetworkGradient, learning_rate: f64) -> Result<()> {
        let by_variables = [
            gradient.hidden_bias.as_slice(),
            gradient.hidden_count.as_slice(),
            gradient.output_weight.as_slice(),
        ];
        let variables = self.model.encoder.network.variables();
        let states = variables.into_iter().zip(&mut self.states[2..]);
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
            &mut self.states[0],
            learning_rate * self.objective.embedding_rate,
            self.model.shape.catalogue.n_options(),
            |option| option..option + 1,
            |option, _, slope| encoder::sum_over_choosers(by_pooled, batch, option, slope),
        );
    }

    fn update_items(&mut self, batch: &Batch, learning_rate: f64) {
        let (catalogue, prior, bound) = (&self.model.shape.catalogue, &self.objective.prior, &self.bound);
        let total = self.objective.weight_of(batch);
        self.model.items.update(
            &mut self.states[1],
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

    /// Evaluates `self.bound` for a batch; returns the gradient by the parameters of the network.
    pub fn evaluate(&mut self, minibatch: &Minibatch, epoch: usize) -> Result<NetworkGradient> {
        let Minibatch { batch, weights, .. } = minibatch;
        let Model {
            shape,
            encoder,
            items,
            ..
        } = &self.model;
        let sampling = Sampling {
            encoder: &EncoderKernel::new(encoder)?,
            items,
            link: shape.link,
            batch,
            weights,
            total_weight: self.objective.weight_of(batch),
            n_samples: self.objective.n_samples,
        };
        let (objective, n_dims) = (&self.objective, shape.n_dims);
        Ok(self.bound.evaluate(sampling, |position, to| {
            objective.draw_noise(epoch, batch.respondents()[position], n_dims, to);
        }))
    }
}

impl Trainer for KernelTrainer {
    fn step(&mut self, minibatch: &Minibatch, epoch: usize, learning_rate: f64) -> Result<f64> {
        let batch = &minibatch.batch;
        let mut timings = std::mem::take(&mut self.timings);
        let gradient = timings.time("bound and gradients", || self.evaluate(minibatch, epoch))?;
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

    fn model(&self) -> Result<Cow<'_, Model>> {
        Ok(Cow::Borrowed(&self.model))
    }

    fn states(&self) -> Result<Vec<Cow<'_, AdamState>>> {
        Ok(self.states.iter().map(Cow::Borrowed).collect())
    }

    fn restore(&mut self, model: Model, states: Vec<AdamState>) -> Result<()> {
        self.model = model;
        self.states = states;
        Ok(())
    }

    fn objective(&self) -> &Objective {
        &self.objective
    }

    fn finish(self: Box<Self>) -> Result<(Model, Timings)> {
        Ok((self.model, self.timings))
    }
}
