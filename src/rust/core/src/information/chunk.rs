//! What the responses of some respondents tell about the parameters of their items.

use crate::base::linalg::{lower_pairs, packed_length};
use crate::base::threads::{map, map_each, map_with};
use crate::information::addition::Addition;
use crate::information::calibration::Calibration;
use crate::information::item::{ItemSum, MOST_JOINT_PARAMETERS};
use crate::information::rule::Rule;
use crate::information::scores::Scores;
use crate::information::shared_nodes::{SharedNodes, SharedScores};
use crate::kernels::terms::dot;
use crate::posterior::nodes::Nodes;
use crate::posterior::windows::OnWindow;
use crate::responses::batch::{Batch, Chooser};
use ndarray::Array2;

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
    positions: &'a [usize],
    weights: Vec<f64>,
    nodes: Vec<Nodes>,
    posteriors: Posteriors<'a>,
}

/// Whose nodes they are.
enum Posteriors<'a> {
    /// Everybody's own; the responses are laid out by item.
    Own(Batch),
    /// Windows of nodes that all share.
    Shared(Vec<OnWindow<'a>>),
}

/// What the scores at the nodes are multiplied by and summed, in some columns a respondent.
struct Columns {
    n: usize,
    of: Vec<Vec<Vec<f32>>>,
}

impl<'a> Chunk<'a> {
    pub fn new(calibration: Calibration<'a>, positions: &'a [usize], rule: &'a Rule<'a>) -> Self {
        let scored = calibration.scored;
        let (nodes, posteriors) = match rule.windows(calibration, positions) {
            Some(windows) => {
                let nodes = map_each(&windows, OnWindow::nodes);
                (nodes, Posteriors::Shared(windows))
            }
            None => {
                let members = positions.iter().map(|&position| scored.respondents[position]);
                let batch = Batch::new(calibration.responses, &members.collect::<Vec<u32>>());
                let nodes = map(positions.iter().enumerate(), |(place, &position)| {
                    rule.nodes(calibration, position, &batch, place)
                });
                (nodes, Posteriors::Own(batch))
            }
        };
        Self {
            calibration,
            positions,
            nodes,
            posteriors,
            weights: positions
                .iter()
                .map(|&position| scored.weights[position])
                .collect(),
        }
    }

    /// The covariance of each parameter's score with the polynomials of the traits, times the root of the respondent's
    /// weight, in one column for each polynomial; the information of the items is added to `sums`.
    pub fn scores(&self, sums: &mut [ItemSum]) -> Scores {
        let rooted = |(nodes, weight): (&Nodes, &f64)| {
            let root = weight.sqrt() as f32;
            let times = |polynomial: &Vec<f32>| polynomial.iter().map(|x| x * root).collect();
            nodes.polynomials.iter().map(times).collect()
        };
        let columns = Columns {
            n: n_polynomials(self.calibration.n_dims()),
            of: self.nodes.iter().zip(&self.weights).map(rooted).collect(),
        };
        self.evaluate(Some(sums), &columns)
    }

    /// Adds the information of the items.
    pub fn add_to(&self, sums: &mut [ItemSum]) {
        let none = Columns {
            n: 0,
            of: vec![Vec::new(); self.nodes.len()],
        };
        self.evaluate(Some(sums), &none);
    }

    /// The derivatives of the respondents' posterior means by the item parameters, `d E[a | y] / d parameters =
    /// Cov[a, score]`, in one column for each dimension.
    pub fn slopes_of_means(&self) -> Scores {
        let columns = Columns {
            n: self.calibration.n_dims(),
            of: self.nodes.iter().map(Nodes::centred).collect(),
        };
        self.evaluate(None, &columns)
    }

    /// The scores of the free parameters in some columns; the information of the items is added to `sums`.
    fn evaluate(&self, sums: Option<&mut [ItemSum]>, columns: &Columns) -> Scores {
        match &self.posteriors {
            Posteriors::Shared(windows) => {
                let shared = SharedNodes {
                    calibration: self.calibration,
                    positions: self.positions,
                    windows,
                };
                let SharedScores { scores, squares } = shared.scores(columns.n, &columns.of);
                if let Some(sums) = sums {
                    shared.add_information(&squares, sums);
                }
                scores
            }
            Posteriors::Own(batch) => {
                let sums = match sums {
                    Some(sums) => sums.iter_mut().map(Some).collect(),
                    None => {
                        let n_items = self.calibration.model.shape.catalogue.n_items();
                        (0..n_items).map(|_| None).collect()
                    }
                };
                self.by_respondent(batch, &self.by_item(batch, sums, columns), columns.n)
            }
        }
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
    fn choosers_of<'b>(&self, batch: &'b Batch, item: usize) -> &'b [Chooser] {
        let catalogue = &self.calibration.model.shape.catalogue;
        batch.choosers_of(catalogue.options_of(item))
    }

    /// From the scores by item, chooser by chooser, to those by respondent.
    fn by_respondent(&self, batch: &Batch, by_item: &[Vec<f32>], n_columns: usize) -> Scores {
        let design = self.calibration.design();
        let mut places = vec![(0, 0, 0..0); batch.n_responses()];
        for item in 0..by_item.len() {
            let free = design.free_of_item(item);
            let size = free.len() * n_columns;
            for (k, chooser) in self.choosers_of(batch, item).iter().enumerate() {
                places[chooser.response as usize] = (item, free.start, k * size..(k + 1) * size);
            }
        }
        let mut scores = Scores::new(self.calibration.n_parameters(), n_columns);
        for position in 0..batch.n_respondents() {
            for (item, first, own) in &places[batch.numbers_of(position)] {
                scores.push(*first, &by_item[*item][own.clone()]);
            }
            scores.close();
        }
        scores
    }

    /// Adds the information to the sums of the items and finds the scores of the free parameters of each, chooser by chooser.
    fn by_item(&self, batch: &Batch, sums: Vec<Option<&mut ItemSum>>, columns: &Columns) -> Vec<Vec<f32>> {
        let model = self.calibration.model;
        let design = self.calibration.design();
        map_with(sums.into_iter().enumerate(), |scratch, (item, mut sum)| {
            let own = design.of_item(item);
            let free: Vec<usize> = own.free_parameters().collect();
            let (size, choosers) = (own.n_free() * columns.n, self.choosers_of(batch, item));
            let mut scores = vec![0.0; size * choosers.len()];
            for (k, chooser) in choosers.iter().enumerate() {
                let position = chooser.position as usize;
                let sum = sum.as_deref_mut();
                let sum = sum.and_then(|sum| sum.takes().then_some(sum));
                if sum.is_none() && size == 0 {
                    continue;
                }
                Addition {
                    model,
                    response: &batch.responses()[chooser.response as usize],
                    nodes: &self.nodes[position],
                    weight: self.weights[position],
                    sum,
                    free: &free,
                    scores: &mut scores[k * size..(k + 1) * size],
                    is_one: true,
                    columns: &columns.of[position],
                    scratch,
                }
                .add();
            }
            scores
        })
    }
}
