//! Responses in Parquet files.

use crate::answer::answer;
use crate::cells::pointer;
use crate::respondent_ids::{id_column, plain};
use crate::vectors::{counts, row_numbers};
use crate::worker;
use extendr_api::prelude::*;
use vae_irt_core::{Monitor, ParquetColumns, parquet_fields, parquet_files, read_parquet};

/// The columns of the first file: `name`, and what they hold in words, or NA.
#[extendr]
fn rust_parquet_fields(paths: Vec<String>) -> List {
    answer(|| {
        let files = parquet_files(&paths)?;
        let fields = match files.first() {
            Some(path) => parquet_fields(path)?,
            None => Vec::new(),
        };
        let name: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let holds: Vec<Option<&str>> = fields.iter().map(|field| field.holds).collect();
        Ok(list!(name = name, holds = holds))
    })
}

/// Reads responses: `cells`; their raw options `item` (from 1), `label` (an element of `labels`, from 1) and `count`;
/// `items`; the columns of the respondents; `weights` or NULL.
#[extendr]
fn rust_read_parquet(
    paths: Vec<String>,
    respondent: Vec<String>,
    item: String,
    response: String,
    weights: Nullable<String>,
    threads: i32,
) -> List {
    answer(|| {
        let columns = ParquetColumns {
            respondent,
            item,
            response,
            weights: weights.into_option(),
        };
        let work = |monitor: &dyn Monitor| {
            let files = parquet_files(&paths)?;
            let ballots = read_parquet(&files, &columns, threads.max(1) as usize, monitor)?;
            let count = ballots.cells.counts(monitor)?;
            Ok((ballots, count))
        };
        let (ballots, count) = worker::run(work, &().into_robj())?;
        let n_respondents = ballots.cells.n_respondents() as f64;
        let ids: Vec<Robj> = ballots.respondents.into_iter().map(id_column).collect();
        let weights = ballots
            .weights
            .map_or_else(|| ().into_robj(), |weights| weights.into_robj());
        let item = row_numbers(ballots.cells.item_of_raw());
        Ok(list!(
            cells = pointer(ballots.cells),
            item = item,
            label = row_numbers(&ballots.label_of_raw),
            count = counts(&count),
            items = plain(&ballots.items),
            labels = plain(&ballots.labels),
            ids = List::from_names_and_values(&columns.respondent, ids)?,
            n_respondents = n_respondents,
            weights = weights
        ))
    })
}

extendr_module! {
    mod responses_files;
    fn rust_parquet_fields;
    fn rust_read_parquet;
}
