//! Tables that are written to Parquet files.

use crate::answer::{Failure, Outcome, answer};
use extendr_api::prelude::*;
use std::path::Path;
use vae_irt_core::{Codec, ParquetWriter, WrittenColumn};

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
    mod parquet_table;
    fn rust_parquet_begin;
    fn rust_parquet_append;
    fn rust_parquet_end;
}
