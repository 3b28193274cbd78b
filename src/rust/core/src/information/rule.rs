//! Where expectations over respondents' posteriors are evaluated.

use crate::base::linalg::{cholesky, unpack};
use crate::information::calibration::Calibration;
use crate::kernels::respondent::Respondent;
use crate::posterior::cubature::Cubature;
use crate::posterior::lattice;
use crate::posterior::nodes::Nodes;
use crate::responses::batch::Batch;

/// Where expectations over respondents' posteriors are evaluated.
pub(crate) enum Rule {
    /// In one dimension on evenly spaced nodes, by the posterior itself.
    Lattice,
    /// By the normal distribution that has its moments.
    Normal(Cubature),
}

impl Rule {
    pub fn new(calibration: Calibration) -> Self {
        let n_dims = calibration.n_dims();
        if n_dims == 1 && calibration.scored.moments.are_refined() {
            Rule::Lattice
        } else {
            Rule::Normal(Cubature::new(n_dims))
        }
    }

    /// The nodes of a respondent at a position of the calibration and at a place of a batch.
    pub fn nodes(&self, calibration: Calibration, position: usize, batch: &Batch, place: usize) -> Nodes {
        let moments = calibration.scored.moments;
        match self {
            Rule::Normal(cubature) => cubature.nodes(moments, position),
            Rule::Lattice => {
                let respondent = Respondent::new(calibration.model, batch, place);
                let covariance = unpack(moments.covariance(position), calibration.n_dims());
                let factor = cholesky(covariance.view()).unwrap_or_else(|| respondent.population().factor());
                lattice::nodes(&respondent, moments.mean(position).to_vec(), factor)
            }
        }
    }
}
