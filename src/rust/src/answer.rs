//! Results as R values: `list(value =)` or `list(error = list(kind =, message =))`.

use extendr_api::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, Once, PoisonError};
use vae_irt_core::Error;

/// What the last panic said and where it was.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Why a call gave no value.
pub enum Failure {
    /// The core refused or failed.
    Core(Error),
    /// The user pressed Ctrl-C.
    Interrupted,
    /// The operating system gave no thread.
    Threads(String),
    /// R's values were not what the boundary expects, or the computation panicked: a bug of ours.
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
    /// The failure of a computation that panicked.
    pub fn of_panic() -> Self {
        let told = LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        Failure::Internal(format!("the computation stopped unexpectedly ({told})"))
    }

    /// The name by which R knows the kind of failure.
    fn kind(&self) -> &'static str {
        match self {
            Failure::Core(Error::Setting { .. }) => "setting",
            Failure::Core(Error::Responses(_)) => "responses",
            Failure::Core(Error::File { .. }) => "file",
            Failure::Core(Error::Checkpoint { .. }) => "checkpoint",
            Failure::Core(Error::Memory(_)) => "memory",
            Failure::Core(Error::Device(_)) => "device",
            Failure::Core(Error::NotFinite { .. }) => "not_finite",
            Failure::Core(Error::Model(_)) => "model",
            Failure::Interrupted => "interrupted",
            Failure::Threads(_) | Failure::Core(Error::Threads(_)) => "threads",
            Failure::Core(_) | Failure::Internal(_) => "internal",
        }
    }

    fn message(&self) -> String {
        match self {
            Failure::Core(Error::Device(message)) => message.clone(),
            Failure::Core(error) => error.to_string(),
            Failure::Interrupted => "interrupted".into(),
            Failure::Threads(message) => format!("the worker threads could not be started: {message}"),
            Failure::Internal(message) => message.clone(),
        }
    }
}

/// Panics are kept for the error that R gets, and not printed.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let words = panic.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = words;
        }));
    });
}

/// Runs a computation and turns its outcome into an R list.
pub fn answer<'a>(work: impl FnOnce() -> Outcome<List> + 'a) -> List {
    list_of(Box::new(work))
}

fn list_of(work: Box<dyn FnOnce() -> Outcome<List> + '_>) -> List {
    keep_panics();
    match catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Failure::of_panic())) {
        Ok(value) => list!(value = value),
        Err(failure) => {
            list!(error = list!(kind = failure.kind(), message = failure.message()))
        }
    }
}
