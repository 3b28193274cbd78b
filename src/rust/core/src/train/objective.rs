//! What training maximises and how fast it moves, whatever computes it.

use crate::base::error::Result;
use crate::base::random::{Purpose, Stream};
use crate::base::threads::map;
use crate::kernels::encoder::RESPONDENTS_PER_TASK;
use crate::model::parameters::Model;
use crate::model::prior::ItemPrior;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;
use crate::settings::Settings;
use candle_core::{DType, Device, Tensor};

/// Adam moves every embedding by about the learning rate, often all of a respondent's in the same direction, so their sum
/// moves by the number of responses times as much, while the posterior standard deviation falls with the root of that
/// number. The rate of the embeddings is the learning rate times this constant over `n^1.5`, so that a step stays a
/// constant share of the standard deviation; found by trials with 10 to 540 responses per respondent.
const POOLED_STEP: f64 = 80.0;

/// Learning rate of the network's weights relative to that of the item parameters. An output sums over twice the hidden
/// width; with the full rate the standard deviations collapsed in one of eight fits of the 109th Senate.
pub(crate) const NETWORK_RATE: f64 = 0.1;

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trains {
    /// The encoder and the items.
    Everything,
    /// The encoder, which is near its best; the items stay.
    Encoder,
}

impl Trains {
    /// Its name in checkpoints.
    pub fn name(self) -> &'static str {
        match self {
            Trains::Everything => "everything",
            Trains::Encoder => "the encoder",
        }
    }
}

/// The bound of the responses and the prior of the items.
pub(crate) struct Objective {
    pub trains: Trains,
    pub n_samples: usize,
    pub seed: u64,
    /// Mean weight of the respondents. A batch counts as so much for each of its respondents, so that a heavy respondent
    /// weighs the same in whatever company.
    pub mean_weight: f32,
    /// Learning rate of the embeddings relative to that of the other parameters.
    pub embedding_rate: f64,
    /// A batch carries the share of it that it holds of an item's responses.
    pub prior: ItemPrior,
    /// Number of responses by item.
    item_totals: Vec<u64>,
}

impl Objective {
    /// The objective for some respondents, who gave a response.
    pub fn new(responses: &Responses, respondents: &[u32], settings: &Settings, trains: Trains) -> Self {
        let mean_responses = responses.mean_responses_of(respondents);
        Self {
            trains,
            n_samples: settings.training.importance_samples,
            seed: settings.run.seed,
            mean_weight: (responses.summed_weight(respondents) / respondents.len() as f64) as f32,
            embedding_rate: (POOLED_STEP / mean_responses.powf(1.5)).min(1.0),
            prior: settings.model.item_prior(),
            item_totals: responses.item_totals(),
        }
    }

    /// What a batch of this size weighs on average.
    pub fn weight_of(&self, batch: &Batch) -> f32 {
        self.mean_weight * batch.n_respondents() as f32
    }

    /// How much of an item's prior a batch carries that holds `n_answers` of its responses, per unit of weight.
    pub fn prior_share(&self, item: usize, n_answers: usize, batch: &Batch) -> f32 {
        n_answers as f32 / self.item_totals[item] as f32 / self.weight_of(batch)
    }

    /// The log prior of the item parameters, without its constant.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when a tensor cannot be made.
    pub fn log_prior(&self, model: &Model) -> Result<f64> {
        let design = model.design();
        let items = design.once(&model.items);
        let rows = Tensor::from_slice(items.values(), (items.n_rows(), items.width()), &Device::Cpu)?;
        let density = self.prior.log_density(&rows.to_dtype(DType::F64)?)?;
        Ok(density.to_scalar()?)
    }

    /// Standard normal noise of a respondent, `n_samples x n_dims`. Samples come in pairs with opposite noise, which takes the
    /// noise of a normal posterior out of the gradient of its mean; it depends on seed, epoch and respondent alone.
    pub fn draw_noise(&self, epoch: usize, respondent: u32, n_dims: usize, to: &mut [f32]) {
        let mut stream = Stream::new(self.seed, Purpose::Noise, epoch as u64, u64::from(respondent));
        for pair in to.chunks_mut(2 * n_dims) {
            let (noise, twin) = pair.split_at_mut(n_dims);
            noise.iter_mut().for_each(|e| *e = stream.normal() as f32);
            twin.iter_mut().zip(noise).for_each(|(t, e)| *t = -*e);
        }
    }

    /// The noise of all respondents of a batch, one after another.
    pub fn noise_of(&self, batch: &Batch, epoch: usize, n_dims: usize) -> Vec<f32> {
        let size = self.n_samples * n_dims;
        let mut noise = vec![0.0; batch.n_respondents() * size];
        let tasks = noise.chunks_mut(RESPONDENTS_PER_TASK * size);
        let respondents = batch.respondents().chunks(RESPONDENTS_PER_TASK);
        map(tasks.zip(respondents), |(noise, respondents)| {
            for (noise, &respondent) in noise.chunks_mut(size).zip(respondents) {
                self.draw_noise(epoch, respondent, n_dims, noise);
            }
        });
        noise
    }
}
