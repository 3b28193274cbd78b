//! Nodes at which expectations over a respondent's posterior are evaluated.

use crate::base::linalg::{cholesky, lower_pairs, unpack};
use crate::kernels::points::WeightedPoints;
use crate::kernels::terms::SIDE_BY_SIDE;
use crate::model::design;
use crate::posterior::moments::Summary;
use ndarray::{Array2, ArrayView1};

/// The nodes of a respondent, number by number for all nodes.
pub(crate) struct Nodes {
    /// The coordinates, then -1: what the item parameters are multiplied by.
    pub design: Vec<f32>,
    /// The products of two of these, the first not before the second.
    pub pairs: Vec<f32>,
    pub weights: Vec<f32>,
    /// Orthonormal polynomials of degree 1, then of degree 2, with mean 0, times the weights: for each its values at all nodes. Those
    /// of degree 1 are `L^-1 (a - m)` with the mean `m` and the `factor` `L`.
    pub polynomials: Vec<Vec<f32>>,
    /// The lower Cholesky factor of the covariance.
    pub factor: Array2<f64>,
}

impl Nodes {
    /// From the coordinates, dimension by dimension for all nodes.
    pub fn new(
        coordinates: Vec<f32>,
        weights: Vec<f32>,
        polynomials: Vec<Vec<f32>>,
        factor: Array2<f64>,
    ) -> Self {
        let n_nodes = weights.len();
        let design = design::columns(coordinates, n_nodes);
        let column = |i: usize| &design[i * n_nodes..(i + 1) * n_nodes];
        let pairs = (0..design.len() / n_nodes)
            .flat_map(|i| (0..=i).map(move |j| (i, j)))
            .flat_map(|(i, j)| column(i).iter().zip(column(j)).map(|(x, y)| x * y))
            .collect();
        Self {
            design,
            pairs,
            weights,
            polynomials,
            factor,
        }
    }

    /// The coordinates less their means, times the weights.
    pub fn centred(&self) -> Vec<Vec<f32>> {
        let rows = self.factor.rows().into_iter();
        let combine = |row: ArrayView1<'_, f64>| {
            let mut sum = vec![0.0; self.weights.len()];
            for (polynomial, &times) in self.polynomials.iter().zip(row) {
                sum.iter_mut()
                    .zip(polynomial)
                    .for_each(|(to, x)| *to += times as f32 * x);
            }
            sum
        };
        rows.map(combine).collect()
    }

    /// Those of a posterior that is given by weighted points with a summary.
    pub fn of_points(points: &WeightedPoints, summary: &Summary) -> Self {
        let WeightedPoints { points, weights } = points;
        let n_dims = points.len();
        let covariance = unpack(summary.covariance(), n_dims);
        let factor = cholesky(covariance.view()).unwrap_or_else(|| Array2::zeros((n_dims, n_dims)));
        let centred = |d: usize| {
            points[d]
                .iter()
                .map(|&x| f64::from(x) - summary.mean()[d])
                .collect()
        };
        let centred: Vec<Vec<f64>> = (0..n_dims).map(centred).collect();
        let quadratic = lower_pairs(n_dims).map(|(i, j)| products(&centred[i], &centred[j]));
        let monomials: Vec<Vec<f64>> = centred.iter().cloned().chain(quadratic).collect();
        let polynomials = orthonormal(monomials, weights);
        // Nodes without weight make whole vectors of them.
        let n_nodes = weights.len().next_multiple_of(SIDE_BY_SIDE);
        let padded = |values: &mut dyn Iterator<Item = f32>| {
            let mut values: Vec<f32> = values.collect();
            values.resize(n_nodes, 0.0);
            values
        };
        let weighted = |polynomial: &Vec<f64>| {
            let values = products(polynomial, weights);
            padded(&mut values.into_iter().map(|x| x as f32))
        };
        Self::new(
            points
                .iter()
                .flat_map(|coordinate| padded(&mut coordinate.iter().copied()))
                .collect(),
            padded(&mut weights.iter().map(|&w| w as f32)),
            polynomials.iter().map(weighted).collect(),
            factor,
        )
    }
}

fn products(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x * y).collect()
}

/// Functions orthonormal to one another and to the constant under the weights, by Gram and Schmidt's method; 0 where one depends on
/// those before it.
fn orthonormal(mut functions: Vec<Vec<f64>>, weights: &[f64]) -> Vec<Vec<f64>> {
    let inner =
        |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).zip(weights).map(|((x, y), w)| x * y * w).sum() };
    for k in 0..functions.len() {
        let (before, own) = functions.split_at_mut(k);
        let own = &mut own[0];
        let size = inner(own, own);
        let mean: f64 = own.iter().zip(weights).map(|(x, w)| x * w).sum();
        own.iter_mut().for_each(|x| *x -= mean);
        for other in before {
            let overlap = inner(own, other);
            own.iter_mut().zip(other).for_each(|(x, y)| *x -= overlap * *y);
        }
        let left = inner(own, own);
        let scale = if left > 1e-9 * size {
            left.sqrt().recip()
        } else {
            0.0
        };
        own.iter_mut().for_each(|x| *x *= scale);
    }
    functions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_orthonormal_under_any_weights() {
        let points = vec![
            vec![0.0f32, 1.0, 4.0, 2.0, -1.0, 0.5, 0.1],
            vec![1.0f32, -1.0, 0.5, 0.2, 0.9, 3.0, -2.0],
        ];
        let weights = vec![0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1];
        let points = WeightedPoints { points, weights };
        let nodes = Nodes::of_points(&points, &Summary::new(&points, f64::NAN, 0.0));
        let values = |k: usize| {
            nodes.polynomials[k]
                .iter()
                .zip(&nodes.weights)
                .filter(|(_, w)| **w > 0.0)
        };
        for i in 0..5 {
            assert!(nodes.polynomials[i].iter().sum::<f32>().abs() < 1e-5);
            for j in 0..5 {
                let product: f32 = values(i).zip(values(j)).map(|((x, w), (y, _))| x * y / w).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-4, "{i}, {j}: {product}");
            }
        }
        // The first is the first coordinate.
        let sd = nodes.factor[[0, 0]] as f32;
        let slope =
            (nodes.polynomials[0][1] / nodes.weights[1] - nodes.polynomials[0][0] / nodes.weights[0]) * sd;
        assert!((slope - 1.0).abs() < 1e-5);
    }
}
