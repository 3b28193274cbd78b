//! Fits simulated cast vote records on a device and prints names and figures as comma-separated values:
//! `device <voters> <contests> <device>`.
//!
//! Up to two million voters are estimated, else a sample of them. The R^2 is that of the true traits by the estimated ones,
//! averaged over the dimensions; the peak of the memory is that of the process.

use std::error::Error;
use std::num::NonZero;
use std::ops::Range;
use std::time::Instant;
use vae_irt_core::{Backend, BallotBox, BallotDesign, Fit, Responses, Result, Settings, Silent, fit};

const SEED: u64 = 1;
/// Voters of whom everyone is estimated, at most.
const ESTIMATED: usize = 2_000_000;

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<usize>().ok());
    let (Some(n_voters), Some(n_contests), Some(device)) = (number(0), number(1), arguments.get(2)) else {
        return Err("usage: device <voters> <contests> <device>".into());
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let design = BallotDesign::new(n_voters, n_contests);
    let backend = Backend::named(device)?;
    let settings = Settings::new(design.n_dims).with(|settings| {
        settings.run.seed = SEED;
        settings.run.threads = threads;
        settings.run.backend = backend;
        settings.scoring.estimates = n_voters <= ESTIMATED;
    });
    let settings = settings.check()?;
    let (responses, traits) = simulate(&design, threads)?;
    let started = Instant::now();
    let fitted = fit(&responses, &settings, &Silent)?;
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "voters,contests,dims,device,threads,seconds,training,posteriors,peak_mb,r_squared,log_likelihood"
    );
    println!(
        "{n_voters},{n_contests},{},{device},{threads},{seconds:.1},{:.1},{:.1},{},{:.4},{:.3}",
        design.n_dims,
        seconds_of(&fitted, &["bound and gradients", "update of"]),
        seconds_of(&fitted, &["posteriors"]),
        peak_mb(),
        r_squared(&fitted, &traits, design.n_dims),
        fitted.statistics.log_likelihood,
    );
    Ok(())
}

/// The votes and the traits of all voters, drawn side by side.
fn simulate(design: &BallotDesign, threads: usize) -> Result<(Responses<'static>, Vec<f64>)> {
    let ballot_box = BallotBox::new(design, SEED)?;
    let size = design.n_voters.div_ceil(threads).max(1);
    let starts = (0..design.n_voters).step_by(size);
    let part = |voters: Range<usize>| -> Result<_> {
        let ballots = ballot_box.ballots(voters.clone())?;
        let (mut ends, mut options) = (Vec::with_capacity(voters.len()), Vec::new());
        for voter in 0..voters.len() {
            ballots.responses.copy_row(voter, &mut options);
            ends.push(options.len() as u64);
        }
        Ok((
            ends,
            options,
            ballots.traits,
            ballots.responses.catalogue().clone(),
        ))
    };
    let parts: Vec<Result<_>> = std::thread::scope(|scope| {
        let part = &part;
        let voters = starts.map(|start| start..(start + size).min(design.n_voters));
        let running: Vec<_> = voters.map(|voters| scope.spawn(move || part(voters))).collect();
        let ended = running.into_iter().map(|thread| thread.join());
        ended.map(|result| result.expect("no thread panics")).collect()
    });
    let (mut offsets, mut options, mut traits, mut catalogue) = (vec![0], Vec::new(), Vec::new(), None);
    for part in parts {
        let (ends, own, own_traits, own_catalogue) = part?;
        let before = options.len() as u64;
        offsets.extend(ends.iter().map(|end| before + end));
        options.extend(own);
        traits.extend(own_traits);
        catalogue = Some(own_catalogue);
    }
    let catalogue = catalogue.expect("there are voters");
    Ok((Responses::new(catalogue, offsets, &options)?, traits))
}

/// Seconds of the parts whose names begin so.
fn seconds_of(fitted: &Fit, names: &[&str]) -> f64 {
    let parts = fitted.timings.parts().iter();
    let own = parts.filter(|(part, _)| names.iter().any(|name| part.starts_with(name)));
    own.map(|(_, seconds)| seconds).sum()
}

/// Most memory that the process had, in MB; 0 where the system does not say.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}

/// The part of the variance of the true traits that the estimated ones explain, averaged over the dimensions.
fn r_squared(fitted: &Fit, traits: &[f64], n_dims: usize) -> f64 {
    let centred = |value: &dyn Fn(usize) -> f64| {
        let values: Vec<f64> = (0..fitted.respondents.len()).map(value).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.into_iter().map(|x| x - mean).collect::<Vec<f64>>()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // The estimates by dimension, each without what those before it explain.
    let mut axes: Vec<Vec<f64>> = Vec::new();
    for d in 0..n_dims {
        let mut axis = centred(&|place| fitted.moments.mean(place)[d]);
        for other in &axes {
            let share = dot(&axis, other) / dot(other, other);
            axis.iter_mut().zip(other).for_each(|(x, o)| *x -= share * o);
        }
        axes.push(axis);
    }
    let explained = (0..n_dims).map(|d| {
        let truth = centred(&|place| traits[fitted.respondents[place] as usize * n_dims + d]);
        let sum: f64 = axes
            .iter()
            .map(|axis| dot(axis, &truth).powi(2) / dot(axis, axis))
            .sum();
        sum / dot(&truth, &truth)
    });
    explained.sum::<f64>() / n_dims as f64
}
