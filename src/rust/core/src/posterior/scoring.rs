//! How respondents are scored.

use crate::base::backend::Backend;
use crate::posterior::moments::Moments;

/// Respondents with their weights and posterior moments.
#[derive(Clone, Copy)]
pub(crate) struct Scored<'a> {
    pub respondents: &'a [u32],
    pub weights: &'a [f64],
    pub moments: &'a Moments,
}

/// How to score respondents.
#[derive(Clone, Debug)]
pub struct Scoring {
    /// True to refine the network's answer: by adaptive quadrature in one or two dimensions, else by Newton's method
    /// and importance sampling.
    pub refine: bool,
    /// Draws of importance sampling per respondent, about; eight times as many for those whose Pareto k is above the
    /// threshold.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// What computes.
    pub backend: Backend,
}

impl Scoring {
    /// Draws where nothing else is asked for: the time is for many of them up to 10,000 respondents.
    pub fn default_draws(n_respondents: usize) -> usize {
        if n_respondents <= 10_000 { 1_024 } else { 256 }
    }
}
