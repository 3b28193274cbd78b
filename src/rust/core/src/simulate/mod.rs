//! Simulated responses with known truth.

pub mod ballots;
pub mod simulation;
