//! The posteriors of respondents with the log likelihoods computed by a device, for many of them at once. The points come from
//! the processor, and go back to it with their log likelihoods; so the moments are those of the [kernels](super::expect), to
//! single precision.

use super::Scoring;
use super::moments::{Moments, MomentsPart};
use super::refinement::{Refined, Refinement, Search};
use super::respondent::Respondent;
use crate::device::{Origins, TensorBatch, evaluate, gradient_by_slots, to_device};
use crate::model::{Gaussian, Model, Network, WideGaussian};
use crate::train::{Monitor, Part};
use crate::{Batch, Responses, Result};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// Respondents whose answers are kept at once, at most.
const MOST_RESPONDENTS: usize = 4_096;
/// Pairs of a slot and a point that are evaluated at once, about; a temporary tensor has as many numbers.
const MOST_CELLS: usize = 1 << 25;

/// What the device computes with.
struct Computation<'a> {
    model: &'a Model,
    responses: &'a Responses<'a>,
    device: &'a Device,
    embeddings: Tensor,
    items: Tensor,
    network: Network,
}

/// See [`super::expect`].
pub(super) fn expect(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    weights: Option<&[f64]>,
    (scoring, device): (&Scoring, &Device),
    monitor: &dyn Monitor,
) -> Result<(Moments, Vec<f64>)> {
    let computation = Computation {
        model,
        responses,
        device,
        embeddings: to_device(&model.encoder.embeddings, device)?,
        items: to_device(&model.items, device)?,
        network: model.encoder.network.to_device(device)?,
    };
    let refinement = Refinement::new(model.shape.n_dims, scoring);
    let mut moments = Moments::zeros(model.shape.n_dims, respondents.len(), scoring.refine);
    let mut score = vec![0.0; weights.map_or(0, |_| model.items.values().len())];
    for (chunk, mut part) in moments.parts(MOST_RESPONDENTS).enumerate() {
        let own = chunk * MOST_RESPONDENTS..chunk * MOST_RESPONDENTS + part.len();
        monitor.part(Part::Posteriors, own.start as f64 / respondents.len() as f64);
        monitor.proceed()?;
        let members = &respondents[own.clone()];
        let networks = computation.encode(members)?;
        if !scoring.refine {
            networks
                .iter()
                .enumerate()
                .for_each(|(place, network)| part.set_network(place, network));
            continue;
        }
        let refined = computation.refine(&refinement, members, &networks, monitor)?;
        set(&mut part, &refined, &networks);
        if let Some(weights) = weights {
            computation.add_scores(members, &weights[own], &refined, &mut score, monitor)?;
        }
    }
    Ok((moments, score))
}

fn set(part: &mut MomentsPart<'_>, refined: &[Refined], networks: &[WideGaussian]) {
    for (place, (refined, network)) in refined.iter().zip(networks).enumerate() {
        part.set(place, &refined.summary, network);
    }
}

impl Computation<'_> {
    /// The posteriors that the network gives.
    fn encode(&self, members: &[u32]) -> Result<Vec<WideGaussian>> {
        let n_dims = self.model.shape.n_dims;
        let batch = self.batch(members);
        let tensors = TensorBatch::new(&batch, self.device)?;
        let pooled = tensors.pooling.sum(&self.embeddings)?;
        let outputs = self
            .network
            .outputs(&self.network.features(&pooled, &tensors.counts)?)?;
        let outputs = outputs.to_vec2::<f32>()?;
        let widened = |outputs: &Vec<f32>| Gaussian { n_dims, outputs }.widened();
        Ok(outputs.iter().map(widened).collect())
    }

    fn batch(&self, members: &[u32]) -> Batch {
        let mut batch = Batch::default();
        batch.fill(self.responses, members);
        batch
    }

    /// The refined posteriors, in rounds: those that ask for as many points are answered together.
    fn refine(
        &self,
        refinement: &Refinement,
        members: &[u32],
        networks: &[WideGaussian],
        monitor: &dyn Monitor,
    ) -> Result<Vec<Refined>> {
        let batch = self.batch(members);
        let mut searches: Vec<Search> = networks
            .par_iter()
            .enumerate()
            .map(|(position, network)| {
                let respondent = Respondent::new(self.model, &batch, position);
                refinement.begin(respondent, batch.responses_of(position), network)
            })
            .collect();
        let mut refined: Vec<Option<Refined>> = networks.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..members.len()).collect();
        while let Some(&first) = open.first() {
            let n_points = searches[first].question.log_weights.len();
            let asking: Vec<usize> = open
                .iter()
                .copied()
                .filter(|&place| searches[place].question.log_weights.len() == n_points)
                .collect();
            // Without responses the posterior is the prior.
            for &place in asking
                .iter()
                .filter(|&&place| batch.responses_of(place).is_empty())
            {
                refined[place] = searches[place].answer(&vec![0.0; n_points]);
            }
            for run in self.runs(&batch, &asking, n_points) {
                monitor.proceed()?;
                let who: Vec<u32> = run.iter().map(|&place| members[place]).collect();
                let points: Vec<&[Vec<f32>]> = run
                    .iter()
                    .map(|&place| searches[place].question.points.as_slice())
                    .collect();
                let tensors = TensorBatch::new(&self.batch(&who), self.device)?;
                let points = self.points(&points)?;
                let evaluated = evaluate(self.model.shape.link, &self.items, &tensors, &points)?;
                let likelihoods = evaluated.log_likelihood.to_vec2::<f32>()?;
                for (&place, likelihoods) in run.iter().zip(&likelihoods) {
                    refined[place] = searches[place].answer(likelihoods);
                }
            }
            open.retain(|&place| refined[place].is_none());
        }
        Ok(refined.into_iter().flatten().collect())
    }

    /// Adds the weighted derivatives of the log marginal likelihood by the item parameters; see [`super::add_score`].
    fn add_scores(
        &self,
        members: &[u32],
        weights: &[f64],
        refined: &[Refined],
        score: &mut [f64],
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let everybody = self.batch(members);
        let mut open: Vec<usize> = (0..members.len()).collect();
        while let Some(&first) = open.first() {
            let n_points = refined[first].draws.weights.len();
            let alike = |place: &usize| refined[*place].draws.weights.len() == n_points;
            let same: Vec<usize> = open.iter().copied().filter(alike).collect();
            for run in self.runs(&everybody, &same, n_points) {
                monitor.proceed()?;
                let who: Vec<u32> = run.iter().map(|&place| members[place]).collect();
                let batch = self.batch(&who);
                let tensors = TensorBatch::new(&batch, self.device)?;
                let origins = Origins::new(&batch, self.responses.catalogue(), self.device)?;
                let points: Vec<&[Vec<f32>]> = run
                    .iter()
                    .map(|&place| refined[place].draws.points.as_slice())
                    .collect();
                let points = self.points(&points)?;
                let of_draws = run.iter().flat_map(|&place| {
                    let draws = refined[place].draws.weights.iter();
                    draws.map(move |w| (w * weights[place]) as f32)
                });
                let of_draws = Tensor::from_iter(of_draws, self.device)?.reshape((run.len(), n_points))?;
                let evaluated = evaluate(self.model.shape.link, &self.items, &tensors, &points)?;
                let by_slots = gradient_by_slots(&tensors, &evaluated.residuals, &of_draws, &points)?;
                let by_rows = origins
                    .slots_by_row
                    .sum(&by_slots)?
                    .flatten_all()?
                    .to_vec1::<f32>()?;
                score
                    .iter_mut()
                    .zip(by_rows)
                    .for_each(|(sum, x)| *sum += f64::from(x));
            }
            open.retain(|place| !alike(place));
        }
        Ok(())
    }

    /// Some places of a batch in runs that the device evaluates at once; those without a response are left out.
    fn runs(&self, batch: &Batch, places: &[usize], n_points: usize) -> Vec<Vec<usize>> {
        let n_slots = |place: usize| batch.slots_of(batch.numbers_of(place)).len();
        let mut runs: Vec<Vec<usize>> = Vec::new();
        let mut left = 0;
        for &place in places.iter().filter(|&&place| n_slots(place) > 0) {
            let cells = n_slots(place) * n_points;
            match runs.last_mut() {
                Some(run) if cells <= left => run.push(place),
                _ => {
                    runs.push(vec![place]);
                    left = MOST_CELLS;
                }
            }
            left = left.saturating_sub(cells);
        }
        runs
    }

    /// The points of respondents by dimension, `n_respondents x n_points`.
    fn points(&self, points: &[&[Vec<f32>]]) -> Result<Vec<Tensor>> {
        (0..self.model.shape.n_dims)
            .map(|d| {
                let coordinates = points.iter().flat_map(|points| points[d].iter().copied());
                Ok(Tensor::from_iter(coordinates, self.device)?.reshape((points.len(), ()))?)
            })
            .collect()
    }
}
