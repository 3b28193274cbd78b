//! The information about more item parameters than one matrix holds: blocks by item, the scores that the items share unless there
//! are too many of them, and what is known along location, scale and rotations.

use crate::base::error::Result;
use crate::base::linalg::{add_scaled, double, plus};
use crate::base::monitor::Monitor;
use crate::information::affine::{Affine, Known, Pairs};
use crate::information::calibration::Calibration;
use crate::information::covariance::Covariance;
use crate::information::factored::Factored;
use crate::information::item::ItemInformation;
use crate::information::low_rank::LowRank;
use crate::information::matrices::correction;
use crate::information::operator::{Blocks, Operator};
use crate::information::prior::FreePrior;
use crate::information::scores::Scores;
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// What the items share.
pub(crate) struct Structured {
    shared: Option<SharedScores>,
    known: Known,
}

/// The information is that of each item by itself and, between items, minus the square of these scores.
struct SharedScores {
    scores: Arc<Scores>,
    /// The squares of the scores of each item.
    squares: Vec<Array2<f64>>,
}

impl Structured {
    pub fn new(
        calibration: Calibration,
        scores: Option<Scores>,
        affine: Array2<f64>,
        items: &[ItemInformation],
        prior: &FreePrior,
    ) -> Self {
        let diagonals = items.iter().flat_map(|item| item.observed.diag().to_vec());
        let n = calibration.n_parameters().max(1) as f64;
        let ridge = diagonals.map(f64::abs).sum::<f64>() / n;
        Self {
            shared: scores.map(|scores| SharedScores::new(calibration, scores, items)),
            known: Known::new(calibration, affine, ridge, prior),
        }
    }

    /// Are the scores that the items share known?
    pub fn has_scores(&self) -> bool {
        self.shared.is_some()
    }

    /// See [`Known::affine`].
    pub fn affine(&self) -> &Array2<f64> {
        self.known.affine()
    }

    /// The information with these blocks of the items.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn operator(&self, blocks: Vec<Blocks>, affine: Affine, monitor: &dyn Monitor) -> Result<Operator> {
        let mut operator = Operator::of_blocks(blocks);
        if let Some(SharedScores { scores, squares }) = &self.shared {
            operator = operator.with_scores(scores.clone(), squares);
        }
        for Pairs { vectors, images } in self.known.pairs(affine) {
            let missing = plus(images, -1.0, &operator.times(vectors, monitor)?);
            if let Some(half) = correction(vectors, &missing) {
                operator.correct(vectors, images, half);
                break;
            }
        }
        Ok(operator)
    }

    /// The covariance of the parameters, in which the rotations are those that keep the estimates closest to themselves; nothing where
    /// the information is not positive definite. See [`Factored::new`] and [`LowRank::new`].
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn covariance(
        &self,
        blocks: Vec<Blocks>,
        functionals: ArrayView2<'_, f64>,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<Option<Covariance>> {
        let (rotations, half) = (self.known.rotations(), self.known.half_of_rotations());
        if self.has_scores() {
            let operator = self.operator(blocks, Affine::Population, monitor)?;
            let found = Factored::new(&operator, functionals, seed, monitor)?;
            return Ok(
                found.map(|found| Covariance::Factored(found.moved(rotations, rotations, half.view())))
            );
        }
        let blocks: Vec<_> = blocks.into_iter().map(|block| block.own).collect();
        let mut pairs = self.known.pairs(Affine::Population).into_iter();
        let found = pairs.find_map(|pairs| LowRank::new(&blocks, pairs));
        Ok(found.map(|found| Covariance::LowRank(found.minus(rotations, half.view()))))
    }
}

impl SharedScores {
    fn new(calibration: Calibration, scores: Scores, items: &[ItemInformation]) -> Self {
        let design = calibration.design();
        let sizes = items.iter().map(|item| item.observed.nrows());
        let mut squares: Vec<Array2<f64>> = sizes.map(|n| Array2::zeros((n, n))).collect();
        for position in 0..scores.n_respondents() {
            for (first, own) in scores.of_respondent(position) {
                let square = double(own.dot(&own.t()).view());
                add_scaled(&mut squares[design.item_of(first)].view_mut(), 1.0, square.view());
            }
        }
        Self {
            scores: Arc::new(scores),
            squares,
        }
    }
}
