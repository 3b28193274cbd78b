//! Which covariance of the items is used.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::information::covariance::{Covariance, principal};
use crate::information::gauge::{Gauge, Method};
use crate::information::observed::Information;
use crate::model::parameters::Model;
use crate::responses::store::Responses;
use crate::settings::StdErrors;

/// Responses per item parameter up to which the respondents carry the items' uncertainty unless asked: beyond the
/// first, where all items are one matrix, it adds less than about one per cent to a standard error, beyond the
/// second, where it takes longer than the rest, a few.
const MATTERS_JOINTLY: f64 = 2_000.0;

const MATTERS_BY_ITEM: f64 = 250.0;

/// The covariance of the items to use, or nothing where none is asked for.
pub(crate) fn choose(
    model: &Model,
    responses: &Responses,
    information: &Information,
    asked: StdErrors,
    gauge: Gauge,
    monitor: &dyn Monitor,
) -> Result<Option<(Method, Covariance)>> {
    let joint = match asked {
        StdErrors::Joint | StdErrors::Auto => information.joint_covariance(monitor)?,
        StdErrors::Conditional | StdErrors::None => None,
    };
    let per_parameter = responses.n_responses() as f64 / model.items.values().len() as f64;
    let found = match (asked, joint) {
        (StdErrors::None, _) => return Ok(None),
        (_, Some(joint)) => {
            let carried = asked == StdErrors::Joint || per_parameter <= MATTERS_JOINTLY;
            let method = if carried { Method::Joint } else { Method::Items };
            (method, principal(joint, model, responses, gauge))
        }
        (StdErrors::Joint, None) => (Method::Blocks, information.block_covariance(monitor)?),
        (StdErrors::Auto, None) if per_parameter <= MATTERS_BY_ITEM => {
            (Method::Blocks, information.block_covariance(monitor)?)
        }
        (_, None) => (Method::Conditional, information.block_covariance(monitor)?),
    };
    Ok(Some(found))
}
