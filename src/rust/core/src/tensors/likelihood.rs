//! Log likelihoods of a batch at many points, and their derivatives.

use crate::model::link::Link;
use crate::tensors::batch::TensorBatch;
use candle_core::{Result, Tensor};

/// What [`evaluate`] finds.
pub(crate) struct Evaluated {
    /// `n_respondents x n_points`.
    pub log_likelihood: Tensor,
    /// The derivatives of the log probabilities by the linear predictors, `n_slots x n_points`.
    pub residuals: Tensor,
    /// The item parameters of every slot, `n_slots x (n_dims + 1)`.
    pub parameters: Tensor,
}

/// The log likelihoods at so many points for each respondent: `points[d]` holds coordinate `d` of all, `n_respondents x
/// n_points`. `items` is the table of item parameters.
pub(crate) fn evaluate(
    link: Link,
    items: &Tensor,
    batch: &TensorBatch,
    points: &[Tensor],
) -> Result<Evaluated> {
    let parameters = items.index_select(&batch.row_of_slot, 0)?;
    let mut predictors = parameters.narrow(1, points.len(), 1)?.neg()?;
    for (d, coordinate) in points.iter().enumerate() {
        let of_slots = coordinate.contiguous()?.index_select(&batch.owner_of_slot, 0)?;
        let product = of_slots.broadcast_mul(&parameters.narrow(1, d, 1)?)?;
        predictors = product.broadcast_add(&predictors)?;
    }
    let (terms, residuals) = match link {
        Link::Logit => logit(batch, &predictors)?,
        Link::Probit => probit(batch, &predictors)?,
    };
    Ok(Evaluated {
        log_likelihood: batch.responses_by_respondent.sum(&terms)?,
        residuals,
        parameters,
    })
}

/// Sums over the points of a respondent of `weight residual [a, -1]`, the derivatives of weighted log likelihoods by the item
/// parameters of every slot, `n_slots x (n_dims + 1)`. `weights` are `n_respondents x n_points`.
pub(crate) fn gradient_by_slots(
    batch: &TensorBatch,
    residuals: &Tensor,
    weights: &Tensor,
    points: &[Tensor],
) -> Result<Tensor> {
    let of_slots = |tensor: &Tensor| tensor.contiguous()?.index_select(&batch.owner_of_slot, 0);
    let weighted = (of_slots(weights)? * residuals)?;
    let mut columns = Vec::with_capacity(points.len() + 1);
    for coordinate in points {
        columns.push((&weighted * of_slots(coordinate)?)?.sum_keepdim(1)?);
    }
    columns.push(weighted.sum_keepdim(1)?.neg()?);
    Tensor::cat(&columns, 1)
}

/// The log probabilities of the responses and their derivatives: the softmax over the options, with the predictor 0 of the
/// reference.
fn logit(batch: &TensorBatch, predictors: &Tensor) -> Result<(Tensor, Tensor)> {
    let largest = batch.largest_by_response(predictors)?;
    let shares = (predictors - batch.of_response(&largest)?)?.exp()?;
    let total = (batch.sum_by_response(&shares)? + largest.neg()?.exp()?)?;
    let of_chosen = predictors.index_select(&batch.chosen_slot, 0)?;
    let terms = ((of_chosen - largest)? - total.log()?)?;
    let probabilities = (shares / batch.of_response(&total)?)?;
    Ok((terms, probabilities.neg()?.broadcast_add(&batch.is_chosen)?))
}

/// `ln Phi(x)` and `phi(x) / Phi(x)` with `x` the predictor, or its negative where the reference was chosen; the formulae are
/// those of [`crate::base::math::Normal`].
fn probit(batch: &TensorBatch, predictors: &Tensor) -> Result<(Tensor, Tensor)> {
    const SQRT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
    let sign = ((&batch.is_chosen * 2.0)? - 1.0)?;
    let x = predictors.broadcast_mul(&sign)?;
    let scaled = erfcx(&(x.abs()? * std::f64::consts::FRAC_1_SQRT_2)?)?;
    let half_square = (x.sqr()? * 0.5)?;
    let density = half_square.neg()?.exp()?;
    let upper = (((&density * &scaled)? * -0.5)? + 1.0)?;
    let left = x.lt(0.0)?;
    let terms = left.where_cond(&((&scaled * 0.5)?.log()? - half_square)?, &upper.log()?)?;
    let derivative = left.where_cond(
        &(scaled.recip()? * SQRT_2_OVER_PI)?,
        &((density / upper)? * (0.5 * SQRT_2_OVER_PI))?,
    )?;
    Ok((terms, derivative.broadcast_mul(&sign)?))
}

/// `e^(z^2) erfc(z)` for `z >= 0`; see [`crate::base::math::erfcx`].
fn erfcx(z: &Tensor) -> Result<Tensor> {
    let t = ((z * 0.5)? + 1.0)?.recip()?;
    let mut polynomial = (t.zeros_like()? + f64::from(crate::base::math::ERFCX[0]))?;
    for &coefficient in &crate::base::math::ERFCX[1..] {
        polynomial = ((polynomial * &t)? + f64::from(coefficient))?;
    }
    polynomial.exp()? * t
}
