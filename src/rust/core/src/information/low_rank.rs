//! The covariance of more item parameters than one matrix holds, where the items share a few directions alone.

use crate::base::linalg::{
    add_scaled, beside, cholesky, invert_lower, plus, product, sandwich, solve_upper, symmetric,
    symmetric_eigen,
};
use crate::base::threads::map_each;
use crate::information::affine::Pairs;
use crate::information::item::runs;
use crate::information::matrices::correction;
use crate::information::parts::Parts;
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};

/// Directions whose squared length is below this share of the longest are those of others.
const SMALLEST: f64 = 1e-12;

/// The covariance is that of items with nothing in common and, along the columns of `vectors`, `values` more: `C + Z diag(values) Z'`,
/// where the columns of `Z` are orthonormal in the metric of `C^-1`.
pub(crate) struct LowRank {
    parts: Parts,
    /// The lower Cholesky factors of the information about the items by themselves.
    factors: Vec<Array2<f64>>,
}

/// What is added to the covariance of items with nothing in common: `vectors middle vectors'`.
struct Update {
    vectors: Array2<f64>,
    middle: Array2<f64>,
}

impl Update {
    /// `- a b' - b a'`.
    fn subtracting(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Self {
        let n = a.ncols();
        let mut middle = Array2::zeros((2 * n, 2 * n));
        for k in 0..n {
            middle[[k, n + k]] = -1.0;
            middle[[n + k, k]] = -1.0;
        }
        Self {
            vectors: beside(a, b),
            middle,
        }
    }
}

impl LowRank {
    /// The inverse of the information that is that of each item by itself, but maps some vectors to their images; nothing where that is
    /// not positive definite. By the identity of Woodbury: where the information is `B + U S U'` it is
    /// `B^-1 - B^-1 U (S^-1 + U' B^-1 U)^-1 U' B^-1`.
    pub fn new(blocks: &[Array2<f64>], Pairs { vectors, images }: Pairs) -> Option<Self> {
        let places = runs(blocks.iter().map(|block| block.nrows())).collect::<Vec<_>>();
        let mut missing = images.to_owned();
        for (block, place) in blocks.iter().zip(&places) {
            let own = s![place.clone(), ..];
            add_scaled(
                &mut missing.slice_mut(own),
                -1.0,
                product(block, vectors.slice(own)).view(),
            );
        }
        let factors: Vec<_> = blocks
            .iter()
            .map(|block| cholesky(block.view()))
            .collect::<Option<_>>()?;
        let covariance = |factor: &Array2<f64>| {
            let inverse = invert_lower(factor.view());
            product(inverse.t(), &inverse)
        };
        let alone = Parts {
            places,
            blocks: map_each(&factors, covariance),
            vectors: Array2::zeros((vectors.nrows(), 0)),
            values: Array1::zeros(0),
        };
        // `a b'` is that of `a s` and `b / s` as well: let them be equally long.
        let half = correction(vectors, &missing)?;
        let lengths = |x: ArrayView2<'_, f64>| (&alone.times_blocks(x) * &x).sum_axis(Axis(0));
        let balance = (lengths(half.view()) / lengths(vectors)).mapv(|ratio| ratio.sqrt().sqrt());
        let Update { vectors, middle } =
            Update::subtracting((&vectors * &balance).view(), (&half / &balance).view());
        let moved = alone.times_blocks(vectors.view());
        // S is its own inverse.
        let within = plus(&middle, 1.0, &product(vectors.t(), &moved));
        let middle = invert_symmetric(&within)? * -1.0;
        let found = Self::of(
            alone,
            factors,
            &Update {
                vectors: moved,
                middle,
            },
        );
        found
            .parts
            .values
            .iter()
            .all(|&value| value > -1.0)
            .then_some(found)
    }

    /// The covariance times a number.
    pub fn times_number(mut self, times: f64) -> Self {
        self.parts.blocks.iter_mut().for_each(|block| *block *= times);
        self.parts.vectors *= times.sqrt();
        self.factors.iter_mut().for_each(|factor| *factor /= times.sqrt());
        self
    }

    fn of(alone: Parts, factors: Vec<Array2<f64>>, update: &Update) -> Self {
        let items: Vec<_> = factors.iter().zip(&alone.places).collect();
        let whitened = map_each(&items, |(factor, place)| {
            product(factor.t(), update.vectors.slice(s![(*place).clone(), ..]))
        });
        let mut gram = Array2::zeros(update.middle.dim());
        for own in &whitened {
            add_scaled(&mut gram.view_mut(), 1.0, product(own.t(), own).view());
        }
        // Columns of length one, so that none is lost among longer ones.
        let lengths = gram.diag().mapv(|x| x.sqrt().max(f64::MIN_POSITIVE));
        let lengths = lengths.view().insert_axis(Axis(1)).to_owned();
        let gram = symmetric((gram / &lengths / lengths.t()).view());
        let middle = symmetric((&update.middle * &lengths * lengths.t()).view());
        let (squares, directions) = symmetric_eigen(gram.view());
        let least = SMALLEST * squares.iter().copied().fold(0.0, f64::max);
        let kept: Vec<usize> = (0..squares.len()).filter(|&k| squares[k] > least).collect();
        let roots = Array1::from_iter(kept.iter().map(|&k| squares[k].sqrt()));
        let directions = directions.select(Axis(1), &kept);
        let within = sandwich(&(&directions * &roots).t().to_owned(), &middle);
        let (values, turned) = symmetric_eigen(symmetric(within.view()).view());
        let basis = product(&(&directions / &roots), &turned) / &lengths;
        Self {
            parts: Parts {
                vectors: product(&update.vectors, &basis),
                values,
                ..alone
            },
            factors,
        }
    }

    /// After `a b' + b a'` was subtracted.
    pub fn minus(self, a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Self {
        let Update { vectors, middle } = Update::subtracting(a, b);
        let n = self.parts.values.len();
        let mut both = Array2::zeros((n + middle.nrows(), n + middle.nrows()));
        both.diag_mut().slice_mut(s![..n]).assign(&self.parts.values);
        both.slice_mut(s![n.., n..]).assign(&middle);
        let update = Update {
            vectors: concatenate![Axis(1), self.parts.vectors, vectors],
            middle: both,
        };
        Self::of(self.parts, self.factors, &update)
    }

    /// The items by themselves and what they share.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Draws of the normal distribution with this covariance, made in place of standard normal ones, one a column: with `C = F F'` it is
    /// `F (I + Y diag(values) Y') F'`, where the columns of `Y = F^-1 Z` are orthonormal.
    pub fn draw(&self, mut standard: Array2<f64>) -> Array2<f64> {
        let Parts {
            places,
            vectors,
            values,
            ..
        } = &self.parts;
        let mut along = Array2::zeros((values.len(), standard.ncols()));
        for (factor, place) in self.factors.iter().zip(places) {
            let own = s![place.clone(), ..];
            let whitened = product(factor.t(), vectors.slice(own));
            let of_item = product(whitened.t(), standard.slice(own));
            add_scaled(&mut along.view_mut(), 1.0, of_item.view());
            for mut column in standard.slice_mut(own).columns_mut() {
                let solved = solve_upper(factor.view(), column.view());
                column.assign(&solved);
            }
        }
        let longer = values.mapv(|value| (1.0 + value).max(0.0).sqrt() - 1.0);
        plus(&standard, 1.0, &product(&(vectors * &longer), &along))
    }
}

/// The inverse of a symmetric matrix that need not be positive definite; nothing where there is none.
fn invert_symmetric(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let (values, vectors) = symmetric_eigen(matrix.view());
    let inverse = product(&(&vectors / &values), vectors.t());
    inverse.iter().all(|x| x.is_finite()).then_some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::linalg::invert;
    use crate::information::matrices::{fix_images, subtract_products};

    fn numbers(n_rows: usize, n_columns: usize, times: usize) -> Array2<f64> {
        Array2::from_shape_fn((n_rows, n_columns), |(i, j)| {
            ((i * 37 + j * 61 + i * j * times) % 23) as f64 / 11.0 - 1.0
        })
    }

    /// One matrix says the same, also after a move.
    #[test]
    fn it_is_the_inverse_of_the_matrix() {
        let (n_items, size, n) = (7, 4, 28);
        let blocks: Vec<Array2<f64>> = (0..n_items)
            .map(|item| {
                let root = numbers(size, size + 2, item + 1) * (1.0 + item as f64);
                plus(&product(&root, root.t()), 1.0, &Array2::eye(size))
            })
            .collect();
        let mut matrix = Array2::zeros((n, n));
        for (block, place) in blocks.iter().zip(runs(blocks.iter().map(|block| block.nrows()))) {
            matrix.slice_mut(s![place.clone(), place]).assign(block);
        }
        let vectors = numbers(n, 2, 5);
        let images = product(&matrix, &vectors) * 0.05;
        assert!(fix_images(&mut matrix, vectors.view(), images.view()));
        let pairs = Pairs {
            vectors: vectors.view(),
            images: images.view(),
        };
        let found = LowRank::new(&blocks, pairs).expect("positive definite");
        let mut expected = invert(matrix.view()).expect("positive definite");
        let same = |found: &LowRank, expected: &Array2<f64>| {
            let unit = Array2::eye(n);
            let root = found.draw(unit.clone());
            let within = found.parts.within(3, &[13, 15]);
            let own = expected.select(Axis(0), &[13, 15]).select(Axis(1), &[13, 15]);
            for (x, y) in [
                (found.parts.times(unit.view()), expected.clone()),
                (product(&root, root.t()), expected.clone()),
                (within, own),
            ] {
                let off = plus(&x, -1.0, &y)
                    .iter()
                    .fold(0.0, |most: f64, x| most.max(x.abs()));
                let largest = y.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
                assert!(off < 1e-8 * largest, "off by {off} of {largest}");
            }
        };
        same(&found, &expected);
        let (a, b) = (numbers(n, 1, 3) * 0.01, numbers(n, 1, 8) * 0.02);
        subtract_products(&mut expected, a.view(), b.view());
        let moved = found.minus(a.view(), b.view());
        assert!(invert(expected.view()).is_some());
        same(&moved, &expected);

        let negative = plus(&images, -2.0, &images);
        let pairs = Pairs {
            images: negative.view(),
            ..pairs
        };
        assert!(LowRank::new(&blocks, pairs).is_none());
    }
}
