//! What was observed.

pub mod batch;
pub mod catalogue;
pub mod cells;
pub mod checksum;
pub mod identical;
pub mod linkage;
pub mod options;
pub mod patterns;
pub mod response;
pub mod store;
pub mod table;
pub mod whole;
