//! Numbers at several points side by side, so that loops over them vectorise.

use crate::base::math;

/// One number for each of `N` points.
pub type Lanes<const N: usize> = [f32; N];

/// The products.
#[inline(always)]
pub fn product<const N: usize>(a: &Lanes<N>, b: &Lanes<N>) -> Lanes<N> {
    let mut product = [0.0; N];
    for lane in 0..N {
        product[lane] = a[lane] * b[lane];
    }
    product
}

/// Adds numbers to others.
#[inline(always)]
pub fn add<const N: usize>(lanes: &Lanes<N>, to: &mut Lanes<N>) {
    for lane in 0..N {
        to[lane] += lanes[lane];
    }
}

/// Others plus multiples of numbers.
#[inline(always)]
pub fn add_multiple<const N: usize>(times: f32, lanes: &Lanes<N>, to: &Lanes<N>) -> Lanes<N> {
    let mut sum = *to;
    for lane in 0..N {
        sum[lane] += times * lanes[lane];
    }
    sum
}

/// The sum, pair by pair.
#[inline(always)]
pub fn sum<const N: usize>(mut lanes: Lanes<N>) -> f32 {
    const { assert!(N.is_power_of_two()) };
    let mut left = N;
    while left > 1 {
        left /= 2;
        for lane in 0..left {
            lanes[lane] = lanes[2 * lane] + lanes[2 * lane + 1];
        }
    }
    lanes[0]
}

/// Factors of probabilities that are multiplied before their logarithm is taken. Each is at least the reciprocal of
/// twice the number of options, so that the product of eight stays a normal number up to 30,000 options.
const FACTORS_PER_LOGARITHM: usize = 8;

/// A product of probabilities on the log scale.
pub struct LogProduct<const N: usize> {
    total: Lanes<N>,
    factor: Lanes<N>,
    n_factors: usize,
}

impl<const N: usize> LogProduct<N> {
    /// The empty product.
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            total: [0.0; N],
            factor: [1.0; N],
            n_factors: 0,
        }
    }

    /// Multiplies by a probability with the logarithm `linear + ln(factor)`.
    #[inline(always)]
    pub fn multiply(&mut self, linear: &Lanes<N>, factor: &Lanes<N>) {
        for lane in 0..N {
            self.total[lane] += linear[lane];
            self.factor[lane] *= factor[lane];
        }
        self.n_factors += 1;
        if self.n_factors == FACTORS_PER_LOGARITHM {
            self.take_logarithms();
        }
    }

    /// The logarithm.
    #[inline(always)]
    pub fn ln(mut self) -> Lanes<N> {
        self.take_logarithms();
        self.total
    }

    #[inline(always)]
    fn take_logarithms(&mut self) {
        for lane in 0..N {
            self.total[lane] += math::ln(self.factor[lane]);
        }
        self.factor = [1.0; N];
        self.n_factors = 0;
    }
}

impl<const N: usize> Default for LogProduct<N> {
    fn default() -> Self {
        Self::new()
    }
}
