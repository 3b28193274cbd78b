//! The M-step of an item: its parameters given the expected numbers of respondents who chose each option.

use crate::base::linalg::{invert, mirror};
use crate::information::expectation::Expectation;
use crate::information::item::RowPair;
use crate::information::prior::FreePrior;
use crate::kernels::terms::{Terms, dot};
use crate::model::design;
use crate::model::link::Link;
use crate::model::parameters::Model;
use crate::model::table::Table;
use crate::model::table_design::Design;
use crate::posterior::nodes::Nodes;
use crate::responses::response::Response;
use ndarray::{Array1, Array2};

/// Steps of Newton's method at most.
const MOST_ROUNDS: usize = 20;

/// The squared step per parameter, in standard errors, that is none.
const CLOSE: f64 = 1e-4;

/// The shortest part of a step that is tried.
const SHORTEST: f64 = 1e-3;

/// An item after the step.
pub(crate) struct ItemStep {
    pub rows: Table,
    /// The squared length of the first Newton step, in standard errors if the traits were known.
    pub distance: f64,
}

/// The gradient of the log likelihood by the parameters in the rows of an item, which the expected numbers tell.
pub(crate) fn score(model: &Model, item: usize, expected: &Expectation, terms: &mut Terms) -> Vec<f64> {
    let rows = model.shape.catalogue.rows_of(item);
    let mut by_rows = ByRows::zeros(rows.len() * model.items.width());
    for option in model.shape.catalogue.options_of(item) {
        let response = model.shape.catalogue.response(option);
        for nodes in expected.nodes(option) {
            by_rows.add_nodes(model.shape.link, &model.items, &response, &nodes, terms);
        }
    }
    by_rows.score
}

/// The log posterior of an item's parameters if the numbers were counted.
struct ItemPosterior<'a> {
    link: Link,
    design: &'a Design<'a>,
    item: usize,
    /// The free parameter at every place of the rows.
    free: Vec<usize>,
    prior: &'a FreePrior,
    /// Who is expected where, for each option.
    expected: Vec<(Response, Nodes)>,
}

/// It at some parameters, with its derivatives by the free ones.
struct Local {
    value: f64,
    gradient: Array1<f64>,
    information: Array2<f64>,
}

impl ItemStep {
    /// From the item's parameters in the model.
    pub fn new(
        model: &Model,
        design: &Design,
        item: usize,
        expected: &Expectation,
        prior: &FreePrior,
        terms: &mut Terms,
    ) -> Self {
        let catalogue = &model.shape.catalogue;
        let response = |option| Response {
            first_row: 0,
            ..catalogue.response(option)
        };
        let nodes = catalogue
            .options_of(item)
            .flat_map(|option| expected.nodes(option).map(move |nodes| (response(option), nodes)));
        let posterior = ItemPosterior {
            link: model.shape.link,
            design,
            item,
            free: design.of_item(item).free_parameters().collect(),
            prior,
            expected: nodes.collect(),
        };
        let rows = model.items.rows(catalogue.rows_of(item)).to_vec();
        posterior.maximise(Table::new(model.items.width(), rows), terms)
    }
}

impl ItemPosterior<'_> {
    /// Newton's method; a step is halved until the value rises.
    fn maximise(&self, mut rows: Table, terms: &mut Terms) -> ItemStep {
        let mut local = self.at(&rows, terms);
        let mut first = None;
        for _ in 0..MOST_ROUNDS {
            let Some(covariance) = invert(local.information.view()) else {
                break;
            };
            let step = covariance.dot(&local.gradient);
            let distance = step.dot(&local.gradient);
            first.get_or_insert(distance);
            if distance < CLOSE * step.len() as f64 {
                break;
            }
            let shares = std::iter::successors(Some(1.0), |share| Some(0.5 * share));
            let higher = shares.take_while(|&share| share > SHORTEST).find_map(|share| {
                let moved = self.advanced(&rows, &step, share);
                let there = self.at(&moved, terms);
                (there.value > local.value).then_some((moved, there))
            });
            let Some((moved, there)) = higher else { break };
            (rows, local) = (moved, there);
        }
        ItemStep {
            rows,
            distance: first.unwrap_or(0.0),
        }
    }

    fn advanced(&self, rows: &Table, step: &Array1<f64>, share: f64) -> Table {
        let mut moved = rows.clone();
        for (value, &free) in moved.values_mut().iter_mut().zip(&self.free) {
            *value = (f64::from(*value) + share * step[free]) as f32;
        }
        self.design
            .of_item(self.item)
            .cut(rows.values(), moved.values_mut());
        moved
    }

    fn at(&self, rows: &Table, terms: &mut Terms) -> Local {
        let mut by_rows = ByRows::zeros(self.free.len());
        for (response, nodes) in &self.expected {
            by_rows.add_nodes(self.link, rows, response, nodes, terms);
        }
        mirror(&mut by_rows.information);
        let mut information = self.design.contract_item(self.item, by_rows.information);
        self.prior.add_to_item(self.item, &mut information);
        let precisions = self.prior.precisions(self.design.free_of_item(self.item));
        let mut gradient = Array1::zeros(precisions.len());
        let mut values = Array1::<f64>::zeros(precisions.len());
        for ((&free, score), &x) in self.free.iter().zip(by_rows.score).zip(rows.values()) {
            gradient[free] += score;
            values[free] = f64::from(x);
        }
        let mut value = by_rows.value;
        for ((to, x), precision) in gradient.iter_mut().zip(&values).zip(precisions) {
            *to -= precision * x;
            value -= 0.5 * precision * x * x;
        }
        Local {
            value,
            gradient,
            information,
        }
    }
}

/// The log likelihood of the expected numbers with its derivatives by the parameters of the rows.
struct ByRows {
    value: f64,
    score: Vec<f64>,
    /// The lower triangle.
    information: Array2<f64>,
}

impl ByRows {
    fn zeros(n: usize) -> Self {
        Self {
            value: 0.0,
            score: vec![0.0; n],
            information: Array2::zeros((n, n)),
        }
    }

    /// Adds those who are expected to give a response at some nodes.
    fn add_nodes(
        &mut self,
        link: Link,
        items: &Table,
        response: &Response,
        nodes: &Nodes,
        terms: &mut Terms,
    ) {
        let points: Vec<&[f32]> = nodes.design.chunks_exact(nodes.weights.len()).collect();
        terms.find_with_logarithm(link, items, response, design::split(&points).0);
        pulp::Arch::new().dispatch(|| self.add(terms, nodes));
    }

    /// Adds those who are expected at some nodes.
    #[inline(always)]
    fn add(&mut self, terms: &Terms, nodes: &Nodes) {
        let n_nodes = nodes.weights.len();
        let width = nodes.design.len() / n_nodes;
        let none = vec![0.0; self.score.len()];
        let (mut products, mut sums) = (vec![0.0f32; n_nodes], Vec::new());
        self.value += f64::from(dot(&nodes.weights, &terms.log_probabilities));
        for row in 0..self.score.len() / width {
            let residuals = &terms.residuals[row * n_nodes..][..n_nodes];
            for node in 0..n_nodes {
                products[node] = nodes.weights[node] * residuals[node];
            }
            let to = self.score[row * width..].iter_mut();
            for (to, x) in to.zip(nodes.design.chunks_exact(n_nodes)) {
                *to += f64::from(dot(&products, x));
            }
            for other in 0..=row {
                let curvature = terms.curvature(row, other, n_nodes);
                for (node, (product, weight)) in products.iter_mut().zip(&nodes.weights).enumerate() {
                    *product = weight * curvature(node);
                }
                let pairs = nodes.pairs.chunks_exact(n_nodes);
                sums.clear();
                sums.extend(pairs.map(|pair| dot(&products, pair)));
                let pair = RowPair {
                    row,
                    other,
                    width,
                    means: &none,
                };
                pair.add(&sums, 1.0, &mut self.information);
            }
        }
    }
}
