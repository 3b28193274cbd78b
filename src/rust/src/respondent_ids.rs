//! The names of respondents, as small as files hold them.

use crate::answer::{Failure, Outcome, answer};
use extendr_api::prelude::*;
use vae_irt_core::{IdColumn, TextColumn};

/// A column of names as R keeps it: codes (from 0) and labels, bytes and ends, or a plain vector.
pub fn id_column(column: IdColumn) -> Robj {
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
pub fn plain(column: &IdColumn) -> Robj {
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

extendr_module! {
    mod respondent_ids;
    fn rust_join_names;
}
