//! The link.

use crate::base::error::{Error, Result};
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
