//! Cells in R: an external pointer that lives as long as the call that reads the data.

use crate::answer::{Failure, Outcome, answer};
use crate::convert::row_numbers;
use crate::stored::{packed_list, read_responses, widened};
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{
    Cells, Column, LabelledCells, Monitor, NotWhole, Result, identical_items, read_long, read_table,
};

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
fn labelled((read, count): Read) -> List {
    match read {
        Ok(read) => {
            let item = row_numbers(read.cells.item_of_raw());
            let value: Vec<f64> = read.values.iter().map(|&x| x as f64).collect();
            list!(
                cells = pointer(read.cells),
                item = item,
                value = value,
                count = numbers_of(&count)
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

/// What was read, and how often each raw option was chosen.
type Read = (std::result::Result<LabelledCells, NotWhole>, Vec<u64>);

fn counted(read: std::result::Result<LabelledCells, NotWhole>, monitor: &dyn Monitor) -> Result<Read> {
    let counts = match &read {
        Ok(read) => read.cells.counts(monitor)?,
        Err(_) => Vec::new(),
    };
    Ok((read, counts))
}

/// Counts for R.
pub fn numbers_of(counts: &[u64]) -> Vec<f64> {
    counts.iter().map(|&n| n as f64).collect()
}

/// Changes cells, then counts the raw options.
fn change<T: Send>(
    cells: &mut Cells,
    work: impl FnOnce(&mut Cells, &dyn Monitor) -> Result<T> + Send,
) -> Outcome<(T, Vec<f64>)> {
    let work = |monitor: &dyn Monitor| Ok((work(cells, monitor)?, cells.counts(monitor)?));
    let (found, counts) = worker::run(work, &().into_robj())?;
    Ok((found, numbers_of(&counts)))
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

/// The cells of stored responses; their raw options are the options.
#[extendr]
fn rust_unpack(offsets: &[f64], options: Raw, option_size: i32, option_counts: &[i32]) -> List {
    answer(|| {
        let counts = option_counts.iter().map(|&n| n.max(0) as usize);
        let item_of_raw: Vec<u32> = (0u32..)
            .zip(counts)
            .flat_map(|(j, n)| std::iter::repeat_n(j, n))
            .collect();
        let options = options.as_slice();
        let work = |monitor: &dyn Monitor| {
            let offsets = offsets.iter().map(|&x| x as u64).collect();
            let raw = widened(options, option_size);
            let cells = Cells::new(item_of_raw, option_counts.len(), offsets, raw)?;
            let count = cells.counts(monitor)?;
            Ok((cells, count))
        };
        let (cells, count) = worker::run(work, &().into_robj())?;
        let item = row_numbers(cells.item_of_raw());
        Ok(list!(
            cells = pointer(cells),
            item = item,
            count = numbers_of(&count)
        ))
    })
}

/// Forgets the responses with raw options that are not kept; the counts of all raw options.
#[extendr]
fn rust_keep_options(mut cells: ExternalPtr<Cells>, kept: &[Rbool]) -> List {
    answer(|| {
        let kept: Vec<bool> = kept.iter().map(|flag| flag.is_true()).collect();
        let ((), count) = change(cells.as_mut(), |cells, monitor| {
            cells.keep_options(&kept, monitor)
        })?;
        Ok(list!(count = count))
    })
}

/// The pairs of respondent and item with more than one response.
#[extendr]
fn rust_duplicates(cells: ExternalPtr<Cells>, shown: i32) -> List {
    answer(|| {
        let cells = cells.as_ref();
        let work = |monitor: &dyn Monitor| cells.duplicates(shown.max(0) as usize, monitor);
        let found = worker::run(work, &().into_robj())?;
        let (respondents, items): (Vec<u32>, Vec<u32>) = found.first.into_iter().unzip();
        Ok(list!(
            n_pairs = found.n_pairs as f64,
            n_identical = found.n_identical as f64,
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
        let ((), count) = change(cells.as_mut(), |cells, monitor| cells.drop_duplicates(monitor))?;
        Ok(list!(count = count))
    })
}

/// Keeps one response of such pairs where all of them are the same; the counts of all raw options.
#[extendr]
fn rust_merge_identical(mut cells: ExternalPtr<Cells>) -> List {
    answer(|| {
        let ((), count) = change(cells.as_mut(), |cells, monitor| cells.merge_identical(monitor))?;
        Ok(list!(count = count))
    })
}

/// Forgets the responses of respondents with fewer than `min` of them: these respondents' rows, how many responses each
/// had, and the counts of all raw options.
#[extendr]
fn rust_drop_short(mut cells: ExternalPtr<Cells>, min: f64) -> List {
    answer(|| {
        let (dropped, count) = change(cells.as_mut(), |cells, monitor| {
            cells.drop_short(min as u64, monitor)
        })?;
        let (respondents, n_responses): (Vec<u32>, Vec<u64>) = dropped.into_iter().unzip();
        Ok(list!(
            respondents = row_numbers(&respondents),
            n_responses = numbers_of(&n_responses),
            count = count
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
        let work = |monitor: &dyn Monitor| {
            cells.pack(&ids, n_options.max(0) as usize, threads.max(1) as usize, monitor)
        };
        let packed = worker::run(work, &().into_robj())?;
        drop(cells);
        packed_list(&packed)
    })
}

/// The items that are identical to an earlier one, and the first such item of each. Responses as in `rust_fit`.
#[extendr]
fn rust_identical_items(
    offsets: &[f64],
    options: Raw,
    option_size: i32,
    option_counts: &[i32],
    threads: i32,
) -> List {
    answer(|| {
        let unweighted = ().into_robj();
        let options = options.as_slice();
        let responses = read_responses(offsets, options, option_size, option_counts, &unweighted)?;
        let work = |monitor: &dyn Monitor| identical_items(&responses, threads.max(1) as usize, monitor);
        let (item, first): (Vec<u32>, Vec<u32>) = worker::run(work, &().into_robj())?.into_iter().unzip();
        Ok(list!(item = row_numbers(&item), first = row_numbers(&first)))
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
    fn rust_merge_identical;
    fn rust_drop_short;
    fn rust_identical_items;
    fn rust_pack;
}
