//! Fitting: from responses and settings to a model on the reported scale.

use crate::base::error::{Error, Result};
use crate::base::monitor::{Epoch, Monitor, Part};
use crate::base::timings::Timings;
use crate::fit::axes::principal_axes;
use crate::fit::distinct::{Distinct, summed_weight};
use crate::fit::start::start;
use crate::fit::statistics::{FitStatistics, fit_statistics};
use crate::information::gauge::{Asked, Gauge};
use crate::information::observed::Information;
use crate::information::polish::Polish;
use crate::information::uncertainty::{Uncertainty, uncertainty};
use crate::model::encoder::Encoder;
use crate::model::network::Network;
use crate::model::parameters::Model;
use crate::model::scale::AffineMap;
use crate::model::shape::ModelShape;
use crate::posterior::expect::moments;
use crate::posterior::moments::Moments;
use crate::posterior::scoring::Scoring;
use crate::responses::linkage::Linkage;
use crate::responses::store::Responses;
use crate::settings::Settings;
use crate::train::by_kernels::KernelTrainer;
use crate::train::by_tensors::TensorTrainer;
use crate::train::epochs::train;
use crate::train::objective::Objective;
use crate::train::trainer::Trainer;

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
            let polish = Polish {
                responses,
                sample: distinct.sample(),
                scoring: &scoring,
                settings,
                monitor,
            };
            let polished = polish.run(&mut model, &mut timings)?;
            (polished.moments, polished.information, Some(polished.converged))
        } else {
            let moments = timings.time(Part::Posteriors.name(), || {
                moments(&model, responses, &distinct.respondents, &scoring, monitor)
            })?;
            let information = timings.time(Part::Information.name(), || {
                let calibration = distinct.calibration(&model, responses, &moments);
                Information::new(calibration, settings, monitor)
            })?;
            (moments, information, None)
        };
    model.map = principal_axes(
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
        let calibration = distinct.calibration(&model, responses, &moments);
        let asked = Asked {
            std_errors: settings.std_errors,
            gauge: Gauge::Principal,
        };
        uncertainty(calibration, &information, asked, monitor)
    })?;
    let uncertainty = distinct.uncertainty_of_all(uncertainty);
    let moments = distinct.moments_of_all(moments);
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
