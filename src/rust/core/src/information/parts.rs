//! A covariance of item parameters in parts: items by themselves, and a few directions that they share.

use crate::base::linalg::{double, plus, product, single};
use crate::base::threads::map;
use crate::information::scores::Scores;
use crate::model::table_design::Design;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use std::ops::Range;

/// `C + Z diag(values) Z'`, where `C` are the covariances of the items by themselves and the columns of `Z` are `vectors`.
#[derive(Clone)]
pub(crate) struct Parts {
    pub places: Vec<Range<usize>>,
    pub blocks: Vec<Array2<f64>>,
    pub vectors: Array2<f64>,
    pub values: Array1<f64>,
}

impl Parts {
    /// The product of `C` with a matrix.
    pub fn times_blocks(&self, right: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut result = Array2::zeros(right.dim());
        for (place, block) in self.places.iter().zip(&self.blocks) {
            let own = s![place.clone(), ..];
            result.slice_mut(own).assign(&product(block, right.slice(own)));
        }
        result
    }

    /// The product with a matrix.
    pub fn times(&self, right: ArrayView2<'_, f64>) -> Array2<f64> {
        let along = product(self.vectors.t(), right);
        let shared = product(&(&self.vectors * &self.values), &along);
        plus(&self.times_blocks(right), 1.0, &shared)
    }

    /// The covariance of some parameters of an item.
    pub fn within(&self, item: usize, parameters: &[usize]) -> Array2<f64> {
        let first = self.places[item].start;
        let vectors = self.vectors.select(Axis(0), parameters);
        let shared = product(&(&vectors * &self.values), vectors.t());
        Array2::from_shape_fn(shared.dim(), |(i, j)| {
            shared[[i, j]] + self.blocks[item][[parameters[i] - first, parameters[j] - first]]
        })
    }

    /// For each of some respondents `J C J'`, where `J` are the derivatives of their means.
    pub fn of_means(&self, slopes: &Scores, design: &Design) -> Vec<Array2<f64>> {
        let vectors = single(self.vectors.view());
        let of_item = |first| Some(&self.blocks[design.item_of(first)]);
        map(0..slopes.n_respondents(), |position| {
            let moved = double(slopes.transposed_times(position, vectors.view()).view());
            let shared = product(&(&moved * &self.values), moved.t());
            plus(&shared, 1.0, &slopes.by_item(position, &of_item))
        })
    }
}
