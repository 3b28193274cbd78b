//! Covariances of the estimates of the item parameters.

use crate::base::error::Result;
use crate::base::linalg::{factor, invert};
use crate::base::memory;
use crate::base::monitor::Monitor;
use crate::base::threads::{map, try_map};
use crate::information::calibration::Calibration;
use crate::information::gauge::Gauge;
use crate::information::matrices::subtract_products;
use crate::model::design::{principal_conditions, rotation_tangents};
use crate::model::parameters::Model;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, s};
use std::ops::Range;

/// Rows of the matrix of item parameters that one task looks at.
pub(crate) const ROWS_PER_TASK: usize = 256;

/// A share of the diagonal that makes a covariance positive definite.
const RIDGE: f64 = 1e-7;

/// Covariances of the estimates of the item parameters.
pub(crate) enum Covariance {
    /// By item; nothing where they are not known.
    Blocks(Vec<Option<Array2<f64>>>),
    /// Of all parameters.
    Joint(Array2<f64>),
}

impl Covariance {
    /// The covariance times a matrix with a row per item parameter; 0 where it is not known.
    pub fn times(&self, right: ArrayView2<'_, f32>, model: &Model) -> Array2<f32> {
        match self {
            Covariance::Joint(matrix) => {
                let matrix = matrix.mapv(|x| x as f32);
                let mut product = Array2::zeros(right.dim());
                let rows = product.axis_chunks_iter_mut(Axis(0), ROWS_PER_TASK);
                let left = matrix.axis_chunks_iter(Axis(0), ROWS_PER_TASK);
                map(rows.zip(left), |(mut rows, left)| {
                    general_mat_mul(1.0, &left, &right, 0.0, &mut rows);
                });
                product
            }
            Covariance::Blocks(blocks) => {
                let mut product = Array2::zeros(right.dim());
                for (own, block) in parameters_by_item(model).into_iter().zip(blocks) {
                    if let Some(block) = block {
                        let rows = block.mapv(|x| x as f32).dot(&right.slice(s![own.clone(), ..]));
                        product.slice_mut(s![own, ..]).assign(&rows);
                    }
                }
                product
            }
        }
    }

    /// Draws from the normal distribution with this covariance, one a column; 0 where it is not known.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn draw(
        &self,
        model: &Model,
        n_draws: usize,
        normal: &mut dyn FnMut() -> f64,
        monitor: &dyn Monitor,
    ) -> Result<Array2<f64>> {
        let n = model.items.values().len();
        let mut standard = memory::zeros(n, n_draws)?;
        for mut row in standard.rows_mut() {
            monitor.proceed()?;
            row.mapv_inplace(|_| normal());
        }
        match self {
            Covariance::Joint(matrix) => {
                // It is singular along rotations.
                let mut raised = matrix.clone();
                raised
                    .diag_mut()
                    .mapv_inplace(|x| x * (1.0 + RIDGE) + f64::MIN_POSITIVE);
                let Some(factor) = factor(raised.view(), monitor)? else {
                    return Ok(Array2::zeros(standard.dim()));
                };
                let mut drawn = Array2::zeros(standard.dim());
                let rows = drawn.axis_chunks_iter_mut(Axis(0), ROWS_PER_TASK);
                let left = factor.axis_chunks_iter(Axis(0), ROWS_PER_TASK);
                try_map(rows.zip(left), |(mut rows, left)| {
                    monitor.proceed()?;
                    general_mat_mul(1.0, &left, &standard, 0.0, &mut rows);
                    Ok(())
                })?;
                Ok(drawn)
            }
            Covariance::Blocks(blocks) => {
                let mut drawn = Array2::zeros(standard.dim());
                for (own, block) in parameters_by_item(model).into_iter().zip(blocks) {
                    let factor = block.as_ref().map(|block| factor(block.view(), monitor));
                    if let Some(factor) = factor.transpose()?.flatten() {
                        let rows = factor.dot(&standard.slice(s![own.clone(), ..]));
                        drawn.slice_mut(s![own, ..]).assign(&rows);
                    }
                }
                Ok(drawn)
            }
        }
    }

    /// The covariance of the parameters in one row of the table, which is one of an item's.
    pub fn of_row(&self, item: usize, row: usize, model: &Model) -> Array2<f64> {
        let width = model.items.width();
        let unknown = || Array2::from_elem((width, width), f64::NAN);
        match self {
            Covariance::Joint(matrix) => {
                let own = row * width..(row + 1) * width;
                matrix.slice(s![own.clone(), own]).to_owned()
            }
            Covariance::Blocks(blocks) => {
                let first = (row - model.shape.catalogue.rows_of(item).start) * width;
                let own = first..first + width;
                let block = blocks[item].as_ref();
                block.map_or_else(unknown, |block| block.slice(s![own.clone(), own]).to_owned())
            }
        }
    }

    /// The covariance under the conditions that fix the axes; one by item has none. Where the axes are principal it is `P C P'`,
    /// where `P` moves along rotations until they are. Where two axes explain nearly the same, the angle between them is not known
    /// and the moves know no bounds; but a turn by an angle with the variance `v` moves a point by no more than its sine, whose
    /// variance is `(1 - exp(-2 v)) / 2` for a normal angle, and so far the moves go.
    pub fn in_gauge(self, gauge: Gauge, calibration: Calibration) -> Self {
        let Covariance::Joint(mut matrix) = self else {
            return self;
        };
        if gauge == Gauge::Principal && calibration.n_dims() > 1 {
            let model = calibration.model;
            let totals = calibration.responses.weighted_item_totals();
            let axes = model.map.matrix.t().to_owned();
            let conditions = principal_conditions(&model.items, &model.shape.catalogue, &totals, &axes);
            let rotations = rotation_tangents(&model.items);
            let effects = conditions.t().dot(&rotations);
            let square = effects.dot(&effects.t());
            // (H' K)^-1 = (H' K)' (H' K (H' K)')^-1.
            if let Some(inverse) = invert(square.view()) {
                let angles = effects.t().dot(&inverse);
                let known = matrix.dot(&conditions);
                let within = conditions.t().dot(&known);
                let variances = angles.dot(&within).dot(&angles.t()).diag().to_owned();
                let bounds = variances.mapv(|v| {
                    if v > 1e-12 {
                        (-0.5 * (-2.0 * v).exp_m1() / v).sqrt()
                    } else {
                        1.0
                    }
                });
                let turned = rotations.dot(&(Array2::from_diag(&bounds).dot(&angles)));
                let half = &known - &(turned.dot(&within) * 0.5);
                subtract_products(&mut matrix, turned.view(), half.view());
            }
        }
        Covariance::Joint(matrix)
    }
}

/// The places of each item's parameters in the table, read row by row.
fn parameters_by_item(model: &Model) -> Vec<Range<usize>> {
    let catalogue = &model.shape.catalogue;
    let width = model.items.width();
    let items = 0..catalogue.n_items();
    items
        .map(|item| {
            let rows = catalogue.rows_of(item);
            rows.start * width..rows.end * width
        })
        .collect()
}
