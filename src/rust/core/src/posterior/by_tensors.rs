//! The posteriors of respondents with the log likelihoods computed by operations of Candle, for many of them at once. The points
//! come from the processor, and go back to it with their log likelihoods; so the moments are those of the
//! [kernels](crate::posterior::by_kernels), to single precision.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Part};
use crate::base::threads::{map, map_with};
use crate::kernels::encoder::{Activations, EncoderKernel, RESPONDENTS_PER_TASK};
use crate::kernels::points::Residuals;
use crate::kernels::respondent::Respondent;
use crate::kernels::slots::{add_to_rows, rows_of_slots};
use crate::model::gaussian::{Gaussian, WideGaussian};
use crate::model::observations::Observations;
use crate::model::response::definition::log_likelihood;
use crate::posterior::moments::{Moments, MomentsPart};
use crate::posterior::question::Refined;
use crate::posterior::refinement::{Refinement, Search};
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
        repeats,
        ..
    } = *wanted;
    let computation = Computation {
        wanted,
        device,
        monitor,
    };
    let refinement = Refinement::new(model.shape.n_dims, scoring, repeats);
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
        let batch = computation.batch(members);
        let refined = computation.refine(&refinement, members, &batch, &networks)?;
        set(&mut part, &refined, &networks);
        if let Some(weights) = wanted.weights {
            computation.add_scores(members, &batch, &weights[own], &refined, &mut score)?;
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
        batch: &Batch,
        networks: &[WideGaussian],
    ) -> Result<Vec<Refined>> {
        let begun = map(networks.iter().enumerate(), |(place, network)| {
            let respondent = Respondent::new(self.wanted.model, batch, place);
            let search = refinement.begin(respondent, batch.responses_of(place), network);
            // Without responses the posterior is the prior.
            match n_slots(batch, place) {
                0 => (None, Some(search.finish(&mut Residuals::new()))),
                _ => (Some(search), None),
            }
        });
        let (mut searches, mut refined): (Vec<_>, Vec<_>) = begun.into_iter().unzip();
        loop {
            let open = searches.iter().enumerate();
            let asking: Vec<(usize, usize)> = open
                .filter_map(|(place, search): (_, &Option<Search>)| {
                    Some((place, search.as_ref()?.question.log_weights.len()))
                })
                .collect();
            if asking.is_empty() {
                return Ok(refined.into_iter().flatten().collect());
            }
            for run in self.runs(batch, &asking) {
                self.monitor.proceed()?;
                let own = run.iter().filter_map(|&place| searches[place].take()).collect();
                let answered = self.answer(&self.batch_of(members, &run), own)?;
                for (place, (search, answer)) in run.into_iter().zip(answered) {
                    if answer.is_none() {
                        searches[place] = Some(search);
                    }
                    refined[place] = answer;
                }
            }
        }
    }

    /// Gives the searches of a batch the log likelihoods at their points.
    fn answer<'s>(
        &self,
        batch: &Batch,
        searches: Vec<Search<'s>>,
    ) -> Result<Vec<(Search<'s>, Option<Refined>)>> {
        let points: Vec<&[Vec<f32>]> = searches.iter().map(|own| &own.question.points[..]).collect();
        let likelihoods = self.log_likelihoods(batch, &self.parameters(batch)?, &points)?;
        let likelihoods = likelihoods.to_vec2::<f32>()?;
        let asked = searches.into_iter().zip(likelihoods);
        Ok(map(asked, |(mut search, likelihoods)| {
            let answer = search.answer(&likelihoods);
            (search, answer)
        }))
    }

    /// Adds the weighted derivatives of the log marginal likelihood by the item parameters; see
    /// [`crate::kernels::score::add_score`].
    fn add_scores(
        &self,
        members: &[u32],
        everybody: &Batch,
        weights: &[f64],
        refined: &[Refined],
        score: &mut [f64],
    ) -> Result<()> {
        let answering = (0..members.len()).filter(|&place| n_slots(everybody, place) > 0);
        let asked: Vec<(usize, usize)> = answering
            .map(|place| (place, refined[place].draws.weights.len()))
            .collect();
        for run in self.runs(everybody, &asked) {
            self.monitor.proceed()?;
            let batch = self.batch_of(members, &run);
            let points: Vec<&[Vec<f32>]> = run
                .iter()
                .map(|&place| &refined[place].draws.points[..])
                .collect();
            let parameters = Var::from_tensor(&self.parameters(&batch)?)?;
            let likelihoods = self.log_likelihoods(&batch, &parameters, &points)?;
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

    /// Places of a batch, each with the number of points that it asks about, in runs that the device evaluates at once, with
    /// as many points for each.
    fn runs(&self, batch: &Batch, asked: &[(usize, usize)]) -> Vec<Vec<usize>> {
        let mut runs: Vec<Run> = Vec::new();
        for &(place, n_points) in asked {
            let size = n_slots(batch, place) * n_points * self.wanted.model.shape.n_dims;
            match runs.iter_mut().rfind(|run| run.n_points == n_points) {
                Some(run) if size <= run.left => {
                    run.places.push(place);
                    run.left -= size;
                }
                _ => runs.push(Run {
                    places: vec![place],
                    n_points,
                    left: MOST_COORDINATES.saturating_sub(size),
                }),
            }
        }
        runs.into_iter().map(|run| run.places).collect()
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

    /// The log likelihoods of the respondents of a batch at as many points each: `n_respondents x n_points`.
    fn log_likelihoods(&self, batch: &Batch, parameters: &Tensor, points: &[&[Vec<f32>]]) -> Result<Tensor> {
        let shape = &self.wanted.model.shape;
        let observed = Observations::new(batch, self.device)?;
        let traits = map(points, |points| {
            let n_points = points.first().map_or(0, Vec::len);
            let of_point = |k: usize| points.iter().map(move |coordinate| coordinate[k]);
            (0..n_points).flat_map(of_point).collect::<Vec<f32>>()
        });
        let traits = Tensor::new(traits.concat(), self.device)?.reshape((points.len(), (), shape.n_dims))?;
        Ok(log_likelihood(shape.link, parameters, &traits, &observed)?)
    }
}

struct Run {
    places: Vec<usize>,
    n_points: usize,
    /// Coordinates for which there is still room.
    left: usize,
}

fn n_slots(batch: &Batch, place: usize) -> usize {
    batch.slots_of(batch.numbers_of(place)).len()
}
