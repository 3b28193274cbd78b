//! Log likelihoods and their derivatives at some points side by side.

use crate::model::design;
use crate::model::link::Link;
use crate::model::response::curvature::Curvature;
use crate::model::response::lanes::{Lanes, LogProduct};
use crate::model::response::{graded, nominal, two_options};
use crate::responses::item_kind::ItemKind;
use crate::responses::response::Response;

/// The log likelihoods of a respondent's responses at some points, whose coordinates are given. `slots` gets the derivatives of
/// the log probabilities by the linear predictors, slot by slot.
#[inline(always)]
pub fn log_likelihoods<const N: usize>(
    link: Link,
    items: &[f32],
    responses: &[Response],
    points: &[Lanes<N>],
    slots: &mut [Lanes<N>],
) -> Lanes<N> {
    let width = design::width(points.len());
    let mut product = LogProduct::new();
    let mut next = 0;
    for response in responses {
        let n_slots = response.n_rows as usize;
        let first = response.first_row as usize * width;
        let rows = &items[first..first + n_slots * width];
        let own = &mut slots[next..next + n_slots];
        let chosen = response.chosen as usize;
        match response.kind {
            _ if n_slots == 1 => {
                let mut predictor = design::predict(rows, points);
                two_options::evaluate(link, &mut predictor, chosen, &mut product);
                own[0] = predictor;
            }
            ItemKind::Nominal => {
                for (slot, row) in own.iter_mut().zip(rows.chunks_exact(width)) {
                    *slot = design::predict(row, points);
                }
                nominal::evaluate(own, chosen, &mut product);
            }
            ItemKind::Graded => {
                let [linear, factor] = graded::evaluate(link, rows, points, chosen, own);
                product.multiply(&linear, &factor);
            }
        }
        next += n_slots;
    }
    product.ln()
}

/// The log probability of a response at one point; the predictors become its derivatives.
pub fn log_probability(link: Link, kind: ItemKind, predictors: &mut [f32], chosen: usize) -> f32 {
    let mut product = LogProduct::new();
    let predictors = predictors.as_chunks_mut::<1>().0;
    match (predictors, kind) {
        ([predictor], _) => {
            two_options::evaluate(link, predictor, chosen, &mut product);
        }
        (predictors, ItemKind::Nominal) => nominal::evaluate(predictors, chosen, &mut product),
        (predictors, ItemKind::Graded) => {
            let mut curvature = vec![[0.0]; 2 * predictors.len()];
            let (diagonal, direction) = curvature.split_at_mut(predictors.len());
            let curvature = Curvature { diagonal, direction };
            differentiate(link, kind, predictors, chosen, &mut product, curvature);
        }
    }
    product.ln()[0]
}

/// Multiplies the probability of a response to `product`; the predictors become the derivatives of its logarithm. Returns the
/// share in the curvature.
#[inline(always)]
pub fn differentiate<const N: usize>(
    link: Link,
    kind: ItemKind,
    predictors: &mut [Lanes<N>],
    chosen: usize,
    product: &mut LogProduct<N>,
    curvature: Curvature<'_, N>,
) -> f32 {
    match (predictors, kind) {
        ([predictor], _) => {
            curvature.diagonal[0] = two_options::evaluate(link, predictor, chosen, product);
            0.0
        }
        (predictors, ItemKind::Nominal) => {
            nominal::evaluate_with_probabilities(predictors, chosen, product, curvature.diagonal);
            curvature.direction.copy_from_slice(curvature.diagonal);
            -1.0
        }
        (predictors, ItemKind::Graded) => {
            let [linear, factor] = graded::evaluate_with_curvature(link, predictors, chosen, curvature);
            product.multiply(&linear, &factor);
            1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::response::options::option_probabilities;

    const NOMINAL: [[f32; 2]; 3] = [[0.3, -0.8], [-1.2, 0.1], [2.0, 0.4]];
    /// The predictors of a graded item fall.
    const GRADED: [[f32; 2]; 3] = [[2.0, 0.4], [0.3, 0.1], [-1.2, -0.8]];
    const CASES: [(Link, ItemKind, &[[f32; 2]]); 5] = [
        (Link::Logit, ItemKind::Nominal, NOMINAL.split_at(1).0),
        (Link::Probit, ItemKind::Nominal, NOMINAL.split_at(1).0),
        (Link::Logit, ItemKind::Nominal, &NOMINAL),
        (Link::Logit, ItemKind::Graded, &GRADED),
        (Link::Probit, ItemKind::Graded, &GRADED),
    ];

    #[test]
    fn residuals_are_the_derivatives_of_the_log_probability() {
        for (link, kind, points) in CASES {
            let n_rows = points.len();
            let predictors: Vec<f32> = points.iter().map(|p| p[0]).collect();
            let (of_value, of_slope) = match kind {
                ItemKind::Nominal => (1e-6, 1e-4),
                ItemKind::Graded => (2e-6, 2e-4),
            };
            for chosen in 0..=n_rows {
                let mut residuals = predictors.clone();
                let value = log_probability(link, kind, &mut residuals, chosen);
                let mut probabilities = Vec::new();
                let wide: Vec<f64> = predictors.iter().map(|&x| f64::from(x)).collect();
                option_probabilities(link, kind, &wide, &mut probabilities);
                assert!((f64::from(value) - probabilities[chosen].ln()).abs() < of_value);
                for row in 0..n_rows {
                    let step = 1e-2;
                    let at = |shift: f32| {
                        let mut moved = predictors.clone();
                        moved[row] += shift;
                        log_probability(link, kind, &mut moved, chosen)
                    };
                    let slope = (at(step) - at(-step)) / (2.0 * step);
                    assert!((slope - residuals[row]).abs() < of_slope);
                }
            }
        }
    }

    #[test]
    fn two_options_are_the_softmax_of_two() {
        for predictor in [-30.0f32, -0.4, 0.0, 2.5, 30.0] {
            for chosen in [0, 1] {
                let mut binary = [predictor];
                let value = log_probability(Link::Logit, ItemKind::Nominal, &mut binary, chosen);
                let mut nominal = [predictor, -1e4];
                let same = log_probability(Link::Logit, ItemKind::Nominal, &mut nominal, chosen);
                assert!((value - same).abs() < 1e-6 * value.abs().max(1.0));
                assert!((binary[0] - nominal[0]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn curvatures_are_the_derivatives_of_the_residuals() {
        for (link, kind, predictors) in CASES {
            let n_rows = predictors.len();
            for chosen in 0..=n_rows {
                let residuals = |row: usize, step: f32| {
                    let mut moved = predictors.to_vec();
                    moved[row].iter_mut().for_each(|x| *x += step);
                    let (mut diagonal, mut direction) = (vec![[0.0; 2]; n_rows], vec![[0.0; 2]; n_rows]);
                    let curvature = Curvature {
                        diagonal: &mut diagonal,
                        direction: &mut direction,
                    };
                    let product = &mut LogProduct::new();
                    let share = differentiate(link, kind, &mut moved, chosen, product, curvature);
                    (moved, diagonal, direction, share)
                };
                for row in 0..n_rows {
                    let (_, diagonal, direction, share) = residuals(row, 0.0);
                    let (above, ..) = residuals(row, 1e-2);
                    let (below, ..) = residuals(row, -1e-2);
                    for (other, lane) in (0..n_rows).flat_map(|other| [(other, 0), (other, 1)]) {
                        let own = if row == other { diagonal[row][lane] } else { 0.0 };
                        let found = own + share * direction[row][lane] * direction[other][lane];
                        let expected = (below[other][lane] - above[other][lane]) / 2e-2;
                        let bound = match kind {
                            ItemKind::Nominal => 2e-4,
                            ItemKind::Graded => 2e-3 * expected.abs().max(1.0),
                        };
                        assert!((found - expected).abs() < bound, "{found} and {expected}");
                    }
                }
            }
        }
    }
}
