//! Algebra of symmetric matrices with a row and a column for each item parameter.

use crate::base::error::Result;
use crate::base::linalg::{invert, plus, product, solve_lower, solve_upper, symmetric};
use crate::base::monitor::Monitor;
use crate::base::threads::try_map;
use crate::information::scores::Scores;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, s};
use std::ops::Range;

/// Rows of a square of scores that one task computes.
const ROWS_OF_SQUARE: usize = 64;

/// The share of the scores that are not 0 up to which it is faster to look at these alone.
pub(crate) const SPARSE: f64 = 0.15;

/// Steps of the power iteration.
const POWERS: usize = 30;

/// `matrix -= a b' + b a'`.
pub(crate) fn subtract_products(matrix: &mut Array2<f64>, a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) {
    general_mat_mul(-1.0, &a, &b.t(), 1.0, matrix);
    general_mat_mul(-1.0, &b, &a.t(), 1.0, matrix);
}

/// Changes a symmetric matrix as little as it takes to map some vectors (columns) to wanted images. False, and no change, where
/// the vectors depend on each other.
pub(crate) fn fix_images(
    matrix: &mut Array2<f64>,
    vectors: ArrayView2<'_, f64>,
    images: ArrayView2<'_, f64>,
) -> bool {
    let missing = plus(images, -1.0, &product(&*matrix, vectors));
    let Some(correction) = correction(vectors, &missing) else {
        return false;
    };
    subtract_products(matrix, vectors, correction.view());
    true
}

/// The `b` with which `M - a b' - b a'` maps the vectors `a` to their images, where `missing` is what these have more than `M a`;
/// nothing where the vectors depend on each other.
pub(crate) fn correction(vectors: ArrayView2<'_, f64>, missing: &Array2<f64>) -> Option<Array2<f64>> {
    let gram = invert(product(vectors.t(), vectors).view())?;
    let within = symmetric(product(vectors.t(), missing).view());
    let half = product(&product(vectors, &gram), &within);
    Some(product(&plus(missing, -0.5, &half), &(gram * -1.0)))
}

/// The direction in which a matrix is smallest in units of a positive definite one that is nowhere smaller, whose Cholesky factor is
/// given, by power iteration.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn lowest_direction(
    matrix: &Array2<f64>,
    factor: &Array2<f64>,
    monitor: &dyn Monitor,
) -> Result<Array1<f64>> {
    let mut direction = Array1::from_iter((0..matrix.nrows()).map(|i| (i * 31 % 13) as f64 - 6.0));
    for _ in 0..POWERS {
        monitor.proceed()?;
        let half = solve_lower(factor.view(), matrix.dot(&direction).view());
        direction -= &solve_upper(factor.view(), half.view());
        let length = direction.dot(&direction).sqrt().max(f64::MIN_POSITIVE);
        direction /= length;
    }
    Ok(direction)
}

/// Adds `scores scores'` to the lower triangle of a matrix, where few of the scores are known.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn add_square(matrix: &mut Array2<f64>, scores: &Scores, monitor: &dyn Monitor) -> Result<()> {
    add_by_rows(matrix, monitor, |run, rows| scores.add_rows_of_square(run, rows))
}

/// Adds `X' X` to the lower triangle of a matrix.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn add_dense_square(
    matrix: &mut Array2<f64>,
    dense: &Array2<f32>,
    monitor: &dyn Monitor,
) -> Result<()> {
    add_by_rows(matrix, monitor, |run, rows| {
        let last = run.end;
        let own = dense.slice(s![.., run]);
        let product = own.t().dot(&dense.slice(s![.., ..last]));
        let mut lower = rows.slice_mut(s![.., ..last]);
        lower.zip_mut_with(&product, |sum, &x| *sum += f64::from(x));
    })
}

/// Adds to a matrix what `add` adds to a run of its rows.
fn add_by_rows(
    matrix: &mut Array2<f64>,
    monitor: &dyn Monitor,
    add: impl Fn(Range<usize>, &mut ArrayViewMut2<f64>) + Sync,
) -> Result<()> {
    let runs = matrix.axis_chunks_iter_mut(Axis(0), ROWS_OF_SQUARE);
    try_map(runs.enumerate(), |(run, mut rows)| {
        monitor.proceed()?;
        let first = run * ROWS_OF_SQUARE;
        add(first..first + rows.nrows(), &mut rows);
        Ok(())
    })?;
    Ok(())
}
