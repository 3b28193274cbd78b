//! The two scales on which results are reported.

use crate::base::linalg::pack;
use crate::model::design;
use ndarray::{Array1, Array2};

/// The same numbers on the two scales on which results are reported.
#[derive(Clone, Debug, Default)]
pub struct Scales {
    /// The scale of the traits' prior.
    pub prior: Vec<f64>,
    /// The scale on which the respondents' traits have mean 0 and standard deviation 1: the aggregate posterior has.
    pub normalised: Vec<f64>,
}

impl Scales {
    /// Appends the lower triangle of a covariance on the scale of the prior alone.
    pub(crate) fn push_prior(&mut self, covariance: &Array2<f64>) {
        self.prior.extend(pack(covariance.view()));
    }

    /// Appends the lower triangles of a covariance.
    pub(crate) fn push(&mut self, covariance: &ScaledCovariance) {
        self.prior.extend(pack(covariance.prior.view()));
        self.normalised.extend(pack(covariance.normalised.view()));
    }
}

/// A covariance on both scales.
pub(crate) struct ScaledCovariance {
    pub prior: Array2<f64>,
    pub normalised: Array2<f64>,
}

/// Mean and standard deviation of the aggregate posterior on the reported axes, by dimension: what leads from one scale to the
/// other.
#[derive(Clone, Debug)]
pub struct LocationScale {
    /// The means.
    pub means: Vec<f64>,
    /// The standard deviations.
    pub sds: Vec<f64>,
}

impl LocationScale {
    /// From a covariance on the reported axes to the normalised scale: the reciprocals of the standard deviations.
    pub(crate) fn scale(&self) -> Array2<f64> {
        Array2::from_diag(&Array1::from(self.sds.clone()).mapv(f64::recip))
    }

    /// The derivatives of a normalised point by the means and the standard deviations: `d z = (d x - d mean) / sd - z d sd / sd`.
    pub(crate) fn pull_of_point(&self, point: &Array1<f64>) -> Array2<f64> {
        let n_dims = point.len();
        let mut pull = Array2::zeros((n_dims, 2 * n_dims));
        for d in 0..n_dims {
            pull[[d, d]] = -1.0 / self.sds[d];
            pull[[d, n_dims + d]] = -(point[d] - self.means[d]) / self.sds[d].powi(2);
        }
        pull
    }

    /// From the reported parameters of a row of the table of the items to those on the normalised scale: the
    /// discriminations times the standard deviations; the difficulty less the discriminations times the means.
    pub(crate) fn stretch(&self) -> Array2<f64> {
        let sds = Array1::from(self.sds.clone());
        design::jacobian(&Array2::from_diag(&sds), &Array1::from(self.means.clone()))
    }
}
