//! The traits at the maximum of their marginal posterior, and the distribution of the items.
//!
//! `log p(y | a) = sum_j log integral p(y_j | a, x) g(x) dx` is maximised over the traits `a` with their population's density, by
//! Newton's method: its gradient is that of the expected log likelihood, its information the expected one less the covariances of the
//! scores over each item's posterior. The distribution `g` of the items comes by the EM algorithm from the same passes, first normal,
//! then of two components; after each step the traits are moved and scaled so that their aggregate posterior is the population (the EM
//! algorithm with expanded parameters of Liu, Rubin and Wu 1998, <https://doi.org/10.1093/biomet/85.4.755>).

use crate::base::error::Result;
use crate::base::linalg::{factor, invert_factored, mirror, orthonormalise, plus, product};
use crate::base::monitor::{Monitor, Part};
use crate::integration::item::{Want, What};
use crate::integration::pass::{Items, Modes, Pass, priors};
use crate::integration::traits::Traits;
use crate::model::item_distribution::ItemDistribution;
use crate::posterior::aggregate::{aggregate_of, whitening_of};
use ndarray::{Array1, Array2};

/// Most passes.
const MOST_PASSES: usize = 120;

/// Variance of the items before anything is known.
const STARTING_VARIANCE: f64 = 4.0;

/// The largest step of a trait, and the change in units of its standard deviation at which all is found.
const LARGEST_STEP: f64 = 1.0;
const FOUND: f64 = 1e-3;

/// The same where the distribution of the items is estimated: its two components are often nearly the same, and where they lie on a ridge
/// says nothing about the traits.
const FOUND_WITH_PRIOR: f64 = 0.02;

/// So near to where a stage ends, in the same units, two components can take the place of a normal distribution, and a few nodes are not
/// enough.
const NEAR_NORMAL: f64 = 0.5;
const NEAR: f64 = 0.2;

/// A round that changes the log posterior by less, and the traits by less than this, goes along a ridge on which the distribution of the
/// items is not told: another one is as probable.
const FLAT: f64 = 0.1;
const NEAR_ON_RIDGE: f64 = 0.1;

/// A step that is larger, in standard deviations, is looked back at.
const CHECKED: f64 = 0.3;

/// The shares of the information given the items that are added where the information is not positive definite.
const SMALLEST_RIDGE: f64 = 0.05;
const LARGEST_RIDGE: f64 = 100.0;

/// How much of the items' distribution is known, and what it is.
pub(crate) enum Prior {
    Fixed(ItemDistribution),
    Estimated,
}

/// The traits with the distribution of the items.
pub(crate) struct Estimated {
    pub traits: Traits,
    pub distribution: ItemDistribution,
    pub modes: Vec<Modes>,
    pub converged: bool,
}

impl Estimated {
    /// Those that are known.
    pub fn known(items: &Items, traits: Traits, distribution: ItemDistribution) -> Self {
        Self {
            modes: starting_modes(items, &distribution),
            traits,
            distribution,
            converged: true,
        }
    }
}

/// Modes where there are none yet: the means of the densities of the prior.
fn starting_modes(items: &Items, distribution: &ItemDistribution) -> Vec<Modes> {
    let densities = priors(distribution).unwrap_or_default();
    let of_item = |class: usize| {
        let of_class = densities.get(class).map_or(&[][..], |prior| &prior.densities);
        of_class.iter().map(|density| density.mean.to_vec()).collect()
    };
    items.all_classes().map(of_item).collect()
}

/// The search under way.
struct Search<'a> {
    items: &'a Items,
    monitor: &'a dyn Monitor,
    traits: Traits,
    distribution: ItemDistribution,
    modes: Vec<Modes>,
    is_estimated: bool,
    is_rough: bool,
    /// The log posterior of the traits before the last round.
    value: f64,
}

/// Finds them from starting values. Nothing where the information is not positive definite.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn estimate(
    items: &Items,
    traits: Traits,
    prior: Prior,
    monitor: &dyn Monitor,
) -> Result<Option<Estimated>> {
    let (distribution, is_estimated) = match prior {
        Prior::Fixed(distribution) => (distribution, false),
        Prior::Estimated => (ItemDistribution::start(&items.classes, STARTING_VARIANCE), true),
    };
    let search = Search {
        items,
        monitor,
        modes: starting_modes(items, &distribution),
        traits,
        distribution,
        is_estimated,
        is_rough: true,
        value: 0.0,
    };
    search.run()
}

impl Search<'_> {
    fn run(mut self) -> Result<Option<Estimated>> {
        let mut can_split = self.is_estimated;
        let mut converged = false;
        let found = if self.is_estimated {
            FOUND_WITH_PRIOR
        } else {
            FOUND
        };
        if self.is_estimated {
            self.standardise(None);
        }
        for number in 0..MOST_PASSES {
            self.monitor.proceed()?;
            self.monitor.part(Part::Items, number as f64 / MOST_PASSES as f64);
            let before = self.value;
            let Some(distance) = self.round()? else {
                return Ok(None);
            };
            let is_flat = self.is_estimated && (self.value - before).abs() < FLAT;
            let near = if can_split { NEAR_NORMAL } else { NEAR };
            if self.is_rough && distance < near {
                let splits = std::mem::take(&mut can_split) && self.distribution.split(&self.items.counts());
                if splits {
                    self.modes = starting_modes(self.items, &self.distribution);
                }
                self.is_rough = splits;
            } else if !self.is_rough && (distance < found || is_flat && distance < NEAR_ON_RIDGE) {
                converged = true;
                break;
            }
        }
        Ok(Some(Estimated {
            traits: self.traits,
            distribution: self.distribution,
            modes: self.modes,
            converged,
        }))
    }

    fn pass(&mut self, what: What) -> Result<Option<Pass>> {
        let Self {
            items,
            modes,
            distribution,
            traits,
            monitor,
            is_rough,
            ..
        } = self;
        let want = Want {
            what,
            is_rough: *is_rough,
        };
        items.pass(modes, distribution, traits, want, *monitor)
    }

    /// One step of everything; how far it went.
    fn round(&mut self) -> Result<Option<f64>> {
        let Some(pass) = self.pass(What::Derivatives)? else {
            return Ok(None);
        };
        let Some(covariance) = covariance(&self.traits, &pass, self.monitor)? else {
            return Ok(None);
        };
        self.value = log_posterior(&self.traits, pass.value);
        let gradient = gradient(&self.traits, &pass);
        let mut step = covariance.dot(&gradient);
        let sds = covariance.diag().mapv(f64::sqrt);
        let largest = step.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        if largest > LARGEST_STEP {
            step *= LARGEST_STEP / largest;
        }
        let far = |step: &Array1<f64>| {
            step.iter()
                .zip(&sds)
                .fold(0.0f64, |a, (x, sd)| a.max((x / sd).abs()))
        };
        if far(&step) > CHECKED {
            step *= self.line_search(&step)?;
        }
        let before = self.traits.points.clone();
        self.advance(&step);
        if self.is_estimated {
            self.distribution.update(&pass.sums);
            self.standardise(Some(&covariance));
        }
        let moved = Array1::from_iter((&self.traits.points - &before).iter().copied());
        Ok(Some(far(&moved)))
    }

    fn advance(&mut self, step: &Array1<f64>) {
        self.traits
            .points
            .iter_mut()
            .zip(step)
            .for_each(|(x, step)| *x += step);
    }

    /// The share of a step that makes the posterior more probable.
    fn line_search(&mut self, step: &Array1<f64>) -> Result<f64> {
        let before = self.value;
        let start = self.traits.clone();
        let mut share = 1.0;
        while share > 0.05 {
            self.advance(&(step * share));
            let value = self
                .pass(What::Evidence)?
                .map(|pass| log_posterior(&self.traits, pass.value));
            self.traits = start.clone();
            if value.is_some_and(|value| value > before - 1e-6 * before.abs()) {
                break;
            }
            share *= 0.5;
        }
        Ok(share)
    }

    /// Moves and scales the traits so that the aggregate posterior is standard, and the distribution of the items with them; nothing where
    /// it has no spread.
    fn standardise(&mut self, covariance: Option<&Array2<f64>>) {
        let Traits { points, shares, .. } = &self.traits;
        let n_dims = points.ncols();
        let rows: Vec<Vec<f64>> = points.rows().into_iter().map(|row| row.to_vec()).collect();
        let own =
            |k: usize, i: usize, j: usize| covariance.map_or(0.0, |c| c[[k * n_dims + i, k * n_dims + j]]);
        let Ok(map) = whitening_of(aggregate_of(n_dims, shares, |k| &rows[k], own)) else {
            return;
        };
        let Ok(jacobian) = map.item_jacobian() else {
            return;
        };
        self.traits.points = map.points(&self.traits.points);
        self.distribution = self.distribution.moved(&jacobian);
        let classes = self.items.classes.iter();
        let maps: Vec<Array2<f64>> = classes.map(|class| class.moved(&jacobian)).collect();
        for (modes, class) in self.modes.iter_mut().zip(self.items.all_classes()) {
            for mode in modes {
                *mode = maps[class].dot(&Array1::from(std::mem::take(mode))).to_vec();
            }
        }
    }
}

/// The log posterior of the traits: that of their population, who are standard normal, is added to the log likelihood.
fn log_posterior(traits: &Traits, value: f64) -> f64 {
    let rows = traits.points.rows().into_iter().zip(&traits.weights);
    value
        - 0.5
            * rows
                .map(|(point, weight)| weight * point.dot(&point))
                .sum::<f64>()
}

fn gradient(traits: &Traits, pass: &Pass) -> Array1<f64> {
    let n_dims = traits.n_dims();
    let places = pass.gradient.iter().zip(&traits.points).enumerate();
    places
        .map(|(k, (g, x))| g - traits.weights[k / n_dims] * x)
        .collect()
}

/// The inverse of the information about the traits, which is held along rotations, which nothing tells. Where it is not positive
/// definite, as far from the maximum, the part that is comes first.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn covariance(traits: &Traits, pass: &Pass, monitor: &dyn Monitor) -> Result<Option<Array2<f64>>> {
    let n_dims = traits.n_dims();
    let mut information = pass.shared.mapv(|x| -x);
    let mut given_items = Array1::zeros(information.nrows());
    for (i, block) in pass.blocks.chunks(n_dims * n_dims).enumerate() {
        let first = i * n_dims;
        for a in 0..n_dims {
            for b in 0..=a {
                information[[first + a, first + b]] += block[a * n_dims + b];
            }
            information[[first + a, first + a]] += traits.weights[i];
            given_items[first + a] = block[a * n_dims + a] + traits.weights[i];
        }
    }
    mirror(&mut information);
    let mut rotations = traits.rotation_tangents();
    orthonormalise(&mut rotations);
    let rotations = product(&rotations, rotations.t());
    let mut ridge = 0.0;
    while ridge <= LARGEST_RIDGE {
        let raised = plus(&information, ridge, &Array2::from_diag(&given_items));
        let size = raised.diag().mapv(f64::abs).mean().unwrap_or(1.0);
        if let Some(lower) = factor(plus(&raised, size, &rotations).view(), monitor)? {
            return Ok(Some(invert_factored(lower.view(), monitor)?));
        }
        ridge = if ridge == 0.0 { SMALLEST_RIDGE } else { 2.0 * ridge };
    }
    Ok(None)
}
