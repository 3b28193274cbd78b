//! The posterior distribution of each respondent: from the network's answer to moments that can be trusted.

mod chunk;
mod covariance;
mod cubature;
mod importance;
mod information;
mod moments;
mod newton;
mod normalisation;
mod on_device;
mod pareto;
mod polish;
mod predictive;
mod proposal;
mod quadrature;
mod refinement;
mod respondent;
mod score;
mod terms;
mod uncertainty;

pub(crate) use information::Information;
pub use information::MOST_JOINT_PARAMETERS;
pub use moments::Moments;
pub(crate) use polish::polish;
pub use predictive::{Predictive, predictive};
pub use uncertainty::{Gauge, ItemCovariances, Method, Scales, Uncertainty};
pub(crate) use uncertainty::{draws, uncertainty};

use crate::kernels::encoder::Activations;
use crate::model::{Gaussian, Model};
use crate::train::{Monitor, Part, settings};
use crate::{Backend, Batch, Error, Responses, Result};
use moments::MomentsPart;
use proposal::Proposal;
use rayon::prelude::*;
use refinement::Refinement;
use respondent::Respondent;
use score::add_score;
use std::sync::atomic::{AtomicUsize, Ordering};
use terms::Terms;

/// Respondents whose responses are laid out at once.
const CHUNK: usize = 64;
/// Runs of respondents that are summed one by one. Their number is fixed, so that the sums do not depend on the
/// threads.
const SHARDS: usize = 32;

/// Respondents with their weights and posterior moments.
#[derive(Clone, Copy)]
pub(crate) struct Scored<'a> {
    pub respondents: &'a [u32],
    pub weights: &'a [f64],
    pub moments: &'a Moments,
}

/// How to score respondents.
#[derive(Clone, Debug)]
pub struct Scoring {
    /// True to refine the network's answer: by adaptive quadrature in one or two dimensions, else by Newton's method
    /// and importance sampling.
    pub refine: bool,
    /// Draws of importance sampling per respondent, about; eight times as many for those whose Pareto k is above the
    /// threshold.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// What computes.
    pub backend: Backend,
}

impl Scoring {
    /// Draws where nothing else is asked for: the time is for many of them up to 10,000 respondents.
    pub fn default_draws(n_respondents: usize) -> usize {
        if n_respondents <= 10_000 { 1_024 } else { 256 }
    }
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
    check_items(model, responses)?;
    settings::pool(threads)?.install(|| moments(model, responses, respondents, scoring, monitor))
}

/// # Errors
/// [`Error::Responses`] when the items are not those of the model.
pub(crate) fn check_items(model: &Model, responses: &Responses) -> Result<()> {
    if responses.catalogue() != &model.shape.catalogue {
        return Err(Error::Responses(
            "the items and options are not those of the model".into(),
        ));
    }
    Ok(())
}

/// [`score`] on the current worker threads, on the scale of the item parameters.
pub(crate) fn moments(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    scoring: &Scoring,
    monitor: &dyn Monitor,
) -> Result<Moments> {
    Ok(expect(model, responses, respondents, None, scoring, monitor)?.0)
}

/// The moments of respondents and, where these have weights, the weighted gradient of the log marginal likelihood by
/// the item parameters, in the layout of their table.
pub(crate) fn expect(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    weights: Option<&[f64]>,
    scoring: &Scoring,
    monitor: &dyn Monitor,
) -> Result<(Moments, Vec<f64>)> {
    if let Some(device) = scoring.backend.device()? {
        let how = (scoring, device);
        return on_device::expect(model, responses, respondents, weights, how, monitor);
    }
    let refinement = Refinement::new(model.shape.n_dims, scoring);
    let mut moments = Moments::zeros(model.shape.n_dims, respondents.len(), scoring.refine);
    let size = respondents.len().div_ceil(SHARDS).max(1);
    let shards: Vec<(usize, MomentsPart)> = moments.parts(size).enumerate().collect();
    let kernel = model.encoder.kernel()?;
    let done = AtomicUsize::new(0);
    let scores: Vec<Result<Vec<f64>>> = shards
        .into_par_iter()
        .map(|(shard, mut part)| {
            let own = shard * size..shard * size + part.len();
            let mut score = vec![0.0; weights.map_or(0, |_| model.items.values().len())];
            let (mut batch, mut activations) = (Batch::default(), Activations::default());
            let mut terms = Terms::default();
            for (chunk, members) in respondents[own.clone()].chunks(CHUNK).enumerate() {
                let before = done.fetch_add(members.len(), Ordering::Relaxed);
                monitor.part(Part::Posteriors, before as f64 / respondents.len() as f64);
                batch.fill(responses, members);
                kernel.encode(&batch, 0..members.len(), &mut activations);
                for (position, outputs) in activations.outputs.rows().into_iter().enumerate() {
                    let network = Gaussian {
                        n_dims: model.shape.n_dims,
                        outputs: outputs.as_slice().unwrap_or_default(),
                    };
                    let network = network.widened();
                    monitor.proceed()?;
                    let place = chunk * CHUNK + position;
                    if !scoring.refine {
                        part.set_network(place, &network);
                        continue;
                    }
                    let respondent = Respondent::new(model, &batch, position);
                    let responses = batch.responses_of(position);
                    let refined = refinement.begin(respondent, responses, &network).finish();
                    part.set(place, &refined.summary, &network);
                    if let Some(weights) = weights {
                        let weight = weights[own.start + place];
                        add_score(model, responses, &refined.draws, weight, &mut terms, &mut score);
                    }
                }
            }
            Ok(score)
        })
        .collect();
    let mut total = Vec::new();
    for score in scores {
        let score = score?;
        total.resize(score.len(), 0.0);
        total.iter_mut().zip(score).for_each(|(sum, x)| *sum += x);
    }
    Ok((moments, total))
}

/// The Pareto k above which a respondent's moments are not reliable; it depends on the number of draws. Quadrature
/// has none.
pub fn pareto_threshold(n_dims: usize, draws: usize) -> f64 {
    pareto::threshold(Proposal::new(n_dims, draws).n_draws())
}
