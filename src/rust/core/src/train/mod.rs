//! The training of a model.

pub mod batches;
pub mod checkpoint;
pub mod epochs;
#[cfg(test)]
mod gradient_tests;
pub mod loss;
pub mod minibatch;
pub mod objective;
pub mod schedule;
pub mod trainer;
