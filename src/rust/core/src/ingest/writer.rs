//! Writing columns to a Parquet file.

use crate::base::error::{Error, Result};
use crate::base::files::{PartFile, unwritable};
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Rows of a row group.
const ROW_GROUP: usize = 1 << 20;

/// How the file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    None,
    /// Snappy: fast.
    Snappy,
    /// Zstandard: small.
    Zstd,
    /// Gzip.
    Gzip,
}

/// A column that is written. R's missing values become nulls.
#[derive(Clone, Debug)]
pub enum WrittenColumn<'a> {
    /// Texts: a code for each row, from 1, the smallest number where it is missing; and the text of each code.
    Texts {
        /// The code of each row.
        codes: &'a [i32],
        /// The texts.
        labels: Vec<&'a str>,
    },
    /// Whole numbers, the smallest number where they are missing.
    Integers(&'a [i32]),
    /// Numbers; what is not a number is missing.
    Numbers(&'a [f64]),
    /// FALSE and TRUE as 0 and 1, the smallest number where they are missing.
    Flags(&'a [i32]),
}

impl WrittenColumn<'_> {
    fn len(&self) -> usize {
        match self {
            WrittenColumn::Texts { codes, .. } => codes.len(),
            WrittenColumn::Integers(values) | WrittenColumn::Flags(values) => values.len(),
            WrittenColumn::Numbers(values) => values.len(),
        }
    }

    fn schema(&self, name: &str) -> parquet::errors::Result<Type> {
        let (physical, text) = match self {
            WrittenColumn::Texts { .. } => (PhysicalType::BYTE_ARRAY, true),
            WrittenColumn::Integers(_) => (PhysicalType::INT32, false),
            WrittenColumn::Numbers(_) => (PhysicalType::DOUBLE, false),
            WrittenColumn::Flags(_) => (PhysicalType::BOOLEAN, false),
        };
        let converted = if text {
            ConvertedType::UTF8
        } else {
            ConvertedType::NONE
        };
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(text.then_some(LogicalType::String))
            .with_converted_type(converted)
            .build()
    }
}

/// Writes named columns of equal length to a file, in row groups of about a million rows, repeated values as
/// dictionaries.
///
/// # Errors
/// As [`ParquetWriter`].
pub fn write_parquet(path: &Path, columns: &[(String, WrittenColumn)], codec: Codec) -> Result<()> {
    let mut writer = ParquetWriter::new(path, columns, codec)?;
    writer.append(columns)?;
    writer.finish()
}

/// A table that is written part by part. The file gets its name when it is finished; what was begun and not finished leaves
/// nothing behind.
pub struct ParquetWriter {
    part: PartFile,
    writer: Option<SerializedFileWriter<File>>,
    schema: Arc<Type>,
}

impl ParquetWriter {
    /// Begins a file with the names and types of some columns.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be written.
    pub fn new(path: &Path, columns: &[(String, WrittenColumn)], codec: Codec) -> Result<Self> {
        let (part, file) = PartFile::create(path)?;
        let begin = || -> parquet::errors::Result<_> {
            let schema = schema_of(columns)?;
            let compression = match codec {
                Codec::None => Compression::UNCOMPRESSED,
                Codec::Snappy => Compression::SNAPPY,
                Codec::Zstd => Compression::ZSTD(ZstdLevel::try_new(3)?),
                Codec::Gzip => Compression::GZIP(Default::default()),
            };
            let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
            Ok((
                SerializedFileWriter::new(file, schema.clone(), properties)?,
                schema,
            ))
        };
        let (writer, schema) = begin().map_err(|error| unwritable(path, error))?;
        Ok(Self {
            part,
            writer: Some(writer),
            schema,
        })
    }

    /// Writes more rows, in the columns with which the file was begun.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be written; [`Error::Responses`] when the columns differ in length or are others
    /// than before, or a text has an unknown code.
    pub fn append(&mut self, columns: &[(String, WrittenColumn)]) -> Result<()> {
        let n_rows = columns.first().map_or(0, |(_, column)| column.len());
        if columns.iter().any(|(_, column)| column.len() != n_rows) {
            return Err(Error::Responses("the columns differ in length".into()));
        }
        let schema = schema_of(columns).map_err(|error| unwritable(&self.part.path, error))?;
        let Some(writer) = self.writer.as_mut().filter(|_| schema == self.schema) else {
            return Err(Error::Responses("the columns are not those of the file".into()));
        };
        write_rows(writer, columns, n_rows).map_err(|error| unwritable(&self.part.path, error))
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be written.
    pub fn finish(mut self) -> Result<()> {
        let path = self.part.path.clone();
        match self.writer.take() {
            Some(writer) => {
                let file = writer.into_inner().map_err(|error| unwritable(&path, error))?;
                self.part.finish(&file)
            }
            None => Ok(()),
        }
    }
}

fn schema_of(columns: &[(String, WrittenColumn)]) -> parquet::errors::Result<Arc<Type>> {
    let fields = columns
        .iter()
        .map(|(name, column)| column.schema(name).map(Arc::new));
    let fields = fields.collect::<parquet::errors::Result<_>>()?;
    Ok(Arc::new(
        Type::group_type_builder("schema").with_fields(fields).build()?,
    ))
}

fn write_rows(
    writer: &mut SerializedFileWriter<File>,
    columns: &[(String, WrittenColumn)],
    n_rows: usize,
) -> parquet::errors::Result<()> {
    let texts: Vec<Vec<ByteArray>> = columns.iter().map(|(_, column)| texts_of(column)).collect();
    for start in (0..n_rows).step_by(ROW_GROUP) {
        let end = (start + ROW_GROUP).min(n_rows);
        let mut group = writer.next_row_group()?;
        for ((_, column), texts) in columns.iter().zip(&texts) {
            write_part(&mut group, column, texts, start, end)?;
        }
        group.close()?;
    }
    Ok(())
}

fn texts_of(column: &WrittenColumn) -> Vec<ByteArray> {
    match column {
        WrittenColumn::Texts { labels, .. } => labels.iter().map(|&label| ByteArray::from(label)).collect(),
        _ => Vec::new(),
    }
}

/// Writes some rows of a column.
fn write_part(
    group: &mut SerializedRowGroupWriter<File>,
    column: &WrittenColumn,
    texts: &[ByteArray],
    start: usize,
    end: usize,
) -> parquet::errors::Result<()> {
    let Some(mut to) = group.next_column()? else {
        return Err(ParquetError::General("there is a column too many".into()));
    };
    let known = |x: &&i32| **x != i32::MIN;
    match column {
        WrittenColumn::Texts { codes, .. } => {
            let codes = &codes[start..end];
            let text = |&code: &i32| {
                let at = usize::try_from(code).ok().and_then(|code| code.checked_sub(1));
                let text = at.and_then(|at| texts.get(at)).cloned();
                text.ok_or_else(|| ParquetError::General(format!("there is no text with the code {code}")))
            };
            let values: Vec<ByteArray> = codes
                .iter()
                .filter(known)
                .map(text)
                .collect::<parquet::errors::Result<_>>()?;
            write_values::<ByteArrayType>(&mut to, &values, codes.iter().map(|x| known(&x)))?;
        }
        WrittenColumn::Integers(values) => {
            let values = &values[start..end];
            let present: Vec<i32> = values.iter().filter(known).copied().collect();
            write_values::<Int32Type>(&mut to, &present, values.iter().map(|x| known(&x)))?;
        }
        WrittenColumn::Flags(values) => {
            let values = &values[start..end];
            let present: Vec<bool> = values.iter().filter(known).map(|&x| x != 0).collect();
            write_values::<BoolType>(&mut to, &present, values.iter().map(|x| known(&x)))?;
        }
        WrittenColumn::Numbers(values) => {
            let values = &values[start..end];
            let present: Vec<f64> = values.iter().filter(|x| !x.is_nan()).copied().collect();
            write_values::<DoubleType>(&mut to, &present, values.iter().map(|x| !x.is_nan()))?;
        }
    }
    to.close()
}

fn write_values<T: DataType>(
    to: &mut SerializedColumnWriter,
    values: &[T::T],
    present: impl Iterator<Item = bool>,
) -> parquet::errors::Result<()> {
    let levels: Vec<i16> = present.map(i16::from).collect();
    to.typed::<T>().write_batch(values, Some(&levels), None)?;
    Ok(())
}
