//! What one response tells about the parameters of its item.

use crate::information::item::{ItemSum, RowPair};
use crate::kernels::terms::{Terms, dot};
use crate::model::design;
use crate::model::parameters::Model;
use crate::posterior::nodes::Nodes;
use crate::responses::response::Response;
use pulp::NullaryFnOnce;

/// The memory of a thread.
#[derive(Default)]
pub(crate) struct Scratch {
    terms: Terms,
    products: Vec<f32>,
    means: Vec<f64>,
}

/// What one response of a respondent tells about the parameters of its item. The code is compiled for the processors
/// that pulp tells apart.
pub(crate) struct Addition<'a> {
    pub model: &'a Model,
    pub response: &'a Response,
    pub nodes: &'a Nodes,
    /// Are they those of one respondent, or of many whose means are looked at elsewhere?
    pub is_one: bool,
    pub weight: f64,
    pub sum: Option<&'a mut ItemSum>,
    /// The free parameter in every column of every row.
    pub free: &'a [usize],
    /// A row for each free parameter with a number for each column; empty where they are not wanted.
    pub scores: &'a mut [f32],
    /// What the scores at the nodes are multiplied by and summed.
    pub columns: &'a [Vec<f32>],
    pub scratch: &'a mut Scratch,
}

impl NullaryFnOnce for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let n_nodes = self.nodes.weights.len();
        let design: Vec<&[f32]> = self.nodes.design.chunks_exact(n_nodes).collect();
        self.scratch.terms.find(
            self.model.shape.link,
            &self.model.items,
            self.response,
            design::split(&design).0,
        );
        self.scratch.products.resize(n_nodes, 0.0);
        self.set_scores(&design);
        if let Some(sum) = self.sum.take() {
            if self.is_one {
                sum.evaluated += self.weight;
            }
            self.find_means(&design);
            self.add_information(sum);
        }
    }
}

impl Addition<'_> {
    /// Adds it.
    pub fn add(self) {
        pulp::Arch::new().dispatch(self);
    }

    /// The sums of the scores times the columns.
    #[inline(always)]
    fn set_scores(&mut self, design: &[&[f32]]) {
        let n_columns = self.columns.len();
        if n_columns == 0 {
            return;
        }
        let Scratch { terms, products, .. } = &mut *self.scratch;
        let n_nodes = products.len();
        let mut free = self.free.iter();
        for residuals in terms.residuals.chunks_exact(n_nodes) {
            for (column, &free) in design.iter().zip(&mut free) {
                for (product, (r, x)) in products.iter_mut().zip(residuals.iter().zip(*column)) {
                    *product = r * x;
                }
                let to = &mut self.scores[free * n_columns..][..n_columns];
                for (to, column) in to.iter_mut().zip(self.columns) {
                    *to += dot(products, column);
                }
            }
        }
    }

    /// The means of the scores, or zeros.
    #[inline(always)]
    fn find_means(&mut self, design: &[&[f32]]) {
        let Scratch {
            terms,
            products,
            means,
        } = &mut *self.scratch;
        means.clear();
        if !self.is_one {
            means.resize(self.response.n_rows as usize * design.len(), 0.0);
            return;
        }
        for residuals in terms.residuals.chunks_exact(products.len()) {
            for (product, (r, w)) in products.iter_mut().zip(residuals.iter().zip(&self.nodes.weights)) {
                *product = r * w;
            }
            means.extend(design.iter().map(|x| f64::from(dot(products, x))));
        }
    }

    /// Adds `E[-H] - Var[score]` to what is observed and, where it is used, `Var[score]` to what is missing.
    #[inline(always)]
    fn add_information(self, sum: &mut ItemSum) {
        let Scratch {
            terms,
            products,
            means,
        } = self.scratch;
        let (nodes, weights) = (self.nodes, &self.nodes.weights);
        let n_nodes = weights.len();
        for row in 0..self.response.n_rows as usize {
            let r = &terms.residuals[row * n_nodes..][..n_nodes];
            for other in 0..=row {
                let s = &terms.residuals[other * n_nodes..][..n_nodes];
                let curvature = terms.curvature(row, other, n_nodes);
                for node in 0..n_nodes {
                    products[node] = weights[node] * (curvature(node) - r[node] * s[node]);
                }
                let pair = RowPair {
                    row,
                    other,
                    nodes,
                    means,
                };
                pair.add(products, self.weight, &mut sum.information.observed);
                if sum.information.missing.nrows() > 0 {
                    for node in 0..n_nodes {
                        products[node] = -weights[node] * r[node] * s[node];
                    }
                    pair.add(products, -self.weight, &mut sum.information.missing);
                }
            }
        }
    }
}
