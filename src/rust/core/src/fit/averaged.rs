//! Probabilities of the options of an item, averaged over what is not known of respondents and of the item.

use crate::base::error::Result;
use crate::base::linalg::{lower_pairs, packed_length};
use crate::base::monitor::Monitor;
use crate::base::threads::{on_threads, try_map};
use crate::model::design;
use crate::model::link::Link;
use crate::model::response::options::option_probabilities;
use crate::posterior::cubature::gauss_hermite;
use crate::responses::item_kind::ItemKind;

/// Respondents that one task looks at.
const RESPONDENTS_PER_TASK: usize = 256;

/// Nodes of the rule for one linear predictor.
const PREDICTOR_NODES: usize = 32;

/// The share of the variance of an option's difference to the reference that is the reference's.
const SHARED: f64 = 0.5;

/// A rule for averages over the standard normal distribution: nodes and weights.
pub(crate) type NormalRule = (Vec<f64>, Vec<f64>);

/// The rule for a single linear predictor.
pub(crate) fn predictor_rule() -> NormalRule {
    gauss_hermite(PREDICTOR_NODES)
}

/// An item whose options' probabilities are averaged.
#[derive(Clone, Debug)]
pub struct UncertainItem {
    /// The link.
    pub link: Link,
    /// The kind of the item.
    pub kind: ItemKind,
    /// The parameters of every option beside the reference: discriminations by dimension, then the difficulty.
    pub parameters: Vec<Vec<f64>>,
    /// Lower triangles of their covariances, NaN where they are not known.
    pub covariances: Vec<Vec<f64>>,
    /// Points spread evenly over the standard normal distribution, one after the other: a coordinate for every dimension and every
    /// option beside the reference. An item with two options does without them.
    pub points: Vec<f64>,
}

/// What is known of respondents given the items, on the same axes.
#[derive(Clone, Debug)]
pub struct UncertainTraits {
    /// Number of dimensions.
    pub n_dims: usize,
    /// The means, respondent by respondent; NaN where nothing is known.
    pub means: Vec<f64>,
    /// Lower Cholesky factors of the covariances, row by row of the triangles.
    pub factors: Vec<f64>,
}

/// For each item the probabilities of its options, the reference first, respondent by respondent; NaN where nothing is known of one. With
/// two options the linear predictor is normal; with more the average is over the points.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so, [`crate::base::error::Error::Threads`].
pub fn averaged_probabilities(
    items: &[UncertainItem],
    traits: &UncertainTraits,
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<f64>>> {
    let rule = predictor_rule();
    let respondents: Vec<usize> = (0..traits.means.len() / traits.n_dims).collect();
    let tasks = items.iter().flat_map(|item| {
        respondents
            .chunks(RESPONDENTS_PER_TASK)
            .map(move |some| (item, some))
    });
    let parts = on_threads(threads, || {
        try_map(tasks, |(item, some)| {
            monitor.proceed()?;
            Ok(item.probabilities(traits, some, &rule))
        })
    })?;
    let n_parts = parts.len() / items.len().max(1);
    Ok(parts.chunks(n_parts.max(1)).map(<[_]>::concat).collect())
}

/// The variance that uncertain parameters add to the linear predictor of a row: the quadratic form of the `factors` that multiply them
/// in a packed lower triangle; 0 where that is not known.
pub(crate) fn predictor_variance(covariance: &[f64], factors: &[f64]) -> f64 {
    let terms = covariance.iter().zip(lower_pairs(factors.len()));
    let terms = terms.map(|(c, (i, j))| if i == j { 1.0 } else { 2.0 } * c * factors[i] * factors[j]);
    // The larger one of a number and NaN is the number.
    terms.sum::<f64>().max(0.0)
}

impl UncertainItem {
    fn probabilities(&self, traits: &UncertainTraits, respondents: &[usize], rule: &NormalRule) -> Vec<f64> {
        let (n_dims, n_options) = (traits.n_dims, self.parameters.len() + 1);
        let triangle = packed_length(n_dims);
        let mut all = Vec::with_capacity(respondents.len() * n_options);
        let mut average = Average::new(self.link);
        for &i in respondents {
            let mean = &traits.means[i * n_dims..(i + 1) * n_dims];
            if mean[0].is_nan() {
                all.resize(all.len() + n_options, f64::NAN);
                continue;
            }
            let factor = &traits.factors[i * triangle..(i + 1) * triangle];
            let rows: Vec<UncertainRow> = self.rows(mean, factor).collect();
            average.begin(self.kind, n_options);
            match &rows[..] {
                [row] => {
                    let of_traits: f64 = row.slopes.iter().map(|x| x * x).sum();
                    average.add_normal(row.mean, (of_traits + row.sd * row.sd).sqrt(), rule);
                }
                rows => self.add_points(rows, n_dims, &mut average),
            }
            all.extend_from_slice(average.shares());
        }
        all
    }

    fn rows(&self, mean: &[f64], factor: &[f64]) -> impl Iterator<Item = UncertainRow> {
        let factors: Vec<f64> = design::row(mean.iter().copied(), -1.0).collect();
        let (point, _) = mean.as_chunks::<1>();
        let rows = self.parameters.iter().zip(&self.covariances);
        rows.map(move |(parameters, covariance)| {
            let discriminations = design::split(parameters).0;
            let mut slopes = vec![0.0; discriminations.len()];
            for (value, (row, column)) in factor.iter().zip(lower_pairs(slopes.len())) {
                slopes[column] += value * discriminations[row];
            }
            UncertainRow {
                mean: design::predict(parameters, point)[0],
                sd: predictor_variance(covariance, &factors).sqrt(),
                slopes,
            }
        })
    }

    fn add_points(&self, rows: &[UncertainRow], n_dims: usize, average: &mut Average) {
        let points = self.points.chunks_exact(n_dims + rows.len());
        let weight = 1.0 / points.len() as f64;
        for point in points {
            let (of_traits, of_item) = point.split_at(n_dims);
            let predictors =
                rows.iter()
                    .zip(alike(of_item))
                    .map(|(UncertainRow { mean, sd, slopes }, own)| {
                        let moved: f64 = of_traits.iter().zip(slopes).map(|(x, slope)| x * slope).sum();
                        mean + moved + sd * own
                    });
            average.add_at(predictors, weight);
        }
    }
}

/// Independent standard normal numbers as those of the options of an item: the errors of differences to the reference have it in common,
/// which makes correlations of one half between options that are as often chosen.
fn alike(own: &[f64]) -> impl Iterator<Item = f64> {
    let n = own.len() as f64;
    let apart = (1.0 - SHARED).sqrt();
    let common = ((1.0 - SHARED + SHARED * n).sqrt() - apart) / n * own.iter().sum::<f64>();
    own.iter().map(move |x| apart * x + common)
}

/// The linear predictor of an option for one respondent.
struct UncertainRow {
    /// At the mean of the traits.
    mean: f64,
    /// What the uncertainty of the item adds, a standard deviation.
    sd: f64,
    /// What a step of one standard deviation in every direction of the posterior adds.
    slopes: Vec<f64>,
}

/// The probabilities of the options of an item, averaged over their linear predictors. The memory serves one item after another.
pub(crate) struct Average {
    link: Link,
    kind: ItemKind,
    /// Those of the options beside the reference, which are added next.
    predictors: Vec<f64>,
    probabilities: Vec<f64>,
    shares: Vec<f64>,
}

impl Average {
    pub fn new(link: Link) -> Self {
        Self {
            link,
            kind: ItemKind::Nominal,
            predictors: Vec::new(),
            probabilities: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// Nothing yet, for an item with so many options.
    pub fn begin(&mut self, kind: ItemKind, n_options: usize) {
        self.kind = kind;
        self.shares.clear();
        self.shares.resize(n_options, 0.0);
    }

    /// The sum so far.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Adds the probabilities at predictors of the options beside the reference.
    pub fn add_at(&mut self, predictors: impl Iterator<Item = f64>, weight: f64) {
        self.predictors.clear();
        for mut predictor in predictors {
            // Those of options in order fall.
            if self.kind == ItemKind::Graded
                && let Some(&before) = self.predictors.last()
            {
                predictor = predictor.min(before);
            }
            self.predictors.push(predictor);
        }
        option_probabilities(self.link, self.kind, &self.predictors, &mut self.probabilities);
        let terms = self.shares.iter_mut().zip(&self.probabilities);
        terms.for_each(|(share, p)| *share += weight * p);
    }

    /// Adds those around predictors that are normal and [`alike`], by the rule of degree 3 with two nodes for each of them (Stroud
    /// 1957, <https://doi.org/10.1090/S0025-5718-1957-0087979-4>).
    pub fn add_around(&mut self, means: &[f64], sds: &[f64], weight: f64) {
        let n = means.len();
        let mut node = vec![0.0; n];
        for place in 0..n {
            for step in [-(n as f64).sqrt(), (n as f64).sqrt()] {
                node[place] = step;
                let moved = means
                    .iter()
                    .zip(sds)
                    .zip(alike(&node))
                    .map(|((mean, sd), x)| mean + sd * x);
                self.add_at(moved, weight / (2 * n) as f64);
            }
            node[place] = 0.0;
        }
    }

    /// Adds those of a binary item whose linear predictor is normal.
    pub fn add_normal(&mut self, mean: f64, sd: f64, (nodes, weights): &NormalRule) {
        for (node, weight) in nodes.iter().zip(weights) {
            self.add_at(std::iter::once(mean + sd * node), *weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;

    /// With a probit link the average of a binary item is known: `Phi(mean / sqrt(1 + variance))`.
    #[test]
    fn binary_averages_are_exact() {
        let item = UncertainItem {
            link: Link::Probit,
            kind: ItemKind::Nominal,
            parameters: vec![vec![1.5, -0.5, 0.2]],
            // Adds .36 at the first mean, whose second coordinate is .6, and .04 of its square less at the other.
            covariances: vec![vec![0.0, 0.0, 0.04, 0.0, 0.0, 0.36 - 0.04 * 0.6 * 0.6]],
            points: Vec::new(),
        };
        let factor = [0.8, 0.3, 0.5];
        let traits = UncertainTraits {
            n_dims: 2,
            means: vec![0.8, 0.6, -1.2, 0.0, f64::NAN, f64::NAN],
            factors: [factor, factor, factor].concat(),
        };
        let predictors = [0.7, -2.0];
        let found = averaged_probabilities(&[item], &traits, 2, &Silent).expect("probabilities");
        let [found] = &found[..] else { panic!("one item") };
        assert!(found.len() == 6 && found[4].is_nan() && found[5].is_nan());
        // gamma' F = (1.5 * .8 - .5 * .3, -.5 * .5).
        let of_traits = 1.05f64.powi(2) + 0.25f64.powi(2);
        for (k, of_item) in [0.36, 0.36 - 0.04 * 0.36].into_iter().enumerate() {
            let standard = predictors[k] / (1.0 + of_traits + of_item).sqrt();
            let expected = 0.5 * libm::erfc(-standard * std::f64::consts::FRAC_1_SQRT_2);
            assert!((found[2 * k + 1] - expected).abs() < 1e-6, "{found:?}");
            assert!((found[2 * k] + found[2 * k + 1] - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn more_options_are_averaged_over_the_points() {
        for kind in [ItemKind::Nominal, ItemKind::Graded] {
            let item = UncertainItem {
                link: Link::Logit,
                kind,
                parameters: vec![vec![1.0, -0.5], vec![1.0, 0.5]],
                covariances: vec![vec![0.0, 0.0, 0.01], vec![0.0, 0.0, 0.09]],
                points: vec![1.0, 0.0, 4.0, -1.0, 0.0, -2.0],
            };
            let traits = UncertainTraits {
                n_dims: 1,
                means: vec![0.0],
                factors: vec![0.5],
            };
            let found = averaged_probabilities(&[item], &traits, 1, &Silent).expect("probabilities");
            let found = found.concat();
            let mut expected = vec![0.0; 3];
            let mut there = Vec::new();
            // What 4 and -2 for the second option add, half of whose variance the first one shares. At the first point the second
            // predictor would be above the first, which those of options in order are not.
            let first = 1.0 + 0.1 * 1.035_276;
            let second = if kind == ItemKind::Graded {
                first
            } else {
                0.3 * 3.863_703
            };
            let below = [-0.1 * 0.517_638, -1.0 - 0.3 * 1.931_852];
            for predictors in [[first, second], below] {
                option_probabilities(Link::Logit, kind, &predictors, &mut there);
                expected
                    .iter_mut()
                    .zip(&there)
                    .for_each(|(sum, p)| *sum += 0.5 * p);
            }
            let off = found.iter().zip(&expected).map(|(x, y)| (x - y).abs());
            assert!(
                off.fold(0.0, f64::max) < 1e-6,
                "{kind:?}: {found:?} for {expected:?}"
            );
        }
    }

    #[test]
    fn averages_around_predictors_are_those_of_a_fine_rule() {
        let (means, sds) = ([0.4, -0.7], [0.4, 0.5]);
        for kind in [ItemKind::Nominal, ItemKind::Graded] {
            let mut found = Average::new(Link::Logit);
            found.begin(kind, 3);
            found.add_around(&means, &sds, 1.0);
            let (nodes, weights) = predictor_rule();
            let mut expected = Average::new(Link::Logit);
            expected.begin(kind, 3);
            for (x, a) in nodes.iter().zip(&weights) {
                for (y, b) in nodes.iter().zip(&weights) {
                    let at = [means[0] + sds[0] * x, means[1] + sds[1] * y];
                    expected.add_at(at.into_iter(), a * b);
                }
            }
            for (x, y) in found.shares().iter().zip(expected.shares()) {
                assert!((x - y).abs() < 0.01, "{kind:?}: {x} and {y}");
            }
        }
    }
}
