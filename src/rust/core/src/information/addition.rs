//! What some responses tell about the parameters of their item.

use crate::information::functions::Functions;
use crate::information::item::{ItemSum, RowPair};
use crate::kernels::terms::Terms;
use crate::model::design;
use crate::model::parameters::Model;
use crate::posterior::nodes::Nodes;
use crate::responses::response::Response;
use pulp::NullaryFnOnce;

/// The memory of a thread.
#[derive(Default)]
pub(crate) struct Scratch {
    terms: Terms,
    factors: Vec<f32>,
    sums: Vec<f32>,
    means: Vec<f64>,
}

/// What a response tells about the parameters of its item, of one respondent or of many at nodes that they share. The code is
/// compiled for the processors that pulp tells apart.
pub(crate) struct Addition<'a> {
    pub model: &'a Model,
    pub response: &'a Response,
    pub nodes: &'a Nodes,
    /// The [pairs](Nodes::pairs) of what the parameters of a row are multiplied by.
    pub pairs: &'a Functions,
    /// Are they the nodes of one respondent, or of many whose means are looked at elsewhere?
    pub is_one: bool,
    pub weight: f64,
    pub sum: &'a mut ItemSum,
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
        self.scratch.factors.resize(n_nodes, 0.0);
        self.find_means();
        self.add_information();
    }
}

impl Addition<'_> {
    /// Adds it.
    pub fn add(self) {
        pulp::Arch::new().dispatch(self);
    }

    /// The means of the scores, or zeros.
    #[inline(always)]
    fn find_means(&mut self) {
        let width = self.model.items.width();
        let Scratch {
            terms,
            factors,
            sums,
            means,
        } = &mut *self.scratch;
        means.clear();
        if !self.is_one {
            means.resize(self.response.n_rows as usize * width, 0.0);
            return;
        }
        self.sum.evaluated += self.weight;
        for residuals in terms.residuals.chunks_exact(factors.len()) {
            for (factor, (r, w)) in factors.iter_mut().zip(residuals.iter().zip(&self.nodes.weights)) {
                *factor = -r * w;
            }
            self.pairs.sums(factors, sums);
            // The last pairs are those with the -1 of the difficulty.
            means.extend(sums[sums.len() - width..].iter().map(|&x| f64::from(x)));
        }
    }

    /// Adds `E[-H] - Var[score]` to what is observed and, where it is used, `Var[score]` to what is missing.
    #[inline(always)]
    fn add_information(self) {
        let Scratch {
            terms,
            factors,
            sums,
            means,
        } = self.scratch;
        let weights = &self.nodes.weights;
        let n_nodes = weights.len();
        let width = self.model.items.width();
        for row in 0..self.response.n_rows as usize {
            let r = &terms.residuals[row * n_nodes..][..n_nodes];
            for other in 0..=row {
                let s = &terms.residuals[other * n_nodes..][..n_nodes];
                let curvature = terms.curvature(row, other, n_nodes);
                for node in 0..n_nodes {
                    factors[node] = weights[node] * (curvature(node) - r[node] * s[node]);
                }
                let pair = RowPair {
                    row,
                    other,
                    width,
                    means,
                };
                let information = &mut self.sum.information;
                self.pairs.sums(factors, sums);
                pair.add(sums, self.weight, &mut information.observed);
                if information.missing.nrows() > 0 {
                    for node in 0..n_nodes {
                        factors[node] = -weights[node] * r[node] * s[node];
                    }
                    self.pairs.sums(factors, sums);
                    pair.add(sums, -self.weight, &mut information.missing);
                }
            }
        }
    }
}
