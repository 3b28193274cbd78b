//! What the responses of some respondents tell about the parameters of their items.

use crate::base::linalg::{lower_pairs, packed_length};
use crate::base::threads::{map, map_each};
use crate::information::calibration::Calibration;
use crate::information::item::{ItemSum, MOST_JOINT_PARAMETERS};
use crate::information::own_nodes::OwnNodes;
use crate::information::rule::Rule;
use crate::information::scores::Scores;
use crate::information::shared_nodes::{SharedNodes, SharedScores};
use crate::kernels::terms::dot;
use crate::posterior::nodes::Nodes;
use crate::posterior::windows::OnWindow;
use crate::responses::batch::Batch;
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
    /// Everybody's own.
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

    /// The derivatives of the respondents' log marginal likelihoods by the item parameters, each times the root of what the respondent's
    /// weight [counts for in variances](Calibration::square), in one column.
    pub fn marginal_scores(&self) -> Scores {
        let rooted = |(nodes, &position): (&Nodes, &usize)| {
            let root = self.calibration.square(position).sqrt() as f32;
            vec![nodes.weights.iter().map(|x| x * root).collect()]
        };
        let columns = Columns {
            n: 1,
            of: self.nodes.iter().zip(self.positions).map(rooted).collect(),
        };
        self.evaluate(None, &columns)
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
                let own = OwnNodes {
                    calibration: self.calibration,
                    positions: self.positions,
                    weights: &self.weights,
                    nodes: &self.nodes,
                    batch,
                };
                if let Some(sums) = sums {
                    own.add_information(sums);
                }
                own.scores(columns.n, &columns.of)
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
}
