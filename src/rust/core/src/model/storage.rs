//! A model as safetensors bytes, and back.

use super::{Encoder, Model, ModelShape, Network};
use crate::identify::AffineMap;
use crate::kernels::Table;
use crate::{Error, ItemCatalogue, Result};
use candle_core::{Device, Tensor};
use ndarray::{Array1, Array2};
use safetensors::SafeTensors;
use std::collections::HashMap;

/// The key of the one entry of the header's metadata: the format and its version. The value is the link. One entry only, so
/// that the same model always gives the same bytes.
const FORMAT: &str = "vaeirt-model-1";

impl Model {
    /// The model as one safetensors file in memory: `encoder.embeddings` (`n_options x hidden`), the
    /// `network.*` weights, `items.parameters` (`n_parameter_rows x (n_dims + 1)`), `items.option_counts`, and
    /// the map to the reported scale, `map.matrix` and `map.shift`. The header's metadata have one entry,
    /// `vaeirt-model-1` (the format and its version) with the name of the link.
    ///
    /// # Errors
    /// [`Error::Model`] when the tensors cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let device = Device::Cpu;
        let table =
            |table: &Table| Tensor::from_slice(table.values(), (table.n_rows(), table.width()), &device);
        let n_dims = self.shape.n_dims;
        let matrix: Vec<f64> = self.map.matrix.iter().copied().collect();
        let mut tensors = self.encoder.network.tensors()?;
        tensors.extend([
            ("encoder.embeddings".into(), table(&self.encoder.embeddings)?),
            ("items.parameters".into(), table(&self.items)?),
            (
                "items.option_counts".into(),
                Tensor::new(self.shape.catalogue.option_counts(), &device)?,
            ),
            (
                "map.matrix".into(),
                Tensor::from_vec(matrix, (n_dims, n_dims), &device)?,
            ),
            ("map.shift".into(), Tensor::new(self.map.shift.to_vec(), &device)?),
        ]);
        let metadata = HashMap::from([(FORMAT.into(), self.shape.link.name().into())]);
        safetensors::serialize(tensors, Some(metadata)).map_err(unreadable)
    }

    /// The model that [`Model::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Model`] when the bytes are not such a model or its parts do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let link = metadata
            .get(FORMAT)
            .ok_or_else(|| Error::Model(format!("it is not a {FORMAT}")))?;
        let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu)?;
        let option_counts = find(&tensors, "items.option_counts")?.to_vec1::<u32>()?;
        let catalogue = ItemCatalogue::new(&option_counts)?;
        let items = read_table(&tensors, "items.parameters")?;
        let embeddings = read_table(&tensors, "encoder.embeddings")?;
        let shape = ModelShape {
            n_dims: items.width() - 1,
            hidden: embeddings.width(),
            link: link.parse()?,
            catalogue,
        };
        shape.check()?;
        let map = read_map(&tensors, shape.n_dims)?;
        let rows = (shape.catalogue.n_options(), shape.catalogue.n_parameter_rows());
        if (embeddings.n_rows(), items.n_rows()) != rows {
            return Err(Error::Model("its tables do not fit its items".into()));
        }
        let network = Network::new(&shape, tensors)?;
        Ok(Self {
            encoder: Encoder { embeddings, network },
            items,
            map,
            shape,
        })
    }
}

fn unreadable(error: safetensors::SafeTensorError) -> Error {
    Error::Model(error.to_string())
}

fn find<'a>(tensors: &'a HashMap<String, Tensor>, name: &str) -> Result<&'a Tensor> {
    tensors
        .get(name)
        .ok_or_else(|| Error::Model(format!("{name} is missing")))
}

fn read_table(tensors: &HashMap<String, Tensor>, name: &str) -> Result<Table> {
    let tensor = find(tensors, name)?;
    let (_, width) = tensor.dims2()?;
    if width == 0 {
        return Err(Error::Model(format!("{name} has no columns")));
    }
    Ok(Table::new(width, tensor.flatten_all()?.to_vec1::<f32>()?))
}

fn read_map(tensors: &HashMap<String, Tensor>, n_dims: usize) -> Result<AffineMap> {
    let matrix = find(tensors, "map.matrix")?.flatten_all()?.to_vec1::<f64>()?;
    let shift = find(tensors, "map.shift")?.to_vec1::<f64>()?;
    if shift.len() != n_dims {
        return Err(Error::Model("map.shift does not fit the dimensions".into()));
    }
    Ok(AffineMap {
        matrix: Array2::from_shape_vec((n_dims, n_dims), matrix)
            .map_err(|error| Error::Model(format!("map.matrix: {error}")))?,
        shift: Array1::from_vec(shift),
    })
}
