//! What the model is: its parameters, its encoder, the probabilities of responses, and the bound that the training maximises.
//!
//! [`encoder`], [`network`], [`design`], [`response`], [`bound`] and [`prior`] hold the definition, by operations of Candle: they run on every
//! device and are differentiated by Candle. The tables of embeddings and items stand outside: the network takes the summed
//! embeddings of a respondent, the probabilities the parameters of the items that he answered. The kernels of this crate compute
//! the same faster, and tests hold them equal.

pub mod bound;
pub mod card;
pub mod covariances;
pub mod design;
pub mod encoder;
pub mod file;
pub mod gaussian;
pub mod item_design;
pub mod item_distribution;
pub mod item_errors;
pub mod link;
pub mod network;
pub mod observations;
pub mod parameters;
pub mod population;
pub mod prior;
pub mod response;
pub mod scale;
pub mod shape;
pub mod storage;
pub mod table;
pub mod table_design;
pub mod tangents;
