//! The covariance of what is pulled by something else that is not known.

use crate::base::linalg::{plus, product, sandwich, symmetric};
use ndarray::Array2;

/// The covariance of `x + pull f`, where `x` has the covariance `own`, and `cross` with the functionals `f`, which have `of_functionals`.
pub(crate) fn pulled(
    own: &Array2<f64>,
    cross: &Array2<f64>,
    pull: &Array2<f64>,
    of_functionals: &Array2<f64>,
) -> Array2<f64> {
    let apart = plus(own, 1.0, &sandwich(pull, of_functionals));
    plus(&apart, 2.0, &symmetric(product(cross, pull.t()).view()))
}
