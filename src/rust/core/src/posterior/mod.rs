//! The posterior distribution of each respondent: from the network's answer to moments that can be trusted.

mod importance;
mod item_errors;
mod moments;
mod newton;
mod pareto;
mod proposal;
mod quadrature;
mod respondent;

pub use item_errors::{ItemErrors, item_errors};
pub use moments::Moments;

use crate::kernels::encoder::Activations;
use crate::model::{Gaussian, Model};
use crate::random::mix;
use crate::train::{Monitor, settings};
use crate::{Batch, Error, Responses, Result};
use moments::{MomentsPart, Summary};
use proposal::Proposal;
use quadrature::Grid;
use rayon::prelude::*;
use respondent::Respondent;

/// Respondents that one task scores.
const RESPONDENTS_PER_TASK: usize = 64;

/// How to score respondents.
#[derive(Clone, Copy, Debug)]
pub struct Scoring {
    /// True to refine the network's answer: by adaptive quadrature in one or two dimensions, else by Newton's method and
    /// importance sampling.
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
    let n_dims = model.shape.n_dims;
    let kernel = model.encoder.kernel()?;
    let refinement = Refinement::new(n_dims);
    let mut moments = Moments::zeros(n_dims, respondents.len(), scoring.refine);
    let parts: Vec<MomentsPart> = moments.parts(RESPONDENTS_PER_TASK).collect();
    respondents
        .par_chunks(RESPONDENTS_PER_TASK)
        .zip(parts)
        .try_for_each_init(
            || (Batch::default(), Activations::default()),
            |(batch, activations), (members, mut part)| {
                if monitor.cancelled() {
                    return Err(Error::Cancelled);
                }
                batch.fill(responses, members);
                kernel.encode(batch, 0..members.len(), activations);
                for (position, outputs) in activations.outputs.rows().into_iter().enumerate() {
                    let posterior = Gaussian {
                        n_dims,
                        outputs: outputs.as_slice().unwrap_or_default(),
                    };
                    if scoring.refine {
                        let summary = refinement.refine(model, batch, posterior, position, scoring.seed);
                        part.set(position, &summary);
                    } else {
                        part.set_network(position, posterior);
                    }
                }
                Ok(())
            },
        )?;
    Ok(moments)
}

/// The Pareto k above which a respondent's moments are not reliable; it depends on the number of draws, and so on that of
/// the dimensions. Quadrature has none.
pub fn pareto_threshold(n_dims: usize) -> f64 {
    pareto::threshold(Proposal::new(n_dims).n_draws())
}

/// How the network's answer is refined.
enum Refinement {
    /// By adaptive quadrature.
    Quadrature(Grid),
    /// By Newton's method to the mode, then importance sampling around it.
    Sampling(Proposal),
}

impl Refinement {
    fn new(n_dims: usize) -> Self {
        if n_dims <= quadrature::MOST_DIMS {
            Refinement::Quadrature(Grid::new(n_dims))
        } else {
            Refinement::Sampling(Proposal::new(n_dims))
        }
    }

    fn refine(
        &self,
        model: &Model,
        batch: &Batch,
        posterior: Gaussian<'_>,
        position: usize,
        seed: u64,
    ) -> Summary {
        let start: Vec<f64> = posterior.mean().iter().map(|&x| f64::from(x)).collect();
        let respondent = Respondent::new(model, batch, position);
        match self {
            Refinement::Quadrature(grid) => grid.integrate(&respondent, start, posterior.wide_factor()),
            Refinement::Sampling(proposal) => {
                // The draws are keyed by the responses, so that nobody's score depends on who else is scored.
                let responses = batch.responses_of(position).iter();
                let key = responses.fold(0, |key, response| mix(key ^ u64::from(response.option)));
                let mode = newton::maximise(&respondent, start);
                importance::sample(&respondent, &mode, proposal, seed, key)
            }
        }
    }
}
