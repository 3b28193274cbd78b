//! The item parameters at the maximum of their marginal posterior.

use super::information::{Factors, Information};
use super::{Moments, Scored, Scoring, expect};
use crate::identify::{AffineMap, Tangents};
use crate::kernels::Table;
use crate::linalg::invert;
use crate::model::Model;
use crate::train::{Monitor, Settings};
use crate::{Responses, Result, Timings};
use ndarray::{Array1, Array2, ArrayView1, s};
use std::ops::Range;

const MOST_ROUNDS: usize = 20;
/// The items are found when the mean squared Newton step, in standard errors, is below this: a hundredth of a standard error.
const CLOSE: f64 = 1e-4;
/// The information is evaluated anew when a step leaves more than this share of the squared distance.
const STALE: f64 = 0.1;

/// What the last round found.
pub(crate) struct Polished {
    /// The moments at the items that were found.
    pub moments: Moments,
    /// The information there.
    pub information: Information,
    /// Did the steps become small enough?
    pub converged: bool,
}

/// Takes the item parameters from where the training left them to the maximum of the log marginal likelihood plus the log prior,
/// by Newton's method with the observed information: what the training's bound leaves of shrinkage and noise goes. The gradient
/// is exact up to the quadrature or the draws of the respondents' posteriors.
///
/// # Errors
/// [`crate::Error::Cancelled`] when the monitor says so.
pub(crate) fn polish(
    model: &mut Model,
    responses: &Responses,
    (respondents, weights): (&[u32], &[f64]),
    scoring: &Scoring,
    settings: &Settings,
    timings: &mut Timings,
    monitor: &dyn Monitor,
) -> Result<Polished> {
    let parameters = parameters_by_item(model);
    let mut known: Option<(Information, Factors)> = None;
    let mut trust = Trust::new(&model.items);
    let mut last = None;
    for round in 1.. {
        let (moments, score) = timings.time("posteriors", || {
            expect(model, responses, respondents, Some(weights), scoring, monitor)
        })?;
        let scored = Scored {
            respondents,
            weights,
            moments: &moments,
        };
        let score = Array1::from(score);
        let mut inform = |model: &Model| {
            timings.time("information", || {
                Information::new(model, responses, &scored, settings, true, monitor)
            })
        };
        let newton = |(information, factors): &(Information, Factors)| {
            let mut gradient = score.clone();
            information.add_prior(&model.items, &mut gradient);
            let step = factors.solve(&gradient, &parameters);
            let distance = step.dot(&gradient) / gradient.len() as f64;
            (gradient, step, distance)
        };
        let mut found = known.as_ref().map(newton);
        let before = last.unwrap_or(0.0);
        let stale = found.as_ref().is_none_or(|(_, _, now)| *now > STALE * before);
        if stale {
            let information = inform(model)?;
            let factors = information.factors();
            found = Some(newton(known.insert((information, factors))));
        }
        let Some((gradient, mut step, now)) = found else { break };
        if now.abs() < CLOSE || round == MOST_ROUNDS {
            // The information of an earlier round is that of other items.
            let information = match known {
                Some((information, _)) if stale => information,
                _ => inform(model)?,
            };
            return Ok(Polished {
                moments,
                information,
                converged: now.abs() < CLOSE,
            });
        }
        if let Some((_, Factors::Blocks(_))) = &known {
            along_no_map(&mut step, &model.items, &gradient, known.as_ref(), &parameters);
            rescale(model, &moments, weights)?;
        }
        trust.shorten(&mut step, &model.items);
        advance(&mut model.items, &step);
        last = Some(now);
    }
    Err(crate::Error::Model("the information about its items is not known".into()))
}

/// The places of each item's parameters in the table, read row by row.
pub(super) fn parameters_by_item(model: &Model) -> Vec<Range<usize>> {
    let catalogue = &model.shape.catalogue;
    let width = model.items.width();
    let items = 0..catalogue.n_items();
    items
        .map(|item| {
            let rows = catalogue.rows_of(item);
            rows.start * width..rows.end * width
        })
        .collect()
}

/// How far each row of the table may move in a step: the quadratic form of Newton's method is far off for items that
/// separate the respondents perfectly.
struct Trust {
    radii: Vec<f64>,
    last: Array1<f64>,
}

impl Trust {
    fn new(items: &Table) -> Self {
        Self {
            radii: vec![f64::INFINITY; items.n_rows()],
            last: Array1::zeros(items.values().len()),
        }
    }

    /// Shortens the rows of a step. A row goes as far as half its own length plus one half, half as far as before where it turns
    /// around and at most twice as far where it does not.
    fn shorten(&mut self, step: &mut Array1<f64>, items: &Table) {
        let width = items.width();
        let length = |x: ArrayView1<'_, f64>| x.dot(&x).sqrt();
        for (row, radius) in self.radii.iter_mut().enumerate() {
            let last = self.last.slice(s![row * width..(row + 1) * width]);
            let mut own = step.slice_mut(s![row * width..(row + 1) * width]);
            let before = length(last);
            if own.dot(&last) < 0.0 {
                *radius = 0.5 * before;
            } else if before > 0.0 {
                *radius = f64::max(*radius, 2.0 * before);
            }
            let values = items.row(row).iter().map(|&x| f64::from(x).powi(2));
            let most = radius.min(0.5 + 0.5 * values.sum::<f64>().sqrt());
            let now = length(own.view());
            if now > most {
                own *= most / now;
            }
        }
        self.last.assign(step);
    }
}

fn advance(items: &mut Table, step: &Array1<f64>) {
    let width = items.width();
    for row in 0..items.n_rows() {
        let own = step.slice(s![row * width..(row + 1) * width]);
        let values = items.row_mut(row).iter_mut();
        values
            .zip(&own)
            .for_each(|(x, step)| *x = (f64::from(*x) + step) as f32);
    }
}

/// Takes out of a step what it would move along shifts and stretches, of which blocks by item know far too much: [`rescale`]
/// does that.
fn along_no_map(
    step: &mut Array1<f64>,
    items: &Table,
    gradient: &Array1<f64>,
    known: Option<&(Information, Factors)>,
    parameters: &[Range<usize>],
) {
    let Some((information, _)) = known else { return };
    let mut tangents = Tangents::new(items).location_and_scale();
    let mut within = Array2::<f64>::zeros((tangents.ncols(), tangents.ncols()));
    for (own, block) in parameters.iter().zip(information.blocks_with_prior()) {
        let mut moved = tangents.slice_mut(s![own.clone(), ..]);
        match block {
            Some(block) => within += &moved.t().dot(&block.dot(&moved)),
            None => moved.fill(0.0),
        }
    }
    if let Some(inverse) = invert(within.view()) {
        *step -= &tangents.dot(&inverse.dot(&tangents.t().dot(gradient)));
    }
}

/// Moves the model to the scale on which the aggregate posterior has mean 0 and covariance I: the step of parameter-expanded EM
/// (Liu, Rubin and Wu 1998, <https://doi.org/10.1093/biomet/85.4.755>) along common affine maps.
fn rescale(model: &mut Model, moments: &Moments, weights: &[f64]) -> Result<()> {
    let map = AffineMap::whitening(moments, weights)?;
    let items = map.items(&model.items)?;
    let values = items.iter().map(|&x| x as f32).collect();
    model.items = Table::new(model.items.width(), values);
    model.encoder.map = model.encoder.map.then(&map)?;
    Ok(())
}
