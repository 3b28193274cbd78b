//! Mean 0 and standard deviation 1 of the posterior means, as functionals of the estimates.

use crate::base::linalg::{add_scaled, plus, product, sandwich, single, symmetric};
use crate::information::calibration::Calibration;
use crate::information::scales::{LocationScale, ScaledCovariance};
use crate::model::design;
use ndarray::{Array1, Array2, s};

/// The functionals that centre and scale: for every dimension the mean of the posterior means, then their standard
/// deviation.
pub(crate) struct Normalisation<'a> {
    calibration: Calibration<'a>,
    means: Array1<f64>,
    sds: Array1<f64>,
    /// Summed weights.
    total: f64,
}

/// What the uncertainty of the items does to a respondent's posterior mean, on the scale of the model.
pub(crate) struct FromItems {
    /// The covariance of the posterior mean: `n_dims x n_dims`.
    pub of_mean: Array2<f64>,
    /// Its covariance with the functionals: `n_dims x 2 n_dims`.
    pub with_functionals: Array2<f64>,
}

impl<'a> Normalisation<'a> {
    pub fn new(calibration: Calibration<'a>) -> Self {
        let n_dims = calibration.n_dims();
        let weights = calibration.scored.weights;
        let total: f64 = weights.iter().sum();
        let mut means = Array1::<f64>::zeros(n_dims);
        let mut squares = Array1::<f64>::zeros(n_dims);
        for (position, &weight) in weights.iter().enumerate() {
            let point = calibration.mean(position);
            means.scaled_add(weight, &point);
            squares.scaled_add(weight, &point.mapv(|x| x * x));
        }
        means /= total;
        let variances = (squares - means.mapv(|m| total * m * m)) / (total - 1.0);
        // Where all means are the same nothing is scaled.
        let sds = variances.mapv(|v| if v > f64::MIN_POSITIVE { v.sqrt() } else { 1.0 });
        Self {
            calibration,
            means,
            sds,
            total,
        }
    }

    pub fn location_scale(&self) -> LocationScale {
        LocationScale {
            means: self.means.to_vec(),
            sds: self.sds.to_vec(),
        }
    }

    /// What a person adds to the functionals per unit of their deviation on the reported axes: `2 n_dims x n_dims`.
    fn part(&self, point: &Array1<f64>) -> Array2<f64> {
        let n_dims = point.len();
        let mut part = Array2::zeros((2 * n_dims, n_dims));
        for d in 0..n_dims {
            part[[d, d]] = 1.0 / self.total;
            part[[n_dims + d, d]] = (point[d] - self.means[d]) / (self.sds[d] * (self.total - 1.0));
        }
        part
    }

    /// From the derivatives of the posterior means of some respondents to those of the functionals.
    pub fn coefficients(&self, positions: &[usize]) -> Array2<f32> {
        let n_dims = self.calibration.n_dims();
        let matrix = &self.calibration.model.map.matrix;
        let mut coefficients = Array2::zeros((positions.len() * n_dims, 2 * n_dims));
        for (k, &position) in positions.iter().enumerate() {
            let point = self.calibration.mean(position);
            let part = product(&self.part(&point), matrix) * self.calibration.scored.weights[position];
            let mut own = coefficients.slice_mut(s![k * n_dims..(k + 1) * n_dims, ..]);
            own.assign(&single(part.t()));
        }
        coefficients
    }

    /// The variance of the functionals given the items.
    pub fn own_variance(&self) -> Array2<f64> {
        let n_dims = self.calibration.n_dims();
        let mut sum = Array2::zeros((2 * n_dims, 2 * n_dims));
        for (position, &weight) in self.calibration.scored.weights.iter().enumerate() {
            let part = self.part(&self.calibration.mean(position));
            let covariance = self.calibration.covariance(position);
            add_scaled(&mut sum.view_mut(), weight, sandwich(&part, &covariance).view());
        }
        sum
    }

    /// The covariance of the respondent at a position, given that of the functionals.
    pub fn of_respondent(
        &self,
        position: usize,
        from_items: &FromItems,
        of_functionals: &Array2<f64>,
    ) -> ScaledCovariance {
        let n_dims = self.calibration.n_dims();
        let matrix = &self.calibration.model.map.matrix;
        let point = self.calibration.mean(position);
        let own = self.calibration.covariance(position);
        let prior = plus(&own, 1.0, &sandwich(matrix, &from_items.of_mean));
        let scale = Array2::from_diag(&self.sds.mapv(|s| 1.0 / s));
        // d normalised = scale (d point - d mean) - normalised d sd / sd.
        let mut pull = Array2::zeros((n_dims, 2 * n_dims));
        for d in 0..n_dims {
            pull[[d, d]] = -1.0 / self.sds[d];
            pull[[d, n_dims + d]] = -(point[d] - self.means[d]) / self.sds[d].powi(2);
        }
        let of_items = product(matrix, &from_items.with_functionals);
        let cross = plus(&of_items, 1.0, &product(&own, self.part(&point).t()));
        let mixed = product(&product(&scale, &cross), pull.t());
        let known = plus(&sandwich(&scale, &prior), 1.0, &sandwich(&pull, of_functionals));
        let normalised = plus(&known, 2.0, &symmetric(mixed.view()));
        ScaledCovariance { prior, normalised }
    }

    /// From the reported parameters of a row of the table of the items to those on the normalised scale: the
    /// discriminations times the standard deviations; the difficulty less the discriminations times the means.
    pub fn stretch(&self) -> Array2<f64> {
        design::jacobian(&Array2::from_diag(&self.sds), &self.means)
    }
}
