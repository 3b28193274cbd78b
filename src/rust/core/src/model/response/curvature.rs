//! The second derivatives of a log probability.

use crate::model::response::lanes::Lanes;

/// Minus the second derivatives of a log probability by the predictors of an item's rows: `diag(d) + share v v'`.
pub struct Curvature<'a, const N: usize> {
    /// `d`, one a row.
    pub diagonal: &'a mut [Lanes<N>],
    /// `v`, one a row; not set where the share is 0.
    pub direction: &'a mut [Lanes<N>],
}
