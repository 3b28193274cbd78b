//! Responses from Parquet files, read a batch of rows at a time: never the whole table at once.

pub mod collector;
pub mod column;
pub mod files;
pub mod ids;
pub mod number;
pub mod pages;
pub mod reader;
pub mod recent;
pub mod schema;
pub mod source;
pub mod thrift;
pub mod values;
pub mod writer;
