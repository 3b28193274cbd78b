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

/// Responses of which the information between the items is evaluated at most; where there are more, those of evenly spaced
/// respondents stand for all.
pub(crate) const ENOUGH_RESPONSES: u64 = 3_000_000;

/// The same where it is known along location, scale and rotations alone; of which that of the items by themselves is then evaluated,
/// about, and of those to an item at least.
const ENOUGH_BY_ITEM: u64 = 1_000_000;
const ENOUGH_FOR_ITEM: u64 = 500;

/// Where one respondent has more than this share of the weights of all, everybody is evaluated.
const HEAVY: f64 = 1e-4;

/// The highest [level](level) to which a sample is confined.
const HIGHEST_LEVEL: u32 = 12;

/// How the information between the items is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As one matrix.
    Matrix,
    /// As the scores that it comes from.
    Scores,
    /// Along location, scale and rotations alone.
    Affine,
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
    /// Nothing.
    None,
}

impl Sums {
    /// Evaluates the information at the items of the model.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(calibration: Calibration, form: Form, monitor: &dyn Monitor) -> Result<Self> {
        let rule = Rule::new(calibration);
        let evaluated = Evaluated::new(calibration, &rule, form);
        let (n_parameters, n_polynomials) = (calibration.n_parameters(), n_polynomials(calibration.n_dims()));
        let mut items = evaluated.item_sums(calibration, form != Form::None);
        let size = match form {
            Form::Matrix => chunk_size(n_parameters, n_polynomials),
            Form::Scores | Form::Affine | Form::None => MOST_RESPONDENTS,
        };
        let Positions {
            between_items,
            others,
        } = evaluated.positions(calibration);
        let mut between = Between::new(form, n_parameters, n_polynomials);
        let n = between_items.len() + others.len();
        let chunks = between_items.chunks(size).map(|positions| (positions, true));
        let chunks = chunks.chain(
            others
                .chunks(MOST_RESPONDENTS)
                .map(|positions| (positions, false)),
        );
        let mut done = 0;
        for (positions, is_between) in chunks {
            monitor.proceed()?;
            monitor.part(Part::Information, done as f64 / n as f64);
            let chunk = Chunk::new(calibration, positions, &rule);
            match &mut between {
                Some(between) if is_between => between.add(&chunk, &mut items, monitor)?,
                _ => chunk.add_to(&mut items),
            }
            done += positions.len();
        }
        let scored = calibration.scored;
        let weight_of = |positions: &[usize]| positions.iter().map(|&k| scored.weights[k]).sum::<f64>();
        let share = weight_of(&between_items) / scored.weights.iter().sum::<f64>();
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
            between: between.map(|between| between.extrapolated(share.recip())),
        })
    }
}

impl Between {
    fn new(form: Form, n_parameters: usize, n_polynomials: usize) -> Option<Self> {
        let shared = match form {
            Form::Matrix => Shared::Matrix(Array2::zeros((n_parameters, n_parameters))),
            Form::Scores => Shared::Scores(Scores::new(n_parameters, n_polynomials)),
            Form::Affine => Shared::None,
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
            Shared::None => scores.times(&coefficients),
        };
        add_scaled(&mut self.affine.view_mut(), 1.0, affine.view());
        Ok(())
    }

    /// The sums over all, one of so many respondents, by weight, having been evaluated.
    fn extrapolated(mut self, times: f64) -> Self {
        match &mut self.shared {
            Shared::Matrix(matrix) => {
                *matrix *= -times;
                mirror(matrix);
            }
            Shared::Scores(scores) => scores.scale(times.sqrt() as f32),
            Shared::None => (),
        }
        self.affine *= times;
        self
    }
}

/// Whose responses are evaluated.
struct Evaluated {
    /// The [level](level) from which on respondents say what is known between the items; nothing where that is not wanted.
    between: Option<u32>,
    /// For each item the level from which on they say what is known about it.
    levels: Vec<u32>,
}

/// The positions of the respondents.
struct Positions {
    /// Who says what is known between the items.
    between_items: Vec<usize>,
    /// Who is needed for some of the items by themselves.
    others: Vec<usize>,
}

impl Evaluated {
    fn new(calibration: Calibration, rule: &Rule, form: Form) -> Self {
        let scored = calibration.scored;
        let n_items = calibration.model.shape.catalogue.n_items();
        let everybody = Self {
            between: (form != Form::None).then_some(0),
            levels: vec![0; n_items],
        };
        let total: f64 = scored.weights.iter().sum();
        if scored.weights.iter().any(|&weight| weight > HEAVY * total) {
            return everybody;
        }
        let (of_all, of_item) = match form {
            Form::Matrix | Form::Scores => (ENOUGH_RESPONSES, ENOUGH_FOR_ITEM),
            Form::Affine | Form::None => {
                let of_item = (ENOUGH_BY_ITEM / n_items as u64).max(ENOUGH_FOR_ITEM);
                (ENOUGH_BY_ITEM, of_item)
            }
        };
        let ones = scored.respondents.iter().map(|&i| (i, 1u64));
        let n: u64 = calibration.responses.sum_by_item(ones).iter().sum();
        let between = (0..HIGHEST_LEVEL).find(|level| n >> level <= of_all);
        let between = between.unwrap_or(HIGHEST_LEVEL);
        match (form, rule) {
            (Form::Matrix | Form::Scores, Rule::Normal(_)) => Self {
                between: Some(between),
                levels: levels(calibration, of_item, between),
            },
            (Form::Matrix | Form::Scores, Rule::Lattice(_)) => Self {
                between: Some(between),
                levels: vec![between; n_items],
            },
            (Form::Affine | Form::None, Rule::Normal(_)) => Self {
                between: everybody.between.map(|_| between),
                levels: levels(calibration, of_item, HIGHEST_LEVEL),
            },
            (Form::Affine | Form::None, Rule::Lattice(_)) => everybody,
        }
    }

    fn positions(&self, calibration: Calibration) -> Positions {
        let catalogue = &calibration.model.shape.catalogue;
        let mut options = Vec::new();
        let mut is_wanted = |position: &usize| {
            calibration.options_of(*position, &mut options);
            let mut items = options.iter().map(|&option| catalogue.item_of(option as usize));
            items.any(|item| self.levels[item] <= level(*position))
        };
        let (between_items, others): (Vec<usize>, Vec<usize>) = (0..calibration.n_respondents())
            .partition(|&position| self.between.is_some_and(|from| from <= level(position)));
        // Below the lowest level nobody's responses have to be looked at.
        let lowest = self.levels.iter().min().copied().unwrap_or(0);
        let others = others.into_iter().filter(|&position| lowest <= level(position));
        Positions {
            between_items,
            others: others.filter(|position| is_wanted(position)).collect(),
        }
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

/// For each item the highest level, up to one, from which on at least so many respondents answered it; 0 where fewer did.
fn levels(calibration: Calibration, enough: u64, highest: u32) -> Vec<u32> {
    let mut levels = vec![0; calibration.model.shape.catalogue.n_items()];
    for at in 1..=highest {
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
            between: None,
            levels: levels(calibration, 15, HIGHEST_LEVEL),
        };
        assert!(evaluated.levels.iter().any(|&level| level > 1));
        let positions = evaluated.positions(calibration).others;
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
