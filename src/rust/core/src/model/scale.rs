//! From the scale of training to the reported one: location, scale, rotation and sign, which the likelihood does not know.

use crate::base::error::{Error, Result};
use crate::base::linalg::{invert, product, sandwich, unpack};
use crate::model::design;
use crate::model::table::Table;
use ndarray::{Array1, Array2};

/// `alpha -> matrix (alpha - shift)`: from the scale of training to the reported scale.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineMap {
    /// `n_dims x n_dims`.
    pub matrix: Array2<f64>,
    /// `n_dims`.
    pub shift: Array1<f64>,
}

impl AffineMap {
    /// The map that changes nothing.
    pub fn identity(n_dims: usize) -> Self {
        Self {
            matrix: Array2::eye(n_dims),
            shift: Array1::zeros(n_dims),
        }
    }

    /// This map, then another one.
    ///
    /// # Errors
    /// [`Error::Model`] when the map cannot be inverted.
    pub fn then(&self, next: &Self) -> Result<Self> {
        let back = self.inverse_transposed()?;
        Ok(Self {
            matrix: product(&next.matrix, &self.matrix),
            shift: &self.shift + &back.t().dot(&next.shift),
        })
    }

    /// Number of dimensions.
    pub fn n_dims(&self) -> usize {
        self.shift.len()
    }

    /// Turns a dimension around.
    pub fn flip(&mut self, dimension: usize) {
        self.matrix.row_mut(dimension).mapv_inplace(|x| -x);
    }

    /// The point's place on the reported scale.
    pub fn point(&self, point: &[f64]) -> Array1<f64> {
        let centred = Array1::from_iter(point.iter().zip(&self.shift).map(|(a, c)| a - c));
        self.matrix.dot(&centred)
    }

    /// The places of points, in rows, on the reported scale.
    pub fn points(&self, points: &Array2<f64>) -> Array2<f64> {
        product(&(points - &self.shift), self.matrix.t())
    }

    /// From points on the reported scale, in rows, back to those of training.
    ///
    /// # Errors
    /// [`Error::Model`] when the map cannot be inverted.
    pub fn back(&self, points: &Array2<f64>) -> Result<Array2<f64>> {
        Ok(product(points, &self.inverse_transposed()?) + &self.shift)
    }

    /// A covariance matrix, given as its packed lower triangle, on the reported scale.
    pub fn covariance(&self, packed: &[f64]) -> Array2<f64> {
        sandwich(&self.matrix, &unpack(packed, self.n_dims()))
    }

    /// The item parameters on the reported scale, one row per parameter row.
    ///
    /// # Errors
    /// [`Error::Model`] when the map cannot be inverted.
    pub fn items(&self, items: &Table) -> Result<Array2<f64>> {
        let jacobian = self.item_jacobian()?;
        let mut mapped = Array2::zeros((items.n_rows(), items.width()));
        for (row, mut to) in mapped.rows_mut().into_iter().enumerate() {
            let from: Array1<f64> = items.row(row).iter().map(|&x| f64::from(x)).collect();
            to.assign(&jacobian.dot(&from));
        }
        Ok(mapped)
    }

    /// The same as a table.
    ///
    /// # Errors
    /// [`Error::Model`] when the map cannot be inverted.
    pub fn table(&self, items: &Table) -> Result<Table> {
        let mapped = self.items(items)?;
        Ok(Table::new(
            items.width(),
            mapped.iter().map(|&x| x as f32).collect(),
        ))
    }

    /// The matrix that takes (discriminations, difficulty) from the scale of training to the reported one.
    ///
    /// # Errors
    /// [`Error::Model`] when the map cannot be inverted.
    pub fn item_jacobian(&self) -> Result<Array2<f64>> {
        Ok(design::jacobian(&self.inverse_transposed()?, &self.shift))
    }

    /// `A^-T = (A A')^-1 A`, for `A A'` is positive definite.
    fn inverse_transposed(&self) -> Result<Array2<f64>> {
        let square = product(&self.matrix, self.matrix.t());
        let inverse =
            invert(square.view()).ok_or_else(|| Error::Model("the map of the scale is singular".into()))?;
        Ok(product(&inverse, &self.matrix))
    }
}
