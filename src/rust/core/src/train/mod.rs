//! Fitting: from responses and settings to a model on the reported scale.

mod schedule;
pub(crate) mod settings;
mod step;

pub use schedule::{Epoch, Phase};
pub use settings::Settings;
pub(crate) use settings::at_least_one;

use crate::identify::AffineMap;
use crate::linkage::Linkage;
use crate::model::{Encoder, Model, ModelShape, Network};
use crate::patterns::Patterns;
use crate::posterior::{self, ItemErrors, Moments};
use crate::random::{Purpose, Stream};
use crate::start::start;
use crate::statistics::{FitStatistics, fit_statistics};
use crate::{Batch, Error, Responses, Result, Timings};
use rand::Rng;
use schedule::Schedule;
use step::Trainer;

/// Respondents from whom scale, axes, standard errors and statistics come where nobody else is estimated.
const SAMPLE: usize = 100_000;

/// How a caller follows a computation and stops it. Epochs are told from the computing thread, `cancelled` is asked from its
/// workers as well.
pub trait Monitor: Sync {
    /// An epoch of training has ended.
    fn epoch(&self, epoch: &Epoch);
    /// True when the computation should stop; it then returns [`Error::Cancelled`].
    fn cancelled(&self) -> bool;
}

/// A monitor that neither listens nor stops.
pub struct Silent;

impl Monitor for Silent {
    fn epoch(&self, _: &Epoch) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// A fitted model and what was found along the way.
#[derive(Debug)]
pub struct Fit {
    /// The model.
    pub model: Model,
    /// One entry per epoch.
    pub epochs: Vec<Epoch>,
    /// True when the bound had stopped improving before the learning rate was lowered.
    pub converged: bool,
    /// Rows of the respondents who were estimated: those who gave a response, or a sample of them.
    pub respondents: Vec<u32>,
    /// Their posterior moments on the scale of training, in the same order.
    pub moments: Moments,
    /// The standard errors of the item parameters.
    pub item_errors: ItemErrors,
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
/// [`Error::NotFinite`] when training diverges, [`Error::Cancelled`] when the monitor says so.
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
        start(responses, &respondents, &shape, settings.seed)
    });
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
    let mut trainer = Trainer::new(model, responses, &respondents, settings);
    let schedule = train(&mut trainer, responses, settings, &respondents, monitor)?;
    let (mut model, of_training) = trainer.into_parts();
    timings.merge(&of_training);
    let respondents = if settings.estimates {
        respondents
    } else {
        sample(&respondents, settings)
    };
    let scoring = posterior::Scoring {
        refine: settings.refine,
        seed: settings.seed,
    };
    let moments = timings.time("posteriors", || {
        distinct_moments(&model, responses, &respondents, &scoring, monitor)
    })?;
    let item_errors = timings.time("standard errors of the items", || {
        posterior::item_errors(&model, responses, &respondents, &moments, settings, monitor)
    })?;
    let weights = respondents
        .iter()
        .map(|&i| f64::from(responses.weight(i as usize)));
    model.map = AffineMap::principal(
        &moments,
        &weights.collect::<Vec<f64>>(),
        &model.items,
        &model.shape.catalogue,
        &responses.weighted_item_totals(),
    )?;
    if let Some(polarity) = &settings.polarity {
        orient(&mut model.map, polarity, &respondents, &moments)?;
    }
    let statistics = timings.time("statistics of fit", || {
        fit_statistics(&model, responses, &respondents, &moments)
    });
    Ok(Fit {
        model,
        converged: schedule.converged(),
        epochs: schedule.into_epochs(),
        respondents,
        moments,
        item_errors,
        linkage: start.linkage,
        statistics,
        timings,
    })
}

/// The moments of respondents; those of identical ones are computed once, where that pays.
fn distinct_moments(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    scoring: &posterior::Scoring,
    monitor: &dyn Monitor,
) -> Result<Moments> {
    let Some(Patterns { firsts, pattern_of }) = Patterns::new(responses, respondents) else {
        return posterior::moments(model, responses, respondents, scoring, monitor);
    };
    let moments = posterior::moments(model, responses, &firsts, scoring, monitor)?;
    Ok(moments.select(pattern_of.iter().map(|&pattern| pattern as usize)))
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
fn orient(map: &mut AffineMap, polarity: &[u32], respondents: &[u32], moments: &Moments) -> Result<()> {
    for (dimension, &respondent) in polarity.iter().enumerate() {
        let position = position_of(respondent, respondents)?;
        if map.point(moments.mean(position))[dimension] < 0.0 {
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

/// Runs epochs until the schedule ends.
fn train(
    trainer: &mut Trainer,
    responses: &Responses,
    settings: &Settings,
    respondents: &[u32],
    monitor: &dyn Monitor,
) -> Result<Schedule> {
    let mean_slots = responses.n_slots() as f64 / respondents.len() as f64;
    let batch_size = settings.batch_size_for(respondents.len(), mean_slots);
    let n_batches = respondents.len().div_ceil(batch_size);
    // Batches of nearly the same size, so that no respondent weighs more than another.
    let batch_size = respondents.len().div_ceil(n_batches);
    let mut schedule = Schedule::new(settings, n_batches);
    let mut order = respondents.to_vec();
    let n_options = responses.catalogue().n_options();
    let fill = |batch: &mut Batch, members: &[u32]| {
        batch.fill(responses, members);
        batch.group(n_options);
    };
    let (mut batch, mut next) = (Batch::default(), Batch::default());
    while let Some(step) = schedule.next_step() {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        // The next batch of the epoch is laid out while this one is evaluated; a single batch stays as it is.
        if step.batch == 0 && (n_batches > 1 || step.epoch == 1) {
            if n_batches > 1 {
                shuffle(&mut order, settings.seed, step.epoch);
            }
            fill(&mut batch, &order[..batch_size.min(order.len())]);
        } else if n_batches > 1 {
            std::mem::swap(&mut batch, &mut next);
        }
        let following = order.chunks(batch_size).nth(step.batch + 1);
        let members = batch.respondents().iter();
        let weights: Vec<f32> = members.map(|&i| responses.weight(i as usize)).collect();
        let (bound, ()) = rayon::join(
            || trainer.step(&batch, &weights, step.epoch, step.learning_rate),
            || following.map_or((), |members| fill(&mut next, members)),
        );
        let (bound, weight) = (bound?, f64::from(weights.iter().sum::<f32>()));
        if !bound.is_finite() {
            return Err(Error::NotFinite { epoch: step.epoch });
        }
        if let Some(epoch) = schedule.record(bound, weight, || trainer.log_prior()) {
            monitor.epoch(&epoch);
        }
    }
    Ok(schedule)
}

/// Fisher and Yates' shuffle. It starts from the order of the epoch before.
fn shuffle(order: &mut [u32], seed: u64, epoch: usize) {
    let mut stream = Stream::new(seed, Purpose::Order, epoch as u64, 0);
    for i in (1..order.len()).rev() {
        order.swap(i, stream.random_range(0..=i));
    }
}
