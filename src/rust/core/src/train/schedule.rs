//! Learning rate and convergence.

use super::Settings;

/// Steps over which the learning rate rises to its height.
const WARM_UP_STEPS: usize = 20;
/// Steps whose bounds are averaged before progress is judged.
const WINDOW_STEPS: usize = 40;
/// Windows without progress, one after another, that end the search.
const WINDOWS_WITHOUT_PROGRESS: usize = 2;
/// The search may take this share of `max_epochs`, the rest is left for the descent.
const SEARCH_SHARE: f64 = 0.7;
/// The descent takes as many epochs as this multiple of the search.
const DESCENT_PER_SEARCH: f64 = 0.6;
/// Steps that the descent takes at least.
const LEAST_DESCENT_STEPS: usize = 100;

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

/// The mean of the bounds of some epochs and the square of its standard error.
struct Window {
    mean: f64,
    square_error: f64,
}

impl Window {
    fn new(epochs: &[Epoch]) -> Self {
        let n = epochs.len() as f64;
        let mean = epochs.iter().map(|e| e.bound).sum::<f64>() / n;
        let squares: f64 = epochs.iter().map(|e| (e.bound - mean).powi(2)).sum();
        Self {
            mean,
            square_error: squares / (n - 1.0).max(1.0) / n,
        }
    }
}

/// Decides the learning rate of every step and when to stop.
///
/// The learning rate rises over the first steps and then stays until the bound, averaged over windows of epochs,
/// has improved by less than `tolerance` (relative to its size) or by less than the standard error of the difference
/// in two windows running, or until 70 % of `max_epochs` are over. Then it falls to zero along a cosine. Training has converged when the first of the two
/// reasons ended the search.
#[derive(Debug)]
pub(super) struct Schedule {
    peak: f64,
    tolerance: f64,
    n_batches: usize,
    max_epochs: usize,
    window: usize,
    without_progress: usize,
    /// The epoch after which the descent starts, and its length, once known.
    descent: Option<(usize, usize)>,
    converged: bool,
    epochs: Vec<Epoch>,
}

impl Schedule {
    pub fn new(settings: &Settings, n_batches: usize) -> Self {
        Self {
            peak: settings.learning_rate,
            tolerance: settings.tolerance,
            n_batches,
            max_epochs: settings.max_epochs,
            window: WINDOW_STEPS.div_ceil(n_batches),
            without_progress: 0,
            descent: None,
            converged: false,
            epochs: Vec::new(),
        }
    }

    /// The number of the next epoch, or nothing when training is over.
    pub fn next_epoch(&self) -> Option<usize> {
        let over = match self.descent {
            Some((start, length)) => self.epochs.len() >= start + length,
            None => self.epochs.len() >= self.max_epochs,
        };
        (!over).then_some(self.epochs.len() + 1)
    }

    /// The learning rate for a batch (from 0) of the current epoch.
    pub fn learning_rate(&self, batch: usize) -> f64 {
        let epoch = self.epochs.len();
        let step = epoch * self.n_batches + batch + 1;
        let rise = (step as f64 / WARM_UP_STEPS as f64).min(1.0);
        let fall = self.descent.map_or(1.0, |(start, length)| {
            let done = (epoch - start) as f64 + batch as f64 / self.n_batches as f64;
            0.5 * (1.0 + (std::f64::consts::PI * done / length as f64).cos())
        });
        self.peak * rise * fall
    }

    /// Records an epoch and judges progress.
    pub fn end_epoch(&mut self, bound: f64) {
        let learning_rate = self.learning_rate(self.n_batches - 1);
        let phase = match self.descent {
            Some(_) => Phase::Descent,
            None => Phase::Search,
        };
        self.epochs.push(Epoch {
            number: self.epochs.len() + 1,
            bound,
            learning_rate,
            phase,
            progress: 0.0,
        });
        if phase == Phase::Search {
            self.judge();
        }
        let progress = match self.descent {
            Some((start, length)) => self.epochs.len() as f64 / (start + length) as f64,
            None => self.epochs.len() as f64 / self.max_epochs as f64,
        };
        if let Some(last) = self.epochs.last_mut() {
            last.progress = progress;
        }
    }

    fn judge(&mut self) {
        let done = self.epochs.len();
        if done.is_multiple_of(self.window) && done >= 2 * self.window {
            let now = Window::new(&self.epochs[done - self.window..]);
            let before = Window::new(&self.epochs[done - 2 * self.window..done - self.window]);
            let noise = (now.square_error + before.square_error).sqrt();
            if now.mean - before.mean > noise.max(self.tolerance * now.mean.abs()) {
                self.without_progress = 0;
            } else {
                self.without_progress += 1;
            }
        }
        self.converged = self.without_progress >= WINDOWS_WITHOUT_PROGRESS;
        let latest = ((self.max_epochs as f64 * SEARCH_SHARE) as usize).max(1);
        if self.converged || done >= latest {
            let wanted = (done as f64 * DESCENT_PER_SEARCH).ceil() as usize;
            let least = LEAST_DESCENT_STEPS.div_ceil(self.n_batches);
            let length = wanted.max(least).min(self.max_epochs - done);
            self.descent = Some((done, length));
        }
    }

    /// The epoch that ended last.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// True when the bound stopped improving before the epochs ran out.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// All epochs.
    pub fn into_epochs(self) -> Vec<Epoch> {
        self.epochs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(settings: &Settings, bound: impl Fn(usize) -> f64) -> Schedule {
        let mut schedule = Schedule::new(settings, 10);
        while let Some(epoch) = schedule.next_epoch() {
            schedule.end_epoch(bound(epoch));
        }
        schedule
    }

    #[test]
    fn a_bound_that_settles_ends_the_search() {
        let settings = Settings::new(1);
        let schedule = run(&settings, |epoch| {
            -1_000.0 - 500.0 * (-(epoch as f64) / 5.0).exp()
        });
        assert!(schedule.converged());
        let epochs = schedule.into_epochs();
        assert!(epochs.len() < 150, "{} epochs", epochs.len());
        let last = epochs.last().expect("epochs");
        assert_eq!(last.phase, Phase::Descent);
        assert!(last.learning_rate < 0.02 * settings.learning_rate);
        assert!((last.progress - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_bound_that_keeps_rising_uses_all_epochs() {
        let settings = Settings {
            max_epochs: 50,
            ..Settings::new(1)
        };
        let schedule = run(&settings, |epoch| -1_000.0 / epoch as f64);
        assert!(!schedule.converged());
        let epochs = schedule.into_epochs();
        assert_eq!(epochs.len(), 50);
        assert_eq!(epochs[34].phase, Phase::Search);
        assert_eq!(epochs[35].phase, Phase::Descent);
    }

    #[test]
    fn one_epoch_is_enough_to_end() {
        let settings = Settings {
            max_epochs: 1,
            ..Settings::new(1)
        };
        assert_eq!(run(&settings, |_| -1.0).into_epochs().len(), 1);
    }
}
