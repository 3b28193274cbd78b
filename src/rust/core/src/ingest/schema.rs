//! What the columns of a Parquet file hold.

use crate::base::error::Result;
use crate::base::files::file_error;
use crate::ingest::files::guarded;
use crate::ingest::thrift::check_schema;
use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::FOOTER_SIZE;
use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The kinds of values that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Whole { unsigned: bool },
    Number,
    Flag,
}

impl Kind {
    /// In words, for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Whole { .. } | Kind::Number => "numbers",
            Kind::Flag => "TRUE and FALSE",
        }
    }
}

/// A column of a Parquet file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSummary {
    /// Its name.
    pub name: String,
    /// What it holds, in words: `"text"`, `"numbers"` or `"TRUE and FALSE"`; nothing where it cannot be read.
    pub holds: Option<&'static str>,
}

/// A column that was found in a file.
pub(crate) struct Found {
    pub index: usize,
    pub descriptor: ColumnDescPtr,
    pub kind: Kind,
}

/// The columns of a file, in order.
///
/// # Errors
/// [`Error::File`](crate::base::error::Error::File) when it is no Parquet file.
pub fn parquet_fields(path: &Path) -> Result<Vec<FieldSummary>> {
    let metadata = read_metadata(path)?;
    let schema = metadata.file_metadata().schema_descr();
    let describe = |field: &parquet::schema::types::TypePtr| FieldSummary {
        name: field.name().to_string(),
        holds: leaf_of(schema.columns(), field)
            .and_then(|index| kind_of(&schema.column(index)).ok())
            .map(Kind::name),
    };
    Ok(schema.root_schema().get_fields().iter().map(describe).collect())
}

/// The footer of a file.
pub(crate) fn read_metadata(path: &Path) -> Result<ParquetMetaData> {
    let file = File::open(path).map_err(|error| file_error(path, error))?;
    guarded(|| {
        let footer = read_footer(&file)?;
        check_schema(&footer).map_err(|message| ParquetError::General(message.into()))?;
        ParquetMetaDataReader::decode_metadata(&footer)
    })
    .map_err(|error| file_error(path, format!("it is no complete Parquet file ({error})")))
}

/// The bytes that describe the contents, in front of their length and the mark at the end.
fn read_footer(file: &File) -> parquet::errors::Result<Bytes> {
    let n_bytes = file.len();
    let mut tail = [0; FOOTER_SIZE];
    let start = n_bytes.checked_sub(FOOTER_SIZE as u64);
    let start = start.ok_or_else(|| ParquetError::EOF("it is too short".into()))?;
    file.get_read(start)?.read_exact(&mut tail)?;
    let tail = FooterTail::try_new(&tail)?;
    if tail.is_encrypted_footer() {
        return Err(ParquetError::General("it is encrypted".into()));
    }
    let length = tail.metadata_length();
    let start = start.checked_sub(length as u64);
    let start = start.ok_or_else(|| ParquetError::EOF("its beginning is missing".into()))?;
    file.get_bytes(start, length)
}

/// Where a file has the column of a name, and what it holds.
pub(crate) fn find_column(path: &Path, metadata: &ParquetMetaData, name: &str) -> Result<Found> {
    let schema = metadata.file_metadata().schema_descr();
    let fields = schema.root_schema().get_fields();
    let Some(field) = fields.iter().find(|field| field.name() == name) else {
        return Err(file_error(path, format!("there is no column \"{name}\"")));
    };
    let nested = || {
        file_error(
            path,
            format!("column \"{name}\" holds lists or structures, not single values"),
        )
    };
    let index = leaf_of(schema.columns(), field).ok_or_else(nested)?;
    let descriptor = schema.column(index);
    let kind = kind_of(&descriptor).map_err(|type_name| {
        file_error(
            path,
            format!("column \"{name}\" has the type {type_name}, and only text, whole numbers and TRUE/FALSE can be read"),
        )
    })?;
    Ok(Found {
        index,
        descriptor,
        kind,
    })
}

/// The place of a field among the columns of the file, if it is a single column.
fn leaf_of(columns: &[ColumnDescPtr], field: &Type) -> Option<usize> {
    let own = |column: &ColumnDescPtr| {
        column
            .path()
            .parts()
            .first()
            .is_some_and(|name| name == field.name())
    };
    let index = columns.iter().position(own)?;
    let column = &columns[index];
    let single =
        column.path().parts().len() == 1 && column.max_rep_level() == 0 && column.max_def_level() <= 1;
    (field.is_primitive() && single).then_some(index)
}

/// What a column holds; the name of its type where it cannot be read.
fn kind_of(column: &ColumnDescriptor) -> std::result::Result<Kind, String> {
    let physical = column.physical_type();
    let logical = column.logical_type_ref();
    let converted = column.converted_type();
    let plain = logical.is_none() && converted == ConvertedType::NONE;
    let integer = |t: ConvertedType| {
        use ConvertedType::{INT_8, INT_16, INT_32, INT_64, UINT_8, UINT_16, UINT_32, UINT_64};
        matches!(
            t,
            INT_8 | INT_16 | INT_32 | INT_64 | UINT_8 | UINT_16 | UINT_32 | UINT_64
        )
    };
    match physical {
        PhysicalType::BYTE_ARRAY => {
            let text = matches!(
                logical,
                None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
            );
            let coded = matches!(
                converted,
                ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
            );
            (text && coded).then_some(Kind::Text)
        }
        PhysicalType::INT32 | PhysicalType::INT64 => {
            let unsigned = match logical {
                Some(LogicalType::Integer(integer)) => Some(!integer.is_signed),
                None if integer(converted) => Some(matches!(
                    converted,
                    ConvertedType::UINT_8
                        | ConvertedType::UINT_16
                        | ConvertedType::UINT_32
                        | ConvertedType::UINT_64
                )),
                None if plain => Some(false),
                _ => None,
            };
            unsigned.map(|unsigned| Kind::Whole { unsigned })
        }
        PhysicalType::FLOAT | PhysicalType::DOUBLE => plain.then_some(Kind::Number),
        PhysicalType::BOOLEAN => Some(Kind::Flag),
        _ => None,
    }
    .ok_or_else(|| {
        let annotated = (converted != ConvertedType::NONE).then(|| format!("{converted} "));
        format!("{}{physical}", annotated.unwrap_or_default())
    })
}
