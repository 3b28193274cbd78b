//! The distribution of the latent traits before the responses.

use crate::base::linalg::{invert, lower_pairs};
use crate::base::random::Stream;
use crate::model::response::lanes::Lanes;
use candle_core::{D, Result, Tensor};
use ndarray::{Array1, Array2, ArrayView1, s};

/// The standard normal distribution `N(0, I)`. It fixes what the responses leave free, location and scale of the traits, and
/// leaves their rotation free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population {
    n_dims: usize,
}

/// Which changes of the traits neither the responses nor the population know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invariances {
    /// Moving all traits?
    pub location: bool,
    /// Stretching them?
    pub scale: bool,
    /// Turning their axes?
    pub rotation: bool,
}

impl Invariances {
    /// The number of directions in which the parameters of a model can move without any change of what it says.
    pub fn n_directions(self, n_dims: usize) -> usize {
        let planes = n_dims * (n_dims - 1) / 2;
        let directions = [
            (self.location, n_dims),
            (self.scale, n_dims + planes),
            (self.rotation, planes),
        ];
        directions
            .into_iter()
            .filter(|&(free, _)| free)
            .map(|(_, n)| n)
            .sum()
    }
}

impl Population {
    /// `N(0, I)` in so many dimensions.
    pub fn standard(n_dims: usize) -> Self {
        Self { n_dims }
    }

    /// Number of dimensions.
    pub fn n_dims(self) -> usize {
        self.n_dims
    }

    /// `ln p(alpha)`.
    pub fn log_density(self, point: &[f64]) -> f64 {
        let square: f64 = point.iter().map(|x| x * x).sum();
        -0.5 * (square + self.n_dims as f64 * (2.0 * std::f64::consts::PI).ln())
    }

    /// `ln p(alpha)` at some points, whose coordinates are given one after another.
    pub fn log_densities(self, points: &[Vec<f32>]) -> Vec<f64> {
        let constant = self.log_density(&vec![0.0; self.n_dims]);
        let mut densities = vec![constant; points.first().map_or(0, Vec::len)];
        for coordinate in points {
            for (density, &x) in densities.iter_mut().zip(coordinate) {
                *density -= 0.5 * f64::from(x * x);
            }
        }
        densities
    }

    /// The derivative of `ln p(alpha)`.
    pub fn score(self, point: &[f64]) -> Array1<f64> {
        -&ArrayView1::from(point)
    }

    /// The mean.
    pub fn mean(self) -> Array1<f64> {
        Array1::zeros(self.n_dims)
    }

    /// The covariance.
    pub fn covariance(self) -> Array2<f64> {
        Array2::eye(self.n_dims)
    }

    /// The lower Cholesky factor of the covariance.
    pub fn factor(self) -> Array2<f64> {
        Array2::eye(self.n_dims)
    }

    /// Minus the second derivative of `ln p(alpha)`, the inverse of the covariance.
    pub fn precision(self) -> Array2<f64> {
        Array2::eye(self.n_dims)
    }

    /// The lower Cholesky factor of the precision.
    pub fn factor_of_precision(self) -> Array2<f64> {
        Array2::eye(self.n_dims)
    }

    /// What it does not fix, as the responses do not.
    pub fn invariances(self) -> Invariances {
        Invariances {
            location: false,
            scale: false,
            rotation: self.n_dims > 1,
        }
    }

    /// A draw of the traits.
    pub fn draw(self, random: &mut Stream) -> impl Iterator<Item = f64> {
        (0..self.n_dims).map(|_| random.normal())
    }
}

/// Adds `ln p(alpha)` less the log density of the standard normal noise `e` of which the points were made, for points side by side
/// whose coordinates are given; the constants cancel.
#[inline(always)]
pub(crate) fn add_log_ratios<const N: usize>(points: &[Lanes<N>], noise: &[Lanes<N>], to: &mut Lanes<N>) {
    for (point, noise) in points.iter().zip(noise) {
        for lane in 0..N {
            to[lane] += 0.5 * (noise[lane] * noise[lane] - point[lane] * point[lane]);
        }
    }
}

/// The derivatives of `ln p(alpha)` by a coordinate for points side by side.
#[inline(always)]
pub(crate) fn scores<const N: usize>(coordinate: &Lanes<N>) -> Lanes<N> {
    coordinate.map(|x| -x)
}

/// `ln p(alpha)` without its constant, `n_respondents x n_points`, for traits `n_respondents x n_points x n_dims`, by operations
/// of Candle.
pub(crate) fn log_density(traits: &Tensor) -> Result<Tensor> {
    traits.sqr()?.sum(D::Minus1)? * -0.5
}

/// From the covariances of the scores with the traits, then with the quadratic forms `a' E a` of [`affine_tangents`], to the
/// images of these tangents under the information, in columns, where the traits are normal with a mean `c` and a covariance `V`:
/// along the density of the traits, a shift changes `ln p(a)` by `V^-1 (a - c)`, and a scale `E` by `a' E V^-1 (a - c)`. With
/// `N(0, I)`, and where the covariance has no inverse, this is the identity.
///
/// [`affine_tangents`]: crate::model::tangents::affine_tangents
pub(crate) fn affine_images(mean: &Array1<f64>, covariance: &Array2<f64>) -> Array2<f64> {
    let n_dims = mean.len();
    let pairs: Vec<(usize, usize)> = lower_pairs(n_dims).collect();
    let n = n_dims + pairs.len();
    let Some(precision) = invert(covariance.view()) else {
        return Array2::eye(n);
    };
    let mut images = Array2::zeros((n, n));
    images.slice_mut(s![..n_dims, ..n_dims]).assign(&precision);
    for (column, &(a, b)) in pairs.iter().enumerate() {
        let mut form = Array2::<f64>::zeros((n_dims, n_dims));
        form[[a, b]] = 1.0;
        form[[b, a]] = 1.0;
        let product = form.dot(&precision);
        let linear = product.dot(mean);
        (0..n_dims).for_each(|d| images[[d, n_dims + column]] = -linear[d]);
        for (row, &(i, j)) in pairs.iter().enumerate() {
            images[[n_dims + row, n_dims + column]] = 0.5 * (product[[i, j]] + product[[j, i]]);
        }
    }
    images
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn all_forms_of_the_density_agree() {
        let population = Population::standard(3);
        let (a, b) = ([0.3, -1.2, 2.0], [0.0, 0.5, -0.1]);
        let expected = population.log_density(&a) - population.log_density(&b);
        let lanes: Vec<Lanes<2>> = a.iter().zip(b).map(|(&a, b)| [a as f32, b as f32]).collect();
        let noise = [[0.7, 0.7]; 3];
        let mut ratios = [0.0; 2];
        add_log_ratios(&lanes, &noise, &mut ratios);
        assert!((f64::from(ratios[0] - ratios[1]) - expected).abs() < 1e-6);
        let of_noise = population.log_density(&[0.7; 3]);
        assert!((f64::from(ratios[0]) - population.log_density(&a) + of_noise).abs() < 1e-6);
        let coordinates: Vec<Vec<f32>> = lanes.iter().map(|lanes| lanes.to_vec()).collect();
        let densities = population.log_densities(&coordinates);
        assert!((densities[0] - population.log_density(&a)).abs() < 1e-6);
        assert!((densities[1] - population.log_density(&b)).abs() < 1e-6);
        let traits = Tensor::new(&[[a, b]], &Device::Cpu).expect("on the processor");
        let found: Vec<Vec<f64>> = log_density(&traits)
            .and_then(|x| x.to_vec2())
            .expect("three dimensions");
        assert!((found[0][0] - found[0][1] - expected).abs() < 1e-12);
        for d in 0..3 {
            let moved = |step: f64| {
                let mut point = a;
                point[d] += step;
                population.log_density(&point)
            };
            let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
            assert!((population.score(&a)[d] - slope).abs() < 1e-8);
            assert_eq!(scores(&lanes[d])[0], population.score(&a)[d] as f32);
        }
        let invariances = population.invariances();
        assert_eq!(invariances.n_directions(3), 3);
        assert_eq!(Population::standard(1).invariances().n_directions(1), 0);
        let everything = Invariances {
            location: true,
            scale: true,
            ..invariances
        };
        assert_eq!(everything.n_directions(3), 3 + 6 + 3);
        let product = population.precision().dot(&population.covariance());
        assert_eq!(product, Array2::<f64>::eye(3));
        assert_eq!(
            population.score(&population.mean().to_vec()),
            Array1::<f64>::zeros(3)
        );
    }
}
