//! The sums over respondents that the information is made of.

use crate::base::error::Result;
use crate::base::linalg::{add_scaled, double, mirror};
use crate::base::monitor::{Monitor, Part};
use crate::information::calibration::Calibration;
use crate::information::chunk::{Chunk, MOST_RESPONDENTS, chunk_size, n_polynomials};
use crate::information::item::{ItemInformation, ItemSum, level};
use crate::information::matrices::{SPARSE, add_dense_square, add_square};
use crate::information::rule::Rule;
use crate::information::scores::Scores;
use ndarray::Array2;

/// Responses of which the information is evaluated, about; where there are more, those of evenly spaced respondents stand for all.
const ENOUGH_RESPONSES: u64 = 2_000_000;

/// The same where each item has a sample of its own, and responses to an item that are evaluated at least.
const ENOUGH_BY_ITEM: u64 = 1_000_000;
const ENOUGH_FOR_ITEM: u64 = 500;

/// The highest [level](level) to which a sample is confined.
const HIGHEST_LEVEL: u32 = 12;

/// How the information between the items is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As one matrix.
    Matrix,
    /// As the scores that it comes from.
    Scores,
    /// Not at all.
    None,
}

/// The sums over all respondents.
pub(crate) struct Sums {
    pub items: Vec<ItemInformation>,
    /// What is known between the items; nothing where that is not wanted.
    pub between: Option<Between>,
}

/// What is summed over respondents about all item parameters together.
pub(crate) struct Between {
    pub shared: Shared,
    /// The covariances of the scores with the linear and quadratic functions of the traits.
    pub affine: Array2<f64>,
}

/// The information between the items. Their own is not in it.
pub(crate) enum Shared {
    /// As it is.
    Matrix(Array2<f64>),
    /// The scores: their square is what is not known.
    Scores(Scores),
}

impl Sums {
    /// Evaluates the information at the items of the model.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(calibration: Calibration, form: Form, monitor: &dyn Monitor) -> Result<Self> {
        let joint = form != Form::None;
        let rule = Rule::new(calibration);
        let evaluated = Evaluated::new(calibration, &rule, joint);
        let (n_parameters, n_polynomials) = (calibration.n_parameters(), n_polynomials(calibration.n_dims()));
        let mut items = evaluated.item_sums(calibration, joint);
        let mut between = Between::new(form, n_parameters, n_polynomials);
        let sample = evaluated.positions(calibration);
        let size = match form {
            Form::Matrix => chunk_size(n_parameters, n_polynomials),
            Form::Scores | Form::None => MOST_RESPONDENTS,
        };
        for (number, positions) in sample.chunks(size).enumerate() {
            monitor.proceed()?;
            monitor.part(Part::Information, (number * size) as f64 / sample.len() as f64);
            let chunk = Chunk::new(calibration, positions, &rule);
            match &mut between {
                Some(between) => between.add(&chunk, &mut items, monitor)?,
                None => chunk.add_to(&mut items),
            }
        }
        let scored = calibration.scored;
        let weighted = scored
            .respondents
            .iter()
            .copied()
            .zip(scored.weights.iter().copied());
        let totals = calibration.responses.sum_by_item(weighted);
        let design = calibration.design();
        let items = items.into_iter().zip(totals).enumerate();
        Ok(Self {
            items: items
                .map(|(item, (sum, total))| sum.extrapolated(total).contracted(&design, item))
                .collect(),
            between: between.map(|between| between.extrapolated(evaluated.stride as f64)),
        })
    }
}

impl Between {
    fn new(form: Form, n_parameters: usize, n_polynomials: usize) -> Option<Self> {
        let shared = match form {
            Form::Matrix => Shared::Matrix(Array2::zeros((n_parameters, n_parameters))),
            Form::Scores => Shared::Scores(Scores::new(n_parameters, n_polynomials)),
            Form::None => return None,
        };
        Some(Self {
            shared,
            affine: Array2::zeros((n_parameters, n_polynomials)),
        })
    }

    /// Adds some respondents, also to the information of the items. Until the sums are complete, the matrix is the lower triangle
    /// of what is not known between the items.
    fn add(&mut self, chunk: &Chunk, items: &mut [ItemSum], monitor: &dyn Monitor) -> Result<()> {
        let scores = chunk.scores(items);
        let coefficients = chunk.affine_coefficients();
        let affine = match &mut self.shared {
            Shared::Matrix(matrix) if scores.filled() > SPARSE => {
                let dense = scores.dense();
                add_dense_square(matrix, &dense, monitor)?;
                double(dense.t().dot(&coefficients).view())
            }
            Shared::Matrix(matrix) => {
                add_square(matrix, &scores, monitor)?;
                scores.times(&coefficients)
            }
            Shared::Scores(all) => {
                all.append(&scores);
                scores.times(&coefficients)
            }
        };
        add_scaled(&mut self.affine.view_mut(), 1.0, affine.view());
        Ok(())
    }

    /// The sums over all, one of so many respondents having been evaluated.
    fn extrapolated(mut self, stride: f64) -> Self {
        match &mut self.shared {
            Shared::Matrix(matrix) => {
                *matrix *= -stride;
                mirror(matrix);
            }
            Shared::Scores(scores) => scores.scale(stride.sqrt() as f32),
        }
        self.affine *= stride;
        self
    }
}

/// Whose responses are evaluated.
struct Evaluated {
    /// One of so many respondents.
    stride: u64,
    /// For each item those to whose [level](level) the sample comes down.
    levels: Vec<u32>,
}

impl Evaluated {
    fn new(calibration: Calibration, rule: &Rule, joint: bool) -> Self {
        let scored = calibration.scored;
        let n_items = calibration.model.shape.catalogue.n_items();
        let everybody = Self {
            stride: 1,
            levels: vec![0; n_items],
        };
        if scored.weights.iter().any(|&w| w != 1.0) {
            return everybody;
        }
        if joint {
            let ones = scored.respondents.iter().map(|&i| (i, 1u64));
            let n: u64 = calibration.responses.sum_by_item(ones).iter().sum();
            return Self {
                stride: n.div_ceil(ENOUGH_RESPONSES).max(1),
                ..everybody
            };
        }
        match rule {
            Rule::Lattice(_) => everybody,
            Rule::Normal(_) => Self {
                levels: levels(
                    calibration,
                    (ENOUGH_BY_ITEM / n_items as u64).max(ENOUGH_FOR_ITEM),
                ),
                ..everybody
            },
        }
    }

    /// The positions of the respondents.
    fn positions(&self, calibration: Calibration) -> Vec<usize> {
        let catalogue = &calibration.model.shape.catalogue;
        let mut options = Vec::new();
        let mut is_wanted = |position: &usize| {
            calibration.options_of(*position, &mut options);
            let mut items = options.iter().map(|&option| catalogue.item_of(option as usize));
            items.any(|item| self.levels[item] <= level(*position))
        };
        let positions = (0..calibration.n_respondents()).step_by(self.stride as usize);
        if self.levels.iter().all(|&level| level == 0) {
            return positions.collect();
        }
        positions.filter(|position| is_wanted(position)).collect()
    }

    /// Nothing yet about each item.
    fn item_sums(&self, calibration: Calibration, joint: bool) -> Vec<ItemSum> {
        let catalogue = &calibration.model.shape.catalogue;
        let width = calibration.model.items.width();
        let levels = self.levels.iter().enumerate();
        levels
            .map(|(item, &level)| ItemSum::new(catalogue.rows_of(item).len() * width, level, joint))
            .collect()
    }
}

/// For each item the highest level from which on at least so many respondents answered it; 0 where fewer did.
fn levels(calibration: Calibration, enough: u64) -> Vec<u32> {
    let mut levels = vec![0; calibration.model.shape.catalogue.n_items()];
    for at in 1..=HIGHEST_LEVEL {
        let from = calibration.scored.respondents.iter().step_by(1 << at);
        let counts = calibration.responses.sum_by_item(from.map(|&i| (i, 1u64)));
        let known = levels.iter_mut().zip(counts);
        known
            .filter(|(_, count)| *count >= enough)
            .for_each(|(level, _)| *level = at);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::fit::run::fit;
    use crate::posterior::moments::Moments;
    use crate::posterior::scoring::Scored;
    use crate::settings::Settings;
    use crate::simulate::simulation::{SimulationDesign, simulate};

    #[test]
    fn each_item_has_enough_evenly_spaced_respondents() {
        let design = SimulationDesign {
            n_respondents: 400,
            n_items: 12,
            n_dims: 2,
            n_options: 2,
            missing: 0.8,
            kind: crate::responses::item_kind::ItemKind::Nominal,
        };
        let responses = simulate(&design, 3)
            .and_then(|x| x.to_responses())
            .expect("responses");
        let settings = Settings::new(2).with(|settings| settings.training.max_epochs = 1);
        let settings = settings.check().expect("settings");
        let fit = fit(&responses, &settings, &Silent).expect("fit");
        let n = fit.respondents.len();
        let moments = Moments::for_tests(2, vec![0.0; 2 * n], [1.0, 0.0, 1.0].repeat(n));
        let weights = vec![1.0; n];
        let calibration = Calibration {
            model: &fit.model,
            responses: &responses,
            scored: Scored {
                respondents: &fit.respondents,
                weights: &weights,
                moments: &moments,
            },
        };
        let evaluated = Evaluated {
            stride: 1,
            levels: levels(calibration, 15),
        };
        assert!(evaluated.levels.iter().any(|&level| level > 1));
        let positions = evaluated.positions(calibration);
        assert!(positions.len() < n);
        let sums = evaluated.item_sums(calibration, false);
        for (item, sum) in sums.iter().enumerate() {
            let answered = |&position: &usize| {
                let mut options = Vec::new();
                calibration.options_of(position, &mut options);
                let items = &fit.model.shape.catalogue;
                options
                    .iter()
                    .any(|&option| items.item_of(option as usize) == item)
            };
            let taken = |position: &usize| sum.takes(*position);
            let of_sample = positions.iter().filter(|x| taken(x) && answered(x)).count();
            let of_all = (0..n).filter(|x| taken(x) && answered(x)).count();
            assert_eq!(of_sample, of_all);
            assert!(of_all >= 15, "{of_all} for item {item}");
            let spacing = 1 << evaluated.levels[item];
            assert!((0..n).filter(taken).eq((0..n).step_by(spacing)));
        }
    }
}
