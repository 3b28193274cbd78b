//! Fitting: from responses and settings to a model on the reported scale.

mod checkpoint;
mod distinct;
mod minibatch;
mod monitor;
mod objective;
mod on_device;
mod schedule;
pub(crate) mod settings;
mod step;

pub(crate) use distinct::Distinct;
#[cfg(test)]
pub(crate) use monitor::Impatient;
pub use monitor::{Monitor, Part, Silent};
pub use schedule::{Epoch, Phase};
pub(crate) use settings::at_least_one;
pub use settings::{Checkpoint, Settings, StdErrors};

use crate::identify::AffineMap;
use crate::linkage::Linkage;
use crate::model::{Encoder, Model, ModelShape, Network};
use crate::posterior::{self, Gauge, Information, Moments, Scored, Scoring, Uncertainty};
use crate::random::{Purpose, Stream};
use crate::start::start;
use crate::statistics::{FitStatistics, fit_statistics};
use crate::{Error, Responses, Result, Timings};
use checkpoint::Checkpoints;
use distinct::summed_weight;
use minibatch::Minibatch;
use objective::{Objective, Trainer};
use on_device::TensorTrainer;
use rand::Rng;
use schedule::Schedule;
use step::KernelTrainer;

/// Respondents from whom scale, axes, standard errors and statistics come where nobody else is estimated.
const SAMPLE: usize = 100_000;

/// A fitted model and what was found along the way.
#[derive(Debug)]
pub struct Fit {
    /// The model.
    pub model: Model,
    /// One entry per epoch.
    pub epochs: Vec<Epoch>,
    /// True when the bound had stopped improving before the learning rate was lowered.
    pub converged: bool,
    /// Number of steps that a checkpoint held, where the training went on from one.
    pub resumed: Option<usize>,
    /// Rows of the respondents who were estimated: those who gave a response, or a sample of them.
    pub respondents: Vec<u32>,
    /// Their posterior moments on the scale of the item parameters, in the same order.
    pub moments: Moments,
    /// Variances of the item parameters and the respondents' covariances.
    pub uncertainty: Uncertainty,
    /// Did the item parameters reach the maximum of their marginal posterior after the training? Nothing where they
    /// were left as the training found them.
    pub polished: Option<bool>,
    /// Draws of importance sampling per respondent.
    pub draws: usize,
    /// How the items are linked.
    pub linkage: Linkage,
    /// How well the model describes the responses.
    pub statistics: FitStatistics,
    /// Where the time went.
    pub timings: Timings,
}

/// Fits the model.
///
/// # Errors
/// [`Error::Setting`] for a setting out of its range, [`Error::Responses`] when there is nothing to estimate,
/// [`Error::NotFinite`] when training diverges, [`Error::Checkpoint`] when there is a checkpoint of another fit,
/// [`Error::File`] when one cannot be read or written, [`Error::Cancelled`] when the monitor says so.
pub fn fit(responses: &Responses, settings: &Settings, monitor: &dyn Monitor) -> Result<Fit> {
    settings.check()?;
    let shape = ModelShape {
        n_dims: settings.n_dims,
        hidden: settings.hidden,
        link: settings.link,
        catalogue: responses.catalogue().clone(),
    };
    shape.check()?;
    settings
        .pool()?
        .install(|| fit_in_pool(responses, settings, shape, monitor))
}

fn fit_in_pool(
    responses: &Responses,
    settings: &Settings,
    shape: ModelShape,
    monitor: &dyn Monitor,
) -> Result<Fit> {
    let respondents = responses.respondents_with_responses();
    if respondents.len() < 2 {
        return Err(Error::Responses(
            "fewer than two respondents gave a response".into(),
        ));
    }
    for &respondent in settings.polarity.iter().flatten() {
        position_of(respondent, &respondents)?;
    }
    let mut timings = Timings::default();
    let start = timings.time("starting values", || {
        start(responses, &respondents, &shape, settings.seed, monitor)
    })?;
    let network = Network::start(&shape, start.count_center, start.ln_sd, settings.seed)?;
    let n_dims = shape.n_dims;
    let model = Model {
        shape,
        encoder: Encoder {
            embeddings: start.embeddings,
            network,
        },
        items: start.items,
        map: AffineMap::identity(n_dims),
    };
    let objective = Objective::new(responses, &respondents, settings);
    let mut trainer: Box<dyn Trainer> = match settings.backend.device()? {
        None => Box::new(KernelTrainer::new(model, objective)),
        Some(device) => Box::new(TensorTrainer::new(model, objective, device)?),
    };
    let (schedule, resumed) = train(trainer.as_mut(), responses, settings, &respondents, monitor)?;
    let (mut model, of_training) = trainer.finish()?;
    timings.merge(&of_training);
    let n_answering = respondents.len();
    let answering_weight = summed_weight(responses, &respondents);
    let respondents = if settings.estimates {
        respondents
    } else {
        sample(&respondents, settings)
    };
    let distinct = Distinct::new(responses, &respondents, answering_weight, monitor)?;
    let draws = settings
        .draws
        .unwrap_or_else(|| Scoring::default_draws(n_answering));
    let scoring = Scoring {
        refine: settings.refine,
        draws,
        seed: settings.seed,
        backend: settings.backend.clone(),
    };
    let everybody = respondents.len() == n_answering;
    let (moments, information, polished) =
        if settings.refine && everybody && Information::can_be_joint(&model) {
            let who = (distinct.respondents.as_slice(), distinct.weights.as_slice());
            let polished = posterior::polish(
                &mut model,
                responses,
                who,
                &scoring,
                settings,
                &mut timings,
                monitor,
            )?;
            (polished.moments, polished.information, Some(polished.converged))
        } else {
            let moments = timings.time(Part::Posteriors.name(), || {
                posterior::moments(&model, responses, &distinct.respondents, &scoring, monitor)
            })?;
            let information = timings.time(Part::Information.name(), || {
                Information::new(&model, responses, &distinct.scored(&moments), settings, monitor)
            })?;
            (moments, information, None)
        };
    model.map = AffineMap::principal(
        &moments,
        &distinct.weights,
        &model.items,
        &model.shape.catalogue,
        &responses.weighted_item_totals(),
    )?;
    if let Some(polarity) = &settings.polarity {
        orient(&mut model.map, polarity, &respondents, |position| {
            moments.mean(distinct.place_of(position))
        })?;
    }
    let uncertainty = timings.time(Part::StandardErrors.name(), || {
        posterior::uncertainty(
            &model,
            responses,
            &distinct.scored(&moments),
            &information,
            (settings.std_errors, Gauge::Principal),
            monitor,
        )
    })?;
    let (moments, uncertainty) = distinct.spread(moments, uncertainty);
    let statistics = timings.time("statistics of fit", || {
        fit_statistics(&model, responses, &respondents, &moments, monitor)
    })?;
    Ok(Fit {
        model,
        converged: schedule.converged(),
        epochs: schedule.into_epochs(),
        resumed,
        respondents,
        moments,
        uncertainty,
        polished,
        draws,
        linkage: start.linkage,
        statistics,
        timings,
    })
}

/// A fitted model with what it says about the respondents of some responses.
pub struct Refit {
    model: Model,
    gauge: Gauge,
    settings: Settings,
    distinct: Distinct,
    moments: Moments,
    information: Information,
}

impl Refit {
    /// Scores the respondents with a fitted model, whose items stay as they are. With `map` the model gets other
    /// axes: `map` follows the one that it has, and the axes count as chosen, not estimated.
    ///
    /// # Errors
    /// [`Error::Responses`] when the items are not those of the model, [`Error::Model`] when the map cannot be
    /// inverted, [`Error::Cancelled`] when the monitor says so.
    pub fn new(
        mut model: Model,
        map: Option<&AffineMap>,
        gauge: Gauge,
        responses: &Responses,
        settings: &Settings,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        posterior::check_items(&model, responses)?;
        if let Some(map) = map {
            model.map = model.map.then(map)?;
        }
        settings.pool()?.install(|| {
            let respondents = responses.respondents_with_responses();
            let total = summed_weight(responses, &respondents);
            let distinct = Distinct::new(responses, &respondents, total, monitor)?;
            let scoring = Scoring {
                refine: settings.refine,
                draws: settings
                    .draws
                    .unwrap_or_else(|| Scoring::default_draws(respondents.len())),
                seed: settings.seed,
                backend: settings.backend.clone(),
            };
            let moments = posterior::moments(&model, responses, &distinct.respondents, &scoring, monitor)?;
            let scored = distinct.scored(&moments);
            let information = Information::new(&model, responses, &scored, settings, monitor)?;
            Ok(Self {
                model,
                gauge,
                settings: settings.clone(),
                distinct,
                moments,
                information,
            })
        })
    }

    /// The model, the moments of the respondents with responses, and the uncertainty.
    ///
    /// # Errors
    /// As [`Refit::new`].
    pub fn results(
        self,
        responses: &Responses,
        monitor: &dyn Monitor,
    ) -> Result<(Model, Moments, Uncertainty)> {
        self.settings.pool()?.install(|| {
            let scored = self.distinct.scored(&self.moments);
            let asked = (self.settings.std_errors, self.gauge);
            let uncertainty =
                posterior::uncertainty(&self.model, responses, &scored, &self.information, asked, monitor)?;
            let (moments, uncertainty) = self.distinct.spread(self.moments, uncertainty);
            Ok((self.model, moments, uncertainty))
        })
    }

    /// Draws of the traits of the respondents with responses on the reported axes: for each draw those of all by
    /// dimension.
    ///
    /// # Errors
    /// As [`Refit::new`].
    pub fn draws(&self, responses: &Responses, n_draws: usize, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        self.settings.pool()?.install(|| {
            // Respondents who gave the same responses have draws of their own.
            let respondents = responses.respondents_with_responses();
            let moments = self.distinct.moments_of_all(self.moments.clone());
            let scored = Scored {
                respondents: &respondents,
                weights: &vec![1.0; respondents.len()],
                moments: &moments,
            };
            let asked = (self.settings.std_errors, self.gauge);
            let of = (n_draws, self.settings.seed);
            posterior::draws(
                &self.model,
                responses,
                &scored,
                &self.information,
                asked,
                of,
                monitor,
            )
        })
    }
}

/// Evenly spaced respondents, and those of `polarity`.
fn sample(respondents: &[u32], settings: &Settings) -> Vec<u32> {
    let stride = respondents.len().div_ceil(SAMPLE);
    let mut sample: Vec<u32> = respondents.iter().step_by(stride).copied().collect();
    sample.extend(settings.polarity.iter().flatten());
    sample.sort_unstable();
    sample.dedup();
    sample
}

/// Turns the dimensions around in which the respondent named for it is negative.
fn orient<'a>(
    map: &mut AffineMap,
    polarity: &[u32],
    respondents: &[u32],
    mean: impl Fn(usize) -> &'a [f64],
) -> Result<()> {
    for (dimension, &respondent) in polarity.iter().enumerate() {
        let position = position_of(respondent, respondents)?;
        if map.point(mean(position))[dimension] < 0.0 {
            map.flip(dimension);
        }
    }
    Ok(())
}

/// The position among those who gave a response of a respondent to orient by.
fn position_of(respondent: u32, respondents: &[u32]) -> Result<usize> {
    respondents
        .binary_search(&respondent)
        .map_err(|_| Error::Responses(format!("respondent {respondent} gave no response to orient by")))
}

/// Runs epochs until the schedule ends, from where a checkpoint left them. Returns how many steps that had as well.
fn train(
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

#[cfg(test)]
mod gradient_tests;
