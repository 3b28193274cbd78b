//! The item parameters at the maximum of their marginal posterior.

use crate::base::error::{Error, Result};
use crate::base::linalg::{solve_lower, solve_upper};
use crate::base::monitor::{Monitor, Part};
use crate::base::timings::Timings;
use crate::information::calibration::{Calibration, Sample};
use crate::information::observed::Information;
use crate::model::parameters::Model;
use crate::model::table_design::Design;
use crate::posterior::expect::expect;
use crate::posterior::moments::Moments;
use crate::posterior::scoring::{Expected, Scoring};
use crate::responses::store::Responses;
use crate::settings::Settings;
use ndarray::{Array1, Array2, ArrayView1, s};
use std::ops::Range;

const MOST_ROUNDS: usize = 20;

/// The items are found when the mean squared Newton step, in standard errors, is below this: a fiftieth of a standard
/// error.
const CLOSE: f64 = 4e-4;

/// They are also found when the root mean squared step is below this on the scale of the traits, where a standard
/// error is smaller still.
const TINY: f64 = 0.004;

/// The information is evaluated anew when a step leaves more than this share of the squared distance.
const STALE: f64 = 0.1;

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
    pub monitor: &'a dyn Monitor,
}

/// The information at some items, and its Cholesky factor for Newton's method.
struct Newton {
    information: Information,
    factor: Array2<f64>,
}

/// A step of Newton's method.
struct Step {
    values: Array1<f64>,
    /// The mean of its squares, in standard errors.
    distance: f64,
}

impl Polish<'_> {
    /// Takes the item parameters from where the training left them to the maximum of the log marginal likelihood plus the
    /// log prior, by Newton's method with the observed information: what the training's bound leaves of shrinkage and
    /// noise goes. The gradient is exact up to the quadrature or the draws of the respondents' posteriors.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor says so, [`Error::Model`] when the [information](Information) is not one
    /// matrix.
    pub fn run(&self, model: &mut Model, timings: &mut Timings) -> Result<Polished> {
        let mut known: Option<Newton> = None;
        let mut trust = Trust::new(&model.design());
        let mut before = 0.0;
        for round in 1.. {
            let Expected { moments, score } = timings.time(Part::Posteriors.name(), || {
                let Sample { respondents, weights } = self.sample;
                expect(
                    model,
                    self.responses,
                    respondents,
                    Some(weights),
                    self.scoring,
                    self.monitor,
                )
            })?;
            let design = model.design();
            let score = design.contract_values(score);
            let values = design.free_values(&model.items);
            let mut step = known.as_ref().map(|newton| newton.step(&score, &values));
            let stale = step.as_ref().is_none_or(|step| step.distance > STALE * before);
            if stale {
                let information = self.inform(model, &moments, timings)?;
                let newton = Newton::new(information, &trust.turning_items(), self.monitor)?;
                step = Some(known.insert(newton).step(&score, &values));
            }
            let Some(mut step) = step else { break };
            let converged = step.is_small();
            if converged || round == MOST_ROUNDS {
                let information = match known {
                    Some(newton) if stale => newton.information,
                    _ => self.inform(model, &moments, timings)?,
                };
                return Ok(Polished {
                    moments,
                    information,
                    converged,
                });
            }
            trust.shorten(&mut step.values, &values);
            let moved = design.advanced(&model.items, &step.values);
            model.items = moved;
            before = step.distance;
        }
        Err(unknown())
    }

    fn inform(&self, model: &Model, moments: &Moments, timings: &mut Timings) -> Result<Information> {
        let calibration = Calibration {
            model,
            responses: self.responses,
            scored: self.sample.scored(moments),
        };
        timings.time(Part::Information.name(), || {
            Information::new(calibration, self.settings, self.monitor)
        })
    }
}

impl Newton {
    fn new(information: Information, doubtful: &[bool], monitor: &dyn Monitor) -> Result<Self> {
        let factor = information
            .newton_factor(doubtful, monitor)?
            .ok_or_else(unknown)?;
        Ok(Self { information, factor })
    }

    /// From some values of the free parameters, where the log likelihood has the gradient `score`.
    fn step(&self, score: &Array1<f64>, values: &Array1<f64>) -> Step {
        let mut gradient = score.clone();
        self.information.add_prior(values, &mut gradient);
        let half = solve_lower(self.factor.view(), gradient.view());
        let values = solve_upper(self.factor.view(), half.view());
        let distance = values.dot(&gradient) / gradient.len() as f64;
        Step { values, distance }
    }
}

impl Step {
    fn is_small(&self) -> bool {
        let squares = self.values.dot(&self.values);
        self.distance.abs() < CLOSE || squares < TINY * TINY * self.values.len() as f64
    }
}

fn unknown() -> Error {
    Error::Model("the information about its items is not positive definite".into())
}

/// How far the parameters of each block may move in a step, those of a row or of an item whose rows share some: the quadratic form
/// of Newton's method is far off for items that separate the respondents perfectly.
struct Trust {
    blocks: Vec<Block>,
    n_items: usize,
    last: Array1<f64>,
}

struct Block {
    item: usize,
    parameters: Range<usize>,
    radius: f64,
    /// Has it turned around?
    turned: bool,
}

impl Trust {
    fn new(design: &Design) -> Self {
        let blocks = design.blocks().into_iter().map(|(item, parameters)| Block {
            item,
            parameters,
            radius: f64::INFINITY,
            turned: false,
        });
        Self {
            blocks: blocks.collect(),
            n_items: design.n_items(),
            last: Array1::zeros(design.n_free()),
        }
    }

    /// Which items have a block that turned around: their quadratic form is not to be believed.
    fn turning_items(&self) -> Vec<bool> {
        let mut turning = vec![false; self.n_items];
        for block in &self.blocks {
            turning[block.item] |= block.turned;
        }
        turning
    }

    /// Shortens the blocks of a step. One goes as far as half the length of the parameters plus one half, half as far as before
    /// where it turns around and at most twice as far where it does not.
    fn shorten(&mut self, step: &mut Array1<f64>, values: &Array1<f64>) {
        let length = |x: ArrayView1<'_, f64>| x.dot(&x).sqrt();
        for block in &mut self.blocks {
            let last = self.last.slice(s![block.parameters.clone()]);
            let mut own = step.slice_mut(s![block.parameters.clone()]);
            let before = length(last);
            if own.dot(&last) < 0.0 {
                block.turned = true;
                block.radius = 0.5 * before;
            } else if before > 0.0 {
                block.radius = f64::max(block.radius, 2.0 * before);
            }
            let size = length(values.slice(s![block.parameters.clone()]));
            let most = block.radius.min(0.5 + 0.5 * size);
            let now = length(own.view());
            if now > most {
                own *= most / now;
            }
        }
        self.last.assign(step);
    }
}
