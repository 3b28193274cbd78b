//! Item response models estimated with a variational autoencoder.
//!
//! Respondent `i` chooses option `c` of item `j` with probability
//! `F(alpha_i . gamma_jc - beta_jc)`, where `F` is the softmax over the item's options (the inverse logit
//! when there are two) or, for binary data, the normal distribution function. Option 0 of every item is the
//! reference: its discrimination and difficulty are 0. The latent traits have the prior `N(0, I)`, the item
//! parameters independent normal priors, and one network maps the responses of any respondent to a normal
//! approximation of the posterior of the trait. Network and item parameters maximise the (importance-weighted)
//! evidence lower bound.
//!
//! [`Backend`] says what computes: the kernels of this crate or, with the feature `cuda`, a GPU of NVIDIA.
//!
//! The crate knows nothing of R. The way through it is
//! [`Responses`] -> [`train::fit`] -> [`Fit`], and [`posterior::score`] for respondents who were not in
//! the sample.
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod batch;
mod device;
mod error;
mod files;
pub mod identify;
pub mod ingest;
pub mod kernels;
mod linalg;
pub mod linkage;
mod memory;
mod model;
mod patterns;
pub mod posterior;
mod random;
pub mod responses;
pub mod simulate;
mod start;
pub mod statistics;
mod tensor_file;
mod timings;
pub mod train;

pub use batch::{Batch, Chooser, Response};
pub use device::Backend;
pub use error::Error;
pub use model::{Card, Encoder, ItemCard, ItemParameters, Link, Model, ModelFile, ModelShape, Network};
pub use random::Stream;
pub use responses::{ItemCatalogue, Responses};
pub use timings::Timings;
pub use train::{Fit, Settings};

/// The result of a fallible operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;
