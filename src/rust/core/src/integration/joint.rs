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
use crate::base::monitor::Monitor;
use crate::information::covariance::bounded_angles;
use crate::information::gauge::Gauge;
use crate::information::parts::Parts;
use crate::integration::estimate::{Estimated, covariance};
use crate::integration::item::{Want, What};
use crate::integration::pass::{Items, Modes, priors};
use crate::integration::traits::Traits;
use crate::model::design;
use crate::model::item_distribution::ItemDistribution;
use crate::model::parameters::Model;
use crate::model::table::Table;
use crate::model::table_design::Design;
use crate::model::tangents::{affine_tangents, principal_conditions, rotation_tangents};
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
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
    pub factor: Array2<f64>,
    /// A row for each free parameter.
    pub of_items: Array2<f64>,
    /// The covariances of the items given the traits.
    own_of_items: Vec<Array2<f64>>,
    /// The covariances of the respondents' traits, but for what location and scale add to them.
    pub inner: Vec<Array2<f64>>,
    /// For each respondent the covariance of one of those whom a weight stands for around their mean, if they have weights.
    pub own: Option<Vec<Array2<f64>>>,
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
        let mut joint = Self {
            inner: inner_covariances(traits, &inside, own.as_deref()),
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
    pub fn in_gauge(&self, gauge: Gauge, model: &Model, totals: &[f64]) -> Cow<'_, Self> {
        if gauge == Gauge::Principal && self.traits.n_dims() > 1 {
            Cow::Owned(self.turned(model, totals))
        } else {
            Cow::Borrowed(self)
        }
    }

    /// The covariance of the items' free parameters: of each by itself, and what moves all. A turn of the axes by the items' own
    /// errors takes `a b' + b a'` off it, where `a` are the moves and `b` the covariances of these errors with the conditions:
    /// `d d' / 2 - s s' / 2`, where `d = a - b` and `s = a + b`.
    pub fn parts(&self, design: &Design) -> Parts {
        let mut parts = Parts {
            places: design.places().collect(),
            blocks: self.own_of_items.clone(),
            vectors: self.of_items.clone(),
            values: Array1::ones(self.of_items.ncols()),
        };
        if let Some(Turn { moves, conditions }) = &self.turn {
            let known = parts.times_blocks(conditions.view());
            let half = Array1::from_elem(moves.ncols(), 0.5);
            let (difference, sum) = (plus(moves, -1.0, &known), plus(moves, 1.0, &known));
            parts.vectors = concatenate![Axis(1), parts.vectors, difference, sum];
            parts.values = concatenate![Axis(0), parts.values, half, -half.clone()];
        }
        parts
    }

    /// The covariance of some free parameters of an item given what moves all.
    pub fn own_of_row(&self, item: usize, free: &[usize], design: &Design) -> Array2<f64> {
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
        let Some(priors) = priors(&distribution.overall()) else {
            return Ok(None);
        };
        let n_free: usize = items.answers.iter().map(|answers| answers.class.n_free()).sum();
        let modes = &mut modes[..items.answers.len()];
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

/// The covariances of the respondents' traits from a factor, and what weights add.
fn inner_covariances(traits: &Traits, factor: &Array2<f64>, own: Option<&[Array2<f64>]>) -> Vec<Array2<f64>> {
    let of_respondent = |i: usize| {
        let moved = traits.own(factor, i);
        let covariance = product(moved, moved.t());
        match own {
            Some(own) => covariance + &own[i],
            None => covariance,
        }
    };
    (0..traits.n_respondents()).map(of_respondent).collect()
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
