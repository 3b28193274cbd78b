//! The model: item parameters, the network, and the map to the reported scale.

mod encoder;
mod file;
mod network;
mod storage;

pub use crate::kernels::link::Link;
pub use encoder::{Encoder, Gaussian, WideGaussian};
pub use file::{Card, ItemCard, ModelFile};
pub use network::Network;

use crate::identify::AffineMap;
use crate::kernels::Table;
use crate::{ItemCatalogue, Result};

/// The parameters of the items: one row per item and non-reference option with the discriminations by
/// dimension, then the difficulty.
pub type ItemParameters = Table;

/// What fixes the shapes of a model's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelShape {
    /// Number of latent dimensions.
    pub n_dims: usize,
    /// Width of the embeddings.
    pub hidden: usize,
    /// The link.
    pub link: Link,
    /// The items.
    pub catalogue: ItemCatalogue,
}

/// Up to this many dimensions the network gives a full Cholesky factor, beyond it a diagonal one.
const MOST_DIMS_WITH_COVARIANCE: usize = 8;

impl ModelShape {
    /// Number of free elements of a Cholesky factor below its diagonal.
    pub fn n_below_diagonal(&self) -> usize {
        if self.n_dims <= MOST_DIMS_WITH_COVARIANCE {
            self.n_dims * (self.n_dims - 1) / 2
        } else {
            0
        }
    }

    /// Number of outputs of the network: means, logarithms of the diagonal of the Cholesky factor, and its
    /// elements below the diagonal, row by row.
    pub fn n_outputs(&self) -> usize {
        2 * self.n_dims + self.n_below_diagonal()
    }

    /// # Errors
    /// [`crate::Error::Setting`] when the shapes are impossible.
    pub fn check(&self) -> Result<()> {
        use crate::train::at_least_one;
        at_least_one("dims", self.n_dims)?;
        if self.hidden < self.n_dims {
            return Err(crate::Error::Setting {
                name: "hidden",
                requirement: "at least the number of dimensions",
                value: self.hidden.to_string(),
            });
        }
        self.link.check(&self.catalogue)
    }
}

/// A fitted model: all that is needed to score respondents.
#[derive(Clone, Debug)]
pub struct Model {
    /// The shapes.
    pub shape: ModelShape,
    /// The amortised posterior.
    pub encoder: Encoder,
    /// The item parameters, on the scale where the latent traits have the prior `N(0, I)`.
    pub items: ItemParameters,
    /// From the scale of the item parameters to the reported one.
    pub map: AffineMap,
}

impl Model {
    /// Are all parameters finite numbers?
    pub(crate) fn is_finite(&self) -> Result<bool> {
        let finite = |values: &[f32]| values.iter().all(|x| x.is_finite());
        for (_, variable) in self.encoder.network.variables() {
            if !finite(&variable.flatten_all()?.to_vec1::<f32>()?) {
                return Ok(false);
            }
        }
        Ok(finite(self.items.values()) && finite(self.encoder.embeddings.values()))
    }
}
