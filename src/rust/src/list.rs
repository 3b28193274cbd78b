//! What is in a list of R.

use crate::answer::{Failure, Outcome};
use crate::vectors::by_row;
use extendr_api::prelude::*;

/// A part of a list that R did not give.
pub fn missing(name: &str) -> Failure {
    Failure::Internal(format!("{name} is missing or of another type"))
}

/// A number from a named list; logical values count as 0 and 1.
pub fn number(list: &List, name: &str) -> Outcome<f64> {
    let value = list.dollar(name).map_err(|_| missing(name))?;
    if let Some(flag) = value.as_bool() {
        return Ok(f64::from(u8::from(flag)));
    }
    value
        .as_real()
        .or_else(|| value.as_integer().map(f64::from))
        .ok_or_else(|| missing(name))
}

/// A text from a named list.
pub fn text(list: &List, name: &str) -> Outcome<String> {
    let value = list.dollar(name).map_err(|_| missing(name))?;
    value.as_str().map(str::to_string).ok_or_else(|| missing(name))
}

/// A matrix in a list, row by row.
pub fn matrix(list: &List, name: &str) -> Outcome<Vec<f64>> {
    let value = list.dollar(name).map_err(|_| missing(name))?;
    let matrix = RMatrix::<f64>::try_from(&value).map_err(|_| missing(name))?;
    Ok(by_row(&matrix))
}
