//! Vectors of values as R stores them.

use crate::responses::whole::{close, nearest_whole};

/// A vector of values, as R stores them.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// Whole numbers or codes; the smallest number is R's missing value.
    Integers(&'a [i32]),
    /// Numbers; those that are not a number are missing.
    Numbers(&'a [f64]),
}

impl Column<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Column::Integers(values) => values.len(),
            Column::Numbers(values) => values.len(),
        }
    }
}

/// A value that is no whole number.
#[derive(Clone, Debug, PartialEq)]
pub struct NotWhole {
    /// The row of the first such value.
    pub row: usize,
    /// Its column.
    pub column: usize,
    /// The value.
    pub value: f64,
    /// How many such values there are.
    pub n_values: usize,
}

/// The number that R's integer is; nothing where it is missing.
pub(crate) fn whole_integer(value: i32) -> Option<i64> {
    (value != i32::MIN).then_some(i64::from(value))
}

/// Numbers that are not whole, and that the user declared missing, are missing.
pub(crate) fn check_whole(
    values: &[f64],
    column: usize,
    ignored: &[f64],
) -> std::result::Result<(), NotWhole> {
    let absent = |value: f64| value.is_nan() || ignored.iter().any(|&other| close(value, other));
    let bad = |value: f64| nearest_whole(value).is_none() && !absent(value);
    match values.iter().position(|&value| bad(value)) {
        None => Ok(()),
        Some(row) => Err(NotWhole {
            row,
            column,
            value: values[row],
            n_values: values.iter().filter(|&&value| bad(value)).count(),
        }),
    }
}

/// Calls `see(row - start, value)` for the observed values of some rows.
pub(crate) fn each_whole(column: &Column, start: usize, end: usize, mut see: impl FnMut(usize, i64)) {
    match column {
        Column::Integers(values) => {
            for (row, &value) in values[start..end].iter().enumerate() {
                if let Some(value) = whole_integer(value) {
                    see(row, value);
                }
            }
        }
        Column::Numbers(values) => {
            for (row, &value) in values[start..end].iter().enumerate() {
                if let Some(value) = nearest_whole(value) {
                    see(row, value);
                }
            }
        }
    }
}
