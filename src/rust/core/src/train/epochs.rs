//! The passes over the data.

use crate::base::error::{Error, Result};
use crate::base::monitor::Monitor;
use crate::responses::store::Responses;
use crate::settings::Settings;
use crate::train::batches::Batches;
use crate::train::checkpoint::Checkpoints;
use crate::train::objective::Trains;
use crate::train::schedule::Schedule;
use crate::train::trainer::Trainer;

/// How a training went.
pub(crate) struct Trained {
    pub schedule: Schedule,
    /// Number of steps that a checkpoint held, where the training went on from one.
    pub resumed: Option<usize>,
}

/// Runs epochs until the schedule ends, from where a checkpoint left them.
///
/// # Errors
/// [`Error::NotFinite`] when the training diverges; [`Error::Cancelled`] when the monitor says so; those of the checkpoints and of
/// the trainer.
pub(crate) fn train(
    trainer: &mut Trainer,
    responses: &Responses,
    settings: &Settings,
    respondents: &[u32],
    monitor: &dyn Monitor,
) -> Result<Trained> {
    let mut batches = Batches::new(responses, respondents, settings);
    let trains = trainer.objective().trains;
    let mut schedule = match trains {
        Trains::Everything => Schedule::new(settings, batches.len()),
        Trains::Encoder => Schedule::correction(settings, batches.len()),
    };
    let checkpoint = settings.training.checkpoint.as_ref();
    let mut checkpoints = checkpoint
        .map(|checkpoint| Checkpoints::open(checkpoint, responses, settings, trains))
        .transpose()?;
    let resumed = match &mut checkpoints {
        Some(kept) => kept.restore(trainer, &mut schedule)?.then(|| schedule.done()),
        None => None,
    };
    batches.resume(schedule.done());
    while let Some(step) = schedule.next_step() {
        if monitor.cancelled() {
            if let Some(checkpoints) = &mut checkpoints {
                checkpoints.keep(trainer, &schedule)?;
            }
            return Err(Error::Cancelled);
        }
        let (bound, weight) = batches.visit(&step, |minibatch| {
            let bound = trainer.step(minibatch, step.epoch, step.learning_rate)?;
            Ok((bound, minibatch.batch.total_weight()))
        })?;
        let log_prior = || trainer.objective().log_prior(trainer.model());
        let epoch = schedule.record(bound, weight, log_prior)?;
        let is_finite = match &epoch {
            Some(epoch) => epoch.bound.is_finite() && trainer.model().is_finite()?,
            None => bound.is_finite(),
        };
        if !is_finite {
            return Err(Error::NotFinite { epoch: step.epoch });
        }
        if let Some(epoch) = &epoch {
            monitor.epoch(epoch);
        }
        if let Some(checkpoints) = &mut checkpoints
            && (checkpoints.is_due() || schedule.next_step().is_none())
        {
            checkpoints.keep(trainer, &schedule)?;
        }
    }
    Ok(Trained { schedule, resumed })
}
