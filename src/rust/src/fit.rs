//! Fits.

use crate::answer::answer;
use crate::items::items_list;
use crate::posterior::posterior_list;
use crate::settings::read_settings;
use crate::stored::Stored;
use crate::vectors::row_numbers;
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Epoch, Linkage, Monitor, Phase, Responses, Scales, Timings, fit, pareto_threshold};

/// Fits a model to responses (see [`Stored`]). `report` is a function of a part of the work, its progress and the bound,
/// or NULL.
#[extendr]
fn rust_fit(responses: List, settings: List, report: Robj) -> List {
    answer(|| {
        let settings = read_settings(&settings)?;
        let stored = Stored::new(&responses)?;
        let responses = stored.responses()?;
        let work = |monitor: &dyn Monitor| {
            let fit = fit(&responses, &settings, monitor)?;
            let bytes = fit.model.to_bytes()?;
            Ok((fit, bytes))
        };
        let (mut fit, bytes) = worker::run(work, &report)?;
        if !settings.scoring.estimates {
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
            df = fit.model.degrees_of_freedom() as f64,
            pareto_threshold = pareto_threshold(settings.model.n_dims, fit.draws)
        ))
    })
}

/// The training trace by column.
fn epochs_list(epochs: &[Epoch]) -> List {
    let column = |f: &dyn Fn(&Epoch) -> f64| -> Vec<f64> { epochs.iter().map(f).collect() };
    let phases: Vec<&str> = epochs
        .iter()
        .map(|epoch| match epoch.phase {
            Phase::Search => "search",
            Phase::Descent => "descent",
        })
        .collect();
    list!(
        epoch = column(&|e| e.number as f64),
        elbo = column(&|e| e.bound),
        learning_rate = column(&|e| e.learning_rate),
        phase = phases
    )
}

/// Where the time went: `part` and `seconds`.
fn timings_list(timings: &Timings) -> List {
    let (parts, seconds): (Vec<&str>, Vec<f64>) = timings.parts().iter().copied().unzip();
    list!(part = parts, seconds = seconds)
}

/// How the items are linked: the group of every item, the number of respondents in each group, and the linking items,
/// all counted from 1.
fn linkage_list(linkage: &Linkage, responses: &Responses) -> List {
    let sizes: Vec<i32> = linkage.group_sizes(responses).iter().map(|&n| n as i32).collect();
    list!(
        groups = row_numbers(&linkage.groups),
        sizes = sizes,
        linking = row_numbers(&linkage.linking)
    )
}

extendr_module! {
    mod fit;
    fn rust_fit;
}
