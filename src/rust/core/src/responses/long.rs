//! Cells from long data: one row per response.

use crate::base::error::{Error, Result};
use crate::base::monitor::Monitor;
use crate::responses::cells::LabelledCells;
use crate::responses::cells_builder::CellsBuilder;
use crate::responses::column::{Column, NotWhole, check_whole, whole_integer};
use crate::responses::options::RawOptions;
use crate::responses::whole::nearest_whole;
use hashbrown::HashMap;

/// Rows of long data after which the wish to stop is looked for.
const ROWS: usize = 1 << 14;

/// Reads data with one row per response: codes of respondents and of items, counted from 0, and the response.
///
/// # Errors
/// [`Error::Responses`] when the vectors differ in length, or a code is negative or an unknown item; [`Error::Cancelled`] when
/// the monitor says so.
pub fn read_long(
    respondent: &[i32],
    item: &[i32],
    response: Column,
    n_items: usize,
    ignored: &[f64],
    monitor: &dyn Monitor,
) -> Result<std::result::Result<LabelledCells, NotWhole>> {
    if respondent.len() != response.len() || item.len() != response.len() {
        return Err(Error::Responses("the columns differ in length".into()));
    }
    match response {
        Column::Integers(values) => {
            let value = |row: usize| whole_integer(values[row]);
            collect_long(respondent, item, n_items, value, monitor)
        }
        Column::Numbers(values) => {
            if let Err(bad) = check_whole(values, 0, ignored) {
                return Ok(Err(bad));
            }
            let value = |row: usize| nearest_whole(values[row]);
            collect_long(respondent, item, n_items, value, monitor)
        }
    }
    .map(Ok)
}

fn collect_long(
    respondent: &[i32],
    item: &[i32],
    n_items: usize,
    value: impl Fn(usize) -> Option<i64>,
    monitor: &dyn Monitor,
) -> Result<LabelledCells> {
    let code = |x: i32| u32::try_from(x).map_err(|_| Error::Responses("there is a negative code".into()));
    let mut options = RawOptions::default();
    let mut labels: HashMap<i64, u32> = HashMap::new();
    let mut values = Vec::new();
    let mut builder = CellsBuilder::default();
    for (row, (&respondent, &item)) in respondent.iter().zip(item).enumerate() {
        if row.is_multiple_of(ROWS) {
            monitor.proceed()?;
        }
        let respondent = code(respondent)?;
        builder.add_respondent(respondent);
        if let Some(value) = value(row) {
            let label = *labels.entry(value).or_insert_with(|| {
                values.push(value);
                values.len() as u32 - 1
            });
            builder.push(respondent, options.intern(code(item)?, label)?)?;
        }
    }
    let (item_of_raw, label_of_raw) = options.into_parts();
    Ok(LabelledCells {
        cells: builder.finish(item_of_raw, n_items, monitor)?,
        values: label_of_raw.iter().map(|&label| values[label as usize]).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::{Impatient, Silent};

    #[test]
    fn whole_numbers_survive_rounding() {
        let response = Column::Numbers(&[0.1 * 3.0 / 0.3, 1.0, 0.1 + 0.2 - 0.3]);
        let long = read_long(&[0, 1, 2], &[0, 0, 0], response, 1, &[], &Silent)
            .expect("read")
            .expect("whole");
        assert_eq!(long.values, [1, 0]);
    }

    #[test]
    fn negative_codes_are_refused() {
        assert!(read_long(&[-1], &[0], Column::Integers(&[0]), 1, &[], &Silent).is_err());
        assert!(read_long(&[0], &[-1], Column::Integers(&[0]), 1, &[], &Silent).is_err());
    }

    #[test]
    fn reading_can_be_cancelled() {
        let cancelled = read_long(&[0, 0], &[0, 1], Column::Integers(&[0, 1]), 2, &[], &Impatient);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
    }
}
