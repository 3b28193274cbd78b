//! Items that are the same question twice.

use crate::answer::answer;
use crate::stored::Stored;
use crate::vectors::row_numbers;
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Monitor, identical_items};

/// The items that are identical to an earlier one, and the first such item of each. Responses as in `rust_fit`.
#[extendr]
fn rust_identical_items(responses: List, threads: i32) -> List {
    answer(|| {
        let stored = Stored::new(&responses)?;
        let responses = stored.responses()?;
        let work = |monitor: &dyn Monitor| identical_items(&responses, threads.max(1) as usize, monitor);
        let (item, first): (Vec<u32>, Vec<u32>) = worker::run(work, &().into_robj())?.into_iter().unzip();
        Ok(list!(item = row_numbers(&item), first = row_numbers(&first)))
    })
}

extendr_module! {
    mod identical_items;
    fn rust_identical_items;
}
