//! Elementary functions in single precision, free of branches and calls so that loops over them vectorise.

/// Adding and subtracting this rounds a small number to the nearest integer.
const ROUNDER: f32 = 12_582_912.0;

const LN_2_HIGH: f32 = 0.693_359_4;

const LN_2_LOW: f32 = -2.121_944_4e-4;

const SQRT_2: f32 = std::f32::consts::SQRT_2;

/// `e^x`, relative error below 2e-7; arguments beyond +-87 give the value at +-87.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 87.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = rounded - ROUNDER;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    // Taylor's polynomial on |r| <= ln(2) / 2.
    let p = 1.0 / 5_040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    // The low bits of `rounded` are n; moved into the exponent they make 2^n.
    p * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}

/// `ln(x)` for a positive normal number, absolute error below 2e-7 times the size of the result.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    // The mantissa is brought to [sqrt(1/2), sqrt(2)).
    let shifted = bits.wrapping_sub(0x3f35_04f3);
    let n = (shifted as i32) >> 23;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(0x3f35_04f3));
    n as f32 * std::f32::consts::LN_2 + ln_ratio((m - 1.0) / (m + 1.0))
}

/// `ln((1 + u) / (1 - u)) = 2 artanh(u)` for `|u| <= 1/3`.
#[inline(always)]
fn ln_ratio(u: f32) -> f32 {
    let w = u * u;
    let p = 1.0 / 13.0;
    let p = p * w + 1.0 / 11.0;
    let p = p * w + 1.0 / 9.0;
    let p = p * w + 1.0 / 7.0;
    let p = p * w + 1.0 / 5.0;
    let p = p * w + 1.0 / 3.0;
    2.0 * u + 2.0 * u * w * p
}

/// The coefficients of the polynomial of [`erfcx`], the highest power first.
pub const ERFCX: [f32; 10] = [
    0.170_872_78,
    -0.822_152_23,
    1.488_515_9,
    -1.135_204,
    0.278_868_08,
    -0.186_288_06,
    0.096_784_19,
    0.374_091_96,
    1.000_023_7,
    -1.265_512_2,
];

/// `e^(z^2) erfc(z)` for `z >= 0`, relative error below 4e-7.
///
/// With `t = 1 / (1 + z / 2)` the logarithm of `e^(z^2) erfc(z) / t` is smooth on (0, 1]; the coefficients are
/// those of its Chebyshev interpolation of degree 9 there, computed with 30 digits.
#[inline(always)]
pub fn erfcx(z: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.5 * z);
    t * exp(ERFCX[1..].iter().fold(ERFCX[0], |p, c| p * t + c))
}

/// A distribution function on the log scale. A trait rather than a function argument, so that loops over it are compiled for
/// each and vectorise.
pub trait LogCdf {
    /// `ln F(x)` in parts, so that the logarithms of several can be taken together.
    fn terms(x: f32) -> LogCdfTerms;

    /// Minus the second derivative of `ln F(x)`, from the first one.
    fn curvature(x: f32, derivative: f32) -> f32;

    /// `ln(F(upper) - F(lower))` for `lower < upper`.
    fn between(upper: f32, lower: f32) -> Between;
}

/// The least share of the probability between two numbers in that beside one or both of them: nearer ones are taken for so far apart.
pub const LEAST_BETWEEN: f32 = 1e-6;

/// `ln(F(upper) - F(lower)) = linear + ln(factor)`, and its derivatives. Minus the second ones are `diag(d) + r r'`, where `r` are
/// the first ones and `d = -f'/f r`.
#[derive(Clone, Copy, Debug)]
pub struct Between {
    /// What needs no further logarithm.
    pub linear: f32,
    /// A normal number in (0, 1].
    pub factor: f32,
    /// The derivatives by `upper` and by `lower`.
    pub slopes: [f32; 2],
    /// `d`, by `upper` and by `lower`.
    pub diagonal: [f32; 2],
}

/// `ln F(x) = linear + ln(factor)` and its derivative.
#[derive(Clone, Copy, Debug)]
pub struct LogCdfTerms {
    /// What needs no logarithm.
    pub linear: f32,
    /// A normal number in (0, 1].
    pub factor: f32,
    /// The derivative of `ln F(x)`.
    pub derivative: f32,
}

/// The logistic distribution: `ln F(x)` and `1 - F(x)`.
pub struct Logistic;

impl LogCdf for Logistic {
    #[inline(always)]
    fn terms(x: f32) -> LogCdfTerms {
        let t = exp(-x.abs());
        let factor = 1.0 / (1.0 + t);
        LogCdfTerms {
            linear: x.min(0.0),
            factor,
            derivative: if x < 0.0 { factor } else { t * factor },
        }
    }

    #[inline(always)]
    fn curvature(_x: f32, derivative: f32) -> f32 {
        derivative * (1.0 - derivative)
    }

    /// `F(a) - F(b) = F(a) F(-b) (1 - e^(b - a))`; `-f'/f = 2 F - 1`.
    #[inline(always)]
    fn between(upper: f32, lower: f32) -> Between {
        let (above, below) = (Self::terms(upper), Self::terms(-lower));
        let ratio = exp(lower - upper);
        let share = (1.0 - ratio).max(LEAST_BETWEEN);
        let odds = ratio / share;
        let slopes = [above.derivative + odds, -(below.derivative + odds)];
        Between {
            linear: above.linear + below.linear + ln(share),
            factor: above.factor * below.factor,
            slopes,
            diagonal: [
                slopes[0] * (1.0 - 2.0 * above.derivative),
                slopes[1] * (2.0 * below.derivative - 1.0),
            ],
        }
    }
}

/// The standard normal distribution: `ln Phi(x)` and `phi(x) / Phi(x)`.
pub struct Normal;

impl LogCdf for Normal {
    #[inline(always)]
    fn terms(x: f32) -> LogCdfTerms {
        const SQRT_2_OVER_PI: f32 = 0.797_884_6;
        let z = x.abs() / SQRT_2;
        let scaled = erfcx(z);
        let half_square = 0.5 * x * x;
        let density = exp(-half_square);
        // Phi(-|x|) = e^(-x^2/2) erfcx(|x|/sqrt 2) / 2, so that the ratio of the left tail needs no small number.
        let upper = 1.0 - 0.5 * density * scaled;
        let left = x < 0.0;
        let ratio = SQRT_2_OVER_PI / if left { scaled } else { 2.0 * upper };
        LogCdfTerms {
            linear: if left { -half_square } else { 0.0 },
            factor: if left { 0.5 * scaled } else { upper },
            derivative: if left { ratio } else { density * ratio },
        }
    }

    #[inline(always)]
    fn curvature(x: f32, derivative: f32) -> f32 {
        derivative * (derivative + x)
    }

    /// `F(a) - F(b) = F(a) (1 - F(b) / F(a))`, in the left one of the two tails; `-f'/f = x`.
    #[inline(always)]
    fn between(upper: f32, lower: f32) -> Between {
        let turned = upper + lower > 0.0;
        let (right, left) = if turned { (-lower, -upper) } else { (upper, lower) };
        let (of_right, of_left) = (Self::terms(right), Self::terms(left));
        let ratio = exp(of_left.linear - of_right.linear) * (of_left.factor / of_right.factor);
        let share = (1.0 - ratio).max(LEAST_BETWEEN);
        let (by_right, by_left) = (of_right.derivative / share, of_left.derivative * ratio / share);
        let slopes = if turned {
            [by_left, -by_right]
        } else {
            [by_right, -by_left]
        };
        Between {
            linear: of_right.linear + ln(share),
            factor: of_right.factor,
            slopes,
            diagonal: [slopes[0] * upper, slopes[1] * lower],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ln F(x)` and its derivative.
    fn at<F: LogCdf>(x: f32) -> (f32, f32) {
        let terms = F::terms(x);
        (terms.linear + ln(terms.factor), terms.derivative)
    }

    /// The normal distribution function by Simpson's rule, far from underflow.
    fn normal_cdf(x: f64) -> f64 {
        let (lower, steps) = (-12.0f64, 20_000);
        let width = (x - lower) / steps as f64;
        let density = |t: f64| (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let inner: f64 = (1..steps)
            .map(|k| {
                let weight = if k % 2 == 1 { 4.0 } else { 2.0 };
                weight * density(lower + k as f64 * width)
            })
            .sum();
        (density(lower) + inner + density(x)) * width / 3.0
    }

    #[test]
    fn exponential_and_logarithm_are_accurate() {
        for k in -850..=850 {
            let x = k as f32 / 10.0;
            let truth = f64::from(x).exp();
            assert!((f64::from(exp(x)) / truth - 1.0).abs() < 3e-7, "exp({x})");
        }
        for k in 1..2_000 {
            let x = k as f32 * 0.037;
            let truth = f64::from(x).ln();
            let error = (f64::from(ln(x)) - truth).abs();
            assert!(error < 3e-7 * truth.abs().max(1.0), "ln({x})");
        }
        assert_eq!(exp(1e6), exp(87.0));
        assert!(exp(-1e6) > 0.0);
    }

    #[test]
    fn logistic_terms_are_accurate_and_finite() {
        for k in -200..=200 {
            let x = k as f32 / 10.0;
            let truth = 1.0 / (1.0 + (-f64::from(x)).exp());
            let (value, derivative) = at::<Logistic>(x);
            assert!((f64::from(value) - truth.ln()).abs() < 3e-7 * truth.ln().abs().max(1.0));
            assert!((f64::from(derivative) - (1.0 - truth)).abs() < 2e-7);
        }
        assert_eq!(at::<Logistic>(-500.0), (-500.0, 1.0));
        let (value, derivative) = at::<Logistic>(500.0);
        assert!(value.abs() < 1e-30 && derivative < 1e-30);
    }

    #[test]
    fn normal_terms_are_accurate_and_finite() {
        for k in -60..=60 {
            let x = f64::from(k) / 10.0;
            let truth = normal_cdf(x);
            let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let (value, derivative) = at::<Normal>(x as f32);
            let error = (f64::from(value) - truth.ln()).abs();
            assert!(error < 2e-6 * truth.ln().abs().max(1.0), "ln Phi({x}): {error}");
            let ratio = density / truth;
            let error = (f64::from(derivative) - ratio).abs();
            assert!(error < 2e-6 * ratio.max(1.0), "ratio at {x}: {error}");
        }
        // The leading terms of the asymptotic series of the left tail.
        let (value, derivative) = at::<Normal>(-500.0);
        let tail = -125_000.0 - 0.5 * (2.0 * std::f32::consts::PI).ln() - 500f32.ln();
        assert!((value / tail - 1.0).abs() < 1e-6);
        assert!((derivative / 500.0 - 1.0).abs() < 1e-5);
        assert_eq!(at::<Normal>(500.0).0, 0.0);
        assert!(Normal::terms(-500.0).factor > 1e-4);
    }

    /// `ln(F(upper) - F(lower))` against a truth, and its derivatives against differences of it.
    fn check_between<F: LogCdf>(truth: impl Fn(f64, f64) -> f64) {
        for (upper, lower) in [
            (0.5, -0.5),
            (3.0, 2.0),
            (-1.0, -1.2),
            (9.0, -9.0),
            (6.5, 5.5),
            (-5.0, -6.0),
            (2.0, -7.0),
        ] {
            let found = F::between(upper as f32, lower as f32);
            let value = f64::from(found.linear + ln(found.factor));
            let expected = truth(upper, lower);
            assert!(
                (value - expected).abs() < 5e-6 * expected.abs().max(1.0),
                "{value} against {expected} between {lower} and {upper}"
            );
            let h = 1e-4;
            let moved = |a: f64, b: f64| truth(upper + a, lower + b);
            let slopes = [
                (moved(h, 0.0) - moved(-h, 0.0)) / (2.0 * h),
                (moved(0.0, h) - moved(0.0, -h)) / (2.0 * h),
            ];
            let curvatures = [
                (2.0 * expected - moved(h, 0.0) - moved(-h, 0.0)) / (h * h),
                (2.0 * expected - moved(0.0, h) - moved(0.0, -h)) / (h * h),
            ];
            for k in 0..2 {
                let slope = f64::from(found.slopes[k]);
                assert!(
                    (slope - slopes[k]).abs() < 2e-5 * slopes[k].abs().max(1.0),
                    "slope {slope} against {} between {lower} and {upper}",
                    slopes[k]
                );
                let curvature = f64::from(found.diagonal[k]) + slope * slope;
                assert!(
                    (curvature - curvatures[k]).abs() < 1e-3 * curvatures[k].abs().max(1.0),
                    "curvature {curvature} against {} between {lower} and {upper}",
                    curvatures[k]
                );
            }
        }
        let touching = F::between(0.3, 0.3);
        assert!(touching.slopes.iter().all(|x| x.is_finite()) && touching.linear.is_finite());
    }

    #[test]
    fn probabilities_between_two_numbers_are_accurate_and_finite() {
        let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
        // In the left one of the tails.
        let between = |f: &dyn Fn(f64) -> f64, a: f64, b: f64| {
            if a + b > 0.0 {
                (f(-b) - f(-a)).ln()
            } else {
                (f(a) - f(b)).ln()
            }
        };
        check_between::<Logistic>(|a, b| between(&logistic, a, b));
        let normal = |x: f64| 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
        check_between::<Normal>(|a, b| between(&normal, a, b));
    }
}
