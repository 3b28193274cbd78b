//! The item parameters at the maximum of their marginal posterior.

use crate::base::error::{Error, Result};
use crate::base::linalg::{cholesky, invert_lower, product};
use crate::base::monitor::{Monitor, Part};
use crate::base::timings::Timings;
use crate::information::calibration::{Calibration, Sample};
use crate::information::expectation::Expectation;
use crate::information::observed::Information;
use crate::information::prior::FreePrior;
use crate::information::quadratic::Quadratic;
use crate::maximum::em::{EmStep, score};
use crate::maximum::secants::Secants;
use crate::maximum::trust::Trust;
use crate::model::parameters::Model;
use crate::model::scale::AffineMap;
use crate::model::table::Table;
use crate::posterior::expect::{expect, moments};
use crate::posterior::lattice;
use crate::posterior::moments::{Moments, aggregate};
use crate::posterior::scoring::{Expected, Scoring, Wanted};
use crate::posterior::windows::Windows;
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

/// Respondents who are enough to come near.
const ENOUGH: usize = 20_000;

/// The items are found when the mean squared Newton step, in standard errors, is below this: less than a hundredth of a
/// standard error.
const CLOSE: f64 = 4e-5;

/// And when no parameter has so far to go, in standard errors given the others.
const EACH_CLOSE: f64 = 0.025;

/// Where posteriors are draws, the mean squared step alone is judged, and by this: the score is not known any better.
const CLOSE_BY_DRAWS: f64 = 4e-4;

/// Where respondents are so many that their posteriors take most of the time, the first rounds take this many draws of each of them
/// until the squared distance is below this; after a round with all draws no posteriors are found again for a step that is shorter.
const FEW_DRAWS: usize = 64;
const CLOSE_TO_MANY: f64 = 0.025;

/// Steps that settle location and scale before such a round.
const SCALE_STEPS: usize = 4;

/// The information is evaluated anew when a step leaves more than this share of the squared distance: until then steps learn from
/// those before.
const STALE: f64 = 0.3;

/// And when one leaves more than this share, it is not trusted any more.
const DOUBTFUL: f64 = 0.4;

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

/// The information at some items, and its quadratic form for Newton's method.
struct Newton {
    information: Information,
    quadratic: Quadratic,
    /// Of the steps since.
    secants: Secants,
}

/// What Newton's method knows from one round to the next.
struct Ascent {
    known: Option<Newton>,
    trust: Trust,
    /// Is the quadratic form to be believed?
    is_trusted: bool,
    /// Is it that of the last round?
    is_fresh: bool,
    /// The squared distance of the last round.
    before: f64,
}

/// Where a step begins.
struct Point {
    /// The free parameters.
    values: Array1<f64>,
    /// The gradient of the log likelihood there.
    score: Array1<f64>,
}

/// A step of Newton's method.
struct Step {
    values: Array1<f64>,
    /// The mean of its squares, in standard errors.
    distance: f64,
    /// The largest step of a parameter, in its standard errors given the others.
    largest: f64,
}

impl Polish<'_> {
    /// Takes the item parameters to the maximum of the log marginal likelihood plus the log prior by Newton's method with the observed
    /// information, from where the training left them: what its bound leaves of shrinkage and noise goes. The gradient is exact up
    /// to the nodes or the draws of the respondents' posteriors.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor says so, [`Error::Model`] when the [information](Information) is not one
    /// matrix.
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

    /// Newton's method. Posteriors that are known are near from the first round on.
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
        for round in 1.. {
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
            let step = self.ascend(&mut ascent, model, &moments, &point, timings)?;
            let is_close = self.are_many && step.distance.abs() < CLOSE_TO_MANY;
            let converged = !is_far && (is_close || step.is_small(is_exact));
            if converged || round == MOST_ROUNDS {
                let information = match ascent.known {
                    Some(newton) if ascent.is_fresh => newton.information,
                    _ => self.inform(model, &moments, timings)?,
                };
                if is_close {
                    model.items = ascent.trust.advanced(&design, &model.items, &step.values);
                }
                return Ok(Polished {
                    moments,
                    information,
                    converged,
                });
            }
            let moved = ascent.trust.advanced(&design, &model.items, &step.values);
            model.items = moved;
            if is_far && is_close {
                is_far = false;
                ascent.begin_anew();
            }
            last = Some(moments);
        }
        Err(unknown())
    }

    /// The next step. The information is evaluated anew where the quadratic form that is known is stale.
    fn ascend(
        &self,
        ascent: &mut Ascent,
        model: &Model,
        moments: &Moments,
        point: &Point,
        timings: &mut Timings,
    ) -> Result<Step> {
        let before = ascent.before;
        let step = ascent.known.as_mut();
        let step = step.map(|newton| newton.step(point, self.monitor)).transpose()?;
        ascent.is_fresh = step.as_ref().is_none_or(|step| step.distance > STALE * before);
        ascent.is_trusted &= step.as_ref().is_none_or(|step| step.distance < DOUBTFUL * before);
        let step = match step {
            Some(step) if !ascent.is_fresh => step,
            _ => {
                let information = self.inform(model, moments, timings)?;
                let doubtful = ascent.trust.turning_items();
                let newton = Newton::new(information, ascent.is_trusted, &doubtful, self.monitor)?;
                ascent.known.insert(newton).step(point, self.monitor)?
            }
        };
        ascent.before = step.distance;
        Ok(step)
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
        let Sample { respondents, weights } = self.sample;
        let stride = respondents.len().div_ceil(ENOUGH);
        let respondents: Vec<u32> = respondents.iter().step_by(stride).copied().collect();
        let weights: Vec<f64> = weights.iter().step_by(stride).copied().collect();
        for _ in 0..SCALE_STEPS {
            let wanted = Wanted {
                respondents: &respondents,
                weights: Some(&weights),
                ..self.wanted(model)
            };
            let (mean, covariance) = aggregate(&expect(&wanted, self.monitor)?.moments, &weights);
            let population = model.population();
            let factor = cholesky(covariance.view());
            let inverse = factor.map(|factor| invert_lower(factor.view()));
            let Some(inverse) = inverse else { return Ok(()) };
            let map = AffineMap {
                matrix: product(&population.factor(), &inverse),
                shift: mean,
            };
            let items = map.items(&model.items)?;
            let values = items.iter().map(|&x| x as f32).collect();
            model.items = Table::new(model.items.width(), values);
        }
        Ok(())
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
        let stride = self.sample.respondents.len() / ENOUGH;
        if stride > 1 {
            let Sample { respondents, weights } = self.sample;
            let respondents: Vec<u32> = respondents.iter().step_by(stride).copied().collect();
            let weights = weights
                .iter()
                .step_by(stride)
                .map(|weight| weight * stride as f64);
            let some = Polish {
                sample: Sample {
                    respondents: &respondents,
                    weights: &weights.collect::<Vec<f64>>(),
                },
                ..*self
            };
            if some.approach(model)?.is_none() {
                return Ok(None);
            }
        }
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
            if step.distance < EM_CLOSE || is_slow {
                break;
            }
            before = step.distance;
        }
        Ok(Some(last))
    }

    /// The network's own answer.
    fn starting_moments(&self, model: &Model) -> Result<Moments> {
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

impl Ascent {
    fn new(model: &Model) -> Self {
        Self {
            known: None,
            trust: Trust::new(&model.design()),
            is_trusted: true,
            is_fresh: false,
            before: f64::INFINITY,
        }
    }

    /// The gradients that come are found in another way than those before.
    fn begin_anew(&mut self) {
        self.before = f64::INFINITY;
        self.known
            .iter_mut()
            .for_each(|newton| newton.secants.begin_anew());
    }
}

impl Newton {
    fn new(
        information: Information,
        is_trusted: bool,
        doubtful: &[bool],
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let quadratic = information.newton(is_trusted, doubtful, monitor)?;
        let quadratic = quadratic.ok_or_else(unknown)?;
        Ok(Self {
            information,
            quadratic,
            secants: Secants::default(),
        })
    }

    fn step(&mut self, from: &Point, monitor: &dyn Monitor) -> Result<Step> {
        let mut gradient = from.score.clone();
        self.information.add_prior(&from.values, &mut gradient);
        self.secants.observe(&from.values, &gradient);
        let values = self.secants.solve(&self.quadratic, &gradient, monitor)?;
        let distance = values.dot(&gradient) / gradient.len() as f64;
        let precisions = self.quadratic.diagonal();
        let squares = values.iter().zip(precisions).map(|(x, p)| x * x * p);
        Ok(Step {
            distance,
            largest: squares.fold(0.0, f64::max).sqrt(),
            values,
        })
    }
}

impl Step {
    /// Is it near enough, by exact posteriors or by draws?
    fn is_small(&self, is_exact: bool) -> bool {
        if is_exact {
            self.distance.abs() < CLOSE && self.largest < EACH_CLOSE
        } else {
            self.distance.abs() < CLOSE_BY_DRAWS
        }
    }
}

fn unknown() -> Error {
    Error::Model("the information about its items is not positive definite".into())
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
            let settings = Settings::new(n_dims);
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
