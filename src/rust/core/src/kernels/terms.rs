//! One response at many values of the latent traits: the derivatives of its log probability.

use crate::base::math::{self, LogCdf, Normal};
use crate::model::link::Link;
use crate::model::table::Table;
use std::ops::Range;

/// Numbers for all parameter rows of an item at all points, row by row.
#[derive(Default)]
pub(crate) struct Terms {
    /// The derivative of the log probability of the chosen option by the linear predictor of a row.
    pub residuals: Vec<f32>,
    /// Logit: the probabilities of the options. Probit: minus the second derivative, of the one row.
    pub curvatures: Vec<f32>,
    largest: Vec<f32>,
    sums: Vec<f32>,
}

impl Terms {
    /// Evaluates a response to the item with some rows of the parameters; `points` holds the points coordinate by
    /// coordinate.
    #[inline(always)]
    pub fn evaluate(
        &mut self,
        link: Link,
        items: &Table,
        rows: Range<usize>,
        chosen: usize,
        points: &[&[f32]],
    ) {
        let n = points.first().map_or(0, |x| x.len());
        let Self {
            residuals,
            curvatures,
            largest,
            sums,
        } = self;
        curvatures.clear();
        for row in rows.clone() {
            let parameters = items.row(row);
            let start = curvatures.len();
            curvatures.resize(start + n, -parameters[points.len()]);
            for (parameter, coordinate) in parameters.iter().zip(points) {
                let etas = curvatures[start..].iter_mut();
                etas.zip(coordinate.iter())
                    .for_each(|(eta, x)| *eta += parameter * x);
            }
        }
        residuals.resize(curvatures.len(), 0.0);
        match link {
            Link::Logit => {
                softmax(curvatures, largest, sums, n);
                let rows = residuals.chunks_exact_mut(n).zip(curvatures.chunks_exact(n));
                for (row, (residuals, probabilities)) in rows.enumerate() {
                    let own = f32::from(u8::from(chosen == row + 1));
                    residuals
                        .iter_mut()
                        .zip(probabilities)
                        .for_each(|(r, p)| *r = own - p);
                }
            }
            Link::Probit => {
                let sign = if chosen == 1 { 1.0 } else { -1.0 };
                for (eta, residual) in curvatures.iter_mut().zip(residuals.iter_mut()) {
                    *residual = sign * Normal::terms(sign * *eta).derivative;
                    *eta = *residual * (*residual + *eta);
                }
            }
        }
    }
}

/// Linear predictors of the options beside the reference, one row of points each, become probabilities.
#[inline(always)]
fn softmax(predictors: &mut [f32], largest: &mut Vec<f32>, sums: &mut Vec<f32>, n: usize) {
    largest.clear();
    largest.resize(n, 0.0);
    for row in predictors.chunks_exact(n) {
        largest.iter_mut().zip(row).for_each(|(a, &b)| *a = a.max(b));
    }
    sums.clear();
    sums.extend(largest.iter().map(|&top| math::exp(-top)));
    for row in predictors.chunks_exact_mut(n) {
        for ((p, &top), sum) in row.iter_mut().zip(largest.iter()).zip(sums.iter_mut()) {
            *p = math::exp(*p - top);
            *sum += *p;
        }
    }
    for row in predictors.chunks_exact_mut(n) {
        row.iter_mut().zip(sums.iter()).for_each(|(p, sum)| *p /= sum);
    }
}

/// The sum of products, in independent parts so that it vectorises.
#[inline(always)]
pub(crate) fn dot(x: &[f32], y: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0f32; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest: f32 = xs
        .remainder()
        .iter()
        .zip(ys.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (x, y) in xs.zip(ys) {
        (0..LANES).for_each(|lane| sums[lane] += x[lane] * y[lane]);
    }
    sums.iter().sum::<f32>() + rest
}
