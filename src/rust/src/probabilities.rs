//! Probabilities of options.

use crate::answer::answer;
use crate::list::text;
use crate::vectors::{by_row, rows};
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{
    ItemKind, Link, Monitor, UncertainItem, UncertainPredictors, design, option_probabilities,
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

/// The probabilities of the options of an item, averaged over what is not known of respondents and item: one row per row of
/// `predictors` (of the options beside the reference, at the means), with the standard deviations `sds` that the item's parameters add
/// to them and Cholesky `factors` of the traits (packed row by row). `discriminations`: an option each; `points`: spread evenly over
/// the standard normal distribution, a row each.
#[extendr]
fn rust_averaged_probabilities(
    predictors: RMatrix<f64>,
    sds: RMatrix<f64>,
    factors: RMatrix<f64>,
    discriminations: RMatrix<f64>,
    points: RMatrix<f64>,
    form: List,
    threads: i32,
) -> List {
    answer(|| {
        let n_rows = discriminations.nrows();
        let item = UncertainItem {
            link: text(&form, "link")?.parse()?,
            kind: text(&form, "model")?.parse()?,
            discriminations: (0..n_rows)
                .map(|row| own(discriminations.data(), row, n_rows))
                .collect(),
            points: by_row(&points),
        };
        let of = UncertainPredictors {
            means: by_row(&predictors),
            sds: by_row(&sds),
            factors: by_row(&factors),
        };
        let work = |monitor: &dyn Monitor| item.probabilities(&of, threads as usize, monitor);
        let shares = worker::run(work, &().into_robj())?;
        Ok(list!(probabilities = rows(&shares, n_rows + 1)))
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
