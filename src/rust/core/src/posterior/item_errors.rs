//! Standard errors of the item parameters.

use super::Moments;
use crate::identify::AffineMap;
use crate::kernels::math::{self, LogCdf, Normal};
use crate::linalg::{cholesky, invert, pack, packed_length, unpack};
use crate::model::{Link, Model};
use crate::train::{Monitor, Settings};
use crate::{Batch, Error, Responses, Result};
use ndarray::Array2;
use pulp::NullaryFnOnce;
use rayon::prelude::*;
use std::ops::Range;

/// Covariances of the estimates of item parameters.
#[derive(Clone, Debug)]
pub struct ItemErrors {
    /// Lower triangles of the covariance matrices of (discriminations, difficulty), one per parameter row, on the
    /// scale of training; NaN where the information is not positive definite or was not asked for.
    pub covariances: Vec<f64>,
}

impl ItemErrors {
    /// The covariance matrices of (discriminations, difficulty) on the reported scale, one per parameter row.
    ///
    /// # Errors
    /// [`Error::Model`] when the map cannot be inverted.
    pub fn mapped(&self, map: &AffineMap) -> Result<Vec<Array2<f64>>> {
        let jacobian = map.item_jacobian()?;
        let width = jacobian.nrows();
        let covariances = self.covariances.chunks(packed_length(width));
        Ok(covariances
            .map(|packed| jacobian.dot(&unpack(packed, width)).dot(&jacobian.t()))
            .collect())
    }
}

/// Respondents whose nodes are kept at once.
const CHUNK: usize = 1_024;
/// Responses of which the information is evaluated, about; where there are more, evenly spaced samples of those to each item
/// stand for all.
const ENOUGH_RESPONSES: u64 = 5_000_000;
/// Responses to an item that are evaluated at least.
const ENOUGH_FOR_ITEM: u64 = 1_000;

/// Parameters of an item beyond which its standard errors are not computed: their number grows with the square.
const MOST_PARAMETERS: usize = 600;

/// The information about one item's parameters.
struct Block {
    first_row: usize,
    n_rows: usize,
    /// Empty where it would be too large.
    information: Array2<f64>,
    /// Every so many responses one is evaluated.
    stride: u64,
    seen: u64,
    /// Summed weights of the responses that were evaluated.
    evaluated: f64,
    scratch: Scratch,
}

/// Numbers for all rows of an item at all nodes, row by row, and sums over the nodes.
#[derive(Default)]
struct Scratch {
    residuals: Vec<f32>,
    probabilities: Vec<f32>,
    products: Vec<f32>,
    largest: Vec<f32>,
    sums: Vec<f32>,
    score: Vec<f64>,
}

/// Inverts, item by item, the observed information, prior included: the expected information about the complete
/// data less what the latent traits leave unknown, `E[-H] - Var[score]`, summed over respondents (Louis 1982,
/// <https://doi.org/10.1111/j.2517-6161.1982.tb01203.x>). Expectations are over each respondent's posterior. Where an item
/// has very many responses, or `respondents` are a sample, the sum is extrapolated to all of its responses.
///
/// # Errors
/// [`Error::Cancelled`] when the monitor says so.
pub fn item_errors(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    moments: &Moments,
    settings: &Settings,
    monitor: &dyn Monitor,
) -> Result<ItemErrors> {
    let catalogue = &model.shape.catalogue;
    let n_dims = model.shape.n_dims;
    let length = packed_length(n_dims + 1);
    if !settings.std_errors {
        return Ok(ItemErrors {
            covariances: vec![f64::NAN; catalogue.n_parameter_rows() * length],
        });
    }
    let enough = (ENOUGH_RESPONSES / catalogue.n_items() as u64).max(ENOUGH_FOR_ITEM);
    let stride = |n: u64| {
        if responses.has_weights() {
            1
        } else {
            n.div_ceil(enough).max(1)
        }
    };
    let mut blocks: Vec<Block> = responses
        .sum_by_item(respondents.iter().copied(), |_| 1)
        .into_iter()
        .enumerate()
        .map(|(item, n)| Block::new(catalogue.rows_of(item), n_dims, stride(n)))
        .collect();
    let rule = Cubature::new(n_dims);
    let arch = pulp::Arch::new();
    let mut batch = Batch::default();
    for (chunk, members) in respondents.chunks(CHUNK).enumerate() {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        batch.fill(responses, members);
        batch.group(catalogue.n_options());
        let nodes: Vec<Nodes> = (0..members.len())
            .into_par_iter()
            .map(|position| rule.nodes(moments, chunk * CHUNK + position))
            .collect();
        blocks.par_iter_mut().enumerate().for_each(|(item, block)| {
            for chooser in batch.choosers_of(catalogue.options_of(item)) {
                block.seen += 1;
                if (block.seen - 1).is_multiple_of(block.stride) && block.is_evaluated() {
                    let position = chooser.position as usize;
                    arch.dispatch(Addition {
                        block,
                        model,
                        chosen: batch.responses()[chooser.response as usize].chosen as usize,
                        nodes: &nodes[position],
                        rule: &rule,
                        weight: f64::from(responses.weight(members[position] as usize)),
                    });
                }
            }
        });
    }
    let totals = responses.weighted_item_totals();
    let covariances = blocks
        .iter()
        .zip(totals)
        .flat_map(|(block, total)| block.covariances(n_dims, total, settings))
        .collect();
    Ok(ItemErrors { covariances })
}

impl Block {
    fn new(rows: Range<usize>, n_dims: usize, stride: u64) -> Self {
        let n_parameters = rows.len() * (n_dims + 1);
        let size = if n_parameters > MOST_PARAMETERS {
            0
        } else {
            n_parameters
        };
        Self {
            first_row: rows.start,
            n_rows: rows.len(),
            information: Array2::zeros((size, size)),
            stride,
            seen: 0,
            evaluated: 0.0,
            scratch: Scratch::default(),
        }
    }

    fn is_evaluated(&self) -> bool {
        self.information.nrows() > 0
    }

    /// The packed covariance of every parameter row; `total` is the summed weight of all responses to the item.
    fn covariances(&self, n_dims: usize, total: f64, settings: &Settings) -> Vec<f64> {
        let width = n_dims + 1;
        let size = self.information.nrows();
        if !self.is_evaluated() {
            return vec![f64::NAN; self.n_rows * packed_length(width)];
        }
        let scale = if self.evaluated > 0.0 {
            total / self.evaluated
        } else {
            0.0
        };
        let precision = |i: usize| {
            let sd = if i % width == n_dims {
                settings.difficulty_sd
            } else {
                settings.discrimination_sd
            };
            1.0 / (sd * sd)
        };
        let full = Array2::from_shape_fn((size, size), |(i, j)| {
            let prior = if i == j { precision(i) } else { 0.0 };
            scale * self.information[[i.max(j), i.min(j)]] + prior
        });
        let inverse = invert(full.view());
        (0..size / width)
            .flat_map(|row| match &inverse {
                Some(inverse) => {
                    let own = row * width..(row + 1) * width;
                    pack(inverse.slice(ndarray::s![own.clone(), own]))
                }
                None => vec![f64::NAN; packed_length(width)],
            })
            .collect()
    }
}

/// What one response of a respondent tells about the parameters of its item. The code is compiled for the processors that
/// pulp tells apart.
struct Addition<'a> {
    block: &'a mut Block,
    model: &'a Model,
    chosen: usize,
    nodes: &'a Nodes,
    rule: &'a Cubature,
    weight: f64,
}

impl NullaryFnOnce for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            block,
            model,
            chosen,
            nodes,
            rule,
            weight,
        } = self;
        let n_nodes = rule.weights.len();
        let width = rule.n_dims + 1;
        let n_rows = block.information.nrows() / width;
        block.evaluated += weight;
        let Scratch {
            residuals,
            probabilities,
            products,
            largest,
            sums,
            score,
        } = &mut block.scratch;
        residuals.resize(n_rows * n_nodes, 0.0);
        products.resize(n_nodes, 0.0);
        for (row, to) in residuals.chunks_exact_mut(n_nodes).enumerate() {
            to.fill(0.0);
            let parameters = model.items.row(block.first_row + row);
            for (parameter, design) in parameters.iter().zip(nodes.design.chunks_exact(n_nodes)) {
                to.iter_mut()
                    .zip(design)
                    .for_each(|(eta, x)| *eta += parameter * x);
            }
        }
        probabilities.clear();
        probabilities.extend_from_slice(residuals);
        match model.shape.link {
            Link::Logit => {
                softmax(probabilities, largest, sums, n_nodes);
                let rows = residuals
                    .chunks_exact_mut(n_nodes)
                    .zip(probabilities.chunks_exact(n_nodes));
                for (row, (residuals, probabilities)) in rows.enumerate() {
                    let own = f32::from(u8::from(chosen == row + 1));
                    residuals
                        .iter_mut()
                        .zip(probabilities)
                        .for_each(|(r, p)| *r = own - p);
                }
            }
            Link::Probit => {
                let sign = if chosen == 1 { 1.0 } else { -1.0 };
                for (eta, residual) in probabilities.iter_mut().zip(residuals.iter_mut()) {
                    *residual = sign * Normal::terms(sign * *eta).derivative;
                    // The curvature of the one row.
                    *eta = *residual * (*residual + *eta);
                }
            }
        }
        score.clear();
        for residuals in residuals.chunks_exact(n_nodes) {
            for (product, (r, w)) in products.iter_mut().zip(residuals.iter().zip(&rule.weights)) {
                *product = r * w;
            }
            score.extend(
                nodes
                    .design
                    .chunks_exact(n_nodes)
                    .map(|x| f64::from(dot(products, x))),
            );
        }
        for a in 0..n_rows {
            let (p, r) = (
                &probabilities[a * n_nodes..][..n_nodes],
                &residuals[a * n_nodes..][..n_nodes],
            );
            for b in 0..=a {
                let (q, s) = (
                    &probabilities[b * n_nodes..][..n_nodes],
                    &residuals[b * n_nodes..][..n_nodes],
                );
                let own = if a == b { 1.0 } else { 0.0 };
                let shared = if model.shape.link == Link::Logit { 1.0 } else { 0.0 };
                for node in 0..n_nodes {
                    let curvature = own * p[node] - shared * p[node] * q[node];
                    products[node] = rule.weights[node] * (curvature - r[node] * s[node]);
                }
                let mut pair = nodes.pairs.chunks_exact(n_nodes);
                for i in 0..width {
                    for j in 0..=i {
                        let Some(pair) = pair.next() else { return };
                        let (u, v) = (a * width + i, b * width + j);
                        let sum = f64::from(dot(products, pair));
                        block.information[[u, v]] += weight * (sum + score[u] * score[v]);
                        if a != b && i != j {
                            let (u, v) = (a * width + j, b * width + i);
                            block.information[[u, v]] += weight * (sum + score[u] * score[v]);
                        }
                    }
                }
            }
        }
    }
}

/// Linear predictors of the options beside the reference, one row of nodes each, become probabilities.
#[inline(always)]
fn softmax(predictors: &mut [f32], largest: &mut Vec<f32>, sums: &mut Vec<f32>, n_nodes: usize) {
    largest.clear();
    largest.resize(n_nodes, 0.0);
    for row in predictors.chunks_exact(n_nodes) {
        largest.iter_mut().zip(row).for_each(|(a, &b)| *a = a.max(b));
    }
    sums.clear();
    sums.extend(largest.iter().map(|&top| math::exp(-top)));
    for row in predictors.chunks_exact_mut(n_nodes) {
        for ((p, &top), sum) in row.iter_mut().zip(largest.iter()).zip(sums.iter_mut()) {
            *p = math::exp(*p - top);
            *sum += *p;
        }
    }
    for row in predictors.chunks_exact_mut(n_nodes) {
        row.iter_mut().zip(sums.iter()).for_each(|(p, sum)| *p /= sum);
    }
}

/// The sum of products, in independent parts so that it vectorises.
#[inline(always)]
fn dot(x: &[f32], y: &[f32]) -> f32 {
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

/// The nodes of a respondent, number by number for all nodes.
struct Nodes {
    /// The coordinates, then -1: what the item parameters are multiplied by.
    design: Vec<f32>,
    /// The products of two of these, the first not before the second.
    pairs: Vec<f32>,
}

/// A cubature rule for the standard normal distribution that is exact for polynomials of degree 5: the centre, two
/// points on every axis and four in every plane of two axes, all coordinates 0 or +-sqrt(3) (McNamee and Stenger
/// 1967, <https://doi.org/10.1007/BF02162424>); in one dimension the Gauss-Hermite rule with 3 nodes.
struct Cubature {
    n_dims: usize,
    points: Vec<f64>,
    weights: Vec<f32>,
}

impl Cubature {
    fn new(n_dims: usize) -> Self {
        let n = n_dims as f64;
        let radius = 3f64.sqrt();
        let mut points = vec![0.0; n_dims];
        let mut weights = vec![1.0 + (n * n - 7.0 * n) / 18.0];
        let mut add = |coordinates: &[(usize, f64)], weight: f64| {
            let start = points.len();
            points.resize(start + n_dims, 0.0);
            for &(axis, sign) in coordinates {
                points[start + axis] = sign * radius;
            }
            weights.push(weight);
        };
        for i in 0..n_dims {
            for a in [-1.0, 1.0] {
                add(&[(i, a)], (4.0 - n) / 18.0);
                for j in 0..i {
                    for b in [-1.0, 1.0] {
                        add(&[(i, a), (j, b)], 1.0 / 36.0);
                    }
                }
            }
        }
        Self {
            n_dims,
            points,
            weights: weights.into_iter().map(|w| w as f32).collect(),
        }
    }

    /// The nodes for the normal distribution with the moments of a respondent.
    fn nodes(&self, moments: &Moments, position: usize) -> Nodes {
        let n_dims = self.n_dims;
        let mean = moments.mean(position);
        let covariance = unpack(moments.covariance(position), n_dims);
        let factor = cholesky(covariance.view()).unwrap_or_else(|| Array2::zeros((n_dims, n_dims)));
        let n_nodes = self.weights.len();
        let mut design = Vec::with_capacity((n_dims + 1) * n_nodes);
        for i in 0..n_dims {
            design.extend(self.points.chunks(n_dims).map(|point| {
                let step: f64 = (0..=i).map(|j| factor[[i, j]] * point[j]).sum();
                (mean[i] + step) as f32
            }));
        }
        design.resize((n_dims + 1) * n_nodes, -1.0);
        let column = |i: usize| &design[i * n_nodes..(i + 1) * n_nodes];
        let pairs = (0..=n_dims)
            .flat_map(|i| (0..=i).map(move |j| (i, j)))
            .flat_map(|(i, j)| column(i).iter().zip(column(j)).map(|(x, y)| x * y))
            .collect();
        Nodes { design, pairs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_exact_to_degree_five() {
        for n_dims in 1..=5 {
            let rule = Cubature::new(n_dims);
            let expect = |f: &dyn Fn(&[f64]) -> f64| -> f64 {
                let nodes = rule.points.chunks(n_dims).zip(&rule.weights);
                nodes.map(|(point, &weight)| f64::from(weight) * f(point)).sum()
            };
            let last = n_dims - 1;
            assert!((expect(&|_| 1.0) - 1.0).abs() < 1e-5);
            assert!((expect(&|x| x[0] * x[0]) - 1.0).abs() < 1e-5);
            assert!((expect(&|x| x[last].powi(4)) - 3.0).abs() < 1e-5);
            assert!(expect(&|x| x[0].powi(3)).abs() < 1e-5);
            if n_dims > 1 {
                assert!((expect(&|x| x[0].powi(2) * x[last].powi(2)) - 1.0).abs() < 1e-5);
                assert!(expect(&|x| x[0] * x[last]).abs() < 1e-5);
            }
        }
    }
}
