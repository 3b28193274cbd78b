//! Cells from tables and vectors in memory.

use crate::answer::{Failure, Outcome, answer};
use crate::cells::pointer;
use crate::vectors::{counts, row_numbers};
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Column, LabelledCells, Monitor, NotWhole, Result, read_long, read_table};

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

/// What was read, and how often each raw option was chosen.
type Read = (std::result::Result<LabelledCells, NotWhole>, Vec<u64>);

fn counted(read: std::result::Result<LabelledCells, NotWhole>, monitor: &dyn Monitor) -> Result<Read> {
    let counts = match &read {
        Ok(read) => read.cells.counts(monitor)?,
        Err(_) => Vec::new(),
    };
    Ok((read, counts))
}

/// The cells with their raw options: `item` (from 1), `value` and `count`; or the first value that is not whole.
fn labelled((read, count): Read) -> List {
    match read {
        Ok(read) => {
            let item = row_numbers(read.cells.item_of_raw());
            let value: Vec<f64> = read.values.iter().map(|&x| x as f64).collect();
            list!(
                cells = pointer(read.cells),
                item = item,
                value = value,
                count = counts(&count)
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

/// Reads a matrix (with `n_rows` rows) or a list of columns, of integers or doubles. `ignored`: numbers that are missing.
#[extendr]
fn rust_read_table(columns: Robj, n_rows: f64, ignored: &[f64], threads: i32) -> List {
    answer(|| {
        let threads = threads.max(1) as usize;
        let vectors: Vec<Robj> = match columns.as_list() {
            Some(list) => list.values().collect(),
            None => Vec::new(),
        };
        let columns = match columns.as_list() {
            Some(_) => vectors.iter().map(column).collect::<Outcome<Vec<_>>>()?,
            None => split(column(&columns)?, n_rows as usize),
        };
        let work = |monitor: &dyn Monitor| counted(read_table(&columns, ignored, threads, monitor)?, monitor);
        Ok(labelled(worker::run(work, &().into_robj())?))
    })
}

/// Reads data with one row per response: codes of respondents and items, from 1, and the response.
#[extendr]
fn rust_read_long(respondent: &[i32], item: &[i32], response: Robj, n_items: i32, ignored: &[f64]) -> List {
    answer(|| {
        let from_zero =
            |codes: &[i32]| -> Vec<i32> { codes.iter().map(|&code| code.saturating_sub(1)).collect() };
        let n_items = n_items.max(0) as usize;
        let response = column(&response)?;
        let work = |monitor: &dyn Monitor| {
            let (respondent, item) = (from_zero(respondent), from_zero(item));
            let read = read_long(&respondent, &item, response, n_items, ignored, monitor)?;
            counted(read, monitor)
        };
        Ok(labelled(worker::run(work, &().into_robj())?))
    })
}

extendr_module! {
    mod tables;
    fn rust_read_table;
    fn rust_read_long;
}
