//! The parameters of a fitted model.

use crate::base::error::Result;
use crate::model::encoder::Encoder;
use crate::model::item_distribution::{ItemClass, ItemDistribution};
use crate::model::item_errors::ItemErrors;
use crate::model::population::Population;
use crate::model::prior::PriorSds;
use crate::model::scale::AffineMap;
use crate::model::shape::ModelShape;
use crate::model::table::Table;
use crate::model::table_design::Design;
use ndarray::Array2;

/// The parameters of the items: one row per item and non-reference option with the discriminations by
/// dimension, then the difficulty.
pub type ItemParameters = Table;

/// A fitted model: all that is needed to score respondents.
#[derive(Clone, Debug)]
pub struct Model {
    /// The shapes.
    pub shape: ModelShape,
    /// The amortised posterior.
    pub encoder: Encoder,
    /// The item parameters, on the scale where the latent traits are distributed as [`Self::population`] says.
    pub items: ItemParameters,
    /// From the scale of the item parameters to the reported one.
    pub map: AffineMap,
    /// How the items are distributed on their scale, where they were integrated out: then the parameters are posterior means.
    pub distribution: Option<ItemDistribution>,
    /// The prior of the items, where they are parameters and it was estimated.
    pub estimated_prior: Option<PriorSds>,
    /// How the estimates of the items are off together, where the respondents' standard errors carry that.
    pub item_errors: Option<ItemErrors>,
}

impl Model {
    /// The distribution of the latent traits before the responses.
    pub fn population(&self) -> Population {
        Population::standard(self.shape.n_dims)
    }

    /// From the free parameters of the items to their table.
    pub(crate) fn design(&self) -> Design<'_> {
        Design::new(&self.shape.catalogue, self.items.width())
    }

    /// Root mean squares of discriminations, by dimension, and of difficulties under the prior that was found for the items, or under which
    /// they were integrated out, after a map of the traits that makes `jacobian` times a row of a row of their table.
    pub fn prior_sizes(&self, jacobian: &Array2<f64>) -> Option<(Vec<f64>, f64)> {
        let catalogue = &self.shape.catalogue;
        if let Some(distribution) = &self.distribution {
            return Some(distribution.sizes(catalogue, jacobian));
        }
        let sds = self.estimated_prior.as_ref()?;
        let classes = ItemClass::of_items(catalogue, self.shape.n_dims);
        Some(ItemDistribution::fixed(&classes, sds).sizes(catalogue, jacobian))
    }

    /// The number of free parameters of the items, less the directions in which the likelihood does not change.
    pub fn degrees_of_freedom(&self) -> usize {
        let invariances = self.population().invariances();
        let n_directions = invariances.n_directions(self.shape.n_dims);
        self.design().n_free().saturating_sub(n_directions)
    }

    /// Are all parameters finite numbers?
    pub(crate) fn is_finite(&self) -> Result<bool> {
        let finite = |values: &[f32]| values.iter().all(|x| x.is_finite());
        for variable in self.encoder.network.variables() {
            if !finite(&variable.flatten_all()?.to_vec1::<f32>()?) {
                return Ok(false);
            }
        }
        Ok(finite(self.items.values()) && finite(self.encoder.embeddings.values()))
    }
}
