//! The posterior distribution of each respondent: from the network's answer to moments that can be trusted.

use crate::base::error::{Error, Result};
use crate::base::monitor::{Monitor, Part};
use crate::base::threads::pool;
use crate::kernels::encoder::{Activations, EncoderKernel};
use crate::kernels::respondent::Respondent;
use crate::kernels::score::add_score;
use crate::kernels::terms::Terms;
use crate::model::gaussian::Gaussian;
use crate::model::parameters::Model;
use crate::posterior::by_tensors;
use crate::posterior::moments::{Moments, MomentsPart};
use crate::posterior::refinement::Refinement;
use crate::posterior::scoring::Scoring;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Respondents whose responses are laid out at once.
const CHUNK: usize = 64;

/// Runs of respondents that are summed one by one. Their number is fixed, so that the sums do not depend on the
/// threads.
const SHARDS: usize = 32;

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
    pool(threads)?.install(|| moments(model, responses, respondents, scoring, monitor))
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
        return by_tensors::expect(model, responses, respondents, weights, how, monitor);
    }
    let refinement = Refinement::new(model.shape.n_dims, scoring);
    let mut moments = Moments::zeros(model.shape.n_dims, respondents.len(), scoring.refine);
    let size = respondents.len().div_ceil(SHARDS).max(1);
    let shards: Vec<(usize, MomentsPart)> = moments.parts(size).enumerate().collect();
    let kernel = EncoderKernel::new(&model.encoder)?;
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
