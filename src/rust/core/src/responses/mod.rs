//! Observed responses: as they are read ([`Cells`]) and as the model takes them ([`Responses`]).

mod catalogue;
mod cells;
mod checksum;
mod options;
mod store;
mod table;

pub use catalogue::ItemCatalogue;
pub use cells::{Cells, CellsBuilder, Duplicates, Packed};
pub use options::RawOptions;
pub use store::{OptionIds, Responses};
pub use table::{Column, LabelledCells, NotWhole, read_long, read_table};
