//! The joint distribution of traits and items on the axes and scales on which it is reported.

use crate::base::error::Result;
use crate::base::linalg::{cholesky, plus, product, sandwich};
use crate::base::monitor::{Monitor, Part};
use crate::base::random::{Purpose, Stream};
use crate::information::gauge::{Anchors, Gauge, Method};
use crate::integration::joint::Joint;
use crate::model::covariances::ItemCovariances;
use crate::model::design::by_location_and_scale;
use crate::model::item_errors::ItemErrors;
use crate::model::parameters::Model;
use crate::uncertainty::anchoring::Geometry;
use crate::uncertainty::draws::Drawing;
use crate::uncertainty::reported::Uncertainty;
use crate::uncertainty::scales::{LocationScale, ScaledCovariance, Scales};
use ndarray::{Array1, Array2, Axis, s};

impl Joint {
    /// What is reported of the uncertainty.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so, [`crate::base::error::Error::Model`] when the map of the model
    /// cannot be inverted.
    pub fn uncertainty(
        &self,
        model: &Model,
        totals: &[f64],
        gauge: Gauge,
        anchors: Option<(&Anchors, &[u32])>,
        monitor: &dyn Monitor,
    ) -> Result<Uncertainty> {
        monitor.part(Part::StandardErrors, 0.0);
        let aligned = Reported::new(self, model, None).items(self, model)?.normalised;
        let joint = self.in_gauge(gauge, model, totals);
        let reported = Reported::new(&joint, model, anchors);
        let items = reported.items(&joint, model)?;
        let mut respondents = Scales::default();
        for respondent in 0..self.traits.n_respondents() {
            monitor.proceed()?;
            respondents.push(&reported.respondent(&joint, model, respondent));
        }
        Ok(Uncertainty {
            method: Method::Joint,
            items: ItemCovariances {
                prior: items.prior,
                normalised: items.normalised,
                aligned,
            },
            respondents,
            location_scale: reported.location_scale,
            errors: Some(ItemErrors {
                covariance: joint.parts(&model.design()).kept(),
                n_effective: self.traits.n_effective,
                map: reported.anchoring.as_ref().map(|(geometry, of_anchors)| {
                    geometry.map_errors(
                        &product(&joint.of_items, of_anchors.t()),
                        &product(of_anchors, of_anchors.t()),
                    )
                }),
            }),
        })
    }

    /// Draws of everybody's traits on the reported axes: for each draw those of all by dimension.
    ///
    /// # Errors
    /// As [`Self::uncertainty`].
    pub fn draws(
        &self,
        model: &Model,
        totals: &[f64],
        gauge: Gauge,
        Drawing { n_draws, seed }: Drawing,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        let joint = self.in_gauge(gauge, model, totals);
        let Reported { factor, points, .. } = Reported::new(&joint, model, None);
        let n = points.len();
        let n_dims = self.traits.n_dims();
        // Of those with weights.
        let own = self.own.iter().flatten();
        let roots: Vec<Option<Array2<f64>>> = own
            .map(|own| cholesky(sandwich(&model.map.matrix, own).view()))
            .collect();
        let mut drawn = Vec::with_capacity(n_draws * n);
        for draw in 0..n_draws {
            monitor.proceed()?;
            let mut stream = Stream::new(seed, Purpose::Draws, draw as u64, 0);
            let shared: Array1<f64> = (0..factor.ncols()).map(|_| stream.normal()).collect();
            let mut moved = factor.dot(&shared) + Array1::from_iter(points.iter().copied());
            for (i, root) in roots.iter().enumerate() {
                let noise: Array1<f64> = (0..n_dims).map(|_| stream.normal()).collect();
                if let Some(root) = root {
                    let mut to = moved.slice_mut(s![i * n_dims..(i + 1) * n_dims]);
                    to += &root.dot(&noise);
                }
            }
            drawn.extend(moved);
        }
        Ok(drawn)
    }
}

/// Everything on the reported axes.
struct Reported {
    /// A row for each trait.
    factor: Array2<f64>,
    /// `n_respondents x n_dims`.
    points: Array2<f64>,
    location_scale: LocationScale,
    /// Of means and standard deviations of the respondents at hand, which the normalised scale makes 0 and 1.
    functionals: Array2<f64>,
    anchoring: Option<(Geometry, Array2<f64>)>,
}

impl Reported {
    /// With anchors among some respondents, where these set the axes.
    fn new(joint: &Joint, model: &Model, anchors: Option<(&Anchors, &[u32])>) -> Self {
        let traits = &joint.traits;
        let (n, n_dims) = traits.points.dim();
        let matrix = &model.map.matrix;
        let points = model.map.points(&traits.points);
        let mut factor = Array2::zeros(joint.factor.dim());
        let mut variances = Array1::<f64>::zeros(n_dims);
        for i in 0..n {
            let own = product(matrix, traits.own(&joint.factor, i));
            factor
                .slice_mut(s![i * n_dims..(i + 1) * n_dims, ..])
                .assign(&own);
            let inner = sandwich(matrix, &joint.inner[i]);
            variances.scaled_add(traits.shares[i], &inner.diag());
        }
        let weights = Array1::from(traits.shares.clone());
        let means = points.t().dot(&weights);
        let centred = &points - &means;
        let sds: Array1<f64> = (0..n_dims)
            .map(|d| {
                let square: f64 = centred
                    .column(d)
                    .iter()
                    .zip(&weights)
                    .map(|(x, w)| w * x * x)
                    .sum();
                let variance = square + variances[d];
                if variance > f64::MIN_POSITIVE {
                    variance.sqrt()
                } else {
                    1.0
                }
            })
            .collect();
        let functionals = functionals(&factor, &centred, &weights, &sds);
        let anchoring = anchors.and_then(|(anchors, respondents)| {
            let geometry = Geometry::new(anchors, respondents, |place| points.row(place).to_owned())?;
            let rows = geometry
                .places
                .iter()
                .flat_map(|place| place * n_dims..(place + 1) * n_dims);
            let of_anchors = factor.select(Axis(0), &rows.collect::<Vec<_>>());
            Some((geometry, of_anchors))
        });
        Self {
            factor,
            points,
            location_scale: LocationScale {
                means: means.to_vec(),
                sds: sds.to_vec(),
            },
            functionals,
            anchoring,
        }
    }

    /// The covariance of a respondent.
    fn respondent(&self, joint: &Joint, model: &Model, respondent: usize) -> ScaledCovariance {
        let n_dims = joint.traits.n_dims();
        let own = joint.traits.own(&self.factor, respondent);
        let point = self.points.row(respondent).to_owned();
        let pull = self.location_scale.pull_of_point(&point);
        let scale = self.location_scale.scale();
        let normalised = plus(&product(&scale, own), 1.0, &product(&pull, &self.functionals));
        let apart = match &joint.own {
            Some(own) => sandwich(&model.map.matrix, &own[respondent]),
            None => Array2::zeros((n_dims, n_dims)),
        };
        let on_prior = match &self.anchoring {
            Some((geometry, _)) if geometry.is_held(respondent) => Array2::zeros((n_dims, n_dims)),
            Some((geometry, of_anchors)) => {
                let moved = plus(
                    &own.to_owned(),
                    1.0,
                    &product(&geometry.pull_of_point(&point), of_anchors),
                );
                product(&moved, moved.t()) + &apart
            }
            None => product(own, own.t()) + &apart,
        };
        ScaledCovariance {
            prior: on_prior,
            normalised: product(&normalised, normalised.t()) + sandwich(&scale, &apart),
        }
    }

    /// The covariances of the parameters in each row of the table of the items.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Model`] when the map of the model cannot be inverted.
    fn items(&self, joint: &Joint, model: &Model) -> Result<Scales> {
        let design = model.design();
        let jacobian = model.map.item_jacobian()?;
        let values = model.map.items(&model.items)?;
        let stretch = self.location_scale.stretch();
        let mut scales = Scales::default();
        for item in 0..model.shape.catalogue.n_items() {
            for row in model.shape.catalogue.rows_of(item) {
                let free = design.free_of_row(row);
                let own = sandwich(&jacobian, &joint.own_of_row(item, &free, &design));
                let moves = product(&jacobian, &joint.of_items.select(Axis(0), &free));
                let row = values.row(row).to_vec();
                let pulled = product(&by_location_and_scale(&row), &self.functionals);
                let normalised = plus(&product(&stretch, &moves), 1.0, &pulled);
                let on_prior = match &self.anchoring {
                    Some((geometry, of_anchors)) => {
                        plus(&moves, 1.0, &product(&geometry.pull_of_row(&row), of_anchors))
                    }
                    None => moves,
                };
                scales.push(&ScaledCovariance {
                    prior: product(&on_prior, on_prior.t()) + &own,
                    normalised: product(&normalised, normalised.t()) + sandwich(&stretch, &own),
                });
            }
        }
        Ok(scales)
    }
}

/// The means and the standard deviations of the respondents at hand, by dimension, along the columns of a factor of their traits.
fn functionals(
    factor: &Array2<f64>,
    centred: &Array2<f64>,
    weights: &Array1<f64>,
    sds: &Array1<f64>,
) -> Array2<f64> {
    let (n, n_dims) = centred.dim();
    let mut functionals = Array2::zeros((2 * n_dims, factor.ncols()));
    for i in 0..n {
        for d in 0..n_dims {
            let row = factor.row(i * n_dims + d);
            functionals.row_mut(d).scaled_add(weights[i], &row);
            let slope = weights[i] * centred[[i, d]] / sds[d];
            functionals.row_mut(n_dims + d).scaled_add(slope, &row);
        }
    }
    functionals
}
