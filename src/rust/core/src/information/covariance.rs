//! Covariances of the estimates of the item parameters.

use crate::base::error::Result;
use crate::base::linalg::{double, factor, invert, plus, product, sandwich, single, symmetric};
use crate::base::memory;
use crate::base::monitor::Monitor;
use crate::base::threads::{map, try_map};
use crate::information::calibration::Calibration;
use crate::information::factored::Factored;
use crate::information::gauge::Gauge;
use crate::information::low_rank::LowRank;
use crate::information::matrices::subtract_products;
use crate::information::scores::Scores;
use crate::model::table_design::Design;
use crate::model::tangents::principal_conditions;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, s};

/// Rows of the matrix of item parameters that one task looks at.
const ROWS_PER_TASK: usize = 256;

/// Respondents that one task looks at.
const RESPONDENTS_PER_TASK: usize = 64;

/// A share of the diagonal that makes a covariance positive definite.
const RIDGE: f64 = 1e-7;

/// Covariances of the estimates of the item parameters.
pub(crate) enum Covariance {
    /// By item; nothing where they are not known.
    Blocks(Vec<Option<Array2<f64>>>),
    /// Of all parameters.
    Joint(Array2<f64>),
    /// Of all parameters, as a factor and the blocks of the items.
    Factored(Factored),
    /// Of all parameters, where items share a few directions.
    LowRank(LowRank),
}

/// The conditions that the axes are principal.
pub(crate) struct Conditions {
    /// Their derivatives by the parameters, in columns; none where the axes are not to be principal, or are so anyway.
    derivatives: Array2<f64>,
    /// How the parameters move with rotations.
    rotations: Array2<f64>,
}

impl Conditions {
    pub fn new(calibration: Calibration, gauge: Gauge) -> Self {
        let model = calibration.model;
        let rotations = calibration.rotations();
        let derivatives = if gauge == Gauge::Aligned || rotations.ncols() == 0 {
            Array2::zeros((rotations.nrows(), 0))
        } else {
            let totals = calibration.responses.weighted_item_totals();
            let axes = model.map.matrix.t().to_owned();
            let conditions = principal_conditions(&model.items, &model.shape.catalogue, &totals, &axes);
            calibration.design().contract(conditions)
        };
        Self {
            derivatives,
            rotations,
        }
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.derivatives.ncols() == 0
    }

    /// The derivatives by the parameters, in columns.
    pub fn derivatives(&self) -> ArrayView2<'_, f64> {
        self.derivatives.view()
    }

    /// The moves, where `known` are the covariances of the parameters with the conditions.
    fn moves(&self, known: &Array2<f64>) -> Option<Moves> {
        let effects = product(self.derivatives.t(), &self.rotations);
        let within = product(self.derivatives.t(), known);
        let bounded = bounded_angles(&effects, &within)?;
        let vectors = product(&self.rotations, &bounded);
        let half = plus(known, -0.5, &product(&vectors, &within));
        Some(Moves { vectors, half })
    }
}

/// From errors of the conditions that the axes are principal to the angles by which these turn: `effects` are those of rotations on the
/// conditions, `within` their covariance. Where two axes explain nearly the same, the angle between them is not known and would know no
/// bounds; but a turn by an angle with the variance `v` moves a point by no more than its sine, whose variance is `(1 - exp(-2 v)) / 2`
/// for a normal angle, and so far the turns go.
pub(crate) fn bounded_angles(effects: &Array2<f64>, within: &Array2<f64>) -> Option<Array2<f64>> {
    let square = product(effects, effects.t());
    // (H' K)^-1 = (H' K)' (H' K (H' K)')^-1.
    let angles = product(effects.t(), &invert(square.view())?);
    let bounds = sandwich(&angles, within).diag().mapv(|v| {
        if v > 1e-12 {
            (-0.5 * (-2.0 * v).exp_m1() / v).sqrt()
        } else {
            1.0
        }
    });
    Some(product(&Array2::from_diag(&bounds), &angles))
}

/// The moves `- vectors H'` along rotations that take the conditions `H` back. They make `C - vectors half' - half vectors'` of a
/// covariance.
struct Moves {
    vectors: Array2<f64>,
    half: Array2<f64>,
}

impl Covariance {
    /// The covariance times a matrix with a row per item parameter; 0 where it is not known.
    pub fn times(&self, right: ArrayView2<'_, f32>, design: &Design) -> Array2<f32> {
        match self {
            Covariance::Joint(matrix) => {
                let matrix = single(matrix.view());
                let mut product = Array2::zeros(right.dim());
                let rows = product.axis_chunks_iter_mut(Axis(0), ROWS_PER_TASK);
                let left = matrix.axis_chunks_iter(Axis(0), ROWS_PER_TASK);
                map(rows.zip(left), |(mut rows, left)| {
                    general_mat_mul(1.0, &left, &right, 0.0, &mut rows);
                });
                product
            }
            Covariance::Factored(Factored { factor, .. }) => factor.dot(&factor.t().dot(&right)),
            Covariance::LowRank(low) => single(low.parts().times(double(right).view()).view()),
            Covariance::Blocks(blocks) => {
                let mut product = Array2::zeros(right.dim());
                for (item, block) in blocks.iter().enumerate() {
                    if let Some(block) = block {
                        let own = design.free_of_item(item);
                        let rows = single(block.view()).dot(&right.slice(s![own.clone(), ..]));
                        product.slice_mut(s![own, ..]).assign(&rows);
                    }
                }
                product
            }
        }
    }

    /// The covariance times a number.
    pub fn times_number(self, times: f64) -> Self {
        match self {
            Covariance::Joint(matrix) => Covariance::Joint(matrix * times),
            Covariance::Blocks(blocks) => {
                let times = |block: Option<Array2<f64>>| block.map(|block| block * times);
                Covariance::Blocks(blocks.into_iter().map(times).collect())
            }
            Covariance::Factored(Factored { factor, blocks }) => Covariance::Factored(Factored {
                factor: factor * times.sqrt() as f32,
                blocks: blocks.into_iter().map(|block| block * times).collect(),
            }),
            Covariance::LowRank(low) => Covariance::LowRank(low.times_number(times)),
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
        let n_standard = match self {
            Covariance::Factored(Factored { factor, .. }) => factor.ncols(),
            Covariance::Joint(_) | Covariance::Blocks(_) | Covariance::LowRank(_) => design.n_free(),
        };
        let mut standard = memory::zeros(n_standard, n_draws)?;
        for mut row in standard.rows_mut() {
            monitor.proceed()?;
            row.mapv_inplace(|_| normal());
        }
        match self {
            Covariance::Factored(Factored { factor, .. }) => {
                Ok(double(factor.dot(&single(standard.view())).view()))
            }
            Covariance::LowRank(low) => Ok(low.draw(standard)),
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
            Covariance::LowRank(low) => return low.parts().within(item, &free),
            Covariance::Joint(matrix) => (Some(matrix), 0),
            Covariance::Factored(Factored { blocks, .. }) => {
                (Some(&blocks[item]), design.free_of_item(item).start)
            }
            Covariance::Blocks(blocks) => (blocks[item].as_ref(), design.free_of_item(item).start),
        };
        Array2::from_shape_fn((free.len(), free.len()), |(i, j)| {
            matrix.map_or(f64::NAN, |matrix| matrix[[free[i] - first, free[j] - first]])
        })
    }

    /// For each of some respondents `J C J'`, where `J` are the derivatives of their means.
    pub fn of_means(&self, slopes: &Scores, design: &Design) -> Vec<Array2<f64>> {
        let everybody = 0..slopes.n_respondents();
        match self {
            Covariance::Joint(matrix) => {
                let matrix = single(matrix.view());
                let (slopes_of_all, n_dims) = (slopes.dense(), slopes.n_columns());
                let parts = map(
                    slopes_of_all.axis_chunks_iter(Axis(0), n_dims * RESPONDENTS_PER_TASK),
                    |slopes| {
                        let products = slopes.dot(&matrix);
                        let products = products.axis_chunks_iter(Axis(0), n_dims);
                        let own = slopes.axis_chunks_iter(Axis(0), n_dims).zip(products);
                        own.map(|(own, product)| symmetric(double(own.dot(&product.t()).view()).view()))
                            .collect::<Vec<_>>()
                    },
                );
                parts.into_iter().flatten().collect()
            }
            Covariance::Factored(Factored { factor, .. }) => map(everybody, |position| {
                let moved = slopes.transposed_times(position, factor.view());
                double(moved.dot(&moved.t()).view())
            }),
            Covariance::LowRank(low) => low.parts().of_means(slopes, design),
            Covariance::Blocks(blocks) => map(everybody, |position| {
                slopes.by_item(position, &|first| blocks[design.item_of(first)].as_ref())
            }),
        }
    }

    /// The covariance under the conditions that fix the axes, `P C P'`, where `P` moves along rotations until they are principal; one
    /// by item has none.
    pub fn in_gauge(self, conditions: &Conditions) -> Self {
        if conditions.is_empty() {
            return self;
        }
        let derivatives = conditions.derivatives();
        match self {
            Covariance::Blocks(_) => self,
            Covariance::Joint(mut matrix) => {
                let known = product(&matrix, derivatives);
                if let Some(Moves { vectors, half }) = conditions.moves(&known) {
                    subtract_products(&mut matrix, vectors.view(), half.view());
                }
                Covariance::Joint(matrix)
            }
            Covariance::Factored(factored) => {
                let factor = double(factored.factor.view());
                let known = product(&factor, &product(factor.t(), derivatives));
                Covariance::Factored(match conditions.moves(&known) {
                    Some(Moves { vectors, half }) => factored.moved(vectors.view(), derivatives, half.view()),
                    None => factored,
                })
            }
            Covariance::LowRank(low) => {
                Covariance::LowRank(match conditions.moves(&low.parts().times(derivatives)) {
                    Some(Moves { vectors, half }) => low.minus(vectors.view(), half.view()),
                    None => low,
                })
            }
        }
    }
}
