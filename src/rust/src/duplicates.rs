//! Several responses of a respondent to an item.

use crate::answer::answer;
use crate::cells::change;
use crate::vectors::row_numbers;
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Cells, Monitor};

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

extendr_module! {
    mod duplicates;
    fn rust_duplicates;
    fn rust_drop_duplicates;
    fn rust_merge_identical;
}
