//! The prior of the items, as the items themselves tell it.

use crate::base::error::Result;
use crate::base::timings::Timings;
use crate::information::observed::Information;
use crate::maximum::polish::{Polish, Polished};
use crate::model::parameters::Model;
use crate::model::prior::PriorSds;
use crate::settings::Settings;

/// Rounds at most, and the relative change of a standard deviation that ends them.
const MOST_ROUNDS: usize = 20;
const CLOSE: f64 = 0.02;

/// One more parameter of this size is assumed, so that a few items alone do not say how large others are.
const ASSUMED: f64 = 2.5;

/// Items that separate the respondents become steeper with the prior, and these with it: it is not wider than where it is not estimated.
/// Where the responses say nothing it would shrink to a point.
const WIDEST: f64 = 5.0;
const NARROWEST: f64 = 0.1;

impl Polish<'_> {
    /// Finds the standard deviations of discriminations and difficulties together with the items (empirical Bayes): by the EM algorithm with
    /// the items' normal posteriors they are the root mean squares (Tierney and Kadane 1986,
    /// <https://doi.org/10.1080/01621459.1986.10478240>). Starts from items at the maximum under the prior of the settings, and leaves
    /// them there under the one that is found.
    ///
    /// # Errors
    /// Those of [`Self::run`].
    pub fn with_estimated_prior(
        &self,
        model: &mut Model,
        mut polished: Polished,
        timings: &mut Timings,
    ) -> Result<Polished> {
        let mut settings = self.settings.clone();
        let mut before = settings.model.prior_sds();
        for _ in 0..MOST_ROUNDS {
            let found = self.sizes(model, &polished.information)?;
            if found.is_near(&before) {
                break;
            }
            settings = self.settings.with_prior(&found);
            before = found;
            polished = self.under(&settings).go_on(model, polished, timings)?;
        }
        model.estimated_prior = Some(settings.model.prior_sds());
        Ok(polished)
    }

    fn under<'s>(&'s self, settings: &'s Settings) -> Polish<'s> {
        Polish { settings, ..*self }
    }

    /// Root mean squares of discriminations and difficulties.
    fn sizes(&self, model: &Model, information: &Information) -> Result<PriorSds> {
        let design = model.design();
        let values = design.free_values(&model.items);
        let columns = design.columns();
        let n_dims = model.shape.n_dims;
        let (mut sums, mut counts) = ([ASSUMED * ASSUMED; 2], [1.0; 2]);
        let variances = information.posterior_variances(self.monitor)?;
        for ((column, value), variance) in columns.into_iter().zip(values).zip(variances) {
            if variance.is_finite() {
                let kind = usize::from(column >= n_dims);
                sums[kind] += value * value + variance;
                counts[kind] += 1.0;
            }
        }
        let size = |kind: usize| {
            let mean: f64 = sums[kind] / counts[kind];
            mean.sqrt().clamp(NARROWEST, WIDEST)
        };
        Ok(PriorSds {
            discrimination: size(0),
            difficulty: size(1),
        })
    }
}

impl PriorSds {
    fn is_near(&self, other: &Self) -> bool {
        let near = |x: f64, y: f64| (x / y - 1.0).abs() < CLOSE;
        near(self.discrimination, other.discrimination) && near(self.difficulty, other.difficulty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::fit::run::fit;
    use crate::responses::item_kind::ItemKind;
    use crate::simulate::simulation::{SimulationDesign, simulate};

    fn prior_of(n_respondents: usize, seed: u64, settings: Settings) -> Option<PriorSds> {
        let design = SimulationDesign {
            n_respondents,
            n_items: 40,
            n_dims: settings.model.n_dims,
            n_options: 2,
            missing: 0.0,
            kind: ItemKind::Nominal,
        };
        let responses = simulate(&design, seed).and_then(|truth| truth.to_responses());
        let settings = settings.check().expect("settings");
        let fit = fit(&responses.expect("responses"), &settings, &Silent).expect("a fit");
        fit.model.estimated_prior
    }

    /// Items are simulated with standard deviations of 1.
    #[test]
    fn items_tell_how_large_they_are() {
        for n_dims in [1, 2] {
            let found: Vec<PriorSds> = (1..=4)
                .map(|seed| prior_of(300, seed, Settings::new(n_dims)).expect("estimated"))
                .collect();
            for size in [
                |sds: &PriorSds| sds.discrimination,
                |sds: &PriorSds| sds.difficulty,
            ] {
                let mean = found.iter().map(size).sum::<f64>() / 4.0;
                assert!((mean - 1.0).abs() < 0.2, "{mean} in {n_dims} dimensions");
            }
        }
    }

    #[test]
    fn a_given_prior_is_kept_and_one_without_posteriors_not_estimated() {
        let given = Settings::new(1).with(|settings| settings.model.estimates_prior = false);
        assert_eq!(prior_of(100, 1, given), None);
        let as_trained = Settings::new(1).with(|settings| settings.scoring.refine = false);
        assert_eq!(prior_of(100, 1, as_trained), None);
    }
}
