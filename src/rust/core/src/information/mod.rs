//! What the responses say about the items: observed information, Newton steps, covariances.

pub mod addition;
pub mod affine;
pub mod calibration;
pub mod chunk;
pub mod covariance;
pub mod expectation;
pub mod factored;
pub mod functions;
pub mod gauge;
pub mod item;
pub mod joint;
pub mod low_rank;
pub mod matrices;
pub mod observed;
pub mod operator;
pub mod own_nodes;
pub mod prior;
pub mod quadratic;
pub mod rule;
pub mod sampling;
pub mod scores;
pub mod shared_nodes;
pub mod structured;
pub mod sums;
pub mod vectors;
