//! What is reported of the uncertainty: variances of the item parameters, and those of the respondents that carry the
//! items'.

use crate::base::error::Result;
use crate::base::linalg::packed_length;
use crate::base::monitor::Monitor;
use crate::information::calibration::Calibration;
use crate::information::covariance::Conditions;
use crate::information::gauge::{Asked, Method};
use crate::information::observed::Information;
use crate::model::covariances::ItemCovariances;
use crate::model::item_errors::ItemErrors;
use crate::model::parameters::Model;
use crate::uncertainty::anchoring::Anchoring;
use crate::uncertainty::choice::choose;
use crate::uncertainty::delta::DeltaMethod;
use crate::uncertainty::limit::Limits;
use crate::uncertainty::normalisation::Normalisation;
use crate::uncertainty::scales::{LocationScale, Scales};

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
    /// Mean and standard deviation of the aggregate posterior in each dimension.
    pub location_scale: LocationScale,
    /// What new respondents need of the covariance of the items, until the model has it; nothing where respondents do not carry it.
    pub(crate) errors: Option<ItemErrors>,
}

/// Finds the uncertainty at the map of the model.
///
/// Respondents' covariances are `S_i + J_i C J_i'`, where `S_i` is the covariance given the items, `C` that of the
/// items and `J_i` the derivative of the posterior mean. Both scales come from the delta method. On the prior's scale
/// location and scale are as uncertain as the prior of the traits leaves them for so many respondents; on the
/// normalised one they are those of the sample. Where anchors set the axes, the [errors of these](Anchoring) count on the former.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so, [`crate::base::error::Error::Model`] when the map cannot be inverted.
pub(crate) fn uncertainty(
    calibration: Calibration,
    information: &Information,
    asked: Asked,
    monitor: &dyn Monitor,
) -> Result<Uncertainty> {
    let normalisation = Normalisation::new(calibration);
    let location_scale = normalisation.location_scale().clone();
    let conditions = Conditions::new(calibration, asked.gauge);
    let chosen = choose(calibration, information, &conditions, asked.std_errors, monitor)?;
    let Some(chosen) = chosen else {
        return Ok(Uncertainty {
            method: Method::None,
            items: unknown_items(calibration.model),
            respondents: Scales::default(),
            location_scale,
            errors: None,
        });
    };
    let carried = chosen.method.carries_items();
    let affine = information.affine().filter(|_| carried);
    let delta = DeltaMethod::new(calibration, normalisation, affine);
    // On the axes that keep the estimates closest to themselves, where others are asked for.
    let aligned = (!conditions.is_empty()).then(|| delta.propagate(&chosen.covariance).items(None));
    let aligned = aligned.transpose()?.map(|items| items.normalised);
    let chosen = chosen.in_gauge(&conditions);
    let propagated = delta.propagate(&chosen.covariance);
    let mut map = None;
    let (items, respondents) = if carried {
        let limits = Limits::new(calibration, &chosen.covariance);
        let anchoring = asked
            .anchors
            .and_then(|anchors| Anchoring::new(calibration, &chosen.covariance, &limits, anchors));
        let respondents = propagated.respondents(&limits, anchoring.as_ref(), monitor)?;
        map = anchoring.as_ref().map(Anchoring::map_errors);
        (propagated.items(anchoring.as_ref())?, respondents)
    } else {
        (propagated.items(None)?, Scales::default())
    };
    let errors = carried.then(|| ItemErrors {
        covariance: chosen.covariance.kept(&calibration.design()),
        n_effective: calibration.n_effective(),
        map,
    });
    Ok(Uncertainty {
        errors,
        method: chosen.method,
        items: ItemCovariances {
            aligned: aligned.unwrap_or_else(|| items.normalised.clone()),
            prior: items.prior,
            normalised: items.normalised,
        },
        respondents,
        location_scale,
    })
}

fn unknown_items(model: &Model) -> ItemCovariances {
    let unknown = vec![f64::NAN; model.items.n_rows() * packed_length(model.items.width())];
    ItemCovariances {
        prior: unknown.clone(),
        normalised: unknown.clone(),
        aligned: unknown,
    }
}
