//! The EM algorithm on nodes that all respondents share, which comes near the maximum from anywhere.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::threads::map_with;
use crate::information::calibration::Calibration;
use crate::information::expectation::Expectation;
use crate::information::prior::FreePrior;
use crate::maximum::m_step::{self, ItemStep};
use crate::model::parameters::Model;
use crate::model::scale::AffineMap;
use crate::model::table::Table;
use crate::model::table_design::Design;
use crate::posterior::aggregate::aggregate;
use crate::posterior::moments::Moments;
use crate::posterior::windows::Windows;
use ndarray::{Array1, Array2};

/// What a step of the algorithm finds.
pub(crate) struct EmStep {
    /// The items after it.
    pub items: Table,
    /// The posteriors before it.
    pub moments: Moments,
    /// The mean squared step of a parameter, in standard errors if the traits were known.
    pub distance: f64,
}

impl EmStep {
    /// At the items of the model; the posteriors are looked for near those of the calibration. The items are maximised one by one, and
    /// the population becomes what the posteriors say (parameter expansion: Liu, Rubin and Wu 1998,
    /// <https://doi.org/10.1093/biomet/85.4.755>). Nothing where somebody has no window of the shared nodes.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(calibration: Calibration, prior: &FreePrior, monitor: &dyn Monitor) -> Result<Option<Self>> {
        let Calibration {
            model,
            responses,
            scored,
        } = calibration;
        let windows = Windows::near(scored.moments, model, responses, scored.respondents);
        let Some(expected) = Expectation::new(&windows, calibration, true, monitor)? else {
            return Ok(None);
        };
        let (items, distance) = maximise(model, &expected, prior);
        let moments = expected.moments;
        Ok(Some(Self {
            items: rescaled(items, &moments, scored.weights, prior, &model.design())?,
            moments,
            distance,
        }))
    }
}

/// The gradient of the log likelihood by the item parameters, in the layout of their table, which the expected numbers tell.
pub(crate) fn score(model: &Model, expected: &Expectation) -> Vec<f64> {
    let of_items = map_with(0..model.shape.catalogue.n_items(), |terms, item| {
        m_step::score(model, item, expected, terms)
    });
    of_items.concat()
}

/// The items at the maximum given the numbers that are expected to choose each option, and the mean squared step.
fn maximise(model: &Model, expected: &Expectation, prior: &FreePrior) -> (Table, f64) {
    let (catalogue, design) = (&model.shape.catalogue, model.design());
    let found = map_with(0..catalogue.n_items(), |terms, item| {
        ItemStep::new(model, &design, item, expected, prior, terms)
    });
    let mut items = model.items.clone();
    let mut distance = 0.0;
    for (item, step) in found.into_iter().enumerate() {
        items
            .rows_mut(catalogue.rows_of(item))
            .copy_from_slice(step.rows.values());
        distance += step.distance;
    }
    (items, distance / design.n_free() as f64)
}

/// Rounds in which location and scale are found.
const ROUNDS: usize = 10;

/// The items after the population became the normal distribution that the posteriors and the prior of the items call for, and the
/// traits standard normal again: `alpha = m + s z` makes `s gamma` of a discrimination `gamma` and `beta - m gamma` of a difficulty.
fn rescaled(
    items: Table,
    moments: &Moments,
    weights: &[f64],
    prior: &FreePrior,
    design: &Design,
) -> Result<Table> {
    let (mean, covariance) = aggregate(moments, weights);
    let (mean, variance) = (mean[0], covariance[[0, 0]]);
    let n: f64 = weights.iter().sum();
    let pull = prior.pull(&items, design);
    let (mut location, mut square) = (mean, variance);
    for _ in 0..ROUNDS {
        let weight = n / square;
        location = (weight * mean + pull.of_location) / (weight + pull.on_location);
        // The root of `on_scale u^2 + n u = n E(alpha - m)^2`.
        let wanted = variance + (mean - location).powi(2);
        square = 2.0 * wanted / (1.0 + (1.0 + 4.0 * pull.on_scale * wanted / n).sqrt());
    }
    let map = AffineMap {
        matrix: Array2::from_elem((1, 1), square.sqrt().recip()),
        shift: Array1::from_elem(1, location),
    };
    map.table(&items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::fit::run::fit;
    use crate::posterior::expect::moments;
    use crate::posterior::scoring::{Scored, Scoring};
    use crate::responses::item_kind::ItemKind;
    use crate::settings::Settings;
    use crate::simulate::simulation::{SimulationDesign, simulate};

    /// With weights, ties and a prior that pulls, steps lead to where the fit ends, and none of them goes down.
    #[test]
    fn no_step_lowers_the_marginal_posterior() {
        for (kind, n_options) in [
            (ItemKind::Nominal, 2),
            (ItemKind::Nominal, 3),
            (ItemKind::Graded, 4),
        ] {
            let design = SimulationDesign {
                n_respondents: 200,
                n_items: 12,
                n_dims: 1,
                n_options,
                missing: 0.2,
                kind,
            };
            let truth = simulate(&design, 8).expect("a design");
            let responses = truth.to_responses().expect("responses");
            let settings = Settings::new(1).with(|settings| {
                settings.model.discrimination_sd = 0.8;
                settings.model.difficulty_sd = 0.6;
                settings.model.estimates_prior = false;
            });
            let fitted =
                fit(&responses, &settings.clone().check().expect("settings"), &Silent).expect("a fit");
            let mut model = fitted.model.clone();
            for row in model.items.values_mut().chunks_exact_mut(2) {
                row[0] = 0.4 * row[0] + 0.3;
            }
            let (everybody, weights) = ((0..200).collect::<Vec<u32>>(), vec![1.0; 200]);
            let scoring = Scoring::of(&settings, responses.n_respondents());
            let prior = FreePrior::new(&settings.model.item_prior(), &model.design());
            let height = |model: &Model, moments: &Moments| {
                let values = model.design().free_values(&model.items);
                let pull = prior.precisions(0..values.len()).dot(&values.mapv(|x| x * x));
                moments.log_evidence.iter().sum::<f64>() - 0.5 * pull
            };
            let mut known = moments(&model, &responses, &everybody, &scoring, &Silent).expect("moments");
            let mut before = height(&model, &known);
            for round in 0..60 {
                let calibration = Calibration {
                    model: &model,
                    responses: &responses,
                    scored: Scored {
                        respondents: &everybody,
                        weights: &weights,
                        moments: &known,
                    },
                };
                let step = EmStep::new(calibration, &prior, &Silent)
                    .expect("a step")
                    .expect("windows");
                model.items = step.items;
                known = moments(&model, &responses, &everybody, &scoring, &Silent).expect("moments");
                let now = height(&model, &known);
                assert!(
                    now > before - 1e-3,
                    "{kind:?} round {round}: {now} after {before}"
                );
                before = now;
            }
            let best = height(&fitted.model, &fitted.moments);
            assert!((before - best).abs() < 0.01, "{kind:?}: {before} for {best}");
            for (x, y) in model.items.values().iter().zip(fitted.model.items.values()) {
                assert!((x - y).abs() < 0.02, "{kind:?}: {x} for {y}");
            }
        }
    }
}
