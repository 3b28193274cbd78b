//! The bound of a batch as one operation of Candle.

use crate::kernels::bound::{BoundGradients, Sampling};
use crate::kernels::encoder::{EncoderKernel, NetworkGradient};
use crate::model::parameters::Model;
use crate::responses::batch::Batch;
use candle_core::{CpuStorage, CustomOp3, Device, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Fills the noise of a respondent, a row of the responses, `n_samples x n_dims`.
pub type Noise = Box<dyn Fn(u32, &mut [f32]) + Send + Sync>;

/// Where a loss leaves what Candle does not see, for the updates; the memory is kept from one step to the next.
#[derive(Clone, Default)]
pub struct SharedGradients(Arc<Mutex<BoundGradients>>);

impl SharedGradients {
    /// What was found for the last batch.
    pub fn lock(&self) -> MutexGuard<'_, BoundGradients> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The negative bound of a batch per unit of weight, as a function of the three variables of the network: the same as
/// [`crate::model::bound::Bound`] gives, in one pass of the kernels over the responses, with the gradients that it prescribes. Candle
/// gets those by the variables from it; those by the tables, which stand outside the graph, are left in `gradients`, until the next
/// loss is computed. It is the whole loss: nothing may be added to it, nor may it be multiplied.
pub struct FusedBound {
    /// The tables of embeddings and items.
    pub model: Arc<Model>,
    /// The responses, grouped by option.
    pub batch: Arc<Batch>,
    /// What a batch of this size weighs on average.
    pub total_weight: f32,
    /// Samples per respondent.
    pub n_samples: usize,
    /// Standard normal noise.
    pub noise: Noise,
    /// What is found.
    pub gradients: SharedGradients,
}

impl FusedBound {
    /// The loss, a number, whose derivatives by the variables of the network of the model are to be had from Candle.
    ///
    /// # Errors
    /// When the variables are not on the processor.
    pub fn loss(self) -> Result<Tensor> {
        let model = Arc::clone(&self.model);
        let [hidden_bias, hidden_count, output_weight] = model.encoder.network.variables();
        hidden_bias.apply_op3(hidden_count, output_weight, self)
    }
}

impl CustomOp3 for FusedBound {
    fn name(&self) -> &'static str {
        "fused-bound"
    }

    fn cpu_fwd(
        &self,
        hidden_bias: &CpuStorage,
        of_bias: &Layout,
        hidden_count: &CpuStorage,
        of_count: &Layout,
        output_weight: &CpuStorage,
        of_weight: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let encoder = EncoderKernel::with_variables(
            &self.model.encoder,
            values(hidden_bias, of_bias)?,
            values(hidden_count, of_count)?,
            values(output_weight, of_weight)?,
        )
        .map_err(candle_core::Error::wrap)?;
        let sampling = Sampling {
            encoder: &encoder,
            items: &self.model.items,
            link: self.model.shape.link,
            batch: &self.batch,
            total_weight: self.total_weight,
            n_samples: self.n_samples,
        };
        let mut found = self.gradients.lock();
        found.evaluate(sampling, |position, to| {
            (self.noise)(self.batch.respondents()[position], to)
        });
        let loss = -found.total / f64::from(self.total_weight);
        Ok((CpuStorage::F32(vec![loss as f32]), Shape::from(())))
    }

    fn bwd(
        &self,
        hidden_bias: &Tensor,
        hidden_count: &Tensor,
        output_weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let NetworkGradient {
            hidden_bias: by_bias,
            hidden_count: by_count,
            output_weight: by_weight,
        } = &self.gradients.lock().by_network;
        // The gradients by the tables, which Candle does not see, would have to be scaled alike.
        if gradient.to_scalar::<f32>()? != 1.0 {
            candle_core::bail!("{} is the whole loss", self.name());
        }
        let tensor = |values: Option<&[f32]>, like: &Tensor| -> Result<Option<Tensor>> {
            Tensor::from_slice(values.unwrap_or_default(), like.dims(), &Device::Cpu).map(Some)
        };
        Ok((
            tensor(by_bias.as_slice(), hidden_bias)?,
            tensor(by_count.as_slice(), hidden_count)?,
            tensor(by_weight.as_slice(), output_weight)?,
        ))
    }
}

/// The numbers of a contiguous tensor.
fn values(storage: &CpuStorage, layout: &Layout) -> Result<Vec<f32>> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(storage.as_slice::<f32>()?[start..end].to_vec()),
        None => candle_core::bail!("the variables of the network are not contiguous"),
    }
}
