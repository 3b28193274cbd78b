//! Linear functions with a transpose of our own.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CudaStorage, CustomOp1, Layout, Result, Shape, Storage, Tensor};

/// A linear function of a tensor, and its transpose, which takes the gradient back. It becomes one node of Candle's graph.
///
/// # Errors
/// Those of the function.
pub(crate) fn linear(
    of: &Tensor,
    function: impl Fn(&Tensor) -> Result<Tensor>,
    transposed: impl Fn(&Tensor) -> Result<Tensor> + Send + Sync + 'static,
) -> Result<Tensor> {
    let value = function(&of.detach())?;
    if !of.track_op() {
        return Ok(value);
    }
    of.apply_op1(Linear {
        value,
        transposed: Box::new(transposed),
    })
}

struct Linear {
    value: Tensor,
    transposed: Function,
}

type Function = Box<dyn Fn(&Tensor) -> Result<Tensor> + Send + Sync>;

impl Linear {
    /// The value, which fills its storage.
    fn copy<S: BackendStorage>(&self, storage: &S) -> Result<(S, Shape)> {
        Ok((
            storage.try_clone(self.value.layout())?,
            self.value.shape().clone(),
        ))
    }
}

impl CustomOp1 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        match &*self.value.storage_and_layout().0 {
            Storage::Cpu(storage) => self.copy(storage),
            _ => candle_core::bail!("{} is not on the processor", self.name()),
        }
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        match &*self.value.storage_and_layout().0 {
            Storage::Cuda(storage) => self.copy(storage),
            _ => candle_core::bail!("{} is not on the GPU", self.name()),
        }
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        (self.transposed)(gradient).map(Some)
    }
}
