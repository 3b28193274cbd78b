//! A model in training: loss, gradients, update.

use crate::base::backend::Backend;
use crate::base::error::Result;
use crate::base::timings::Timings;
use crate::kernels::adam::AdamState;
use crate::kernels::encoder::sum_over_choosers;
use crate::kernels::fused_bound::SharedGradients;
use crate::model::item_design::ItemDesign;
use crate::model::parameters::Model;
use crate::model::table::Table;
use crate::model::table_design::move_apart;
use crate::responses::batch::Batch;
use crate::train::loss::{Evaluation, Loss};
use crate::train::minibatch::Minibatch;
use crate::train::objective::{NETWORK_RATE, Objective, Trains};
use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor};
use std::sync::Arc;

/// A model in training. Its tables are in the memory of the processor, the variables of its network on the device.
pub(crate) struct Trainer {
    model: Arc<Model>,
    objective: Arc<Objective>,
    states: AdamStates,
    /// What was found for the last batch.
    pub gradients: SharedGradients,
    timings: Timings,
}

/// The states of the optimisers.
#[derive(Clone, Debug)]
pub(crate) struct AdamStates {
    pub embeddings: AdamState,
    pub items: AdamState,
    /// Of the [variables](crate::model::network::Network::variables) of the network.
    pub network: [AdamState; 3],
}

impl AdamStates {
    /// The states before the first step.
    pub fn new(model: &Model) -> Self {
        let of_table = |table: &Table| AdamState::new(table.n_rows(), table.width());
        let variables = model.encoder.network.variables();
        Self {
            embeddings: of_table(&model.encoder.embeddings),
            items: of_table(&model.items),
            network: variables.map(|variable| AdamState::new(1, variable.elem_count())),
        }
    }
}

impl Trainer {
    /// # Errors
    /// [`crate::Error::Tensor`] when the device does not take the network.
    pub fn new(mut model: Model, objective: Objective, backend: &Backend) -> Result<Self> {
        // Variables of its own: those of a clone of a model are those of the model.
        let device = match backend {
            Backend::Kernels => &Device::Cpu,
            Backend::Tensors(device) => device,
        };
        model.encoder.network = model.encoder.network.to_device(device)?;
        Ok(Self {
            states: AdamStates::new(&model),
            model: Arc::new(model),
            objective: Arc::new(objective),
            gradients: SharedGradients::default(),
            timings: Timings::default(),
        })
    }

    /// One step; returns the bound summed over the batch.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when Candle fails.
    pub fn step(&mut self, minibatch: &Minibatch, epoch: usize, learning_rate: f64) -> Result<f64> {
        let mut timings = std::mem::take(&mut self.timings);
        let gradients = timings.time("bound and gradients", || self.loss(minibatch, epoch)?.backward())?;
        timings.time("update of the network", || {
            self.update_network(&gradients, learning_rate)
        })?;
        // The graph goes before the tables change, which it holds.
        drop(gradients);
        timings.time("update of the embeddings", || {
            self.update_embeddings(&minibatch.batch, learning_rate);
        });
        if self.objective.trains == Trains::Everything {
            timings.time("update of the items", || {
                self.update_items(&minibatch.batch, learning_rate)
            });
        }
        self.timings = timings;
        Ok(self.gradients.lock().total)
    }

    /// The loss of a batch.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when Candle fails.
    pub fn loss(&self, minibatch: &Minibatch, epoch: usize) -> Result<Loss> {
        let evaluation = Evaluation {
            model: &self.model,
            objective: &self.objective,
            batch: &minibatch.batch,
            epoch,
        };
        match &minibatch.observed {
            None => evaluation.fused(&self.gradients),
            Some(observed) => evaluation.composed(observed, &self.gradients),
        }
    }

    fn update_network(&mut self, gradients: &GradStore, learning_rate: f64) -> Result<()> {
        let variables = self.model.encoder.network.variables();
        for (variable, state) in variables.into_iter().zip(&mut self.states.network) {
            let Some(gradient) = gradients.get(variable) else {
                continue;
            };
            let mut values = variable.flatten_all()?.to_vec1::<f32>()?;
            let gradient = gradient.flatten_all()?.to_vec1::<f32>()?;
            state.step(learning_rate * NETWORK_RATE, &mut values, &gradient);
            variable.set(&Tensor::from_vec(values, variable.dims(), variable.device())?)?;
        }
        Ok(())
    }

    fn update_embeddings(&mut self, batch: &Batch, learning_rate: f64) {
        let gradients = self.gradients.lock();
        let model = Arc::make_mut(&mut self.model);
        model.encoder.embeddings.update(
            &mut self.states.embeddings,
            learning_rate * self.objective.embedding_rate,
            model.shape.catalogue.n_options(),
            |option| option..option + 1,
            |option, _, slope| sum_over_choosers(&gradients.by_pooled, batch, option, slope),
        );
    }

    fn update_items(&mut self, batch: &Batch, learning_rate: f64) {
        let gradients = self.gradients.lock();
        let (objective, model) = (&self.objective, Arc::make_mut(&mut self.model));
        let catalogue = &model.shape.catalogue;
        let width = model.items.width();
        let before = (!catalogue.is_nominal()).then(|| model.items.clone());
        model.items.update(
            &mut self.states.items,
            learning_rate,
            catalogue.n_items(),
            |item| catalogue.rows_of(item),
            |item, values, slope| {
                let n_answers = gradients.sum_over_answers(batch, catalogue.options_of(item), slope);
                ItemDesign::new(catalogue, item, width).contract_in_place(slope);
                let share = objective.prior_share(item, n_answers, batch);
                objective.prior.add_gradient(share, values, slope);
                n_answers > 0
            },
        );
        if let Some(before) = before {
            move_apart(catalogue, &before, &mut model.items);
        }
    }

    /// The model as it is.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How many hold the model, this one included.
    #[cfg(test)]
    pub fn holders_of_model(&self) -> usize {
        Arc::strong_count(&self.model)
    }

    /// The states of the optimisers.
    pub fn states(&self) -> &AdamStates {
        &self.states
    }

    /// What is maximised.
    pub fn objective(&self) -> &Objective {
        &self.objective
    }

    /// Goes on with another model of the same shape and the states of its optimisers.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when the device does not take the network.
    pub fn restore(&mut self, mut model: Model, states: AdamStates) -> Result<()> {
        let [variable, ..] = self.model.encoder.network.variables();
        model.encoder.network = model.encoder.network.to_device(variable.device())?;
        self.model = Arc::new(model);
        self.states = states;
        Ok(())
    }

    /// The model, and where the time went.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when the device does not give the network back.
    pub fn finish(self) -> Result<(Model, Timings)> {
        let mut model = Arc::unwrap_or_clone(self.model);
        model.encoder.network = model.encoder.network.to_device(&Device::Cpu)?;
        Ok((model, self.timings))
    }
}
