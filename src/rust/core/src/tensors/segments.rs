//! Sums of the rows of a tensor by segment.

use candle_core::{D, Device, Result, Tensor};

/// Rows that are reduced at once, at most.
const MOST_ROWS: usize = 64;

/// What stands for a row of zeros: Candle's `index_select` takes the largest index for one.
pub(crate) const NO_ROW: u32 = u32::MAX;

/// The rows of a tensor, dealt out to segments. They are gathered into a block of one size for every segment, with rows of
/// zeros where there are fewer, and the blocks are summed; segments with more rows have several blocks, which are segments of
/// the next level. So everything is parallel, and the order of the sums is fixed.
pub(crate) struct Segments {
    levels: Vec<Level>,
    n_segments: usize,
}

struct Level {
    /// `n_blocks x rows`, one after another.
    rows: Tensor,
    n_rows: usize,
    n_blocks: usize,
}

/// How the blocks of a level are summed up.
#[derive(Clone, Copy)]
enum Reduction {
    Sum,
    Max,
}

impl Segments {
    /// Entry `k` is row `rows[k]` of the tensor, or row `k` without `rows`, and belongs to segment `segments[k]` of
    /// `n_segments`.
    pub fn new(segments: &[u32], rows: Option<&[u32]>, n_segments: usize, device: &Device) -> Result<Self> {
        let mut starts = vec![0usize; n_segments + 1];
        segments.iter().for_each(|&s| starts[s as usize + 1] += 1);
        (0..n_segments).for_each(|s| starts[s + 1] += starts[s]);
        let mut free = starts.clone();
        let mut sorted = vec![0u32; segments.len()];
        for (k, &segment) in segments.iter().enumerate() {
            let place = &mut free[segment as usize];
            sorted[*place] = rows.map_or(k as u32, |rows| rows[k]);
            *place += 1;
        }
        let mut levels = Vec::new();
        loop {
            let longest = starts.windows(2).map(|w| w[1] - w[0]).max().unwrap_or(0);
            let mean = sorted.len().div_ceil(n_segments.max(1));
            let n_rows = (2 * mean).clamp(2, MOST_ROWS).min(longest).max(1);
            let mut blocks = Vec::with_capacity(sorted.len() + n_segments * n_rows);
            let mut next = vec![0usize; n_segments + 1];
            for (segment, ends) in starts.windows(2).enumerate() {
                let own = &sorted[ends[0]..ends[1]];
                let n_blocks = own.len().div_ceil(n_rows).max(1);
                blocks.extend_from_slice(own);
                let padding = n_blocks * n_rows - own.len();
                blocks.extend(std::iter::repeat_n(NO_ROW, padding));
                next[segment + 1] = next[segment] + n_blocks;
            }
            let n_blocks = next[n_segments];
            levels.push(Level {
                rows: Tensor::from_vec(blocks, n_blocks * n_rows, device)?,
                n_rows,
                n_blocks,
            });
            if n_blocks == n_segments {
                return Ok(Self { levels, n_segments });
            }
            sorted = (0..n_blocks as u32).collect();
            starts = next;
        }
    }

    /// The sum of the rows of each segment, `n_segments x width`.
    pub fn sum(&self, tensor: &Tensor) -> Result<Tensor> {
        self.reduce(tensor, Reduction::Sum)
    }

    /// The largest number of each segment and column, or 0 where that is larger, `n_segments x width`.
    pub fn max_or_zero(&self, tensor: &Tensor) -> Result<Tensor> {
        self.reduce(tensor, Reduction::Max)?.relu()
    }

    fn reduce(&self, tensor: &Tensor, reduction: Reduction) -> Result<Tensor> {
        let width = tensor.dim(D::Minus1)?;
        let mut tensor = tensor.clone();
        for level in &self.levels {
            let gathered = tensor.index_select(&level.rows, 0)?;
            let blocks = gathered.reshape((level.n_blocks, level.n_rows, width))?;
            tensor = match reduction {
                Reduction::Sum => blocks.sum(1)?,
                Reduction::Max => blocks.max(1)?,
            };
        }
        tensor.reshape((self.n_segments, width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::backend::testing::for_each_device;

    /// Segments without rows, with one, and with more than a block holds.
    #[test]
    fn sums_and_maxima_are_those_of_a_loop() {
        for_each_device(|device| {
            let lengths = [0, 1, 3, 0, 5_000, 2, 0];
            let height = 700;
            let mut segments = Vec::new();
            for (segment, &length) in lengths.iter().enumerate() {
                segments.extend(std::iter::repeat_n(segment as u32, length));
            }
            // In another order than that of the segments.
            let n = segments.len();
            let segments: Vec<u32> = (0..n).map(|k| segments[k * 7 % n]).collect();
            let rows: Vec<u32> = (0..n).map(|k| (k * 31 % height) as u32).collect();
            let values: Vec<f32> = (0..2 * height).map(|k| (k * 37 % 101) as f32 - 80.0).collect();
            let mut sums = vec![0.0f32; 2 * lengths.len()];
            let mut maxima = sums.clone();
            for (&segment, &row) in segments.iter().zip(&rows) {
                for column in 0..2 {
                    let value = values[2 * row as usize + column];
                    sums[2 * segment as usize + column] += value;
                    let most = &mut maxima[2 * segment as usize + column];
                    *most = most.max(value);
                }
            }
            let tensor = Tensor::from_vec(values, (height, 2), device)?;
            let by_segment = Segments::new(&segments, Some(&rows), lengths.len(), device)?;
            // Whole numbers: the sums are exact in any order.
            assert_eq!(by_segment.sum(&tensor)?.flatten_all()?.to_vec1::<f32>()?, sums);
            assert_eq!(
                by_segment.max_or_zero(&tensor)?.flatten_all()?.to_vec1::<f32>()?,
                maxima
            );
            Ok(())
        });
    }

    #[test]
    fn nothing_sums_to_zero() {
        for_each_device(|device| {
            let none = Segments::new(&[], None, 2, device)?;
            let tensor = Tensor::ones((3, 4), candle_core::DType::F32, device)?;
            assert_eq!(none.sum(&tensor)?.to_vec2::<f32>()?, [[0.0; 4]; 2]);
            Ok(())
        });
    }
}
