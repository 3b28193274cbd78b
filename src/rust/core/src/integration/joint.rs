//! The joint distribution of traits and items where the items are integrated out.
//!
//! The traits are normal around their mode `a`, with the inverse of their information as covariance. Given them an item has its
//! posterior, whose mean moves with them by the covariances `B` of its parameters with the scores: its covariance is `C + B V B'`. What
//! of `V` is location, scale and rotation says how the priors tell these; the population alone does, so that this part is replaced by
//! that of a sample from it.

use crate::base::error::Result;
use crate::base::linalg::{
    beside, cholesky, factor, invert, plus, product, sandwich, symmetric, symmetric_eigen,
};
use crate::base::monitor::{Monitor, Part};
use crate::base::random::{Purpose, Stream};
use crate::information::covariance::bounded_angles;
use crate::information::gauge::{Anchors, Gauge, Method};
use crate::integration::estimate::{Estimated, covariance};
use crate::integration::item::{Want, What};
use crate::integration::pass::{Items, Modes, priors};
use crate::integration::traits::Traits;
use crate::model::covariances::ItemCovariances;
use crate::model::design::{self, by_location_and_scale};
use crate::model::item_distribution::{ClassDistribution, ItemDistribution};
use crate::model::parameters::Model;
use crate::model::scale::AffineMap;
use crate::model::table::Table;
use crate::model::table_design::Design;
use crate::model::tangents::{affine_tangents, principal_conditions, rotation_tangents};
use crate::uncertainty::anchoring::Geometry;
use crate::uncertainty::draws::Drawing;
use crate::uncertainty::reported::Uncertainty;
use crate::uncertainty::scales::{LocationScale, ScaledCovariance, Scales};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use std::borrow::Cow;

/// Items looked at at once.
const AT_ONCE: usize = 256;

/// A share of the diagonal that makes a covariance positive definite.
const RIDGE: f64 = 1e-9;

/// Traits and items, which move together along common directions: `factor` and `of_items` times standard normal numbers.
#[derive(Clone)]
pub(crate) struct Joint {
    pub traits: Traits,
    /// The posterior means of the items' free parameters.
    pub items: Array1<f64>,
    /// A row for each trait.
    factor: Array2<f64>,
    /// A row for each free parameter.
    of_items: Array2<f64>,
    /// The covariances of the items given the traits.
    own_of_items: Vec<Array2<f64>>,
    /// The covariances of the respondents' traits, but for what location and scale add to them.
    pub inner: Vec<Array2<f64>>,
    /// For each respondent the covariance of one of those whom a weight stands for around their mean, if they have weights.
    own: Option<Vec<Array2<f64>>>,
    turn: Option<Turn>,
}

/// How the axes turn with the items' own errors: `moves conditions'` times these.
#[derive(Clone)]
struct Turn {
    moves: Array2<f64>,
    conditions: Array2<f64>,
}

impl Joint {
    /// Nothing where an information is not positive definite.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(
        items: &Items,
        estimated: &mut Estimated,
        design: &Design,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>> {
        let Estimated {
            traits,
            distribution,
            modes,
            ..
        } = estimated;
        let Some(pass) = items.pass(
            modes,
            distribution,
            traits,
            Want::exactly(What::Derivatives),
            monitor,
        )?
        else {
            return Ok(None);
        };
        let Some(covariance) = covariance(traits, &pass, monitor)? else {
            return Ok(None);
        };
        let Some(lower) = factor(covariance.view(), monitor)? else {
            return Ok(None);
        };
        let affine = traits.affine_tangents();
        let known = beside(affine.view(), traits.rotation_tangents().view());
        let inside = outside_of(lower, known.view());
        let sds = traits.variances_of_affine().mapv(f64::sqrt);
        let spread = &affine * &sds;
        let Some(found) = Found::new(items, modes, distribution, traits, &inside, monitor)? else {
            return Ok(None);
        };
        let own = own_of_weighted(traits, &pass.blocks);
        let inner = (0..traits.n_respondents()).map(|i| {
            let moved = traits.own(&inside, i);
            let covariance = product(moved, moved.t());
            own.as_ref()
                .map_or(covariance.clone(), |own| covariance + &own[i])
        });
        let mut joint = Self {
            inner: inner.collect(),
            own,
            traits: traits.clone(),
            items: found.means,
            factor: beside(inside.view(), spread.view()),
            of_items: found.moves,
            own_of_items: found.covariances,
            turn: None,
        };
        let table = joint.table(items);
        let mut tangents = affine_tangents(&table);
        tangents *= &sds;
        let tangents = design.select(tangents);
        joint.of_items = beside(joint.of_items.view(), tangents.view());
        Ok(Some(joint))
    }

    /// The items as a table.
    pub fn table(&self, items: &Items) -> Table {
        let mut values = Vec::new();
        let mut first = 0;
        for answers in &items.answers {
            let free = self
                .items
                .slice(s![first..first + answers.class.n_free()])
                .to_vec();
            first += free.len();
            values.extend_from_slice(answers.rows(&free).values());
        }
        Table::new(design::width(self.traits.n_dims()), values)
    }

    /// On principal axes, which depend on the items: after each error the axes are turned until they are principal.
    fn turned(&self, model: &Model, totals: &[f64]) -> Self {
        let design = model.design();
        let rotations = design.select(rotation_tangents(&model.items));
        let axes = model.map.matrix.t().to_owned();
        let conditions = principal_conditions(&model.items, &model.shape.catalogue, totals, &axes);
        let conditions = design.contract(conditions);
        let mut own = Array2::zeros((conditions.ncols(), conditions.ncols()));
        for (item, covariance) in self.own_of_items.iter().enumerate() {
            let of_item = conditions.slice(s![design.free_of_item(item), ..]);
            own += &product(of_item.t(), &product(covariance, of_item));
        }
        let shared = product(conditions.t(), &self.of_items);
        let within = plus(&own, 1.0, &product(&shared, shared.t()));
        let Some(angles) = bounded_angles(&product(conditions.t(), &rotations), &within) else {
            return self.clone();
        };
        let root = cholesky(own.view()).unwrap_or_else(|| Array2::zeros(own.dim()));
        let turned = beside(product(&angles, &shared).view(), product(&angles, &root).view());
        let wider = |x: &Array2<f64>, tangents: &Array2<f64>| {
            let zeros = Array2::zeros((x.nrows(), root.ncols()));
            plus(&beside(x.view(), zeros.view()), -1.0, &product(tangents, &turned))
        };
        Self {
            factor: wider(&self.factor, &self.traits.rotation_tangents()),
            of_items: wider(&self.of_items, &rotations),
            turn: Some(Turn {
                moves: product(&rotations, &angles),
                conditions,
            }),
            ..self.clone()
        }
    }

    /// In a gauge.
    fn in_gauge(&self, gauge: Gauge, model: &Model, totals: &[f64]) -> Cow<'_, Self> {
        if gauge == Gauge::Principal && self.traits.n_dims() > 1 {
            Cow::Owned(self.turned(model, totals))
        } else {
            Cow::Borrowed(self)
        }
    }

    /// The covariance of some free parameters of an item given what moves all.
    fn own_of_row(&self, item: usize, free: &[usize], design: &Design) -> Array2<f64> {
        let own = design.free_of_item(item);
        let covariance = &self.own_of_items[item];
        let places: Vec<usize> = free.iter().map(|place| place - own.start).collect();
        let of_row = covariance.select(Axis(0), &places);
        let block = of_row.select(Axis(1), &places);
        let Some(turn) = &self.turn else {
            return block;
        };
        let conditions = turn.conditions.slice(s![own, ..]);
        let known = product(&of_row, conditions);
        let mixed = product(&known, turn.moves.select(Axis(0), free).t());
        plus(&block, -2.0, &symmetric(mixed.view()))
    }

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
        let mut drawn = Vec::with_capacity(n_draws * n);
        for draw in 0..n_draws {
            monitor.proceed()?;
            let mut stream = Stream::new(seed, Purpose::Draws, draw as u64, 0);
            let shared: Array1<f64> = (0..factor.ncols()).map(|_| stream.normal()).collect();
            let mut moved = factor.dot(&shared) + Array1::from_iter(points.iter().copied());
            if let Some(own) = &self.own {
                let n_dims = self.traits.n_dims();
                for (k, covariance) in own.iter().enumerate() {
                    let reported = sandwich(&model.map.matrix, covariance);
                    let noise: Array1<f64> = (0..n_dims).map(|_| stream.normal()).collect();
                    if let Some(root) = cholesky(reported.view()) {
                        let mut to = moved.slice_mut(s![k * n_dims..(k + 1) * n_dims]);
                        to += &root.dot(&noise);
                    }
                }
            }
            drawn.extend(moved);
        }
        Ok(drawn)
    }
}

/// What the items are given the traits.
struct Found {
    means: Array1<f64>,
    /// How they move with the traits, along the columns of a factor of these.
    moves: Array2<f64>,
    covariances: Vec<Array2<f64>>,
}

impl Found {
    /// Under the normal distribution with the mean and covariance of the items: under a mixture of narrow components intervals would say
    /// more than is known of its shape.
    fn new(
        items: &Items,
        modes: &mut [Modes],
        distribution: &ItemDistribution,
        traits: &Traits,
        factor: &Array2<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>> {
        let overall = ItemDistribution {
            classes: distribution
                .classes
                .iter()
                .map(|of| ClassDistribution {
                    class: of.class,
                    components: vec![of.overall()],
                })
                .collect(),
        };
        let Some(priors) = priors(&overall) else {
            return Ok(None);
        };
        let n_free: usize = items.answers.iter().map(|answers| answers.class.n_free()).sum();
        let (mut means, mut covariances) = (Vec::with_capacity(n_free), Vec::with_capacity(modes.len()));
        let mut moves = Array2::zeros((n_free, factor.ncols()));
        for (number, modes) in modes.chunks_mut(AT_ONCE).enumerate() {
            monitor.proceed()?;
            let first = number * AT_ONCE;
            let found = items.posteriors(modes, first, &priors, traits, Want::exactly(What::Everything));
            for (k, posterior) in found.into_iter().enumerate() {
                let Some(posterior) = posterior else {
                    return Ok(None);
                };
                let places = items.answers[first + k].traits(traits.n_dims());
                let own = product(&posterior.cross, &factor.select(Axis(0), &places));
                moves
                    .slice_mut(s![means.len()..means.len() + own.nrows(), ..])
                    .assign(&own);
                means.extend(posterior.mean);
                covariances.push(posterior.covariance);
            }
        }
        Ok(Some(Self {
            means: Array1::from(means),
            moves,
            covariances,
        }))
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
    fn new(joint: &Joint, model: &Model, anchors: Option<(&Anchors, &[u32])>) -> Self {
        let traits = &joint.traits;
        let (n, n_dims) = traits.points.dim();
        let AffineMap { matrix, shift } = &model.map;
        let points = product(&(&traits.points - shift), matrix.t());
        let mut factor = Array2::zeros(joint.factor.dim());
        let mut variances = Array1::<f64>::zeros(n_dims);
        let total = traits.total();
        for i in 0..n {
            let own = product(matrix, traits.own(&joint.factor, i));
            factor
                .slice_mut(s![i * n_dims..(i + 1) * n_dims, ..])
                .assign(&own);
            let inner = sandwich(matrix, &joint.inner[i]);
            variances.scaled_add(traits.weights[i] / total, &inner.diag());
        }
        let weights = Array1::from(traits.weights.clone()) / total;
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

    fn respondent(&self, joint: &Joint, model: &Model, respondent: usize) -> ScaledCovariance {
        let n_dims = joint.traits.n_dims();
        let own = joint.traits.own(&self.factor, respondent);
        let point = self.points.row(respondent).to_owned();
        let (means, sds) = (&self.location_scale.means, &self.location_scale.sds);
        let mut pull = Array2::zeros((n_dims, 2 * n_dims));
        for d in 0..n_dims {
            pull[[d, d]] = -1.0 / sds[d];
            pull[[d, n_dims + d]] = -(point[d] - means[d]) / sds[d].powi(2);
        }
        let scale = Array2::from_diag(&sds.iter().map(|sd| sd.recip()).collect::<Array1<f64>>());
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

    fn items(&self, joint: &Joint, model: &Model) -> Result<Scales> {
        let design = model.design();
        let jacobian = model.map.item_jacobian()?;
        let values = model.map.items(&model.items)?;
        let LocationScale { means, sds } = &self.location_scale;
        let stretch = design::jacobian(
            &Array2::from_diag(&Array1::from(sds.clone())),
            &Array1::from(means.clone()),
        );
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

/// A factor without what it has along some vectors (columns).
fn outside_of(factor: Array2<f64>, vectors: ArrayView2<'_, f64>) -> Array2<f64> {
    let gram = product(vectors.t(), vectors);
    let (values, directions) = symmetric_eigen(gram.view());
    let least = values[0] * RIDGE;
    let inverse = Array2::from_diag(&values.mapv(|v| if v > least { v.recip() } else { 0.0 }));
    let coefficients = product(&sandwich(&directions, &inverse), &product(vectors.t(), &factor));
    plus(&factor, -1.0, &product(vectors, &coefficients))
}

/// Where respondents have weights, one of those for whom a weight stands is off their mean: `(1 - 1 / w)` times the covariance given the
/// items.
fn own_of_weighted(traits: &Traits, blocks: &[f64]) -> Option<Vec<Array2<f64>>> {
    let n_dims = traits.n_dims();
    if traits.weights.iter().all(|&w| w == 1.0) {
        return None;
    }
    let own = traits
        .weights
        .iter()
        .zip(blocks.chunks(n_dims * n_dims))
        .map(|(&w, block)| {
            let information = Array2::from_shape_fn((n_dims, n_dims), |(a, b)| {
                block[a.max(b) * n_dims + a.min(b)] / w + f64::from(u8::from(a == b))
            });
            let covariance = invert(information.view()).unwrap_or_else(|| Array2::eye(n_dims));
            covariance * (1.0 - w.recip())
        });
    Some(own.collect())
}
