//! Standard errors of the item parameters.

use super::{CHUNK, Moments};
use crate::identify::AffineMap;
use crate::kernels::link;
use crate::linalg::{cholesky, invert, pack, packed_length, unpack};
use crate::model::{Link, Model};
use crate::train::{Monitor, Settings};
use crate::{Batch, Error, Responses, Result};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Covariances of the estimates of item parameters.
#[derive(Clone, Debug)]
pub struct ItemErrors {
    /// Lower triangles of the covariance matrices of (discriminations, difficulty), one per parameter row, on the
    /// scale of training; NaN where the information is not positive definite or was not asked for.
    pub covariances: Vec<f64>,
}

impl ItemErrors {
    /// The covariance matrices of (discriminations, difficulty) on the reported scale, one per parameter row.
    ///
    /// # Errors
    /// [`Error::Model`] when the map cannot be inverted.
    pub fn mapped(&self, map: &AffineMap) -> Result<Vec<Array2<f64>>> {
        let jacobian = map.item_jacobian()?;
        let width = jacobian.nrows();
        let covariances = self.covariances.chunks(packed_length(width));
        Ok(covariances
            .map(|packed| jacobian.dot(&unpack(packed, width)).dot(&jacobian.t()))
            .collect())
    }
}

/// The information about one item's parameters.
struct Block {
    information: Array2<f64>,
}

/// Inverts, item by item, the observed information, prior included: the expected information about the complete
/// data less what the latent traits leave unknown, `E[-H] - Var[score]`, summed over respondents (Louis 1982,
/// <https://doi.org/10.1111/j.2517-6161.1982.tb01203.x>). Expectations are over each respondent's posterior.
///
/// # Errors
/// [`Error::Cancelled`] when the monitor says so.
pub fn item_errors(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    moments: &Moments,
    settings: &Settings,
    monitor: &dyn Monitor,
) -> Result<ItemErrors> {
    let catalogue = &model.shape.catalogue;
    let n_dims = model.shape.n_dims;
    let length = packed_length(n_dims + 1);
    if !settings.std_errors {
        return Ok(ItemErrors {
            covariances: vec![f64::NAN; catalogue.n_parameter_rows() * length],
        });
    }
    let mut blocks: Vec<Block> = (0..catalogue.n_items())
        .map(|item| Block::prior(catalogue.rows_of(item).len(), n_dims, settings))
        .collect();
    let rule = Cubature::new(n_dims);
    let mut batch = Batch::default();
    for (chunk, members) in respondents.chunks(CHUNK).enumerate() {
        if monitor.cancelled() {
            return Err(Error::Cancelled);
        }
        batch.fill(responses, members);
        batch.group(catalogue.n_options());
        let nodes: Vec<f32> = (0..members.len())
            .into_par_iter()
            .flat_map_iter(|position| rule.nodes(moments, chunk * CHUNK + position))
            .collect();
        blocks.par_iter_mut().enumerate().for_each(|(item, block)| {
            let rows = catalogue.rows_of(item);
            for chooser in batch.choosers_of(catalogue.options_of(item)) {
                let size = rule.weights.len() * n_dims;
                let owner = chooser.position as usize;
                let chosen = batch.responses()[chooser.response as usize].chosen as usize;
                let nodes = &nodes[owner * size..(owner + 1) * size];
                block.add(model, rows.start, chosen, nodes, &rule);
            }
        });
    }
    let covariances = blocks
        .iter()
        .flat_map(|block| block.covariances(n_dims))
        .collect();
    Ok(ItemErrors { covariances })
}

impl Block {
    fn prior(n_rows: usize, n_dims: usize, settings: &Settings) -> Self {
        let width = n_dims + 1;
        let diagonal = Array1::from_shape_fn(n_rows * width, |i| {
            let sd = if i % width == n_dims {
                settings.difficulty_sd
            } else {
                settings.discrimination_sd
            };
            1.0 / (sd * sd)
        });
        Self {
            information: Array2::from_diag(&diagonal),
        }
    }

    /// Adds what one response tells about the parameters, which start at `first_row`.
    fn add(&mut self, model: &Model, first_row: usize, chosen: usize, nodes: &[f32], rule: &Cubature) {
        let n_dims = model.shape.n_dims;
        let width = n_dims + 1;
        let size = self.information.nrows();
        let n_rows = size / width;
        let mut residuals = vec![0.0f32; n_rows];
        let mut mean_score = Array1::<f64>::zeros(size);
        let mut score = Array1::<f64>::zeros(size);
        for (point, &weight) in nodes.chunks(n_dims).zip(&rule.weights) {
            for (row, residual) in residuals.iter_mut().enumerate() {
                *residual = link::predictor(model.items.row(first_row + row), point);
            }
            let predictor = f64::from(residuals[0]);
            model.shape.link.log_probability(&mut residuals, chosen);
            let design = |column: usize| {
                if column == n_dims {
                    -1.0
                } else {
                    f64::from(point[column])
                }
            };
            for i in 0..size {
                score[i] = f64::from(residuals[i / width]) * design(i % width);
            }
            mean_score.scaled_add(weight, &score);
            let probability = |row: usize| f64::from(u8::from(chosen == row + 1)) - f64::from(residuals[row]);
            for i in 0..size {
                for j in 0..=i {
                    let (a, b) = (i / width, j / width);
                    let curvature = match model.shape.link {
                        Link::Logit => {
                            let own = if a == b { probability(a) } else { 0.0 };
                            own - probability(a) * probability(b)
                        }
                        Link::Probit => {
                            let residual = f64::from(residuals[0]);
                            residual * (residual + predictor)
                        }
                    };
                    let complete = curvature * design(i % width) * design(j % width);
                    self.information[[i, j]] += weight * (complete - score[i] * score[j]);
                }
            }
        }
        for i in 0..size {
            for j in 0..=i {
                self.information[[i, j]] += mean_score[i] * mean_score[j];
            }
        }
    }

    /// The packed covariance of every parameter row.
    fn covariances(&self, n_dims: usize) -> Vec<f64> {
        let width = n_dims + 1;
        let size = self.information.nrows();
        let full = Array2::from_shape_fn((size, size), |(i, j)| self.information[[i.max(j), i.min(j)]]);
        let inverse = invert(full.view());
        (0..size / width)
            .flat_map(|row| match &inverse {
                Some(inverse) => {
                    let own = row * width..(row + 1) * width;
                    pack(inverse.slice(ndarray::s![own.clone(), own]))
                }
                None => vec![f64::NAN; packed_length(width)],
            })
            .collect()
    }
}

/// A cubature rule for the standard normal distribution that is exact for polynomials of degree 5: the centre, two
/// points on every axis and four in every plane of two axes, all coordinates 0 or +-sqrt(3) (McNamee and Stenger
/// 1967, <https://doi.org/10.1007/BF02162424>); in one dimension the Gauss-Hermite rule with 3 nodes.
struct Cubature {
    n_dims: usize,
    points: Vec<f64>,
    weights: Vec<f64>,
}

impl Cubature {
    fn new(n_dims: usize) -> Self {
        let n = n_dims as f64;
        let radius = 3f64.sqrt();
        let mut points = vec![0.0; n_dims];
        let mut weights = vec![1.0 + (n * n - 7.0 * n) / 18.0];
        let mut add = |coordinates: &[(usize, f64)], weight: f64| {
            let start = points.len();
            points.resize(start + n_dims, 0.0);
            for &(axis, sign) in coordinates {
                points[start + axis] = sign * radius;
            }
            weights.push(weight);
        };
        for i in 0..n_dims {
            for a in [-1.0, 1.0] {
                add(&[(i, a)], (4.0 - n) / 18.0);
                for j in 0..i {
                    for b in [-1.0, 1.0] {
                        add(&[(i, a), (j, b)], 1.0 / 36.0);
                    }
                }
            }
        }
        Self {
            n_dims,
            points,
            weights,
        }
    }

    /// The nodes for the normal distribution with the moments of a respondent.
    fn nodes(&self, moments: &Moments, position: usize) -> Vec<f32> {
        let n_dims = self.n_dims;
        let mean = moments.mean(position);
        let covariance = unpack(moments.covariance(position), n_dims);
        let factor = cholesky(covariance.view()).unwrap_or_else(|| Array2::zeros((n_dims, n_dims)));
        self.points
            .chunks(n_dims)
            .flat_map(|point| {
                let factor = &factor;
                (0..n_dims).map(move |i| {
                    let step: f64 = (0..=i).map(|j| factor[[i, j]] * point[j]).sum();
                    (mean[i] + step) as f32
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_exact_to_degree_five() {
        for n_dims in 1..=5 {
            let rule = Cubature::new(n_dims);
            let expect = |f: &dyn Fn(&[f64]) -> f64| -> f64 {
                let nodes = rule.points.chunks(n_dims).zip(&rule.weights);
                nodes.map(|(point, weight)| weight * f(point)).sum()
            };
            let last = n_dims - 1;
            assert!((expect(&|_| 1.0) - 1.0).abs() < 1e-12);
            assert!((expect(&|x| x[0] * x[0]) - 1.0).abs() < 1e-12);
            assert!((expect(&|x| x[last].powi(4)) - 3.0).abs() < 1e-12);
            assert!(expect(&|x| x[0].powi(3)).abs() < 1e-12);
            if n_dims > 1 {
                assert!((expect(&|x| x[0].powi(2) * x[last].powi(2)) - 1.0).abs() < 1e-12);
                assert!(expect(&|x| x[0] * x[last]).abs() < 1e-12);
            }
        }
    }
}
