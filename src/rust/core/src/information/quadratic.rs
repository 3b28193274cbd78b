//! The quadratic form of Newton's method.

use crate::base::error::Result;
use crate::base::linalg::{solve_lower, solve_upper};
use crate::base::monitor::Monitor;
use crate::information::operator::Operator;
use ndarray::{Array1, Array2, Axis};

/// The quadratic form of Newton's method.
pub(crate) enum Quadratic {
    /// The lower Cholesky factor of a matrix.
    Factor(Array2<f64>),
    /// One that can be multiplied by vectors.
    Operator(Box<Operator>),
}

impl Quadratic {
    /// The step along a gradient.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn solve(&self, gradient: &Array1<f64>, monitor: &dyn Monitor) -> Result<Array1<f64>> {
        match self {
            Quadratic::Factor(factor) => {
                let half = solve_lower(factor.view(), gradient.view());
                Ok(solve_upper(factor.view(), half.view()))
            }
            Quadratic::Operator(operator) => {
                let gradient = gradient.view().insert_axis(Axis(1));
                Ok(operator.solve(gradient, monitor)?.column(0).to_owned())
            }
        }
    }

    /// The precision of each parameter given the others.
    pub fn diagonal(&self) -> Vec<f64> {
        match self {
            Quadratic::Factor(factor) => factor.rows().into_iter().map(|row| row.dot(&row)).collect(),
            Quadratic::Operator(operator) => operator.diagonal().collect(),
        }
    }
}
