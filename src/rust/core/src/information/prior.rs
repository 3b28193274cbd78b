//! What the prior of the item parameters adds to their information.

use crate::model::design;
use crate::model::prior::ItemPrior;
use crate::model::table::Table;
use crate::model::table_design::Design;
use crate::model::tangents::affine_tangents;
use ndarray::{Array1, Array2, ArrayView1, s};
use std::ops::Range;

/// The prior of the free parameters of the items.
pub(crate) struct FreePrior {
    /// Of each.
    precisions: Array1<f64>,
    /// The first one of each item.
    first: Vec<usize>,
}

/// How the prior pulls in one dimension: sums over the items of its precisions times products of their parameters.
pub(crate) struct Pull {
    /// Discriminations times difficulties.
    pub of_location: f64,
    /// Squared discriminations, by the precisions of the difficulties.
    pub on_location: f64,
    /// The same by the precisions of the discriminations.
    pub on_scale: f64,
}

impl FreePrior {
    pub fn new(prior: &ItemPrior, design: &Design) -> Self {
        let columns = design.columns().into_iter();
        Self {
            precisions: columns.map(|column| prior.precisions[column]).collect(),
            first: design.places().map(|own| own.start).collect(),
        }
    }

    /// The precisions of some parameters.
    pub fn precisions(&self, free: Range<usize>) -> ArrayView1<'_, f64> {
        self.precisions.slice(s![free])
    }

    /// Adds the information of the prior to that about all parameters.
    pub fn add_information(&self, matrix: &mut Array2<f64>) {
        self.add_from(0, matrix);
    }

    /// Adds the information of the prior to that about the parameters of an item.
    pub fn add_to_item(&self, item: usize, matrix: &mut Array2<f64>) {
        self.add_from(self.first[item], matrix);
    }

    fn add_from(&self, first: usize, matrix: &mut Array2<f64>) {
        let precisions = self.precisions.iter().skip(first);
        let diagonal = matrix.diag_mut();
        diagonal.into_iter().zip(precisions).for_each(|(to, x)| *to += x);
    }

    /// Adds the gradient of the log prior to that of the log likelihood.
    pub fn add_score(&self, values: &Array1<f64>, gradient: &mut Array1<f64>) {
        for (to, (x, precision)) in gradient.iter_mut().zip(values.iter().zip(&self.precisions)) {
            *to -= precision * x;
        }
    }

    /// How the prior pulls at location and scale in one dimension.
    pub fn pull(&self, items: &Table, design: &Design) -> Pull {
        let mut pull = Pull {
            of_location: 0.0,
            on_location: 0.0,
            on_scale: 0.0,
        };
        let mut seen = vec![false; self.precisions.len()];
        for row in 0..items.n_rows() {
            let (gamma, beta) = (f64::from(items.row(row)[0]), f64::from(items.row(row)[1]));
            let free = design.free_of_row(row);
            pull.of_location += self.precisions[free[1]] * gamma * beta;
            pull.on_location += self.precisions[free[1]] * gamma * gamma;
            if !std::mem::replace(&mut seen[free[0]], true) {
                pull.on_scale += self.precisions[free[0]] * gamma * gamma;
            }
        }
        pull
    }

    /// What the prior adds to the images of the [affine tangents](affine_tangents) under the information, where the gradient of
    /// the log likelihood is the pull of the prior: `M' P x + P M x`, where `P` are its precisions, `x` the parameters
    /// and `M x` a tangent.
    pub fn affine_images(&self, items: &Table, design: &Design) -> Array2<f64> {
        let (width, n_dims) = (items.width(), design::n_dims(items.width()));
        let tangents = affine_tangents(items);
        // What the difficulties do to the discriminations that move them.
        let mut of_difficulties = Array2::zeros(tangents.raw_dim());
        for row in 0..items.n_rows() {
            let free = design.free_of_row(row);
            let (_, &difficulty) = design::split(items.row(row));
            let (_, &of_difficulty) = design::split(&free);
            for d in 0..n_dims {
                of_difficulties[[row * width + d, d]] =
                    self.precisions[of_difficulty] * f64::from(difficulty);
            }
        }
        let mut images = design.select(tangents);
        let columns = design.columns();
        for ((free, tangent), x) in images.indexed_iter_mut() {
            // A move of the location is told by the difficulties alone, one of the scale by the discriminations.
            let times = match (tangent < n_dims, columns[free] < n_dims) {
                (true, _) => 1.0,
                (false, true) => 2.0,
                (false, false) => 0.0,
            };
            *x *= times * self.precisions[free];
        }
        images + design.contract(of_difficulties)
    }
}
