//! A checksum that tells responses apart.

use crate::responses::store::{OptionIds, Responses};
use crate::responses::weight_type::WeightType;
use std::hash::Hasher;
use twox_hash::XxHash64;

/// Numbers that are hashed at once.
const AT_ONCE: usize = 4_096;

impl Responses<'_> {
    /// A checksum (XXH64) of the catalogue (the kinds of its items only where they are not all nominal), the responses and the weights
    /// (their type only where it is not frequencies).
    pub fn checksum(&self) -> u64 {
        let mut hasher = XxHash64::with_seed(0);
        add(&mut hasher, &self.catalogue.option_counts(), u32::to_le_bytes);
        if !self.catalogue.is_nominal() {
            add(&mut hasher, self.catalogue.kinds(), |kind| [kind.code()]);
        }
        add(&mut hasher, &self.offsets, u64::to_le_bytes);
        match &self.ids {
            OptionIds::Narrow(ids) => add(&mut hasher, ids, u16::to_le_bytes),
            OptionIds::Wide(ids) => add(&mut hasher, ids, u32::to_le_bytes),
        }
        if let Some(weights) = &self.weights {
            add(&mut hasher, weights, f32::to_le_bytes);
            if self.weight_type() == WeightType::Sampling {
                hasher.write_u8(1);
            }
        }
        hasher.finish()
    }
}

/// Adds numbers as bytes.
fn add<T: Copy, const N: usize>(hasher: &mut XxHash64, values: &[T], bytes: impl Fn(T) -> [u8; N]) {
    let mut buffer = Vec::with_capacity(AT_ONCE * N);
    for values in values.chunks(AT_ONCE) {
        buffer.clear();
        values.iter().for_each(|&x| buffer.extend(bytes(x)));
        hasher.write(&buffer);
    }
}
