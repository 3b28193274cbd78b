//! Responses from Parquet files, read a batch of rows at a time: never the whole table at once.

mod collector;
mod column;
mod files;
mod ids;
mod pages;
mod reader;
mod schema;
mod thrift;
mod values;
mod writer;

pub use files::parquet_files;
pub use ids::{IdColumn, TextColumn};
pub use reader::{Ballots, ParquetColumns, read_parquet};
pub use schema::{FieldSummary, parquet_fields};
pub use writer::{Codec, ParquetWriter, WrittenColumn, write_parquet};
