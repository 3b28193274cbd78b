//! The posteriors of respondents with the log likelihoods computed by a device, for many of them at once. The points come from
//! the processor, and go back to it with their log likelihoods; so the moments are those of the [kernels](super::expect), to
//! single precision.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Part};
use crate::kernels::respondent::Respondent;
use crate::model::gaussian::{Gaussian, WideGaussian};
use crate::model::network::Network;
use crate::model::parameters::Model;
use crate::posterior::moments::{Moments, MomentsPart};
use crate::posterior::question::Refined;
use crate::posterior::refinement::{Refinement, Search};
use crate::posterior::scoring::Scoring;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;
use crate::tensors::batch::{Pooling, TensorBatch, slots_by_row};
use crate::tensors::likelihood::{Evaluated, evaluate, gradient_by_slots};
use crate::tensors::table::to_device;
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

/// See [`crate::posterior::expect::expect`].
pub(crate) fn expect(
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
        let pooling = Pooling::new(&self.batch(members), self.device)?;
        let pooled = pooling.embeddings.sum(&self.embeddings)?;
        let features = self.network.features(&pooled, &pooling.counts)?;
        let outputs = self.network.outputs(&features)?;
        let outputs = outputs.to_vec2::<f32>()?;
        let widened = |outputs: &Vec<f32>| Gaussian { n_dims, outputs }.widened();
        Ok(outputs.iter().map(widened).collect())
    }

    fn batch(&self, members: &[u32]) -> Batch {
        let mut batch = Batch::default();
        batch.fill(self.responses, members);
        batch
    }

    /// The refined posteriors, in rounds: all who ask are answered before anybody asks again.
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
        while !open.is_empty() {
            // Without responses the posterior is the prior.
            for &place in open.iter().filter(|&&place| batch.responses_of(place).is_empty()) {
                let likelihoods = vec![0.0; searches[place].question.log_weights.len()];
                refined[place] = searches[place].answer(&likelihoods);
            }
            for run in runs(&batch, &open, |place| searches[place].question.log_weights.len()) {
                monitor.proceed()?;
                let points = |place: usize| searches[place].question.points.as_slice();
                let (_, evaluated, _) = self.evaluate(&self.batch_of(members, &run), &run, points)?;
                let likelihoods = evaluated.log_likelihood.to_vec2::<f32>()?;
                for (&place, likelihoods) in run.iter().zip(&likelihoods) {
                    refined[place] = searches[place].answer(likelihoods);
                }
            }
            open.retain(|&place| refined[place].is_none());
        }
        Ok(refined.into_iter().flatten().collect())
    }

    /// Adds the weighted derivatives of the log marginal likelihood by the item parameters; see [`crate::kernels::score::add_score`].
    fn add_scores(
        &self,
        members: &[u32],
        weights: &[f64],
        refined: &[Refined],
        score: &mut [f64],
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let places: Vec<usize> = (0..members.len()).collect();
        let n_points = |place: usize| refined[place].draws.weights.len();
        for run in runs(&self.batch(members), &places, n_points) {
            monitor.proceed()?;
            let batch = self.batch_of(members, &run);
            let points = |place: usize| refined[place].draws.points.as_slice();
            let (tensors, evaluated, points) = self.evaluate(&batch, &run, points)?;
            let of_draws = run.iter().flat_map(|&place| {
                let draws = refined[place].draws.weights.iter();
                draws.map(move |w| (w * weights[place]) as f32)
            });
            let of_draws = Tensor::from_iter(of_draws, self.device)?.reshape((run.len(), ()))?;
            let by_slots = gradient_by_slots(&tensors, &evaluated.residuals, &of_draws, &points)?;
            let by_rows = slots_by_row(&batch, self.responses.catalogue(), self.device)?.sum(&by_slots)?;
            score
                .iter_mut()
                .zip(by_rows.flatten_all()?.to_vec1::<f32>()?)
                .for_each(|(sum, x)| *sum += f64::from(x));
        }
        Ok(())
    }

    fn batch_of(&self, members: &[u32], run: &[usize]) -> Batch {
        let who: Vec<u32> = run.iter().map(|&place| members[place]).collect();
        self.batch(&who)
    }

    /// Evaluates the respondents of a run, who make up a batch, at as many points each; with the points by dimension,
    /// `n_respondents x n_points`.
    fn evaluate<'b>(
        &self,
        batch: &Batch,
        run: &[usize],
        points: impl Fn(usize) -> &'b [Vec<f32>],
    ) -> Result<(TensorBatch, Evaluated, Vec<Tensor>)> {
        let tensors = TensorBatch::new(batch, self.device)?;
        let points = (0..self.model.shape.n_dims)
            .map(|d| {
                let coordinates = run.iter().flat_map(|&place| points(place)[d].iter().copied());
                Ok(Tensor::from_iter(coordinates, self.device)?.reshape((run.len(), ()))?)
            })
            .collect::<Result<Vec<Tensor>>>()?;
        let evaluated = evaluate(self.model.shape.link, &self.items, &tensors, &points)?;
        Ok((tensors, evaluated, points))
    }
}

/// Some places of a batch in runs that the device evaluates at once, with as many points for each; those without a response
/// are left out.
fn runs(batch: &Batch, places: &[usize], n_points: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let n_slots = |place: usize| batch.slots_of(batch.numbers_of(place)).len();
    let mut answering: Vec<usize> = places
        .iter()
        .copied()
        .filter(|&place| n_slots(place) > 0)
        .collect();
    answering.sort_by_key(|&place| n_points(place));
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut left = 0;
    for place in answering {
        let cells = n_slots(place) * n_points(place);
        match runs.last_mut() {
            Some(run) if cells <= left && n_points(run[0]) == n_points(place) => run.push(place),
            _ => {
                runs.push(vec![place]);
                left = MOST_CELLS;
            }
        }
        left = left.saturating_sub(cells);
    }
    runs
}
