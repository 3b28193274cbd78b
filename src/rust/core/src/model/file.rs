//! A fitted model as a file that travels without the data.

use crate::base::error::{Error, Result};
use crate::base::files::{PartFile, file_error, unwritable};
use crate::base::linalg::packed_length;
use crate::base::tensor_file::{find, unreadable};
use crate::model::card::Card;
use crate::model::covariances::ItemCovariances;
use crate::model::design;
use crate::model::parameters::Model;
use crate::model::storage::{deserialize, serialize};
use candle_core::{DType, Device, Tensor};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// The largest model file that is read: far more than any model of ours.
const MOST_BYTES: u64 = 1 << 32;

/// A model with what is reported of its items.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// The model.
    pub model: Model,
    /// What is said about it.
    pub card: Card,
    /// Covariances of the parameters.
    pub covariances: ItemCovariances,
    /// Mean of the posterior means by dimension.
    pub trait_means: Vec<f64>,
    /// Their standard deviation.
    pub trait_sds: Vec<f64>,
}

const VECTORS: [&str; 5] = [
    "items.covariances",
    "items.normalised_covariances",
    "items.aligned_covariances",
    "traits.mean",
    "traits.sd",
];

impl ModelFile {
    /// Writes the file, a safetensors file: the tensors of [`Model::to_bytes`], `items.covariances`,
    /// `items.normalised_covariances` and `items.aligned_covariances` (the lower triangles of all rows of `items.parameters`), `traits.mean` and `traits.sd`
    /// (`n_dims`); the one entry of the header's metadata, `vaeirt-model`, is a JSON object of `version`, `link` and `card`
    /// ([`Card`]). The file gets its name when it is complete.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written, [`Error::Model`] when the parts do not fit together.
    pub fn write(&self, path: &Path) -> Result<()> {
        self.check()?;
        let mut tensors = self.model.tensors()?;
        for (name, values) in VECTORS.iter().zip(self.vectors()) {
            tensors.push(((*name).into(), Tensor::new(values.as_slice(), &Device::Cpu)?));
        }
        let bytes = serialize(tensors, &self.model, Some(self.card.clone()))?;
        let (part, mut file) = PartFile::create(path)?;
        file.write_all(&bytes).map_err(|error| unwritable(path, error))?;
        part.finish(&file)
    }

    /// Reads a file that [`ModelFile::write`] wrote. The file is not trusted.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read or is not such a file, with the reason.
    pub fn read(path: &Path) -> Result<Self> {
        let unreadable = |error: std::io::Error| file_error(path, format!("it cannot be read ({error})"));
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(file_error(path, "it is not a file"));
        }
        if metadata.len() > MOST_BYTES {
            return Err(file_error(path, "it is larger than any model file"));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        Self::from_bytes(&bytes).map_err(|error| match error {
            Error::Model(message) => file_error(
                path,
                format!("it is not a model file that can be used: {message}"),
            ),
            other => file_error(path, other),
        })
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Model`] when they are not such a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (mut head, tensors) = deserialize(bytes)?;
        let card = head.card.take();
        let card =
            card.ok_or_else(|| Error::Model("it has weights, but no description of the items".into()))?;
        check_finite(&tensors)?;
        let [prior, normalised, aligned, trait_means, trait_sds] = VECTORS.map(|name| {
            let tensor = find(&tensors, name)?;
            tensor.to_vec1::<f64>().map_err(unreadable)
        });
        let model = Model::from_tensors(&head, tensors)?;
        let file = Self {
            model,
            card,
            covariances: ItemCovariances {
                prior: prior?,
                normalised: normalised?,
                aligned: aligned?,
            },
            trait_means: trait_means?,
            trait_sds: trait_sds?,
        };
        file.check()?;
        Ok(file)
    }

    fn vectors(&self) -> [&Vec<f64>; 5] {
        [
            &self.covariances.prior,
            &self.covariances.normalised,
            &self.covariances.aligned,
            &self.trait_means,
            &self.trait_sds,
        ]
    }

    fn check(&self) -> Result<()> {
        let counts: Vec<usize> = self.card.items.iter().map(|item| item.options.len()).collect();
        let catalogue = self.model.shape.catalogue.option_counts();
        if !counts.iter().copied().eq(catalogue.iter().map(|&n| n as usize)) {
            return Err(Error::Model(
                "the items of its header are not those of its weights".into(),
            ));
        }
        let mut names: Vec<&str> = self.card.items.iter().map(|item| item.name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::Model("two of its items have the same name".into()));
        }
        let n_dims = self.model.shape.n_dims;
        let n_covariances = self.model.items.n_rows() * packed_length(design::width(n_dims));
        let lengths = [n_covariances, n_covariances, n_covariances, n_dims, n_dims];
        if self
            .vectors()
            .iter()
            .zip(lengths)
            .any(|(vector, n)| vector.len() != n)
        {
            return Err(Error::Model(
                "its covariances or moments do not fit its items".into(),
            ));
        }
        if !(self.card.level > 0.0 && self.card.level < 1.0) {
            return Err(Error::Model(
                "the level of its intervals is not between 0 and 1".into(),
            ));
        }
        Ok(())
    }
}

/// Weights and moments are finite; covariances may be unknown.
fn check_finite(tensors: &HashMap<String, Tensor>) -> Result<()> {
    for (name, tensor) in tensors.iter().filter(|(name, _)| !name.ends_with("covariances")) {
        let values = tensor
            .to_dtype(DType::F64)
            .and_then(|tensor| tensor.flatten_all());
        let values = values
            .and_then(|tensor| tensor.to_vec1::<f64>())
            .map_err(unreadable)?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::Model(format!("{name} holds a number that is not finite")));
        }
    }
    Ok(())
}
