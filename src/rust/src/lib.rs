//! The R boundary: plain vectors in, plain lists out. Errors are values, so that R raises them with a class; work
//! that takes long runs on a thread of its own while R's main thread waits for interrupts.

mod answer;
mod cells;
mod convert;
mod ingest;
mod interrupt;
mod model_file;
mod stored;
mod worker;

use answer::{Outcome, answer};
use convert::{
    by_row, epochs_list, items_list, linkage_list, missing, number, posterior_list, read_settings,
    row_numbers, rows, text, timings_list,
};
use extendr_api::prelude::*;
use ndarray::{Array1, Array2};
use stored::{Stored, read_responses};
use vae_irt_core::{
    AffineMap, Backend, Design, Gauge, Model, Monitor, Refit, Scales, Scoring, Simulation, fit,
    pareto_threshold, predictive, score,
};

/// Fits a model. `offsets` (one more than respondents) and `options` (ids from 0 in `option_size` bytes each) are the
/// responses by respondent, `option_counts` the numbers of options of the items, `weights` those of the respondents
/// or NULL. `report` is a function of a part of the work, its progress and the bound, or NULL.
#[extendr]
fn rust_fit(
    offsets: &[f64],
    options: Raw,
    option_size: i32,
    option_counts: &[i32],
    weights: Robj,
    settings: List,
    report: Robj,
) -> List {
    answer(|| {
        let settings = read_settings(&settings)?;
        let responses = read_responses(offsets, options.as_slice(), option_size, option_counts, &weights)?;
        let work = |monitor: &dyn Monitor| {
            let fit = fit(&responses, &settings, monitor)?;
            let bytes = fit.model.to_bytes()?;
            Ok((fit, bytes))
        };
        let (mut fit, bytes) = worker::run(work, &report)?;
        if !settings.estimates {
            fit.respondents.clear();
            fit.moments = fit.moments.select(std::iter::empty());
            fit.uncertainty.respondents = Scales::default();
        }
        let statistics = fit.statistics;
        Ok(list!(
            model = Raw::from_bytes(&bytes),
            epochs = epochs_list(&fit.epochs),
            converged = fit.converged,
            resumed = fit.resumed.is_some(),
            respondents = row_numbers(&fit.respondents),
            posterior = posterior_list(&fit.model.map, &fit.moments, &fit.uncertainty.respondents),
            items = items_list(&fit.model, &fit.uncertainty)?,
            polished = fit.polished.map_or(Rbool::na(), Rbool::from),
            draws = fit.draws as i32,
            timings = timings_list(&fit.timings),
            linkage = linkage_list(&fit.linkage, &responses),
            classification = statistics.classification(),
            apre = statistics.apre(),
            gmp = statistics.gmp(),
            pareto_threshold = pareto_threshold(settings.n_dims, fit.draws)
        ))
    })
}

/// Scores respondents with a fitted model. Responses, in the items of the model, and `report` as in `rust_fit`.
#[extendr]
fn rust_score(
    model: Raw,
    offsets: &[f64],
    options: Raw,
    option_size: i32,
    option_counts: &[i32],
    settings: List,
    report: Robj,
) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let unweighted = ().into_robj();
        let responses = read_responses(
            offsets,
            options.as_slice(),
            option_size,
            option_counts,
            &unweighted,
        )?;
        let respondents = responses.respondents_with_responses();
        let scoring = read_scoring(&settings)?;
        let threads = number(&settings, "threads")? as usize;
        let work =
            |monitor: &dyn Monitor| score(&model, &responses, &respondents, &scoring, threads, monitor);
        let moments = worker::run(work, &report)?;
        Ok(list!(
            respondents = row_numbers(&respondents),
            posterior = posterior_list(&model.map, &moments, &Scales::default())
        ))
    })
}

/// A fitted model with another affine map of the latent traits after its own, `alpha -> matrix (alpha - shift)`.
/// Settings as in `rust_fit`.
#[extendr]
fn rust_remap(model: Raw, matrix: RMatrix<f64>, shift: &[f64], responses: List, settings: List) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let settings = read_settings(&settings)?;
        let stored = Stored::new(&responses)?;
        let responses = stored.responses()?;
        let map = AffineMap {
            matrix: Array2::from_shape_vec((shift.len(), shift.len()), by_row(&matrix))
                .map_err(|_| missing("the matrix"))?,
            shift: Array1::from(shift.to_vec()),
        };
        let work = |monitor: &dyn Monitor| {
            let refit = Refit::new(model, Some(&map), Gauge::Aligned, &responses, &settings, monitor)?;
            let found = refit.results(&responses, monitor)?;
            let (model, moments, uncertainty) = (found.model, found.moments, found.uncertainty);
            let bytes = model.to_bytes()?;
            Ok((model, bytes, moments, uncertainty))
        };
        let (model, bytes, moments, uncertainty) = worker::run(work, &().into_robj())?;
        Ok(list!(
            model = Raw::from_bytes(&bytes),
            respondents = row_numbers(&responses.respondents_with_responses()),
            posterior = posterior_list(&model.map, &moments, &uncertainty.respondents),
            items = items_list(&model, &uncertainty)?
        ))
    })
}

/// Draws from the posterior of the traits: a matrix with a row per draw, the traits of each respondent by dimension
/// side by side. Are the axes `principal`, or chosen? Settings as in `rust_fit`.
#[extendr]
fn rust_draws(model: Raw, principal: bool, n_draws: i32, responses: List, settings: List) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let settings = read_settings(&settings)?;
        let stored = Stored::new(&responses)?;
        let responses = stored.responses()?;
        let gauge = if principal {
            Gauge::Principal
        } else {
            Gauge::Aligned
        };
        let work = |monitor: &dyn Monitor| {
            let refit = Refit::new(model, None, gauge, &responses, &settings, monitor)?;
            refit.draws(&responses, n_draws as usize, monitor)
        };
        let drawn = worker::run(work, &().into_robj())?;
        let respondents = responses.respondents_with_responses();
        Ok(list!(
            respondents = row_numbers(&respondents),
            draws = rows(&drawn, respondents.len() * settings.n_dims)
        ))
    })
}

/// How probable responses are by a model, given other responses of the same respondents.
#[extendr]
fn rust_predictive(model: Raw, given: List, asked: List, settings: List) -> List {
    answer(|| {
        let model = Model::from_bytes(model.as_slice())?;
        let (given, asked) = (Stored::new(&given)?, Stored::new(&asked)?);
        let (given, asked) = (given.responses()?, asked.responses()?);
        let scoring = read_scoring(&settings)?;
        let threads = number(&settings, "threads")? as usize;
        let work = |monitor: &dyn Monitor| predictive(&model, &given, &asked, &scoring, threads, monitor);
        let found = worker::run(work, &().into_robj())?;
        Ok(list!(
            log_probability = found.log_probabilities,
            correct = found.correct
        ))
    })
}

fn read_scoring(settings: &List) -> Outcome<Scoring> {
    Ok(Scoring {
        refine: number(settings, "refine")? != 0.0,
        draws: number(settings, "draws")? as usize,
        seed: number(settings, "seed")? as u64,
        backend: Backend::named(&text(settings, "device")?)?,
    })
}

/// Simulates responses; the design's names are those of `simulate_irt()`.
#[extendr]
fn rust_simulate(design: List) -> List {
    answer(|| {
        let count = |name: &'static str| number(&design, name).map(|x| x as usize);
        let seed = number(&design, "seed")? as u64;
        let design = Design {
            n_respondents: count("n_respondents")?,
            n_items: count("n_items")?,
            n_dims: count("dims")?,
            n_options: count("n_options")?,
            missing: number(&design, "missing")?,
        };
        let work = |monitor: &dyn Monitor| Simulation::draw(&design, seed, monitor);
        let simulation = worker::run(work, &().into_robj())?;
        let n_items = design.n_items;
        let chosen = RMatrix::new_matrix(design.n_respondents, n_items, |i, j| {
            Rint::from(simulation.chosen[i * n_items + j].map(|c| c as i32))
        });
        Ok(list!(
            chosen = chosen,
            traits = rows(&simulation.traits, design.n_dims),
            items = rows(&simulation.items, design.n_dims + 1)
        ))
    })
}

/// What was built: version, target, whether a GPU can be used; and the number of processors.
#[extendr]
fn rust_info() -> List {
    list!(
        version = env!("CARGO_PKG_VERSION"),
        target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        cuda = Backend::has_cuda(),
        processors = std::thread::available_parallelism().map_or(1, |n| n.get()) as i32
    )
}

/// The name of the device that is used where this one is asked for.
#[extendr]
fn rust_device(name: &str) -> List {
    answer(|| Ok(list!(name = Backend::named(name)?.name())))
}

extendr_module! {
    mod vaeirt;
    use cells;
    use ingest;
    use model_file;
    fn rust_fit;
    fn rust_score;
    fn rust_remap;
    fn rust_draws;
    fn rust_predictive;
    fn rust_simulate;
    fn rust_info;
    fn rust_device;
}
