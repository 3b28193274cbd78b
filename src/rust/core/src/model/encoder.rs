//! The amortised posterior of the latent traits.

use super::Network;
use crate::Result;
use crate::kernels::encoder::EncoderKernel;
use crate::kernels::{Table, math};
use ndarray::Array2;

/// The network's answer: one embedding per (item, option) is summed over a respondent's observed responses, and
/// the network turns the sum and the number of responses into a normal distribution.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// `n_options x hidden`.
    pub embeddings: Table,
    /// From the sum to the posterior.
    pub network: Network,
}

impl Encoder {
    /// The parameters for the kernel.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when a tensor cannot be read.
    pub fn kernel(&self) -> Result<EncoderKernel<'_>> {
        self.network.kernel(&self.embeddings)
    }
}

/// The normal posterior of a respondent: the outputs of the network are the means, the logarithms of the diagonal of the
/// Cholesky factor `L` of the covariance, and the elements of `L` below the diagonal, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Gaussian<'a> {
    /// Number of latent dimensions.
    pub n_dims: usize,
    /// The outputs.
    pub outputs: &'a [f32],
}

impl Gaussian<'_> {
    /// The posterior means.
    pub fn mean(&self) -> &[f32] {
        &self.outputs[..self.n_dims]
    }

    /// An element of the Cholesky factor that is not above its diagonal.
    #[inline(always)]
    pub fn factor_at(&self, row: usize, column: usize) -> f32 {
        if row == column {
            return math::exp(self.outputs[self.n_dims + row]);
        }
        let below = &self.outputs[2 * self.n_dims..];
        below.get(row * (row - 1) / 2 + column).copied().unwrap_or(0.0)
    }

    /// The Cholesky factor, `n_dims x n_dims`, row by row.
    #[inline(always)]
    pub fn factor(&self, to: &mut [f32]) {
        to.fill(0.0);
        for (row, to) in to.chunks_mut(self.n_dims).enumerate() {
            (0..=row).for_each(|column| to[column] = self.factor_at(row, column));
        }
    }

    /// [`Gaussian::factor`] in double precision.
    pub fn wide_factor(&self) -> Array2<f64> {
        let n_dims = self.n_dims;
        let mut factor = vec![0.0f32; n_dims * n_dims];
        self.factor(&mut factor);
        Array2::from_shape_fn((n_dims, n_dims), |(i, j)| f64::from(factor[i * n_dims + j]))
    }

    /// The logarithm of the determinant of the Cholesky factor.
    pub fn ln_determinant(&self) -> f32 {
        self.outputs[self.n_dims..2 * self.n_dims].iter().sum()
    }
}
