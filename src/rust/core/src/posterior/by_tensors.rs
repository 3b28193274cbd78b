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
        let mut open = map(networks.iter().enumerate(), |(place, network)| {
            let respondent = Respondent::new(self.wanted.model, &batch, place);
            let search = refinement.begin(respondent, batch.responses_of(place), network);
            Open { place, search }
        });
        let mut refined: Vec<Option<Refined>> = networks.iter().map(|_| None).collect();
        while !open.is_empty() {
            let (silent, asking) = open.drain(..).partition(|open| n_slots(&batch, open.place) == 0);
            // Without responses the posterior is the prior.
            let mut answered = map(silent, |open: Open| {
                let likelihoods = vec![0.0; open.n_points()];
                open.answer(&likelihoods)
            });
            let size = |open: &Open| self.n_coordinates(&batch, open.place, open.n_points());
            for run in runs(asking, Open::n_points, size) {
                self.monitor.proceed()?;
                answered.extend(self.answer(members, run)?);
            }
            for (asked, answer) in answered {
                match answer {
                    Some(answer) => refined[asked.place] = Some(answer),
                    None => open.push(asked),
                }
            }
        }
        Ok(refined.into_iter().flatten().collect())
    }

    /// Gives the searches of a run the log likelihoods at their points.
    fn answer<'s>(&self, members: &[u32], run: Vec<Open<'s>>) -> Result<Vec<(Open<'s>, Option<Refined>)>> {
        let places: Vec<usize> = run.iter().map(|open| open.place).collect();
        let batch = self.batch_of(members, &places);
        let points: Vec<&[Vec<f32>]> = run.iter().map(|open| &open.search.question.points[..]).collect();
        let likelihoods = self.log_likelihoods(&batch, &self.parameters(&batch)?, &points)?;
        let likelihoods = likelihoods.to_vec2::<f32>()?;
        Ok(map(run.into_iter().zip(likelihoods), |(open, likelihoods)| {
            open.answer(&likelihoods)
        }))
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
        let everybody = self.batch(members);
        let n_points = |&place: &usize| refined[place].draws.weights.len();
        let size = |&place: &usize| self.n_coordinates(&everybody, place, n_points(&place));
        let answering = (0..members.len()).filter(|&place| n_slots(&everybody, place) > 0);
        for run in runs(answering.collect(), n_points, size) {
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

    /// What the device works on for the log likelihoods of a respondent at so many points.
    fn n_coordinates(&self, batch: &Batch, place: usize, n_points: usize) -> usize {
        n_slots(batch, place) * n_points * self.wanted.model.shape.n_dims
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

/// A search that has not ended, and the place of its respondent.
struct Open<'a> {
    place: usize,
    search: Search<'a>,
}

impl Open<'_> {
    fn n_points(&self) -> usize {
        self.search.question.log_weights.len()
    }

    fn answer(mut self, likelihoods: &[f32]) -> (Self, Option<Refined>) {
        let answer = self.search.answer(likelihoods);
        (self, answer)
    }
}

fn n_slots(batch: &Batch, place: usize) -> usize {
    batch.slots_of(batch.numbers_of(place)).len()
}

/// What is asked in runs that the device evaluates at once, with as many points for each.
fn runs<T>(
    mut asked: Vec<T>,
    n_points: impl Fn(&T) -> usize,
    n_coordinates: impl Fn(&T) -> usize,
) -> Vec<Vec<T>> {
    asked.sort_by_key(&n_points);
    let mut runs: Vec<Vec<T>> = Vec::new();
    let mut left = 0;
    for one in asked {
        let size = n_coordinates(&one);
        match runs.last_mut() {
            Some(run) if size <= left && n_points(&run[0]) == n_points(&one) => run.push(one),
            _ => {
                runs.push(vec![one]);
                left = MOST_COORDINATES;
            }
        }
        left = left.saturating_sub(size);
    }
    runs
}
