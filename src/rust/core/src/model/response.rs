//! The probability of a response: `P(y_ij = c) = F(gamma_jc . alpha_i - beta_jc)`, by operations of Candle.

use crate::base::math;
use crate::model::link::Link;
use crate::model::observations::Observations;
use candle_core::{Result, Tensor};
use std::f64::consts::FRAC_1_SQRT_2;

/// The linear predictors `gamma . alpha - beta` of every slot at some points of the respondents' traits (`n_respondents x
/// n_points x n_dims`): `n_slots x n_points`. `parameters` are those of the slots, the discriminations by dimension, then the
/// difficulty, `n_slots x (n_dims + 1)`.
fn predictors(parameters: &Tensor, traits: &Tensor, observed: &Observations) -> Result<Tensor> {
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

/// The log probabilities of the responses for the predictors of their slots: `n_slots x n_points` to
/// `n_responses x n_points`.
fn log_probabilities(link: Link, predictors: &Tensor, observed: &Observations) -> Result<Tensor> {
    match link {
        Link::Logit => softmax(predictors, observed),
        Link::Probit => {
            let sign = ((&observed.is_chosen * 2.0)? - 1.0)?;
            normal(&predictors.broadcast_mul(&sign)?)
        }
    }
}

/// The log likelihoods `ln p(y_i | alpha)` of the respondents at some points, `n_respondents x n_points`: responses are
/// independent given the traits.
///
/// # Errors
/// When the shapes do not fit.
pub fn log_likelihood(
    link: Link,
    parameters: &Tensor,
    traits: &Tensor,
    observed: &Observations,
) -> Result<Tensor> {
    let predictors = predictors(parameters, traits, observed)?;
    observed.sum_by_respondent(&log_probabilities(link, &predictors, observed)?)
}

/// `eta_c - ln sum_k e^eta_k` over the options of an item, with `eta = 0` for the reference. The largest is taken off first,
/// so that nothing overflows.
fn softmax(predictors: &Tensor, observed: &Observations) -> Result<Tensor> {
    let largest = observed.largest_by_response(predictors)?;
    let shares = (predictors - observed.of_response(&largest)?)?.exp()?;
    let total = (observed.sum_by_response(&shares)? + largest.neg()?.exp()?)?;
    (observed.of_chosen(predictors)? - largest)? - total.log()?
}

/// `ln Phi(x)`: left of 0 from `e^(z^2) erfc(z)` with `z = |x| / sqrt(2)`, which does not underflow.
fn normal(x: &Tensor) -> Result<Tensor> {
    let scaled = erfcx(&(x.abs()? * FRAC_1_SQRT_2)?)?;
    let half_square = (x.sqr()? * 0.5)?;
    let left = ((&scaled * 0.5)?.log()? - &half_square)?;
    let right = ((half_square.neg()?.exp()? * scaled)?.affine(-0.5, 1.0))?.log()?;
    x.lt(0.0)?.where_cond(&left, &right)
}

/// `e^(z^2) erfc(z)` for `z >= 0`; see [`math::erfcx`].
fn erfcx(z: &Tensor) -> Result<Tensor> {
    let t = z.affine(0.5, 1.0)?.recip()?;
    let mut polynomial = t.zeros_like()?.affine(1.0, f64::from(math::ERFCX[0]))?;
    for &coefficient in &math::ERFCX[1..] {
        polynomial = ((polynomial * &t)? + f64::from(coefficient))?;
    }
    polynomial.exp()? * t
}
