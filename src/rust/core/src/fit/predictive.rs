//! How probable responses are, given other responses of the same respondents.

use crate::base::error::Result;
use crate::base::linalg::{pack, unpack};
use crate::base::monitor::Monitor;
use crate::base::threads::{on_threads, try_map};
use crate::model::design;
use crate::model::parameters::Model;
use crate::model::response::options::{first_of_largest, option_probabilities};
use crate::posterior::cubature::{Cubature, gauss_hermite};
use crate::posterior::expect::{check_items, moments};
use crate::posterior::moments::Moments;
use crate::posterior::scoring::Scoring;
use crate::responses::batch::Batch;
use crate::responses::response::Response;
use crate::responses::store::Responses;
use ndarray::{Array2, ArrayView1};

/// Respondents that one task looks at.
const RESPONDENTS_PER_TASK: usize = 256;

/// Nodes of the rule for one linear predictor.
const PREDICTOR_NODES: usize = 32;

/// For every response, in the order of the respondents.
#[derive(Clone, Debug, Default)]
pub struct Predictive {
    /// The logarithm of its probability, averaged over the respondent's posterior.
    pub log_probabilities: Vec<f64>,
    /// Was the option chosen that is the most probable one?
    pub correct: Vec<bool>,
}

/// Predicts the responses `asked` of all respondents, by the model and their responses `given`. A respondent without
/// one has the prior.
///
/// # Errors
/// [`crate::base::error::Error::Responses`] when the items are not those of the model, [`crate::base::error::Error::Cancelled`] when the
/// monitor says so.
pub fn predictive(
    model: &Model,
    given: &Responses,
    asked: &Responses,
    scoring: &Scoring,
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<Predictive> {
    check_items(model, given)?;
    check_items(model, asked)?;
    on_threads(threads, || {
        let everybody: Vec<u32> = (0..asked.n_respondents() as u32).collect();
        let mut known = moments(model, given, &everybody, scoring, monitor)?;
        let n_dims = model.shape.n_dims;
        let population = model.population();
        let (mean, prior) = (population.mean().to_vec(), pack(population.covariance().view()));
        for i in (0..everybody.len()).filter(|&i| given.n_responses_of(i) == 0) {
            known.means[i * n_dims..(i + 1) * n_dims].copy_from_slice(&mean);
            known.covariances[i * prior.len()..(i + 1) * prior.len()].copy_from_slice(&prior);
        }
        let rules = Rules {
            of_traits: Cubature::new(n_dims),
            of_predictor: gauss_hermite(PREDICTOR_NODES),
        };
        let parts = try_map(everybody.chunks(RESPONDENTS_PER_TASK), |members| {
            predict_some(model, asked, members, &known, &rules, monitor)
        })?;
        let mut all = Predictive::default();
        for part in parts {
            all.log_probabilities.extend(part.log_probabilities);
            all.correct.extend(part.correct);
        }
        Ok(all)
    })
}

fn predict_some(
    model: &Model,
    asked: &Responses,
    members: &[u32],
    known: &Moments,
    rules: &Rules,
    monitor: &dyn Monitor,
) -> Result<Predictive> {
    let mut batch = Batch::default();
    batch.fill(asked, members);
    let mut traits = Traits::new(model, known, rules);
    let mut shares = Vec::new();
    let mut found = Predictive::default();
    for (position, &respondent) in members.iter().enumerate() {
        monitor.proceed()?;
        traits.look_at(respondent as usize);
        for response in batch.responses_of(position) {
            match response.n_rows {
                1 => traits.of_two_options(response, &mut shares),
                _ => traits.of_options(response, &mut shares),
            }
            let chosen = response.chosen as usize;
            found
                .log_probabilities
                .push(shares[chosen].max(f64::MIN_POSITIVE).ln());
            found.correct.push(first_of_largest(&shares) == chosen);
        }
    }
    Ok(found)
}

/// Rules for averages over normal distributions: of the traits, and of one linear predictor.
struct Rules {
    of_traits: Cubature,
    of_predictor: (Vec<f64>, Vec<f64>),
}

/// The normal distribution with the posterior moments of one respondent at a time.
struct Traits<'a> {
    model: &'a Model,
    known: &'a Moments,
    rules: &'a Rules,
    position: usize,
    covariance: Array2<f64>,
    points: Vec<Vec<[f32; 1]>>,
    predictors: Vec<f64>,
    probabilities: Vec<f64>,
}

impl<'a> Traits<'a> {
    fn new(model: &'a Model, known: &'a Moments, rules: &'a Rules) -> Self {
        Self {
            model,
            known,
            rules,
            position: 0,
            covariance: Array2::zeros((0, 0)),
            points: Vec::new(),
            predictors: Vec::new(),
            probabilities: Vec::new(),
        }
    }

    fn look_at(&mut self, position: usize) {
        self.position = position;
        self.covariance = unpack(self.known.covariance(position), self.model.shape.n_dims);
        self.points.clear();
    }

    /// The probabilities of the options of a binary item: its linear predictor is normal, so one dimension is enough.
    fn of_two_options(&mut self, response: &Response, shares: &mut Vec<f64>) {
        let parameters = self.model.items.row(response.rows().start).iter();
        let parameters: Vec<f64> = parameters.map(|&x| f64::from(x)).collect();
        let (point, _) = self.known.mean(self.position).as_chunks();
        let [mean] = design::predict(&parameters, point);
        let discrimination = ArrayView1::from(design::split(&parameters).0);
        let sd = discrimination
            .dot(&self.covariance.dot(&discrimination))
            .max(0.0)
            .sqrt();
        shares.clear();
        shares.resize(2, 0.0);
        let (nodes, weights) = &self.rules.of_predictor;
        for (node, weight) in nodes.iter().zip(weights) {
            self.predictors.clear();
            self.predictors.push(mean + sd * node);
            self.add_to(response, shares, *weight);
        }
    }

    /// The probabilities of the options of an item.
    fn of_options(&mut self, response: &Response, shares: &mut Vec<f64>) {
        let rule = &self.rules.of_traits;
        if self.points.is_empty() {
            let nodes = rule.nodes(self.known, self.position);
            let n_nodes = nodes.weights.len();
            let n_dims = self.model.shape.n_dims;
            self.points = (0..n_nodes)
                .map(|k| (0..n_dims).map(|d| [nodes.design[d * n_nodes + k]]).collect())
                .collect();
        }
        shares.clear();
        shares.resize(response.n_rows as usize + 1, 0.0);
        for (k, &weight) in rule.weights.iter().enumerate() {
            self.predictors.clear();
            let predictor = |row| f64::from(design::predict(self.model.items.row(row), &self.points[k])[0]);
            self.predictors.extend(response.rows().map(predictor));
            self.add_to(response, shares, f64::from(weight));
        }
    }

    fn add_to(&mut self, response: &Response, shares: &mut [f64], weight: f64) {
        let link = self.model.shape.link;
        option_probabilities(link, response.kind, &self.predictors, &mut self.probabilities);
        let terms = shares.iter_mut().zip(&self.probabilities);
        terms.for_each(|(share, p)| *share += weight * p);
    }
}
