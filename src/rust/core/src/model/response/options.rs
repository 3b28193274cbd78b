//! The probabilities of all options of an item.

use crate::model::link::Link;
use std::f64::consts::FRAC_1_SQRT_2;

/// The probability of every option, the reference first, from the linear predictors of the others.
pub fn option_probabilities(link: Link, predictors: &[f64], to: &mut Vec<f64>) {
    to.clear();
    match (link, predictors) {
        (Link::Probit, &[predictor]) => {
            let upper_tail = |x: f64| 0.5 * libm::erfc(x * FRAC_1_SQRT_2);
            to.extend([upper_tail(predictor), upper_tail(-predictor)]);
        }
        _ => {
            let largest = predictors.iter().fold(0.0f64, |a, &b| a.max(b));
            to.push((-largest).exp());
            to.extend(predictors.iter().map(|p| (p - largest).exp()));
            let total: f64 = to.iter().sum();
            to.iter_mut().for_each(|p| *p /= total);
        }
    }
}

/// The most probable option, the first of them where they are several: the one with the largest predictor; the reference has 0.
pub fn most_probable(predictors: &[f32]) -> usize {
    let mut best = (0, 0.0f32);
    for (place, &predictor) in predictors.iter().enumerate() {
        if predictor > best.1 {
            best = (place + 1, predictor);
        }
    }
    best.0
}
