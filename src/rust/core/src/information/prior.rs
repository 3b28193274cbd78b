//! What the prior of the item parameters adds to their information.

use crate::model::design::{self, affine_tangents};
use crate::model::prior::ItemPrior;
use crate::model::table::Table;
use ndarray::{Array1, Array2, Axis};

impl ItemPrior {
    /// Adds the information of the prior to that about whole rows of the table.
    pub fn add_information(&self, matrix: &mut Array2<f64>) {
        let width = self.precisions.len();
        (0..matrix.nrows()).for_each(|i| matrix[[i, i]] += self.precisions[i % width]);
    }

    /// Adds the gradient of the log prior to that of the log likelihood, both in the layout of the table.
    pub fn add_score(&self, items: &Table, gradient: &mut Array1<f64>) {
        let width = self.precisions.len();
        for (i, (to, &x)) in gradient.iter_mut().zip(items.values()).enumerate() {
            *to -= self.precisions[i % width] * f64::from(x);
        }
    }

    /// What the prior adds to the images of the [affine tangents](affine_tangents) under the information, where the gradient of
    /// the log likelihood is the pull of the prior: `M' P x + P M x`, where `P` are its precisions, `x` the parameters
    /// and `M x` a tangent.
    pub fn affine_images(&self, items: &Table) -> Array2<f64> {
        let width = self.precisions.len();
        let n_dims = design::n_dims(width);
        let (_, of_difficulty) = design::split(&self.precisions);
        let mut images = affine_tangents(items);
        for (i, mut row) in images.rows_mut().into_iter().enumerate() {
            let of_scale = if i % width < n_dims { 2.0 } else { 0.0 };
            let (mut location, mut scale) = row.view_mut().split_at(Axis(0), n_dims);
            location *= self.precisions[i % width];
            scale *= of_scale * self.precisions[i % width];
            if i % width < n_dims {
                let (_, &difficulty) = design::split(items.row(i / width));
                location[i % width] += of_difficulty * f64::from(difficulty);
            }
        }
        images
    }
}
