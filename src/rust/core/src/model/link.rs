//! The link.

use crate::base::error::{Error, Result};
use crate::responses::catalogue::ItemCatalogue;
use std::str::FromStr;

/// The function `F` from linear predictors to probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The logistic function; for several options in no order its generalisation.
    Logit,
    /// The normal distribution function; items with two options or with options in order only.
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

    /// The log odds that one unit of a linear predictor stands for, about: the normal distribution function with a slope describes
    /// the same curve as the logistic one with 1.7 times that slope.
    pub fn log_odds(self) -> f64 {
        match self {
            Link::Logit => 1.0,
            Link::Probit => 1.7,
        }
    }

    /// # Errors
    /// [`Error::Setting`] when the link cannot describe the items: probit with more than two options in no order.
    pub fn check(self, catalogue: &ItemCatalogue) -> Result<()> {
        let unordered = |item| {
            catalogue
                .kind_of(item)
                .is_unordered(catalogue.rows_of(item).len())
        };
        if self == Link::Probit && (0..catalogue.n_items()).any(unordered) {
            return Err(Error::Setting {
                name: "link",
                requirement: "\"logit\" when an item has more than two options in no order",
                value: "\"probit\"".into(),
            });
        }
        Ok(())
    }
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
    use crate::responses::item_kind::ItemKind;

    #[test]
    fn names_go_both_ways_and_probit_is_binary() {
        for link in [Link::Logit, Link::Probit] {
            assert_eq!(link.name().parse::<Link>().expect("a name"), link);
        }
        assert!("loglog".parse::<Link>().is_err());
        let nominal = ItemCatalogue::new(&[2, 3]).expect("valid catalogue");
        assert!(Link::Probit.check(&nominal).is_err());
        assert!(Link::Logit.check(&nominal).is_ok());
        let kinds = vec![ItemKind::Nominal, ItemKind::Graded];
        let ordered = ItemCatalogue::with_kinds(&[2, 3], kinds).expect("valid catalogue");
        assert!(Link::Probit.check(&ordered).is_ok());
    }
}
