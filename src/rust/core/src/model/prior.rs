//! The prior of the item parameters.

use crate::model::design;
use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// Standard deviations of the item parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriorSds {
    /// Of the discriminations.
    pub discrimination: f64,
    /// Of the difficulties.
    pub difficulty: f64,
}

/// The item parameters are independent of one another, and normal with the mean 0.
#[derive(Clone, Debug)]
pub struct ItemPrior {
    /// Of each column of the table of item parameters: the discriminations by dimension, then the difficulty.
    pub precisions: Vec<f64>,
}

impl ItemPrior {
    /// The prior with these standard deviations.
    pub fn new(n_dims: usize, sds: &PriorSds) -> Self {
        let of_discriminations = std::iter::repeat_n(sds.discrimination.powi(-2), n_dims);
        Self {
            precisions: design::row(of_discriminations, sds.difficulty.powi(-2)).collect(),
        }
    }

    /// The log density of some rows of the table (`n_rows x width`), without its constant.
    ///
    /// # Errors
    /// When the rows have another width.
    pub fn log_density(&self, rows: &Tensor) -> Result<Tensor> {
        let precisions = Tensor::new(self.precisions.as_slice(), rows.device())?.to_dtype(rows.dtype())?;
        rows.sqr()?.broadcast_mul(&precisions)?.sum_all()? * -0.5
    }
}
