//! What is reported of the uncertainty: variances of the item parameters, and those of the respondents that carry the
//! items'.

use crate::base::error::Result;
use crate::base::linalg::{pack, packed_length};
use crate::base::monitor::{Monitor, Part};
use crate::information::choice::choose;
use crate::information::covariance::{Covariance, ROWS_PER_TASK};
use crate::information::gauge::{Gauge, Method};
use crate::information::normalisation::Normalisation;
use crate::information::observed::Information;
use crate::information::scores::{Chunk, chunk_size};
use crate::model::covariances::ItemCovariances;
use crate::model::parameters::Model;
use crate::posterior::cubature::Cubature;
use crate::posterior::scoring::Scored;
use crate::responses::store::Responses;
use crate::settings::StdErrors;
use ndarray::{Array2, Axis, s};
use rayon::prelude::*;

/// Derivatives of posterior means that are kept from one pass over the respondents to the next.
const MOST_KEPT: usize = 16_000_000;

/// The same numbers on the two scales on which results are reported.
#[derive(Clone, Debug, Default)]
pub struct Scales {
    /// The scale of the traits' prior.
    pub prior: Vec<f64>,
    /// The scale on which the respondents' posterior means have mean 0 and standard deviation 1.
    pub normalised: Vec<f64>,
}

/// Uncertainty on the reported axes.
#[derive(Clone, Debug)]
pub struct Uncertainty {
    /// How it was found.
    pub method: Method,
    /// Those of the items.
    pub items: ItemCovariances,
    /// Lower triangles of the respondents' covariances, the items' uncertainty included; empty where that is not
    /// carried.
    pub respondents: Scales,
    /// Mean and standard deviation of the posterior means in each dimension.
    pub spread: Vec<(f64, f64)>,
}

/// Finds the uncertainty at the map of the model.
///
/// Respondents' covariances are `S_i + J_i C J_i'`, where `S_i` is the covariance given the items, `C` that of the
/// items and `J_i` the derivative of the posterior mean. Both scales come from the delta method. On the prior's scale
/// location and scale are as uncertain as the prior of the traits leaves them for so many respondents; on the
/// normalised one they are those of the sample.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so, [`crate::base::error::Error::Model`] when the map cannot be inverted.
pub(crate) fn uncertainty(
    model: &Model,
    responses: &Responses,
    scored: &Scored,
    information: &Information,
    (asked, gauge): (StdErrors, Gauge),
    monitor: &dyn Monitor,
) -> Result<Uncertainty> {
    let normalisation = Normalisation::new(model, scored);
    let spread_of_means = normalisation
        .means
        .iter()
        .copied()
        .zip(normalisation.sds.iter().copied())
        .collect();
    let Some((method, covariance)) = choose(model, responses, information, asked, gauge, monitor)? else {
        let nothing = vec![f64::NAN; model.items.n_rows() * packed_length(model.items.width())];
        return Ok(Uncertainty {
            method: Method::None,
            items: ItemCovariances {
                prior: nothing.clone(),
                normalised: nothing.clone(),
                aligned: nothing,
            },
            respondents: Scales::default(),
            spread: spread_of_means,
        });
    };
    let carried = method.carries_items();
    let n_parameters = model.items.values().len();
    let n_dims = model.shape.n_dims;
    let rule = Cubature::new(n_dims);
    let everybody: Vec<usize> = (0..scored.respondents.len()).collect();
    let small = everybody.len() * n_parameters * n_dims <= MOST_KEPT;
    let mut kept: Vec<Array2<f32>> = Vec::new();
    let mut visit = |work: &mut dyn FnMut(&[usize], &Array2<f32>)| -> Result<()> {
        let size = chunk_size(n_parameters, n_dims);
        for (number, positions) in everybody.chunks(size).enumerate() {
            monitor.proceed()?;
            monitor.part(
                Part::StandardErrors,
                (number * size) as f64 / everybody.len() as f64,
            );
            if let Some(slopes) = kept.get(number) {
                work(positions, slopes);
                continue;
            }
            let slopes = Chunk::new(model, responses, scored, positions, &rule).slopes_of_means();
            work(positions, &slopes);
            if small {
                kept.push(slopes);
            }
        }
        Ok(())
    };
    let mut functionals = Array2::<f64>::zeros((n_parameters, 2 * n_dims));
    if carried {
        visit(&mut |positions, slopes| {
            let coefficients = normalisation.coefficients(model, scored, positions);
            functionals += &slopes.dot(&coefficients).mapv(f64::from);
        })?;
    }
    let spread = covariance.times(functionals.mapv(|x| x as f32).view(), model);
    let spread = spread.mapv(f64::from);
    let own = if carried {
        normalisation.own_variance(model, scored)
    } else {
        Array2::zeros((2 * n_dims, 2 * n_dims))
    };
    let of_functionals = functionals.t().dot(&spread) + &own;
    let items = item_covariances(model, &covariance, &normalisation, &spread, &of_functionals)?;
    let aligned = if gauge == Gauge::Principal && n_dims > 1 {
        match choose(model, responses, information, asked, Gauge::Aligned, monitor)? {
            Some((_, aligned)) => {
                let spread = aligned.times(functionals.mapv(|x| x as f32).view(), model);
                let spread = spread.mapv(f64::from);
                let of_functionals = functionals.t().dot(&spread) + &own;
                item_covariances(model, &aligned, &normalisation, &spread, &of_functionals)?.normalised
            }
            None => items.normalised.clone(),
        }
    } else {
        items.normalised.clone()
    };
    let mut respondents = Scales::default();
    if carried {
        visit(&mut |positions, slopes| {
            let products = covariance.times(slopes.view(), model);
            let squares = inner_products(slopes, &products, n_dims);
            let crosses = slopes.t().dot(&spread.mapv(|x| x as f32));
            for (k, &position) in positions.iter().enumerate() {
                let cross = crosses
                    .slice(s![k * n_dims..(k + 1) * n_dims, ..])
                    .mapv(f64::from);
                let from_items = &squares[k];
                let (prior, normalised) = normalisation.respondent(
                    model,
                    scored.moments,
                    position,
                    from_items,
                    &cross,
                    &of_functionals,
                );
                respondents.prior.extend(pack(prior.view()));
                respondents.normalised.extend(pack(normalised.view()));
            }
        })?;
    }
    Ok(Uncertainty {
        method,
        items: ItemCovariances {
            prior: items.prior,
            normalised: items.normalised,
            aligned,
        },
        respondents,
        spread: spread_of_means,
    })
}

/// For each respondent of a chunk `left' right` of their columns.
fn inner_products(left: &Array2<f32>, right: &Array2<f32>, n_dims: usize) -> Vec<Array2<f64>> {
    let n = left.ncols() / n_dims;
    let blocks: Vec<_> = left
        .axis_chunks_iter(Axis(0), ROWS_PER_TASK)
        .zip(right.axis_chunks_iter(Axis(0), ROWS_PER_TASK))
        .collect();
    let parts: Vec<Vec<f64>> = blocks
        .into_par_iter()
        .map(|(left, right)| {
            let mut sums = vec![0.0f64; n * n_dims * n_dims];
            for (a, b) in left.rows().into_iter().zip(right.rows()) {
                for (k, sums) in sums.chunks_mut(n_dims * n_dims).enumerate() {
                    for d in 0..n_dims {
                        for e in 0..n_dims {
                            sums[d * n_dims + e] += f64::from(a[k * n_dims + d] * b[k * n_dims + e]);
                        }
                    }
                }
            }
            sums
        })
        .collect();
    let mut total = vec![0.0; n * n_dims * n_dims];
    for part in &parts {
        total.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
    }
    total
        .chunks(n_dims * n_dims)
        .map(|x| {
            Array2::from_shape_fn((n_dims, n_dims), |(d, e)| {
                0.5 * (x[d * n_dims + e] + x[e * n_dims + d])
            })
        })
        .collect()
}

/// The covariances of the parameters in each row of the table of the items on both scales.
fn item_covariances(
    model: &Model,
    covariance: &Covariance,
    normalisation: &Normalisation,
    spread: &Array2<f64>,
    of_functionals: &Array2<f64>,
) -> Result<Scales> {
    let n_dims = model.shape.n_dims;
    let width = n_dims + 1;
    let jacobian = model.map.item_jacobian()?;
    let reported = model.map.items(&model.items)?;
    let mut scales = Scales::default();
    // The discriminations times the standard deviations; the difficulty less the discriminations times the means.
    let mut stretch = Array2::<f64>::eye(width);
    for d in 0..n_dims {
        stretch[[d, d]] = normalisation.sds[d];
        stretch[[n_dims, d]] = -normalisation.means[d];
    }
    for item in 0..model.shape.catalogue.n_items() {
        for (row_of_item, row) in model.shape.catalogue.rows_of(item).enumerate() {
            let own = covariance.of_row(item, row_of_item, row, width);
            let own = jacobian.dot(&own).dot(&jacobian.t());
            scales.prior.extend(pack(own.view()));
            let mut pull = Array2::zeros((width, 2 * n_dims));
            for d in 0..n_dims {
                pull[[d, n_dims + d]] = reported[[row, d]];
                pull[[n_dims, d]] = -reported[[row, d]];
            }
            let cross = jacobian.dot(&spread.slice(s![row * width..(row + 1) * width, ..]));
            let mixed = stretch.dot(&cross).dot(&pull.t());
            let normalised = stretch.dot(&own).dot(&stretch.t())
                + &mixed
                + mixed.t()
                + pull.dot(of_functionals).dot(&pull.t());
            scales.normalised.extend(pack(normalised.view()));
        }
    }
    Ok(scales)
}
