//! The aggregate posterior: the weighted average of everybody's posterior distributions.

use crate::base::error::{Error, Result};
use crate::base::linalg::{sandwich, symmetric_eigen};
use crate::model::scale::AffineMap;
use crate::posterior::moments::Moments;
use ndarray::{Array1, Array2};

/// Its mean and covariance.
pub(crate) fn aggregate(moments: &Moments, weights: &[f64]) -> (Array1<f64>, Array2<f64>) {
    let covariance = |position: usize, i: usize, j: usize| moments.covariance(position)[i * (i + 1) / 2 + j];
    aggregate_of(
        moments.n_dims,
        weights,
        |position| moments.mean(position),
        covariance,
    )
}

/// The same of posteriors whose means are told by position, and whose covariances by position and element, the row not before the column.
pub(crate) fn aggregate_of<'m>(
    n_dims: usize,
    weights: &[f64],
    mean_of: impl Fn(usize) -> &'m [f64],
    covariance_of: impl Fn(usize, usize, usize) -> f64,
) -> (Array1<f64>, Array2<f64>) {
    let mut mean = Array1::<f64>::zeros(n_dims);
    let mut second = Array2::<f64>::zeros((n_dims, n_dims));
    let total: f64 = weights.iter().sum();
    for (position, &weight) in weights.iter().enumerate() {
        let m = mean_of(position);
        for i in 0..n_dims {
            mean[i] += weight * m[i];
            for j in 0..=i {
                second[[i, j]] += weight * (covariance_of(position, i, j) + m[i] * m[j]);
            }
        }
    }
    for i in 0..n_dims {
        for j in 0..i {
            second[[j, i]] = second[[i, j]];
        }
    }
    mean /= total;
    second /= total;
    for i in 0..n_dims {
        for j in 0..n_dims {
            second[[i, j]] -= mean[i] * mean[j];
        }
    }
    (mean, second)
}

/// The map after which the aggregate posterior has mean 0 and covariance I, by a symmetric matrix.
///
/// # Errors
/// [`Error::Responses`] when the aggregate posterior has no spread in some direction.
pub(crate) fn whitening(moments: &Moments, weights: &[f64]) -> Result<AffineMap> {
    whitening_of(aggregate(moments, weights))
}

/// The same from the mean and the covariance.
///
/// # Errors
/// [`Error::Responses`] when there is no spread in some direction.
pub(crate) fn whitening_of((shift, covariance): (Array1<f64>, Array2<f64>)) -> Result<AffineMap> {
    let (values, vectors) = symmetric_eigen(covariance.view());
    if values.iter().any(|&v| !v.is_finite() || v <= f64::EPSILON) {
        return Err(Error::Responses(
            "the respondents do not differ in every dimension".into(),
        ));
    }
    let scale = Array2::from_diag(&values.mapv(|v| 1.0 / v.sqrt()));
    Ok(AffineMap {
        matrix: sandwich(&vectors, &scale),
        shift,
    })
}
