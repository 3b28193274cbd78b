//! Tables between the memory of the processor and a device.

use crate::base::error::Result;
use crate::model::table::Table;
use candle_core::{Device, Tensor};

/// A table on a device.
pub(crate) fn to_device(table: &Table, device: &Device) -> Result<Tensor> {
    Ok(Tensor::from_slice(
        table.values(),
        (table.n_rows(), table.width()),
        device,
    )?)
}

/// A table from a device.
pub(crate) fn to_host(tensor: &Tensor) -> Result<Table> {
    let width = tensor.dim(1)?;
    Ok(Table::new(width, tensor.flatten_all()?.to_vec1()?))
}
