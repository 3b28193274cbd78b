//! The part of the encoder behind the sum of embeddings.

use crate::base::error::{Error, Result};
use crate::model::shape::ModelShape;
use candle_core::{D, Device, Tensor, Var};
use candle_nn::{Module, VarBuilder};

/// From pooled embeddings and response counts to the normal posterior: one hidden layer with the ELU
/// activation, and a linear path around it.
///
/// `output = features output_weight` with `features = [elu(pooled + count hidden_count + hidden_bias), pooled, count, 1]` and
/// `count = ln(1 + number of responses) - count_center`. The network learns from the count how the posterior narrows. The
/// outputs are those of a [`Gaussian`](crate::model::gaussian::Gaussian).
#[derive(Clone, Debug)]
pub struct Network {
    hidden_bias: Var,
    hidden_count: Var,
    output_weight: Var,
    count_center: f32,
}

impl Module for Network {
    /// The outputs, `n_respondents x n_outputs`, for the pooled embeddings with `ln(1 + number of responses)` as a last column,
    /// `n_respondents x (hidden + 1)`.
    fn forward(&self, respondents: &Tensor) -> candle_core::Result<Tensor> {
        let hidden = self.hidden_bias.elem_count();
        let pooled = respondents.narrow(1, 0, hidden)?;
        let count = (respondents.narrow(1, hidden, 1)? - f64::from(self.count_center))?;
        let activations = pooled
            .broadcast_add(&count.broadcast_mul(&self.hidden_count)?)?
            .broadcast_add(&self.hidden_bias)?
            .elu(1.0)?;
        Tensor::cat(&[&activations, &pooled, &count, &count.ones_like()?], D::Minus1)?
            .matmul(&self.output_weight)
    }
}

impl Network {
    /// The network with the given weights.
    ///
    /// # Errors
    /// [`Error::Model`] when a weight is missing or of another shape.
    pub fn new(shape: &ModelShape, weights: &VarBuilder<'_>) -> Result<Self> {
        let (hidden, outputs) = (shape.hidden, shape.n_outputs());
        let get = |dims: &[usize], name: &str| {
            let weight = weights.get(dims, name);
            weight.map_err(|error| Error::Model(error.to_string()))
        };
        let variable =
            |dims: &[usize], name: &str| -> Result<Var> { Ok(Var::from_tensor(&get(dims, name)?)?) };
        Ok(Self {
            hidden_bias: variable(&[hidden], "hidden_bias")?,
            hidden_count: variable(&[hidden], "hidden_count")?,
            output_weight: variable(&[shape.n_features(), outputs], "output_weight")?,
            count_center: get(&[1], "count_center")?.to_vec1::<f32>()?[0],
        })
    }

    /// The trainable weights: `hidden_bias` (`hidden`), `hidden_count` (`hidden`) and `output_weight`
    /// (`n_features x n_outputs`).
    pub fn variables(&self) -> [&Var; 3] {
        [&self.hidden_bias, &self.hidden_count, &self.output_weight]
    }

    /// The mean of `ln(1 + number of responses)`, which is taken off it.
    pub fn count_center(&self) -> f32 {
        self.count_center
    }

    /// The same network on a device, with variables of its own.
    ///
    /// # Errors
    /// [`Error::Tensor`] when the device does not take it.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        let move_to =
            |variable: &Var| -> Result<Var> { Ok(Var::from_tensor(&variable.to_device(device)?.copy()?)?) };
        Ok(Self {
            hidden_bias: move_to(&self.hidden_bias)?,
            hidden_count: move_to(&self.hidden_count)?,
            output_weight: move_to(&self.output_weight)?,
            count_center: self.count_center,
        })
    }
}
