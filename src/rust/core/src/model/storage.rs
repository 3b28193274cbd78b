//! A model as safetensors bytes, and back.

use crate::base::error::{Error, Result};
use crate::base::tensor_file::{self, find, unreadable};
use crate::model::card::Card;
use crate::model::design;
use crate::model::encoder::Encoder;
use crate::model::item_distribution::{Component, ItemClass, ItemDistribution};
use crate::model::item_errors::ItemErrors;
use crate::model::network::Network;
use crate::model::parameters::Model;
use crate::model::prior::PriorSds;
use crate::model::scale::AffineMap;
use crate::model::shape::ModelShape;
use crate::model::table::Table;
use crate::model::table_design::Design;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::item_kind::ItemKind;
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The key of the one entry of the header's metadata.
const KEY: &str = "vaeirt-model";

/// The latest version of the format; later ones are not read.
pub(crate) const VERSION: u32 = 2;

/// The version of models whose items are all nominal, which knows no other kind.
const NOMINAL: u32 = 1;

/// The tensor of the kinds of the items.
const KINDS: &str = "items.kinds";

/// The JSON of the header's entry.
#[derive(Serialize, Deserialize)]
pub(crate) struct Head {
    version: u32,
    link: String,
    /// How the items are distributed: the components by class, in the order in which the items show these; only where they were
    /// integrated out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    distribution: Option<Vec<Vec<Component>>>,
    /// The prior of items that are parameters, where it was estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prior: Option<PriorSds>,
    /// Only in files that travel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

impl Model {
    /// The model as one safetensors file in memory: `encoder.embeddings` (`n_options x hidden`), the
    /// `network.*` weights, `items.parameters` (`n_parameter_rows x width`), `items.option_counts`, `items.kinds` (the places of
    /// the kinds in [`ItemKind::ALL`]; only where they are not all nominal), and
    /// the map to the reported scale, `map.matrix` and `map.shift`. Where the covariance of the items' free parameters is kept,
    /// `items.errors.n_effective` (how many respondents told them) and one of `items.errors.matrix` (its lower triangle),
    /// `items.errors.factor` (its square is the covariance) or `items.errors.blocks` (lower triangles by item) with
    /// `items.errors.vectors` and `items.errors.values`, which add `vectors diag(values) vectors'`; where anchors set the map,
    /// `items.errors.map` and `items.errors.map_with_items`. The header's metadata have one entry,
    /// `vaeirt-model`, a JSON object with the `version` of the format (1 where all items are nominal, else 2) and the name of
    /// the `link`.
    ///
    /// # Errors
    /// [`Error::Model`] when the tensors cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        serialize(self.tensors()?, self, None)
    }

    /// All tensors with their names.
    pub(crate) fn tensors(&self) -> Result<Vec<(String, Tensor)>> {
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
        if !self.shape.catalogue.is_nominal() {
            let kinds = self.shape.catalogue.kinds().iter();
            let kinds: Vec<u32> = kinds.map(|kind| u32::from(kind.code())).collect();
            tensors.push((KINDS.into(), Tensor::new(kinds, &device)?));
        }
        if let Some(errors) = &self.item_errors {
            tensors.extend(errors.tensors()?);
        }
        Ok(tensors)
    }

    /// The model that [`Model::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Model`] when the bytes are not such a model or its parts do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (head, tensors) = deserialize(bytes)?;
        Self::from_tensors(&head, tensors)
    }

    pub(crate) fn from_tensors(head: &Head, tensors: HashMap<String, Tensor>) -> Result<Self> {
        let option_counts = find(&tensors, "items.option_counts")?
            .to_vec1::<u32>()
            .map_err(unreadable)?;
        let items = read_table(&tensors, "items.parameters")?;
        let embeddings = read_table(&tensors, "encoder.embeddings")?;
        // Before anything is made as large as the counts say.
        let n_options: u64 = option_counts.iter().map(|&n| u64::from(n)).sum();
        if n_options != embeddings.n_rows() as u64 {
            return Err(Error::Model("its embeddings do not fit its items".into()));
        }
        let kinds = read_kinds(&tensors, option_counts.len())?;
        let catalogue = ItemCatalogue::with_kinds(&option_counts, kinds)?;
        let shape = ModelShape {
            n_dims: design::n_dims(items.width()),
            hidden: embeddings.width(),
            link: head.link.parse()?,
            catalogue,
        };
        shape.check()?;
        let map = read_map(&tensors, shape.n_dims)?;
        if items.n_rows() != shape.catalogue.n_parameter_rows() {
            return Err(Error::Model("its item parameters do not fit its items".into()));
        }
        if let Some(item) = Design::new(&shape.catalogue, items.width()).item_out_of_order(&items) {
            return Err(Error::Model(format!(
                "the parameters of its item {item} are not those of a graded item"
            )));
        }
        let design = Design::new(&shape.catalogue, items.width());
        let sizes: Vec<usize> = design.places().map(|own| own.len()).collect();
        let item_errors = ItemErrors::read(&tensors, &sizes, shape.n_dims)?;
        let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let network = Network::new(&shape, &weights.pp("network"))?;
        Ok(Self {
            encoder: Encoder { embeddings, network },
            items,
            map,
            distribution: head.distribution(&shape)?,
            estimated_prior: head.prior,
            item_errors,
            shape,
        })
    }
}

impl Head {
    /// The distribution of the items of a shape.
    fn distribution(&self, shape: &ModelShape) -> Result<Option<ItemDistribution>> {
        let Some(components) = &self.distribution else {
            return Ok(None);
        };
        let classes = ItemClass::of_items(&shape.catalogue, shape.n_dims);
        ItemDistribution::with_components(&classes, components)
            .map(Some)
            .ok_or_else(|| Error::Model("the distribution of its items does not fit them".into()))
    }
}

impl Network {
    /// All tensors with their names, for storage.
    ///
    /// # Errors
    /// [`Error::Tensor`] when a tensor cannot be read.
    pub fn tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let tensor = |name: &str, variable: &Var| -> Result<(String, Tensor)> {
            Ok((format!("network.{name}"), variable.to_device(&Device::Cpu)?))
        };
        let [hidden_bias, hidden_count, output_weight] = self.variables();
        Ok(vec![
            tensor("hidden_bias", hidden_bias)?,
            tensor("hidden_count", hidden_count)?,
            tensor("output_weight", output_weight)?,
            (
                "network.count_center".into(),
                Tensor::new(&[self.count_center()], &Device::Cpu)?,
            ),
        ])
    }
}

/// The tensors and the description of a model as a safetensors file.
pub(crate) fn serialize(
    tensors: Vec<(String, Tensor)>,
    model: &Model,
    card: Option<Card>,
) -> Result<Vec<u8>> {
    let nominal = model.shape.catalogue.is_nominal();
    let head = Head {
        version: if nominal { NOMINAL } else { VERSION },
        link: model.shape.link.name().into(),
        distribution: model.distribution.as_ref().map(ItemDistribution::components),
        prior: model.estimated_prior,
        card,
    };
    tensor_file::to_bytes(tensors, KEY, &head).map_err(unreadable)
}

/// The description and the tensors of a safetensors file.
pub(crate) fn deserialize(bytes: &[u8]) -> Result<(Head, HashMap<String, Tensor>)> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let head = tensor_file::head(bytes, KEY).map_err(unreadable)?;
    let head = head.ok_or_else(|| Error::Model("it was not written by vaeirt".into()))?;
    let Version { version } = serde_json::from_str(&head).map_err(unreadable)?;
    if version > VERSION {
        return Err(Error::Model(format!(
            "it has version {version} of the format, and this version of vaeirt knows {VERSION}"
        )));
    }
    let head = serde_json::from_str(&head).map_err(unreadable)?;
    let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(unreadable)?;
    Ok((head, tensors))
}

fn read_table(tensors: &HashMap<String, Tensor>, name: &str) -> Result<Table> {
    let tensor = find(tensors, name)?;
    let (_, width) = tensor.dims2().map_err(unreadable)?;
    if width == 0 {
        return Err(Error::Model(format!("{name} has no columns")));
    }
    let values = tensor.flatten_all()?.to_vec1::<f32>().map_err(unreadable)?;
    Ok(Table::new(width, values))
}

/// The kinds of so many items.
fn read_kinds(tensors: &HashMap<String, Tensor>, n_items: usize) -> Result<Vec<ItemKind>> {
    let Some(tensor) = tensors.get(KINDS) else {
        return Ok(vec![ItemKind::default(); n_items]);
    };
    let codes = tensor.to_vec1::<u32>().map_err(unreadable)?;
    let kind =
        |code| ItemKind::from_code(code).ok_or_else(|| Error::Model("an item is of no known kind".into()));
    codes.into_iter().map(kind).collect()
}

fn read_map(tensors: &HashMap<String, Tensor>, n_dims: usize) -> Result<AffineMap> {
    let matrix = find(tensors, "map.matrix")?
        .flatten_all()?
        .to_vec1::<f64>()
        .map_err(unreadable)?;
    let shift = find(tensors, "map.shift")?.to_vec1::<f64>().map_err(unreadable)?;
    if shift.len() != n_dims {
        return Err(Error::Model("map.shift does not fit the dimensions".into()));
    }
    Ok(AffineMap {
        matrix: Array2::from_shape_vec((n_dims, n_dims), matrix)
            .map_err(|error| Error::Model(format!("map.matrix: {error}")))?,
        shift: Array1::from_vec(shift),
    })
}
