//! Adam on a device.

use crate::base::error::Result;
use crate::kernels::adam::{Adam, AdamState};
use candle_core::{Device, Tensor};

/// The state of the optimiser of a table on a device; see [`AdamState`].
pub(crate) struct Moments {
    first: Tensor,
    second: Tensor,
    steps: Vec<u32>,
}

impl Moments {
    /// A state on a device.
    pub fn new(state: &AdamState, device: &Device) -> Result<Self> {
        let (first, second, steps) = state.parts();
        let width = first.len() / steps.len();
        let tensor = |values: &[f32]| Tensor::from_slice(values, (steps.len(), width), device);
        Ok(Self {
            first: tensor(first)?,
            second: tensor(second)?,
            steps: steps.to_vec(),
        })
    }

    /// The running means of the gradients and of their squares.
    #[cfg(test)]
    pub fn tensors(&self) -> [&Tensor; 2] {
        [&self.first, &self.second]
    }

    /// The state in the memory of the processor.
    pub fn to_host(&self) -> Result<AdamState> {
        let read = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        Ok(AdamState::from_parts(
            read(&self.first)?,
            read(&self.second)?,
            self.steps.clone(),
        ))
    }

    /// The values after one step. Rows that are not touched, and their moments, stay as they are.
    pub fn step(
        &mut self,
        learning_rate: f64,
        values: &Tensor,
        gradient: &Tensor,
        touched: impl Fn(usize) -> bool,
    ) -> Result<Tensor> {
        // For every row: the shares by which the moments move, the rate, and the scale of the second moment.
        let mut rows = Vec::with_capacity(4 * self.steps.len());
        for (row, step) in self.steps.iter_mut().enumerate() {
            if touched(row) {
                *step = step.saturating_add(1);
                let adam = Adam::new(learning_rate, *step);
                let shares = [1.0 - Adam::DECAY_FIRST, 1.0 - Adam::DECAY_SECOND];
                rows.extend([shares[0], shares[1], adam.rate, adam.second_scale]);
            } else {
                rows.extend([0.0, 0.0, 0.0, 1.0]);
            }
        }
        let rows = Tensor::from_vec(rows, (self.steps.len(), 4), values.device())?;
        let column = |k: usize| rows.narrow(1, k, 1);
        let move_to = |moment: &Tensor, target: Tensor, share: Tensor| {
            moment + (target - moment)?.broadcast_mul(&share)?
        };
        self.first = move_to(&self.first, gradient.clone(), column(0)?)?;
        self.second = move_to(&self.second, gradient.sqr()?, column(1)?)?;
        let size = (self.second.broadcast_mul(&column(3)?)?.sqrt()? + f64::from(Adam::EPSILON))?;
        let step = (self.first.broadcast_mul(&column(2)?)? / size)?;
        Ok((values - step)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::backend::testing::for_each_device;
    use crate::model::table::Table;

    #[test]
    fn steps_are_those_of_the_kernel() {
        for_each_device(|device| {
            let (n_rows, width) = (5, 3);
            let start: Vec<f32> = (0..n_rows * width).map(|k| k as f32 * 0.3 - 2.0).collect();
            let mut table = Table::new(width, start.clone());
            let mut state = AdamState::new(n_rows, width);
            let mut values = Tensor::from_vec(start, (n_rows, width), device)?;
            let mut moments = Moments::new(&state, device).expect("moments");
            for round in 0..30 {
                let touched = |row: usize| row != 4 && !(row + round).is_multiple_of(3);
                let slope = |row: usize, k: usize| ((row * 7 + k * 3 + round) % 11) as f32 - 5.0;
                let gradient: Vec<f32> = (0..n_rows * width)
                    .map(|at| slope(at / width, at % width))
                    .collect();
                let gradient = Tensor::from_vec(gradient, (n_rows, width), device)?;
                values = moments.step(0.1, &values, &gradient, touched).expect("step");
                table.update(
                    &mut state,
                    0.1,
                    n_rows,
                    |row| row..row + 1,
                    |row, _, to| {
                        to.iter_mut().enumerate().for_each(|(k, to)| *to = slope(row, k));
                        touched(row)
                    },
                );
            }
            let values = values.flatten_all()?.to_vec1::<f32>()?;
            for (a, b) in values.iter().zip(table.values()) {
                assert!((a - b).abs() < 1e-5, "{a} against {b}");
            }
            let found = moments.to_host().expect("state");
            let (found, expected) = (found.parts(), state.parts());
            assert_eq!(found.2, expected.2);
            let close = |a: &[f32], b: &[f32]| {
                a.iter()
                    .zip(b)
                    .all(|(a, b)| (a - b).abs() < 1e-4 * b.abs().max(1.0))
            };
            assert!(close(found.0, expected.0) && close(found.1, expected.1));
            Ok(())
        });
    }
}
