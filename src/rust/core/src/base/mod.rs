//! What everything stands on: errors, threads, files, random numbers, algebra.

pub mod backend;
pub mod checks;
pub mod error;
pub mod files;
pub mod linalg;
pub mod linear;
pub mod math;
pub mod membership;
pub mod memory;
pub mod monitor;
pub mod order;
pub mod random;
pub mod selection;
pub mod tensor_file;
pub mod threads;
pub mod timings;
