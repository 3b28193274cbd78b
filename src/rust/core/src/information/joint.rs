//! The information about all item parameters as one matrix, and what it says along location, scale and rotations.

use crate::base::linalg::{orthonormalise, product};
use crate::information::calibration::Calibration;
use crate::information::item::{ItemInformation, places};
use crate::information::matrices::{fix_images, subtract_products};
use crate::information::prior::FreePrior;
use crate::information::sums::JointSums;
use crate::model::population::affine_images;
use crate::model::tangents::affine_tangents;
use crate::posterior::moments::aggregate;
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

/// The information about all item parameters as one matrix. The likelihood does not know rotations.
pub(crate) struct Joint {
    /// As the scores say it.
    pub matrix: Array2<f64>,
    /// Orthonormal basis of the rotations' tangents, then tangents of location and scale orthogonal to them.
    known: Array2<f64>,
    /// What the matrix has to map these to, as the [posterior](Affine::Posterior) of the items says: the rotations to `ridge`
    /// times themselves, so that it can be inverted.
    of_posterior: Array2<f64>,
    /// The same as the [population](Affine::Population) says.
    of_population: Array2<f64>,
    /// Number of rotations.
    n_rotations: usize,
    ridge: f64,
}

/// What tells location and scale.
#[derive(Clone, Copy)]
pub(crate) enum Affine {
    /// The priors of the items and the traits: the curvature of the posterior of the items.
    Posterior,
    /// So many respondents of a normal population with the mean and the covariance of the aggregate posterior. The reported
    /// scale is that of this population, whatever the priors would make of it.
    Population,
}

impl Joint {
    /// Puts the items' own information and the prior into the matrix of what lies between them.
    pub fn new(
        calibration: Calibration,
        sums: JointSums,
        items: &[ItemInformation],
        prior: &FreePrior,
    ) -> Self {
        let JointSums { mut matrix, affine } = sums;
        for (own, item) in places(items).zip(items) {
            matrix.slice_mut(s![own.clone(), own]).assign(&item.observed);
        }
        prior.add_information(&mut matrix);
        let (table, design) = (&calibration.model.items, calibration.design());
        let mut rotations = calibration.rotations();
        orthonormalise(&mut rotations);
        let ridge = matrix.diag().mapv(f64::abs).mean().unwrap_or(1.0);
        let outside = |x: Array2<f64>| &x - &product(&rotations, &product(rotations.t(), &x));
        let tangents = outside(design.select(affine_tangents(table)));
        let (mean, covariance) = aggregate(calibration.scored.moments, calibration.scored.weights);
        let of_population = outside(product(&affine, &affine_images(&mean, &covariance)));
        let of_posterior = outside(affine + prior.affine_images(table, &design));
        let with_ridge = &rotations * ridge;
        Self {
            matrix,
            known: concatenate![Axis(1), rotations, tangents],
            of_posterior: concatenate![Axis(1), with_ridge, of_posterior],
            of_population: concatenate![Axis(1), with_ridge, of_population],
            n_rotations: rotations.ncols(),
            ridge,
        }
    }

    /// Orthonormal basis of the rotations' tangents, in columns.
    pub fn rotations(&self) -> ArrayView2<'_, f64> {
        self.known.slice(s![.., ..self.n_rotations])
    }

    /// Makes a matrix agree with what is known about affine maps. Discriminations of 0 do not move with location and scale.
    pub fn corrected(&self, mut matrix: Array2<f64>, affine: Affine) -> Array2<f64> {
        let images = match affine {
            Affine::Posterior => &self.of_posterior,
            Affine::Population => &self.of_population,
        };
        if !fix_images(&mut matrix, self.known.view(), images.view()) {
            fix_images(
                &mut matrix,
                self.rotations(),
                images.slice(s![.., ..self.n_rotations]),
            );
        }
        matrix
    }

    /// Takes what the ridge says along rotations out of the inverse of a [corrected](Self::corrected) matrix.
    pub fn hold_rotations(&self, covariance: &mut Array2<f64>) {
        let half = &self.rotations() * (0.5 / self.ridge);
        subtract_products(covariance, self.rotations(), half.view());
    }
}
