//! Safetensors files whose header has one entry of our own, a JSON text. One only, so that the same content always gives the same
//! bytes.

use crate::base::error::Error;
use candle_core::Tensor;
use safetensors::{SafeTensorError, SafeTensors};
use serde::Serialize;
use std::collections::HashMap;

/// The bytes of a file.
///
/// # Errors
/// A message where the head or the tensors cannot be written.
pub(crate) fn to_bytes(
    tensors: Vec<(String, Tensor)>,
    key: &str,
    head: &impl Serialize,
) -> Result<Vec<u8>, String> {
    let head = serde_json::to_string(head).map_err(|error| error.to_string())?;
    safetensors::serialize(tensors, Some(HashMap::from([(key.into(), head)])))
        .map_err(|error| error.to_string())
}

/// The entry of a file's header, if it has one.
///
/// # Errors
/// What is wrong with the header.
pub(crate) fn head(bytes: &[u8], key: &str) -> Result<Option<String>, SafeTensorError> {
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    Ok(header
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(key).cloned()))
}

/// A tensor by its name.
///
/// # Errors
/// [`Error::Model`] when there is none.
pub(crate) fn find<'a>(
    tensors: &'a HashMap<String, Tensor>,
    name: &str,
) -> crate::base::error::Result<&'a Tensor> {
    tensors
        .get(name)
        .ok_or_else(|| Error::Model(format!("{name} is missing")))
}

/// What cannot be read, as an error about a model.
pub(crate) fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Model(error.to_string())
}
