//! The minibatches of an epoch.

use crate::base::backend::Backend;
use crate::base::error::Result;
use crate::base::random::{Purpose, Stream};
use crate::base::threads::both;
use crate::responses::store::Responses;
use crate::settings::Settings;
use crate::train::minibatch::Minibatch;
use crate::train::schedule::Step;
use rand::Rng;

/// The respondents in the order of an epoch, in batches of nearly the same size, so that no respondent weighs more than another.
pub(crate) struct Batches<'a> {
    responses: &'a Responses<'a>,
    backend: &'a Backend,
    seed: u64,
    order: Vec<u32>,
    size: usize,
    now: Minibatch,
    next: Minibatch,
    /// Is the batch of the next step laid out?
    is_laid_out: bool,
}

impl<'a> Batches<'a> {
    /// The batches of these respondents before the first epoch.
    pub fn new(responses: &'a Responses<'a>, respondents: &[u32], settings: &'a Settings) -> Self {
        let slots_per_response = responses.n_slots() as f64 / responses.n_responses() as f64;
        let mean_slots = slots_per_response * responses.mean_responses_of(respondents);
        let wanted = settings.training.batch_size_for(respondents.len(), mean_slots);
        let n_batches = respondents.len().div_ceil(wanted);
        Self {
            responses,
            backend: &settings.run.backend,
            seed: settings.run.seed,
            order: respondents.to_vec(),
            size: respondents.len().div_ceil(n_batches),
            now: Minibatch::default(),
            next: Minibatch::default(),
            is_laid_out: false,
        }
    }

    /// Number of batches in an epoch.
    pub fn len(&self) -> usize {
        self.order.len().div_ceil(self.size)
    }

    /// Goes on after so many steps: the order of an epoch starts from that of the epoch before.
    pub fn resume(&mut self, n_steps: usize) {
        let n_epochs = n_steps.div_ceil(self.len());
        (1..=n_epochs).for_each(|epoch| self.shuffle(epoch));
    }

    /// Calls `work` with the batch of a step. The next one of the epoch is laid out meanwhile; a single batch stays as it is.
    ///
    /// # Errors
    /// Those of `work`; [`crate::Error::Tensor`] when the device does not take a batch.
    pub fn visit<T: Send>(
        &mut self,
        step: &Step,
        work: impl FnOnce(&Minibatch) -> Result<T> + Send,
    ) -> Result<T> {
        let n_batches = self.len();
        if step.batch == 0 {
            self.shuffle(step.epoch);
        }
        let Self {
            responses,
            backend,
            order,
            size,
            now,
            next,
            is_laid_out,
            ..
        } = self;
        let fill = |batch: &mut Minibatch, members: &[u32]| batch.fill(responses, members, backend);
        if !*is_laid_out {
            fill(now, order.chunks(*size).nth(step.batch).unwrap_or_default())?;
        } else if n_batches > 1 {
            std::mem::swap(now, next);
        }
        let following = order.chunks(*size).nth(step.batch + 1);
        *is_laid_out = following.is_some() || n_batches == 1;
        let (result, filled) = both(
            || work(now),
            || following.map_or(Ok(()), |members| fill(next, members)),
        );
        let result = result?;
        filled?;
        Ok(result)
    }

    /// Fisher and Yates' shuffle. A single batch is left in its order.
    fn shuffle(&mut self, epoch: usize) {
        if self.len() == 1 {
            return;
        }
        let mut stream = Stream::new(self.seed, Purpose::Order, epoch as u64, 0);
        for i in (1..self.order.len()).rev() {
            self.order.swap(i, stream.random_range(0..=i));
        }
    }
}
