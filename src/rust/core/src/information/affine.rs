//! What the information about all item parameters is along location, scale and rotations.

use crate::base::linalg::{beside, plus, product};
use crate::information::calibration::Calibration;
use crate::information::prior::FreePrior;
use crate::model::population::affine_images;
use crate::model::tangents::affine_tangents;
use crate::posterior::aggregate::aggregate;
use ndarray::{Array2, ArrayView2, s};

/// What the information maps some vectors to. The likelihood does not know rotations.
pub(crate) struct Known {
    /// The covariances of the scores with the linear and quadratic functions of the traits.
    affine: Array2<f64>,
    /// Orthonormal basis of the rotations' tangents, then tangents of location and scale orthogonal to them.
    vectors: Array2<f64>,
    /// Their images, as the [posterior](Affine::Posterior) of the items says: the rotations are mapped to `ridge` times themselves, so
    /// that the information can be inverted.
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

/// Vectors and their images, in columns.
#[derive(Clone, Copy)]
pub(crate) struct Pairs<'a> {
    pub vectors: ArrayView2<'a, f64>,
    pub images: ArrayView2<'a, f64>,
}

impl Known {
    /// From the covariances of the scores with the linear and quadratic functions of the traits.
    pub fn new(calibration: Calibration, affine: Array2<f64>, ridge: f64, prior: &FreePrior) -> Self {
        let (table, design) = (&calibration.model.items, calibration.design());
        let rotations = calibration.basis_of_rotations();
        let outside = |x: Array2<f64>| plus(&x, -1.0, &product(&rotations, &product(rotations.t(), &x)));
        let tangents = outside(design.select(affine_tangents(table)));
        let (mean, covariance) = aggregate(calibration.scored.moments, calibration.scored.weights);
        let of_population = outside(product(&affine, &affine_images(&mean, &covariance)));
        let of_posterior = outside(plus(&affine, 1.0, &prior.affine_images(table, &design)));
        let with_ridge = &rotations * ridge;
        Self {
            affine,
            n_rotations: rotations.ncols(),
            vectors: beside(rotations.view(), tangents.view()),
            of_posterior: beside(with_ridge.view(), of_posterior.view()),
            of_population: beside(with_ridge.view(), of_population.view()),
            ridge,
        }
    }

    /// The covariances of the scores with the linear and quadratic functions of the traits, in columns.
    pub fn affine(&self) -> &Array2<f64> {
        &self.affine
    }

    /// Orthonormal basis of the rotations' tangents, in columns.
    pub fn rotations(&self) -> ArrayView2<'_, f64> {
        self.vectors.slice(s![.., ..self.n_rotations])
    }

    /// The `b` with which `C - a b' - b a'`, where `a` are the [rotations](Self::rotations), is the inverse `C` of the information
    /// without what the ridge says along them.
    pub fn half_of_rotations(&self) -> Array2<f64> {
        &self.rotations() * (0.5 / self.ridge)
    }

    /// All vectors with their images, then the rotations alone, for where the others depend on each other.
    pub fn pairs(&self, affine: Affine) -> [Pairs<'_>; 2] {
        let images = match affine {
            Affine::Posterior => &self.of_posterior,
            Affine::Population => &self.of_population,
        };
        [self.vectors.ncols(), self.n_rotations].map(|n| Pairs {
            vectors: self.vectors.slice(s![.., ..n]),
            images: images.slice(s![.., ..n]),
        })
    }
}
