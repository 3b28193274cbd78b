//! How a caller follows a computation and stops it.

use crate::base::error::{Error, Result};

/// How a caller follows a computation and stops it. Epochs are told from the computing thread, `cancelled` is asked
/// from its workers as well.
pub trait Monitor: Sync {
    /// An epoch of training has ended.
    fn epoch(&self, epoch: &Epoch);
    /// A share of a part that follows the training is done. A part may be done again.
    fn part(&self, part: Part, share: f64);
    /// True when the computation should stop; it then returns [`Error::Cancelled`].
    fn cancelled(&self) -> bool;
    /// Goes on, or stops.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the computation should stop.
    fn proceed(&self) -> Result<()> {
        if self.cancelled() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }
}

/// Parts of the computation that tell how far they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The items before the training.
    Items,
    /// The posteriors of the respondents.
    Posteriors,
    /// The information about the items.
    Information,
    /// The standard errors.
    StandardErrors,
}

impl Part {
    /// The name, as in the timings.
    pub fn name(self) -> &'static str {
        match self {
            Part::Items => "items",
            Part::Posteriors => "posteriors",
            Part::Information => "information",
            Part::StandardErrors => "standard errors",
        }
    }
}

/// A monitor that neither listens nor stops.
pub struct Silent;

impl Monitor for Silent {
    fn epoch(&self, _: &Epoch) {}

    fn part(&self, _: Part, _: f64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// A monitor that wants to stop at once.
#[cfg(test)]
pub(crate) struct Impatient;

#[cfg(test)]
impl Monitor for Impatient {
    fn epoch(&self, _: &Epoch) {}

    fn part(&self, _: Part, _: f64) {}

    fn cancelled(&self) -> bool {
        true
    }
}

/// The part of training to which an epoch belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The learning rate is high, until the bound stops improving.
    Search,
    /// The learning rate falls to zero along a cosine, so that the noise of the gradients averages out.
    Descent,
}

/// One pass over the data.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    /// Number, from 1.
    pub number: usize,
    /// The bound on the log evidence, summed over the respondents, plus the log prior of the items.
    pub bound: f64,
    /// The learning rate at the end of the epoch.
    pub learning_rate: f64,
    /// The phase.
    pub phase: Phase,
    /// Progress in [0, 1].
    pub progress: f64,
}
