//! The passes over the data.

use crate::base::error::{Error, Result};
use crate::base::monitor::Monitor;
use crate::base::random::{Purpose, Stream};
use crate::responses::store::Responses;
use crate::settings::Settings;
use crate::train::checkpoint::Checkpoints;
use crate::train::minibatch::Minibatch;
use crate::train::schedule::Schedule;
use crate::train::trainer::Trainer;
use rand::Rng;

/// Runs epochs until the schedule ends, from where a checkpoint left them. Returns how many steps that had as well.
pub(crate) fn train(
    trainer: &mut dyn Trainer,
    responses: &Responses,
    settings: &Settings,
    respondents: &[u32],
    monitor: &dyn Monitor,
) -> Result<(Schedule, Option<usize>)> {
    let mean_slots = responses.n_slots() as f64 / respondents.len() as f64;
    let batch_size = settings.batch_size_for(respondents.len(), mean_slots);
    let n_batches = respondents.len().div_ceil(batch_size);
    // Batches of nearly the same size, so that no respondent weighs more than another.
    let batch_size = respondents.len().div_ceil(n_batches);
    let mut schedule = Schedule::new(settings, n_batches);
    let checkpoint = settings.checkpoint.as_ref();
    let mut checkpoints = checkpoint
        .map(|checkpoint| Checkpoints::open(checkpoint, responses, settings))
        .transpose()?;
    let resumed = match &mut checkpoints {
        Some(kept) => kept.restore(trainer, &mut schedule)?.then(|| schedule.done()),
        None => None,
    };
    let mut order = respondents.to_vec();
    let n_shuffles = if n_batches > 1 {
        schedule.done().div_ceil(n_batches)
    } else {
        0
    };
    (1..=n_shuffles).for_each(|epoch| shuffle(&mut order, settings.seed, epoch));
    let fill = |batch: &mut Minibatch, members: &[u32]| batch.fill(responses, members, &settings.backend);
    let (mut batch, mut next) = (Minibatch::default(), Minibatch::default());
    let mut is_laid_out = false;
    while let Some(step) = schedule.next_step() {
        if monitor.cancelled() {
            if let Some(checkpoints) = &mut checkpoints {
                checkpoints.keep(trainer, &schedule)?;
            }
            return Err(Error::Cancelled);
        }
        if step.batch == 0 && n_batches > 1 {
            shuffle(&mut order, settings.seed, step.epoch);
        }
        // The next batch of the epoch is laid out while this one is evaluated; a single batch stays as it is.
        if !is_laid_out {
            let members = order.chunks(batch_size).nth(step.batch);
            fill(&mut batch, members.unwrap_or_default())?;
        } else if n_batches > 1 {
            std::mem::swap(&mut batch, &mut next);
        }
        let following = order.chunks(batch_size).nth(step.batch + 1);
        is_laid_out = following.is_some() || n_batches == 1;
        let (bound, filled) = rayon::join(
            || trainer.step(&batch, step.epoch, step.learning_rate),
            || following.map_or(Ok(()), |members| fill(&mut next, members)),
        );
        let bound = bound?;
        filled?;
        if !bound.is_finite() {
            return Err(Error::NotFinite { epoch: step.epoch });
        }
        let log_prior = || Ok(trainer.objective().log_prior(&trainer.model()?.items));
        if let Some(epoch) = schedule.record(bound, batch.weight(), log_prior)? {
            if !epoch.bound.is_finite() || !trainer.model()?.is_finite()? {
                return Err(Error::NotFinite { epoch: step.epoch });
            }
            monitor.epoch(&epoch);
        }
        if let Some(checkpoints) = &mut checkpoints
            && (checkpoints.is_due() || schedule.next_step().is_none())
        {
            checkpoints.keep(trainer, &schedule)?;
        }
    }
    Ok((schedule, resumed))
}

/// Fisher and Yates' shuffle. It starts from the order of the epoch before.
fn shuffle(order: &mut [u32], seed: u64, epoch: usize) {
    let mut stream = Stream::new(seed, Purpose::Order, epoch as u64, 0);
    for i in (1..order.len()).rev() {
        order.swap(i, stream.random_range(0..=i));
    }
}
