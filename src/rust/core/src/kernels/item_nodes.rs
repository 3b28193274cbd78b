//! The responses to one item at many values of its parameters: the log likelihood, and its derivatives by the traits of those who
//! answered.

use crate::model::design;
use crate::model::link::Link;
use crate::model::response::curvature::Curvature;
use crate::model::response::lanes::{Lanes, LogProduct, product};
use crate::model::response::likelihood::differentiate;
use crate::model::response::two_options;
use crate::responses::item_kind::ItemKind;
use pulp::NullaryFnOnce;
use std::ops::Range;

/// Respondents who are looked at side by side.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// Who answered an item, in whole vectors: those who chose the same option are a run.
pub(crate) struct Answered<'a> {
    pub link: Link,
    pub kind: ItemKind,
    pub n_rows: usize,
    /// The chosen option of each run, and its places.
    pub runs: &'a [(u32, Range<usize>)],
    /// The coordinates of the traits, dimension by dimension.
    pub traits: &'a [Vec<f32>],
    /// What everybody weighs; 0 in what fills a vector up.
    pub weights: &'a [f32],
}

/// What is found, node by node.
#[derive(Default)]
pub(crate) struct AtNodes {
    /// The weighted log likelihoods.
    pub values: Vec<f64>,
    /// The derivatives of the log probabilities by the traits, dimension by dimension for everybody; where they are wanted.
    pub scores: Vec<f32>,
    /// Minus the second ones, pair by pair of dimensions, the first not before the second.
    pub curvatures: Vec<f32>,
    predictors: Vec<Lanes<SIDE_BY_SIDE>>,
    of_curvature: Vec<Lanes<SIDE_BY_SIDE>>,
    points: Vec<Lanes<SIDE_BY_SIDE>>,
}

impl AtNodes {
    /// Evaluates the responses; `rows` are the rows of the table, node by node.
    pub fn find(&mut self, answered: &Answered, rows: &[f32], derivatives: bool) {
        pulp::Arch::new().dispatch(Evaluation {
            to: self,
            answered,
            rows,
            derivatives,
        });
    }

    #[inline(always)]
    fn evaluate(&mut self, answered: &Answered, rows: &[f32], derivatives: bool) {
        let n_dims = answered.traits.len();
        let (n, n_pairs) = (answered.weights.len(), n_dims * (n_dims + 1) / 2);
        let of_node = answered.n_rows * design::width(n_dims);
        let n_nodes = rows.len() / of_node;
        self.values.clear();
        self.predictors.resize(answered.n_rows, [0.0; SIDE_BY_SIDE]);
        self.of_curvature.resize(2 * answered.n_rows, [0.0; SIDE_BY_SIDE]);
        self.points.resize(n_dims, [0.0; SIDE_BY_SIDE]);
        let n_kept = if derivatives { n_nodes } else { 0 };
        self.scores.resize(n_kept * n * n_dims, 0.0);
        self.curvatures.resize(n_kept * n * n_pairs, 0.0);
        for (node, rows) in rows.chunks_exact(of_node).enumerate() {
            let (first_score, first_curvature) = (node * n * n_dims, node * n * n_pairs);
            let mut value = 0.0f64;
            for (chosen, run) in answered.runs {
                if answered.n_rows == 1 {
                    let places = (first_score, first_curvature, n);
                    value += self.two_options(answered, rows, (*chosen, run), derivatives.then_some(places));
                    continue;
                }
                let mut sum = [0.0f32; SIDE_BY_SIDE];
                for start in run.clone().step_by(SIDE_BY_SIDE) {
                    let share = self.differentiate(answered, rows, (*chosen, start), &mut sum);
                    if derivatives {
                        self.add_scores(rows, first_score + start, n);
                        self.add_curvatures(rows, share, first_curvature + start, n);
                    }
                }
                value += sum.iter().map(|&x| f64::from(x)).sum::<f64>();
            }
            self.values.push(value);
        }
    }

    /// The same for a run of an item with two options, whose derivatives go to the given places.
    #[inline(always)]
    fn two_options(
        &mut self,
        answered: &Answered,
        row: &[f32],
        (chosen, run): (u32, &Range<usize>),
        derivatives: Option<(usize, usize, usize)>,
    ) -> f64 {
        let n_dims = self.points.len();
        let mut all = LogProduct::new();
        let mut sum = [0.0f32; SIDE_BY_SIDE];
        for start in run.clone().step_by(SIDE_BY_SIDE) {
            let places = start..start + SIDE_BY_SIDE;
            for (lanes, coordinate) in self.points.iter_mut().zip(answered.traits) {
                lanes.copy_from_slice(&coordinate[places.clone()]);
            }
            let mut residual: Lanes<SIDE_BY_SIDE> = design::predict(row, &self.points);
            let weights = &answered.weights[places];
            let curvature = if weights.iter().all(|&w| w == 1.0) {
                two_options::evaluate(answered.link, &mut residual, chosen as usize, &mut all)
            } else {
                let mut own = LogProduct::new();
                let curvature =
                    two_options::evaluate(answered.link, &mut residual, chosen as usize, &mut own);
                let logarithm = own.ln();
                (0..SIDE_BY_SIDE).for_each(|lane| sum[lane] += logarithm[lane] * weights[lane]);
                curvature
            };
            let Some((first_score, first_curvature, n)) = derivatives else {
                continue;
            };
            let (mut score, mut pair) = (first_score + start, first_curvature + start);
            for a in 0..n_dims {
                let to = &mut self.scores[score..score + SIDE_BY_SIDE];
                (0..SIDE_BY_SIDE).for_each(|lane| to[lane] = row[a] * residual[lane]);
                score += n;
                for b in 0..=a {
                    let to = &mut self.curvatures[pair..pair + SIDE_BY_SIDE];
                    (0..SIDE_BY_SIDE).for_each(|lane| to[lane] = row[a] * row[b] * curvature[lane]);
                    pair += n;
                }
            }
        }
        let logarithms = all.ln();
        (0..SIDE_BY_SIDE)
            .map(|lane| f64::from(logarithms[lane]) + f64::from(sum[lane]))
            .sum()
    }

    /// Derivatives by the predictors, for some side by side; the log probabilities times the weights are added to `sum`.
    #[inline(always)]
    fn differentiate(
        &mut self,
        answered: &Answered,
        rows: &[f32],
        (chosen, start): (u32, usize),
        sum: &mut Lanes<SIDE_BY_SIDE>,
    ) -> f32 {
        let places = start..start + SIDE_BY_SIDE;
        for (lanes, coordinate) in self.points.iter_mut().zip(answered.traits) {
            lanes.copy_from_slice(&coordinate[places.clone()]);
        }
        let width = design::width(self.points.len());
        for (predictor, row) in self.predictors.iter_mut().zip(rows.chunks_exact(width)) {
            *predictor = design::predict(row, &self.points);
        }
        let (diagonal, direction) = self.of_curvature.split_at_mut(answered.n_rows);
        let curvature = Curvature { diagonal, direction };
        let mut probability = LogProduct::new();
        let (link, kind, chosen) = (answered.link, answered.kind, chosen as usize);
        let predictors = &mut self.predictors;
        let share = differentiate(link, kind, predictors, chosen, &mut probability, curvature);
        let logarithm = probability.ln();
        for ((to, x), weight) in sum.iter_mut().zip(logarithm).zip(&answered.weights[places]) {
            *to += x * weight;
        }
        share
    }

    #[inline(always)]
    fn add_scores(&mut self, rows: &[f32], first: usize, n: usize) {
        let n_dims = self.points.len();
        let width = design::width(n_dims);
        for d in 0..n_dims {
            let mut lanes = [0.0; SIDE_BY_SIDE];
            for (residual, row) in self.predictors.iter().zip(rows.chunks_exact(width)) {
                for lane in 0..SIDE_BY_SIDE {
                    lanes[lane] += row[d] * residual[lane];
                }
            }
            self.scores[first + d * n..first + d * n + SIDE_BY_SIDE].copy_from_slice(&lanes);
        }
    }

    #[inline(always)]
    fn add_curvatures(&mut self, rows: &[f32], share: f32, first: usize, n: usize) {
        let n_dims = self.points.len();
        let width = design::width(n_dims);
        let (diagonal, direction) = self.of_curvature.split_at(self.predictors.len());
        let mut pair = 0;
        for a in 0..n_dims {
            for b in 0..=a {
                let mut lanes = [0.0; SIDE_BY_SIDE];
                for (own, row) in diagonal.iter().zip(rows.chunks_exact(width)) {
                    for lane in 0..SIDE_BY_SIDE {
                        lanes[lane] += row[a] * row[b] * own[lane];
                    }
                }
                if share != 0.0 {
                    let along = |d: usize| {
                        let mut along = [0.0; SIDE_BY_SIDE];
                        for (own, row) in direction.iter().zip(rows.chunks_exact(width)) {
                            for lane in 0..SIDE_BY_SIDE {
                                along[lane] += row[d] * own[lane];
                            }
                        }
                        along
                    };
                    let both = product(&along(a), &along(b));
                    (0..SIDE_BY_SIDE).for_each(|lane| lanes[lane] += share * both[lane]);
                }
                let to = first + pair * n;
                self.curvatures[to..to + SIDE_BY_SIDE].copy_from_slice(&lanes);
                pair += 1;
            }
        }
    }
}

/// The code is compiled for the processors that pulp tells apart.
struct Evaluation<'a> {
    to: &'a mut AtNodes,
    answered: &'a Answered<'a>,
    rows: &'a [f32],
    derivatives: bool,
}

impl NullaryFnOnce for Evaluation<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.to.evaluate(self.answered, self.rows, self.derivatives);
    }
}
