//! Numbers that stand for whole ones.

/// Whole numbers that doubles tell apart.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// How far rounding takes a number of about 1: 0.1 * 3 / 0.3 is whole, 0.999 is not.
const ROUNDING: f64 = 1e-9;

/// Numbers from here on are no further from a whole one than this one is: large ones are names, which a part of a whole
/// may tell apart.
const LARGE: f64 = 1e3;

/// The whole number that a value is, but for rounding.
#[inline(always)]
pub(crate) fn nearest_whole(value: f64) -> Option<i64> {
    if value.trunc() == value {
        return (value.abs() <= LARGEST).then_some(value as i64);
    }
    let nearest = value.round();
    (close(value, nearest) && nearest.abs() <= LARGEST).then_some(nearest as i64)
}

/// Are two numbers one, but for rounding? Nothing is close to what is not finite.
#[inline(always)]
pub(crate) fn close(value: f64, other: f64) -> bool {
    (value - other).abs() <= ROUNDING * other.abs().clamp(1.0, LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_leaves_whole_numbers_whole() {
        let whole = |value: f64, expected: i64| assert_eq!(nearest_whole(value), Some(expected), "{value:e}");
        whole(0.1 * 3.0 / 0.3, 1);
        whole(0.1 + 0.2 - 0.3, 0);
        whole(-0.1 * 3.0 / 0.1, -3);
        whole(1e6 + 1e-7, 1_000_000);
        whole(LARGEST, 9_007_199_254_740_992);
        whole(-0.0, 0);
    }

    #[test]
    fn parts_of_a_whole_stay_parts() {
        for value in [
            0.5,
            0.999,
            1.000_001,
            -0.5,
            1e9 + 0.5,
            1e12 + 0.001,
            1e-8,
            2.0 * LARGEST,
            1e300,
            f64::INFINITY,
            f64::NAN,
        ] {
            assert_eq!(nearest_whole(value), None, "{value:e}");
        }
        assert!(close(0.1 * 3.0, 0.3) && !close(0.3, 0.300_1) && !close(f64::NAN, f64::NAN));
    }
}
