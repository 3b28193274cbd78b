//! The observed information about the item parameters, and what follows from it: Newton steps and covariances.

use crate::base::error::Result;
use crate::base::linalg::{factor, invert, invert_factored};
use crate::base::monitor::Monitor;
use crate::information::calibration::Calibration;
use crate::information::covariance::Covariance;
use crate::information::item::{ItemInformation, MOST_PARAMETERS, places};
use crate::information::joint::{Affine, Joint};
use crate::information::matrices::lowest_direction;
use crate::information::prior::FreePrior;
use crate::information::sums::Sums;
use crate::model::parameters::Model;
use crate::settings::Settings;
use ndarray::{Array1, Array2, s};

/// Item parameters up to which their information is one matrix. Beyond, it has a block for every item: the other
/// items count as known.
pub const MOST_JOINT_PARAMETERS: usize = 4_000;

/// The share of what is missing about an item that Newton's method counts as known.
const CAUTION: f64 = 0.5;

/// The shares that are tried for covariances.
const CAUTIONS: [f64; 4] = [0.0, 0.1, 0.3, CAUTION];

/// Times that items are looked for with which the information is not positive definite.
const MOST_REPAIRS: usize = 10;

/// Items that add this share of what the first of them adds to a direction are to blame with it.
const TO_BLAME: f64 = 0.1;

/// Where the information is not positive definite, its diagonal is raised by these shares.
const DAMPING: [f64; 5] = [0.0, 0.1, 1.0, 10.0, 100.0];

/// The observed information: the expected information about the complete data less what the latent traits leave
/// unknown, `E[-H] - Var[score]`, summed over respondents (Louis 1982,
/// <https://doi.org/10.1111/j.2517-6161.1982.tb01203.x>). Expectations are over the respondents' posteriors in one
/// dimension, and else over the normal distributions with their moments. Between items the scores count up to their quadratic part.
///
/// About location and scale this is the difference of two large numbers where items discriminate well. But moving the items
/// along them is moving the prior of the traits: the information times the tangent of an affine map is the covariance of the
/// scores with a linear or quadratic function of the traits, up to the prior's pull, and that is what the matrix is made
/// to say. In particular the location is known as well as the means of so many normal numbers.
pub(crate) struct Information {
    items: Vec<ItemInformation>,
    prior: FreePrior,
    joint: Option<Joint>,
}

/// A Cholesky factor of the information with a share of what is missing about each item counted as known.
struct CautiousFactor {
    share: f64,
    factor: Array2<f64>,
}

impl Information {
    /// Can the information be one matrix?
    pub fn can_be_joint(model: &Model) -> bool {
        let catalogue = &model.shape.catalogue;
        let sizes = (0..catalogue.n_items()).map(|item| catalogue.rows_of(item).len() * model.items.width());
        model.design().n_free() <= MOST_JOINT_PARAMETERS && sizes.max().is_some_and(|n| n <= MOST_PARAMETERS)
    }

    /// The information at the items of the model.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(calibration: Calibration, settings: &Settings, monitor: &dyn Monitor) -> Result<Self> {
        let prior = FreePrior::new(&settings.model.item_prior(), &calibration.design());
        let can_be_joint = Self::can_be_joint(calibration.model);
        let Sums { items, joint } = Sums::new(calibration, can_be_joint, monitor)?;
        let joint = joint.map(|sums| Joint::new(calibration, sums, &items, &prior));
        Ok(Self { items, prior, joint })
    }

    /// Adds the gradient of the log prior at the free parameters of the items to that of the log likelihood.
    pub fn add_prior(&self, values: &Array1<f64>, gradient: &mut Array1<f64>) {
        self.prior.add_score(values, gradient);
    }

    /// The lower Cholesky factor for Newton's method, or nothing where the information is by item. Where it is not to be trusted, or
    /// not positive definite, a part of what is missing counts as known: steps are shorter. The diagonal is
    /// raised where the factor does not exist; where that is not enough (more parameters than the data can tell apart), it is that
    /// of the [complete](Self::complete) information. Everything that is missing about the `doubtful` items counts as known: theirs
    /// are nearly the steps of the EM algorithm, short and in the right direction.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn newton_factor(
        &self,
        is_trusted: bool,
        doubtful: &[bool],
        monitor: &dyn Monitor,
    ) -> Result<Option<Array2<f64>>> {
        let Some(joint) = self.joint.as_ref() else {
            return Ok(None);
        };
        let cautious = |caution: f64| {
            let share = |item: usize| if doubtful[item] { 1.0 } else { caution };
            self.cautious(joint, share, Affine::Posterior)
        };
        if is_trusted && let Some(found) = factor(cautious(0.0).view(), monitor)? {
            return Ok(Some(found));
        }
        let cautious = cautious(CAUTION);
        for share in DAMPING {
            let mut raised = cautious.clone();
            raised.diag_mut().mapv_inplace(|x| x + share * x.abs());
            if let Some(found) = factor(raised.view(), monitor)? {
                return Ok(Some(found));
            }
        }
        factor(self.complete().view(), monitor)
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
        joint.hold_rotations(&mut covariance);
        Ok(Some(Covariance::Joint(covariance)))
    }

    /// The covariance of each item's parameters, the other items held fixed. What is missing about an item counts as known, by
    /// half or wholly, where its information is not positive definite without.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn block_covariance(&self, monitor: &dyn Monitor) -> Result<Covariance> {
        let covariances = (0..self.items.len()).map(|item| {
            monitor.proceed()?;
            Ok(self.covariance_of(item))
        });
        Ok(Covariance::Blocks(covariances.collect::<Result<_>>()?))
    }

    /// The same of one item; nothing where it has too many parameters, or the information cannot be inverted.
    fn covariance_of(&self, item: usize) -> Option<Array2<f64>> {
        let ItemInformation { observed, missing } = &self.items[item];
        if observed.nrows() == 0 {
            return None;
        }
        let information = self.with_prior(item, observed.clone());
        let cautious = |share: &f64| invert((&information + &(missing * *share)).view());
        let known = invert(information.view());
        known.or_else(|| (missing.nrows() > 0).then(|| [CAUTION, 1.0].iter().find_map(cautious))?)
    }

    /// The information about each item if the latent traits were known, with the prior: never negative.
    fn complete(&self) -> Array2<f64> {
        let n: usize = self.items.iter().map(|item| item.observed.nrows()).sum();
        let mut matrix = Array2::zeros((n, n));
        for (item, (own, information)) in places(&self.items).zip(&self.items).enumerate() {
            let complete = self.with_prior(item, &information.observed + &information.missing);
            matrix.slice_mut(s![own.clone(), own]).assign(&complete);
        }
        matrix
    }

    fn with_prior(&self, item: usize, mut information: Array2<f64>) -> Array2<f64> {
        self.prior.add_to_item(item, &mut information);
        information
    }

    /// The matrix with a share of what is missing about each item added to the item's own information: where hardly
    /// anything is known, what is left is the difference of two large numbers.
    fn cautious(&self, joint: &Joint, share: impl Fn(usize) -> f64, affine: Affine) -> Array2<f64> {
        let mut matrix = joint.matrix.clone();
        for (item, own) in places(&self.items).enumerate() {
            matrix
                .slice_mut(s![own.clone(), own])
                .scaled_add(share(item), &self.items[item].missing);
        }
        joint.corrected(matrix, affine)
    }

    /// The Cholesky factor of the information, with caution about as few items as make it positive definite: along a direction
    /// in which it is negative those with the most that is missing there are to blame (options that few chose, items that
    /// separate the respondents).
    fn least_cautious_factor(&self, joint: &Joint, monitor: &dyn Monitor) -> Result<Option<Array2<f64>>> {
        let Some(cautious) = self.evenly_cautious_factor(joint, monitor)? else {
            return Ok(None);
        };
        if cautious.share == 0.0 {
            return Ok(Some(cautious.factor));
        }
        let mut shares = vec![0.0; self.items.len()];
        for _ in 0..MOST_REPAIRS {
            let matrix = self.cautious(joint, |item| shares[item], Affine::Population);
            if let Some(found) = factor(matrix.view(), monitor)? {
                return Ok(Some(found));
            }
            let direction = lowest_direction(&matrix, &cautious.factor, monitor)?;
            let missing = self.missing_along(&direction).into_iter().zip(&shares);
            let blame: Vec<f64> = missing
                .map(|(missing, known)| (cautious.share - known) * missing)
                .collect();
            let most = blame.iter().copied().fold(0.0, f64::max);
            let guilty = shares
                .iter_mut()
                .zip(&blame)
                .filter(|(_, b)| **b >= TO_BLAME * most);
            guilty.for_each(|(known, _)| *known = cautious.share);
        }
        Ok(Some(cautious.factor))
    }

    /// With the same caution about all items, as little as makes the information positive definite.
    fn evenly_cautious_factor(&self, joint: &Joint, monitor: &dyn Monitor) -> Result<Option<CautiousFactor>> {
        for share in CAUTIONS {
            let matrix = self.cautious(joint, |_| share, Affine::Population);
            if let Some(factor) = factor(matrix.view(), monitor)? {
                return Ok(Some(CautiousFactor { share, factor }));
            }
        }
        Ok(None)
    }

    /// What is missing about each item along a direction.
    fn missing_along(&self, direction: &Array1<f64>) -> Vec<f64> {
        let items = places(&self.items).zip(&self.items);
        items
            .map(|(own, item)| {
                let own = direction.slice(s![own]);
                own.dot(&item.missing.dot(&own))
            })
            .collect()
    }
}

#[cfg(test)]
#[path = "observed_tests.rs"]
mod tests;
