//! Cells in R: an external pointer that lives as long as the call that reads the data.

use crate::answer::{Outcome, answer};
use crate::stored::{Stored, packed_list};
use crate::vectors::{counts, row_numbers};
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Cells, Monitor, Result};

/// Gives cells to R.
pub fn pointer(cells: Cells) -> Robj {
    ExternalPtr::new(cells).into_robj()
}

/// Changes cells, then counts the raw options.
pub fn change<T: Send>(
    cells: &mut Cells,
    work: impl FnOnce(&mut Cells, &dyn Monitor) -> Result<T> + Send,
) -> Outcome<(T, Vec<f64>)> {
    let work = |monitor: &dyn Monitor| Ok((work(cells, monitor)?, cells.counts(monitor)?));
    let (found, count) = worker::run(work, &().into_robj())?;
    Ok((found, counts(&count)))
}

/// The cells of stored responses; their raw options are the options.
#[extendr]
fn rust_unpack(responses: List) -> List {
    answer(|| {
        let (cells, count) = Stored::new(&responses)?.cells()?;
        let item = row_numbers(cells.item_of_raw());
        Ok(list!(cells = pointer(cells), item = item, count = counts(&count)))
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
            n_responses = counts(&n_responses),
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

extendr_module! {
    mod cells;
    fn rust_unpack;
    fn rust_keep_options;
    fn rust_drop_short;
    fn rust_pack;
}
