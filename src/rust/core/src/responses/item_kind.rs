//! What kind of responses an item takes.

use crate::base::error::{Error, Result};
use std::str::FromStr;

/// What kind of responses an item takes. How their probabilities come about is said by the
/// [response models](crate::model::response).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ItemKind {
    /// One of several options in no order.
    #[default]
    Nominal,
    /// One of several options in the order of their ids, the lowest first.
    Graded,
}

impl ItemKind {
    /// All kinds; the place of one is its number in files.
    pub const ALL: [ItemKind; 2] = [ItemKind::Nominal, ItemKind::Graded];

    /// The name, as in R.
    pub fn name(self) -> &'static str {
        match self {
            ItemKind::Nominal => "nominal",
            ItemKind::Graded => "graded",
        }
    }

    /// Has an item with so many parameter rows several options in no order?
    pub(crate) fn is_unordered(self, n_rows: usize) -> bool {
        self == ItemKind::Nominal && n_rows > 1
    }

    /// The number in files.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The kind with a number.
    pub(crate) fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }
}

impl FromStr for ItemKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| Error::Setting {
            name: "items",
            requirement: "\"nominal\" or \"graded\"",
            value: format!("\"{name}\""),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_go_both_ways() {
        for kind in ItemKind::ALL {
            assert_eq!(kind.name().parse::<ItemKind>().expect("a name"), kind);
            assert_eq!(ItemKind::from_code(u32::from(kind.code())), Some(kind));
        }
        assert!("ordinal".parse::<ItemKind>().is_err());
        assert_eq!(ItemKind::from_code(2), None);
    }
}
