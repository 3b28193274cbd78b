//! The hot paths: what is done once per observed response. Their cost follows the observed responses, and
//! their results do not depend on the number of threads: every output element is summed by one task in a
//! fixed order.

pub mod bound;
pub mod encoder;
pub mod link;
pub mod math;
mod table;

pub(crate) use table::Adam;
pub use table::{AdamState, Table};
