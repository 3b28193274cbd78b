//! The observed information about the item parameters, and what follows from it: Newton steps and covariances.

use crate::base::error::Result;
use crate::base::linalg::{add_scaled, cholesky, factor, invert, invert_factored, plus};
use crate::base::monitor::Monitor;
use crate::information::affine::Affine;
use crate::information::calibration::Calibration;
use crate::information::chunk::n_polynomials;
use crate::information::covariance::Covariance;
use crate::information::item::{ItemInformation, MOST_JOINT_PARAMETERS, MOST_PARAMETERS, places};
use crate::information::joint::Joint;
use crate::information::matrices::{SPARSE, lowest_direction};
use crate::information::operator::{Blocks, Operator};
use crate::information::prior::FreePrior;
use crate::information::quadratic::Quadratic;
use crate::information::sampling::of_sampled;
use crate::information::structured::Structured;
use crate::information::sums::{Between, Form, Shared, Sums};
use crate::model::parameters::Model;
use crate::model::prior::ItemPrior;
use crate::model::table_design::Design;
use crate::responses::store::Responses;
use crate::settings::Settings;
use ndarray::{Array1, Array2, ArrayView2, s};

/// Parameters up to which the information is one matrix although respondents answered few of the items, and is inverted again and again.
const SMALL: usize = 1_500;

/// Scores that are kept at most where the information is not one matrix.
const MOST_SCORES: f64 = 2e8;

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
    between: Option<BetweenItems>,
    seed: u64,
}

/// What is known between the items.
enum BetweenItems {
    Matrix(Joint),
    Operator(Structured),
}

/// A Cholesky factor of the information with a share of what is missing about each item counted as known.
struct CautiousFactor {
    share: f64,
    factor: Array2<f64>,
}

impl Information {
    /// How the information between the items is kept: as one matrix where it is small, or not large and respondents answered many of
    /// the items, or else as scores, along location, scale and rotations alone where there are too many of these.
    pub fn form(model: &Model, responses: &Responses) -> Form {
        let catalogue = &model.shape.catalogue;
        let design = model.design();
        let sizes = (0..catalogue.n_items()).map(|item| catalogue.rows_of(item).len() * model.items.width());
        if sizes.max().is_none_or(|n| n > MOST_PARAMETERS) {
            return Form::None;
        }
        let of_item = |(item, n): (usize, u64)| (n * design.free_of_item(item).len() as u64) as f64;
        let totals = responses.item_totals();
        let n_scores: f64 = totals.into_iter().enumerate().map(of_item).sum();
        let n_all = (design.n_free() * responses.n_respondents()) as f64;
        let is_sparse = n_scores < SPARSE * n_all;
        if design.n_free() <= if is_sparse { SMALL } else { MOST_JOINT_PARAMETERS } {
            Form::Matrix
        } else if n_scores * n_polynomials(model.shape.n_dims) as f64 <= MOST_SCORES {
            Form::Scores
        } else {
            Form::Affine
        }
    }

    /// The information at the items of the model.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(calibration: Calibration, settings: &Settings, monitor: &dyn Monitor) -> Result<Self> {
        let form = Self::form(calibration.model, calibration.responses);
        Self::in_form(form, calibration, settings, monitor)
    }

    fn in_form(
        form: Form,
        calibration: Calibration,
        settings: &Settings,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let prior = FreePrior::new(&settings.model.item_prior(), &calibration.design());
        let Sums { items, between } = Sums::new(calibration, form, monitor)?;
        let between = between.map(|Between { shared, affine }| match shared {
            Shared::Matrix(matrix) => {
                BetweenItems::Matrix(Joint::new(calibration, matrix, affine, &items, &prior))
            }
            Shared::Scores(scores) => {
                BetweenItems::Operator(Structured::new(calibration, Some(scores), affine, &items, &prior))
            }
            Shared::None => {
                BetweenItems::Operator(Structured::new(calibration, None, affine, &items, &prior))
            }
        });
        Ok(Self {
            items,
            prior,
            between,
            seed: settings.run.seed,
        })
    }

    /// The same for covariances under another prior, which leaves the items nearly where they are.
    pub fn under(mut self, prior: &ItemPrior, design: &Design) -> Self {
        let prior = FreePrior::new(prior, design);
        if let Some(BetweenItems::Matrix(joint)) = &mut self.between {
            let everything = 0..joint.matrix.nrows();
            let more = &prior.precisions(everything.clone()) - &self.prior.precisions(everything);
            let mut diagonal = joint.matrix.diag_mut();
            diagonal += &more;
        }
        self.prior = prior;
        self
    }

    /// Is it known between any two items?
    pub fn is_between_all(&self) -> bool {
        match &self.between {
            Some(BetweenItems::Operator(structured)) => structured.has_scores(),
            Some(BetweenItems::Matrix(_)) => true,
            None => false,
        }
    }

    /// The covariances of the scores with the linear and quadratic functions of the traits; nothing where the information is by item.
    pub fn affine(&self) -> Option<&Array2<f64>> {
        match &self.between {
            Some(BetweenItems::Operator(structured)) => Some(structured.affine()),
            Some(BetweenItems::Matrix(joint)) => Some(joint.affine()),
            None => None,
        }
    }

    /// Adds the gradient of the log prior at the free parameters of the items to that of the log likelihood.
    pub fn add_prior(&self, values: &Array1<f64>, gradient: &mut Array1<f64>) {
        self.prior.add_score(values, gradient);
    }

    /// The quadratic form of Newton's method, or nothing where the information is by item. Where it is not to be trusted, or
    /// not positive definite, a part of what is missing counts as known: steps are shorter. The diagonal of a matrix is
    /// raised where its factor does not exist; where that is not enough (more parameters than the data can tell apart), it is that
    /// of the [complete](Self::complete) information. Everything that is missing about the `doubtful` items counts as known: theirs
    /// are nearly the steps of the EM algorithm, short and in the right direction.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn newton(
        &self,
        is_trusted: bool,
        doubtful: &[bool],
        monitor: &dyn Monitor,
    ) -> Result<Option<Quadratic>> {
        let share = |item: usize, caution: f64| if doubtful[item] { 1.0 } else { caution };
        match &self.between {
            None => Ok(None),
            Some(BetweenItems::Matrix(joint)) => {
                let cautious =
                    |caution| self.cautious(joint, &|item| share(item, caution), Affine::Posterior);
                let factor = self.newton_factor(is_trusted, &cautious, monitor)?;
                Ok(factor.map(Quadratic::Factor))
            }
            Some(BetweenItems::Operator(structured)) => {
                let by_item = |caution| {
                    let blocks = self.blocks(&|item| share(item, caution));
                    Quadratic::Operator(Box::new(Operator::of_blocks(blocks)))
                };
                // Along location and scale, which are settled otherwise, the scores of a sample say little of items that few answered.
                if !structured.has_scores() {
                    return Ok(Some(by_item(if is_trusted { 0.0 } else { CAUTION })));
                }
                let cautions = if is_trusted {
                    [0.0, CAUTION]
                } else {
                    [CAUTION, 1.0]
                };
                for caution in cautions {
                    let blocks = self.blocks(&|item| share(item, caution));
                    let operator = structured.operator(blocks, Affine::Posterior, monitor)?;
                    if operator.spectrum(monitor)?.is_some() {
                        return Ok(Some(Quadratic::Operator(Box::new(operator))));
                    }
                }
                Ok(Some(by_item(1.0)))
            }
        }
    }

    fn newton_factor(
        &self,
        is_trusted: bool,
        cautious: &dyn Fn(f64) -> Array2<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Option<Array2<f64>>> {
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
    /// [caution](Self::cautious). Where it is not one matrix, it is exact for some `functionals` of the parameters (columns).
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn joint_covariance(
        &self,
        functionals: ArrayView2<'_, f64>,
        monitor: &dyn Monitor,
    ) -> Result<Option<Covariance>> {
        match &self.between {
            None => Ok(None),
            Some(BetweenItems::Matrix(joint)) => {
                let Some(factor) = self.least_cautious_factor(joint, monitor)? else {
                    return Ok(None);
                };
                let mut covariance = invert_factored(factor.view(), monitor)?;
                joint.hold_rotations(&mut covariance);
                Ok(Some(Covariance::Joint(covariance)))
            }
            Some(BetweenItems::Operator(structured)) => {
                let has_scores = structured.has_scores();
                for caution in CAUTIONS {
                    let blocks = self.blocks(&|item| match has_scores {
                        true => caution,
                        false => caution.max(self.least_caution(item)),
                    });
                    let found = structured.covariance(blocks, functionals, self.seed, monitor)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                Ok(None)
            }
        }
    }

    /// The covariance of the items from that which the information says, where the respondents' weights are sampling weights.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn of_sampled(
        &self,
        covariance: Covariance,
        calibration: Calibration,
        monitor: &dyn Monitor,
    ) -> Result<Covariance> {
        of_sampled(covariance, calibration, &self.prior, monitor)
    }

    /// The information about each item by itself, with a share of what is missing about it counted as known.
    fn blocks(&self, share: &dyn Fn(usize) -> f64) -> Vec<Blocks> {
        let items = self.items.iter().enumerate();
        items
            .map(|(item, ItemInformation { observed, missing })| Blocks {
                own: self.with_prior(item, plus(observed, share(item), missing)),
                complete: self.with_prior(item, plus(observed, 1.0, missing)),
            })
            .collect()
    }

    /// The caution with which the information about an item by itself is positive definite.
    fn least_caution(&self, item: usize) -> f64 {
        let ItemInformation { observed, missing } = &self.items[item];
        let is_enough = |share: &f64| {
            let information = self.with_prior(item, plus(observed, *share, missing));
            cholesky(information.view()).is_some()
        };
        CAUTIONS.into_iter().find(is_enough).unwrap_or(1.0)
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
        let cautious = |share: &f64| invert(plus(&information, *share, missing).view());
        let known = invert(information.view());
        known.or_else(|| (missing.nrows() > 0).then(|| [CAUTION, 1.0].iter().find_map(cautious))?)
    }

    /// The variances of all parameters, as the priors of items and traits tell location and scale; of each item by itself where a matrix
    /// of all would take long, or cannot be inverted. NaN where that cannot be either.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn posterior_variances(&self, monitor: &dyn Monitor) -> Result<Array1<f64>> {
        if let Some(BetweenItems::Matrix(joint)) = &self.between
            && joint.matrix.nrows() <= SMALL
            && let Some(CautiousFactor { factor, .. }) =
                self.evenly_cautious_factor(joint, Affine::Posterior, monitor)?
        {
            let mut covariance = invert_factored(factor.view(), monitor)?;
            joint.hold_rotations(&mut covariance);
            return Ok(covariance.diag().to_owned());
        }
        let by_item = self.items.iter().enumerate().flat_map(|(item, information)| {
            let unknown = || Array1::from_elem(information.observed.nrows(), f64::NAN);
            let variances = self
                .covariance_of(item)
                .map(|covariance| covariance.diag().to_owned());
            variances.unwrap_or_else(unknown)
        });
        Ok(by_item.collect())
    }

    /// The information about each item if the latent traits were known, with the prior: never negative.
    fn complete(&self) -> Array2<f64> {
        let n: usize = self.items.iter().map(|item| item.observed.nrows()).sum();
        let mut matrix = Array2::zeros((n, n));
        for (item, (own, information)) in places(&self.items).zip(&self.items).enumerate() {
            let complete = self.with_prior(item, plus(&information.observed, 1.0, &information.missing));
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
    fn cautious(&self, joint: &Joint, share: &dyn Fn(usize) -> f64, affine: Affine) -> Array2<f64> {
        let mut matrix = joint.matrix.clone();
        for (item, own) in places(&self.items).enumerate() {
            let mut block = matrix.slice_mut(s![own.clone(), own]);
            add_scaled(&mut block, share(item), self.items[item].missing.view());
        }
        joint.corrected(matrix, affine)
    }

    /// The Cholesky factor of the information, with caution about as few items as make it positive definite: along a direction
    /// in which it is negative those with the most that is missing there are to blame (options that few chose, items that
    /// separate the respondents).
    fn least_cautious_factor(&self, joint: &Joint, monitor: &dyn Monitor) -> Result<Option<Array2<f64>>> {
        let Some(cautious) = self.evenly_cautious_factor(joint, Affine::Population, monitor)? else {
            return Ok(None);
        };
        if cautious.share == 0.0 {
            return Ok(Some(cautious.factor));
        }
        let mut shares = vec![0.0; self.items.len()];
        for _ in 0..MOST_REPAIRS {
            let matrix = self.cautious(joint, &|item| shares[item], Affine::Population);
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
    fn evenly_cautious_factor(
        &self,
        joint: &Joint,
        affine: Affine,
        monitor: &dyn Monitor,
    ) -> Result<Option<CautiousFactor>> {
        for share in CAUTIONS {
            let matrix = self.cautious(joint, &|_| share, affine);
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
