//! Cells from tables in memory with one column per item.

use crate::base::error::{Error, Result};
use crate::base::memory;
use crate::base::monitor::Monitor;
use crate::base::threads::{on_threads, try_map};
use crate::responses::cells::{Cells, LabelledCells};
use crate::responses::column::{Column, NotWhole, check_whole, each_whole, whole_integer};
use crate::responses::lookup::{Lookup, distinct};
use crate::responses::whole::nearest_whole;

/// Rows that are transposed at once: their part of a hundred columns fits the second cache.
const BLOCK: usize = 2_048;

/// Cells of a table for which one thread is enough.
const FEW: usize = 1 << 16;

/// Reads a table with one column per item and one row per respondent. The raw options are ordered by item and value.
/// `ignored` are numbers that count as missing even though they are not whole.
///
/// # Errors
/// [`Error::Responses`] when the columns differ in length or hold too much; [`Error::Threads`]; [`Error::Cancelled`] when the
/// monitor says so.
pub fn read_table(
    columns: &[Column],
    ignored: &[f64],
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<std::result::Result<LabelledCells, NotWhole>> {
    let n_rows = columns.first().map_or(0, Column::len);
    if columns.iter().any(|column| column.len() != n_rows) {
        return Err(Error::Responses("the columns differ in length".into()));
    }
    let small = columns.len().saturating_mul(n_rows) < FEW;
    on_threads(if small { 1 } else { threads }, || {
        read_columns(columns, n_rows, ignored, monitor)
    })
}

fn read_columns(
    columns: &[Column],
    n_rows: usize,
    ignored: &[f64],
    monitor: &dyn Monitor,
) -> Result<std::result::Result<LabelledCells, NotWhole>> {
    let found = try_map(columns.iter().enumerate(), |(j, column)| {
        monitor.proceed()?;
        Ok(match column {
            Column::Integers(values) => Ok(distinct(values, |&x| whole_integer(x))),
            Column::Numbers(values) => {
                check_whole(values, j, ignored).map(|()| distinct(values, |&x| nearest_whole(x)))
            }
        })
    })?;
    if let Some(bad) = first_bad(&found) {
        return Ok(Err(bad));
    }
    let mut lookups = Vec::with_capacity(columns.len());
    let mut item_of_raw = Vec::new();
    let mut all_values = Vec::new();
    for (j, values) in found.into_iter().flatten().enumerate() {
        let first = u32::try_from(all_values.len() + values.len())
            .map(|end| end - values.len() as u32)
            .map_err(|_| Error::Responses("there are too many options".into()))?;
        item_of_raw.extend(std::iter::repeat_n(j as u32, values.len()));
        lookups.push(Lookup::new(&values, first));
        all_values.extend(values);
    }
    let (offsets, raw) = transpose(columns, &lookups, n_rows, monitor)?;
    let cells = Cells::new(item_of_raw, columns.len(), offsets, raw)?;
    Ok(Ok(LabelledCells {
        cells,
        values: all_values,
    }))
}

/// The first of the columns with a bad value, with the number of bad values of all.
fn first_bad(found: &[std::result::Result<Vec<i64>, NotWhole>]) -> Option<NotWhole> {
    let n_values = found
        .iter()
        .filter_map(|f| f.as_ref().err())
        .map(|bad| bad.n_values)
        .sum();
    found.iter().find_map(|f| f.as_ref().err()).map(|bad| NotWhole {
        n_values,
        ..bad.clone()
    })
}

/// The raw options row by row, from columns, a block of rows at a time.
fn transpose(
    columns: &[Column],
    lookups: &[Lookup],
    n_rows: usize,
    monitor: &dyn Monitor,
) -> Result<(Vec<u64>, Vec<u32>)> {
    let starts: Vec<usize> = (0..n_rows).step_by(BLOCK).collect();
    let counted = try_map(&starts, |&start| {
        monitor.proceed()?;
        Ok(count_block(columns, start, n_rows))
    })?;
    let mut offsets = Vec::with_capacity(n_rows + 1);
    let mut total = 0u64;
    offsets.push(0);
    offsets.extend(counted.iter().flatten().map(|&n| {
        total += u64::from(n);
        total
    }));
    let mut raw = memory::filled::<u32>(total as usize)?;
    let mut parts = Vec::with_capacity(starts.len());
    let mut rest = raw.as_mut_slice();
    for &start in &starts {
        let end = (start + BLOCK).min(n_rows);
        let (part, tail) = rest.split_at_mut((offsets[end] - offsets[start]) as usize);
        parts.push((start, part));
        rest = tail;
    }
    try_map(parts, |(start, part)| {
        monitor.proceed()?;
        let end = (start + BLOCK).min(n_rows);
        let mut next: Vec<usize> = offsets[start..end]
            .iter()
            .map(|&o| (o - offsets[start]) as usize)
            .collect();
        for (column, lookup) in columns.iter().zip(lookups) {
            each_whole(column, start, end, |row, value| {
                part[next[row]] = lookup.raw(value);
                next[row] += 1;
            });
        }
        Ok(())
    })?;
    Ok((offsets, raw))
}

fn count_block(columns: &[Column], start: usize, n_rows: usize) -> Vec<u32> {
    let end = (start + BLOCK).min(n_rows);
    let mut counts = vec![0u32; end - start];
    for column in columns {
        each_whole(column, start, end, |row, _| counts[row] += 1);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::{Impatient, Silent};
    use crate::responses::long::read_long;
    use crate::responses::packed::Packed;

    const NA: i32 = i32::MIN;

    fn packed(read: &LabelledCells) -> Packed {
        let n = read.values.len();
        let ids: Vec<_> = (0..n as u32).map(Some).collect();
        read.cells.pack(&ids, n, 1, &Silent).expect("packed")
    }

    #[test]
    fn tables_are_transposed() {
        let columns = [
            Column::Integers(&[1, NA, 0, 1]),
            Column::Numbers(&[f64::NAN, -3.0, 1e9, -3.0]),
            Column::Integers(&[NA; 4]),
        ];
        let read = read_table(&columns, &[], 1, &Silent)
            .expect("read")
            .expect("whole");
        assert_eq!(read.values, [0, 1, -3, 1_000_000_000]);
        assert_eq!(read.cells.item_of_raw(), [0, 0, 1, 1]);
        assert_eq!(read.cells.counts(&Silent).expect("counted"), [1, 2, 2, 1]);
        assert_eq!(packed(&read).offsets, [0, 1, 2, 4, 6]);
    }

    #[test]
    fn tables_and_long_data_agree() {
        let n = 5_000;
        let value = |i: usize, j: usize| {
            if (i * 7 + j * 3).is_multiple_of(5) {
                NA
            } else {
                ((i * i + j) % 3) as i32
            }
        };
        let columns: Vec<Vec<i32>> = (0..20).map(|j| (0..n).map(|i| value(i, j)).collect()).collect();
        let borrowed: Vec<Column> = columns.iter().map(|c| Column::Integers(c)).collect();
        let wide = read_table(&borrowed, &[], 2, &Silent)
            .expect("read")
            .expect("whole");
        let respondent: Vec<i32> = (0..20 * n).map(|k| (k % n) as i32).collect();
        let item: Vec<i32> = (0..20 * n).map(|k| (k / n) as i32).collect();
        let response: Vec<f64> = (0..20 * n)
            .map(|k| value(k % n, k / n))
            .map(|x| if x == NA { f64::NAN } else { f64::from(x) })
            .collect();
        let long = read_long(&respondent, &item, Column::Numbers(&response), 20, &[], &Silent)
            .expect("read")
            .expect("whole");
        let mut order: Vec<usize> = (0..long.values.len()).collect();
        order.sort_by_key(|&raw| (long.cells.item_of_raw()[raw], long.values[raw]));
        let mut ids = vec![None; order.len()];
        order.iter().zip(0..).for_each(|(&raw, id)| ids[raw] = Some(id));
        let other = long.cells.pack(&ids, ids.len(), 2, &Silent).expect("packed");
        assert_eq!(packed(&wide), other);
    }

    #[test]
    fn values_that_are_not_whole_are_reported() {
        let columns = [
            Column::Numbers(&[0.0, 1.0]),
            Column::Numbers(&[99.5, 0.5]),
            Column::Numbers(&[f64::INFINITY, 1e300]),
        ];
        let bad = read_table(&columns, &[33.1 * 3.0 + 0.2], 1, &Silent)
            .expect("read")
            .expect_err("not whole");
        assert_eq!(
            bad,
            NotWhole {
                row: 1,
                column: 1,
                value: 0.5,
                n_values: 3
            }
        );
        let fine = read_table(&columns[..1], &[], 1, &Silent).expect("read");
        assert!(fine.is_ok());
        let uneven = [Column::Integers(&[1]), Column::Integers(&[])];
        assert!(read_table(&uneven, &[], 1, &Silent).is_err());
    }

    #[test]
    fn whole_numbers_survive_rounding() {
        let columns = [Column::Numbers(&[0.1 * 3.0 / 0.3, 1.0, 0.1 + 0.2 - 0.3])];
        let wide = read_table(&columns, &[], 1, &Silent)
            .expect("read")
            .expect("whole");
        assert_eq!(wide.values, [0, 1]);
        let almost = [Column::Numbers(&[0.0, 0.999])];
        assert!(read_table(&almost, &[], 1, &Silent).expect("read").is_err());
    }

    #[test]
    fn reading_can_be_cancelled() {
        let cancelled = read_table(&[Column::Integers(&[0, 1])], &[], 1, &Impatient);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
    }
}
