//! The training of a model.

pub mod by_kernels;
pub mod by_tensors;
pub mod checkpoint;
pub mod epochs;
#[cfg(test)]
mod gradient_tests;
pub mod minibatch;
pub mod objective;
pub mod schedule;
pub mod trainer;
