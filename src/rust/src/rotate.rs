//! Other axes for a fitted model.

use crate::answer::answer;
use crate::items::items_list;
use crate::list::{matrix, missing};
use crate::posterior::posterior_list;
use crate::settings::read_settings;
use crate::stored::Stored;
use crate::vectors::{by_row, ideal_points, row_numbers};
use crate::worker;
use extendr_api::prelude::*;
use ndarray::{Array1, Array2};
use vae_irt_core::{AffineMap, Anchors, Axes, Model, Monitor, Refit};

/// A fitted model with another affine map of the latent traits after its own, `alpha -> map (alpha - shift)`.
/// Settings as in `rust_fit`. `anchors`: the `rows` of the respondents, from 1, who set the map, and `positions`, a matrix of where they are; no rows where
/// nobody did. `means`: the reported ideal points of all respondents.
#[extendr]
fn rust_remap(
    model: Raw,
    map: RMatrix<f64>,
    shift: &[f64],
    anchors: List,
    means: RMatrix<f64>,
    responses: List,
    settings: List,
) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let settings = read_settings(&settings)?;
        let stored = Stored::new(&responses)?;
        let responses = stored.responses()?;
        let map = AffineMap {
            matrix: Array2::from_shape_vec((shift.len(), shift.len()), by_row(&map))
                .map_err(|_| missing("the matrix"))?,
            shift: Array1::from(shift.to_vec()),
        };
        let rows = anchors.dollar("rows").map_err(|_| missing("anchors"))?;
        let positions = matrix(&anchors, "positions")?;
        let rows = rows.as_real_slice().filter(|rows| !rows.is_empty());
        let anchors = rows.map(|rows| Anchors {
            respondents: rows.iter().map(|&row| row as u32 - 1).collect(),
            positions: Array2::from_shape_fn((rows.len(), shift.len()), |(i, d)| {
                positions[i * shift.len() + d]
            }),
        });
        let points = ideal_points(&means, &responses);
        let work = |monitor: &dyn Monitor| {
            let axes = Axes::Moved { map, anchors };
            let refit = Refit::new(model, axes, &responses, Some(&points), &settings, monitor)?;
            let found = refit.results(&responses, monitor)?;
            let bytes = found.model.to_bytes()?;
            Ok((found, bytes))
        };
        let (found, bytes) = worker::run(work, &().into_robj())?;
        Ok(list!(
            model = Raw::from_bytes(&bytes),
            respondents = row_numbers(&responses.respondents_with_responses()),
            posterior = posterior_list(&found.model.map, &found.moments, &found.uncertainty.respondents),
            items = items_list(&found.model, &found.uncertainty)?
        ))
    })
}

extendr_module! {
    mod rotate;
    fn rust_remap;
}
