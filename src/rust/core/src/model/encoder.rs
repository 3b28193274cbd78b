//! The amortised posterior of the latent traits.

use super::Network;
use crate::Result;
use crate::identify::AffineMap;
use crate::kernels::encoder::EncoderKernel;
use crate::kernels::{Table, math};

/// The network's answer: one embedding per (item, option) is summed over a respondent's observed responses, and
/// the network turns the sum and the number of responses into a normal distribution.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// `n_options x hidden`.
    pub embeddings: Table,
    /// From the sum to the posterior.
    pub network: Network,
    /// From the scale of the network's posteriors, that of its training, to the scale of the item parameters.
    pub map: AffineMap,
}

impl Encoder {
    /// The parameters for the kernel.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when a tensor cannot be read.
    pub fn kernel(&self) -> Result<EncoderKernel<'_>> {
        self.network.kernel(&self.embeddings)
    }

    /// A posterior of the network on the scale of the item parameters.
    pub fn place(&self, posterior: Gaussian<'_>) -> Placed {
        let n_dims = posterior.n_dims;
        let matrix = &self.map.matrix;
        let centred = posterior.mean().iter().zip(&self.map.shift);
        let centred: Vec<f64> = centred.map(|(&m, c)| f64::from(m) - c).collect();
        let mut placed = Placed {
            mean: vec![0.0; n_dims],
            root: vec![0.0; n_dims * n_dims],
        };
        for i in 0..n_dims {
            for k in 0..n_dims {
                placed.mean[i] += matrix[[i, k]] * centred[k];
                for j in 0..=k {
                    placed.root[i * n_dims + j] += matrix[[i, k]] * f64::from(posterior.factor_at(k, j));
                }
            }
        }
        placed
    }
}

/// A normal posterior on the scale of the item parameters.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The means.
    pub mean: Vec<f64>,
    /// A matrix `R`, row by row, with the covariance `R R'`.
    pub root: Vec<f64>,
}

impl Placed {
    /// The covariance, its lower triangle row by row.
    pub fn covariance(&self) -> impl Iterator<Item = f64> {
        let rows = move |i: usize| self.root.chunks(self.mean.len()).nth(i).unwrap_or_default();
        let pairs = (0..self.mean.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
        pairs.map(move |(i, j)| rows(i).iter().zip(rows(j)).map(|(a, b)| a * b).sum())
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

    /// The logarithm of the determinant of the Cholesky factor.
    pub fn ln_determinant(&self) -> f32 {
        self.outputs[self.n_dims..2 * self.n_dims].iter().sum()
    }
}
