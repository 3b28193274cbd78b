//! Items integrated out: where respondents are few and items many, the traits are the parameters.

pub(crate) mod answers;
pub(crate) mod estimate;
pub(crate) mod item;
pub(crate) mod joint;
pub(crate) mod pass;
pub(crate) mod reported;
pub(crate) mod rule;
pub(crate) mod traits;
pub(crate) mod unanimous;

#[cfg(test)]
mod tests;
