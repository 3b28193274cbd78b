//! What computes: the kernels of this crate, or operations of Candle on a device.

use crate::base::error::{Error, Result};
use candle_core::{DType, Device, Tensor};

/// What computes the training and the posteriors.
#[derive(Clone, Debug)]
pub enum Backend {
    /// The kernels of this crate, on the processor.
    Kernels,
    /// Operations of Candle on one of its devices. They work on the processor as well, more slowly than the kernels.
    Tensors(Device),
}

impl Backend {
    /// Is this build able to use a GPU?
    pub fn has_cuda() -> bool {
        candle_core::utils::cuda_is_available()
    }

    /// The backend for a device by name: `"cpu"` for the kernels, `"candle"` for the operations of Candle on the processor,
    /// `"cuda"` for the first GPU, `"auto"` for that where there is one, else the kernels.
    ///
    /// # Errors
    /// [`Error::Device`] when a GPU is asked for and cannot be used, [`Error::Setting`] for another name.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "cpu" => Ok(Backend::Kernels),
            "candle" => Ok(Backend::Tensors(Device::Cpu)),
            "cuda" => Self::cuda(),
            "auto" => Ok(Self::cuda().unwrap_or(Backend::Kernels)),
            other => Err(Error::Setting {
                name: "device",
                requirement: "\"cpu\", \"candle\", \"cuda\" or \"auto\"",
                value: format!("\"{other}\""),
            }),
        }
    }

    fn cuda() -> Result<Self> {
        if !Self::has_cuda() {
            return Err(Error::Device("this build is without CUDA".into()));
        }
        let device = Device::new_cuda(0).and_then(|device| {
            // A driver may list a GPU for which this build has no code.
            Tensor::ones(2, DType::F32, &device)?
                .sum_all()?
                .to_scalar::<f32>()?;
            Ok(device)
        });
        device.map(Backend::Tensors).map_err(|error| {
            // What follows the first line is a backtrace.
            let message = error.to_string();
            Error::Device(message.lines().next().unwrap_or_default().into())
        })
    }

    /// What the numbers depend on: two backends of the same name give the same.
    pub fn name(&self) -> &'static str {
        match self {
            Backend::Kernels => "cpu",
            Backend::Tensors(device) if device.is_cuda() => "cuda",
            Backend::Tensors(_) => "candle",
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use candle_core::{Device, Result};

    /// Runs a test on every device that is to be tested: the processor and, in a build with CUDA, the GPU.
    pub fn for_each_device(test: impl Fn(&Device) -> Result<()>) {
        let mut devices = vec![Device::Cpu];
        if super::Backend::has_cuda() {
            devices.push(Device::new_cuda(0).expect("a GPU"));
        }
        for device in devices {
            test(&device).unwrap_or_else(|error| panic!("{device:?}: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_names() {
        for name in ["cpu", "candle"] {
            assert_eq!(Backend::named(name).expect("a backend").name(), name);
        }
        let automatic = Backend::named("auto").expect("something").name();
        assert_eq!(automatic, Backend::named("cuda").map_or("cpu", |gpu| gpu.name()));
        let unknown = Backend::named("abacus").expect_err("no such device").to_string();
        assert!(unknown.contains("device must be"), "{unknown}");
        if !Backend::has_cuda() {
            let error = Backend::named("cuda").expect_err("no such build");
            assert!(matches!(&error, Error::Device(message) if message.contains("CUDA")));
        }
    }
}
