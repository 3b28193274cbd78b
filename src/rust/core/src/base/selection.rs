//! A row of a tensor, or none, for each of some places: the options that were chosen.

use crate::base::linear::linear;
use candle_core::{Device, Result, Tensor};

/// What stands for a row of zeros: Candle's `index_select` takes the largest index for one.
pub(crate) const NO_ROW: u32 = u32::MAX;

/// Which row of a tensor goes to which place; no row goes to two.
#[derive(Clone, Debug)]
pub struct Selection {
    /// By place.
    rows: Tensor,
    /// By row.
    places: Tensor,
}

impl Selection {
    /// For each place its row of `n_rows`, or nothing where it gets zeros.
    ///
    /// # Errors
    /// When the device does not take the indices.
    pub fn new(rows: &[Option<usize>], n_rows: usize, device: &Device) -> Result<Self> {
        let mut places = vec![NO_ROW; n_rows];
        for (place, row) in rows.iter().enumerate() {
            if let Some(row) = row {
                places[*row] = place as u32;
            }
        }
        let rows: Vec<u32> = rows
            .iter()
            .map(|row| row.map_or(NO_ROW, |row| row as u32))
            .collect();
        Ok(Self {
            rows: Tensor::new(rows, device)?,
            places: Tensor::new(places, device)?,
        })
    }

    /// The rows by place: `n_rows x width` to `n_places x width`.
    ///
    /// # Errors
    /// When there are other rows.
    pub fn of(&self, rows: &Tensor) -> Result<Tensor> {
        let places = self.places.clone();
        linear(
            rows,
            |rows| rows.contiguous()?.index_select(&self.rows, 0),
            move |gradient| gradient.contiguous()?.index_select(&places, 0),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::backend::testing::for_each_device;
    use candle_core::Var;

    #[test]
    fn rows_go_to_their_places_and_gradients_back() {
        for_each_device(|device| {
            let selection = Selection::new(&[Some(2), None, Some(0)], 4, device)?;
            let rows = Var::new(&[[1f32, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], device)?;
            let selected = selection.of(&rows)?;
            assert_eq!(selected.to_vec2::<f32>()?, [[5.0, 6.0], [0.0, 0.0], [1.0, 2.0]]);
            let weights = Tensor::new(&[[1f32, 2.0], [3.0, 4.0], [5.0, 6.0]], device)?;
            let gradients = (selected * weights)?.sum_all()?.backward()?;
            let gradient = gradients.get(&rows).expect("a gradient").to_vec2::<f32>()?;
            assert_eq!(gradient, [[5.0, 6.0], [0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]);
            Ok(())
        });
    }
}
