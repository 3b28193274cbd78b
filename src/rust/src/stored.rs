//! Stored responses between R's vectors and the core's.

use crate::answer::Outcome;
use crate::convert::{missing, number};
use crate::worker;
use extendr_api::prelude::*;
use std::borrow::Cow;
use vae_irt_core::{ItemCatalogue, Monitor, OptionIds, Packed, Responses};

/// Bytes of an option id.
const NARROW: i32 = 2;
const WIDE: i32 = 4;

/// The responses of R's vectors, whose option ids are not copied. `options` holds little-endian numbers of `size`
/// bytes each; `weights` one number for each respondent, or NULL.
pub fn read_responses<'a>(
    offsets: &[f64],
    options: &'a [u8],
    size: i32,
    option_counts: &[i32],
    weights: &Robj,
) -> Outcome<Responses<'a>> {
    let counts: Vec<u32> = option_counts.iter().map(|&n| n.max(0) as u32).collect();
    let offsets: Vec<u64> = offsets.iter().map(|&x| x as u64).collect();
    let ids = if size == NARROW {
        OptionIds::Narrow(narrow_ids(options))
    } else {
        OptionIds::Wide(wide_ids(options))
    };
    let catalogue = ItemCatalogue::new(&counts)?;
    let work = |monitor: &dyn Monitor| Responses::read(catalogue, offsets, ids, monitor);
    let responses = worker::run(work, &().into_robj())?;
    match weights.as_real_slice() {
        None => Ok(responses),
        Some(weights) => Ok(responses.with_weights(weights.iter().map(|&w| w as f32).collect())?),
    }
}

/// Responses as a list of R: `offsets`, `options`, `option_size`, `option_counts` and `weights`, see
/// [`read_responses`].
pub struct Stored {
    offsets: Robj,
    options: Robj,
    size: i32,
    option_counts: Robj,
    weights: Robj,
}

impl Stored {
    pub fn new(list: &List) -> Outcome<Self> {
        let find = |name: &'static str| list.dollar(name).map_err(|_| missing(name));
        Ok(Self {
            offsets: find("offsets")?,
            options: find("options")?,
            size: number(list, "option_size")? as i32,
            option_counts: find("option_counts")?,
            weights: find("weights")?,
        })
    }

    pub fn responses(&self) -> Outcome<Responses<'_>> {
        let offsets = self.offsets.as_real_slice().ok_or_else(|| missing("offsets"))?;
        let options = self.options.as_raw_slice().ok_or_else(|| missing("options"))?;
        let counts = self.option_counts.as_integer_slice();
        let counts = counts.ok_or_else(|| missing("option_counts"))?;
        read_responses(offsets, options, self.size, counts, &self.weights)
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
pub fn widened(options: &[u8], size: i32) -> Vec<u32> {
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
