//! The amortised posterior of the latent traits.

use crate::model::network::Network;
use crate::model::table::Table;

/// The network's answer: one embedding per (item, option) is summed over a respondent's observed responses, and
/// the network turns the sum and the number of responses into a normal distribution.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// `n_options x hidden`.
    pub embeddings: Table,
    /// From the sum to the posterior.
    pub network: Network,
}
