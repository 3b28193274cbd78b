//! Steps of training by composed operations on a device: those of the [kernels](crate::train::by_kernels), to single precision.

use crate::base::error::{Error, Result};
use crate::base::timings::Timings;
use crate::kernels::adam::AdamState;
use crate::model::encoder::Encoder;
use crate::model::network::Network;
use crate::model::parameters::Model;
use crate::model::scale::AffineMap;
use crate::model::shape::ModelShape;
use crate::responses::batch::Batch;
use crate::tensors::adam::Moments;
use crate::tensors::likelihood::{evaluate, gradient_by_slots};
use crate::tensors::table::{to_device, to_host};
use crate::train::minibatch::Minibatch;
use crate::train::objective::{NETWORK_RATE, Objective};
use crate::train::trainer::Trainer;
use candle_core::{Device, Tensor};
use std::borrow::Cow;

/// A model in training on a device.
pub(crate) struct TensorTrainer {
    shape: ModelShape,
    map: AffineMap,
    objective: Objective,
    device: Device,
    embeddings: Tensor,
    items: Tensor,
    network: Network,
    /// In the order of [`Objective::start_states`].
    moments: Vec<Moments>,
    item_of_row: Vec<u32>,
    timings: Timings,
}

/// The bound of a batch and the gradients of its negative per unit of weight; see [`crate::kernels::bound::Bound`].
pub(crate) struct Gradients {
    pub bound: f64,
    /// By the embeddings, the item parameters and the variables of the network.
    pub by_parameters: Vec<Tensor>,
}

impl TensorTrainer {
    pub fn new(model: Model, objective: Objective, device: &Device) -> Result<Self> {
        let states = objective.start_states(&model);
        let mut trainer = Self {
            embeddings: to_device(&model.encoder.embeddings, device)?,
            items: to_device(&model.items, device)?,
            network: model.encoder.network.to_device(device)?,
            item_of_row: model.shape.catalogue.items_of_rows(),
            shape: model.shape,
            map: model.map,
            objective,
            device: device.clone(),
            moments: Vec::new(),
            timings: Timings::default(),
        };
        trainer.set_states(states)?;
        Ok(trainer)
    }

    /// What is kept from one step to the next beside the variables of the network.
    #[cfg(test)]
    pub fn tensors(&self) -> Vec<&Tensor> {
        let of_moments = self.moments.iter().flat_map(Moments::tensors);
        [&self.embeddings, &self.items]
            .into_iter()
            .chain(of_moments)
            .collect()
    }

    fn set_states(&mut self, states: Vec<AdamState>) -> Result<()> {
        let moments = states.iter().map(|state| Moments::new(state, &self.device));
        self.moments = moments.collect::<Result<_>>()?;
        Ok(())
    }

    /// The bound of a batch and its gradients.
    pub fn evaluate(&self, minibatch: &Minibatch, epoch: usize) -> Result<Gradients> {
        let Minibatch {
            batch,
            weights,
            on_device: Some((pooling, tensors, origins)),
        } = minibatch
        else {
            return Err(Error::Device("the batch is not on the device".into()));
        };
        let n_dims = self.shape.n_dims;
        let n_samples = self.objective.n_samples;
        let total_weight = self.objective.weight_of(batch);
        let pooled = pooling.embeddings.sum(&self.embeddings)?;
        // Detached from the variables: Candle would keep every step that led to a tensor.
        let features = self.network.features(&pooled, &pooling.counts)?.detach();
        let outputs = self.network.outputs(&features)?.detach();
        let noise = self.noise(batch, epoch)?;
        let traits = self.traits(&outputs, &noise)?;
        let evaluated = evaluate(self.shape.link, &self.items, tensors, &traits)?;

        let mut log_weights = evaluated.log_likelihood.clone();
        for (e, a) in noise.iter().zip(&traits) {
            log_weights = (log_weights + ((e.sqr()? - a.sqr()?)? * 0.5)?)?;
        }
        let largest = log_weights.max_keepdim(1)?;
        let shares = log_weights.broadcast_sub(&largest)?.exp()?;
        let sums = shares.sum_keepdim(1)?;
        let ln_determinant = outputs.narrow(1, n_dims, n_dims)?.sum_keepdim(1)?;
        let bounds = ((largest + (&sums / n_samples as f64)?.log()?)? + ln_determinant)?;
        let bounds = bounds.flatten_all()?.to_vec1::<f32>()?;
        let products = bounds
            .iter()
            .zip(weights)
            .map(|(&b, &w)| f64::from(b) * f64::from(w));

        let scale: Vec<f32> = weights.iter().map(|w| -w / total_weight).collect();
        let scale = Tensor::from_vec(scale, (weights.len(), 1), &self.device)?;
        let sample_weights = shares.broadcast_div(&sums)?.broadcast_mul(&scale)?;
        let by_slots = gradient_by_slots(tensors, &evaluated.residuals, &sample_weights, &traits)?;
        let by_items =
            (origins.slots_by_row.sum(&by_slots)? + self.by_prior(&origins.n_answers, total_weight)?)?;
        // The encoder follows the evidence lower bound, in which all samples weigh the same.
        let mut slopes = Vec::new();
        for (d, a) in traits.iter().enumerate() {
            let of_slots = evaluated
                .residuals
                .broadcast_mul(&evaluated.parameters.narrow(1, d, 1)?)?;
            let slope = (origins.slots_by_respondent.sum(&of_slots)? - a)?;
            slopes.push(slope.broadcast_mul(&(&scale / n_samples as f64)?)?);
        }
        let by_outputs = self.by_outputs(&outputs, &noise, &slopes, &scale)?;
        let (by_pooled, by_network) = self.network.back_propagate(&features, &by_outputs)?;
        let mut by_parameters = vec![origins.choosers.sum(&by_pooled.detach())?, by_items];
        by_parameters.extend(by_network.iter().map(Tensor::detach));
        Ok(Gradients {
            bound: products.sum(),
            by_parameters,
        })
    }

    /// The noise by dimension, `n_respondents x n_samples`.
    fn noise(&self, batch: &Batch, epoch: usize) -> Result<Vec<Tensor>> {
        let (n_dims, n_samples) = (self.shape.n_dims, self.objective.n_samples);
        let values = self.objective.noise_of(batch, epoch, n_dims);
        let noise = Tensor::from_vec(values, (batch.n_respondents(), n_samples, n_dims), &self.device)?;
        (0..n_dims)
            .map(|d| Ok(noise.narrow(2, d, 1)?.squeeze(2)?.contiguous()?))
            .collect()
    }

    /// `mu + L e` by dimension, `n_respondents x n_samples`.
    fn traits(&self, outputs: &Tensor, noise: &[Tensor]) -> Result<Vec<Tensor>> {
        let n_dims = noise.len();
        let column = |k: usize| outputs.narrow(1, k, 1);
        let mut below = 2 * n_dims..outputs.dim(1)?;
        let mut traits = Vec::new();
        for (i, own) in noise.iter().enumerate() {
            let diagonal = column(n_dims + i)?.exp()?;
            let mut sum = own.broadcast_mul(&diagonal)?.broadcast_add(&column(i)?)?;
            for (other, k) in noise[..i].iter().zip(&mut below) {
                sum = (sum + other.broadcast_mul(&column(k)?)?)?;
            }
            traits.push(sum);
        }
        Ok(traits)
    }

    /// The gradient by the outputs of the network, through `mu + L e` and the entropy `ln |L|`.
    fn by_outputs(
        &self,
        outputs: &Tensor,
        noise: &[Tensor],
        slopes: &[Tensor],
        scale: &Tensor,
    ) -> Result<Tensor> {
        let n_dims = noise.len();
        let along = |slope: &Tensor, e: &Tensor| (slope * e)?.sum_keepdim(1);
        let mut columns = Vec::new();
        for slope in slopes {
            columns.push(slope.sum_keepdim(1)?);
        }
        for (d, (slope, e)) in slopes.iter().zip(noise).enumerate() {
            let diagonal = outputs.narrow(1, n_dims + d, 1)?.exp()?;
            columns.push(((along(slope, e)? * diagonal)? + scale)?);
        }
        if outputs.dim(1)? > 2 * n_dims {
            for (d, slope) in slopes.iter().enumerate() {
                for e in &noise[..d] {
                    columns.push(along(slope, e)?);
                }
            }
        }
        Ok(Tensor::cat(&columns, 1)?)
    }

    /// The gradient of the negative log prior of the item parameters: of an item the share that the batch holds of its responses.
    fn by_prior(&self, n_answers: &[u32], total_weight: f32) -> Result<Tensor> {
        let shares = self.item_of_row.iter().map(|&item| {
            let n_answers = n_answers[item as usize] as usize;
            self.objective.prior.share(item as usize, n_answers, total_weight)
        });
        let shares = Tensor::from_iter(shares, &self.device)?.reshape((self.item_of_row.len(), 1))?;
        let precisions = &self.objective.prior.precisions;
        let precisions = Tensor::from_slice(precisions, (1, precisions.len()), &self.device)?;
        Ok(self.items.broadcast_mul(&precisions)?.broadcast_mul(&shares)?)
    }

    fn update(&mut self, minibatch: &Minibatch, gradients: &[Tensor], learning_rate: f64) -> Result<()> {
        let Some((.., origins)) = &minibatch.on_device else {
            return Ok(());
        };
        let [of_embeddings, of_items, of_network @ ..] = self.moments.as_mut_slice() else {
            return Ok(());
        };
        let rate = learning_rate * self.objective.embedding_rate;
        let was_chosen = |option: usize| origins.n_choosers[option] > 0;
        self.embeddings = of_embeddings.step(rate, &self.embeddings, &gradients[0], was_chosen)?;
        let was_answered = |row: usize| origins.n_answers[self.item_of_row[row] as usize] > 0;
        self.items = of_items.step(learning_rate, &self.items, &gradients[1], was_answered)?;
        let variables = self
            .network
            .variables()
            .into_iter()
            .zip(of_network)
            .zip(&gradients[2..]);
        for (((_, variable), moments), gradient) in variables {
            let row = |tensor: &Tensor| tensor.reshape((1, tensor.elem_count()));
            let values = moments.step(
                learning_rate * NETWORK_RATE,
                &row(&variable.as_detached_tensor())?,
                &row(gradient)?,
                |_| true,
            )?;
            variable.set(&values.reshape(variable.dims())?)?;
        }
        Ok(())
    }
}

impl Trainer for TensorTrainer {
    fn step(&mut self, minibatch: &Minibatch, epoch: usize, learning_rate: f64) -> Result<f64> {
        let mut timings = std::mem::take(&mut self.timings);
        let gradients = timings.time("bound and gradients", || self.evaluate(minibatch, epoch))?;
        timings.time("updates", || {
            self.update(minibatch, &gradients.by_parameters, learning_rate)
        })?;
        self.timings = timings;
        Ok(gradients.bound)
    }

    fn model(&self) -> Result<Cow<'_, Model>> {
        Ok(Cow::Owned(Model {
            shape: self.shape.clone(),
            encoder: Encoder {
                embeddings: to_host(&self.embeddings)?,
                network: self.network.to_device(&Device::Cpu)?,
            },
            items: to_host(&self.items)?,
            map: self.map.clone(),
        }))
    }

    fn states(&self) -> Result<Vec<Cow<'_, AdamState>>> {
        self.moments
            .iter()
            .map(|moments| Ok(Cow::Owned(moments.to_host()?)))
            .collect()
    }

    fn restore(&mut self, model: Model, states: Vec<AdamState>) -> Result<()> {
        self.embeddings = to_device(&model.encoder.embeddings, &self.device)?;
        self.items = to_device(&model.items, &self.device)?;
        self.network = model.encoder.network.to_device(&self.device)?;
        self.set_states(states)
    }

    fn objective(&self) -> &Objective {
        &self.objective
    }

    fn finish(self: Box<Self>) -> Result<(Model, Timings)> {
        let model = self.model()?.into_owned();
        Ok((model, self.timings))
    }
}
