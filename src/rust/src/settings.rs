//! The settings of the computations.

use crate::answer::Outcome;
use crate::list::{missing, number, text};
use extendr_api::prelude::*;
use std::time::Duration;
use vae_irt_core::{Backend, Checkpoint, Scoring, Settings};

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

/// What scoring takes.
pub fn read_scoring(settings: &List) -> Outcome<Scoring> {
    Ok(Scoring {
        refine: number(settings, "refine")? != 0.0,
        draws: number(settings, "draws")? as usize,
        seed: number(settings, "seed")? as u64,
        backend: Backend::named(&text(settings, "device")?)?,
    })
}

/// The number of threads.
pub fn read_threads(settings: &List) -> Outcome<usize> {
    Ok(number(settings, "threads")? as usize)
}
