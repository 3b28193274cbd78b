//! The parameters of items.

use crate::answer::Outcome;
use crate::vectors::rows;
use extendr_api::prelude::*;
use vae_irt_core::{ItemCovariances, LocationScale, Model, Uncertainty, packed_length};

/// Item parameters on the reported scale and their covariances, see [`items_table`].
pub fn items_list(model: &Model, uncertainty: &Uncertainty) -> Outcome<List> {
    let method = uncertainty.method.name();
    items_table(model, &uncertainty.items, &uncertainty.location_scale, method)
}

/// Item parameters on the reported scale, one row per parameter row: the discriminations by dimension, then the difficulty;
/// the covariances of each row, lower triangles row by row; and the mean and the standard deviation of the posterior means
/// by dimension.
pub fn items_table(
    model: &Model,
    covariances: &ItemCovariances,
    location_scale: &LocationScale,
    std_errors: &str,
) -> Outcome<List> {
    let parameters = model.map.items(&model.items)?;
    let width = model.items.width();
    let flat: Vec<f64> = parameters.iter().copied().collect();
    let packed = |values: &[f64]| rows(values, packed_length(width));
    let jacobian = model.map.item_jacobian()?;
    let sizes = model.prior_sizes(&jacobian);
    let is_estimated = sizes.is_some();
    let (slopes, difficulty) = sizes.unwrap_or_default();
    Ok(list!(
        parameters = rows(&flat, width),
        integrated = model.distribution.is_some(),
        estimated = is_estimated,
        prior_discrimination = slopes,
        prior_difficulty = difficulty,
        covariance = packed(&covariances.prior),
        covariance_normalised = packed(&covariances.normalised),
        covariance_aligned = packed(&covariances.aligned),
        std_errors = std_errors,
        mean = location_scale.means.clone(),
        sd = location_scale.sds.clone()
    ))
}

/// The names of the kinds of the items.
pub fn model_names(model: &Model) -> Vec<&'static str> {
    let kinds = model.shape.catalogue.kinds().iter();
    kinds.map(|kind| kind.name()).collect()
}
