//! Scores of respondents by a fitted model.

use crate::answer::answer;
use crate::posterior::posterior_list;
use crate::settings::{read_scoring, read_threads};
use crate::stored::Stored;
use crate::vectors::row_numbers;
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Model, Monitor, score};

/// Scores respondents with a fitted model; `joint` holds the covariances with the uncertainty of the items. Responses, in the items
/// of the model, and `report` as in `rust_fit`.
#[extendr]
fn rust_score(model: Raw, responses: List, settings: List, report: Robj) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let stored = Stored::new(&responses)?;
        let responses = stored.responses()?;
        let respondents = responses.respondents_with_responses();
        let scoring = read_scoring(&settings)?;
        let threads = read_threads(&settings)?;
        let work =
            |monitor: &dyn Monitor| score(&model, &responses, &respondents, &scoring, threads, monitor);
        let found = worker::run(work, &report)?;
        Ok(list!(
            respondents = row_numbers(&respondents),
            posterior = posterior_list(&model.map, &found.moments, &found.covariances)
        ))
    })
}

extendr_module! {
    mod score;
    fn rust_score;
}
