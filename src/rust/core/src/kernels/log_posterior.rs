//! The log posterior of one respondent's latent traits at a point, with its derivatives.

use crate::base::linalg::mirror;
use crate::kernels::respondent::Respondent;
use crate::model::design;
use crate::model::response::curvature::Curvature;
use crate::model::response::lanes::{Lanes, LogProduct, add, add_multiple, product, sum};
use crate::model::response::likelihood::differentiate;
use crate::responses::item_kind::ItemKind;
use crate::responses::response::Response;
use ndarray::{Array1, Array2};
use pulp::NullaryFnOnce;

/// Responses to nominal items that are evaluated side by side.
const RESPONSES: usize = 8;

/// Runs of these whose logarithms are summed in single precision.
const RUNS: usize = 8;

/// The difficulty that makes an option as good as impossible.
const IMPOSSIBLE: f32 = 30.0;

/// The log posterior of a respondent.
pub(crate) struct LogPosterior<'a> {
    respondent: &'a Respondent,
    /// The parameter rows of responses to nominal items, side by side and column by column, with the option that was chosen as the
    /// reference.
    rows: Vec<Lanes<RESPONSES>>,
    /// How many rows each run of these responses has.
    runs: Vec<usize>,
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
        let (mut nominal, others): (Vec<Response>, Vec<Response>) = respondent
            .responses()
            .iter()
            .partition(|response| response.kind == ItemKind::Nominal || response.n_rows == 1);
        nominal.sort_by_key(|response| response.n_rows);
        let n_dims = respondent.population().n_dims();
        let mut posterior = Self {
            respondent,
            rows: Vec::with_capacity(respondent.rows().n_rows() * design::width(n_dims)),
            runs: Vec::with_capacity(nominal.len().div_ceil(RESPONSES)),
            others,
        };
        nominal.chunks(RESPONSES).for_each(|run| posterior.push(run));
        posterior
    }

    /// Lays responses to nominal items side by side. Where one has fewer rows than others, or is not there, options are impossible.
    fn push(&mut self, run: &[Response]) {
        let n_dims = self.respondent.population().n_dims();
        let width = design::width(n_dims);
        let n_rows = run.iter().map(|response| response.n_rows as usize).max();
        let n_rows = n_rows.unwrap_or(0);
        let first = self.rows.len();
        for _ in 0..n_rows {
            let impossible = design::row((0..n_dims).map(|_| 0.0), IMPOSSIBLE);
            self.rows.extend(impossible.map(|x| [x; RESPONSES]));
        }
        let rows = &mut self.rows[first..];
        for (lane, response) in run.iter().enumerate() {
            let rows_of_item = self.respondent.rows().rows(response.rows());
            let own: Vec<&[f32]> = rows_of_item.chunks_exact(width).collect();
            // The parameters of the reference are 0.
            let at = |option: usize, column: usize| if option == 0 { 0.0 } else { own[option - 1][column] };
            let chosen = response.chosen as usize;
            let others = (0..=own.len()).filter(|&option| option != chosen);
            for (option, to) in others.zip(rows.chunks_exact_mut(width)) {
                for (column, to) in to.iter_mut().enumerate() {
                    to[lane] = at(option, column) - at(chosen, column);
                }
            }
        }
        self.runs.push(n_rows);
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
        self.add_nominal(&mut local);
        self.add_others(&mut local);
        mirror(&mut local.information);
        local
    }
}

/// The derivatives of the log probabilities of responses that stand side by side.
struct Sums {
    gradient: Vec<Lanes<RESPONSES>>,
    /// Rows of a square matrix, of which the lower triangle is filled.
    information: Vec<Lanes<RESPONSES>>,
    /// Of each response the slopes along a direction, for [`Self::add_square`].
    along: Vec<Lanes<RESPONSES>>,
}

impl Sums {
    #[inline(always)]
    fn new(n_dims: usize) -> Self {
        Self {
            gradient: vec![[0.0; RESPONSES]; n_dims],
            information: vec![[0.0; RESPONSES]; n_dims * n_dims],
            along: vec![[0.0; RESPONSES]; n_dims],
        }
    }

    #[inline(always)]
    fn add_row(
        &mut self,
        slopes: &[Lanes<RESPONSES>],
        residual: &Lanes<RESPONSES>,
        curvature: &Lanes<RESPONSES>,
    ) {
        let n_dims = slopes.len();
        for i in 0..n_dims {
            add(&product(residual, &slopes[i]), &mut self.gradient[i]);
            let curved = product(curvature, &slopes[i]);
            let row = &mut self.information[i * n_dims..];
            for (slope, to) in slopes[..=i].iter().zip(row) {
                add(&product(&curved, slope), to);
            }
        }
    }

    /// Adds a share of the square of the rows' slopes along a direction.
    #[inline(always)]
    fn add_square<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r [Lanes<RESPONSES>]>,
        direction: &[Lanes<RESPONSES>],
        share: f32,
    ) {
        let n_dims = self.along.len();
        self.along.fill([0.0; RESPONSES]);
        for (row, step) in rows.zip(direction) {
            for (along, slope) in self.along.iter_mut().zip(design::split(row).0) {
                add(&product(step, slope), along);
            }
        }
        for i in 0..n_dims {
            for j in 0..=i {
                let square = product(&self.along[i], &self.along[j]);
                let to = &mut self.information[i * n_dims + j];
                *to = add_multiple(share, &square, to);
            }
        }
    }

    #[inline(always)]
    fn add_to(&self, local: &mut Local) {
        let n_dims = self.gradient.len();
        for i in 0..n_dims {
            local.gradient[i] += f64::from(sum(self.gradient[i]));
            for j in 0..=i {
                local.information[[i, j]] += f64::from(sum(self.information[i * n_dims + j]));
            }
        }
    }
}

impl At<'_> {
    #[inline(always)]
    fn add_nominal(&self, local: &mut Local) {
        let n_dims = self.point.len();
        let point: Vec<f32> = self.point.iter().map(|&x| x as f32).collect();
        let LogPosterior {
            respondent,
            rows,
            runs,
            ..
        } = self.posterior;
        let width = design::width(n_dims);
        let most_rows = runs.last().copied().unwrap_or(0);
        let mut sums = Sums::new(n_dims);
        let mut residuals = vec![[0.0f32; RESPONSES]; most_rows];
        let mut curvature = vec![[0.0f32; RESPONSES]; 2 * most_rows];
        let mut rows = rows.chunks_exact(width);
        for runs in runs.chunks(RUNS) {
            let mut probability = LogProduct::new();
            for &n_rows in runs {
                let own = rows.clone().take(n_rows);
                let residuals = &mut residuals[..n_rows];
                for (residual, row) in residuals.iter_mut().zip(rows.by_ref()) {
                    *residual = design::predict_side_by_side(row, &point);
                }
                let (diagonal, direction) = curvature[..2 * n_rows].split_at_mut(n_rows);
                let share = differentiate(
                    respondent.link(),
                    ItemKind::Nominal,
                    residuals,
                    0,
                    &mut probability,
                    Curvature { diagonal, direction },
                );
                for ((row, residual), curvature) in own.clone().zip(&*residuals).zip(&*diagonal) {
                    sums.add_row(design::split(row).0, residual, curvature);
                }
                if share != 0.0 {
                    sums.add_square(own, direction, share);
                }
            }
            local.value += probability.ln().into_iter().map(f64::from).sum::<f64>();
        }
        sums.add_to(local);
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
