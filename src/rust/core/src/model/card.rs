//! What has to be known of a model beside its weights.

use serde::{Deserialize, Serialize};

/// What has to be known of a model beside its weights, in words and numbers: the JSON of the file's header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Version of the R package that wrote the file.
    pub package: String,
    /// The items, in the order of the model.
    pub items: Vec<ItemCard>,
    /// Standard deviations of the item parameters' priors; nothing where they were left open.
    pub discrimination_sd: Option<f64>,
    /// See `discrimination_sd`.
    pub difficulty_sd: Option<f64>,
    /// Are posteriors refined?
    pub refined: bool,
    /// Draws of importance sampling per respondent.
    pub draws: u32,
    /// Seed of these draws.
    pub seed: f64,
    /// Level of the intervals.
    pub level: f64,
    /// Were the axes rotated?
    pub rotated: bool,
    /// How standard errors were found.
    pub std_errors: String,
    /// Respondents and seconds that the fit took.
    pub n_respondents: u32,
    /// See `n_respondents`.
    pub seconds: f64,
    /// Did the training converge, and did the items reach the maximum of their marginal posterior?
    pub converged: bool,
    /// See `converged`.
    pub polished: Option<bool>,
    /// Statistics of fit, see `FitStatistics`.
    pub classification: Option<f64>,
    /// See `classification`.
    pub apre: Option<f64>,
    /// See `classification`.
    pub gmp: Option<f64>,
    /// The Pareto k above which a posterior is not reliable.
    pub pareto_threshold: Option<f64>,
}

/// An item of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemCard {
    /// Its name.
    pub name: String,
    /// The labels of its options, the reference first.
    pub options: Vec<String>,
    /// The labels that were pooled into one option, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pooled: Vec<String>,
    /// Number of responses in the sample of the fit.
    pub n_responses: u32,
}
