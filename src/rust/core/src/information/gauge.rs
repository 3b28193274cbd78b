//! How uncertainty was found, and on which axes.

use crate::settings::StdErrors;
use ndarray::Array2;

/// How the uncertainty was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Items and respondents together.
    Joint,
    /// All items together; for the respondents they are known.
    Items,
    /// The respondents carry the uncertainty of the items, which are independent of one another.
    Blocks,
    /// The items are known for the respondents, and the other items for each item.
    Conditional,
    /// There are no standard errors of the items.
    None,
}

impl Method {
    /// Do the respondents carry the uncertainty of the items?
    pub fn carries_items(self) -> bool {
        matches!(self, Method::Joint | Method::Blocks)
    }

    /// The name, as in R.
    pub fn name(self) -> &'static str {
        match self {
            Method::Joint => "joint",
            Method::Items => "items",
            Method::Blocks => "blocks",
            Method::Conditional => "conditional",
            Method::None => "none",
        }
    }
}

/// How rotations enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// The axes are the principal ones and as uncertain as these.
    Principal,
    /// The axes are those that keep the estimates closest to themselves.
    Aligned,
}

/// Respondents at given positions.
#[derive(Clone, Debug)]
pub struct Anchors {
    /// Their rows in the data.
    pub respondents: Vec<u32>,
    /// Where they are: `n_anchors x n_dims`.
    pub positions: Array2<f64>,
}

/// What is asked about the items: which standard errors, and on which axes.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub std_errors: StdErrors,
    pub gauge: Gauge,
    /// Who set the axes, if respondents did.
    pub anchors: Option<&'a Anchors>,
}
