//! Integrated items against brute force.

use crate::base::linalg::invert;
use crate::base::monitor::Silent;
use crate::integration::estimate::{Estimated, Prior, covariance, estimate};
use crate::integration::item::{Want, What};
use crate::integration::joint::Joint;
use crate::integration::pass::{Items, Pass, priors};
use crate::integration::traits::Traits;
use crate::model::design::jacobian;
use crate::model::item_distribution::ItemDistribution;
use crate::model::link::Link;
use crate::model::table_design::Design;
use crate::responses::batch::Batch;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::item_kind::ItemKind;
use crate::responses::weight_type::WeightType;
use crate::simulate::simulation::{SimulationDesign, simulate};
use ndarray::{Array2, array};

/// Responses, everybody's traits, and the items.
struct Case {
    items: Items,
    catalogue: ItemCatalogue,
    traits: Traits,
}

fn case(design: &SimulationDesign, weights: Option<&[f32]>) -> Case {
    let truth = simulate(design, 3).expect("a design");
    let responses = truth.to_responses().expect("responses");
    let responses = match weights {
        Some(weights) => responses
            .with_weights(weights.to_vec(), WeightType::Frequency)
            .expect("weights"),
        None => responses,
    };
    let everybody: Vec<u32> = (0..design.n_respondents as u32).collect();
    let batch = Batch::new(&responses, &everybody);
    let n_dims = design.n_dims;
    Case {
        items: Items::new(&batch, responses.catalogue(), Link::Logit, n_dims).with_unanimous(),
        catalogue: responses.catalogue().clone(),
        traits: Traits::new(
            Array2::from_shape_fn((design.n_respondents, n_dims), |(i, d)| {
                0.3 * ((i * 7 + d * 3) % 9) as f64 - 1.1
            }),
            &batch.weights().iter().map(|&w| f64::from(w)).collect::<Vec<_>>(),
            WeightType::Frequency,
        ),
    }
}

fn design(n_respondents: usize, n_items: usize, n_dims: usize) -> SimulationDesign {
    SimulationDesign {
        n_respondents,
        n_items,
        n_dims,
        n_options: 2,
        missing: 0.1,
        kind: ItemKind::Nominal,
    }
}

/// Two components, unlike each other.
fn mixture(items: &Items) -> ItemDistribution {
    let mut distribution = ItemDistribution::start(&items.classes, 2.0);
    assert!(distribution.split(&[100; 3][..items.classes.len()]));
    distribution
}

fn pass(case: &Case, distribution: &ItemDistribution, traits: &Traits) -> Pass {
    let mut modes = Estimated::known(&case.items, traits.clone(), distribution.clone()).modes;
    let want = Want::exactly(What::Derivatives);
    let found = case.items.pass(&mut modes, distribution, traits, want, &Silent);
    found.expect("not cancelled").expect("positive definite")
}

#[test]
fn an_item_is_integrated_as_on_a_fine_grid() {
    let case = case(&design(9, 6, 1), None);
    for distribution in [
        ItemDistribution::start(&case.items.classes, 2.0),
        mixture(&case.items),
    ] {
        let densities = distribution.classes[0].densities().expect("spread");
        let all = priors(&distribution).expect("spread");
        let mut modes = Estimated::known(&case.items, case.traits.clone(), distribution.clone()).modes;
        let want = Want::exactly(What::Everything);
        let found = case.items.posteriors(&mut modes, 0, &all, &case.traits, want);
        for (answers, posterior) in case.items.answers.iter().zip(found) {
            let posterior = posterior.expect("positive definite");
            let (mut total, mut first, mut second) = (0.0, [0.0; 2], [[0.0; 2]; 2]);
            const STEP: f64 = 0.1;
            for k in 0..300 * 300 {
                let free = [(k / 300) as f64 * STEP - 15.0, (k % 300) as f64 * STEP - 15.0];
                let prior: f64 = densities.iter().map(|density| density.ln_at(&free).exp()).sum();
                let likelihood: f64 = answers
                    .chosen()
                    .map(|(i, chosen)| {
                        let predictor = free[0] * case.traits.points[[i, 0]] - free[1];
                        let sign = if chosen == 1 { -1.0 } else { 1.0 };
                        1.0 / (1.0 + (sign * predictor).exp())
                    })
                    .product();
                let share = prior * likelihood * STEP * STEP;
                total += share;
                for a in 0..2 {
                    first[a] += share * free[a];
                    for b in 0..2 {
                        second[a][b] += share * free[a] * free[b];
                    }
                }
            }
            assert!((posterior.ln_evidence - total.ln()).abs() < 0.01);
            for a in 0..2 {
                let mean = first[a] / total;
                assert!(
                    (posterior.mean[a] - mean).abs() < 0.02,
                    "{} and {mean}",
                    posterior.mean[a]
                );
                let variance = second[a][a] / total - mean * mean;
                assert!((posterior.covariance[[a, a]] / variance - 1.0).abs() < 0.04);
            }
        }
    }
}

#[test]
fn derivatives_are_those_of_the_log_likelihood() {
    let graded = SimulationDesign {
        n_options: 3,
        kind: ItemKind::Graded,
        ..design(12, 8, 1)
    };
    let nominal = SimulationDesign {
        n_options: 3,
        ..design(12, 8, 1)
    };
    let weights: Vec<f32> = (0..12).map(|i| 0.5 + (i % 3) as f32).collect();
    let cases = [
        (case(&design(12, 8, 1), None), 0.02),
        (case(&design(12, 8, 1), Some(&weights)), 0.02),
        (case(&design(12, 8, 2), None), 0.05),
        (case(&graded, None), 0.05),
        (case(&nominal, None), 0.15),
    ];
    for (case, bound) in cases {
        let distribution = mixture(&case.items);
        let n_dims = case.traits.n_dims();
        let at = |shift: f64, place: usize| {
            let mut traits = case.traits.clone();
            traits.points[[place / n_dims, place % n_dims]] += shift;
            pass(&case, &distribution, &traits)
        };
        let here = at(0.0, 0);
        const STEP: f64 = 0.05;
        for place in [0, 3, 5 * n_dims] {
            let (above, below) = (at(STEP, place), at(-STEP, place));
            let slope = (above.value - below.value) / (2.0 * STEP);
            assert!(
                (slope - here.gradient[place]).abs() < bound,
                "{slope} and {}",
                here.gradient[place]
            );
            for other in 0..=place {
                let expected = (below.gradient[other] - above.gradient[other]) / (2.0 * STEP);
                let own = if place / n_dims == other / n_dims {
                    here.blocks[place * n_dims + other % n_dims]
                } else {
                    0.0
                };
                let found = own - here.shared[[place, other]];
                assert!(
                    (found - expected).abs() < 3.0 * bound,
                    "{place}, {other}: {found} and {expected}"
                );
            }
        }
    }
}

#[test]
fn traits_are_found_and_their_errors_are_those_of_draws() {
    for n_dims in [1, 2] {
        let case = case(&design(20, 120, n_dims), None);
        let found = estimate(&case.items, case.traits.clone(), Prior::Estimated, &Silent);
        let mut found = found.expect("not cancelled").expect("positive definite");
        assert!(found.converged);
        assert_eq!(found.distribution.classes[0].components.len(), 2);
        let at = pass(&case, &found.distribution, &found.traits);
        let known = covariance(&found.traits, &at, &Silent).expect("not cancelled");
        let known = known.expect("positive definite");
        let design = Design::new(&case.catalogue, n_dims + 1);
        let joint = Joint::new(&case.items, &mut found, &design, &Silent).expect("not cancelled");
        let joint = joint.expect("positive definite");
        for (i, inner) in joint.inner.iter().enumerate() {
            for d in 0..n_dims {
                let whole = known[[i * n_dims + d, i * n_dims + d]];
                assert!(inner[[d, d]] > 0.0 && inner[[d, d]] <= 1.001 * whole);
            }
        }
        assert_eq!(joint.table(&case.items).n_rows(), 120);
    }
}

#[test]
fn a_map_of_the_traits_takes_the_distribution_along() {
    // The rule of degree 5 for three parameters depends a little on the axes.
    let maps = [
        (array![[1.3]], array![0.3], 2e-3),
        (array![[1.3, 0.2], [0.2, 0.8]], array![0.3, -0.4], 0.1),
    ];
    for (matrix, shift, bound) in maps {
        let case = case(&design(12, 8, shift.len()), None);
        let distribution = mixture(&case.items);
        let before = pass(&case, &distribution, &case.traits).value;
        let inverse = invert(matrix.view()).expect("positive definite");
        let moved = Traits {
            points: (&case.traits.points - &shift).dot(&matrix),
            ..case.traits.clone()
        };
        let after = pass(&case, &distribution.moved(&jacobian(&inverse, &shift)), &moved).value;
        assert!((before - after).abs() < bound, "{before} and {after}");
    }
}
