//! The gradient of the log marginal likelihood by the item parameters.

use crate::kernels::points::WeightedPoints;
use crate::kernels::terms::{Terms, dot};
use crate::model::parameters::Model;
use crate::responses::response::Response;
use pulp::NullaryFnOnce;

/// Adds a respondent's part, by Fisher's identity the mean of `d log p(y | a) / d parameters` over the posterior of
/// the traits `a` (Louis 1982, <https://doi.org/10.1111/j.2517-6161.1982.tb01203.x>), times a weight to `score`,
/// which has the layout of the table of item parameters.
pub(crate) fn add_score(
    model: &Model,
    responses: &[Response],
    draws: &WeightedPoints,
    weight: f64,
    terms: &mut Terms,
    score: &mut [f64],
) {
    pulp::Arch::new().dispatch(Addition {
        model,
        responses,
        draws,
        weight,
        terms,
        score,
    });
}

/// The code is compiled for the processors that pulp tells apart.
struct Addition<'a> {
    model: &'a Model,
    responses: &'a [Response],
    draws: &'a WeightedPoints,
    weight: f64,
    terms: &'a mut Terms,
    score: &'a mut [f64],
}

impl NullaryFnOnce for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            model,
            responses,
            draws,
            weight,
            terms,
            score,
        } = self;
        let n = draws.weights.len();
        let points: Vec<&[f32]> = draws.points.iter().map(Vec::as_slice).collect();
        // Each coordinate times the weights, then minus the weights: what the residuals are multiplied by.
        let weights: Vec<f32> = draws.weights.iter().map(|&w| w as f32).collect();
        let mut design: Vec<f32> = Vec::with_capacity((points.len() + 1) * n);
        for coordinate in &points {
            design.extend(coordinate.iter().zip(&weights).map(|(x, w)| x * w));
        }
        design.extend(weights.iter().map(|w| -w));
        let width = points.len() + 1;
        for response in responses {
            let rows = response.rows();
            let own = &mut score[rows.start * width..rows.end * width];
            terms.evaluate(
                model.shape.link,
                &model.items,
                rows,
                response.chosen as usize,
                &points,
            );
            let residuals = terms.residuals.chunks_exact(n);
            for (to, residuals) in own.chunks_exact_mut(width).zip(residuals) {
                for (to, column) in to.iter_mut().zip(design.chunks_exact(n)) {
                    *to += weight * f64::from(dot(residuals, column));
                }
            }
        }
    }
}
