//! Learning rate and convergence.

use crate::base::error::Result;
use crate::base::monitor::{Epoch, Phase};
use crate::settings::Settings;

/// Steps over which the learning rate rises to its height.
const WARM_UP_STEPS: usize = 20;

/// Steps whose bounds are averaged before progress is judged.
const WINDOW_STEPS: usize = 40;

/// Windows without progress, one after another, that end the search.
const WINDOWS_WITHOUT_PROGRESS: usize = 2;

/// The search may take this share of `max_epochs`, the rest is left for the descent.
const SEARCH_SHARE: f64 = 0.7;

/// The descent takes as many steps as this multiple of the search.
const DESCENT_PER_SEARCH: f64 = 0.6;

/// Steps that the descent takes at least.
const LEAST_DESCENT_STEPS: usize = 100;

/// Steps that correct an encoder which is near its best, at least.
const CORRECTION_STEPS: usize = 40;

/// Their learning rate, relative to that of a search: larger steps lead away first.
const CORRECTION_RATE: f64 = 0.06;

/// Training passes over the data at least so often, when it may.
const LEAST_EPOCHS: usize = 2;

/// More steps than anybody takes.
const MOST_STEPS: f64 = 1e15;

/// The mean of some bounds and the square of its standard error.
struct Window {
    mean: f64,
    square_error: f64,
}

impl Window {
    fn new(bounds: &[f64]) -> Self {
        let n = bounds.len() as f64;
        let mean = bounds.iter().sum::<f64>() / n;
        let squares: f64 = bounds.iter().map(|bound| (bound - mean).powi(2)).sum();
        Self {
            mean,
            square_error: squares / (n - 1.0).max(1.0) / n,
        }
    }
}

/// A step to be taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Number of the batch in the epoch, from 0.
    pub batch: usize,
    /// The learning rate.
    pub learning_rate: f64,
}

/// The bounds of some steps, summed, and the weights of their respondents.
#[derive(Clone, Copy, Debug, Default)]
struct SummedBound {
    bound: f64,
    weight: f64,
}

/// The end of the training.
#[derive(Clone, Copy, Debug)]
struct Descent {
    /// Number of steps before it.
    start: usize,
    /// Number of its steps.
    length: usize,
}

/// Decides the learning rate of every step and when to stop.
///
/// The learning rate rises over the first steps and then stays until the bound, averaged over windows of steps,
/// has improved by less than `tolerance` (relative to its size) or by less than the standard error of the difference
/// in two windows running, or until 70 % of `max_epochs` are over. Then it falls to zero along a cosine, and training
/// ends with an epoch. Training has converged when the first of the two reasons ended the search.
///
/// Where an epoch has few steps a window is made of whole epochs, so that the same respondents are compared; with many
/// respondents the search may end before everybody was seen.
#[derive(Debug)]
pub(crate) struct Schedule {
    peak: f64,
    tolerance: f64,
    n_batches: usize,
    most_steps: usize,
    /// Steps taken.
    done: usize,
    /// Steps whose mean bound is one observation, and observations of a window.
    unit: usize,
    window: usize,
    /// Sums of bounds and weights of the current observation and of the current epoch.
    of_unit: SummedBound,
    of_epoch: f64,
    /// Bounds per unit of weight.
    observations: Vec<f64>,
    without_progress: usize,
    /// Once known.
    descent: Option<Descent>,
    converged: bool,
    epochs: Vec<Epoch>,
}

impl Schedule {
    pub fn new(settings: &Settings, n_batches: usize) -> Self {
        let unit = if 2 * n_batches <= WINDOW_STEPS {
            n_batches
        } else {
            1
        };
        Self {
            peak: settings.training.learning_rate,
            tolerance: settings.training.tolerance,
            n_batches,
            most_steps: settings.training.max_epochs.saturating_mul(n_batches),
            done: 0,
            unit,
            window: WINDOW_STEPS.div_ceil(unit),
            of_unit: SummedBound::default(),
            of_epoch: 0.0,
            observations: Vec::new(),
            without_progress: 0,
            descent: None,
            converged: false,
            epochs: Vec::new(),
        }
    }

    /// A descent alone, for an encoder that is near its best. It has converged unless the epochs do not suffice.
    pub fn correction(settings: &Settings, n_batches: usize) -> Self {
        let schedule = Self::new(settings, n_batches);
        let wanted = CORRECTION_STEPS.next_multiple_of(n_batches);
        Self {
            peak: CORRECTION_RATE * settings.training.learning_rate,
            descent: Some(Descent {
                start: 0,
                length: wanted.min(schedule.most_steps),
            }),
            converged: wanted <= schedule.most_steps,
            ..schedule
        }
    }

    /// The next step, or nothing when training is over.
    pub fn next_step(&self) -> Option<Step> {
        (self.done < self.end()).then(|| Step {
            epoch: self.done / self.n_batches + 1,
            batch: self.done % self.n_batches,
            learning_rate: self.learning_rate(),
        })
    }

    /// The step after which training ends, as far as that is known.
    fn end(&self) -> usize {
        self.descent
            .map_or(self.most_steps, |descent| descent.start + descent.length)
    }

    fn learning_rate(&self) -> f64 {
        let rise = ((self.done + 1) as f64 / WARM_UP_STEPS as f64).min(1.0);
        let fall = self.descent.map_or(1.0, |descent| {
            let share = (self.done - descent.start) as f64 / descent.length as f64;
            0.5 * (1.0 + (std::f64::consts::PI * share).cos())
        });
        self.peak * rise * fall
    }

    /// Records the bound of a step, summed over a batch of a total weight, and judges progress. `log_prior` is asked for
    /// when the step ends an epoch, which is then returned.
    ///
    /// # Errors
    /// Those of `log_prior`.
    pub fn record(
        &mut self,
        bound: f64,
        weight: f64,
        log_prior: impl FnOnce() -> Result<f64>,
    ) -> Result<Option<Epoch>> {
        let learning_rate = self.learning_rate();
        let phase = if self.descent.is_some() {
            Phase::Descent
        } else {
            Phase::Search
        };
        self.done += 1;
        self.of_epoch += bound;
        self.of_unit.bound += bound;
        self.of_unit.weight += weight;
        if self.done.is_multiple_of(self.unit) {
            self.observations.push(self.of_unit.bound / self.of_unit.weight);
            self.of_unit = SummedBound::default();
            if phase == Phase::Search {
                self.judge();
            }
        }
        if phase == Phase::Search {
            self.plan();
        }
        if !self.done.is_multiple_of(self.n_batches) {
            return Ok(None);
        }
        let epoch = Epoch {
            number: self.epochs.len() + 1,
            bound: self.of_epoch + log_prior()?,
            learning_rate,
            phase,
            progress: self.done as f64 / self.end() as f64,
        };
        self.epochs.push(epoch);
        self.of_epoch = 0.0;
        Ok(Some(epoch))
    }

    fn judge(&mut self) {
        let n = self.observations.len();
        if n.is_multiple_of(self.window) && n >= 2 * self.window {
            let now = Window::new(&self.observations[n - self.window..]);
            let before = Window::new(&self.observations[n - 2 * self.window..n - self.window]);
            let noise = (now.square_error + before.square_error).sqrt();
            if now.mean - before.mean > noise.max(self.tolerance * now.mean.abs()) {
                self.without_progress = 0;
            } else {
                self.without_progress += 1;
            }
        }
        self.converged = self.without_progress >= WINDOWS_WITHOUT_PROGRESS;
    }

    /// Plans the descent when the search is over.
    fn plan(&mut self) {
        let latest = ((self.most_steps as f64 * SEARCH_SHARE) as usize).max(1);
        if self.converged || self.done >= latest {
            let wanted = ((self.done as f64 * DESCENT_PER_SEARCH).ceil() as usize).max(LEAST_DESCENT_STEPS);
            let end = (self.done + wanted).max(LEAST_EPOCHS * self.n_batches);
            let end = end.next_multiple_of(self.n_batches).min(self.most_steps);
            self.descent = Some(Descent {
                start: self.done,
                length: end - self.done,
            });
        }
    }

    /// What [`Self::restore`] needs: vectors with their names.
    pub fn record_of(&self) -> Vec<(&'static str, Vec<f64>)> {
        let descent = self.descent.unwrap_or(Descent { start: 0, length: 0 });
        let of_epochs = |number: fn(&Epoch) -> f64| self.epochs.iter().map(number).collect();
        vec![
            ("done", vec![self.done as f64]),
            ("unit.bound", vec![self.of_unit.bound]),
            ("unit.weight", vec![self.of_unit.weight]),
            ("epoch.bound", vec![self.of_epoch]),
            ("observations", self.observations.clone()),
            ("without_progress", vec![self.without_progress as f64]),
            ("descent.start", vec![descent.start as f64]),
            ("descent.length", vec![descent.length as f64]),
            ("converged", vec![f64::from(u8::from(self.converged))]),
            ("epochs.bound", of_epochs(|epoch| epoch.bound)),
            ("epochs.learning_rate", of_epochs(|epoch| epoch.learning_rate)),
            ("epochs.progress", of_epochs(|epoch| epoch.progress)),
            (
                "epochs.descends",
                of_epochs(|epoch| f64::from(u8::from(epoch.phase == Phase::Descent))),
            ),
        ]
    }

    /// Goes on from the [record](Self::record_of) of a schedule with the same settings.
    ///
    /// # Errors
    /// What is wrong with the record; then nothing changes.
    pub fn restore(
        &mut self,
        find: impl Fn(&str) -> std::result::Result<Vec<f64>, String>,
    ) -> std::result::Result<(), String> {
        let number = |name: &str| match find(name)?.as_slice() {
            &[x] => Ok(x),
            _ => Err(format!("{name} is not one number")),
        };
        let count = |name: &str| match number(name)? {
            x if (0.0..MOST_STEPS).contains(&x) && x.fract() == 0.0 => Ok(x as usize),
            x => Err(format!("{name} is not a number of steps, but {x}")),
        };
        let descent = Descent {
            start: count("descent.start")?,
            length: count("descent.length")?,
        };
        let restored = Self {
            done: count("done")?,
            of_unit: SummedBound {
                bound: number("unit.bound")?,
                weight: number("unit.weight")?,
            },
            of_epoch: number("epoch.bound")?,
            observations: find("observations")?,
            without_progress: count("without_progress")?,
            descent: (descent.length > 0).then_some(descent),
            converged: number("converged")? == 1.0,
            epochs: restore_epochs(find)?,
            ..*self
        };
        let done = restored.done;
        let fits = descent.start <= done
            && done <= restored.end()
            && restored.end() <= self.most_steps
            && restored.observations.len() == done / self.unit
            && restored.epochs.len() == done / self.n_batches;
        if !fits {
            return Err("its steps do not fit the data".into());
        }
        *self = restored;
        Ok(())
    }

    /// Number of steps taken.
    pub fn done(&self) -> usize {
        self.done
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

/// The epochs of a [record](Schedule::record_of).
fn restore_epochs(
    find: impl Fn(&str) -> std::result::Result<Vec<f64>, String>,
) -> std::result::Result<Vec<Epoch>, String> {
    let [bounds, learning_rates, progress, descends] =
        ["bound", "learning_rate", "progress", "descends"].map(|name| find(&format!("epochs.{name}")));
    let (bounds, learning_rates, progress, descends) = (bounds?, learning_rates?, progress?, descends?);
    let n = bounds.len();
    if [&learning_rates, &progress, &descends]
        .iter()
        .any(|other| other.len() != n)
    {
        return Err("its epochs do not fit one another".into());
    }
    let epoch = |k: usize| Epoch {
        number: k + 1,
        bound: bounds[k],
        learning_rate: learning_rates[k],
        phase: if descends[k] == 1.0 {
            Phase::Descent
        } else {
            Phase::Search
        },
        progress: progress[k],
    };
    Ok((0..n).map(epoch).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(settings: &Settings, bound: impl Fn(usize) -> f64) -> Schedule {
        let mut schedule = Schedule::new(settings, 10);
        while let Some(step) = schedule.next_step() {
            schedule
                .record(bound(step.epoch) / 10.0, 10.0, || Ok(0.0))
                .expect("recorded");
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
        assert!(last.learning_rate < 0.02 * settings.training.learning_rate);
        assert!((last.progress - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_bound_that_keeps_rising_uses_all_epochs() {
        let settings = Settings::new(1).with(|settings| {
            settings.training.max_epochs = 50;
        });
        let schedule = run(&settings, |epoch| -1_000.0 / epoch as f64);
        assert!(!schedule.converged());
        let epochs = schedule.into_epochs();
        assert_eq!(epochs.len(), 50);
        assert_eq!(epochs[34].phase, Phase::Search);
        assert_eq!(epochs[35].phase, Phase::Descent);
    }

    #[test]
    fn one_epoch_is_enough_to_end() {
        let settings = Settings::new(1).with(|settings| {
            settings.training.max_epochs = 1;
        });
        assert_eq!(run(&settings, |_| -1.0).into_epochs().len(), 1);
    }

    #[test]
    fn a_correction_is_a_short_descent() {
        let settings = Settings::new(1);
        let steps = |mut schedule: Schedule| {
            let mut rates = Vec::new();
            while let Some(step) = schedule.next_step() {
                rates.push(step.learning_rate);
                schedule.record(-1.0, 1.0, || Ok(0.0)).expect("recorded");
            }
            (rates, schedule.converged())
        };
        let (rates, converged) = steps(Schedule::correction(&settings, 7));
        assert_eq!(rates.len(), 42);
        assert!(
            converged
                && rates
                    .iter()
                    .all(|&rate| rate <= 0.06 * settings.training.learning_rate)
        );
        let hasty = settings.with(|settings| settings.training.max_epochs = 2);
        let (rates, converged) = steps(Schedule::correction(&hasty, 7));
        assert!(!converged && rates.len() == 14);
    }

    #[test]
    fn few_epochs_end_in_a_descent() {
        for max_epochs in 1..4 {
            let settings = Settings::new(1).with(|settings| {
                settings.training.max_epochs = max_epochs;
            });
            let epochs = run(&settings, |epoch| epoch as f64).into_epochs();
            assert_eq!(epochs.len(), max_epochs);
            let last = epochs.last().expect("epochs");
            assert_eq!(last.phase, Phase::Descent);
            assert!(last.learning_rate < 0.5 * settings.training.learning_rate);
        }
    }

    #[test]
    fn with_many_batches_the_search_ends_within_an_epoch() {
        let mut schedule = Schedule::new(&Settings::new(1), 1_000);
        let mut searched = 0;
        while let Some(step) = schedule.next_step() {
            let noise = if step.batch % 2 == 0 { 0.5 } else { -0.5 };
            schedule
                .record(-100.0 + noise, 10.0, || Ok(0.0))
                .expect("recorded");
            searched += usize::from(schedule.descent.is_none());
        }
        assert!(searched < 200, "{searched} steps");
        assert!(schedule.converged());
        assert_eq!(schedule.done, 2_000);
        assert_eq!(schedule.into_epochs().len(), 2);
    }
}
