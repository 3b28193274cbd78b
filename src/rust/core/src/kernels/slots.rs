//! The item parameters of every slot of a batch.

use crate::model::table::Table;
use crate::responses::batch::Batch;

/// The parameter rows of the items of all responses, one after another: `n_slots x width`.
pub fn rows_of_slots(items: &Table, batch: &Batch) -> Vec<f32> {
    let mut rows = Vec::with_capacity(batch.n_slots() * items.width());
    for response in batch.responses() {
        rows.extend_from_slice(items.rows(response.rows()));
    }
    rows
}

/// Adds numbers of every slot (`n_slots x width`) to those of the parameter row to which it belongs.
pub fn add_to_rows(slots: &[f32], batch: &Batch, rows: &mut [f64]) {
    let n_slots = batch.n_slots();
    let width = slots.len() / n_slots.max(1);
    let mut slots = slots.chunks(width.max(1));
    for response in batch.responses() {
        let own = response.rows();
        for row in rows[own.start * width..own.end * width].chunks_mut(width) {
            let slot = slots.next().unwrap_or_default();
            row.iter_mut()
                .zip(slot)
                .for_each(|(sum, &x)| *sum += f64::from(x));
        }
    }
}
