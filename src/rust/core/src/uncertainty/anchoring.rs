//! Standard errors on axes that respondents at given positions set.
//!
//! The map that takes the anchors to their positions is a function of their ideal points. When these are off, it is off: the errors of
//! everybody else are relative to the anchors, and anchors that are just as many as it takes have none.

use crate::base::linalg::{double, invert, plus, product, sandwich, single, symmetric};
use crate::information::calibration::Calibration;
use crate::information::chunk::Chunk;
use crate::information::covariance::Covariance;
use crate::information::gauge::Anchors;
use crate::information::rule::Rule;
use crate::information::scores::Scores;
use crate::model::design;
use crate::model::item_errors::MapErrors;
use crate::uncertainty::limit::{Limits, limit_of_draws};
use crate::uncertainty::pulled::pulled;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};

/// How estimates depend on the ideal points of the anchors. The functionals are these, an anchor after the other, on the reported axes,
/// on which the map of least squares that takes them to their positions is the identity.
pub(crate) struct Anchoring<'a> {
    calibration: Calibration<'a>,
    limits: &'a Limits<'a>,
    geometry: Geometry,
    functionals: Functionals,
}

/// Where the anchors are, and what follows for how a map of least squares depends on them.
pub(crate) struct Geometry {
    /// The positions of the anchors among the respondents.
    pub places: Vec<usize>,
    /// Their reported ideal points, then 1.
    points: Array2<f64>,
    /// What these lack to their positions.
    residuals: Array2<f64>,
    /// `(points' points)^-1`.
    inverse: Array2<f64>,
}

/// The covariances of the item parameters (rows) with the functionals, and those of these.
struct Functionals {
    with_items: Array2<f32>,
    own: Array2<f64>,
}

impl Functionals {
    /// Those of the ideal points of respondents at some places of a calibration.
    fn new(calibration: Calibration, covariance: &Covariance, limits: &Limits, places: &[usize]) -> Self {
        let (design, n_dims) = (calibration.design(), calibration.n_dims());
        let rule = Rule::new(calibration);
        let slopes = Chunk::new(calibration, places, &rule).slopes_of_means();
        // The derivatives of the ideal points, in rows.
        let mut derivatives = double(slopes.dense().view());
        let of_means = covariance.of_means(&slopes, &design);
        for (k, (of_mean, &place)) in of_means.iter().zip(places).enumerate() {
            let own = s![k * n_dims..(k + 1) * n_dims, ..];
            let moved = product(
                &reported(calibration, limits, place, of_mean),
                derivatives.slice(own),
            );
            derivatives.slice_mut(own).assign(&moved);
        }
        let with_items = covariance.times(single(derivatives.t()).view(), &design);
        let mut own = symmetric(product(&derivatives, &double(with_items.view())).view());
        for (k, &place) in places.iter().enumerate() {
            let block = k * n_dims..(k + 1) * n_dims;
            let mut block = own.slice_mut(s![block.clone(), block]);
            block += &calibration.covariance(place);
        }
        Self { with_items, own }
    }

    /// The covariance of what moves by itself, `cross` with the functionals, and is pulled by them.
    fn moved(&self, own: &Array2<f64>, cross: &Array2<f64>, pull: &Array2<f64>) -> Array2<f64> {
        pulled(own, cross, pull, &self.own)
    }
}

/// What the derivatives of a respondent's posterior mean are multiplied by: within the [limits](Limits), on the reported axes.
pub(crate) fn reported(
    calibration: Calibration,
    limits: &Limits,
    position: usize,
    of_mean: &Array2<f64>,
) -> Array2<f64> {
    let limited = limit_of_draws(&limits.limit(position, of_mean), of_mean);
    product(&calibration.model.map.matrix, &limited)
}

impl Geometry {
    /// Nothing where the anchors do not span the dimensions, or one of them is not among the respondents, whose reported ideal points
    /// `mean` tells by position.
    pub fn new(anchors: &Anchors, respondents: &[u32], mean: impl Fn(usize) -> Array1<f64>) -> Option<Self> {
        let places = anchors
            .respondents
            .iter()
            .map(|i| respondents.binary_search(i).ok());
        let places: Vec<usize> = places.collect::<Option<_>>()?;
        let means: Vec<Array1<f64>> = places.iter().map(|&place| mean(place)).collect();
        let points: Vec<Array1<f64>> = means.iter().map(extended).collect();
        let points = stacked(&points);
        Some(Self {
            residuals: plus(&anchors.positions, -1.0, &stacked(&means)),
            inverse: invert(product(points.t(), &points).view())?,
            places,
            points,
        })
    }

    /// The number, the point and the residual of every anchor.
    fn anchors(&self) -> impl Iterator<Item = (usize, ArrayView1<'_, f64>, ArrayView1<'_, f64>)> {
        let pairs = self.points.rows().into_iter().zip(self.residuals.rows());
        pairs
            .enumerate()
            .map(|(k, (point, residual))| (k, point, residual))
    }

    /// What the anchors' errors do to a point: its derivatives by their ideal points.
    pub fn pull_of_point(&self, point: &Array1<f64>) -> Array2<f64> {
        let n_dims = point.len();
        let weights = self.inverse.dot(&extended(point));
        let mut pull = Array2::zeros((n_dims, self.places.len() * n_dims));
        for (k, anchor, residual) in self.anchors() {
            let share = weights.dot(&anchor);
            for e in 0..n_dims {
                for d in 0..n_dims {
                    pull[[d, k * n_dims + e]] = residual[d] * weights[e];
                }
                pull[[e, k * n_dims + e]] -= share;
            }
        }
        pull
    }

    /// What they do to the parameters of a row of the table of the items.
    pub fn pull_of_row(&self, row: &[f64]) -> Array2<f64> {
        let slopes = ArrayView1::from(design::split(row).0);
        let n_dims = slopes.len();
        let mut pull = Array2::zeros((row.len(), self.places.len() * n_dims));
        for (k, anchor, residual) in self.anchors() {
            let weights = self.inverse.dot(&anchor);
            for e in 0..n_dims {
                for m in 0..row.len() {
                    let turned = self.inverse[[m, e]] * residual.dot(&slopes) - weights[m] * slopes[e];
                    pull[[m, k * n_dims + e]] = if m < n_dims { -turned } else { turned };
                }
            }
        }
        pull
    }

    /// What they do to the elements of the map, as [`MapErrors`] has them.
    fn pull_of_map(&self) -> Array2<f64> {
        let n_dims = self.residuals.ncols();
        let at_origin = self.pull_of_point(&Array1::zeros(n_dims));
        let mut pull = Array2::zeros((n_dims * (n_dims + 1), at_origin.ncols()));
        for e in 0..n_dims {
            let mut unit = Array1::zeros(n_dims);
            unit[e] = 1.0;
            let own = plus(&self.pull_of_point(&unit), -1.0, &at_origin);
            pull.slice_mut(s![e * n_dims..(e + 1) * n_dims, ..]).assign(&own);
        }
        pull.slice_mut(s![n_dims * n_dims.., ..]).assign(&at_origin);
        pull
    }

    /// The errors of the map, from the covariances of the item parameters (rows) with the ideal points of the anchors, and those of these.
    pub fn map_errors(&self, with_items: &Array2<f64>, own: &Array2<f64>) -> MapErrors {
        let pull = self.pull_of_map();
        MapErrors {
            with_items: single(product(with_items, pull.t()).view()),
            own: sandwich(&pull, own),
        }
    }

    /// Is the respondent at a position an anchor, of just as many as it takes?
    pub fn is_held(&self, position: usize) -> bool {
        self.places.len() == self.points.ncols() && self.places.contains(&position)
    }
}

impl<'a> Anchoring<'a> {
    /// Nothing where the anchors do not span the dimensions, or one of them is not in the calibration.
    pub fn new(
        calibration: Calibration<'a>,
        covariance: &Covariance,
        limits: &'a Limits<'a>,
        anchors: &Anchors,
    ) -> Option<Self> {
        let known = calibration.scored.respondents;
        let geometry = Geometry::new(anchors, known, |place| calibration.mean(place))?;
        Some(Self {
            calibration,
            limits,
            functionals: Functionals::new(calibration, covariance, limits, &geometry.places),
            geometry,
        })
    }

    /// The errors of the map.
    pub fn map_errors(&self) -> MapErrors {
        let Functionals { with_items, own } = &self.functionals;
        self.geometry.map_errors(&double(with_items.view()), own)
    }

    /// The covariance of the parameters of a row of the table of the items, which are `row`. `own` and `jacobian`: without anchors, and from
    /// its `free` parameters on the scale of the model.
    pub fn of_row(
        &self,
        row: &[f64],
        own: &Array2<f64>,
        jacobian: &Array2<f64>,
        free: &[usize],
    ) -> Array2<f64> {
        let own_items = self.functionals.with_items.select(Axis(0), free);
        let cross = product(jacobian, &double(own_items.view()));
        self.functionals
            .moved(own, &cross, &self.geometry.pull_of_row(row))
    }

    /// The covariance of the respondent at a position, with number `k` in some slopes, whose posterior mean has the covariance `of_mean`
    /// from the items.
    pub fn of_respondent(
        &self,
        position: usize,
        (slopes, k): (&Scores, usize),
        of_mean: &Array2<f64>,
    ) -> Array2<f64> {
        let (calibration, n_dims) = (self.calibration, self.calibration.n_dims());
        if self.geometry.is_held(position) {
            return Array2::zeros((n_dims, n_dims));
        }
        let times = reported(calibration, self.limits, position, of_mean);
        let given_items = calibration.covariance(position);
        let own = plus(&given_items, 1.0, &sandwich(&times, of_mean));
        let of_items = slopes.transposed_times(k, self.functionals.with_items.view());
        let mut cross = product(&times, &double(of_items.view()));
        let places = &self.geometry.places;
        for anchor in (0..places.len()).filter(|&anchor| places[anchor] == position) {
            let mut block = cross.slice_mut(s![.., anchor * n_dims..(anchor + 1) * n_dims]);
            block += &given_items;
        }
        let pull = self.geometry.pull_of_point(&calibration.mean(position));
        self.functionals.moved(&own, &cross, &pull)
    }
}

/// A point, then 1.
fn extended(point: &Array1<f64>) -> Array1<f64> {
    point.iter().copied().chain([1.0]).collect()
}

/// Some points as the rows of a matrix.
fn stacked(points: &[Array1<f64>]) -> Array2<f64> {
    let width = points.first().map_or(0, Array1::len);
    Array2::from_shape_fn((points.len(), width), |(k, d)| points[k][d])
}
