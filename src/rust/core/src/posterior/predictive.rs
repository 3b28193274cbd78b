//! How probable responses are, given other responses of the same respondents.

use super::cubature::Cubature;
use super::{Moments, Scoring, check_items, moments};
use crate::kernels::link;
use crate::linalg::pack;
use crate::model::Model;
use crate::train::{Monitor, settings};
use crate::{Batch, Responses, Result};
use ndarray::Array2;
use rayon::prelude::*;

/// Respondents that one task looks at.
const RESPONDENTS_PER_TASK: usize = 256;

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
/// [`crate::Error::Responses`] when the items are not those of the model, [`crate::Error::Cancelled`] when the
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
    settings::pool(threads)?.install(|| {
        let everybody: Vec<u32> = (0..asked.n_respondents() as u32).collect();
        let mut known = moments(model, given, &everybody, scoring, monitor)?;
        let n_dims = model.shape.n_dims;
        let prior = pack(Array2::eye(n_dims).view());
        for i in (0..everybody.len()).filter(|&i| given.n_responses_of(i) == 0) {
            known.means[i * n_dims..(i + 1) * n_dims].fill(0.0);
            known.covariances[i * prior.len()..(i + 1) * prior.len()].copy_from_slice(&prior);
        }
        let rule = Cubature::new(n_dims);
        let parts: Vec<Predictive> = everybody
            .par_chunks(RESPONDENTS_PER_TASK)
            .map(|members| predict_some(model, asked, members, &known, &rule))
            .collect();
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
    rule: &Cubature,
) -> Predictive {
    let mut batch = Batch::default();
    batch.fill(asked, members);
    let n_nodes = rule.weights.len();
    let n_dims = model.shape.n_dims;
    let (mut predictors, mut probabilities, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    let mut found = Predictive::default();
    for (position, &respondent) in members.iter().enumerate() {
        let nodes = rule.nodes(known, respondent as usize);
        let points: Vec<Vec<f32>> = (0..n_nodes)
            .map(|k| (0..n_dims).map(|d| nodes.design[d * n_nodes + k]).collect())
            .collect();
        for response in batch.responses_of(position) {
            shares.clear();
            shares.resize(response.n_rows as usize + 1, 0.0);
            for (point, &weight) in points.iter().zip(&rule.weights) {
                let rows = response.rows();
                predictors.clear();
                predictors.extend(rows.map(|row| f64::from(link::predictor(model.items.row(row), point))));
                model.shape.link.probabilities(&predictors, &mut probabilities);
                let terms = shares.iter_mut().zip(&probabilities);
                terms.for_each(|(share, p)| *share += f64::from(weight) * p);
            }
            let chosen = response.chosen as usize;
            let best = (0..shares.len()).fold(0, |best, c| if shares[c] > shares[best] { c } else { best });
            found
                .log_probabilities
                .push(shares[chosen].max(f64::MIN_POSITIVE).ln());
            found.correct.push(best == chosen);
        }
    }
    found
}
