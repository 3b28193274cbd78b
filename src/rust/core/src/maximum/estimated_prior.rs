//! The prior of the items, as the items themselves tell it.

use crate::base::error::Result;
use crate::base::timings::Timings;
use crate::information::observed::Information;
use crate::maximum::polish::{Polish, Polished};
use crate::model::parameters::Model;
use crate::model::prior::PriorSds;
use crate::settings::Settings;

/// Rounds at most.
const MOST_ROUNDS: usize = 20;

/// They do not begin when another prior would move the items by less than this, root mean squared and in standard errors: where responses
/// are many a round takes long. Where they are few it takes many rounds, and these end at the second number.
const SAME: f64 = 0.25;
const CLOSE: f64 = 0.02;

/// One more parameter of this size is assumed, so that a few items alone do not say how large others are.
const ASSUMED: f64 = 2.5;

/// Items that separate the respondents become steeper with the prior, and these with it: it is not wider than where it is not estimated.
/// Where the responses say nothing it would shrink to a point.
const WIDEST: f64 = 5.0;
const NARROWEST: f64 = 0.1;

impl Polish<'_> {
    /// Finds the standard deviations of discriminations and difficulties together with the items (empirical Bayes): by the EM
    /// algorithm with the items' normal posteriors they are the root mean squares (Tierney and Kadane 1986,
    /// <https://doi.org/10.1080/01621459.1986.10478240>). Starts from items at the maximum under the prior of the settings, and leaves
    /// them there, or near, under the one that is found.
    ///
    /// # Errors
    /// Those of [`Self::run`].
    pub fn with_estimated_prior(
        &self,
        model: &mut Model,
        mut polished: Polished,
        timings: &mut Timings,
    ) -> Result<Polished> {
        let mut before = self.settings.model.prior_sds();
        let mut close = SAME;
        for _ in 0..MOST_ROUNDS {
            let known = self.known(model, &polished.information)?;
            let found = known.sizes();
            model.estimated_prior = Some(found);
            let settings = self.settings.with_prior(&found);
            if known.moved_by(&before, &found) < close {
                polished.information = polished
                    .information
                    .under(&settings.model.item_prior(), &model.design());
                break;
            }
            (before, close) = (found, CLOSE);
            polished = self.under(&settings).go_on(model, polished, timings)?;
        }
        Ok(polished)
    }

    fn under<'s>(&'s self, settings: &'s Settings) -> Polish<'s> {
        Polish { settings, ..*self }
    }

    /// The parameters that are known.
    fn known(&self, model: &Model, information: &Information) -> Result<Parameters> {
        let design = model.design();
        let columns = design.columns().into_iter();
        let values = design.free_values(&model.items).into_iter();
        let variances = information.posterior_variances(self.monitor)?;
        let all = columns.zip(values).zip(variances);
        let known = all.filter(|(_, variance)| variance.is_finite());
        Ok(Parameters(
            known
                .map(|((column, value), variance)| Parameter {
                    is_slope: column < model.shape.n_dims,
                    value,
                    variance,
                })
                .collect(),
        ))
    }
}

/// Parameters of the items.
struct Parameters(Vec<Parameter>);

/// What is known of one.
struct Parameter {
    is_slope: bool,
    value: f64,
    variance: f64,
}

impl Parameters {
    /// Root mean squares of discriminations and difficulties.
    fn sizes(&self) -> PriorSds {
        let size = |is_slope: bool| {
            let own = self.0.iter().filter(|parameter| parameter.is_slope == is_slope);
            let squares = own.map(|own| own.value * own.value + own.variance);
            let (n, sum) = squares.fold((1.0, ASSUMED * ASSUMED), |(n, sum), square| {
                (n + 1.0, sum + square)
            });
            f64::sqrt(sum / n).clamp(NARROWEST, WIDEST)
        };
        PriorSds {
            discrimination: size(true),
            difficulty: size(false),
        }
    }

    /// By how much they move from under one prior to under another, each by itself: root mean squared and in standard errors.
    fn moved_by(&self, before: &PriorSds, after: &PriorSds) -> f64 {
        let pull = |before: f64, after: f64| after.powi(-2) - before.powi(-2);
        let slopes = pull(before.discrimination, after.discrimination);
        let difficulties = pull(before.difficulty, after.difficulty);
        let squares = self.0.iter().map(|own| {
            let pull = if own.is_slope { slopes } else { difficulties };
            (pull * own.value).powi(2) * own.variance
        });
        (squares.sum::<f64>() / self.0.len().max(1) as f64).sqrt()
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
