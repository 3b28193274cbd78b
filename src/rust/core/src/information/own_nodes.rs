//! What respondents tell about the items on nodes of their own.

use crate::base::threads::{map, map_each, map_with};
use crate::information::addition::Addition;
use crate::information::calibration::Calibration;
use crate::information::functions::Functions;
use crate::information::item::ItemSum;
use crate::information::scores::Scores;
use crate::kernels::terms::Terms;
use crate::model::design;
use crate::posterior::nodes::Nodes;
use crate::responses::batch::Batch;
use pulp::NullaryFnOnce;

/// Respondents that one task looks at.
const RESPONDENTS_PER_TASK: usize = 32;

/// Some respondents with their posteriors.
pub(crate) struct OwnNodes<'c> {
    pub calibration: Calibration<'c>,
    pub positions: &'c [usize],
    pub weights: &'c [f64],
    pub nodes: &'c [Nodes],
    pub batch: &'c Batch,
}

impl OwnNodes<'_> {
    /// The scores of the free parameters times so many columns, one number a node of each respondent, summed over the nodes.
    pub fn scores(&self, n_columns: usize, columns: &[Vec<Vec<f32>>]) -> Scores {
        let mut all = self.no_scores(n_columns);
        if n_columns == 0 {
            return all;
        }
        let everybody: Vec<usize> = (0..self.nodes.len()).collect();
        let parts = map(everybody.chunks(RESPONDENTS_PER_TASK), |places| {
            let mut part = self.no_scores(n_columns);
            pulp::Arch::new().dispatch(Part {
                of: self,
                places,
                columns,
                scores: &mut part,
            });
            part
        });
        parts.iter().for_each(|part| all.append(part));
        all
    }

    fn no_scores(&self, n_columns: usize) -> Scores {
        Scores::new(self.calibration.n_parameters(), n_columns)
    }

    /// Adds what they tell to the sums of the items.
    pub fn add_information(&self, sums: &mut [ItemSum]) {
        let model = self.calibration.model;
        let pairs = map_each(self.nodes, |nodes| {
            let n_nodes = nodes.weights.len();
            Functions::new(n_nodes, nodes.pairs.chunks_exact(n_nodes))
        });
        map_with(sums.iter_mut().enumerate(), |scratch, (item, sum)| {
            let options = model.shape.catalogue.options_of(item);
            for chooser in self.batch.choosers_of(options) {
                let place = chooser.position as usize;
                if sum.takes(self.positions[place]) {
                    Addition {
                        model,
                        response: &self.batch.responses()[chooser.response as usize],
                        nodes: &self.nodes[place],
                        pairs: &pairs[place],
                        is_one: true,
                        weight: self.weights[place],
                        sum,
                        scratch,
                    }
                    .add();
                }
            }
        });
    }
}

/// Some of the respondents, whose scores are found. The code is compiled for the processors that pulp tells apart.
struct Part<'a> {
    of: &'a OwnNodes<'a>,
    places: &'a [usize],
    columns: &'a [Vec<Vec<f32>>],
    scores: &'a mut Scores,
}

impl NullaryFnOnce for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let model = self.of.calibration.model;
        let of_items = self.of.calibration.design();
        let n_columns = self.scores.n_columns();
        let (mut functions, mut terms) = (Functions::default(), Terms::default());
        let (mut sums, mut own) = (Vec::new(), Vec::new());
        for &place in self.places {
            let nodes = &self.of.nodes[place];
            let n_nodes = nodes.weights.len();
            let design: Vec<&[f32]> = nodes.design.chunks_exact(n_nodes).collect();
            functions.clear(n_nodes);
            for x in &design {
                for column in &self.columns[place] {
                    functions.push(x.iter().zip(column).map(|(x, y)| x * y));
                }
            }
            for response in self.of.batch.responses_of(place) {
                terms.find(model.shape.link, &model.items, response, design::split(&design).0);
                let item = model.shape.catalogue.item_of(response.option as usize);
                let mut free = of_items.of_item(item).free_parameters();
                let places = of_items.free_of_item(item);
                own.clear();
                own.resize(places.len() * n_columns, 0.0);
                for residuals in terms.residuals.chunks_exact(n_nodes) {
                    functions.sums(residuals, &mut sums);
                    for (sums, free) in sums.chunks_exact(n_columns).zip(&mut free) {
                        let to = &mut own[free * n_columns..][..n_columns];
                        to.iter_mut().zip(sums).for_each(|(to, x)| *to += x);
                    }
                }
                self.scores.push(places.start, &own);
            }
            self.scores.close();
        }
    }
}
