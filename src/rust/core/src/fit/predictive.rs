//! How probable responses are, given other responses of the same respondents.

use crate::base::error::Result;
use crate::base::linalg::{pack, packed_length, unpack};
use crate::base::monitor::Monitor;
use crate::base::threads::{on_threads, try_map};
use crate::fit::averaged::{Average, NormalRule, predictor_rule, predictor_variance};
use crate::model::design;
use crate::model::parameters::Model;
use crate::model::response::options::first_of_largest;
use crate::posterior::cubature::Cubature;
use crate::posterior::expect::{check_items, moments};
use crate::posterior::moments::Moments;
use crate::posterior::scoring::Scoring;
use crate::responses::batch::Batch;
use crate::responses::response::Response;
use crate::responses::store::Responses;
use crate::uncertainty::scales::LocationScale;
use ndarray::{Array1, Array2, ArrayView1};

/// Respondents that one task looks at.
const RESPONDENTS_PER_TASK: usize = 256;

/// Standard deviations of linear predictors that make no difference.
const NEGLIGIBLE: f64 = 0.05;

/// For every response, in the order of the respondents.
#[derive(Clone, Debug, Default)]
pub struct Predictive {
    /// The logarithm of its probability, averaged over the respondent's posterior, and over the item's parameters where their
    /// covariances are known.
    pub log_probabilities: Vec<f64>,
    /// Was the option chosen that is the most probable one?
    pub correct: Vec<bool>,
}

/// What is not known of the items of a model.
#[derive(Clone, Debug)]
pub struct ItemUncertainty {
    /// Covariances of the parameters in each row of the table of the items on the normalised scale: lower triangles, NaN where they are
    /// not known.
    pub covariances: Vec<f64>,
    /// What leads to that scale from the reported one.
    pub location_scale: LocationScale,
}

impl ItemUncertainty {
    /// What the parameters of a row are multiplied by in its predictor at a reported point, on the normalised scale.
    fn factors(&self, point: &Array1<f64>) -> Vec<f64> {
        let LocationScale { means, sds } = &self.location_scale;
        let traits = point.iter().zip(means).zip(sds).map(|((x, m), s)| (x - m) / s);
        design::row(traits, -1.0).collect()
    }

    /// The variance that it adds to the linear predictor of a row, whose parameters are multiplied by these.
    fn variance(&self, row: usize, factors: &[f64]) -> f64 {
        let packed = packed_length(factors.len());
        predictor_variance(&self.covariances[row * packed..(row + 1) * packed], factors)
    }
}

/// What is known of the respondents.
pub struct Given<'a> {
    /// Some of their responses.
    pub responses: &'a Responses<'a>,
    /// Their reported ideal points, in rows, where these are known otherwise than by the items at their estimates.
    pub ideal_points: Option<Array2<f64>>,
}

/// Predicts the responses `asked` of all respondents, by the model and what is given of them. A respondent without a response has the
/// prior.
///
/// # Errors
/// [`crate::base::error::Error::Responses`] when the items are not those of the model, [`crate::base::error::Error::Cancelled`] when the
/// monitor says so.
pub fn predictive(
    model: &Model,
    items: &ItemUncertainty,
    given: &Given,
    asked: &Responses,
    scoring: &Scoring,
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<Predictive> {
    let Given {
        responses: given,
        ideal_points,
    } = given;
    check_items(model, given)?;
    check_items(model, asked)?;
    on_threads(threads, || {
        let everybody: Vec<u32> = (0..asked.n_respondents() as u32).collect();
        let mut known = moments(model, given, &everybody, scoring, monitor)?;
        let n_dims = model.shape.n_dims;
        if let Some(points) = ideal_points {
            known.means = model.map.back(points)?.iter().copied().collect();
        }
        let population = model.population();
        let (mean, prior) = (population.mean().to_vec(), pack(population.covariance().view()));
        for i in (0..everybody.len()).filter(|&i| given.n_responses_of(i) == 0) {
            known.means[i * n_dims..(i + 1) * n_dims].copy_from_slice(&mean);
            known.covariances[i * prior.len()..(i + 1) * prior.len()].copy_from_slice(&prior);
        }
        let rules = Rules {
            of_traits: Cubature::new(n_dims),
            of_predictor: predictor_rule(),
        };
        let parts = try_map(everybody.chunks(RESPONDENTS_PER_TASK), |members| {
            let mut traits = Traits::new(model, items, &known, &rules);
            predict_some(asked, members, &mut traits, monitor)
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
    asked: &Responses,
    members: &[u32],
    traits: &mut Traits,
    monitor: &dyn Monitor,
) -> Result<Predictive> {
    let mut batch = Batch::default();
    batch.fill(asked, members);
    let mut found = Predictive::default();
    for (position, &respondent) in members.iter().enumerate() {
        monitor.proceed()?;
        traits.look_at(respondent as usize);
        for response in batch.responses_of(position) {
            let shares = match response.n_rows {
                1 => traits.of_two_options(response),
                _ => traits.of_options(response),
            };
            let chosen = response.chosen as usize;
            found
                .log_probabilities
                .push(shares[chosen].max(f64::MIN_POSITIVE).ln());
            found.correct.push(first_of_largest(shares) == chosen);
        }
    }
    Ok(found)
}

/// Rules for averages over normal distributions: of the traits, and of one linear predictor.
struct Rules {
    of_traits: Cubature,
    of_predictor: NormalRule,
}

/// The normal distribution with the posterior moments of one respondent at a time.
struct Traits<'a> {
    model: &'a Model,
    items: &'a ItemUncertainty,
    known: &'a Moments,
    rules: &'a Rules,
    position: usize,
    covariance: Array2<f64>,
    /// What the parameters of a row are multiplied by at the mean.
    factors: Vec<f64>,
    points: Vec<Vec<[f32; 1]>>,
    average: Average,
}

impl<'a> Traits<'a> {
    fn new(model: &'a Model, items: &'a ItemUncertainty, known: &'a Moments, rules: &'a Rules) -> Self {
        Self {
            model,
            items,
            known,
            rules,
            position: 0,
            covariance: Array2::zeros((0, 0)),
            factors: Vec::new(),
            points: Vec::new(),
            average: Average::new(model.shape.link),
        }
    }

    fn look_at(&mut self, position: usize) {
        self.position = position;
        self.covariance = unpack(self.known.covariance(position), self.model.shape.n_dims);
        self.factors = self
            .items
            .factors(&self.model.map.point(self.known.mean(position)));
        self.points.clear();
    }

    /// The probabilities of the options of a binary item: its linear predictor is normal, so one dimension is enough.
    fn of_two_options(&mut self, response: &Response) -> &[f64] {
        let row = response.rows().start;
        let parameters = self.model.items.row(row).iter();
        let parameters: Vec<f64> = parameters.map(|&x| f64::from(x)).collect();
        let (point, _) = self.known.mean(self.position).as_chunks();
        let [mean] = design::predict(&parameters, point);
        let discrimination = ArrayView1::from(design::split(&parameters).0);
        let of_traits = discrimination.dot(&self.covariance.dot(&discrimination));
        let variance = of_traits + self.items.variance(row, &self.factors);
        let sd = variance.max(0.0).sqrt();
        self.begin(response);
        self.average.add_normal(mean, sd, &self.rules.of_predictor);
        self.average.shares()
    }

    /// The probabilities of the options of an item.
    fn of_options(&mut self, response: &Response) -> &[f64] {
        let rule = &self.rules.of_traits;
        if self.points.is_empty() {
            let nodes = rule.nodes(self.known, self.position);
            let n_nodes = nodes.weights.len();
            let n_dims = self.model.shape.n_dims;
            self.points = (0..n_nodes)
                .map(|k| (0..n_dims).map(|d| [nodes.design[d * n_nodes + k]]).collect())
                .collect();
        }
        self.begin(response);
        let sds = response
            .rows()
            .map(|row| self.items.variance(row, &self.factors).sqrt());
        let sds: Vec<f64> = sds.collect();
        let is_known = sds.iter().all(|&sd| sd < NEGLIGIBLE);
        for (k, &weight) in rule.weights.iter().enumerate() {
            let predictor = |row| f64::from(design::predict(self.model.items.row(row), &self.points[k])[0]);
            let predictors = response.rows().map(predictor);
            if is_known {
                self.average.add_at(predictors, f64::from(weight));
            } else {
                let means: Vec<f64> = predictors.collect();
                self.average.add_around(&means, &sds, f64::from(weight));
            }
        }
        self.average.shares()
    }

    fn begin(&mut self, response: &Response) {
        self.average.begin(response.kind, response.n_rows as usize + 1);
    }
}
