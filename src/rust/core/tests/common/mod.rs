//! Helpers that several test files share.
#![allow(dead_code)]

use std::path::PathBuf;
use vae_irt_core::{
    Backend, Fit, ItemKind, Monitor, Responses, Result, Settings, Simulation, SimulationDesign, simulate,
};

/// Fits with settings that are checked before.
pub fn fit(responses: &Responses, settings: &Settings, monitor: &dyn Monitor) -> Result<Fit> {
    vae_irt_core::fit(responses, &settings.clone().check()?, monitor)
}

/// Runs a test with the kernels, with tensors on the processor and, in a build with CUDA, on the GPU.
pub fn for_each_backend(test: impl Fn(&Backend)) {
    test(&Backend::Kernels);
    test(&Backend::Tensors(candle_core::Device::Cpu));
    if Backend::has_cuda() {
        test(&Backend::named("cuda").expect("a GPU"));
    }
}

pub fn simulated(
    n_respondents: usize,
    n_items: usize,
    n_dims: usize,
    n_options: usize,
) -> (Simulation, Responses<'static>) {
    simulated_items(ItemKind::Nominal, [n_respondents, n_items, n_dims, n_options])
}

/// Numbers of respondents, items, dimensions and options.
pub fn simulated_items(
    kind: ItemKind,
    [n_respondents, n_items, n_dims, n_options]: [usize; 4],
) -> (Simulation, Responses<'static>) {
    let design = SimulationDesign {
        n_respondents,
        n_items,
        n_dims,
        n_options,
        missing: 0.1,
        kind,
    };
    let truth = simulate(&design, 42).expect("valid design");
    let responses = truth.to_responses().expect("valid responses");
    (truth, responses)
}

/// Settings for tests that need an estimate, not a converged one.
pub fn quick(n_dims: usize) -> Settings {
    Settings::new(n_dims).with(|settings| {
        settings.training.max_epochs = 4;
        settings.model.hidden = 16;
    })
}

pub fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let cross: f64 = x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)).sum();
    let square = |v: &[f64], m: f64| v.iter().map(|a| (a - m).powi(2)).sum::<f64>();
    cross / (square(x, mx) * square(y, my)).sqrt()
}

/// The slope of a regression of `y` on `x` through the origin.
pub fn slope(x: &[f64], y: &[f64]) -> f64 {
    let cross: f64 = x.iter().zip(y).map(|(a, b)| a * b).sum();
    cross / x.iter().map(|a| a * a).sum::<f64>()
}

/// A folder of its own for a test, with a long name in several scripts: longer than the 260 characters that old programs of Windows know.
pub fn far_folder(name: &str) -> PathBuf {
    let mut folder = std::env::temp_dir().join(format!("vaeirt-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    while folder.as_os_str().len() < 300 {
        folder.push(
            "W\u{e4}hler \u{9078}\u{6319} \u{431}\u{44e}\u{43b}\u{43b}\u{435}\u{442}\u{435}\u{43d}\u{44c}",
        );
    }
    std::fs::create_dir_all(&folder).expect("folder");
    folder
}
