//! What the responses of some respondents tell about the parameters of their items.

use crate::base::linalg::{lower_pairs, packed_length};
use crate::base::threads::{map, map_with};
use crate::information::calibration::Calibration;
use crate::information::item::{ItemSum, RowPair};
use crate::information::rule::Rule;
use crate::kernels::terms::{Terms, dot};
use crate::model::design;
use crate::model::parameters::Model;
use crate::posterior::nodes::Nodes;
use crate::responses::batch::Batch;
use crate::responses::response::Response;
use ndarray::{Array2, ArrayViewMut2, Axis, s};
use pulp::NullaryFnOnce;

/// Parameters whose scores one task maps.
const PARAMETERS_PER_TASK: usize = 64;

/// Respondents that are evaluated at once at most.
pub(crate) const MOST_RESPONDENTS: usize = 1_024;

/// Numbers that are kept of them at most, about.
const MOST_NUMBERS: usize = 4_000_000;

/// Respondents in a chunk of whom so many polynomials of the scores of all parameters are kept.
pub(crate) fn chunk_size(n_parameters: usize, n_polynomials: usize) -> usize {
    (MOST_NUMBERS / (n_parameters * n_polynomials).max(1)).clamp(1, MOST_RESPONDENTS)
}

/// The number of polynomials of degree 1 and 2.
pub(crate) fn n_polynomials(n_dims: usize) -> usize {
    n_dims + packed_length(n_dims)
}

/// Some respondents whose scores are evaluated at once.
pub(crate) struct Chunk<'a> {
    calibration: Calibration<'a>,
    batch: Batch,
    weights: Vec<f64>,
    nodes: Vec<Nodes>,
}

/// An item with the places for its information and for the scores of its parameters.
struct ItemPlaces<'a> {
    item: usize,
    sum: Option<&'a mut ItemSum>,
    scores: Option<ArrayViewMut2<'a, f32>>,
}

/// The columns of a matrix of scores.
#[derive(Clone, Copy)]
struct Columns {
    /// The first so many polynomials of the traits, for each respondent.
    n_polynomials: usize,
    /// Times the root of the respondent's weight?
    rooted: bool,
}

impl<'a> Chunk<'a> {
    pub fn new(calibration: Calibration<'a>, positions: &[usize], rule: &Rule) -> Self {
        let scored = calibration.scored;
        let members: Vec<u32> = positions
            .iter()
            .map(|&position| scored.respondents[position])
            .collect();
        let batch = Batch::new(calibration.responses, &members);
        let nodes = map(positions.iter().enumerate(), |(place, &position)| {
            rule.nodes(calibration, position, &batch, place)
        });
        Self {
            calibration,
            batch,
            nodes,
            weights: positions
                .iter()
                .map(|&position| scored.weights[position])
                .collect(),
        }
    }

    /// The covariance of each parameter's score with the polynomials of the traits, times the root of the respondent's
    /// weight, in one column per respondent and polynomial; the information of the items is added to `sums`.
    pub fn scores(&self, sums: &mut [ItemSum]) -> Array2<f32> {
        let columns = Columns {
            n_polynomials: n_polynomials(self.calibration.n_dims()),
            rooted: true,
        };
        self.scores_with(columns, sums.iter_mut().map(Some))
    }

    /// Adds the information of the items.
    pub fn add_to(&self, sums: &mut [ItemSum]) {
        let none = Columns {
            n_polynomials: 0,
            rooted: false,
        };
        let items = sums.iter_mut().enumerate().map(|(item, sum)| ItemPlaces {
            item,
            sum: Some(sum),
            scores: None,
        });
        self.evaluate(items.collect(), none);
    }

    /// The derivatives of the respondents' posterior means by the item parameters, `d E[a | y] / d parameters =
    /// Cov[a, score]`, in one column per respondent and dimension.
    pub fn slopes_of_means(&self) -> Array2<f32> {
        let n_dims = self.calibration.n_dims();
        let linear = Columns {
            n_polynomials: n_dims,
            rooted: false,
        };
        let n_items = self.calibration.model.shape.catalogue.n_items();
        let mut scores = self.scores_with(linear, (0..n_items).map(|_| None));
        let factors: Vec<Array2<f32>> = self.nodes.iter().map(|n| n.factor.mapv(|x| x as f32)).collect();
        map(
            scores.axis_chunks_iter_mut(Axis(0), PARAMETERS_PER_TASK),
            |mut rows| {
                for mut row in rows.rows_mut() {
                    for (mut own, factor) in row.axis_chunks_iter_mut(Axis(0), n_dims).zip(&factors) {
                        let mapped = factor.dot(&own);
                        own.assign(&mapped);
                    }
                }
            },
        );
        scores
    }

    /// What the columns of [`Self::scores`] have to be multiplied by and summed for the covariances of the scores with the
    /// traits by dimension, then with the quadratic forms of [`crate::model::tangents::affine_tangents`].
    pub fn affine_coefficients(&self) -> Array2<f32> {
        let n_dims = self.calibration.n_dims();
        let n = n_polynomials(n_dims);
        let mut coefficients = Array2::zeros((self.nodes.len() * n, n));
        for (k, nodes) in self.nodes.iter().enumerate() {
            let root = self.weights[k].sqrt() as f32;
            let n_nodes = nodes.weights.len();
            let traits = nodes.design.chunks_exact(n_nodes).take(n_dims);
            let forms = nodes.pairs.chunks_exact(n_nodes).zip(lower_pairs(n_dims));
            let forms = forms.map(|(pair, (a, b))| (pair, if a == b { root } else { 2.0 * root }));
            let functions = traits.map(|coordinate| (coordinate, root)).chain(forms);
            for (column, (function, times)) in functions.enumerate() {
                for (row, polynomial) in nodes.polynomials.iter().enumerate() {
                    coefficients[[k * n + row, column]] = times * dot(function, polynomial);
                }
            }
        }
        coefficients
    }

    fn scores_with<'s>(
        &self,
        columns: Columns,
        sums: impl Iterator<Item = Option<&'s mut ItemSum>>,
    ) -> Array2<f32> {
        let n_columns = self.nodes.len() * columns.n_polynomials;
        let table = &self.calibration.model.items;
        let mut values = Array2::zeros((table.values().len(), n_columns));
        let catalogue = &self.calibration.model.shape.catalogue;
        let width = table.width();
        let mut rest = values.view_mut();
        let mut items = Vec::new();
        for (item, sum) in sums.enumerate() {
            let (own, others) = rest.split_at(Axis(0), catalogue.rows_of(item).len() * width);
            rest = others;
            items.push(ItemPlaces {
                item,
                sum,
                scores: Some(own),
            });
        }
        self.evaluate(items, columns);
        self.calibration.design().contract(values)
    }

    fn evaluate(&self, items: Vec<ItemPlaces>, columns: Columns) {
        let model = self.calibration.model;
        let catalogue = &model.shape.catalogue;
        let arch = pulp::Arch::new();
        let Columns {
            n_polynomials,
            rooted,
        } = columns;
        map_with(items, |scratch, mut own| {
            for chooser in self.batch.choosers_of(catalogue.options_of(own.item)) {
                let position = chooser.position as usize;
                let weight = self.weights[position];
                let sum = own.sum.as_deref_mut();
                let sum = sum.and_then(|sum| sum.takes().then_some(sum));
                if sum.is_none() && own.scores.is_none() {
                    continue;
                }
                arch.dispatch(Addition {
                    model,
                    response: &self.batch.responses()[chooser.response as usize],
                    nodes: &self.nodes[position],
                    weight,
                    sum,
                    scores: own.scores.as_mut().map(|scores| {
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
    response: &'a Response,
    nodes: &'a Nodes,
    weight: f64,
    sum: Option<&'a mut ItemSum>,
    scores: Option<ArrayViewMut2<'a, f32>>,
    root: f32,
    scratch: &'a mut Scratch,
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
            sum.evaluated += self.weight;
            self.find_means(&design);
            self.add_information(sum);
        }
    }
}

impl Addition<'_> {
    /// The covariances of the scores with the polynomials.
    #[inline(always)]
    fn set_scores(&mut self, design: &[&[f32]]) {
        let Some(scores) = &mut self.scores else { return };
        let Scratch { terms, products, .. } = &mut *self.scratch;
        let (n_nodes, width, root) = (products.len(), design.len(), self.root);
        for (row, residuals) in terms.residuals.chunks_exact(n_nodes).enumerate() {
            for (d, column) in design.iter().enumerate() {
                for (product, (r, x)) in products.iter_mut().zip(residuals.iter().zip(*column)) {
                    *product = r * x * root;
                }
                let mut to = scores.row_mut(row * width + d);
                for (to, polynomial) in to.iter_mut().zip(&self.nodes.polynomials) {
                    *to = dot(products, polynomial);
                }
            }
        }
    }

    /// The means of the scores.
    #[inline(always)]
    fn find_means(&mut self, design: &[&[f32]]) {
        let Scratch {
            terms,
            products,
            means,
        } = &mut *self.scratch;
        means.clear();
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
            let diagonal = &terms.diagonal[row * n_nodes..][..n_nodes];
            let v = &terms.direction[row * n_nodes..][..n_nodes];
            let r = &terms.residuals[row * n_nodes..][..n_nodes];
            for other in 0..=row {
                let w = &terms.direction[other * n_nodes..][..n_nodes];
                let s = &terms.residuals[other * n_nodes..][..n_nodes];
                let own = if row == other { 1.0 } else { 0.0 };
                for node in 0..n_nodes {
                    let curvature = own * diagonal[node] + terms.share * v[node] * w[node];
                    products[node] = weights[node] * (curvature - r[node] * s[node]);
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
