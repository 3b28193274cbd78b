//! The part of the encoder that Candle differentiates.

use super::ModelShape;
use crate::random::{Purpose, Stream};
use crate::{Error, Result};
use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use rand_distr::{Distribution, StandardNormal};
use std::collections::HashMap;

/// Spread of the starting weights from the hidden layer to the outputs.
const OUTPUT_SPREAD: f32 = 0.1;

/// From pooled embeddings and response counts to the normal posterior: one hidden layer with the ELU
/// activation, and a linear path around it.
///
/// `output = elu(pooled + count hidden_count + hidden_bias) output_weight + pooled skip_weight + count
/// output_count + output_bias`, where `count = ln(1 + number of responses) - count_center`. The network learns
/// from the count how the posterior narrows.
#[derive(Clone, Debug)]
pub struct Network {
    hidden_bias: Var,
    hidden_count: Var,
    output_weight: Var,
    skip_weight: Var,
    output_count: Var,
    output_bias: Var,
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
        let weight: Vec<f32> = (0..hidden * outputs)
            .map(|_| {
                let draw: f32 = StandardNormal.sample(&mut stream);
                draw * spread
            })
            .collect();
        let mut skip = vec![0.0f32; hidden * outputs];
        (0..n_dims).for_each(|d| skip[d * outputs + d] = 1.0);
        let mut bias = vec![0.0f32; outputs];
        bias[n_dims..2 * n_dims].fill(ln_sd);
        let mut count = vec![0.0f32; outputs];
        // A standard deviation falls with the square root of the number of responses.
        count[n_dims..2 * n_dims].fill(-0.5);
        let device = Device::Cpu;
        let tensor = |values: Vec<f32>, dims: &[usize]| Tensor::from_vec(values, dims, &device);
        let tensors = HashMap::from([
            (
                "network.hidden_bias".to_string(),
                tensor(vec![0.0; hidden], &[hidden])?,
            ),
            (
                "network.hidden_count".to_string(),
                tensor(vec![0.0; hidden], &[1, hidden])?,
            ),
            (
                "network.output_weight".to_string(),
                tensor(weight, &[hidden, outputs])?,
            ),
            (
                "network.skip_weight".to_string(),
                tensor(skip, &[hidden, outputs])?,
            ),
            ("network.output_count".to_string(), tensor(count, &[1, outputs])?),
            ("network.output_bias".to_string(), tensor(bias, &[outputs])?),
            (CENTER.to_string(), tensor(vec![count_center], &[1])?),
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
            hidden_count: variable(&[1, hidden], "hidden_count")?,
            output_weight: variable(&[hidden, outputs], "output_weight")?,
            skip_weight: variable(&[hidden, outputs], "skip_weight")?,
            output_count: variable(&[1, outputs], "output_count")?,
            output_bias: variable(&[outputs], "output_bias")?,
            count_center: get(&[1], "count_center")?.to_vec1::<f32>()?[0],
        })
    }

    /// The trainable weights with their names.
    pub fn variables(&self) -> [(&'static str, &Var); 6] {
        [
            ("network.hidden_bias", &self.hidden_bias),
            ("network.hidden_count", &self.hidden_count),
            ("network.output_weight", &self.output_weight),
            ("network.skip_weight", &self.skip_weight),
            ("network.output_count", &self.output_count),
            ("network.output_bias", &self.output_bias),
        ]
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

    /// The outputs (`n_respondents x n_outputs`) for pooled embeddings (`n_respondents x hidden`) and numbers
    /// of responses.
    ///
    /// # Errors
    /// [`Error::Tensor`] when the shapes do not fit.
    pub fn forward(&self, pooled: &Tensor, counts: &[u32]) -> Result<Tensor> {
        let count: Vec<f32> = counts
            .iter()
            .map(|&n| (n as f32).ln_1p() - self.count_center)
            .collect();
        let count = Tensor::from_vec(count, (counts.len(), 1), pooled.device())?;
        let hidden = pooled
            .broadcast_add(&self.hidden_bias)?
            .broadcast_add(&count.broadcast_mul(&self.hidden_count)?)?
            .elu(1.0)?;
        let linear = count
            .broadcast_mul(&self.output_count)?
            .broadcast_add(&self.output_bias)?;
        // One product for the hidden layer and the linear path.
        let inputs = Tensor::cat(&[&hidden, pooled], D::Minus1)?;
        let weights = Tensor::cat(&[self.output_weight.as_tensor(), &self.skip_weight], 0)?;
        Ok((inputs.matmul(&weights)? + linear)?)
    }
}
