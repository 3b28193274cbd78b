//! What respondents tell about the items on nodes that all of them share, in one dimension.
//!
//! The expected numbers at the nodes say what is known about an item if the traits were known: the log probabilities are
//! differentiated once for each node, not for each response.

use crate::base::threads::{map, map_with};
use crate::information::addition::Addition;
use crate::information::calibration::Calibration;
use crate::information::expectation::Counts;
use crate::information::functions::Functions;
use crate::information::item::ItemSum;
use crate::information::scores::Scores;
use crate::posterior::windows::OnWindow;

/// Respondents that one task looks at.
const RESPONDENTS_PER_TASK: usize = 64;

/// Some respondents with their posteriors.
pub(crate) struct SharedNodes<'c, 't> {
    pub calibration: Calibration<'c>,
    pub positions: &'c [usize],
    pub windows: &'c [OnWindow<'t>],
}

/// Scores, and the squares of their means.
pub(crate) struct SharedScores {
    pub scores: Scores,
    pub squares: Vec<Squares>,
}

/// Sums over the responses to an item.
#[derive(Clone, Default)]
pub(crate) struct Squares {
    /// The weights.
    weight: f64,
    /// The weights times the products of the means of the scores by the parameters of the rows: a lower triangle, row by row.
    products: Vec<f64>,
}

impl Squares {
    /// Adds a response with these means.
    fn add(&mut self, weight: f64, means: &[f32]) {
        self.weight += weight;
        self.products.resize(means.len() * (means.len() + 1) / 2, 0.0);
        let mut products = self.products.iter_mut();
        for (i, x) in means.iter().enumerate() {
            for (y, to) in means[..=i].iter().zip(products.by_ref()) {
                *to += weight * f64::from(x * y);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        let n = self.products.len().max(other.products.len());
        self.products.resize(n, 0.0);
        let products = self.products.iter_mut().zip(&other.products);
        products.for_each(|(to, x)| *to += x);
    }
}

impl SharedNodes<'_, '_> {
    /// The scores of the free parameters times so many columns, one number a node of each respondent, summed over the nodes.
    pub fn scores(&self, n_columns: usize, columns: &[Vec<Vec<f32>>]) -> SharedScores {
        let everybody: Vec<usize> = (0..self.windows.len()).collect();
        let parts = map(everybody.chunks(RESPONDENTS_PER_TASK), |places| {
            self.part(places, n_columns, columns)
        });
        let mut all = self.nobody(n_columns);
        for part in parts {
            all.scores.append(&part.scores);
            let squares = all.squares.iter_mut().zip(&part.squares);
            squares.for_each(|(sum, other)| sum.merge(other));
        }
        all
    }

    fn nobody(&self, n_columns: usize) -> SharedScores {
        SharedScores {
            scores: Scores::new(self.calibration.n_parameters(), n_columns),
            squares: vec![Squares::default(); self.calibration.model.shape.catalogue.n_items()],
        }
    }

    fn part(&self, places: &[usize], n_columns: usize, columns: &[Vec<Vec<f32>>]) -> SharedScores {
        let (catalogue, design) = (
            &self.calibration.model.shape.catalogue,
            self.calibration.model.design(),
        );
        let width = self.calibration.model.items.width();
        let mut part = self.nobody(n_columns);
        let (mut options, mut sums) = (Vec::new(), Vec::new());
        let (mut own, mut means) = (Vec::new(), Vec::new());
        for &place in places {
            let window = &self.windows[place];
            let weight = self.calibration.scored.weights[self.positions[place]];
            self.calibration.options_of(self.positions[place], &mut options);
            sums.clear();
            let columns = [std::slice::from_ref(window.weights()), &columns[place]].concat();
            window.add_sums(&options, &columns, &mut sums);
            let mut rows = sums.chunks_exact(columns.len() * width);
            for &option in &options {
                let item = catalogue.item_of(option as usize);
                let mut free = design.of_item(item).free_parameters();
                means.clear();
                own.clear();
                own.resize(design.free_of_item(item).len() * n_columns, 0.0);
                for row in rows.by_ref().take(catalogue.rows_of(item).len()) {
                    let (of_weights, others) = row.split_at(width);
                    means.extend_from_slice(of_weights);
                    for (column, free) in free.by_ref().take(width).enumerate() {
                        let values = others.iter().skip(column).step_by(width);
                        let to = own[free * n_columns..].iter_mut();
                        to.zip(values).for_each(|(to, x)| *to += x);
                    }
                }
                part.scores.push(design.free_of_item(item).start, &own);
                part.squares[item].add(weight, &means);
            }
            part.scores.close();
        }
        part
    }

    /// Adds what they tell to the sums of the items.
    pub fn add_information(&self, squares: &[Squares], sums: &mut [ItemSum]) {
        let catalogue = &self.calibration.model.shape.catalogue;
        let mut counts = Counts::default();
        let mut options = Vec::new();
        for (window, &position) in self.windows.iter().zip(self.positions) {
            self.calibration.options_of(position, &mut options);
            let weight = self.calibration.scored.weights[position];
            window.count(&options, weight, counts.of(window.table()));
        }
        let known = sums.iter_mut().enumerate().filter(|(_, sum)| sum.is_kept());
        map_with(known, |scratch, (item, sum)| {
            sum.add_means(squares[item].weight, &squares[item].products);
            for option in catalogue.options_of(item) {
                for nodes in counts.nodes(option) {
                    let n_nodes = nodes.weights.len();
                    Addition {
                        model: self.calibration.model,
                        response: &catalogue.response(option),
                        nodes: &nodes,
                        pairs: &Functions::new(n_nodes, nodes.pairs.chunks_exact(n_nodes)),
                        is_one: false,
                        weight: 1.0,
                        sum,
                        scratch,
                    }
                    .add();
                }
            }
        });
    }
}
