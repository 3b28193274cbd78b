//! The observed information about the item parameters, and what follows from it: Newton steps and covariances.

use crate::base::error::Result;
use crate::base::linalg::{
    factor, invert, invert_factored, lower_pairs, mirror, orthonormalise, solve_lower, solve_upper,
};
use crate::base::monitor::{Monitor, Part};
use crate::information::block::{Block, MOST_PARAMETERS};
use crate::information::covariance::Covariance;
use crate::information::scores::{CHUNK, Chunk, ROWS_PER_TASK, chunk_size};
use crate::model::parameters::Model;
use crate::model::table::Table;
use crate::model::tangents::{affine_tangents, rotation_tangents};
use crate::posterior::cubature::Cubature;
use crate::posterior::moments::aggregate;
use crate::posterior::scoring::Scored;
use crate::responses::store::Responses;
use crate::settings::Settings;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, concatenate, s};
use rayon::prelude::*;

/// Item parameters up to which their information is one matrix. Beyond, it has a block for every item: the other
/// items count as known.
pub const MOST_JOINT_PARAMETERS: usize = 4_000;

/// Responses of which the information is evaluated, about; where there are more, evenly spaced samples of those to
/// each item (of the respondents, where the information is one matrix) stand for all.
const ENOUGH_RESPONSES: u64 = 5_000_000;

/// Responses to an item that are evaluated at least.
const ENOUGH_FOR_ITEM: u64 = 1_000;

/// The share of what is missing about an item that Newton's method counts as known.
const CAUTION: f64 = 0.5;

/// The shares that are tried for covariances.
const CAUTIONS: [f64; 4] = [0.0, 0.1, 0.3, CAUTION];

/// Times that items are looked for with which the information is not positive definite.
const MOST_REPAIRS: usize = 10;

/// Items that add this share of what the first of them adds to a direction are to blame with it.
const TO_BLAME: f64 = 0.1;

/// Steps of the power iteration.
const POWERS: usize = 30;

/// Where the information is not positive definite, its diagonal is raised by these shares.
const DAMPING: [f64; 5] = [0.0, 0.1, 1.0, 10.0, 100.0];

/// The observed information: the expected information about the complete data less what the latent traits leave
/// unknown, `E[-H] - Var[score]`, summed over respondents (Louis 1982,
/// <https://doi.org/10.1111/j.2517-6161.1982.tb01203.x>). Expectations are over the normal distributions with the
/// respondents' posterior moments. Between items the scores count up to their quadratic part.
///
/// About location and scale this is the difference of two large numbers where items discriminate well. But moving the items
/// along them is moving the prior of the traits: the information times the tangent of an affine map is the covariance of the
/// scores with a linear or quadratic function of the traits, up to the prior's pull, and that is what the matrix is made
/// to say. In particular the location is known as well as the means of so many normal numbers.
pub(crate) struct Information {
    /// About the parameters of each item, in the order of their table and without the prior; empty where there are
    /// too many.
    blocks: Vec<Array2<f64>>,
    /// What the latent traits leave unknown about each item's parameters, in the same order.
    missing: Vec<Array2<f64>>,
    /// Prior precisions by column of the table of item parameters.
    precisions: Vec<f64>,
    joint: Option<Joint>,
}

/// The information about all item parameters as one matrix. The likelihood does not know rotations.
struct Joint {
    /// As the scores say it.
    matrix: Array2<f64>,
    /// Orthonormal basis of the rotations' tangents, then tangents of location and scale orthogonal to them.
    known: Array2<f64>,
    /// What the matrix has to map these to, as the [posterior](Affine::Posterior) of the items says: the rotations to `ridge`
    /// times themselves, so that it can be inverted.
    of_posterior: Array2<f64>,
    /// The same as the [population](Affine::Population) says.
    of_population: Array2<f64>,
    /// Number of rotations.
    n_rotations: usize,
    ridge: f64,
}

/// What tells location and scale.
#[derive(Clone, Copy)]
enum Affine {
    /// The priors of the items and the traits: the curvature of the posterior of the items.
    Posterior,
    /// So many respondents of a normal population with the mean and the covariance of the aggregate posterior. The reported
    /// scale is that of this population, whatever the priors would make of it.
    Population,
}

impl Joint {
    fn rotations(&self) -> ArrayView2<'_, f64> {
        self.known.slice(s![.., ..self.n_rotations])
    }

    /// Makes a matrix agree with what is known about affine maps. Discriminations of 0 do not move with location and scale.
    fn corrected(&self, mut matrix: Array2<f64>, affine: Affine) -> Array2<f64> {
        let images = match affine {
            Affine::Posterior => &self.of_posterior,
            Affine::Population => &self.of_population,
        };
        if !fix_images(&mut matrix, self.known.view(), images.view()) {
            fix_images(
                &mut matrix,
                self.rotations(),
                images.slice(s![.., ..self.n_rotations]),
            );
        }
        matrix
    }
}

impl Information {
    /// Can the information be one matrix?
    pub fn can_be_joint(model: &Model) -> bool {
        let catalogue = &model.shape.catalogue;
        let sizes = (0..catalogue.n_items()).map(|item| catalogue.rows_of(item).len() * model.items.width());
        model.items.values().len() <= MOST_JOINT_PARAMETERS
            && sizes.max().is_some_and(|n| n <= MOST_PARAMETERS)
    }

    /// The information at the items of the model.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(
        model: &Model,
        responses: &Responses,
        scored: &Scored,
        settings: &Settings,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let joint = Self::can_be_joint(model);
        let catalogue = &model.shape.catalogue;
        let width = model.items.width();
        let n_parameters = model.items.values().len();
        let counts = responses.sum_by_item(scored.respondents.iter().map(|&i| (i, 1u64)));
        let weighted = scored.weights.iter().any(|&w| w != 1.0);
        let step = if joint && !weighted {
            counts.iter().sum::<u64>().div_ceil(ENOUGH_RESPONSES).max(1)
        } else {
            1
        };
        let enough = (ENOUGH_RESPONSES / catalogue.n_items() as u64).max(ENOUGH_FOR_ITEM);
        let mut blocks: Vec<Block> = counts
            .iter()
            .enumerate()
            .map(|(item, &n)| {
                let stride = if joint || weighted {
                    1
                } else {
                    n.div_ceil(enough).max(1)
                };
                Block::new(catalogue.rows_of(item).len() * width, stride, joint)
            })
            .collect();
        let rule = Cubature::new(model.shape.n_dims);
        let mut between = Array2::zeros(if joint {
            (n_parameters, n_parameters)
        } else {
            (0, 0)
        });
        let mut scores = Array2::zeros((0, 0));
        let mut affine = Array2::zeros((between.nrows(), rule.polynomials.len()));
        let sample: Vec<usize> = (0..scored.respondents.len()).step_by(step as usize).collect();
        let chunk_size = if joint {
            chunk_size(n_parameters, rule.polynomials.len())
        } else {
            CHUNK
        };
        for (number, positions) in sample.chunks(chunk_size).enumerate() {
            monitor.proceed()?;
            monitor.part(
                Part::Information,
                (number * chunk_size) as f64 / sample.len() as f64,
            );
            let chunk = Chunk::new(model, responses, scored, positions, &rule);
            if joint {
                scores = chunk.scores(rule.polynomials.len(), true, Some(&mut blocks));
                add_square(&mut between, &scores, monitor)?;
                affine += &scores
                    .dot(&chunk.affine_coefficients(scored, positions))
                    .mapv(f64::from);
            } else {
                chunk.add_to(&mut blocks);
            }
        }
        drop(scores);
        let totals = responses.sum_by_item(
            scored
                .respondents
                .iter()
                .copied()
                .zip(scored.weights.iter().copied()),
        );
        let (blocks, missing) = blocks
            .into_iter()
            .zip(totals)
            .map(|(block, total)| block.extrapolated(total))
            .unzip();
        let mut information = Self {
            blocks,
            missing,
            precisions: vec![settings.discrimination_sd.powi(-2); model.shape.n_dims],
            joint: None,
        };
        information.precisions.push(settings.difficulty_sd.powi(-2));
        if joint {
            between *= -(step as f64);
            mirror(&mut between);
            affine *= step as f64;
            information.joint = Some(information.join(model, between, affine, scored));
        }
        Ok(information)
    }

    /// Puts the items' own information and the prior into the matrix of what lies between them. `affine` are the summed
    /// covariances of the scores with the linear and quadratic functions of the traits.
    fn join(&self, model: &Model, mut matrix: Array2<f64>, affine: Array2<f64>, scored: &Scored) -> Joint {
        let width = self.precisions.len();
        let mut start = 0;
        for block in &self.blocks {
            let own = start..start + block.nrows();
            matrix.slice_mut(s![own.clone(), own.clone()]).assign(block);
            start = own.end;
        }
        (0..matrix.nrows()).for_each(|i| matrix[[i, i]] += self.precisions[i % width]);
        let mut rotations = rotation_tangents(&model.items);
        orthonormalise(&mut rotations);
        let ridge = matrix.diag().mapv(f64::abs).mean().unwrap_or(1.0);
        let outside = |x: Array2<f64>| &x - &rotations.dot(&rotations.t().dot(&x));
        let tangents = outside(affine_tangents(&model.items));
        let of_population = outside(affine.dot(&population_images(scored)));
        let of_posterior = outside(affine + self.affine_prior(&model.items));
        let with_ridge = &rotations * ridge;
        Joint {
            matrix,
            known: concatenate![Axis(1), rotations, tangents],
            of_posterior: concatenate![Axis(1), with_ridge, of_posterior],
            of_population: concatenate![Axis(1), with_ridge, of_population],
            n_rotations: rotations.ncols(),
            ridge,
        }
    }

    /// What the prior adds to the images of the affine tangents, where the gradient of the log likelihood is the pull of
    /// the prior: `M' P x + P M x`, where `P` are its precisions, `x` the parameters and `M x` a tangent.
    fn affine_prior(&self, items: &Table) -> Array2<f64> {
        let width = self.precisions.len();
        let n_dims = width - 1;
        let mut images = affine_tangents(items);
        for (i, mut row) in images.rows_mut().into_iter().enumerate() {
            let of_scale = if i % width < n_dims { 2.0 } else { 0.0 };
            let (mut location, mut scale) = row.view_mut().split_at(Axis(0), n_dims);
            location *= self.precisions[i % width];
            scale *= of_scale * self.precisions[i % width];
            if i % width < n_dims {
                let difficulty = f64::from(items.row(i / width)[n_dims]);
                location[i % width] += self.precisions[n_dims] * difficulty;
            }
        }
        images
    }

    /// Adds the gradient of the log prior to that of the log likelihood, both in the layout of the table of item
    /// parameters.
    pub fn add_prior(&self, items: &Table, gradient: &mut Array1<f64>) {
        let width = self.precisions.len();
        for (i, (to, &x)) in gradient.iter_mut().zip(items.values()).enumerate() {
            *to -= self.precisions[i % width] * f64::from(x);
        }
    }

    fn with_prior(&self, block: &Array2<f64>) -> Array2<f64> {
        let width = self.precisions.len();
        let mut block = block.clone();
        (0..block.nrows()).for_each(|i| block[[i, i]] += self.precisions[i % width]);
        block
    }

    /// The lower Cholesky factor for Newton's method, or nothing where the information is by item. The diagonal is
    /// raised where the factor does not exist; where that is not enough (more parameters than the data can tell apart), it is that
    /// of the [complete](Self::complete) information. Everything that is missing about the `doubtful` items counts as known: theirs
    /// are nearly the steps of the EM algorithm, short and in the right direction.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn newton_factor(&self, doubtful: &[bool], monitor: &dyn Monitor) -> Result<Option<Array2<f64>>> {
        let Some(joint) = self.joint.as_ref() else {
            return Ok(None);
        };
        let share = |item: usize| if doubtful[item] { 1.0 } else { CAUTION };
        let cautious = self.cautious(joint, share, Affine::Posterior);
        for share in DAMPING {
            let mut raised = cautious.clone();
            raised.diag_mut().mapv_inplace(|x| x + share * x.abs());
            if let Some(found) = factor(raised.view(), monitor)? {
                return Ok(Some(found));
            }
        }
        factor(self.complete().view(), monitor)
    }

    /// The information about each item if the latent traits were known, with the prior: never negative.
    fn complete(&self) -> Array2<f64> {
        let n: usize = self.blocks.iter().map(Array2::nrows).sum();
        let mut matrix = Array2::zeros((n, n));
        let mut start = 0;
        for (block, missing) in self.blocks.iter().zip(&self.missing) {
            let own = start..start + block.nrows();
            let mut place = matrix.slice_mut(s![own.clone(), own.clone()]);
            place.assign(&self.with_prior(&(block + missing)));
            start = own.end;
        }
        matrix
    }

    /// The matrix with a share of what is missing about each item added to the item's own information: where hardly
    /// anything is known, what is left is the difference of two large numbers.
    fn cautious(&self, joint: &Joint, share: impl Fn(usize) -> f64, affine: Affine) -> Array2<f64> {
        let mut matrix = joint.matrix.clone();
        let mut start = 0;
        for (item, missing) in self.missing.iter().enumerate() {
            let own = start..start + missing.nrows();
            matrix
                .slice_mut(s![own.clone(), own.clone()])
                .scaled_add(share(item), missing);
            start = own.end;
        }
        joint.corrected(matrix, affine)
    }

    /// The information about each item's parameters, prior included; nothing where there are too many.
    fn blocks_with_prior(&self) -> impl Iterator<Item = Option<Array2<f64>>> {
        let blocks = self.blocks.iter();
        blocks.map(|block| (block.nrows() > 0).then(|| self.with_prior(block)))
    }

    /// The covariance of all parameters, in which the rotations are those that keep the estimates closest to
    /// themselves; nothing where the information is by item, or not positive definite whatever the
    /// [caution](Self::cautious).
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn joint_covariance(&self, monitor: &dyn Monitor) -> Result<Option<Covariance>> {
        let Some(joint) = self.joint.as_ref() else {
            return Ok(None);
        };
        let Some(factor) = self.least_cautious_factor(joint, monitor)? else {
            return Ok(None);
        };
        let mut covariance = invert_factored(factor.view(), monitor)?;
        let half = &joint.rotations() * (0.5 / joint.ridge);
        subtract_products(&mut covariance, joint.rotations(), half.view());
        Ok(Some(Covariance::Joint(covariance)))
    }

    /// The Cholesky factor of the information, with caution about as few items as make it positive definite: along a direction
    /// in which it is negative those with the most that is missing there are to blame (options that few chose, items that
    /// separate the respondents).
    fn least_cautious_factor(&self, joint: &Joint, monitor: &dyn Monitor) -> Result<Option<Array2<f64>>> {
        let with = |shares: &dyn Fn(usize) -> f64| self.cautious(joint, shares, Affine::Population);
        let mut known = None;
        for share in CAUTIONS {
            if let Some(found) = factor(with(&|_| share).view(), monitor)? {
                known = Some((share, found));
                break;
            }
        }
        let Some((share, with_caution)) = known else {
            return Ok(None);
        };
        if share == 0.0 {
            return Ok(Some(with_caution));
        }
        let mut shares = vec![0.0; self.missing.len()];
        for _ in 0..MOST_REPAIRS {
            let matrix = with(&|item| shares[item]);
            if let Some(found) = factor(matrix.view(), monitor)? {
                return Ok(Some(found));
            }
            let direction = lowest_direction(&matrix, &with_caution, monitor)?;
            let mut start = 0;
            let blame: Vec<f64> = self
                .missing
                .iter()
                .zip(&shares)
                .map(|(missing, &known)| {
                    let own = direction.slice(s![start..start + missing.nrows()]);
                    start += missing.nrows();
                    (share - known) * own.dot(&missing.dot(&own))
                })
                .collect();
            let most = blame.iter().copied().fold(0.0, f64::max);
            let guilty = shares
                .iter_mut()
                .zip(&blame)
                .filter(|(_, b)| **b >= TO_BLAME * most);
            guilty.for_each(|(known, _)| *known = share);
        }
        Ok(Some(with_caution))
    }

    /// The covariance of each item's parameters, the other items held fixed. What is missing about an item counts as known, by
    /// half or wholly, where its information is not positive definite without.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn block_covariance(&self, monitor: &dyn Monitor) -> Result<Covariance> {
        let blocks = self.blocks_with_prior();
        let with_caution = |block: Array2<f64>, missing: &Array2<f64>| {
            let cautious = |share: &f64| invert((&block + &(missing * *share)).view());
            let known = invert(block.view());
            known.or_else(|| (missing.nrows() > 0).then(|| [CAUTION, 1.0].iter().find_map(cautious))?)
        };
        let covariances = blocks.zip(&self.missing).map(|(block, missing)| {
            monitor.proceed()?;
            Ok(block.and_then(|block| with_caution(block, missing)))
        });
        Ok(Covariance::Blocks(covariances.collect::<Result<_>>()?))
    }
}

/// `matrix -= a b' + b a'`.
fn subtract_products(matrix: &mut Array2<f64>, a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) {
    general_mat_mul(-1.0, &a, &b.t(), 1.0, matrix);
    general_mat_mul(-1.0, &b, &a.t(), 1.0, matrix);
}

/// From the covariances of the scores with the traits, then with the quadratic forms `a' E a` of [`affine_tangents`], to the
/// images of these tangents under the information, in columns, where the traits have the prior `N(c, V)` with the moments of the
/// aggregate posterior: along the density of the prior, a shift changes `ln p(a)` by `V^-1 (a - c)`, and a scale `E` by
/// `a' E V^-1 (a - c)`. With `N(0, I)` this is the identity.
fn population_images(scored: &Scored) -> Array2<f64> {
    let (center, covariance) = aggregate(scored.moments, scored.weights);
    let n_dims = center.len();
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
        let linear = product.dot(&center);
        (0..n_dims).for_each(|d| images[[d, n_dims + column]] = -linear[d]);
        for (row, &(i, j)) in pairs.iter().enumerate() {
            images[[n_dims + row, n_dims + column]] = 0.5 * (product[[i, j]] + product[[j, i]]);
        }
    }
    images
}

/// The direction in which a matrix is smallest in units of a positive definite one that is nowhere smaller, whose Cholesky factor is
/// given, by power iteration.
fn lowest_direction(
    matrix: &Array2<f64>,
    factor: &Array2<f64>,
    monitor: &dyn Monitor,
) -> Result<Array1<f64>> {
    let mut direction = Array1::from_iter((0..matrix.nrows()).map(|i| (i * 31 % 13) as f64 - 6.0));
    for _ in 0..POWERS {
        monitor.proceed()?;
        let half = solve_lower(factor.view(), matrix.dot(&direction).view());
        direction -= &solve_upper(factor.view(), half.view());
        let length = direction.dot(&direction).sqrt().max(f64::MIN_POSITIVE);
        direction /= length;
    }
    Ok(direction)
}

/// Changes a symmetric matrix as little as it takes to map some vectors (columns) to wanted images. False, and no change, where
/// the vectors depend on each other.
fn fix_images(matrix: &mut Array2<f64>, vectors: ArrayView2<'_, f64>, images: ArrayView2<'_, f64>) -> bool {
    let Some(gram) = invert(vectors.t().dot(&vectors).view()) else {
        return false;
    };
    let missing = &images - &matrix.dot(&vectors);
    let within = vectors.t().dot(&missing);
    let within = (&within + &within.t()) * 0.5;
    let half = vectors.dot(&gram).dot(&within) * 0.5 - missing;
    subtract_products(matrix, vectors, half.dot(&gram).view());
    true
}

/// Adds `scores scores'` to the lower triangle of a matrix.
fn add_square(matrix: &mut Array2<f64>, scores: &Array2<f32>, monitor: &dyn Monitor) -> Result<()> {
    let mut blocks: Vec<ArrayViewMut2<f64>> = matrix.axis_chunks_iter_mut(Axis(0), ROWS_PER_TASK).collect();
    blocks.par_iter_mut().enumerate().try_for_each(|(block, rows)| {
        monitor.proceed()?;
        let first = block * ROWS_PER_TASK;
        let last = first + rows.nrows();
        let product = scores
            .slice(s![first..last, ..])
            .dot(&scores.slice(s![..last, ..]).t());
        let mut lower = rows.slice_mut(s![.., ..last]);
        lower.zip_mut_with(&product, |sum, &x| *sum += f64::from(x));
        Ok(())
    })
}

#[cfg(test)]
#[path = "observed_tests.rs"]
mod tests;
