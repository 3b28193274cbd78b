//! Scores of respondents by a fitted model.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::threads::on_threads;
use crate::information::calibration::{Calibration, Sample};
use crate::model::parameters::Model;
use crate::posterior::expect::{check_items, moments};
use crate::posterior::moments::Moments;
use crate::posterior::scoring::Scoring;
use crate::responses::store::Responses;
use crate::uncertainty::new_respondents::covariances_of_new;
use crate::uncertainty::scales::Scales;

/// What a model knows of respondents who need not have told its items.
#[derive(Clone, Debug)]
pub struct Scores {
    /// Their posterior moments given the items.
    pub moments: Moments,
    /// Their covariances on the reported axes with the uncertainty of the items, on the scale of the prior alone; empty where the
    /// model does not keep it.
    pub covariances: Scales,
}

/// Scores respondents with worker threads of its own. The items of `responses` are those of the model.
///
/// # Errors
/// [`crate::Error::Responses`] when the items are not those of the model, [`crate::Error::Cancelled`] when the monitor says so.
pub fn score(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    scoring: &Scoring,
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<Scores> {
    check_items(model, responses)?;
    on_threads(threads, || {
        let moments = moments(model, responses, respondents, scoring, monitor)?;
        let weights = vec![1.0; respondents.len()];
        let sample = Sample {
            respondents,
            weights: &weights,
        };
        let calibration = Calibration {
            model,
            responses,
            scored: sample.scored(&moments),
        };
        let covariances = covariances_of_new(calibration, monitor)?;
        Ok(Scores { moments, covariances })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::linalg::{double, packed_length, sandwich, unpack};
    use crate::base::monitor::Silent;
    use crate::fit::run::{Fit, fit};
    use crate::information::kept::Kept;
    use crate::responses::item_kind::ItemKind;
    use crate::settings::Settings;
    use crate::simulate::simulation::{SimulationDesign, simulate};
    use ndarray::{Array2, Axis};

    fn fitted(n_respondents: usize, n_items: usize, n_dims: usize) -> (Fit, Responses<'static>) {
        let design = SimulationDesign {
            n_respondents,
            n_items,
            n_dims,
            n_options: 3,
            missing: 0.1,
            kind: ItemKind::Graded,
        };
        let responses = simulate(&design, 2).and_then(|simulated| simulated.to_responses());
        let responses = responses.expect("responses");
        let settings = Settings::new(n_dims).check().expect("settings");
        (fit(&responses, &settings, &Silent).expect("fit"), responses)
    }

    fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        let largest = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        for (x, y) in found.iter().zip(expected) {
            assert!((x - y).abs() < tolerance * largest, "{x} where {y} is expected");
        }
    }

    /// Items as parameters in one matrix, and integrated out, on principal axes.
    #[test]
    fn the_covariance_of_the_items_comes_back() {
        for (n_respondents, n_items, n_dims) in [(150, 15, 1), (150, 15, 2), (20, 40, 1), (20, 60, 2)] {
            let (fit, _) = fitted(n_respondents, n_items, n_dims);
            let bytes = fit.model.to_bytes().expect("bytes");
            let model = Model::from_bytes(&bytes).expect("a model");
            assert_eq!(model.item_errors, fit.model.item_errors);
            let errors = model.item_errors.as_ref().expect("errors");
            let design = model.design();
            let kept = Kept::new(&errors.covariance, &design);
            let unit = Array2::<f32>::eye(design.n_free());
            let all = double(kept.times(unit.view(), &design).view());
            let jacobian = model.map.item_jacobian().expect("a map");
            let size = packed_length(model.items.width());
            for row in 0..model.items.n_rows() {
                let free = design.free_of_row(row);
                let own = all.select(Axis(0), &free).select(Axis(1), &free);
                let packed = &fit.uncertainty.items.prior[row * size..(row + 1) * size];
                let expected = unpack(packed, model.items.width());
                let found = sandwich(&jacobian, &own);
                let (found, expected): (Vec<f64>, Vec<f64>) = (
                    found.iter().copied().collect(),
                    expected.iter().copied().collect(),
                );
                assert_near(&found, &expected, 1e-4);
            }
        }
    }

    #[test]
    fn who_told_the_items_is_as_uncertain_among_the_new() {
        for n_dims in [1, 2] {
            let (fit, responses) = fitted(150, 15, n_dims);
            let settings = Settings::new(n_dims).check().expect("settings");
            let scoring = Scoring::of(&settings, fit.respondents.len());
            let found = score(&fit.model, &responses, &fit.respondents, &scoring, 1, &Silent);
            let found = found.expect("scores");
            let of_fit = &fit.uncertainty.respondents;
            assert!(found.covariances.normalised.is_empty());
            for (own, expected) in found.covariances.prior.iter().zip(&of_fit.prior) {
                assert!(
                    (own - expected).abs() < 2e-3 * (0.1 + expected.abs()),
                    "{own} where {expected} is expected"
                );
            }
            let model = Model {
                item_errors: None,
                ..fit.model
            };
            let given_items = score(&model, &responses, &fit.respondents, &scoring, 1, &Silent);
            assert!(given_items.expect("scores").covariances.prior.is_empty());
        }
    }
}
