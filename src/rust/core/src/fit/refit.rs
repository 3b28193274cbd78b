//! A fitted model with the respondents of some responses.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::threads::on_threads;
use crate::fit::distinct::Distinct;
use crate::fit::integrated::{Known, joint_at, with_means};
use crate::information::calibration::Calibration;
use crate::information::gauge::{Anchors, Asked, Gauge};
use crate::information::observed::Information;
use crate::model::parameters::Model;
use crate::model::scale::AffineMap;
use crate::posterior::expect::{check_items, moments};
use crate::posterior::moments::Moments;
use crate::posterior::scoring::{Scored, Scoring};
use crate::responses::store::Responses;
use crate::settings::Checked;
use crate::uncertainty::draws::{Drawing, draws};
use crate::uncertainty::reported::{Uncertainty, uncertainty};
use ndarray::Array2;

/// A fitted model with what it says about the respondents of some responses.
pub struct Refit {
    model: Model,
    gauge: Gauge,
    anchors: Option<Anchors>,
    settings: Checked,
    distinct: Distinct,
    moments: Moments,
    known: Known,
}

/// What a [`Refit`] finds.
pub struct RefitResults {
    /// The model, with its new axes where it got some.
    pub model: Model,
    /// The posterior moments of the respondents with responses.
    pub moments: Moments,
    /// The uncertainty of the items and of these respondents.
    pub uncertainty: Uncertainty,
}

/// The axes of a [`Refit`].
pub enum Axes {
    /// Those that the model has.
    Kept(Gauge),
    /// Others.
    Moved {
        /// Follows the map that the model has.
        map: AffineMap,
        /// Who set it: without them the axes count as chosen, not estimated.
        anchors: Option<Anchors>,
    },
}

impl Refit {
    /// Scores the respondents with a fitted model, whose items stay as they are. `reported`: the reported ideal points of those with
    /// responses, in rows. Where the items were integrated out these stay as well; without them the items count as estimated.
    ///
    /// # Errors
    /// [`crate::Error::Responses`] when the items are not those of the model, [`crate::Error::Model`] when the map cannot be
    /// inverted, [`crate::Error::Cancelled`] when the monitor says so.
    pub fn new(
        mut model: Model,
        axes: Axes,
        responses: &Responses,
        reported: Option<&Array2<f64>>,
        settings: &Checked,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        check_items(&model, responses)?;
        let settings = match &model.estimated_prior {
            Some(sds) => settings.with_prior(sds),
            None => settings.clone(),
        };
        let reported = reported.filter(|_| model.distribution.is_some());
        let points = reported.map(|points| model.map.back(points)).transpose()?;
        let (gauge, anchors) = match axes {
            Axes::Kept(gauge) => (gauge, None),
            Axes::Moved { map, anchors } => {
                model.map = model.map.then(&map)?;
                (Gauge::Aligned, anchors)
            }
        };
        on_threads(settings.run.threads, || {
            let respondents = responses.respondents_with_responses();
            let weight = |i: u32| f64::from(responses.weight(i as usize));
            let total = responses.summed_weight(&respondents);
            // Who gave the same responses as an anchor is not known as well.
            let distinct = if anchors.is_some() || points.is_some() {
                Distinct::everybody(&respondents, weight)
            } else {
                Distinct::new(responses, &respondents, total, monitor)?
            };
            let scoring = Scoring::of(&settings, respondents.len());
            let mut moments = moments(&model, responses, &distinct.respondents, &scoring, monitor)?;
            let mut joint = None;
            if let Some(points) = points {
                moments = with_means(moments, &points);
                if settings.std_errors.are_joint() {
                    let sample = distinct.sample();
                    joint = joint_at(&model, responses, sample, points, &settings.model, monitor)?;
                }
            }
            let known = match joint {
                Some(joint) => Known::Joint(Box::new(joint)),
                None => {
                    let calibration = distinct.calibration(&model, responses, &moments);
                    Known::Information(Box::new(Information::new(calibration, &settings, monitor)?))
                }
            };
            Ok(Self {
                model,
                gauge,
                anchors,
                settings,
                distinct,
                moments,
                known,
            })
        })
    }

    /// The model with what it says about the respondents.
    ///
    /// # Errors
    /// As [`Refit::new`].
    pub fn results(self, responses: &Responses, monitor: &dyn Monitor) -> Result<RefitResults> {
        on_threads(self.settings.run.threads, || {
            let mut uncertainty = self.uncertainty(responses, monitor)?;
            let model = Model {
                item_errors: uncertainty.errors.take(),
                ..self.model
            };
            Ok(RefitResults {
                uncertainty: self.distinct.uncertainty_of_all(uncertainty),
                moments: self.distinct.moments_of_all(self.moments),
                model,
            })
        })
    }

    fn uncertainty(&self, responses: &Responses, monitor: &dyn Monitor) -> Result<Uncertainty> {
        match &self.known {
            Known::Joint(joint) => {
                let totals = responses.weighted_item_totals();
                let anchors = self
                    .anchors
                    .as_ref()
                    .map(|anchors| (anchors, &self.distinct.respondents[..]));
                joint.uncertainty(&self.model, &totals, self.gauge, anchors, monitor)
            }
            Known::Information(information) => {
                let asked = Asked {
                    std_errors: self.settings.std_errors,
                    gauge: self.gauge,
                    anchors: self.anchors.as_ref(),
                };
                let calibration = self.distinct.calibration(&self.model, responses, &self.moments);
                uncertainty(calibration, information, asked, monitor)
            }
        }
    }

    /// Draws of the traits of the respondents with responses on the reported axes: for each draw those of all by
    /// dimension.
    ///
    /// # Errors
    /// As [`Refit::new`].
    pub fn draws(&self, responses: &Responses, n_draws: usize, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        on_threads(self.settings.run.threads, || {
            let drawing = Drawing {
                n_draws,
                seed: self.settings.run.seed,
            };
            let information = match &self.known {
                Known::Joint(joint) => {
                    let totals = responses.weighted_item_totals();
                    return joint.draws(&self.model, &totals, self.gauge, drawing, monitor);
                }
                Known::Information(information) => information,
            };
            // Respondents who gave the same responses have draws of their own.
            let respondents = responses.respondents_with_responses();
            let weights = respondents
                .iter()
                .map(|&i| f64::from(responses.weight(i as usize)));
            let moments = self.distinct.moments_of_all(self.moments.clone());
            let everybody = Calibration {
                model: &self.model,
                responses,
                scored: Scored {
                    respondents: &respondents,
                    weights: &weights.collect::<Vec<_>>(),
                    moments: &moments,
                },
            };
            let asked = Asked {
                std_errors: self.settings.std_errors,
                gauge: self.gauge,
                anchors: self.anchors.as_ref(),
            };
            draws(everybody, information, asked, drawing, monitor)
        })
    }
}
