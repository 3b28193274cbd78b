//! Helpers that several test files share.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// A folder that goes when the test ends.
pub struct Folder {
    root: PathBuf,
    path: PathBuf,
}

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "vaeirt-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let root = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&root).expect("folder");
        Self {
            path: root.clone(),
            root,
        }
    }

    /// With a long name in several scripts: longer than the 260 characters that old programs of Windows know.
    pub fn far() -> Self {
        let mut folder = Self::new();
        while folder.path.as_os_str().len() < 300 {
            folder
                .path
                .push("W\u{e4}hler \u{9078}\u{6319} \u{431}\u{44e}\u{43b}\u{43b}\u{435}\u{442}\u{435}\u{43d}\u{44c}");
        }
        std::fs::create_dir_all(&folder.path).expect("folder");
        folder
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}
