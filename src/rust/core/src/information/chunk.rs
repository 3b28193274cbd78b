//! What the responses of some respondents tell about the parameters of their items.

use crate::base::linalg::{lower_pairs, packed_length};
use crate::base::threads::{map, map_with};
use crate::information::calibration::Calibration;
use crate::information::item::{ItemSum, MOST_JOINT_PARAMETERS, RowPair};
use crate::information::rule::Rule;
use crate::information::scores::Scores;
use crate::kernels::terms::{Terms, dot};
use crate::model::design;
use crate::model::parameters::Model;
use crate::posterior::nodes::Nodes;
use crate::responses::batch::{Batch, Chooser};
use crate::responses::response::Response;
use ndarray::Array2;
use pulp::NullaryFnOnce;

/// Respondents that are evaluated at once at most.
pub(crate) const MOST_RESPONDENTS: usize = 1_024;

/// Numbers that are kept of them at most, about.
const MOST_NUMBERS: usize = 4_000_000;

/// Respondents in a chunk of whom so many polynomials of the scores of all parameters are kept, as one matrix where there are not too
/// many parameters.
pub(crate) fn chunk_size(n_parameters: usize, n_polynomials: usize) -> usize {
    if n_parameters > MOST_JOINT_PARAMETERS {
        return MOST_RESPONDENTS;
    }
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

/// The columns of [`Scores`].
#[derive(Clone, Copy)]
struct Columns {
    /// The first so many polynomials of the traits.
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
    /// weight, in one column for each polynomial; the information of the items is added to `sums`.
    pub fn scores(&self, sums: &mut [ItemSum]) -> Scores {
        let columns = Columns {
            n_polynomials: n_polynomials(self.calibration.n_dims()),
            rooted: true,
        };
        let by_item = self.evaluate(sums.iter_mut().map(Some).collect(), columns);
        self.by_respondent(&by_item, columns)
    }

    /// Adds the information of the items.
    pub fn add_to(&self, sums: &mut [ItemSum]) {
        let none = Columns {
            n_polynomials: 0,
            rooted: false,
        };
        self.evaluate(sums.iter_mut().map(Some).collect(), none);
    }

    /// The derivatives of the respondents' posterior means by the item parameters, `d E[a | y] / d parameters =
    /// Cov[a, score]`, in one column for each dimension.
    pub fn slopes_of_means(&self) -> Scores {
        let linear = Columns {
            n_polynomials: self.calibration.n_dims(),
            rooted: false,
        };
        let n_items = self.calibration.model.shape.catalogue.n_items();
        let mut by_item = self.evaluate((0..n_items).map(|_| None).collect(), linear);
        let factors: Vec<Vec<f32>> = self
            .nodes
            .iter()
            .map(|n| n.factor.iter().map(|&x| x as f32).collect())
            .collect();
        map(by_item.iter_mut().enumerate(), |(item, values)| {
            let size = self.calibration.design().free_of_item(item).len() * linear.n_polynomials;
            let choosers = self.choosers_of(item).iter();
            for (block, chooser) in values.chunks_exact_mut(size.max(1)).zip(choosers) {
                let factor = &factors[chooser.position as usize];
                for own in block.chunks_exact_mut(linear.n_polynomials) {
                    // From the last one up: what is below is not needed any more.
                    for (d, row) in factor.chunks_exact(linear.n_polynomials).enumerate().rev() {
                        own[d] = dot(&row[..=d], &own[..=d]);
                    }
                }
            }
        });
        self.by_respondent(&by_item, linear)
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

    /// The responses to an item.
    fn choosers_of(&self, item: usize) -> &[Chooser] {
        let catalogue = &self.calibration.model.shape.catalogue;
        self.batch.choosers_of(catalogue.options_of(item))
    }

    /// From the scores by item, chooser by chooser, to those by respondent.
    fn by_respondent(&self, by_item: &[Vec<f32>], columns: Columns) -> Scores {
        let design = self.calibration.design();
        let mut places = vec![(0, 0, 0..0); self.batch.n_responses()];
        for item in 0..by_item.len() {
            let free = design.free_of_item(item);
            let size = free.len() * columns.n_polynomials;
            for (k, chooser) in self.choosers_of(item).iter().enumerate() {
                places[chooser.response as usize] = (item, free.start, k * size..(k + 1) * size);
            }
        }
        let mut scores = Scores::new(self.calibration.n_parameters(), columns.n_polynomials);
        for position in 0..self.batch.n_respondents() {
            for (item, first, own) in &places[self.batch.numbers_of(position)] {
                scores.push(*first, &by_item[*item][own.clone()]);
            }
            scores.close();
        }
        scores
    }

    /// Adds the information to the sums of the items and finds the scores of the free parameters of each, chooser by chooser.
    fn evaluate(&self, sums: Vec<Option<&mut ItemSum>>, columns: Columns) -> Vec<Vec<f32>> {
        let model = self.calibration.model;
        let design = self.calibration.design();
        let arch = pulp::Arch::new();
        map_with(sums.into_iter().enumerate(), |scratch, (item, mut sum)| {
            let own = design.of_item(item);
            let free: Vec<usize> = own.free_parameters().collect();
            let (size, choosers) = (own.n_free() * columns.n_polynomials, self.choosers_of(item));
            let mut scores = vec![0.0; size * choosers.len()];
            for (k, chooser) in choosers.iter().enumerate() {
                let position = chooser.position as usize;
                let weight = self.weights[position];
                let sum = sum.as_deref_mut();
                let sum = sum.and_then(|sum| sum.takes().then_some(sum));
                if sum.is_none() && size == 0 {
                    continue;
                }
                arch.dispatch(Addition {
                    model,
                    response: &self.batch.responses()[chooser.response as usize],
                    nodes: &self.nodes[position],
                    weight,
                    sum,
                    free: &free,
                    scores: &mut scores[k * size..(k + 1) * size],
                    n_polynomials: columns.n_polynomials,
                    root: if columns.rooted { weight.sqrt() as f32 } else { 1.0 },
                    scratch,
                });
            }
            scores
        })
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
    /// The free parameter in every column of every row.
    free: &'a [usize],
    /// A row for each free parameter; empty where they are not wanted.
    scores: &'a mut [f32],
    n_polynomials: usize,
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
        let n_polynomials = self.n_polynomials;
        if n_polynomials == 0 {
            return;
        }
        let Scratch { terms, products, .. } = &mut *self.scratch;
        let (n_nodes, root) = (products.len(), self.root);
        let mut free = self.free.iter();
        for residuals in terms.residuals.chunks_exact(n_nodes) {
            for (column, &free) in design.iter().zip(&mut free) {
                for (product, (r, x)) in products.iter_mut().zip(residuals.iter().zip(*column)) {
                    *product = r * x * root;
                }
                let to = &mut self.scores[free * n_polynomials..][..n_polynomials];
                for (to, polynomial) in to.iter_mut().zip(&self.nodes.polynomials) {
                    *to += dot(products, polynomial);
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
