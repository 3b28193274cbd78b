//! The pages of a column. The library reserves memory for as much as the headers of pages say; here they are compared with
//! what the file holds first.

use crate::ingest::thrift::{Compact, page_sizes};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type as PhysicalType};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

/// Texts that a page may hold whatever its size: many empty ones take a few bytes.
const ENOUGH_TEXTS: u64 = 1 << 22;

/// Bytes by which a page may grow whatever its codec.
const SLACK: u64 = 1 << 12;

/// The longest header of a page: it may hold the smallest and the largest text.
const LONGEST_HEADER: u64 = 1 << 24;

/// A file whose parts are read only where it has them.
pub(crate) struct PageSource {
    file: File,
    length: u64,
    /// By how much a page can grow.
    growth: u64,
}

impl PageSource {
    fn new(file: File, codec: Compression) -> Result<Self> {
        let length = file.metadata()?.len();
        // What the formats allow: Snappy copies 64 bytes by 3, Deflate 258 by 2 bits, Zstandard a block of 128 kB by 4.
        let growth = match codec {
            Compression::SNAPPY => 22,
            Compression::GZIP(_) => 1_032,
            _ => 1 << 15,
        };
        Ok(Self { file, length, growth })
    }
}

impl Length for PageSource {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for PageSource {
    type T = BufReader<File>;

    /// Called for the header of each page.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut reader = self.file.get_read(start)?;
        let sizes = match page_sizes(reader.fill_buf()?) {
            Some(sizes) => Some(sizes),
            None => {
                let longest = self.length.saturating_sub(start).min(LONGEST_HEADER);
                page_sizes(&self.file.get_bytes(start, longest as usize)?)
            }
        };
        let (uncompressed, compressed) = sizes.ok_or_else(|| damaged("the header of a page is damaged"))?;
        if uncompressed > compressed.saturating_mul(self.growth).saturating_add(SLACK) {
            return Err(damaged("a page is larger than its bytes can say"));
        }
        Ok(reader)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if start
            .checked_add(length as u64)
            .is_none_or(|end| end > self.length)
        {
            return Err(damaged("a page ends behind the end of the file"));
        }
        self.file.get_bytes(start, length)
    }
}

/// Pages whose numbers of values fit their bytes.
pub(crate) struct CheckedPages {
    pages: SerializedPageReader<PageSource>,
    physical: PhysicalType,
    optional: bool,
}

impl CheckedPages {
    /// The pages of a column in a row group. Each column has a handle of its own: handles that are copies share their position.
    pub fn new(file: &File, chunk: &ColumnChunkMetaData, n_rows: usize) -> Result<Self> {
        let source = PageSource::new(file.try_clone()?, chunk.compression())?;
        Ok(Self {
            pages: SerializedPageReader::new(Arc::new(source), chunk, n_rows, None)?,
            physical: chunk.column_type(),
            optional: chunk.column_descr().max_def_level() > 0,
        })
    }

    fn check(&self, page: &Page) -> Result<()> {
        let fits = match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                let smallest = match self.physical {
                    PhysicalType::INT64 | PhysicalType::DOUBLE => 8,
                    _ => 4,
                };
                u64::from(*num_values) <= buf.len() as u64 / smallest
            }
            Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding,
                ..
            } => {
                let n_values = u64::from(*num_values);
                let levels = if self.optional {
                    length_of_levels(buf, n_values, *def_level_encoding)
                } else {
                    Some(0)
                };
                self.texts_fit(buf, levels, n_values, *encoding)
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                self.texts_fit(buf, Some(levels), u64::from(*num_values), *encoding)
            }
        };
        fits.then_some(())
            .ok_or_else(|| damaged("a page has more values than its bytes can hold"))
    }

    /// Do the lengths of texts in a page claim no more texts than it has?
    fn texts_fit(&self, page: &[u8], levels: Option<u64>, n_values: u64, encoding: Encoding) -> bool {
        let n_lists = match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            // The lengths of prefixes, then those of suffixes.
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => return true,
        };
        let most = n_values.min(ENOUGH_TEXTS.max(8 * page.len() as u64));
        let values = levels.and_then(|n| page.get(usize::try_from(n).ok()?..));
        let Some(mut bytes) = values.map(Compact) else {
            return false;
        };
        (0..n_lists).all(|_| read_deltas(&mut bytes).is_some_and(|n| n <= most))
    }
}

/// The bytes that say which values of a page are missing.
fn length_of_levels(page: &[u8], n_values: u64, encoding: Encoding) -> Option<u64> {
    if encoding == Encoding::RLE {
        let length: [u8; 4] = page.get(..4)?.try_into().ok()?;
        Some(4 + u64::from(u32::from_le_bytes(length)))
    } else {
        Some(n_values.div_ceil(8))
    }
}

/// Goes past numbers in the encoding DELTA_BINARY_PACKED
/// (<https://parquet.apache.org/docs/file-format/data-pages/encodings/>); how many they are.
fn read_deltas(bytes: &mut Compact) -> Option<u64> {
    let block = bytes.unsigned()?;
    let n_parts = bytes.unsigned().filter(|&n| n > 0)?;
    let n_values = bytes.unsigned()?;
    bytes.signed()?;
    let part = block / n_parts;
    let mut left = n_values.saturating_sub(1);
    while left > 0 && part > 0 {
        bytes.signed()?;
        let (widths, rest) = bytes.0.split_at_checked(usize::try_from(n_parts).ok()?)?;
        bytes.0 = rest;
        for &width in widths {
            if left == 0 {
                break;
            }
            let length = (u64::from(width).checked_mul(part)?).div_ceil(8);
            // The last part may be cut short.
            let length = usize::try_from(length).ok()?.min(bytes.0.len());
            bytes.0 = &bytes.0[length..];
            left = left.saturating_sub(part);
        }
    }
    Some(n_values)
}

fn damaged(message: &str) -> ParquetError {
    ParquetError::General(message.into())
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            self.check(page)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}
