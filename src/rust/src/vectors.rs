//! Vectors and matrices of R.

use extendr_api::prelude::*;

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

/// Rows as R counts them, from 1.
pub fn row_numbers(rows: &[u32]) -> Vec<i32> {
    rows.iter().map(|&row| row as i32 + 1).collect()
}

/// Counts for R.
pub fn counts(numbers: &[u64]) -> Vec<f64> {
    numbers.iter().map(|&n| n as f64).collect()
}
