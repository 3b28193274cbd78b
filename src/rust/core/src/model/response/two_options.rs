//! Items with two options: `P(1) = F(eta)`.

use crate::base::math::{self, LogCdf, Logistic, Normal};
use crate::model::link::Link;
use crate::model::observations::Observations;
use crate::model::response::lanes::{Lanes, LogProduct};
use candle_core::{Result, Tensor};
use std::f64::consts::FRAC_1_SQRT_2;

/// The log probabilities `ln Phi(+-eta)` of responses under the probit link, `n_responses x n_points`, from their predictors. (Under
/// the logit link two options are a case of [several](crate::model::response::nominal).)
///
/// # Errors
/// When the shapes do not fit.
pub fn log_probabilities(predictors: &Tensor, observed: &Observations) -> Result<Tensor> {
    let sign = ((&observed.is_chosen * 2.0)? - 1.0)?;
    log_cdf(&predictors.broadcast_mul(&sign)?)
}

/// `ln Phi(x)`: left of 0 from `e^(z^2) erfc(z)` with `z = |x| / sqrt(2)`, which does not underflow.
pub(crate) fn log_cdf(x: &Tensor) -> Result<Tensor> {
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

/// Multiplies the probability of a response to `product`; the predictor becomes the derivative of its logarithm. Returns minus the
/// second derivative.
#[inline(always)]
pub fn evaluate<const N: usize>(
    link: Link,
    predictor: &mut Lanes<N>,
    chosen: usize,
    product: &mut LogProduct<N>,
) -> Lanes<N> {
    match link {
        Link::Logit => evaluate_by::<Logistic, N>(predictor, chosen, product),
        Link::Probit => evaluate_by::<Normal, N>(predictor, chosen, product),
    }
}

#[inline(always)]
fn evaluate_by<F: LogCdf, const N: usize>(
    predictor: &mut Lanes<N>,
    chosen: usize,
    product: &mut LogProduct<N>,
) -> Lanes<N> {
    let sign = sign(chosen);
    let (mut linear, mut factor, mut curvature) = ([0.0; N], [0.0; N], [0.0; N]);
    for lane in 0..N {
        let x = sign * predictor[lane];
        let terms = F::terms(x);
        linear[lane] = terms.linear;
        factor[lane] = terms.factor;
        curvature[lane] = F::curvature(x, terms.derivative);
        predictor[lane] = sign * terms.derivative;
    }
    product.multiply(&linear, &factor);
    curvature
}

/// The sign with which a predictor stands in the probability of a response, `F(sign eta)`.
#[inline(always)]
pub fn sign(chosen: usize) -> f32 {
    if chosen == 1 { 1.0 } else { -1.0 }
}
