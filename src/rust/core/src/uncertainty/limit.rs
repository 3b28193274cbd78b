//! What uncertain items can add at most to what is not known of a respondent.

use crate::base::linalg::{
    cholesky, double, invert, plus, product, sandwich, single, solve_upper, symmetric, unpack,
};
use crate::information::calibration::Calibration;
use crate::information::covariance::Covariance;
use crate::information::kept::Kept;
use crate::model::tangents::planes;
use ndarray::{Array2, ArrayView2};

/// To first order an uncertain item adds `J C J'` to the covariance `S` of a posterior, without bounds: an item of which nothing is
/// known but its prior would make a respondent less certain than the population. Seen as noise of what the responses say,
/// `(S^-1 - P^-1)^-1`, where `P` is the covariance of the population, it adds the parallel sum of `J C J'` and `P - S`: the same to
/// first order, and never more than there was before the responses. What location, scale and rotations add has no such limit: about
/// `(I + (|m|^2 I + m m') / 4) / n` at a mean `m`, where `n` is the number of respondents, and the variances of angles times the
/// squared distances from the axes that they turn about.
pub(crate) struct Limits<'a> {
    calibration: Calibration<'a>,
    /// The variance of the angle in each plane.
    of_angles: Vec<f64>,
    /// See [`Calibration::n_effective`]; of those who told the items.
    n_effective: f64,
}

impl<'a> Limits<'a> {
    pub fn new(calibration: Calibration<'a>, covariance: &Covariance) -> Self {
        let times = |x: ArrayView2<'_, f32>| covariance.times(x, &calibration.design());
        Self::of(calibration, calibration.n_effective(), &times)
    }

    /// The same where so many others told the items, whose covariance is kept.
    pub fn of_kept(calibration: Calibration<'a>, n_effective: f64, kept: &Kept) -> Self {
        let times = |x: ArrayView2<'_, f32>| kept.times(x, &calibration.design());
        Self::of(calibration, n_effective, &times)
    }

    /// `times`: the covariance times a matrix.
    fn of(
        calibration: Calibration<'a>,
        n_effective: f64,
        times: &dyn Fn(ArrayView2<'_, f32>) -> Array2<f32>,
    ) -> Self {
        let rotations = calibration.rotations();
        let images = times(single(rotations.view()).view());
        let within = product(rotations.t(), &double(images.view()));
        let of_angles = invert(product(rotations.t(), &rotations).view())
            .map_or(Vec::new(), |inverse| sandwich(&inverse, &within).diag().to_vec());
        Self {
            calibration,
            of_angles,
            n_effective,
        }
    }

    /// The limit of the respondent at a position, by which `of_mean`, `J C J'` on the scale of the model, has to be multiplied.
    pub fn limit(&self, position: usize, of_mean: &Array2<f64>) -> Array2<f64> {
        let moments = self.calibration.scored.moments;
        let n_dims = self.calibration.n_dims();
        let own = Array2::eye(n_dims);
        let (unlimited, trace) = (self.unlimited(moments.mean(position)), of_mean.diag().sum());
        if trace <= unlimited {
            return own;
        }
        let share = 1.0 - unlimited / trace;
        let posterior = unpack(moments.covariance(position), n_dims);
        let known = plus(
            &self.calibration.model.population().covariance(),
            -1.0,
            &posterior,
        );
        let both = plus(&known, share, of_mean);
        match invert(both.view()) {
            Some(inverse) => plus(&(own * (1.0 - share)), share, &product(&known, &inverse)),
            None => own,
        }
    }

    /// The trace of what location, scale and rotations add at a mean.
    fn unlimited(&self, mean: &[f64]) -> f64 {
        let n = mean.len() as f64;
        let squares = mean.iter().map(|m| m * m);
        let of_affine = (n + 0.25 * (n + 1.0) * squares.sum::<f64>()) / self.n_effective;
        let planes = planes(mean.len()).into_iter().zip(&self.of_angles);
        let turned = planes.map(|((a, b), angle)| angle * (mean[a] * mean[a] + mean[b] * mean[b]));
        of_affine + turned.sum::<f64>()
    }
}

/// The matrix `Q` by which draws with the covariance `J C J'` have to be multiplied to have the one within the [limit](Limits::limit).
pub(crate) fn limit_of_draws(limit: &Array2<f64>, of_mean: &Array2<f64>) -> Array2<f64> {
    let ridge = Array2::eye(of_mean.nrows()) * (1e-9 * of_mean.diag().sum());
    let root = |matrix: &Array2<f64>| cholesky(plus(matrix, 1.0, &ridge).view());
    let roots = root(&limited(limit, of_mean)).zip(root(of_mean));
    // Q = L_to L_from^-1, so Q' = L_from'^-1 L_to'.
    let transposed = roots.map(|(to, from)| {
        let mut transposed = to.t().to_owned();
        let columns = transposed.columns_mut().into_iter();
        columns.for_each(|mut column| {
            let solved = solve_upper(from.view(), column.view());
            column.assign(&solved);
        });
        transposed
    });
    transposed.map_or_else(|| limit.clone(), |transposed| transposed.t().to_owned())
}

/// `J C J'` within its [limit](Limits::limit).
pub(crate) fn limited(limit: &Array2<f64>, of_mean: &Array2<f64>) -> Array2<f64> {
    symmetric(product(limit, of_mean).view())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn multiplied_draws_have_the_limited_covariance() {
        let of_mean = array![[2.0, 0.5], [0.5, 0.7]];
        let known = array![[0.6, -0.1], [-0.1, 0.4]];
        let limit = product(
            &known,
            &invert(plus(&of_mean, 1.0, &known).view()).expect("positive"),
        );
        let limited = limited(&limit, &of_mean);
        let both = (&of_mean + &known) - &limited;
        assert!(cholesky(both.view()).is_some() && limited[[0, 0]] < known[[0, 0]]);
        let times = limit_of_draws(&limit, &of_mean);
        let found = product(&product(&times, &of_mean), times.t());
        assert!(found.iter().zip(&limited).all(|(x, y)| (x - y).abs() < 1e-6));
    }
}
