//! What uncertain items add to what is not known of respondents who did not tell them.

use crate::base::error::Result;
use crate::base::linalg::{double, plus, product, sandwich};
use crate::base::monitor::Monitor;
use crate::information::calibration::Calibration;
use crate::information::kept::Kept;
use crate::model::item_errors::MapErrors;
use crate::uncertainty::anchoring::reported;
use crate::uncertainty::limit::{Limits, limited};
use crate::uncertainty::pulled::pulled;
use crate::uncertainty::scales::Scales;
use crate::uncertainty::slopes::each_chunk;
use ndarray::{Array1, Array2};

/// The covariances of the respondents of a calibration whose model keeps that of its items, on the scale of the prior: `S + J C J'`
/// within the [limits](Limits), as for those who told the items, and the errors of the map. Nothing where the model keeps none.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn covariances_of_new(calibration: Calibration, monitor: &dyn Monitor) -> Result<Scales> {
    let mut scales = Scales::default();
    let Some(errors) = &calibration.model.item_errors else {
        return Ok(scales);
    };
    let design = calibration.design();
    let kept = Kept::new(&errors.covariance, &design);
    let limits = Limits::of_kept(calibration, errors.n_effective, &kept);
    let of_map = errors.map.as_ref();
    each_chunk(calibration, monitor, &mut |positions, slopes| {
        let of_means = kept.of_means(slopes, &design);
        for ((k, of_mean), &position) in of_means.iter().enumerate().zip(positions) {
            let from_items = limited(&limits.limit(position, of_mean), of_mean);
            let matrix = &calibration.model.map.matrix;
            let own = plus(
                &calibration.covariance(position),
                1.0,
                &sandwich(matrix, &from_items),
            );
            let covariance = of_map.map(|map| {
                let with_items = double(slopes.transposed_times(k, map.with_items.view()).view());
                let times = reported(calibration, &limits, position, of_mean);
                with_map_errors(
                    map,
                    &calibration.mean(position),
                    &own,
                    &product(&times, &with_items),
                )
            });
            scales.push_prior(&covariance.unwrap_or(own));
        }
    })?;
    Ok(scales)
}

/// The covariance of a point with the errors of the map, where it is `own` without and has the covariances `cross` with these.
fn with_map_errors(
    map: &MapErrors,
    point: &Array1<f64>,
    own: &Array2<f64>,
    cross: &Array2<f64>,
) -> Array2<f64> {
    let n_dims = point.len();
    let mut pull = Array2::zeros((n_dims, n_dims * (n_dims + 1)));
    for (e, x) in point.iter().copied().chain([1.0]).enumerate() {
        (0..n_dims).for_each(|d| pull[[d, e * n_dims + d]] = x);
    }
    pulled(own, cross, &pull, &map.own)
}
