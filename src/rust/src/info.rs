//! What was built and what computes.

use crate::answer::answer;
use extendr_api::prelude::*;
use vae_irt_core::Backend;

/// What was built: version, target, whether a GPU can be used; and the number of processors.
#[extendr]
fn rust_info() -> List {
    list!(
        version = env!("CARGO_PKG_VERSION"),
        target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        cuda = Backend::has_cuda(),
        processors = std::thread::available_parallelism().map_or(1, |n| n.get()) as i32
    )
}

/// The name of the device that is used where this one is asked for.
#[extendr]
fn rust_device(name: &str) -> List {
    answer(|| Ok(list!(name = Backend::named(name)?.name())))
}

extendr_module! {
    mod info;
    fn rust_info;
    fn rust_device;
}
