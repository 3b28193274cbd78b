//! The probabilities of all options of an item.

use crate::model::link::Link;
use crate::model::response::graded;
use crate::responses::item_kind::ItemKind;
use std::f64::consts::FRAC_1_SQRT_2;

/// The probability of every option, the reference first, from the linear predictors of the others.
pub fn option_probabilities(link: Link, kind: ItemKind, predictors: &[f64], to: &mut Vec<f64>) {
    to.clear();
    let normal = |x: f64| 0.5 * libm::erfc(-x * FRAC_1_SQRT_2);
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    match (link, kind, predictors) {
        (Link::Probit, _, &[predictor]) => to.extend([normal(-predictor), normal(predictor)]),
        (Link::Probit, ItemKind::Graded, _) => graded::option_probabilities(normal, predictors, to),
        (Link::Logit, ItemKind::Graded, _) => graded::option_probabilities(logistic, predictors, to),
        (_, ItemKind::Nominal, _) => {
            let largest = predictors.iter().fold(0.0f64, |a, &b| a.max(b));
            to.push((-largest).exp());
            to.extend(predictors.iter().map(|p| (p - largest).exp()));
            let total: f64 = to.iter().sum();
            to.iter_mut().for_each(|p| *p /= total);
        }
    }
}

/// The most probable option, the first of them where they are several.
pub fn most_probable(link: Link, kind: ItemKind, predictors: &[f32]) -> usize {
    if kind == ItemKind::Nominal || predictors.len() == 1 {
        return largest_predictor(predictors);
    }
    let predictors: Vec<f64> = predictors.iter().map(|&x| f64::from(x)).collect();
    let mut shares = Vec::new();
    option_probabilities(link, kind, &predictors, &mut shares);
    first_of_largest(&shares)
}

/// The place of the largest number, the first of them where they are several.
pub(crate) fn first_of_largest(shares: &[f64]) -> usize {
    (0..shares.len()).fold(0, |best, c| if shares[c] > shares[best] { c } else { best })
}

/// The option with the largest predictor; the reference has 0.
fn largest_predictor(predictors: &[f32]) -> usize {
    let mut best = (0, 0.0f32);
    for (place, &predictor) in predictors.iter().enumerate() {
        if predictor > best.1 {
            best = (place + 1, predictor);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_predictor_wins() {
        let best = |predictors: &[f32]| most_probable(Link::Logit, ItemKind::Nominal, predictors);
        assert_eq!(best(&[-1.0, -0.1]), 0);
        assert_eq!(best(&[0.2, 0.1]), 1);
        assert_eq!(best(&[0.2, 0.3]), 2);
    }

    #[test]
    fn graded_options_lie_between_thresholds() {
        for link in [Link::Logit, Link::Probit] {
            let best = |predictors: &[f32]| most_probable(link, ItemKind::Graded, predictors);
            assert_eq!(best(&[-1.0, -2.0]), 0);
            assert_eq!(best(&[2.0, -2.0]), 1);
            assert_eq!(best(&[2.0, 1.5]), 2);
            let mut shares = Vec::new();
            option_probabilities(link, ItemKind::Graded, &[1.0, 0.5, -30.0], &mut shares);
            assert_eq!(shares.len(), 4);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-15);
            assert!(shares.iter().all(|&p| p > 0.0));
        }
    }
}
