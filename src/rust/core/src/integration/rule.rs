//! Nodes for integrals over the parameters of an item.

use crate::base::linalg::{cholesky, invert_lower, product};
use crate::posterior::cubature::{degree_five, gauss_hermite};
use ndarray::{Array2, ArrayView2};
use std::f64::consts::PI;

/// Nodes that are spread evenly: so many for each parameter, within these numbers.
const PER_PARAMETER: usize = 32;
const FEWEST: usize = 128;
const MOST: usize = 512;

/// How much wider than the normal distribution that they stand for the latter are spread.
const WIDER: f64 = 1.1;

/// What a rule is for.
#[derive(Clone, Copy)]
pub(crate) enum Detail {
    Rough,
    Normal,
    Mixture,
}

/// Nodes `z` and the logarithms of weights with which `integral h(z) dz = sum_k exp(ln_weight_k) h(z_k)`.
pub(crate) struct Rule {
    points: Array2<f64>,
    ln_weights: Vec<f64>,
}

impl Rule {
    /// For so many parameters that so many respondents tell: fewer nodes where these are many, or where each component of a mixture has
    /// nodes of its own, and few while estimates are far from where they end. Up to three parameters it is the product of Gauss-Hermite
    /// rules; three and four get along with a rule of degree 5 where few nodes do; beyond that points are spread evenly over a normal
    /// distribution.
    pub fn new(n_parameters: usize, n_respondents: usize, detail: Detail) -> Self {
        match (n_parameters, n_respondents, detail) {
            (0..=2, _, Detail::Rough) => Self::product(n_parameters, 3),
            (0..=2, 0..=12, Detail::Mixture) => Self::product(n_parameters, 7),
            (0..=2, 13..=40, Detail::Mixture) => Self::product(n_parameters, 5),
            (0..=2, _, Detail::Mixture) => Self::product(n_parameters, 4),
            (0..=2, 0..=40, Detail::Normal) => Self::product(n_parameters, 9),
            (0..=3, 0..=100, Detail::Normal) => Self::product(n_parameters, 7),
            (0..=3, _, Detail::Normal) => Self::product(n_parameters, 5),
            (3..=4, _, Detail::Rough | Detail::Mixture) => {
                let (points, weights) = degree_five(n_parameters);
                Self::gaussian(n_parameters, points, &weights)
            }
            _ => Self::spread(n_parameters),
        }
    }

    /// The product of Gauss-Hermite rules with so many nodes.
    fn product(n_parameters: usize, n: usize) -> Self {
        let (axis, of_axis) = gauss_hermite(n);
        let place = |k: usize, d: usize| k / n.pow(d as u32) % n;
        let nodes = 0..n.pow(n_parameters as u32);
        let points = nodes.clone().flat_map(|k| (0..n_parameters).map(move |d| (k, d)));
        let weights = nodes.map(|k| (0..n_parameters).map(|d| of_axis[place(k, d)]).product());
        Self::gaussian(
            n_parameters,
            points.map(|(k, d)| axis[place(k, d)]).collect(),
            &weights.collect::<Vec<f64>>(),
        )
    }

    /// From points, one after the other, and weights of a rule for the standard normal distribution.
    fn gaussian(n_parameters: usize, points: Vec<f64>, weights: &[f64]) -> Self {
        let constant = 0.5 * n_parameters as f64 * (2.0 * PI).ln();
        let nodes = points
            .chunks(n_parameters)
            .zip(weights)
            .filter(|(_, weight)| **weight > 0.0);
        let ln_weights = nodes.clone().map(|(point, weight)| {
            let square: f64 = point.iter().map(|z| z * z).sum();
            constant + weight.ln() + 0.5 * square
        });
        let ln_weights: Vec<f64> = ln_weights.collect();
        let kept: Vec<&[f64]> = nodes.map(|(point, _)| point).collect();
        Self {
            points: Array2::from_shape_fn((kept.len(), n_parameters), |(k, d)| kept[k][d]),
            ln_weights,
        }
    }

    /// Points of a lattice (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences"), made normal by Box and Muller's
    /// method, with their mirror images; then they have the covariance I.
    fn spread(n_parameters: usize) -> Self {
        let half = (PER_PARAMETER * n_parameters).clamp(FEWEST, MOST) / 2;
        let n_even = n_parameters.next_multiple_of(2);
        // The root of x^(d + 1) = x + 1.
        let root = (0..60).fold(2.0f64, |x, _| (1.0 + x).powf(1.0 / (n_even + 1) as f64));
        let uniform = |k: usize, d: usize| (0.5 + (k + 1) as f64 * root.powi(-(d as i32 + 1))).fract();
        let normal = |k: usize, d: usize| {
            let first = d / 2 * 2;
            let radius = (-2.0 * uniform(k, first).max(1e-12).ln()).sqrt();
            let angle = 2.0 * PI * uniform(k, first + 1);
            radius * if d == first { angle.cos() } else { angle.sin() }
        };
        let raw = Array2::from_shape_fn((half, n_parameters), |(k, d)| normal(k, d));
        let covariance = product(raw.t(), &raw) / half as f64;
        let points = match cholesky(covariance.view()) {
            Some(factor) => product(&raw, invert_lower(factor.view()).t()),
            None => raw,
        };
        let both = ndarray::concatenate![ndarray::Axis(0), points, points.mapv(|x| -x)];
        let constant = n_parameters as f64 * (WIDER * (2.0 * PI).sqrt()).ln() - ((2 * half) as f64).ln();
        let squares = both.rows().into_iter().map(|z| z.dot(&z));
        Self {
            ln_weights: squares.map(|square| constant + 0.5 * square).collect(),
            points: both * WIDER,
        }
    }

    pub fn n_nodes(&self) -> usize {
        self.ln_weights.len()
    }

    pub fn points(&self) -> ArrayView2<'_, f64> {
        self.points.view()
    }

    pub fn ln_weight(&self, node: usize) -> f64 {
        self.ln_weights[node]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_densities_are_integrated() {
        for (n_parameters, bound) in [(1, 1e-9), (2, 1e-9), (3, 1e-9), (4, 0.05), (9, 0.2)] {
            let rule = Rule::new(n_parameters, 100, Detail::Normal);
            // A normal density whose variances are all 1.
            let density = |z: &[f64]| -> f64 {
                let square: f64 = z.iter().map(|x| x * x).sum();
                (-0.5 * square - 0.5 * n_parameters as f64 * (2.0 * PI).ln()).exp()
            };
            let (mut total, mut second) = (0.0, 0.0);
            for node in 0..rule.n_nodes() {
                let z = rule.points().row(node).to_vec();
                let share = rule.ln_weight(node).exp() * density(&z);
                total += share;
                second += share * z[0] * z[n_parameters - 1];
            }
            let expected = if n_parameters == 1 { 1.0 } else { 0.0 };
            assert!((total - 1.0).abs() < bound, "{n_parameters}: {total}");
            assert!((second - expected).abs() < bound, "{n_parameters}: {second}");
        }
    }
}
