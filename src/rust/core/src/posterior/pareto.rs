//! Pareto smoothed importance sampling (Vehtari, Simpson, Gelman, Yao and Gabry 2024, "Pareto smoothed importance
//! sampling", <https://www.jmlr.org/papers/v25/19-556.html>).

use crate::base::order::sort_numbers;

/// Normalised weights, whose tail is smoothed where it is heavy.
pub(crate) struct Smoothed {
    /// They sum to 1.
    pub weights: Vec<f64>,
    /// The shape of the generalised Pareto distribution fitted to the largest weights: above [`threshold`] the weighted
    /// averages are not reliable. Minus infinity where all weights are the same.
    pub k: f64,
    /// Logarithm of the mean of the weights before normalisation.
    pub log_mean: f64,
}

/// Fewest weights in the tail to which a distribution is fitted.
const SMALLEST_TAIL: usize = 5;

/// The k above which the largest weights are smoothed. Below it they have a fourth moment: their averages need no smoothing, which would
/// add a bias that is the same for all respondents.
const HEAVY: f64 = 0.25;

/// The lower quartile of the excesses over the largest at least, which bounds what is multiplied.
const SMALLEST_QUARTILE: f64 = 1e-15;

/// Factors that are multiplied before their logarithm is taken.
const FACTORS: usize = 16;

/// The k up to which averages with `n` weights are reliable: `min(1 - 1 / log10(n), 0.7)`.
pub(crate) fn threshold(n: usize) -> f64 {
    (1.0 - 1.0 / (n as f64).log10()).min(0.7)
}

/// Smooths the largest weights where they are heavy. The order is kept: `weights[i]` belongs to `log_weights[i]`.
pub(crate) fn smooth(log_weights: &mut [f64]) -> Smoothed {
    let n = log_weights.len();
    let largest = log_weights.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    log_weights.iter_mut().for_each(|w| *w -= largest);
    let mut weights: Vec<f64> = log_weights.iter().map(|w| w.exp()).collect();
    let tail = ((0.2 * n as f64).min(3.0 * (n as f64).sqrt()).ceil() as usize).min(n - 1);
    // Only the tail is sorted, equal weights in the order in which they come.
    let rising = |a: usize, b: usize| weights[a].total_cmp(&weights[b]).then(a.cmp(&b));
    let mut order: Vec<usize> = (0..n).collect();
    let (_, &mut last_below, in_tail) = order.select_nth_unstable_by(n - tail - 1, |&a, &b| rising(a, b));
    sort_numbers(in_tail, &rising);
    let cutoff = weights[last_below];
    let excesses: Vec<f64> = in_tail.iter().map(|&i| weights[i] - cutoff).collect();
    let spread = excesses.last().is_some_and(|&x| x > 1e-12);
    let mut k = f64::NEG_INFINITY;
    if tail >= SMALLEST_TAIL && spread {
        let (shape, scale) = fit(&excesses);
        // A fit that fails is no reason for trust.
        k = if shape.is_finite() { shape } else { f64::INFINITY };
        if shape.is_finite() && shape > HEAVY {
            for (rank, &i) in in_tail.iter().enumerate() {
                let p = (rank as f64 + 0.5) / tail as f64;
                weights[i] = (cutoff + quantile(p, shape, scale)).min(1.0);
            }
        }
    }
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= total);
    Smoothed {
        weights,
        k,
        log_mean: largest + (total / n as f64).ln(),
    }
}

/// Quantile of the generalised Pareto distribution above 0.
fn quantile(p: f64, shape: f64, scale: f64) -> f64 {
    let ln = (-p).ln_1p();
    if shape.abs() < 1e-10 {
        -scale * ln
    } else {
        scale * (-shape * ln).exp_m1() / shape
    }
}

/// Shape and scale of the generalised Pareto distribution from sorted excesses: the profile likelihood averaged
/// over a grid (Zhang and Stephens 2009, <https://doi.org/10.1198/tech.2009.08017>), with the shape drawn towards
/// 1/2 as ten observations would.
fn fit(excesses: &[f64]) -> (f64, f64) {
    let n = excesses.len();
    let size = n as f64;
    let largest = excesses[n - 1];
    let quartile = excesses[((size / 4.0 + 0.5) as usize).clamp(1, n) - 1].max(SMALLEST_QUARTILE * largest);
    let n_grid = 30 + size.sqrt() as usize;
    // Logarithms of products of some.
    let shape_at = |theta: f64| {
        let products = excesses
            .chunks(FACTORS)
            .map(|some| some.iter().map(|x| 1.0 - theta * x));
        products.map(|factors| factors.product::<f64>().ln()).sum::<f64>() / size
    };
    let grid: Vec<f64> = (1..=n_grid)
        .map(|j| {
            let rest = 1.0 - (n_grid as f64 / (j as f64 - 0.5)).sqrt();
            1.0 / largest + rest / (3.0 * quartile)
        })
        .collect();
    let profile: Vec<f64> = grid
        .iter()
        .map(|&theta| {
            let k = shape_at(theta);
            size * ((-theta / k).ln() - k - 1.0)
        })
        .collect();
    let top = profile.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let weights: Vec<f64> = profile.iter().map(|p| (p - top).exp()).collect();
    let total: f64 = weights.iter().sum();
    let theta = grid.iter().zip(&weights).map(|(t, w)| t * w).sum::<f64>() / total;
    let shape = shape_at(theta);
    let scale = -shape / theta;
    (shape * size / (size + 10.0) + 5.0 / (size + 10.0), scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Purpose;
    use crate::base::random::Stream;
    use rand::Rng;

    #[test]
    fn the_shape_of_a_pareto_tail_is_found() {
        for truth in [0.2, 0.5, 0.9] {
            let mut stream = Stream::new(11, Purpose::Simulation, 0, 0);
            let mut excesses: Vec<f64> = (0..2_000)
                .map(|_| quantile(stream.random::<f64>(), truth, 2.0))
                .collect();
            excesses.sort_by(f64::total_cmp);
            let (shape, scale) = fit(&excesses);
            assert!((shape - truth).abs() < 0.08, "shape {shape} for {truth}");
            assert!((scale - 2.0).abs() < 0.2, "scale {scale}");
        }
    }

    #[test]
    fn weights_keep_their_order_and_sum_to_one() {
        let mut log_weights: Vec<f64> = (0..500).map(|i| ((i * 7919) % 500) as f64 / 100.0).collect();
        let before = log_weights.clone();
        let smoothed = smooth(&mut log_weights);
        assert!((smoothed.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (i, j) in [(0, 1), (10, 200), (499, 3)] {
            let same = (before[i] < before[j]) == (smoothed.weights[i] < smoothed.weights[j]);
            assert!(same, "weights {i} and {j}");
        }
        assert!(smoothed.k.is_finite());
    }

    #[test]
    fn equal_weights_have_no_tail() {
        let smoothed = smooth(&mut [0.3; 100]);
        assert_eq!(smoothed.k, f64::NEG_INFINITY);
        assert!((smoothed.log_mean - 0.3).abs() < 1e-12);
    }

    #[test]
    fn light_tails_are_left_as_they_are() {
        let weights = |power: f64| -> Vec<f64> {
            (0..256)
                .map(|i| power * (1.0 - (f64::from(i) + 0.5) / 256.0).ln())
                .collect()
        };
        // Uniform weights, and those whose tail falls with their square root.
        for (power, is_heavy) in [(1.0, false), (-0.7, true)] {
            let before = weights(power);
            let smoothed = smooth(&mut before.clone());
            let mean = before.iter().map(|x| x.exp()).sum::<f64>() / 256.0;
            assert_eq!(smoothed.k > HEAVY, is_heavy, "{}", smoothed.k);
            assert_eq!((smoothed.log_mean - mean.ln()).abs() > 1e-9, is_heavy);
        }
    }
}
