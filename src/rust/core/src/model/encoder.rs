//! The amortised posterior of the latent traits.

use super::{ModelShape, Network};
use crate::kernels::{Table, pooling};
use crate::{Batch, Result};
use candle_core::{Device, Tensor};

/// The network's answer: one embedding per (item, option) is summed over a respondent's observed responses, and
/// the network turns the sum and the number of responses into a normal distribution.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// `n_options x hidden`.
    pub embeddings: Table,
    /// From the sum to the posterior.
    pub network: Network,
}

/// The outputs of the network for a batch: per respondent the means, the logarithms of the diagonal of the
/// Cholesky factor `L` of the covariance, and the elements of `L` below the diagonal, row by row.
#[derive(Clone, Debug)]
pub struct Gaussian {
    /// Number of latent dimensions.
    pub n_dims: usize,
    /// Row by row, one row per respondent.
    pub outputs: Vec<f32>,
    width: usize,
}

impl Encoder {
    /// The posterior of every respondent of a batch.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when the network's shapes do not fit.
    pub fn posterior(&self, shape: &ModelShape, batch: &Batch) -> Result<Gaussian> {
        let pooled = pooling::pool(&self.embeddings, batch);
        let pooled = Tensor::from_vec(pooled, (batch.n_respondents(), shape.hidden), &Device::Cpu)?;
        let outputs = self.network.forward(&pooled, &batch.response_counts())?;
        Gaussian::new(shape, &outputs)
    }
}

impl Gaussian {
    /// Reads the outputs of the network.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when they cannot be read.
    pub fn new(shape: &ModelShape, outputs: &Tensor) -> Result<Self> {
        Ok(Self {
            n_dims: shape.n_dims,
            width: shape.n_outputs(),
            outputs: outputs.flatten_all()?.to_vec1::<f32>()?,
        })
    }

    /// The posterior means of the respondent at a position.
    pub fn mean(&self, position: usize) -> &[f32] {
        &self.row(position)[..self.n_dims]
    }

    /// The Cholesky factor of the respondent at a position, `n_dims x n_dims`, row by row.
    pub fn factor(&self, position: usize, to: &mut [f32]) {
        let n_dims = self.n_dims;
        let row = self.row(position);
        let below = &row[2 * n_dims..];
        to.fill(0.0);
        for d in 0..n_dims {
            to[d * n_dims + d] = row[n_dims + d].exp();
            if !below.is_empty() {
                let start = d * d.saturating_sub(1) / 2;
                to[d * n_dims..d * n_dims + d].copy_from_slice(&below[start..start + d]);
            }
        }
    }

    /// The logarithm of the determinant of the Cholesky factor.
    pub fn ln_determinant(&self, position: usize) -> f32 {
        self.row(position)[self.n_dims..2 * self.n_dims].iter().sum()
    }

    /// One respondent's outputs.
    pub fn row(&self, position: usize) -> &[f32] {
        &self.outputs[position * self.width..(position + 1) * self.width]
    }

    /// Number of outputs per respondent.
    pub fn width(&self) -> usize {
        self.width
    }
}
