//! Computing by composed operations of Candle, for devices that have no kernels of ours.
//!
//! Nothing here adds to memory at computed addresses: Candle's `index_add`, and so the gradient of `index_select`, goes
//! through the rows one after another. Sums by respondent, option or item are [`segments`] instead, and the gradients are
//! written down as those of the kernels.

pub mod adam;
pub mod batch;
pub mod likelihood;
pub mod segments;
pub mod table;
