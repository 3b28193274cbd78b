//! The information about more item parameters than one matrix holds: blocks by item and the scores that the items share.

use crate::base::error::Result;
use crate::base::linalg::{cholesky, invert, product, sandwich, symmetric_eigen};
use crate::base::monitor::Monitor;
use crate::base::random::{Purpose, Stream};
use crate::base::threads::try_map;
use crate::information::affine::{Affine, Known, Pairs};
use crate::information::calibration::Calibration;
use crate::information::item::{ItemInformation, places};
use crate::information::matrices::{correction, subtract_products};
use crate::information::prior::FreePrior;
use crate::information::scores::{Scores, VECTORS};
use crate::model::response::lanes::{Lanes, add_multiple};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate, s};
use rand_distr::{Distribution, StandardNormal};
use std::ops::Range;
use std::sync::Arc;

/// Steps of Lanczos' method.
const LANCZOS_STEPS: usize = 20;

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

/// Draws that stand for a covariance: multiples of [`VECTORS`], more where there are few scores. The relative error of what they say of
/// a variance is the root of two over their number.
const DRAWS: Range<usize> = 128..512;

/// Scores times draws, about.
const ENOUGH_PRODUCTS: usize = 2_500_000_000;

/// Vectors side by side: a row for each parameter.
type Rows = Vec<Lanes<VECTORS>>;

/// What the items share: the information is that of each item by itself and, between items, minus the square of the scores.
pub(crate) struct Structured {
    scores: Arc<Scores>,
    /// The squares of the scores of each item.
    squares: Vec<Array2<f64>>,
    known: Known,
}

impl Structured {
    pub fn new(
        calibration: Calibration,
        scores: Scores,
        affine: Array2<f64>,
        items: &[ItemInformation],
        prior: &FreePrior,
    ) -> Self {
        let mut item_at = vec![0; calibration.n_parameters()];
        for (item, own) in places(items).enumerate() {
            item_at[own].fill(item);
        }
        let sizes = items.iter().map(|item| item.observed.nrows());
        let mut squares: Vec<Array2<f64>> = sizes.map(|n| Array2::zeros((n, n))).collect();
        for position in 0..scores.n_respondents() {
            for (first, own) in scores.of_respondent(position) {
                squares[item_at[first]] += &own.dot(&own.t()).mapv(f64::from);
            }
        }
        let diagonals = items.iter().flat_map(|item| item.observed.diag().to_vec());
        let n = calibration.n_parameters().max(1) as f64;
        let ridge = diagonals.map(f64::abs).sum::<f64>() / n;
        Self {
            scores: Arc::new(scores),
            squares,
            known: Known::new(calibration, affine, ridge, prior),
        }
    }

    /// The information with these blocks of the items.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn operator(&self, blocks: Vec<Blocks>, affine: Affine, monitor: &dyn Monitor) -> Result<Operator> {
        let products = blocks
            .iter()
            .zip(&self.squares)
            .map(|(block, square)| &block.own + square);
        let mut operator = Operator {
            scores: self.scores.clone(),
            products: products.map(|x| x.mapv(|x| x as f32)).collect(),
            rotations: self.known.rotations().to_owned(),
            ridge: self.known.ridge(),
            ..Operator::of_blocks(blocks)
        };
        for Pairs { vectors, images } in self.known.pairs(affine) {
            let missing = &images - &operator.times(vectors, monitor)?;
            if let Some(half) = correction(vectors, &missing) {
                operator.correct(vectors, images, half);
                break;
            }
        }
        Ok(operator)
    }
}

/// The information about an item by itself.
pub(crate) struct Blocks {
    pub own: Array2<f64>,
    /// The same if the traits were known, which is positive definite.
    pub complete: Array2<f64>,
}

/// Information that can be multiplied by vectors.
pub(crate) struct Operator {
    scores: Arc<Scores>,
    places: Vec<Range<usize>>,
    /// Those of the items, as they are.
    blocks: Vec<Array2<f64>>,
    /// From which the square of all scores is subtracted.
    products: Vec<Array2<f32>>,
    /// Lower Cholesky factors of the blocks, or of positive definite ones like them. They whiten.
    factors: Vec<Array2<f32>>,
    correction: Option<Correction>,
    rotations: Array2<f64>,
    ridge: f64,
}

/// What makes the information map some vectors to their images: `- vectors half' - half vectors'`.
struct Correction {
    vectors: Array2<f64>,
    images: Array2<f64>,
    half: Array2<f64>,
    /// `images lift images'` makes the information along the vectors, which is low, that of the items by themselves, and leaves it as
    /// it is outside of them; nothing where it is not positive definite.
    lift: Option<Array2<f64>>,
}

/// Which information.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Own,
    /// See [`Correction::lift`].
    Lifted,
}

/// The covariance of the parameters, in two ways.
pub(crate) struct Factored {
    /// A matrix whose square it is, about.
    pub factor: Array2<f32>,
    /// Of each item.
    pub blocks: Vec<Array2<f64>>,
}

impl Operator {
    /// Where the items have nothing in common.
    pub fn of_blocks(blocks: Vec<Blocks>) -> Self {
        let places = blocks.iter().scan(0, |end, block| {
            let first = *end;
            *end += block.own.nrows();
            Some(first..*end)
        });
        let places: Vec<Range<usize>> = places.collect();
        let factors = blocks.iter().map(|Blocks { own, complete }| {
            let factor = cholesky(own.view()).or_else(|| cholesky(complete.view()));
            let factor = factor.unwrap_or_else(|| Array2::eye(own.nrows()));
            factor.mapv(|x| x as f32)
        });
        let n_parameters = places.last().map_or(0, |last| last.end);
        Self {
            scores: Arc::new(Scores::new(n_parameters, 1)),
            products: blocks.iter().map(|block| block.own.mapv(|x| x as f32)).collect(),
            factors: factors.collect(),
            blocks: blocks.into_iter().map(|block| block.own).collect(),
            places,
            correction: None,
            rotations: Array2::zeros((n_parameters, 0)),
            ridge: 1.0,
        }
    }

    fn correct(&mut self, vectors: ArrayView2<'_, f64>, images: ArrayView2<'_, f64>, half: Array2<f64>) {
        let mut of_items = Array2::zeros((vectors.ncols(), vectors.ncols()));
        for (block, own) in self.blocks.iter_mut().zip(&self.places) {
            let vectors = vectors.slice(s![own.clone(), ..]);
            subtract_products(block, vectors, half.slice(s![own.clone(), ..]));
            of_items += &product(vectors.t(), &product(&*block, vectors));
        }
        let within = product(vectors.t(), images);
        let within = (&within + &within.t()) * 0.5;
        self.correction = Some(Correction {
            vectors: vectors.to_owned(),
            images: images.to_owned(),
            half,
            lift: invert(within.view()).map(|inverse| sandwich(&inverse, &of_items) - inverse),
        });
    }

    fn n_parameters(&self) -> usize {
        self.places.last().map_or(0, |last| last.end)
    }

    /// The diagonal.
    pub fn diagonal(&self) -> impl Iterator<Item = f64> {
        self.blocks.iter().flat_map(|block| block.diag().to_vec())
    }

    fn apply(&self, form: Form, x: &Rows) -> Rows {
        let mut y = by_blocks(&self.products, &self.places, x, |block, own, to| {
            for (row, to) in block.rows().into_iter().zip(to) {
                *to = row
                    .iter()
                    .zip(own)
                    .fold(*to, |to, (&a, x)| add_multiple(a, x, &to));
            }
        });
        self.scores.subtract_square(x, &mut y);
        if let Some(correction) = &self.correction {
            let Correction {
                vectors,
                images,
                half,
                lift,
            } = correction;
            if form == Form::Lifted
                && let Some(lift) = lift
            {
                let along = images.columns().into_iter().map(|image| inner(image.iter(), x));
                let along: Vec<[f64; VECTORS]> = along.collect();
                for (image, lift) in images.columns().into_iter().zip(lift.rows()) {
                    let mut lifted = [0.0; VECTORS];
                    for (along, times) in along.iter().zip(lift) {
                        (0..VECTORS).for_each(|k| lifted[k] += times * along[k]);
                    }
                    add_products(image.iter(), &lifted, &mut y);
                }
            }
            for (vectors, half) in vectors.columns().into_iter().zip(half.columns()) {
                let minus = |sums: [f64; VECTORS]| sums.map(|x| -x);
                let (of_vectors, of_half) = (minus(inner(vectors.iter(), x)), minus(inner(half.iter(), x)));
                add_products(vectors.iter(), &of_half, &mut y);
                add_products(half.iter(), &of_vectors, &mut y);
            }
        }
        y
    }

    /// `L^-1 x`.
    fn whitened(&self, x: &Rows) -> Rows {
        by_blocks(&self.factors, &self.places, x, |factor, own, to| {
            for i in 0..own.len() {
                let mut value = own[i];
                for (j, before) in to.iter().enumerate().take(i) {
                    value = add_multiple(-factor[[i, j]], before, &value);
                }
                to[i] = value.map(|x| x / factor[[i, i]]);
            }
        })
    }

    /// `L'^-1 x`.
    fn coloured(&self, x: &Rows) -> Rows {
        by_blocks(&self.factors, &self.places, x, |factor, own, to| {
            for i in (0..own.len()).rev() {
                let mut value = own[i];
                for (j, after) in to.iter().enumerate().skip(i + 1) {
                    value = add_multiple(-factor[[j, i]], after, &value);
                }
                to[i] = value.map(|x| x / factor[[i, i]]);
            }
        })
    }

    /// `L^-1 M L'^-1 x`.
    fn apply_whitened(&self, form: Form, x: &Rows) -> Rows {
        self.whitened(&self.apply(form, &self.coloured(x)))
    }

    /// The product with a matrix, some of whose columns are worked on at a time.
    fn by_columns(
        &self,
        right: ArrayView2<'_, f64>,
        work: impl Fn(&Rows) -> Result<Rows> + Sync,
    ) -> Result<Array2<f64>> {
        let batches: Vec<usize> = (0..right.ncols()).step_by(VECTORS).collect();
        let parts = try_map(batches.iter().copied(), |first| {
            work(&rows_of(
                &right.slice(s![.., first..(first + VECTORS).min(right.ncols())]),
            ))
        })?;
        let mut product = Array2::zeros(right.dim());
        for (first, part) in batches.into_iter().zip(parts) {
            let mut columns = product.slice_mut(s![.., first..(first + VECTORS).min(right.ncols())]);
            for (mut row, values) in columns.rows_mut().into_iter().zip(part) {
                row.iter_mut().zip(values).for_each(|(to, x)| *to = f64::from(x));
            }
        }
        Ok(product)
    }

    /// The product with a matrix.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn times(&self, right: ArrayView2<'_, f64>, monitor: &dyn Monitor) -> Result<Array2<f64>> {
        self.by_columns(right, |x| {
            monitor.proceed()?;
            Ok(self.apply(Form::Own, x))
        })
    }

    /// The product of the inverse with a matrix, by conjugate gradients.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn solve(&self, right: ArrayView2<'_, f64>, monitor: &dyn Monitor) -> Result<Array2<f64>> {
        self.by_columns(right, |right| {
            let mut residual = self.whitened(right);
            let mut x = vec![[0.0; VECTORS]; residual.len()];
            let mut direction = residual.clone();
            let first = products(&residual, &residual);
            let mut now = first;
            for _ in 0..MOST_STEPS {
                monitor.proceed()?;
                if (0..VECTORS).all(|k| now[k] <= SOLUTION_ERROR * SOLUTION_ERROR * first[k]) {
                    break;
                }
                let image = self.apply_whitened(Form::Own, &direction);
                let along = products(&direction, &image);
                let step = ratios(&now, &along);
                for ((x, r), (d, image)) in x.iter_mut().zip(&mut residual).zip(direction.iter().zip(&image))
                {
                    for k in 0..VECTORS {
                        x[k] += step[k] * d[k];
                        r[k] -= step[k] * image[k];
                    }
                }
                let after = products(&residual, &residual);
                let kept = ratios(&after, &now);
                for (d, r) in direction.iter_mut().zip(&residual) {
                    (0..VECTORS).for_each(|k| d[k] = r[k] + kept[k] * d[k]);
                }
                now = after;
            }
            Ok(self.coloured(&x))
        })
    }

    /// The ends of the spectrum of the whitened and [lifted](Correction::lift) information, by Lanczos' method; nothing where it is not positive definite.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn spectrum(&self, monitor: &dyn Monitor) -> Result<Option<Range<f64>>> {
        if self.correction.as_ref().is_some_and(|known| known.lift.is_none()) {
            return Ok(None);
        }
        let n_steps = LANCZOS_STEPS.min(self.n_parameters());
        let mut tridiagonal = vec![Array2::<f64>::zeros((n_steps, n_steps)); VECTORS];
        let mut now = normal_rows(self.n_parameters(), 0, 0);
        let mut before = vec![[0.0; VECTORS]; now.len()];
        let mut length = products(&now, &now).map(f64::sqrt);
        for step in 0..n_steps {
            monitor.proceed()?;
            for x in &mut now {
                (0..VECTORS).for_each(|k| x[k] /= length[k].max(f64::MIN_POSITIVE) as f32);
            }
            let mut image = self.apply_whitened(Form::Lifted, &now);
            let along = products(&now, &image);
            for (k, tridiagonal) in tridiagonal.iter_mut().enumerate() {
                tridiagonal[[step, step]] = along[k];
                if step > 0 {
                    tridiagonal[[step, step - 1]] = length[k];
                    tridiagonal[[step - 1, step]] = length[k];
                }
            }
            for ((image, now), before) in image.iter_mut().zip(&now).zip(&before) {
                for k in 0..VECTORS {
                    let last = if step > 0 { length[k] as f32 } else { 0.0 };
                    image[k] -= along[k] as f32 * now[k] + last * before[k];
                }
            }
            length = products(&image, &image).map(f64::sqrt);
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

    /// Draws from the normal distribution whose precision is the [lifted](Correction::lift) information, in columns: the inverse root of
    /// the whitened one by a polynomial of Chebyshev on its spectrum.
    fn draws(&self, spectrum: &Range<f64>, seed: u64, monitor: &dyn Monitor) -> Result<Array2<f64>> {
        let coefficients = inverse_root(spectrum);
        let middle = 0.5 * (spectrum.start + spectrum.end) as f32;
        let half = 0.5 * (spectrum.end - spectrum.start) as f32;
        let n_draws = ENOUGH_PRODUCTS / self.scores.n_values().max(1);
        let n_batches = n_draws.clamp(DRAWS.start, DRAWS.end) / VECTORS;
        let batches = try_map(0..n_batches, |batch| {
            let mut before = normal_rows(self.n_parameters(), seed, 1 + batch as u64);
            let scaled = |x: &Rows| {
                let mut image = self.apply_whitened(Form::Lifted, x);
                for (image, x) in image.iter_mut().zip(x) {
                    *image = add_multiple(-middle, x, image).map(|x| x / half);
                }
                image
            };
            let mut now = scaled(&before);
            let mut sum: Rows = before.clone();
            for x in &mut sum {
                *x = x.map(|x| coefficients[0] * x);
            }
            for coefficient in &coefficients[1..] {
                monitor.proceed()?;
                for (sum, now) in sum.iter_mut().zip(&now) {
                    *sum = add_multiple(*coefficient, now, sum);
                }
                let mut next = scaled(&now);
                for (next, before) in next.iter_mut().zip(&before) {
                    *next = add_multiple(-1.0, before, &next.map(|x| 2.0 * x));
                }
                before = std::mem::replace(&mut now, next);
            }
            Ok(self.coloured(&sum))
        })?;
        Ok(Array2::from_shape_fn(
            (self.n_parameters(), n_batches * VECTORS),
            |(i, draw)| f64::from(batches[draw / VECTORS][i][draw % VECTORS]),
        ))
    }

    /// The inverse without what the ridge says along rotations; nothing where the information is not positive definite. It is
    /// exact for location, scale and rotations and for the `functionals` of the parameters (columns), and by draws for what is left.
    /// The blocks of the items are those that follow from the conditional distributions of the items given all others (Siden et al.
    /// 2018, <https://doi.org/10.1080/10618600.2018.1473782>): draws only say what the others add.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn covariance(
        &self,
        functionals: ArrayView2<'_, f64>,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<Option<Factored>> {
        let solved = self.solve(functionals, monitor)?;
        let (of_functionals, images) = match &self.correction {
            Some(known) => (
                concatenate![Axis(1), known.images, functionals],
                concatenate![Axis(1), known.vectors, solved],
            ),
            None => (functionals.to_owned(), solved),
        };
        let within = product(of_functionals.t(), &images);
        let within = (&within + &within.t()) * 0.5;
        let inverse = invert(within.view());
        let root = inverse.as_ref().and_then(|inverse| cholesky(inverse.view()));
        let (Some(inverse), Some(root)) = (inverse, root) else {
            return Ok(None);
        };
        let Some(spectrum) = self.spectrum(monitor)? else {
            return Ok(None);
        };
        let mut draws = self.draws(&spectrum, seed, monitor)?;
        let exact = product(&images, &inverse);
        draws -= &product(&exact, &product(of_functionals.t(), &draws));
        draws /= (draws.ncols() as f64).sqrt();
        let mut factor = concatenate![Axis(1), product(&images, &root), draws];
        let Some(mut blocks) = self.conditional_blocks(&factor, monitor)? else {
            return Ok(None);
        };
        for (block, own) in blocks.iter_mut().zip(&self.places) {
            let rotations = self.rotations.slice(s![own.clone(), ..]);
            *block -= &(product(rotations, rotations.t()) / self.ridge);
        }
        factor -= &product(&self.rotations, &product(self.rotations.t(), &factor));
        Ok(Some(Factored {
            factor: factor.mapv(|x| x as f32),
            blocks,
        }))
    }

    /// The covariances of the parameters of each item, where a factor of that of all is known.
    fn conditional_blocks(
        &self,
        factor: &Array2<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Option<Vec<Array2<f64>>>> {
        let images = self.times(factor.view(), monitor)?;
        let blocks = self.blocks.iter().zip(&self.places).map(|(block, own)| {
            let of_others =
                &images.slice(s![own.clone(), ..]) - &product(block, factor.slice(s![own.clone(), ..]));
            let conditional = invert(block.view())?;
            let moved = product(&conditional, &of_others);
            Some(conditional + product(&moved, moved.t()))
        });
        Ok(blocks.collect())
    }
}

/// What `work` makes of some vectors with the matrix of each item.
fn by_blocks(
    matrices: &[Array2<f32>],
    places: &[Range<usize>],
    x: &Rows,
    work: impl Fn(&Array2<f32>, &[Lanes<VECTORS>], &mut [Lanes<VECTORS>]),
) -> Rows {
    let mut to = vec![[0.0; VECTORS]; x.len()];
    for (matrix, own) in matrices.iter().zip(places) {
        work(matrix, &x[own.clone()], &mut to[own.clone()]);
    }
    to
}

/// The coefficients of the polynomial of Chebyshev that is close to `1 / sqrt(x)` on a range.
fn inverse_root(range: &Range<f64>) -> Vec<f32> {
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
        let sum: f64 = (0..n)
            .map(|node| value(node) * (degree as f64 * angle(node)).cos())
            .sum();
        let times = if degree == 0 { 1.0 } else { 2.0 };
        (times * sum / n as f64) as f32
    };
    (0..n).map(coefficient).collect()
}

/// Independent standard normal numbers.
fn normal_rows(n: usize, seed: u64, number: u64) -> Rows {
    let mut stream = Stream::new(seed, Purpose::Items, number, 0);
    let mut normal = || StandardNormal.sample(&mut stream);
    (0..n).map(|_| [0.0f32; VECTORS].map(|_| normal())).collect()
}

/// The columns of a matrix, side by side.
fn rows_of(columns: &ArrayView2<'_, f64>) -> Rows {
    let row = |row: ArrayView1<'_, f64>| {
        let mut lanes = [0.0; VECTORS];
        lanes.iter_mut().zip(row).for_each(|(to, &x)| *to = x as f32);
        lanes
    };
    columns.rows().into_iter().map(row).collect()
}

/// The inner products of vectors.
fn products(x: &Rows, y: &Rows) -> [f64; VECTORS] {
    let mut sums = [0.0; VECTORS];
    for (x, y) in x.iter().zip(y) {
        (0..VECTORS).for_each(|k| sums[k] += f64::from(x[k]) * f64::from(y[k]));
    }
    sums
}

/// The inner products of a vector with some.
fn inner<'v>(vector: impl Iterator<Item = &'v f64>, x: &Rows) -> [f64; VECTORS] {
    let mut sums = [0.0; VECTORS];
    for (v, x) in vector.zip(x) {
        (0..VECTORS).for_each(|k| sums[k] += v * f64::from(x[k]));
    }
    sums
}

/// Adds the products of a vector with some numbers to vectors.
fn add_products<'v>(vector: impl Iterator<Item = &'v f64>, times: &[f64; VECTORS], to: &mut Rows) {
    for (v, to) in vector.zip(to) {
        (0..VECTORS).for_each(|k| to[k] += (v * times[k]) as f32);
    }
}

/// The ratios; 0 where there is none.
fn ratios(x: &[f64; VECTORS], y: &[f64; VECTORS]) -> Lanes<VECTORS> {
    let mut ratios = [0.0; VECTORS];
    for k in 0..VECTORS {
        if y[k] > 0.0 {
            ratios[k] = (x[k] / y[k]) as f32;
        }
    }
    ratios
}
