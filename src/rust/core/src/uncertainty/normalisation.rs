//! Mean 0 and standard deviation 1 of the respondents' traits, as functionals of the estimates.

use crate::base::linalg::{add_scaled, lower_pairs, plus, product, sandwich};
use crate::information::calibration::Calibration;
use crate::posterior::aggregate::aggregate;
use crate::uncertainty::pulled::pulled;
use crate::uncertainty::scales::{LocationScale, ScaledCovariance};
use ndarray::{Array1, Array2};

/// The functionals that centre and scale: for every dimension the mean of the respondents' traits, then their standard deviation. At
/// the estimates these are those of the aggregate posterior.
pub(crate) struct Normalisation<'a> {
    calibration: Calibration<'a>,
    location_scale: LocationScale,
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
        let weights = calibration.scored.weights;
        let total: f64 = weights.iter().sum();
        let (shift, covariance) = aggregate(calibration.scored.moments, weights);
        let map = &calibration.model.map;
        let variances = sandwich(&map.matrix, &covariance).diag().to_owned();
        // Where nobody varies nothing is scaled.
        let sds = variances.mapv(|v| if v > f64::MIN_POSITIVE { v.sqrt() } else { 1.0 });
        let means = map.point(&shift.to_vec());
        Self {
            calibration,
            location_scale: LocationScale {
                means: means.to_vec(),
                sds: sds.to_vec(),
            },
            total,
        }
    }

    pub fn location_scale(&self) -> &LocationScale {
        &self.location_scale
    }

    /// What a person with the weight 1 adds to the functionals per unit of their deviation on the reported axes: `2 n_dims x n_dims`.
    fn part(&self, point: &Array1<f64>) -> Array2<f64> {
        let n_dims = point.len();
        let LocationScale { means, sds } = &self.location_scale;
        let mut part = Array2::zeros((2 * n_dims, n_dims));
        for d in 0..n_dims {
            part[[d, d]] = 1.0 / self.total;
            part[[n_dims + d, d]] = (point[d] - means[d]) / (sds[d] * self.total);
        }
        part
    }

    /// The derivatives of the functionals by the item parameters (rows), from the covariances of the scores with the linear and quadratic
    /// functions of the traits: those of the summed posterior moments.
    pub fn derivatives(&self, affine: &Array2<f64>) -> Array2<f64> {
        let n_dims = self.calibration.n_dims();
        let LocationScale { means, sds } = &self.location_scale;
        let map = &self.calibration.model.map;
        let at_origin = map.point(&vec![0.0; n_dims]);
        let mut coefficients = Array2::zeros((affine.ncols(), 2 * n_dims));
        for d in 0..n_dims {
            let row = map.matrix.row(d);
            let half = 0.5 / sds[d];
            for a in 0..n_dims {
                coefficients[[a, d]] = row[a];
                coefficients[[a, n_dims + d]] = 2.0 * half * (at_origin[d] - means[d]) * row[a];
            }
            for (form, (a, b)) in lower_pairs(n_dims).enumerate() {
                coefficients[[n_dims + form, n_dims + d]] = half * row[a] * row[b];
            }
        }
        product(affine, &coefficients) / self.total
    }

    /// The variance of the functionals given the items.
    pub fn own_variance(&self) -> Array2<f64> {
        let n_dims = self.calibration.n_dims();
        let sds = &self.location_scale.sds;
        let mut sum = Array2::zeros((2 * n_dims, 2 * n_dims));
        for position in 0..self.calibration.n_respondents() {
            let weight = self.calibration.square(position);
            let part = self.part(&self.calibration.mean(position));
            let covariance = self.calibration.covariance(position);
            add_scaled(&mut sum.view_mut(), weight, sandwich(&part, &covariance).view());
            // The squares of the deviations from the posterior mean, if they are normal.
            for d in 0..n_dims {
                for e in 0..n_dims {
                    let both = sds[d] * sds[e];
                    let square = covariance[[d, e]].powi(2) / (2.0 * both * self.total.powi(2));
                    sum[[n_dims + d, n_dims + e]] += weight * square;
                }
            }
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
        let matrix = &self.calibration.model.map.matrix;
        let point = self.calibration.mean(position);
        let own = self.calibration.covariance(position);
        let prior = plus(&own, 1.0, &sandwich(matrix, &from_items.of_mean));
        let scale = self.location_scale.scale();
        let pull = self.location_scale.pull_of_point(&point);
        let of_items = product(matrix, &from_items.with_functionals);
        let weight = self.calibration.square(position) / self.calibration.scored.weights[position];
        let cross = plus(&of_items, weight, &product(&own, self.part(&point).t()));
        let (scaled, cross) = (sandwich(&scale, &prior), product(&scale, &cross));
        let normalised = pulled(&scaled, &cross, &pull, of_functionals);
        ScaledCovariance { prior, normalised }
    }
}
