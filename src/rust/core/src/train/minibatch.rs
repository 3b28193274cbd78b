//! What a step of training takes.

use crate::base::backend::Backend;
use crate::base::error::Result;
use crate::model::observations::Observations;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;
use std::sync::Arc;

/// Some respondents with their responses, laid out for the backend.
#[derive(Default)]
pub(crate) struct Minibatch {
    pub batch: Arc<Batch>,
    /// The same on the device, where operations of Candle compute.
    pub observed: Option<Observations>,
}

impl Minibatch {
    /// Makes this the batch of the given respondents; the memory is kept.
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] when the device does not take it.
    pub fn fill(&mut self, responses: &Responses, members: &[u32], backend: &Backend) -> Result<()> {
        // Nobody else holds the batch by then: the graph of its step is gone.
        let batch = Arc::make_mut(&mut self.batch);
        batch.fill(responses, members);
        batch.group(responses.catalogue().n_options());
        if let Backend::Tensors(device) = backend {
            self.observed = Some(Observations::new(batch, device)?);
        }
        Ok(())
    }
}
