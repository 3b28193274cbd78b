//! The item parameters at the maximum of their marginal posterior.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Part};
use crate::base::timings::Timings;
use crate::information::calibration::{Calibration, Sample};
use crate::information::expectation::Expectation;
use crate::information::observed::Information;
use crate::information::prior::FreePrior;
use crate::maximum::ascent::{Ascent, Point};
use crate::maximum::em::{EmStep, score};
use crate::model::parameters::Model;
use crate::posterior::aggregate::whitening;
use crate::posterior::expect::{expect, moments};
use crate::posterior::lattice;
use crate::posterior::moments::Moments;
use crate::posterior::scoring::{Expected, Scoring, Wanted};
use crate::posterior::windows::{self, Windows};
use crate::responses::store::Responses;
use crate::settings::Settings;
use ndarray::Array1;

const MOST_ROUNDS: usize = 40;

/// Steps of the EM algorithm at most.
const MOST_EM_ROUNDS: usize = 60;

/// They end when the mean squared step, in standard errors if the traits were known, is below this, or when one is near and above this
/// share of the one before.
const EM_CLOSE: f64 = 1e-5;
const NEAR: f64 = 0.1;
const EM_SLOW: f64 = 0.7;

/// Respondents who are enough to come near. Where there are more, a pass over them is dear: the steps then end when the mean squared one
/// is below this times the root of an item's number of responses, which is what makes Newton's method quick.
const ENOUGH: usize = 20_000;
const EM_CLOSE_OF_MANY: f64 = 5e-4;

/// Where respondents are so many that their posteriors take most of the time, the first rounds take this many draws of each of them
/// until the squared distance is below this; after a round with all draws no posteriors are found again for a step that is shorter.
const FEW_DRAWS: usize = 64;
const CLOSE_TO_MANY: f64 = 0.025;

/// Steps that settle location and scale before such a round.
const SCALE_STEPS: usize = 4;

/// What the last round found.
pub(crate) struct Polished {
    /// The moments at the items that were found.
    pub moments: Moments,
    /// The information there.
    pub information: Information,
    /// Did the steps become small enough?
    pub converged: bool,
}

/// What the items are estimated from, and how.
pub(crate) struct Polish<'a> {
    pub responses: &'a Responses<'a>,
    pub sample: Sample<'a>,
    pub scoring: &'a Scoring,
    pub settings: &'a Settings,
    /// Are respondents so many that their posteriors are found as rarely as can be?
    pub are_many: bool,
    pub monitor: &'a dyn Monitor,
}

impl Polish<'_> {
    /// Takes the item parameters to the maximum of the log marginal likelihood plus the log prior by Newton's method with the observed
    /// information, from where the training left them: what its bound leaves of shrinkage and noise goes. The gradient is exact up
    /// to the nodes or the draws of the respondents' posteriors.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::base::error::Error::Cancelled) when the monitor says so,
    /// [`Error::Model`](crate::base::error::Error::Model) when the [information](Information) is by item alone.
    pub fn run(&self, model: &mut Model, timings: &mut Timings) -> Result<Polished> {
        self.finish(model, None, timings)
    }

    /// The same from anywhere in one dimension, by the [EM algorithm](EmStep) before; nothing where there are no nodes for it.
    ///
    /// # Errors
    /// Those of [`Self::run`].
    pub fn run_from_anywhere(&self, model: &mut Model, timings: &mut Timings) -> Result<Option<Polished>> {
        match timings.time(Part::Items.name(), || self.approach(model))? {
            Some(last) => self.finish(model, Some(last), timings).map(Some),
            None => Ok(None),
        }
    }

    /// Goes on where it ended, under another prior.
    ///
    /// # Errors
    /// Those of [`Self::run`].
    pub fn go_on(&self, model: &mut Model, last: Polished, timings: &mut Timings) -> Result<Polished> {
        let has_nodes = model.shape.n_dims == windows::N_DIMS;
        self.finish(model, has_nodes.then_some(last.moments), timings)
    }

    /// Newton's method. Posteriors that are known are near from the first round on, and whoever knows them finds those at the end.
    fn finish(
        &self,
        model: &mut Model,
        mut last: Option<Moments>,
        timings: &mut Timings,
    ) -> Result<Polished> {
        let is_near = last.is_some();
        let is_exact = model.shape.n_dims <= lattice::MOST_DIMS;
        let mut is_far = self.are_many && !is_near;
        let mut ascent = Ascent::new(model);
        let mut round = 0;
        loop {
            round += 1;
            if is_far {
                timings.time(Part::Items.name(), || self.settle_scale(model))?;
            }
            let near = last.as_ref().filter(|_| is_near);
            let Expected { moments, score } = timings.time(Part::Posteriors.name(), || match near {
                Some(near) => self.expect_near(model, near),
                None if is_far => self.expect_by_few(model),
                None => self.expect(model),
            })?;
            let design = model.design();
            let point = Point {
                values: design.free_values(&model.items),
                score: self.without_rotations(model, &moments, design.contract_values(score)),
            };
            let mut inform = || self.inform(model, &moments, timings);
            let step = ascent.step(&point, &mut inform, self.monitor)?;
            let is_close = match is_near {
                true => self.is_large() && ascent.ends_with(&step),
                false => self.are_many && step.distance.abs() < CLOSE_TO_MANY,
            };
            let converged = !is_far && (is_close || step.is_small(is_exact));
            if converged || round == MOST_ROUNDS {
                let moved = is_close.then(|| ascent.advanced(&design, &model.items, &step));
                let information = match ascent.into_information(is_near && self.is_large()) {
                    Some(information) => information,
                    None => self.inform(model, &moments, timings)?,
                };
                if let Some(moved) = moved {
                    model.items = moved;
                }
                return Ok(Polished {
                    moments,
                    information,
                    converged,
                });
            }
            model.items = ascent.advanced(&design, &model.items, &step);
            if is_far && is_close {
                is_far = false;
                ascent.begin_anew();
            }
            last = Some(moments);
        }
    }

    /// A gradient without what it has along rotations: nothing tells them, so that what draws leave there is noise.
    fn without_rotations(&self, model: &Model, moments: &Moments, score: Array1<f64>) -> Array1<f64> {
        let rotations = self.calibration(model, moments).basis_of_rotations();
        let along = rotations.t().dot(&score);
        score - rotations.dot(&along)
    }

    /// The posteriors and the score.
    fn expect(&self, model: &Model) -> Result<Expected> {
        expect(&self.wanted(model), self.monitor)
    }

    fn wanted<'w>(&'w self, model: &'w Model) -> Wanted<'w> {
        Wanted {
            model,
            responses: self.responses,
            respondents: self.sample.respondents,
            weights: Some(self.sample.weights),
            scoring: self.scoring,
            repeats: true,
        }
    }

    /// Moves the items until the aggregate posterior of some respondents has location and scale of the population (an EM step with
    /// expanded parameters, Liu, Rubin and Wu 1998, <https://doi.org/10.1093/biomet/85.4.755>): there a short training leaves more than
    /// Newton's method likes.
    fn settle_scale(&self, model: &mut Model) -> Result<()> {
        let (respondents, weights) = self.one_of(self.sample.respondents.len().div_ceil(ENOUGH));
        for _ in 0..SCALE_STEPS {
            let moments = moments(model, self.responses, &respondents, self.scoring, self.monitor)?;
            model.items = whitening(&moments, &weights)?.table(&model.items)?;
        }
        Ok(())
    }

    /// One of so many respondents, with weights that make them stand for all.
    fn one_of(&self, stride: usize) -> (Vec<u32>, Vec<f64>) {
        let Sample { respondents, weights } = self.sample;
        let respondents = respondents.iter().step_by(stride).copied();
        let weights = weights.iter().step_by(stride);
        (
            respondents.collect(),
            weights.map(|weight| weight * stride as f64).collect(),
        )
    }

    /// The same by a few draws, where posteriors are draws.
    fn expect_by_few(&self, model: &Model) -> Result<Expected> {
        let scoring = Scoring {
            draws: FEW_DRAWS,
            ..self.scoring.clone()
        };
        let wanted = Wanted {
            scoring: &scoring,
            repeats: false,
            ..self.wanted(model)
        };
        expect(&wanted, self.monitor)
    }

    /// The posteriors and the score where posteriors are known that are near.
    fn expect_near(&self, model: &Model, known: &Moments) -> Result<Expected> {
        let windows = Windows::near(known, model, self.responses, self.sample.respondents);
        let calibration = self.calibration(model, known);
        match Expectation::new(&windows, calibration, false, self.monitor)? {
            Some(expected) => Ok(Expected {
                score: score(model, &expected),
                moments: expected.moments,
            }),
            None => self.expect(model),
        }
    }

    /// Steps of the EM algorithm while they are long and become shorter fast, for some of the respondents first where they are many.
    /// Returns the last posteriors.
    fn approach(&self, model: &mut Model) -> Result<Option<Moments>> {
        if !self.is_large() {
            return self.approach_until(EM_CLOSE, model);
        }
        let close = EM_CLOSE_OF_MANY * self.responses_per_item().sqrt();
        let (respondents, weights) = self.one_of(self.sample.respondents.len() / ENOUGH);
        let some = Polish {
            sample: Sample {
                respondents: &respondents,
                weights: &weights,
            },
            ..*self
        };
        match some.approach_until(close, model)? {
            Some(_) => self.approach_until(close, model),
            None => Ok(None),
        }
    }

    fn approach_until(&self, close: f64, model: &mut Model) -> Result<Option<Moments>> {
        let prior = FreePrior::new(&self.settings.model.item_prior(), &model.design());
        let mut last = self.starting_moments(model)?;
        let mut before = f64::INFINITY;
        for _ in 0..MOST_EM_ROUNDS {
            let calibration = self.calibration(model, &last);
            let Some(step) = EmStep::new(calibration, &prior, self.monitor)? else {
                return Ok(None);
            };
            model.items = step.items;
            last = step.moments;
            let is_slow = step.distance < NEAR && step.distance > EM_SLOW * before;
            if step.distance < close || is_slow {
                break;
            }
            before = step.distance;
        }
        Ok(Some(last))
    }

    fn is_large(&self) -> bool {
        self.sample.respondents.len() >= 2 * ENOUGH
    }

    /// The mean weight of an item's responses.
    fn responses_per_item(&self) -> f64 {
        let cells = self.responses.n_respondents() * self.responses.catalogue().n_items();
        let share = self.responses.n_responses() as f64 / cells as f64;
        share * self.sample.weights.iter().sum::<f64>()
    }

    /// The network's own answer.
    pub fn starting_moments(&self, model: &Model) -> Result<Moments> {
        let scoring = Scoring {
            refine: false,
            ..self.scoring.clone()
        };
        moments(
            model,
            self.responses,
            self.sample.respondents,
            &scoring,
            self.monitor,
        )
    }

    fn calibration<'c>(&'c self, model: &'c Model, moments: &'c Moments) -> Calibration<'c> {
        Calibration {
            model,
            responses: self.responses,
            scored: self.sample.scored(moments),
        }
    }

    fn inform(&self, model: &Model, moments: &Moments, timings: &mut Timings) -> Result<Information> {
        let calibration = self.calibration(model, moments);
        timings.time(Part::Information.name(), || {
            Information::new(calibration, self.settings, self.monitor)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::fit::run::fit;
    use crate::responses::item_kind::ItemKind;
    use crate::simulate::simulation::{SimulationDesign, simulate};

    #[test]
    fn with_few_draws_and_a_wrong_scale_the_maximum_is_the_same() {
        for n_dims in [2, 3] {
            let design = SimulationDesign {
                n_respondents: 1_000,
                n_items: 40,
                n_dims,
                n_options: 2,
                missing: 0.1,
                kind: ItemKind::Nominal,
            };
            let truth = simulate(&design, 4).expect("a design");
            let responses = truth.to_responses().expect("responses");
            let settings = Settings::new(n_dims).with(|settings| settings.model.estimates_prior = false);
            let checked = settings.clone().check().expect("settings");
            let fitted = fit(&responses, &checked, &Silent).expect("a fit");
            assert_eq!(fitted.polished, Some(true));
            let mut model = fitted.model.clone();
            model.items.values_mut().iter_mut().for_each(|x| *x *= 1.1);
            let scoring = Scoring::of(&settings, fitted.respondents.len());
            let polish = Polish {
                responses: &responses,
                sample: Sample {
                    respondents: &fitted.respondents,
                    weights: &vec![1.0; fitted.respondents.len()],
                },
                scoring: &scoring,
                settings: &settings,
                are_many: true,
                monitor: &Silent,
            };
            let polished = polish.run(&mut model, &mut Timings::default());
            assert!(polished.expect("a maximum").converged);
            let pairs = model.items.values().iter().zip(fitted.model.items.values());
            let off = pairs.fold(0.0f32, |most, (x, y)| most.max((x - y).abs()));
            assert!(off < 0.03, "off by {off} in {n_dims} dimensions");
        }
    }
}
