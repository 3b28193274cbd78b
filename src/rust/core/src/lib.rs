//! Item response models estimated with a variational autoencoder.
//!
//! Respondent `i` chooses option `c` of item `j` with a probability that comes from the linear predictors
//! `alpha_i . gamma_jc - beta_jc` of its options, as the kind of the item and the [`Link`] say. Option 0 of every item is the
//! reference: its discrimination and difficulty are 0. The latent traits have the prior of their [`Population`], the item
//! parameters independent normal priors, and one network maps the responses of any respondent to a normal
//! approximation of the posterior of the trait. Network and item parameters maximise the (importance-weighted)
//! evidence lower bound plus the log prior of the items.
//!
//! [`Backend`] says what computes: the kernels of this crate, or the operations of Candle in which the model is defined, on the
//! processor or, with the feature `cuda`, on a GPU of NVIDIA.
//!
//! The crate knows nothing of R. The way through it is [`Responses`] -> [`fit()`] -> [`Fit`], and [`score`] for respondents
//! who were not in the sample. From the ground to the roof its modules are base, responses, ingest, model, settings, kernels,
//! posterior, train, information, uncertainty, maximum, integration, fit and simulate; each imports only from itself and from those before it.
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod base;
mod fit;
mod information;
mod ingest;
mod integration;
mod kernels;
mod maximum;
mod model;
mod posterior;
mod responses;
mod settings;
mod simulate;
mod train;
mod uncertainty;

pub use base::backend::Backend;
pub use base::error::{Error, Result};
pub use base::linalg::packed_length;
pub use base::math;
pub use base::monitor::{Epoch, Monitor, Part, Phase, Silent};
pub use base::random::Stream;
pub use base::timings::Timings;
pub use fit::averaged::{UncertainItem, UncertainTraits, averaged_probabilities};
pub use fit::predictive::{Given, ItemUncertainty, Predictive, predictive};
pub use fit::refit::{Axes, Refit, RefitResults};
pub use fit::run::{Fit, fit};
pub use fit::score::{Scores, score};
pub use fit::starting_network::starting_network;
pub use fit::statistics::FitStatistics;
pub use information::gauge::{Anchors, Gauge, Method};
pub use ingest::files::parquet_files;
pub use ingest::ids::{IdColumn, TextColumn};
pub use ingest::reader::{Ballots, ParquetColumns, read_parquet};
pub use ingest::schema::{FieldSummary, parquet_fields};
pub use ingest::writer::{Codec, ParquetWriter, WrittenColumn, write_parquet};
pub use model::card::{Card, ItemCard};
pub use model::covariances::ItemCovariances;
pub use model::design;
pub use model::encoder::Encoder;
pub use model::file::ModelFile;
pub use model::gaussian::{Gaussian, WideGaussian};
pub use model::item_distribution::{ClassDistribution, Component, ItemClass, ItemDistribution};
pub use model::item_errors::ItemErrors;
pub use model::link::Link;
pub use model::network::Network;
pub use model::parameters::{ItemParameters, Model};
pub use model::population::{Invariances, Population};
pub use model::prior::PriorSds;
pub use model::response::likelihood::log_probability;
pub use model::response::options::option_probabilities;
pub use model::scale::AffineMap;
pub use model::shape::ModelShape;
pub use model::table::Table;
pub use posterior::moments::Moments;
pub use posterior::proposal::pareto_threshold;
pub use posterior::scoring::Scoring;
pub use responses::batch::{Batch, Chooser};
pub use responses::catalogue::ItemCatalogue;
pub use responses::cells::{Cells, LabelledCells};
pub use responses::cells_builder::CellsBuilder;
pub use responses::column::{Column, NotWhole};
pub use responses::duplicates::Duplicates;
pub use responses::identical::identical_items;
pub use responses::item_kind::ItemKind;
pub use responses::linkage::Linkage;
pub use responses::long::read_long;
pub use responses::options::RawOptions;
pub use responses::packed::Packed;
pub use responses::response::Response;
pub use responses::store::{OptionIds, Responses};
pub use responses::table::read_table;
pub use responses::weight_type::WeightType;
pub use settings::{
    Checked, Checkpoint, ModelSettings, RunSettings, ScoringSettings, Settings, StdErrors, TrainingSettings,
};
pub use simulate::ballots::{BallotBox, BallotDesign, SimulatedBallots, ballots};
pub use simulate::simulation::{Simulation, SimulationDesign, simulate};
pub use uncertainty::reported::Uncertainty;
pub use uncertainty::scales::{LocationScale, Scales};
