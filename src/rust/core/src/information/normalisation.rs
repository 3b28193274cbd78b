//! Mean 0 and standard deviation 1 of the posterior means, as functionals of the estimates.

use crate::model::parameters::Model;
use crate::posterior::moments::Moments;
use crate::posterior::scoring::Scored;
use ndarray::{Array1, Array2, s};

/// The functionals that centre and scale: for every dimension the mean of the posterior means, then their standard
/// deviation.
pub(crate) struct Normalisation {
    pub means: Array1<f64>,
    pub sds: Array1<f64>,
    /// Summed weights.
    total: f64,
}

impl Normalisation {
    pub fn new(model: &Model, scored: &Scored) -> Self {
        let n_dims = model.shape.n_dims;
        let total: f64 = scored.weights.iter().sum();
        let mut means = Array1::<f64>::zeros(n_dims);
        let mut squares = Array1::<f64>::zeros(n_dims);
        for (position, &weight) in scored.weights.iter().enumerate() {
            let point = model.map.point(scored.moments.mean(position));
            means.scaled_add(weight, &point);
            squares.scaled_add(weight, &point.mapv(|x| x * x));
        }
        means /= total;
        let sds = ((squares - means.mapv(|m| total * m * m)) / (total - 1.0)).mapv(f64::sqrt);
        Self { means, sds, total }
    }

    /// What a person adds to the functionals per unit of their deviation on the reported axes: `2 n_dims x n_dims`.
    pub fn part(&self, point: &Array1<f64>) -> Array2<f64> {
        let n_dims = point.len();
        let mut part = Array2::zeros((2 * n_dims, n_dims));
        for d in 0..n_dims {
            part[[d, d]] = 1.0 / self.total;
            part[[n_dims + d, d]] = (point[d] - self.means[d]) / (self.sds[d] * (self.total - 1.0));
        }
        part
    }

    /// From the derivatives of the posterior means of some respondents to those of the functionals.
    pub fn coefficients(&self, model: &Model, scored: &Scored, positions: &[usize]) -> Array2<f32> {
        let n_dims = model.shape.n_dims;
        let mut coefficients = Array2::zeros((positions.len() * n_dims, 2 * n_dims));
        for (k, &position) in positions.iter().enumerate() {
            let point = model.map.point(scored.moments.mean(position));
            let part = self.part(&point).dot(&model.map.matrix) * scored.weights[position];
            let mut own = coefficients.slice_mut(s![k * n_dims..(k + 1) * n_dims, ..]);
            own.assign(&part.t().mapv(|x| x as f32));
        }
        coefficients
    }

    /// The variance of the functionals given the items.
    pub fn own_variance(&self, model: &Model, scored: &Scored) -> Array2<f64> {
        let n_dims = model.shape.n_dims;
        let mut sum = Array2::zeros((2 * n_dims, 2 * n_dims));
        for (position, &weight) in scored.weights.iter().enumerate() {
            let part = self.part(&model.map.point(scored.moments.mean(position)));
            let covariance = model.map.covariance(scored.moments.covariance(position));
            sum.scaled_add(weight, &part.dot(&covariance).dot(&part.t()));
        }
        sum
    }

    /// The covariance of a respondent on both scales.
    pub fn respondent(
        &self,
        model: &Model,
        moments: &Moments,
        position: usize,
        from_items: &Array2<f64>,
        cross: &Array2<f64>,
        of_functionals: &Array2<f64>,
    ) -> (Array2<f64>, Array2<f64>) {
        let n_dims = model.shape.n_dims;
        let matrix = &model.map.matrix;
        let point = model.map.point(moments.mean(position));
        let own = model.map.covariance(moments.covariance(position));
        let prior = matrix.dot(from_items).dot(&matrix.t()) + &own;
        let scale = Array2::from_diag(&self.sds.mapv(|s| 1.0 / s));
        // d normalised = scale (d point - d mean) - normalised d sd / sd.
        let mut pull = Array2::zeros((n_dims, 2 * n_dims));
        for d in 0..n_dims {
            pull[[d, d]] = -1.0 / self.sds[d];
            pull[[d, n_dims + d]] = -(point[d] - self.means[d]) / self.sds[d].powi(2);
        }
        let cross = matrix.dot(cross) + own.dot(&self.part(&point).t());
        let mixed = scale.dot(&cross).dot(&pull.t());
        let normalised =
            scale.dot(&prior).dot(&scale) + &mixed + mixed.t() + pull.dot(of_functionals).dot(&pull.t());
        (prior, normalised)
    }
}
