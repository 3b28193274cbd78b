//! What the responses say about the items: observed information, Newton steps, covariances.

pub mod affine;
pub mod calibration;
pub mod choice;
pub mod chunk;
pub mod covariance;
pub mod delta;
pub mod draws;
pub mod gauge;
pub mod item;
pub mod joint;
pub mod limit;
pub mod matrices;
pub mod normalisation;
pub mod observed;
pub mod operator;
pub mod polish;
pub mod prior;
pub mod quadratic;
pub mod rule;
pub mod scales;
pub mod scores;
pub mod slopes;
pub mod structured;
pub mod sums;
pub mod uncertainty;
pub mod vectors;
