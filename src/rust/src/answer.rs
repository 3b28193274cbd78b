//! Results as R values: `list(value =)` or `list(error = list(kind =, message =))`.

use extendr_api::prelude::*;
use vae_irt_core::Error;

/// Why a call gave no value.
pub enum Failure {
    /// The core refused or failed.
    Core(Error),
    /// The user pressed Ctrl-C.
    Interrupted,
    /// The operating system gave no thread.
    Threads(String),
    /// R's values were not what the boundary expects, or a worker died: a bug of ours.
    Internal(String),
}

pub type Outcome<T> = std::result::Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Cancelled => Failure::Interrupted,
            other => Failure::Core(other),
        }
    }
}

impl From<extendr_api::Error> for Failure {
    fn from(error: extendr_api::Error) -> Self {
        Failure::Internal(error.to_string())
    }
}

impl Failure {
    /// The name by which R knows the kind of failure.
    fn kind(&self) -> &'static str {
        match self {
            Failure::Core(Error::Setting { .. }) => "setting",
            Failure::Core(Error::Responses(_)) => "responses",
            Failure::Core(Error::File { .. }) => "file",
            Failure::Core(Error::Checkpoint { .. }) => "checkpoint",
            Failure::Core(Error::Memory(_)) => "memory",
            Failure::Core(Error::NotFinite { .. }) => "not_finite",
            Failure::Core(Error::Model(_)) => "model",
            Failure::Interrupted => "interrupted",
            Failure::Threads(_) | Failure::Core(Error::Threads(_)) => "threads",
            Failure::Core(_) | Failure::Internal(_) => "internal",
        }
    }

    fn message(&self) -> String {
        match self {
            Failure::Core(error) => error.to_string(),
            Failure::Interrupted => "interrupted".into(),
            Failure::Threads(message) => format!("the worker threads could not be started: {message}"),
            Failure::Internal(message) => message.clone(),
        }
    }
}

/// Runs a computation and turns its outcome into an R list.
pub fn answer(work: impl FnOnce() -> Outcome<List>) -> List {
    match work() {
        Ok(value) => list!(value = value),
        Err(failure) => {
            list!(error = list!(kind = failure.kind(), message = failure.message()))
        }
    }
}
