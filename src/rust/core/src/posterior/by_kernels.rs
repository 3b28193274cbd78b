//! The posteriors of respondents by the kernels, one after another on every thread.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Part};
use crate::base::threads::try_map;
use crate::kernels::encoder::{Activations, EncoderKernel};
use crate::kernels::points::Residuals;
use crate::kernels::respondent::Respondent;
use crate::kernels::score::{self, add_score};
use crate::model::gaussian::{Gaussian, WideGaussian};
use crate::posterior::moments::{Moments, MomentsPart};
use crate::posterior::refinement::Refinement;
use crate::posterior::scoring::{Expected, Wanted};
use crate::posterior::windows::{self, Windows};
use crate::responses::batch::Batch;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Respondents whose responses are laid out at once.
const LAID_OUT: usize = 64;
/// Runs of respondents that are summed one by one. Their number is fixed, so that the sums do not depend on the
/// threads.
const SHARDS: usize = 32;

/// See [`crate::posterior::expect::expect`].
pub(crate) fn expect(wanted: &Wanted, monitor: &dyn Monitor) -> Result<Expected> {
    let Wanted {
        model,
        responses,
        respondents,
        scoring,
        repeats,
        ..
    } = *wanted;
    let shared = Shared {
        wanted,
        kernel: EncoderKernel::new(&model.encoder)?,
        refinement: Refinement::new(model.shape.n_dims, scoring, repeats),
        windows: (scoring.refine && model.shape.n_dims == windows::N_DIMS)
            .then(|| Windows::new(model, responses, respondents)),
        done: AtomicUsize::new(0),
        monitor,
    };
    let mut moments = Moments::zeros(model.shape.n_dims, respondents.len(), scoring.refine);
    let size = respondents.len().div_ceil(SHARDS).max(1);
    let shards = moments.parts(size).enumerate();
    let scores = try_map(shards, |(shard, mut part)| shared.shard(shard * size, &mut part))?;
    let mut total = Vec::new();
    for score in scores {
        total.resize(score.len(), 0.0);
        total.iter_mut().zip(score).for_each(|(sum, x)| *sum += x);
    }
    Ok(Expected {
        moments,
        score: total,
    })
}

/// What all threads share.
struct Shared<'a> {
    wanted: &'a Wanted<'a>,
    kernel: EncoderKernel<'a>,
    refinement: Refinement,
    /// In one dimension.
    windows: Option<Windows<'a>>,
    /// Number of respondents who were begun.
    done: AtomicUsize,
    monitor: &'a dyn Monitor,
}

/// What a thread keeps from one respondent to the next.
#[derive(Default)]
struct Scratch {
    batch: Batch,
    residuals: Residuals,
    of_respondent: score::Scratch,
    score: Vec<f64>,
    options: Vec<u32>,
}

impl Shared<'_> {
    /// The respondents from a place on, whose moments are filled in. Returns their part of the score.
    fn shard(&self, start: usize, part: &mut MomentsPart) -> Result<Vec<f64>> {
        let respondents = self.wanted.respondents;
        let mut scratch = Scratch {
            score: self.wanted.no_score(),
            ..Scratch::default()
        };
        let mut activations = Activations::default();
        let own = &respondents[start..start + part.len()];
        for (chunk, members) in own.chunks(LAID_OUT).enumerate() {
            let before = self.done.fetch_add(members.len(), Ordering::Relaxed);
            self.monitor
                .part(Part::Posteriors, before as f64 / respondents.len() as f64);
            scratch.batch.fill(self.wanted.responses, members);
            self.kernel
                .encode(&scratch.batch, 0..members.len(), &mut activations);
            for (position, outputs) in activations.outputs.rows().into_iter().enumerate() {
                let network = Gaussian {
                    n_dims: self.wanted.model.shape.n_dims,
                    outputs: outputs.as_slice().unwrap_or_default(),
                };
                self.monitor.proceed()?;
                let place = chunk * LAID_OUT + position;
                if self.wanted.scoring.refine {
                    self.refine(&network.widened(), start, position, part, place, &mut scratch);
                } else {
                    part.set_network(place, &network.widened());
                }
            }
        }
        Ok(scratch.score)
    }

    /// Refines the posterior of the respondent at a position of the batch and a place of the moments, which begin with the one who is
    /// called `first`.
    fn refine(
        &self,
        network: &WideGaussian,
        first: usize,
        position: usize,
        part: &mut MomentsPart,
        place: usize,
        scratch: &mut Scratch,
    ) {
        let model = self.wanted.model;
        let Scratch {
            batch,
            residuals,
            of_respondent,
            score,
            options,
        } = scratch;
        let responses = batch.responses_of(position);
        let weight = self.wanted.weights.map(|weights| weights[first + place]);
        if let Some(windows) = &self.windows {
            options.clear();
            options.extend(responses.iter().map(|response| response.option));
            if let Some(found) = windows.find(options, network) {
                part.set(place, &found.summary, network);
                if let Some(weight) = weight {
                    found.add_score(options, &model.shape.catalogue, weight, score);
                }
                return;
            }
        }
        let respondent = Respondent::new(model, batch, position);
        let refined = self
            .refinement
            .begin(respondent, responses, network)
            .finish(residuals);
        part.set(place, &refined.summary, network);
        if let Some(weight) = weight {
            add_score(responses, &refined.draws, residuals, weight, of_respondent, score);
        }
    }
}
