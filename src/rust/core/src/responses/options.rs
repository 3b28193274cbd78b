//! The raw options: which (item, label) pairs occur.

use crate::base::error::{Error, Result};
use hashbrown::HashMap;

/// Numbers the (item, label) pairs in the order in which they occur. Labels are numbered across the items.
#[derive(Clone, Debug, Default)]
pub struct RawOptions {
    id_of: HashMap<u64, u32>,
    item: Vec<u32>,
    label: Vec<u32>,
}

impl RawOptions {
    /// The number of a pair, which is new or was seen before.
    ///
    /// # Errors
    /// [`Error::Responses`] when there are more pairs than 32 bits can count.
    pub fn intern(&mut self, item: u32, label: u32) -> Result<u32> {
        let key = u64::from(item) << 32 | u64::from(label);
        if let Some(&id) = self.id_of.get(&key) {
            return Ok(id);
        }
        let id = u32::try_from(self.item.len())
            .ok()
            .filter(|&id| id < u32::MAX)
            .ok_or_else(|| Error::Responses("there are too many options".into()))?;
        self.id_of.insert(key, id);
        self.item.push(item);
        self.label.push(label);
        Ok(id)
    }

    /// The item and the label of each pair.
    pub fn into_parts(self) -> (Vec<u32>, Vec<u32>) {
        (self.item, self.label)
    }
}
