//! The selected columns: those whose values are coded, and that of the weights.

use crate::base::error::{Error, Result};
use crate::ingest::number::{Number, NumberBuffers, each_number};
use crate::ingest::recent::{RecentTexts, RefusedText};
use crate::ingest::schema::Kind;
use crate::ingest::source::{Source, take};
use crate::ingest::values::{MISSING, TooMany, Values, Wholes};
use crate::responses::whole::nearest_whole;
use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::file::metadata::ParquetMetaData;
use std::path::Path;

/// Buffers for the values of a batch.
#[derive(Default)]
struct CodeBuffers {
    flags: Vec<bool>,
    bytes: Vec<ByteArray>,
    numbers: NumberBuffers,
}

/// A column whose values are coded.
pub(crate) struct CodeColumn {
    source: Source,
    values: Option<Values>,
    buffers: CodeBuffers,
    recent: RecentTexts,
}

impl CodeColumn {
    pub fn new(name: &str) -> Self {
        Self {
            source: Source::new(name),
            values: None,
            buffers: CodeBuffers::default(),
            recent: RecentTexts::new(),
        }
    }

    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// The values of the files so far; nothing before the first file.
    pub fn values(&self) -> Option<&Values> {
        self.values.as_ref()
    }

    pub fn into_values(self) -> Option<Values> {
        self.values
    }

    pub fn open(&mut self, path: &Path, metadata: &ParquetMetaData) -> Result<()> {
        let kind = self.source.open(path, metadata)?;
        let values = self.values.get_or_insert_with(|| Values::new(kind));
        if !values.takes(kind) {
            let message = format!("holds {}, and {} in the files before", kind.name(), values.name());
            return Err(self.source.error(message));
        }
        Ok(())
    }

    pub fn open_row_group(&mut self, metadata: &ParquetMetaData, row_group: usize) -> Result<()> {
        self.source.open_row_group(metadata, row_group)
    }

    /// Puts the codes of the next rows into `to`.
    pub fn read(&mut self, n_rows: usize, to: &mut Vec<u32>) -> Result<()> {
        to.clear();
        let Self {
            source,
            values,
            buffers,
            recent,
        } = self;
        match (values, source.kind()) {
            (Some(Values::Text(texts)), Some(Kind::Text)) => source.each(
                take!(ByteArrayColumnReader),
                &mut buffers.bytes,
                n_rows,
                |source, row, value| {
                    let code = match value {
                        None => Ok(MISSING),
                        Some(value) => recent.code(texts, value.data()),
                    };
                    to.push(code.map_err(|refused| refusal(&refused, source, row))?);
                    Ok(())
                },
            ),
            (Some(Values::Flag), Some(Kind::Flag)) => source.each(
                take!(BoolColumnReader),
                &mut buffers.flags,
                n_rows,
                |_, _, value| {
                    to.push(value.map_or(MISSING, |&flag| u32::from(flag)));
                    Ok(())
                },
            ),
            (Some(Values::Whole(wholes)), Some(kind)) => {
                let mut last = None;
                let numbers = &mut buffers.numbers;
                each_number(source, kind, numbers, n_rows, |source, row, value| {
                    let whole = match value {
                        Number::Missing => None,
                        Number::Whole(value) => Some(value),
                        Number::Other(value) => Some(rounded(value, source, row)?),
                    };
                    let code = whole.map_or(Ok(MISSING), |whole| code_whole(wholes, whole, &mut last));
                    to.push(code.map_err(|_| source.too_many())?);
                    Ok(())
                })
            }
            _ => Err(source.error("is not open")),
        }
    }
}

/// Equal numbers often follow each other.
fn code_whole(
    wholes: &mut Wholes,
    value: i64,
    last: &mut Option<(i64, u32)>,
) -> std::result::Result<u32, TooMany> {
    if let Some((known, code)) = *last
        && known == value
    {
        return Ok(code);
    }
    let code = wholes.intern(value)?;
    *last = Some((value, code));
    Ok(code)
}

/// The whole number next to one that is not stored as such.
fn rounded(value: f64, source: &Source, row: u64) -> Result<i64> {
    nearest_whole(value).ok_or_else(|| {
        source.error(format!(
            "has the value {value} in row {row}, and only whole numbers can be read"
        ))
    })
}

/// The error for a text without a code.
fn refusal(refused: &RefusedText, source: &Source, row: u64) -> Error {
    match refused {
        RefusedText::TooMany => source.too_many(),
        RefusedText::Encoding => source.error(format!("holds no UTF-8 text in row {row}")),
    }
}

/// A column of weights.
pub(crate) struct NumberColumn {
    source: Source,
    buffers: NumberBuffers,
}

impl NumberColumn {
    pub fn new(name: &str) -> Self {
        Self {
            source: Source::new(name),
            buffers: NumberBuffers::default(),
        }
    }

    pub fn name(&self) -> &str {
        self.source.name()
    }

    pub fn open(&mut self, path: &Path, metadata: &ParquetMetaData) -> Result<()> {
        let kind = self.source.open(path, metadata)?;
        if matches!(kind, Kind::Whole { .. } | Kind::Number) {
            return Ok(());
        }
        Err(self
            .source
            .error(format!("holds {}, and weights are numbers", kind.name())))
    }

    pub fn open_row_group(&mut self, metadata: &ParquetMetaData, row_group: usize) -> Result<()> {
        self.source.open_row_group(metadata, row_group)
    }

    /// Puts the next numbers into `to`; what is missing is not a number.
    pub fn read(&mut self, n_rows: usize, to: &mut Vec<f64>) -> Result<()> {
        to.clear();
        let Some(kind) = self.source.kind() else {
            return Err(self.source.error("is not open"));
        };
        each_number(
            &mut self.source,
            kind,
            &mut self.buffers,
            n_rows,
            |_, _, value| {
                to.push(match value {
                    Number::Missing => f64::NAN,
                    Number::Whole(value) => value as f64,
                    Number::Other(value) => value,
                });
                Ok(())
            },
        )
    }
}
