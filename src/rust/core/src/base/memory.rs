//! Large requests for memory, which are refused with an error where there is none: an allocation that fails elsewhere ends
//! the process.

use crate::base::error::{Error, Result};
use ndarray::Array2;

/// Makes room for more elements.
///
/// # Errors
/// [`Error::Memory`] where there is none.
pub(crate) fn reserve<T>(to: &mut Vec<T>, n_more: usize) -> Result<()> {
    let error = |_| Error::Memory(n_more as f64 * size_of::<T>() as f64 / 1e6);
    to.try_reserve(n_more).map_err(error)
}

/// Elements with their default.
///
/// # Errors
/// [`Error::Memory`] where there is no room for them.
pub(crate) fn filled<T: Clone + Default>(n: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    reserve(&mut values, n)?;
    values.resize(n, T::default());
    Ok(values)
}

/// A matrix of zeros.
///
/// # Errors
/// [`Error::Memory`] where there is no room for it.
pub(crate) fn zeros(n_rows: usize, n_columns: usize) -> Result<Array2<f64>> {
    let n = n_rows.saturating_mul(n_columns);
    let too_large = |_| Error::Memory(n_rows as f64 * n_columns as f64 * 8e-6);
    Array2::from_shape_vec((n_rows, n_columns), filled(n)?).map_err(too_large)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_requests_are_refused() {
        assert_eq!(filled::<u32>(3).expect("room"), [0; 3]);
        assert_eq!(zeros(2, 3).expect("room").dim(), (2, 3));
        let refused = zeros(1 << 40, 1 << 20).expect_err("no room");
        assert!(matches!(refused, Error::Memory(_)), "{refused}");
        assert!(matches!(filled::<f64>(usize::MAX), Err(Error::Memory(_))));
    }
}
