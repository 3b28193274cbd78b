//! One selected column, followed through the row groups of all files.

use crate::base::error::{Error, Result};
use crate::base::files::file_error;
use crate::ingest::files::guarded;
use crate::ingest::pages::CheckedPages;
use crate::ingest::schema::{Found, Kind, find_column};
use parquet::basic::Encoding;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::file::metadata::ParquetMetaData;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    pub fn new(name: &str) -> Self {
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
    pub fn open(&mut self, path: &Path, metadata: &ParquetMetaData) -> Result<Kind> {
        let found = find_column(path, metadata, &self.name)?;
        let kind = found.kind;
        self.path = path.to_path_buf();
        self.file = Some(File::open(path).map_err(|error| file_error(path, error))?);
        self.found = Some(found);
        self.reader = None;
        self.row = 0;
        Ok(kind)
    }

    pub fn open_row_group(&mut self, metadata: &ParquetMetaData, row_group: usize) -> Result<()> {
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

    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the current row group stores the values.
    pub fn reader(&self) -> Option<&ColumnReader> {
        self.reader.as_ref()
    }

    /// What the current file holds.
    pub fn kind(&self) -> Option<Kind> {
        self.found.as_ref().map(|found| found.kind)
    }

    pub fn error(&self, message: impl std::fmt::Display) -> Error {
        file_error(&self.path, format!("column \"{}\" {message}", self.name))
    }

    pub fn too_many(&self) -> Error {
        self.error("has too many distinct values")
    }

    /// Reads some rows and calls `see(row, value)` for each of them, with nothing for a missing value.
    pub fn each<T: DataType>(
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

/// The reader of one type of values, if it is that.
macro_rules! take {
    ($variant:ident) => {
        |reader| match reader {
            ColumnReader::$variant(typed) => Some(typed),
            _ => None,
        }
    };
}
pub(crate) use take;
