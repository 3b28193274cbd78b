//! An encoder in closed form, where the items and the posteriors of respondents are known, in one dimension.
//!
//! The posterior's mode is where the score of the responses meets the trait: `sum_j d log p(y_j | a) / da = a`. The embeddings are the
//! derivatives at some knots, so that the pooled ones say for each knot on which side of it the mode lies and how far; the weights of
//! the outputs are found by least squares.

use crate::base::error::Result;
use crate::base::linalg::{cholesky, double, product, solve_lower, solve_upper};
use crate::fit::starting_network::network;
use crate::information::calibration::Sample;
use crate::kernels::encoder::{EncoderKernel, pool};
use crate::kernels::terms::{SIDE_BY_SIDE, Terms};
use crate::model::encoder::Encoder;
use crate::model::parameters::Model;
use crate::model::table::Table;
use crate::posterior::moments::Moments;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;
use candle_core::{Device, Tensor};
use ndarray::{Array1, Array2};

/// Respondents that are enough.
const ENOUGH: usize = 6_000;

/// The knots lie between this and its opposite.
const LIMIT: f64 = 3.0;

/// Root mean square of the sums at a knot.
const SPREAD: f64 = 4.0;

/// Ridge of the least squares, relative to the mean square of the features.
const RIDGE: f64 = 1e-5;

/// The encoder for the items of a model; the respondents have these posteriors.
///
/// # Errors
/// [`crate::Error::Tensor`] when a tensor cannot be made.
pub(crate) fn closed_form(
    model: &Model,
    responses: &Responses,
    sample: Sample<'_>,
    moments: &Moments,
) -> Result<Encoder> {
    let stride = sample.respondents.len().div_ceil(ENOUGH);
    let positions: Vec<usize> = (0..sample.respondents.len()).step_by(stride).collect();
    let members: Vec<u32> = positions.iter().map(|&i| sample.respondents[i]).collect();
    let batch = Batch::new(responses, &members);
    let hidden = model.shape.hidden;
    let (knots, signs) = knots(hidden);
    let mut embeddings = slopes_at(model, &knots, &signs);
    let pooled = pool(&embeddings, &batch);
    let bias: Vec<f32> = knots.iter().zip(&signs).map(|(a, sign)| -a * sign).collect();
    let mut scales = vec![0.0f64; hidden];
    for row in pooled.chunks_exact(hidden) {
        for (sum, (x, bias)) in scales.iter_mut().zip(row.iter().zip(&bias)) {
            *sum += f64::from(x + bias).powi(2);
        }
    }
    let scales: Vec<f32> = scales
        .iter()
        .map(|sum| (SPREAD / (sum / members.len() as f64).sqrt().max(f64::MIN_POSITIVE)) as f32)
        .collect();
    for row in embeddings.values_mut().chunks_exact_mut(hidden) {
        row.iter_mut().zip(&scales).for_each(|(x, scale)| *x *= scale);
    }
    let bias: Vec<f32> = bias.iter().zip(&scales).map(|(x, scale)| x * scale).collect();
    let shape = &model.shape;
    let no_weight = vec![0.0; shape.n_features() * shape.n_outputs()];
    let encoder = Encoder {
        embeddings,
        network: network(shape, bias, no_weight, model.encoder.network.count_center())?,
    };
    let features = EncoderKernel::new(&encoder)?.features(&batch);
    let features = double(features.view());
    let of_mean = positions
        .iter()
        .map(|&i| (moments.mean(i)[0], moments.covariance(i)[0].recip()));
    let of_sd = positions
        .iter()
        .map(|&i| (0.5 * moments.covariance(i)[0].ln(), 1.0));
    let columns = [
        least_squares(&features, of_mean.unzip()),
        least_squares(&features, of_sd.unzip()),
    ];
    let weight = (0..features.ncols()).flat_map(|f| columns.iter().map(move |c| c[f] as f32));
    let [.., variable] = encoder.network.variables();
    variable.set(&Tensor::from_iter(weight, &Device::Cpu)?.reshape(variable.dims())?)?;
    Ok(encoder)
}

/// The knot and the sign of each hidden unit.
fn knots(hidden: usize) -> (Vec<f32>, Vec<f32>) {
    let n = hidden.div_ceil(2);
    let knot = |k: usize| LIMIT * ((2 * (k / 2) + 1) as f64 / n as f64 - 1.0);
    let sign = |k: usize| if k.is_multiple_of(2) { 1.0 } else { -1.0 };
    (
        (0..hidden).map(|k| knot(k) as f32).collect(),
        (0..hidden).map(sign).collect(),
    )
}

/// For each option the derivatives of its log probability by the trait at the knots, times the signs.
fn slopes_at(model: &Model, knots: &[f32], signs: &[f32]) -> Table {
    let Model { shape, items, .. } = model;
    let mut points = knots.to_vec();
    points.resize(knots.len().next_multiple_of(SIDE_BY_SIDE), 0.0);
    let mut terms = Terms::default();
    let mut values = Vec::with_capacity(shape.catalogue.n_options() * knots.len());
    for option in 0..shape.catalogue.n_options() {
        let response = shape.catalogue.response(option);
        terms.find(shape.link, items, &response, &[&points]);
        for (k, sign) in signs.iter().enumerate() {
            let rows = terms.residuals.chunks_exact(points.len()).zip(response.rows());
            let slope: f32 = rows
                .map(|(residuals, row)| residuals[k] * items.row(row)[0])
                .sum();
            values.push(sign * slope);
        }
    }
    Table::new(knots.len(), values)
}

/// The weights of features that come nearest to some targets with weights.
fn least_squares(features: &Array2<f64>, (targets, weights): (Vec<f64>, Vec<f64>)) -> Array1<f64> {
    let mean_weight = weights.iter().sum::<f64>() / weights.len() as f64;
    let mut weighted = features.clone();
    for (row, weight) in weighted.rows_mut().into_iter().zip(&weights) {
        row.into_iter().for_each(|x| *x *= weight / mean_weight);
    }
    let mut gram = product(weighted.t(), features);
    let ridge = RIDGE * gram.diag().mean().unwrap_or(1.0);
    gram.diag_mut().into_iter().for_each(|x| *x += ridge);
    let right = weighted.t().dot(&Array1::from(targets));
    match cholesky(gram.view()) {
        Some(factor) => solve_upper(factor.view(), solve_lower(factor.view(), right.view()).view()),
        None => Array1::zeros(right.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::fit::run::fit;
    use crate::posterior::expect::moments;
    use crate::posterior::scoring::Scoring;
    use crate::responses::item_kind::ItemKind;
    use crate::settings::Settings;
    use crate::simulate::simulation::{SimulationDesign, simulate};

    /// Without any training the network says what integration says.
    #[test]
    fn the_closed_form_is_near_the_posteriors() {
        for (kind, n_options, missing) in [
            (ItemKind::Nominal, 2, 0.0),
            (ItemKind::Nominal, 3, 0.5),
            (ItemKind::Graded, 4, 0.3),
        ] {
            let design = SimulationDesign {
                n_respondents: 1_000,
                n_items: 30,
                n_dims: 1,
                n_options,
                missing,
                kind,
            };
            let truth = simulate(&design, 4).expect("a design");
            let responses = truth.to_responses().expect("responses");
            let settings = Settings::new(1);
            let mut fitted =
                fit(&responses, &settings.clone().check().expect("settings"), &Silent).expect("a fit");
            let respondents: Vec<u32> = (0..1_000).collect();
            let sample = Sample {
                respondents: &respondents,
                weights: &[1.0; 1_000],
            };
            fitted.model.encoder =
                closed_form(&fitted.model, &responses, sample, &fitted.moments).expect("an encoder");
            let scoring = Scoring {
                refine: false,
                ..Scoring::of(&settings, responses.n_respondents())
            };
            let of_network =
                moments(&fitted.model, &responses, &respondents, &scoring, &Silent).expect("moments");
            let errors = of_network.means.iter().zip(&fitted.moments.means);
            let error: f64 = errors.map(|(x, y)| (x - y).powi(2)).sum();
            let total: f64 = fitted.moments.means.iter().map(|x| x * x).sum();
            assert!(
                error < 0.002 * total,
                "{kind:?}: {} of the variance is lost",
                error / total
            );
            let ratios = of_network.covariances.iter().zip(&fitted.moments.covariances);
            let off = ratios.map(|(x, y)| (x / y).ln().abs()).sum::<f64>() / 1_000.0;
            assert!(off < 0.05, "{kind:?}: variances are off by {off}");
        }
    }
}
