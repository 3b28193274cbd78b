//! Covariances of the estimates of the item parameters.

use crate::base::error::Result;
use crate::base::linalg::{factor, invert, product, sandwich};
use crate::base::memory;
use crate::base::monitor::Monitor;
use crate::base::threads::{map, try_map};
use crate::information::calibration::Calibration;
use crate::information::gauge::Gauge;
use crate::information::matrices::subtract_products;
use crate::model::table_design::Design;
use crate::model::tangents::principal_conditions;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, s};

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
    pub fn times(&self, right: ArrayView2<'_, f32>, design: &Design) -> Array2<f32> {
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
                for (item, block) in blocks.iter().enumerate() {
                    if let Some(block) = block {
                        let own = design.free_of_item(item);
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
        design: &Design,
        n_draws: usize,
        normal: &mut dyn FnMut() -> f64,
        monitor: &dyn Monitor,
    ) -> Result<Array2<f64>> {
        let mut standard = memory::zeros(design.n_free(), n_draws)?;
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
                for (item, block) in blocks.iter().enumerate() {
                    let own = design.free_of_item(item);
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
    pub fn of_row(&self, item: usize, row: usize, design: &Design) -> Array2<f64> {
        let free = design.free_of_row(row);
        let (matrix, first) = match self {
            Covariance::Joint(matrix) => (Some(matrix), 0),
            Covariance::Blocks(blocks) => (blocks[item].as_ref(), design.free_of_item(item).start),
        };
        Array2::from_shape_fn((free.len(), free.len()), |(i, j)| {
            matrix.map_or(f64::NAN, |matrix| matrix[[free[i] - first, free[j] - first]])
        })
    }

    /// The covariance under the conditions that fix the axes; one by item has none. Where the axes are principal it is `P C P'`,
    /// where `P` moves along rotations until they are. Where two axes explain nearly the same, the angle between them is not known
    /// and the moves know no bounds; but a turn by an angle with the variance `v` moves a point by no more than its sine, whose
    /// variance is `(1 - exp(-2 v)) / 2` for a normal angle, and so far the moves go.
    pub fn in_gauge(self, gauge: Gauge, calibration: Calibration) -> Self {
        let Covariance::Joint(mut matrix) = self else {
            return self;
        };
        let model = calibration.model;
        if gauge == Gauge::Principal && model.population().invariances().rotation {
            let totals = calibration.responses.weighted_item_totals();
            let axes = model.map.matrix.t().to_owned();
            let conditions = principal_conditions(&model.items, &model.shape.catalogue, &totals, &axes);
            let conditions = calibration.design().contract(conditions);
            let rotations = calibration.rotations();
            let effects = product(conditions.t(), &rotations);
            let square = product(&effects, effects.t());
            // (H' K)^-1 = (H' K)' (H' K (H' K)')^-1.
            if let Some(inverse) = invert(square.view()) {
                let angles = product(effects.t(), &inverse);
                let known = product(&matrix, &conditions);
                let within = product(conditions.t(), &known);
                let variances = sandwich(&angles, &within).diag().to_owned();
                let bounds = variances.mapv(|v| {
                    if v > 1e-12 {
                        (-0.5 * (-2.0 * v).exp_m1() / v).sqrt()
                    } else {
                        1.0
                    }
                });
                let turned = product(&rotations, &product(&Array2::from_diag(&bounds), &angles));
                let half = &known - &(product(&turned, &within) * 0.5);
                subtract_products(&mut matrix, turned.view(), half.view());
            }
        }
        Covariance::Joint(matrix)
    }
}
