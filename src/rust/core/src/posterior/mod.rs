//! The posterior distribution of each respondent: from the network's answer to moments that can be trusted.

pub mod aggregate;
pub mod by_kernels;
pub mod by_tensors;
pub mod cubature;
pub mod expect;
pub mod importance;
pub mod lattice;
pub mod moments;
pub mod newton;
pub mod nodes;
pub mod pareto;
pub mod proposal;
pub mod question;
pub mod refinement;
pub mod scoring;
pub mod windows;
