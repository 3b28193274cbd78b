//! How to fit.

use crate::base::backend::Backend;
use crate::base::checks::{at_least_one, positive};
use crate::base::error::{Error, Result};
use crate::model::link::Link;
use crate::model::prior::{ItemPrior, PriorSds};
use crate::model::shape::ModelShape;
use crate::responses::catalogue::ItemCatalogue;
use std::ops::Deref;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Which standard errors to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StdErrors {
    /// [`StdErrors::Joint`], but for the respondents the items are known where there are too many item parameters for
    /// one matrix and so many responses to each that it hardly matters.
    Auto,
    /// Items and respondents together; the items are independent of one another where there are too many for one
    /// matrix.
    Joint,
    /// The items are known for the respondents, and the other items for each item.
    Conditional,
    /// None of the items.
    None,
}

impl StdErrors {
    /// Are they those of items and respondents together, where these can be had?
    pub(crate) fn are_joint(self) -> bool {
        matches!(self, StdErrors::Auto | StdErrors::Joint)
    }
}

impl FromStr for StdErrors {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(StdErrors::Auto),
            "joint" => Ok(StdErrors::Joint),
            "conditional" => Ok(StdErrors::Conditional),
            "none" => Ok(StdErrors::None),
            _ => Err(Error::Setting {
                name: "std_errors",
                requirement: "\"auto\", \"joint\", \"conditional\" or \"none\"",
                value: name.into(),
            }),
        }
    }
}

/// Where and how often the training is kept.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The folder. It is made if need be.
    pub folder: PathBuf,
    /// Time between two checkpoints.
    pub every: Duration,
}

/// How to fit: what [`check`](Self::check) accepts can be given to [`crate::fit()`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the model is.
    pub model: ModelSettings,
    /// How it is trained.
    pub training: TrainingSettings,
    /// How respondents are estimated.
    pub scoring: ScoringSettings,
    /// The standard errors.
    pub std_errors: StdErrors,
    /// How it is computed.
    pub run: RunSettings,
}

/// What the model is.
#[derive(Clone, Debug)]
pub struct ModelSettings {
    /// Number of latent dimensions.
    pub n_dims: usize,
    /// The link.
    pub link: Link,
    /// Width of the embeddings and of the hidden layer.
    pub hidden: usize,
    /// Prior standard deviation of the discriminations.
    pub discrimination_sd: f64,
    /// Prior standard deviation of the difficulties.
    pub difficulty_sd: f64,
    /// True to start from these and estimate the prior of the items, unless the respondents are not refined or too many.
    pub estimates_prior: bool,
    /// For each dimension the respondent whose trait is to be positive; nothing to leave the signs to
    /// the rule by which the axes are found.
    pub polarity: Option<Vec<u32>>,
}

/// How a model is trained.
#[derive(Clone, Debug)]
pub struct TrainingSettings {
    /// Samples in the importance-weighted bound; 1 is the evidence lower bound.
    pub importance_samples: usize,
    /// Most passes over the data.
    pub max_epochs: usize,
    /// Respondents in a minibatch; nothing to let the number of respondents decide.
    pub batch_size: Option<usize>,
    /// Highest learning rate, that of the item parameters.
    pub learning_rate: f64,
    /// Improvement of the bound per respondent, relative to its size, below which training has converged.
    pub tolerance: f64,
    /// Where the training is kept while it runs; nothing not to keep it.
    pub checkpoint: Option<Checkpoint>,
}

/// How respondents are estimated.
#[derive(Clone, Debug)]
pub struct ScoringSettings {
    /// False to leave the items as the training and the posteriors as the network gives them.
    pub refine: bool,
    /// Draws of importance sampling per respondent; nothing to let the number of respondents decide.
    pub draws: Option<usize>,
    /// False to estimate nobody but a sample of the respondents, from which scale, axes, standard errors and
    /// statistics come.
    pub estimates: bool,
}

/// How a fit is computed.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Worker threads.
    pub threads: usize,
    /// What computes the training and the posteriors.
    pub backend: Backend,
}

/// Settings within their ranges: the only ones with which anything is computed.
#[derive(Clone, Debug)]
pub struct Checked(Settings);

impl Deref for Checked {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.0
    }
}

impl Checked {
    /// The same with another prior of the items.
    pub(crate) fn with_prior(&self, sds: &PriorSds) -> Self {
        Self(self.0.with_prior(sds))
    }
}

impl Settings {
    /// The same with another prior of the items.
    pub(crate) fn with_prior(&self, sds: &PriorSds) -> Self {
        let mut settings = self.clone();
        settings.model.discrimination_sd = sds.discrimination;
        settings.model.difficulty_sd = sds.difficulty;
        settings
    }

    /// The default settings for a number of dimensions.
    pub fn new(n_dims: usize) -> Self {
        Self {
            model: ModelSettings {
                n_dims,
                link: Link::Logit,
                hidden: 64,
                discrimination_sd: 5.0,
                difficulty_sd: 5.0,
                estimates_prior: true,
                polarity: None,
            },
            training: TrainingSettings {
                importance_samples: 4,
                max_epochs: 2_000,
                batch_size: None,
                learning_rate: 0.05,
                tolerance: 1e-3,
                checkpoint: None,
            },
            scoring: ScoringSettings {
                refine: true,
                draws: None,
                estimates: true,
            },
            std_errors: StdErrors::Auto,
            run: RunSettings {
                seed: 1,
                threads: 1,
                backend: Backend::Kernels,
            },
        }
    }

    /// The settings with a change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The settings, if they are within their ranges.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first setting out of its range.
    pub fn check(self) -> Result<Checked> {
        self.model.check()?;
        self.training.check()?;
        at_least_one("draws", self.scoring.draws.unwrap_or(1))?;
        at_least_one("threads", self.run.threads)?;
        Ok(Checked(self))
    }
}

impl ModelSettings {
    fn check(&self) -> Result<()> {
        at_least_one("dims", self.n_dims)?;
        at_least_one("hidden", self.hidden)?;
        positive("discrimination", self.discrimination_sd)?;
        positive("difficulty", self.difficulty_sd)?;
        match &self.polarity {
            Some(polarity) if polarity.len() != self.n_dims => Err(Error::Setting {
                name: "polarity",
                requirement: "one respondent per dimension",
                value: format!("{} of them", polarity.len()),
            }),
            _ => Ok(()),
        }
    }

    /// The shape of the model for some items.
    ///
    /// # Errors
    /// [`Error::Setting`] when the items do not allow it.
    pub(crate) fn shape(&self, catalogue: &ItemCatalogue) -> Result<ModelShape> {
        let shape = ModelShape {
            n_dims: self.n_dims,
            hidden: self.hidden,
            link: self.link,
            catalogue: catalogue.clone(),
        };
        shape.check()?;
        Ok(shape)
    }

    /// The standard deviations of discriminations and difficulties, where these are given.
    pub(crate) fn given_prior(&self) -> Option<PriorSds> {
        (!self.estimates_prior).then(|| self.prior_sds())
    }

    /// The standard deviations of the prior of the items, where they are given or as they are before it is estimated.
    pub(crate) fn prior_sds(&self) -> PriorSds {
        PriorSds {
            discrimination: self.discrimination_sd,
            difficulty: self.difficulty_sd,
        }
    }

    /// The prior of the items.
    pub(crate) fn item_prior(&self) -> ItemPrior {
        ItemPrior::new(self.n_dims, &self.prior_sds())
    }
}

impl TrainingSettings {
    fn check(&self) -> Result<()> {
        at_least_one("importance_samples", self.importance_samples)?;
        at_least_one("max_epochs", self.max_epochs)?;
        at_least_one("batch_size", self.batch_size.unwrap_or(1))?;
        positive("learning_rate", self.learning_rate)?;
        positive("tolerance", self.tolerance)
    }

    /// The batch size for a number of respondents, who have so many slots (options beside the reference of the items
    /// that they answered) on average: everybody up to 512, then slowly more, but less where the gradients of all
    /// slots would take much memory.
    pub fn batch_size_for(&self, n_respondents: usize, mean_slots: f64) -> usize {
        const SMALLEST: usize = 512;
        const LARGEST: usize = 4_096;
        const BATCHES: usize = 50;
        const MOST_SLOTS: f64 = 2e6;
        let usual = (n_respondents / BATCHES).clamp(SMALLEST, LARGEST);
        let affordable = (MOST_SLOTS / mean_slots.max(1.0)) as usize;
        self.batch_size
            .unwrap_or(usual.min(affordable).max(1))
            .min(n_respondents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        assert!(Settings::new(1).check().is_ok());
        let message = |settings: Settings| settings.check().expect_err("refused").to_string();
        assert!(message(Settings::new(0)).contains("dims"));
        let bad = Settings::new(1).with(|settings| settings.training.learning_rate = f64::NAN);
        assert!(message(bad).contains("learning_rate must be a positive number, not NaN"));
    }

    #[test]
    fn batches_grow_with_the_data() {
        let settings = Settings::new(1).training;
        assert_eq!(settings.batch_size_for(102, 500.0), 102);
        assert_eq!(settings.batch_size_for(10_000, 100.0), 512);
        assert_eq!(settings.batch_size_for(1_000_000, 75.0), 4_096);
        assert_eq!(settings.batch_size_for(1_000_000, 10_000.0), 200);
        assert_eq!(settings.batch_size_for(10, 1e9), 1);
        let own = TrainingSettings {
            batch_size: Some(64),
            ..settings
        };
        assert_eq!(own.batch_size_for(10_000, 100.0), 64);
    }
}
