//! The prior of the item parameters.

use crate::responses::store::Responses;

/// The prior of the item parameters. A batch carries the share of it that it holds of an item's responses.
pub(crate) struct Prior {
    item_totals: Vec<u64>,
    /// Precision of each column of the table of item parameters.
    pub precisions: Vec<f32>,
}

impl Prior {
    /// The prior of the items of some responses, with these standard deviations.
    pub fn new(responses: &Responses, n_dims: usize, discrimination_sd: f64, difficulty_sd: f64) -> Self {
        let precision = |sd: f64| (1.0 / (sd * sd)) as f32;
        let mut precisions = vec![precision(discrimination_sd); n_dims];
        precisions.push(precision(difficulty_sd));
        Self {
            item_totals: responses.item_totals(),
            precisions,
        }
    }

    /// How much of an item's prior a batch carries that holds `n_answers` of its responses, per unit of weight.
    pub fn share(&self, item: usize, n_answers: usize, total_weight: f32) -> f32 {
        n_answers as f32 / self.item_totals[item] as f32 / total_weight
    }

    /// Adds the gradient of the negative log prior per unit of weight of an item of whose responses the batch holds
    /// `n_answers`.
    pub fn add_gradient(
        &self,
        item: usize,
        n_answers: usize,
        total_weight: f32,
        values: &[f32],
        slope: &mut [f32],
    ) {
        let share = self.share(item, n_answers, total_weight);
        let width = self.precisions.len();
        for (slope, values) in slope.chunks_mut(width).zip(values.chunks(width)) {
            for ((g, x), precision) in slope.iter_mut().zip(values).zip(&self.precisions) {
                *g += share * precision * x;
            }
        }
    }
}
