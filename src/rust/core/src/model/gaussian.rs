//! Normal posteriors of the latent traits.

use crate::base::math;

/// A normal posterior in double precision.
#[derive(Clone, Debug)]
pub struct WideGaussian {
    /// The means.
    pub mean: Vec<f64>,
    /// The lower Cholesky factor, row by row.
    pub factor_rows: Vec<f64>,
}

impl WideGaussian {
    /// The covariance, its lower triangle row by row.
    pub fn covariance(&self) -> impl Iterator<Item = f64> {
        let rows = move |i: usize| {
            self.factor_rows
                .chunks(self.mean.len())
                .nth(i)
                .unwrap_or_default()
        };
        let pairs = (0..self.mean.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
        pairs.map(move |(i, j)| rows(i).iter().zip(rows(j)).map(|(a, b)| a * b).sum())
    }
}

/// The normal posterior of a respondent: the outputs of the network are the means, the logarithms of the diagonal of
/// the Cholesky factor `L` of the covariance, and the elements of `L` below the diagonal, row by row.
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

    /// The distribution in double precision.
    pub fn widened(&self) -> WideGaussian {
        let n_dims = self.n_dims;
        let mut factor_rows = vec![0.0; n_dims * n_dims];
        for i in 0..n_dims {
            for j in 0..=i {
                factor_rows[i * n_dims + j] = f64::from(self.factor_at(i, j));
            }
        }
        WideGaussian {
            mean: self.mean().iter().map(|&m| f64::from(m)).collect(),
            factor_rows,
        }
    }

    /// The logarithm of the determinant of the Cholesky factor.
    pub fn ln_determinant(&self) -> f32 {
        self.outputs[self.n_dims..2 * self.n_dims].iter().sum()
    }
}
