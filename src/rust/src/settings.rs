//! The settings of the computations.

use crate::answer::Outcome;
use crate::list::{missing, number, text};
use extendr_api::prelude::*;
use std::time::Duration;
use vae_irt_core::{
    Backend, Checked, Checkpoint, ModelSettings, RunSettings, Scoring, ScoringSettings, Settings,
    TrainingSettings,
};

/// The settings of a fit.
pub fn read_settings(list: &List) -> Outcome<Checked> {
    let count = |name: &'static str| number(list, name).map(|x| x as usize);
    let polarity = list.dollar("polarity").map_err(|_| missing("polarity"))?;
    let checkpoint = list.dollar("checkpoint").map_err(|_| missing("checkpoint"))?;
    let every = Duration::try_from_secs_f64(number(list, "checkpoint_seconds")?).unwrap_or(Duration::MAX);
    let batch_size = count("batch_size")?;
    let draws = count("draws")?;
    let settings = Settings {
        model: ModelSettings {
            n_dims: count("dims")?,
            link: text(list, "link")?.parse()?,
            hidden: count("hidden")?,
            discrimination_sd: number(list, "discrimination_sd")?,
            difficulty_sd: number(list, "difficulty_sd")?,
            estimates_prior: number(list, "estimates_prior")? != 0.0,
            polarity: polarity
                .as_integer_slice()
                .map(|rows| rows.iter().map(|&i| (i - 1) as u32).collect()),
        },
        training: TrainingSettings {
            importance_samples: count("importance_samples")?,
            max_epochs: count("max_epochs")?,
            batch_size: (batch_size > 0).then_some(batch_size),
            learning_rate: number(list, "learning_rate")?,
            tolerance: number(list, "tolerance")?,
            checkpoint: checkpoint.as_str().map(|folder| Checkpoint {
                folder: folder.into(),
                every,
            }),
        },
        scoring: ScoringSettings {
            refine: number(list, "refine")? != 0.0,
            draws: (draws > 0).then_some(draws),
            estimates: number(list, "estimates")? != 0.0,
        },
        std_errors: text(list, "std_errors")?.parse()?,
        run: RunSettings {
            seed: number(list, "seed")? as u64,
            threads: count("threads")?,
            backend: Backend::named(&text(list, "device")?)?,
        },
    };
    Ok(settings.check()?)
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
