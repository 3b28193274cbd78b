//! What respondents' responses say about the parameters of the items that they answered, and nothing about all others.

use crate::base::linalg::{add_scaled, double, sandwich};
use crate::base::threads::map;
use crate::information::vectors::VECTORS;
use crate::model::response::lanes::{Lanes, add, add_multiple};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use pulp::NullaryFnOnce;
use std::ops::Range;

/// Parts in which respondents are summed.
const SHARDS: usize = 16;

/// Numbers from which on respondents are looked at side by side.
const ENOUGH_TO_SHARE: usize = 10_000_000;

/// A number for every parameter of the items in each of some columns a respondent; 0 where the respondent did not answer the item.
pub(crate) struct Scores {
    n_parameters: usize,
    /// Columns a respondent.
    n_columns: usize,
    /// The first block of each respondent, and one beyond the last.
    offsets: Vec<usize>,
    blocks: Vec<Block>,
    values: Vec<f32>,
}

/// The parameters of an item that a respondent answered.
struct Block {
    first: usize,
    n_parameters: usize,
    /// The place of the first value; they are ordered by parameter, then by column.
    start: usize,
}

impl Scores {
    /// Those of nobody.
    pub fn new(n_parameters: usize, n_columns: usize) -> Self {
        Self {
            n_parameters,
            n_columns,
            offsets: vec![0],
            blocks: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Appends the values of an item's parameters, the first of which is given, to the last respondent's.
    pub fn push(&mut self, first: usize, values: &[f32]) {
        self.blocks.push(Block {
            first,
            n_parameters: values.len() / self.n_columns.max(1),
            start: self.values.len(),
        });
        self.values.extend_from_slice(values);
    }

    /// Ends the last respondent.
    pub fn close(&mut self) {
        self.offsets.push(self.blocks.len());
    }

    /// Appends those of other respondents.
    pub fn append(&mut self, other: &Scores) {
        let (n_blocks, n_values) = (self.blocks.len(), self.values.len());
        self.blocks.extend(other.blocks.iter().map(|block| Block {
            start: n_values + block.start,
            ..*block
        }));
        self.offsets
            .extend(other.offsets[1..].iter().map(|offset| n_blocks + offset));
        self.values.extend_from_slice(&other.values);
    }

    /// Number of respondents.
    pub fn n_respondents(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Columns a respondent.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Number of values.
    pub fn n_values(&self) -> usize {
        self.values.len()
    }

    fn blocks_of(&self, position: usize) -> &[Block] {
        &self.blocks[self.offsets[position]..self.offsets[position + 1]]
    }

    fn values_of(&self, block: &Block) -> &[f32] {
        &self.values[block.start..][..block.n_parameters * self.n_columns]
    }

    /// The share of the numbers that are not known to be 0.
    pub fn filled(&self) -> f64 {
        let all = self.n_parameters * self.n_respondents() * self.n_columns;
        self.values.len() as f64 / all.max(1) as f64
    }

    /// Adds the rows of the square of these that belong to a run of parameters to the lower triangle of a matrix.
    pub fn add_rows_of_square(&self, run: Range<usize>, rows: &mut ArrayViewMut2<'_, f64>) {
        for position in 0..self.n_respondents() {
            for (own, values) in self.of_respondent(position) {
                let values = (own..)
                    .zip(values.rows())
                    .filter(|(place, _)| run.contains(place));
                for (place, x) in values {
                    for (other, others) in self.of_respondent(position).filter(|(other, _)| *other <= own) {
                        for (place_of_other, y) in (other..).zip(others.rows()) {
                            let product: f32 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                            rows[[place - run.start, place_of_other]] += f64::from(product);
                        }
                    }
                }
            }
        }
    }

    /// Everything times a number.
    pub fn scale(&mut self, times: f32) {
        self.values.iter_mut().for_each(|x| *x *= times);
    }

    /// What a respondent answered, as the first parameter of each item and a matrix with a row for each of its parameters.
    pub fn of_respondent(&self, position: usize) -> impl Iterator<Item = (usize, ArrayView2<'_, f32>)> {
        self.blocks_of(position).iter().filter_map(|block| {
            let shape = (block.n_parameters, self.n_columns);
            let view = ArrayView2::from_shape(shape, self.values_of(block)).ok()?;
            Some((block.first, view))
        })
    }

    /// As a matrix with a column for each parameter and rows respondent by respondent.
    pub fn dense(&self) -> Array2<f32> {
        let mut dense = Array2::zeros((self.n_respondents() * self.n_columns, self.n_parameters));
        let rows = dense.axis_chunks_iter_mut(Axis(0), self.n_columns);
        map(rows.enumerate(), |(position, rows)| {
            let Some(to) = rows.into_slice() else { return };
            for block in self.blocks_of(position) {
                let values = self.values_of(block).chunks_exact(self.n_columns);
                for (parameter, values) in (block.first..).zip(values) {
                    let to = to[parameter..].iter_mut().step_by(self.n_parameters);
                    to.zip(values).for_each(|(to, &x)| *to = x);
                }
            }
        });
        dense
    }

    /// The product with a matrix that has a row for each column.
    pub fn times(&self, right: &Array2<f32>) -> Array2<f64> {
        let width = right.ncols();
        let rows: Vec<&[f32]> = right
            .rows()
            .into_iter()
            .filter_map(|row| row.to_slice())
            .collect();
        let size = self.n_respondents().div_ceil(SHARDS).max(1);
        let starts = (0..self.n_respondents()).step_by(size);
        let parts = map(starts, |start| {
            let mut product = vec![0.0; self.n_parameters * width];
            for position in start..(start + size).min(self.n_respondents()) {
                let rows = &rows[position * self.n_columns..];
                for block in self.blocks_of(position) {
                    let own = self.values_of(block).chunks_exact(self.n_columns);
                    let to = product[block.first * width..].chunks_exact_mut(width.max(1));
                    for (own, to) in own.zip(to) {
                        for (x, row) in own.iter().zip(rows) {
                            to.iter_mut()
                                .zip(*row)
                                .for_each(|(to, y)| *to += f64::from(x * y));
                        }
                    }
                }
            }
            product
        });
        let mut product = Array2::zeros((self.n_parameters, width));
        for part in parts {
            product.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
        product
    }

    /// For each column of a respondent the sum over the parameters of the product with a row of `right`.
    pub fn transposed_times(&self, position: usize, right: ArrayView2<'_, f32>) -> Array2<f32> {
        let blocks = self.blocks_of(position);
        let n_rows = blocks.iter().map(|block| block.n_parameters).sum();
        let mut own = Array2::zeros((n_rows, self.n_columns));
        let mut others = Array2::zeros((n_rows, right.ncols()));
        let mut next = 0;
        for (first, block) in self.of_respondent(position) {
            let rows = next..next + block.nrows();
            next = rows.end;
            own.slice_mut(s![rows.clone(), ..]).assign(&block);
            let of_item = right.slice(s![first..first + block.nrows(), ..]);
            others.slice_mut(s![rows, ..]).assign(&of_item);
        }
        own.t().dot(&others)
    }

    /// For a respondent the sum over the items of `J C J'`, where `J` has the columns for rows and `C` is the matrix of the item whose first
    /// parameter is given, if it has one.
    pub fn by_item<'c>(
        &self,
        position: usize,
        of_item: &dyn Fn(usize) -> Option<&'c Array2<f64>>,
    ) -> Array2<f64> {
        let mut sum = Array2::zeros((self.n_columns, self.n_columns));
        for (first, own) in self.of_respondent(position) {
            if let Some(matrix) = of_item(first) {
                add_scaled(
                    &mut sum.view_mut(),
                    1.0,
                    sandwich(&double(own.t()), matrix).view(),
                );
            }
        }
        sum
    }

    /// Subtracts the product of these, their transpose and some vectors.
    pub fn subtract_square(&self, vectors: &[Lanes<VECTORS>], from: &mut [Lanes<VECTORS>]) {
        let everybody = 0..self.n_respondents();
        if self.values.len() < ENOUGH_TO_SHARE {
            self.subtract_some(everybody, vectors, from);
            return;
        }
        let size = everybody.len().div_ceil(SHARDS).max(1);
        let parts = map(everybody.step_by(size), |start| {
            let mut part = vec![[0.0; VECTORS]; from.len()];
            self.subtract_some(
                start..(start + size).min(self.n_respondents()),
                vectors,
                &mut part,
            );
            part
        });
        for part in &parts {
            from.iter_mut().zip(part).for_each(|(to, x)| add(x, to));
        }
    }

    #[inline(never)]
    fn subtract_some(
        &self,
        positions: Range<usize>,
        vectors: &[Lanes<VECTORS>],
        from: &mut [Lanes<VECTORS>],
    ) {
        pulp::Arch::new().dispatch(Subtraction {
            scores: self,
            positions,
            vectors,
            from,
        });
    }
}

/// The code is compiled for the processors that pulp tells apart.
struct Subtraction<'a> {
    scores: &'a Scores,
    positions: Range<usize>,
    vectors: &'a [Lanes<VECTORS>],
    from: &'a mut [Lanes<VECTORS>],
}

impl NullaryFnOnce for Subtraction<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            scores,
            positions,
            vectors,
            from,
        } = self;
        let mut sums = vec![[0.0f32; VECTORS]; scores.n_columns];
        for position in positions {
            let blocks = scores.blocks_of(position);
            sums.fill([0.0; VECTORS]);
            for block in blocks {
                let rows = scores.values_of(block).chunks_exact(scores.n_columns);
                for (row, vector) in rows.zip(&vectors[block.first..]) {
                    for (sum, &x) in sums.iter_mut().zip(row) {
                        *sum = add_multiple(x, vector, sum);
                    }
                }
            }
            for block in blocks {
                let rows = scores.values_of(block).chunks_exact(scores.n_columns);
                for (row, to) in rows.zip(&mut from[block.first..]) {
                    *to = sums
                        .iter()
                        .zip(row)
                        .fold(*to, |to, (sum, &x)| add_multiple(-x, sum, &to));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn all_products_are_those_of_the_matrix() {
        let mut scores = Scores::new(5, 2);
        scores.push(0, &[1.0, 2.0, 3.0, 4.0]);
        scores.push(4, &[5.0, 6.0]);
        scores.close();
        let mut others = Scores::new(5, 2);
        others.close();
        others.push(2, &[-1.0, 0.5, 2.0, 0.0]);
        others.close();
        scores.append(&others);
        let dense = scores.dense().reversed_axes();
        assert_eq!(dense.dim(), (5, 6));
        assert!((scores.filled() - 10.0 / 30.0).abs() < 1e-9);
        assert_eq!(dense.row(1).to_vec(), [3.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(dense.row(2).to_vec(), [0.0, 0.0, 0.0, 0.0, -1.0, 0.5]);
        let mut square = Array2::zeros((5, 5));
        for (first, mut rows) in [0, 2, 4].into_iter().zip(square.axis_chunks_iter_mut(Axis(0), 2)) {
            scores.add_rows_of_square(first..first + rows.nrows(), &mut rows);
        }
        for (i, j) in (0..5).flat_map(|i| (0..=i).map(move |j| (i, j))) {
            assert_eq!(square[[i, j]], f64::from(dense.row(i).dot(&dense.row(j))));
        }
        let right = Array2::from_shape_fn((6, 2), |(i, j)| (i + 3 * j) as f32);
        assert_eq!(scores.times(&right).mapv(|x| x as f32), dense.dot(&right));
        let right = array![[1.0f32], [2.0], [-1.0], [0.5], [3.0]];
        assert_eq!(
            scores.transposed_times(0, right.view()),
            dense.slice(s![.., 0..2]).t().dot(&right)
        );
        let vectors: Vec<Lanes<VECTORS>> = right.iter().map(|&x| [x; VECTORS]).collect();
        let mut from = vec![[0.0; VECTORS]; 5];
        scores.subtract_square(&vectors, &mut from);
        let expected = dense.dot(&dense.t().dot(&right));
        assert!(from.iter().zip(&expected).all(|(x, y)| x[3] == -y));
    }
}
