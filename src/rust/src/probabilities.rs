//! Probabilities of options.

use crate::answer::answer;
use crate::vectors::rows;
use extendr_api::prelude::*;
use vae_irt_core::{ItemKind, Link, design, option_probabilities};

/// The linear predictors of an item's options, the reference first, one row per row of `traits` (`n x n_dims`), from its rows
/// of parameters (`n_options - 1` by the discriminations, then the difficulty).
#[extendr]
fn rust_predictors(parameters: RMatrix<f64>, traits: RMatrix<f64>) -> List {
    answer(|| {
        let (n, n_rows) = (traits.nrows(), parameters.nrows());
        let parameters: Vec<Vec<f64>> = (0..n_rows)
            .map(|row| own(parameters.data(), row, n_rows))
            .collect();
        let mut predictors = Vec::with_capacity(n * (n_rows + 1));
        for i in 0..n {
            let point = own(traits.data(), i, n);
            let (point, _) = point.as_chunks::<1>();
            predictors.push(0.0);
            predictors.extend(parameters.iter().map(|row| design::predict(row, point)[0]));
        }
        Ok(list!(predictors = rows(&predictors, n_rows + 1)))
    })
}

/// The probabilities of the options of an item of a kind from their linear predictors, the reference first, one row each; NA where
/// a predictor is.
#[extendr]
fn rust_probabilities(predictors: RMatrix<f64>, link: &str, model: &str) -> List {
    answer(|| {
        let (link, kind): (Link, ItemKind) = (link.parse()?, model.parse()?);
        let (n, n_options) = (predictors.nrows(), predictors.ncols());
        let mut shares = Vec::with_capacity(n * n_options);
        let mut probabilities = Vec::new();
        for i in 0..n {
            let row = own(predictors.data(), i, n);
            if row.iter().any(|x| x.is_nan()) {
                shares.resize(shares.len() + n_options, f64::na());
            } else {
                option_probabilities(link, kind, &row[1..], &mut probabilities);
                shares.extend_from_slice(&probabilities);
            }
        }
        Ok(list!(probabilities = rows(&shares, n_options)))
    })
}

/// One row of a matrix of R, from its values column by column.
fn own(values: &[f64], row: usize, n_rows: usize) -> Vec<f64> {
    values[row..].iter().step_by(n_rows).copied().collect()
}

extendr_module! {
    mod probabilities;
    fn rust_predictors;
    fn rust_probabilities;
}
