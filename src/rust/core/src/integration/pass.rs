//! All items at given traits.

use crate::base::error::Result;
use crate::base::linalg::lower_pairs;
use crate::base::monitor::Monitor;
use crate::base::threads::{map_with, try_map};
use crate::information::matrices::add_dense_square;
use crate::integration::answers::{Answers, Scratch};
use crate::integration::item::{ClassPrior, ItemPosterior, Want, What};
use crate::integration::rule::{Detail, Rule};
use crate::integration::traits::Traits;
use crate::integration::unanimous::{Unanimous, unanimous_of};
use crate::model::item_distribution::{ComponentSums, ItemClass, ItemDistribution};
use crate::model::link::Link;
use crate::responses::batch::Batch;
use crate::responses::catalogue::ItemCatalogue;
use ndarray::{Array2, s};

/// The modes of an item, one for each density of the prior of its class.
pub(crate) type Modes = Vec<Vec<f64>>;

/// Rows of the matrix of scores that are squared at once, about.
const ROWS_AT_ONCE: usize = 4_096;

/// The share of the respondents up to which those who answered an item are looked at alone.
const SPARSE: f64 = 0.2;

/// The items with the answers to them.
pub(crate) struct Items {
    pub answers: Vec<Answers>,
    pub classes: Vec<ItemClass>,
    /// The class of each item.
    pub class_of: Vec<usize>,
    /// Those on which all agreed, where they are counted in.
    unanimous: Vec<Unanimous>,
    /// By class, for each [`Detail`].
    rules: Vec<[Rule; 3]>,
    link: Link,
    is_sparse: bool,
}

/// The log marginal likelihood of the traits, and its derivatives.
pub(crate) struct Pass {
    pub value: f64,
    /// By respondent and dimension.
    pub gradient: Vec<f64>,
    /// Minus the expected second derivatives given the items: a square for each respondent, of which the lower triangle is set.
    pub blocks: Vec<f64>,
    /// What the items that are not known take off these: the lower triangle of a matrix with a row for each trait.
    pub shared: Array2<f64>,
    pub sums: Vec<ComponentSums>,
}

impl Items {
    pub fn new(batch: &Batch, catalogue: &ItemCatalogue, link: Link, n_dims: usize) -> Self {
        let items = 0..catalogue.n_items();
        let answers: Vec<Answers> = items
            .map(|item| Answers::new(batch, catalogue, item, n_dims))
            .collect();
        let classes = ItemClass::of_items(catalogue, n_dims);
        let place = |answers: &Answers| classes.iter().position(|class| *class == answers.class);
        let class_of: Vec<usize> = answers.iter().filter_map(place).collect();
        let n_cells = batch.n_respondents() * answers.len();
        Self {
            rules: classes
                .iter()
                .map(|class| {
                    let details = [Detail::Rough, Detail::Normal, Detail::Mixture];
                    details.map(|detail| Rule::new(class.n_free(), batch.n_respondents(), detail))
                })
                .collect(),
            unanimous: Vec::new(),
            is_sparse: (batch.n_responses() as f64) < SPARSE * n_cells as f64,
            answers,
            classes,
            class_of,
            link,
        }
    }

    /// Counts in those on which all agreed, as a distribution that is estimated has to.
    pub fn with_unanimous(mut self) -> Self {
        self.unanimous = unanimous_of(&self.answers, &self.class_of);
        self
    }

    /// The classes of all items, and then of those on which all agreed.
    pub fn all_classes(&self) -> impl Iterator<Item = usize> {
        let unanimous = self.unanimous.iter().map(|own| own.class);
        self.class_of.iter().copied().chain(unanimous)
    }

    /// The answers to an item, which can be one on which all agreed, and its class.
    fn at(&self, place: usize) -> (&Answers, usize) {
        match self.answers.get(place) {
            Some(answers) => (answers, self.class_of[place]),
            None => {
                let own = &self.unanimous[place - self.answers.len()];
                (&own.answers, own.class)
            }
        }
    }

    /// The number of items in each class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        let answered = self
            .answers
            .iter()
            .zip(&self.class_of)
            .filter(|(a, _)| !a.who.is_empty());
        answered.for_each(|(_, &class)| counts[class] += 1);
        counts
    }

    /// The posteriors of a run of items; nothing for one whose information is not positive definite.
    pub fn posteriors(
        &self,
        modes: &mut [Modes],
        first: usize,
        priors: &[ClassPrior],
        traits: &Traits,
        want: Want,
    ) -> Vec<Option<ItemPosterior>> {
        const PER_TASK: usize = 4;
        let tasks = modes.chunks_mut(PER_TASK).enumerate();
        let found = map_with(tasks, |scratch: &mut Scratch, (task, modes)| {
            let own = modes.iter_mut().enumerate().map(|(k, mode)| {
                let (answers, class) = self.at(first + task * PER_TASK + k);
                let detail = match want {
                    Want { is_rough: true, .. } => Detail::Rough,
                    _ if priors[class].densities.len() > 1 => Detail::Mixture,
                    _ => Detail::Normal,
                };
                let rule = &self.rules[class][detail as usize];
                answers.posterior(self.link, mode, &priors[class], (traits, rule), want, scratch)
            });
            own.collect::<Vec<_>>()
        });
        found.into_iter().flatten().collect()
    }

    /// One pass over all items; the modes are where the search for them starts and ends.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn pass(
        &self,
        modes: &mut [Modes],
        distribution: &ItemDistribution,
        traits: &Traits,
        want: Want,
        monitor: &dyn Monitor,
    ) -> Result<Option<Pass>> {
        let Some(priors) = priors(distribution) else {
            return Ok(None);
        };
        let (n, n_dims) = (traits.n_respondents() * traits.n_dims(), traits.n_dims());
        let n_shared = if want.what == What::Evidence { 0 } else { n };
        let mut pass = Pass {
            value: 0.0,
            gradient: vec![0.0; n],
            blocks: vec![0.0; n * n_dims],
            shared: Array2::zeros((n_shared, n_shared)),
            sums: distribution
                .classes
                .iter()
                .map(|of| ComponentSums::zeros(of.class, of.components.len()))
                .collect(),
        };
        let n_nodes = self
            .rules
            .iter()
            .map(|[_, rule, _]| rule.n_nodes())
            .max()
            .unwrap_or(1);
        let at_once = (ROWS_AT_ONCE / n_nodes).max(8);
        for (number, modes) in modes.chunks_mut(at_once).enumerate() {
            monitor.proceed()?;
            let first = number * at_once;
            let mut found = Vec::with_capacity(modes.len());
            for (k, posterior) in self
                .posteriors(modes, first, &priors, traits, want)
                .into_iter()
                .enumerate()
            {
                let Some(posterior) = posterior else {
                    return Ok(None);
                };
                let posterior = match (first + k).checked_sub(self.answers.len()) {
                    Some(place) => posterior.counted_in(self.unanimous[place].n_items),
                    None => posterior,
                };
                let (answers, class) = self.at(first + k);
                pass.add(&posterior, answers, class, n_dims);
                if want.what != What::Evidence {
                    found.push((answers.traits(n_dims), posterior.deviations));
                }
            }
            if !found.is_empty() {
                self.add_shared(&mut pass, &found, monitor)?;
            }
        }
        Ok(pass.value.is_finite().then_some(pass))
    }

    /// Takes off what is not known of items, from the places of their respondents' traits and the deviations of the scores.
    fn add_shared(
        &self,
        pass: &mut Pass,
        found: &[(Vec<usize>, Array2<f32>)],
        monitor: &dyn Monitor,
    ) -> Result<()> {
        if self.is_sparse {
            let squares = try_map(found, |(places, deviations)| {
                Ok((deviations.t().dot(deviations), places))
            })?;
            for (square, places) in squares {
                for (a, &i) in places.iter().enumerate() {
                    for (b, &j) in places.iter().enumerate().filter(|(_, j)| **j <= i) {
                        pass.shared[[i, j]] += f64::from(square[[a, b]]);
                    }
                }
            }
            return Ok(());
        }
        let n_rows = found.iter().map(|(_, deviations)| deviations.nrows()).sum();
        let mut dense = Array2::<f32>::zeros((n_rows, pass.shared.nrows()));
        let mut row = 0;
        for (places, deviations) in found {
            let mut rows = dense.slice_mut(s![row..row + deviations.nrows(), ..]);
            for (mut to, from) in rows.rows_mut().into_iter().zip(deviations.rows()) {
                for (&place, &x) in places.iter().zip(from) {
                    to[place] = x;
                }
            }
            row += deviations.nrows();
        }
        add_dense_square(&mut pass.shared, &dense, monitor)
    }
}

impl Pass {
    fn add(&mut self, item: &ItemPosterior, answers: &Answers, class: usize, n_dims: usize) {
        self.value += item.ln_evidence;
        self.sums[class].add(&item.sums);
        let n = answers.who.len().max(1);
        for (d, score) in item.score.chunks(n).enumerate() {
            for (&who, x) in answers.who.iter().zip(score) {
                self.gradient[who as usize * n_dims + d] += x;
            }
        }
        for ((a, b), curvature) in lower_pairs(n_dims).zip(item.curvature.chunks(n)) {
            for (&who, x) in answers.who.iter().zip(curvature) {
                self.blocks[(who as usize * n_dims + a) * n_dims + b] += x;
            }
        }
    }
}

/// The priors of all classes; nothing where one has no spread.
pub(crate) fn priors(distribution: &ItemDistribution) -> Option<Vec<ClassPrior>> {
    distribution.classes.iter().map(ClassPrior::new).collect()
}
