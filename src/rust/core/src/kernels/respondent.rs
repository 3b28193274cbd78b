//! The log posterior of one respondent's latent traits.

use crate::kernels::points::load;
use crate::model::design;
use crate::model::link::Link;
use crate::model::parameters::Model;
use crate::model::population::Population;
use crate::model::response::curvature::Curvature;
use crate::model::response::lanes::{Lanes, LogProduct};
use crate::model::response::likelihood::{differentiate, log_likelihoods};
use crate::responses::batch::Batch;
use crate::responses::response::Response;
use ndarray::{Array1, Array2};
use pulp::NullaryFnOnce;

/// Points that are evaluated side by side.
const POINTS: usize = 16;

/// One respondent's responses with the parameters of their items side by side.
pub(crate) struct Respondent {
    population: Population,
    link: Link,
    /// The parameter rows of the items of all responses.
    rows: Vec<f32>,
    /// The responses, with the places of their rows there.
    responses: Vec<Response>,
    widest: usize,
}

/// The log density of the traits at a point together with the responses, with its gradient and negative Hessian.
pub(crate) struct Local {
    pub value: f64,
    pub gradient: Array1<f64>,
    pub information: Array2<f64>,
}

impl Respondent {
    /// The respondent at a position of the batch.
    pub fn new(model: &Model, batch: &Batch, position: usize) -> Self {
        let mut responses = batch.responses_of(position).to_vec();
        let n_slots = batch.slots_of(batch.numbers_of(position)).len();
        let mut rows = Vec::with_capacity(n_slots * model.items.width());
        let (mut first_row, mut widest) = (0, 0);
        for response in &mut responses {
            rows.extend_from_slice(model.items.rows(response.rows()));
            response.first_row = first_row;
            first_row += u32::from(response.n_rows);
            widest = widest.max(response.n_rows as usize);
        }
        Self {
            population: model.population(),
            link: model.shape.link,
            rows,
            responses,
            widest,
        }
    }

    /// The distribution of the traits before the responses.
    pub fn population(&self) -> Population {
        self.population
    }

    /// The log posterior, its gradient and its curvature at a point.
    pub fn local(&self, point: &[f64]) -> Local {
        let n_dims = self.population.n_dims();
        let single: Vec<Lanes<1>> = point.iter().map(|&x| [x as f32]).collect();
        let mut gradient = self.population.score(point);
        let mut information = self.population.precision();
        let mut terms = vec![[0.0f32]; 3 * self.widest];
        let (predictors, curvature) = terms.split_at_mut(self.widest);
        let (diagonal, direction) = curvature.split_at_mut(self.widest);
        let mut value = self.population.log_density(point);
        let mut along = vec![0.0f64; n_dims];
        let width = design::width(n_dims);
        for response in &self.responses {
            let n_rows = response.n_rows as usize;
            let own = response.rows();
            let rows = self.rows[own.start * width..own.end * width].chunks_exact(width);
            let predictors = &mut predictors[..n_rows];
            for (predictor, row) in predictors.iter_mut().zip(rows.clone()) {
                *predictor = design::predict(row, &single);
            }
            let curvature = Curvature {
                diagonal: &mut diagonal[..n_rows],
                direction: &mut direction[..n_rows],
            };
            let mut product = LogProduct::new();
            let chosen = response.chosen as usize;
            let kind = response.kind;
            let share = differentiate(self.link, kind, predictors, chosen, &mut product, curvature);
            value += f64::from(product.ln()[0]);
            along.fill(0.0);
            for (place, row) in rows.enumerate() {
                let residual = f64::from(predictors[place][0]);
                let curvature = f64::from(diagonal[place][0]);
                let step = f64::from(direction[place][0]);
                let (slopes, _) = design::split(row);
                for i in 0..n_dims {
                    let slope = f64::from(slopes[i]);
                    gradient[i] += residual * slope;
                    along[i] += step * slope;
                    for j in 0..=i {
                        information[[i, j]] += curvature * slope * f64::from(slopes[j]);
                    }
                }
            }
            for i in 0..n_dims {
                for j in 0..=i {
                    information[[i, j]] += f64::from(share) * along[i] * along[j];
                }
            }
        }
        for i in 0..n_dims {
            for j in 0..i {
                information[[j, i]] = information[[i, j]];
            }
        }
        Local {
            value,
            gradient,
            information,
        }
    }

    /// The log likelihood at many points: `points[d]` holds coordinate `d` of all of them.
    pub fn log_likelihoods(&self, points: &[Vec<f32>]) -> Vec<f32> {
        pulp::Arch::new().dispatch(LogLikelihoods {
            respondent: self,
            points,
        })
    }
}

/// The log likelihood at many points. The code is compiled for the processors that pulp tells apart.
struct LogLikelihoods<'a> {
    respondent: &'a Respondent,
    points: &'a [Vec<f32>],
}

impl NullaryFnOnce for LogLikelihoods<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn call(self) -> Vec<f32> {
        let Respondent {
            link,
            rows,
            responses,
            widest,
            ..
        } = self.respondent;
        let n = self.points.first().map_or(0, Vec::len);
        let mut found = Vec::with_capacity(n);
        let mut points = vec![[0.0f32; POINTS]; self.points.len()];
        let mut slots = vec![[0.0f32; POINTS]; *widest];
        for start in (0..n).step_by(POINTS) {
            let n_own = load(self.points, start, &mut points);
            let values = log_likelihoods::<POINTS, false>(*link, rows, responses, &points, &mut slots);
            found.extend_from_slice(&values[..n_own]);
        }
        found
    }
}
