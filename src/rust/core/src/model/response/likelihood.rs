//! Log likelihoods and their derivatives at some points side by side.

use crate::base::math::{LogCdf, Logistic, Normal};
use crate::model::design;
use crate::model::link::Link;
use crate::model::response::lanes::{Lanes, LogProduct};
use crate::model::response::{nominal, two_options};
use crate::responses::response::Response;

/// The log likelihoods of a respondent's responses at some points, whose coordinates are given. `slots` gets the derivatives of
/// the log probabilities by the linear predictors, slot by slot, if they are to be `KEPT`, and else is memory for the response with
/// the most slots.
#[inline(always)]
pub fn log_likelihoods<const N: usize, const KEPT: bool>(
    link: Link,
    items: &[f32],
    responses: &[Response],
    points: &[Lanes<N>],
    slots: &mut [Lanes<N>],
) -> Lanes<N> {
    match link {
        Link::Logit => by_cdf::<Logistic, N, KEPT>(items, responses, points, slots),
        Link::Probit => by_cdf::<Normal, N, KEPT>(items, responses, points, slots),
    }
}

#[inline(always)]
fn by_cdf<F: LogCdf, const N: usize, const KEPT: bool>(
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
        if n_slots == 1 {
            // Not in its slot, so that nothing is computed that is not kept.
            let mut predictor = design::predict(rows, points);
            two_options::evaluate::<F, N>(&mut predictor, chosen, &mut product);
            if KEPT {
                own[0] = predictor;
            }
        } else {
            for (slot, row) in own.iter_mut().zip(rows.chunks_exact(width)) {
                *slot = design::predict(row, points);
            }
            nominal::evaluate::<N, KEPT>(own, chosen, &mut product);
        }
        if KEPT {
            next += n_slots;
        }
    }
    product.ln()
}

/// The log probability of a response at one point; the predictors become its derivatives.
pub fn log_probability(link: Link, predictors: &mut [f32], chosen: usize) -> f32 {
    let mut product = LogProduct::new();
    let predictors = predictors.as_chunks_mut::<1>().0;
    match (predictors, link) {
        ([predictor], Link::Logit) => {
            two_options::evaluate::<Logistic, 1>(predictor, chosen, &mut product);
        }
        ([predictor], Link::Probit) => {
            two_options::evaluate::<Normal, 1>(predictor, chosen, &mut product);
        }
        (predictors, _) => nominal::evaluate::<1, true>(predictors, chosen, &mut product),
    }
    product.ln()[0]
}

/// Minus the second derivatives of a log probability by the predictors of an item's rows: `diag(d) + share v v'`.
pub struct Curvature<'a, const N: usize> {
    /// `d`, one a row.
    pub diagonal: &'a mut [Lanes<N>],
    /// `v`, one a row; not set where the share is 0.
    pub direction: &'a mut [Lanes<N>],
}

/// Multiplies the probability of a response to `product`; the predictors become the derivatives of its logarithm. Returns the
/// share in the curvature.
#[inline(always)]
pub fn differentiate<const N: usize>(
    link: Link,
    predictors: &mut [Lanes<N>],
    chosen: usize,
    product: &mut LogProduct<N>,
    curvature: Curvature<'_, N>,
) -> f32 {
    let Curvature { diagonal, direction } = curvature;
    match (predictors, link) {
        ([predictor], Link::Logit) => {
            diagonal[0] = two_options::evaluate::<Logistic, N>(predictor, chosen, product);
            0.0
        }
        ([predictor], Link::Probit) => {
            diagonal[0] = two_options::evaluate::<Normal, N>(predictor, chosen, product);
            0.0
        }
        (predictors, _) => {
            nominal::evaluate_with_probabilities(predictors, chosen, product, diagonal);
            direction.copy_from_slice(diagonal);
            -1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::response::options::option_probabilities;

    #[test]
    fn residuals_are_the_derivatives_of_the_log_probability() {
        let predictors = [0.3f32, -1.2, 2.0];
        for chosen in 0..=3 {
            let mut residuals = predictors;
            let value = log_probability(Link::Logit, &mut residuals, chosen);
            let mut probabilities = Vec::new();
            option_probabilities(Link::Logit, &predictors.map(f64::from), &mut probabilities);
            assert!((f64::from(value) - probabilities[chosen].ln()).abs() < 1e-6);
            for option in 0..3 {
                let step = 1e-2;
                let at = |shift: f32| {
                    let mut moved = predictors;
                    moved[option] += shift;
                    log_probability(Link::Logit, &mut moved, chosen)
                };
                let slope = (at(step) - at(-step)) / (2.0 * step);
                assert!((slope - residuals[option]).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn two_options_are_the_softmax_of_two() {
        for predictor in [-30.0f32, -0.4, 0.0, 2.5, 30.0] {
            for chosen in [0, 1] {
                let mut binary = [predictor];
                let value = log_probability(Link::Logit, &mut binary, chosen);
                let mut nominal = [predictor, -1e4];
                let same = log_probability(Link::Logit, &mut nominal, chosen);
                assert!((value - same).abs() < 1e-6 * value.abs().max(1.0));
                assert!((binary[0] - nominal[0]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn curvatures_are_the_derivatives_of_the_residuals() {
        for (link, n_rows) in [(Link::Logit, 1), (Link::Probit, 1), (Link::Logit, 3)] {
            let predictors = &[[0.3f32, -0.8], [-1.2, 0.1], [2.0, 0.4]][..n_rows];
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
                    let share = differentiate(link, &mut moved, chosen, product, curvature);
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
                        assert!((found - expected).abs() < 2e-4, "{found} and {expected}");
                    }
                }
            }
        }
    }
}
