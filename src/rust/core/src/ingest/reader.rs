//! Reading: columns are decoded in parallel, and one batch ahead of the rows that are collected.

use crate::base::error::{Error, Result};
use crate::base::files::file_error;
use crate::base::monitor::Monitor;
use crate::base::threads::{both, on_threads, try_map};
use crate::ingest::collector::{Collector, Refusal, RowBatch};
use crate::ingest::column::{CodeColumn, NumberColumn};
use crate::ingest::ids::IdColumn;
use crate::ingest::schema::read_metadata;
use crate::ingest::values::Values;
use crate::responses::cells::Cells;
use parquet::file::metadata::ParquetMetaData;
use std::path::PathBuf;

/// Rows that are decoded at once.
const BATCH: usize = 1 << 16;

/// Which columns hold what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParquetColumns {
    /// The columns that name a respondent together.
    pub respondent: Vec<String>,
    /// The column of the items.
    pub item: String,
    /// The column of the responses.
    pub response: String,
    /// The column of the respondents' weights.
    pub weights: Option<String>,
}

/// What Parquet files hold. Respondents, items and labels are numbered in the order in which they occur.
#[derive(Clone, Debug)]
pub struct Ballots {
    /// The responses.
    pub cells: Cells,
    /// The columns that name the respondents.
    pub respondents: Vec<IdColumn>,
    /// The names of the items.
    pub items: IdColumn,
    /// The distinct responses.
    pub labels: IdColumn,
    /// The label of each raw option.
    pub label_of_raw: Vec<u32>,
    /// The weight of each respondent, if there is a column of weights.
    pub weights: Option<Vec<f64>>,
    /// Number of rows that were read.
    pub n_rows: u64,
}

/// Reads the responses of Parquet files with one row per response. The result does not depend on the number of threads.
///
/// # Errors
/// [`Error::File`] for a file that is damaged, lacks a column, holds values of another kind than expected, names no
/// respondent or item in some row, or gives a respondent two weights; [`Error::Cancelled`]; [`Error::Threads`].
pub fn read_parquet(
    files: &[PathBuf],
    columns: &ParquetColumns,
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<Ballots> {
    on_threads(threads, || read_rows(files, columns, monitor))
}

fn read_rows(files: &[PathBuf], columns: &ParquetColumns, monitor: &dyn Monitor) -> Result<Ballots> {
    let mut scanner = Scanner::new(files, columns);
    let mut ready = RowBatch::default();
    let mut ahead = RowBatch::default();
    let mut more = scanner.next(&mut ready)?;
    let mut collector = Collector::new(columns.respondent.len(), scanner.numbers_respondents());
    while more {
        monitor.proceed()?;
        let (decoded, collected) = both(|| scanner.next(&mut ahead), || collector.add(&ready));
        collected.map_err(|refusal| scanner.explain(refusal, ready.file))?;
        more = decoded?;
        std::mem::swap(&mut ready, &mut ahead);
    }
    scanner.finish(collector, monitor)
}

/// Goes through the rows of the files.
struct Scanner<'a> {
    files: &'a [PathBuf],
    /// The columns that name the respondents, that of the items and that of the responses.
    columns: Vec<CodeColumn>,
    weights: Option<NumberColumn>,
    metadata: Option<ParquetMetaData>,
    next_file: usize,
    next_row_group: usize,
    rows_left: usize,
    rows_before: u64,
}

impl<'a> Scanner<'a> {
    fn new(files: &'a [PathBuf], columns: &ParquetColumns) -> Self {
        let names = columns
            .respondent
            .iter()
            .chain([&columns.item, &columns.response]);
        Self {
            files,
            columns: names.map(|name| CodeColumn::new(name)).collect(),
            weights: columns.weights.as_deref().map(NumberColumn::new),
            metadata: None,
            next_file: 0,
            next_row_group: 0,
            rows_left: 0,
            rows_before: 0,
        }
    }

    /// True when the codes of a single column number the respondents in the order in which they occur.
    fn numbers_respondents(&self) -> bool {
        let ids = &self.columns[..self.columns.len() - 2];
        ids.len() == 1 && !matches!(ids[0].values(), Some(Values::Flag))
    }

    /// Reads the next rows; false when there are none.
    fn next(&mut self, batch: &mut RowBatch) -> Result<bool> {
        while self.rows_left == 0 {
            if !self.open_row_group()? && !self.open_file()? {
                return Ok(false);
            }
        }
        let n_rows = self.rows_left.min(BATCH);
        batch.file = self.next_file - 1;
        batch.rows_before = self.rows_before;
        batch.ids.resize_with(self.columns.len() - 2, Vec::new);
        let codes = batch
            .ids
            .iter_mut()
            .chain([&mut batch.items, &mut batch.responses]);
        let columns = self.columns.iter_mut().zip(codes);
        let weights = &mut self.weights;
        let numbers = &mut batch.weights;
        let (read, weighed) = both(
            || try_map(columns, |(column, to)| column.read(n_rows, to)),
            || {
                weights
                    .as_mut()
                    .map_or(Ok(()), |column| column.read(n_rows, numbers))
            },
        );
        read?;
        weighed?;
        self.rows_left -= n_rows;
        self.rows_before += n_rows as u64;
        Ok(true)
    }

    /// Opens the next row group of the current file; false when there is none.
    fn open_row_group(&mut self) -> Result<bool> {
        let Some(metadata) = &self.metadata else {
            return Ok(false);
        };
        if self.next_row_group == metadata.num_row_groups() {
            return Ok(false);
        }
        let n_rows = metadata.row_group(self.next_row_group).num_rows();
        self.rows_left = usize::try_from(n_rows).map_err(|_| {
            file_error(
                &self.files[self.next_file - 1],
                "a row group has a negative number of rows: it is damaged",
            )
        })?;
        for column in &mut self.columns {
            column.open_row_group(metadata, self.next_row_group)?;
        }
        if let Some(column) = &mut self.weights {
            column.open_row_group(metadata, self.next_row_group)?;
        }
        self.next_row_group += 1;
        Ok(true)
    }

    /// Opens the next file; false when there is none.
    fn open_file(&mut self) -> Result<bool> {
        let Some(path) = self.files.get(self.next_file) else {
            return Ok(false);
        };
        let metadata = read_metadata(path)?;
        for column in &mut self.columns {
            column.open(path, &metadata)?;
        }
        if let Some(column) = &mut self.weights {
            column.open(path, &metadata)?;
        }
        self.metadata = Some(metadata);
        self.next_file += 1;
        self.next_row_group = 0;
        self.rows_before = 0;
        Ok(true)
    }

    /// The error for rows that cannot be taken.
    fn explain(&self, refusal: Refusal, file: usize) -> Error {
        let item = &self.columns[self.columns.len() - 2];
        let weights = self.weights.as_ref().map_or("", NumberColumn::name);
        let message = match refusal {
            Refusal::NoRespondent { column, row } => {
                format!(
                    "column \"{}\" names no respondent in row {row}",
                    self.columns[column].name()
                )
            }
            Refusal::NoItem { row } => format!("column \"{}\" names no item in row {row}", item.name()),
            Refusal::Weight { row, value } if value.is_nan() => {
                format!("column \"{weights}\" has no weight in row {row}")
            }
            Refusal::Weight { row, value } => format!(
                "column \"{weights}\" has the weight {value} in row {row}, and weights are positive, finite numbers"
            ),
            Refusal::Weights {
                respondent,
                row,
                before,
                now,
            } => format!(
                "column \"{weights}\" gives respondent \"{}\" the weight {now} in row {row} and {before} before",
                self.name_of(&respondent)
            ),
            Refusal::Memory(megabytes) => return Error::Memory(megabytes),
            Refusal::TooMany => "there are too many respondents or options".to_string(),
        };
        file_error(&self.files[file], message)
    }

    /// The name of a respondent: the values of the columns joined by "/".
    fn name_of(&self, codes: &[u32]) -> String {
        let value = |(column, &code): (&CodeColumn, &u32)| match column.values() {
            Some(Values::Text(texts)) => String::from_utf8_lossy(texts.get(code)).into_owned(),
            Some(Values::Whole(wholes)) => wholes.get(code).to_string(),
            Some(Values::Flag) => (if code == 1 { "TRUE" } else { "FALSE" }).to_string(),
            None => String::new(),
        };
        self.columns
            .iter()
            .zip(codes)
            .map(value)
            .collect::<Vec<_>>()
            .join("/")
    }

    fn finish(self, collector: Collector, monitor: &dyn Monitor) -> Result<Ballots> {
        let nothing = || match self.files.first() {
            Some(path) => file_error(path, "there is no row"),
            None => Error::Responses("there is no file".into()),
        };
        let values: Option<Vec<Values>> = self.columns.into_iter().map(CodeColumn::into_values).collect();
        let mut values = values.ok_or_else(nothing)?;
        let (Some(labels), Some(items)) = (values.pop(), values.pop()) else {
            return Err(nothing());
        };
        let n_respondents = collector.n_respondents as usize;
        let items = IdColumn::distinct(items);
        let (item_of_raw, label_of_raw) = collector.options.into_parts();
        Ok(Ballots {
            cells: collector.builder.finish(item_of_raw, items.len(), monitor)?,
            respondents: IdColumn::collect(values, collector.tuples.as_ref(), n_respondents, monitor)?,
            items,
            labels: IdColumn::distinct(labels),
            label_of_raw,
            weights: self.weights.map(|_| collector.weights),
            n_rows: collector.n_rows,
        })
    }
}
