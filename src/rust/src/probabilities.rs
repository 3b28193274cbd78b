//! Probabilities of options.

use crate::answer::answer;
use extendr_api::prelude::*;
use vae_irt_core::{Link, design, option_probabilities};

/// The linear predictors of an item's options, the reference first, one row per row of `traits` (`n x n_dims`), from its rows
/// of parameters (`n_options - 1` by the discriminations, then the difficulty).
#[extendr]
fn rust_predictors(parameters: RMatrix<f64>, traits: RMatrix<f64>) -> List {
    answer(|| {
        let (n, n_dims, n_rows) = (traits.nrows(), traits.ncols(), parameters.nrows());
        let (parameters, traits) = (parameters.data(), traits.data());
        let mut predictors = vec![0.0; n * (n_rows + 1)];
        for (option, predictors) in predictors.chunks_mut(n.max(1)).skip(1).enumerate() {
            let row: Vec<f64> = parameters[option..].iter().step_by(n_rows).copied().collect();
            let mut point = vec![[0.0]; n_dims];
            for (i, predictor) in predictors.iter_mut().enumerate() {
                for (d, coordinate) in point.iter_mut().enumerate() {
                    *coordinate = [traits[d * n + i]];
                }
                [*predictor] = design::predict(&row, &point);
            }
        }
        Ok(list!(predictors = matrix(&predictors, n, n_rows + 1)))
    })
}

/// The probabilities of an item's options from their linear predictors, the reference first, one row each; NA where a
/// predictor is.
#[extendr]
fn rust_probabilities(predictors: RMatrix<f64>, link: &str) -> List {
    answer(|| {
        let link: Link = link.parse()?;
        let (n, n_options) = (predictors.nrows(), predictors.ncols());
        let predictors = predictors.data();
        let mut shares = vec![f64::na(); predictors.len()];
        let (mut row, mut own) = (Vec::new(), Vec::new());
        for i in 0..n {
            row.clear();
            row.extend((1..n_options).map(|c| predictors[c * n + i]));
            if row.iter().any(|x| x.is_nan()) {
                continue;
            }
            option_probabilities(link, &row, &mut own);
            for (c, &share) in own.iter().enumerate() {
                shares[c * n + i] = share;
            }
        }
        Ok(list!(probabilities = matrix(&shares, n, n_options)))
    })
}

/// A matrix of R from values stored column by column.
fn matrix(values: &[f64], n_rows: usize, n_columns: usize) -> RMatrix<f64> {
    RMatrix::new_matrix(n_rows, n_columns, |i, j| values[j * n_rows + i])
}

extendr_module! {
    mod probabilities;
    fn rust_predictors;
    fn rust_probabilities;
}
