//! What the weights of respondents count.

/// What the weights of respondents count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightType {
    /// How many people gave these responses: a weight of 2 is two of them.
    #[default]
    Frequency,
    /// One person each, who stands for more or fewer people than others.
    Sampling,
}

impl std::str::FromStr for WeightType {
    type Err = crate::base::error::Error;

    /// # Errors
    /// [`crate::base::error::Error::Responses`] for other names than `frequency` and `sampling`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "frequency" => Ok(Self::Frequency),
            "sampling" => Ok(Self::Sampling),
            _ => Err(Self::Err::Responses(format!(
                "there are no weights of the type {name}"
            ))),
        }
    }
}
