//! Some vectors side by side, with a number for each item parameter in each.

use crate::base::random::{Purpose, Stream};
use crate::model::response::lanes::{Lanes, add_multiple};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};
use std::ops::Range;

/// Vectors that are worked on side by side.
pub(crate) const VECTORS: usize = 8;

/// A number for each of the vectors.
pub(crate) type OfEach<T> = [T; VECTORS];

/// From the matrix of an item, row by row, and its part of some vectors to what it makes of them.
type OfItem = fn(&[f32], &[Lanes<VECTORS>], &mut [Lanes<VECTORS>]);

/// Some vectors, parameter by parameter.
#[derive(Clone)]
pub(crate) struct Vectors(Vec<Lanes<VECTORS>>);

impl Vectors {
    pub fn zeros(n: usize) -> Self {
        Self(vec![[0.0; VECTORS]; n])
    }

    /// Independent standard normal numbers.
    pub fn normal(n: usize, seed: u64, number: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Items, number, 0);
        Self(
            (0..n)
                .map(|_| [0.0f32; VECTORS].map(|_| stream.normal() as f32))
                .collect(),
        )
    }

    /// The columns of a matrix, and zeros.
    pub fn of_columns(columns: &ArrayView2<'_, f64>) -> Self {
        let mut vectors = Self::zeros(columns.nrows());
        for (to, row) in vectors.0.iter_mut().zip(columns.rows()) {
            to.iter_mut().zip(row).for_each(|(to, &x)| *to = x as f32);
        }
        vectors
    }

    /// Writes the first of them to the columns of a matrix.
    pub fn write(&self, columns: &mut ArrayViewMut2<'_, f64>) {
        for (mut row, values) in columns.rows_mut().into_iter().zip(&self.0) {
            row.iter_mut().zip(values).for_each(|(to, &x)| *to = f64::from(x));
        }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Parameter by parameter.
    pub fn numbers(&self) -> &[Lanes<VECTORS>] {
        &self.0
    }

    pub fn numbers_mut(&mut self) -> &mut [Lanes<VECTORS>] {
        &mut self.0
    }

    /// The inner products with others.
    #[inline(never)]
    pub fn products(&self, others: &Vectors) -> OfEach<f64> {
        let mut sums = [0.0; VECTORS];
        for (x, y) in self.0.iter().zip(&others.0) {
            for k in 0..VECTORS {
                sums[k] += f64::from(x[k]) * f64::from(y[k]);
            }
        }
        sums
    }

    /// The inner products with one vector.
    #[inline(never)]
    pub fn along(&self, vector: ArrayView1<'_, f64>) -> OfEach<f64> {
        let mut sums = [0.0; VECTORS];
        for (v, x) in vector.iter().zip(&self.0) {
            for k in 0..VECTORS {
                sums[k] += v * f64::from(x[k]);
            }
        }
        sums
    }

    /// Adds multiples of one vector.
    #[inline(never)]
    pub fn add_along(&mut self, times: &OfEach<f64>, vector: ArrayView1<'_, f64>) {
        for (v, to) in vector.iter().zip(&mut self.0) {
            for k in 0..VECTORS {
                to[k] += (v * times[k]) as f32;
            }
        }
    }

    /// Adds multiples of others.
    #[inline(never)]
    pub fn add(&mut self, times: OfEach<f64>, others: &Vectors) {
        let times = times.map(|x| x as f32);
        for (to, x) in self.0.iter_mut().zip(&others.0) {
            for k in 0..VECTORS {
                to[k] += times[k] * x[k];
            }
        }
    }

    /// Multiplies them.
    #[inline(never)]
    pub fn scale(&mut self, times: OfEach<f64>) {
        let times = times.map(|x| x as f32);
        for to in &mut self.0 {
            for k in 0..VECTORS {
                to[k] *= times[k];
            }
        }
    }

    /// For each item what `work` makes of its matrix, its part of the vectors and a place for the result.
    #[inline(never)]
    pub fn by_items(&self, matrices: &[Array2<f32>], places: &[Range<usize>], work: OfItem) -> Self {
        let mut to = Self::zeros(self.len());
        for (matrix, own) in matrices.iter().zip(places) {
            if let Some(matrix) = matrix.as_slice() {
                work(matrix, &self.0[own.clone()], &mut to.0[own.clone()]);
            }
        }
        to
    }
}

/// The product with a matrix, row by row.
pub(crate) fn multiply(matrix: &[f32], x: &[Lanes<VECTORS>], to: &mut [Lanes<VECTORS>]) {
    for (row, to) in matrix.chunks_exact(x.len()).zip(to) {
        *to = row.iter().zip(x).fold(*to, |to, (&a, x)| add_multiple(a, x, &to));
    }
}

/// The product with the inverse of a lower triangular matrix.
pub(crate) fn solve_lower(factor: &[f32], x: &[Lanes<VECTORS>], to: &mut [Lanes<VECTORS>]) {
    let n = x.len();
    for i in 0..n {
        let row = &factor[i * n..(i + 1) * n];
        let rest = to[..i]
            .iter()
            .zip(row)
            .fold(x[i], |rest, (before, a)| add_multiple(-a, before, &rest));
        to[i] = rest.map(|x| x / row[i]);
    }
}

/// The product with the inverse of the transpose of a lower triangular matrix.
pub(crate) fn solve_upper(factor: &[f32], x: &[Lanes<VECTORS>], to: &mut [Lanes<VECTORS>]) {
    let n = x.len();
    for i in (0..n).rev() {
        let rest = (i + 1..n).fold(x[i], |rest, j| add_multiple(-factor[j * n + i], &to[j], &rest));
        to[i] = rest.map(|x| x / factor[i * n + i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn vectors_are_multiplied_and_solved_for_item_by_item() {
        let columns = Array2::from_shape_fn((5, 3), |(i, j)| (i as f64 - 2.0) * (j as f64 + 1.0));
        let vectors = Vectors::of_columns(&columns.view());
        let factors = [
            array![[2.0f32, 0.0], [1.0, 4.0]],
            array![[1.0f32, 0.0, 0.0], [2.0, 2.0, 0.0], [0.5, 1.0, 4.0]],
        ];
        let places = [0..2, 2..5];
        let lower = vectors.by_items(&factors, &places, solve_lower);
        let back = lower.by_items(&factors, &places, multiply);
        assert_eq!(back.numbers(), vectors.numbers());
        let turned: Vec<Array2<f32>> = factors
            .iter()
            .map(|x| x.t().as_standard_layout().to_owned())
            .collect();
        let upper = vectors.by_items(&factors, &places, solve_upper);
        let back = upper.by_items(&turned, &places, multiply);
        let mut found = Array2::zeros((5, 3));
        back.write(&mut found.view_mut());
        assert_eq!(found, columns);
        let mut sum = vectors.clone();
        sum.add([2.0; VECTORS], &vectors);
        sum.scale([0.5; VECTORS]);
        assert_eq!(sum.products(&vectors)[1], 1.5 * vectors.products(&vectors)[1]);
        sum.add_along(&vectors.along(columns.column(0)), columns.column(1));
        assert_eq!(sum.numbers()[0][0], 1.5 * -2.0 + 10.0 * -4.0);
    }
}
