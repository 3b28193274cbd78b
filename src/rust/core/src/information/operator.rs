//! The information about item parameters that is known by the vectors that it makes of others.

use crate::base::error::Result;
use crate::base::linalg::{
    add_scaled, cholesky, invert, plus, product, sandwich, single, symmetric, symmetric_eigen,
};
use crate::base::monitor::Monitor;
use crate::base::threads::try_map;
use crate::information::affine::Pairs;
use crate::information::item::runs;
use crate::information::matrices::subtract_products;
use crate::information::scores::Scores;
use crate::information::vectors::{OfEach, VECTORS, Vectors, multiply, solve_lower, solve_upper};
use ndarray::{Array2, ArrayView2, s};
use std::ops::Range;
use std::sync::Arc;

/// Steps of Lanczos' method.
const LANCZOS_STEPS: usize = 12;

/// The spectrum begins at this share of the lowest value of Lanczos' method, which is above it, and ends at this multiple of the
/// highest.
const BELOW: f64 = 0.8;
const ABOVE: f64 = 1.02;

/// Relative error of the inverse root.
const ROOT_ERROR: f64 = 1e-3;

/// Relative error of solutions, in the norm of the whitened residual.
const SOLUTION_ERROR: f64 = 1e-3;

/// Steps of a polynomial or of conjugate gradients at most.
const MOST_STEPS: usize = 500;

/// Draws that stand for a covariance: multiples of [`VECTORS`], more where there are few scores. The relative error of what they say of a
/// variance is the root of two over their number.
const DRAWS: Range<usize> = 64..512;

/// Scores times draws, about.
const ENOUGH_PRODUCTS: usize = 2_500_000_000;

/// The information about an item by itself.
pub(crate) struct Blocks {
    pub own: Array2<f64>,
    /// The same if the traits were known, which is positive definite.
    pub complete: Array2<f64>,
}

/// The information about all parameters.
pub(crate) struct Operator {
    places: Vec<Range<usize>>,
    /// The blocks of the items, as they are.
    blocks: Vec<Array2<f64>>,
    /// From which the square of all scores is subtracted.
    products: Vec<Array2<f32>>,
    /// Lower Cholesky factors of the blocks, or of positive definite ones like them. They whiten.
    factors: Vec<Array2<f32>>,
    scores: Option<Arc<Scores>>,
    correction: Option<Correction>,
}

/// What makes the information map some vectors to their images: `- vectors half' - half vectors'`.
struct Correction {
    vectors: Array2<f64>,
    images: Array2<f64>,
    half: Array2<f64>,
    /// Nothing where the information along the vectors is not positive definite.
    lift: Option<Lift>,
}

/// The information along the known vectors is low. Lifted to that of the items by themselves, and left as it is outside of them, it has
/// an inverse that takes few steps, from which that of the information itself follows.
struct Lift {
    /// What the lifted information has more is `images added images'`.
    added: Array2<f64>,
    /// What the inverse of the lifted information has less is `vectors missing vectors'`.
    missing: Array2<f64>,
}

/// Which information.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Height {
    Own,
    /// See [`Lift`].
    Lifted,
}

impl Operator {
    /// Where the items have nothing in common.
    pub fn of_blocks(blocks: Vec<Blocks>) -> Self {
        let places = runs(blocks.iter().map(|block| block.own.nrows()));
        let factors = blocks.iter().map(|Blocks { own, complete }| {
            let factor = cholesky(own.view()).or_else(|| cholesky(complete.view()));
            single(factor.unwrap_or_else(|| Array2::eye(own.nrows())).view())
        });
        Self {
            places: places.collect(),
            products: blocks.iter().map(|block| single(block.own.view())).collect(),
            factors: factors.collect(),
            blocks: blocks.into_iter().map(|block| block.own).collect(),
            scores: None,
            correction: None,
        }
    }

    /// With what the items share: the square of some scores is not known. That of each item's own scores, `squares`, is in its block
    /// already.
    pub fn with_scores(mut self, scores: Arc<Scores>, squares: &[Array2<f64>]) -> Self {
        let squares = self.blocks.iter().zip(squares);
        self.products = squares
            .map(|(block, square)| single(plus(block, 1.0, square).view()))
            .collect();
        self.scores = Some(scores);
        self
    }

    /// Makes it map vectors to their images by subtracting `vectors half' + half vectors'`.
    pub fn correct(&mut self, vectors: ArrayView2<'_, f64>, images: ArrayView2<'_, f64>, half: Array2<f64>) {
        let mut of_items = Array2::zeros((vectors.ncols(), vectors.ncols()));
        for (block, own) in self.blocks.iter_mut().zip(&self.places) {
            let vectors = vectors.slice(s![own.clone(), ..]);
            subtract_products(block, vectors, half.slice(s![own.clone(), ..]));
            let of_item = product(vectors.t(), &product(&*block, vectors));
            add_scaled(&mut of_items.view_mut(), 1.0, of_item.view());
        }
        let within = symmetric(product(vectors.t(), images).view());
        self.correction = Some(Correction {
            vectors: vectors.to_owned(),
            images: images.to_owned(),
            half,
            lift: Lift::new(&within, &of_items),
        });
    }

    /// Vectors whose images are known.
    pub fn known(&self) -> Option<Pairs<'_>> {
        self.correction.as_ref().map(|known| Pairs {
            vectors: known.vectors.view(),
            images: known.images.view(),
        })
    }

    /// The block of each item.
    pub fn blocks(&self) -> &[Array2<f64>] {
        &self.blocks
    }

    fn n_parameters(&self) -> usize {
        self.places.last().map_or(0, |last| last.end)
    }

    /// The diagonal.
    pub fn diagonal(&self) -> impl Iterator<Item = f64> {
        self.blocks.iter().flat_map(|block| block.diag().to_vec())
    }

    fn apply(&self, height: Height, x: &Vectors) -> Vectors {
        let mut y = x.by_items(&self.products, &self.places, multiply);
        if let Some(scores) = &self.scores {
            scores.subtract_square(x.numbers(), y.numbers_mut());
        }
        if let Some(correction) = &self.correction {
            correction.apply(height, x, &mut y);
        }
        y
    }

    /// `L^-1 M L'^-1 x`.
    fn apply_whitened(&self, height: Height, x: &Vectors) -> Vectors {
        self.whitened(&self.apply(height, &self.coloured(x)))
    }

    /// `L^-1 x`.
    fn whitened(&self, x: &Vectors) -> Vectors {
        x.by_items(&self.factors, &self.places, solve_lower)
    }

    /// `L'^-1 x`.
    fn coloured(&self, x: &Vectors) -> Vectors {
        x.by_items(&self.factors, &self.places, solve_upper)
    }

    /// What `work` makes of the columns of a matrix, some at a time.
    fn by_columns(
        &self,
        right: ArrayView2<'_, f64>,
        work: &(dyn Fn(&Vectors) -> Result<Vectors> + Sync),
    ) -> Result<Array2<f64>> {
        let batches = (0..right.ncols()).step_by(VECTORS);
        let batches: Vec<Range<usize>> = batches.map(|k| k..(k + VECTORS).min(right.ncols())).collect();
        let parts = try_map(&batches, |batch| {
            work(&Vectors::of_columns(&right.slice(s![.., batch.clone()])))
        })?;
        let mut product = Array2::zeros(right.dim());
        for (batch, part) in batches.into_iter().zip(parts) {
            part.write(&mut product.slice_mut(s![.., batch]));
        }
        Ok(product)
    }

    /// The product with a matrix.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn times(&self, right: ArrayView2<'_, f64>, monitor: &dyn Monitor) -> Result<Array2<f64>> {
        self.by_columns(right, &|x| {
            monitor.proceed()?;
            Ok(self.apply(Height::Own, x))
        })
    }

    /// The product of the inverse with a matrix, by conjugate gradients.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn solve(&self, right: ArrayView2<'_, f64>, monitor: &dyn Monitor) -> Result<Array2<f64>> {
        let solved = self.by_columns(right, &|right| {
            let mut residual = self.whitened(right);
            let mut x = Vectors::zeros(residual.len());
            let mut direction = residual.clone();
            let first = residual.products(&residual);
            let mut now = first;
            for _ in 0..MOST_STEPS {
                monitor.proceed()?;
                if (0..VECTORS).all(|k| now[k] <= SOLUTION_ERROR * SOLUTION_ERROR * first[k]) {
                    break;
                }
                let image = self.apply_whitened(Height::Lifted, &direction);
                let step = ratios(&now, &direction.products(&image));
                x.add(step, &direction);
                residual.add(step.map(|x| -x), &image);
                let after = residual.products(&residual);
                direction.scale(ratios(&after, &now));
                direction.add([1.0; VECTORS], &residual);
                now = after;
            }
            Ok(self.coloured(&x))
        })?;
        let Some(Correction {
            vectors,
            lift: Some(lift),
            ..
        }) = &self.correction
        else {
            return Ok(solved);
        };
        let along = product(vectors.t(), right);
        Ok(plus(
            &solved,
            1.0,
            &product(vectors, &product(&lift.missing, &along)),
        ))
    }

    /// The ends of the spectrum of the whitened and [lifted](Lift) information, by Lanczos' method; nothing where it is not
    /// positive definite.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn spectrum(&self, monitor: &dyn Monitor) -> Result<Option<Range<f64>>> {
        if self.correction.as_ref().is_some_and(|known| known.lift.is_none()) {
            return Ok(None);
        }
        let n_steps = LANCZOS_STEPS.min(self.n_parameters());
        let mut tridiagonal = vec![Array2::<f64>::zeros((n_steps, n_steps)); VECTORS];
        let mut now = Vectors::normal(self.n_parameters(), 0, 0);
        let mut before = Vectors::zeros(now.len());
        for step in 0..n_steps {
            monitor.proceed()?;
            let length = now.products(&now).map(f64::sqrt);
            now.scale(ratios(&[1.0; VECTORS], &length));
            let mut image = self.apply_whitened(Height::Lifted, &now);
            let along = now.products(&image);
            for (k, tridiagonal) in tridiagonal.iter_mut().enumerate() {
                tridiagonal[[step, step]] = along[k];
                if step > 0 {
                    tridiagonal[[step, step - 1]] = length[k];
                    tridiagonal[[step - 1, step]] = length[k];
                }
            }
            image.add(along.map(|x| -x), &now);
            image.add(length.map(|x| -x), &before);
            before = std::mem::replace(&mut now, image);
        }
        let (mut lowest, mut highest) = (f64::INFINITY, 0.0f64);
        for tridiagonal in &tridiagonal {
            let (values, _) = symmetric_eigen(tridiagonal.view());
            lowest = values.iter().copied().fold(lowest, f64::min);
            highest = values.iter().copied().fold(highest, f64::max);
        }
        Ok((lowest > 0.0).then_some(BELOW * lowest..ABOVE * highest))
    }

    /// Draws from the normal distribution whose precision is the [lifted](Lift) information, in columns: the inverse root of
    /// the whitened one by a polynomial of Chebyshev on its spectrum.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn draws(&self, spectrum: &Range<f64>, seed: u64, monitor: &dyn Monitor) -> Result<Array2<f64>> {
        let coefficients = inverse_root(spectrum);
        let middle = 0.5 * (spectrum.start + spectrum.end);
        let half = 0.5 * (spectrum.end - spectrum.start);
        let n_draws = self.scores.as_ref().map_or(DRAWS.start, |scores| {
            (ENOUGH_PRODUCTS / scores.n_values().max(1)).clamp(DRAWS.start, DRAWS.end)
        });
        let batches = try_map(0..n_draws / VECTORS, |batch| {
            let mut before = Vectors::normal(self.n_parameters(), seed, 1 + batch as u64);
            let scaled = |x: &Vectors, times: f64| {
                let mut image = self.apply_whitened(Height::Lifted, x);
                image.add([-middle; VECTORS], x);
                image.scale([times / half; VECTORS]);
                image
            };
            let mut now = scaled(&before, 1.0);
            let mut sum = before.clone();
            sum.scale([coefficients[0]; VECTORS]);
            for &coefficient in &coefficients[1..] {
                monitor.proceed()?;
                sum.add([coefficient; VECTORS], &now);
                let mut next = scaled(&now, 2.0);
                next.add([-1.0; VECTORS], &before);
                before = std::mem::replace(&mut now, next);
            }
            Ok(self.coloured(&sum))
        })?;
        let mut draws = Array2::zeros((self.n_parameters(), batches.len() * VECTORS));
        for (batch, drawn) in batches.iter().enumerate() {
            drawn.write(&mut draws.slice_mut(s![.., batch * VECTORS..(batch + 1) * VECTORS]));
        }
        Ok(draws)
    }
}

impl Lift {
    /// From the information within the vectors, their own and that of the items by themselves.
    fn new(within: &Array2<f64>, of_items: &Array2<f64>) -> Option<Self> {
        let (inverse, of_lifted) = (invert(within.view())?, invert(of_items.view())?);
        Some(Self {
            added: plus(&sandwich(&inverse, of_items), -1.0, &inverse),
            missing: plus(&inverse, -1.0, &of_lifted),
        })
    }
}

impl Correction {
    fn apply(&self, height: Height, x: &Vectors, y: &mut Vectors) {
        if height == Height::Lifted
            && let Some(lift) = &self.lift
        {
            let along = self.images.columns().into_iter().map(|image| x.along(image));
            let along: Vec<OfEach<f64>> = along.collect();
            for (image, lift) in self.images.columns().into_iter().zip(lift.added.rows()) {
                let mut lifted = [0.0; VECTORS];
                for (along, times) in along.iter().zip(lift) {
                    (0..VECTORS).for_each(|k| lifted[k] += times * along[k]);
                }
                y.add_along(&lifted, image);
            }
        }
        for (vector, half) in self.vectors.columns().into_iter().zip(self.half.columns()) {
            let (of_vector, of_half) = (x.along(vector), x.along(half));
            y.add_along(&of_half.map(|x| -x), vector);
            y.add_along(&of_vector.map(|x| -x), half);
        }
    }
}

/// The coefficients of the polynomial of Chebyshev that is close to `1 / sqrt(x)` on a range.
fn inverse_root(range: &Range<f64>) -> Vec<f64> {
    let root = (range.end / range.start).sqrt();
    let rate = ((root + 1.0) / (root - 1.0).max(1e-3)).ln();
    let n = ((2.0 / ROOT_ERROR).ln() / rate)
        .ceil()
        .clamp(4.0, MOST_STEPS as f64) as usize;
    let angle = |node: usize| std::f64::consts::PI * (node as f64 + 0.5) / n as f64;
    let value = |node: usize| {
        let x = 0.5 * (range.start + range.end) + 0.5 * (range.end - range.start) * angle(node).cos();
        x.sqrt().recip()
    };
    let coefficient = |degree: usize| {
        let terms = (0..n).map(|node| value(node) * (degree as f64 * angle(node)).cos());
        let times = if degree == 0 { 1.0 } else { 2.0 };
        times * terms.sum::<f64>() / n as f64
    };
    (0..n).map(coefficient).collect()
}

/// The ratios; 0 where there is none.
fn ratios(x: &OfEach<f64>, y: &OfEach<f64>) -> OfEach<f64> {
    let mut ratios = [0.0; VECTORS];
    for k in 0..VECTORS {
        if y[k] > 0.0 {
            ratios[k] = x[k] / y[k];
        }
    }
    ratios
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomial_is_the_inverse_root() {
        let range = 0.1..2.0;
        let coefficients = inverse_root(&range);
        for k in 0..=20 {
            let x: f64 = 0.1 + 1.9 * f64::from(k) / 20.0;
            let angle = ((x - 1.05) / 0.95).clamp(-1.0, 1.0).acos();
            let terms = coefficients.iter().enumerate();
            let sum: f64 = terms.map(|(degree, c)| c * (degree as f64 * angle).cos()).sum();
            assert!((sum * x.sqrt() - 1.0).abs() < 3e-3, "{sum} at {x}");
        }
    }
}
