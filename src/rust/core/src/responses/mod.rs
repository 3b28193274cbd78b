//! What was observed.

pub mod agreement;
pub mod batch;
pub mod catalogue;
pub mod cells;
pub mod cells_builder;
pub mod checksum;
pub mod column;
pub mod duplicates;
pub mod evidence;
pub mod identical;
pub mod item_kind;
pub mod linkage;
pub mod long;
pub mod lookup;
pub mod options;
pub mod packed;
pub mod patterns;
pub mod response;
pub mod sample;
pub mod store;
pub mod table;
pub mod weight_type;
pub mod whole;
