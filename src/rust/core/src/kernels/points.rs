//! Points that stand for a distribution.

/// Points with normalised weights that stand for a posterior distribution: `points[d]` holds coordinate `d` of all.
pub(crate) struct WeightedPoints {
    pub points: Vec<Vec<f32>>,
    pub weights: Vec<f64>,
}
