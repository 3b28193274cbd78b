//! The gradients of the kernels and those on devices, against the same bound differentiated by Candle.

use crate::base::backend::Backend;
use crate::base::backend::testing::for_each_device;
use crate::base::random::{Purpose, Stream};
use crate::kernels::encoder;
use crate::model::encoder::Encoder;
use crate::model::link::Link;
use crate::model::network::Network;
use crate::model::parameters::Model;
use crate::model::scale::AffineMap;
use crate::model::shape::ModelShape;
use crate::model::table::Table;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::store::Responses;
use crate::settings::Settings;
use crate::train::by_kernels::KernelTrainer;
use crate::train::by_tensors::TensorTrainer;
use crate::train::minibatch::Minibatch;
use crate::train::objective::Objective;
use crate::train::trainer::Trainer;
use candle_core::{D, Device, Tensor, Var};
use rand_distr::{Distribution, StandardNormal};

const HIDDEN: usize = 10;

/// Weights of the three respondents.
const WEIGHTS: [f32; 3] = [1.0, 2.5, 0.5];

struct Case {
    model: Model,
    responses: Responses<'static>,
    settings: Settings,
}

impl Case {
    fn objective(&self) -> Objective {
        let mut objective = Objective::new(&self.responses, &[0, 1, 2, 3], &self.settings);
        objective.mean_weight = WEIGHTS.iter().sum::<f32>() / WEIGHTS.len() as f32;
        objective
    }

    fn minibatch(&self, backend: &Backend) -> Minibatch {
        let mut minibatch = Minibatch::default();
        minibatch
            .fill(&self.responses, &[3, 0, 1], backend)
            .expect("a batch");
        minibatch.weights = WEIGHTS.to_vec();
        minibatch
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

/// Three respondents, one of whom answers one item only, in a batch that leaves one respondent out.
fn case(option_counts: &[u32], n_dims: usize, link: Link, n_samples: usize) -> Case {
    let catalogue = ItemCatalogue::new(option_counts).expect("valid catalogue");
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
    let shape = ModelShape {
        n_dims,
        hidden: HIDDEN,
        link,
        catalogue,
    };
    let network = Network::start(&shape, 0.7, -0.4, 3).expect("network");
    for (which, (_, variable)) in network.variables().into_iter().enumerate() {
        let moved = values(variable.elem_count(), 0.3, 10 + which as u64);
        let moved = Tensor::from_vec(moved, variable.dims(), &Device::Cpu).expect("tensor");
        let sum = (variable.as_tensor() + moved).expect("sum");
        variable.set(&sum).expect("set");
    }
    let n_options = shape.catalogue.n_options();
    let n_rows = shape.catalogue.n_parameter_rows();
    let model = Model {
        encoder: Encoder {
            embeddings: Table::new(HIDDEN, values(n_options * HIDDEN, 0.5, 1)),
            network,
        },
        items: Table::new(n_dims + 1, values(n_rows * (n_dims + 1), 1.0, 2)),
        map: AffineMap::identity(n_dims),
        shape,
    };
    let settings = Settings {
        importance_samples: n_samples,
        discrimination_sd: 2.0,
        difficulty_sd: 3.0,
        ..Settings::new(n_dims)
    };
    Case {
        model,
        responses,
        settings,
    }
}

fn index(values: impl Iterator<Item = usize>) -> Tensor {
    let values: Vec<u32> = values.map(|x| x as u32).collect();
    Tensor::new(values, &Device::Cpu).expect("index")
}

/// The bound, and the gradients per unit of weight by embeddings, item parameters and the network's variables, by Candle.
fn differentiated(case: &Case) -> candle_core::Result<(f32, Vec<Vec<f32>>)> {
    let Case { model, responses, .. } = case;
    let objective = case.objective();
    let batch = case.minibatch(&Backend::Kernels).batch;
    let totals = responses.item_totals();
    let catalogue = &model.shape.catalogue;
    let share: Vec<f32> = catalogue
        .items_of_rows()
        .iter()
        .map(|&item| {
            let held = batch.choosers_of(catalogue.options_of(item as usize)).len();
            held as f32 / totals[item as usize] as f32
        })
        .collect();
    let device = &Device::Cpu;
    let (n, n_dims, s) = (batch.n_respondents(), model.shape.n_dims, objective.n_samples);
    let table = |t: &Table| Var::from_slice(t.values(), (t.n_rows(), t.width()), device);
    let embeddings = table(&model.encoder.embeddings)?;
    let items = table(&model.items)?;

    let responses = batch.responses();
    let owner: Vec<usize> = (0..n).flat_map(|i| batch.numbers_of(i).map(move |_| i)).collect();
    let owners = index(owner.iter().copied());
    let chosen = embeddings.index_select(&index(responses.iter().map(|r| r.option as usize)), 0)?;
    let pooled =
        Tensor::zeros((n, HIDDEN), candle_core::DType::F32, device)?.index_add(&owners, &chosen, 0)?;
    let network = &model.encoder.network;
    let features = network
        .features(&pooled, &batch.response_counts())
        .expect("features");
    let outputs = network.outputs(&features).expect("outputs");

    let mean = outputs.narrow(1, 0, n_dims)?;
    let ln_diagonal = outputs.narrow(1, n_dims, n_dims)?;
    let noise = objective.noise_of(&batch, 1, n_dims);
    let noise = Tensor::from_vec(noise, (n, s, n_dims), device)?;
    let mut coordinates = Vec::new();
    let mut below = 2 * n_dims;
    for d in 0..n_dims {
        let own = noise.narrow(2, d, 1)?.squeeze(2)?;
        let mut coordinate = own
            .broadcast_mul(&ln_diagonal.narrow(1, d, 1)?.exp()?)?
            .broadcast_add(&mean.narrow(1, d, 1)?)?;
        for e in 0..d.min(model.shape.n_below_diagonal()) {
            let factor = outputs.narrow(1, below, 1)?;
            let other = noise.narrow(2, e, 1)?.squeeze(2)?;
            coordinate = (coordinate + other.broadcast_mul(&factor)?)?;
            below += 1;
        }
        coordinates.push(coordinate);
    }
    let traits = Tensor::stack(&coordinates, 2)?;

    let slot_rows = responses.iter().flat_map(|r| r.rows());
    let numbers = responses.iter().enumerate();
    let slot_responses: Vec<usize> = numbers.flat_map(|(k, r)| r.rows().map(move |_| k)).collect();
    let slot_owner = index(slot_responses.iter().map(|&k| owner[k]));
    let is_chosen: Vec<f32> = responses
        .iter()
        .flat_map(|r| (1..=r.n_rows).map(|c| f32::from(u8::from(r.chosen == c))))
        .collect();
    let n_slots = is_chosen.len();
    let is_chosen = Tensor::from_vec(is_chosen, (n_slots, 1), device)?;
    let parameters = items.index_select(&index(slot_rows), 0)?;
    let slopes = parameters.narrow(1, 0, n_dims)?.unsqueeze(1)?;
    let predictors = traits
        .index_select(&slot_owner, 0)?
        .broadcast_mul(&slopes)?
        .sum(2)?
        .broadcast_sub(&parameters.narrow(1, n_dims, 1)?)?;
    let by_response = |slots: &Tensor| -> candle_core::Result<Tensor> {
        Tensor::zeros((batch.n_responses(), s), candle_core::DType::F32, device)?.index_add(
            &index(slot_responses.iter().copied()),
            slots,
            0,
        )
    };
    let terms = match model.shape.link {
        Link::Logit => {
            let of_chosen = by_response(&predictors.broadcast_mul(&is_chosen)?)?;
            (of_chosen - (by_response(&predictors.exp()?)? + 1.0)?.log()?)?
        }
        Link::Probit => {
            let sign = ((is_chosen * 2.0)? - 1.0)?;
            let upper = ((predictors.broadcast_mul(&sign)? * std::f64::consts::FRAC_1_SQRT_2)?.erf()? + 1.0)?;
            (upper * 0.5)?.log()?
        }
    };
    let log_likelihood =
        Tensor::zeros((n, s), candle_core::DType::F32, device)?.index_add(&owners, &terms, 0)?;
    let kernel = ((noise.sqr()?.sum(2)? - traits.sqr()?.sum(2)?)? * 0.5)?;
    let log_weights = (log_likelihood + kernel)?.broadcast_add(&ln_diagonal.sum_keepdim(1)?)?;
    let weights = Tensor::new(&WEIGHTS, device)?;
    let total = f64::from(WEIGHTS.iter().sum::<f32>());
    let bounds = (log_weights.log_sum_exp(D::Minus1)? - (s as f64).ln())?;
    let bound = (bounds * &weights)?.sum_all()?;
    let share = Tensor::from_slice(&share, (share.len(), 1), device)?;
    let precision = &objective.prior.precisions;
    let precision = Tensor::from_slice(precision, (1, precision.len()), device)?;
    let penalty = (items
        .sqr()?
        .broadcast_mul(&precision)?
        .broadcast_mul(&share)?
        .sum_all()?
        * 0.5)?;
    let of_items = ((penalty - &bound)? / total)?.backward()?;
    let of_encoder = ((log_weights.mean(D::Minus1)? * weights)?.sum_all()? / -total)?.backward()?;
    let variables = network.variables();
    let mut all = vec![
        of_encoder.get(&embeddings).expect("gradient"),
        of_items.get(&items).expect("gradient"),
    ];
    let others = variables.iter().map(|(_, variable)| *variable);
    all.extend(others.map(|variable| of_encoder.get(variable).expect("gradient")));
    let read = |gradient: &Tensor| gradient.flatten_all()?.to_vec1::<f32>();
    Ok((
        bound.to_scalar()?,
        all.into_iter().map(read).collect::<candle_core::Result<_>>()?,
    ))
}

fn compare(option_counts: &[u32], n_dims: usize, link: Link) {
    for n_samples in [1, 4, 6] {
        compare_with(n_samples, option_counts, n_dims, link);
    }
}

fn compare_with(n_samples: usize, option_counts: &[u32], n_dims: usize, link: Link) {
    let case = case(option_counts, n_dims, link, n_samples);
    let expected = differentiated(&case).expect("operations of Candle");
    let mut trainer = KernelTrainer::new(case.model.clone(), case.objective());
    let minibatch = case.minibatch(&Backend::Kernels);
    assert_same(trainer.gradients(&minibatch, 1).expect("kernels"), &expected);
    for_each_device(|device| {
        let trainer = TensorTrainer::new(case.model.clone(), case.objective(), device).expect("a trainer");
        let minibatch = case.minibatch(&Backend::Tensors(device.clone()));
        let found = trainer.evaluate(&minibatch, 1).expect("gradients");
        let read = |gradient: &Tensor| gradient.flatten_all()?.to_vec1::<f32>();
        let gradients = found.by_parameters.iter().map(read);
        assert_same(
            (found.bound, gradients.collect::<candle_core::Result<_>>()?),
            &expected,
        );
        Ok(())
    });
}

/// What Candle keeps of the steps that led to a tensor would fill the memory in a long training.
#[test]
fn steps_on_a_device_are_not_remembered() {
    let case = case(&[2, 3, 2], 2, Link::Logit, 4);
    for_each_device(|device| {
        let mut trainer =
            TensorTrainer::new(case.model.clone(), case.objective(), device).expect("a trainer");
        let minibatch = case.minibatch(&Backend::Tensors(device.clone()));
        for epoch in 1..=2 {
            trainer.step(&minibatch, epoch, 0.05).expect("a step");
        }
        assert!(trainer.tensors().iter().all(|tensor| !tensor.track_op()));
        Ok(())
    });
}

fn assert_same(found: (f64, Vec<Vec<f32>>), expected: &(f32, Vec<Vec<f32>>)) {
    assert!((found.0 as f32 - expected.0).abs() < 1e-4 * expected.0.abs());
    assert_eq!(found.1.len(), expected.1.len());
    for (which, (found, expected)) in found.1.iter().zip(&expected.1).enumerate() {
        let size = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(size > 1e-4, "gradient {which} is not trivially zero");
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            assert!(
                (a - b).abs() < 2e-4 * size.max(0.1),
                "gradient {which}: {a} against {b}"
            );
        }
    }
}

impl KernelTrainer {
    /// The bound and all gradients, as the updates sum them up.
    fn gradients(
        &mut self,
        minibatch: &Minibatch,
        epoch: usize,
    ) -> crate::base::error::Result<(f64, Vec<Vec<f32>>)> {
        let network = self.evaluate(minibatch, epoch)?;
        let Minibatch { batch, .. } = minibatch;
        let catalogue = &self.model.shape.catalogue;
        let mut embeddings = vec![0.0f32; self.model.encoder.embeddings.values().len()];
        for (option, gradient) in embeddings.chunks_mut(HIDDEN).enumerate() {
            encoder::sum_over_choosers(&self.bound.by_pooled, batch, option, gradient);
        }
        let mut items = Vec::new();
        for item in 0..catalogue.n_items() {
            let rows = catalogue.rows_of(item);
            let mut gradient = vec![0.0f32; rows.len() * self.model.items.width()];
            let options = catalogue.options_of(item);
            let n_answers = self.bound.sum_over_answers(batch, options, &mut gradient);
            let values: Vec<f32> = rows.flat_map(|row| self.model.items.row(row).to_vec()).collect();
            let total = self.objective.weight_of(batch);
            self.objective
                .prior
                .add_gradient(item, n_answers, total, &values, &mut gradient);
            items.extend(gradient);
        }
        let by_parameters = vec![
            embeddings,
            items,
            network.hidden_bias.to_vec(),
            network.hidden_count.to_vec(),
            network.output_weight.iter().copied().collect(),
        ];
        Ok((self.bound.total, by_parameters))
    }
}

#[test]
fn binary_logit_gradients_are_those_of_composed_operations() {
    compare(&[2, 2, 2], 1, Link::Logit);
    compare(&[2, 2, 2], 3, Link::Logit);
}

#[test]
fn binary_probit_gradients_are_those_of_composed_operations() {
    compare(&[2, 2, 2], 1, Link::Probit);
    compare(&[2, 2, 2], 2, Link::Probit);
}

#[test]
fn nominal_gradients_are_those_of_composed_operations() {
    compare(&[3, 2, 5], 1, Link::Logit);
    compare(&[4, 3, 2], 3, Link::Logit);
}

#[test]
fn many_dimensions_have_a_diagonal_factor() {
    compare(&[2, 3, 2], 9, Link::Logit);
}
