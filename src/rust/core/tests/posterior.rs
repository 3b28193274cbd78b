//! Refined posteriors against numerical integration.

mod common;

use common::{quick, simulated};
use vae_irt_core::posterior::{Scoring, score};
use vae_irt_core::train::{Silent, fit};
use vae_irt_core::{Link, Model, Responses, Settings};

/// Mean, variance, third central moment and log evidence of a respondent's posterior in one dimension, on a fine grid.
fn integrate(model: &Model, responses: &Responses, respondent: usize) -> [f64; 4] {
    let mut row = Vec::new();
    responses.copy_row(respondent, &mut row);
    let catalogue = responses.catalogue();
    let step = 0.002;
    let grid: Vec<f64> = (-4_000..=4_000).map(|k| f64::from(k) * step).collect();
    let mut probabilities = Vec::new();
    let density: Vec<f64> = grid
        .iter()
        .map(|&x| {
            let mut log = -0.5 * x * x - 0.5 * (2.0 * std::f64::consts::PI).ln();
            for &option in &row {
                let option = option as usize;
                let item = catalogue.item_of(option);
                let predictors: Vec<f64> = catalogue
                    .rows_of(item)
                    .map(|r| {
                        let parameters = model.items.row(r);
                        f64::from(parameters[0]) * x - f64::from(parameters[1])
                    })
                    .collect();
                model.shape.link.probabilities(&predictors, &mut probabilities);
                log += probabilities[option - catalogue.options_of(item).start].ln();
            }
            log.exp()
        })
        .collect();
    let total: f64 = density.iter().sum();
    let moment = |center: f64, power: i32| -> f64 {
        let terms = grid.iter().zip(&density);
        terms.map(|(x, d)| (x - center).powi(power) * d).sum::<f64>() / total
    };
    let mean = moment(0.0, 1);
    [mean, moment(mean, 2), moment(mean, 3), (total * step).ln()]
}

fn compare(n_options: usize, link: Link) {
    let (_, responses) = simulated(60, 12, 1, n_options);
    let settings = Settings {
        link,
        max_epochs: 200,
        ..quick(1)
    };
    let fitted = fit(&responses, &settings, &Silent).expect("fit");
    let mut worst = [0.0f64; 4];
    for (position, &respondent) in fitted.respondents.iter().enumerate() {
        let [mean, variance, third, evidence] = integrate(&fitted.model, &responses, respondent as usize);
        let moments = &fitted.moments;
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
    assert!(worst[0] < 0.01, "means off by up to {} posterior sd", worst[0]);
    assert!(worst[1] < 0.01, "sds off by a share of up to {}", worst[1]);
    assert!(worst[2] < 0.05, "skewness off by up to {}", worst[2]);
    assert!(worst[3] < 0.01, "log evidence off by up to {}", worst[3]);
}

#[test]
fn binary_logit_posteriors_match_integration() {
    compare(2, Link::Logit);
}

#[test]
fn binary_probit_posteriors_match_integration() {
    compare(2, Link::Probit);
}

#[test]
fn nominal_posteriors_match_integration() {
    compare(4, Link::Logit);
}

#[test]
fn the_network_alone_gives_its_own_moments() {
    let (_, responses) = simulated(60, 12, 2, 2);
    let fitted = fit(&responses, &quick(2), &Silent).expect("fit");
    let scoring = Scoring {
        refine: false,
        draws: 512,
        seed: 1,
    };
    let scored = score(
        &fitted.model,
        &responses,
        &fitted.respondents,
        &scoring,
        1,
        &Silent,
    )
    .expect("scores");
    assert!(scored.pareto_k.iter().all(|k| k.is_nan()));
    assert!(scored.covariance(0)[0] > 0.0);
    assert_eq!(scored.third_along(0, &[1.0, 1.0]), 0.0);
}

#[test]
fn a_network_that_is_far_off_does_not_mislead_the_quadrature() {
    // 150 items and a network that has hardly been trained: extreme patterns lie many of its standard deviations away.
    for n_dims in [1, 2] {
        let (_, responses) = simulated(400, 150, n_dims, 2);
        let mut settings = quick(n_dims);
        settings.max_epochs = 1;
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
        let scoring = Scoring {
            refine: true,
            draws: 512,
            seed: 1,
        };
        let scored = score(&fitted.model, &extreme, &[0], &scoring, 1, &Silent).expect("scores");
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
}
