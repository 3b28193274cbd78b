//! One item at given traits: its posterior, integrated on nodes around the modes.

use crate::base::linalg::{cholesky, invert, invert_lower, product};
use crate::integration::rule::Rule;
use crate::integration::traits::Traits;
use crate::kernels::item_nodes::{Answered, AtNodes, SIDE_BY_SIDE};
use crate::kernels::terms::{Terms, dot};
use crate::model::design;
use crate::model::item_design::ItemDesign;
use crate::model::item_distribution::{ClassDistribution, ComponentSums, ItemClass, NormalDensity};
use crate::model::link::Link;
use crate::model::table::Table;
use crate::responses::batch::Batch;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::response::Response;
use ndarray::{Array1, Array2};
use std::ops::Range;

/// Most steps of Newton's method to a mode, and most halvings of one.
const MOST_STEPS: usize = 50;
const MOST_HALVINGS: usize = 20;

/// Twice the expected gain at which a mode is found.
const FOUND: f64 = 1e-6;

/// Densities of the prior under which the answers are less probable than under the best one by this logarithm are left out.
const NEGLIGIBLE: f64 = 9.0;

/// The share of the scores' variances that can be left out of their covariances.
const LITTLE: f32 = 1e-5;

/// Who answered an item, and what.
pub(crate) struct Answers {
    design: ItemDesign,
    pub class: ItemClass,
    /// Respondents (their positions), option by option.
    pub who: Vec<u32>,
    /// The chosen options with their runs of respondents.
    runs: Vec<(u32, Range<usize>)>,
}

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

/// Memory that is kept from one item to the next.
#[derive(Default)]
pub(crate) struct Scratch {
    terms: Terms,
    /// Whole vectors of those who answered: the options with their runs, everybody's weight (0 in what fills a vector up), their
    /// traits by dimension, and -1 for each.
    runs: Vec<(u32, Range<usize>)>,
    weights: Vec<f32>,
    traits: Vec<Vec<f32>>,
    minus_ones: Vec<f32>,
    /// A number for each of them.
    spare: Vec<f32>,
    at_nodes: AtNodes,
    rows: Vec<f32>,
}

/// A function at a point.
struct Local {
    value: f64,
    gradient: Array1<f64>,
    /// Minus the second derivatives.
    information: Array2<f64>,
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

impl Scratch {
    fn n(&self) -> usize {
        self.weights.len()
    }

    /// What the parameter in a column of a row is multiplied by.
    fn column(&self, column: usize) -> &[f32] {
        self.traits.get(column).unwrap_or(&self.minus_ones)
    }

    /// Numbers times the weights.
    fn weighted(&mut self, x: &[f32], places: Range<usize>) {
        self.spare.clear();
        self.spare
            .extend(x.iter().zip(&self.weights[places]).map(|(x, w)| x * w));
    }
}

impl Answers {
    /// The answers to an item in a batch that is grouped by option.
    pub fn new(batch: &Batch, catalogue: &ItemCatalogue, item: usize, n_dims: usize) -> Self {
        let (mut who, mut runs) = (Vec::new(), Vec::new());
        for (chosen, option) in catalogue.options_of(item).enumerate() {
            let start = who.len();
            who.extend(batch.choosers_of(option..option + 1).iter().map(|c| c.position));
            if who.len() > start {
                runs.push((chosen as u32, start..who.len()));
            }
        }
        Self {
            design: ItemDesign::new(catalogue, item, design::width(n_dims)),
            class: ItemClass::of_item(catalogue, item, n_dims),
            who,
            runs,
        }
    }

    /// [`Self::rows`]; nothing where difficulties that have to rise do not.
    fn possible_rows(&self, free: &[f64]) -> Option<Table> {
        let table = self.rows(free);
        self.design.rises(table.values()).then_some(table)
    }

    /// The rows of the table for free parameters.
    pub fn rows(&self, free: &[f64]) -> Table {
        let rows = self.design.free_parameters().map(|place| free[place] as f32);
        Table::new(design::width(self.class.n_dims), rows.collect())
    }

    /// Who answered, with the option that each chose.
    #[cfg(test)]
    pub fn chosen(&self) -> impl Iterator<Item = (usize, u32)> {
        let runs = self.runs.iter();
        runs.flat_map(|(chosen, run)| self.who[run.clone()].iter().map(|&i| (i as usize, *chosen)))
    }

    /// The numbers of the traits of those who answered, by dimension.
    pub fn traits(&self, n_dims: usize) -> Vec<usize> {
        let of = |d: usize| self.who.iter().map(move |&i| i as usize * n_dims + d);
        (0..n_dims).flat_map(of).collect()
    }

    /// Lays out who answered.
    fn place(&self, traits: &Traits, scratch: &mut Scratch) {
        scratch.runs.clear();
        scratch.weights.clear();
        scratch.traits.resize(self.class.n_dims, Vec::new());
        scratch.traits.iter_mut().for_each(Vec::clear);
        for (chosen, run) in &self.runs {
            let (own, start) = (&self.who[run.clone()], scratch.weights.len());
            for (d, to) in scratch.traits.iter_mut().enumerate() {
                to.extend(own.iter().map(|&i| traits.points[[i as usize, d]] as f32));
                to.resize(to.len().next_multiple_of(SIDE_BY_SIDE), 0.0);
            }
            scratch
                .weights
                .extend(own.iter().map(|&i| traits.weights[i as usize] as f32));
            scratch
                .weights
                .resize(start + run.len().next_multiple_of(SIDE_BY_SIDE), 0.0);
            scratch.runs.push((*chosen, start..scratch.weights.len()));
        }
        scratch.minus_ones.clear();
        scratch.minus_ones.resize(scratch.weights.len(), -1.0);
    }

    /// The places of those who answered among whole vectors of them.
    fn places(&self, scratch: &Scratch) -> Vec<usize> {
        let runs = self.runs.iter().zip(&scratch.runs);
        runs.flat_map(|((_, run), (_, places))| places.start..places.start + run.len())
            .collect()
    }

    /// Evaluates the responses of a run; the terms hold what is found.
    fn evaluate(&self, link: Link, table: &Table, number: usize, scratch: &mut Scratch) {
        let (chosen, places) = scratch.runs[number].clone();
        let response = Response {
            option: 0,
            chosen,
            first_row: 0,
            n_rows: self.class.n_rows as u16,
            kind: self.class.kind,
        };
        let points: Vec<&[f32]> = scratch.traits.iter().map(|x| &x[places.clone()]).collect();
        scratch.terms.find_with_logarithm(link, table, &response, &points);
    }

    /// The log posterior at some parameters under a normal prior with its gradient and information, or nothing where these cannot be.
    fn local(&self, link: Link, free: &[f64], prior: &NormalDensity, scratch: &mut Scratch) -> Option<Local> {
        let table = self.possible_rows(free)?;
        let (n_rows, width) = (self.class.n_rows, design::width(self.class.n_dims));
        let n = n_rows * width;
        let off = Array1::from(free.to_vec()) - &prior.mean;
        let of_prior = prior.precision.dot(&off);
        let mut local = Local {
            value: prior.ln_top - 0.5 * off.dot(&of_prior),
            gradient: -of_prior,
            information: prior.precision.clone(),
        };
        let places: Vec<usize> = self.design.free_parameters().collect();
        let mut by_place = vec![0.0; n];
        for number in 0..self.runs.len() {
            self.evaluate(link, &table, number, scratch);
            let run = scratch.runs[number].1.clone();
            let n_points = run.len();
            let terms = std::mem::take(&mut scratch.terms);
            local.value += f64::from(dot(&terms.log_probabilities, &scratch.weights[run.clone()]));
            for r in 0..n_rows {
                scratch.weighted(&terms.residuals[r * n_points..(r + 1) * n_points], run.clone());
                for m in 0..width {
                    by_place[r * width + m] +=
                        f64::from(dot(&scratch.spare, &scratch.column(m)[run.clone()]));
                }
                for q in 0..=r {
                    let curvature = terms.curvature(r, q, n_points);
                    let curvatures = (0..n_points).map(curvature).collect::<Vec<f32>>();
                    for m in 0..width {
                        scratch.weighted(&curvatures, run.clone());
                        let mut scaled = std::mem::take(&mut scratch.spare);
                        scaled
                            .iter_mut()
                            .zip(&scratch.column(m)[run.clone()])
                            .for_each(|(x, c)| *x *= c);
                        scratch.spare = scaled;
                        for o in 0..width {
                            let sum = f64::from(dot(&scratch.spare, &scratch.column(o)[run.clone()]));
                            let (i, j) = (places[r * width + m], places[q * width + o]);
                            local.information[[i, j]] += sum;
                            if q < r {
                                local.information[[j, i]] += sum;
                            }
                        }
                    }
                }
            }
            scratch.terms = terms;
        }
        for (&place, x) in places.iter().zip(by_place) {
            local.gradient[place] += x;
        }
        Some(local)
    }

    /// Goes to the mode under a normal prior. Returns the factor of the information there, and the logarithm of the density.
    fn find_mode(
        &self,
        link: Link,
        mode: &mut Vec<f64>,
        prior: &NormalDensity,
        scratch: &mut Scratch,
    ) -> Option<(Array2<f64>, f64)> {
        let mut at = match self.local(link, mode, prior, scratch) {
            Some(at) => at,
            None => {
                *mode = self.class.in_order(&prior.mean.to_vec());
                self.local(link, mode, prior, scratch)?
            }
        };
        for _ in 0..MOST_STEPS {
            let step = invert(at.information.view())?.dot(&at.gradient);
            if step.dot(&at.gradient) < FOUND {
                break;
            }
            let mut share = 1.0;
            let mut found = None;
            for _ in 0..MOST_HALVINGS {
                let moved: Vec<f64> = mode.iter().zip(&step).map(|(x, step)| x + share * step).collect();
                let next = self.local(link, &moved, prior, scratch);
                if let Some(next) = next.filter(|next| next.value > at.value) {
                    found = Some((moved, next));
                    break;
                }
                share *= 0.5;
            }
            // What is left is rounding.
            let Some((moved, next)) = found else { break };
            (*mode, at) = (moved, next);
        }
        Some((cholesky(at.information.view())?, at.value))
    }

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
        self.at_nodes(link, &nodes, want, scratch);
        let places = nodes.iter().flat_map(|own| {
            own.points
                .rows()
                .into_iter()
                .enumerate()
                .map(move |node| (own, node))
        });
        let values = places
            .zip(&scratch.at_nodes.values)
            .map(|((own, (node, free)), value)| {
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
        let points: Vec<_> = nodes.iter().map(|own| own.points.view()).collect();
        let points = ndarray::concatenate(ndarray::Axis(0), &points).ok()?;
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

    /// Evaluates the responses at all nodes. The log likelihood is minus infinity where the parameters cannot be.
    fn at_nodes(&self, link: Link, nodes: &[Nodes], want: Want, scratch: &mut Scratch) {
        let Scratch {
            runs,
            weights,
            traits,
            at_nodes,
            rows,
            ..
        } = scratch;
        let answered = Answered {
            link,
            kind: self.class.kind,
            n_rows: self.class.n_rows,
            runs,
            traits,
            weights,
        };
        rows.clear();
        let mut impossible = Vec::new();
        for free in nodes.iter().flat_map(|own| own.points.rows()) {
            let first = rows.len();
            rows.extend(self.design.free_parameters().map(|place| free[place] as f32));
            if !self.design.rises(&rows[first..]) {
                impossible.push(first);
            }
        }
        at_nodes.find(&answered, rows, want.what != What::Evidence);
        let of_node = self.class.n_rows * design::width(self.class.n_dims);
        for first in impossible {
            at_nodes.values[first / of_node] = f64::NEG_INFINITY;
        }
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
