//! Log likelihoods of a respondent at some points side by side.

use crate::base::math::{self, LogCdf};
use crate::responses::response::Response;

/// Samples that are evaluated side by side.
pub const LANES: usize = 4;

/// One number for each of these samples.
pub type Lanes = [f32; LANES];

/// Factors of probabilities that are multiplied before their logarithm is taken. Each is at least the reciprocal of
/// twice the number of options, so that the product of eight stays a normal number up to 30,000 options.
pub(crate) const FACTORS_PER_LOGARITHM: usize = 8;

/// The log likelihoods of the responses at the points of a block; `residuals` gets the derivatives of the log
/// probabilities by the linear predictors, slot by slot.
#[inline(always)]
pub(crate) fn log_likelihood<F: LogCdf>(
    n_dims: usize,
    items: &[f32],
    responses: &[Response],
    points: &[Lanes],
    residuals: &mut [Lanes],
) -> Lanes {
    let width = n_dims + 1;
    let mut total = [0.0f32; LANES];
    let mut factor = [1.0f32; LANES];
    let mut rest = residuals;
    for (number, response) in responses.iter().enumerate() {
        let (own, others) = rest.split_at_mut(response.n_rows as usize);
        rest = others;
        let first = response.first_row as usize * width;
        let rows = &items[first..first + own.len() * width];
        for (predictor, row) in own.iter_mut().zip(rows.chunks_exact(width)) {
            let mut sum = [-row[n_dims]; LANES];
            for (&slope, point) in row[..n_dims].iter().zip(points) {
                (0..LANES).for_each(|lane| sum[lane] += slope * point[lane]);
            }
            *predictor = sum;
        }
        match own {
            [predictor] => binary::<F>(predictor, response.chosen, &mut total, &mut factor),
            own => nominal(own, response.chosen as usize, &mut total, &mut factor),
        }
        if number % FACTORS_PER_LOGARITHM == FACTORS_PER_LOGARITHM - 1 {
            (0..LANES).for_each(|lane| total[lane] += math::ln(factor[lane]));
            factor = [1.0; LANES];
        }
    }
    (0..LANES).for_each(|lane| total[lane] += math::ln(factor[lane]));
    total
}

/// One response to an item with two options: the log probability is `total + ln(factor)`.
#[inline(always)]
fn binary<F: LogCdf>(predictor: &mut Lanes, chosen: u32, total: &mut Lanes, factor: &mut Lanes) {
    let sign = chosen as i32 as f32 * 2.0 - 1.0;
    for lane in 0..LANES {
        let terms = F::terms(sign * predictor[lane]);
        total[lane] += terms.linear;
        factor[lane] *= terms.factor;
        predictor[lane] = sign * terms.derivative;
    }
}

/// One response to an item with several options.
#[inline(always)]
fn nominal(predictors: &mut [Lanes], chosen: usize, total: &mut Lanes, factor: &mut Lanes) {
    let mut largest = [0.0f32; LANES];
    for predictor in predictors.iter() {
        (0..LANES).for_each(|lane| largest[lane] = largest[lane].max(predictor[lane]));
    }
    if chosen > 0 {
        (0..LANES).for_each(|lane| total[lane] += predictors[chosen - 1][lane]);
    }
    let mut sum = [0.0f32; LANES];
    (0..LANES).for_each(|lane| sum[lane] = math::exp(-largest[lane]));
    for predictor in predictors.iter_mut() {
        for lane in 0..LANES {
            predictor[lane] = math::exp(predictor[lane] - largest[lane]);
            sum[lane] += predictor[lane];
        }
    }
    let mut scale = [0.0f32; LANES];
    for lane in 0..LANES {
        scale[lane] = 1.0 / sum[lane];
        total[lane] -= largest[lane];
        factor[lane] *= scale[lane];
    }
    for predictor in predictors.iter_mut() {
        (0..LANES).for_each(|lane| predictor[lane] *= -scale[lane]);
    }
    if chosen > 0 {
        (0..LANES).for_each(|lane| predictors[chosen - 1][lane] += 1.0);
    }
}

#[inline(always)]
pub(crate) fn sum(lanes: Lanes) -> f32 {
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}
