//! The proposal of importance sampling: points from a multivariate t distribution, spread more evenly than independent
//! draws.

use crate::base::random::{Purpose, Stream};
use crate::posterior::pareto::threshold;
use std::sync::OnceLock;

/// The Pareto k above which a respondent's moments are not reliable; it depends on the number of draws. Evenly
/// spaced nodes have none.
pub fn pareto_threshold(n_dims: usize, draws: usize) -> f64 {
    threshold(draws.next_multiple_of(block_size(n_dims)))
}

/// Degrees of freedom: tails heavier than any posterior under a normal prior. Even, so that the distribution function of
/// the radius is a short sum.
const DEGREES: usize = 6;

/// Sets of points at most, and the numbers in all of them, about.
const MOST_SETS: usize = 256;
const MOST_NUMBERS: usize = 1 << 20;

/// Sets at least.
const FEWEST_SETS: usize = 8;

/// Points of the standard multivariate t distribution in blocks: a block has one radius and the directions of a random
/// orthonormal basis and their opposites. The radii are the midpoints of strata of equal probability. So odd moments
/// vanish and second moments are exact up to the radii, whatever the basis (a stratified form of the spherical-radial rules
/// of Genz and Monahan 1998, <https://doi.org/10.1137/S1064827595286803>). There are sets of them that differ in the bases: what
/// one leaves of error, the sum over many respondents does not have.
pub(crate) struct Proposal {
    n_dims: usize,
    seed: u64,
    /// The radius of each block, rising.
    radii: Vec<f64>,
    /// Those of the points of any set.
    log_densities: Vec<f64>,
    /// Each is made when it is asked for.
    sets: Vec<OnceLock<Vec<Vec<f32>>>>,
}

impl Proposal {
    /// At least so many points.
    pub fn new(n_dims: usize, n_draws: usize, seed: u64) -> Self {
        let n_blocks = n_draws.div_ceil(block_size(n_dims));
        let radii: Vec<f64> = (0..n_blocks)
            .map(|block| radius((block as f64 + 0.5) / n_blocks as f64, n_dims))
            .collect();
        let densities = radii.iter().map(|&radius| log_density(radius, n_dims));
        let n_sets = MOST_NUMBERS / (n_dims * n_blocks * block_size(n_dims));
        Self {
            n_dims,
            seed,
            log_densities: densities
                .flat_map(|density| std::iter::repeat_n(density, block_size(n_dims)))
                .collect(),
            radii,
            sets: (0..n_sets.clamp(FEWEST_SETS, MOST_SETS))
                .map(|_| OnceLock::new())
                .collect(),
        }
    }

    /// The log density at every point.
    pub fn log_densities(&self) -> &[f64] {
        &self.log_densities
    }

    /// The points for a key, coordinate by coordinate.
    pub fn points(&self, key: u64) -> &[Vec<f32>] {
        let number = key % self.sets.len() as u64;
        self.sets[number as usize].get_or_init(|| self.set(number))
    }

    /// The points of a set.
    fn set(&self, number: u64) -> Vec<Vec<f32>> {
        let n = self.n_dims;
        let mut stream = Stream::new(self.seed, Purpose::Importance, number, 0);
        let mut basis = vec![0.0; n * n];
        let mut points = vec![Vec::with_capacity(self.log_densities.len()); n];
        for &radius in &self.radii {
            orthonormal(&mut basis, n, &mut stream);
            for direction in basis.chunks(n) {
                for length in [radius, -radius] {
                    for (coordinate, d) in points.iter_mut().zip(direction) {
                        coordinate.push((length * d) as f32);
                    }
                }
            }
        }
        points
    }
}

/// Points in a block.
fn block_size(n_dims: usize) -> usize {
    2 * n_dims
}

/// Fills `basis` with a random orthonormal basis, one vector after another, by Gram and Schmidt's method.
fn orthonormal(basis: &mut [f64], n: usize, stream: &mut Stream) {
    if n == 1 {
        basis[0] = 1.0;
        return;
    }
    for i in 0..n {
        let (done, rest) = basis.split_at_mut(i * n);
        let current = &mut rest[..n];
        let mut length = 0.0;
        // A vector that falls into the span of the others is drawn again.
        while length < 1e-6 {
            current.iter_mut().for_each(|x| *x = stream.normal());
            for other in done.chunks(n) {
                let overlap: f64 = current.iter().zip(other).map(|(a, b)| a * b).sum();
                current.iter_mut().zip(other).for_each(|(a, b)| *a -= overlap * b);
            }
            length = current.iter().map(|x| x * x).sum::<f64>().sqrt();
        }
        current.iter_mut().for_each(|x| *x /= length);
    }
}

/// The log density of the standard multivariate t distribution at a distance from its centre.
fn log_density(radius: f64, n_dims: usize) -> f64 {
    let degrees = DEGREES as f64;
    let n = n_dims as f64;
    ln_gamma_half(DEGREES + n_dims)
        - ln_gamma_half(DEGREES)
        - 0.5 * n * (degrees * std::f64::consts::PI).ln()
        - 0.5 * (degrees + n) * (radius * radius / degrees).ln_1p()
}

/// The distance from the centre that a draw exceeds with probability `1 - p`. With `x = r^2 / (r^2 + degrees)` the
/// distribution function is the incomplete beta function `I_x(n / 2, degrees / 2)`, for an integer second argument `b`
/// `x^a sum_{j < b} (a)_j / j! (1 - x)^j`; it is inverted by bisection.
fn radius(p: f64, n_dims: usize) -> f64 {
    const STEPS: usize = 60;
    let a = 0.5 * n_dims as f64;
    let cdf = |x: f64| {
        let mut term = x.powf(a);
        let mut sum = term;
        for j in 0..DEGREES / 2 - 1 {
            term *= (a + j as f64) / (j as f64 + 1.0) * (1.0 - x);
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..STEPS {
        let middle = 0.5 * (low + high);
        if cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    let x = 0.5 * (low + high);
    (DEGREES as f64 * x / (1.0 - x)).sqrt()
}

/// `ln Gamma(n / 2)` by its recurrence.
fn ln_gamma_half(n: usize) -> f64 {
    let mut x = if n.is_multiple_of(2) { 1.0 } else { 0.5 };
    let mut value = if n.is_multiple_of(2) {
        0.0
    } else {
        0.5 * std::f64::consts::PI.ln()
    };
    while 2.0 * x < n as f64 {
        value += x.ln();
        x += 1.0;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_integer_gammas() {
        // Gamma(1/2) = sqrt(pi), Gamma(5/2) = 3 sqrt(pi) / 4, Gamma(4) = 6.
        let root = std::f64::consts::PI.sqrt();
        assert!((ln_gamma_half(1) - root.ln()).abs() < 1e-14);
        assert!((ln_gamma_half(5) - (0.75 * root).ln()).abs() < 1e-14);
        assert!((ln_gamma_half(8) - 6f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn radii_are_quantiles() {
        // In one dimension the quantiles of |t| with 6 degrees of freedom: 1.9432 and 2.4469 at 90 and 95 %.
        assert!((radius(0.90, 1) - 1.943_180).abs() < 1e-5);
        assert!((radius(0.95, 1) - 2.446_912).abs() < 1e-5);
        // In any dimension the share of the density, integrated over shells, below the radius.
        for n_dims in [2usize, 4] {
            let end = radius(0.7, n_dims);
            let steps = 20_000;
            let width = end / f64::from(steps);
            let surface = 2.0 * std::f64::consts::PI.powf(0.5 * n_dims as f64) / ln_gamma_half(n_dims).exp();
            let mass: f64 = (0..steps)
                .map(|k| {
                    let r = (f64::from(k) + 0.5) * width;
                    surface * r.powi(n_dims as i32 - 1) * log_density(r, n_dims).exp() * width
                })
                .sum();
            assert!((mass - 0.7).abs() < 1e-6, "mass {mass} in {n_dims} dimensions");
        }
    }

    #[test]
    fn a_normal_target_has_its_moments() {
        for n_dims in [1usize, 2, 3, 5] {
            let proposal = Proposal::new(n_dims, 512, 1);
            let (points, densities) = (proposal.points(2), proposal.log_densities());
            let (mut total, mut second) = (0.0, vec![0.0; n_dims * n_dims]);
            for (k, log_density) in densities.iter().enumerate() {
                let point: Vec<f64> = points.iter().map(|x| f64::from(x[k])).collect();
                let square: f64 = point.iter().map(|x| x * x).sum();
                let weight = (-0.5 * square - log_density).exp();
                total += weight;
                for i in 0..n_dims {
                    for j in 0..n_dims {
                        second[i * n_dims + j] += weight * point[i] * point[j];
                    }
                }
            }
            let n = densities.len();
            assert_eq!(n, points[0].len());
            assert!(n >= 512);
            let constant = (2.0 * std::f64::consts::PI).powf(0.5 * n_dims as f64);
            assert!((total / n as f64 / constant - 1.0).abs() < 0.01);
            for i in 0..n_dims {
                for j in 0..n_dims {
                    let expected = f64::from(u8::from(i == j));
                    let error = (second[i * n_dims + j] / total - expected).abs();
                    assert!(
                        error < 0.01,
                        "moment {i}, {j} off by {error} in {n_dims} dimensions"
                    );
                }
            }
        }
    }

    #[test]
    fn keys_tell_sets_apart() {
        let proposal = Proposal::new(3, 60, 1);
        assert_eq!(proposal.points(3), proposal.points(3 + MOST_SETS as u64));
        assert_ne!(proposal.points(3), proposal.points(4));
        assert_ne!(proposal.points(3), Proposal::new(3, 60, 2).points(3));
    }
}
