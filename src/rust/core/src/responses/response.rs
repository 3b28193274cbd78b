//! One response as the kernels take it.

use crate::responses::item_kind::ItemKind;
use std::ops::Range;

/// One response: the option chosen, and the rows of the table of item parameters that its probability takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// Id of the chosen option.
    pub option: u32,
    /// Place of the chosen option among the options of its item; 0 is the reference.
    pub chosen: u32,
    /// First parameter row of the item.
    pub first_row: u32,
    /// Number of its parameter rows.
    pub n_rows: u16,
    /// What kind of responses the item takes.
    pub kind: ItemKind,
}

impl Response {
    /// The parameter rows of the item.
    #[inline(always)]
    pub fn rows(&self) -> Range<usize> {
        self.first_row as usize..self.first_row as usize + self.n_rows as usize
    }
}
