//! Cells in R: an external pointer that lives as long as the call that reads the data.

use crate::answer::{Failure, Outcome, answer};
use crate::convert::row_numbers;
use crate::stored::{packed_list, widened};
use extendr_api::prelude::*;
use vae_irt_core::responses::{Cells, Column, LabelledCells, NotWhole, read_long, read_table};

/// Gives cells to R.
pub fn pointer(cells: Cells) -> Robj {
    ExternalPtr::new(cells).into_robj()
}

/// The vector of a column, which R passes as integers or doubles.
fn column(values: &Robj) -> Outcome<Column<'_>> {
    if let Some(values) = values.as_integer_slice() {
        return Ok(Column::Integers(values));
    }
    values
        .as_real_slice()
        .map(Column::Numbers)
        .ok_or_else(|| Failure::Internal("a column is neither integer nor double".into()))
}

/// The equally long columns of a matrix.
fn split(values: Column<'_>, n_rows: usize) -> Vec<Column<'_>> {
    match values {
        Column::Integers(values) => values.chunks_exact(n_rows.max(1)).map(Column::Integers).collect(),
        Column::Numbers(values) => values.chunks_exact(n_rows.max(1)).map(Column::Numbers).collect(),
    }
}

/// The cells with their raw options: `item` (from 1), `value` and `count`; or the first value that is not whole.
fn labelled(read: std::result::Result<LabelledCells, NotWhole>) -> List {
    match read {
        Ok(read) => {
            let item = row_numbers(read.cells.item_of_raw());
            let value: Vec<f64> = read.values.iter().map(|&x| x as f64).collect();
            let count = counts_of(&read.cells);
            list!(
                cells = pointer(read.cells),
                item = item,
                value = value,
                count = count
            )
        }
        Err(bad) => list!(
            row = bad.row as f64 + 1.0,
            column = bad.column as f64 + 1.0,
            bad = bad.value,
            n_values = bad.n_values as f64
        ),
    }
}

pub fn counts_of(cells: &Cells) -> Vec<f64> {
    cells.counts().iter().map(|&n| n as f64).collect()
}

/// Reads a matrix (with `n_rows` rows) or a list of columns, of integers or doubles. `ignored`: numbers that are missing.
#[extendr]
fn rust_read_table(columns: Robj, n_rows: f64, ignored: &[f64], threads: i32) -> List {
    answer(|| {
        let threads = threads.max(1) as usize;
        let read = match columns.as_list() {
            Some(list) => {
                let vectors: Vec<Robj> = list.values().collect();
                let columns = vectors.iter().map(column).collect::<Outcome<Vec<_>>>()?;
                read_table(&columns, ignored, threads)?
            }
            None => read_table(&split(column(&columns)?, n_rows as usize), ignored, threads)?,
        };
        Ok(labelled(read))
    })
}

/// Reads data with one row per response: codes of respondents and items, from 1, and the response.
#[extendr]
fn rust_read_long(respondent: &[i32], item: &[i32], response: Robj, n_items: i32, ignored: &[f64]) -> List {
    answer(|| {
        let from_zero =
            |codes: &[i32]| -> Vec<i32> { codes.iter().map(|&code| code.saturating_sub(1)).collect() };
        let n_items = n_items.max(0) as usize;
        let read = read_long(
            &from_zero(respondent),
            &from_zero(item),
            column(&response)?,
            n_items,
            ignored,
        )?;
        Ok(labelled(read))
    })
}

/// The cells of stored responses; their raw options are the options.
#[extendr]
fn rust_unpack(offsets: &[f64], options: Raw, option_size: i32, option_counts: &[i32]) -> List {
    answer(|| {
        let counts = option_counts.iter().map(|&n| n.max(0) as usize);
        let item_of_raw: Vec<u32> = (0u32..)
            .zip(counts)
            .flat_map(|(j, n)| std::iter::repeat_n(j, n))
            .collect();
        let offsets = offsets.iter().map(|&x| x as u64).collect();
        let raw = widened(options.as_slice(), option_size);
        let cells = Cells::new(item_of_raw, option_counts.len(), offsets, raw)?;
        let item = row_numbers(cells.item_of_raw());
        let count = counts_of(&cells);
        Ok(list!(cells = pointer(cells), item = item, count = count))
    })
}

/// Forgets the responses with raw options that are not kept; the counts of all raw options.
#[extendr]
fn rust_keep_options(mut cells: ExternalPtr<Cells>, kept: &[Rbool]) -> List {
    answer(|| {
        let kept: Vec<bool> = kept.iter().map(|flag| flag.is_true()).collect();
        cells.keep_options(&kept)?;
        Ok(list!(count = counts_of(&cells)))
    })
}

/// The pairs of respondent and item with more than one response.
#[extendr]
fn rust_duplicates(cells: ExternalPtr<Cells>, shown: i32) -> List {
    answer(|| {
        let found = cells.duplicates(shown.max(0) as usize);
        let (respondents, items): (Vec<u32>, Vec<u32>) = found.first.into_iter().unzip();
        Ok(list!(
            n_pairs = found.n_pairs as f64,
            respondent = row_numbers(&respondents),
            item = row_numbers(&items),
            items = row_numbers(&found.items)
        ))
    })
}

/// Forgets the responses of such pairs; the counts of all raw options.
#[extendr]
fn rust_drop_duplicates(mut cells: ExternalPtr<Cells>) -> List {
    answer(|| {
        cells.drop_duplicates();
        Ok(list!(count = counts_of(&cells)))
    })
}

/// Forgets the responses of respondents with fewer than `min` of them: these respondents' rows, how many responses each
/// had, and the counts of all raw options.
#[extendr]
fn rust_drop_short(mut cells: ExternalPtr<Cells>, min: f64) -> List {
    answer(|| {
        let (respondents, n_responses): (Vec<u32>, Vec<u64>) =
            cells.drop_short(min as u64).into_iter().unzip();
        let n_responses: Vec<f64> = n_responses.iter().map(|&n| n as f64).collect();
        Ok(list!(
            respondents = row_numbers(&respondents),
            n_responses = n_responses,
            count = counts_of(&cells)
        ))
    })
}

/// The responses with the ids (from 0, or NA) of their raw options, as `irt_responses` objects store them. The cells are
/// emptied: they would take twice the memory of the responses.
#[extendr]
fn rust_pack(mut cells: ExternalPtr<Cells>, ids: &[i32], n_options: i32, threads: i32) -> List {
    answer(|| {
        let ids: Vec<Option<u32>> = ids.iter().map(|&id| u32::try_from(id).ok()).collect();
        let cells = std::mem::replace(cells.as_mut(), Cells::new(vec![], 0, vec![0], vec![])?);
        let packed = cells.pack(&ids, n_options.max(0) as usize, threads.max(1) as usize)?;
        drop(cells);
        packed_list(&packed)
    })
}

extendr_module! {
    mod cells;
    fn rust_read_table;
    fn rust_read_long;
    fn rust_unpack;
    fn rust_keep_options;
    fn rust_duplicates;
    fn rust_drop_duplicates;
    fn rust_drop_short;
    fn rust_pack;
}
