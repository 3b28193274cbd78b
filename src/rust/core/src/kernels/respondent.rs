//! One respondent's responses, and their log likelihoods.

use crate::kernels::points::{POINTS, Residuals, load};
use crate::model::design;
use crate::model::link::Link;
use crate::model::parameters::Model;
use crate::model::population::Population;
use crate::model::response::likelihood::log_likelihoods;
use crate::model::table::Table;
use crate::responses::batch::Batch;
use crate::responses::response::Response;
use pulp::NullaryFnOnce;

/// One respondent's responses with the parameters of their items side by side.
pub(crate) struct Respondent {
    population: Population,
    link: Link,
    /// The parameter rows of the items of all responses.
    rows: Table,
    /// The responses, with the places of their rows there.
    responses: Vec<Response>,
}

impl Respondent {
    /// The respondent at a position of the batch.
    pub fn new(model: &Model, batch: &Batch, position: usize) -> Self {
        let mut responses = batch.responses_of(position).to_vec();
        let n_slots = batch.slots_of(batch.numbers_of(position)).len();
        let mut rows = Vec::with_capacity(n_slots * model.items.width());
        let mut first_row = 0;
        for response in &mut responses {
            rows.extend_from_slice(model.items.rows(response.rows()));
            response.first_row = first_row;
            first_row += u32::from(response.n_rows);
        }
        let rows = Table::new(model.items.width(), rows);
        Self::of_rows(model.population(), model.shape.link, rows, responses)
    }

    /// From the parameter rows of the items of all responses, and the responses with the places of their rows there.
    pub fn of_rows(population: Population, link: Link, rows: Table, responses: Vec<Response>) -> Self {
        Self {
            population,
            link,
            rows,
            responses,
        }
    }

    /// The distribution of the traits before the responses.
    pub fn population(&self) -> Population {
        self.population
    }

    /// The link function.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The parameter rows of the items of all responses.
    pub fn rows(&self) -> &Table {
        &self.rows
    }

    /// The responses, with the places of their rows there.
    pub fn responses(&self) -> &[Response] {
        &self.responses
    }

    /// The largest slope along a direction of the log odds between two options of an item.
    pub fn steepest(&self, direction: &[f64]) -> f64 {
        let steepest = self.responses.iter().map(|response| {
            let rows = response.rows().map(|row| self.rows.row(row));
            design::steepest(rows, direction)
        });
        self.link.log_odds() * steepest.fold(0.0, f64::max)
    }

    /// The log likelihood at many points: `points[d]` holds coordinate `d` of all of them.
    pub fn log_likelihoods(&self, points: &[Vec<f32>], residuals: &mut Residuals) -> Vec<f32> {
        pulp::Arch::new().dispatch(LogLikelihoods {
            respondent: self,
            points,
            residuals,
        })
    }
}

/// The log likelihood at many points. The code is compiled for the processors that pulp tells apart.
struct LogLikelihoods<'a> {
    respondent: &'a Respondent,
    points: &'a [Vec<f32>],
    residuals: &'a mut Residuals,
}

impl NullaryFnOnce for LogLikelihoods<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn call(self) -> Vec<f32> {
        let Respondent {
            link,
            rows,
            responses,
            ..
        } = self.respondent;
        let n = self.points.first().map_or(0, Vec::len);
        let n_slots = rows.n_rows();
        let mut found = Vec::with_capacity(n);
        let mut points = vec![[0.0f32; POINTS]; self.points.len()];
        self.residuals.resize(n.div_ceil(POINTS) * n_slots, [0.0; POINTS]);
        for block in 0..n.div_ceil(POINTS) {
            let n_own = load(self.points, block * POINTS, &mut points);
            let residuals = &mut self.residuals[block * n_slots..(block + 1) * n_slots];
            let values = log_likelihoods(*link, rows.values(), responses, &points, residuals);
            found.extend_from_slice(&values[..n_own]);
        }
        found
    }
}
