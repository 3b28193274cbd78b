//! The fused decoder: gathers item parameters, evaluates the link and sums log likelihoods and gradients in one
//! pass over the observed responses.

use super::{Table, link::Link};
use crate::Batch;
use rayon::prelude::*;
use std::ops::Range;

/// Respondents that one task evaluates.
const RESPONDENTS_PER_TASK: usize = 16;

/// What the decoder computes for the samples of the latent traits of a batch.
#[derive(Debug)]
pub struct Decoded {
    /// Log likelihood of each respondent's responses, `n_respondents x n_samples`.
    pub log_likelihood: Vec<f32>,
    /// Its gradient by the latent traits, `n_respondents x n_samples x n_dims`.
    pub trait_gradient: Vec<f32>,
    /// Its derivatives by the linear predictors; the residuals of a respondent's first sample, slot by slot,
    /// then those of the second.
    residuals: Vec<f32>,
}

/// One task's part of the output.
struct Part<'a> {
    positions: Range<usize>,
    log_likelihood: &'a mut [f32],
    trait_gradient: &'a mut [f32],
    residuals: &'a mut [f32],
}

/// Evaluates the likelihood of a batch. `items` has one row per parameter row of the catalogue: the
/// discriminations by dimension, then the difficulty. `traits` is `n_respondents x n_samples x n_dims`.
pub fn decode(items: &Table, link: Link, batch: &Batch, traits: &[f32], n_samples: usize) -> Decoded {
    let n_dims = items.width() - 1;
    let n = batch.n_respondents();
    let mut decoded = Decoded {
        log_likelihood: vec![0.0; n * n_samples],
        trait_gradient: vec![0.0; n * n_samples * n_dims],
        residuals: vec![0.0; batch.n_slots() * n_samples],
    };
    parts(&mut decoded, batch, n_samples, n_dims)
        .into_par_iter()
        .for_each(|part| decode_part(items, link, batch, traits, n_samples, part));
    decoded
}

fn parts<'a>(decoded: &'a mut Decoded, batch: &Batch, n_samples: usize, n_dims: usize) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let mut log_likelihood = decoded.log_likelihood.as_mut_slice();
    let mut trait_gradient = decoded.trait_gradient.as_mut_slice();
    let mut residuals = decoded.residuals.as_mut_slice();
    let mut start = 0;
    while start < batch.n_respondents() {
        let end = (start + RESPONDENTS_PER_TASK).min(batch.n_respondents());
        let responses = batch.responses_of(start).start..batch.responses_of(end - 1).end;
        let n_samples_here = (end - start) * n_samples;
        let (own, rest) = log_likelihood.split_at_mut(n_samples_here);
        log_likelihood = rest;
        let (own_gradient, rest) = trait_gradient.split_at_mut(n_samples_here * n_dims);
        trait_gradient = rest;
        let (own_residuals, rest) = residuals.split_at_mut(batch.slots_of(responses).len() * n_samples);
        residuals = rest;
        parts.push(Part {
            positions: start..end,
            log_likelihood: own,
            trait_gradient: own_gradient,
            residuals: own_residuals,
        });
        start = end;
    }
    parts
}

fn decode_part(items: &Table, link: Link, batch: &Batch, traits: &[f32], n_samples: usize, part: Part<'_>) {
    let n_dims = items.width() - 1;
    let mut residuals = part.residuals;
    let samples = part
        .log_likelihood
        .iter_mut()
        .zip(part.trait_gradient.chunks_mut(n_dims));
    let first_sample = part.positions.start * n_samples;
    for (offset, (log_likelihood, gradient)) in samples.enumerate() {
        let sample = first_sample + offset;
        let responses = batch.responses_of(sample / n_samples);
        let n_slots = batch.slots_of(responses.clone()).len();
        let (own, rest) = residuals.split_at_mut(n_slots);
        residuals = rest;
        let point = &traits[sample * n_dims..(sample + 1) * n_dims];
        *log_likelihood = decode_sample(items, link, batch, responses, point, gradient, own);
    }
}

/// The log likelihood of one respondent's responses at one point.
fn decode_sample(
    items: &Table,
    link: Link,
    batch: &Batch,
    responses: Range<usize>,
    point: &[f32],
    gradient: &mut [f32],
    residuals: &mut [f32],
) -> f32 {
    let n_dims = point.len();
    let mut slot = 0;
    for response in responses.clone() {
        for row in batch.rows(response) {
            residuals[slot] = predictor(items.row(row), point);
            slot += 1;
        }
    }
    let total = log_probabilities(link, batch, responses.clone(), residuals);
    let mut slot = 0;
    for response in responses {
        for row in batch.rows(response) {
            let residual = residuals[slot];
            for (g, &discrimination) in gradient.iter_mut().zip(&items.row(row)[..n_dims]) {
                *g += residual * discrimination;
            }
            slot += 1;
        }
    }
    total
}

/// The summed log probability of a run of responses; the linear predictors become residuals.
fn log_probabilities(link: Link, batch: &Batch, responses: Range<usize>, predictors: &mut [f32]) -> f32 {
    if predictors.len() == responses.len() {
        return link.log_probabilities_binary(predictors, batch.chosen_of(responses));
    }
    let mut total = 0.0;
    let mut slot = 0;
    for response in responses {
        let n_rows = batch.rows(response).len();
        let chosen = batch.chosen(response);
        total += link.log_probability(&mut predictors[slot..slot + n_rows], chosen);
        slot += n_rows;
    }
    total
}

/// `gamma . alpha - beta` of one row of the table of item parameters.
#[inline(always)]
pub fn predictor(parameters: &[f32], point: &[f32]) -> f32 {
    let (discrimination, difficulty) = parameters.split_at(point.len());
    let sum: f32 = discrimination.iter().zip(point).map(|(g, a)| g * a).sum();
    sum - difficulty[0]
}

impl Decoded {
    /// Adds to `gradient` the gradient of the weighted log likelihood by the parameters of option number
    /// `option` (from 1) of the item whose option ids are `options`. `weights` has one number per respondent and
    /// sample. Returns the number of responses that the item has in the batch.
    pub fn add_item_gradient(
        &self,
        batch: &Batch,
        options: Range<usize>,
        option: usize,
        traits: &[f32],
        weights: &[f32],
        gradient: &mut [f32],
    ) -> usize {
        let n_dims = gradient.len() - 1;
        let n_samples = weights.len() / batch.n_respondents();
        let responses = batch.responses_with(options);
        for &response in responses {
            let response = response as usize;
            let position = batch.owner(response);
            let of_owner = batch.slots_of(batch.responses_of(position));
            let slot = batch.slots_of(response..response + 1).start - of_owner.start + option - 1;
            for sample in 0..n_samples {
                let residual = self.residuals[of_owner.start * n_samples + sample * of_owner.len() + slot]
                    * weights[position * n_samples + sample];
                let start = (position * n_samples + sample) * n_dims;
                let point = &traits[start..start + n_dims];
                for (g, &a) in gradient.iter_mut().zip(point) {
                    *g += residual * a;
                }
                gradient[n_dims] -= residual;
            }
        }
        responses.len()
    }
}
