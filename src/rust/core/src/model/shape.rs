//! What fixes the shapes of a model's parameters.

use crate::base::error::Result;
use crate::model::link::Link;
use crate::responses::catalogue::ItemCatalogue;

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

    /// Number of features of the network: the activations of its hidden layer, the pooled embeddings, the count and 1.
    pub fn n_features(&self) -> usize {
        2 * self.hidden + 2
    }

    /// Number of outputs of the network: means, logarithms of the diagonal of the Cholesky factor, and its
    /// elements below the diagonal, row by row.
    pub fn n_outputs(&self) -> usize {
        2 * self.n_dims + self.n_below_diagonal()
    }

    /// # Errors
    /// [`crate::base::error::Error::Setting`] when the shapes are impossible.
    pub fn check(&self) -> Result<()> {
        use crate::base::checks::at_least_one;
        at_least_one("dims", self.n_dims)?;
        if self.hidden < self.n_dims {
            return Err(crate::base::error::Error::Setting {
                name: "hidden",
                requirement: "at least the number of dimensions",
                value: self.hidden.to_string(),
            });
        }
        self.link.check(&self.catalogue)
    }
}
