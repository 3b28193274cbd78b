//! Draws of the traits of respondents and items together.

use crate::base::error::Result;
use crate::base::linalg::{cholesky, double, product, single};
use crate::base::memory;
use crate::base::monitor::Monitor;
use crate::base::random::{Purpose, Stream};
use crate::information::calibration::Calibration;
use crate::information::chunk::{Chunk, chunk_size};
use crate::information::covariance::Conditions;
use crate::information::gauge::Asked;
use crate::information::observed::Information;
use crate::information::rule::Rule;
use crate::uncertainty::choice::choose;
use crate::uncertainty::limit::{Limits, limit_of_draws};
use ndarray::{Array1, Array2, s};

/// How many draws, and where the random numbers begin.
#[derive(Clone, Copy)]
pub(crate) struct Drawing {
    pub n_draws: usize,
    pub seed: u64,
}

/// Draws of the respondents' traits from the normal distribution with their posterior means and covariances on the
/// reported axes, those of items and respondents together where the items' uncertainty is carried: for each draw the
/// traits of all respondents by dimension.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn draws(
    calibration: Calibration,
    information: &Information,
    asked: Asked,
    drawing: Drawing,
    monitor: &dyn Monitor,
) -> Result<Vec<f64>> {
    let Drawing { n_draws, seed } = drawing;
    let model = calibration.model;
    let n_dims = calibration.n_dims();
    let n_respondents = calibration.n_respondents();
    let mut normal = normals(seed, 0);
    let (conditions, design) = (Conditions::new(calibration, asked.gauge), calibration.design());
    let items = choose(calibration, information, &conditions, asked.std_errors, monitor)?
        .filter(|chosen| chosen.method.carries_items())
        .map(|chosen| chosen.in_gauge(&conditions).covariance);
    let of_items = items
        .as_ref()
        .map(|items| items.draw(&design, n_draws, &mut normal, monitor));
    let of_items = of_items.transpose()?.map(|drawn| single(drawn.view()));
    let limits = items.as_ref().map(|items| Limits::new(calibration, items));
    let rule = Rule::new(calibration);
    let mut drawn = memory::zeros(n_draws, n_respondents * n_dims)?;
    let everybody: Vec<usize> = (0..n_respondents).collect();
    for positions in everybody.chunks(chunk_size(calibration.n_parameters(), n_dims)) {
        monitor.proceed()?;
        let known = items.as_ref().zip(limits.as_ref()).zip(of_items.as_ref());
        let moves = known.map(|((items, limits), of_items)| {
            let slopes = Chunk::new(calibration, positions, &rule).slopes_of_means();
            let of_means = items.of_means(&slopes, &design).into_iter().zip(positions);
            of_means
                .enumerate()
                .map(|(k, (of_mean, &position))| {
                    let times = limit_of_draws(&limits.limit(position, &of_mean), &of_mean);
                    let moved = slopes.transposed_times(k, of_items.view());
                    product(&product(&model.map.matrix, &times), &double(moved.view()))
                })
                .collect::<Vec<Array2<f64>>>()
        });
        for (k, &position) in positions.iter().enumerate() {
            monitor.proceed()?;
            let mean = calibration.mean(position);
            let covariance = calibration.covariance(position);
            let factor = cholesky(covariance.view()).unwrap_or_else(|| Array2::zeros((n_dims, n_dims)));
            let mut normal = normals(seed, 1 + position as u64);
            for draw in 0..n_draws {
                let own: Array1<f64> = (0..n_dims).map(|_| normal()).collect();
                let mut point = &mean + &factor.dot(&own);
                if let Some(moves) = &moves {
                    point += &moves[k].column(draw);
                }
                let first = position * n_dims;
                drawn.slice_mut(s![draw, first..first + n_dims]).assign(&point);
            }
        }
    }
    Ok(drawn.into_raw_vec_and_offset().0)
}

/// Standard normal numbers.
fn normals(seed: u64, key: u64) -> impl FnMut() -> f64 {
    let mut stream = Stream::new(seed, Purpose::Draws, key, 0);
    move || stream.normal()
}
