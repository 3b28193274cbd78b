//! Where expectations over respondents' posteriors are evaluated.

use crate::base::linalg::{cholesky, unpack};
use crate::base::threads::map_each;
use crate::information::calibration::Calibration;
use crate::information::expectation::find;
use crate::kernels::respondent::Respondent;
use crate::posterior::cubature::Cubature;
use crate::posterior::lattice;
use crate::posterior::nodes::Nodes;
use crate::posterior::windows::{OnWindow, Windows};
use crate::responses::batch::Batch;

/// Where expectations over respondents' posteriors are evaluated.
pub(crate) enum Rule<'a> {
    /// In one dimension on evenly spaced nodes, by the posterior itself.
    Lattice(Box<Windows<'a>>),
    /// By the normal distribution that has its moments.
    Normal(Cubature),
}

impl<'a> Rule<'a> {
    pub fn new(calibration: Calibration<'a>) -> Self {
        let n_dims = calibration.n_dims();
        let scored = calibration.scored;
        if n_dims == 1 && scored.moments.are_refined() {
            let Calibration { model, responses, .. } = calibration;
            Rule::Lattice(Box::new(Windows::near(
                scored.moments,
                model,
                responses,
                scored.respondents,
            )))
        } else {
            Rule::Normal(Cubature::new(n_dims))
        }
    }

    /// The windows of the respondents at some positions of the calibration; nothing where somebody has none.
    pub fn windows(&self, calibration: Calibration, positions: &[usize]) -> Option<Vec<OnWindow<'_>>> {
        let Rule::Lattice(windows) = self else {
            return None;
        };
        let found = map_each(positions, |&position| {
            let mut options = Vec::new();
            calibration.options_of(position, &mut options);
            find(windows, calibration, position, &options)
        });
        found.into_iter().collect()
    }

    /// The nodes of a respondent at a position of the calibration and at a place of a batch.
    pub fn nodes(&self, calibration: Calibration, position: usize, batch: &Batch, place: usize) -> Nodes {
        let moments = calibration.scored.moments;
        match self {
            Rule::Normal(cubature) => cubature.nodes(moments, position),
            Rule::Lattice(_) => {
                let respondent = Respondent::new(calibration.model, batch, place);
                let covariance = unpack(moments.covariance(position), calibration.n_dims());
                let factor = cholesky(covariance.view()).unwrap_or_else(|| respondent.population().factor());
                lattice::nodes(&respondent, moments.mean(position).to_vec(), factor)
            }
        }
    }
}
