//! Averages over the normal distributions that have the posterior moments of respondents.

use crate::base::linalg::{cholesky, symmetric_eigen, unpack};
use crate::kernels::terms::SIDE_BY_SIDE;
use crate::posterior::moments::Moments;
use crate::posterior::nodes::Nodes;
use ndarray::Array2;

/// Nodes along an axis in one dimension and in two; in all as many as vectors hold.
const NODES: [usize; 2] = [8, 4];

/// A cubature rule for the standard normal distribution. In one and two dimensions it is the (product) Gauss-Hermite
/// rule. Beyond, it is exact for polynomials of degree 5: the centre, two points on every axis and four in every
/// plane of two axes, all coordinates 0 or +-sqrt(3) (McNamee and Stenger 1967,
/// <https://doi.org/10.1007/BF02162424>).
pub(crate) struct Cubature {
    n_dims: usize,
    /// `n_nodes x n_dims`.
    points: Vec<f64>,
    pub weights: Vec<f32>,
    /// The Hermite polynomials of degree 1, then those of degree 2, normalised to mean 0 and variance 1, times the
    /// weights: for each its values at all nodes.
    pub polynomials: Vec<Vec<f32>>,
}

impl Cubature {
    pub fn new(n_dims: usize) -> Self {
        let (mut points, mut weights) = if n_dims <= NODES.len() {
            product(n_dims)
        } else {
            degree_five(n_dims)
        };
        // Nodes without weight make whole vectors of them.
        weights.resize(weights.len().next_multiple_of(SIDE_BY_SIDE), 0.0);
        points.resize(weights.len() * n_dims, 0.0);
        let value = |node: usize, d: usize| points[node * n_dims + d];
        let linear = (0..n_dims).map(|d| (0..weights.len()).map(|k| weights[k] * value(k, d)).collect());
        let squares = (0..n_dims)
            .flat_map(|i| (0..=i).map(move |j| (i, j)))
            .map(|(i, j)| {
                let at = |k: usize| {
                    let (x, y) = (value(k, i), value(k, j));
                    if i == j {
                        (x * x - 1.0) / 2f64.sqrt()
                    } else {
                        x * y
                    }
                };
                (0..weights.len()).map(|k| weights[k] * at(k)).collect()
            });
        let polynomials: Vec<Vec<f64>> = linear.chain(squares).collect();
        let single = |values: Vec<f64>| values.into_iter().map(|x| x as f32).collect();
        Self {
            n_dims,
            polynomials: polynomials.into_iter().map(single).collect(),
            weights: single(weights.clone()),
            points,
        }
    }

    /// The nodes for the normal distribution with the moments of a respondent.
    pub fn nodes(&self, moments: &Moments, position: usize) -> Nodes {
        let n_dims = self.n_dims;
        let mean = moments.mean(position);
        let covariance = unpack(moments.covariance(position), n_dims);
        let factor = cholesky(covariance.view()).unwrap_or_else(|| Array2::zeros((n_dims, n_dims)));
        let mut coordinates = Vec::with_capacity(n_dims * self.weights.len());
        for i in 0..n_dims {
            coordinates.extend(self.points.chunks(n_dims).map(|point| {
                let step: f64 = (0..=i).map(|j| factor[[i, j]] * point[j]).sum();
                (mean[i] + step) as f32
            }));
        }
        Nodes::new(
            coordinates,
            self.weights.clone(),
            self.polynomials.clone(),
            factor,
        )
    }
}

/// Nodes and weights of the Gauss-Hermite rule for the standard normal distribution: eigenvalues of the Jacobi matrix of the
/// Hermite polynomials and the squared first elements of its eigenvectors (Golub and Welsch 1969,
/// <https://doi.org/10.1090/S0025-5718-69-99647-1>).
pub(crate) fn gauss_hermite(n: usize) -> (Vec<f64>, Vec<f64>) {
    let jacobi = Array2::from_shape_fn((n, n), |(i, j)| {
        if i.abs_diff(j) == 1 {
            (i.max(j) as f64).sqrt()
        } else {
            0.0
        }
    });
    let (nodes, vectors) = symmetric_eigen(jacobi.view());
    let weights = vectors.row(0).iter().map(|v| v * v).collect();
    (nodes.to_vec(), weights)
}

fn product(n_dims: usize) -> (Vec<f64>, Vec<f64>) {
    let n = NODES[n_dims - 1];
    let (axis, of_axis) = gauss_hermite(n);
    let (mut points, mut weights) = (Vec::new(), Vec::new());
    for index in 0..n.pow(n_dims as u32) {
        let places = (0..n_dims as u32).map(|d| index / n.pow(d) % n);
        points.extend(places.clone().map(|place| axis[place]));
        weights.push(places.map(|place| of_axis[place]).product());
    }
    (points, weights)
}

/// Points, one after the other, and weights of the rule of degree 5. The weights are positive up to four dimensions.
pub(crate) fn degree_five(n_dims: usize) -> (Vec<f64>, Vec<f64>) {
    let n = n_dims as f64;
    let radius = 3f64.sqrt();
    let mut points = vec![0.0; n_dims];
    let mut weights = vec![1.0 + (n * n - 7.0 * n) / 18.0];
    let mut add = |coordinates: &[(usize, f64)], weight: f64| {
        let start = points.len();
        points.resize(start + n_dims, 0.0);
        for &(axis, sign) in coordinates {
            points[start + axis] = sign * radius;
        }
        weights.push(weight);
    };
    for i in 0..n_dims {
        for a in [-1.0, 1.0] {
            add(&[(i, a)], (4.0 - n) / 18.0);
            for j in 0..i {
                for b in [-1.0, 1.0] {
                    add(&[(i, a), (j, b)], 1.0 / 36.0);
                }
            }
        }
    }
    (points, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_exact_to_degree_five() {
        for n_dims in 1..=5 {
            let rule = Cubature::new(n_dims);
            let expect = |f: &dyn Fn(&[f64]) -> f64| -> f64 {
                let nodes = rule.points.chunks(n_dims).zip(&rule.weights);
                nodes.map(|(point, &weight)| f64::from(weight) * f(point)).sum()
            };
            let last = n_dims - 1;
            assert!((expect(&|_| 1.0) - 1.0).abs() < 1e-5);
            assert!((expect(&|x| x[0] * x[0]) - 1.0).abs() < 1e-5);
            assert!((expect(&|x| x[last].powi(4)) - 3.0).abs() < 1e-5);
            assert!(expect(&|x| x[0].powi(3)).abs() < 1e-5);
            if n_dims > 1 {
                assert!((expect(&|x| x[0].powi(2) * x[last].powi(2)) - 1.0).abs() < 1e-5);
                assert!(expect(&|x| x[0] * x[last]).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn polynomials_are_orthonormal() {
        for n_dims in 1..=4 {
            let rule = Cubature::new(n_dims);
            let n = rule.polynomials.len();
            assert_eq!(n, n_dims + n_dims * (n_dims + 1) / 2);
            for i in 0..n {
                for j in 0..n {
                    let product: f32 = (0..rule.weights.len())
                        .filter(|&k| rule.weights[k] != 0.0)
                        .map(|k| rule.polynomials[i][k] * rule.polynomials[j][k] / rule.weights[k])
                        .sum();
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!(
                        (product - expected).abs() < 1e-4,
                        "{i}, {j} in {n_dims} dimensions"
                    );
                }
            }
        }
    }

    #[test]
    fn the_rule_has_the_moments_of_the_normal_distribution() {
        let (nodes, weights) = gauss_hermite(16);
        let moment = |k: i32| -> f64 { nodes.iter().zip(&weights).map(|(x, w)| w * x.powi(k)).sum() };
        assert!((moment(0) - 1.0).abs() < 1e-12);
        assert!(moment(3).abs() < 1e-10);
        assert!((moment(4) - 3.0).abs() < 1e-10);
        assert!((moment(8) - 105.0).abs() < 1e-8);
    }
}
