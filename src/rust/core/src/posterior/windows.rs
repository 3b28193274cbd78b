//! One respondent's posterior on a window of the nodes that all respondents share, in one dimension.

use crate::kernels::points::WeightedPoints;
use crate::kernels::tables::{LIMIT, Table, Tables};
use crate::model::design;
use crate::model::gaussian::WideGaussian;
use crate::model::parameters::Model;
use crate::model::population::Population;
use crate::posterior::lattice::{EDGE, FINE_FOR_SLOPE, NEAR, REACH};
use crate::posterior::moments::{Moments, Summary};
use crate::posterior::nodes::Nodes;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::store::Responses;
use std::ops::Range;

/// Dimensions in which nodes are shared.
pub(crate) const N_DIMS: usize = 1;

/// How far the nodes of a window are apart at most, in standard deviations, and up to where they are fine enough once these are known:
/// each degree of a polynomial multiplies the error of the rule, `2 exp(-2 pi^2 / h^2)`, by about `2 pi / h`, and the information takes
/// degrees up to 5.
const SPACING: f64 = 0.9;
const FINE: f64 = 1.02;

/// How far nodes are apart where a rough answer is enough.
const ROUGH_SPACING: f64 = 0.125;

/// How far posteriors reach that are near known ones, in their standard deviations and beyond.
const FAR: f64 = 8.0;
const MARGIN: f64 = 0.5;

/// Most times that the window is moved or extended before its respondent gets nodes of his own.
const MOST_ROUNDS: usize = 6;

/// Windows of nodes that all respondents share.
pub(crate) struct Windows<'a> {
    tables: Tables<'a>,
    population: Population,
    /// The steepest slope of the log odds between two options of the item of each option.
    steepest: Vec<f64>,
}

/// A posterior on a window.
pub(crate) struct OnWindow<'t> {
    table: &'t Table,
    nodes: Range<usize>,
    weights: Vec<f32>,
    pub summary: Summary,
}

impl<'a> Windows<'a> {
    /// For some respondents, wherever their posteriors are.
    pub fn new(model: &'a Model, responses: &Responses, respondents: &[u32]) -> Self {
        Self::within(LIMIT, model, responses, respondents)
    }

    /// For some respondents, whose posteriors are near known ones.
    pub fn near(known: &Moments, model: &'a Model, responses: &Responses, respondents: &[u32]) -> Self {
        let reaches = known.means.iter().zip(&known.covariances);
        let reaches = reaches.map(|(mean, variance)| mean.abs() + FAR * variance.sqrt());
        let limit = reaches.fold(0.0, f64::max) + MARGIN;
        Self::within(limit.min(LIMIT), model, responses, respondents)
    }

    fn within(limit: f64, model: &'a Model, responses: &Responses, respondents: &[u32]) -> Self {
        let catalogue = &model.shape.catalogue;
        let mut is_chosen = vec![false; catalogue.n_options()];
        let mut row = Vec::new();
        for &respondent in respondents {
            row.clear();
            responses.copy_row(respondent as usize, &mut row);
            row.iter().for_each(|&option| is_chosen[option as usize] = true);
        }
        let steepest = |option: usize| {
            let rows = catalogue.response(option).rows();
            model.shape.link.log_odds() * design::steepest(rows.map(|row| model.items.row(row)), &[1.0])
        };
        Self {
            tables: Tables::new(model, &is_chosen, limit),
            population: model.population(),
            steepest: (0..catalogue.n_options()).map(steepest).collect(),
        }
    }

    /// Makes the table for somebody who chose some options, with this posterior standard deviation: to be called where nothing else
    /// is.
    pub fn prepare(&self, options: &[u32], sd: f64) -> Option<&Table> {
        self.tables.prepare(self.spacing(options, sd))
    }

    /// How far nodes may be apart.
    fn spacing(&self, options: &[u32], sd: f64) -> f64 {
        let slopes = options.iter().map(|&option| self.steepest[option as usize]);
        (SPACING * sd).min(FINE_FOR_SLOPE / slopes.fold(0.0, f64::max))
    }

    /// The posterior of somebody who chose some options, looked for at a normal distribution; nothing where no window holds it.
    pub fn find(&self, options: &[u32], start: &WideGaussian) -> Option<OnWindow<'_>> {
        let finest = self.spacing(options, f64::INFINITY);
        let (mut mean, mut sd) = (start.mean[0], start.factor_rows[0].abs());
        let mut extended = None;
        for _ in 0..MOST_ROUNDS {
            if !(mean.is_finite() && sd.is_finite()) {
                return None;
            }
            let (table, nodes) = match extended.take() {
                Some(wider) => wider,
                None => {
                    let table = self.tables.get((SPACING * sd).min(finest))?;
                    (table, table.nodes(mean, REACH[N_DIMS - 1] * sd)?)
                }
            };
            let found = self.weigh(table, nodes, options);
            let (own_mean, own_sd) = (found.summary.mean()[0], found.summary.covariance()[0].sqrt());
            let open = open_ends(&found.weights);
            let fine = table.spacing() <= FINE * own_sd;
            if fine && open == [false, false] {
                return Some(found);
            }
            if fine && (own_mean - mean).abs() <= NEAR * sd && own_sd <= (1.0 + NEAR) * sd {
                extended = Some((table, table.extended(found.nodes, open)?));
            } else {
                // At the end of a window that is far off the mass is narrow.
                let least = if open == [false, false] { 0.0 } else { sd };
                (mean, sd) = (own_mean, own_sd.max(least));
            }
        }
        None
    }

    /// The same on all nodes of a table, which does not hold narrow posteriors well.
    pub fn roughly(&self, options: &[u32]) -> Option<OnWindow<'_>> {
        let table = self.tables.get(ROUGH_SPACING)?;
        Some(self.weigh(table, 0..table.n_nodes(), options))
    }

    fn weigh<'t>(&self, table: &'t Table, nodes: Range<usize>, options: &[u32]) -> OnWindow<'t> {
        let points: Vec<f64> = nodes.clone().map(|node| table.at(node)).collect();
        let log_density = |&x: &f64| self.population.log_density(&[x]) as f32;
        let mut weights: Vec<f32> = points.iter().map(log_density).collect();
        let largest = table.weigh(options, nodes.start, &mut weights);
        let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        let scale = (1.0 / total) as f32;
        weights.iter_mut().for_each(|w| *w *= scale);
        let log_evidence = f64::from(largest) + total.ln() + table.spacing().ln();
        OnWindow {
            table,
            nodes,
            summary: Summary::on_axis(&points, &weights, log_evidence),
            weights,
        }
    }
}

impl<'t> OnWindow<'t> {
    /// Adds the means of the derivatives by the item parameters over the posterior, times a weight, to a score in the layout of the
    /// table of items; the respondent chose these options.
    pub fn add_score(&self, options: &[u32], items: &ItemCatalogue, weight: f64, score: &mut [f64]) {
        let mut means = Vec::new();
        self.add_sums(options, std::slice::from_ref(&self.weights), &mut means);
        let mut means = means.into_iter();
        for &option in options {
            for row in items.rows_of(items.item_of(option as usize)) {
                for (to, mean) in score[2 * row..].iter_mut().zip(means.by_ref().take(2)) {
                    *to += weight * f64::from(mean);
                }
            }
        }
    }

    /// Appends for each row of the items of some options and each of some columns, one number a node, the sums over the nodes of the
    /// derivatives by the row's parameters times the column.
    pub fn add_sums(&self, options: &[u32], columns: &[Vec<f32>], sums: &mut Vec<f32>) {
        let points = self
            .nodes
            .clone()
            .map(|node| self.table.at(node) as f32)
            .collect();
        let by_parameters = design::columns(points, self.nodes.len());
        let by_parameters = by_parameters.chunks_exact(self.nodes.len());
        let times = |column: &Vec<f32>, x: &[f32]| x.iter().zip(column).map(|(x, y)| x * y).collect();
        let columns: Vec<Vec<f32>> = columns
            .iter()
            .flat_map(|column| by_parameters.clone().map(move |x| times(column, x)))
            .collect();
        self.table.add_sums(options, self.nodes.start, &columns, sums);
    }

    /// Adds the weights of the nodes, times that of the respondent, to the numbers of the options that were chosen at the nodes of the
    /// table.
    pub fn count(&self, options: &[u32], weight: f64, numbers: &mut [f32]) {
        let weights: Vec<f32> = self.weights.iter().map(|x| weight as f32 * x).collect();
        self.table.count(options, self.nodes.start, &weights, numbers);
    }

    /// The nodes by themselves.
    pub fn nodes(&self) -> Nodes {
        let points = self.nodes.clone().map(|node| self.table.at(node) as f32);
        let points = WeightedPoints {
            points: vec![points.collect()],
            weights: self.weights.iter().copied().map(f64::from).collect(),
        };
        Nodes::of_points(&points, &self.summary)
    }

    /// The weights of the nodes, which sum to 1.
    pub fn weights(&self) -> &Vec<f32> {
        &self.weights
    }

    /// The table of the nodes.
    pub fn table(&self) -> &'t Table {
        self.table
    }
}

/// Whether the nodes end, below and above, before the mass does.
fn open_ends(weights: &[f32]) -> [bool; 2] {
    let most = EDGE as f32 * weights.iter().copied().fold(0.0, f32::max);
    [weights[0] > most, weights[weights.len() - 1] > most]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::fit::run::fit;
    use crate::kernels::points::Residuals;
    use crate::kernels::respondent::Respondent;
    use crate::kernels::score::{self, add_score};
    use crate::posterior::refinement::Refinement;
    use crate::posterior::scoring::Scoring;
    use crate::responses::batch::Batch;
    use crate::responses::item_kind::ItemKind;
    use crate::settings::Settings;
    use crate::simulate::simulation::{SimulationDesign, simulate};

    /// Shared nodes and nodes of one's own give the same moments, evidence and scores.
    #[test]
    fn shared_nodes_agree_with_own_ones() {
        for (kind, n_options) in [
            (ItemKind::Nominal, 2),
            (ItemKind::Nominal, 3),
            (ItemKind::Graded, 4),
        ] {
            let design = SimulationDesign {
                n_respondents: 300,
                n_items: 20,
                n_dims: 1,
                n_options,
                missing: 0.3,
                kind,
            };
            let responses = simulate(&design, 3)
                .and_then(|truth| truth.to_responses())
                .expect("responses");
            let mut settings = Settings::new(1);
            settings.training.max_epochs = 20;
            let mut model = fit(&responses, &settings.clone().check().expect("settings"), &Silent)
                .expect("fit")
                .model;
            // One item is steep.
            let rows = model.shape.catalogue.rows_of(4);
            model.items.rows_mut(rows).iter_mut().for_each(|x| *x *= 12.0);
            let everybody: Vec<u32> = (0..300).collect();
            let batch = Batch::new(&responses, &everybody);
            let windows = Windows::new(&model, &responses, &everybody);
            let scoring = Scoring::of(&settings, responses.n_respondents());
            let refinement = Refinement::new(1, &scoring, true);
            let start = WideGaussian {
                mean: vec![0.3],
                factor_rows: vec![0.4],
            };
            let (mut shared, mut own) = (
                vec![0.0; model.items.values().len()],
                vec![0.0; model.items.values().len()],
            );
            let mut residuals = Residuals::new();
            let mut n_found = 0;
            for place in 0..300 {
                let given = batch.responses_of(place);
                let mut options = Vec::new();
                responses.copy_row(place, &mut options);
                let Some(found) = windows.find(&options, &start) else {
                    continue;
                };
                n_found += 1;
                let refined = refinement
                    .begin(Respondent::new(&model, &batch, place), given, &start)
                    .finish(&mut residuals);
                let summary = (&found.summary, &refined.summary);
                let sd = summary.1.covariance()[0].sqrt();
                assert!((summary.0.mean()[0] - summary.1.mean()[0]).abs() < 1e-4 * sd);
                assert!((summary.0.covariance()[0].sqrt() / sd - 1.0).abs() < 1e-4);
                assert!((summary.0.log_evidence() - summary.1.log_evidence()).abs() < 1e-4);
                found.add_score(&options, responses.catalogue(), 1.5, &mut shared);
                add_score(
                    given,
                    &refined.draws,
                    &residuals,
                    1.5,
                    &mut score::Scratch::default(),
                    &mut own,
                );
            }
            assert!(
                n_found > 290,
                "{kind:?} {n_options} {n_found} of 300 have a window"
            );
            for (shared, own) in shared.iter().zip(own) {
                assert!(
                    (shared - own).abs() < 1e-3 * (1.0 + own.abs()),
                    "{shared} for {own}"
                );
            }
        }
    }
}
