//! The posterior distribution of each respondent: from the network's answer to moments that can be trusted.

use crate::base::backend::Backend;
use crate::base::error::{Error, Result};
use crate::base::monitor::Monitor;
use crate::model::parameters::Model;
use crate::posterior::by_kernels;
use crate::posterior::by_tensors;
use crate::posterior::moments::Moments;
use crate::posterior::scoring::{Expected, Scoring, Wanted};
use crate::responses::store::Responses;

/// # Errors
/// [`Error::Responses`] when the items are not those of the model.
pub(crate) fn check_items(model: &Model, responses: &Responses) -> Result<()> {
    if responses.catalogue() != &model.shape.catalogue {
        return Err(Error::Responses(
            "the items and options are not those of the model".into(),
        ));
    }
    Ok(())
}

/// Posterior moments of respondents, given a fitted model with the items of `responses`, on the current worker threads and the scale of
/// the item parameters.
pub(crate) fn moments(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    scoring: &Scoring,
    monitor: &dyn Monitor,
) -> Result<Moments> {
    let wanted = Wanted {
        model,
        responses,
        respondents,
        weights: None,
        scoring,
        repeats: true,
    };
    Ok(expect(&wanted, monitor)?.moments)
}

/// The moments of respondents and, where these have weights, the score.
///
/// # Errors
/// [`Error::Cancelled`] when the monitor says so, [`Error::Tensor`] when a device fails.
pub(crate) fn expect(wanted: &Wanted, monitor: &dyn Monitor) -> Result<Expected> {
    match &wanted.scoring.backend {
        Backend::Kernels => by_kernels::expect(wanted, monitor),
        Backend::Tensors(device) => by_tensors::expect(wanted, device, monitor),
    }
}
