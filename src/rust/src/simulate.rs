//! Simulated responses.

use crate::answer::answer;
use crate::list::{number, text};
use crate::vectors::rows;
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Monitor, Simulation, SimulationDesign, design};

/// Simulates responses; the design's names are those of `simulate_irt()`.
#[extendr]
fn rust_simulate(design: List) -> List {
    answer(|| {
        let count = |name: &'static str| number(&design, name).map(|x| x as usize);
        let seed = number(&design, "seed")? as u64;
        let design = SimulationDesign {
            n_respondents: count("n_respondents")?,
            n_items: count("n_items")?,
            n_dims: count("dims")?,
            n_options: count("n_options")?,
            missing: number(&design, "missing")?,
            kind: text(&design, "items")?.parse()?,
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
            items = rows(&simulation.items, design::width(design.n_dims))
        ))
    })
}

extendr_module! {
    mod simulate;
    fn rust_simulate;
}
