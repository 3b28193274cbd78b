//! What can go wrong.

use thiserror::Error as ThisError;

/// What can go wrong in this crate.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The caller asked to stop.
    #[error("the computation was cancelled")]
    Cancelled,
    /// A setting is out of its range.
    #[error("{name} must be {requirement}, not {value}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What it has to be.
        requirement: &'static str,
        /// What it was.
        value: String,
    },
    /// The responses contradict themselves or the catalogue of items.
    #[error("the responses are not valid: {0}")]
    Responses(String),
    /// A file cannot be read or written, or does not hold what is expected.
    #[error("{path}: {message}")]
    File {
        /// The file or folder.
        path: String,
        /// What is wrong with it, and where.
        message: String,
    },
    /// A checkpoint does not belong to the fit, or is damaged.
    #[error("{path}: {message}")]
    Checkpoint {
        /// The file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// The operating system gives no more memory.
    #[error("there is not enough memory: {0:.1} MB more were needed")]
    Memory(f64),
    /// The device that was asked for cannot be used.
    #[error("the device cannot be used: {0}")]
    Device(String),
    /// The objective or a parameter stopped being a finite number.
    #[error("the bound stopped being finite in epoch {epoch}")]
    NotFinite {
        /// The epoch, from 1.
        epoch: usize,
    },
    /// Stored weights do not make up a model.
    #[error("the stored model cannot be read: {0}")]
    Model(String),
    /// The tensor library reported an error.
    #[error("tensor computation failed: {0}")]
    Tensor(#[from] candle_core::Error),
    /// The worker threads could not be started.
    #[error("the worker threads could not be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// The result of a fallible operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;
