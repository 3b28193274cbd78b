//! What the model is.

pub mod card;
pub mod covariances;
pub mod encoder;
pub mod file;
pub mod gaussian;
pub mod link;
pub mod network;
pub mod parameters;
pub mod prior;
pub mod scale;
pub mod shape;
pub mod storage;
pub mod table;
pub mod tangents;
