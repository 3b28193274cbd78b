//! Which covariance of the items is used.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::information::calibration::Calibration;
use crate::information::covariance::Covariance;
use crate::information::gauge::{Asked, Method};
use crate::information::observed::Information;
use crate::settings::StdErrors;

/// Responses per item parameter up to which the respondents carry the items' uncertainty unless asked: beyond the
/// first, where all items are one matrix, it adds less than about one per cent to a standard error, beyond the
/// second, where it takes longer than the rest, a few.
const MATTERS_JOINTLY: f64 = 2_000.0;

const MATTERS_BY_ITEM: f64 = 250.0;

/// The covariance of the items to use, and how it was found.
pub(crate) struct Chosen {
    pub method: Method,
    pub covariance: Covariance,
}

/// The covariance of the items to use, or nothing where none is asked for.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn choose(
    calibration: Calibration,
    information: &Information,
    asked: Asked,
    monitor: &dyn Monitor,
) -> Result<Option<Chosen>> {
    let joint = match asked.std_errors {
        StdErrors::Joint | StdErrors::Auto => information.joint_covariance(monitor)?,
        StdErrors::Conditional | StdErrors::None => None,
    };
    let per_parameter = calibration.responses.n_responses() as f64 / calibration.n_parameters() as f64;
    let method = match (asked.std_errors, &joint) {
        (StdErrors::None, _) => return Ok(None),
        (StdErrors::Joint, Some(_)) => Method::Joint,
        (_, Some(_)) if per_parameter <= MATTERS_JOINTLY => Method::Joint,
        (_, Some(_)) => Method::Items,
        (StdErrors::Joint, None) => Method::Blocks,
        (StdErrors::Auto, None) if per_parameter <= MATTERS_BY_ITEM => Method::Blocks,
        (_, None) => Method::Conditional,
    };
    let covariance = match joint {
        Some(joint) => joint.in_gauge(asked.gauge, calibration),
        None => information.block_covariance(monitor)?,
    };
    Ok(Some(Chosen { method, covariance }))
}
