//! The log posterior of one respondent's latent traits at a point, with its derivatives.

use crate::base::linalg::mirror;
use crate::kernels::respondent::Respondent;
use crate::model::design;
use crate::model::response::curvature::Curvature;
use crate::model::response::lanes::{Lanes, LogProduct, add, product, sum};
use crate::model::response::likelihood::differentiate;
use crate::model::response::two_options;
use crate::responses::response::Response;
use ndarray::{Array1, Array2};
use pulp::NullaryFnOnce;

/// Responses to items with two options that are evaluated side by side.
const RESPONSES: usize = 8;

/// Runs of these whose logarithms are summed in single precision.
const RUNS: usize = 8;

/// The linear predictor that makes a response as good as certain.
const CERTAIN: f32 = 30.0;

/// The log posterior of a respondent.
pub(crate) struct LogPosterior<'a> {
    respondent: &'a Respondent,
    /// The parameter rows of responses to items with two options, side by side and column by column, with the sign of the
    /// response: all of them are `F(predictor)`.
    of_two_options: Vec<Lanes<RESPONSES>>,
    /// The responses to other items.
    others: Vec<Response>,
}

/// The log density of the traits at a point together with the responses, with its gradient and negative Hessian.
pub(crate) struct Local {
    pub value: f64,
    pub gradient: Array1<f64>,
    pub information: Array2<f64>,
}

impl<'a> LogPosterior<'a> {
    pub fn new(respondent: &'a Respondent) -> Self {
        let (of_two_options, others): (Vec<Response>, Vec<Response>) = respondent
            .responses()
            .iter()
            .partition(|response| response.n_rows == 1);
        let n_dims = respondent.population().n_dims();
        let width = design::width(n_dims);
        let mut lanes = Vec::with_capacity(of_two_options.len().div_ceil(RESPONSES) * width);
        for run in of_two_options.chunks(RESPONSES) {
            // Where there is no response, one that is certain.
            let first = lanes.len();
            lanes.extend(design::row((0..n_dims).map(|_| 0.0), -CERTAIN).map(|x| [x; RESPONSES]));
            for (lane, response) in run.iter().enumerate() {
                let sign = two_options::sign(response.chosen as usize);
                let row = respondent.rows().row(response.first_row as usize);
                for (to, x) in lanes[first..].iter_mut().zip(row) {
                    to[lane] = sign * x;
                }
            }
        }
        Self {
            respondent,
            of_two_options: lanes,
            others,
        }
    }

    /// The log posterior, its gradient and its curvature at a point.
    pub fn at(&self, point: &[f64]) -> Local {
        pulp::Arch::new().dispatch(At {
            posterior: self,
            point,
        })
    }
}

/// The code is compiled for the processors that pulp tells apart.
struct At<'a> {
    posterior: &'a LogPosterior<'a>,
    point: &'a [f64],
}

impl NullaryFnOnce for At<'_> {
    type Output = Local;

    #[inline(always)]
    fn call(self) -> Local {
        let population = self.posterior.respondent.population();
        let mut local = Local {
            value: population.log_density(self.point),
            gradient: population.score(self.point),
            information: population.precision(),
        };
        self.add_two_options(&mut local);
        self.add_others(&mut local);
        mirror(&mut local.information);
        local
    }
}

impl At<'_> {
    #[inline(always)]
    fn add_two_options(&self, local: &mut Local) {
        let n_dims = self.point.len();
        let point: Vec<f32> = self.point.iter().map(|&x| x as f32).collect();
        let link = self.posterior.respondent.link();
        let width = design::width(n_dims);
        let mut gradient = vec![[0.0f32; RESPONSES]; n_dims];
        let mut information = vec![[0.0f32; RESPONSES]; n_dims * n_dims];
        for runs in self.posterior.of_two_options.chunks(RUNS * width) {
            let mut probability = LogProduct::new();
            for rows in runs.chunks_exact(width) {
                let mut residual = design::predict_side_by_side(rows, &point);
                let curvature = two_options::evaluate(link, &mut residual, 1, &mut probability);
                let (slopes, _) = design::split(rows);
                for i in 0..n_dims {
                    add(&product(&residual, &slopes[i]), &mut gradient[i]);
                    let curved = product(&curvature, &slopes[i]);
                    for j in 0..=i {
                        add(&product(&curved, &slopes[j]), &mut information[i * n_dims + j]);
                    }
                }
            }
            local.value += probability.ln().into_iter().map(f64::from).sum::<f64>();
        }
        for i in 0..n_dims {
            local.gradient[i] += f64::from(sum(gradient[i]));
            for j in 0..=i {
                local.information[[i, j]] += f64::from(sum(information[i * n_dims + j]));
            }
        }
    }

    #[inline(always)]
    fn add_others(&self, local: &mut Local) {
        let respondent = self.posterior.respondent;
        let n_dims = self.point.len();
        let point: Vec<Lanes<1>> = self.point.iter().map(|&x| [x as f32]).collect();
        let (mut predictors, mut curvature, mut along) = (Vec::new(), Vec::new(), vec![0.0; n_dims]);
        for response in &self.posterior.others {
            let rows = || response.rows().map(|row| respondent.rows().row(row));
            let n_rows = response.n_rows as usize;
            predictors.clear();
            predictors.extend(rows().map(|row| design::predict(row, &point)));
            curvature.resize(2 * n_rows, [0.0]);
            let (diagonal, direction) = curvature.split_at_mut(n_rows);
            let mut probability = LogProduct::new();
            let share = differentiate(
                respondent.link(),
                response.kind,
                &mut predictors,
                response.chosen as usize,
                &mut probability,
                Curvature { diagonal, direction },
            );
            local.value += f64::from(probability.ln()[0]);
            along.fill(0.0);
            for (place, row) in rows().enumerate() {
                let (slopes, _) = design::split(row);
                let (residual, curvature) = (f64::from(predictors[place][0]), f64::from(diagonal[place][0]));
                let step = f64::from(direction[place][0]);
                for i in 0..n_dims {
                    let slope = f64::from(slopes[i]);
                    local.gradient[i] += residual * slope;
                    along[i] += step * slope;
                    for (j, &other) in slopes[..=i].iter().enumerate() {
                        local.information[[i, j]] += curvature * slope * f64::from(other);
                    }
                }
            }
            for i in 0..n_dims {
                for j in 0..=i {
                    local.information[[i, j]] += f64::from(share) * along[i] * along[j];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::points::Residuals;
    use crate::model::link::Link;
    use crate::model::population::Population;
    use crate::model::table::Table;
    use crate::responses::item_kind::ItemKind;

    /// Eleven responses to items with two options, then some to others.
    fn respondent(link: Link, others: &[(ItemKind, u16, u32)]) -> Respondent {
        let mut responses: Vec<(ItemKind, u16, u32)> = (0..11)
            .map(|k| (ItemKind::Nominal, 1, u32::from(k % 3 == 0)))
            .collect();
        responses.extend(others);
        let (mut rows, mut placed) = (Vec::new(), Vec::new());
        for (item, (kind, n_rows, chosen)) in responses.into_iter().enumerate() {
            placed.push(Response {
                option: 0,
                chosen,
                first_row: rows.len() as u32 / 3,
                n_rows,
                kind,
            });
            for row in 0..n_rows {
                let x = (item * 7 % 5) as f32 / 2.0 - 1.0;
                // The rows of a graded item share their slopes.
                let turn = if kind == ItemKind::Graded {
                    0.0
                } else {
                    f32::from(row)
                };
                rows.extend([
                    x + 0.4 * turn,
                    0.5 - x * x + 0.3 * turn,
                    0.6 * f32::from(row) - 0.5,
                ]);
            }
        }
        Respondent::of_rows(Population::standard(2), link, Table::new(3, rows), placed)
    }

    #[test]
    fn derivatives_are_those_of_the_log_posterior() {
        let nominal = (ItemKind::Nominal, 3, 2);
        let graded = (ItemKind::Graded, 3, 1);
        for (link, others) in [
            (Link::Logit, vec![nominal, graded, nominal]),
            (Link::Probit, vec![graded]),
            (Link::Logit, vec![]),
        ] {
            let respondent = respondent(link, &others);
            let posterior = LogPosterior::new(&respondent);
            let point = [0.3, -0.7];
            let local = posterior.at(&point);
            let coordinates = point.map(|x| vec![x as f32]);
            let likelihood = respondent.log_likelihoods(&coordinates, &mut Residuals::new())[0];
            let expected = f64::from(likelihood) + respondent.population().log_density(&point);
            assert!(
                (local.value - expected).abs() < 1e-4,
                "{} and {expected}",
                local.value
            );
            let step = 1e-2;
            for d in 0..2 {
                let moved = |by: f64| {
                    let mut point = point;
                    point[d] += by;
                    posterior.at(&point)
                };
                let (above, below) = (moved(step), moved(-step));
                let slope = (above.value - below.value) / (2.0 * step);
                assert!((local.gradient[d] - slope).abs() < 2e-3);
                for e in 0..2 {
                    let curvature = (below.gradient[e] - above.gradient[e]) / (2.0 * step);
                    assert!((local.information[[d, e]] - curvature).abs() < 2e-3);
                }
            }
        }
    }
}
