//! How respondents are scored.

use crate::base::backend::Backend;
use crate::model::parameters::Model;
use crate::posterior::moments::Moments;
use crate::responses::store::Responses;
use crate::settings::Settings;

/// Respondents with their weights and posterior moments.
#[derive(Clone, Copy)]
pub(crate) struct Scored<'a> {
    pub respondents: &'a [u32],
    pub weights: &'a [f64],
    pub moments: &'a Moments,
}

/// Draws per respondent where nothing else is asked for: posterior means are within about a hundredth of a posterior standard
/// deviation.
const DEFAULT_DRAWS: usize = 256;

/// The same where there are more than so many respondents: within about two hundredths.
const MANY_RESPONDENTS: usize = 100_000;
const DRAWS_OF_MANY: usize = 128;

/// How to score respondents.
#[derive(Clone, Debug)]
pub struct Scoring {
    /// True to refine the network's answer: on evenly spaced nodes in one or two dimensions, else by Newton's method
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
    /// How so many respondents of a fit are scored.
    pub(crate) fn of(settings: &Settings, n_respondents: usize) -> Self {
        let default = if n_respondents > MANY_RESPONDENTS {
            DRAWS_OF_MANY
        } else {
            DEFAULT_DRAWS
        };
        Self {
            refine: settings.scoring.refine,
            draws: settings.scoring.draws.unwrap_or(default),
            seed: settings.run.seed,
            backend: settings.run.backend.clone(),
        }
    }
}

/// Whose posteriors are wanted, by which model.
pub(crate) struct Wanted<'a> {
    pub model: &'a Model,
    pub responses: &'a Responses<'a>,
    pub respondents: &'a [u32],
    /// Those of the respondents, where the score is wanted as well.
    pub weights: Option<&'a [f64]>,
    pub scoring: &'a Scoring,
    /// True to take more draws of those whose importance weights are too uneven.
    pub repeats: bool,
}

/// What is found for some respondents.
pub(crate) struct Expected {
    pub moments: Moments,
    /// The weighted gradient of the log marginal likelihood by the item parameters, in the layout of their table; empty where it
    /// is not wanted.
    pub score: Vec<f64>,
}

impl Wanted<'_> {
    /// The score before anybody is looked at.
    pub fn no_score(&self) -> Vec<f64> {
        vec![0.0; self.weights.map_or(0, |_| self.model.items.values().len())]
    }
}
