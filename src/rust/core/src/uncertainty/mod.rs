//! What is reported of the uncertainty: standard errors of items and respondents on both scales, and draws.

pub mod anchoring;
pub mod choice;
pub mod delta;
pub mod draws;
pub mod limit;
pub mod new_respondents;
pub mod normalisation;
pub mod pulled;
pub mod reported;
pub mod scales;
pub mod slopes;
