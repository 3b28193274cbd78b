//! Refined posteriors against numerical integration.

mod common;

use common::{fit, for_each_backend, quick, simulated, simulated_items};
use vae_irt_core::{
    Axes, Backend, Error, Gauge, Given, ItemKind, ItemUncertainty, Link, LocationScale, Model, Moments,
    Refit, RefitResults, Responses, Scoring, Silent, option_probabilities, packed_length, predictive, score,
};

fn scoring(backend: &Backend) -> Scoring {
    Scoring {
        refine: true,
        draws: 512,
        seed: 1,
        backend: backend.clone(),
    }
}

/// Of the grid in one dimension.
const STEP: f64 = 0.002;

/// Points in one dimension, on a fine grid.
fn grid() -> impl Iterator<Item = f64> {
    (-4_000..=4_000).map(|k| f64::from(k) * STEP)
}

/// The probabilities of all options of an item at a point in one dimension.
fn probabilities_at(model: &Model, item: usize, x: f64, into: &mut Vec<f64>) {
    let rows = model.shape.catalogue.rows_of(item);
    let predictors: Vec<f64> = rows
        .map(|r| {
            let parameters = model.items.row(r);
            f64::from(parameters[0]) * x - f64::from(parameters[1])
        })
        .collect();
    option_probabilities(
        model.shape.link,
        model.shape.catalogue.kind_of(item),
        &predictors,
        into,
    );
}

/// The density of a respondent's trait and responses together, at the points of the grid.
fn joint_density(model: &Model, responses: &Responses, respondent: usize) -> Vec<f64> {
    let mut row = Vec::new();
    responses.copy_row(respondent, &mut row);
    let catalogue = responses.catalogue();
    let mut probabilities = Vec::new();
    grid()
        .map(|x| {
            let mut log = -0.5 * x * x - 0.5 * (2.0 * std::f64::consts::PI).ln();
            for &option in &row {
                let option = option as usize;
                let item = catalogue.item_of(option);
                probabilities_at(model, item, x, &mut probabilities);
                log += probabilities[option - catalogue.options_of(item).start].ln();
            }
            log.exp()
        })
        .collect()
}

/// Mean, variance, third central moment and log evidence of a respondent's posterior in one dimension.
fn integrate(model: &Model, responses: &Responses, respondent: usize) -> [f64; 4] {
    let density = joint_density(model, responses, respondent);
    let total: f64 = density.iter().sum();
    let moment = |center: f64, power: i32| -> f64 {
        let terms = grid().zip(&density);
        terms.map(|(x, d)| (x - center).powi(power) * d).sum::<f64>() / total
    };
    let mean = moment(0.0, 1);
    [mean, moment(mean, 2), moment(mean, 3), (total * STEP).ln()]
}

fn compare(kind: ItemKind, n_options: usize, link: Link) {
    for_each_backend(|backend| compare_with(backend, kind, n_options, link));
}

fn compare_with(backend: &Backend, kind: ItemKind, n_options: usize, link: Link) {
    let (_, responses) = simulated_items(kind, [60, 12, 1, n_options]);
    let settings = quick(1).with(|settings| {
        settings.model.link = link;
        settings.training.max_epochs = 200;
        settings.run.backend = backend.clone();
    });
    let fitted = fit(&responses, &settings, &Silent).expect("fit");
    check_moments(&fitted.model, &responses, &fitted.respondents, &fitted.moments);
    // Some items so steep that posteriors are cut off at them.
    let mut steep = fitted.model;
    for item in 0..4 {
        let rows = steep.shape.catalogue.rows_of(item);
        steep.items.rows_mut(rows).iter_mut().for_each(|x| *x *= 10.0);
    }
    let scored = score(
        &steep,
        &responses,
        &fitted.respondents,
        &scoring(backend),
        1,
        &Silent,
    )
    .expect("scores")
    .moments;
    check_moments(&steep, &responses, &fitted.respondents, &scored);
}

fn check_moments(model: &Model, responses: &Responses, respondents: &[u32], moments: &Moments) {
    let mut worst = [0.0f64; 4];
    for (position, &respondent) in respondents.iter().enumerate() {
        let [mean, variance, third, evidence] = integrate(model, responses, respondent as usize);
        let sd = variance.sqrt();
        let errors = [
            (moments.mean(position)[0] - mean) / sd,
            moments.covariance(position)[0].sqrt() / sd - 1.0,
            (moments.third_along(position, &[1.0]) - third) / sd.powi(3),
            moments.log_evidence[position] - evidence,
        ];
        for (worst, error) in worst.iter_mut().zip(errors) {
            *worst = worst.max(error.abs());
        }
    }
    assert!(worst[0] < 0.001, "means off by up to {} posterior sd", worst[0]);
    assert!(worst[1] < 0.001, "sds off by a share of up to {}", worst[1]);
    assert!(worst[2] < 0.005, "skewness off by up to {}", worst[2]);
    assert!(worst[3] < 0.001, "log evidence off by up to {}", worst[3]);
}

#[test]
fn graded_posteriors_match_integration() {
    compare(ItemKind::Graded, 4, Link::Logit);
    compare(ItemKind::Graded, 3, Link::Probit);
}

#[test]
fn binary_logit_posteriors_match_integration() {
    compare(ItemKind::Nominal, 2, Link::Logit);
}

#[test]
fn binary_probit_posteriors_match_integration() {
    compare(ItemKind::Nominal, 2, Link::Probit);
}

#[test]
fn nominal_posteriors_match_integration() {
    compare(ItemKind::Nominal, 4, Link::Logit);
}

#[test]
fn the_network_alone_gives_its_own_moments() {
    for_each_backend(|backend| {
        let (_, responses) = simulated(60, 12, 2, 2);
        let fitted = fit(&responses, &quick(2), &Silent).expect("fit");
        let scoring = Scoring {
            refine: false,
            ..scoring(backend)
        };
        let scored = score(
            &fitted.model,
            &responses,
            &fitted.respondents,
            &scoring,
            1,
            &Silent,
        )
        .expect("scores")
        .moments;
        assert!(scored.pareto_k.iter().all(|k| k.is_nan()));
        assert!(scored.covariance(0)[0] > 0.0);
        assert_eq!(scored.third_along(0, &[1.0, 1.0]), 0.0);
    });
}

#[test]
fn a_network_that_is_far_off_does_not_mislead_the_quadrature() {
    for_each_backend(|backend| {
        // 150 items and a network that has hardly been trained: extreme patterns lie many of its standard deviations away.
        for n_dims in [1, 2] {
            let (_, responses) = simulated(400, 150, n_dims, 2);
            let mut settings = quick(n_dims);
            settings.training.max_epochs = 1;
            let fitted = fit(&responses, &settings, &Silent).expect("fit");
            let catalogue = responses.catalogue();
            // Everybody's answer that points along the first axis.
            let options: Vec<u32> = (0..catalogue.n_items())
                .map(|item| {
                    let slope = fitted.model.items.row(catalogue.rows_of(item).start)[0];
                    catalogue.options_of(item).start as u32 + u32::from(slope > 0.0)
                })
                .collect();
            let offsets = vec![0, options.len() as u64];
            let extreme = Responses::new(catalogue.clone(), offsets, &options).expect("valid");
            let scored = score(&fitted.model, &extreme, &[0], &scoring(backend), 1, &Silent)
                .expect("scores")
                .moments;
            assert!(scored.pareto_k[0].is_nan(), "the grid fits");
            if n_dims == 1 {
                let [mean, variance, ..] = integrate(&fitted.model, &extreme, 0);
                let sd = variance.sqrt();
                assert!(
                    (scored.mean(0)[0] - mean).abs() < 0.01 * sd,
                    "mean {} for {mean}",
                    scored.mean(0)[0]
                );
                assert!((scored.covariance(0)[0].sqrt() / sd - 1.0).abs() < 0.01);
            } else {
                assert!(scored.mean(0)[0] > 2.5, "mean {}", scored.mean(0)[0]);
            }
        }
    });
}

#[test]
fn predictions_average_over_the_posterior() {
    for_each_backend(|backend| {
        // What is asked are items 6 to 11; the first respondent answered none of the others.
        for n_options in [2, 3] {
            let (_, responses) = simulated(40, 12, 1, n_options);
            let settings = quick(1).with(|settings| {
                settings.training.max_epochs = 100;
            });
            let model = fit(&responses, &settings, &Silent).expect("fit").model;
            let catalogue = responses.catalogue();
            let half = |later: bool| {
                let (mut offsets, mut options, mut row) = (vec![0], Vec::new(), Vec::new());
                for respondent in 0..responses.n_respondents() {
                    row.clear();
                    responses.copy_row(respondent, &mut row);
                    let of_half = |&o: &u32| (catalogue.item_of(o as usize) >= 6) == later;
                    if later || respondent > 0 {
                        options.extend(row.iter().copied().filter(of_half));
                    }
                    offsets.push(options.len() as u64);
                }
                Responses::new(catalogue.clone(), offsets, &options).expect("valid")
            };
            let (given, asked) = (half(false), half(true));
            let found = predictive(
                &model,
                &known_items(&model),
                &Given {
                    responses: &given,
                    ideal_points: None,
                },
                &asked,
                &scoring(backend),
                1,
                &Silent,
            )
            .expect("predictions");
            let mut log_probabilities = found.log_probabilities.iter().zip(&found.correct);
            let (mut row, mut probabilities) = (Vec::new(), Vec::new());
            let mut n_correct = 0;
            for respondent in 0..asked.n_respondents() {
                let density = joint_density(&model, &given, respondent);
                let total: f64 = density.iter().sum();
                let [mean, variance, ..] = integrate(&model, &given, respondent);
                let normal = |x: f64| (-0.5 * (x - mean).powi(2) / variance).exp();
                let total_normal: f64 = grid().map(normal).sum();
                row.clear();
                asked.copy_row(respondent, &mut row);
                for &option in &row {
                    let item = catalogue.item_of(option as usize);
                    let mut shares = vec![0.0; catalogue.options_of(item).len()];
                    let mut of_normal = shares.clone();
                    for (x, d) in grid().zip(&density) {
                        probabilities_at(&model, item, x, &mut probabilities);
                        let terms = shares.iter_mut().zip(&mut of_normal).zip(&probabilities);
                        terms.for_each(|((share, of_normal), p)| {
                            *share += p * d / total;
                            *of_normal += p * normal(x) / total_normal;
                        });
                    }
                    let chosen = option as usize - catalogue.options_of(item).start;
                    let (log_probability, &correct) =
                        log_probabilities.next().expect("one for every response");
                    // The rule integrates over the normal distribution with the posterior's moments.
                    let found = log_probability.exp();
                    for (expected, tolerance) in [(of_normal[chosen], 0.005), (shares[chosen], 0.03)] {
                        assert!((found - expected).abs() < tolerance, "{found} for {expected}");
                    }
                    let others = shares.iter().enumerate().filter(|&(c, _)| c != chosen);
                    let best_other = others.map(|(_, p)| *p).fold(0.0, f64::max);
                    if (shares[chosen] - best_other).abs() > 0.06 {
                        assert_eq!(correct, shares[chosen] > best_other);
                    }
                    n_correct += usize::from(correct);
                }
            }
            assert!(log_probabilities.next().is_none());
            assert!(n_correct > found.correct.len() / 2);
        }
    });
}

/// Items of which everything is known.
fn known_items(model: &Model) -> ItemUncertainty {
    let (n_rows, width) = (model.items.n_rows(), model.items.width());
    ItemUncertainty {
        covariances: vec![0.0; n_rows * packed_length(width)],
        location_scale: LocationScale {
            means: vec![0.0; width - 1],
            sds: vec![1.0; width - 1],
        },
    }
}

#[test]
fn predictions_need_the_items_of_the_model() {
    let (_, responses) = simulated(40, 12, 1, 2);
    let (_, others) = simulated(40, 11, 1, 2);
    let model = fit(&responses, &quick(1), &Silent).expect("fit").model;
    let found = predictive(
        &model,
        &known_items(&model),
        &Given {
            responses: &responses,
            ideal_points: None,
        },
        &others,
        &scoring(&Backend::Kernels),
        1,
        &Silent,
    );
    assert!(matches!(found, Err(Error::Responses(_))));
}

#[test]
fn draws_have_the_reported_moments() {
    for_each_backend(|backend| {
        const N_DRAWS: usize = 2_000;
        let (_, responses) = simulated(50, 20, 2, 2);
        let settings = quick(2).with(|settings| {
            settings.training.max_epochs = 100;
            settings.run.backend = backend.clone();
        });
        let model = fit(&responses, &settings, &Silent).expect("fit").model;
        let refit = {
            let settings = settings.check().expect("valid settings");
            Refit::new(
                model,
                Axes::Kept(Gauge::Principal),
                &responses,
                None,
                &settings,
                &Silent,
            )
            .expect("scores")
        };
        let draws = refit.draws(&responses, N_DRAWS, &Silent).expect("draws");
        let again = refit.draws(&responses, N_DRAWS, &Silent).expect("draws");
        assert_eq!(draws, again);
        let RefitResults {
            model,
            moments,
            uncertainty,
        } = refit.results(&responses, &Silent).expect("results");
        let n_columns = 2 * responses.n_respondents();
        assert_eq!(draws.len(), N_DRAWS * n_columns);
        for respondent in 0..responses.n_respondents() {
            let center = model.map.point(moments.mean(respondent));
            for d in 0..2 {
                let column = draws.iter().skip(2 * respondent + d).step_by(n_columns);
                let mean = column.clone().sum::<f64>() / N_DRAWS as f64;
                let variance = column.map(|x| (x - mean).powi(2)).sum::<f64>() / N_DRAWS as f64;
                // The lower triangle of each respondent's covariance.
                let reported = uncertainty.respondents.prior[3 * respondent + 2 * d];
                let sd = reported.sqrt();
                assert!(
                    (mean - center[d]).abs() < 0.12 * sd,
                    "mean {mean} for {}",
                    center[d]
                );
                assert!(
                    (variance.sqrt() / sd - 1.0).abs() < 0.12,
                    "sd {} for {sd}",
                    variance.sqrt()
                );
            }
        }
    });
}

#[test]
fn respondents_without_responses_have_the_prior() {
    for_each_backend(|backend| {
        for n_dims in [1, 3] {
            let (_, responses) = simulated(40, 12, n_dims, 2);
            let model = fit(&responses, &quick(n_dims), &Silent).expect("fit").model;
            let silent =
                Responses::new(responses.catalogue().clone(), vec![0, 0, 2], &[0, 3]).expect("valid");
            for who in [vec![0], vec![0, 1]] {
                let scored = score(&model, &silent, &who, &scoring(backend), 1, &Silent)
                    .expect("scores")
                    .moments;
                for d in 0..n_dims {
                    assert!(scored.mean(0)[d].abs() < 0.02);
                    let variance = scored.covariance(0)[d * (d + 3) / 2];
                    assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
                }
            }
        }
    });
}
