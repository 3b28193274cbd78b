//! Items whose options are in order (Samejima 1969, <https://doi.org/10.1007/BF03372160>): `P(y >= k) = F(eta_k)` with predictors
//! `eta_1 > eta_2 > ...`, which share their discriminations and differ in their difficulties, the thresholds. Option `k` has the
//! probability `F(eta_k) - F(eta_(k + 1))`, with `F = 1` below the lowest threshold and `F = 0` above the highest.

use crate::base::math::{LEAST_BETWEEN, LogCdf, Logistic, Normal};
use crate::model::design;
use crate::model::link::Link;
use crate::model::observations::Ordered;
use crate::model::response::curvature::Curvature;
use crate::model::response::lanes::Lanes;
use crate::model::response::two_options;
use candle_core::{Result, Tensor};

/// The logarithm of a probability, `linear + ln(factor)`.
type Terms<const N: usize> = [Lanes<N>; 2];

/// What stands for the predictor above the lowest option and, negative, for that below the highest.
const ENDLESS: f32 = 1e4;

/// The log probabilities of responses, `n_responses x n_points`, from the predictors of their slots, `n_slots x n_points`; 0 for
/// responses to items without an order. In the left one of the two tails, `ln F(a) + ln(1 - F(b) / F(a))`.
///
/// # Errors
/// When the shapes do not fit.
pub fn log_probabilities(link: Link, predictors: &Tensor, ordered: &Ordered) -> Result<Tensor> {
    let beyond = |tensor: &Tensor| tensor * f64::from(ENDLESS);
    let upper = ordered
        .upper
        .of(predictors)?
        .broadcast_add(&beyond(&ordered.has_no_upper)?)?;
    let lower = ordered
        .lower
        .of(predictors)?
        .broadcast_sub(&beyond(&ordered.has_no_lower)?)?;
    let turned = (&upper + &lower)?.neg()?.lt(0.0)?;
    let right = turned.where_cond(&lower.neg()?, &upper)?;
    let left = turned.where_cond(&upper.neg()?, &lower)?;
    let of_right = log_cdf(link, &right)?;
    let ratio = (log_cdf(link, &left)? - &of_right)?.exp()?;
    let least = f64::from(LEAST_BETWEEN);
    let share = (ratio.affine(-1.0, 1.0 - least)?.relu()? + least)?;
    of_right + share.log()?
}

/// `ln F(x)`.
fn log_cdf(link: Link, x: &Tensor) -> Result<Tensor> {
    match link {
        // `min(x, 0) = (x - |x|) / 2` has the right derivative at 0.
        Link::Logit => ((x - x.abs()?)? * 0.5)? - (x.abs()?.neg()?.exp()? + 1.0)?.log()?,
        Link::Probit => two_options::log_cdf(x),
    }
}

/// The probability of a response at some points, as [`Terms`]; the slots become the derivatives of its
/// logarithm by the predictors. `rows` are the parameters of the item. A function of its own: the kernels that call it are compiled
/// many times. It does not get their product, which stays in registers so.
#[inline(never)]
pub fn evaluate<const N: usize>(
    link: Link,
    rows: &[f32],
    points: &[Lanes<N>],
    chosen: usize,
    slots: &mut [Lanes<N>],
) -> Terms<N> {
    let width = design::width(points.len());
    let mut sides = sides(chosen, slots.len(), |row| {
        design::predict(&rows[row * width..(row + 1) * width], points)
    });
    let terms = between(link, &mut sides, &mut [[0.0; N]; 2]);
    put(&sides, chosen, slots);
    terms
}

/// [`evaluate`] with minus the second derivatives; the predictors of all rows become the derivatives.
#[inline(never)]
pub fn evaluate_with_curvature<const N: usize>(
    link: Link,
    predictors: &mut [Lanes<N>],
    chosen: usize,
    curvature: Curvature<'_, N>,
) -> Terms<N> {
    let mut sides = sides(chosen, predictors.len(), |row| predictors[row]);
    let mut diagonal = [[0.0; N]; 2];
    let terms = between(link, &mut sides, &mut diagonal);
    put(&sides, chosen, predictors);
    put(&sides, chosen, curvature.direction);
    put(&diagonal, chosen, curvature.diagonal);
    terms
}

/// The predictors above and below an option.
#[inline(always)]
fn sides<const N: usize>(
    chosen: usize,
    n_slots: usize,
    predictor: impl Fn(usize) -> Lanes<N>,
) -> [Lanes<N>; 2] {
    [
        if chosen > 0 {
            predictor(chosen - 1)
        } else {
            [ENDLESS; N]
        },
        if chosen < n_slots {
            predictor(chosen)
        } else {
            [-ENDLESS; N]
        },
    ]
}

/// Gives the slots above and below an option what belongs to them, and 0 to all others.
#[inline(always)]
fn put<const N: usize>([upper, lower]: &[Lanes<N>; 2], chosen: usize, slots: &mut [Lanes<N>]) {
    slots.fill([0.0; N]);
    if chosen > 0 {
        slots[chosen - 1] = *upper;
    }
    if chosen < slots.len() {
        slots[chosen] = *lower;
    }
}

/// The probability between an upper and a lower predictor; they become the derivatives of its logarithm.
#[inline(always)]
fn between<const N: usize>(link: Link, sides: &mut [Lanes<N>; 2], diagonal: &mut [Lanes<N>; 2]) -> Terms<N> {
    let mut terms = [[0.0; N]; 2];
    let ([upper, lower], [linear, factor]) = (sides, &mut terms);
    let [by_upper, by_lower] = diagonal;
    match link {
        Link::Logit => between_all::<Logistic>([upper, lower], [by_upper, by_lower], [linear, factor]),
        Link::Probit => between_all::<Normal>([upper, lower], [by_upper, by_lower], [linear, factor]),
    }
    terms
}

/// The predictors become the derivatives, and the others get `d`, `linear` and `factor` of [`Between`](crate::base::math::Between). One function for any
/// number of points.
#[inline(never)]
fn between_all<F: LogCdf>(sides: [&mut [f32]; 2], diagonal: [&mut [f32]; 2], terms: [&mut [f32]; 2]) {
    let ([upper, lower], [by_upper, by_lower], [linear, factor]) = (sides, diagonal, terms);
    let n = upper.len();
    let (lower, by_upper, by_lower) = (&mut lower[..n], &mut by_upper[..n], &mut by_lower[..n]);
    let (linear, factor) = (&mut linear[..n], &mut factor[..n]);
    for i in 0..n {
        let found = F::between(upper[i], lower[i]);
        [upper[i], lower[i]] = found.slopes;
        [by_upper[i], by_lower[i]] = found.diagonal;
        linear[i] = found.linear;
        factor[i] = found.factor;
    }
}

/// The probability of every option, the lowest first, from the predictors of the others and the distribution function `F`.
pub fn option_probabilities(cdf: impl Fn(f64) -> f64, predictors: &[f64], to: &mut Vec<f64>) {
    let n = predictors.len();
    let option = |k: usize| {
        let upper = if k == 0 { f64::INFINITY } else { predictors[k - 1] };
        let lower = if k == n { f64::NEG_INFINITY } else { predictors[k] };
        // In the left one of the two tails.
        let difference = if upper + lower > 0.0 {
            cdf(-lower) - cdf(-upper)
        } else {
            cdf(upper) - cdf(lower)
        };
        difference.max(0.0)
    };
    to.extend((0..=n).map(option));
}
