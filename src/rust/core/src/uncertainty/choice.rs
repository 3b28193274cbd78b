//! Which covariance of the items is used.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::information::calibration::Calibration;
use crate::information::covariance::{Conditions, Covariance};
use crate::information::gauge::Method;
use crate::information::observed::Information;
use crate::responses::weight_type::WeightType;
use crate::settings::StdErrors;

/// Responses per item parameter up to which the respondents carry the items' uncertainty unless asked: beyond the
/// first it adds less than about one per cent to a standard error, beyond the second, where respondents are so many that it takes longer
/// than the rest, a few.
const MATTERS: f64 = 2_000.0;

const MATTERS_TO_MANY: f64 = 250.0;

/// The covariance of the items to use, and how it was found.
pub(crate) struct Chosen {
    pub method: Method,
    pub covariance: Covariance,
}

impl Chosen {
    /// Under the conditions that fix the axes.
    pub fn in_gauge(self, conditions: &Conditions) -> Self {
        Self {
            covariance: self.covariance.in_gauge(conditions),
            ..self
        }
    }
}

/// The covariance of the items to use, on the axes that keep the estimates closest to themselves, or nothing where none is asked for.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn choose(
    calibration: Calibration,
    information: &Information,
    conditions: &Conditions,
    std_errors: StdErrors,
    monitor: &dyn Monitor,
) -> Result<Option<Chosen>> {
    let joint = match std_errors {
        StdErrors::Joint | StdErrors::Auto => {
            information.joint_covariance(conditions.derivatives(), monitor)?
        }
        StdErrors::Conditional | StdErrors::None => None,
    };
    let per_parameter = calibration.responses.n_responses() as f64 / calibration.n_parameters() as f64;
    let matters = if information.is_between_all() {
        MATTERS
    } else {
        MATTERS_TO_MANY
    };
    let carries = std_errors == StdErrors::Joint || per_parameter <= matters;
    let method = match (std_errors, &joint) {
        (StdErrors::None, _) => return Ok(None),
        (StdErrors::Conditional, _) => Method::Conditional,
        (_, Some(_)) if carries => Method::Joint,
        (_, Some(_)) => Method::Items,
        (_, None) if carries => Method::Blocks,
        (_, None) => Method::Conditional,
    };
    let covariance = match joint {
        Some(joint) => joint,
        None => information.block_covariance(monitor)?,
    };
    let covariance = match calibration.responses.weight_type() {
        WeightType::Frequency => covariance,
        WeightType::Sampling => information.of_sampled(covariance, calibration, monitor)?,
    };
    Ok(Some(Chosen { method, covariance }))
}
