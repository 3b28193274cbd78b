//! Newton's method: what it knows from one round to the next, and its steps.

use crate::base::error::{Error, Result};
use crate::base::monitor::Monitor;
use crate::information::observed::Information;
use crate::information::quadratic::Quadratic;
use crate::maximum::secants::Secants;
use crate::maximum::trust::Trust;
use crate::model::parameters::Model;
use crate::model::table::Table;
use crate::model::table_design::Design;
use ndarray::Array1;

/// The items are found when the mean squared Newton step, in standard errors, is below this: less than a hundredth of a
/// standard error.
const CLOSE: f64 = 4e-5;

/// And when no parameter has so far to go, in standard errors given the others.
const EACH_CLOSE: f64 = 0.025;

/// A step that is shorter than these leads to where the next one would be small enough.
const LAST: f64 = 2.5e-3;
const EACH_LAST: f64 = 0.5;

/// Where posteriors are draws, the mean squared step alone is judged, and by this: the score is not known any better.
const CLOSE_BY_DRAWS: f64 = 4e-4;

/// The information is evaluated anew when a step leaves more than this share of the squared distance: until then steps learn from
/// those before.
const STALE: f64 = 0.3;

/// And when one leaves more than this share, it is not trusted any more.
const DOUBTFUL: f64 = 0.4;

/// What Newton's method knows from one round to the next.
pub(crate) struct Ascent {
    known: Option<Newton>,
    trust: Trust,
    /// Is the quadratic form to be believed?
    is_trusted: bool,
    /// Is it that of the last round?
    is_fresh: bool,
    /// The squared distance of the last round.
    before: f64,
}

/// The information at some items, and its quadratic form for Newton's method.
struct Newton {
    information: Information,
    quadratic: Quadratic,
    /// Of the steps since.
    secants: Secants,
    /// How far the first of them went, squared.
    distance: f64,
}

/// Where a step begins.
pub(crate) struct Point {
    /// The free parameters.
    pub values: Array1<f64>,
    /// The gradient of the log likelihood there.
    pub score: Array1<f64>,
}

/// A step of Newton's method.
pub(crate) struct Step {
    values: Array1<f64>,
    /// The mean of its squares, in standard errors.
    pub distance: f64,
    /// The largest step of a parameter, in its standard errors given the others.
    largest: f64,
}

impl Ascent {
    pub fn new(model: &Model) -> Self {
        Self {
            known: None,
            trust: Trust::new(&model.design()),
            is_trusted: true,
            is_fresh: false,
            before: f64::INFINITY,
        }
    }

    /// The gradients that come are found in another way than those before.
    pub fn begin_anew(&mut self) {
        self.before = f64::INFINITY;
        self.known
            .iter_mut()
            .for_each(|newton| newton.secants.begin_anew());
    }

    /// The next step. Where the quadratic form that is known is stale, `inform` evaluates the information anew.
    ///
    /// # Errors
    /// Those of `inform`, [`Error::Cancelled`] when the monitor says so, [`Error::Model`] when the [information](Information) is by item.
    pub fn step(
        &mut self,
        point: &Point,
        inform: &mut dyn FnMut() -> Result<Information>,
        monitor: &dyn Monitor,
    ) -> Result<Step> {
        let known = self.known.as_mut();
        let step = known.map(|newton| newton.step(point, monitor)).transpose()?;
        self.is_fresh = step
            .as_ref()
            .is_none_or(|step| step.distance > STALE * self.before);
        let step = match step {
            Some(step) if !self.is_fresh => step,
            step => {
                self.is_trusted &= step.is_none_or(|step| step.distance < DOUBTFUL * self.before);
                let doubtful = self.trust.turning_items();
                let newton = Newton::new(inform()?, self.is_trusted, &doubtful, monitor)?;
                let newton = self.known.insert(newton);
                let step = newton.step(point, monitor)?;
                newton.distance = step.distance.abs();
                step
            }
        };
        self.before = step.distance;
        Ok(step)
    }

    /// The items after a step, which goes no further than can be trusted.
    pub fn advanced(&mut self, design: &Design, items: &Table, step: &Step) -> Table {
        self.trust.advanced(design, items, &step.values)
    }

    /// Is there no need to look at where a step leads, by exact posteriors?
    pub fn ends_with(&self, step: &Step) -> bool {
        let is_short = step.distance.abs() < LAST && step.largest < EACH_LAST;
        is_short && self.is_trusted && !self.trust.turning_items().contains(&true)
    }

    /// The information, if it was evaluated for the last step or, where that is enough, not far from it.
    pub fn into_information(self, near_is_enough: bool) -> Option<Information> {
        let is_near = |newton: &Newton| near_is_enough && newton.distance < LAST;
        self.known
            .filter(|newton| self.is_fresh || is_near(newton))
            .map(|newton| newton.information)
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
        let quadratic = quadratic
            .ok_or_else(|| Error::Model("the information about its items is not positive definite".into()))?;
        Ok(Self {
            information,
            quadratic,
            secants: Secants::default(),
            distance: f64::INFINITY,
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
    pub fn is_small(&self, is_exact: bool) -> bool {
        if is_exact {
            self.distance.abs() < CLOSE && self.largest < EACH_CLOSE
        } else {
            self.distance.abs() < CLOSE_BY_DRAWS
        }
    }
}
