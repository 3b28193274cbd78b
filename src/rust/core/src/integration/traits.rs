//! The traits of the respondents as parameters.

use crate::base::linalg::lower_pairs;
use crate::model::tangents::planes;
use crate::responses::weight_type::WeightType;
use ndarray::{Array1, Array2, s};

/// The traits of some respondents, and what each of them weighs.
#[derive(Clone)]
pub(crate) struct Traits {
    /// `n_respondents x n_dims`.
    pub points: Array2<f64>,
    /// How many people gave each one's responses.
    pub weights: Vec<f64>,
    /// The shares of the population for which they stand.
    pub shares: Vec<f64>,
    /// As many respondents with equal shares tell as much about a mean.
    pub n_effective: f64,
}

impl Traits {
    /// Frequencies say how many people gave the responses. Of sampling weights the likelihood of the items knows nothing: given the
    /// traits it does not matter who was sampled, and a few heavy respondents would outvote all others; the population is what they
    /// tell of.
    pub fn new(points: Array2<f64>, weights: &[f64], weight_type: WeightType) -> Self {
        let total: f64 = weights.iter().sum();
        let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let (weights, n_effective) = match weight_type {
            WeightType::Frequency => (weights.to_vec(), total),
            WeightType::Sampling => {
                let squares: f64 = shares.iter().map(|share| share * share).sum();
                (vec![1.0; weights.len()], squares.recip())
            }
        };
        Self {
            points,
            weights,
            shares,
            n_effective,
        }
    }

    pub fn n_respondents(&self) -> usize {
        self.points.nrows()
    }

    pub fn n_dims(&self) -> usize {
        self.points.ncols()
    }

    /// How all traits, respondent by respondent, move with their location (a column for each dimension) and scale (one for each
    /// pair of dimensions, by `I + e E`), as items do in [`affine_tangents`](crate::model::tangents::affine_tangents).
    pub fn affine_tangents(&self) -> Array2<f64> {
        let (n, n_dims) = self.points.dim();
        let pairs: Vec<(usize, usize)> = lower_pairs(n_dims).collect();
        let mut tangents = Array2::zeros((n * n_dims, n_dims + pairs.len()));
        for (i, point) in self.points.rows().into_iter().enumerate() {
            let first = i * n_dims;
            (0..n_dims).for_each(|d| tangents[[first + d, d]] = 1.0);
            for (pair, &(a, b)) in pairs.iter().enumerate() {
                tangents[[first + a, n_dims + pair]] = point[b];
                tangents[[first + b, n_dims + pair]] = point[a];
            }
        }
        tangents
    }

    /// How they move with rotations, as items do in [`rotation_tangents`](crate::model::tangents::rotation_tangents).
    pub fn rotation_tangents(&self) -> Array2<f64> {
        let (n, n_dims) = self.points.dim();
        let planes = planes(n_dims);
        let mut tangents = Array2::zeros((n * n_dims, planes.len()));
        for (i, point) in self.points.rows().into_iter().enumerate() {
            let first = i * n_dims;
            for (plane, &(a, b)) in planes.iter().enumerate() {
                tangents[[first + a, plane]] = point[b];
                tangents[[first + b, plane]] = -point[a];
            }
        }
        tangents
    }

    /// The variances of these tangents' coefficients, location and scale, in a sample of a standard normal population.
    pub fn variances_of_affine(&self) -> Array1<f64> {
        let n = self.n_effective;
        let of_scale = lower_pairs(self.n_dims()).map(|(a, b)| if a == b { 0.5 / n } else { 0.25 / n });
        std::iter::repeat_n(1.0 / n, self.n_dims())
            .chain(of_scale)
            .collect()
    }

    /// The rows of a matrix (with one for each trait) that are a respondent's.
    pub fn own<'m>(&self, matrix: &'m Array2<f64>, respondent: usize) -> ndarray::ArrayView2<'m, f64> {
        let n_dims = self.n_dims();
        matrix.slice(s![respondent * n_dims..(respondent + 1) * n_dims, ..])
    }
}
