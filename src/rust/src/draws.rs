//! Draws from the posterior of the traits.

use crate::answer::answer;
use crate::settings::read_settings;
use crate::stored::Stored;
use crate::vectors::{ideal_points, row_numbers, rows};
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Axes, Gauge, Model, Monitor, Refit};

/// Draws from the posterior of the traits: a matrix with a row per draw, the traits of each respondent by dimension
/// side by side. Are the axes `principal`, or chosen? `means`: the reported ideal points of all respondents. Settings as in `rust_fit`.
#[extendr]
fn rust_draws(
    model: Raw,
    principal: bool,
    n_draws: i32,
    means: RMatrix<f64>,
    responses: List,
    settings: List,
) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let settings = read_settings(&settings)?;
        let stored = Stored::new(&responses)?;
        let responses = stored.responses()?;
        let gauge = if principal {
            Gauge::Principal
        } else {
            Gauge::Aligned
        };
        let points = ideal_points(&means, &responses);
        let work = |monitor: &dyn Monitor| {
            let axes = Axes::Kept(gauge);
            let refit = Refit::new(model, axes, &responses, Some(&points), &settings, monitor)?;
            refit.draws(&responses, n_draws as usize, monitor)
        };
        let drawn = worker::run(work, &().into_robj())?;
        let respondents = responses.respondents_with_responses();
        Ok(list!(
            respondents = row_numbers(&respondents),
            draws = rows(&drawn, respondents.len() * settings.model.n_dims)
        ))
    })
}

extendr_module! {
    mod draws;
    fn rust_draws;
}
