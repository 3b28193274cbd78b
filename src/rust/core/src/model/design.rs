//! The rows of an item in the table of parameters, and the linear predictors that they stand for.
//!
//! An item has a row for each of its options but the reference: the discriminations by dimension, then the difficulty.

use crate::model::observations::Observations;
use candle_core::{Result, Tensor};
use std::ops::{AddAssign, Mul, Neg};

/// Columns of the table of item parameters.
pub fn width(n_dims: usize) -> usize {
    n_dims + 1
}

/// Number of dimensions of a table with so many columns.
pub fn n_dims(width: usize) -> usize {
    width - 1
}

/// The linear predictors `gamma . alpha - beta` of a row of the table at some points of the traits side by side, whose coordinates
/// are given.
#[inline(always)]
pub fn predict<T, const N: usize>(row: &[T], points: &[[T; N]]) -> [T; N]
where
    T: Copy + Neg<Output = T> + Mul<Output = T> + AddAssign,
{
    let (discriminations, difficulty) = row.split_at(points.len());
    let mut predictor = [-difficulty[0]; N];
    for (&gamma, point) in discriminations.iter().zip(points) {
        (0..N).for_each(|lane| predictor[lane] += gamma * point[lane]);
    }
    predictor
}

/// Adds the weighted derivatives by the parameters of a row for points side by side, from those by its predictor.
#[inline(always)]
pub fn add_gradient<const N: usize>(
    residual: &[f32; N],
    weights: &[f32; N],
    points: &[[f32; N]],
    sums: &mut [[f32; N]],
) {
    let mut weighted = [0.0f32; N];
    for lane in 0..N {
        weighted[lane] = residual[lane] * weights[lane];
    }
    let (by_discriminations, by_difficulty) = sums.split_at_mut(points.len());
    for (sum, point) in by_discriminations.iter_mut().zip(points) {
        for lane in 0..N {
            sum[lane] += weighted[lane] * point[lane];
        }
    }
    for lane in 0..N {
        by_difficulty[0][lane] -= weighted[lane];
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
