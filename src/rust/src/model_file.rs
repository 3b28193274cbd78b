//! Models that travel without the data.

use crate::answer::answer;
use crate::items::{items_table, model_names};
use crate::list::{matrix, missing};
use extendr_api::prelude::*;
use std::path::Path;
use vae_irt_core::{Card, ItemCovariances, LocationScale, Model, ModelFile};

/// Writes a model to a file. `card` has the fields of [`Card`]; `covariances` has the matrices of the
/// fit, `prior`, `normalised` and `aligned`.
#[extendr]
fn rust_write_model(
    path: &str,
    model: Raw,
    card: Robj,
    covariances: List,
    trait_means: &[f64],
    trait_sds: &[f64],
) -> List {
    answer(|| {
        let file = ModelFile {
            model: Model::from_bytes(model.as_slice())?,
            card: extendr_api::deserializer::from_robj::<Card>(&card)?,
            covariances: ItemCovariances {
                prior: matrix(&covariances, "prior")?,
                normalised: matrix(&covariances, "normalised")?,
                aligned: matrix(&covariances, "aligned")?,
            },
            trait_means: trait_means.to_vec(),
            trait_sds: trait_sds.to_vec(),
        };
        file.write(Path::new(path))?;
        Ok(list!(path = path))
    })
}

/// Reads a model from a file.
#[extendr]
fn rust_read_model(path: &str) -> List {
    answer(|| {
        let file = ModelFile::read(Path::new(path))?;
        let traits = LocationScale {
            means: file.trait_means.clone(),
            sds: file.trait_sds.clone(),
        };
        let items = items_table(&file.model, &file.covariances, &traits, &file.card.std_errors)?;
        let options: Vec<Robj> = file
            .card
            .items
            .iter()
            .map(|item| Robj::from(&item.options))
            .collect();
        let pooled: Vec<Robj> = file
            .card
            .items
            .iter()
            .map(|item| Robj::from(&item.pooled))
            .collect();
        let names: Vec<&str> = file.card.items.iter().map(|item| item.name.as_str()).collect();
        let counts: Vec<i32> = file
            .card
            .items
            .iter()
            .map(|item| item.n_responses as i32)
            .collect();
        let mut card = file.card.clone();
        card.items.clear();
        Ok(list!(
            model = Raw::from_bytes(&file.model.to_bytes()?),
            link = file.model.shape.link.name(),
            dims = file.model.shape.n_dims as i32,
            hidden = file.model.shape.hidden as i32,
            item = names,
            options = List::from_values(options),
            pooled = List::from_values(pooled),
            n_responses = counts,
            models = model_names(&file.model),
            df = file.model.degrees_of_freedom() as f64,
            items = items,
            card = extendr_api::serializer::to_robj(&card).map_err(|_| missing("card"))?
        ))
    })
}

extendr_module! {
    mod model_file;
    fn rust_write_model;
    fn rust_read_model;
}
