//! The probability of a response from the linear predictors `gamma_jc . alpha_i - beta_jc` of its item, by operations of Candle.

use crate::model::design;
use crate::model::link::Link;
use crate::model::observations::Observations;
use crate::model::response::{graded, nominal, two_options};
use candle_core::{Result, Tensor};

/// The log probabilities of the responses for the predictors of their slots: `n_slots x n_points` to
/// `n_responses x n_points`.
fn log_probabilities(link: Link, predictors: &Tensor, observed: &Observations) -> Result<Tensor> {
    let Some(ordered) = &observed.ordered else {
        return match link {
            Link::Logit => nominal::log_probabilities(predictors, observed),
            Link::Probit => two_options::log_probabilities(predictors, observed),
        };
    };
    let of_ordered = graded::log_probabilities(link, predictors, ordered)?;
    match &ordered.is_other {
        Some(is_other) => {
            of_ordered + nominal::log_probabilities(predictors, observed)?.broadcast_mul(is_other)?
        }
        None => Ok(of_ordered),
    }
}

/// The log likelihoods `ln p(y_i | alpha)` of the respondents at some points, `n_respondents x n_points`: responses are
/// independent given the traits.
///
/// # Errors
/// When the shapes do not fit.
pub fn log_likelihood(
    link: Link,
    parameters: &Tensor,
    traits: &Tensor,
    observed: &Observations,
) -> Result<Tensor> {
    let predictors = design::predictors(parameters, traits, observed)?;
    observed.sum_by_respondent(&log_probabilities(link, &predictors, observed)?)
}
