//! The design of one item.

use crate::model::design::{n_dims, split};
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::item_kind::ItemKind;

/// The least distance of difficulties that have to rise.
const LEAST_DISTANCE: f32 = 1e-4;

/// How the parameters in the rows of one item come from its free parameters. Those of a nominal item are free; the rows of a graded
/// one share their discriminations, and their difficulties rise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemDesign {
    kind: ItemKind,
    n_rows: usize,
    width: usize,
}

impl ItemDesign {
    /// The design of an item.
    pub fn new(catalogue: &ItemCatalogue, item: usize, width: usize) -> Self {
        Self {
            kind: catalogue.kind_of(item),
            n_rows: catalogue.rows_of(item).len(),
            width,
        }
    }

    /// Are all parameters free?
    pub fn is_identity(self) -> bool {
        self.kind == ItemKind::Nominal || self.n_rows == 1
    }

    /// The number of free parameters.
    pub fn n_free(self) -> usize {
        if self.is_identity() {
            self.n_rows * self.width
        } else {
            n_dims(self.width) + self.n_rows
        }
    }

    /// The free parameter in a column of a row.
    fn free_at(self, row: usize, column: usize) -> usize {
        if self.is_identity() {
            row * self.width + column
        } else if column < n_dims(self.width) {
            column
        } else {
            n_dims(self.width) + row
        }
    }

    /// The free parameters of all rows, row by row.
    pub fn free_parameters(self) -> impl Iterator<Item = usize> {
        (0..self.n_rows).flat_map(move |row| (0..self.width).map(move |column| self.free_at(row, column)))
    }

    /// Gradients by the parameters of the rows become those by the free parameters that are there.
    pub fn contract_in_place(self, by_rows: &mut [f32]) {
        if self.is_identity() {
            return;
        }
        let mut free = vec![0.0; self.n_free()];
        for (place, x) in self.free_parameters().zip(by_rows.iter()) {
            free[place] += x;
        }
        for (place, x) in self.free_parameters().zip(by_rows) {
            *x = free[place];
        }
    }

    /// The distances of difficulties that have to rise from one row to the next.
    fn distances(self, rows: &[f32]) -> Vec<f32> {
        if self.is_identity() {
            return Vec::new();
        }
        let difficulties: Vec<f32> = rows.chunks(self.width).map(|row| *split(row).1).collect();
        difficulties.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// Do the difficulties rise that have to?
    pub fn rises(self, rows: &[f32]) -> bool {
        self.distances(rows).iter().all(|&x| x > 0.0)
    }

    /// How far difficulties that have to rise keep from the one before: half their distance at least, and [`LEAST_DISTANCE`]. (An
    /// option that nobody chose would have none.)
    fn least_distances(self, rows: &[f32]) -> Vec<f32> {
        let least = |x: f32| (0.5 * x).max(LEAST_DISTANCE.min(x));
        self.distances(rows).into_iter().map(least).collect()
    }

    /// After a small step of each parameter on its own: difficulties that have come too near to each other are moved apart, as little
    /// as it takes.
    pub fn move_apart(self, from: &[f32], to: &mut [f32]) {
        let least = self.least_distances(from);
        if self.distances(to).iter().zip(&least).all(|(x, least)| x >= least) {
            return;
        }
        let offsets = std::iter::once(&0.0).chain(&least).scan(0.0, |sum, x| {
            *sum += x;
            Some(*sum)
        });
        let offsets: Vec<f32> = offsets.collect();
        let difficulties = to.chunks(self.width).map(|row| *split(row).1);
        let rising = pooled(difficulties.zip(&offsets).map(|(x, offset)| x - offset));
        for ((row, x), offset) in to.chunks_mut(self.width).zip(rising).zip(offsets) {
            row[n_dims(self.width)] = x + offset;
        }
    }

    /// After a step of all parameters together: difficulties go as far in its direction as none comes too near to another.
    pub fn cut(self, from: &[f32], to: &mut [f32]) {
        let (before, after) = (self.distances(from), self.distances(to));
        let pairs = before.iter().zip(after).zip(self.least_distances(from));
        let share = pairs.fold(1.0f32, |share, ((before, after), least)| match after < least {
            true => share.min((before - least) / (before - after)),
            false => share,
        });
        if share < 1.0 {
            for (from, to) in from.chunks(self.width).zip(to.chunks_mut(self.width)) {
                let (from, to) = (*split(from).1, &mut to[n_dims(self.width)]);
                *to = from + share * (*to - from);
            }
        }
    }
}

/// The closest numbers that do not fall: runs that would become their means (the pool-adjacent-violators algorithm).
fn pooled(numbers: impl Iterator<Item = f32>) -> Vec<f32> {
    // Means of runs, and how many numbers are in them.
    let mut runs: Vec<(f32, usize)> = Vec::new();
    for number in numbers {
        let mut own = (number, 1);
        while let Some((mean, n)) = runs.pop_if(|run| run.0 > own.0) {
            let total = n + own.1;
            own = ((mean * n as f32 + own.0 * own.1 as f32) / total as f32, total);
        }
        runs.push(own);
    }
    let means = runs.into_iter();
    means.flat_map(|(mean, n)| std::iter::repeat_n(mean, n)).collect()
}
