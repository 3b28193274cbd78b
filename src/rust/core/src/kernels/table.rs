//! Tables of parameters that are updated row by row, and the optimiser that does it.

use rayon::prelude::*;

/// Rows that one task updates: enough to be worth a task, few enough to share out.
const ROWS_PER_TASK: usize = 64;

/// A row-major table of parameters in single precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    width: usize,
    values: Vec<f32>,
}

impl Table {
    /// A table of the given width from its values, row by row.
    ///
    /// # Panics
    /// When the values do not fill whole rows.
    pub fn new(width: usize, values: Vec<f32>) -> Self {
        assert!(width > 0 && values.len().is_multiple_of(width), "whole rows");
        Self { width, values }
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.values.len() / self.width
    }

    /// One row.
    #[inline(always)]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// One row, to be changed.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.width..(row + 1) * self.width]
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Moves the rows that the batch touches one step of Adam. `gradient` gets a row's number and values, writes
    /// its gradient over zeros and returns false where the row is not touched; such rows and their moments stay
    /// as they are.
    pub fn update<G>(&mut self, state: &mut AdamState, learning_rate: f64, gradient: G)
    where
        G: Fn(usize, &[f32], &mut [f32]) -> bool + Sync,
    {
        let width = self.width;
        let chunk = ROWS_PER_TASK * width;
        self.values
            .par_chunks_mut(chunk)
            .zip(state.first.par_chunks_mut(chunk))
            .zip(state.second.par_chunks_mut(chunk))
            .zip(state.steps.par_chunks_mut(ROWS_PER_TASK))
            .enumerate()
            .for_each(|(task, (((values, first), second), steps))| {
                let mut slope = vec![0.0f32; width];
                let rows = values
                    .chunks_mut(width)
                    .zip(first.chunks_mut(width))
                    .zip(second.chunks_mut(width))
                    .zip(steps);
                for (offset, (((values, first), second), step)) in rows.enumerate() {
                    slope.fill(0.0);
                    if gradient(task * ROWS_PER_TASK + offset, values, &mut slope) {
                        *step += 1;
                        Adam::new(learning_rate, *step).apply(values, first, second, &slope);
                    }
                }
            });
    }
}

/// The running moments of Adam for a table. Every row counts its own steps: the correction for the start of the moments
/// must be that of a row that is touched late or seldom.
#[derive(Clone, Debug)]
pub struct AdamState {
    first: Vec<f32>,
    second: Vec<f32>,
    steps: Vec<u32>,
}

impl AdamState {
    /// The state before the first step for `n_rows` rows of `width` parameters.
    pub fn new(n_rows: usize, width: usize) -> Self {
        Self {
            first: vec![0.0; n_rows * width],
            second: vec![0.0; n_rows * width],
            steps: vec![0; n_rows],
        }
    }

    /// One step for the parameters of a table with a single row.
    pub fn step(&mut self, learning_rate: f64, values: &mut [f32], gradient: &[f32]) {
        self.steps[0] += 1;
        let adam = Adam::new(learning_rate, self.steps[0]);
        adam.apply(values, &mut self.first, &mut self.second, gradient);
    }
}

/// One step of Adam (Kingma and Ba 2015, <https://arxiv.org/abs/1412.6980>, algorithm 1).
#[derive(Clone, Copy, Debug)]
struct Adam {
    rate: f32,
    second_scale: f32,
}

impl Adam {
    const DECAY_FIRST: f32 = 0.9;
    const DECAY_SECOND: f32 = 0.999;
    const EPSILON: f32 = 1e-8;

    /// Step number `step` (from 1) with a learning rate.
    fn new(learning_rate: f64, step: u32) -> Self {
        let step = step.min(i32::MAX as u32) as i32;
        Self {
            rate: (learning_rate / (1.0 - f64::from(Self::DECAY_FIRST).powi(step))) as f32,
            second_scale: (1.0 / (1.0 - f64::from(Self::DECAY_SECOND).powi(step))) as f32,
        }
    }

    #[inline(always)]
    fn apply(self, values: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32]) {
        for (((value, m), v), &g) in values.iter_mut().zip(first).zip(second).zip(gradient) {
            *m += (1.0 - Self::DECAY_FIRST) * (g - *m);
            *v += (1.0 - Self::DECAY_SECOND) * (g * g - *v);
            *value -= self.rate * *m / ((*v * self.second_scale).sqrt() + Self::EPSILON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_has_the_length_of_the_learning_rate() {
        let mut table = Table::new(2, vec![1.0; 6]);
        let mut state = AdamState::new(3, 2);
        table.update(&mut state, 0.1, |row, _, slope| {
            slope.fill(if row == 2 { -3.0 } else { 5.0 });
            row != 1
        });
        let expected = [0.9, 0.9, 1.0, 1.0, 1.1, 1.1];
        for (value, expected) in table.values().iter().zip(expected) {
            assert!((value - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn a_row_that_is_touched_late_starts_like_the_others() {
        let mut table = Table::new(1, vec![0.0; 2]);
        let mut state = AdamState::new(2, 1);
        for step in 0..100 {
            table.update(&mut state, 0.1, |row, _, slope| {
                slope.fill(1.0);
                row == 0 || step == 99
            });
        }
        assert!((table.row(1)[0] + 0.1).abs() < 1e-5);
    }

    #[test]
    fn steps_lead_to_the_minimum() {
        let mut values = [4.0f32, -3.0];
        let mut state = AdamState::new(1, 2);
        for _ in 0..2_000 {
            let gradient = [values[0] - 1.0, 10.0 * (values[1] - 2.0)];
            state.step(0.02, &mut values, &gradient);
        }
        assert!((values[0] - 1.0).abs() < 1e-2 && (values[1] - 2.0).abs() < 1e-2);
    }
}
