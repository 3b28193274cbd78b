//! Items with several options in no order: the softmax `P(c) = e^eta_c / sum_k e^eta_k`, with `eta = 0` for the reference.

use crate::base::math;
use crate::model::observations::Observations;
use crate::model::response::lanes::{Lanes, LogProduct};
use candle_core::{Result, Tensor};

/// The log probabilities of responses, `n_responses x n_points`, from the predictors of their slots, `n_slots x n_points`: `eta_c - ln
/// sum_k e^eta_k`. The largest is taken off first, so that nothing overflows.
///
/// # Errors
/// When the shapes do not fit.
pub fn log_probabilities(predictors: &Tensor, observed: &Observations) -> Result<Tensor> {
    let largest = observed.largest_by_response(predictors)?;
    let shares = (predictors - observed.of_response(&largest)?)?.exp()?;
    let total = (observed.sum_by_response(&shares)? + largest.neg()?.exp()?)?;
    (observed.of_chosen(predictors)? - largest)? - total.log()?
}

/// Multiplies the probability of a response to `product`; the predictors become the derivatives of its logarithm.
#[inline(always)]
pub fn evaluate<const N: usize>(predictors: &mut [Lanes<N>], chosen: usize, product: &mut LogProduct<N>) {
    let (linear, scale) = exponentials(predictors, chosen);
    for predictor in predictors.iter_mut() {
        (0..N).for_each(|lane| predictor[lane] *= -scale[lane]);
    }
    if chosen > 0 {
        (0..N).for_each(|lane| predictors[chosen - 1][lane] += 1.0);
    }
    product.multiply(&linear, &scale);
}

/// [`evaluate`] with minus the second derivatives, which are `diag(p) - p p'` with the probabilities `p` of the options.
#[inline(always)]
pub fn evaluate_with_probabilities<const N: usize>(
    predictors: &mut [Lanes<N>],
    chosen: usize,
    product: &mut LogProduct<N>,
    probabilities: &mut [Lanes<N>],
) {
    evaluate(predictors, chosen, product);
    for (probability, residual) in probabilities.iter_mut().zip(predictors.iter()) {
        (0..N).for_each(|lane| probability[lane] = -residual[lane]);
    }
    if chosen > 0 {
        (0..N).for_each(|lane| probabilities[chosen - 1][lane] += 1.0);
    }
}

/// The predictors become numbers in the proportions of the probabilities. Returns what the log probability is beside the
/// logarithm of the scale, and the scale that makes them probabilities. The largest predictor is taken off first, so that
/// nothing overflows.
#[inline(always)]
fn exponentials<const N: usize>(predictors: &mut [Lanes<N>], chosen: usize) -> (Lanes<N>, Lanes<N>) {
    let mut largest = [0.0f32; N];
    for predictor in predictors.iter() {
        (0..N).for_each(|lane| largest[lane] = largest[lane].max(predictor[lane]));
    }
    let mut linear = if chosen > 0 {
        predictors[chosen - 1]
    } else {
        [0.0; N]
    };
    let mut sum = [0.0f32; N];
    (0..N).for_each(|lane| sum[lane] = math::exp(-largest[lane]));
    for predictor in predictors.iter_mut() {
        for lane in 0..N {
            let exponential = math::exp(predictor[lane] - largest[lane]);
            sum[lane] += exponential;
            predictor[lane] = exponential;
        }
    }
    for lane in 0..N {
        linear[lane] -= largest[lane];
        sum[lane] = 1.0 / sum[lane];
    }
    (linear, sum)
}
