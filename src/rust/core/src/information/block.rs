//! The information about the parameters of one item.

use crate::base::linalg::mirror;
use crate::kernels::terms::dot;
use crate::posterior::cubature::Nodes;
use ndarray::Array2;

/// Parameters of one item beyond which nothing is said about them: the block grows with the square.
pub(crate) const MOST_PARAMETERS: usize = 600;

/// The information about one item's parameters.
pub(crate) struct Block {
    pub information: Array2<f64>,
    /// What the latent traits leave unknown; empty where that is not used.
    pub missing: Array2<f64>,
    /// Every so many responses one is evaluated.
    stride: u64,
    seen: u64,
    /// Summed weights of the responses that were evaluated.
    pub evaluated: f64,
}

impl Block {
    pub fn new(n_parameters: usize, stride: u64, joint: bool) -> Self {
        let size = if n_parameters > MOST_PARAMETERS {
            0
        } else {
            n_parameters
        };
        Self {
            information: Array2::zeros((size, size)),
            missing: Array2::zeros(if joint { (size, size) } else { (0, 0) }),
            stride,
            seen: 0,
            evaluated: 0.0,
        }
    }

    /// Is the next response evaluated?
    pub fn takes(&mut self) -> bool {
        self.seen += 1;
        self.information.nrows() > 0 && (self.seen - 1).is_multiple_of(self.stride)
    }

    /// The information of all responses to the item, which have this summed weight.
    pub fn extrapolated(mut self, total: f64) -> (Array2<f64>, Array2<f64>) {
        for matrix in [&mut self.information, &mut self.missing] {
            if self.evaluated > 0.0 {
                *matrix *= total / self.evaluated;
            }
            mirror(matrix);
        }
        (self.information, self.missing)
    }
}

/// Adds the sums of products with pairs of the design and the products of the means, times a weight, to the part of a
/// matrix that belongs to two rows of an item's parameters.
#[inline(always)]
pub(crate) fn add_pairs(
    matrix: &mut Array2<f64>,
    (a, b): (usize, usize),
    (products, nodes): (&[f32], &Nodes),
    means: &[f64],
    weight: f64,
) {
    let n_nodes = products.len();
    let width = nodes.design.len() / n_nodes;
    let mut pair = nodes.pairs.chunks_exact(n_nodes);
    for i in 0..width {
        for j in 0..=i {
            let Some(pair) = pair.next() else { return };
            let sum = f64::from(dot(products, pair));
            let (u, v) = (a * width + i, b * width + j);
            matrix[[u, v]] += weight * (sum + means[u] * means[v]);
            if a != b && i != j {
                let (u, v) = (a * width + j, b * width + i);
                matrix[[u, v]] += weight * (sum + means[u] * means[v]);
            }
        }
    }
}
