//! The negative bound of a minibatch as a node of Candle's graph.

use crate::base::error::Result;
use crate::kernels::encoder::pool;
use crate::kernels::fused_bound::{FusedBound, SharedGradients};
use crate::kernels::slots::rows_of_slots;
use crate::model::bound::Bound;
use crate::model::observations::Observations;
use crate::model::parameters::Model;
use crate::responses::batch::Batch;
use crate::train::objective::Objective;
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use std::sync::Arc;

/// The negative bound of a minibatch per unit of weight. The network's variables are part of its graph. The tables of
/// embeddings and items are not, for a batch touches some of their rows only: instead of the gradients by the tables there are those
/// by what the batch takes from them, see [`crate::kernels::bound::BoundGradients`].
pub(crate) struct Loss {
    /// A number.
    value: Tensor,
    /// What the batch takes from the tables, where it is part of the graph.
    taken: Option<Taken>,
    gradients: SharedGradients,
}

struct Taken {
    /// The summed embeddings, `n_respondents x hidden`.
    pooled: Var,
    /// The item parameters of every slot, `n_slots x width`.
    parameters: Var,
}

/// What a loss is computed from.
pub(crate) struct Evaluation<'a> {
    pub model: &'a Arc<Model>,
    pub objective: &'a Arc<Objective>,
    pub batch: &'a Arc<Batch>,
    pub epoch: usize,
}

impl Evaluation<'_> {
    /// By the kernels, as one operation of Candle.
    pub fn fused(&self, gradients: &SharedGradients) -> Result<Loss> {
        let objective = Arc::clone(self.objective);
        let (epoch, n_dims) = (self.epoch, self.model.shape.n_dims);
        let bound = FusedBound {
            model: Arc::clone(self.model),
            batch: Arc::clone(self.batch),
            total_weight: self.objective.weight_of(self.batch),
            n_samples: self.objective.n_samples,
            noise: Box::new(move |respondent, to| objective.draw_noise(epoch, respondent, n_dims, to)),
            gradients: gradients.clone(),
        };
        Ok(Loss {
            value: bound.loss()?,
            taken: None,
            gradients: gradients.clone(),
        })
    }

    /// By the definition of the model, on the device of the observations.
    pub fn composed(&self, observed: &Observations, gradients: &SharedGradients) -> Result<Loss> {
        let device = observed.is_chosen.device();
        let Model {
            shape,
            encoder,
            items,
            ..
        } = &**self.model;
        let n = self.batch.n_respondents();
        let pooled = pool(&encoder.embeddings, self.batch);
        let taken = Taken {
            pooled: Var::from_vec(pooled, (n, shape.hidden), device)?,
            parameters: Var::from_vec(
                rows_of_slots(items, self.batch),
                (self.batch.n_slots(), items.width()),
                device,
            )?,
        };
        let noise = self.objective.noise_of(self.batch, self.epoch, shape.n_dims);
        let noise = Tensor::from_vec(noise, (n, self.objective.n_samples, shape.n_dims), device)?;
        let bound = Bound {
            network: &encoder.network,
            link: shape.link,
            observed,
            noise: &noise,
        };
        let bounds = bound.of(&taken.pooled, &taken.parameters)?;
        let weights = self.batch.weights();
        let of_respondents = bounds.to_vec1::<f32>()?;
        let weighted = of_respondents.iter().zip(weights);
        let total = weighted.map(|(&b, &w)| f64::from(b) * f64::from(w)).sum();
        gradients.lock().total = total;
        let share = -1.0 / f64::from(self.objective.weight_of(self.batch));
        Ok(Loss {
            value: ((bounds * Tensor::new(weights, device)?)?.sum_all()? * share)?,
            taken: Some(taken),
            gradients: gradients.clone(),
        })
    }
}

impl Loss {
    /// The gradients by the variables of the network; those by what was taken from the tables are put where they belong.
    pub fn backward(self) -> Result<GradStore> {
        let by_variables = self.value.backward()?;
        if let Some(Taken { pooled, parameters }) = &self.taken {
            let read = |variable: &Var| -> Result<Vec<f32>> {
                match by_variables.get(variable) {
                    Some(gradient) => Ok(gradient.flatten_all()?.to_vec1()?),
                    None => Ok(vec![0.0; variable.elem_count()]),
                }
            };
            let mut gradients = self.gradients.lock();
            gradients.by_pooled = read(pooled)?;
            gradients.by_slots = read(parameters)?;
        }
        Ok(by_variables)
    }
}
