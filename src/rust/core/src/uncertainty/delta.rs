//! The delta method: what follows from a covariance of the item parameters for what is reported.

use crate::base::error::Result;
use crate::base::linalg::{double, plus, product, sandwich, single};
use crate::base::monitor::Monitor;
use crate::information::calibration::Calibration;
use crate::information::covariance::Covariance;
use crate::model::design::by_location_and_scale;
use crate::uncertainty::anchoring::Anchoring;
use crate::uncertainty::limit::{Limits, limited};
use crate::uncertainty::normalisation::{FromItems, Normalisation};
use crate::uncertainty::pulled::pulled;
use crate::uncertainty::scales::{ScaledCovariance, Scales};
use crate::uncertainty::slopes::each_chunk;
use ndarray::{Array2, Axis};

/// How the functionals of the [normalisation](Normalisation) depend on the items.
pub(crate) struct DeltaMethod<'a> {
    calibration: Calibration<'a>,
    normalisation: Normalisation<'a>,
    /// Their derivatives: a row for each item parameter.
    derivatives: Array2<f64>,
    /// Their variance given the items.
    own: Array2<f64>,
}

/// What a covariance of the item parameters makes of the functionals.
pub(crate) struct Propagated<'a> {
    delta: &'a DeltaMethod<'a>,
    covariance: &'a Covariance,
    /// Covariances of the item parameters (rows) with the functionals.
    with_functionals: Array2<f64>,
    /// The covariance of the functionals.
    of_functionals: Array2<f64>,
}

impl<'a> DeltaMethod<'a> {
    /// From the covariances of the scores with the linear and quadratic functions of the traits. Where they are not known, or the
    /// respondents do not carry the items' uncertainty, the functionals are.
    pub fn new(
        calibration: Calibration<'a>,
        normalisation: Normalisation<'a>,
        affine: Option<&Array2<f64>>,
    ) -> Self {
        let n_functionals = 2 * calibration.n_dims();
        let (derivatives, own) = match affine {
            Some(affine) => (normalisation.derivatives(affine), normalisation.own_variance()),
            None => (
                Array2::zeros((calibration.n_parameters(), n_functionals)),
                Array2::zeros((n_functionals, n_functionals)),
            ),
        };
        Self {
            calibration,
            normalisation,
            derivatives,
            own,
        }
    }

    pub fn propagate(&'a self, covariance: &'a Covariance) -> Propagated<'a> {
        let derivatives = single(self.derivatives.view());
        let with_functionals = covariance.times(derivatives.view(), &self.calibration.design());
        let with_functionals = double(with_functionals.view());
        let of_functionals = plus(&self.own, 1.0, &product(self.derivatives.t(), &with_functionals));
        Propagated {
            delta: self,
            covariance,
            with_functionals,
            of_functionals,
        }
    }
}

impl Propagated<'_> {
    /// The covariances of the parameters in each row of the table of the items. Where anchors set the axes, their errors count on the
    /// scale of the prior.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Model`] when the map of the model cannot be inverted.
    pub fn items(&self, anchoring: Option<&Anchoring>) -> Result<Scales> {
        let model = self.delta.calibration.model;
        let design = model.design();
        let jacobian = model.map.item_jacobian()?;
        let reported = model.map.items(&model.items)?;
        let stretch = self.delta.normalisation.location_scale().stretch();
        let mut scales = Scales::default();
        for item in 0..model.shape.catalogue.n_items() {
            for row in model.shape.catalogue.rows_of(item) {
                let own = self.covariance.of_row(item, row, &design);
                let mut prior = sandwich(&jacobian, &own);
                let values = reported.row(row).to_vec();
                let pull = by_location_and_scale(&values);
                let free = design.free_of_row(row);
                let cross = product(&jacobian, &self.with_functionals.select(Axis(0), &free));
                let (stretched, cross) = (sandwich(&stretch, &prior), product(&stretch, &cross));
                let normalised = pulled(&stretched, &cross, &pull, &self.of_functionals);
                if let Some(anchoring) = anchoring {
                    prior = anchoring.of_row(&values, &prior, &jacobian, &free);
                }
                scales.push(&ScaledCovariance { prior, normalised });
            }
        }
        Ok(scales)
    }

    /// The covariances of the respondents, who carry the uncertainty of the items within the limits, with anchors as in [`Self::items`].
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn respondents(
        &self,
        limits: &Limits,
        anchoring: Option<&Anchoring>,
        monitor: &dyn Monitor,
    ) -> Result<Scales> {
        let calibration = self.delta.calibration;
        let design = calibration.design();
        let with_functionals = single(self.with_functionals.view());
        let mut scales = Scales::default();
        each_chunk(calibration, monitor, &mut |positions, slopes| {
            let of_means = self.covariance.of_means(slopes, &design);
            for ((k, of_mean), &position) in of_means.iter().enumerate().zip(positions) {
                let cross = slopes.transposed_times(k, with_functionals.view());
                let limit = limits.limit(position, of_mean);
                let from_items = FromItems {
                    of_mean: limited(&limit, of_mean),
                    with_functionals: product(&limit, &double(cross.view())),
                };
                let normalisation = &self.delta.normalisation;
                let mut scaled = normalisation.of_respondent(position, &from_items, &self.of_functionals);
                if let Some(anchoring) = anchoring {
                    scaled.prior = anchoring.of_respondent(position, (slopes, k), of_mean);
                }
                scales.push(&scaled);
            }
        })?;
        Ok(scales)
    }
}
