//! The answers to one item at given traits: where its parameters are most probable, and what the answers say at others.

use crate::base::linalg::{cholesky, invert};
use crate::integration::traits::Traits;
use crate::kernels::item_nodes::{Answered, AtNodes, SIDE_BY_SIDE};
use crate::kernels::terms::{Terms, dot};
use crate::model::design;
use crate::model::item_design::ItemDesign;
use crate::model::item_distribution::{ItemClass, NormalDensity};
use crate::model::link::Link;
use crate::model::table::Table;
use crate::responses::batch::Batch;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::response::Response;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use std::ops::Range;

/// Most steps of Newton's method to a mode, and most halvings of one.
const MOST_STEPS: usize = 50;
const MOST_HALVINGS: usize = 20;

/// Twice the expected gain at which a mode is found.
const FOUND: f64 = 1e-6;

/// Who answered an item, and what.
pub(crate) struct Answers {
    design: ItemDesign,
    pub class: ItemClass,
    /// Respondents (their positions), option by option.
    pub who: Vec<u32>,
    /// The chosen options with their runs of respondents.
    runs: Vec<(u32, Range<usize>)>,
}

/// Memory that is kept from one item to the next.
#[derive(Default)]
pub(crate) struct Scratch {
    terms: Terms,
    /// Whole vectors of those who answered: the options with their runs, everybody's weight (0 in what fills a vector up), their
    /// traits by dimension, and -1 for each.
    runs: Vec<(u32, Range<usize>)>,
    pub weights: Vec<f32>,
    traits: Vec<Vec<f32>>,
    minus_ones: Vec<f32>,
    /// A number for each of them.
    spare: Vec<f32>,
    pub at_nodes: AtNodes,
    rows: Vec<f32>,
}

/// A function at a point.
struct Local {
    value: f64,
    gradient: Array1<f64>,
    /// Minus the second derivatives.
    information: Array2<f64>,
}

impl Scratch {
    /// Number of places.
    pub fn n(&self) -> usize {
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
        let rows = self.row_values(ArrayView1::from(free));
        Table::new(design::width(self.class.n_dims), rows.collect())
    }

    /// The parameters in all rows.
    fn row_values<'f>(&self, free: ArrayView1<'f, f64>) -> impl Iterator<Item = f32> + use<'f> {
        self.design.free_parameters().map(move |place| free[place] as f32)
    }

    /// Who answered, with the option that each chose.
    #[cfg(test)]
    pub fn chosen(&self) -> impl Iterator<Item = (usize, u32)> {
        let runs = self.runs.iter();
        runs.flat_map(|(chosen, run)| self.who[run.clone()].iter().map(|&i| (i as usize, *chosen)))
    }

    /// Did all choose the same option?
    pub fn is_unanimous(&self) -> bool {
        self.runs.len() < 2
    }

    /// The answers of the same respondents if all had chosen the first option.
    pub fn all_the_first(&self) -> Self {
        let mut who = self.who.clone();
        who.sort_unstable();
        Self {
            design: self.design,
            class: self.class,
            runs: vec![(0, 0..who.len())],
            who,
        }
    }

    /// The numbers of the traits of those who answered, by dimension.
    pub fn traits(&self, n_dims: usize) -> Vec<usize> {
        let of = |d: usize| self.who.iter().map(move |&i| i as usize * n_dims + d);
        (0..n_dims).flat_map(of).collect()
    }

    /// Lays out who answered.
    pub fn place(&self, traits: &Traits, scratch: &mut Scratch) {
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
    pub fn places(&self, scratch: &Scratch) -> Vec<usize> {
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
    pub fn find_mode(
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

    /// Evaluates the responses at some nodes, in rows. The log likelihood is minus infinity where the parameters cannot be.
    pub fn at_nodes(&self, link: Link, nodes: ArrayView2<'_, f64>, derivatives: bool, scratch: &mut Scratch) {
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
        for free in nodes.rows() {
            let first = rows.len();
            rows.extend(self.row_values(free));
            if !self.design.rises(&rows[first..]) {
                impossible.push(first);
            }
        }
        at_nodes.find(&answered, rows, derivatives);
        let of_node = self.class.n_rows * design::width(self.class.n_dims);
        for first in impossible {
            at_nodes.values[first / of_node] = f64::NEG_INFINITY;
        }
    }
}
