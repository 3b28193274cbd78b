//! Simulated responses with known truth.

use crate::base::checks::at_least_one;
use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::monitor::{Monitor, Silent};
use crate::base::order::sort_numbers;
use crate::base::random::{Purpose, Stream};
use crate::model::design;
use crate::model::population::Population;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::item_kind::ItemKind;
use crate::responses::store::Responses;
use crate::simulate::choice::Chooser;

/// The least distance between the difficulties of a simulated graded item.
const DISTANCE: f64 = 0.5;

/// What to simulate.
#[derive(Clone, Copy, Debug)]
pub struct SimulationDesign {
    /// Number of respondents.
    pub n_respondents: usize,
    /// Number of items.
    pub n_items: usize,
    /// Number of latent dimensions.
    pub n_dims: usize,
    /// Number of options of every item.
    pub n_options: usize,
    /// Probability that a response is missing.
    pub missing: f64,
    /// What kind of items they are.
    pub kind: ItemKind,
}

/// Simulated responses and the truth behind them.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The design.
    pub design: SimulationDesign,
    /// Latent traits, `n_respondents x n_dims`, row by row.
    pub traits: Vec<f64>,
    /// Item parameters, one row per item and non-reference option: the discriminations, then the difficulty.
    pub items: Vec<f64>,
    /// The option chosen, from 0, `n_respondents x n_items`, row by row; nothing where it is missing.
    pub chosen: Vec<Option<u32>>,
}

/// Simulates responses under the logit link: traits, discriminations and difficulties are standard normal, and responses are missing
/// completely at random. Graded items have one discrimination, and their difficulties are put in order and moved apart by a half.
///
/// # Errors
/// [`Error::Setting`] when a part of the design is out of its range.
pub fn simulate(design: &SimulationDesign, seed: u64) -> Result<Simulation> {
    Simulation::draw(design, seed, &Silent)
}

impl Simulation {
    /// [`simulate`] with somebody who may stop it.
    ///
    /// # Errors
    /// As [`simulate`]; [`Error::Memory`]; [`Error::Cancelled`] when the monitor says so.
    pub fn draw(design: &SimulationDesign, seed: u64, monitor: &dyn Monitor) -> Result<Self> {
        at_least_one("n_respondents", design.n_respondents)?;
        at_least_one("n_items", design.n_items)?;
        at_least_one("dims", design.n_dims)?;
        if design.n_options < 2 {
            return Err(Error::Setting {
                name: "n_options",
                requirement: "at least 2",
                value: design.n_options.to_string(),
            });
        }
        if !(0.0..1.0).contains(&design.missing) {
            return Err(Error::Setting {
                name: "missing",
                requirement: "at least 0 and below 1",
                value: design.missing.to_string(),
            });
        }
        let n_rows = design.n_items * (design.n_options - 1);
        let mut chosen = Vec::new();
        memory::reserve(&mut chosen, design.n_respondents.saturating_mul(design.n_items))?;
        let population = Population::standard(design.n_dims);
        let mut of_traits = Stream::new(seed, Purpose::Simulation, 0, 0);
        let mut traits = Vec::with_capacity(design.n_respondents * design.n_dims);
        (0..design.n_respondents).for_each(|_| traits.extend(population.draw(&mut of_traits)));
        let mut of_items = Stream::new(seed, Purpose::Simulation, 1, 0);
        let mut simulation = Simulation {
            design: *design,
            traits,
            items: (0..n_rows * design::width(design.n_dims))
                .map(|_| of_items.normal())
                .collect(),
            chosen,
        };
        if design.kind == ItemKind::Graded {
            simulation.put_in_order();
        }
        for respondent in 0..design.n_respondents {
            let mut stream = Stream::new(seed, Purpose::Simulation, 2, respondent as u64);
            simulation.respond(respondent, &mut stream);
            monitor.proceed()?;
        }
        Ok(simulation)
    }

    /// Makes the parameters those of graded items: each has the first of its discriminations, and its difficulties rise.
    fn put_in_order(&mut self) {
        let width = design::width(self.design.n_dims);
        for rows in self.items.chunks_mut((self.design.n_options - 1) * width) {
            let slopes = design::split(&rows[..width]).0.to_vec();
            let difficulties: Vec<f64> = rows.chunks(width).map(|row| *design::split(row).1).collect();
            let mut order: Vec<usize> = (0..difficulties.len()).collect();
            sort_numbers(&mut order, &|a, b| difficulties[a].total_cmp(&difficulties[b]));
            let middle = 0.5 * (order.len() as f64 - 1.0);
            let apart =
                |(place, which): (usize, usize)| difficulties[which] + DISTANCE * (place as f64 - middle);
            let ordered = design::rows_with(&slopes, order.into_iter().enumerate().map(apart));
            rows.iter_mut().zip(ordered).for_each(|(to, x)| *to = x);
        }
    }

    /// Draws one respondent's responses.
    fn respond(&mut self, respondent: usize, stream: &mut Stream) {
        let SimulationDesign {
            n_items,
            n_dims,
            n_options,
            missing,
            kind,
            ..
        } = self.design;
        let mut chooser = Chooser::new(
            &self.traits[respondent * n_dims..(respondent + 1) * n_dims],
            missing,
        );
        let items = self.items.chunks((n_options - 1) * design::width(n_dims));
        let chosen = items.take(n_items).map(|rows| chooser.choose(kind, rows, stream));
        self.chosen.extend(chosen);
    }

    /// The responses as the model takes them.
    ///
    /// # Errors
    /// [`Error::Responses`] when they are too many to count.
    pub fn to_responses(&self) -> Result<Responses<'static>> {
        let n_options = self.design.n_options as u32;
        let kinds = vec![self.design.kind; self.design.n_items];
        let catalogue = ItemCatalogue::with_kinds(&vec![n_options; self.design.n_items], kinds)?;
        let mut offsets = vec![0u64];
        let mut options = Vec::new();
        for row in self.chosen.chunks(self.design.n_items) {
            let observed = row.iter().enumerate();
            options.extend(observed.filter_map(|(item, c)| c.map(|c| item as u32 * n_options + c)));
            offsets.push(options.len() as u64);
        }
        Responses::new(catalogue, offsets, &options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_design() {
        let design = SimulationDesign {
            n_respondents: 2_000,
            n_items: 30,
            n_dims: 2,
            n_options: 3,
            missing: 0.25,
            kind: ItemKind::Nominal,
        };
        let simulation = simulate(&design, 5).expect("valid design");
        let n = simulation.chosen.len() as f64;
        let observed: Vec<u32> = simulation.chosen.iter().flatten().copied().collect();
        assert!((observed.len() as f64 / n - 0.75).abs() < 0.01);
        let share = observed.iter().filter(|&&c| c == 0).count() as f64 / observed.len() as f64;
        assert!((share - 1.0 / 3.0).abs() < 0.15, "share of option 0: {share}");
        let again = simulate(&design, 5).expect("valid design");
        assert_eq!(simulation.chosen, again.chosen);
        let other = simulate(&design, 6).expect("valid design");
        assert_ne!(simulation.chosen, other.chosen);
    }

    #[test]
    fn graded_items_have_thresholds_in_order() {
        let design = SimulationDesign {
            n_respondents: 2_000,
            n_items: 10,
            n_dims: 1,
            n_options: 4,
            missing: 0.0,
            kind: ItemKind::Graded,
        };
        let simulation = simulate(&design, 5).expect("valid design");
        for (item, rows) in simulation.items.chunks(6).enumerate() {
            assert!(rows[0] == rows[2] && rows[2] == rows[4]);
            assert!(rows[1] + 0.5 <= rows[3] && rows[3] + 0.5 <= rows[5]);
            // Those above the highest threshold answer higher where the item discriminates.
            let mean = |above: bool| {
                let own = simulation.traits.iter().zip(simulation.chosen.chunks(10));
                let own = own.filter(|&(&x, _)| (x > 0.0) == above);
                let answers: Vec<u32> = own.filter_map(|(_, chosen)| chosen[item]).collect();
                f64::from(answers.iter().sum::<u32>()) / answers.len() as f64
            };
            assert!(rows[0].abs() < 0.2 || (mean(true) > mean(false)) == (rows[0] > 0.0));
        }
        assert!(
            !simulation
                .to_responses()
                .expect("responses")
                .catalogue()
                .is_nominal()
        );
    }

    #[test]
    fn impossible_designs_are_refused() {
        let good = SimulationDesign {
            n_respondents: 2,
            n_items: 2,
            n_dims: 1,
            n_options: 2,
            missing: 0.0,
            kind: ItemKind::Nominal,
        };
        assert!(simulate(&good, 1).is_ok());
        for bad in [
            SimulationDesign { n_items: 0, ..good },
            SimulationDesign { n_options: 1, ..good },
            SimulationDesign { missing: 1.0, ..good },
            SimulationDesign { n_dims: 0, ..good },
        ] {
            assert!(matches!(simulate(&bad, 1), Err(Error::Setting { .. })));
        }
    }
}
