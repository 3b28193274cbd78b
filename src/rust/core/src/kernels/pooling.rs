//! The encoder's bag: the sum of one embedding per observed response.

use super::Table;
use crate::Batch;
use rayon::prelude::*;

/// Sums the embeddings of each respondent's responses: `n_respondents x width`, row by row.
pub fn pool(embeddings: &Table, batch: &Batch) -> Vec<f32> {
    let width = embeddings.width();
    let mut pooled = vec![0.0f32; batch.n_respondents() * width];
    pooled
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(position, sum)| {
            for &option in batch.options(batch.responses_of(position)) {
                add(sum, embeddings.row(option as usize));
            }
        });
    pooled
}

/// The transpose of [`pool`]: adds to `sum` the rows of `by_respondent` (`n_respondents x width`) of everybody who
/// chose the option. Returns false when nobody in the batch did.
pub fn sum_over_choosers(by_respondent: &[f32], batch: &Batch, option: usize, sum: &mut [f32]) -> bool {
    let width = sum.len();
    let responses = batch.responses_with(option..option + 1);
    for &response in responses {
        let start = batch.owner(response as usize) * width;
        add(sum, &by_respondent[start..start + width]);
    }
    !responses.is_empty()
}

#[inline(always)]
fn add(to: &mut [f32], from: &[f32]) {
    for (a, b) in to.iter_mut().zip(from) {
        *a += b;
    }
}
