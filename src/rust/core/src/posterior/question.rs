//! What a refinement asks and finds.

use crate::kernels::points::WeightedPoints;
use crate::posterior::moments::Summary;
use std::ops::ControlFlow;

/// A posterior as weighted points, and its moments.
pub(crate) struct Refined {
    pub draws: WeightedPoints,
    pub summary: Summary,
}

/// Points at which the log likelihood is asked for.
#[derive(Default)]
pub(crate) struct Question {
    /// `points[d]` holds coordinate `d` of all.
    pub points: Vec<Vec<f32>>,
    /// What is added to the log likelihoods for the logarithms of the weights.
    pub log_weights: Vec<f64>,
}

/// The posterior, or another question.
pub(crate) type Progress = ControlFlow<Refined, Question>;
