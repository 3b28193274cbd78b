//! Probabilities of responses given others of the same respondents.

use crate::answer::answer;
use crate::settings::{read_scoring, read_threads};
use crate::stored::Stored;
use crate::vectors::by_row;
use crate::worker;
use extendr_api::prelude::*;
use ndarray::Array2;
use vae_irt_core::{Given, ItemUncertainty, LocationScale, Model, Monitor, predictive};

/// How probable responses are by a model, given other responses of the same respondents. `covariances`: those of the rows of item
/// parameters on the normalised scale (a row each, packed), to which `means` and `sds` of the traits lead. `given` may hold a matrix
/// `ideal_points` beside the responses.
#[extendr]
fn rust_predictive(
    model: Raw,
    covariances: RMatrix<f64>,
    means: &[f64],
    sds: &[f64],
    given: List,
    asked: List,
    settings: List,
) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let items = ItemUncertainty {
            covariances: by_row(&covariances),
            location_scale: LocationScale {
                means: means.to_vec(),
                sds: sds.to_vec(),
            },
        };
        let ideal_points = given
            .dollar("ideal_points")
            .ok()
            .and_then(|x| RMatrix::<f64>::try_from(&x).ok());
        let ideal_points =
            ideal_points.map(|x| Array2::from_shape_fn((x.nrows(), x.ncols()), |(i, d)| x[[i, d]]));
        let (given, asked) = (Stored::new(&given)?, Stored::new(&asked)?);
        let (responses, asked) = (given.responses()?, asked.responses()?);
        let given = Given {
            responses: &responses,
            ideal_points,
        };
        let scoring = read_scoring(&settings)?;
        let threads = read_threads(&settings)?;
        let work =
            |monitor: &dyn Monitor| predictive(&model, &items, &given, &asked, &scoring, threads, monitor);
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
