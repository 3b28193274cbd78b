//! Probabilities of the options of an item, averaged over what is not known of respondents and of the item.

use crate::base::error::Result;
use crate::base::linalg::lower_pairs;
use crate::base::monitor::Monitor;
use crate::base::threads::{on_threads, try_map};
use crate::model::link::Link;
use crate::model::response::options::option_probabilities;
use crate::posterior::cubature::gauss_hermite;
use crate::responses::item_kind::ItemKind;

/// Respondents that one task looks at.
const RESPONDENTS_PER_TASK: usize = 256;

/// Nodes of the rule for one linear predictor.
const PREDICTOR_NODES: usize = 32;

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
    /// The discriminations of every option beside the reference, by dimension.
    pub discriminations: Vec<Vec<f64>>,
    /// Points spread evenly over the standard normal distribution, one after the other: a coordinate for every dimension and every
    /// option beside the reference. An item with two options does without them.
    pub points: Vec<f64>,
}

/// What is known of some respondents and of the item at their traits, respondent by respondent.
#[derive(Clone, Debug)]
pub struct UncertainPredictors {
    /// The linear predictors of the options beside the reference at the mean.
    pub means: Vec<f64>,
    /// What the uncertainty of the item adds to each, a standard deviation.
    pub sds: Vec<f64>,
    /// Lower Cholesky factors of the traits' covariances, row by row of the triangle.
    pub factors: Vec<f64>,
}

impl UncertainItem {
    /// The probabilities of the options, the reference first, respondent by respondent. With two options the linear predictor is normal;
    /// with more the average is over the points.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so, [`crate::base::error::Error::Threads`].
    pub fn probabilities(
        &self,
        of: &UncertainPredictors,
        threads: usize,
        monitor: &dyn Monitor,
    ) -> Result<Vec<f64>> {
        let n_rows = self.discriminations.len();
        let n_respondents = of.means.len() / n_rows;
        let triangle = of.factors.len() / n_respondents.max(1);
        let respondents: Vec<usize> = (0..n_respondents).collect();
        let rule = predictor_rule();
        let parts = on_threads(threads, || {
            try_map(respondents.chunks(RESPONDENTS_PER_TASK), |members| {
                monitor.proceed()?;
                let mut all = Vec::with_capacity(members.len() * (n_rows + 1));
                let mut average = Average::new(self.link, self.kind, n_rows + 1);
                for &i in members {
                    let means = &of.means[i * n_rows..(i + 1) * n_rows];
                    let sds = &of.sds[i * n_rows..(i + 1) * n_rows];
                    let slopes = self.slopes(&of.factors[i * triangle..(i + 1) * triangle]);
                    average.clear();
                    match (means, sds, &slopes[..]) {
                        (&[mean], &[sd], [slopes]) => {
                            let of_traits: f64 = slopes.iter().map(|x| x * x).sum();
                            average.add_normal(mean, (of_traits + sd * sd).sqrt(), &rule);
                        }
                        _ => self.add_points(means, sds, &slopes, &mut average),
                    }
                    all.extend_from_slice(&average.shares);
                }
                Ok(all)
            })
        })?;
        Ok(parts.concat())
    }

    /// What a step of one standard deviation in every direction of a respondent's posterior adds to the predictors.
    fn slopes(&self, factor: &[f64]) -> Vec<Vec<f64>> {
        let of_row = |discriminations: &Vec<f64>| {
            let mut slopes = vec![0.0; discriminations.len()];
            for (value, (row, column)) in factor.iter().zip(lower_pairs(discriminations.len())) {
                slopes[column] += value * discriminations[row];
            }
            slopes
        };
        self.discriminations.iter().map(of_row).collect()
    }

    fn add_points(&self, means: &[f64], sds: &[f64], slopes: &[Vec<f64>], average: &mut Average) {
        let n_dims = slopes[0].len();
        let points = self.points.chunks_exact(n_dims + means.len());
        let weight = 1.0 / points.len() as f64;
        for point in points {
            let (of_traits, of_item) = point.split_at(n_dims);
            average.predictors.clear();
            for (row, (mean, sd)) in means.iter().zip(sds).enumerate() {
                let moved: f64 = of_traits
                    .iter()
                    .zip(&slopes[row])
                    .map(|(x, slope)| x * slope)
                    .sum();
                let mut predictor = mean + moved + sd * of_item[row];
                // Those of options in order fall.
                if self.kind == ItemKind::Graded
                    && let Some(&before) = average.predictors.last()
                {
                    predictor = predictor.min(before);
                }
                average.predictors.push(predictor);
            }
            average.add(weight);
        }
    }
}

/// The probabilities of the options of an item, averaged over their linear predictors.
pub(crate) struct Average {
    link: Link,
    kind: ItemKind,
    /// Those of the options beside the reference, which are added next.
    pub predictors: Vec<f64>,
    probabilities: Vec<f64>,
    /// The sum so far.
    pub shares: Vec<f64>,
}

impl Average {
    pub fn new(link: Link, kind: ItemKind, n_options: usize) -> Self {
        Self {
            link,
            kind,
            predictors: Vec::new(),
            probabilities: Vec::new(),
            shares: vec![0.0; n_options],
        }
    }

    pub fn clear(&mut self) {
        self.shares.fill(0.0);
    }

    /// Adds the probabilities at the predictors.
    pub fn add(&mut self, weight: f64) {
        option_probabilities(self.link, self.kind, &self.predictors, &mut self.probabilities);
        let terms = self.shares.iter_mut().zip(&self.probabilities);
        terms.for_each(|(share, p)| *share += weight * p);
    }

    /// Adds those of a binary item whose linear predictor is normal.
    pub fn add_normal(&mut self, mean: f64, sd: f64, (nodes, weights): &NormalRule) {
        for (node, weight) in nodes.iter().zip(weights) {
            self.predictors.clear();
            self.predictors.push(mean + sd * node);
            self.add(*weight);
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
            discriminations: vec![vec![1.5, -0.5]],
            points: Vec::new(),
        };
        let factor = [0.8, 0.3, 0.5];
        let of = UncertainPredictors {
            means: vec![0.7, -2.0],
            sds: vec![0.6, 0.0],
            factors: [factor, factor].concat(),
        };
        let found = item.probabilities(&of, 2, &Silent).expect("probabilities");
        // gamma' F = (1.5 * .8 - .5 * .3, -.5 * .5).
        let of_traits = 1.05f64.powi(2) + 0.25f64.powi(2);
        for (k, variance) in [of_traits + 0.36, of_traits].into_iter().enumerate() {
            let standard = of.means[k] / (1.0 + variance).sqrt();
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
                discriminations: vec![vec![1.0], vec![1.0]],
                points: vec![1.0, 0.0, 4.0, -1.0, 0.0, -2.0],
            };
            let of = UncertainPredictors {
                means: vec![0.5, -0.5],
                sds: vec![0.1, 0.3],
                factors: vec![0.5],
            };
            let found = item.probabilities(&of, 1, &Silent).expect("probabilities");
            let mut expected = vec![0.0; 3];
            let mut there = Vec::new();
            // At the first point the second predictor would be above the first, which those of options in order are not.
            let first = [1.0, if kind == ItemKind::Graded { 1.0 } else { 1.2 }];
            for predictors in [first, [0.0, -1.6]] {
                option_probabilities(Link::Logit, kind, &predictors, &mut there);
                expected
                    .iter_mut()
                    .zip(&there)
                    .for_each(|(sum, p)| *sum += 0.5 * p);
            }
            let off = found.iter().zip(&expected).map(|(x, y)| (x - y).abs());
            assert!(
                off.fold(0.0, f64::max) < 1e-12,
                "{kind:?}: {found:?} for {expected:?}"
            );
        }
    }
}
