//! Stored responses between R's vectors and the core's.

use crate::answer::Outcome;
use crate::list::{missing, number};
use crate::worker;
use extendr_api::prelude::*;
use std::borrow::Cow;
use vae_irt_core::{Cells, ItemCatalogue, ItemKind, Monitor, OptionIds, Packed, Responses};

/// Bytes of an option id.
const NARROW: i32 = 2;
const WIDE: i32 = 4;

/// Responses as a list of R: `offsets` (one more than respondents) and `options` (ids from 0 in `option_size` bytes each,
/// little-endian) by respondent, `option_counts` (the numbers of options of the items), `models` (the names of their kinds) and
/// `weights` (those of the respondents, or NULL) with `weight_type`.
pub struct Stored {
    offsets: Robj,
    options: Robj,
    size: i32,
    option_counts: Robj,
    models: Robj,
    weights: Robj,
    weight_type: Robj,
}

impl Stored {
    pub fn new(list: &List) -> Outcome<Self> {
        let find = |name: &'static str| list.dollar(name).map_err(|_| missing(name));
        Ok(Self {
            offsets: find("offsets")?,
            options: find("options")?,
            size: number(list, "option_size")? as i32,
            option_counts: find("option_counts")?,
            models: find("models")?,
            weights: find("weights")?,
            weight_type: find("weight_type")?,
        })
    }

    /// The responses, whose option ids are not copied.
    pub fn responses(&self) -> Outcome<Responses<'_>> {
        let ids = if self.size == NARROW {
            OptionIds::Narrow(narrow_ids(self.options()?))
        } else {
            OptionIds::Wide(wide_ids(self.options()?))
        };
        let catalogue = ItemCatalogue::with_kinds(&self.option_counts()?, self.kinds()?)?;
        let offsets = self.offsets()?;
        let work = |monitor: &dyn Monitor| Responses::read(catalogue, offsets, ids, monitor);
        let responses = worker::run(work, &().into_robj())?;
        let Some(weights) = self.weights.as_real_slice() else {
            return Ok(responses);
        };
        let weight_type = self.weight_type.as_str().ok_or_else(|| missing("weight_type"))?;
        let weights = weights.iter().map(|&w| w as f32).collect();
        Ok(responses.with_weights(weights, weight_type.parse()?)?)
    }

    /// The responses as cells, whose raw options are the options, and how often each was chosen.
    pub fn cells(&self) -> Outcome<(Cells, Vec<u64>)> {
        let (offsets, options, counts) = (self.offsets()?, self.options()?, self.option_counts()?);
        let size = self.size;
        let work = |monitor: &dyn Monitor| {
            let owners = (0u32..).zip(&counts);
            let item_of_raw = owners.flat_map(|(j, &n)| std::iter::repeat_n(j, n as usize));
            let raw = widened(options, size);
            let cells = Cells::new(item_of_raw.collect(), counts.len(), offsets, raw)?;
            let count = cells.counts(monitor)?;
            Ok((cells, count))
        };
        worker::run(work, &().into_robj())
    }

    fn offsets(&self) -> Outcome<Vec<u64>> {
        let offsets = self.offsets.as_real_slice().ok_or_else(|| missing("offsets"))?;
        Ok(offsets.iter().map(|&x| x as u64).collect())
    }

    fn options(&self) -> Outcome<&[u8]> {
        self.options.as_raw_slice().ok_or_else(|| missing("options"))
    }

    fn kinds(&self) -> Outcome<Vec<ItemKind>> {
        let models = self.models.as_str_vector().ok_or_else(|| missing("models"))?;
        let kinds = models.into_iter().map(str::parse);
        Ok(kinds.collect::<vae_irt_core::Result<_>>()?)
    }

    fn option_counts(&self) -> Outcome<Vec<u32>> {
        let counts = self.option_counts.as_integer_slice();
        let counts = counts.ok_or_else(|| missing("option_counts"))?;
        Ok(counts.iter().map(|&n| n.max(0) as u32).collect())
    }
}

/// Two bytes a number, where they lie if the machine stores numbers alike.
fn narrow_ids(bytes: &[u8]) -> Cow<'_, [u16]> {
    // SAFETY: any two bytes are a number.
    let (before, ids, after) = unsafe { bytes.align_to::<u16>() };
    if cfg!(target_endian = "little") && before.is_empty() && after.is_empty() {
        return Cow::Borrowed(ids);
    }
    let number = |pair: &[u8]| u16::from_le_bytes([pair[0], pair[1]]);
    Cow::Owned(bytes.chunks_exact(2).map(number).collect())
}

/// Four bytes a number, where they lie if the machine stores numbers alike.
fn wide_ids(bytes: &[u8]) -> Cow<'_, [u32]> {
    // SAFETY: any four bytes are a number.
    let (before, ids, after) = unsafe { bytes.align_to::<u32>() };
    if cfg!(target_endian = "little") && before.is_empty() && after.is_empty() {
        return Cow::Borrowed(ids);
    }
    let number = |four: &[u8]| u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    Cow::Owned(bytes.chunks_exact(4).map(number).collect())
}

/// The option ids as numbers of the core.
fn widened(options: &[u8], size: i32) -> Vec<u32> {
    if size == NARROW {
        narrow_ids(options).iter().map(|&id| u32::from(id)).collect()
    } else {
        wide_ids(options).into_owned()
    }
}

/// Packed responses for R: `offsets`, `options` (raw) and `option_size`.
pub fn packed_list(packed: &Packed) -> Outcome<List> {
    let offsets: Vec<f64> = packed.offsets.iter().map(|&x| x as f64).collect();
    let (size, n_bytes) = match &packed.ids {
        OptionIds::Narrow(ids) => (NARROW, 2 * ids.len()),
        OptionIds::Wide(ids) => (WIDE, 4 * ids.len()),
    };
    let mut options = Raw::new(n_bytes).into_robj();
    let bytes = options.as_raw_slice_mut().unwrap_or_default();
    match &packed.ids {
        OptionIds::Narrow(ids) => {
            let pairs = bytes.chunks_exact_mut(2).zip(ids.iter());
            pairs.for_each(|(to, id)| to.copy_from_slice(&id.to_le_bytes()));
        }
        OptionIds::Wide(ids) => {
            let fours = bytes.chunks_exact_mut(4).zip(ids.iter());
            fours.for_each(|(to, id)| to.copy_from_slice(&id.to_le_bytes()));
        }
    }
    Ok(list!(offsets = offsets, options = options, option_size = size))
}
