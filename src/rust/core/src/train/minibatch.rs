//! What a step of training takes.

use crate::base::backend::Backend;
use crate::base::error::Result;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;
use crate::tensors::batch::{Origins, Pooling, TensorBatch};

/// Some respondents with their responses and weights, laid out for the backend.
#[derive(Default)]
pub(crate) struct Minibatch {
    pub batch: Batch,
    /// By position.
    pub weights: Vec<f32>,
    /// The indices on the device, where one computes.
    pub on_device: Option<(Pooling, TensorBatch, Origins)>,
}

impl Minibatch {
    /// Makes this the batch of the given respondents; the memory is kept.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Tensor`] when the device does not take it.
    pub fn fill(&mut self, responses: &Responses, members: &[u32], backend: &Backend) -> Result<()> {
        let catalogue = responses.catalogue();
        self.batch.fill(responses, members);
        self.weights.clear();
        self.weights
            .extend(members.iter().map(|&i| responses.weight(i as usize)));
        match backend.device()? {
            None => self.batch.group(catalogue.n_options()),
            Some(device) => {
                self.on_device = Some((
                    Pooling::new(&self.batch, device)?,
                    TensorBatch::new(&self.batch, device)?,
                    Origins::new(&self.batch, catalogue, device)?,
                ));
            }
        }
        Ok(())
    }

    /// The weights of the respondents, summed.
    pub fn weight(&self) -> f64 {
        self.weights.iter().map(|&w| f64::from(w)).sum()
    }
}
