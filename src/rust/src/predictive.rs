//! Probabilities of responses given others of the same respondents.

use crate::answer::answer;
use crate::settings::{read_scoring, read_threads};
use crate::stored::Stored;
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Model, Monitor, predictive};

/// How probable responses are by a model, given other responses of the same respondents.
#[extendr]
fn rust_predictive(model: Raw, given: List, asked: List, settings: List) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let (given, asked) = (Stored::new(&given)?, Stored::new(&asked)?);
        let (given, asked) = (given.responses()?, asked.responses()?);
        let scoring = read_scoring(&settings)?;
        let threads = read_threads(&settings)?;
        let work = |monitor: &dyn Monitor| predictive(&model, &given, &asked, &scoring, threads, monitor);
        let found = worker::run(work, &().into_robj())?;
        Ok(list!(
            log_probability = found.log_probabilities,
            correct = found.correct
        ))
    })
}

extendr_module! {
    mod predictive;
    fn rust_predictive;
}
