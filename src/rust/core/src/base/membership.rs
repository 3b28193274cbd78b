//! Rows that belong to segments: how the responses of a batch make up its respondents.

use crate::base::linear::linear;
use crate::base::selection::NO_ROW;
use candle_core::{D, Device, Result, Tensor};
use std::sync::Arc;

/// Rows that are reduced at once, at most.
const MOST_ROWS: usize = 64;

/// The segment to which every row of a tensor belongs. [`sum`](Self::sum) and [`spread`](Self::spread) are the products
/// with a matrix of zeros and ones and with its transpose, so each is the derivative of the other.
///
/// Candle's own way back from `index_select`, its `index_add`, takes one row after another. Here the rows of every segment
/// are gathered into blocks of one size, with rows of zeros where there are fewer, and the blocks are summed, half of their rows to
/// the other half until there is one row; segments with more rows have several blocks, which are segments of the next level. So
/// everything is parallel, and the order of the sums is fixed. (Candle's own sums start a group of threads on a GPU for every
/// number that they give, however few numbers it is the sum of.)
#[derive(Clone, Debug)]
pub struct Membership(Arc<Segments>);

#[derive(Debug)]
struct Segments {
    /// By row.
    segment: Tensor,
    n_segments: usize,
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    /// The first rows of all blocks, then the second ones, and so on: `n_rows x n_blocks`.
    rows: Tensor,
    /// A power of two.
    n_rows: usize,
    n_blocks: usize,
}

/// How the blocks of a level are summed up.
#[derive(Clone, Copy)]
enum Reduction {
    Sum,
    Max,
}

impl Membership {
    /// Row `k` belongs to segment `segments[k]` of `n_segments`.
    ///
    /// # Errors
    /// When the device does not take the indices.
    pub fn new(segments: &[u32], n_segments: usize, device: &Device) -> Result<Self> {
        Ok(Self(Arc::new(Segments {
            segment: Tensor::new(segments, device)?,
            n_segments,
            levels: levels(segments, n_segments, device)?,
        })))
    }

    /// The sum of the rows of each segment: `n_rows x width` to `n_segments x width`.
    ///
    /// # Errors
    /// When there are other rows.
    pub fn sum(&self, rows: &Tensor) -> Result<Tensor> {
        let own = Arc::clone(&self.0);
        linear(
            rows,
            |rows| self.0.reduce(rows, Reduction::Sum),
            move |gradient| own.gather(gradient),
        )
    }

    /// What its segment has, for every row: `n_segments x width` to `n_rows x width`.
    ///
    /// # Errors
    /// When there are other segments.
    pub fn spread(&self, segments: &Tensor) -> Result<Tensor> {
        let own = Arc::clone(&self.0);
        linear(
            segments,
            |segments| self.0.gather(segments),
            move |gradient| own.reduce(gradient, Reduction::Sum),
        )
    }

    /// The largest number of each segment and column, or 0 where that is larger; it has no derivative.
    ///
    /// # Errors
    /// When there are other rows.
    pub fn max_or_zero(&self, rows: &Tensor) -> Result<Tensor> {
        self.0.reduce(&rows.detach(), Reduction::Max)?.relu()
    }
}

impl Segments {
    fn gather(&self, segments: &Tensor) -> Result<Tensor> {
        segments.contiguous()?.index_select(&self.segment, 0)
    }

    fn reduce(&self, rows: &Tensor, reduction: Reduction) -> Result<Tensor> {
        let width = rows.dim(D::Minus1)?;
        let mut rows = rows.contiguous()?;
        for level in &self.levels {
            rows = rows.index_select(&level.rows, 0)?;
            let mut n_left = level.n_rows;
            while n_left > 1 {
                n_left /= 2;
                let half = n_left * level.n_blocks;
                let (first, second) = (rows.narrow(0, 0, half)?, rows.narrow(0, half, half)?);
                rows = match reduction {
                    Reduction::Sum => (first + second)?,
                    Reduction::Max => first.lt(&second)?.where_cond(&second, &first)?,
                };
            }
        }
        rows.reshape((self.n_segments, width))
    }
}

/// The rows of every segment in blocks, the blocks of those in blocks, until there is one for each segment.
fn levels(segments: &[u32], n_segments: usize, device: &Device) -> Result<Vec<Level>> {
    let mut starts = vec![0usize; n_segments + 1];
    segments.iter().for_each(|&s| starts[s as usize + 1] += 1);
    (0..n_segments).for_each(|s| starts[s + 1] += starts[s]);
    let mut free = starts.clone();
    let mut sorted = vec![0u32; segments.len()];
    for (k, &segment) in segments.iter().enumerate() {
        let place = &mut free[segment as usize];
        sorted[*place] = k as u32;
        *place += 1;
    }
    let mut levels = Vec::new();
    loop {
        let longest = starts.windows(2).map(|w| w[1] - w[0]).max().unwrap_or(0);
        let mean = sorted.len().div_ceil(n_segments.max(1));
        let n_rows = mean.clamp(2, MOST_ROWS).min(longest.max(1)).next_power_of_two();
        let mut next = vec![0usize; n_segments + 1];
        for (segment, ends) in starts.windows(2).enumerate() {
            next[segment + 1] = next[segment] + (ends[1] - ends[0]).div_ceil(n_rows).max(1);
        }
        let n_blocks = next[n_segments];
        let mut rows = vec![NO_ROW; n_rows * n_blocks];
        for (segment, ends) in starts.windows(2).enumerate() {
            for (k, &row) in sorted[ends[0]..ends[1]].iter().enumerate() {
                rows[k % n_rows * n_blocks + next[segment] + k / n_rows] = row;
            }
        }
        levels.push(Level {
            rows: Tensor::from_vec(rows, n_rows * n_blocks, device)?,
            n_rows,
            n_blocks,
        });
        if n_blocks == n_segments {
            return Ok(levels);
        }
        sorted = (0..n_blocks as u32).collect();
        starts = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::backend::testing::for_each_device;
    use candle_core::Var;

    /// Segments without rows, with one, and with more than a block holds, their rows in another order.
    fn segments() -> (Vec<u32>, usize) {
        let lengths = [0, 1, 3, 0, 5_000, 2, 0];
        let in_order = lengths.iter().enumerate();
        let segments: Vec<u32> = in_order
            .flat_map(|(segment, &length)| std::iter::repeat_n(segment as u32, length))
            .collect();
        let n = segments.len();
        ((0..n).map(|k| segments[k * 7 % n]).collect(), lengths.len())
    }

    #[test]
    fn sums_and_maxima_are_those_of_a_loop() {
        for_each_device(|device| {
            let (segments, n_segments) = segments();
            let values: Vec<f32> = (0..2 * segments.len())
                .map(|k| (k * 37 % 101) as f32 - 80.0)
                .collect();
            let mut sums = vec![0.0f32; 2 * n_segments];
            let mut maxima = sums.clone();
            for (row, &segment) in segments.iter().enumerate() {
                for column in 0..2 {
                    let (value, to) = (values[2 * row + column], 2 * segment as usize + column);
                    sums[to] += value;
                    maxima[to] = maxima[to].max(value);
                }
            }
            let rows = Tensor::from_vec(values, (segments.len(), 2), device)?;
            let membership = Membership::new(&segments, n_segments, device)?;
            // Whole numbers: the sums are exact in any order.
            assert_eq!(membership.sum(&rows)?.flatten_all()?.to_vec1::<f32>()?, sums);
            assert_eq!(
                membership.max_or_zero(&rows)?.flatten_all()?.to_vec1::<f32>()?,
                maxima
            );
            Ok(())
        });
    }

    #[test]
    fn sum_and_spread_are_the_derivatives_of_one_another() {
        for_each_device(|device| {
            let (segments, n_segments) = segments();
            let membership = Membership::new(&segments, n_segments, device)?;
            let numbers = |n: usize| (0..n).map(|k| (k * 13 % 7) as f32 - 3.0).collect::<Vec<f32>>();
            let rows = Var::from_vec(numbers(segments.len()), (segments.len(), 1), device)?;
            let of_segments = Var::from_vec(numbers(n_segments), (n_segments, 1), device)?;
            let product = (membership.sum(&rows)? * of_segments.as_tensor())?.sum_all()?;
            let other = (membership.spread(&of_segments)? * rows.as_tensor())?.sum_all()?;
            assert_eq!(product.to_scalar::<f32>()?, other.to_scalar::<f32>()?);
            let (one, two) = (product.backward()?, other.backward()?);
            for variable in [&rows, &of_segments] {
                let read = |gradients: &candle_core::backprop::GradStore| {
                    gradients
                        .get(variable)
                        .expect("a gradient")
                        .flatten_all()?
                        .to_vec1::<f32>()
                };
                let found = read(&one)?;
                assert!(found.iter().any(|&g| g != 0.0));
                assert_eq!(found, read(&two)?);
            }
            Ok(())
        });
    }

    #[test]
    fn nothing_sums_to_zero() {
        for_each_device(|device| {
            let none = Membership::new(&[], 2, device)?;
            let rows = Tensor::zeros((0, 4), candle_core::DType::F32, device)?;
            assert_eq!(none.sum(&rows)?.to_vec2::<f32>()?, [[0.0; 4]; 2]);
            Ok(())
        });
    }
}
