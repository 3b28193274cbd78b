//! A model in training.

use crate::base::error::Result;
use crate::base::timings::Timings;
use crate::kernels::adam::AdamState;
use crate::model::parameters::Model;
use crate::train::minibatch::Minibatch;
use crate::train::objective::Objective;
use std::borrow::Cow;

/// A model in training.
pub(crate) trait Trainer: Send {
    /// One step; returns the bound summed over the batch.
    fn step(&mut self, minibatch: &Minibatch, epoch: usize, learning_rate: f64) -> Result<f64>;

    /// The model as it is.
    fn model(&self) -> Result<Cow<'_, Model>>;

    /// The states of the optimisers of the embeddings, the items, and the variables of the network.
    fn states(&self) -> Result<Vec<Cow<'_, AdamState>>>;

    /// Goes on with another model of the same shape and the states of its optimisers.
    fn restore(&mut self, model: Model, states: Vec<AdamState>) -> Result<()>;

    /// What is maximised.
    fn objective(&self) -> &Objective;

    /// The model, and where the time went.
    fn finish(self: Box<Self>) -> Result<(Model, Timings)>;
}
