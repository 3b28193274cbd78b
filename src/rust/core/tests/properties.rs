//! What has to hold whatever the data: extreme numbers stay finite, and what is arranged in another way gives the same result.
//!
//! What is exact and what is not: scores with given items are the same to the last bit whatever the order of the respondents,
//! and do not depend on who else is there; files in parts are one file. The noise of training is keyed by the number of the
//! respondent and the starting values by the numbers of the options, so that a fit of data in another order ends elsewhere
//! within what the last steps leave: a fiftieth of a standard error on average. An added respondent without a response changes
//! nothing at all at the end of the data.

mod common;

use common::{fit, for_each_backend, quick, simulated};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use vae_irt_core::{
    AffineMap, Backend, Codec, Encoder, Epoch, Error, Fit, IdColumn, ItemCatalogue, ItemKind, Link, Model,
    ModelShape, Moments, Monitor, ParquetColumns, Part, Responses, Scoring, Settings, Silent,
    SimulationDesign, Table, WrittenColumn, log_probability, math, option_probabilities, read_parquet, score,
    simulate, starting_network, write_parquet,
};

/// How far estimates of the same data in another order may be from each other, in posterior standard deviations.
const CLOSE: f64 = 0.1;

/// Everybody's chosen options, by item; nothing where a response is missing.
type Rows = Vec<Vec<Option<u32>>>;

fn stored(counts: &[u32], rows: &Rows) -> Responses<'static> {
    let catalogue = ItemCatalogue::new(counts).expect("valid catalogue");
    let mut offsets = vec![0u64];
    let mut options = Vec::new();
    for row in rows {
        let ids = row.iter().enumerate();
        options.extend(ids.filter_map(|(item, c)| c.map(|c| catalogue.options_of(item).start as u32 + c)));
        offsets.push(options.len() as u64);
    }
    Responses::new(catalogue, offsets, &options).expect("valid responses")
}

/// Simulated responses as rows.
fn rows(n_respondents: usize, n_items: usize, n_dims: usize) -> Rows {
    let (truth, _) = simulated(n_respondents, n_items, n_dims, 2);
    truth.chosen.chunks(n_items).map(<[_]>::to_vec).collect()
}

/// The estimates on the reported scale by respondent, and their posterior standard deviations, in one dimension.
fn estimates(fit: &Fit) -> Vec<(f64, f64)> {
    let map = &fit.model.map;
    (0..fit.respondents.len())
        .map(|position| {
            let direction = map.matrix.row(0).to_vec();
            let variance = fit.moments.covariance_along(position, &direction, &direction);
            (map.point(fit.moments.mean(position))[0], variance.sqrt())
        })
        .collect()
}

fn assert_close(ours: &[(f64, f64)], theirs: &[(f64, f64)], what: &str) {
    assert_eq!(ours.len(), theirs.len());
    for (place, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let distance = (a.0 - b.0).abs() / b.1;
        assert!(
            distance < CLOSE,
            "{what}: respondent {place} is {distance} standard deviations away"
        );
        assert!(
            (a.1 / b.1 - 1.0).abs() < CLOSE,
            "{what}: standard deviations {} and {}",
            a.1,
            b.1
        );
    }
}

/// The permutation that sorts random keys.
fn permutation(keys: &[u32], n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| (keys[i % keys.len()].rotate_left(i as u32 / 7), i));
    order
}

fn fitted(counts: &[u32], rows: &Rows) -> Fit {
    fit(&stored(counts, rows), &Settings::new(1), &Silent).expect("a fit")
}

/// Slopes below have the sign of the first respondent's estimate, so that turned axes do not count.
fn oriented(mut estimates: Vec<(f64, f64)>, place: usize) -> Vec<(f64, f64)> {
    let sign = estimates[place].0.signum();
    estimates.iter_mut().for_each(|e| e.0 *= sign);
    estimates
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_respondents_does_not_matter(keys in prop::collection::vec(any::<u32>(), 60)) {
        let data = rows(60, 20, 1);
        let order = permutation(&keys, data.len());
        let shuffled: Rows = order.iter().map(|&i| data[i].clone()).collect();
        let counts = [2; 20];
        let fit = fitted(&counts, &data);
        let direct = estimates(&fit);
        let expected: Vec<_> = order.iter().map(|&i| direct[i]).collect();
        assert_close(&estimates(&fitted(&counts, &shuffled)), &expected, "respondents in another order");

        // With given items, to the last bit.
        for refine in [false, true] {
            let scoring = Scoring { refine, draws: 64, seed: 1, backend: Backend::Kernels };
            let all: Vec<u32> = (0..60).collect();
            let score = |rows: &Rows| score(&fit.model, &stored(&counts, rows), &all, &scoring, 2, &Silent).expect("scores").moments;
            let (direct, permuted) = (score(&data), score(&shuffled));
            for (position, &i) in order.iter().enumerate() {
                prop_assert_eq!(permuted.mean(position), direct.mean(i));
            }
        }
    }

    #[test]
    fn the_order_of_items_does_not_matter(keys in prop::collection::vec(any::<u32>(), 20)) {
        let data = rows(80, 20, 1);
        let order = permutation(&keys, 20);
        let shuffled: Rows = data.iter().map(|row| order.iter().map(|&j| row[j]).collect()).collect();
        let fit = fitted(&[2; 20], &data);
        let again = fitted(&[2; 20], &shuffled);
        // A respondent far from the middle says which way the axis points.
        let direct = estimates(&fit);
        let far = (0..80).max_by(|&a, &b| direct[a].0.abs().total_cmp(&direct[b].0.abs())).expect("somebody");
        assert_close(&oriented(estimates(&again), far), &oriented(direct, far), "items in another order");
        let items = |fit: &Fit| fit.model.map.items(&fit.model.items).expect("items").column(0).to_vec();
        let (ours, theirs) = (items(&again), items(&fit));
        for (place, &j) in order.iter().enumerate() {
            let difference = ours[place].abs() - theirs[j].abs();
            prop_assert!(difference.abs() < 0.05 * theirs[j].abs().max(1.0), "item {}: {} and {}", j, ours[place], theirs[j]);
        }
    }

    #[test]
    fn recoding_yea_as_nay_flips_signs_only(turned in prop::collection::vec(any::<bool>(), 20)) {
        let data = rows(80, 20, 1);
        let recoded: Rows = data
            .iter()
            .map(|row| row.iter().zip(&turned).map(|(c, &turn)| c.map(|c| if turn { 1 - c } else { c })).collect())
            .collect();
        let fit = fitted(&[2; 20], &data);
        let again = fitted(&[2; 20], &recoded);
        let direct = estimates(&fit);
        let far = (0..80).max_by(|&a, &b| direct[a].0.abs().total_cmp(&direct[b].0.abs())).expect("somebody");
        let sign = direct[far].0.signum() * estimates(&again)[far].0.signum();
        assert_close(&oriented(estimates(&again), far), &oriented(direct, far), "yea as nay");
        let items = |fit: &Fit| fit.model.map.items(&fit.model.items).expect("items");
        let (ours, theirs) = (items(&again), items(&fit));
        for (j, &turn) in turned.iter().enumerate() {
            let turn = if turn { -1.0 } else { 1.0 };
            for (column, sign) in [(0, sign * turn), (1, turn)] {
                let (a, b) = (ours[[j, column]], sign * theirs[[j, column]]);
                prop_assert!((a - b).abs() < 0.05 * b.abs().max(1.0), "item {} column {}: {} and {}", j, column, a, b);
            }
        }
    }

    #[test]
    fn files_in_parts_are_one_file(
        cuts in prop::collection::btree_set(1usize..400, 0..5),
        voters in prop::collection::vec(0i32..90, 400),
    ) {
        let folder = std::env::temp_dir().join(format!("vaeirt-parts-{}-{}", std::process::id(), next()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let write = |name: String, range: std::ops::Range<usize>| -> PathBuf {
            let path = folder.join(name);
            let race: Vec<i32> = range.clone().map(|k| (k * 7 % 11) as i32).collect();
            let choice: Vec<i32> = range.clone().map(|k| (k * k % 3) as i32).collect();
            let table = [
                ("voter".to_string(), WrittenColumn::Integers(&voters[range])),
                ("race".to_string(), WrittenColumn::Integers(&race)),
                ("choice".to_string(), WrittenColumn::Integers(&choice)),
            ];
            write_parquet(&path, &table, Codec::Snappy).expect("written");
            path
        };
        let whole = write("whole".into(), 0..400);
        let ends: Vec<usize> = cuts.iter().copied().chain([400]).collect();
        let starts = [0].into_iter().chain(cuts.iter().copied());
        let parts: Vec<PathBuf> = starts
            .zip(&ends)
            .enumerate()
            .map(|(k, (start, &end))| write(format!("part{k}"), start..end))
            .collect();
        let columns = ParquetColumns {
            respondent: vec!["voter".into()],
            item: "race".into(),
            response: "choice".into(),
            weights: None,
        };
        let read = |paths: &[PathBuf]| read_parquet(paths, &columns, 2, &Silent).expect("read");
        let (one, many) = (read(&[whole]), read(&parts));
        std::fs::remove_dir_all(&folder).expect("removed");
        let told = |column: &IdColumn| format!("{column:?}");
        prop_assert_eq!(one.n_rows, many.n_rows);
        prop_assert_eq!(one.respondents.iter().map(told).collect::<Vec<_>>(), many.respondents.iter().map(told).collect::<Vec<_>>());
        prop_assert_eq!(told(&one.items), told(&many.items));
        prop_assert_eq!(told(&one.labels), told(&many.labels));
        prop_assert_eq!(&one.label_of_raw, &many.label_of_raw);
        prop_assert_eq!(one.cells.counts(&Silent).expect("counts"), many.cells.counts(&Silent).expect("counts"));
        let ids: Vec<_> = (0..one.label_of_raw.len() as u32).map(Some).collect();
        prop_assert_eq!(
            one.cells.pack(&ids, ids.len(), 1, &Silent).expect("packed"),
            many.cells.pack(&ids, ids.len(), 2, &Silent).expect("packed")
        );
    }

    /// The log probability of an option and its derivatives, against double precision.
    #[test]
    fn log_probabilities_are_right_at_any_size(
        predictors in prop::collection::vec(prop_oneof![-500.0f32..500.0, Just(-500.0), Just(500.0), -2.0f32..2.0], 1..40),
        at in any::<prop::sample::Index>(),
    ) {
        let chosen = at.index(predictors.len() + 1);
        let mut residuals = predictors.clone();
        let value = f64::from(log_probability(Link::Logit, ItemKind::Nominal, &mut residuals, chosen));
        let all: Vec<f64> = [0.0].into_iter().chain(predictors.iter().map(|&x| f64::from(x))).collect();
        let largest = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = all.iter().map(|x| (x - largest).exp()).sum();
        let expected = all[chosen] - largest - total.ln();
        prop_assert!((value - expected).abs() < 1e-5 * expected.abs().max(1.0), "{} and {}", value, expected);
        for (option, residual) in residuals.iter().enumerate() {
            let probability = (all[option + 1] - largest).exp() / total;
            let expected = f64::from(u8::from(chosen == option + 1)) - probability;
            prop_assert!((f64::from(*residual) - expected).abs() < 1e-5);
        }
        let mut probabilities = Vec::new();
        option_probabilities(Link::Logit, ItemKind::Nominal, &all[1..], &mut probabilities);
        prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    /// The normal distribution function far out: `ln F(x)` is about `-x^2 / 2 - ln(-x) - ln(2 pi) / 2`.
    #[test]
    fn probit_is_right_far_out(x in 40.0f32..500.0) {
        let mut derivative = [-x];
        let value = log_probability(Link::Probit, ItemKind::Nominal, &mut derivative, 1);
        let wide = f64::from(x);
        let expected = -0.5 * wide * wide - wide.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln();
        prop_assert!((f64::from(value) / expected - 1.0).abs() < 1e-3);
        prop_assert!((f64::from(derivative[0]) / wide - 1.0).abs() < 1e-2);
        prop_assert_eq!(log_probability(Link::Probit, ItemKind::Nominal, &mut [x], 1), 0.0);
    }
}

fn next() -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

#[test]
fn a_respondent_without_responses_changes_nothing() {
    let data = rows(60, 20, 1);
    let mut more = data.clone();
    more.push(vec![None; 20]);
    let (fit, again) = (fitted(&[2; 20], &data), fitted(&[2; 20], &more));
    assert_eq!(again.respondents, fit.respondents);
    assert_eq!(again.moments.means, fit.moments.means);
    assert_eq!(
        again.model.to_bytes().expect("bytes"),
        fit.model.to_bytes().expect("bytes")
    );
    assert_eq!(again.uncertainty.items.prior, fit.uncertainty.items.prior);
    // In front of the others the noise of training is another one.
    more.rotate_right(1);
    assert_close(
        &estimates(&fitted(&[2; 20], &more)),
        &estimates(&fit),
        "a respondent in front",
    );
}

#[test]
fn an_item_without_responses_changes_nothing_else() {
    let data = rows(60, 20, 1);
    let mut more = data.clone();
    more.iter_mut().for_each(|row| row.push(None));
    let (fit, again) = (fitted(&[2; 20], &data), fitted(&[2; 21], &more));
    assert_close(&estimates(&again), &estimates(&fit), "an item without responses");
}

/// A model in one dimension whose items have given discriminations and difficulties.
fn model_of(link: Link, items: &[(f32, f32)]) -> Model {
    let catalogue = ItemCatalogue::new(&vec![2; items.len()]).expect("valid catalogue");
    let shape = ModelShape {
        n_dims: 1,
        hidden: 4,
        link,
        catalogue,
    };
    let values = items
        .iter()
        .flat_map(|&(slope, difficulty)| [slope, difficulty])
        .collect();
    Model {
        encoder: Encoder {
            embeddings: Table::new(4, vec![0.1; 4 * 2 * items.len()]),
            network: starting_network(&shape, 1.0, 0.0, 1).expect("a network"),
        },
        items: Table::new(2, values),
        map: AffineMap::identity(1),
        distribution: None,
        estimated_prior: None,
        item_errors: None,
        shape,
    }
}

fn assert_finite(moments: &Moments, what: &str) {
    assert!(
        moments.means.iter().all(|x| x.is_finite()),
        "{what}: a mean is not finite"
    );
    assert!(
        moments.covariances.iter().all(|x| x.is_finite() && *x >= 0.0),
        "{what}: a variance is not one"
    );
}

/// Linear predictors of 500, and posterior standard deviations of a millionth.
#[test]
fn extreme_items_give_finite_scores() {
    for_each_backend(|backend| {
        let parameters = [0.0f32, 1e-6, 1.0, -500.0, 500.0, 1e6];
        let items: Vec<(f32, f32)> = parameters
            .iter()
            .flat_map(|&a| parameters.map(|b| (a, b)))
            .collect();
        for link in [Link::Logit, Link::Probit] {
            for chosen in [0, 1] {
                for &item in &items {
                    let model = model_of(link, &[item, (1.0, 0.0)]);
                    let responses = stored(
                        &[2, 2],
                        &vec![vec![Some(chosen), Some(1)], vec![Some(chosen), None]],
                    );
                    for refine in [false, true] {
                        let scoring = Scoring {
                            refine,
                            draws: 64,
                            seed: 1,
                            backend: backend.clone(),
                        };
                        let moments = score(&model, &responses, &[0, 1], &scoring, 1, &Silent)
                            .expect("scores")
                            .moments;
                        assert_finite(&moments, &format!("{link:?} {item:?} {chosen} {refine}"));
                    }
                }
            }
        }
    });
}

#[test]
fn extreme_priors_give_finite_fits() {
    for_each_backend(|backend| {
        let (_, responses) = simulated(80, 12, 1, 3);
        for sd in [1e-6, 1e6] {
            let settings = quick(1).with(|settings| {
                settings.model.discrimination_sd = sd;
                settings.model.difficulty_sd = sd;
                settings.model.estimates_prior = false;
                settings.run.backend = backend.clone();
            });
            let fitted = fit(&responses, &settings, &Silent).expect("a fit");
            assert_finite(&fitted.moments, &format!("prior SD {sd}"));
            let items = fitted.model.map.items(&fitted.model.items).expect("items");
            assert!(items.iter().all(|x| x.is_finite()));
            if sd < 1.0 {
                // The items are found when the last step is a small one on the scale of the traits.
                assert!(
                    items.iter().all(|x| x.abs() < 0.05),
                    "the prior does not hold the items: {items}"
                );
            }
        }
    });
}

#[test]
fn an_item_may_have_ten_thousand_options() {
    for_each_backend(|backend| {
        let mut data = rows(300, 12, 1);
        for (i, row) in data.iter_mut().enumerate() {
            row.push(Some((i * 7_919 % 10_000) as u32));
        }
        let mut counts = vec![2; 12];
        counts.push(10_000);
        let settings = quick(1).with(|settings| {
            settings.run.backend = backend.clone();
        });
        let fitted = fit(&stored(&counts, &data), &settings, &Silent).expect("a fit");
        assert_finite(&fitted.moments, "10,000 options");
        assert!(fitted.model.items.values().iter().all(|x| x.is_finite()));
        assert_eq!(fitted.model.items.n_rows(), 12 + 9_999);
    });
}

/// Small data that several dimensions more than explain.
#[test]
fn more_dimensions_than_the_data_have_give_finite_numbers() {
    for seed in 1..=3 {
        for (n_respondents, n_items, n_dims) in [(40, 3, 3), (6, 4, 3), (10, 2, 2)] {
            let design = SimulationDesign {
                n_respondents,
                n_items,
                n_dims,
                n_options: 2,
                missing: 0.1,
                kind: ItemKind::Nominal,
            };
            let truth = simulate(&design, seed).expect("valid design");
            let responses = truth.to_responses().expect("valid responses");
            for (max_epochs, hidden) in [(3, 4), (3, 64), (2_000, 64)] {
                let settings = Settings::new(n_dims).with(|settings| {
                    settings.training.max_epochs = max_epochs;
                    settings.model.hidden = hidden;
                });
                match fit(&responses, &settings, &Silent) {
                    Ok(fitted) => assert_finite_in(&fitted.moments, n_dims),
                    Err(error) => {
                        panic!("{design:?} with seed {seed}, {max_epochs} epochs, {hidden}: {error}")
                    }
                }
            }
        }
    }
}

fn assert_finite_in(moments: &Moments, n_dims: usize) {
    assert!(
        moments
            .means
            .iter()
            .chain(&moments.covariances)
            .all(|x| x.is_finite()),
        "{n_dims} dimensions"
    );
}

/// Hears of epochs.
#[derive(Default)]
struct Heard(Mutex<Vec<f64>>);

impl Monitor for Heard {
    fn epoch(&self, epoch: &Epoch) {
        self.0.lock().expect("epochs").push(epoch.bound);
    }

    fn part(&self, _: Part, _: f64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// Training that runs away is an error in the epoch where it does, never a fit of numbers that are none.
#[test]
fn training_that_diverges_names_its_epoch() {
    for_each_backend(|backend| {
        let (_, responses) = simulated(100, 20, 1, 2);
        let mut diverged = 0;
        for learning_rate in [1e2, 1e4, 1e10, 1e20, 1e30, 1e37, 1e300] {
            let settings = Settings::new(1).with(|settings| {
                settings.training.learning_rate = learning_rate;
                settings.training.max_epochs = 30;
                settings.run.backend = backend.clone();
            });
            let heard = Heard::default();
            match fit(&responses, &settings, &heard) {
                Ok(fitted) => {
                    assert_finite(&fitted.moments, &format!("learning rate {learning_rate}"));
                    assert!(fitted.model.items.values().iter().all(|x| x.is_finite()));
                }
                Err(Error::NotFinite { epoch }) => {
                    let bounds = heard.0.into_inner().expect("epochs");
                    assert_eq!(bounds.len(), epoch - 1, "learning rate {learning_rate}");
                    assert!(bounds.iter().all(|bound| bound.is_finite()));
                    diverged += 1;
                }
                Err(other) => panic!("learning rate {learning_rate}: {other}"),
            }
        }
        assert!(diverged > 0, "nothing diverged");
    });
}

/// Exponentials and logarithms where single precision ends.
#[test]
fn exponentials_stay_in_range() {
    for x in [-1e4f32, -500.0, -104.0, -88.0, 0.0, 88.0] {
        let value = math::exp(x);
        assert!(value.is_finite() && value >= 0.0, "exp({x}) is {value}");
    }
    assert!((math::exp(1.0) - std::f32::consts::E).abs() < 1e-6);
}
