//! Probabilities of options.

use crate::answer::{Outcome, answer};
use crate::list::{matrix, missing, text};
use crate::vectors::{by_row, rows};
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{
    ItemKind, Link, Monitor, UncertainItem, UncertainTraits, averaged_probabilities, design,
    option_probabilities,
};

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

/// For each item the probabilities of its options, averaged over what is not known of respondents and items: one row per row of `mean`
/// (the traits' posterior means, with Cholesky `factors` of the covariances packed row by row). `items`: a list each, of `parameters` and
/// `covariance` (packed; a row for each option beside the reference), `points` (spread evenly over the standard normal distribution, a row
/// each), `link` and `model`.
#[extendr]
fn rust_averaged_probabilities(items: List, mean: RMatrix<f64>, factors: RMatrix<f64>, threads: i32) -> List {
    answer(|| {
        let items = items.values().map(|item| uncertain_item(&item));
        let items = items.collect::<Outcome<Vec<_>>>()?;
        let traits = UncertainTraits {
            n_dims: mean.ncols(),
            means: by_row(&mean),
            factors: by_row(&factors),
        };
        let work = |monitor: &dyn Monitor| averaged_probabilities(&items, &traits, threads as usize, monitor);
        let shares = worker::run(work, &().into_robj())?.into_iter().zip(&items);
        let shares = shares.map(|(shares, item)| rows(&shares, item.parameters.len() + 1));
        Ok(list!(probabilities = List::from_values(shares)))
    })
}

fn uncertain_item(item: &Robj) -> Outcome<UncertainItem> {
    let item = item.as_list().ok_or_else(|| missing("an item"))?;
    let by_option = |name| -> Outcome<Vec<Vec<f64>>> {
        let value = item.dollar(name).map_err(|_| missing(name))?;
        let matrix = RMatrix::<f64>::try_from(&value).map_err(|_| missing(name))?;
        let n_rows = matrix.nrows();
        Ok((0..n_rows).map(|row| own(matrix.data(), row, n_rows)).collect())
    };
    Ok(UncertainItem {
        link: text(&item, "link")?.parse()?,
        kind: text(&item, "model")?.parse()?,
        parameters: by_option("parameters")?,
        covariances: by_option("covariance")?,
        points: matrix(&item, "points")?,
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
    fn rust_averaged_probabilities;
}
