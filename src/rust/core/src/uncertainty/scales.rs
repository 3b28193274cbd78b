//! The two scales on which results are reported.

use crate::base::linalg::pack;
use ndarray::Array2;

/// The same numbers on the two scales on which results are reported.
#[derive(Clone, Debug, Default)]
pub struct Scales {
    /// The scale of the traits' prior.
    pub prior: Vec<f64>,
    /// The scale on which the respondents' traits have mean 0 and standard deviation 1: the aggregate posterior has.
    pub normalised: Vec<f64>,
}

impl Scales {
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
