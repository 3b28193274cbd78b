//! Parquet files: their columns, their responses, and tables written to them.

use crate::answer::{Failure, Outcome, answer};
use crate::cells::{numbers_of, pointer};
use crate::convert::row_numbers;
use crate::worker;
use extendr_api::prelude::*;
use std::path::Path;
use vae_irt_core::{
    Codec, IdColumn, Monitor, ParquetColumns, ParquetWriter, TextColumn, WrittenColumn, parquet_fields,
    parquet_files, read_parquet,
};

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
            count = numbers_of(&count),
            items = plain(&ballots.items),
            labels = plain(&ballots.labels),
            ids = List::from_names_and_values(&columns.respondent, ids)?,
            n_respondents = n_respondents,
            weights = weights,
            n_rows = ballots.n_rows as f64
        ))
    })
}

/// A column of names as R keeps it: codes (from 0) and labels, bytes and ends, or a plain vector.
fn id_column(column: IdColumn) -> Robj {
    match column {
        IdColumn::Labels { codes, labels } => {
            let codes: Vec<i32> = codes.iter().map(|&code| code as i32).collect();
            list!(codes = codes, labels = texts(&labels)).into_robj()
        }
        IdColumn::Texts(column) => {
            let ends: Vec<f64> = column.ends.iter().map(|&end| end as f64).collect();
            list!(bytes = Raw::from_bytes(&column.bytes), ends = ends).into_robj()
        }
        other => plain(&other),
    }
}

/// A column as a plain vector.
fn plain(column: &IdColumn) -> Robj {
    match column {
        IdColumn::Labels { codes, labels } => {
            Strings::from_values(codes.iter().map(|&code| text(labels.get(code as usize)))).into_robj()
        }
        IdColumn::Texts(column) => texts(column).into_robj(),
        IdColumn::Wholes(values) => numbers(values),
        IdColumn::Flags(values) => values.iter().copied().collect_robj(),
    }
}

/// Whole numbers as R's integers, as doubles where they are too large, as text where doubles are too small.
fn numbers(values: &[i64]) -> Robj {
    let largest = values.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0);
    if largest <= i32::MAX as u64 {
        values.iter().map(|&x| x as i32).collect_robj()
    } else if largest <= 1 << 53 {
        values.iter().map(|&x| x as f64).collect_robj()
    } else {
        values.iter().map(i64::to_string).collect_robj()
    }
}

fn texts(column: &TextColumn) -> Strings {
    Strings::from_values((0..column.len()).map(|at| text(column.get(at))))
}

/// What was checked to be UTF-8 when it was read.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// One column of `vaeirt_ids` as it is read from R.
enum Names {
    Codes(Robj, Vec<String>),
    Bytes(Robj, Robj),
    Words(Vec<String>),
}

impl Names {
    fn new(column: &Robj) -> Outcome<Self> {
        let unknown = || Failure::Internal("a column of names has an unknown form".into());
        let Some(list) = column.as_list() else {
            return column.as_string_vector().map(Names::Words).ok_or_else(unknown);
        };
        match (list.dollar("codes"), list.dollar("bytes"), list.dollar("ends")) {
            (Ok(codes), _, _) if codes.as_integer_slice().is_some() => {
                let labels = list.dollar("labels")?.as_string_vector().ok_or_else(unknown)?;
                Ok(Names::Codes(codes, labels))
            }
            (_, Ok(bytes), Ok(ends)) if bytes.as_raw_slice().is_some() && ends.as_real_slice().is_some() => {
                Ok(Names::Bytes(bytes, ends))
            }
            _ => Err(unknown()),
        }
    }

    /// The name of a row; nothing where there is none.
    fn get(&self, row: usize) -> Option<&str> {
        match self {
            Names::Codes(codes, labels) => {
                let code = codes.as_integer_slice()?.get(row)?;
                labels.get(usize::try_from(*code).ok()?).map(String::as_str)
            }
            Names::Bytes(bytes, ends) => {
                let ends = ends.as_real_slice()?;
                let start = if row == 0 { 0 } else { *ends.get(row - 1)? as usize };
                bytes
                    .as_raw_slice()?
                    .get(start..*ends.get(row)? as usize)
                    .map(text)
            }
            Names::Words(words) => words.get(row).map(String::as_str),
        }
    }
}

/// The names of respondents: the columns' values joined by "/". `rows`: row numbers from 1.
#[extendr]
fn rust_join_names(columns: List, rows: &[f64]) -> List {
    answer(|| {
        let columns = columns
            .values()
            .map(|column| Names::new(&column))
            .collect::<Outcome<Vec<_>>>()?;
        let mut name = String::new();
        let mut names = Strings::new(rows.len());
        for (at, &row) in rows.iter().enumerate() {
            name.clear();
            for (place, column) in columns.iter().enumerate() {
                if place > 0 {
                    name.push('/');
                }
                let part = column.get(row as usize - 1);
                name.push_str(
                    part.ok_or_else(|| Failure::Internal(format!("there is no name in row {row}")))?,
                );
            }
            names.set_elt(at, Rstr::from(name.as_str()));
        }
        Ok(list!(names = names))
    })
}

/// Begins a Parquet file with a named list of columns, whose rows are the first. A column is integer, double or logical, or
/// `list(codes =, labels =)` with codes from 1.
#[extendr]
fn rust_parquet_begin(columns: List, path: &str, codec: &str) -> List {
    answer(|| {
        let codec = match codec {
            "none" => Codec::None,
            "snappy" => Codec::Snappy,
            "gzip" => Codec::Gzip,
            _ => Codec::Zstd,
        };
        let sources = written(&columns)?;
        let table = table_of(&sources)?;
        let mut writer = ParquetWriter::new(Path::new(path), &table, codec)?;
        writer.append(&table)?;
        Ok(list!(writer = ExternalPtr::new(Some(writer))))
    })
}

/// Writes more rows to a file that was begun.
#[extendr]
fn rust_parquet_append(mut writer: ExternalPtr<Option<ParquetWriter>>, columns: List) -> List {
    answer(|| {
        let sources = written(&columns)?;
        let writer = writer
            .as_mut()
            .as_mut()
            .ok_or_else(|| Failure::Internal("the file is finished".into()))?;
        writer.append(&table_of(&sources)?)?;
        Ok(list!())
    })
}

/// Ends a file: with its name, or, when it is not `complete`, without a trace.
#[extendr]
fn rust_parquet_end(mut writer: ExternalPtr<Option<ParquetWriter>>, complete: bool) -> List {
    answer(|| {
        if let Some(writer) = writer.as_mut().take().filter(|_| complete) {
            writer.finish()?;
        }
        Ok(list!())
    })
}

fn written(columns: &List) -> Outcome<Vec<(String, Written)>> {
    let columns = columns.iter();
    columns
        .map(|(name, column)| Ok((name.to_string(), Written::new(&column)?)))
        .collect()
}

fn table_of(sources: &[(String, Written)]) -> Outcome<Vec<(String, WrittenColumn<'_>)>> {
    let sources = sources.iter();
    sources
        .map(|(name, source)| Ok((name.clone(), source.column()?)))
        .collect()
}

/// A column of R that is written to a file.
enum Written {
    Texts(Robj, Vec<String>),
    Flags(Vec<i32>),
    Numbers(Robj),
}

impl Written {
    fn new(column: &Robj) -> Outcome<Self> {
        if let Some(list) = column.as_list() {
            let labels = list
                .dollar("labels")?
                .as_string_vector()
                .ok_or_else(unknown_form)?;
            return Ok(Written::Texts(list.dollar("codes")?, labels));
        }
        if let Some(flags) = column.as_logical_slice() {
            return Ok(Written::Flags(flags.iter().map(written_flag).collect()));
        }
        Ok(Written::Numbers(column.clone()))
    }

    fn column(&self) -> Outcome<WrittenColumn<'_>> {
        match self {
            Written::Texts(codes, labels) => Ok(WrittenColumn::Texts {
                codes: codes.as_integer_slice().ok_or_else(unknown_form)?,
                labels: labels.iter().map(String::as_str).collect(),
            }),
            Written::Flags(flags) => Ok(WrittenColumn::Flags(flags)),
            Written::Numbers(values) => match values.as_integer_slice() {
                Some(values) => Ok(WrittenColumn::Integers(values)),
                None => values
                    .as_real_slice()
                    .map(WrittenColumn::Numbers)
                    .ok_or_else(unknown_form),
            },
        }
    }
}

/// NA stays the smallest number.
fn written_flag(flag: &Rbool) -> i32 {
    if flag.is_na() {
        i32::MIN
    } else {
        i32::from(flag.is_true())
    }
}

fn unknown_form() -> Failure {
    Failure::Internal("a column has an unknown form".into())
}

extendr_module! {
    mod ingest;
    fn rust_parquet_fields;
    fn rust_read_parquet;
    fn rust_join_names;
    fn rust_parquet_begin;
    fn rust_parquet_append;
    fn rust_parquet_end;
}
