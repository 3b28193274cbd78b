//! The gradient of the log marginal likelihood by the item parameters.

use crate::kernels::points::{POINTS, Residuals, WeightedPoints, load};
use crate::model::design;
use crate::model::response::lanes::{Lanes, add, product, sum};
use crate::responses::response::Response;
use pulp::NullaryFnOnce;

/// Adds a respondent's part, by Fisher's identity the mean of `d log p(y | a) / d parameters` over the posterior of
/// the traits `a` (Louis 1982, <https://doi.org/10.1111/j.2517-6161.1982.tb01203.x>), times a weight to `score`,
/// which has the layout of the table of item parameters.
pub(crate) fn add_score(
    responses: &[Response],
    draws: &WeightedPoints,
    residuals: &Residuals,
    weight: f64,
    scratch: &mut Scratch,
    score: &mut [f64],
) {
    pulp::Arch::new().dispatch(Addition {
        responses,
        draws,
        residuals,
        weight,
        scratch,
        score,
    });
}

/// Memory that is kept from one respondent to the next.
#[derive(Default)]
pub(crate) struct Scratch {
    points: Vec<Lanes<POINTS>>,
    /// The sums of the residuals over the points, times what the parameters are multiplied by: slot by slot.
    sums: Vec<Lanes<POINTS>>,
}

/// The code is compiled for the processors that pulp tells apart.
struct Addition<'a> {
    responses: &'a [Response],
    draws: &'a WeightedPoints,
    residuals: &'a Residuals,
    weight: f64,
    scratch: &'a mut Scratch,
    score: &'a mut [f64],
}

impl NullaryFnOnce for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Scratch { points, sums } = self.scratch;
        let width = design::width(self.draws.points.len());
        let n_slots: usize = self
            .responses
            .iter()
            .map(|response| response.n_rows as usize)
            .sum();
        points.resize(self.draws.points.len(), [0.0; POINTS]);
        sums.clear();
        sums.resize(n_slots * width, [0.0; POINTS]);
        for (block, own) in self.draws.weights.chunks(POINTS).enumerate() {
            load(&self.draws.points, block * POINTS, points);
            // What is beyond the last point has none.
            let mut weights = [0.0f32; POINTS];
            for (lane, &weight) in weights.iter_mut().zip(own) {
                *lane = weight as f32;
            }
            let residuals = &self.residuals[block * n_slots..(block + 1) * n_slots];
            for (residual, sums) in residuals.iter().zip(sums.chunks_exact_mut(width)) {
                let weighted = product(residual, &weights);
                design::by_parameters(points.len(), &weighted, points, |column, by_parameter| {
                    add(&by_parameter, &mut sums[column]);
                });
            }
        }
        let mut sums = sums.iter();
        for response in self.responses {
            let rows = response.rows();
            for (to, lanes) in self.score[rows.start * width..rows.end * width]
                .iter_mut()
                .zip(&mut sums)
            {
                *to += self.weight * f64::from(sum(*lanes));
            }
        }
    }
}
