//! What the responses of some respondents tell about the parameters of their items.

use crate::base::linalg::lower_pairs;
use crate::information::block::{Block, add_pairs};
use crate::kernels::terms::{Terms, dot};
use crate::model::link::Link;
use crate::model::parameters::Model;
use crate::posterior::cubature::{Cubature, Nodes};
use crate::posterior::scoring::Scored;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;
use ndarray::{Array2, ArrayViewMut2, Axis, s};
use pulp::NullaryFnOnce;
use rayon::prelude::*;
use std::ops::Range;

/// Rows of a matrix that one task computes.
pub(crate) const ROWS_PER_TASK: usize = 64;

/// Respondents that are evaluated at once at most, and numbers that are kept of them, about.
pub(crate) const CHUNK: usize = 1_024;

const CHUNK_SIZE: usize = 4_000_000;

/// Respondents in a chunk of whom so many polynomials of the scores of all parameters are kept.
pub(crate) fn chunk_size(n_parameters: usize, n_polynomials: usize) -> usize {
    (CHUNK_SIZE / (n_parameters * n_polynomials).max(1)).clamp(1, CHUNK)
}

/// An item with the places for its information and for the scores of its parameters.
type Task<'a> = (usize, Option<&'a mut Block>, Option<ArrayViewMut2<'a, f32>>);

/// Some respondents whose scores are evaluated at once.
pub(crate) struct Chunk<'a> {
    model: &'a Model,
    rule: &'a Cubature,
    batch: Batch,
    weights: Vec<f64>,
    nodes: Vec<Nodes>,
}

impl<'a> Chunk<'a> {
    pub fn new(
        model: &'a Model,
        responses: &Responses,
        scored: &Scored,
        positions: &[usize],
        rule: &'a Cubature,
    ) -> Self {
        let members: Vec<u32> = positions
            .iter()
            .map(|&position| scored.respondents[position])
            .collect();
        Self {
            model,
            rule,
            batch: Batch::new(responses, &members),
            weights: positions
                .iter()
                .map(|&position| scored.weights[position])
                .collect(),
            nodes: positions
                .par_iter()
                .map(|&position| rule.nodes(scored.moments, position))
                .collect(),
        }
    }

    /// The covariance of each parameter's score with the first so many polynomials of the traits, in one column per
    /// respondent and polynomial, times the root of the respondent's weight if asked for; the information of the
    /// items is added to `blocks`.
    pub fn scores(&self, n_polynomials: usize, rooted: bool, blocks: Option<&mut [Block]>) -> Array2<f32> {
        let n_columns = self.nodes.len() * n_polynomials;
        let mut values = Array2::zeros((self.model.items.values().len(), n_columns));
        let catalogue = &self.model.shape.catalogue;
        let width = self.model.items.width();
        let mut blocks: Vec<Option<&mut Block>> = match blocks {
            Some(blocks) => blocks.iter_mut().map(Some).collect(),
            None => (0..catalogue.n_items()).map(|_| None).collect(),
        };
        let mut rest = values.view_mut();
        let mut tasks = Vec::new();
        for (item, block) in blocks.iter_mut().enumerate() {
            let (own, others) = rest.split_at(Axis(0), catalogue.rows_of(item).len() * width);
            rest = others;
            tasks.push((item, block.as_deref_mut(), Some(own)));
        }
        self.evaluate(tasks, n_polynomials, rooted);
        values
    }

    /// The derivatives of the respondents' posterior means by the item parameters, `d E[a | y] / d parameters =
    /// Cov[a, score]`, in one column per respondent and dimension.
    pub fn slopes_of_means(&self) -> Array2<f32> {
        let n_dims = self.model.shape.n_dims;
        let mut scores = self.scores(n_dims, false, None);
        let factors: Vec<Array2<f32>> = self.nodes.iter().map(|n| n.factor.mapv(|x| x as f32)).collect();
        let mut blocks: Vec<ArrayViewMut2<f32>> =
            scores.axis_chunks_iter_mut(Axis(0), ROWS_PER_TASK).collect();
        blocks.par_iter_mut().for_each(|rows| {
            for mut row in rows.rows_mut() {
                for (mut own, factor) in row.axis_chunks_iter_mut(Axis(0), n_dims).zip(&factors) {
                    let mapped = factor.dot(&own);
                    own.assign(&mapped);
                }
            }
        });
        scores
    }

    /// What the columns of [`Self::scores`] (all polynomials, rooted) have to be multiplied by and summed for the covariances
    /// of the scores with the traits by dimension, then with the quadratic forms of [`crate::model::tangents::affine_tangents`].
    pub fn affine_coefficients(&self, scored: &Scored, positions: &[usize]) -> Array2<f32> {
        let n_dims = self.model.shape.n_dims;
        let n_polynomials = self.rule.polynomials.len();
        let mut coefficients = Array2::zeros((positions.len() * n_polynomials, n_polynomials));
        for (k, &position) in positions.iter().enumerate() {
            let (mean, factor) = (scored.moments.mean(position), &self.nodes[k].factor);
            let root = self.weights[k].sqrt();
            let first = k * n_polynomials;
            for a in 0..n_dims {
                for d in 0..n_dims {
                    coefficients[[first + d, a]] = (root * factor[[a, d]]) as f32;
                }
            }
            for (form, (a, b)) in lower_pairs(n_dims).enumerate() {
                let times = if a == b { root } else { 2.0 * root };
                let column = n_dims + form;
                for d in 0..n_dims {
                    let linear = mean[a] * factor[[b, d]] + mean[b] * factor[[a, d]];
                    coefficients[[first + d, column]] = (times * linear) as f32;
                }
                for (square, (i, j)) in lower_pairs(n_dims).enumerate() {
                    let quadratic = if i == j {
                        2f64.sqrt() * factor[[a, i]] * factor[[b, i]]
                    } else {
                        factor[[a, i]] * factor[[b, j]] + factor[[a, j]] * factor[[b, i]]
                    };
                    coefficients[[first + n_dims + square, column]] = (times * quadratic) as f32;
                }
            }
        }
        coefficients
    }

    pub fn add_to(&self, blocks: &mut [Block]) {
        let tasks = blocks
            .iter_mut()
            .enumerate()
            .map(|(item, block)| (item, Some(block), None));
        self.evaluate(tasks.collect(), 0, false);
    }

    fn evaluate(&self, mut tasks: Vec<Task>, n_polynomials: usize, rooted: bool) {
        let catalogue = &self.model.shape.catalogue;
        let arch = pulp::Arch::new();
        tasks
            .par_iter_mut()
            .for_each_init(Scratch::default, |scratch, (item, block, scores)| {
                for chooser in self.batch.choosers_of(catalogue.options_of(*item)) {
                    let position = chooser.position as usize;
                    let weight = self.weights[position];
                    let block = block
                        .as_deref_mut()
                        .and_then(|block| block.takes().then_some(block));
                    if block.is_none() && scores.is_none() {
                        continue;
                    }
                    arch.dispatch(Addition {
                        model: self.model,
                        rule: self.rule,
                        rows: catalogue.rows_of(*item),
                        chosen: self.batch.responses()[chooser.response as usize].chosen as usize,
                        nodes: &self.nodes[position],
                        weight,
                        block,
                        scores: scores.as_mut().map(|scores| {
                            let first = position * n_polynomials;
                            scores.slice_mut(s![.., first..first + n_polynomials])
                        }),
                        root: if rooted { weight.sqrt() as f32 } else { 1.0 },
                        scratch,
                    });
                }
            });
    }
}

#[derive(Default)]
struct Scratch {
    terms: Terms,
    products: Vec<f32>,
    means: Vec<f64>,
}

/// What one response of a respondent tells about the parameters of its item. The code is compiled for the processors
/// that pulp tells apart.
struct Addition<'a> {
    model: &'a Model,
    rule: &'a Cubature,
    rows: Range<usize>,
    chosen: usize,
    nodes: &'a Nodes,
    weight: f64,
    block: Option<&'a mut Block>,
    scores: Option<ArrayViewMut2<'a, f32>>,
    root: f32,
    scratch: &'a mut Scratch,
}

impl NullaryFnOnce for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            model,
            rule,
            rows,
            chosen,
            nodes,
            weight,
            block,
            scores,
            root,
            scratch,
        } = self;
        let n_nodes = rule.weights.len();
        let n_dims = model.shape.n_dims;
        let width = n_dims + 1;
        let n_rows = rows.len();
        let Scratch {
            terms,
            products,
            means,
        } = scratch;
        let design: Vec<&[f32]> = nodes.design.chunks_exact(n_nodes).collect();
        terms.evaluate(model.shape.link, &model.items, rows, chosen, &design[..n_dims]);
        products.resize(n_nodes, 0.0);
        if let Some(mut scores) = scores {
            for (row, residuals) in terms.residuals.chunks_exact(n_nodes).enumerate() {
                for (d, column) in design.iter().enumerate() {
                    for (product, (r, x)) in products.iter_mut().zip(residuals.iter().zip(*column)) {
                        *product = r * x * root;
                    }
                    let mut to = scores.row_mut(row * width + d);
                    for (to, polynomial) in to.iter_mut().zip(&rule.polynomials) {
                        *to = dot(products, polynomial);
                    }
                }
            }
        }
        let Some(block) = block else { return };
        block.evaluated += weight;
        means.clear();
        for residuals in terms.residuals.chunks_exact(n_nodes) {
            for (product, (r, w)) in products.iter_mut().zip(residuals.iter().zip(&rule.weights)) {
                *product = r * w;
            }
            means.extend(design.iter().map(|x| f64::from(dot(products, x))));
        }
        let shared = if model.shape.link == Link::Logit { 1.0 } else { 0.0 };
        for a in 0..n_rows {
            let (p, r) = (
                &terms.curvatures[a * n_nodes..][..n_nodes],
                &terms.residuals[a * n_nodes..][..n_nodes],
            );
            for b in 0..=a {
                let (q, s) = (
                    &terms.curvatures[b * n_nodes..][..n_nodes],
                    &terms.residuals[b * n_nodes..][..n_nodes],
                );
                let own = if a == b { 1.0 } else { 0.0 };
                for node in 0..n_nodes {
                    let curvature = own * p[node] - shared * p[node] * q[node];
                    products[node] = rule.weights[node] * (curvature - r[node] * s[node]);
                }
                add_pairs(&mut block.information, (a, b), (products, nodes), means, weight);
                if block.missing.nrows() > 0 {
                    for node in 0..n_nodes {
                        products[node] = -rule.weights[node] * r[node] * s[node];
                    }
                    add_pairs(&mut block.missing, (a, b), (products, nodes), means, -weight);
                }
            }
        }
    }
}
