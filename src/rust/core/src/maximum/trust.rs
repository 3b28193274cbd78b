//! How far a step may go.

use crate::model::table::Table;
use crate::model::table_design::Design;
use ndarray::{Array1, ArrayView1, s};
use std::ops::Range;

/// How far the parameters of each block may move in a step, those of a row or of an item whose rows share some: the quadratic form
/// of Newton's method is far off for items that separate the respondents perfectly.
pub(crate) struct Trust {
    blocks: Vec<Block>,
    n_items: usize,
    last: Array1<f64>,
}

struct Block {
    item: usize,
    parameters: Range<usize>,
    radius: f64,
    /// Has it turned around?
    turned: bool,
}

impl Trust {
    pub fn new(design: &Design) -> Self {
        let blocks = design.blocks().into_iter().map(|(item, parameters)| Block {
            item,
            parameters,
            radius: f64::INFINITY,
            turned: false,
        });
        Self {
            blocks: blocks.collect(),
            n_items: design.n_items(),
            last: Array1::zeros(design.n_free()),
        }
    }

    /// Which items have a block that turned around: their quadratic form is not to be believed.
    pub fn turning_items(&self) -> Vec<bool> {
        let mut turning = vec![false; self.n_items];
        for block in &self.blocks {
            turning[block.item] |= block.turned;
        }
        turning
    }

    /// The items after a step whose blocks are [shortened](Self::shorten).
    pub fn advanced(&mut self, design: &Design, items: &Table, step: &Array1<f64>) -> Table {
        let mut shortened = step.clone();
        self.shorten(&mut shortened, &design.free_values(items));
        design.advanced(items, &shortened)
    }

    /// Shortens the blocks of a step. One goes as far as half the length of the parameters plus one half, half as far as before
    /// where it turns around and at most twice as far where it does not.
    fn shorten(&mut self, step: &mut Array1<f64>, values: &Array1<f64>) {
        let length = |x: ArrayView1<'_, f64>| x.dot(&x).sqrt();
        for block in &mut self.blocks {
            let last = self.last.slice(s![block.parameters.clone()]);
            let mut own = step.slice_mut(s![block.parameters.clone()]);
            let before = length(last);
            if own.dot(&last) < 0.0 {
                block.turned = true;
                block.radius = 0.5 * before;
            } else if before > 0.0 {
                block.radius = f64::max(block.radius, 2.0 * before);
            }
            let size = length(values.slice(s![block.parameters.clone()]));
            let most = block.radius.min(0.5 + 0.5 * size);
            let now = length(own.view());
            if now > most {
                own *= most / now;
            }
        }
        self.last.assign(step);
    }
}
