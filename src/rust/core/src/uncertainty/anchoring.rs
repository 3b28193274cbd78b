//! Standard errors on axes that respondents at given positions set.
//!
//! The map that takes the anchors to their positions is a function of their ideal points. When these are off, it is off: the errors of
//! everybody else are relative to the anchors, and anchors that are just as many as it takes have none.

use crate::base::error::Result;
use crate::base::linalg::{double, invert, pack, plus, product, sandwich, single, symmetric};
use crate::base::monitor::Monitor;
use crate::information::calibration::Calibration;
use crate::information::chunk::Chunk;
use crate::information::covariance::Covariance;
use crate::information::gauge::Anchors;
use crate::information::rule::Rule;
use crate::model::design;
use crate::uncertainty::limit::{Limits, limit_of_draws};
use crate::uncertainty::slopes::each_chunk;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};

/// How estimates depend on the ideal points of the anchors. The functionals are these, an anchor after the other, on the reported axes,
/// on which the map of least squares that takes them to their positions is the identity.
pub(crate) struct Anchoring<'a> {
    calibration: Calibration<'a>,
    covariance: &'a Covariance,
    limits: Limits<'a>,
    /// The positions of the anchors in the calibration.
    places: Vec<usize>,
    /// Their reported ideal points, then 1.
    points: Array2<f64>,
    /// What these lack to their positions.
    residuals: Array2<f64>,
    /// `(points' points)^-1`.
    inverse: Array2<f64>,
    /// Covariances of the item parameters (rows) with the functionals, and those of these.
    with_functionals: Array2<f64>,
    of_functionals: Array2<f64>,
}

impl<'a> Anchoring<'a> {
    /// Nothing where the anchors do not span the dimensions, or one of them is not in the calibration.
    pub fn new(calibration: Calibration<'a>, covariance: &'a Covariance, anchors: &Anchors) -> Option<Self> {
        let known = calibration.scored.respondents;
        let places = anchors.respondents.iter().map(|i| known.binary_search(i).ok());
        let places: Vec<usize> = places.collect::<Option<_>>()?;
        let means: Vec<Array1<f64>> = places.iter().map(|&place| calibration.mean(place)).collect();
        let points: Vec<Array1<f64>> = means.iter().map(extended).collect();
        let (points, mut residuals) = (stacked(&points), anchors.positions.clone());
        for (mut residual, mean) in residuals.rows_mut().into_iter().zip(&means) {
            residual -= mean;
        }
        let inverse = invert(product(points.t(), &points).view())?;
        let mut anchoring = Self {
            calibration,
            covariance,
            limits: Limits::new(calibration, covariance),
            with_functionals: Array2::zeros((0, 0)),
            of_functionals: Array2::zeros((0, 0)),
            places,
            points,
            residuals,
            inverse,
        };
        anchoring.find_functionals();
        Some(anchoring)
    }

    fn find_functionals(&mut self) {
        let (calibration, n_dims) = (self.calibration, self.calibration.n_dims());
        let design = calibration.design();
        let rule = Rule::new(calibration);
        let slopes = Chunk::new(calibration, &self.places, &rule).slopes_of_means();
        let of_means = self.covariance.of_means(&slopes, &design);
        // The derivatives of the anchors' ideal points, in rows.
        let mut derivatives = double(slopes.dense().view());
        for (k, (of_mean, &place)) in of_means.iter().zip(&self.places).enumerate() {
            let own = s![k * n_dims..(k + 1) * n_dims, ..];
            let moved = product(&self.times(place, of_mean), derivatives.slice(own));
            derivatives.slice_mut(own).assign(&moved);
        }
        let transposed = single(derivatives.t());
        self.with_functionals = double(self.covariance.times(transposed.view(), &design).view());
        let of_functionals = product(&derivatives, &self.with_functionals);
        self.of_functionals = symmetric(of_functionals.view());
        for (k, &place) in self.places.iter().enumerate() {
            let own = k * n_dims..(k + 1) * n_dims;
            let mut block = self.of_functionals.slice_mut(s![own.clone(), own]);
            block += &calibration.covariance(place);
        }
    }

    /// What the derivatives of a respondent's posterior mean are multiplied by: within the [limits](Limits), on the reported axes.
    fn times(&self, position: usize, of_mean: &Array2<f64>) -> Array2<f64> {
        let limited = limit_of_draws(&self.limits.limit(position, of_mean), of_mean);
        product(&self.calibration.model.map.matrix, &limited)
    }

    /// What the anchors' errors do to a point: its derivatives by the functionals.
    fn pull_of_point(&self, point: &Array1<f64>) -> Array2<f64> {
        let n_dims = point.len();
        let weights = self.inverse.dot(&extended(point));
        let mut pull = Array2::zeros((n_dims, self.places.len() * n_dims));
        for (k, (anchor, residual)) in self
            .points
            .rows()
            .into_iter()
            .zip(self.residuals.rows())
            .enumerate()
        {
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
    fn pull_of_row(&self, row: &[f64]) -> Array2<f64> {
        let n_dims = self.calibration.n_dims();
        let slopes = ArrayView1::from(design::split(row).0);
        let mut pull = Array2::zeros((row.len(), self.places.len() * n_dims));
        for (k, (anchor, residual)) in self
            .points
            .rows()
            .into_iter()
            .zip(self.residuals.rows())
            .enumerate()
        {
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

    /// The covariance of what moves by itself and with the functionals.
    fn moved(&self, own: &Array2<f64>, cross: &Array2<f64>, pull: &Array2<f64>) -> Array2<f64> {
        let pulled = plus(own, 1.0, &sandwich(pull, &self.of_functionals));
        plus(&pulled, 2.0, &symmetric(product(cross, pull.t()).view()))
    }

    /// The covariances of the parameters in each row of the table of the items: lower triangles.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Model`] when the map of the model cannot be inverted.
    pub fn items(&self) -> Result<Vec<f64>> {
        let model = self.calibration.model;
        let design = model.design();
        let jacobian = model.map.item_jacobian()?;
        let reported = model.map.items(&model.items)?;
        let mut packed = Vec::new();
        for item in 0..model.shape.catalogue.n_items() {
            for row in model.shape.catalogue.rows_of(item) {
                let own = sandwich(&jacobian, &self.covariance.of_row(item, row, &design));
                let free = design.free_of_row(row);
                let cross = product(&jacobian, &self.with_functionals.select(Axis(0), &free));
                let pull = self.pull_of_row(&reported.row(row).to_vec());
                packed.extend(pack(self.moved(&own, &cross, &pull).view()));
            }
        }
        Ok(packed)
    }

    /// The covariances of the respondents, who carry the uncertainty of the items: lower triangles.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn respondents(&self, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let (calibration, n_dims) = (self.calibration, self.calibration.n_dims());
        let design = calibration.design();
        let with_functionals = single(self.with_functionals.view());
        let mut packed = Vec::new();
        each_chunk(calibration, monitor, &mut |positions, slopes| {
            let of_means = self.covariance.of_means(slopes, &design);
            for ((k, of_mean), &position) in of_means.iter().enumerate().zip(positions) {
                if self.is_held(position) {
                    packed.extend(pack(Array2::zeros((n_dims, n_dims)).view()));
                    continue;
                }
                let times = self.times(position, of_mean);
                let given_items = calibration.covariance(position);
                let own = plus(&given_items, 1.0, &sandwich(&times, of_mean));
                let of_items = slopes.transposed_times(k, with_functionals.view());
                let mut cross = product(&times, &double(of_items.view()));
                for (anchor, _) in self
                    .places
                    .iter()
                    .enumerate()
                    .filter(|&(_, &place)| place == position)
                {
                    let mut block = cross.slice_mut(s![.., anchor * n_dims..(anchor + 1) * n_dims]);
                    block += &given_items;
                }
                let pull = self.pull_of_point(&calibration.mean(position));
                packed.extend(pack(self.moved(&own, &cross, &pull).view()));
            }
        })?;
        Ok(packed)
    }

    /// Is it an anchor, of just as many as it takes?
    fn is_held(&self, position: usize) -> bool {
        self.places.len() == self.points.ncols() && self.places.contains(&position)
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
