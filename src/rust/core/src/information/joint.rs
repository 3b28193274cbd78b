//! The information about all item parameters as one matrix.

use crate::information::affine::{Affine, Known};
use crate::information::calibration::Calibration;
use crate::information::item::{ItemInformation, places};
use crate::information::matrices::{fix_images, subtract_products};
use crate::information::prior::FreePrior;
use ndarray::{Array2, ArrayView2, s};

/// The information about all item parameters as one matrix.
pub(crate) struct Joint {
    /// As the scores say it.
    pub matrix: Array2<f64>,
    known: Known,
}

impl Joint {
    /// Puts the items' own information and the prior into the `matrix` of what lies between them.
    pub fn new(
        calibration: Calibration,
        mut matrix: Array2<f64>,
        affine: Array2<f64>,
        items: &[ItemInformation],
        prior: &FreePrior,
    ) -> Self {
        for (own, item) in places(items).zip(items) {
            matrix.slice_mut(s![own.clone(), own]).assign(&item.observed);
        }
        prior.add_information(&mut matrix);
        let ridge = matrix.diag().mapv(f64::abs).mean().unwrap_or(1.0);
        Self {
            matrix,
            known: Known::new(calibration, affine, ridge, prior),
        }
    }

    /// Makes a matrix agree with what is known about affine maps. Discriminations of 0 do not move with location and scale.
    pub fn corrected(&self, mut matrix: Array2<f64>, affine: Affine) -> Array2<f64> {
        for pairs in self.known.pairs(affine) {
            if fix_images(&mut matrix, pairs.vectors, pairs.images) {
                break;
            }
        }
        matrix
    }

    /// See [`Known::affine`].
    pub fn affine(&self) -> &Array2<f64> {
        self.known.affine()
    }

    /// Orthonormal basis of the rotations' tangents, in columns.
    pub fn rotations(&self) -> ArrayView2<'_, f64> {
        self.known.rotations()
    }

    /// Takes what the ridge says along rotations out of the inverse of a [corrected](Self::corrected) matrix.
    pub fn hold_rotations(&self, covariance: &mut Array2<f64>) {
        let half = self.known.half_of_rotations();
        subtract_products(covariance, self.rotations(), half.view());
    }
}
