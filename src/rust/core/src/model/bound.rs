//! The bound that the training maximises, by operations of Candle: the definition of the model.

use crate::model::link::Link;
use crate::model::network::Network;
use crate::model::observations::Observations;
use crate::model::population;
use crate::model::response::definition::log_likelihood;
use candle_core::{D, Result, Tensor};
use candle_nn::Module;

/// The importance-weighted bound on the log evidence of respondents (Burda, Grosse and Salakhutdinov 2016,
/// <https://arxiv.org/abs/1509.00519>),
///
/// `ln (1/S) sum_s w_s`, `w_s = p(y | alpha_s) p(alpha_s) / q(alpha_s)`, `alpha_s = mu + L e_s` with standard normal noise `e_s` in pairs of opposites,
///
/// with the prior `p` of the [population](crate::model::population) and the posterior `q = N(mu, L L')` that the network gives. One
/// sample gives the evidence lower bound `E_q[ln p(y | alpha)] - KL(q || p)` (Kingma and Welling 2014,
/// <https://arxiv.org/abs/1312.6114>).
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// The amortised posterior.
    pub network: &'a Network,
    /// `F`.
    pub link: Link,
    /// The responses.
    pub observed: &'a Observations,
    /// `e`, `n_respondents x n_samples x n_dims`.
    pub noise: &'a Tensor,
}

impl Bound<'_> {
    /// The bounds, one a respondent. `pooled` are the summed embeddings, `n_respondents x hidden`; `parameters` those of the
    /// items of all slots, `n_slots x width`.
    ///
    /// The items follow the gradient of this bound, but the network and the embeddings that of the evidence lower bound, averaged
    /// over the same samples, because more samples drown their gradient of the tighter bound in noise (Rainforth and others 2018,
    /// <https://arxiv.org/abs/1802.04537>).
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn of(&self, pooled: &Tensor, parameters: &Tensor) -> Result<Tensor> {
        let respondents = Tensor::cat(&[pooled, &self.observed.log_counts], D::Minus1)?;
        let outputs = self.network.forward(&respondents)?;
        let traits = self.traits(&outputs)?;
        let ratio = self.log_ratio(&outputs, &traits)?;
        let likelihood = |parameters: &Tensor, traits: &Tensor| {
            log_likelihood(self.link, parameters, traits, self.observed)
        };
        let of_items = (likelihood(parameters, &traits.detach())? + ratio.detach())?;
        let of_encoder = (likelihood(&parameters.detach(), &traits)? + ratio)?.mean(D::Minus1)?;
        log_mean_exp(&of_items)? + (&of_encoder - of_encoder.detach())?
    }

    /// `ln p(alpha) - ln q(alpha)`, `n_respondents x n_samples`, where `ln q(alpha) = -e'e / 2 - ln |L|`: the constants of the two
    /// normal densities cancel.
    fn log_ratio(&self, outputs: &Tensor, traits: &Tensor) -> Result<Tensor> {
        let n_dims = self.noise.dim(D::Minus1)?;
        let of_noise = (self.noise.sqr()?.sum(D::Minus1)? * 0.5)?;
        let ln_determinant = outputs.narrow(1, n_dims, n_dims)?.sum_keepdim(1)?;
        (population::log_density(traits)? + of_noise)?.broadcast_add(&ln_determinant)
    }

    /// The samples `mu + L e`, `n_respondents x n_samples x n_dims`. The outputs of the network are `mu`, the logarithms of the
    /// diagonal of `L`, and what stands below it, row by row; that is left out in many dimensions.
    fn traits(&self, outputs: &Tensor) -> Result<Tensor> {
        let n_dims = self.noise.dim(D::Minus1)?;
        let n_below = outputs.dim(1)? - 2 * n_dims;
        let diagonal = outputs.narrow(1, n_dims, n_dims)?.exp()?;
        let mean = outputs.narrow(1, 0, n_dims)?.unsqueeze(1)?;
        if n_below == 0 {
            return self
                .noise
                .broadcast_mul(&diagonal.unsqueeze(1)?)?
                .broadcast_add(&mean);
        }
        let entries = Tensor::cat(&[&diagonal, &outputs.narrow(1, 2 * n_dims, n_below)?], 1)?;
        // Zeros and ones that put every entry into its place of the transpose of L.
        let places = (0..n_dims).map(|d| (d, d));
        let below = (0..n_dims).flat_map(|row| (0..row).map(move |column| (row, column)));
        let mut place = vec![0.0f32; (n_dims + n_below) * n_dims * n_dims];
        for (entry, (row, column)) in places.chain(below.take(n_below)).enumerate() {
            place[(entry * n_dims + column) * n_dims + row] = 1.0;
        }
        let place = Tensor::from_vec(place, (n_dims + n_below, n_dims * n_dims), outputs.device())?;
        let transposed = entries.matmul(&place)?.reshape(((), n_dims, n_dims))?;
        self.noise.matmul(&transposed)?.broadcast_add(&mean)
    }
}

/// `ln (1/S) sum_s e^x_s` by row. The largest is taken off first, so that nothing overflows.
fn log_mean_exp(x: &Tensor) -> Result<Tensor> {
    let largest = x.max_keepdim(D::Minus1)?.detach();
    let mean = x.broadcast_sub(&largest)?.exp()?.mean_keepdim(D::Minus1)?;
    (mean.log()? + largest)?.squeeze(D::Minus1)
}
