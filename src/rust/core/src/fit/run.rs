//! Fitting: from responses and settings to a model on the reported scale.

use crate::base::error::{Error, Result};
use crate::base::monitor::{Epoch, Monitor, Part};
use crate::base::threads::on_threads;
use crate::base::timings::Timings;
use crate::fit::axes::principal_axes;
use crate::fit::closed_form::closed_form;
use crate::fit::distinct::Distinct;
use crate::fit::integrated::{Integrated, Known, integrate, is_integrated, with_joint, with_means};
use crate::fit::start::start;
use crate::fit::starting_network::starting_network;
use crate::fit::statistics::{FitStatistics, fit_statistics};
use crate::information::gauge::{Asked, Gauge};
use crate::information::observed::Information;
use crate::information::sums::Form;
use crate::maximum::polish::{Polish, Polished};
use crate::model::encoder::Encoder;
use crate::model::parameters::Model;
use crate::model::scale::AffineMap;
use crate::posterior::expect::moments;
use crate::posterior::moments::Moments;
use crate::posterior::scoring::Scoring;
use crate::posterior::windows;
use crate::responses::linkage::Linkage;
use crate::responses::store::Responses;
use crate::settings::{Checked, Settings};
use crate::train::epochs::{Trained, train};
use crate::train::objective::{Objective, Trains};
use crate::train::trainer::Trainer;
use crate::uncertainty::reported::{Uncertainty, uncertainty};

/// Respondents from whom scale, axes, standard errors and statistics come where nobody else is estimated.
const SAMPLE: usize = 100_000;

/// Respondents who are enough to correct an encoder in closed form.
const ENOUGH_TO_CORRECT: usize = 100_000;

/// Item parameters for each respondent up to which the items are found before the training: with more, Newton's method takes many
/// rounds from where the EM algorithm ends.
const MOST_PER_RESPONDENT: usize = 20;

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
/// [`Error::Setting`] for settings that do not allow the items, [`Error::Responses`] when there is nothing to estimate,
/// [`Error::NotFinite`] when training diverges, [`Error::Checkpoint`] when there is a checkpoint of another fit,
/// [`Error::File`] when one cannot be read or written, [`Error::Cancelled`] when the monitor says so.
pub fn fit(responses: &Responses, settings: &Checked, monitor: &dyn Monitor) -> Result<Fit> {
    let run = Run {
        responses,
        settings,
        monitor,
    };
    on_threads(settings.run.threads, || run.fit())
}

/// A fit under way.
struct Run<'a> {
    responses: &'a Responses<'a>,
    settings: &'a Settings,
    monitor: &'a dyn Monitor,
}

impl Run<'_> {
    fn fit(&self) -> Result<Fit> {
        let mut timings = Timings::default();
        let answering = self.answering()?;
        let Started { model, linkage } = timings.time("starting values", || self.start(&answering))?;
        let respondents = self.estimated(&answering);
        let scoring = Scoring::of(self.settings, respondents.len());
        let everybody = respondents.len() == answering.len();
        let is_integrated = scoring.refine && everybody && self.is_integrated(answering.len());
        let distinct = self.distinct(&answering, &respondents, is_integrated)?;
        let form = Information::form(&model, self.responses);
        let estimation = Estimation {
            answering: &answering,
            distinct: &distinct,
            scoring: &scoring,
            is_polished: scoring.refine && everybody && form != Form::None,
            is_integrated,
            are_many: form == Form::Affine,
        };
        let (mut calibrated, trained) = self.estimate(model, &estimation, &mut timings)?;
        calibrated.model.map = self.axes(&calibrated, &respondents, &distinct)?;
        let mut uncertainty = timings.time(Part::StandardErrors.name(), || {
            self.uncertainty(&calibrated, &distinct)
        })?;
        let Calibrated {
            mut model,
            moments,
            polished,
            ..
        } = calibrated;
        model.item_errors = uncertainty.errors.take();
        let moments = distinct.moments_of_all(moments);
        let statistics = timings.time("statistics of fit", || {
            fit_statistics(&model, self.responses, &respondents, &moments, self.monitor)
        })?;
        Ok(Fit {
            model,
            converged: trained.schedule.converged(),
            epochs: trained.schedule.into_epochs(),
            resumed: trained.resumed,
            respondents,
            moments,
            uncertainty: distinct.uncertainty_of_all(uncertainty),
            polished,
            draws: scoring.draws,
            linkage,
            statistics,
            timings,
        })
    }

    /// The respondents who gave a response.
    fn answering(&self) -> Result<Vec<u32>> {
        let answering = self.responses.respondents_with_responses();
        if answering.len() < 2 {
            return Err(Error::Responses(
                "fewer than two respondents gave a response".into(),
            ));
        }
        for &respondent in self.settings.model.polarity.iter().flatten() {
            position_of(respondent, &answering)?;
        }
        Ok(answering)
    }

    fn is_integrated(&self, n_respondents: usize) -> bool {
        let n_items = self.responses.catalogue().n_items();
        is_integrated(n_respondents, n_items, self.settings.model.n_dims)
    }

    /// The respondents once for each pattern of responses; everybody has traits of his own where the items are integrated out.
    fn distinct(&self, answering: &[u32], respondents: &[u32], is_integrated: bool) -> Result<Distinct> {
        if is_integrated {
            let weight = |i: u32| f64::from(self.responses.weight(i as usize));
            return Ok(Distinct::everybody(respondents, weight));
        }
        let total = self.responses.summed_weight(answering);
        Distinct::new(self.responses, respondents, total, self.monitor)
    }

    /// The model before the training.
    fn start(&self, answering: &[u32]) -> Result<Started> {
        let shape = self.settings.model.shape(self.responses.catalogue())?;
        let seed = self.settings.run.seed;
        let start = start(self.responses, answering, &shape, seed, self.monitor)?;
        let network = starting_network(&shape, start.count_center, start.ln_sd, seed)?;
        let map = AffineMap::identity(shape.n_dims);
        let encoder = Encoder {
            embeddings: start.embeddings,
            network,
        };
        Ok(Started {
            model: Model {
                shape,
                encoder,
                items: start.items,
                map,
                distribution: None,
                estimated_prior: None,
                item_errors: None,
            },
            linkage: start.linkage,
        })
    }

    /// Finds items, posteriors and information, and trains the network: in one dimension for the items that were found, else with them.
    fn estimate(
        &self,
        mut model: Model,
        of: &Estimation,
        timings: &mut Timings,
    ) -> Result<(Calibrated, Trained)> {
        let has_enough = model.design().n_free() <= MOST_PER_RESPONDENT * of.distinct.respondents.len();
        if of.is_integrated {
            let start = self.polish(of).starting_moments(&model)?;
            if let Some(integrated) = self.integrate(&model, &start, of, timings)? {
                return self.train_for_integrated(model, integrated, &start, of, timings);
            }
        } else if of.is_polished && model.shape.n_dims == windows::N_DIMS && has_enough {
            let found = self.polish(of).run_from_anywhere(&mut model, timings)?;
            if let Some(polished) = found {
                let polished = self.with_prior(&mut model, polished, of, timings)?;
                return self.train_for_items(model, polished, of, timings);
            }
        }
        let (model, trained) = self.train(model, of.answering, Trains::Everything, timings)?;
        Ok((self.calibrate(model, of, timings)?, trained))
    }

    /// Integrates the items out.
    fn integrate(
        &self,
        model: &Model,
        start: &Moments,
        of: &Estimation,
        timings: &mut Timings,
    ) -> Result<Option<Integrated>> {
        timings.time(Part::Items.name(), || {
            let (sample, settings) = (of.distinct.sample(), &self.settings.model);
            integrate(model, self.responses, sample, start, settings, self.monitor)
        })
    }

    /// Trains the network for the posterior means of items that were integrated out.
    fn train_for_integrated(
        &self,
        model: Model,
        integrated: Integrated,
        start: &Moments,
        of: &Estimation,
        timings: &mut Timings,
    ) -> Result<(Calibrated, Trained)> {
        let Integrated {
            joint,
            table,
            distribution,
            converged,
        } = integrated;
        let mut model = Model {
            items: table,
            distribution: Some(distribution),
            ..model
        };
        if model.shape.n_dims == windows::N_DIMS {
            model.encoder = timings.time("encoder in closed form", || {
                closed_form(
                    &model,
                    self.responses,
                    of.distinct.sample(),
                    &with_joint(start, &joint),
                )
            })?;
        }
        let (model, trained) = self.train(model, of.answering, Trains::Encoder, timings)?;
        let moments = with_means(self.moments(&model, of, timings)?, &joint.traits.points);
        let calibrated = Calibrated {
            model,
            moments,
            known: Known::Joint(Box::new(joint)),
            polished: Some(converged),
        };
        Ok((calibrated, trained))
    }

    /// Trains the network, which starts from a closed form, for items that were found; on some evenly spaced respondents where they are
    /// many.
    fn train_for_items(
        &self,
        mut model: Model,
        polished: Polished,
        of: &Estimation,
        timings: &mut Timings,
    ) -> Result<(Calibrated, Trained)> {
        model.encoder = timings.time("encoder in closed form", || {
            closed_form(&model, self.responses, of.distinct.sample(), &polished.moments)
        })?;
        let some = evenly(of.answering, ENOUGH_TO_CORRECT);
        let (model, trained) = self.train(model, &some, Trains::Encoder, timings)?;
        let moments = self.moments(&model, of, timings)?;
        let calibrated = Calibrated {
            model,
            moments,
            known: Known::Information(Box::new(polished.information)),
            polished: Some(polished.converged),
        };
        Ok((calibrated, trained))
    }

    /// Maximises the bound.
    fn train(
        &self,
        model: Model,
        respondents: &[u32],
        trains: Trains,
        timings: &mut Timings,
    ) -> Result<(Model, Trained)> {
        let objective = Objective::new(self.responses, respondents, self.settings, trains);
        let mut trainer = Trainer::new(model, objective, &self.settings.run.backend)?;
        let trained = train(
            &mut trainer,
            self.responses,
            self.settings,
            respondents,
            self.monitor,
        )?;
        let (model, of_training) = trainer.finish()?;
        timings.merge(&of_training);
        Ok((model, trained))
    }

    /// Who is estimated: those who gave a response, or evenly spaced ones of them and those of the polarity.
    fn estimated(&self, answering: &[u32]) -> Vec<u32> {
        if self.settings.scoring.estimates {
            return answering.to_vec();
        }
        let mut sample = evenly(answering, SAMPLE);
        sample.extend(self.settings.model.polarity.iter().flatten());
        sample.sort_unstable();
        sample.dedup();
        sample
    }

    /// Takes trained items to the maximum of their marginal posterior, where that is to be done and can be; finds the posteriors of
    /// the respondents and the information about the items there.
    fn calibrate(&self, mut model: Model, of: &Estimation, timings: &mut Timings) -> Result<Calibrated> {
        if of.is_polished {
            let polished = self.polish(of).run(&mut model, timings)?;
            let Polished {
                moments,
                information,
                converged,
            } = self.with_prior(&mut model, polished, of, timings)?;
            return Ok(Calibrated {
                model,
                moments,
                known: Known::Information(Box::new(information)),
                polished: Some(converged),
            });
        }
        let moments = self.moments(&model, of, timings)?;
        let information = timings.time(Part::Information.name(), || {
            let calibration = of.distinct.calibration(&model, self.responses, &moments);
            Information::new(calibration, self.settings, self.monitor)
        })?;
        Ok(Calibrated {
            model,
            moments,
            known: Known::Information(Box::new(information)),
            polished: None,
        })
    }

    /// Items at the maximum under a prior that is estimated, where it is to be: with very many respondents it says nothing.
    fn with_prior(
        &self,
        model: &mut Model,
        polished: Polished,
        of: &Estimation,
        timings: &mut Timings,
    ) -> Result<Polished> {
        if self.settings.model.estimates_prior && !of.are_many {
            self.polish(of).with_estimated_prior(model, polished, timings)
        } else {
            Ok(polished)
        }
    }

    fn polish<'p>(&'p self, of: &'p Estimation) -> Polish<'p> {
        Polish {
            responses: self.responses,
            sample: of.distinct.sample(),
            scoring: of.scoring,
            settings: self.settings,
            are_many: of.are_many,
            monitor: self.monitor,
        }
    }

    fn moments(&self, model: &Model, of: &Estimation, timings: &mut Timings) -> Result<Moments> {
        timings.time(Part::Posteriors.name(), || {
            moments(
                model,
                self.responses,
                &of.distinct.respondents,
                of.scoring,
                self.monitor,
            )
        })
    }

    /// The map to the reported scale: principal axes, turned to the respondents of the polarity.
    fn axes(&self, calibrated: &Calibrated, respondents: &[u32], distinct: &Distinct) -> Result<AffineMap> {
        let Calibrated { model, moments, .. } = calibrated;
        let totals = self.responses.weighted_item_totals();
        let with_joint = match &calibrated.known {
            Known::Joint(joint) => Some(with_joint(moments, joint)),
            Known::Information(_) => None,
        };
        let mut map = principal_axes(
            model.population().invariances(),
            with_joint.as_ref().unwrap_or(moments),
            &distinct.weights,
            &model.items,
            &model.shape.catalogue,
            &totals,
        )?;
        for (dimension, &respondent) in self.settings.model.polarity.iter().flatten().enumerate() {
            let position = position_of(respondent, respondents)?;
            let mean = moments.mean(distinct.place_of(position));
            if map.point(mean)[dimension] < 0.0 {
                map.flip(dimension);
            }
        }
        Ok(map)
    }

    fn uncertainty(&self, calibrated: &Calibrated, distinct: &Distinct) -> Result<Uncertainty> {
        let calibration = distinct.calibration(&calibrated.model, self.responses, &calibrated.moments);
        let given_items;
        let information = match &calibrated.known {
            Known::Information(information) => information,
            Known::Joint(joint) if self.settings.std_errors.are_joint() => {
                let totals = self.responses.weighted_item_totals();
                return joint.uncertainty(&calibrated.model, &totals, Gauge::Principal, None, self.monitor);
            }
            Known::Joint(_) => {
                given_items = Information::new(calibration, self.settings, self.monitor)?;
                &given_items
            }
        };
        let asked = Asked {
            std_errors: self.settings.std_errors,
            gauge: Gauge::Principal,
            anchors: None,
        };
        uncertainty(calibration, information, asked, self.monitor)
    }
}

/// Where a fit starts.
struct Started {
    model: Model,
    linkage: Linkage,
}

/// From whom a model is estimated, and how.
struct Estimation<'a> {
    answering: &'a [u32],
    distinct: &'a Distinct,
    scoring: &'a Scoring,
    /// Are the items taken to the maximum of their marginal posterior?
    is_polished: bool,
    /// Are they integrated out?
    is_integrated: bool,
    /// See [`Polish::are_many`].
    are_many: bool,
}

/// A model with what the respondents say about its items.
struct Calibrated {
    model: Model,
    /// The posteriors of the distinct respondents.
    moments: Moments,
    known: Known,
    /// See [`Fit::polished`].
    polished: Option<bool>,
}

/// Evenly spaced respondents, so many at most.
fn evenly(respondents: &[u32], most: usize) -> Vec<u32> {
    let stride = respondents.len().div_ceil(most);
    respondents.iter().step_by(stride).copied().collect()
}

/// The position among those who gave a response of a respondent to orient by.
fn position_of(respondent: u32, respondents: &[u32]) -> Result<usize> {
    respondents
        .binary_search(&respondent)
        .map_err(|_| Error::Responses(format!("respondent {respondent} gave no response to orient by")))
}
