//! The item parameters at the maximum of their marginal posterior.

use crate::base::error::{Error, Result};
use crate::base::monitor::{Monitor, Part};
use crate::base::timings::Timings;
use crate::information::calibration::{Calibration, Sample};
use crate::information::observed::Information;
use crate::information::quadratic::Quadratic;
use crate::model::parameters::Model;
use crate::model::table_design::Design;
use crate::posterior::expect::expect;
use crate::posterior::lattice;
use crate::posterior::moments::Moments;
use crate::posterior::scoring::{Expected, Scoring, Wanted};
use crate::responses::store::Responses;
use crate::settings::Settings;
use ndarray::{Array1, ArrayView1, s};
use std::ops::Range;

const MOST_ROUNDS: usize = 40;

/// The items are found when the mean squared Newton step, in standard errors, is below this: less than a hundredth of a
/// standard error.
const CLOSE: f64 = 4e-5;

/// And when no parameter has so far to go, in standard errors given the others.
const EACH_CLOSE: f64 = 0.025;

/// Where posteriors are draws, the mean squared step alone is judged, and by this: the score is not known any better.
const CLOSE_BY_DRAWS: f64 = 4e-4;

/// While the mean squared step is above this, posteriors are found with so many times fewer draws, and from those of the round
/// before. The last ones are those that anybody finds who has the model alone.
const ROUGH: f64 = 0.01;
const ROUGHLY: usize = 4;

/// The information is evaluated anew when a step leaves more than this share of the squared distance.
const STALE: f64 = 0.1;

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
    pub monitor: &'a dyn Monitor,
}

/// The information at some items, and its quadratic form for Newton's method.
struct Newton {
    information: Information,
    quadratic: Quadratic,
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
    /// Takes the item parameters from where the training left them to the maximum of the log marginal likelihood plus the
    /// log prior, by Newton's method with the observed information: what the training's bound leaves of shrinkage and
    /// noise goes. The gradient is exact up to the nodes or the draws of the respondents' posteriors.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the monitor says so, [`Error::Model`] when the [information](Information) is not one
    /// matrix.
    pub fn run(&self, model: &mut Model, timings: &mut Timings) -> Result<Polished> {
        let mut known: Option<Newton> = None;
        let mut trust = Trust::new(&model.design());
        let mut is_trusted = true;
        let mut before = f64::INFINITY;
        let mut last: Option<Moments> = None;
        for round in 1.. {
            let is_rough = before > ROUGH && round < MOST_ROUNDS;
            let Expected { moments, score } = timings.time(Part::Posteriors.name(), || {
                self.expect(model, last.as_ref(), is_rough)
            })?;
            let design = model.design();
            let score = design.contract_values(score);
            let values = design.free_values(&model.items);
            let step = known.as_ref();
            let step = step.map(|newton| newton.step(&score, &values, self.monitor));
            let mut step = step.transpose()?;
            let stale = step.as_ref().is_none_or(|step| step.distance > STALE * before);
            if stale {
                let information = self.inform(model, &moments, timings)?;
                is_trusted &= step.is_none_or(|step| step.distance < DOUBTFUL * before);
                let newton = Newton::new(information, is_trusted, &trust.turning_items(), self.monitor)?;
                step = Some(known.insert(newton).step(&score, &values, self.monitor)?);
            }
            let Some(mut step) = step else { break };
            let converged = step.is_small(model.shape.n_dims <= lattice::MOST_DIMS) && !is_rough;
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
            last = Some(moments);
        }
        Err(unknown())
    }

    /// The posteriors and the score; rough ones are looked for at those that are `known`.
    fn expect(&self, model: &Model, known: Option<&Moments>, is_rough: bool) -> Result<Expected> {
        let draws = if is_rough {
            self.scoring.draws.div_ceil(ROUGHLY)
        } else {
            self.scoring.draws
        };
        let wanted = Wanted {
            model,
            responses: self.responses,
            respondents: self.sample.respondents,
            weights: Some(self.sample.weights),
            known: known.filter(|_| is_rough),
            scoring: &Scoring {
                draws,
                ..self.scoring.clone()
            },
        };
        expect(&wanted, self.monitor)
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
        })
    }

    /// From some values of the free parameters, where the log likelihood has the gradient `score`.
    fn step(&self, score: &Array1<f64>, values: &Array1<f64>, monitor: &dyn Monitor) -> Result<Step> {
        let mut gradient = score.clone();
        self.information.add_prior(values, &mut gradient);
        let values = self.quadratic.solve(&gradient, monitor)?;
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
