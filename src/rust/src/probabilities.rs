//! Probabilities of options.

use crate::answer::answer;
use extendr_api::prelude::*;
use vae_irt_core::{Link, design, option_probabilities};

/// The linear predictors of an item's options, the reference first, one row per row of `traits` (`n x n_dims`), from its rows
/// of parameters (`n_options - 1` by the discriminations, then the difficulty).
#[extendr]
fn rust_predictors(parameters: RMatrix<f64>, traits: RMatrix<f64>) -> List {
    answer(|| {
        let mut predictors = RMatrix::new_matrix(traits.nrows(), parameters.nrows() + 1, |_, _| 0.0);
        for option in 0..parameters.nrows() {
            let row: Vec<f64> = (0..parameters.ncols()).map(|k| parameters[[option, k]]).collect();
            for i in 0..traits.nrows() {
                let point: Vec<[f64; 1]> = (0..traits.ncols()).map(|d| [traits[[i, d]]]).collect();
                [predictors[[i, option + 1]]] = design::predict(&row, &point);
            }
        }
        Ok(list!(predictors = predictors))
    })
}

/// The probabilities of an item's options from their linear predictors, the reference first, one row each; NA where a
/// predictor is.
#[extendr]
fn rust_probabilities(predictors: RMatrix<f64>, link: &str) -> List {
    answer(|| {
        let link: Link = link.parse()?;
        let mut shares = RMatrix::new_matrix(predictors.nrows(), predictors.ncols(), |_, _| f64::na());
        let mut own = Vec::new();
        for i in 0..predictors.nrows() {
            let row: Vec<f64> = (1..predictors.ncols()).map(|c| predictors[[i, c]]).collect();
            if row.iter().any(|x| x.is_nan()) {
                continue;
            }
            option_probabilities(link, &row, &mut own);
            own.iter()
                .enumerate()
                .for_each(|(c, &share)| shares[[i, c]] = share);
        }
        Ok(list!(probabilities = shares))
    })
}

extendr_module! {
    mod probabilities;
    fn rust_predictors;
    fn rust_probabilities;
}
