//! One selected column, followed through the row groups of all files.

use crate::base::error::{Error, Result};
use crate::base::files::file_error;
use crate::ingest::files::guarded;
use crate::ingest::pages::CheckedPages;
use crate::ingest::schema::{Found, Kind, find_column};
use crate::ingest::values::{MISSING, Texts, TooMany, Values, Wholes};
use crate::responses::whole::nearest_whole;
use parquet::basic::Encoding;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::metadata::ParquetMetaData;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Places of the cache of recent texts.
const RECENT: usize = 4_096;

/// Rows that are decoded at once where each text may be as long as its whole page: prefixes are taken from the text before.
const LONG_TEXTS: usize = 64;

/// The values of a column that is present in every file, as they are stored.
pub(crate) struct Source {
    name: String,
    path: PathBuf,
    file: Option<File>,
    found: Option<Found>,
    reader: Option<ColumnReader>,
    /// Rows of the current file that were read.
    row: u64,
    levels: Vec<i16>,
    /// Rows that are decoded at once.
    step: usize,
}

impl Source {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_string(),
            path: PathBuf::new(),
            file: None,
            found: None,
            reader: None,
            row: 0,
            levels: Vec::new(),
            step: usize::MAX,
        }
    }

    /// Goes to the next file. Each column has a handle of its own: handles that are copies share their position.
    fn open(&mut self, path: &Path, metadata: &ParquetMetaData) -> Result<Kind> {
        let found = find_column(path, metadata, &self.name)?;
        let kind = found.kind;
        self.path = path.to_path_buf();
        self.file = Some(File::open(path).map_err(|error| file_error(path, error))?);
        self.found = Some(found);
        self.reader = None;
        self.row = 0;
        Ok(kind)
    }

    fn open_row_group(&mut self, metadata: &ParquetMetaData, row_group: usize) -> Result<()> {
        let (Some(file), Some(found)) = (&self.file, &self.found) else {
            return Err(self.error("is not open"));
        };
        let row_group = metadata.row_group(row_group);
        let chunk = row_group.column(found.index);
        // The reader of pages takes for granted that these are not negative.
        let first = chunk.dictionary_page_offset().unwrap_or(0);
        if first < 0 || chunk.data_page_offset() < 0 || chunk.compressed_size() < 0 {
            return Err(self.error("has a damaged entry in the table of contents"));
        }
        let n_rows = row_group.num_rows().max(0) as usize;
        let pages = guarded(|| CheckedPages::new(file, chunk, n_rows))
            .map_err(|error| self.error(format!("cannot be read ({error})")))?;
        self.step = if chunk
            .encodings()
            .any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY)
        {
            LONG_TEXTS
        } else {
            usize::MAX
        };
        self.reader = Some(get_column_reader(Arc::clone(&found.descriptor), Box::new(pages)));
        Ok(())
    }

    fn kind(&self) -> Option<Kind> {
        self.found.as_ref().map(|found| found.kind)
    }

    fn error(&self, message: impl std::fmt::Display) -> Error {
        file_error(&self.path, format!("column \"{}\" {message}", self.name))
    }

    fn too_many(&self) -> Error {
        self.error("has too many distinct values")
    }

    /// Reads some rows and calls `see(row, value)` for each of them, with nothing for a missing value.
    fn each<T: DataType>(
        &mut self,
        take: impl Fn(&mut ColumnReader) -> Option<&mut ColumnReaderImpl<T>>,
        values: &mut Vec<T::T>,
        n_rows: usize,
        mut see: impl FnMut(&Self, u64, Option<&T::T>) -> Result<()>,
    ) -> Result<()> {
        let mut left = n_rows;
        while left > 0 {
            let n_rows = left.min(self.step);
            self.each_of_step(&take, values, n_rows, &mut see)?;
            left -= n_rows;
        }
        Ok(())
    }

    fn each_of_step<T: DataType>(
        &mut self,
        take: impl Fn(&mut ColumnReader) -> Option<&mut ColumnReaderImpl<T>>,
        values: &mut Vec<T::T>,
        n_rows: usize,
        mut see: impl FnMut(&Self, u64, Option<&T::T>) -> Result<()>,
    ) -> Result<()> {
        values.clear();
        self.levels.clear();
        let mut reader = self.reader.take();
        let typed = reader.as_mut().and_then(take);
        let Some(typed) = typed else {
            return Err(self.error("has another type than its file says"));
        };
        let levels = &mut self.levels;
        let read = guarded(|| typed.read_records(n_rows, Some(levels), None, values));
        self.reader = reader;
        match read {
            Ok((n, _, _)) if n == n_rows => {}
            Ok((n, _, _)) => {
                let end = self.row + n as u64;
                return Err(self.error(format!("ends after row {end}: the file is damaged")));
            }
            Err(error) => return Err(self.error(format!("cannot be read after row {} ({error})", self.row))),
        }
        let first = self.row + 1;
        if self.levels.is_empty() {
            for (row, value) in (first..).zip(values.iter()) {
                see(self, row, Some(value))?;
            }
        } else {
            let mut next = values.iter();
            for (row, &level) in (first..).zip(&self.levels) {
                see(self, row, if level > 0 { next.next() } else { None })?;
            }
        }
        self.row += n_rows as u64;
        Ok(())
    }
}

/// Buffers for the values of a batch.
#[derive(Default)]
struct Buffers {
    flags: Vec<bool>,
    int32: Vec<i32>,
    int64: Vec<i64>,
    float: Vec<f32>,
    double: Vec<f64>,
    bytes: Vec<ByteArray>,
}

macro_rules! take {
    ($variant:ident) => {
        |reader| match reader {
            ColumnReader::$variant(typed) => Some(typed),
            _ => None,
        }
    };
}

/// A column whose values are coded.
pub(crate) struct CodeColumn {
    source: Source,
    values: Option<Values>,
    buffers: Buffers,
    recent: RecentTexts,
}

impl CodeColumn {
    pub fn new(name: &str) -> Self {
        Self {
            source: Source::new(name),
            values: None,
            buffers: Buffers::default(),
            recent: RecentTexts::new(),
        }
    }

    pub fn name(&self) -> &str {
        &self.source.name
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
                    to.push(code.map_err(|refused| refused.error(source, row))?);
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
                each_number(source, kind, buffers, n_rows, |source, row, value| {
                    to.push(match value {
                        Number::Missing => MISSING,
                        Number::Whole(value) => {
                            code_whole(wholes, value, &mut last).map_err(|_| source.too_many())?
                        }
                        Number::Other(value) => {
                            let whole = nearest_whole(value).ok_or_else(|| {
                                source.error(format!(
                                    "has the value {value} in row {row}, and only whole numbers can be read"
                                ))
                            })?;
                            code_whole(wholes, whole, &mut last).map_err(|_| source.too_many())?
                        }
                    });
                    Ok(())
                })
            }
            _ => Err(source.error("is not open")),
        }
    }
}

/// A column of weights.
pub(crate) struct NumberColumn {
    source: Source,
    buffers: Buffers,
}

impl NumberColumn {
    pub fn new(name: &str) -> Self {
        Self {
            source: Source::new(name),
            buffers: Buffers::default(),
        }
    }

    pub fn name(&self) -> &str {
        &self.source.name
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

enum Number {
    Missing,
    Whole(i64),
    Other(f64),
}

impl Number {
    fn from_double(value: f64) -> Self {
        const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;
        if value.is_nan() {
            Number::Missing
        } else if value.trunc() == value && value.abs() <= LARGEST_WHOLE {
            Number::Whole(value as i64)
        } else {
            Number::Other(value)
        }
    }
}

fn each_number(
    source: &mut Source,
    kind: Kind,
    buffers: &mut Buffers,
    n_rows: usize,
    mut see: impl FnMut(&Source, u64, Number) -> Result<()>,
) -> Result<()> {
    let unsigned = kind == Kind::Whole { unsigned: true };
    match &source.reader {
        Some(ColumnReader::Int32ColumnReader(_)) => source.each(
            take!(Int32ColumnReader),
            &mut buffers.int32,
            n_rows,
            |source, row, value| {
                let widen = |x: i32| {
                    if unsigned {
                        i64::from(x as u32)
                    } else {
                        i64::from(x)
                    }
                };
                see(
                    source,
                    row,
                    value.map_or(Number::Missing, |&x| Number::Whole(widen(x))),
                )
            },
        ),
        Some(ColumnReader::Int64ColumnReader(_)) => {
            source.each(
                take!(Int64ColumnReader),
                &mut buffers.int64,
                n_rows,
                |source, row, value| {
                    // What needs 64 bits without a sign is no whole number that R could tell apart.
                    let number = match value {
                        None => Number::Missing,
                        Some(&x) if unsigned && x < 0 => Number::Other(x as u64 as f64),
                        Some(&x) => Number::Whole(x),
                    };
                    see(source, row, number)
                },
            )
        }
        Some(ColumnReader::FloatColumnReader(_)) => source.each(
            take!(FloatColumnReader),
            &mut buffers.float,
            n_rows,
            |source, row, value| {
                let number = value.map_or(Number::Missing, |&x| Number::from_double(f64::from(x)));
                see(source, row, number)
            },
        ),
        Some(ColumnReader::DoubleColumnReader(_)) => source.each(
            take!(DoubleColumnReader),
            &mut buffers.double,
            n_rows,
            |source, row, value| {
                see(
                    source,
                    row,
                    value.map_or(Number::Missing, |&x| Number::from_double(x)),
                )
            },
        ),
        _ => Err(source.error("is not open")),
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

/// Why a text has no code.
enum RefusedText {
    TooMany,
    Encoding,
}

impl From<TooMany> for RefusedText {
    fn from(_: TooMany) -> Self {
        RefusedText::TooMany
    }
}

impl RefusedText {
    fn error(&self, source: &Source, row: u64) -> Error {
        match self {
            RefusedText::TooMany => source.too_many(),
            RefusedText::Encoding => source.error(format!("holds no UTF-8 text in row {row}")),
        }
    }
}

/// Codes of texts by where they lie in memory: values from a dictionary page lie at the same place. Since memory is used
/// again, the texts are compared as well, which is cheaper than to hash them.
struct RecentTexts {
    codes: Vec<u32>,
    last: u32,
}

impl RecentTexts {
    fn new() -> Self {
        Self {
            codes: vec![MISSING; RECENT],
            last: MISSING,
        }
    }

    fn code(&mut self, texts: &mut Texts, text: &[u8]) -> std::result::Result<u32, RefusedText> {
        if self.last != MISSING && texts.get(self.last) == text {
            return Ok(self.last);
        }
        let address = text.as_ptr().addr() as u64;
        let place = (address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52) as usize % RECENT;
        let known = self.codes[place];
        let code = if known != MISSING && texts.get(known) == text {
            known
        } else {
            let (code, new) = texts.intern(text)?;
            // R's strings end at a zero.
            if new && (std::str::from_utf8(text).is_err() || text.contains(&0)) {
                return Err(RefusedText::Encoding);
            }
            code
        };
        self.codes[place] = code;
        self.last = code;
        Ok(code)
    }
}
