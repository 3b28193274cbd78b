//! The rows of an item in the table of parameters, and the linear predictors that they stand for.
//!
//! An item has a row for each of its options but the reference: the discriminations by dimension, then the difficulty. The kernels
//! read rows; what is estimated are the free parameters, of which the rows are a linear map, see
//! [`Design`](crate::model::table_design::Design).

use crate::model::observations::Observations;
use crate::model::response::lanes::{Lanes, add_multiple, product};
use candle_core::{Result, Tensor};
use ndarray::{Array1, Array2, ArrayView2, s};
use std::ops::{AddAssign, Mul, Neg};

/// Columns of the table of item parameters.
pub fn width(n_dims: usize) -> usize {
    n_dims + 1
}

/// Number of dimensions of a table with so many columns.
pub fn n_dims(width: usize) -> usize {
    width - 1
}

/// The discriminations and the difficulty of a row of the table.
#[inline(always)]
pub fn split<T>(row: &[T]) -> (&[T], &T) {
    let n_dims = n_dims(row.len());
    (&row[..n_dims], &row[n_dims])
}

/// The discriminations in some rows of the table.
pub(crate) fn discriminations(rows: ArrayView2<'_, f64>) -> ArrayView2<'_, f64> {
    let n_dims = n_dims(rows.ncols());
    rows.slice_move(s![.., ..n_dims])
}

/// A row of the table.
pub fn row<T>(discriminations: impl IntoIterator<Item = T>, difficulty: T) -> impl Iterator<Item = T> {
    discriminations.into_iter().chain([difficulty])
}

/// What the parameters of a row are multiplied by in its predictors at some points: the coordinates of all points, then -1 for
/// each.
pub fn columns(mut coordinates: Vec<f32>, n_points: usize) -> Vec<f32> {
    coordinates.resize(coordinates.len() + n_points, -1.0);
    coordinates
}

/// The linear predictors `gamma . alpha - beta` of a row of the table at some points of the traits side by side, whose coordinates
/// are given.
#[inline(always)]
pub fn predict<T, const N: usize>(row: &[T], points: &[[T; N]]) -> [T; N]
where
    T: Copy + Neg<Output = T> + Mul<Output = T> + AddAssign,
{
    let (discriminations, &difficulty) = split(row);
    let mut predictor = [-difficulty; N];
    for (&gamma, point) in discriminations.iter().zip(points) {
        (0..N).for_each(|lane| predictor[lane] += gamma * point[lane]);
    }
    predictor
}

/// The same of several rows side by side, which are given column by column, at one point.
#[inline(always)]
pub fn predict_side_by_side<const N: usize>(rows: &[Lanes<N>], point: &[f32]) -> Lanes<N> {
    let (discriminations, difficulties) = split(rows);
    let mut predictors = difficulties.map(|x| -x);
    for (gammas, &x) in discriminations.iter().zip(point) {
        predictors = add_multiple(x, gammas, &predictors);
    }
    predictors
}

/// The derivatives by the parameters of a row at points side by side, from those by its predictor: `each` gets them by column.
#[inline(always)]
pub fn by_parameters<const N: usize>(
    n_dims: usize,
    by_predictor: &Lanes<N>,
    points: &[Lanes<N>],
    mut each: impl FnMut(usize, Lanes<N>),
) {
    for (d, point) in points[..n_dims].iter().enumerate() {
        each(d, product(by_predictor, point));
    }
    each(n_dims, by_predictor.map(|x| -x));
}

/// Adds the derivatives by the coordinates of points side by side, from those by the predictor of a row.
#[inline(always)]
pub fn add_slopes<const N: usize>(n_dims: usize, row: &[f32], by_predictor: &Lanes<N>, to: &mut [Lanes<N>]) {
    for (to, gamma) in to[..n_dims].iter_mut().zip(row) {
        for lane in 0..N {
            to[lane] += by_predictor[lane] * gamma;
        }
    }
}

/// The linear predictors `gamma . alpha - beta` of every slot at some points of the respondents' traits (`n_respondents x
/// n_points x n_dims`): `n_slots x n_points`. `parameters` are those of the slots, the discriminations by dimension, then the
/// difficulty, `n_slots x (n_dims + 1)`.
///
/// # Errors
/// When the shapes do not fit.
pub fn predictors(parameters: &Tensor, traits: &Tensor, observed: &Observations) -> Result<Tensor> {
    let (_, n_points, n_dims) = traits.dims3()?;
    // Products with ones spread a column over the points: their derivatives are products, too, and not sums of a few numbers, which
    // take a GPU long.
    let ones = Tensor::ones((1, n_points), traits.dtype(), traits.device())?;
    let column = |d: usize| parameters.narrow(1, d, 1)?.contiguous()?.matmul(&ones);
    let mut predictors = column(n_dims)?.neg()?;
    for d in 0..n_dims {
        let coordinate = traits.narrow(2, d, 1)?.squeeze(2)?.contiguous()?;
        predictors = (predictors + (observed.of_respondent(&coordinate)? * column(d)?)?)?;
    }
    Ok(predictors)
}

/// The largest difference along a direction between the slopes of two options of an item, whose rows are given.
pub(crate) fn steepest<'a>(rows: impl Iterator<Item = &'a [f32]>, direction: &[f64]) -> f64 {
    let (low, high) = rows.fold((0.0f64, 0.0f64), |(low, high), row| {
        let (slopes, _) = split(row);
        let slope = slopes.iter().zip(direction).map(|(&a, x)| f64::from(a) * x).sum();
        (low.min(slope), high.max(slope))
    });
    high - low
}

/// The matrix that takes (discriminations, difficulty) along when the traits become `A (alpha - c)`: the linear predictor
/// stays what it is, so `gamma` becomes `A^-T gamma` and `beta` becomes `beta - gamma . c`.
pub fn jacobian(inverse_transposed: &Array2<f64>, shift: &Array1<f64>) -> Array2<f64> {
    let n_dims = shift.len();
    let mut jacobian = Array2::eye(width(n_dims));
    jacobian
        .slice_mut(s![..n_dims, ..n_dims])
        .assign(inverse_transposed);
    for d in 0..n_dims {
        jacobian[[n_dims, d]] = -shift[d];
    }
    jacobian
}

/// The derivatives of a row on a normalised scale by the means and the standard deviations that normalise the traits: the
/// discriminations are multiplied by these, and the difficulty is less by the discriminations times those.
pub fn by_location_and_scale(row: &[f64]) -> Array2<f64> {
    let (discriminations, _) = split(row);
    let n_dims = discriminations.len();
    let mut derivatives = Array2::zeros((row.len(), 2 * n_dims));
    for (d, &gamma) in discriminations.iter().enumerate() {
        derivatives[[d, n_dims + d]] = gamma;
        derivatives[[n_dims, d]] = -gamma;
    }
    derivatives
}

/// The rows of an item that share their discriminations.
pub(crate) fn rows_with<T: Copy>(
    discriminations: &[T],
    difficulties: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = T> {
    let difficulties = difficulties.into_iter();
    difficulties.flat_map(|difficulty| row(discriminations.iter().copied(), difficulty))
}
