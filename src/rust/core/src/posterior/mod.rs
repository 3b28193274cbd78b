//! The posterior distribution of each respondent: from the network's answer to moments that can be trusted.

mod importance;
mod item_errors;
mod moments;
mod newton;
mod pareto;
mod proposal;
mod respondent;

pub use item_errors::{ItemErrors, item_errors};
pub use moments::Moments;

use crate::model::{Gaussian, Model};
use crate::random::mix;
use crate::train::{Monitor, settings};
use crate::{Batch, Error, Responses, Result};
use moments::Summary;
use proposal::Proposal;
use rayon::prelude::*;
use respondent::Respondent;

/// Respondents whose network posteriors are computed at once.
const CHUNK: usize = 1_024;

/// How to score respondents.
#[derive(Clone, Copy, Debug)]
pub struct Scoring {
    /// True to refine the network's answer by Newton's method and importance sampling.
    pub refine: bool,
    /// Seed of the draws.
    pub seed: u64,
}

/// Posterior moments of respondents, given a fitted model, with worker threads of its own. The items of
/// `responses` are those of the model.
///
/// # Errors
/// [`Error::Responses`] when the items are not those of the model, [`Error::Cancelled`] when the monitor says so.
pub fn score(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    scoring: &Scoring,
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<Moments> {
    if responses.catalogue() != &model.shape.catalogue {
        return Err(Error::Responses(
            "the items and options are not those of the model".into(),
        ));
    }
    settings::pool(threads)?.install(|| moments(model, responses, respondents, scoring, monitor))
}

/// [`score`] on the current worker threads, on the scale of training.
pub(crate) fn moments(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    scoring: &Scoring,
    monitor: &dyn Monitor,
) -> Result<Moments> {
    let mut moments = Moments::with_capacity(model.shape.n_dims, respondents.len());
    let proposal = Proposal::new(model.shape.n_dims);
    let mut batch = Batch::default();
    for members in respondents.chunks(CHUNK) {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        batch.fill(responses, members);
        let posterior = model.encoder.posterior(&model.shape, &batch)?;
        let summaries: Vec<Summary> = (0..members.len())
            .into_par_iter()
            .map(|position| {
                if scoring.refine {
                    refine(model, &batch, &posterior, position, &proposal, scoring.seed)
                } else {
                    Summary::of_network(&posterior, position)
                }
            })
            .collect();
        summaries.iter().for_each(|summary| moments.push(summary));
    }
    Ok(moments)
}

/// The Pareto k above which a respondent's moments are not reliable; it depends on the number of draws, and so on that of
/// the dimensions.
pub fn pareto_threshold(n_dims: usize) -> f64 {
    pareto::threshold(Proposal::new(n_dims).n_draws())
}

/// Newton's method from the network's answer to the mode, then importance sampling around it.
fn refine(
    model: &Model,
    batch: &Batch,
    posterior: &Gaussian,
    position: usize,
    proposal: &Proposal,
    seed: u64,
) -> Summary {
    let responses = batch.responses_of(position);
    let start: Vec<f64> = posterior.mean(position).iter().map(|&x| f64::from(x)).collect();
    // The draws are keyed by the responses, so that nobody's score depends on who else is scored.
    let key = batch
        .options(responses)
        .iter()
        .fold(0, |key, &option| mix(key ^ u64::from(option)));
    let respondent = Respondent::new(model, batch, position);
    let mode = newton::maximise(&respondent, start);
    importance::sample(&respondent, &mode, proposal, seed, key)
}
