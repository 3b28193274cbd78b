//! What the responses say about the items: observed information, Newton steps, covariances.

pub mod block;
pub mod choice;
pub mod covariance;
pub mod draws;
pub mod gauge;
pub mod normalisation;
pub mod observed;
pub mod polish;
pub mod scores;
pub mod uncertainty;
