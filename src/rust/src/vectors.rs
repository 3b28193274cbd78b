//! Vectors and matrices of R.

use extendr_api::prelude::*;
use ndarray::Array2;
use vae_irt_core::Responses;

/// The values of a matrix of R, row by row.
pub fn by_row(matrix: &RMatrix<f64>) -> Vec<f64> {
    let cells = (0..matrix.nrows()).flat_map(|i| (0..matrix.ncols()).map(move |j| (i, j)));
    cells.map(|(i, j)| matrix[[i, j]]).collect()
}

/// A matrix of R from values stored row by row.
pub fn rows(values: &[f64], width: usize) -> RMatrix<f64> {
    let n_rows = values.len().checked_div(width).unwrap_or(0);
    RMatrix::new_matrix(n_rows, width, |i, j| values[i * width + j])
}

/// The rows of those who gave a response.
pub fn ideal_points(means: &RMatrix<f64>, responses: &Responses) -> Array2<f64> {
    let respondents = responses.respondents_with_responses();
    Array2::from_shape_fn((respondents.len(), means.ncols()), |(i, d)| {
        means[[respondents[i] as usize, d]]
    })
}

/// Rows as R counts them, from 1.
pub fn row_numbers(rows: &[u32]) -> Vec<i32> {
    rows.iter().map(|&row| row as i32 + 1).collect()
}

/// Counts for R.
pub fn counts(numbers: &[u64]) -> Vec<f64> {
    numbers.iter().map(|&n| n as f64).collect()
}
