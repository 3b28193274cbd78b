//! Between R's values and the core's.

use crate::answer::{Failure, Outcome};
use extendr_api::prelude::*;
use std::time::Duration;
use vae_irt_core::{
    AffineMap, Backend, Checkpoint, Epoch, ItemCovariances, Linkage, LocationScale, Model, Moments, Phase,
    Responses, Scales, Settings, Timings, Uncertainty,
};

/// A part of a list that R did not give.
pub fn missing(name: &str) -> Failure {
    Failure::Internal(format!("{name} is missing or of another type"))
}

/// A number from a named list; logical values count as 0 and 1.
pub fn number(list: &List, name: &str) -> Outcome<f64> {
    let value = list.dollar(name).map_err(|_| missing(name))?;
    if let Some(flag) = value.as_bool() {
        return Ok(f64::from(u8::from(flag)));
    }
    value
        .as_real()
        .or_else(|| value.as_integer().map(f64::from))
        .ok_or_else(|| missing(name))
}

/// A text from a named list.
pub fn text(list: &List, name: &str) -> Outcome<String> {
    let value = list.dollar(name).map_err(|_| missing(name))?;
    value.as_str().map(str::to_string).ok_or_else(|| missing(name))
}

/// The settings of a fit.
pub fn read_settings(list: &List) -> Outcome<Settings> {
    let count = |name: &'static str| number(list, name).map(|x| x as usize);
    let polarity = list.dollar("polarity").map_err(|_| missing("polarity"))?;
    let checkpoint = list.dollar("checkpoint").map_err(|_| missing("checkpoint"))?;
    let every = Duration::try_from_secs_f64(number(list, "checkpoint_seconds")?).unwrap_or(Duration::MAX);
    let batch_size = count("batch_size")?;
    let draws = count("draws")?;
    Ok(Settings {
        n_dims: count("dims")?,
        link: text(list, "link")?.parse()?,
        discrimination_sd: number(list, "discrimination_sd")?,
        difficulty_sd: number(list, "difficulty_sd")?,
        hidden: count("hidden")?,
        importance_samples: count("importance_samples")?,
        max_epochs: count("max_epochs")?,
        batch_size: (batch_size > 0).then_some(batch_size),
        learning_rate: number(list, "learning_rate")?,
        tolerance: number(list, "tolerance")?,
        refine: number(list, "refine")? != 0.0,
        estimates: number(list, "estimates")? != 0.0,
        draws: (draws > 0).then_some(draws),
        std_errors: text(list, "std_errors")?.parse()?,
        polarity: polarity
            .as_integer_slice()
            .map(|rows| rows.iter().map(|&i| (i - 1) as u32).collect()),
        checkpoint: checkpoint.as_str().map(|folder| Checkpoint {
            folder: folder.into(),
            every,
        }),
        seed: number(list, "seed")? as u64,
        threads: count("threads")?,
        backend: Backend::named(&text(list, "device")?)?,
    })
}

/// The values of a matrix of R, row by row.
pub fn by_row(matrix: &RMatrix<f64>) -> Vec<f64> {
    let cells = (0..matrix.nrows()).flat_map(|i| (0..matrix.ncols()).map(move |j| (i, j)));
    cells.map(|(i, j)| matrix[[i, j]]).collect()
}

/// Rows as R counts them, from 1.
pub fn row_numbers(rows: &[u32]) -> Vec<i32> {
    rows.iter().map(|&row| row as i32 + 1).collect()
}

/// A matrix of R from values stored row by row.
pub fn rows(values: &[f64], width: usize) -> RMatrix<f64> {
    let n_rows = values.len().checked_div(width).unwrap_or(0);
    RMatrix::new_matrix(n_rows, width, |i, j| values[i * width + j])
}

/// The training trace by column.
pub fn epochs_list(epochs: &[Epoch]) -> List {
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

/// Posterior moments on the reported scale: means, variances and skewnesses of every dimension (matrices with one row
/// per respondent), the diagnostics, and the covariances' lower triangles row by row. `joint` are the covariances
/// with the uncertainty of the items on both scales, without rows where they are not known.
pub fn posterior_list(map: &AffineMap, moments: &Moments, joint: &Scales) -> List {
    let n_dims = moments.n_dims;
    let n = moments.n_respondents();
    let mut means = Vec::with_capacity(n * n_dims);
    let mut covariances = Vec::with_capacity(n * n_dims * (n_dims + 1) / 2);
    let mut skewness = Vec::with_capacity(n * n_dims);
    let directions: Vec<Vec<f64>> = map.matrix.rows().into_iter().map(|row| row.to_vec()).collect();
    for position in 0..n {
        let mean = moments.mean(position);
        for direction in &directions {
            let terms = direction.iter().zip(mean.iter().zip(&map.shift));
            means.push(terms.map(|(a, (m, c))| a * (m - c)).sum());
        }
        for (d, direction) in directions.iter().enumerate() {
            let mut variance = 0.0;
            for other in &directions[..=d] {
                variance = moments.covariance_along(position, direction, other);
                covariances.push(variance);
            }
            skewness.push(moments.third_along(position, direction) / variance.powf(1.5));
        }
    }
    list!(
        mean = rows(&means, n_dims),
        covariance = rows(&covariances, n_dims * (n_dims + 1) / 2),
        skewness = rows(&skewness, n_dims),
        joint = rows(&joint.prior, n_dims * (n_dims + 1) / 2),
        joint_normalised = rows(&joint.normalised, n_dims * (n_dims + 1) / 2),
        pareto_k = moments.pareto_k.clone(),
        effective_draws = moments.effective_draws.clone(),
        amortisation_gap = moments.amortisation_gap.clone(),
        log_evidence = moments.log_evidence.clone()
    )
}

/// Where the time went: `part` and `seconds`.
pub fn timings_list(timings: &Timings) -> List {
    let (parts, seconds): (Vec<&str>, Vec<f64>) = timings.parts().iter().copied().unzip();
    list!(part = parts, seconds = seconds)
}

/// How the items are linked: the group of every item, the number of respondents in each group, and the linking items,
/// all counted from 1.
pub fn linkage_list(linkage: &Linkage, responses: &Responses) -> List {
    let sizes: Vec<i32> = linkage.group_sizes(responses).iter().map(|&n| n as i32).collect();
    list!(
        groups = row_numbers(&linkage.groups),
        sizes = sizes,
        linking = row_numbers(&linkage.linking)
    )
}

/// Item parameters on the reported scale and their covariances, see [`items_table`].
pub fn items_list(model: &Model, uncertainty: &Uncertainty) -> Outcome<List> {
    let LocationScale { means, sds } = uncertainty.location_scale.clone();
    items_table(model, &uncertainty.items, (means, sds), uncertainty.method.name())
}

/// Item parameters on the reported scale, one row per parameter row: the discriminations by dimension, then the difficulty;
/// the covariances of each row, lower triangles row by row; and the mean and the standard deviation of the posterior means
/// by dimension.
pub fn items_table(
    model: &Model,
    covariances: &ItemCovariances,
    (means, sds): (Vec<f64>, Vec<f64>),
    std_errors: &str,
) -> Outcome<List> {
    let parameters = model.map.items(&model.items)?;
    let width = model.items.width();
    let flat: Vec<f64> = parameters.iter().copied().collect();
    let packed = |values: &[f64]| rows(values, width * (width + 1) / 2);
    Ok(list!(
        parameters = rows(&flat, width),
        covariance = packed(&covariances.prior),
        covariance_normalised = packed(&covariances.normalised),
        covariance_aligned = packed(&covariances.aligned),
        std_errors = std_errors,
        mean = means,
        sd = sds
    ))
}
