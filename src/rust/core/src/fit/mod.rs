//! The steps of a fit, in order.

pub mod averaged;
pub mod axes;
pub mod closed_form;
pub mod distinct;
pub mod integrated;
pub mod predictive;
pub mod refit;
pub mod run;
pub mod score;
pub mod start;
pub mod starting_network;
pub mod statistics;
