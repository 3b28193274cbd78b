//! How responses come about: from the linear predictors of an item to the probabilities of its options.
//!
//! [`definition`] says it by operations of Candle; everything that computes without Candle goes through [`likelihood`], for
//! some points side by side ([`lanes`]), or through [`options`] for the probabilities of all options. [`two_options`],
//! [`nominal`] and [`graded`] are the models; tests hold the forms equal.

pub mod curvature;
pub mod definition;
pub mod graded;
pub mod lanes;
pub mod likelihood;
pub mod nominal;
pub mod options;
pub mod two_options;
