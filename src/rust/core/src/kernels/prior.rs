//! The gradient of the prior of the item parameters.

use crate::model::prior::ItemPrior;

impl ItemPrior {
    /// Adds a share of the gradient of the negative log density of some rows to `slope`.
    pub fn add_gradient(&self, share: f32, rows: &[f32], slope: &mut [f32]) {
        let width = self.precisions.len();
        for (slope, row) in slope.chunks_mut(width).zip(rows.chunks(width)) {
            for ((g, x), &precision) in slope.iter_mut().zip(row).zip(&self.precisions) {
                *g += share * precision as f32 * x;
            }
        }
    }
}
