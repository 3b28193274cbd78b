//! The information against numerical derivatives of the marginal likelihood.

use super::*;
use crate::base::backend::Backend;
use crate::base::monitor::Silent;
use crate::fit::run::fit;
use crate::information::covariance::Conditions;
use crate::information::gauge::Gauge;
use crate::model::link::Link;
use crate::model::tangents::affine_tangents;
use crate::posterior::aggregate::aggregate;
use crate::posterior::expect::{expect, moments};
use crate::posterior::moments::Moments;
use crate::posterior::scoring::{Expected, Scored, Scoring, Wanted};
use crate::responses::item_kind::ItemKind;
use crate::responses::store::Responses;
use crate::responses::weight_type::WeightType;
use crate::simulate::simulation::{SimulationDesign, simulate};

const SCORING: Scoring = Scoring {
    refine: true,
    draws: 512,
    seed: 1,
    backend: Backend::Kernels,
};

/// A model with the responses that it was fitted to.
struct Fitted {
    model: Model,
    responses: Responses<'static>,
    settings: Settings,
}

/// The information at the items of a model, and the moments of all respondents.
struct Informed {
    information: Information,
    moments: Moments,
}

/// A small fit.
fn fitted(link: Link, kind: ItemKind, n_options: usize) -> Fitted {
    let design = SimulationDesign {
        n_respondents: 300,
        n_items: 15,
        n_dims: 1,
        n_options,
        missing: 0.1,
        kind,
    };
    let settings = Settings::new(1).with(|settings| {
        settings.model.link = link;
        settings.model.estimates_prior = false;
    });
    fitted_to(&design, 5, settings)
}

fn given_prior(n_dims: usize) -> Settings {
    Settings::new(n_dims).with(|settings| settings.model.estimates_prior = false)
}

/// A fit to simulated responses.
fn fitted_to(design: &SimulationDesign, seed: u64, settings: Settings) -> Fitted {
    let simulated = simulate(design, seed).expect("simulation");
    let responses = simulated.to_responses().expect("responses");
    let checked = settings.clone().check().expect("valid settings");
    let model = fit(&responses, &checked, &Silent).expect("fit").model;
    Fitted {
        model,
        responses,
        settings,
    }
}

/// All respondents with their posteriors.
struct Everybody {
    respondents: Vec<u32>,
    weights: Vec<f64>,
    moments: Moments,
}

impl Everybody {
    fn new(model: &Model, responses: &Responses) -> Self {
        let respondents = responses.respondents_with_responses();
        let moments = moments(model, responses, &respondents, &SCORING, &Silent).expect("moments");
        Self {
            weights: vec![1.0; respondents.len()],
            respondents,
            moments,
        }
    }

    fn calibration<'a>(&'a self, model: &'a Model, responses: &'a Responses) -> Calibration<'a> {
        Calibration {
            model,
            responses,
            scored: Scored {
                respondents: &self.respondents,
                weights: &self.weights,
                moments: &self.moments,
            },
        }
    }
}

fn informed(model: &Model, responses: &Responses, settings: &Settings) -> Informed {
    let everybody = Everybody::new(model, responses);
    let calibration = everybody.calibration(model, responses);
    let information = Information::new(calibration, settings, &Silent).expect("information");
    Informed {
        information,
        moments: everybody.moments,
    }
}

fn joint(information: &Information) -> &Joint {
    match &information.between {
        Some(BetweenItems::Matrix(joint)) => joint,
        _ => panic!("few parameters"),
    }
}

/// The log marginal likelihood at the items of a model.
struct Likelihood {
    value: f64,
    gradient: Vec<f64>,
}

fn likelihood(model: &Model, responses: &Responses) -> Likelihood {
    let everybody = responses.respondents_with_responses();
    let wanted = Wanted {
        model,
        responses,
        respondents: &everybody,
        weights: Some(&vec![1.0; everybody.len()]),
        scoring: &SCORING,
        repeats: true,
    };
    let Expected { moments, score } = expect(&wanted, &Silent).expect("moments");
    Likelihood {
        value: moments.log_evidence.iter().sum(),
        gradient: model.design().contract_values(score).to_vec(),
    }
}

/// A model with another value of a free parameter of its items.
fn moved(model: &Model, parameter: usize, by: f32) -> Model {
    let mut step = Array1::zeros(model.design().n_free());
    step[parameter] = f64::from(by);
    let items = model.design().advanced(&model.items, &step);
    Model {
        items,
        ..model.clone()
    }
}

#[test]
fn the_score_is_the_derivative_and_the_information_that_of_the_score() {
    for (link, kind, n_options) in [
        (Link::Logit, ItemKind::Nominal, 2),
        (Link::Probit, ItemKind::Nominal, 2),
        (Link::Logit, ItemKind::Nominal, 3),
        (Link::Logit, ItemKind::Graded, 4),
        (Link::Probit, ItemKind::Graded, 3),
    ] {
        let Fitted {
            model,
            responses,
            settings,
        } = fitted(link, kind, n_options);
        let score = likelihood(&model, &responses).gradient;
        let information = informed(&model, &responses, &settings).information;
        let joint = joint(&information);
        let matrix = information.cautious(joint, &|_| 0.0, Affine::Posterior);
        let h = 0.01f32;
        let n = score.len();
        let mut numeric = Array2::<f64>::zeros((n, n));
        for parameter in 0..n {
            let up = likelihood(&moved(&model, parameter, h), &responses);
            let down = likelihood(&moved(&model, parameter, -h), &responses);
            let slope = (up.value - down.value) / f64::from(2.0 * h);
            assert!(
                (slope - score[parameter]).abs() < 0.05,
                "{slope} against {}",
                score[parameter]
            );
            for other in 0..n {
                numeric[[other, parameter]] =
                    -(up.gradient[other] - down.gradient[other]) / f64::from(2.0 * h);
            }
            numeric[[parameter, parameter]] += 0.04;
        }
        // In units of the diagonal.
        for i in 0..n {
            for j in 0..n {
                let unit = (numeric[[i, i]] * numeric[[j, j]]).sqrt();
                let off = (matrix[[i, j]] - numeric[[i, j]]).abs() / unit;
                assert!(off < 0.08, "element {i}, {j} is off by {off}");
            }
        }
    }
}

#[test]
fn location_and_scale_are_known_as_well_as_the_prior_of_the_traits_says() {
    // So many items that the traits are nearly known: then the location is that of 130 normal numbers, and the
    // logarithm of the scale twice as well known.
    for n_dims in [1, 2] {
        let design = SimulationDesign {
            n_respondents: 130,
            n_items: 120,
            n_dims,
            n_options: 2,
            missing: 0.0,
            kind: ItemKind::Nominal,
        };
        let Fitted {
            model,
            responses,
            settings,
        } = fitted_to(&design, 3, given_prior(n_dims));
        let Informed { information, moments } = informed(&model, &responses, &settings);
        let joint = joint(&information);
        let matrix = information.cautious(joint, &|_| 0.0, Affine::Posterior);
        let tangents = affine_tangents(&model.items);
        // The matrix has a ridge along rotations, of which the likelihood knows nothing.
        let rotations = joint.rotations();
        let turned = rotations.dot(&rotations.t().dot(&tangents));
        let outside = &tangents - &turned;
        let known = outside.t().dot(&matrix.dot(&outside));
        let by_population = information.cautious(joint, &|_| 0.0, Affine::Population);
        let by_population = outside.t().dot(&by_population.dot(&outside));
        let (_, covariance) = aggregate(&moments, &vec![1.0; moments.log_evidence.len()]);
        for d in 0..n_dims {
            // The information about the mean of so many normal numbers.
            let expected = 130.0 * invert(covariance.view()).expect("precision")[[d, d]];
            let found = by_population[[d, d]];
            assert!((found / expected - 1.0).abs() < 0.1, "{found} against {expected}");
        }
        for (k, tangent) in tangents.columns().into_iter().enumerate() {
            let h = 1e-2;
            let along = |by: f64| {
                let mut model = model.clone();
                let width = model.items.width();
                for (i, t) in tangent.iter().enumerate() {
                    model.items.row_mut(i / width)[i % width] += (by * t) as f32;
                }
                Array1::from(likelihood(&model, &responses).gradient).dot(&tangent)
            };
            let prior: f64 = tangent.iter().map(|t| t * t / 25.0).sum();
            let numeric = (along(-h) - along(h)) / (2.0 * h) + prior;
            assert!(
                (known[[k, k]] / numeric - 1.0).abs() < 0.05,
                "tangent {k} in {n_dims} dimensions: {} against {numeric}",
                known[[k, k]]
            );
        }
    }
}

#[test]
fn the_items_of_a_fit_are_at_the_maximum() {
    for (kind, n_options) in [(ItemKind::Nominal, 2), (ItemKind::Graded, 4)] {
        let Fitted { model, responses, .. } = fitted(Link::Logit, kind, n_options);
        let score = likelihood(&model, &responses).gradient;
        for (slope, value) in score.iter().zip(model.design().free_values(&model.items)) {
            // The prior pulls by value / 25; a standard error is at least .1 here.
            let pull = slope - value / 25.0;
            assert!(pull.abs() < 0.5, "gradient {pull}");
        }
        assert_eq!(model.design().item_out_of_order(&model.items), None);
    }
}

#[test]
fn kept_as_scores_the_information_says_what_the_matrix_does() {
    for (n_dims, kind, n_options) in [(1, ItemKind::Graded, 3), (2, ItemKind::Nominal, 2)] {
        let design = SimulationDesign {
            n_respondents: 500,
            n_items: 40,
            n_dims,
            n_options,
            missing: 0.6,
            kind,
        };
        let Fitted {
            model,
            responses,
            settings,
        } = fitted_to(&design, 5, given_prior(n_dims));
        let everybody = Everybody::new(&model, &responses);
        let calibration = everybody.calibration(&model, &responses);
        let in_form =
            |form| Information::in_form(form, calibration, &settings, &Silent).expect("information");
        let (whole, parts) = (in_form(Form::Matrix), in_form(Form::Scores));
        let affine = in_form(Form::Affine);
        let n = model.design().n_free();
        let doubtful = vec![false; design.n_items];
        let gradient = Array1::from_iter((0..n).map(|i| ((i * 37) % 11) as f64 - 5.0));
        let step = |information: &Information| {
            let newton = information.newton(true, &doubtful, &Silent).expect("no cancel");
            let newton = newton.expect("positive definite");
            newton.solve(&gradient, &Silent).expect("no cancel")
        };
        let (expected, found) = (step(&whole), step(&parts));
        let off = (&expected - &found).mapv(|x| x * x).sum() / expected.dot(&expected);
        assert!(off < 1e-5, "the step is off by {off}");

        // Without what the items share but for location and scale a step still rises.
        assert!(step(&affine).dot(&gradient) > 0.0);
        assert!(whole.is_between_all() && parts.is_between_all() && !affine.is_between_all());

        let conditions = Conditions::new(calibration, Gauge::Principal);
        let design = model.design();
        let covariance = |information: &Information| {
            let joint = information.joint_covariance(conditions.derivatives(), &Silent);
            joint.expect("no cancel").expect("positive definite")
        };
        let gauged = |information: &Information| covariance(information).in_gauge(&conditions);
        for (whole, parts) in [
            (covariance(&whole), covariance(&parts)),
            (gauged(&whole), gauged(&parts)),
        ] {
            let Covariance::Joint(matrix) = &whole else {
                panic!("one matrix")
            };
            for item in 0..design.n_items() {
                for row in model.shape.catalogue.rows_of(item) {
                    let expected = whole.of_row(item, row, &design);
                    let ratios = &parts.of_row(item, row, &design) / &expected;
                    let off = ratios
                        .diag()
                        .iter()
                        .fold(0.0, |most: f64, x| most.max((x - 1.0).abs()));
                    assert!(off < 0.04, "variances of row {row} are off by {off}");
                }
            }
            let unit = Array2::<f32>::eye(n);
            let square = parts.times(unit.view(), &design).mapv(f64::from);
            let ratio = square.diag().sum() / matrix.diag().sum();
            assert!(
                (ratio - 1.0).abs() < 0.03,
                "the factor has {ratio} of the variance"
            );
        }
        let (joint, of_affine) = (covariance(&whole), covariance(&affine));
        let of_all = |covariance: &Covariance| {
            let rows = (0..design.n_items()).flat_map(|item| {
                let rows = model.shape.catalogue.rows_of(item);
                rows.map(move |row| (item, row))
            });
            let traces = rows.map(|(item, row)| covariance.of_row(item, row, &design).diag().sum());
            traces.sum::<f64>()
        };
        let ratio = of_all(&of_affine) / of_all(&joint);
        assert!(
            ratio > 0.8 && ratio < 1.05,
            "{ratio} of the variances are known along location and scale"
        );
    }
}

#[test]
fn sampling_weights_make_a_sandwich_of_the_scores_of_respondents() {
    let Fitted {
        model,
        responses,
        settings,
    } = fitted(Link::Logit, ItemKind::Graded, 3);
    let weight = |i: usize| 0.25 * (1 + i % 7) as f32;
    let weights: Vec<f32> = (0..responses.n_respondents()).map(weight).collect();
    let responses = responses
        .with_weights(weights, WeightType::Sampling)
        .expect("weights");
    let mut everybody = Everybody::new(&model, &responses);
    let own = everybody
        .respondents
        .iter()
        .map(|&i| f64::from(weight(i as usize)));
    everybody.weights = own.collect();
    let calibration = everybody.calibration(&model, &responses);
    let information =
        |form| Information::in_form(form, calibration, &settings, &Silent).expect("information");
    let none = Array2::zeros((model.design().n_free(), 0));
    let covariance = |form| {
        let found = information(form).joint_covariance(none.view(), &Silent);
        found.expect("no cancel").expect("positive definite")
    };
    let sampled = |form| {
        let found = information(form).of_sampled(covariance(form), calibration, &Silent);
        found.expect("no cancel")
    };
    let (Covariance::Joint(known), Covariance::Joint(found)) =
        (covariance(Form::Matrix), sampled(Form::Matrix))
    else {
        panic!("one matrix")
    };
    let mut middle = Array2::<f64>::eye(known.nrows()) / 25.0;
    for (&i, weight) in everybody.respondents.iter().zip(&everybody.weights) {
        let wanted = Wanted {
            model: &model,
            responses: &responses,
            respondents: &[i],
            weights: Some(&[1.0]),
            scoring: &SCORING,
            repeats: true,
        };
        let Expected { score, .. } = expect(&wanted, &Silent).expect("moments");
        let score = model
            .design()
            .contract_values(score)
            .insert_axis(ndarray::Axis(1));
        middle += &(score.dot(&score.t()) * weight.powi(2));
    }
    let expected = known.dot(&middle).dot(&known);
    for ((i, j), x) in found.indexed_iter() {
        let unit = (expected[[i, i]] * expected[[j, j]]).sqrt();
        assert!((x - expected[[i, j]]).abs() < 0.01 * unit, "element {i}, {j}");
    }
    // Weights that have nothing to do with the responses cost what they do of a mean.
    let effect = everybody.weights.iter().sum::<f64>() / calibration.n_effective();
    let ratio = found.diag().sum() / known.diag().sum();
    assert!(
        (ratio / effect - 1.0).abs() < 0.1,
        "{ratio} where {effect} is expected"
    );
    for form in [Form::Scores, Form::Affine] {
        let (before, after) = (covariance(form), sampled(form));
        let design = model.design();
        let unit = Array2::<f32>::eye(design.n_free());
        let of_all = |covariance: &Covariance| covariance.times(unit.view(), &design).diag().sum();
        assert!((f64::from(of_all(&after) / of_all(&before)) / effect - 1.0).abs() < 1e-3);
        let of_row = |covariance: &Covariance| covariance.of_row(1, 3, &design)[[0, 0]];
        assert!((of_row(&after) / of_row(&before) / effect - 1.0).abs() < 1e-3);
    }
}
