//! One response at many values of the latent traits: the derivatives of its log probability.

use crate::model::design;
use crate::model::link::Link;
use crate::model::response::curvature::Curvature;
use crate::model::response::lanes::{Lanes, LogProduct};
use crate::model::response::likelihood::differentiate;
use crate::model::table::Table;
use crate::responses::response::Response;
use pulp::NullaryFnOnce;

/// Points that are evaluated side by side.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// The derivatives by the linear predictors of all parameter rows of an item at all points, row by row. Minus the second ones are
/// `diag(d) + share v v'`.
#[derive(Default)]
pub(crate) struct Terms {
    pub residuals: Vec<f32>,
    /// `d`.
    pub diagonal: Vec<f32>,
    /// `v`.
    pub direction: Vec<f32>,
    pub share: f32,
    /// The logarithm of the probability at all points, where it was wanted.
    pub log_probabilities: Vec<f32>,
    predictors: Vec<Lanes<SIDE_BY_SIDE>>,
    curvature: Vec<Lanes<SIDE_BY_SIDE>>,
    points: Vec<Lanes<SIDE_BY_SIDE>>,
}

impl Terms {
    /// Evaluates a response; `points` holds the points coordinate by coordinate, a multiple of [`SIDE_BY_SIDE`] of them.
    pub fn find(&mut self, link: Link, items: &Table, response: &Response, points: &[&[f32]]) {
        self.log_probabilities.clear();
        self.dispatch(link, items, response, points);
    }

    /// The same with the logarithm of the probability.
    pub fn find_with_logarithm(&mut self, link: Link, items: &Table, response: &Response, points: &[&[f32]]) {
        let n = points.first().map_or(0, |x| x.len());
        self.log_probabilities.resize(n, 0.0);
        self.dispatch(link, items, response, points);
    }

    fn dispatch(&mut self, link: Link, items: &Table, response: &Response, points: &[&[f32]]) {
        pulp::Arch::new().dispatch(Evaluation {
            terms: self,
            link,
            items,
            response,
            points,
        });
    }

    /// The negative second derivatives by the predictors of two rows, at one of so many points.
    #[inline(always)]
    pub fn curvature(&self, row: usize, other: usize, n: usize) -> impl Fn(usize) -> f32 + '_ {
        let diagonal = &self.diagonal[row * n..][..n];
        let (v, w) = (&self.direction[row * n..][..n], &self.direction[other * n..][..n]);
        let own = if row == other { 1.0 } else { 0.0 };
        move |point| own * diagonal[point] + self.share * v[point] * w[point]
    }

    #[inline(always)]
    fn evaluate(&mut self, link: Link, items: &Table, response: &Response, points: &[&[f32]]) {
        let n = points.first().map_or(0, |x| x.len());
        let (n_rows, chosen) = (response.n_rows as usize, response.chosen as usize);
        let parameters = items.rows(response.rows()).chunks_exact(items.width());
        for terms in [&mut self.residuals, &mut self.diagonal, &mut self.direction] {
            terms.resize(n_rows * n, 0.0);
        }
        self.predictors.resize(n_rows, [0.0; SIDE_BY_SIDE]);
        self.curvature.resize(2 * n_rows, [0.0; SIDE_BY_SIDE]);
        self.points.resize(points.len(), [0.0; SIDE_BY_SIDE]);
        for start in (0..n).step_by(SIDE_BY_SIDE) {
            for (lanes, coordinate) in self.points.iter_mut().zip(points) {
                lanes.copy_from_slice(&coordinate[start..start + SIDE_BY_SIDE]);
            }
            for (predictor, row) in self.predictors.iter_mut().zip(parameters.clone()) {
                *predictor = design::predict(row, &self.points);
            }
            let (diagonal, direction) = self.curvature.split_at_mut(n_rows);
            let curvature = Curvature { diagonal, direction };
            let mut product = LogProduct::new();
            let predictors = &mut self.predictors;
            self.share = differentiate(link, response.kind, predictors, chosen, &mut product, curvature);
            if let Some(to) = self.log_probabilities.get_mut(start..start + SIDE_BY_SIDE) {
                to.copy_from_slice(&product.ln());
            }
            let (diagonal, direction) = self.curvature.split_at(n_rows);
            for row in 0..n_rows {
                let to = row * n + start..row * n + start + SIDE_BY_SIDE;
                self.residuals[to.clone()].copy_from_slice(&self.predictors[row]);
                self.diagonal[to.clone()].copy_from_slice(&diagonal[row]);
                self.direction[to].copy_from_slice(&direction[row]);
            }
        }
    }
}

/// The code is compiled for the processors that pulp tells apart.
struct Evaluation<'a> {
    terms: &'a mut Terms,
    link: Link,
    items: &'a Table,
    response: &'a Response,
    points: &'a [&'a [f32]],
}

impl NullaryFnOnce for Evaluation<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.terms
            .evaluate(self.link, self.items, self.response, self.points);
    }
}

/// The sum of products, in independent parts so that it vectorises.
#[inline(always)]
pub(crate) fn dot(x: &[f32], y: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0f32; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest: f32 = xs
        .remainder()
        .iter()
        .zip(ys.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (x, y) in xs.zip(ys) {
        (0..LANES).for_each(|lane| sums[lane] += x[lane] * y[lane]);
    }
    sums.iter().sum::<f32>() + rest
}
