//! The part of the encoder behind the sum of embeddings.

use crate::base::error::{Error, Result};
use crate::base::random::{Purpose, Stream};
use crate::model::shape::ModelShape;
use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use rand_distr::{Distribution, StandardNormal};
use std::collections::HashMap;

/// Number of features for a hidden layer of a width: its activations, the pooled embeddings, the count and 1.
pub fn n_features(hidden: usize) -> usize {
    2 * hidden + 2
}

/// Spread of the starting weights from the hidden layer to the outputs.
const OUTPUT_SPREAD: f32 = 0.1;

/// From pooled embeddings and response counts to the normal posterior: one hidden layer with the ELU
/// activation, and a linear path around it.
///
/// `output = features output_weight` with `features = [elu(pooled + count hidden_count + hidden_bias), pooled, count, 1]` and
/// `count = ln(1 + number of responses) - count_center`. The network learns from the count how the posterior narrows.
#[derive(Clone, Debug)]
pub struct Network {
    hidden_bias: Var,
    hidden_count: Var,
    output_weight: Var,
    count_center: f32,
}

const CENTER: &str = "network.count_center";

impl Network {
    /// The network at its starting values: the first `n_dims` pooled coordinates are taken for the posterior
    /// means, `ln_sd` for the logarithm of the posterior standard deviations of a respondent with
    /// `e^count_center - 1` responses.
    ///
    /// # Errors
    /// [`Error::Tensor`] when a tensor cannot be made.
    pub fn start(shape: &ModelShape, count_center: f32, ln_sd: f32, seed: u64) -> Result<Self> {
        let (hidden, outputs, n_dims) = (shape.hidden, shape.n_outputs(), shape.n_dims);
        let mut stream = Stream::new(seed, Purpose::Network, 0, 0);
        let spread = OUTPUT_SPREAD / (hidden as f32).sqrt();
        let mut weight = vec![0.0f32; n_features(hidden) * outputs];
        let (of_hidden, others) = weight.split_at_mut(hidden * outputs);
        of_hidden.iter_mut().for_each(|w| {
            let draw: f32 = StandardNormal.sample(&mut stream);
            *w = draw * spread;
        });
        let (of_pooled, others) = others.split_at_mut(hidden * outputs);
        (0..n_dims).for_each(|d| of_pooled[d * outputs + d] = 1.0);
        let (of_count, bias) = others.split_at_mut(outputs);
        // A standard deviation falls with the square root of the number of responses.
        of_count[n_dims..2 * n_dims].fill(-0.5);
        bias[n_dims..2 * n_dims].fill(ln_sd);
        let device = Device::Cpu;
        let tensors = HashMap::from([
            (
                "network.hidden_bias".into(),
                Tensor::zeros(hidden, DType::F32, &device)?,
            ),
            (
                "network.hidden_count".into(),
                Tensor::zeros(hidden, DType::F32, &device)?,
            ),
            (
                "network.output_weight".into(),
                Tensor::from_vec(weight, (n_features(hidden), outputs), &device)?,
            ),
            (CENTER.into(), Tensor::new(&[count_center], &device)?),
        ]);
        Self::new(shape, tensors)
    }

    /// The network with the given weights.
    ///
    /// # Errors
    /// [`Error::Model`] when a weight is missing or of another shape.
    pub fn new(shape: &ModelShape, tensors: HashMap<String, Tensor>) -> Result<Self> {
        let (hidden, outputs) = (shape.hidden, shape.n_outputs());
        let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let get = |dims: &[usize], name: &str| {
            weights
                .get(dims, &format!("network.{name}"))
                .map_err(|error| Error::Model(error.to_string()))
        };
        let variable =
            |dims: &[usize], name: &str| -> Result<Var> { Ok(Var::from_tensor(&get(dims, name)?)?) };
        Ok(Self {
            hidden_bias: variable(&[hidden], "hidden_bias")?,
            hidden_count: variable(&[hidden], "hidden_count")?,
            output_weight: variable(&[n_features(hidden), outputs], "output_weight")?,
            count_center: get(&[1], "count_center")?.to_vec1::<f32>()?[0],
        })
    }

    /// The trainable weights with their names.
    pub fn variables(&self) -> [(&'static str, &Var); 3] {
        [
            ("network.hidden_bias", &self.hidden_bias),
            ("network.hidden_count", &self.hidden_count),
            ("network.output_weight", &self.output_weight),
        ]
    }

    /// The mean of `ln(1 + number of responses)`, which is taken off it.
    pub fn count_center(&self) -> f32 {
        self.count_center
    }

    /// All tensors with their names, for storage.
    ///
    /// # Errors
    /// [`Error::Tensor`] when a tensor cannot be read.
    pub fn tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let mut tensors: Vec<(String, Tensor)> = self
            .variables()
            .into_iter()
            .map(|(name, variable)| (name.to_string(), variable.as_tensor().clone()))
            .collect();
        tensors.push((CENTER.into(), Tensor::new(&[self.count_center], &Device::Cpu)?));
        Ok(tensors)
    }

    /// The same network on a device.
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

    /// The features (`n_respondents x n_features`) for pooled embeddings (`n_respondents x hidden`) and numbers of responses.
    pub(crate) fn features(&self, pooled: &Tensor, counts: &[u32]) -> Result<Tensor> {
        let count = counts.iter().map(|&n| (n as f32).ln_1p() - self.count_center);
        let count = Tensor::from_iter(count, pooled.device())?.reshape((counts.len(), 1))?;
        let hidden = pooled
            .broadcast_add(&count.broadcast_mul(&self.hidden_count)?)?
            .broadcast_add(&self.hidden_bias)?
            .elu(1.0)?;
        Ok(Tensor::cat(
            &[&hidden, pooled, &count, &count.ones_like()?],
            D::Minus1,
        )?)
    }

    /// The outputs (`n_respondents x n_outputs`) for features, by operations of Candle: the way for devices that have no kernel,
    /// and the reference for the kernel.
    pub(crate) fn outputs(&self, features: &Tensor) -> Result<Tensor> {
        Ok(features.matmul(&self.output_weight)?)
    }

    /// From the gradient by the outputs to that by the pooled embeddings, and by the [variables](Self::variables); as the
    /// kernel does.
    pub(crate) fn back_propagate(
        &self,
        features: &Tensor,
        by_outputs: &Tensor,
    ) -> Result<(Tensor, [Tensor; 3])> {
        let hidden = self.hidden_bias.elem_count();
        let by_features = by_outputs.matmul(&self.output_weight.t()?)?;
        let slope = (features.narrow(1, 0, hidden)?.minimum(0.0)? + 1.0)?;
        let inner = (by_features.narrow(1, 0, hidden)? * slope)?;
        let by_pooled = (&inner + by_features.narrow(1, hidden, hidden)?)?;
        let count = features.narrow(1, 2 * hidden, 1)?;
        let by_variables = [
            inner.sum(0)?,
            inner.broadcast_mul(&count)?.sum(0)?,
            features.t()?.matmul(by_outputs)?,
        ];
        Ok((by_pooled, by_variables))
    }
}
