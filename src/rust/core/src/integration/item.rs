//! One item at given traits: its posterior, integrated on nodes around the modes.

use crate::base::linalg::{invert_lower, product};
use crate::integration::answers::{Answers, Scratch};
use crate::integration::rule::Rule;
use crate::integration::traits::Traits;
use crate::model::item_distribution::{ClassDistribution, ComponentSums, NormalDensity};
use crate::model::link::Link;
use ndarray::{Array1, Array2, Axis, concatenate};

/// Densities of the prior under which the answers are less probable than under the best one by this logarithm are left out.
const NEGLIGIBLE: f64 = 9.0;

/// The share of the scores' variances that can be left out of their covariances.
const LITTLE: f32 = 1e-5;

/// The prior of the items of a class, ready for use.
pub(crate) struct ClassPrior {
    pub n_components: usize,
    pub densities: Vec<NormalDensity>,
}

/// What is wanted of an item, and is a rough answer enough?
#[derive(Clone, Copy)]
pub(crate) struct Want {
    pub what: What,
    pub is_rough: bool,
}

/// What is wanted of an item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// The evidence alone.
    Evidence,
    /// Also the derivatives by the traits.
    Derivatives,
    /// Also the derivatives of the posterior means.
    Everything,
}

impl Want {
    /// All nodes.
    pub fn exactly(what: What) -> Self {
        Self {
            what,
            is_rough: false,
        }
    }
}

/// The posterior of an item.
pub(crate) struct ItemPosterior {
    pub ln_evidence: f64,
    pub mean: Array1<f64>,
    pub covariance: Array2<f64>,
    pub sums: ComponentSums,
    /// The expected scores of the traits, by dimension those of all who answered.
    pub score: Vec<f64>,
    /// Minus the expected second derivatives, by pair of dimensions (the first not before the second) those of all who answered.
    pub curvature: Vec<f64>,
    /// Rows whose products sum to the covariance of the scores: for each node the scores less the expected ones, times the root of its
    /// weight; or fewer rows that are as good, where only these sums matter.
    pub deviations: Array2<f32>,
    /// Covariances of the parameters (rows) with the scores.
    pub cross: Array2<f64>,
}

/// The nodes around the mode under one density of the prior.
struct Nodes {
    density: usize,
    points: Array2<f64>,
    ln_volume: f64,
}

impl ClassPrior {
    /// Nothing where a component has no spread.
    pub fn new(distribution: &ClassDistribution) -> Option<Self> {
        Some(Self {
            n_components: distribution.components.len(),
            densities: distribution.densities()?,
        })
    }
}

impl Answers {
    /// Nodes around the modes under the densities of the prior that matter.
    fn nodes(
        &self,
        link: Link,
        modes: &mut [Vec<f64>],
        prior: &ClassPrior,
        rule: &Rule,
        scratch: &mut Scratch,
    ) -> Option<Vec<Nodes>> {
        let mut found = Vec::new();
        for (density, (own, mode)) in prior.densities.iter().zip(modes.iter_mut()).enumerate() {
            let (factor, value) = self.find_mode(link, mode, own, scratch)?;
            let ln_volume: f64 = -factor.diag().iter().map(|x| x.ln()).sum::<f64>();
            found.push((density, factor, value + ln_volume, ln_volume));
        }
        let largest = found.iter().fold(f64::NEG_INFINITY, |a, b| a.max(b.2));
        let nodes = found.into_iter().filter(|x| x.2 > largest - NEGLIGIBLE);
        let nodes = nodes.map(|(density, factor, _, ln_volume)| Nodes {
            density,
            points: product(rule.points(), &invert_lower(factor.view()))
                + &Array1::from(modes[density].clone()),
            ln_volume,
        });
        Some(nodes.collect())
    }

    /// The posterior; the modes, one for each density of the prior, are where the search for them starts and ends.
    pub fn posterior(
        &self,
        link: Link,
        modes: &mut [Vec<f64>],
        prior: &ClassPrior,
        (traits, rule): (&Traits, &Rule),
        want: Want,
        scratch: &mut Scratch,
    ) -> Option<ItemPosterior> {
        self.place(traits, scratch);
        let nodes = self.nodes(link, modes, prior, rule, scratch)?;
        let points: Vec<_> = nodes.iter().map(|own| own.points.view()).collect();
        let points = concatenate(Axis(0), &points).ok()?;
        self.at_nodes(link, points.view(), want.what != What::Evidence, scratch);
        let own = nodes
            .iter()
            .flat_map(|own| (0..rule.n_nodes()).map(move |node| (own, node)));
        let values = own.zip(points.rows()).zip(&scratch.at_nodes.values);
        let values = values.map(|(((own, node), free), value)| {
            let density = prior.densities[own.density].ln_at(&free.to_vec());
            value + density + rule.ln_weight(node) + own.ln_volume
        });
        let values: Vec<f64> = values.collect();
        let largest = values.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        let total: f64 = values.iter().map(|value| (value - largest).exp()).sum();
        let weights: Vec<f64> = values
            .iter()
            .map(|value| (value - largest).exp() / total)
            .collect();
        let (mean, covariance) = moments(&points, &weights);
        let mut posterior = ItemPosterior {
            ln_evidence: largest + total.ln(),
            sums: self.sums(prior, &nodes, &weights),
            score: Vec::new(),
            curvature: Vec::new(),
            deviations: Array2::zeros((0, 0)),
            cross: Array2::zeros((mean.len(), 0)),
            mean,
            covariance,
        };
        if want.what != What::Evidence {
            self.derive(&mut posterior, &weights, scratch);
        }
        if want.what == What::Derivatives {
            posterior.deviations = compressed(posterior.deviations);
        }
        if want.what == What::Everything {
            let centred = &points - &posterior.mean;
            let rooted = Array2::from_shape_fn((centred.ncols(), weights.len()), |(p, k)| {
                centred[[k, p]] * weights[k].sqrt()
            });
            posterior.cross = product(&rooted, &posterior.deviations.mapv(f64::from));
        }
        Some(posterior)
    }

    /// What the item says about the components of its class.
    fn sums(&self, prior: &ClassPrior, nodes: &[Nodes], weights: &[f64]) -> ComponentSums {
        let mut sums = ComponentSums::zeros(self.class, prior.n_components);
        let mut weights = weights.iter();
        for own in nodes {
            let NormalDensity {
                component: l,
                is_mirrored,
                ..
            } = prior.densities[own.density];
            for (node, &weight) in own.points.rows().into_iter().zip(weights.by_ref()) {
                let x = if is_mirrored {
                    self.class.mirrored(&node.to_vec())
                } else {
                    node.to_owned()
                };
                sums.n[l] += weight;
                sums.x[l].scaled_add(weight, &x);
                for i in 0..x.len() {
                    for j in 0..x.len() {
                        sums.xx[l][[i, j]] += weight * x[i] * x[j];
                    }
                }
            }
        }
        sums
    }

    /// The derivatives by the traits, from scores and curvatures at all nodes.
    fn derive(&self, posterior: &mut ItemPosterior, weights: &[f64], scratch: &Scratch) {
        let n_dims = self.class.n_dims;
        let n_scores = scratch.n() * n_dims;
        let score = average(&scratch.at_nodes.scores, n_scores, weights);
        let curvature = average(
            &scratch.at_nodes.curvatures,
            scratch.n() * n_dims * (n_dims + 1) / 2,
            weights,
        );
        let places = self.places(scratch);
        let all = |k: usize| places.iter().map(move |place| k * scratch.n() + place);
        let weight = |place: usize| scratch.weights[place % scratch.n()];
        let picked = |values: &[f32], n: usize| -> Vec<f64> {
            let own = (0..n).flat_map(all);
            own.map(|place| f64::from(weight(place) * values[place]))
                .collect()
        };
        posterior.score = picked(&score, n_dims);
        posterior.curvature = picked(&curvature, n_dims * (n_dims + 1) / 2);
        let of_all: Vec<usize> = (0..n_dims).flat_map(all).collect();
        posterior.deviations = Array2::zeros((weights.len(), of_all.len()));
        let rows = posterior.deviations.rows_mut().into_iter();
        let nodes = scratch.at_nodes.scores.chunks(n_scores.max(1)).zip(weights);
        for (row, (scores, &share)) in rows.zip(nodes) {
            let root = share.sqrt() as f32;
            for (to, &place) in row.into_iter().zip(&of_all) {
                *to = root * weight(place) * (scores[place] - score[place]);
            }
        }
    }
}

/// Fewer rows with nearly the same sums of products, by a Cholesky factorisation with pivots that ends where little is left.
fn compressed(rows: Array2<f32>) -> Array2<f32> {
    let mut left: Vec<f32> = rows.columns().into_iter().map(|x| x.dot(&x)).collect();
    let total: f32 = left.iter().sum();
    let mut found: Vec<Array1<f32>> = Vec::new();
    while left.iter().sum::<f32>() > LITTLE * total {
        if found.len() >= rows.nrows() {
            return rows;
        }
        let pivot = (0..left.len()).fold(0, |best, k| if left[k] > left[best] { k } else { best });
        let mut row = Array1::<f32>::zeros(left.len());
        for own in rows.rows() {
            row.scaled_add(own[pivot], &own);
        }
        for before in &found {
            row.scaled_add(-before[pivot], before);
        }
        row *= left[pivot].sqrt().recip();
        left.iter_mut()
            .zip(&row)
            .for_each(|(to, x)| *to = (*to - x * x).max(0.0));
        left[pivot] = 0.0;
        found.push(row);
    }
    Array2::from_shape_fn((found.len(), left.len()), |(k, i)| found[k][i])
}

/// The average over nodes of numbers that stand node by node.
fn average(values: &[f32], n: usize, weights: &[f64]) -> Vec<f32> {
    let mut average = vec![0.0f32; n];
    for (own, &weight) in values.chunks(n.max(1)).zip(weights) {
        let weight = weight as f32;
        average.iter_mut().zip(own).for_each(|(to, x)| *to += weight * x);
    }
    average
}

/// Mean and covariance of weighted points.
fn moments(points: &Array2<f64>, weights: &[f64]) -> (Array1<f64>, Array2<f64>) {
    let n = points.ncols();
    let mut mean = Array1::<f64>::zeros(n);
    for (point, &weight) in points.rows().into_iter().zip(weights) {
        mean.scaled_add(weight, &point);
    }
    let mut covariance = Array2::zeros((n, n));
    for (point, &weight) in points.rows().into_iter().zip(weights) {
        for i in 0..n {
            for j in 0..n {
                covariance[[i, j]] += weight * (point[i] - mean[i]) * (point[j] - mean[j]);
            }
        }
    }
    (mean, covariance)
}
