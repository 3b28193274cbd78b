//! The items at the maximum of their marginal posterior: the EM algorithm and Newton's method.

pub mod ascent;
pub mod em;
pub mod estimated_prior;
pub mod m_step;
pub mod polish;
pub mod secants;
pub mod trust;
