//! Sums over nodes of many products at once.

use crate::kernels::terms::SIDE_BY_SIDE;
use crate::model::response::lanes::{Lanes, add};

/// Functions that are summed side by side.
const FUNCTIONS: usize = 16;

/// Nodes that are summed apart, so that no sum waits for another.
const APART: usize = 4;

const _: () = assert!(SIDE_BY_SIDE.is_multiple_of(APART));

/// The values of some functions of the traits at the nodes of a posterior.
#[derive(Default)]
pub(crate) struct Functions {
    n: usize,
    n_nodes: usize,
    /// Block by block of functions, and node by node.
    values: Vec<Lanes<FUNCTIONS>>,
}

impl Functions {
    /// From the values of each at all nodes.
    pub fn new<'f>(n_nodes: usize, functions: impl Iterator<Item = &'f [f32]>) -> Self {
        let mut all = Self::default();
        all.clear(n_nodes);
        functions.for_each(|function| all.push(function.iter().copied()));
        all
    }

    /// Forgets all. Others will have values at so many nodes, a multiple of [`SIDE_BY_SIDE`].
    pub fn clear(&mut self, n_nodes: usize) {
        self.n = 0;
        self.n_nodes = n_nodes;
        self.values.clear();
    }

    /// One more, by its values at all nodes.
    #[inline(always)]
    pub fn push(&mut self, function: impl Iterator<Item = f32>) {
        let lane = self.n % FUNCTIONS;
        if lane == 0 {
            self.values
                .resize(self.values.len() + self.n_nodes, [0.0; FUNCTIONS]);
        }
        let first = self.values.len() - self.n_nodes;
        let to = self.values[first..].iter_mut();
        to.zip(function).for_each(|(to, x)| to[lane] = x);
        self.n += 1;
    }

    /// The sum over the nodes of each function times some factors.
    #[inline(always)]
    pub fn sums(&self, factors: &[f32], to: &mut Vec<f32>) {
        to.clear();
        for block in self.values.chunks_exact(self.n_nodes) {
            let mut sums = [[0.0; FUNCTIONS]; APART];
            let (factors, _) = factors.as_chunks::<APART>();
            let (block, _) = block.as_chunks::<APART>();
            for (factors, values) in factors.iter().zip(block) {
                for part in 0..APART {
                    for lane in 0..FUNCTIONS {
                        sums[part][lane] += factors[part] * values[part][lane];
                    }
                }
            }
            let [mut sum, others @ ..] = sums;
            others.iter().for_each(|part| add(part, &mut sum));
            to.extend_from_slice(&sum);
        }
        to.truncate(self.n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_its_sum() {
        let n_nodes = SIDE_BY_SIDE;
        let functions: Vec<Vec<f32>> = (0..37)
            .map(|f| (0..n_nodes).map(|node| ((f * 3 + node) % 7) as f32).collect())
            .collect();
        let factors: Vec<f32> = (0..n_nodes).map(|node| node as f32 - 2.0).collect();
        let mut found = vec![1.0];
        let mut table = Functions::new(n_nodes, functions.iter().map(Vec::as_slice));
        table.sums(&factors, &mut found);
        let expected: Vec<f32> = functions
            .iter()
            .map(|f| f.iter().zip(&factors).map(|(x, y)| x * y).sum())
            .collect();
        assert_eq!(found, expected);
        table.clear(n_nodes);
        table.push(functions[5].iter().copied());
        table.sums(&factors, &mut found);
        assert_eq!(found, expected[5..6]);
    }
}
