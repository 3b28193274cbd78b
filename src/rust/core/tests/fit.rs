//! Fitting from end to end.

mod common;

use common::{correlation, fit, for_each_backend, quick, simulated, simulated_items, slope};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use vae_irt_core::{
    Backend, Epoch, Error, ItemCatalogue, ItemKind, Link, Model, Monitor, Part, Responses, Scoring, Settings,
    Silent, SimulationDesign, score, simulate,
};

/// Quick settings for a backend.
fn on(backend: &Backend, n_dims: usize) -> Settings {
    quick(n_dims).with(|settings| {
        settings.run.backend = backend.clone();
    })
}

#[test]
fn the_truth_is_recovered() {
    for_each_backend(|backend| {
        let (truth, responses) = simulated(2_000, 50, 1, 2);
        let settings = Settings::new(1).with(|settings| {
            settings.run.threads = 2;
            settings.run.backend = backend.clone();
        });
        let fitted = fit(&responses, &settings, &Silent).expect("fit");
        assert!(fitted.converged);
        let map = &fitted.model.map;
        let estimates: Vec<f64> = (0..2_000).map(|i| map.point(fitted.moments.mean(i))[0]).collect();
        let sign = correlation(&estimates, &truth.traits).signum();
        assert!(sign * correlation(&estimates, &truth.traits) > 0.92);
        let items = map.items(&fitted.model.items).expect("items");
        let true_slopes: Vec<f64> = truth.items.chunks(2).map(|row| sign * row[0]).collect();
        let slopes = items.column(0).to_vec();
        let ratio = slope(&true_slopes, &slopes);
        assert!((0.95..1.05).contains(&ratio), "slope {ratio}");
        let statistics = fitted.statistics;
        assert_eq!(statistics.n_responses, responses.n_responses() as f64);
        assert!(statistics.classification() > 0.7 && statistics.apre() > 0.2);
        // Quadrature has no weights to judge.
        assert!(fitted.moments.pareto_k.iter().all(|k| k.is_nan()));
    });
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for_each_backend(|backend| {
        let (_, responses) = simulated(700, 20, 2, 3);
        let results: Vec<(Vec<u8>, Vec<f64>, Vec<u64>)> = [1, 2, 5]
            .into_iter()
            .map(|threads| {
                let settings = quick(2).with(|settings| {
                    settings.run.threads = threads;
                    settings.run.backend = backend.clone();
                });
                let fitted = fit(&responses, &settings, &Silent).expect("fit");
                let bytes = fitted.model.to_bytes().expect("bytes");
                let errors = [
                    fitted.uncertainty.items.prior,
                    fitted.uncertainty.respondents.normalised,
                ]
                .concat();
                // As bits, since an item without information has NaN.
                let errors = errors.into_iter().map(f64::to_bits).collect();
                (bytes, fitted.moments.means, errors)
            })
            .collect();
        assert!(results[0] == results[1], "2 threads differ from 1");
        assert!(results[0] == results[2], "5 threads differ from 1");
    });
}

#[test]
fn another_seed_gives_other_numbers() {
    for_each_backend(|backend| {
        let (_, responses) = simulated(100, 20, 1, 2);
        let means = |seed| {
            let settings = quick(1).with(|settings| {
                settings.run.seed = seed;
                settings.run.backend = backend.clone();
            });
            fit(&responses, &settings, &Silent).expect("fit").moments.means
        };
        let first = means(1);
        assert!(first == means(1) && first != means(2));
    });
}

struct StopsAfter {
    epochs: AtomicUsize,
    parts: Mutex<Vec<Part>>,
    limit: usize,
}

impl StopsAfter {
    fn new(limit: usize) -> Self {
        Self {
            epochs: AtomicUsize::new(0),
            parts: Mutex::default(),
            limit,
        }
    }
}

impl Monitor for StopsAfter {
    fn epoch(&self, epoch: &Epoch) {
        assert!((0.0..=1.0).contains(&epoch.progress));
        self.epochs.fetch_add(1, Ordering::Relaxed);
    }

    fn part(&self, part: Part, share: f64) {
        assert!((0.0..=1.0).contains(&share));
        self.parts.lock().expect("parts").push(part);
    }

    fn cancelled(&self) -> bool {
        self.epochs.load(Ordering::Relaxed) >= self.limit
    }
}

#[test]
fn a_monitor_can_stop_the_fit() {
    for_each_backend(|backend| {
        for n_dims in 1..=2 {
            let (_, responses) = simulated(100, 20, n_dims, 2);
            let monitor = StopsAfter::new(2);
            let stopped = fit(&responses, &on(backend, n_dims), &monitor);
            assert!(matches!(stopped, Err(Error::Cancelled)));
            assert_eq!(monitor.epochs.load(Ordering::Relaxed), 2);
            // In one dimension the items are found before the training.
            let parts = monitor.parts.lock().expect("parts");
            assert_eq!(parts.contains(&Part::Items), n_dims == 1);
            assert!(n_dims == 1 || parts.is_empty());
        }
    });
}

#[test]
fn a_monitor_hears_of_all_parts() {
    for_each_backend(|backend| {
        let (_, responses) = simulated(100, 20, 1, 2);
        let monitor = StopsAfter::new(usize::MAX);
        fit(&responses, &on(backend, 1), &monitor).expect("fit");
        assert_eq!(monitor.epochs.load(Ordering::Relaxed), 4);
        let parts = monitor.parts.into_inner().expect("parts");
        for part in [Part::Posteriors, Part::Information, Part::StandardErrors] {
            assert!(parts.contains(&part), "{}", part.name());
        }
    });
}

#[test]
fn a_stored_model_scores_like_the_fit() {
    for_each_backend(|backend| {
        let (_, responses) = simulated(120, 15, 3, 3);
        let fitted = fit(&responses, &on(backend, 3), &Silent).expect("fit");
        assert!(fitted.moments.pareto_k.iter().all(|&k| k < 0.7));
        let bytes = fitted.model.to_bytes().expect("bytes");
        let model = Model::from_bytes(&bytes).expect("a model");
        assert_eq!(model.map, fitted.model.map);
        let scoring = Scoring {
            refine: true,
            draws: fitted.draws,
            seed: 1,
            backend: backend.clone(),
        };
        let scored = score(&model, &responses, &fitted.respondents, &scoring, 1, &Silent)
            .expect("scores")
            .moments;
        assert!(scored.means == fitted.moments.means);
        assert!(scored.pareto_k == fitted.moments.pareto_k);

        // A respondent's score does not depend on who else is scored; sums on a device are rounded in another order.
        let alone = score(&model, &responses, &[17], &scoring, 1, &Silent)
            .expect("scores")
            .moments;
        for (a, b) in alone.mean(0).iter().zip(scored.mean(17)) {
            let tolerance = if matches!(backend, Backend::Kernels) {
                0.0
            } else {
                1e-4
            };
            assert!((a - b).abs() <= tolerance, "{a} alone, {b} among others");
        }

        for end in [0, 7, 100, bytes.len() - 1] {
            assert!(Model::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
        }
    });
}

#[test]
fn polarity_turns_the_axis() {
    for_each_backend(|backend| {
        let (_, responses) = simulated(100, 20, 1, 2);
        for respondent in [3, 4, 5, 6] {
            let settings = quick(1).with(|settings| {
                settings.model.polarity = Some(vec![respondent]);
                settings.run.backend = backend.clone();
            });
            let fitted = fit(&responses, &settings, &Silent).expect("fit");
            let position = fitted.respondents.binary_search(&respondent).expect("answered");
            assert!(fitted.model.map.point(fitted.moments.mean(position))[0] >= 0.0);
        }
    });
}

#[test]
fn what_cannot_be_fitted_is_an_error() {
    let catalogue = ItemCatalogue::new(&[3, 2]).expect("valid catalogue");
    let one = Responses::new(catalogue.clone(), vec![0, 1, 1], &[1]).expect("valid responses");
    assert!(matches!(fit(&one, &quick(1), &Silent), Err(Error::Responses(_))));
    let two = Responses::new(catalogue, vec![0, 1, 2], &[1, 0]).expect("valid responses");
    let probit = quick(1).with(|settings| {
        settings.model.link = Link::Probit;
    });
    assert!(matches!(
        fit(&two, &probit, &Silent),
        Err(Error::Setting { name: "link", .. })
    ));
}

#[test]
fn other_items_are_refused_by_a_model() {
    let (_, responses) = simulated(60, 10, 1, 2);
    let (_, others) = simulated(60, 11, 1, 2);
    let model = fit(&responses, &quick(1), &Silent).expect("fit").model;
    let scoring = Scoring {
        refine: false,
        draws: 512,
        seed: 1,
        backend: Backend::Kernels,
    };
    assert!(matches!(
        score(&model, &others, &[0], &scoring, 1, &Silent),
        Err(Error::Responses(_))
    ));
}

/// A sample of rows says what all rows say about the precision of the items.
#[test]
fn standard_errors_without_estimates_are_those_of_all_respondents() {
    let (_, responses) = simulated(120_000, 8, 1, 2);
    let settings = Settings::new(1).with(|settings| {
        settings.training.max_epochs = 2;
        settings.scoring.refine = false;
    });
    let all = fit(&responses, &settings, &Silent).expect("fit");
    let sampled = fit(
        &responses,
        &settings.with(|settings| {
            settings.scoring.estimates = false;
        }),
        &Silent,
    )
    .expect("fit");
    assert!(sampled.respondents.len() <= 100_000);
    assert_eq!(all.model.items, sampled.model.items);
    let variances = all.uncertainty.items.prior.iter();
    for (a, b) in variances.zip(&sampled.uncertainty.items.prior) {
        assert!((a / b - 1.0).abs() < 0.2, "variances {a} and {b}");
    }
    assert!((all.statistics.classification() - sampled.statistics.classification()).abs() < 0.01);
}

/// Respondents who vote strictly by party have one dimension, whatever is asked for.
#[test]
fn data_with_fewer_dimensions_can_be_fitted() {
    for_each_backend(|backend| {
        let catalogue = ItemCatalogue::new(&[2; 20]).expect("valid catalogue");
        let mut offsets = vec![0u64];
        let mut options = Vec::new();
        for respondent in 0..100u32 {
            options.extend((0..20).map(|item| 2 * item + respondent % 2));
            offsets.push(options.len() as u64);
        }
        let responses = Responses::new(catalogue, offsets, &options).expect("valid responses");
        let fitted = fit(&responses, &on(backend, 2), &Silent).expect("fit");
        assert!(fitted.moments.means.iter().all(|x| x.is_finite()));
    });
}

/// Many respondents with few patterns, one of them very frequent.
#[test]
fn frequent_patterns_do_not_bias_the_items() {
    let design = SimulationDesign {
        n_respondents: 30_000,
        n_items: 12,
        n_dims: 1,
        n_options: 2,
        missing: 0.0,
        kind: ItemKind::Nominal,
    };
    let truth = simulate(&design, 7).expect("valid design");
    let responses = truth.to_responses().expect("valid responses");
    let fitted = fit(&responses, &Settings::new(1), &Silent).expect("fit");
    let map = &fitted.model.map;
    let slopes = map.items(&fitted.model.items).expect("items").column(0).to_vec();
    let true_slopes: Vec<f64> = truth.items.chunks(2).map(|row| row[0]).collect();
    let ratio = slope(&true_slopes, &slopes).abs();
    assert!((0.95..1.05).contains(&ratio), "slope {ratio}");
}

/// The same fit, up to the rounding of sums.
#[test]
fn all_backends_give_the_same_estimates() {
    for (kind, n_dims, n_options, link) in [
        (ItemKind::Nominal, 1, 2, Link::Probit),
        (ItemKind::Nominal, 2, 3, Link::Logit),
        (ItemKind::Nominal, 3, 2, Link::Logit),
        (ItemKind::Graded, 1, 4, Link::Logit),
        (ItemKind::Graded, 2, 3, Link::Probit),
    ] {
        let (_, responses) = simulated_items(kind, [300, 30, n_dims, n_options]);
        let estimates = |backend: &Backend| {
            let settings = on(backend, n_dims).with(|settings| {
                settings.model.link = link;
                settings.training.max_epochs = 60;
            });
            let fitted = fit(&responses, &settings, &Silent).expect("fit");
            let map = &fitted.model.map;
            let points: Vec<f64> = (0..300).flat_map(|i| map.point(fitted.moments.mean(i))).collect();
            let items = map.items(&fitted.model.items).expect("items");
            (points, items.into_iter().collect::<Vec<f64>>())
        };
        let expected = estimates(&Backend::Kernels);
        for_each_backend(|backend| {
            let found = estimates(backend);
            assert!(correlation(&found.0, &expected.0) > 0.9999);
            assert!(correlation(&found.1, &expected.1) > 0.9999);
            for (a, b) in found.0.iter().zip(&expected.0) {
                assert!((a - b).abs() < 0.02, "{a} for {b}");
            }
        });
    }
}
