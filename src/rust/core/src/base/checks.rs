//! Requirements of numbers that a caller gives.

use crate::base::error::{Error, Result};

/// # Errors
/// [`Error::Setting`] when the number is 0.
pub(crate) fn at_least_one(name: &'static str, value: usize) -> Result<()> {
    if value == 0 {
        return Err(Error::Setting {
            name,
            requirement: "at least 1",
            value: value.to_string(),
        });
    }
    Ok(())
}

pub(crate) fn positive(name: &'static str, value: f64) -> Result<()> {
    if !(value > 0.0 && value.is_finite()) {
        return Err(Error::Setting {
            name,
            requirement: "a positive number",
            value: value.to_string(),
        });
    }
    Ok(())
}
