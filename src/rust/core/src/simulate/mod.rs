//! Simulated responses with known truth.

pub mod ballots;
pub mod choice;
pub mod simulation;
