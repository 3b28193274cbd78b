//! The numbers of a column, however the file stores them.

use crate::base::error::Result;
use crate::ingest::schema::Kind;
use crate::ingest::source::{Source, take};
use parquet::column::reader::ColumnReader;

/// A number of a column.
pub(crate) enum Number {
    Missing,
    Whole(i64),
    Other(f64),
}

impl Number {
    /// A value of a column as a number.
    fn of<T: Copy>(value: Option<&T>, number: impl Fn(T) -> Self) -> Self {
        value.map_or(Number::Missing, |&value| number(value))
    }

    fn from_int32(value: i32, unsigned: bool) -> Self {
        Number::Whole(if unsigned {
            i64::from(value as u32)
        } else {
            i64::from(value)
        })
    }

    /// What needs 64 bits without a sign is no whole number that R could tell apart.
    fn from_int64(value: i64, unsigned: bool) -> Self {
        if unsigned && value < 0 {
            Number::Other(value as u64 as f64)
        } else {
            Number::Whole(value)
        }
    }

    fn from_double(value: f64) -> Self {
        const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;
        if value.is_nan() {
            Number::Missing
        } else if value.trunc() == value && value.abs() <= LARGEST_WHOLE {
            Number::Whole(value as i64)
        } else {
            Number::Other(value)
        }
    }
}

/// Buffers for the numbers of a batch.
#[derive(Default)]
pub(crate) struct NumberBuffers {
    int32: Vec<i32>,
    int64: Vec<i64>,
    float: Vec<f32>,
    double: Vec<f64>,
}

/// Reads some rows and calls `see(row, number)` for each of them.
pub(crate) fn each_number(
    source: &mut Source,
    kind: Kind,
    buffers: &mut NumberBuffers,
    n_rows: usize,
    mut see: impl FnMut(&Source, u64, Number) -> Result<()>,
) -> Result<()> {
    let unsigned = kind == Kind::Whole { unsigned: true };
    match source.reader() {
        Some(ColumnReader::Int32ColumnReader(_)) => {
            let number = |value| Number::from_int32(value, unsigned);
            let values = &mut buffers.int32;
            source.each(take!(Int32ColumnReader), values, n_rows, |source, row, value| {
                see(source, row, Number::of(value, number))
            })
        }
        Some(ColumnReader::Int64ColumnReader(_)) => {
            let number = |value| Number::from_int64(value, unsigned);
            let values = &mut buffers.int64;
            source.each(take!(Int64ColumnReader), values, n_rows, |source, row, value| {
                see(source, row, Number::of(value, number))
            })
        }
        Some(ColumnReader::FloatColumnReader(_)) => {
            let number = |value| Number::from_double(f64::from(value));
            let values = &mut buffers.float;
            source.each(take!(FloatColumnReader), values, n_rows, |source, row, value| {
                see(source, row, Number::of(value, number))
            })
        }
        Some(ColumnReader::DoubleColumnReader(_)) => {
            let values = &mut buffers.double;
            source.each(take!(DoubleColumnReader), values, n_rows, |source, row, value| {
                see(source, row, Number::of(value, Number::from_double))
            })
        }
        _ => Err(source.error("is not open")),
    }
}
