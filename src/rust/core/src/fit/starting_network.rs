//! The network before the training.

use crate::base::error::Result;
use crate::base::random::{Purpose, Stream};
use crate::model::network::Network;
use crate::model::shape::ModelShape;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use std::collections::HashMap;

/// Spread of the starting weights from the hidden layer to the outputs.
const OUTPUT_SPREAD: f32 = 0.1;

/// The network at its starting values: the first `n_dims` pooled coordinates are taken for the posterior
/// means, `ln_sd` for the logarithm of the posterior standard deviations of a respondent with
/// `e^count_center - 1` responses.
///
/// # Errors
/// [`crate::Error::Tensor`] when a tensor cannot be made.
pub fn starting_network(shape: &ModelShape, count_center: f32, ln_sd: f32, seed: u64) -> Result<Network> {
    let (hidden, outputs, n_dims) = (shape.hidden, shape.n_outputs(), shape.n_dims);
    let mut stream = Stream::new(seed, Purpose::Network, 0, 0);
    let spread = OUTPUT_SPREAD / (hidden as f32).sqrt();
    let mut weight = vec![0.0f32; shape.n_features() * outputs];
    let (of_hidden, others) = weight.split_at_mut(hidden * outputs);
    of_hidden.iter_mut().for_each(|w| {
        *w = stream.normal() as f32 * spread;
    });
    let (of_pooled, others) = others.split_at_mut(hidden * outputs);
    (0..n_dims).for_each(|d| of_pooled[d * outputs + d] = 1.0);
    let (of_count, bias) = others.split_at_mut(outputs);
    // A standard deviation falls with the square root of the number of responses.
    of_count[n_dims..2 * n_dims].fill(-0.5);
    bias[n_dims..2 * n_dims].fill(ln_sd);
    network(shape, vec![0.0; hidden], weight, count_center)
}

/// A network whose hidden layer does not look at the count, with a bias of each hidden unit and weights of the outputs, `n_features x
/// n_outputs`.
///
/// # Errors
/// [`crate::Error::Tensor`] when a tensor cannot be made.
pub(crate) fn network(
    shape: &ModelShape,
    hidden_bias: Vec<f32>,
    output_weight: Vec<f32>,
    count_center: f32,
) -> Result<Network> {
    let device = Device::Cpu;
    let (hidden, weights) = (shape.hidden, (shape.n_features(), shape.n_outputs()));
    let tensors = HashMap::from([
        (
            "hidden_bias".into(),
            Tensor::from_vec(hidden_bias, hidden, &device)?,
        ),
        ("hidden_count".into(), Tensor::zeros(hidden, DType::F32, &device)?),
        (
            "output_weight".into(),
            Tensor::from_vec(output_weight, weights, &device)?,
        ),
        ("count_center".into(), Tensor::new(&[count_center], &device)?),
    ]);
    Network::new(shape, &VarBuilder::from_tensors(tensors, DType::F32, &device))
}
