//! The posteriors of respondents with the log likelihoods computed by operations of Candle, for many of them at once. The points
//! come from the processor, and go back to it with their log likelihoods; so the moments are those of the
//! [kernels](crate::posterior::by_kernels), to single precision.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Part};
use crate::base::threads::{map, map_with};
use crate::kernels::encoder::{Activations, EncoderKernel, RESPONDENTS_PER_TASK};
use crate::kernels::respondent::Respondent;
use crate::kernels::slots::{add_to_rows, rows_of_slots};
use crate::model::gaussian::{Gaussian, WideGaussian};
use crate::model::observations::Observations;
use crate::model::response::log_likelihood;
use crate::posterior::moments::{Moments, MomentsPart};
use crate::posterior::question::Refined;
use crate::posterior::refinement::Refinement;
use crate::posterior::scoring::{Expected, Wanted};
use crate::responses::batch::Batch;
use candle_core::{Device, Tensor, Var};

/// Respondents whose answers are kept at once, at most.
const MOST_RESPONDENTS: usize = 4_096;

/// Coordinates of points that are evaluated at once, about, one for each slot; a temporary tensor has as many numbers.
const MOST_COORDINATES: usize = 1 << 25;

/// What the device computes.
struct Computation<'a> {
    wanted: &'a Wanted<'a>,
    device: &'a Device,
    monitor: &'a dyn Monitor,
}

/// See [`crate::posterior::expect::expect`].
pub(crate) fn expect(wanted: &Wanted, device: &Device, monitor: &dyn Monitor) -> Result<Expected> {
    let Wanted {
        model,
        respondents,
        scoring,
        ..
    } = *wanted;
    let computation = Computation {
        wanted,
        device,
        monitor,
    };
    let refinement = Refinement::new(model.shape.n_dims, scoring);
    let kernel = EncoderKernel::new(&model.encoder)?;
    let mut moments = Moments::zeros(model.shape.n_dims, respondents.len(), scoring.refine);
    let mut score = wanted.no_score();
    for (chunk, mut part) in moments.parts(MOST_RESPONDENTS).enumerate() {
        let own = chunk * MOST_RESPONDENTS..chunk * MOST_RESPONDENTS + part.len();
        monitor.part(Part::Posteriors, own.start as f64 / respondents.len() as f64);
        monitor.proceed()?;
        let members = &respondents[own.clone()];
        let networks = computation.encode(&kernel, members);
        if !scoring.refine {
            networks
                .iter()
                .enumerate()
                .for_each(|(place, network)| part.set_network(place, network));
            continue;
        }
        let refined = computation.refine(&refinement, members, &networks)?;
        set(&mut part, &refined, &networks);
        if let Some(weights) = wanted.weights {
            computation.add_scores(members, &weights[own], &refined, &mut score)?;
        }
    }
    Ok(Expected { moments, score })
}

fn set(part: &mut MomentsPart<'_>, refined: &[Refined], networks: &[WideGaussian]) {
    for (place, (refined, network)) in refined.iter().zip(networks).enumerate() {
        part.set(place, &refined.summary, network);
    }
}

impl Computation<'_> {
    /// The posteriors that the network gives: little work, which the processor does.
    fn encode(&self, kernel: &EncoderKernel, members: &[u32]) -> Vec<WideGaussian> {
        let n_dims = self.wanted.model.shape.n_dims;
        let tasks = members.chunks(RESPONDENTS_PER_TASK);
        let parts = map_with(tasks, |activations: &mut Activations, members| {
            kernel.encode(&self.batch(members), 0..members.len(), activations);
            let rows = activations.outputs.rows().into_iter();
            let widened = rows.map(|outputs| {
                let outputs = outputs.to_slice().unwrap_or_default();
                Gaussian { n_dims, outputs }.widened()
            });
            widened.collect::<Vec<_>>()
        });
        parts.concat()
    }

    fn batch(&self, members: &[u32]) -> Batch {
        let mut batch = Batch::default();
        batch.fill(self.wanted.responses, members);
        batch
    }

    /// The refined posteriors, in rounds: all who ask are answered before anybody asks again.
    fn refine(
        &self,
        refinement: &Refinement,
        members: &[u32],
        networks: &[WideGaussian],
    ) -> Result<Vec<Refined>> {
        let batch = self.batch(members);
        let n_dims = self.wanted.model.shape.n_dims;
        let mut searches = map(networks.iter().enumerate(), |(position, network)| {
            let respondent = Respondent::new(self.wanted.model, &batch, position);
            refinement.begin(respondent, batch.responses_of(position), network)
        });
        let mut refined: Vec<Option<Refined>> = networks.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..members.len()).collect();
        while !open.is_empty() {
            // Without responses the posterior is the prior.
            for &place in open.iter().filter(|&&place| batch.responses_of(place).is_empty()) {
                let likelihoods = vec![0.0; searches[place].question.log_weights.len()];
                refined[place] = searches[place].answer(&likelihoods);
            }
            for run in runs(&batch, &open, n_dims, |place| {
                searches[place].question.log_weights.len()
            }) {
                self.monitor.proceed()?;
                let points = |place: usize| searches[place].question.points.as_slice();
                let batch = self.batch_of(members, &run);
                let likelihoods = self.log_likelihoods(&batch, &self.parameters(&batch)?, &run, points)?;
                let likelihoods = likelihoods.to_vec2::<f32>()?;
                for (&place, likelihoods) in run.iter().zip(&likelihoods) {
                    refined[place] = searches[place].answer(likelihoods);
                }
            }
            open.retain(|&place| refined[place].is_none());
        }
        Ok(refined.into_iter().flatten().collect())
    }

    /// Adds the weighted derivatives of the log marginal likelihood by the item parameters; see
    /// [`crate::kernels::score::add_score`].
    fn add_scores(
        &self,
        members: &[u32],
        weights: &[f64],
        refined: &[Refined],
        score: &mut [f64],
    ) -> Result<()> {
        let places: Vec<usize> = (0..members.len()).collect();
        let n_points = |place: usize| refined[place].draws.weights.len();
        for run in runs(
            &self.batch(members),
            &places,
            self.wanted.model.shape.n_dims,
            n_points,
        ) {
            self.monitor.proceed()?;
            let batch = self.batch_of(members, &run);
            let points = |place: usize| refined[place].draws.points.as_slice();
            let parameters = Var::from_tensor(&self.parameters(&batch)?)?;
            let likelihoods = self.log_likelihoods(&batch, &parameters, &run, points)?;
            let of_draws = run.iter().flat_map(|&place| {
                let draws = refined[place].draws.weights.iter();
                draws.map(move |w| (w * weights[place]) as f32)
            });
            let of_draws = Tensor::from_iter(of_draws, self.device)?.reshape((run.len(), ()))?;
            let gradients = (likelihoods * of_draws)?.sum_all()?.backward()?;
            if let Some(by_slots) = gradients.get(&parameters) {
                add_to_rows(&by_slots.flatten_all()?.to_vec1()?, &batch, score);
            }
        }
        Ok(())
    }

    fn batch_of(&self, members: &[u32], run: &[usize]) -> Batch {
        let who: Vec<u32> = run.iter().map(|&place| members[place]).collect();
        self.batch(&who)
    }

    /// The item parameters of every slot of a batch.
    fn parameters(&self, batch: &Batch) -> Result<Tensor> {
        let items = &self.wanted.model.items;
        let shape = (batch.n_slots(), items.width());
        Ok(Tensor::from_vec(rows_of_slots(items, batch), shape, self.device)?)
    }

    /// The log likelihoods of the respondents of a run, who make up a batch, at as many points each: `n_respondents x n_points`.
    fn log_likelihoods<'b>(
        &self,
        batch: &Batch,
        parameters: &Tensor,
        run: &[usize],
        points: impl Fn(usize) -> &'b [Vec<f32>],
    ) -> Result<Tensor> {
        let shape = &self.wanted.model.shape;
        let observed = Observations::new(batch, self.device)?;
        let mut traits = Vec::new();
        for &place in run {
            let points = points(place);
            let n_points = points.first().map_or(0, Vec::len);
            traits.extend((0..n_points).flat_map(|k| points.iter().map(move |coordinate| coordinate[k])));
        }
        let traits = Tensor::new(traits, self.device)?.reshape((run.len(), (), shape.n_dims))?;
        Ok(log_likelihood(shape.link, parameters, &traits, &observed)?)
    }
}

/// Some places of a batch in runs that the device evaluates at once, with as many points for each; those without a response
/// are left out.
fn runs(
    batch: &Batch,
    places: &[usize],
    n_dims: usize,
    n_points: impl Fn(usize) -> usize,
) -> Vec<Vec<usize>> {
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
        let coordinates = n_slots(place) * n_points(place) * n_dims;
        match runs.last_mut() {
            Some(run) if coordinates <= left && n_points(run[0]) == n_points(place) => run.push(place),
            _ => {
                runs.push(vec![place]);
                left = MOST_COORDINATES;
            }
        }
        left = left.saturating_sub(coordinates);
    }
    runs
}
