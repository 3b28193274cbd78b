//! The sums over respondents that the information is made of.

use crate::base::error::Result;
use crate::base::linalg::{add_scaled, mirror};
use crate::base::monitor::{Monitor, Part};
use crate::information::calibration::Calibration;
use crate::information::chunk::{Chunk, MOST_RESPONDENTS, chunk_size, n_polynomials};
use crate::information::item::{ItemInformation, ItemSum};
use crate::information::matrices::add_square;
use crate::information::rule::Rule;
use crate::information::scores::Scores;
use ndarray::Array2;

/// Responses of which the information is evaluated, about; where there are more, evenly spaced samples of those to
/// each item (of the respondents, where the information is one matrix) stand for all.
const ENOUGH_RESPONSES: u64 = 2_000_000;

/// Responses to an item that are evaluated at least.
const ENOUGH_FOR_ITEM: u64 = 1_000;

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
        let strides = Strides::new(calibration, joint);
        let rule = Rule::new(calibration);
        let (n_parameters, n_polynomials) = (calibration.n_parameters(), n_polynomials(calibration.n_dims()));
        let mut items = strides.item_sums(calibration, joint);
        let mut between = Between::new(form, n_parameters, n_polynomials);
        let sample = (0..calibration.n_respondents()).step_by(strides.of_respondents as usize);
        let sample: Vec<usize> = sample.collect();
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
            between: between.map(|between| between.extrapolated(strides.of_respondents as f64)),
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
        let affine = scores.times(&chunk.affine_coefficients());
        add_scaled(&mut self.affine.view_mut(), 1.0, affine.view());
        match &mut self.shared {
            Shared::Matrix(matrix) => add_square(matrix, &scores, monitor)?,
            Shared::Scores(all) => all.append(&scores),
        }
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

/// Every so many respondents, and of theirs every so many responses to an item, one is evaluated.
struct Strides {
    of_respondents: u64,
    of_items: Vec<u64>,
}

impl Strides {
    fn new(calibration: Calibration, joint: bool) -> Self {
        let scored = calibration.scored;
        let ones = scored.respondents.iter().map(|&i| (i, 1u64));
        let counts = calibration.responses.sum_by_item(ones);
        let weighted = scored.weights.iter().any(|&w| w != 1.0);
        let of_respondents = if joint && !weighted {
            counts.iter().sum::<u64>().div_ceil(ENOUGH_RESPONSES).max(1)
        } else {
            1
        };
        let enough = (ENOUGH_RESPONSES / counts.len() as u64).max(ENOUGH_FOR_ITEM);
        let of_item = |&n: &u64| {
            if joint || weighted {
                1
            } else {
                n.div_ceil(enough).max(1)
            }
        };
        Self {
            of_respondents,
            of_items: counts.iter().map(of_item).collect(),
        }
    }

    /// Nothing yet about each item.
    fn item_sums(&self, calibration: Calibration, joint: bool) -> Vec<ItemSum> {
        let catalogue = &calibration.model.shape.catalogue;
        let width = calibration.model.items.width();
        let strides = self.of_items.iter().enumerate();
        strides
            .map(|(item, &stride)| ItemSum::new(catalogue.rows_of(item).len() * width, stride, joint))
            .collect()
    }
}
