//! The optimiser, which updates tables row by row.

use crate::base::threads::map_with;
use crate::model::table::Table;
use pulp::NullaryFnOnce;
use std::ops::Range;

/// Blocks of rows that one task updates: enough to be worth a task, few enough to share out.
const BLOCKS_PER_TASK: usize = 64;

impl Table {
    /// Moves the blocks of rows that the batch touches one step of Adam. Block number `b` has the rows `rows_of(b)`; the blocks
    /// follow one another and fill the table. `gradient` gets a block's number and values, writes its gradient over zeros and
    /// returns false where the block is not touched; such rows and their moments stay as they are.
    pub fn update<R, G>(
        &mut self,
        state: &mut AdamState,
        learning_rate: f64,
        n_blocks: usize,
        rows_of: R,
        gradient: G,
    ) where
        R: Fn(usize) -> Range<usize> + Sync,
        G: Fn(usize, &[f32], &mut [f32]) -> bool + Sync,
    {
        let width = self.width();
        let mut rest = Rows {
            values: self.values_mut(),
            first: &mut state.first,
            second: &mut state.second,
            steps: &mut state.steps,
        };
        let mut tasks = Vec::with_capacity(n_blocks.div_ceil(BLOCKS_PER_TASK));
        for start in (0..n_blocks).step_by(BLOCKS_PER_TASK) {
            let blocks = start..(start + BLOCKS_PER_TASK).min(n_blocks);
            let n_rows = rows_of(blocks.end - 1).end - rows_of(start).start;
            tasks.push((blocks, rest.take(n_rows, width)));
        }
        let arch = pulp::Arch::new();
        map_with(tasks, |slope, (blocks, rows)| {
            arch.dispatch(Task {
                blocks,
                rows,
                width,
                learning_rate,
                rows_of: &rows_of,
                gradient: &gradient,
                slope,
            });
        });
    }
}

/// Some blocks of a table. The code is compiled for the processors that pulp tells apart.
struct Task<'a, R, G> {
    blocks: Range<usize>,
    rows: Rows<'a>,
    width: usize,
    learning_rate: f64,
    rows_of: &'a R,
    gradient: &'a G,
    slope: &'a mut Vec<f32>,
}

impl<R, G> NullaryFnOnce for Task<'_, R, G>
where
    R: Fn(usize) -> Range<usize>,
    G: Fn(usize, &[f32], &mut [f32]) -> bool,
{
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        for block in self.blocks {
            let mut own = self.rows.take((self.rows_of)(block).len(), self.width);
            self.slope.clear();
            self.slope.resize(own.values.len(), 0.0);
            if (self.gradient)(block, own.values, self.slope) {
                own.step(self.learning_rate, self.slope);
            }
        }
    }
}

/// Some rows of a table with the state of their optimiser.
struct Rows<'a> {
    values: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    steps: &'a mut [u32],
}

impl<'a> Rows<'a> {
    /// Splits the first rows off.
    fn take(&mut self, n_rows: usize, width: usize) -> Rows<'a> {
        Rows {
            values: split(&mut self.values, n_rows * width),
            first: split(&mut self.first, n_rows * width),
            second: split(&mut self.second, n_rows * width),
            steps: split(&mut self.steps, n_rows),
        }
    }

    #[inline(always)]
    fn step(&mut self, learning_rate: f64, gradient: &[f32]) {
        let width = gradient.len() / self.steps.len();
        let rows = self
            .values
            .chunks_mut(width)
            .zip(self.first.chunks_mut(width))
            .zip(self.second.chunks_mut(width))
            .zip(gradient.chunks(width));
        for ((((values, first), second), gradient), step) in rows.zip(self.steps.iter_mut()) {
            *step = step.saturating_add(1);
            Adam::new(learning_rate, *step).apply(values, first, second, gradient);
        }
    }
}

fn split<'a, T>(rest: &mut &'a mut [T], n: usize) -> &'a mut [T] {
    let (own, others) = std::mem::take(rest).split_at_mut(n);
    *rest = others;
    own
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

    /// The running means of the gradients and of their squares, row by row, and the numbers of steps by row.
    pub fn parts(&self) -> (&[f32], &[f32], &[u32]) {
        (&self.first, &self.second, &self.steps)
    }

    /// A state from its [parts](Self::parts), for a table like that of `self`; nothing where they do not fit it.
    pub fn like(&self, first: Vec<f32>, second: Vec<f32>, steps: Vec<u32>) -> Option<Self> {
        let fits = first.len() == self.first.len()
            && second.len() == self.second.len()
            && steps.len() == self.steps.len();
        fits.then_some(Self { first, second, steps })
    }

    /// One step for the parameters of a table with a single row.
    pub fn step(&mut self, learning_rate: f64, values: &mut [f32], gradient: &[f32]) {
        let Self { first, second, steps } = self;
        Rows {
            values,
            first,
            second,
            steps,
        }
        .step(learning_rate, gradient);
    }
}

/// One step of Adam (Kingma and Ba 2015, <https://arxiv.org/abs/1412.6980>, algorithm 1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adam {
    /// The learning rate with the correction for the start of the first moment.
    pub rate: f32,
    /// The correction for the start of the second moment.
    pub second_scale: f32,
}

impl Adam {
    pub const DECAY_FIRST: f32 = 0.9;
    pub const DECAY_SECOND: f32 = 0.999;
    pub const EPSILON: f32 = 1e-8;

    /// Step number `step` (from 1) with a learning rate.
    pub fn new(learning_rate: f64, step: u32) -> Self {
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
        table.update(
            &mut state,
            0.1,
            3,
            |row| row..row + 1,
            |row, _, slope| {
                slope.fill(if row == 2 { -3.0 } else { 5.0 });
                row != 1
            },
        );
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
            table.update(
                &mut state,
                0.1,
                2,
                |row| row..row + 1,
                |row, _, slope| {
                    slope.fill(1.0);
                    row == 0 || step == 99
                },
            );
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
