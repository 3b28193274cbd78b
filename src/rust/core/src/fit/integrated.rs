//! Where respondents are few and items many: the items are integrated out.

use crate::base::error::Result;
use crate::base::linalg::pack;
use crate::base::monitor::Monitor;
use crate::information::calibration::Sample;
use crate::information::observed::Information;
use crate::integration::estimate::{Estimated, Prior, estimate};
use crate::integration::joint::Joint;
use crate::integration::pass::Items;
use crate::integration::traits::Traits;
use crate::model::item_distribution::ItemDistribution;
use crate::model::parameters::Model;
use crate::model::table::Table;
use crate::posterior::moments::Moments;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;
use crate::settings::ModelSettings;
use ndarray::Array2;

/// Traits up to which the items are integrated out. Their information is one matrix, and every item adds to all of it: 1,000 with 1,500
/// items take six times as long as the other way, and items with so many responses are told whatever their prior.
const MOST_TRAITS: usize = 1_000;

/// Respondents from which on items say how they are distributed.
const FEWEST: usize = 4;

/// Are so few respondents and so many items better seen the other way round?
pub(crate) fn is_integrated(n_respondents: usize, n_items: usize, n_dims: usize) -> bool {
    let n_traits = n_respondents * n_dims;
    n_respondents >= FEWEST && n_traits <= n_items && n_traits <= MOST_TRAITS
}

/// What is known of items and respondents.
pub(crate) enum Known {
    /// The information about the items.
    Information(Box<Information>),
    /// The joint distribution, where the items are integrated out.
    Joint(Box<Joint>),
}

/// What is found.
pub(crate) struct Integrated {
    pub joint: Joint,
    /// The posterior means of the items.
    pub table: Table,
    pub distribution: ItemDistribution,
    pub converged: bool,
}

/// Integrates the items of a model out; the respondents have these posterior means at the start. Nothing where that cannot be done.
///
/// # Errors
/// [`crate::Error::Cancelled`] when the monitor says so.
pub(crate) fn integrate(
    model: &Model,
    responses: &Responses,
    Sample { respondents, weights }: Sample,
    start: &Moments,
    settings: &ModelSettings,
    monitor: &dyn Monitor,
) -> Result<Option<Integrated>> {
    let n_dims = model.shape.n_dims;
    let items = items_of(model, responses, respondents, settings);
    let points = Array2::from_shape_fn((respondents.len(), n_dims), |(i, d)| start.mean(i)[d]);
    let traits = Traits::new(points, weights, responses.weight_type());
    let prior = match settings.given_prior() {
        Some(sds) => Prior::Fixed(ItemDistribution::fixed(&items.classes, &sds)),
        None => Prior::Estimated,
    };
    let Some(mut estimated) = estimate(&items, traits, prior, monitor)? else {
        return Ok(None);
    };
    let Some(joint) = Joint::new(&items, &mut estimated, &model.design(), monitor)? else {
        return Ok(None);
    };
    let table = joint.table(&items);
    let is_finite =
        joint.traits.points.iter().all(|x| x.is_finite()) && table.values().iter().all(|x| x.is_finite());
    Ok(is_finite.then(|| Integrated {
        table,
        joint,
        distribution: estimated.distribution,
        converged: estimated.converged,
    }))
}

/// The joint distribution of a fit whose items were integrated out: the respondents have these traits. Nothing where it
/// cannot be had.
///
/// # Errors
/// [`crate::Error::Cancelled`] when the monitor says so.
pub(crate) fn joint_at(
    model: &Model,
    responses: &Responses,
    Sample { respondents, weights }: Sample,
    points: Array2<f64>,
    settings: &ModelSettings,
    monitor: &dyn Monitor,
) -> Result<Option<Joint>> {
    let Some(distribution) = &model.distribution else {
        return Ok(None);
    };
    let items = items_of(model, responses, respondents, settings);
    let traits = Traits::new(points, weights, responses.weight_type());
    let mut estimated = Estimated::known(&items, traits, distribution.clone());
    Joint::new(&items, &mut estimated, &model.design(), monitor)
}

/// The items of a model with the answers of some respondents. A prior that is given is that of the items at hand.
fn items_of(model: &Model, responses: &Responses, respondents: &[u32], settings: &ModelSettings) -> Items {
    let batch = Batch::new(responses, respondents);
    let shape = &model.shape;
    let items = Items::new(&batch, &shape.catalogue, shape.link, shape.n_dims);
    if settings.given_prior().is_some() {
        items
    } else {
        items.with_unanimous()
    }
}

/// Posterior moments with the means and the covariances of the joint distribution.
pub(crate) fn with_joint(moments: &Moments, joint: &Joint) -> Moments {
    Moments {
        covariances: joint.inner.iter().flat_map(|own| pack(own.view())).collect(),
        ..with_means(moments.clone(), &joint.traits.points)
    }
}

/// Posterior moments with other means.
pub(crate) fn with_means(moments: Moments, points: &Array2<f64>) -> Moments {
    Moments {
        means: points.iter().copied().collect(),
        ..moments
    }
}
