//! Observed responses: as they are read ([`Cells`]) and as the model takes them ([`Responses`]).

mod catalogue;
mod cells;
mod checksum;
mod identical;
mod options;
mod store;
mod table;
mod whole;

pub use catalogue::ItemCatalogue;
pub use cells::{Cells, CellsBuilder, Duplicates, Packed};
pub use identical::identical_items;
pub use options::RawOptions;
pub use store::{OptionIds, Responses};
pub use table::{Column, LabelledCells, NotWhole, read_long, read_table};
pub(crate) use whole::nearest_whole;
