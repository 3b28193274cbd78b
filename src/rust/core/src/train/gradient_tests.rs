//! The kernels against the definition of the model, which Candle differentiates, and that against loops in double precision.

use crate::base::backend::Backend;
use crate::base::backend::testing::for_each_device;
use crate::base::error::Result;
use crate::base::random::{Purpose, Stream};
use crate::fit::starting_network::starting_network;
use crate::kernels::encoder::{Activations, EncoderKernel, sum_over_choosers};
use crate::model::design;
use crate::model::encoder::Encoder;
use crate::model::gaussian::{Gaussian, WideGaussian};
use crate::model::link::Link;
use crate::model::parameters::Model;
use crate::model::prior::{ItemPrior, PriorSds};
use crate::model::response::options::option_probabilities;
use crate::model::scale::AffineMap;
use crate::model::shape::ModelShape;
use crate::model::table::Table;
use crate::responses::batch::Batch;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::item_kind::ItemKind;
use crate::responses::store::Responses;
use crate::responses::weight_type::WeightType;
use crate::settings::Settings;
use crate::simulate::simulation::{SimulationDesign, simulate};
use crate::train::minibatch::Minibatch;
use crate::train::objective::{Objective, Trains};
use crate::train::trainer::Trainer;
use candle_core::{Device, Tensor, Var};
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;

const HIDDEN: usize = 10;

/// Three of the four respondents, and their weights.
const MEMBERS: [u32; 3] = [3, 0, 1];
const WEIGHTS: [f32; 3] = [1.0, 2.5, 0.5];

struct Case {
    model: Model,
    responses: Responses<'static>,
    settings: Settings,
    /// The respondents of the batch.
    members: Vec<u32>,
}

impl Case {
    fn objective(&self) -> Objective {
        let everybody = self.responses.respondents_with_responses();
        let mut objective = Objective::new(&self.responses, &everybody, &self.settings, Trains::Everything);
        let weights = self.members.iter().map(|&i| self.responses.weight(i as usize));
        objective.mean_weight = weights.sum::<f32>() / self.members.len() as f32;
        objective
    }
}

fn values(n: usize, spread: f32, which: u64) -> Vec<f32> {
    let mut stream = Stream::new(99, Purpose::Simulation, which, 0);
    (0..n)
        .map(|_| {
            let draw: f32 = StandardNormal.sample(&mut stream);
            draw * spread
        })
        .collect()
}

/// Four respondents, three of whom answer one item only, in a batch that leaves one respondent out.
fn case(option_counts: &[u32], n_dims: usize, link: Link, n_samples: usize) -> Case {
    let catalogue = ItemCatalogue::new(option_counts).expect("valid catalogue");
    case_with(catalogue, n_dims, link, n_samples)
}

fn case_with(catalogue: ItemCatalogue, n_dims: usize, link: Link, n_samples: usize) -> Case {
    let first = |item: usize| catalogue.options_of(item).start as u32;
    let options = [
        first(0) + 1,
        first(1),
        first(2) + 1,
        first(1) + 1,
        first(0),
        first(2) + 1,
    ];
    let responses =
        Responses::new(catalogue.clone(), vec![0, 3, 4, 5, 6], &options).expect("valid responses");
    let responses = responses
        .with_weights(
            vec![WEIGHTS[1], WEIGHTS[2], 1.0, WEIGHTS[0]],
            WeightType::Frequency,
        )
        .expect("valid weights");
    case_of(responses, n_dims, link, n_samples, MEMBERS.to_vec())
}

/// More respondents than one task of the kernels takes, with more responses than one block of sums, of which they leave some out.
fn larger_case(n_options: usize, n_dims: usize, link: Link, n_samples: usize) -> Case {
    let design = SimulationDesign {
        n_respondents: 200,
        n_items: 90,
        n_dims,
        n_options,
        missing: 0.1,
        kind: ItemKind::Nominal,
    };
    let responses = simulate(&design, 4)
        .expect("valid design")
        .to_responses()
        .expect("responses");
    let weights = (0..200).map(|i| 0.5 + (i % 4) as f32 * 0.25).collect();
    let responses = responses
        .with_weights(weights, WeightType::Frequency)
        .expect("valid weights");
    let members = (0..150).map(|k| k * 7 % 200).collect();
    case_of(responses, n_dims, link, n_samples, members)
}

/// A model of some responses, away from its start.
fn case_of(
    responses: Responses<'static>,
    n_dims: usize,
    link: Link,
    n_samples: usize,
    members: Vec<u32>,
) -> Case {
    let catalogue = responses.catalogue().clone();
    let shape = ModelShape {
        n_dims,
        hidden: HIDDEN,
        link,
        catalogue,
    };
    let network = starting_network(&shape, 0.7, -0.4, 3).expect("network");
    for (which, variable) in network.variables().into_iter().enumerate() {
        let moved = values(variable.elem_count(), 0.3, 10 + which as u64);
        let moved = Tensor::from_vec(moved, variable.dims(), &Device::Cpu).expect("tensor");
        let sum = (variable.as_tensor() + moved).expect("sum");
        variable.set(&sum).expect("set");
    }
    // So that the sums over a respondent's responses are of the size of 1.
    let spread = 0.5 / (responses.n_responses() as f32 / responses.n_respondents() as f32).sqrt();
    let n_options = shape.catalogue.n_options();
    let items = items(&shape);
    let model = Model {
        encoder: Encoder {
            embeddings: Table::new(HIDDEN, values(n_options * HIDDEN, spread, 1)),
            network,
        },
        items,
        map: AffineMap::identity(n_dims),
        distribution: None,
        estimated_prior: None,
        item_errors: None,
        shape,
    };
    let settings = Settings::new(n_dims).with(|settings| {
        settings.training.importance_samples = n_samples;
        settings.model.discrimination_sd = 2.0;
        settings.model.difficulty_sd = 3.0;
    });
    Case {
        model,
        responses,
        settings,
        members,
    }
}

/// Parameters of items; the rows of graded ones share their discriminations, and their difficulties rise.
fn items(shape: &ModelShape) -> Table {
    let (catalogue, width) = (&shape.catalogue, design::width(shape.n_dims));
    let mut items = Table::new(width, values(catalogue.n_parameter_rows() * width, 1.0, 2));
    for item in (0..catalogue.n_items()).filter(|&item| catalogue.kind_of(item) == ItemKind::Graded) {
        let rows = catalogue.rows_of(item);
        let (slopes, &lowest) = design::split(items.row(rows.start));
        let difficulties = (0..rows.len()).map(|place| lowest + 0.6 * place as f32);
        let ordered: Vec<f32> = design::rows_with(slopes, difficulties).collect();
        items.rows_mut(rows).copy_from_slice(&ordered);
    }
    items
}

/// The bound by loops in double precision, from the outputs of the network that the kernel gives.
fn by_loops(case: &Case) -> f64 {
    let Case {
        model,
        responses,
        members,
        ..
    } = case;
    let objective = case.objective();
    let batch = Batch::new(responses, members);
    let n_dims = model.shape.n_dims;
    let mut activations = Activations::default();
    let kernel = EncoderKernel::new(&model.encoder).expect("a kernel");
    kernel.encode(&batch, 0..members.len(), &mut activations);
    let mut total = 0.0;
    for (position, outputs) in activations.outputs.rows().into_iter().enumerate() {
        let outputs = outputs.as_slice().expect("a row");
        let posterior = Gaussian { n_dims, outputs }.widened();
        let mut noise = vec![0.0; objective.n_samples * n_dims];
        objective.draw_noise(1, members[position], n_dims, &mut noise);
        let log_weights: Vec<f64> = noise
            .chunks(n_dims)
            .map(|noise| log_weight(case, &batch, position, &posterior, noise))
            .collect();
        let largest = log_weights.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        let shares = log_weights.iter().map(|x| (x - largest).exp());
        let mean = shares.sum::<f64>() / log_weights.len() as f64;
        total += f64::from(batch.weights()[position]) * (largest + mean.ln());
    }
    total
}

/// `ln p(y | a) + ln p(a) - ln q(a)` at `a = mu + L e`.
fn log_weight(case: &Case, batch: &Batch, position: usize, posterior: &WideGaussian, noise: &[f32]) -> f64 {
    let (model, n_dims) = (&case.model, noise.len());
    let factor = |i: usize, j: usize| posterior.factor_rows[i * n_dims + j];
    let point: Vec<f64> = (0..n_dims)
        .map(|i| posterior.mean[i] + (0..=i).map(|j| factor(i, j) * f64::from(noise[j])).sum::<f64>())
        .collect();
    let mut value: f64 = (0..n_dims)
        .map(|d| factor(d, d).ln() + 0.5 * (f64::from(noise[d]).powi(2) - point[d].powi(2)))
        .sum();
    for response in batch.responses_of(position) {
        let predictors: Vec<f64> = response
            .rows()
            .map(|row| {
                let (slopes, &difficulty) = design::split(model.items.row(row));
                let products = slopes.iter().zip(&point);
                products.map(|(&slope, x)| f64::from(slope) * x).sum::<f64>() - f64::from(difficulty)
            })
            .collect();
        let mut probabilities = Vec::new();
        option_probabilities(model.shape.link, response.kind, &predictors, &mut probabilities);
        value += probabilities[response.chosen as usize].ln();
    }
    value
}

/// The bound, and the gradients per unit of weight by embeddings, item parameters and the network's variables, as the updates
/// sum them up.
fn differentiated(case: &Case, backend: &Backend) -> Result<(f64, Vec<Vec<f32>>)> {
    let mut minibatch = Minibatch::default();
    minibatch.fill(&case.responses, &case.members, backend)?;
    let trainer = Trainer::new(case.model.clone(), case.objective(), backend)?;
    let by_variables = trainer.loss(&minibatch, 1)?.backward()?;
    let (model, batch) = (trainer.model(), &minibatch.batch);
    let catalogue = &model.shape.catalogue;
    let gradients = trainer.gradients.lock();
    let mut embeddings = vec![0.0f32; model.encoder.embeddings.values().len()];
    for (option, gradient) in embeddings.chunks_mut(HIDDEN).enumerate() {
        sum_over_choosers(&gradients.by_pooled, batch, option, gradient);
    }
    let mut items = Vec::new();
    for item in 0..catalogue.n_items() {
        let rows = catalogue.rows_of(item);
        let mut gradient = vec![0.0f32; rows.len() * model.items.width()];
        let n_answers = gradients.sum_over_answers(batch, catalogue.options_of(item), &mut gradient);
        let values: Vec<f32> = rows.flat_map(|row| model.items.row(row).to_vec()).collect();
        let share = trainer.objective().prior_share(item, n_answers, batch);
        trainer
            .objective()
            .prior
            .add_gradient(share, &values, &mut gradient);
        items.extend(gradient);
    }
    let mut all = vec![embeddings, items];
    for variable in model.encoder.network.variables() {
        let gradient = by_variables.get(variable).expect("a gradient");
        all.push(gradient.flatten_all()?.to_vec1()?);
    }
    Ok((gradients.total, all))
}

fn compare(option_counts: &[u32], n_dims: usize, link: Link) {
    for n_samples in [1, 4, 6] {
        compare_case(&case(option_counts, n_dims, link, n_samples));
    }
}

fn compare_case(case: &Case) {
    let expected = by_loops(case);
    let fused = compare_backends(case);
    assert!(
        (fused - expected).abs() < 1e-5 * expected.abs(),
        "{fused} against {expected}"
    );
}

/// Compares the devices with the kernels; returns the bound.
fn compare_backends(case: &Case) -> f64 {
    let fused = differentiated(case, &Backend::Kernels).expect("kernels");
    for_each_device(|device| {
        let composed = differentiated(case, &Backend::Tensors(device.clone())).expect("operations");
        assert_same(&composed, &fused);
        Ok(())
    });
    fused.0
}

/// What Candle keeps of the steps that led to a tensor would fill the memory in a long training.
#[test]
fn steps_are_not_remembered() {
    let case = case(&[2, 3, 2], 2, Link::Logit, 4);
    let check = |backend: &Backend| {
        let mut minibatch = Minibatch::default();
        minibatch
            .fill(&case.responses, &case.members, backend)
            .expect("a batch");
        let mut trainer = Trainer::new(case.model.clone(), case.objective(), backend).expect("a trainer");
        for epoch in 1..=2 {
            trainer.step(&minibatch, epoch, 0.05).expect("a step");
        }
        // Neither the model nor the batch is held by a graph.
        assert_eq!(trainer.holders_of_model(), 1);
        assert_eq!(Arc::strong_count(&minibatch.batch), 1);
    };
    check(&Backend::Kernels);
    for_each_device(|device| {
        check(&Backend::Tensors(device.clone()));
        Ok(())
    });
}

#[test]
fn the_gradient_of_the_prior_is_that_of_its_density() {
    let prior = ItemPrior::new(
        2,
        &PriorSds {
            discrimination: 2.0,
            difficulty: 3.0,
        },
    );
    let rows = values(12, 1.0, 5);
    for_each_device(|device| {
        let tensor = Var::from_slice(&rows, (4, 3), device)?;
        let expected = prior.log_density(&tensor)?.backward()?;
        let expected = expected
            .get(&tensor)
            .expect("a gradient")
            .flatten_all()?
            .to_vec1::<f32>()?;
        let mut found = vec![0.0; rows.len()];
        prior.add_gradient(0.5, &rows, &mut found);
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found + 0.5 * expected).abs() < 1e-6,
                "{found} against {expected}"
            );
        }
        Ok(())
    });
}

fn assert_same(found: &(f64, Vec<Vec<f32>>), expected: &(f64, Vec<Vec<f32>>)) {
    assert!((found.0 - expected.0).abs() < 1e-5 * expected.0.abs());
    assert_eq!(found.1.len(), expected.1.len());
    for (which, (found, expected)) in found.1.iter().zip(&expected.1).enumerate() {
        let size = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(size > 1e-4, "gradient {which} is not trivially zero");
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            assert!(
                (a - b).abs() < 1e-5 * size.max(0.1),
                "gradient {which}: {a} against {b}"
            );
        }
    }
}

#[test]
fn binary_logit_kernels_are_the_definition() {
    compare(&[2, 2, 2], 1, Link::Logit);
    compare(&[2, 2, 2], 3, Link::Logit);
}

#[test]
fn binary_probit_kernels_are_the_definition() {
    compare(&[2, 2, 2], 1, Link::Probit);
    compare(&[2, 2, 2], 2, Link::Probit);
}

#[test]
fn nominal_kernels_are_the_definition() {
    compare(&[3, 2, 5], 1, Link::Logit);
    compare(&[4, 3, 2], 3, Link::Logit);
}

#[test]
fn graded_kernels_are_the_definition() {
    use ItemKind::{Graded, Nominal};
    let check = |option_counts: &[u32], kinds: &[ItemKind], n_dims, link| {
        let catalogue = ItemCatalogue::with_kinds(option_counts, kinds.to_vec()).expect("valid catalogue");
        for n_samples in [1, 4, 6] {
            compare_case(&case_with(catalogue.clone(), n_dims, link, n_samples));
        }
    };
    check(&[3, 4, 3], &[Graded; 3], 1, Link::Logit);
    check(&[3, 2, 5], &[Graded; 3], 2, Link::Probit);
    check(&[4, 3, 2], &[Graded, Nominal, Nominal], 1, Link::Logit);
    check(&[3, 2, 4], &[Nominal, Nominal, Graded], 3, Link::Logit);
}

#[test]
fn larger_batches_are_the_definition() {
    compare_backends(&larger_case(2, 2, Link::Probit, 4));
    compare_backends(&larger_case(4, 3, Link::Logit, 6));
}

#[test]
fn many_dimensions_have_a_diagonal_factor() {
    compare(&[2, 3, 2], 9, Link::Logit);
}
