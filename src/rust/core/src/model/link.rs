//! The link: from linear predictors to log probabilities and residuals.

use crate::base::error::{Error, Result};
use crate::base::math::{self, LogCdf, Logistic, Normal};
use crate::responses::catalogue::ItemCatalogue;
use std::str::FromStr;

/// The function `F` from linear predictors to probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Softmax over the options of an item; for two options the inverse logit.
    Logit,
    /// The normal distribution function; two options only.
    Probit,
}

impl Link {
    /// The name, as in R.
    pub fn name(self) -> &'static str {
        match self {
            Link::Logit => "logit",
            Link::Probit => "probit",
        }
    }

    /// # Errors
    /// [`Error::Setting`] when the link cannot describe the items: probit with more than two options.
    pub fn check(self, catalogue: &ItemCatalogue) -> Result<()> {
        if self == Link::Probit && !catalogue.is_binary() {
            return Err(Error::Setting {
                name: "link",
                requirement: "\"logit\" when an item has more than two options",
                value: "\"probit\"".into(),
            });
        }
        Ok(())
    }

    /// Log probability of one response. `predictors` holds the linear predictors of the non-reference options
    /// and becomes the derivative of the log probability by each of them; `chosen` is 0 for the reference.
    #[inline(always)]
    pub fn log_probability(self, predictors: &mut [f32], chosen: usize) -> f32 {
        if let [predictor] = predictors {
            let sign = if chosen == 1 { 1.0 } else { -1.0 };
            let (value, derivative) = self.log_cdf(sign * *predictor);
            *predictor = sign * derivative;
            return value;
        }
        let largest = predictors.iter().fold(0.0f32, |a, &b| a.max(b));
        let of_chosen = if chosen == 0 { 0.0 } else { predictors[chosen - 1] };
        let mut total = math::exp(-largest);
        for predictor in predictors.iter_mut() {
            *predictor = math::exp(*predictor - largest);
            total += *predictor;
        }
        let scale = 1.0 / total;
        predictors.iter_mut().for_each(|p| *p *= -scale);
        if chosen > 0 {
            predictors[chosen - 1] += 1.0;
        }
        of_chosen - largest - math::ln(total)
    }

    /// `ln F(x)` and its derivative for two options.
    #[inline(always)]
    pub fn log_cdf(self, x: f32) -> (f32, f32) {
        match self {
            Link::Logit => Logistic::at(x),
            Link::Probit => Normal::at(x),
        }
    }

    /// The probability of every option, the reference first, from the linear predictors of the others.
    pub fn probabilities(self, predictors: &[f64], to: &mut Vec<f64>) {
        to.clear();
        if self == Link::Probit {
            let upper = f64::from(math::exp(Normal::at(predictors[0] as f32).0));
            to.extend([1.0 - upper, upper]);
            return;
        }
        let largest = predictors.iter().fold(0.0f64, |a, &b| a.max(b));
        to.push((-largest).exp());
        to.extend(predictors.iter().map(|p| (p - largest).exp()));
        let total: f64 = to.iter().sum();
        to.iter_mut().for_each(|p| *p /= total);
    }
}

/// `gamma . alpha - beta` of one row of the table of item parameters.
#[inline(always)]
pub fn predictor(parameters: &[f32], point: &[f32]) -> f32 {
    let (discrimination, difficulty) = parameters.split_at(point.len());
    let sum: f32 = discrimination.iter().zip(point).map(|(g, a)| g * a).sum();
    sum - difficulty[0]
}

impl FromStr for Link {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "logit" => Ok(Link::Logit),
            "probit" => Ok(Link::Probit),
            other => Err(Error::Setting {
                name: "link",
                requirement: "\"logit\" or \"probit\"",
                value: format!("\"{other}\""),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_are_the_derivatives_of_the_log_probability() {
        let predictors = [0.3f32, -1.2, 2.0];
        for chosen in 0..=3 {
            let mut residuals = predictors;
            let value = Link::Logit.log_probability(&mut residuals, chosen);
            let mut probabilities = Vec::new();
            Link::Logit.probabilities(&predictors.map(f64::from), &mut probabilities);
            assert!((f64::from(value) - probabilities[chosen].ln()).abs() < 1e-6);
            for option in 0..3 {
                let step = 1e-2;
                let at = |shift: f32| {
                    let mut moved = predictors;
                    moved[option] += shift;
                    Link::Logit.log_probability(&mut moved, chosen)
                };
                let slope = (at(step) - at(-step)) / (2.0 * step);
                assert!((slope - residuals[option]).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn two_options_are_the_softmax_of_two() {
        for predictor in [-30.0f32, -0.4, 0.0, 2.5, 30.0] {
            for chosen in [0, 1] {
                let mut binary = [predictor];
                let value = Link::Logit.log_probability(&mut binary, chosen);
                let mut nominal = [predictor, -1e4];
                let same = Link::Logit.log_probability(&mut nominal, chosen);
                assert!((value - same).abs() < 1e-6 * value.abs().max(1.0));
                assert!((binary[0] - nominal[0]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn names_go_both_ways_and_probit_is_binary() {
        for link in [Link::Logit, Link::Probit] {
            assert_eq!(link.name().parse::<Link>().expect("a name"), link);
        }
        assert!("loglog".parse::<Link>().is_err());
        let nominal = ItemCatalogue::new(&[2, 3]).expect("valid catalogue");
        assert!(Link::Probit.check(&nominal).is_err());
        assert!(Link::Logit.check(&nominal).is_ok());
    }
}
