//! Points that stand for a distribution.

use crate::model::response::lanes::Lanes;

/// Points with normalised weights that stand for a posterior distribution: `points[d]` holds coordinate `d` of all.
pub(crate) struct WeightedPoints {
    pub points: Vec<Vec<f32>>,
    pub weights: Vec<f64>,
}

/// Points that are evaluated side by side.
pub(crate) const POINTS: usize = 16;

/// The derivatives of the log probabilities by the predictors of all slots of a respondent, for every block of points.
pub(crate) type Residuals = Vec<Lanes<POINTS>>;

/// Puts the points from a place on side by side, coordinate by coordinate. Returns how many there are; in the lanes beyond the last
/// one stands what stood there.
#[inline(always)]
pub(crate) fn load<const N: usize>(coordinates: &[Vec<f32>], start: usize, to: &mut [Lanes<N>]) -> usize {
    let mut n = 0;
    for (lanes, coordinate) in to.iter_mut().zip(coordinates) {
        n = N.min(coordinate.len() - start);
        lanes[..n].copy_from_slice(&coordinate[start..start + n]);
    }
    n
}
